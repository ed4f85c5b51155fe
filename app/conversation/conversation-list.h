#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "conversation/conversation.h"
#include "conversation/group-list.h"
#include "conversation/outline.h"
#include "conversation/search-hit.h"

G_BEGIN_DECLS

/**
 * SottoConversationList:
 *
 * All conversations: a #GListModel of #SottoConversation, temporary ones first, then pinned ones, then the last used. A list
 * with headings and groups shows sotto_conversation_list_get_outline().
 *
 * Properties (read-only, notifying):
 * - "n-items" (uint)
 * - "busy" (boolean): a reply is being made in one of them; notified after "reply-ended"
 *
 * Signals:
 * - "reply-ended" (#SottoConversation): however it ended; what came of it is its last message, or
 *   its problem
 * - "regrouped" (): midnight passed; headings may have changed (each conversation notifies too)
 */
#define SOTTO_TYPE_CONVERSATION_LIST (sotto_conversation_list_get_type ())
G_DECLARE_FINAL_TYPE ( SottoConversationList,
                       sotto_conversation_list,
                       SOTTO,
                       CONVERSATION_LIST,
                       GObject)

/**
 * sotto_conversation_list_create:
 *
 * A new, empty conversation with the default model. It enters the list with its first message; an
 * unused one is handed out again, its draft and instructions are kept over a restart.
 *
 * Returns: (transfer none)
 */
SottoConversation *sotto_conversation_list_create (SottoConversationList *self);

/**
 * sotto_conversation_list_get_outline:
 *
 * The same conversations under their headings and groups.
 *
 * Returns: (transfer none)
 */
SottoOutline *sotto_conversation_list_get_outline (SottoConversationList *self);

/* Returns: (transfer none) */
SottoGroupList *sotto_conversation_list_get_groups (SottoConversationList *self);

/**
 * sotto_conversation_list_create_in:
 * @group: (nullable): %NULL: in none
 *
 * sotto_conversation_list_create(), in @group and with what that gives it. An unused one that was begun in another group is in
 * @group from then on; what was typed stays.
 *
 * Returns: (transfer none)
 */
SottoConversation *sotto_conversation_list_create_in (SottoConversationList *self, SottoGroup *group);

/**
 * sotto_conversation_list_create_temporary:
 *
 * The same for a conversation that is not kept: nothing of it is ever written to the disk. An unused one is handed out
 * again, too. Searching does not find what is temporary.
 *
 * Returns: (transfer none)
 */
SottoConversation *sotto_conversation_list_create_temporary (SottoConversationList *self);

/**
 * sotto_conversation_list_keep_async:
 * @conversation: a temporary one that is stored
 *
 * Puts it into the history, whole: all versions with their receipts and times. It finishes when that is safe on the disk;
 * from then on it is a conversation like any other. Fails while it is busy; what goes wrong is its problem, too.
 */
void sotto_conversation_list_keep_async (SottoConversationList *self,
                                         SottoConversation     *conversation,
                                         GAsyncReadyCallback    callback,
                                         gpointer               user_data);

/**
 * sotto_conversation_list_keep_finish:
 *
 * Returns: (transfer full): what it is now: @conversation; or another one if a part of it was in the history already,
 *   imported from an export of it
 */
SottoConversation *sotto_conversation_list_keep_finish (SottoConversationList  *self,
                                                        GAsyncResult           *result,
                                                        GError                **error);

/**
 * sotto_conversation_list_lookup:
 *
 * Returns: (transfer none) (nullable)
 */
SottoConversation *sotto_conversation_list_lookup (SottoConversationList *self, const char *id);

gboolean sotto_conversation_list_is_busy (SottoConversationList *self);

/* Whether a reply is being made that will be kept */
gboolean sotto_conversation_list_is_busy_keeping (SottoConversationList *self);

/**
 * sotto_conversation_list_delete:
 *
 * Takes @conversation off the list at once and stops its reply. It is purged at the end of the undo
 * window (sotto_conversation_list_purge()), when quitting, or at the next start.
 */
void sotto_conversation_list_delete (SottoConversationList *self, SottoConversation *conversation);

/**
 * sotto_conversation_list_undo_delete:
 *
 * Brings a deleted conversation back to where it was.
 */
void sotto_conversation_list_undo_delete (SottoConversationList *self,
                                          SottoConversation     *conversation);

