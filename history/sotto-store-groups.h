#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* Groups of conversations. A conversation is in one or in none; a group is there without any, too. What a new conversation
 * in it begins with is the application's to read and to give it. */

/**
 * sotto_store_list_groups_async:
 *
 * All groups that are not deleted, the one that was made first first.
 */
void sotto_store_list_groups_async (SottoStore          *self,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);

/**
 * sotto_store_list_groups_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryGroup)
 */
GPtrArray *sotto_store_list_groups_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_put_group_async:
 * @group: copied; with an id from sotto_history_new_id() or of a group that is there. Of its folders those that are not in
 *   this history are left out, and when it was made does not count
 *
 * Makes a group, or changes one.
 */
void sotto_store_put_group_async (SottoStore              *self,
                                  const SottoHistoryGroup *group,
                                  GCancellable            *cancellable,
                                  GAsyncReadyCallback      callback,
                                  gpointer                 user_data);

/**
 * sotto_store_put_group_finish:
 *
 * Returns: %FALSE with _INVALID (the id is no UUID, the name is empty), …
 */
gboolean sotto_store_put_group_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_delete_group_async:
 * @group: its id
 *
 * Takes a group off the list; its conversations stay, and are in none. Until it is purged, as conversations are
 * (sotto_store_purge_async()), sotto_store_undelete_group_async() brings it back, with those of them that have not joined
 * another one meanwhile.
 */
void sotto_store_delete_group_async (SottoStore          *self,
                                     const char          *group,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);

/**
 * sotto_store_delete_group_finish:
 *
 * Returns: %FALSE with _NOT_FOUND, …
 */
gboolean sotto_store_delete_group_finish (SottoStore *self, GAsyncResult *result, GError **error);

void sotto_store_undelete_group_async (SottoStore          *self,
                                       const char          *group,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_store_undelete_group_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (it was purged), …
 */
gboolean sotto_store_undelete_group_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_conversation_group_async:
 * @conversation: its id
 * @group: (nullable): the id of the group that it is in from now on; %NULL: in none
 */
void sotto_store_set_conversation_group_async (SottoStore          *self,
                                               const char          *conversation,
                                               const char          *group,
                                               GCancellable        *cancellable,
                                               GAsyncReadyCallback  callback,
                                               gpointer             user_data);

/**
 * sotto_store_set_conversation_group_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (either of them), …
 */
gboolean sotto_store_set_conversation_group_finish (SottoStore    *self,
                                                    GAsyncResult  *result,
                                                    GError       **error);

G_END_DECLS
