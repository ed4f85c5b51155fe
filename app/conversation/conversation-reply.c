#include "conversation/conversation-private.h"

#include "conversation/kept-receipt.h"

/* A reply, from asking for it to its receipt:
 *
 *   begin_reply      a WAITING message takes its place on the path; or one that is there goes on (conversation-continue.c)
 *     ask            once the library has looked: the request goes to the worker
 *   on_event         LOADING, LOOKING, PREFILL: progress
 *     take_part      the first part enters the reply into the history, every one the journal
 *     begin_calls    FINISHED, with tools that it has called: they are run, and it is asked again (conversation-calls.c)
 *   end_reply        FINISHED, CANCELLED, FAILED: the receipt closes the message
 *
 * A reply that ends before its first part, or that the history has no room for, leaves no trace but
 * the conversation's problem: what it replaced comes back. The conversation keeps itself alive while
 * a reply runs. */

char **
sotto_conversation_add_sibling (const char *const *siblings, const char *id)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; siblings != NULL && siblings[i] != NULL; i++)
    if (!g_str_equal (siblings[i], id))
      g_strv_builder_add (builder, siblings[i]);
  g_strv_builder_add (builder, id);
  return g_strv_builder_end (builder);
}

/* --- The end --- */

static void
on_reply_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  /* Where it is not there to be finished, or does not stream, why it could not begin was said. */
  if (!sotto_store_finish_reply_finish (SOTTO_STORE (source), result, &error)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID))
    sotto_conversation_set_error (self, error);
}

/* A reply that is on its way into the history */
typedef struct {
  SottoConversation *conversation;
  SottoMessage *reply;
  GArray *replaced; /* (nullable): what stood in its place on the path */
} Beginning;

static void
beginning_free (Beginning *beginning)
{
  g_object_unref (beginning->conversation);
  g_object_unref (beginning->reply);
  g_clear_pointer (&beginning->replaced, g_array_unref);
  g_free (beginning);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Beginning, beginning_free)

static void take_back (SottoConversation *self, SottoMessage *reply, GArray *replaced);

/* What the history does not have, nothing can follow: the reply goes from the path, too. */
static void
on_reply_begun (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Beginning) beginning = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = sotto_store_begin_reply_finish (SOTTO_STORE (source), result, &error);
  SottoConversation *self = beginning->conversation;

  if (id != NULL)
    return;

  if (self->reply == beginning->reply)
    sotto_conversation_abandon_reply (self);
  take_back (self, beginning->reply, g_steal_pointer (&beginning->replaced));
  sotto_conversation_set_error (self, error);
}

/* The reply enters the history. */
static void
begin_in_history (SottoConversation *self)
{
  g_autoptr (SottoHistoryModel) model = sotto_conversation_create_history_model (self);
  Beginning *beginning;

  if (self->is_begun || self->services->store == NULL)
    return;

  self->is_begun = TRUE;
  if (self->kept != NULL)
    {
      sotto_conversation_resume_in_history (self);
      return;
    }
  beginning = g_new0 (Beginning, 1);
  beginning->conversation = g_object_ref (self);
  beginning->reply = g_object_ref (self->reply);
  beginning->replaced = g_steal_pointer (&self->replaced);
  sotto_store_begin_reply_async (self->services->store, self->id,
                                 sotto_message_get_id (self->reply),
                                 sotto_message_get_parent (self->reply), model, NULL,
                                 on_reply_begun, beginning);
}

static SottoHistoryStatus
history_status (SottoMessageStatus status)
{
  switch (status)
    {
    case SOTTO_MESSAGE_STATUS_STOPPED:
      return SOTTO_HISTORY_STATUS_STOPPED;
    case SOTTO_MESSAGE_STATUS_FAILED:
      return SOTTO_HISTORY_STATUS_FAILED;
    case SOTTO_MESSAGE_STATUS_COMPLETE:
    case SOTTO_MESSAGE_STATUS_LIMITED:
    case SOTTO_MESSAGE_STATUS_WAITING:
    case SOTTO_MESSAGE_STATUS_STREAMING:
    case SOTTO_MESSAGE_STATUS_INTERRUPTED:
    default:
      return SOTTO_HISTORY_STATUS_COMPLETE;
    }
}

/* The reply never began: its place goes, and what it replaced comes back.
 * @replaced: (transfer full) (nullable) */
