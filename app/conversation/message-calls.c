#include "conversation/message-calls.h"

#include "conversation/message-private.h"

static void
tool_call_free (gpointer data)
{
  SottoToolCall *call = data;

  g_free (call->name);
  g_free (call->arguments);
  g_free (call->result);
  g_free (call);
}

GPtrArray *
sotto_calls_new (void)
{
  return g_ptr_array_new_with_free_func (tool_call_free);
}

/* One that comes when those before it have their results is of the next round. */
SottoToolCall *
sotto_calls_begin (GPtrArray *calls, const char *name, gsize length)
{
  SottoToolCall *call = g_new0 (SottoToolCall, 1);
  const SottoToolCall *before = calls->len > 0 ? g_ptr_array_index (calls, calls->len - 1) : NULL;

  call->name = g_strdup (name);
  call->arguments = g_strdup ("");
  call->offset = length;
  if (before != NULL)
    call->round = before->round + (before->result != NULL);
  g_ptr_array_add (calls, call);
  return call;
}

void
sotto_calls_append_arguments (GPtrArray *calls, const char *text)
{
  SottoToolCall *call = g_ptr_array_index (calls, calls->len - 1);
  g_autofree char *before = g_steal_pointer (&call->arguments);

  call->arguments = g_strconcat (before, text, NULL);
}

void
sotto_calls_set_result (GPtrArray *calls, guint position, const char *text, gsize length, gsize reasoning_length)
{
  SottoToolCall *call = g_ptr_array_index (calls, position);

  g_set_str (&call->result, text);
  call->is_running = FALSE;
  call->end = length;
  call->reasoning_end = reasoning_length;
}

guint
sotto_calls_find_open (const GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    if (((const SottoToolCall *) g_ptr_array_index (calls, i))->result == NULL)
      return i;
  return calls->len;
}

const char *
sotto_tool_call_get_title (const SottoToolCall *call)
{
  const SottoTool *tool;

  g_return_val_if_fail (call != NULL, NULL);

  tool = sotto_tools_lookup (call->name);
  return tool != NULL ? sotto_tool_get_title (tool) : call->name;
}

/* --- As they follow each other --- */

gboolean
sotto_message_get_round (SottoMessage *self, guint first, SottoRound *round)
{
  const guint n = sotto_message_get_n_calls (self);

  *round = (SottoRound) { .first = first, .end = first };
  for (guint i = first; i > 0 && round->text == 0; i--)
    {
      const SottoToolCall *before = sotto_message_get_call (self, i - 1);

      round->text = before->end;
      round->reasoning = before->reasoning_end;
    }
  while (round->end < n && sotto_message_get_call (self, round->end)->round == sotto_message_get_call (self, first)->round)
    {
      const SottoToolCall *call = sotto_message_get_call (self, round->end++);

      if (call->result == NULL)
        continue;
      round->has_results = TRUE;
      round->text_end = call->end;
      round->reasoning_end = call->reasoning_end;
    }
  return round->has_results;
}
