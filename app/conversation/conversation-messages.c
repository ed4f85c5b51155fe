#include "conversation/conversation-private.h"

#include <string.h>

/* The conversation as the engine takes it. What a model thought and called goes back to it; its
 * template knows what it wants of that. What tools gave follows the calls, each round of them. Replies that follow each other (a base model's that was let
 * go on) are one: few templates have a place for two. So are prompts between which a reply was deleted. */

typedef struct {
  GString *text;
  GString *reasoning;
  GPtrArray *names;     /* of the tools called, and of each its arguments; borrowed */
  GPtrArray *arguments;
} Reply;

static void
reply_clear (Reply *reply)
{
  g_string_free (reply->text, TRUE);
  g_string_free (reply->reasoning, TRUE);
  g_ptr_array_unref (reply->names);
  g_ptr_array_unref (reply->arguments);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear)

/* What stands between two parts in the text (conversation-parts.c) is no word of the model's. */
static void
add_stretch (GString *out, const char *text, gsize begin, gsize end)
{
  if (begin > 0)
    while (begin < end && text[begin] == '\n')
      begin++;
  g_string_append_len (out, text + begin, (gssize) (end - begin));
}

static void
add_calls (Reply *reply, SottoMessage *message, guint first, guint end)
{
  for (guint i = first; i < end; i++)
    {
      const SottoToolCall *call = sotto_message_get_call (message, i);

      g_ptr_array_add (reply->names, call->name);
      g_ptr_array_add (reply->arguments, call->arguments);
    }
}

/* For a template that has no place for them, or wants no calls without results: they are written out. */
static void
write_calls_out (Reply *reply, SottoMessage *message, guint first, guint end)
{
  for (guint i = first; i < end; i++)
    {
      const SottoToolCall *call = sotto_message_get_call (message, i);

      g_string_append_printf (reply->text, "%s%s %s", reply->text->len > 0 ? "\n\n" : "", call->name, call->arguments);
      if (call->result != NULL)
        g_string_append_printf (reply->text, "\n%s", call->result);
    }
}

static void
append_reply (SottoMessages *messages, Reply *reply)
{
  if (reply->text->len == 0 && reply->names->len == 0)
    return;

  sotto_messages_append_reply (messages, reply->text->str, reply->reasoning->str, (const char *const *) reply->names->pdata,
                               (const char *const *) reply->arguments->pdata);
  g_string_truncate (reply->text, 0);
  g_string_truncate (reply->reasoning, 0);
  g_ptr_array_set_size (reply->names, 0);
  g_ptr_array_set_size (reply->arguments, 0);
}

/* The calls of a round, behind those that @reply has, and what became of each */
static void
append_round (SottoMessages *messages, Reply *reply, SottoMessage *message, const SottoRound *round)
{
  const guint n_before = reply->names->len;

  add_calls (reply, message, round->first, round->end);
  append_reply (messages, reply);
  for (guint i = round->first; i < round->end; i++)
    {
      const SottoToolCall *call = sotto_message_get_call (message, i);

      sotto_messages_append_result (messages, n_before + i - round->first, call->name,
                                    call->result != NULL ? call->result : "The tool was not run.");
    }
}

/* @as_text: calls are written out */
static void
add_to_reply (SottoMessages *messages, Reply *reply, SottoMessage *message, gboolean as_text)
{
  const char *text = sotto_message_get_text (message);
  const char *reasoning = sotto_message_get_reasoning (message);
  const guint n_calls = sotto_message_get_n_calls (message);
  SottoRound round = { 0 };

  /* One that only thought, and was stopped, was never given to the person. */
  if (sotto_message_get_length (message) == 0 && n_calls == 0)
    return;

  while (sotto_message_get_round (message, round.end, &round))
    {
      add_stretch (reply->text, text, round.text, round.text_end);
      add_stretch (reply->reasoning, reasoning, round.reasoning, round.reasoning_end);
      if (as_text)
        write_calls_out (reply, message, round.first, round.end);
      else
        append_round (messages, reply, message, &round);
    }
  if (as_text && round.text > 0 && sotto_message_get_length (message) > round.text)
    g_string_append (reply->text, "\n\n");
  add_stretch (reply->text, text, round.text, sotto_message_get_length (message));
  add_stretch (reply->reasoning, reasoning, round.reasoning, strlen (reasoning));
  if (as_text)
    write_calls_out (reply, message, round.first, n_calls);
  else
    add_calls (reply, message, round.first, n_calls);
}

/* Whether the reply that is being made is this one, and goes on: then it is no message, but where the model goes on.
 * Once it has called tools, it is what they are answered to. */
static gboolean
goes_on (SottoConversation *self, SottoMessage *message)
{
  return self->kept != NULL && message == self->reply && sotto_message_get_n_calls (message) == 0;
}

