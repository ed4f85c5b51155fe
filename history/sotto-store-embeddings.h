#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* What passages of folders and messages of conversations are about, as vectors that a model has made of their texts, so that they are
 * found by their meaning, too. All in a history are of one model, as those of different ones cannot be compared. They go with their
 * passages and messages. */

/**
 * sotto_store_set_embedder_async:
 * @embedder: (nullable): a name that says which model, to the bit; %NULL: none
 *
 * From now on vectors are of @embedder. Those of another are not used any more, and are overwritten piece by piece while no other
 * call waits. Without a change nothing happens.
 */
void sotto_store_set_embedder_async (SottoStore          *self,
                                     const char          *embedder,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);
gboolean sotto_store_set_embedder_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_list_unembedded_async:
 * @limit: most passages, 1…100
 *
 * The next passages that have no vector yet, in the order in which they were put. Those that were listed and got none come again.
 */
void sotto_store_list_unembedded_async (SottoStore          *self,
                                        guint                limit,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data);

/**
 * sotto_store_list_unembedded_finish:
 * @n_left: (out) (optional): how many there are in all folders, those of the list included
 * @n_all: (out) (optional): passages of all folders
 *
 * Returns: (transfer full) (element-type SottoHistoryPassage): with their @row; empty: there is none, or no embedder
 */
GPtrArray *sotto_store_list_unembedded_finish (SottoStore    *self,
                                               GAsyncResult  *result,
                                               guint64       *n_left,
                                               guint64       *n_all,
                                               GError       **error);

/**
 * sotto_store_put_embeddings_async:
 * @embedder: which made them: nothing happens when it is not the history's any more
 * @rows: (element-type gint64): of passages; such as have gone meanwhile are left out
 * @vectors: (rows, n) floats, each vector of length 1
 *
 * In one transaction. They are kept as bytes with a scale each.
 */
void sotto_store_put_embeddings_async (SottoStore          *self,
                                       const char          *embedder,
                                       GArray              *rows,
                                       GBytes              *vectors,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_store_put_embeddings_finish:
 *
 * Returns: %FALSE with _INVALID (not so many vectors as rows, of another length than those before, longer than 8192, or not
 *   numbers), _DISK_FULL, …
 */
gboolean sotto_store_put_embeddings_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_list_unembedded_messages_async:
 * @limit: most messages, 1…100
 *
 * The next messages of conversations that are not deleted whose vectors are not all there, the newest first. What is attached to a
 * message, and what a model thought, is not looked at; nor is a reply that is still being written.
 */
void sotto_store_list_unembedded_messages_async (SottoStore          *self,
                                                 guint                limit,
                                                 GCancellable        *cancellable,
                                                 GAsyncReadyCallback  callback,
                                                 gpointer             user_data);

/**
 * sotto_store_list_unembedded_messages_finish:
 * @n_left: (out) (optional): how many there are, those of the list included
 * @n_all: (out) (optional): messages of all these conversations
 *
 * Returns: (transfer full) (element-type SottoHistorySaid): empty: there is none, or no embedder
 */
GPtrArray *sotto_store_list_unembedded_messages_finish (SottoStore    *self,
                                                        GAsyncResult  *result,
                                                        guint64       *n_left,
                                                        guint64       *n_all,
                                                        GError       **error);

/**
 * sotto_store_put_message_embeddings_async:
 * @embedder: which made them: nothing happens when it is not the history's any more
 * @pieces: (element-type SottoHistoryPiece): those of a message in their order; of a message that has gone meanwhile, or says
 *   something else, they are left out
 * @vectors: (pieces that have a length, n) floats, each vector of length 1
 *
 * In one transaction. What a message has from a piece's start on is replaced.
 */
void sotto_store_put_message_embeddings_async (SottoStore          *self,
                                               const char          *embedder,
                                               GArray              *pieces,
                                               GBytes              *vectors,
                                               GCancellable        *cancellable,
                                               GAsyncReadyCallback  callback,
                                               gpointer             user_data);

/**
 * sotto_store_put_message_embeddings_finish:
 *
 * Returns: %FALSE with _INVALID (a piece that ends behind its message's end, or as sotto_store_put_embeddings_finish()), …
 */
gboolean sotto_store_put_message_embeddings_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
