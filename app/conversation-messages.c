#include "conversation-private.h"

/* The conversation as the engine takes it. What a model thought and called goes back to it; its
 * template knows what it wants of that. Replies that follow each other (a base model's that was let
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

static void
add_to_reply (Reply *reply, SottoMessage *message)
{
  /* One that only thought, and was stopped, was never given to the person. */
  if (sotto_message_get_length (message) == 0 && sotto_message_get_n_calls (message) == 0)
    return;

  g_string_append (reply->text, sotto_message_get_text (message));
  g_string_append (reply->reasoning, sotto_message_get_reasoning (message));
  for (guint i = 0; i < sotto_message_get_n_calls (message); i++)
    {
      const SottoToolCall *call = sotto_message_get_call (message, i);

      g_ptr_array_add (reply->names, call->name);
      g_ptr_array_add (reply->arguments, call->arguments);
    }
}

/* For a template that wants no calls without results: they are written out. */
static void
write_calls_out (Reply *reply)
{
  for (guint i = 0; i < reply->names->len; i++)
    g_string_append_printf (reply->text, "%s%s %s", reply->text->len > 0 ? "\n\n" : "",
                            (const char *) g_ptr_array_index (reply->names, i),
                            (const char *) g_ptr_array_index (reply->arguments, i));
}

/* Whether the reply that is being made is this one, and goes on: then it is no message, but where the model goes on. */
static gboolean
goes_on (SottoConversation *self, SottoMessage *message)
{
  return self->kept != NULL && message == self->reply;
}

/* From the reply at @position on, before @end. Returns: the position behind the last of them */
static guint
append_replies (SottoConversation *self, SottoMessages *messages, guint position, guint end)
{
  g_auto (Reply) reply = { g_string_new (NULL), g_string_new (NULL),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE) };

  for (; position < end; position++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, position);

      if (sotto_message_get_role (message) != SOTTO_ROLE_ASSISTANT || goes_on (self, message))
        break;
      add_to_reply (&reply, message);
    }

  if (reply.text->len == 0 && reply.names->len == 0)
    return position;

  if (self->calls_as_text)
    {
      write_calls_out (&reply);
      sotto_messages_append (messages, "assistant", reply.text->str);
    }
  else
    {
      sotto_messages_append_reply (messages, reply.text->str, reply.reasoning->str,
                                   (const char *const *) reply.names->pdata,
                                   (const char *const *) reply.arguments->pdata);
    }
  return position;
}

/* From what the person wrote at @position on. Returns: the position behind it */
static guint
append_prompts (SottoConversation *self, SottoMessages *messages, guint position, guint end)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (; position < end; position++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, position);

      if (sotto_message_get_role (message) != SOTTO_ROLE_USER)
        break;
      g_string_append (text, text->len > 0 ? "\n\n" : "");
      sotto_message_write_prompt (message, text);
    }
  sotto_messages_append (messages, "user", text->str);
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
  for (guint i = first; i < end;)
    {
      SottoMessage *message = sotto_conversation_path_get (self, i);

      if (goes_on (self, message))
        {
          sotto_messages_begin_reply (messages, sotto_message_get_reasoning (message), sotto_message_get_text (message));
          i++;
        }
      else if (sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT)
        {
          i = append_replies (self, messages, i, end);
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
  SottoMessages *messages = sotto_messages_new ();

  if (self->system != NULL && self->system[0] != '\0')
    sotto_messages_append (messages, "system", self->system);
  sotto_conversation_path_append_to (self, 0, self->rows->len, messages);
  return messages;
}
