#include "conversation/conversation-private.h"

/* What comes of a running reply, part by part: into the message that a view shows, and into the history's journal.
 *
 *   reasoning ─► thinking, with the time it takes ─► the answer, or a tool call, ends it
 *   a tool call ─► begun, grown ─► complete: only then does the history get it; or taken back: it was text */

static void
append_to_history (SottoConversation *self, SottoHistoryPartKind kind, const char *text)
{
  if (self->services->store != NULL)
    sotto_store_append_reply (self->services->store, sotto_message_get_id (self->reply), kind, text);
}

/* Whether a part of the kind @event follows another kind, and @text does not end a line. */
static gboolean
stands_apart (SottoConversation *self, const SottoEvent *event, const char *text)
{
  return self->last_part != event->kind && text[0] != '\0' && !g_str_has_suffix (text, "\n");
}

static void
take_text (SottoConversation *self, const SottoEvent *event)
{
  if (stands_apart (self, event, sotto_message_get_text (self->reply)))
    {
      append_to_history (self, SOTTO_HISTORY_PART_TEXT, "\n\n");
      sotto_message_append (self->reply, "\n\n");
    }
  append_to_history (self, SOTTO_HISTORY_PART_TEXT, event->text);
  sotto_message_append (self->reply, event->text);
}

static void
take_reasoning (SottoConversation *self, const SottoEvent *event)
{
  if (!sotto_message_get_thinking (self->reply))
    self->thinking_begin = g_get_monotonic_time ();
  if (stands_apart (self, event, sotto_message_get_reasoning (self->reply)))
    sotto_message_append_reasoning (self->reply, "\n\n");
  append_to_history (self, SOTTO_HISTORY_PART_REASONING, event->text);
  sotto_message_append_reasoning (self->reply, event->text);
  sotto_message_set_thinking (self->reply, TRUE);
}

static void
take_call (SottoConversation *self, const SottoEvent *event)
{
  const guint n_calls = sotto_message_get_n_calls (self->reply);
  const SottoToolCall *call;

  if (event->call_step == SOTTO_CALL_BEGUN)
    {
      sotto_message_begin_call (self->reply, event->text);
      return;
    }
  if (n_calls == 0)
    return;

  call = sotto_message_get_call (self->reply, n_calls - 1);
  switch (event->call_step)
    {
    case SOTTO_CALL_ARGUMENTS:
      sotto_message_append_arguments (self->reply, event->text);
      break;
    case SOTTO_CALL_ENDED:
      if (!sotto_conversation_check_call (self))
        break;
      if (self->services->store != NULL)
        sotto_store_append_call (self->services->store, sotto_message_get_id (self->reply),
                                 call->name, call->arguments);
      sotto_message_end_call (self->reply);
      break;
    case SOTTO_CALL_TAKEN_BACK:
      sotto_message_take_back_call (self->reply);
      break;
    case SOTTO_CALL_BEGUN:
    default:
      break;
    }
}

void
sotto_conversation_take_part (SottoConversation *self, const SottoEvent *event)
{
  if (event->kind != SOTTO_EVENT_REASONING)
    sotto_conversation_end_thinking (self);

  if (event->kind == SOTTO_EVENT_TEXT)
    take_text (self, event);
  else if (event->kind == SOTTO_EVENT_REASONING)
    take_reasoning (self, event);
  else
    take_call (self, event);
  self->last_part = event->kind;
}

void
sotto_conversation_end_thinking (SottoConversation *self)
{
  if (!sotto_message_get_thinking (self->reply))
    return;

  sotto_message_set_thinking_time (self->reply, sotto_message_get_thinking_time (self->reply)
                                                  + g_get_monotonic_time () - self->thinking_begin);
  sotto_message_set_thinking (self->reply, FALSE);
}

void
sotto_conversation_end_parts (SottoConversation *self, const SottoReceipt *receipt)
{
  const guint n_calls = sotto_message_get_n_calls (self->reply);

  sotto_conversation_end_thinking (self);
  if (receipt != NULL && receipt->n_reasoning > 0)
    sotto_message_set_thinking_time (self->reply, receipt->reasoning_us + self->thinking_before);
  /* The worker takes back what it does not end, but it was not always asked. */
  if (n_calls > 0 && !sotto_message_get_call (self->reply, n_calls - 1)->is_complete)
    sotto_message_take_back_call (self->reply);
}
