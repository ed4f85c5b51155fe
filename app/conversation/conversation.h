#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "conversation/answer-form.h"
#include "conversation/attachment.h"
#include "conversation/group.h"
#include "conversation/message.h"
#include "document/document-folder.h"
#include "model/model-entry.h"
#include "tools/tool.h"

G_BEGIN_DECLS

/**
 * SottoConversation:
 *
 * A conversation: a #GListModel of the #SottoMessage of its current path, oldest first. Messages
 * are a tree; editing or regenerating makes a sibling, and sotto_conversation_switch_version()
 * takes another branch. A reply goes on while the conversation is not looked at; only
 * sotto_conversation_stop(), deleting and quitting end it.
 *
 * Messages are read from the history by sotto_conversation_load(); until then the list is empty.
 * Objects are made for what is asked for only, so ten thousand messages are cheap.
 *
 * Properties (read-only unless said otherwise, notifying):
 * - "id" (string, constant): UUID
 * - "title" (string, read-write): the first line of the first message, or what it was renamed to;
 *   setting an empty one does nothing; "" for a new conversation
 * - "pinned" (boolean, read-write): whether it stands above those that are not; nothing is for one
 *   that is not stored
 * - "temporary" (boolean): whether it is in memory only: nothing of it is written to the disk, and it is gone when it is
 *   deleted or Sotto is locked or ends, unless sotto_conversation_list_keep_async() keeps it. Never pinned
 * - "snippet" (string): the beginning of its newest message, on one line; may be ""
 * - "draft" (string, read-write): the text in the composer; kept with a small delay, and at once by
 *   sotto_conversation_flush_draft() (call it when the person switches away)
 * - "instructions" (string, read-write): what its model is told before all else, from its next reply
 *   on; "": nothing. A new one has those of #SottoApp until it is given its own; those of a stored
 *   one are not known before it is loaded. Kept as a draft is
 * - "model" (#SottoModelEntry, nullable, read-write): the model its next reply is made with
 * - "n-folders" (uint): how many folders of documents its questions go to; notifies when it is another one, too
 * - "n-tools" (uint): how many tools its model may use and that can be used here; notifies when it is another one, too. What can
 *   be used changes with the folders as well
 * - "last-used" (#GDateTime): local time
 * - "date-group" (#SottoDateGroup), "group-title" (string): the heading it stands under
 * - "group" (#SottoGroup, nullable, read-write): the group it is in; a temporary one is in none. One that is not stored begins with
 *   what the group says
 * - "n-items" (uint), "loaded" (boolean): whether the messages have been read
 * - "stored" (boolean): whether it is in the history and the list (a new one without a message is
 *   not)
 * - "busy" (boolean): a reply is being made (anything but IDLE)
 * - "reply-state" (#SottoReplyState), "fraction" (double 0…1 while LOADING, LOOKING and PREFILL)
 * - "status-text" (string): the same as a translated line ("Loading the model… 40 %"), "" when idle
 * - "tokens-per-second" (double): of the running or last reply
 * - "context-used" (uint), "context-limit" (uint): tokens, 0 as long as they are not known
 * - "reply" (#SottoMessage, nullable): the reply being made
 * - "problem" (#SottoProblem, nullable): of the last thing that failed; goes with the next success
 *   or with sotto_conversation_dismiss_problem()
 *
 * Signals:
 * - "nothing-found" (): a message was sent, and no passage of the documents in its folders fits it
 */
#define SOTTO_TYPE_CONVERSATION (sotto_conversation_get_type ())
G_DECLARE_FINAL_TYPE (SottoConversation, sotto_conversation, SOTTO, CONVERSATION, GObject)

const char *sotto_conversation_get_id (SottoConversation *self);
const char *sotto_conversation_get_title (SottoConversation *self);

/* Returns: what stands for it in a list: an imported one may have come without a title */
const char *sotto_conversation_get_name (SottoConversation *self);
void sotto_conversation_set_title (SottoConversation *self, const char *title);
gboolean sotto_conversation_is_pinned (SottoConversation *self);
void sotto_conversation_set_pinned (SottoConversation *self, gboolean is_pinned);
gboolean sotto_conversation_is_temporary (SottoConversation *self);
const char *sotto_conversation_get_snippet (SottoConversation *self);
const char *sotto_conversation_get_draft (SottoConversation *self);
void sotto_conversation_set_draft (SottoConversation *self, const char *draft);
void sotto_conversation_flush_draft (SottoConversation *self);

/**
 * sotto_conversation_get_attachments:
 *
 * The files that are attached to the draft. Those of earlier days are read once they are asked for, and follow.
 *
 * Returns: (transfer none) (element-type SottoAttachment)
 */
GListModel *sotto_conversation_get_attachments (SottoConversation *self);

/**
 * sotto_conversation_attach:
 *
 * Attaches a file to the draft; it is in the history at once, and part of the message that is sent next.
 *
 * Returns: %FALSE with an error in words if there are too many files, or pictures among them
 */
gboolean sotto_conversation_attach (SottoConversation *self, SottoAttachment *attachment, GError **error);

