#include "conversation/conversation-private.h"

/* What could not be saved is saved again: by itself some time later, as there may be room by then, and when the conversation is
 * left, or Sotto is closed. What is typed has timers of its own (conversation-details.c, conversation-instructions.c,
 * conversation-answer.c); what is chosen is saved at once, and comes here when that fails.
 *
 * Settings are the services', not the conversation's that has written them: by the time there is room another one may have
 * written something else, which is not to be taken back. */

static gboolean
can_save (SottoConversation *self, SottoStore *store)
{
  return self->services->store == store && !self->is_deleted;
}

static void
take_back_problem (SottoConversation *self)
{
  if (self->save_problem != NULL && self->problem == self->save_problem)
    sotto_conversation_set_error (self, NULL);
  g_clear_object (&self->save_problem);
}

gpointer
sotto_conversation_begin_save (SottoConversation *self)
{
  self->n_saving++;
  return g_object_ref (self);
}

/* Said once: whoever has read it makes room, and need not do it again to have it saved. */
gboolean
sotto_conversation_is_to_save_again (SottoConversation *self, SottoStore *store, const GError *error)
{
  self->n_saving--;
  if (error == NULL)
    {
      take_back_problem (self);
      return FALSE;
    }
  if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND))
    return FALSE;

  if (self->save_problem == NULL)
    {
      sotto_conversation_set_error (self, error);
      g_set_object (&self->save_problem, self->problem);
    }
  return can_save (self, store) && self->reply_state != SOTTO_REPLY_STATE_SAVING;
}

/* --- What is chosen --- */

static gboolean
on_due (gpointer user_data)
{
  sotto_conversation_flush_unsaved (user_data);
  return G_SOURCE_REMOVE;
}

void
sotto_conversation_save_again (SottoConversation *self, SottoUnsaved what)
{
  self->unsaved |= what;
  if (self->unsaved_source == 0)
    self->unsaved_source = g_timeout_add (SOTTO_CONVERSATION_AGAIN_MS, on_due, self);
}

void
sotto_conversation_end_save (SottoConversation *self, SottoStore *store, SottoUnsaved what, const GError *error)
{
  sotto_conversation_is_to_save_again (self, store, error);
  /* Other than a draft, it is not in the way of a message that is being sent. */
  if (error != NULL && (can_save (self, store) || (what == SOTTO_UNSAVED_DELETION && self->services->store == store))
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND)
      && !g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID))
    sotto_conversation_save_again (self, what);
}

static void
save_settings (SottoConversation *self)
{
  g_autoptr (GPtrArray) names = g_hash_table_get_keys_as_ptr_array (self->services->unkept);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *name = g_strdup (names->pdata[i]);
      g_autofree char *value = g_strdup (g_hash_table_lookup (self->services->unkept, name));

      sotto_conversation_keep_setting (self, name, value);
    }
}

static const struct {
  SottoUnsaved what;
  void (*save) (SottoConversation *self);
} savers[] = {
  { SOTTO_UNSAVED_TITLE, sotto_conversation_keep_title },
  { SOTTO_UNSAVED_PIN, sotto_conversation_keep_pin },
  { SOTTO_UNSAVED_MODEL, sotto_conversation_save_model },
  { SOTTO_UNSAVED_FOLDERS, sotto_conversation_keep_folders },
  { SOTTO_UNSAVED_GROUP, sotto_conversation_keep_group },
  { SOTTO_UNSAVED_TOOLS, sotto_conversation_keep_tools },
  { SOTTO_UNSAVED_ANSWER_FORM, sotto_conversation_keep_answer_form },
  { SOTTO_UNSAVED_ATTACHMENTS, sotto_conversation_keep_attachments },
  { SOTTO_UNSAVED_SETTINGS, save_settings },
  { SOTTO_UNSAVED_DELETION, sotto_conversation_keep_deletion },
};

void
sotto_conversation_flush_unsaved (SottoConversation *self)
{
  const SottoUnsaved unsaved = self->unsaved;

  g_clear_handle_id (&self->unsaved_source, g_source_remove);
  self->unsaved = 0;
  for (guint i = 0; i < G_N_ELEMENTS (savers); i++)
    if ((unsaved & savers[i].what) != 0)
      savers[i].save (self);
  /* There is nothing to save any more: another conversation had the last word, or a file was taken off again. */
  if (unsaved != 0 && self->n_saving == 0 && !sotto_conversation_is_unsaved (self))
    take_back_problem (self);
}

gboolean
sotto_conversation_is_unsaved (SottoConversation *self)
{
  if (self->is_deleted)
    return (self->unsaved & SOTTO_UNSAVED_DELETION) != 0;
  return !self->services->is_temporary
         && (self->n_saving > 0 || self->draft_source != 0 || self->instructions_source != 0 || self->answer_source != 0
             || self->unsaved_source != 0 || self->reply_state == SOTTO_REPLY_STATE_SAVING);
}

/* --- What the next conversation begins with --- */

/* A setting on its way into the history */
typedef struct {
  SottoConversation *conversation;
  char *name;
  char *value;
  GTask *task; /* of who waits for what comes of it */
} Setting;

static void
setting_free (Setting *setting)
{
  g_object_unref (setting->conversation);
  g_free (setting->name);
  g_free (setting->value);
  g_object_unref (setting->task);
  g_free (setting);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Setting, setting_free)

static void
on_setting_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Setting) setting = user_data;
  SottoConversation *self = setting->conversation;
  GHashTable *unkept = self->services->unkept;
  const char *wanted = g_hash_table_lookup (unkept, setting->name);
  g_autoptr (GError) error = NULL;

  sotto_store_set_setting_finish (SOTTO_STORE (source), result, &error);
  /* Otherwise something else is on its way by now, and has a result of its own. */
  if (wanted == NULL || g_str_equal (wanted, setting->value))
    {
      if (error != NULL && can_save (self, SOTTO_STORE (source)))
        g_hash_table_insert (unkept, g_strdup (setting->name), g_strdup (setting->value));
      else
        g_hash_table_remove (unkept, setting->name);
    }
  sotto_conversation_end_save (self, SOTTO_STORE (source), SOTTO_UNSAVED_SETTINGS, error);
  if (error != NULL)
    g_task_return_error (setting->task, g_steal_pointer (&error));
  else
    g_task_return_boolean (setting->task, TRUE);
}

void
sotto_conversation_keep_setting_async (SottoConversation   *self,
                                       const char          *name,
                                       const char          *value,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Setting *setting;
  GError *error = NULL;

  if (self->services->is_temporary)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (!sotto_services_check_store (self->services, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  setting = g_new0 (Setting, 1);
  setting->conversation = sotto_conversation_begin_save (self);
  setting->name = g_strdup (name);
  setting->value = g_strdup (value);
  setting->task = g_steal_pointer (&task);
  g_hash_table_insert (self->services->unkept, g_strdup (name), g_strdup (value));
  sotto_store_set_setting_async (self->services->store, name, value, NULL, on_setting_kept, setting);
}

gboolean
sotto_conversation_keep_setting_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sotto_conversation_keep_setting (SottoConversation *self, const char *name, const char *value)
{
  sotto_conversation_keep_setting_async (self, name, value, NULL, NULL);
}