static void
take_back (SottoConversation *self, SottoMessage *reply, GArray *replaced)
{
  const int position = sotto_conversation_path_find (self, sotto_message_get_id (reply));

  if (position >= 0)
    g_array_unref (sotto_conversation_path_cut (self, (guint) position));
  if (replaced != NULL)
    sotto_conversation_path_restore (self, replaced);
}

static void
close_in_history (SottoConversation *self, SottoMessageStatus status, const SottoReceipt *receipt)
{
  g_autofree char *last = receipt != NULL ? sotto_receipt_to_json (receipt) : NULL;
  g_autofree char *json = NULL;

  if (last != NULL && self->held != NULL)
    {
      g_autofree char *bare = g_steal_pointer (&last);

      last = sotto_kept_receipt_add_schema (bare, self->held);
    }
  /* Where it ends between two times, nothing more is to be told. */
  if (last != NULL || self->request != 0 || self->receipt == NULL)
    sotto_conversation_add_receipt (self, last);
  json = g_steal_pointer (&self->receipt);
  sotto_message_set_receipt (self->reply, json);
  sotto_message_set_status (self->reply, status);
  sotto_conversation_set_snippet_from (self, sotto_message_get_text (self->reply));
  if (self->services->store != NULL)
    sotto_store_finish_reply_async (self->services->store, sotto_message_get_id (self->reply),
                                    history_status (status), json, NULL, on_reply_finished,
                                    g_object_ref (self));
  sotto_conversation_await_hash (self, receipt, json);
}

/* Where the preferences allow as much as the model was trained for, they are not the way on; a summary is where much was said.
 * Returns: (transfer full) (nullable): in the place of @error */
static GError *
find_end_of_context (SottoConversation *self, const GError *error)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);
  const guint trained = model != NULL ? sotto_model_entry_get_context_trained (model) : 0;

  if ((g_error_matches (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_CONTEXT_FULL)
       || g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CONTEXT))
      && trained > 0
      && (guint) sotto_settings_get_int (self->services->settings, "context-length") >= trained)
    return g_error_new_literal (SOTTO_APP_ERROR,
                                sotto_conversation_has_much (self) ? SOTTO_APP_ERROR_CONTEXT_TO_SUM_UP
                                                                   : SOTTO_APP_ERROR_CONTEXT_AT_END,
                                error->message);
  return NULL;
}

/* @error: (nullable): why it failed or was cut off */
static void
end_reply (SottoConversation   *self,
           SottoMessageStatus   status,
           const SottoReceipt  *receipt,
           const GError        *error)
{
  g_autoptr (GError) at_end = find_end_of_context (self, error);

  if (self->reply == NULL)
    return;

  if (at_end != NULL)
    error = at_end;
  if (self->looking != 0)
    g_clear_signal_handler (&self->looking, self->services->library);
  g_cancellable_cancel (self->loading_pictures);
  g_clear_object (&self->loading_pictures);
  if (status == SOTTO_MESSAGE_STATUS_COMPLETE || status == SOTTO_MESSAGE_STATUS_LIMITED)
    begin_in_history (self); /* a model may have nothing to say */

  if (self->is_begun)
    {
      g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

      sotto_conversation_end_parts (self, receipt);
      sotto_conversation_end_calls (self);
      sotto_message_set_problem (self->reply, problem);
      close_in_history (self, status, receipt);
    }
  else if (self->kept != NULL)
    {
      sotto_conversation_take_kept_back (self);
    }
  else
    {
      take_back (self, self->reply, g_steal_pointer (&self->replaced));
    }

  sotto_conversation_end_form (self);
  self->request = 0;
  self->is_begun = FALSE;
  g_clear_pointer (&self->receipt, g_free);
  g_clear_pointer (&self->offered, g_strfreev);
  g_clear_pointer (&self->replaced, g_array_unref);
  sotto_conversation_clear_kept (self);
  g_clear_object (&self->reply);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_REPLY);
  sotto_conversation_set_error (self, error);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_IDLE, 0);
  g_object_unref (self);
}

/* --- Events --- */

static void ask (SottoConversation *self);

static void
take_part (SottoConversation *self, const SottoEvent *event)
{
  /* It has been cut off, and does not know it yet. */
  if (self->is_repeating)
    return;
  begin_in_history (self);
  self->is_heard = TRUE;
  sotto_conversation_set_speed (self, event->tokens_per_second);
  sotto_message_set_status (self->reply, SOTTO_MESSAGE_STATUS_STREAMING);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_GENERATING, 0);
  sotto_conversation_take_part (self, event);
}

