#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* What a person has written once for all conversations, and what should not lie on the disk as plain text. */

/**
 * sotto_store_get_setting_async:
 * @name: 1 to 32 lower-case letters and hyphens
 */
void sotto_store_get_setting_async (SottoStore          *self,
                                    const char          *name,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);

/**
 * sotto_store_get_setting_finish:
 *
 * Returns: (transfer full): "" where it was never set; %NULL with an error
 */
char *sotto_store_get_setting_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_setting_async:
 * @name: 1 to 32 lower-case letters and hyphens
 * @value: UTF-8; "": as if it had never been set
 */
void sotto_store_set_setting_async (SottoStore          *self,
                                    const char          *name,
                                    const char          *value,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);

/**
 * sotto_store_set_setting_finish:
 *
 * Returns: whether it is on the disk; %FALSE with _INVALID for a name that is none
 */
gboolean sotto_store_set_setting_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
