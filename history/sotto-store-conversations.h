#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/**
 * sotto_store_list_conversations_async:
 *
 * Those that are not deleted, the one that changed last first.
 */
void sotto_store_list_conversations_async (SottoStore          *self,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);

/**
 * sotto_store_list_conversations_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryConversation)
 */
GPtrArray *sotto_store_list_conversations_finish (SottoStore    *self,
                                                  GAsyncResult  *result,
                                                  GError       **error);

/**
 * sotto_store_get_conversation_async:
 * @conversation: its id; a deleted one is found too
 */
void sotto_store_get_conversation_async (SottoStore          *self,
                                         const char          *conversation,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
SottoHistoryConversation *sotto_store_get_conversation_finish (SottoStore    *self,
                                                               GAsyncResult  *result,
                                                               GError       **error);

/**
 * sotto_store_create_conversation_async:
 * @id: (nullable): a UUID from sotto_history_new_id(), or %NULL to have one made
 * @title: (nullable): none yet
 * @model: (nullable): which model it is held with
 */
void sotto_store_create_conversation_async (SottoStore              *self,
                                            const char              *id,
                                            const char              *title,
                                            const SottoHistoryModel *model,
                                            GCancellable            *cancellable,
                                            GAsyncReadyCallback      callback,
                                            gpointer                 user_data);

/**
 * sotto_store_create_conversation_finish:
 *
 * Returns: (transfer full): its id
 */
char *sotto_store_create_conversation_finish (SottoStore    *self,
                                              GAsyncResult  *result,
                                              GError       **error);

void sotto_store_rename_conversation_async (SottoStore          *self,
                                            const char          *conversation,
                                            const char          *title,
                                            GCancellable        *cancellable,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data);
gboolean sotto_store_rename_conversation_finish (SottoStore    *self,
                                                 GAsyncResult  *result,
                                                 GError       **error);

/**
 * sotto_store_pin_conversation_async:
 * @is_pinned: whether it stands above all others from now on
 */
void sotto_store_pin_conversation_async (SottoStore          *self,
                                         const char          *conversation,
                                         gboolean             is_pinned,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
gboolean sotto_store_pin_conversation_finish (SottoStore    *self,
                                              GAsyncResult  *result,
                                              GError       **error);

/**
 * sotto_store_set_model_async:
 * @model: the model that @conversation is held with from now on
 */
void sotto_store_set_model_async (SottoStore              *self,
                                  const char              *conversation,
                                  const SottoHistoryModel *model,
                                  GCancellable            *cancellable,
                                  GAsyncReadyCallback      callback,
                                  gpointer                 user_data);
gboolean sotto_store_set_model_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_draft_async:
 * @conversation: (nullable): %NULL: the draft for a conversation that is not begun yet
 * @text: (nullable): %NULL or empty: none
 */
void sotto_store_set_draft_async (SottoStore          *self,
                                  const char          *conversation,
                                  const char          *text,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
gboolean sotto_store_set_draft_finish (SottoStore *self, GAsyncResult *result, GError **error);

void sotto_store_get_draft_async (SottoStore          *self,
                                  const char          *conversation,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/**
 * sotto_store_get_draft_finish:
 *
 * Returns: (transfer full): the draft, "" if there is none; %NULL on error
 */
char *sotto_store_get_draft_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_delete_conversation_async:
 *
 * Takes it out of the list and of the search; sotto_store_undelete_conversation_async() brings it
 * back until it is purged.
 */
void sotto_store_delete_conversation_async (SottoStore          *self,
                                            const char          *conversation,
                                            GCancellable        *cancellable,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data);
gboolean sotto_store_delete_conversation_finish (SottoStore    *self,
                                                 GAsyncResult  *result,
                                                 GError       **error);

void sotto_store_undelete_conversation_async (SottoStore          *self,
                                              const char          *conversation,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);
gboolean sotto_store_undelete_conversation_finish (SottoStore    *self,
                                                   GAsyncResult  *result,
                                                   GError       **error);

/**
 * sotto_store_purge_async:
 * @kept: (array zero-terminated=1): ids of conversations and groups that were deleted and may still come back; everything
 *   else that was deleted goes for good
 *
 * It goes by names, and not by when things were deleted: a clock may be put back between two of them. Rows, index and free pages
 * are overwritten; what remains is the audit log's entry without content.
 */
void sotto_store_purge_async (SottoStore          *self,
                              const char * const  *kept,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);

/**
 * sotto_store_purge_finish:
 * @n_purged: (out) (optional): conversations
 */
gboolean sotto_store_purge_finish (SottoStore    *self,
                                   GAsyncResult  *result,
                                   guint         *n_purged,
                                   GError       **error);

/**
 * sotto_store_set_conversation_tools_async:
 * @tools: (array zero-terminated=1): names without blanks of those that @conversation may use from now on
 *
 * The conversation keeps its place in the list.
 */
void sotto_store_set_conversation_tools_async (SottoStore          *self,
                                               const char          *conversation,
                                               const char *const   *tools,
                                               GCancellable        *cancellable,
                                               GAsyncReadyCallback  callback,
                                               gpointer             user_data);
gboolean sotto_store_set_conversation_tools_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_answer_format_async:
 * @format: what the replies of @conversation look like from now on
 * @schema: the JSON Schema that was written for them, whatever @format is; "": none
 *
 * The conversation keeps its place in the list.
 */
void sotto_store_set_answer_format_async (SottoStore               *self,
                                          const char               *conversation,
                                          SottoHistoryAnswerFormat  format,
                                          const char               *schema,
                                          GCancellable             *cancellable,
                                          GAsyncReadyCallback       callback,
                                          gpointer                  user_data);
gboolean sotto_store_set_answer_format_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
