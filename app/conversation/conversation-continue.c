#include "conversation/conversation-private.h"

#include "conversation/kept-receipt.h"

/* A reply that was cut off goes on where it ended, as the same version: what comes is appended to it. It is what it was
 * until its first new part comes; then the history has it stream again, with all it says, and a receipt that is true of it
 * should it be cut off once more. If that fails it is again what it was. */

static SottoKeptReply *
kept_new (SottoMessage *message)
{
  SottoKeptReply *kept = g_rc_box_new0 (SottoKeptReply);

  kept->length = sotto_message_get_length (message);
  kept->reasoning_length = strlen (sotto_message_get_reasoning (message));
  kept->status = sotto_message_get_status (message);
  kept->thinking_time = sotto_message_get_thinking_time (message);
  kept->receipt = g_strdup (sotto_message_get_receipt (message));
  kept->model_name = g_strdup (sotto_message_get_model_name (message));
  g_set_object (&kept->problem, sotto_message_get_problem (message));
  return kept;
}

static void
kept_clear (gpointer data)
{
  SottoKeptReply *kept = data;

  g_free (kept->receipt);
  g_free (kept->model_name);
  g_clear_object (&kept->problem);
}

static void
kept_unref (SottoKeptReply *kept)
{
  g_rc_box_release_full (kept, kept_clear);
}

void
sotto_conversation_clear_kept (SottoConversation *self)
{
  g_clear_pointer (&self->kept, kept_unref);
}

static void
put_back (SottoMessage *message, const SottoKeptReply *kept)
{
  sotto_message_set_thinking (message, FALSE);
  sotto_message_truncate (message, kept->length, kept->reasoning_length);
  sotto_message_set_thinking_time (message, kept->thinking_time);
  sotto_message_set_receipt (message, kept->receipt);
  sotto_message_set_model_name (message, kept->model_name);
  sotto_message_set_problem (message, kept->problem);
  sotto_message_set_status (message, kept->status);
}

void
sotto_conversation_take_kept_back (SottoConversation *self)
{
  /* It may have been completed with a hash since. */
  g_set_str (&self->kept->receipt, sotto_message_get_receipt (self->reply));
  put_back (self->reply, self->kept);
}

/* --- In the history --- */

typedef struct {
  SottoConversation *conversation;
  SottoMessage *reply;
  SottoKeptReply *kept;
} Resuming;

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Resuming *resuming = user_data;
  SottoConversation *self = resuming->conversation;
  g_autoptr (GError) error = NULL;

  if (!sotto_store_resume_reply_finish (SOTTO_STORE (source), result, &error))
    {
      if (self->reply == resuming->reply)
        {
          self->is_begun = FALSE;
          sotto_conversation_abandon_reply (self);
        }
      sotto_conversation_forget_hash (self, sotto_message_get_id (resuming->reply));
      put_back (resuming->reply, resuming->kept);
      sotto_conversation_set_error (self, error);
    }
  g_object_unref (resuming->conversation);
  g_object_unref (resuming->reply);
  kept_unref (resuming->kept);
  g_free (resuming);
}

void
sotto_conversation_resume_in_history (SottoConversation *self)
{
  g_autoptr (SottoHistoryModel) model = sotto_conversation_create_history_model (self);
  g_autofree char *receipt = NULL;
  const char *id = sotto_message_get_id (self->reply);
  Resuming *resuming = g_new0 (Resuming, 1);

  g_set_str (&self->kept->receipt, sotto_message_get_receipt (self->reply));
  g_set_str (&self->receipt, self->kept->receipt);
  receipt = sotto_kept_receipt_join (NULL, self->kept->receipt);
  resuming->conversation = g_object_ref (self);
  resuming->reply = g_object_ref (self->reply);
  resuming->kept = g_rc_box_acquire (self->kept);
  sotto_conversation_forget_hash (self, id);
  sotto_store_resume_reply_async (self->services->store, id, model, receipt, NULL, on_resumed, resuming);
}

/* --- What can be done --- */

/* A call that was broken off cannot be taken up again, nor an answer in the midst of its form, and a base model goes on in a text
 * of its own. */
static gboolean
was_cut_off (SottoMessage *message)
{
  switch (sotto_message_get_status (message))
    {
    case SOTTO_MESSAGE_STATUS_STOPPED:
    case SOTTO_MESSAGE_STATUS_INTERRUPTED:
    case SOTTO_MESSAGE_STATUS_LIMITED:
    case SOTTO_MESSAGE_STATUS_FAILED:
      return TRUE;
    case SOTTO_MESSAGE_STATUS_COMPLETE:
      return sotto_message_is_at_length (message);
    case SOTTO_MESSAGE_STATUS_WAITING:
    case SOTTO_MESSAGE_STATUS_STREAMING:
    default:
      return FALSE;
    }
}

gboolean
sotto_conversation_can_continue_reply (SottoConversation *self, SottoMessage *message)
{
  SottoModelEntry *model;

  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), FALSE);
  g_return_val_if_fail (SOTTO_IS_MESSAGE (message), FALSE);

  model = sotto_conversation_get_model (self);
  if (model == NULL || sotto_model_entry_is_base (model) || sotto_conversation_is_busy (self) || self->is_switching
      || self->services->store == NULL || !self->is_loaded || self->rows->len == 0
      || sotto_conversation_path_get (self, self->rows->len - 1) != message)
    return FALSE;

  return sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT && was_cut_off (message)
         && sotto_message_get_n_calls (message) == 0 && !sotto_message_is_mixed (message) && !sotto_message_is_json (message)
         && (sotto_message_get_length (message) > 0 || *sotto_message_get_reasoning (message) != '\0');
}

void
sotto_conversation_continue_reply (SottoConversation *self, SottoMessage *message)
{
  if (!sotto_conversation_can_continue_reply (self, message))
    return;

  self->kept = kept_new (message);
  sotto_message_set_problem (message, NULL);
  sotto_message_set_status (message, SOTTO_MESSAGE_STATUS_WAITING);
  sotto_conversation_run_reply (self, g_object_ref (message));
}
