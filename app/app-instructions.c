#include "app-private.h"

/* What every new conversation begins with, unseen: a system message. It lies in the history, encrypted as what it says
 * is a person's own; a conversation keeps the one that it began with. */

#define SETTING "instructions"

/* How long it may be typed on before it is saved; how long after that was in vain it is tried again */
#define SAVE_DELAY_MS 500
#define SAVE_AGAIN_MS 2000

static gboolean on_due (gpointer user_data);

void
sotto_app_take_instructions (SottoApp *self, const char *text)
{
  g_clear_handle_id (&self->instructions_source, g_source_remove);
  if (g_set_str (&self->services->instructions, text))
    sotto_app_notify_instructions (self);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoApp) self = user_data;
  g_autoptr (GError) error = NULL;

  self->instructions_saving--;
  sotto_store_set_setting_finish (SOTTO_STORE (source), result, &error);
  if (self->state == SOTTO_APP_STATE_READY && (error != NULL) != self->instructions_failed)
    sotto_app_set_state (self, self->state, error);
  self->instructions_failed = error != NULL;
  if (error != NULL && self->services->store == SOTTO_STORE (source) && self->instructions_source == 0)
    self->instructions_source = g_timeout_add (SAVE_AGAIN_MS, on_due, self);
}

void
sotto_app_flush_instructions (SottoApp *self)
{
  if (self->instructions_source == 0)
    return;

  g_clear_handle_id (&self->instructions_source, g_source_remove);
  if (self->services->store == NULL)
    return;
  self->instructions_saving++;
  sotto_store_set_setting_async (self->services->store, SETTING, self->services->instructions, NULL,
                                 on_saved, g_object_ref (self));
}

static gboolean
on_due (gpointer user_data)
{
  sotto_app_flush_instructions (user_data);
  return G_SOURCE_REMOVE;
}

void
sotto_app_set_instructions (SottoApp *self, const char *text)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->services->store == NULL || !g_set_str (&self->services->instructions, text != NULL ? text : ""))
    return;

  if (self->instructions_source == 0)
    self->instructions_source = g_timeout_add (SAVE_DELAY_MS, on_due, self);
  sotto_app_notify_instructions (self);
}

const char *
sotto_app_get_instructions (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), "");
  return self->services->instructions;
}

/* --- Reading them --- */

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *text = sotto_store_get_setting_finish (SOTTO_STORE (source), result, &error);

  if (text != NULL)
    g_task_return_pointer (task, text, g_free);
  else
    g_task_return_error (task, error);
}

void
sotto_app_read_instructions_async (SottoApp            *self,
                                   SottoStore          *store,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  sotto_store_get_setting_async (store, SETTING, NULL, on_read, g_task_new (self, NULL, callback, user_data));
}

char *
sotto_app_read_instructions_finish (SottoApp *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