static void
take_receipt (SottoConversation *self, const SottoEvent *event)
{
  const SottoReceipt *receipt = event->receipt;

  if (receipt == NULL)
    return;

  sotto_conversation_set_context (self, receipt->n_prompt + receipt->n_generated,
                                  receipt->n_context);
  if (receipt->decode_us > 0 && receipt->n_generated > 1)
    sotto_conversation_set_speed (self, (receipt->n_generated - 1) * (double) G_USEC_PER_SEC
                       / (double) receipt->decode_us);
}

/* Some templates refuse a conversation with calls: for those that have no results, or because they know of none. */
static gboolean
may_ask_again (SottoConversation *self, const GError *error)
{
  return (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TEMPLATE_RAISED)
          || g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX))
         && !self->is_heard && !self->calls_as_text && sotto_conversation_path_has_calls (self);
}

static double
fraction_of (const SottoEvent *event)
{
  return event->total > 0 ? (double) event->done / (double) event->total : 0;
}

static void
on_event (const SottoEvent *event, gpointer user_data)
{
  g_autoptr (SottoConversation) self = g_object_ref (user_data);
  g_autoptr (GError) full = NULL;

  switch (event->kind)
    {
    case SOTTO_EVENT_LOADING:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOADING, fraction_of (event));
      break;
    case SOTTO_EVENT_LOADED:
      sotto_conversation_set_context (self, self->context_used, (guint) event->total);
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_PREFILL, 0);
      break;
    case SOTTO_EVENT_LOOKING:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOOKING, fraction_of (event));
      break;
    case SOTTO_EVENT_PREFILL:
      sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_PREFILL, fraction_of (event));
      break;
    case SOTTO_EVENT_TEXT:
    case SOTTO_EVENT_REASONING:
    case SOTTO_EVENT_TOOL_CALL:
      take_part (self, event);
      break;
    case SOTTO_EVENT_FINISHED:
      take_receipt (self, event);
      if (sotto_conversation_begin_calls (self, event))
        break;
      if (event->reason == SOTTO_FINISH_CONTEXT_FULL)
        full = g_error_new (SOTTO_APP_ERROR, SOTTO_APP_ERROR_CONTEXT_FULL,
                            "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " tokens of the context "
                                                                          "are used",
                            event->done, event->total);
      end_reply (self, full != NULL ? SOTTO_MESSAGE_STATUS_LIMITED : SOTTO_MESSAGE_STATUS_COMPLETE,
                 event->receipt, full);
      break;
    case SOTTO_EVENT_CANCELLED:
      take_receipt (self, event);
      if (self->is_repeating && sotto_conversation_begin_calls (self, event))
        break;
      end_reply (self, SOTTO_MESSAGE_STATUS_STOPPED, event->receipt, NULL);
      break;
    case SOTTO_EVENT_FAILED:
      if (may_ask_again (self, event->error))
        {
          self->calls_as_text = TRUE;
          ask (self);
          break;
        }
      end_reply (self, SOTTO_MESSAGE_STATUS_FAILED, event->receipt, event->error);
      break;
    case SOTTO_EVENT_UNLOADED:
    case SOTTO_EVENT_HASHED:
    default:
      break;
    }
}

/* --- The beginning --- */

static SottoModelEntry *
choose_model (SottoConversation *self, GError **error)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  if (model == NULL)
    g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_MODEL, "There is no model");
  else if (sotto_model_entry_get_state (model) == SOTTO_MODEL_STATE_MISSING)
    g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_MODEL_MISSING, "%s is missing",
                 sotto_model_entry_get_path (model));
  else
    return model;
  return NULL;
}

/* What the model looks at is there, as far as it can be had. */
static void
ask_with_pictures (SottoConversation *self)
{
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (GError) error = NULL;
  SottoInference *inference = self->services->inference;
  SottoModelEntry *model = choose_model (self, &error);

  if (model == NULL)
    {
      end_reply (self, SOTTO_MESSAGE_STATUS_FAILED, NULL, error);
      return;
    }

  /* From now on this is the conversation's model, whatever becomes of the default. */
  if (self->model == NULL)
    sotto_conversation_keep_model (self, model);
  sotto_message_set_model_name (self->reply, sotto_model_entry_get_name (model));

  messages = sotto_conversation_path_to_messages (self);
  sotto_conversation_offer_tools (self, model, messages);
  self->is_heard = FALSE;
  self->request = sotto_inference_generate (inference, sotto_model_entry_get_path (model), messages, self->id,
                                            !self->services->is_temporary, self->grammar, 0, on_event, self, &error);
  if (self->request == 0)
    end_reply (self, SOTTO_MESSAGE_STATUS_FAILED, NULL, error);
  else if (!sotto_inference_is_first (inference, self->request))
    sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_QUEUED, 0);
  else if (sotto_model_entry_get_state (model) == SOTTO_MODEL_STATE_LOADED)
    sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_PREFILL, 0);
}

