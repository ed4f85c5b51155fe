#pragma once

#include "conversation/answer-form-private.h"
#include "conversation/conversation.h"
#include "conversation/message-private.h"
#include "services.h"
#include "tools/tool-private.h"

G_BEGIN_DECLS

/* A place on the current path. The object is made when it is first asked for, and stays. */
typedef struct {
  SottoHistoryMessage *record; /* until then */
  SottoMessage *message;
} SottoPathRow;

/* What a reply was before it went on; counts references (conversation-continue.c) */
typedef struct {
  gsize length;
  gsize reasoning_length;
  SottoMessageStatus status;
  GTimeSpan thinking_time;
  char *receipt;
  char *model_name;
  SottoProblem *problem;
} SottoKeptReply;

/* What is saved by itself when it changes, and has not been: bits (conversation-saving.c) */
typedef enum {
  SOTTO_UNSAVED_TITLE = 1 << 0,
  SOTTO_UNSAVED_PIN = 1 << 1,
  SOTTO_UNSAVED_MODEL = 1 << 2,
  SOTTO_UNSAVED_FOLDERS = 1 << 3,
  SOTTO_UNSAVED_GROUP = 1 << 4,
  SOTTO_UNSAVED_TOOLS = 1 << 5,
  SOTTO_UNSAVED_ANSWER_FORM = 1 << 6,
  SOTTO_UNSAVED_ATTACHMENTS = 1 << 7,
  SOTTO_UNSAVED_SETTINGS = 1 << 8, /* of the services: what the next conversation begins with */
  SOTTO_UNSAVED_DELETION = 1 << 9, /* or that it has come back (conversation-list-delete.c) */
} SottoUnsaved;

/* conversation-summary.c */
typedef struct _SottoSummary SottoSummary;

struct _SottoConversation
{
  GObject parent_instance;

  SottoServices *services;

  /* What the list shows */
  char *id;
  char *title;
  char *snippet;
  GDateTime *last_used;
  gint64 last_used_us;
  char *month; /* the heading, where it is a month's */
  char *name;  /* what stands for its title, where it is made of something */
  SottoModelEntry *model; /* NULL: see model_path; then the library's default */
  char *model_path;
  char *model_name;
  gboolean is_pinned;
  gboolean is_stored;
  gboolean is_deleted;

  SottoGroup *group; /* (nullable): it may be deleted, and come back (conversation-group.c) */
  GPtrArray *folders; /* ids of those it asks (conversation-folders.c); NULL: none */
  char **tools;       /* names of those its model may use (conversation-tools.c); NULL: nothing was chosen */
  SottoAnswerForm *answer_form;
  guint answer_source; /* saves that a little later (conversation-answer.c) */

  /* The draft */
  char *draft;
  guint draft_source; /* saves it a little later */
  GListStore *attachments; /* of SottoAttachment (conversation-attachments.c) */
  GPtrArray *detached; /* ids of those that were taken off and are still in the history */
  GPtrArray *attachment_reads; /* of GTask: who waits for those in the history; NULL: they are not being read */
  gboolean has_read_attachments;

  /* What could not be saved (conversation-saving.c) */
  SottoProblem *save_problem; /* why, as was said; NULL: all could */
  SottoUnsaved unsaved;
  guint n_saving; /* results that are waited for */
  guint unsaved_source; /* saves it again; 0: nothing waits */

  /* The current path (conversation-path.c) */
  GArray *rows;      /* of SottoPathRow */
  char *root;        /* (nullable): what the first row follows: a system message */
  char *system;      /* (nullable): its text */
  char *instructions; /* (nullable): what it is to begin with instead of the application's */
  guint instructions_source; /* saves them a little later */
  gboolean is_loaded;
  GPtrArray *loads;  /* of GTask: who waits for the path; NULL: it is not being read */
  gboolean is_switching;
  GArray *deletions; /* of gint64: those that can be undone, the last one first of all (conversation-delete.c) */

