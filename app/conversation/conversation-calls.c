#include "conversation/conversation-private.h"

#include <string.h>

#include "conversation/kept-receipt.h"
#include "tools/tool-private.h"

/* A reply that calls tools: they are run, and the model goes on with what they gave, in the same message.
 *
 *   FINISHED, with calls ─► run one after another ─► each result: a part, in the message and in the journal
 *          ▲                                                            │
 *          └────────────── the model is asked again ◄────────── all of them are there
 *
 * A small model may not stop calling, in one go or from round to round: as soon as it calls what it has called before, with the
 * same arguments, it is cut off there, and asked without tools, with what it has found out beside the question. So is one that has gone on for too long.
 *
 * The message streams all that time, so that a crash leaves what there was until then. It has a receipt for each time the model
 * was asked (kept-receipt.h). Stopping cancels the one that runs; its result is not waited for. */

/* So often at most; then it is asked once more, without tools. */
#define MOST_ROUNDS 8

static gboolean
is_same (const SottoToolCall *a, const SottoToolCall *b)
{
  yyjson_doc *first, *second;
  gboolean same;

  if (!g_str_equal (a->name, b->name))
    return FALSE;
  if (g_str_equal (a->arguments, b->arguments))
    return TRUE;
  first = yyjson_read (a->arguments, strlen (a->arguments), YYJSON_READ_NOFLAG);
  second = yyjson_read (b->arguments, strlen (b->arguments), YYJSON_READ_NOFLAG);
  same = first != NULL && second != NULL && yyjson_equals (yyjson_doc_get_root (first), yyjson_doc_get_root (second));
  yyjson_doc_free (first);
  yyjson_doc_free (second);
  return same;
}

gboolean
sotto_conversation_is_called_out (SottoConversation *self)
{
  return self->n_rounds >= MOST_ROUNDS;
}

gboolean
sotto_conversation_check_call (SottoConversation *self)
{
  const guint last = sotto_message_get_n_calls (self->reply) - 1;
  const SottoToolCall *call = sotto_message_get_call (self->reply, last);
  guint i = 0;

  if (self->offered == NULL || self->offered[0] == NULL)
    return TRUE;
  while (i < last && !is_same (sotto_message_get_call (self->reply, i), call))
    i++;
  if (i == last)
    return TRUE;

  sotto_message_take_back_call (self->reply);
  self->is_repeating = TRUE;
  self->n_rounds = MOST_ROUNDS;
  sotto_inference_cancel (self->services->inference, self->request);
  return FALSE;
}

typedef struct {
  SottoConversation *conversation;
  GCancellable *cancellable; /* that of the round: another one is another round's */
  guint position;
} Running;

static void run_next (SottoConversation *self);

void
sotto_conversation_offer_tools (SottoConversation *self, SottoModelEntry *model, SottoMessages *messages)
{
  g_autofree char *json = NULL;

  g_clear_pointer (&self->offered, g_strfreev);
  /* A call has no place in an answer that has a form. */
  if (self->n_rounds >= MOST_ROUNDS || self->grammar != NULL)
    return;

  self->offered = sotto_conversation_choose_tools (self, model);
  if (self->offered[0] == NULL)
    return;
  json = sotto_tools_describe ((const char *const *) self->offered);
  /* It is our own list. */
  if (!sotto_messages_set_tools (messages, json, -1, NULL))
    g_clear_pointer (&self->offered, g_strfreev);
}

static void
on_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Running *running = user_data;
  g_autoptr (SottoConversation) self = running->conversation;
  g_autoptr (GCancellable) cancellable = running->cancellable;
  const guint position = running->position;
  g_autofree char *text = sotto_tools_run_finish (result, NULL);

  g_free (running);
  if (text == NULL || g_cancellable_is_cancelled (cancellable) || self->calling != cancellable)
    return;

  sotto_message_set_result (self->reply, position, text);
  if (self->services->store != NULL)
    sotto_store_append_result (self->services->store, sotto_message_get_id (self->reply),
                               sotto_message_get_call (self->reply, position)->name, text);
  run_next (self);
}

static void
run_next (SottoConversation *self)
{
  static const char *const none[] = { NULL };
  const guint position = sotto_message_find_open_call (self->reply);
  const SottoToolCall *call;
  SottoToolPlace place;
  Running *running;

  if (position == sotto_message_get_n_calls (self->reply))
    {
      g_clear_object (&self->calling);
      self->n_rounds = MIN (self->n_rounds + 1, MOST_ROUNDS);
      sotto_conversation_ask_again (self);
      return;
    }

  sotto_message_begin_run (self->reply, position);
  sotto_conversation_set_reply_state (self, SOTTO_REPLY_STATE_CALLING, 0);
  /* Whoever was told so may have stopped it. */
  if (self->calling == NULL)
    return;

  running = g_new0 (Running, 1);
  running->conversation = g_object_ref (self);
  running->cancellable = g_object_ref (self->calling);
  running->position = position;
  call = sotto_message_get_call (self->reply, position);
  sotto_conversation_describe_place (self, &place);
  sotto_tools_run_async (call->name, call->arguments, self->offered != NULL ? (const char *const *) self->offered : none, &place,
                         self->calling, on_run, running);
}

gboolean
sotto_conversation_begin_calls (SottoConversation *self, const SottoEvent *event)
{
  g_autofree char *json = NULL;

  if (self->offered == NULL || self->offered[0] == NULL || !self->is_begun)
    return FALSE;
  if (!self->is_repeating
      && ((event->reason != SOTTO_FINISH_END && event->reason != SOTTO_FINISH_STOP)
          || sotto_message_find_open_call (self->reply) == sotto_message_get_n_calls (self->reply)))
    return FALSE;

  json = event->receipt != NULL ? sotto_receipt_to_json (event->receipt) : NULL;
  sotto_conversation_end_parts (self, event->receipt);
  sotto_conversation_add_receipt (self, json);
  self->request = 0;
  self->is_repeating = FALSE;
  self->calling = g_cancellable_new ();
  run_next (self);
  return TRUE;
}

void
sotto_conversation_end_calls (SottoConversation *self)
{
  if (self->calling != NULL)
    g_cancellable_cancel (self->calling);
  g_clear_object (&self->calling);
  if (self->reply != NULL)
    sotto_message_end_runs (self->reply);
}

/* --- Its receipt --- */

void
sotto_conversation_add_receipt (SottoConversation *self, const char *json)
{
  g_autofree char *before = g_steal_pointer (&self->receipt);

  self->receipt = before != NULL ? sotto_kept_receipt_join (json, before) : g_strdup (json);
  self->thinking_before = sotto_message_get_thinking_time (self->reply);
}