/**
 * sotto_conversation_attach_bytes_async:
 * @data: a picture's file that never lay on a disk, such as one that was pasted
 * @name: what it is called
 *
 * Decodes the picture and attaches it as sotto_conversation_attach() does.
 */
void sotto_conversation_attach_bytes_async (SottoConversation   *self,
                                            GBytes              *data,
                                            const char          *name,
                                            GCancellable        *cancellable,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data);

/**
 * sotto_conversation_attach_bytes_finish:
 * @error: a #SottoDocumentError, for sotto_document_describe_error_of(); %G_IO_ERROR_CANCELLED; or that of
 *   sotto_conversation_attach()
 *
 * Returns: whether it is attached
 */
gboolean sotto_conversation_attach_bytes_finish (SottoConversation *self, GAsyncResult *result, GError **error);

/* Takes it off again. Attaching it once more is the way back. */
void sotto_conversation_detach (SottoConversation *self, SottoAttachment *attachment);

/* What is attached to the draft of one comes to that of the other. */
void sotto_conversation_move_attachments (SottoConversation *self, SottoConversation *to);
const char *sotto_conversation_get_instructions (SottoConversation *self);
void sotto_conversation_set_instructions (SottoConversation *self, const char *text);

/**
 * sotto_conversation_set_asks_folder:
 *
 * Whether the documents in @folder are asked: what is sent from then on goes to the model with the passages of them that fit
 * it. Kept with the conversation; a new one asks none.
 */
void sotto_conversation_set_asks_folder (SottoConversation *self, SottoDocumentFolder *folder, gboolean asks);
gboolean sotto_conversation_asks_folder (SottoConversation *self, SottoDocumentFolder *folder);
guint sotto_conversation_get_n_folders (SottoConversation *self);

/* Returns: (transfer none) (nullable) */
SottoGroup *sotto_conversation_get_group (SottoConversation *self);

/* @group: (nullable) */
void sotto_conversation_set_group (SottoConversation *self, SottoGroup *group);

/**
 * sotto_conversation_get_answer_form:
 *
 * What its answers look like from the next one on. Changing it is all: it is kept with the conversation, and checked. An answer that
 * has a form uses no tools.
 *
 * Returns: (transfer none): the same as long as the conversation is
 */
SottoAnswerForm *sotto_conversation_get_answer_form (SottoConversation *self);

/**
 * sotto_conversation_set_uses_tool:
 *
 * Whether the models of this conversation may use @tool from their next reply on. Kept with it; a new conversation begins with
 * what was chosen last.
 */
void sotto_conversation_set_uses_tool (SottoConversation *self, const SottoTool *tool, gboolean uses);
gboolean sotto_conversation_uses_tool (SottoConversation *self, const SottoTool *tool);

/* Whether it could be used here: some need folders, or a history */
gboolean sotto_conversation_can_use_tool (SottoConversation *self, const SottoTool *tool);
guint sotto_conversation_get_n_tools (SottoConversation *self);
SottoModelEntry *sotto_conversation_get_model (SottoConversation *self);
void sotto_conversation_set_model (SottoConversation *self, SottoModelEntry *model);
GDateTime *sotto_conversation_get_last_used (SottoConversation *self);
SottoDateGroup sotto_conversation_get_date_group (SottoConversation *self);
const char *sotto_conversation_get_group_title (SottoConversation *self);
gboolean sotto_conversation_is_loaded (SottoConversation *self);
gboolean sotto_conversation_is_stored (SottoConversation *self);
gboolean sotto_conversation_is_busy (SottoConversation *self);
SottoReplyState sotto_conversation_get_reply_state (SottoConversation *self);
double sotto_conversation_get_fraction (SottoConversation *self);
const char *sotto_conversation_get_status_text (SottoConversation *self);
double sotto_conversation_get_tokens_per_second (SottoConversation *self);
guint sotto_conversation_get_context_used (SottoConversation *self);
guint sotto_conversation_get_context_limit (SottoConversation *self);
SottoMessage *sotto_conversation_get_reply (SottoConversation *self);
SottoProblem *sotto_conversation_get_problem (SottoConversation *self);
void sotto_conversation_dismiss_problem (SottoConversation *self);

/**
 * sotto_conversation_load:
 *
 * Begins to read the messages; "loaded" follows. Does nothing when they are there or being read.
 */
void sotto_conversation_load (SottoConversation *self);

/**
 * sotto_conversation_send_async:
 * @text: what the person wrote, UTF-8
 *
 * Appends the message, with what is attached to the draft, and asks for a reply. @text may be blank if something is. The call
 * finishes when the message is safe on the disk: only then may a composer clear ("draft" is emptied by then, and nothing is
 * attached to it). The reply follows by itself; that it cannot be made (no model) does not fail this call but is the reply's
 * problem.
 */
void sotto_conversation_send_async (SottoConversation    *self,
                                    const char           *text,
                                    GCancellable         *cancellable,
                                    GAsyncReadyCallback   callback,
                                    gpointer              user_data);

/**
 * sotto_conversation_send_finish:
 *
 * Returns: %FALSE with an error that sotto_problem_new() words; nothing was sent then, and the
 *   draft is as it was
 */
