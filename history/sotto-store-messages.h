#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* Messages of a conversation form a tree. Each message remembers which of its answers is active;
 * the *active path* follows these from the conversation's active beginning to a leaf, and is what a
 * person sees. Editing or regenerating adds a sibling; nothing is overwritten but instructions, which a
 * person changes for all that follows. */

/**
 * sotto_store_load_path_async:
 *
 * The messages of the active path, first to last, each with its siblings, without the bytes of its parts (sotto-store-data.h).
 */
void sotto_store_load_path_async (SottoStore          *self,
                                  const char          *conversation,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/**
 * sotto_store_load_path_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryMessage)
 */
GPtrArray *sotto_store_load_path_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_add_message_async:
 * @conversation: its id
 * @id: (nullable): a UUID from sotto_history_new_id(), or %NULL to have one made
 * @parent: (nullable): the message it follows; %NULL: it begins the conversation
 * @parts: (element-type SottoHistoryPart): copied
 * @clear_draft: whether @conversation's draft (and the draft for a conversation not begun yet, if
 *   this is its first message) goes in the same transaction, with what is attached to it: either
 *   the message is kept or the draft
 *
 * Adds a finished message and makes its path the active one.
 */
void sotto_store_add_message_async (SottoStore          *self,
                                    const char          *conversation,
                                    const char          *id,
                                    const char          *parent,
                                    SottoHistoryRole     role,
                                    GPtrArray           *parts,
                                    gboolean             clear_draft,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);

/**
 * sotto_store_add_message_finish:
 *
 * Returns: (transfer full): its id: the message is on the disk, the composer may be cleared
 */
char *sotto_store_add_message_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_instructions_async:
 * @id: a UUID from sotto_history_new_id() for the message that is made where @conversation has none
 * @text: what the model is told before all else; "": nothing
 *
 * Gives the system message at the beginning of the active path this text. One that is made stands
 * before all that began @conversation until now. The conversation keeps its place in the list.
 */
void sotto_store_set_instructions_async (SottoStore          *self,
                                         const char          *conversation,
                                         const char          *id,
                                         const char          *text,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
gboolean sotto_store_set_instructions_finish (SottoStore    *self,
                                              GAsyncResult  *result,
                                              GError       **error);

/**
 * sotto_store_begin_reply_async:
 * @id: (nullable): as above
 * @parent: (nullable): the message it answers
 * @model: (nullable): who writes it
 *
 * Adds an assistant's message without text, with the status streaming, and makes it active.
 */
void sotto_store_begin_reply_async (SottoStore              *self,
                                    const char              *conversation,
                                    const char              *id,
                                    const char              *parent,
                                    const SottoHistoryModel *model,
                                    GCancellable            *cancellable,
                                    GAsyncReadyCallback      callback,
                                    gpointer                 user_data);
char *sotto_store_begin_reply_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_resume_reply_async:
 * @reply: the id of an assistant's message that was closed, made of text and reasoning only (calls and their results do not
 *   go on)
 * @model: (nullable): who goes on with it
 * @receipt: (nullable): JSON; what is true of it if it is cut off again
 *
 * Has @reply go on: it is streaming again, with what it says, and closed as any other. _INVALID: it cannot.
 */
void sotto_store_resume_reply_async (SottoStore              *self,
                                     const char              *reply,
                                     const SottoHistoryModel *model,
                                     const char              *receipt,
                                     GCancellable            *cancellable,
                                     GAsyncReadyCallback      callback,
                                     gpointer                 user_data);
gboolean sotto_store_resume_reply_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_append_reply:
 * @reply: the id of a streaming message
 * @kind: _TEXT or _REASONING
 * @text: what came; UTF-8
 *
 * Returns at once. Text is gathered and written to the journal in a transaction of its own every
 * %SOTTO_HISTORY_JOURNAL_INTERVAL at the latest; what fails is told by ::journal-failed and by
 * sotto_store_finish_reply_finish().
 */
