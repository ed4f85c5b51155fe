#include "conversation-private.h"

/* The conversation as the engine takes it. What a model thought and called goes back to it; its
 * template knows what it wants of that. Replies that follow each other (a base model's that was let
 * go on) are one: few templates have a place for two. */

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

/* From the reply at @position on. Returns: the position behind the last of them */
static guint
append_replies (SottoConversation *self, SottoMessages *messages, guint position)
{
  g_auto (Reply) reply = { g_string_new (NULL), g_string_new (NULL),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE),
                           g_ptr_array_new_null_terminated (4, NULL, TRUE) };

  for (; position < self->rows->len; position++)
    {
      SottoMessage *message = sotto_conversation_path_get (self, position);

      if (sotto_message_get_role (message) != SOTTO_ROLE_ASSISTANT)
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

gboolean
sotto_conversation_path_has_calls (SottoConversation *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (sotto_message_get_n_calls (sotto_conversation_path_get (self, i)) > 0)
      return TRUE;
  return FALSE;
}

SottoMessages *
sotto_conversation_path_to_messages (SottoConversation *self)
{
  SottoMessages *messages = sotto_messages_new ();

  if (self->system != NULL && self->system[0] != '\0')
    sotto_messages_append (messages, "system", self->system);

  for (guint i = 0; i < self->rows->len;)
    {
      SottoMessage *message = sotto_conversation_path_get (self, i);

      if (sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT)
        {
          i = append_replies (self, messages, i);
          continue;
        }
      sotto_messages_append (messages, "user", sotto_message_get_text (message));
      i++;
    }
  return messages;
}