  /* The running reply (conversation-reply.c) */
  SottoReplyState reply_state;
  double fraction;
  char *status_text;
  double tokens_per_second;
  guint context_used;
  guint context_limit;
  SottoMessage *reply;
  GArray *replaced;  /* rows that come back if the reply does not begin; may be NULL */
  SottoKeptReply *kept; /* the reply goes on (conversation-continue.c): what it was before; NULL: it is a new one */
  guint64 request;   /* 0: not asked for yet */
  gulong looking;    /* waits for the library */
  GCancellable *loading_pictures; /* (conversation-pictures.c); NULL: they are here, or not wanted */
  gboolean is_formed;  /* which form it has is decided (conversation-answer.c) */
  GCancellable *forming; /* it is not: NULL: nothing is waited for */
  SottoGrammar *grammar; /* what it is held to; NULL: it is any text */
  char *held;            /* the same as the schema that was written; NULL: it is any text */
  gboolean is_begun; /* the reply stands in the history */
  gboolean is_heard; /* something came since it was last asked for */
  char *receipt;     /* (nullable): of what it has said before that */
  GPtrArray *unhashed; /* replies whose receipts wait for a hash (conversation-hash.c); NULL: none did */

  /* Its calls (conversation-calls.c) */
  char **offered;        /* tools that the model knows of; NULL: none */
  guint n_rounds;        /* how often it went on with results */
  gboolean is_repeating; /* it calls again what it has called: what it says until it ends is nothing */
  GCancellable *calling; /* NULL: none is run */

  SottoSummary *summary; /* being made (conversation-summary.c); never beside a reply */

  /* Its parts (conversation-parts.c) */
  SottoEventKind last_part;
  gint64 thinking_begin;
  GTimeSpan thinking_before; /* until it was last asked for */
  gboolean calls_as_text; /* what the model's template makes of earlier calls was an error */

  SottoProblem *problem;
};

enum {
  SOTTO_CONVERSATION_PROP_0,
  SOTTO_CONVERSATION_PROP_ID,
  SOTTO_CONVERSATION_PROP_TITLE,
  SOTTO_CONVERSATION_PROP_PINNED,
  SOTTO_CONVERSATION_PROP_TEMPORARY,
  SOTTO_CONVERSATION_PROP_SNIPPET,
  SOTTO_CONVERSATION_PROP_DRAFT,
  SOTTO_CONVERSATION_PROP_INSTRUCTIONS,
  SOTTO_CONVERSATION_PROP_MODEL,
  SOTTO_CONVERSATION_PROP_N_FOLDERS,
  SOTTO_CONVERSATION_PROP_N_TOOLS,
  SOTTO_CONVERSATION_PROP_LAST_USED,
  SOTTO_CONVERSATION_PROP_DATE_GROUP,
  SOTTO_CONVERSATION_PROP_GROUP_TITLE,
  SOTTO_CONVERSATION_PROP_GROUP,
  SOTTO_CONVERSATION_PROP_N_ITEMS,
  SOTTO_CONVERSATION_PROP_LOADED,
  SOTTO_CONVERSATION_PROP_STORED,
  SOTTO_CONVERSATION_PROP_BUSY,
  SOTTO_CONVERSATION_PROP_REPLY_STATE,
  SOTTO_CONVERSATION_PROP_FRACTION,
  SOTTO_CONVERSATION_PROP_STATUS_TEXT,
  SOTTO_CONVERSATION_PROP_TOKENS_PER_SECOND,
  SOTTO_CONVERSATION_PROP_CONTEXT_USED,
  SOTTO_CONVERSATION_PROP_CONTEXT_LIMIT,
  SOTTO_CONVERSATION_PROP_REPLY,
  SOTTO_CONVERSATION_PROP_PROBLEM,
  SOTTO_CONVERSATION_N_PROPS
};

/* --- conversation.c --- */

/* A new one, not stored yet. */
SottoConversation *sotto_conversation_new (SottoServices *services);
SottoConversation *sotto_conversation_new_from_record (SottoServices                  *services,
                                                       const SottoHistoryConversation *record);

void sotto_conversation_emit_nothing_found (SottoConversation *self);
void sotto_conversation_notify (SottoConversation *self, guint property);
void sotto_conversation_set_context (SottoConversation *self, guint used, guint limit);

/* The model of the next reply, without loading it yet */
void sotto_conversation_keep_model (SottoConversation *self, SottoModelEntry *model);

