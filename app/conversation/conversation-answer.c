#include "conversation/conversation-private.h"

#include <string.h>

/* What a conversation's answers look like: kept with it, and given to each reply when it is first asked for. A reply that goes on
 * stays what it is, and one that calls tools is asked for as it was at first. */

/* That of a conversation that is not begun, of which there is one: a digit for the format, and the schema */
#define SETTING "new-answer-form"

/* A schema that is longer than this is not told, as it would leave little room for what is asked: some 2,500 tokens */
#define TOLD_MOST 8192

/* How long a schema may be typed on before it is saved */
#define SAVE_DELAY_MS 500

SottoAnswerForm *
sotto_conversation_get_answer_form (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);
  return self->answer_form;
}

/* --- Keeping it --- */

static gboolean
on_due (gpointer user_data)
{
  SottoConversation *self = user_data;

  self->answer_source = 0;
  sotto_conversation_keep_answer_form (self);
  return G_SOURCE_REMOVE;
}

static void
keep_after (SottoConversation *self, guint delay_ms)
{
  if (self->answer_source == 0)
    self->answer_source = g_timeout_add (delay_ms, on_due, self);
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  /* What is not there yet gets it with its first message. */
  sotto_store_set_answer_format_finish (SOTTO_STORE (source), result, &error);
  if (sotto_conversation_is_to_save_again (self, SOTTO_STORE (source), error))
    keep_after (self, SOTTO_CONVERSATION_AGAIN_MS);
}

/* What is too long for a schema was not written by a person, and cannot be used. */
static const char *
get_schema (SottoConversation *self)
{
  const char *schema = sotto_answer_form_get_schema (self->answer_form);

  return strlen (schema) <= SOTTO_ANSWER_SCHEMA_MOST ? schema : "";
}

void
sotto_conversation_keep_answer_form (SottoConversation *self)
{
  const SottoAnswerFormat format = sotto_answer_form_get_format (self->answer_form);
  g_autofree char *value = NULL;

  g_clear_handle_id (&self->answer_source, g_source_remove);
  if (self->services->store == NULL || self->is_deleted)
    return;
  if (self->is_stored || self->reply_state == SOTTO_REPLY_STATE_SAVING)
    {
      sotto_store_set_answer_format_async (self->services->store, self->id, (SottoHistoryAnswerFormat) format, get_schema (self),
                                           NULL, on_kept, sotto_conversation_begin_save (self));
      return;
    }
  value = g_strdup_printf ("%d%s", (int) format, get_schema (self));
  sotto_conversation_keep_setting (self, SETTING, value);
}

void
sotto_conversation_flush_answer_form (SottoConversation *self)
{
  if (self->answer_source != 0)
    sotto_conversation_keep_answer_form (self);
}

void
sotto_conversation_begin_answer_form (SottoConversation *self)
{
  if (sotto_answer_form_get_format (self->answer_form) == SOTTO_ANSWER_FORMAT_TEXT
      && *sotto_answer_form_get_schema (self->answer_form) == '\0')
    return;
  sotto_conversation_keep_answer_form (self);
  /* The next one is not to begin with it, too. */
  sotto_conversation_keep_setting (self, SETTING, "");
}

static void
on_format_changed (SottoConversation *self)
{
  /* Which of its tools can be used is another matter now. */
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_TOOLS);
}

static void
on_changed (SottoConversation *self)
{
  keep_after (self, SAVE_DELAY_MS);
}

void
sotto_conversation_take_answer_form (SottoConversation *self, SottoAnswerFormat format, const char *schema)
{
  if (self->answer_form == NULL)
    {
      self->answer_form = sotto_answer_form_new ();
      g_signal_connect_object (self->answer_form, "notify::format", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->answer_form, "notify::format", G_CALLBACK (on_format_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->answer_form, "notify::schema", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
    }
  sotto_answer_form_take (self->answer_form, format, schema);
}

void
sotto_conversation_clear_answer_form (SottoConversation *self)
{
  g_clear_handle_id (&self->answer_source, g_source_remove);
  sotto_answer_form_abandon (self->answer_form);
  g_clear_object (&self->answer_form);
  g_clear_pointer (&self->grammar, sotto_grammar_unref);
  g_clear_pointer (&self->held, g_free);
}

static void
on_setting_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autofree char *value = sotto_store_get_setting_finish (SOTTO_STORE (source), result, NULL);
  const int format = value != NULL ? *value - '0' : -1;

  if (format < SOTTO_ANSWER_FORMAT_TEXT || format > SOTTO_ANSWER_FORMAT_SCHEMA || self->is_stored
      || self->answer_source != 0 || self->services->store != SOTTO_STORE (source))
    return;
  /* As if it had been chosen now: whoever shows it is told. */
  sotto_answer_form_set_schema (self->answer_form, value + 1);
  sotto_answer_form_set_format (self->answer_form, (SottoAnswerFormat) format);
}

void
sotto_conversation_read_kept_answer_form (SottoConversation *self)
{
  if (self->services->store != NULL && !self->services->is_temporary)
    sotto_store_get_setting_async (self->services->store, SETTING, NULL, on_setting_read, g_object_ref (self));
}

/* --- The running reply --- */

static void
on_compiled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = g_task_get_source_object (task);
  SottoAnswerForm *form = SOTTO_ANSWER_FORM (source);
  SottoGrammar *grammar = NULL;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    {
      if (sotto_answer_form_compile_finish (form, result, &grammar, NULL))
        g_clear_pointer (&grammar, sotto_grammar_unref);
      return;
    }
  g_clear_object (&self->forming);
  if (!sotto_answer_form_compile_finish (form, result, &grammar, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  self->is_formed = TRUE;
  self->grammar = grammar;
  self->held = grammar != NULL ? g_strdup (sotto_answer_form_get_held (form)) : NULL;
  sotto_message_set_json (self->reply, grammar != NULL);
  g_task_return_boolean (task, TRUE);
}

void
sotto_conversation_form_reply_async (SottoConversation *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  self->forming = g_cancellable_new ();
  task = g_task_new (self, self->forming, callback, user_data);
  sotto_answer_form_compile_async (self->answer_form, self->forming, on_compiled, task);
}

gboolean
sotto_conversation_form_reply_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

char *
sotto_conversation_dup_told (SottoConversation *self)
{
  const char *system = self->system != NULL ? self->system : "";
  const char *space = *system != '\0' ? "\n\n" : "";

  if (self->held == NULL || strlen (self->held) > TOLD_MOST)
    return g_strdup (system);
  if (sotto_answer_form_is_any (self->held))
    return g_strconcat (system, space, "Answer with JSON alone: an object or a list.", NULL);
  return g_strconcat (system, space, "Answer with JSON alone, which follows this JSON Schema:\n\n", self->held, NULL);
}

void
sotto_conversation_end_form (SottoConversation *self)
{
  g_cancellable_cancel (self->forming);
  g_clear_object (&self->forming);
  g_clear_pointer (&self->grammar, sotto_grammar_unref);
  g_clear_pointer (&self->held, g_free);
}
