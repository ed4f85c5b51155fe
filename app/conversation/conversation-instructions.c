#include "conversation/conversation-private.h"

/* What a conversation tells its model before all else. In the history it is a system message at the
 * beginning of the path (conversation-path.c), which is not shown; a conversation without one has no
 * instructions. */

/* Where those of a conversation that is not begun lie, of which there is one: KEPT and the text, as
 * no instructions are something else than not having been asked. */
#define SETTING "new-instructions"
#define KEPT '='

/* How long they may be typed on before they are saved */
#define SAVE_DELAY_MS 500

/* Whether the history has the conversation, or is being given it */
static gboolean
is_begun (SottoConversation *self)
{
  return self->is_stored || self->root != NULL || self->reply_state == SOTTO_REPLY_STATE_SAVING;
}

const char *
sotto_conversation_get_instructions (SottoConversation *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION (self), NULL);

  if (is_begun (self))
    return self->system != NULL ? self->system : "";
  return self->instructions != NULL ? self->instructions : self->services->instructions;
}

static gboolean
on_due (gpointer user_data)
{
  sotto_conversation_flush_instructions (user_data);
  return G_SOURCE_REMOVE;
}

static void
save_after (SottoConversation *self, guint delay_ms)
{
  if (self->instructions_source == 0)
    self->instructions_source = g_timeout_add (delay_ms, on_due, self);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_set_instructions_finish (SOTTO_STORE (source), result, &error);
  if (sotto_conversation_is_to_save_again (self, SOTTO_STORE (source), error))
    save_after (self, SOTTO_CONVERSATION_AGAIN_MS);
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  sotto_store_set_setting_finish (SOTTO_STORE (source), result, &error);
  if (sotto_conversation_is_to_save_again (self, SOTTO_STORE (source), error) && self->instructions != NULL)
    save_after (self, SOTTO_CONVERSATION_AGAIN_MS);
}

/* Before it is begun */
static void
keep (SottoConversation *self)
{
  g_autofree char *value = g_strdup_printf ("%c%s", KEPT, self->instructions);

  sotto_store_set_setting_async (self->services->store, SETTING, value, NULL, on_kept,
                                 sotto_conversation_begin_save (self));
}

void
sotto_conversation_read_kept_instructions_async (SottoStore          *store,
                                                 GAsyncReadyCallback  callback,
                                                 gpointer             user_data)
{
  sotto_store_get_setting_async (store, SETTING, NULL, callback, user_data);
}

void
sotto_conversation_take_kept_instructions (SottoConversation *self, const char *kept)
{
  if (*kept == KEPT)
    g_set_str (&self->instructions, kept + 1);
}

void
sotto_conversation_flush_instructions (SottoConversation *self)
{
  g_autofree char *id = NULL;

  if (self->instructions_source == 0)
    return;

  g_clear_handle_id (&self->instructions_source, g_source_remove);
  if (self->services->store == NULL || self->is_deleted)
    return;
  if (self->system == NULL)
    {
      keep (self);
      return;
    }

  /* What could not be saved keeps its id, which messages know by then. */
  id = self->root != NULL ? g_strdup (self->root) : sotto_history_new_id ();
  if (self->root == NULL && self->system[0] != '\0')
    sotto_conversation_path_set_root (self, id);
  sotto_store_set_instructions_async (self->services->store, self->id, id, self->system, NULL,
                                      on_saved, sotto_conversation_begin_save (self));
}

void
sotto_conversation_reset_instructions (SottoConversation *self)
{
  if (is_begun (self) || self->instructions == NULL)
    return;

  g_clear_handle_id (&self->instructions_source, g_source_remove);
  g_clear_pointer (&self->instructions, g_free);
  if (self->services->store != NULL)
    sotto_store_set_setting_async (self->services->store, SETTING, "", NULL, on_kept, sotto_conversation_begin_save (self));
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_INSTRUCTIONS);
}

void
sotto_conversation_set_instructions (SottoConversation *self, const char *text)
{
  g_autofree char *valid = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  if (!self->is_loaded || g_str_equal (valid, sotto_conversation_get_instructions (self)))
    return;

  if (is_begun (self))
    {
      g_set_str (&self->system, valid);
    }
  else
    {
      g_set_str (&self->instructions, valid);
    }
  save_after (self, SAVE_DELAY_MS);
  sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_INSTRUCTIONS);
}

void
sotto_conversation_begin_instructions (SottoConversation *self)
{
  const char *text = self->instructions != NULL ? self->instructions : self->services->instructions;
  g_autoptr (GPtrArray) parts = NULL;

  /* The next one is not to begin with them, too. */
  if (self->instructions != NULL)
    {
      g_clear_handle_id (&self->instructions_source, g_source_remove);
      sotto_store_set_setting_async (self->services->store, SETTING, "", NULL, on_kept, sotto_conversation_begin_save (self));
    }
  if (*text == '\0' || self->root != NULL)
    return;

  parts = sotto_history_parts_new_text (text);
  self->root = sotto_history_new_id ();
  g_set_str (&self->system, text);
  sotto_store_add_message_async (self->services->store, self->id, self->root, NULL,
                                 SOTTO_HISTORY_ROLE_SYSTEM, parts, FALSE, NULL, NULL, NULL);
}

void
sotto_conversation_take_instructions_back (SottoConversation *self)
{
  g_clear_handle_id (&self->instructions_source, g_source_remove);
  g_clear_pointer (&self->root, g_free);
  if (self->system != NULL)
    {
      g_free (self->instructions);
      self->instructions = g_steal_pointer (&self->system);
    }
  if (self->instructions != NULL)
    save_after (self, SAVE_DELAY_MS);
}