gboolean sotto_conversation_send_finish (SottoConversation  *self,
                                         GAsyncResult       *result,
                                         GError            **error);

/**
 * sotto_conversation_edit_and_resend_async:
 * @message: a message of the person on the current path
 * @text: its new text
 *
 * Makes a sibling of @message with @text and what is attached to @message, makes it the current path and asks for a reply.
 * The draft stays as it is. Finish with sotto_conversation_send_finish().
 */
void sotto_conversation_edit_and_resend_async (SottoConversation    *self,
                                               SottoMessage         *message,
                                               const char           *text,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);

/**
 * sotto_conversation_stop:
 *
 * Stops the running or waiting reply; what has been generated stays and is marked as stopped. A summary is given up.
 */
void sotto_conversation_stop (SottoConversation *self);

/**
 * sotto_conversation_regenerate:
 * @message: a reply on the current path
 *
 * Asks for another reply in its place (a sibling). Does nothing while busy.
 */
void sotto_conversation_regenerate (SottoConversation *self, SottoMessage *message);

/**
 * sotto_conversation_retry:
 *
 * Asks again for the reply that failed, or for one where the last message has none.
 */
void sotto_conversation_retry (SottoConversation *self);

/**
 * sotto_conversation_retry_problem:
 *
 * What its problem is about, once more: saving what could not be saved, or else the reply.
 */
void sotto_conversation_retry_problem (SottoConversation *self);

/**
 * sotto_conversation_can_continue:
 *
 * Whether a base model, which answers nothing, may go on with the text it has written last.
 */
gboolean sotto_conversation_can_continue (SottoConversation *self);

/**
 * sotto_conversation_continue:
 *
 * Has it go on: what it writes is a reply that follows its last one. Does nothing where
 * sotto_conversation_can_continue() does not hold.
 */
void sotto_conversation_continue (SottoConversation *self);

/**
 * sotto_conversation_can_continue_reply:
 * @message: on the current path
 *
 * Whether @message is a reply that was cut off (stopped, by a crash, by the end of the context or of the length that replies
 * may have), the last one, and can go on where it ended.
 */
gboolean sotto_conversation_can_continue_reply (SottoConversation *self, SottoMessage *message);

/**
 * sotto_conversation_continue_reply:
 *
 * Has it go on as the same version, with the conversation's model. Does nothing where
 * sotto_conversation_can_continue_reply() does not hold.
 */
void sotto_conversation_continue_reply (SottoConversation *self, SottoMessage *message);

/**
 * sotto_conversation_delete_message_async:
 * @message: on the current path
 *
 * Deletes @message: with what answers it if a person wrote it, else alone. What follows stays, and so does what other
 * versions stand on, in these. Fails while busy.
 */
void sotto_conversation_delete_message_async (SottoConversation   *self,
                                              SottoMessage        *message,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data);

/**
 * sotto_conversation_delete_message_finish:
 * @is_kept: (out) (optional): whether other versions keep something of it
 *
 * Returns: the deletion, to be undone or forgotten; 0 with an error. When the conversation becomes busy it is forgotten
 */
gint64 sotto_conversation_delete_message_finish (SottoConversation  *self,
                                                 GAsyncResult       *result,
                                                 gboolean           *is_kept,
                                                 GError            **error);

/**
 * sotto_conversation_undo_delete_async:
 * @deletion: the last one that was neither undone nor forgotten
 *
 * Brings back all it took, and shows it where it was.
 */
void sotto_conversation_undo_delete_async (SottoConversation   *self,
                                           gint64               deletion,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);
gboolean sotto_conversation_undo_delete_finish (SottoConversation *self, GAsyncResult *result, GError **error);

/**
 * sotto_conversation_forget_deleted:
 *
 * Makes @deletion final.
 */
void sotto_conversation_forget_deleted (SottoConversation *self, gint64 deletion);

/**
 * sotto_conversation_can_summarise:
 *
 * Whether so much was said that it is worth while to go on with a summary of it
 * (sotto_conversation_list_summarise_async()), and its model could make one.
 */
gboolean sotto_conversation_can_summarise (SottoConversation *self);

/**
 * sotto_conversation_switch_version:
 * @message: on the current path
 * @step: -1: the version before, 1: the one after
 *
 * Shows another sibling of @message with what follows it. Does nothing where there is none, or
 * while busy.
 */
void sotto_conversation_switch_version (SottoConversation *self, SottoMessage *message, int step);

/**
 * sotto_conversation_reveal_async:
 * @message_id: of any message of this conversation, such as a #SottoSearchHit's
 *
 * Loads the messages and switches versions where needed, so that the message is on the current
 * path.
 */
void sotto_conversation_reveal_async (SottoConversation    *self,
                                      const char           *message_id,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data);

/**
 * sotto_conversation_reveal_finish:
 *
 * Returns: its position in the list, or -1 with an error (it is not there any more; or it is in
 *   another version and a reply is running)
 */
int sotto_conversation_reveal_finish (SottoConversation  *self,
                                      GAsyncResult       *result,
                                      GError            **error);

G_END_DECLS