/* Writes them, where the history has the conversation. */
void sotto_conversation_save_model (SottoConversation *self);
void sotto_conversation_keep_title (SottoConversation *self);
void sotto_conversation_keep_pin (SottoConversation *self);
void sotto_conversation_touch (SottoConversation *self);
void sotto_conversation_take_draft (SottoConversation *self, const char *draft);

/* Of one that was on its way as a message, and was not sent */
void sotto_conversation_save_draft_again (SottoConversation *self);
void sotto_conversation_set_stored (SottoConversation *self, const char *title);

/* Where it is kept from now on: all of it is there already. */
void sotto_conversation_move (SottoConversation *self, SottoServices *services);
void sotto_conversation_set_deleted (SottoConversation *self, gboolean is_deleted);
void sotto_conversation_set_snippet_from (SottoConversation *self, const char *text);
void sotto_conversation_set_error (SottoConversation *self, const GError *error);
gint64 sotto_conversation_get_last_used_us (SottoConversation *self);
SottoHistoryModel *sotto_conversation_create_history_model (SottoConversation *self);

/* The beginning of @text on one line; where it is cut, after a word, if one ends in its second half.
 * Returns: (transfer full) */
char *sotto_conversation_shorten (const char *text, guint n_characters, gboolean first_line);

/* --- conversation-path.c --- */

void sotto_conversation_path_init (SottoConversation *self);
void sotto_conversation_path_clear (SottoConversation *self);

/* Returns: (transfer none): the message at @position, made if need be */
SottoMessage *sotto_conversation_path_get (SottoConversation *self, guint position);

/* Of the message at @position, without making it */
gboolean sotto_conversation_path_is_prompt (SottoConversation *self, guint position);
gsize sotto_conversation_path_get_length (SottoConversation *self, guint position);

/* Returns: its position, or -1 */
int sotto_conversation_path_find (SottoConversation *self, const char *id);

/* Returns: (nullable): what a next message follows */
const char *sotto_conversation_path_end (SottoConversation *self);

/* @message: (transfer full) */
void sotto_conversation_path_append (SottoConversation *self, SottoMessage *message);

/* Takes the rows from @position on off the path. Returns: (transfer full) */
GArray *sotto_conversation_path_cut (SottoConversation *self, guint position);

/* @rows: (transfer full): put back at the end */
void sotto_conversation_path_restore (SottoConversation *self, GArray *rows);

/* Pictures of its messages are read from another history than before. */
void sotto_conversation_path_settle (SottoConversation *self);

void sotto_conversation_path_read_async (SottoConversation   *self,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data);
gboolean sotto_conversation_path_read_finish (SottoConversation  *self,
                                              GAsyncResult       *result,
                                              GError            **error);

/* The path begins with a system message of this id from now on. */
void sotto_conversation_path_set_root (SottoConversation *self, const char *id);

/* --- conversation-instructions.c --- */

/* Writes what the conversation begins with; call behind its creation. */
void sotto_conversation_begin_instructions (SottoConversation *self);

/* The conversation could not be made: they are still to be written. */
void sotto_conversation_take_instructions_back (SottoConversation *self);
void sotto_conversation_flush_instructions (SottoConversation *self);

/* Before it is begun: it begins with the application's again. */
void sotto_conversation_reset_instructions (SottoConversation *self);

/* Those that were given to a new conversation, before a restart: finished as a setting is, and taken
 * by the next new one. */
void sotto_conversation_read_kept_instructions_async (SottoStore          *store,
                                                      GAsyncReadyCallback  callback,
                                                      gpointer             user_data);
void sotto_conversation_take_kept_instructions (SottoConversation *self, const char *kept);

/* --- conversation-attachments.c --- */

void sotto_conversation_attachments_init (SottoConversation *self);
void sotto_conversation_attachments_clear (SottoConversation *self);

