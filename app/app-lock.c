#include "app-private.h"

#include "conversation/conversation-list-private.h"

/* Locking is closing, after which the application waits for its key again instead of ending:
 *
 *   READY ─lock─► CLOSED, at once: nobody sees or finds anything any more
 *                 replies stopped, drafts saved, model freed, history closed, key wiped (app-close.c)
 *               ─► conversations and instructions forgotten
 *               ─► LOCKED (the keyring opens it) or NEEDS_PASSPHRASE
 *
 * What is temporary ends: it is not on the disk, and in memory it would have to lie readable beside a lock. Who quits while it
 * is being locked waits until it is. */

gboolean
sotto_app_can_lock (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);

  /* Where nothing is kept there is nothing to come back to; and a backup that takes its place is not left alone. */
  return self->state == SOTTO_APP_STATE_READY && self->temporary_folder == NULL && !self->is_restoring
         && !self->is_locking && !self->is_closing;
}

gboolean
sotto_app_is_locking (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);
  return self->is_locking;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = SOTTO_APP (source);
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting_to_close);

  sotto_app_close_finish (self, result);
  self->is_locking = FALSE;
  self->is_closing = FALSE;
  sotto_conversation_list_clear (self->conversations);
  sotto_app_take_instructions (self, "");
  sotto_inference_reopen (self->services->inference);

  sotto_app_note_slots (self);
  if (self->has_keyring_slot)
    sotto_app_set_state (self, SOTTO_APP_STATE_LOCKED, NULL);
  else
    sotto_app_set_state (self, self->has_passphrase_slot ? SOTTO_APP_STATE_NEEDS_PASSPHRASE
                                                         : SOTTO_APP_STATE_KEYRING_ABSENT, NULL);
  g_task_return_boolean (task, TRUE);

  for (guint i = 0; waiting != NULL && i < waiting->len; i++)
    sotto_app_shut (self, g_object_ref (g_ptr_array_index (waiting, i)));
}

void
sotto_app_lock_async (SottoApp *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, callback, user_data);
  if (!sotto_app_can_lock (self))
    {
      g_task_return_boolean (task, FALSE);
      return;
    }

  self->is_locking = TRUE;
  sotto_app_dismiss_recovery_code (self);
  sotto_app_set_state (self, SOTTO_APP_STATE_CLOSED, NULL);
  sotto_app_shut (self, g_task_new (self, NULL, on_closed, g_steal_pointer (&task)));
}

gboolean
sotto_app_lock_finish (SottoApp *self, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), NULL);
}