void sotto_store_append_reply (SottoStore           *self,
                               const char           *reply,
                               SottoHistoryPartKind  kind,
                               const char           *text);

/**
 * sotto_store_append_call:
 * @reply: the id of a streaming message
 * @name: the tool's, on one line
 * @arguments: JSON
 *
 * The same for a tool call, once it is complete: a part of its own.
 */
void sotto_store_append_call (SottoStore *self,
                              const char *reply,
                              const char *name,
                              const char *arguments);

/**
 * sotto_store_append_result:
 * @name: the tool's, on one line
 * @text: what it gave; UTF-8
 *
 * The same for what became of a call: of those before it the first one that has no result yet.
 */
void sotto_store_append_result (SottoStore *self,
                                const char *reply,
                                const char *name,
                                const char *text);

/* Microseconds for which text may wait in memory: what a crash can lose of a running reply. */
#define SOTTO_HISTORY_JOURNAL_INTERVAL (200 * G_TIME_SPAN_MILLISECOND)

/**
 * sotto_store_flush_async:
 *
 * Succeeds when everything appended before it is on the disk.
 */
void sotto_store_flush_async (SottoStore          *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);
gboolean sotto_store_flush_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_finish_reply_async:
 * @status: _COMPLETE, _STOPPED or _FAILED
 * @receipt: (nullable): JSON; kept as it is
 *
 * Turns the journal into the message's parts, puts them into the index, and closes the message.
 */
void sotto_store_finish_reply_async (SottoStore          *self,
                                     const char          *reply,
                                     SottoHistoryStatus   status,
                                     const char          *receipt,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);
gboolean sotto_store_finish_reply_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_set_receipt_async:
 * @reply: closed with a receipt, of which more is known by now
 * @receipt: JSON; takes the place of that one
 *
 * Fails with _NOT_FOUND where there is no such reply, with _INVALID where it has no receipt.
 */
void sotto_store_set_receipt_async (SottoStore          *self,
                                    const char          *reply,
                                    const char          *receipt,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);
gboolean sotto_store_set_receipt_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_delete_message_async:
 * @message: on the active path, not streaming: what a person wrote, which goes with what answers it there, or something
 *   else, which goes alone
 *
 * What follows on the path stays, and comes to stand behind what was before. What other branches stand on stays in
 * these, as another version; other answers to what a person wrote go with it if nobody went on from them. _INVALID:
 * it is not on the active path.
 */
void sotto_store_delete_message_async (SottoStore          *self,
                                       const char          *message,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_store_delete_message_finish:
 * @is_kept: (out) (optional): whether other versions keep something of it
 *
 * Returns: the deletion, for the calls below; 0 with an error. The way back is in memory only
 */
gint64 sotto_store_delete_message_finish (SottoStore *self, GAsyncResult *result, gboolean *is_kept, GError **error);

/**
 * sotto_store_undelete_message_async:
 * @deletion: the last one of its conversation that was neither undone nor forgotten; else _NOT_FOUND
 *
 * Brings back what it took, and where it stood, as long as nothing was added to the conversation since.
 */
void sotto_store_undelete_message_async (SottoStore          *self,
                                         gint64               deletion,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
gboolean sotto_store_undelete_message_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_forget_message_async:
 *
 * There is no way back from @deletion any more.
 */
void sotto_store_forget_message_async (SottoStore          *self,
                                       gint64               deletion,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);
gboolean sotto_store_forget_message_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_activate_message_async:
 * @message: a sibling to switch to, or any message (a search's hit) to be brought into sight
 *
 * Makes the path through @message the active one; below it, the path that was last active there.
 */
void sotto_store_activate_message_async (SottoStore          *self,
                                         const char          *message,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
gboolean sotto_store_activate_message_finish (SottoStore    *self,
                                              GAsyncResult  *result,
                                              GError       **error);

G_END_DECLS