static void
on_pictures_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;

  /* Stopped meanwhile: that has ended it. */
  if (!sotto_conversation_load_pictures_finish (self, result, NULL))
    return;
  g_clear_object (&self->loading_pictures);
  ask_with_pictures (self);
}

static void
on_formed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  if (sotto_conversation_form_reply_finish (self, result, &error))
    ask (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    end_reply (self, SOTTO_MESSAGE_STATUS_FAILED, NULL, error);
}

static void
ask (SottoConversation *self)
{
  if (!self->is_formed)
    {
      sotto_conversation_form_reply_async (self, on_formed, g_object_ref (self));
      return;
    }
  if (!sotto_conversation_must_load_pictures (self))
    {
      ask_with_pictures (self);
      return;
    }
  self->request = 0;
  self->loading_pictures = g_cancellable_new ();
  sotto_conversation_load_pictures_async (self, self->loading_pictures, on_pictures_loaded, g_object_ref (self));
}

void
sotto_conversation_ask_again (SottoConversation *self)
{
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOADING, 0);
  ask (self);
}

static void
on_looking_changed (SottoConversation *self)
{
  if (sotto_model_library_is_looking (self->services->library))
    return;

  g_clear_signal_handler (&self->looking, self->services->library);
  ask (self);
}

/* Whether the library must finish looking before the model is known to be there or not. */
static gboolean
must_wait (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  return sotto_model_library_is_looking (self->services->library)
         && (model == NULL || !sotto_model_entry_is_usable (model));
}

void
sotto_conversation_run_reply (SottoConversation *self, SottoMessage *reply)
{
  g_object_ref (self);
  sotto_conversation_forget_all_deleted (self);
  self->is_begun = FALSE;
  self->is_formed = self->kept != NULL || sotto_answer_form_get_format (self->answer_form) == SOTTO_ANSWER_FORMAT_TEXT;
  self->last_part = sotto_message_get_length (reply) == 0 && *sotto_message_get_reasoning (reply) != '\0'
                    ? SOTTO_EVENT_REASONING : SOTTO_EVENT_TEXT;
  self->calls_as_text = FALSE;
  self->thinking_before = sotto_message_get_thinking_time (reply);
  self->n_rounds = 0;
  self->is_repeating = FALSE;
  self->request = 0;
  self->reply = reply;
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_REPLY);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_LOADING, 0);
  sotto_conversation_set_error (self, NULL);

  if (must_wait (self))
    self->looking = g_signal_connect_swapped (self->services->library, "notify::looking",
                                              G_CALLBACK (on_looking_changed), self);
  else
    ask (self);
}

void
sotto_conversation_begin_reply (SottoConversation *self,
                                const char *const *siblings,
                                GArray            *replaced)
{
  g_autofree char *id = sotto_history_new_id ();
  g_auto (GStrv) versions = sotto_conversation_add_sibling (siblings, id);
  SottoMessage *reply = sotto_message_new (id, sotto_conversation_path_end (self), SOTTO_ROLE_ASSISTANT,
                                           SOTTO_MESSAGE_STATUS_WAITING, "", (const char *const *) versions);

  sotto_message_set_sources (reply, sotto_conversation_find_sources (self, self->rows->len));
  self->replaced = replaced;
  sotto_conversation_path_append (self, g_object_ref (reply));
  sotto_conversation_run_reply (self, reply);
}

void
sotto_conversation_stop (SottoConversation *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  sotto_conversation_stop_summary (self);
  self->is_repeating = FALSE;
  if (self->reply == NULL)
    return;

  if (self->request != 0)
    sotto_inference_cancel (self->services->inference, self->request);
  else
    end_reply (self, SOTTO_MESSAGE_STATUS_STOPPED, NULL, NULL);
}

void
sotto_conversation_abandon_reply (SottoConversation *self)
{
  sotto_conversation_abandon_summary (self);
  if (self->reply == NULL)
    return;

  if (self->request != 0)
    sotto_inference_forget (self->services->inference, self->request);
  end_reply (self, SOTTO_MESSAGE_STATUS_STOPPED, NULL, NULL);
}