void sotto_conversation_read_attachments_async (SottoConversation   *self,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
gboolean sotto_conversation_read_attachments_finish (SottoConversation  *self,
                                                     GAsyncResult       *result,
                                                     GError            **error);

/* Writes those that the history does not have yet; the other one, all of them: it is another history now. */
void sotto_conversation_keep_attachments (SottoConversation *self);
void sotto_conversation_keep_attachments_again (SottoConversation *self);

/* Returns: (transfer full) (element-type SottoAttachment): as many as there are now */
GPtrArray *sotto_conversation_list_attachments (SottoConversation *self);

/* They went with a message, out of the history, too. @sent: (nullable) */
void sotto_conversation_forget_attachments (SottoConversation *self, const GPtrArray *sent);

/* --- conversation-pictures.c --- */

/* Whether its model is shown pictures */
gboolean sotto_conversation_sees (SottoConversation *self);

/* Whether it is, and not all of them are decoded */
gboolean sotto_conversation_must_load_pictures (SottoConversation *self);

/* Fails with %G_IO_ERROR_CANCELLED alone: what cannot be decoded stays so. */
void sotto_conversation_load_pictures_async (SottoConversation   *self,
                                             GCancellable        *cancellable,
                                             GAsyncReadyCallback  callback,
                                             gpointer             user_data);
gboolean sotto_conversation_load_pictures_finish (SottoConversation *self, GAsyncResult *result, GError **error);

/* --- conversation-saving.c --- */

/* How long after something could not be saved that is tried again */
#define SOTTO_CONVERSATION_AGAIN_MS 2000

/* Returns: (transfer full): @self, for the callback of whatever saves something; each is ended by one of the next two */
gpointer sotto_conversation_begin_save (SottoConversation *self);

/**
 * sotto_conversation_is_to_save_again:
 * @store: which was to keep it
 * @error: (nullable): why it could not be kept
 *
 * Says so, once; and takes that back when it could.
 *
 * Returns: whether it has to be saved again, some time later: there may be no room now
 */
gboolean sotto_conversation_is_to_save_again (SottoConversation *self, SottoStore *store, const GError *error);

/* The same for @what, which is then saved again by itself, as it is by then. */
void sotto_conversation_end_save (SottoConversation *self, SottoStore *store, SottoUnsaved what, const GError *error);

/* @what is saved, or saved again, a little later. */
void sotto_conversation_save_again (SottoConversation *self, SottoUnsaved what);
void sotto_conversation_flush_unsaved (SottoConversation *self);

/* Whether there is something of it that would be lost now: it could not be saved, or waits for that */
gboolean sotto_conversation_is_unsaved (SottoConversation *self);

/**
 * sotto_conversation_keep_setting_async:
 *
 * What the next conversation begins with, or what else belongs to none of them, as the history's setting @name; of a temporary one
 * nothing is kept. What cannot be kept now is kept later, by itself, and services have it until then.
 */
void sotto_conversation_keep_setting_async (SottoConversation   *self,
                                            const char          *name,
                                            const char          *value,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data);
gboolean sotto_conversation_keep_setting_finish (SottoConversation *self, GAsyncResult *result, GError **error);
void sotto_conversation_keep_setting (SottoConversation *self, const char *name, const char *value);

/* --- conversation-list-delete.c --- */

/* Tells the history whether it is deleted. */
void sotto_conversation_keep_deletion (SottoConversation *self);

/* --- conversation-folders.c --- */

/* As they are kept: without writing them */
void sotto_conversation_take_folders (SottoConversation *self, const char *const *ids);

/* Returns: (transfer none): ids of those it asks, whether they are there or not */
const char *const *sotto_conversation_get_folders (SottoConversation *self);

/* Writes them; call it behind the creation of the conversation, or when it is kept in another history. */
void sotto_conversation_begin_folders (SottoConversation *self);
void sotto_conversation_keep_folders (SottoConversation *self);

/* Those that were given to a new conversation, before a restart */
void sotto_conversation_read_kept_folders (SottoConversation *self);

/* --- conversation-group.c --- */

/* As it is kept: without writing it. @id: (nullable) */
void sotto_conversation_take_group (SottoConversation *self, const char *id);

/* Writes it; call it behind the creation of the conversation. */
void sotto_conversation_begin_group (SottoConversation *self);
void sotto_conversation_keep_group (SottoConversation *self);

/* That which was given to a new conversation, before a restart */
void sotto_conversation_read_kept_group (SottoConversation *self);

/* Its group has been deleted, or has come back; or it is another one. */
void sotto_conversation_notify_group (SottoConversation *self);

/* --- conversation-tools.c --- */

/* As they are kept: without writing them */
void sotto_conversation_take_tools (SottoConversation *self, const char *const *names);

/* Returns: (transfer none): names of those that were chosen */
const char *const *sotto_conversation_get_tools (SottoConversation *self);

/* Returns: (transfer full): of these such as can be used here, by @model */
char **sotto_conversation_choose_tools (SottoConversation *self, SottoModelEntry *model);

/* Fills @place, which is valid until something changes. */
void sotto_conversation_describe_place (SottoConversation *self, SottoToolPlace *place);

/* Writes them; call it behind the creation of the conversation, or when it is kept in another history. */
void sotto_conversation_keep_tools (SottoConversation *self);

/* A new one begins with those that were chosen last. */
void sotto_conversation_begin_with_tools (SottoConversation *self);

/* --- conversation-answer.c --- */

/* As it is kept: without writing it. @schema: (nullable) */
void sotto_conversation_take_answer_form (SottoConversation *self, SottoAnswerFormat format, const char *schema);
void sotto_conversation_clear_answer_form (SottoConversation *self);

/* Writes it; call it behind the creation of the conversation, or when it is kept in another history. */
void sotto_conversation_begin_answer_form (SottoConversation *self);
void sotto_conversation_keep_answer_form (SottoConversation *self);

/* What was changed last is written now. */
void sotto_conversation_flush_answer_form (SottoConversation *self);

/* That which was given to a new conversation, before a restart */
void sotto_conversation_read_kept_answer_form (SottoConversation *self);

/**
 * sotto_conversation_form_reply_async:
 *
 * Decides which form the running reply has, once: one that goes on has none.
 */
void sotto_conversation_form_reply_async (SottoConversation *self, GAsyncReadyCallback callback, gpointer user_data);

/* Returns: %FALSE with %G_IO_ERROR_CANCELLED: it has ended meanwhile; or with why it cannot be given that form */
gboolean sotto_conversation_form_reply_finish (SottoConversation *self, GAsyncResult *result, GError **error);

/**
 * sotto_conversation_dup_told:
 *
 * What the model is told before all else: the instructions, and which form the running reply has. A grammar lets it write nothing else, but
 * does not say what is meant: what is asked for by a name that says little was right in 10 of 30 places, and is in 27 (Qwen2.5-Coder 1.5B).
 *
 * Returns: (transfer full): perhaps empty
 */
char *sotto_conversation_dup_told (SottoConversation *self);

/* The running reply is over. */
void sotto_conversation_end_form (SottoConversation *self);

/* --- conversation-calls.c --- */

/* Tells @model, which is about to be asked, of the tools that it may use. */
void sotto_conversation_offer_tools (SottoConversation *self, SottoModelEntry *model, SottoMessages *messages);

/**
 * sotto_conversation_begin_calls:
 * @event: FINISHED; or CANCELLED, of one that repeats itself
 *
 * Returns: whether the running reply goes on: it has called tools, which are run
 */
gboolean sotto_conversation_begin_calls (SottoConversation *self, const SottoEvent *event);

/* Whether the running reply has called tools for long enough, and is not offered any more */
gboolean sotto_conversation_is_called_out (SottoConversation *self);

/* The newest call is complete. Returns: %FALSE: it is one over again, and was taken back; the model will not be offered tools again */
gboolean sotto_conversation_check_call (SottoConversation *self);

/* The running reply is over: a tool that runs is not waited for. */
void sotto_conversation_end_calls (SottoConversation *self);

/* The model has been asked, and this is what came of it. @json: (nullable) */
void sotto_conversation_add_receipt (SottoConversation *self, const char *json);

/* --- conversation-passages.c --- */

/**
 * sotto_conversation_find_passages_async:
 * @question: what is about to be sent, without what is attached to it
 * @n_bytes: of all of it
 * @position: where its message will stand on the path, which has been read
 */
void sotto_conversation_find_passages_async (SottoConversation   *self,
                                             const char          *question,
                                             gsize                n_bytes,
                                             guint                position,
                                             GAsyncReadyCallback  callback,
                                             gpointer             user_data);

/**
 * sotto_conversation_find_passages_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryPart): parts of its message; empty if it asks no folders, nothing fits,
 *   finding fails or takes too long
 */
GPtrArray *sotto_conversation_find_passages_finish (SottoConversation *self, GAsyncResult *result);

/* Returns: (transfer none) (nullable): those of the prompt that a reply at @position answers */
SottoSources *sotto_conversation_find_sources (SottoConversation *self, guint position);

/* --- conversation-messages.c --- */

gboolean sotto_conversation_path_has_calls (SottoConversation *self);

/* Without a last message that has no text yet */
SottoMessages *sotto_conversation_path_to_messages (SottoConversation *self);

/* The rows from @first on, before @end */
void sotto_conversation_path_append_to (SottoConversation *self, guint first, guint end, SottoMessages *messages);

/* --- conversation-reply-state.c --- */

void sotto_conversation_set_reply_state (SottoConversation *self,
                                         SottoReplyState    state,
                                         double             fraction);
void sotto_conversation_set_speed (SottoConversation *self, double tokens_per_second);

/* --- conversation-reply.c --- */

/* @siblings: (nullable): the other versions of the reply; @replaced: (transfer full) (nullable) */
void sotto_conversation_begin_reply (SottoConversation  *self,
                                     const char *const  *siblings,
                                     GArray             *replaced);

/* The same for a message that is on the path. @reply: (transfer full) */
void sotto_conversation_run_reply (SottoConversation *self, SottoMessage *reply);

/* Asks for the running reply again, with all it says and the results of its calls. */
void sotto_conversation_ask_again (SottoConversation *self);

/* Ends a running reply at once, as stopped, without waiting for the worker. */
void sotto_conversation_abandon_reply (SottoConversation *self);

/* --- conversation-continue.c --- */

/* The reply that goes on enters the history again, with all it says. */
void sotto_conversation_resume_in_history (SottoConversation *self);

/* It ends before it has gone on: it is what it was. */
void sotto_conversation_take_kept_back (SottoConversation *self);
void sotto_conversation_clear_kept (SottoConversation *self);

/* --- conversation-summary.c --- */

/* Whether so much was said that summing it up is worth while, whatever is being done now */
gboolean sotto_conversation_has_much (SottoConversation *self);

/* Asks the model for it. @callback: the history does not know of it yet */
void sotto_conversation_summarise_async (SottoConversation *self, GAsyncReadyCallback callback, gpointer user_data);

/* @first: (out) (transfer full): id of the first message that it leaves out
 * Returns: (transfer full): instructions for the conversation that goes on with that */
char *sotto_conversation_summarise_finish (SottoConversation *self, GAsyncResult *result, char **first, GError **error);
void sotto_conversation_stop_summary (SottoConversation *self);
void sotto_conversation_abandon_summary (SottoConversation *self);

/* --- conversation-delete.c --- */

/* Something is added to the conversation: what was deleted does not come back. */
void sotto_conversation_forget_all_deleted (SottoConversation *self);

/* --- conversation-parts.c --- */

/* @event: TEXT, REASONING or TOOL_CALL of the running reply */
void sotto_conversation_take_part (SottoConversation *self, const SottoEvent *event);
void sotto_conversation_end_thinking (SottoConversation *self);

/* The reply is over. @receipt: (nullable) */
void sotto_conversation_end_parts (SottoConversation *self, const SottoReceipt *receipt);

/* --- conversation-hash.c --- */

/* Completes the running reply's receipt once its model's hash is known. @receipt: (nullable): as the engine gave it;
 * @json: as it is kept */
void sotto_conversation_await_hash (SottoConversation *self, const SottoReceipt *receipt, const char *json);

/* The reply @id gets another receipt: that one is not completed any more. */
void sotto_conversation_forget_hash (SottoConversation *self, const char *id);

/* Returns: (transfer full): @siblings and @id behind them */
char **sotto_conversation_add_sibling (const char *const *siblings, const char *id);

G_END_DECLS
