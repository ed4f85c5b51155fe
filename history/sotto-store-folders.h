#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* Folders whose documents can be asked: what was read of each document, in passages that are found
 * by their words. Documents are not copied, and nothing here reads files: a document is a path, a
 * size, a time and passages, as whoever read it gives them. */

/**
 * sotto_store_list_folders_async:
 *
 * All folders, the one that was added first first.
 */
void sotto_store_list_folders_async (SottoStore          *self,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);

/**
 * sotto_store_list_folders_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryFolder)
 */
GPtrArray *sotto_store_list_folders_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_add_folder_async:
 * @uri: where it is; compared as it is written
 *
 * Adds a folder without documents. One that is there already stays as it is.
 */
void sotto_store_add_folder_async (SottoStore          *self,
                                   const char          *uri,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data);

/**
 * sotto_store_add_folder_finish:
 *
 * Returns: (transfer full): its id; or %NULL with _INVALID (@uri is empty), …
 */
char *sotto_store_add_folder_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_remove_folder_async:
 * @folder: its id
 *
 * Removes a folder from the list, from the conversations that ask it and from all that is found, at
 * once and for good. Messages keep the passages they were given. What was read of the folder is
 * overwritten piece by piece while no other call waits, and where closing comes before the end, the
 * rest when the history is open again.
 */
void sotto_store_remove_folder_async (SottoStore          *self,
                                      const char          *folder,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);

/**
 * sotto_store_remove_folder_finish:
 *
 * Returns: %FALSE with _NOT_FOUND, …
 */
gboolean sotto_store_remove_folder_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_list_documents_async:
 * @folder: its id
 *
 * All documents of a folder by their paths, those that could not be read among them.
 */
void sotto_store_list_documents_async (SottoStore          *self,
                                       const char          *folder,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_store_list_documents_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryDocument): or %NULL with _NOT_FOUND, …
 */
GPtrArray *sotto_store_list_documents_finish (SottoStore    *self,
                                              GAsyncResult  *result,
                                              GError       **error);

/**
 * sotto_store_put_document_async:
 * @folder: its id
 * @document: copied
 * @passages: (nullable) (element-type SottoHistoryPassage): in their order; neither it nor its
 *   passages may change until this returns; their @folder and @path do not count. Empty or %NULL: nothing was read
 *
 * What was read of a document takes the place of what had been, in one transaction. What had been
 * is overwritten later, as sotto_store_remove_folder_async() says.
 */
void sotto_store_put_document_async (SottoStore                 *self,
                                     const char                 *folder,
                                     const SottoHistoryDocument *document,
                                     GPtrArray                  *passages,
                                     GCancellable               *cancellable,
                                     GAsyncReadyCallback         callback,
                                     gpointer                    user_data);

/**
 * sotto_store_put_document_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (the folder), _INVALID (the path is empty), _DISK_FULL, …
 */
gboolean sotto_store_put_document_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_remove_document_async:
 * @folder: its id
 * @path: of the document; one that is not there is not missed
 */
void sotto_store_remove_document_async (SottoStore          *self,
                                        const char          *folder,
                                        const char          *path,
                                        GCancellable        *cancellable,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data);

/**
 * sotto_store_remove_document_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (the folder), …
 */
gboolean sotto_store_remove_document_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_find_passages_async:
 * @folders: (array zero-terminated=1): ids; those that are not there are left out
 * @question: as a person asks it, in any script; no character has a special meaning
 * @embedder: (nullable): the model that made @vector; when it is not the history's (sotto_store_set_embedder_async()) words alone count
 * @vector: (nullable): what @question is about: floats, of length 1
 * @limit: most passages, 1…100
 * @max_bytes: of all their texts together
 *
 * Finds what fits a question best. Not every word has to be found: the rarer one is in the folders
 * asked, the more it counts, and one that is nearly everywhere does not count. A word is also found
 * in other forms, by its beginning; the form that was asked for counts more. Scripts that don't
 * separate words are found by pairs of characters. Of documents that fit nearly as well none gets
 * all the places, and passages that stand beside each other may come as one. With @vector those are found, too, that say it in other
 * words, or another language if the model knows it, as far as passages have vectors: behind those that have most of what was asked
 * by its words, and only where they stand out from what is merely the nearest. Cancelling stops it at once.
 */
void sotto_store_find_passages_async (SottoStore          *self,
                                      const char *const   *folders,
                                      const char          *question,
                                      const char          *embedder,
                                      GBytes              *vector,
                                      guint                limit,
                                      gsize                max_bytes,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);

/**
 * sotto_store_find_passages_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryPassage): best first, each with its folder and
 *   path; empty if no word that says anything was found, and nothing that means the same
 */
GPtrArray *sotto_store_find_passages_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_conversation_folders_async:
 * @conversation: its id
 * @folders: (array zero-terminated=1) (nullable): ids of the folders it asks from now on; those that
 *   are not there are left out, but not by a history in memory, whose conversations ask another's folders. %NULL: none
 *
 * Reading a conversation gives them back, and branches and copies of it have them, too.
 */
void sotto_store_set_conversation_folders_async (SottoStore          *self,
                                                 const char          *conversation,
                                                 const char *const   *folders,
                                                 GCancellable        *cancellable,
                                                 GAsyncReadyCallback  callback,
                                                 gpointer             user_data);

/**
 * sotto_store_set_conversation_folders_finish:
 *
 * Returns: %FALSE with _NOT_FOUND (the conversation), …
 */
gboolean sotto_store_set_conversation_folders_finish (SottoStore    *self,
                                                      GAsyncResult  *result,
                                                      GError       **error);

G_END_DECLS