/* Whether the running reply is asked for without tools, having called some: they are no turns of their own then. A model that
 * has them before its eyes calls again; what they gave goes with the question, as passages of documents do. */
static gboolean
tells_results (SottoConversation *self, SottoMessage *message)
{
  return message == self->reply && sotto_conversation_is_called_out (self) && sotto_message_get_n_calls (message) > 0;
}

/* A template that has no place for tools has none for results; it may for calls, as it always did. */
static gboolean
writes_calls_out (SottoConversation *self)
{
  SottoModelEntry *model = sotto_conversation_get_model (self);

  if (self->calls_as_text)
    return TRUE;
  if (model == NULL || sotto_model_entry_has_tools (model))
    return FALSE;
  for (guint i = 0; i < self->rows->len; i++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, i);

      for (guint j = 0; j < sotto_message_get_n_calls (message); j++)
        if (sotto_message_get_call (message, j)->result != NULL)
          return TRUE;
    }
  return FALSE;
}

/* From the reply at @position on, before @end. Returns: the position behind the last of them */
static guint
append_replies (SottoConversation *self, SottoMessages *messages, guint position, guint end, gboolean as_text)
{
  g_auto (Reply) reply = { g_string_new (NULL), g_string_new (NULL),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE) };

  for (; position < end; position++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, position);

      if (sotto_message_get_role (message) != SOTTO_ROLE_ASSISTANT || goes_on (self, message) || tells_results (self, message))
        break;
      add_to_reply (messages, &reply, message, as_text);
    }

  if (as_text && reply.text->len > 0)
    sotto_messages_append (messages, "assistant", reply.text->str);
  else if (!as_text)
    append_reply (messages, &reply);
  return position;
}

/* What the reply at @position, if it is that one, has found out */
static void
append_results (SottoConversation *self, guint position, GString *text)
{
  SottoMessage *reply = position < self->rows->len ? sotto_conversation_path_get (self, position) : NULL;

  if (reply == NULL || !tells_results (self, reply))
    return;
  g_string_append (text, "\n\nAnswer in words, with what was found out:");
  for (guint i = 0; i < sotto_message_get_n_calls (reply); i++)
    {
      const SottoToolCall *call = sotto_message_get_call (reply, i);

      if (call->result != NULL)
        g_string_append_printf (text, "\n\n%s %s\n%s", call->name, call->arguments, call->result);
    }
}

/* What is shown with a prompt, before its text */
static void
append_pictures (SottoMessages *messages, SottoMessage *message)
{
  for (guint i = 0; i < sotto_message_get_n_attachments (message); i++)
    {
      SottoImage *image = sotto_attachment_peek_image (sotto_message_get_attachment (message, i));

      if (image != NULL)
        sotto_messages_append_image (messages, image);
    }
}

/* From what the person wrote at @position on. Returns: the position behind it */
static guint
append_prompts (SottoConversation *self, SottoMessages *messages, guint position, guint end)
{
  const gboolean sees = sotto_conversation_sees (self);
  const guint begin = position;
  g_autoptr (GString) text = g_string_new (NULL);

  for (; position < end; position++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, position);

      if (sotto_message_get_role (message) != SOTTO_ROLE_USER)
        break;
      g_string_append (text, text->len > 0 ? "\n\n" : "");
      sotto_message_write_prompt (message, sees, text);
    }
  append_results (self, position, text);
  sotto_messages_append (messages, "user", text->str);
  for (guint i = begin; sees && i < position; i++)
    append_pictures (messages, sotto_conversation_path_get (self, i));
  return position;
}

gboolean
sotto_conversation_path_has_calls (SottoConversation *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (sotto_message_get_n_calls (sotto_conversation_path_get (self, i)) > 0)
      return TRUE;
  return FALSE;
}

void
sotto_conversation_path_append_to (SottoConversation *self, guint first, guint end, SottoMessages *messages)
{
  const gboolean as_text = writes_calls_out (self);

  for (guint i = first; i < end;)
    {
      SottoMessage *message = sotto_conversation_path_get (self, i);

      if (tells_results (self, message))
        {
          i++;
        }
      else if (goes_on (self, message))
        {
          sotto_messages_begin_reply (messages, sotto_message_get_reasoning (message), sotto_message_get_text (message));
          i++;
        }
      else if (sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT)
        {
          i = append_replies (self, messages, i, end, as_text);
        }
      else
        {
          i = append_prompts (self, messages, i, end);
        }
    }
}

SottoMessages *
sotto_conversation_path_to_messages (SottoConversation *self)
{
  g_autofree char *told = sotto_conversation_dup_told (self);
  SottoMessages *messages = sotto_messages_new ();

  if (*told != '\0')
    sotto_messages_append (messages, "system", told);
  sotto_conversation_path_append_to (self, 0, self->rows->len, messages);
  return messages;
}
