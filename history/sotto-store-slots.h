#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/**
 * sotto_store_list_slots:
 *
 * Returns: (transfer full) (element-type SottoHistorySlot): in order of age; immediate
 */
GPtrArray *sotto_store_list_slots (SottoStore *self);

/**
 * sotto_store_set_slot_async:
 * @unlock: a passphrase or the keyring
 *
 * Adds a slot of @unlock's kind, or replaces the ones there are: this is how a passphrase is set
 * and changed, and how a history moves into the keyring.
 */
void sotto_store_set_slot_async (SottoStore          *self,
                                 SottoUnlock         *unlock,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data);

/**
 * sotto_store_set_only_slot_async:
 * @unlock: a passphrase or the keyring
 *
 * As sotto_store_set_slot_async(), and removes the slot of the other kind in the same replacement
 * of the envelope, so that at no moment there are both or none; recovery codes stay. Once the
 * envelope without it is on the disk, the keyring's secret is forgotten. After an error everything
 * is as it was. Finish with sotto_store_set_slot_finish().
 */
void sotto_store_set_only_slot_async (SottoStore          *self,
                                      SottoUnlock         *unlock,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);
gboolean sotto_store_set_slot_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_make_recovery_code_async:
 *
 * Makes a recovery code, and with it replaces the one that there may be.
 */
void sotto_store_make_recovery_code_async (SottoStore          *self,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);

/**
 * sotto_store_make_recovery_code_finish:
 *
 * Returns: (transfer full): the code, to be shown once and given to sotto_history_free_secret():
 *   groups of five characters joined by hyphens, the last of each a check character
 */
char *sotto_store_make_recovery_code_finish (SottoStore    *self,
                                             GAsyncResult  *result,
                                             GError       **error);

/**
 * sotto_store_remove_slot_async:
 * @slot: a #SottoHistorySlot's id
 *
 * The last slot that is not a recovery code stays (_LAST_SLOT).
 */
void sotto_store_remove_slot_async (SottoStore          *self,
                                    guint                slot,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);
gboolean sotto_store_remove_slot_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