/**
 * sotto_conversation_list_purge:
 *
 * Ends the undo window of @conversation: it is gone for good. Call it when the toast goes.
 */
void sotto_conversation_list_purge (SottoConversationList *self, SottoConversation *conversation);

/**
 * sotto_conversation_list_delete_group:
 * @with_conversations: %FALSE: they stay, and are in no group
 *
 * Takes @group off the list at once; it is purged as a conversation that was deleted.
 */
void sotto_conversation_list_delete_group (SottoConversationList *self, SottoGroup *group, gboolean with_conversations);

/**
 * sotto_conversation_list_undo_delete_group:
 *
 * Brings @group back as it was, and the conversations that were deleted with it; those that have joined another one meanwhile
 * stay there.
 */
void sotto_conversation_list_undo_delete_group (SottoConversationList *self, SottoGroup *group);

/* Ends the undo window of @group. */
void sotto_conversation_list_purge_group (SottoConversationList *self, SottoGroup *group);

/**
 * sotto_conversation_list_branch_async:
 * @message: of @conversation, and no reply that is being made
 *
 * Makes a conversation of what @conversation shows up to @message, itself included, with the same
 * instructions and model; its title is the old one's with a number. @conversation stays as it is;
 * what goes wrong is its problem, too.
 */
void sotto_conversation_list_branch_async (SottoConversationList *self,
                                           SottoConversation     *conversation,
                                           SottoMessage          *message,
                                           GAsyncReadyCallback    callback,
                                           gpointer               user_data);

/**
 * sotto_conversation_list_branch_finish:
 *
 * Returns: (transfer full): the new conversation, which is in the list
 */
SottoConversation *sotto_conversation_list_branch_finish (SottoConversationList  *self,
                                                          GAsyncResult           *result,
                                                          GError                **error);

/**
 * sotto_conversation_list_summarise_async:
 * @conversation: of which sotto_conversation_can_summarise() holds
 *
 * Has the model of @conversation say in short what was said, and makes a conversation whose instructions end with that
 * and which has its last messages as they are; a prompt without a reply is answered there. @conversation is busy
 * meanwhile (sotto_conversation_stop() gives it up), and stays as it is; what goes wrong is its problem, too.
 */
void sotto_conversation_list_summarise_async (SottoConversationList *self,
                                              SottoConversation     *conversation,
                                              GAsyncReadyCallback    callback,
                                              gpointer               user_data);

/**
 * sotto_conversation_list_summarise_finish:
 *
 * Returns: (transfer full): the new conversation, which is in the list
 */
SottoConversation *sotto_conversation_list_summarise_finish (SottoConversationList  *self,
                                                             GAsyncResult           *result,
                                                             GError                **error);

/**
 * sotto_conversation_list_search_async:
 * @query: words; the last one may be unfinished
 *
 * Searches titles and messages.
 */
void sotto_conversation_list_search_async (SottoConversationList  *self,
                                           const char             *query,
                                           GCancellable           *cancellable,
                                           GAsyncReadyCallback     callback,
                                           gpointer                user_data);

/**
 * sotto_conversation_list_search_finish:
 *
 * Returns: (transfer full): a #GListModel of #SottoSearchHit, best first; one a conversation and
 *   message
 */
GListModel *sotto_conversation_list_search_finish (SottoConversationList  *self,
                                                   GAsyncResult           *result,
                                                   GError                **error);

/**
 * sotto_conversation_list_search_meaning_async:
 * @query: the same
 * @found: (nullable): what sotto_conversation_list_search_finish() has given, which is left out
 *
 * Searches what was said for what says the same in other words (#SottoMeaning). A model makes a vector of @query first, so that this
 * takes longer; where nothing can be found by meaning now, it is nothing.
 */
void sotto_conversation_list_search_meaning_async (SottoConversationList  *self,
                                                   const char             *query,
                                                   GListModel             *found,
                                                   GCancellable           *cancellable,
                                                   GAsyncReadyCallback     callback,
                                                   gpointer                user_data);

/**
 * sotto_conversation_list_search_meaning_finish:
 *
 * Returns: (transfer full): a #GListModel of #SottoSearchHit with phrases, best first; one a message
 */
GListModel *sotto_conversation_list_search_meaning_finish (SottoConversationList  *self,
                                                           GAsyncResult           *result,
                                                           GError                **error);

G_END_DECLS
