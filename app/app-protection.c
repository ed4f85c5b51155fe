#include "app-private.h"

/* How the history is protected, and changing it while it is open:
 *
 *   KEYRING ─set_passphrase─► PASSPHRASE ─set_passphrase─► PASSPHRASE (another one)
 *           ◄──use_keyring───
 *
 * A change replaces the key file once, so that a power cut or a failure leaves the old way or the
 * new one, never both or none. The recovery code opens it through all of this. */

SottoProtection
sotto_app_get_protection (SottoApp *self)
{
  g_autoptr (GPtrArray) slots = NULL;
  SottoProtection protection = SOTTO_PROTECTION_NONE;

  g_return_val_if_fail (SOTTO_IS_APP (self), SOTTO_PROTECTION_NONE);

  if (self->state != SOTTO_APP_STATE_READY || self->services->store == NULL)
    return SOTTO_PROTECTION_NONE;
  if (self->temporary_folder != NULL)
    return SOTTO_PROTECTION_TEMPORARY;

  /* Where there are both, the keyring opens it. */
  slots = sotto_store_list_slots (self->services->store);
  for (guint i = 0; i < slots->len; i++)
    {
      const SottoHistorySlot *slot = g_ptr_array_index (slots, i);

      if (slot->kind == SOTTO_SLOT_KEYRING)
        return SOTTO_PROTECTION_KEYRING;
      if (slot->kind == SOTTO_SLOT_PASSPHRASE)
        protection = SOTTO_PROTECTION_PASSPHRASE;
    }
  return protection;
}

/* What the keyring's errors say of opening is not true of moving into it. */
static const SottoErrorName names_of_moving[] = {
  { SOTTO_HISTORY_ERROR_LOCKED, SOTTO_APP_ERROR_KEYRING_REFUSED },
  { SOTTO_HISTORY_ERROR_DENIED, SOTTO_APP_ERROR_KEYRING_REFUSED },
  { SOTTO_HISTORY_ERROR_NO_KEYRING, SOTTO_APP_ERROR_NO_KEYRING },
  { SOTTO_HISTORY_ERROR_NO_SECRET, SOTTO_APP_ERROR_NO_KEYRING },
};

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  GError *error = NULL;
  gboolean ok = sotto_store_set_slot_finish (SOTTO_STORE (source), result, &error);

  self->is_protecting = FALSE;
  sotto_app_notify_protection (self);
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, sotto_app_rename_error (error, names_of_moving,
                                                       G_N_ELEMENTS (names_of_moving)));
}

static gboolean
check (SottoApp *self, GError **error)
{
  if (self->state != SOTTO_APP_STATE_READY || self->services->store == NULL || self->is_closing)
    g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY,
                         "The history is not open");
  else if (self->temporary_folder != NULL)
    g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TEMPORARY,
                         "Nothing is kept of a temporary history");
  else if (self->is_protecting)
    g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PROTECTING,
                         "The protection is being changed already");
  else
    return TRUE;
  return FALSE;
}

/* @unlock: (nullable): with @error why there is none; @error: (transfer full) (nullable) */
static void
protect (SottoApp *self, GTask *task, SottoUnlock *unlock, GError *error)
{
  if (unlock == NULL || !check (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  self->is_protecting = TRUE;
  sotto_store_set_only_slot_async (self->services->store, unlock, g_task_get_cancellable (task),
                                   on_set, g_object_ref (task));
}

void
sotto_app_set_passphrase_async (SottoApp            *self,
                                const char          *passphrase,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (SottoUnlock) unlock = NULL;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (passphrase != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  unlock = sotto_app_create_passphrase (self, passphrase, &error);
  protect (self, task, unlock, error);
}

gboolean
sotto_app_set_passphrase_finish (SottoApp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sotto_app_use_keyring_async (SottoApp            *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (SottoUnlock) unlock = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  unlock = sotto_unlock_new_keyring (TRUE);
  protect (self, task, unlock, NULL);
}

gboolean
sotto_app_use_keyring_finish (SottoApp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
