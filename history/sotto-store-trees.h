#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* Conversations as a whole, for carrying them out of a history and into another, and for going on
 * with one of them in two ways. */

/**
 * sotto_store_load_tree_async:
 * @conversation: its id
 * @with_data: whether the bytes of its parts are wanted, too; else sotto_store_load_data_async() has them one by one
 *
 * Everything of a conversation but its draft. A reply that is being written has the status
 * _INTERRUPTED and what came of it so far.
 */
void sotto_store_load_tree_async (SottoStore          *self,
                                  const char          *conversation,
                                  gboolean             with_data,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/**
 * sotto_store_load_tree_finish:
 *
 * Returns: (transfer full)
 */
SottoHistoryTree *sotto_store_load_tree_finish (SottoStore    *self,
                                                GAsyncResult  *result,
                                                GError       **error);

/**
 * SottoHistoryAddition:
 * @id: the conversation's id in this history
 * @is_new: whether it was not there (or was deleted); %FALSE: nothing was done
 */
typedef struct {
  char *id;
  gboolean is_new;
} SottoHistoryAddition;

/**
 * sotto_store_add_trees_async:
 * @trees: (element-type SottoHistoryTree): neither it nor its trees may change until this returns
 * @n_done: (nullable): goes up, atomically, with each message; to be valid until this returns
 * @cancellable: (nullable): also ends it when it has begun; then nothing was added
 *
 * Adds conversations in one transaction, with their times. One that is there already (by its id,
 * and with at least these messages, each with the same parent, role, text and times) is left as it
 * is; titles, models, receipts and which versions are shown do not count. One whose id or messages' ids are
 * taken by something else gets other ids, which depend on what it says, so that adding it again
 * finds it.
 */
void sotto_store_add_trees_async (SottoStore          *self,
                                  GPtrArray           *trees,
                                  gint                *n_done,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/**
 * sotto_store_add_trees_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryAddition): one a tree; or %NULL with _INVALID
 *   (an id that is no UUID or appears twice, a parent that does not stand before), _DISK_FULL, …
 */
GPtrArray *sotto_store_add_trees_finish (SottoStore    *self,
                                         GAsyncResult  *result,
                                         GError       **error);

/**
 * SottoHistoryBranch:
 * @id: of the new conversation: a UUID from sotto_history_new_id()
 * @title: (nullable): the new one's; %NULL: the one it comes from has it, too
 * @last: id of the last message that it has
 * @first: (nullable): id of the first one, which leads to @last; %NULL: all that leads there
 * @instructions: (nullable): what a model is told before all else; %NULL: as in the one it comes from
 */
typedef struct {
  const char *id;
  const char *title;
  const char *last;
  const char *first;
  const char *instructions;
} SottoHistoryBranch;

/**
 * sotto_store_branch_async:
 *
 * Makes a conversation of the messages from @branch's first to its last as they are: parts, times,
 * receipts, and the model the conversation is held with. The messages get ids of their own, and the
 * conversation that they come from stays as it is. The new one stands first in the list and has no
 * draft. A reply that is being written comes as one that was interrupted.
 */
void sotto_store_branch_async (SottoStore               *self,
                               const SottoHistoryBranch *branch,
                               GCancellable             *cancellable,
                               GAsyncReadyCallback       callback,
                               gpointer                  user_data);

/**
 * sotto_store_branch_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (@first, too, where it does not lead to @last), _INVALID (@id is no UUID),
 *   _DISK_FULL, …; nothing was added then
 */
gboolean sotto_store_branch_finish (SottoStore    *self,
                                    GAsyncResult  *result,
                                    GError       **error);

G_END_DECLS
