#include "store-private.h"

#include "audit.h"
#include "history-error.h"
#include "keyring.h"
#include "recovery-code.h"

#include <sodium.h>

/* --- In the thread --- */

static gboolean
note_change (SottoVault *vault, const char *action, GError **error)
{
  gboolean ok;

  if (!sotto_database_begin (vault->database, error))
    return FALSE;
  ok = sotto_audit_add (vault->database, action, NULL, error);
  return sotto_database_end (vault->database, ok, error);
}

/* The envelope's file first, then the audit entry, then what we hold of it. Where the entry cannot
 * be written the old envelope is put back; if that fails too, the change has happened. */
static gboolean
put_envelope (SottoVault *vault, SottoEnvelope *changed, const char *action, GError **error)
{
  gboolean ok;

  if (!sotto_envelope_write (changed, vault->envelope_path, vault->key, error))
    return FALSE;

  ok = note_change (vault, action, error);
  if (!ok && sotto_envelope_write (vault->envelope, vault->envelope_path, vault->key, NULL))
    return FALSE;

  sotto_envelope_free (vault->envelope);
  vault->envelope = sotto_envelope_copy (changed);
  sotto_vault_publish_slots (vault);
  return ok;
}

static SottoEnvelope *
copy_envelope (SottoVault *vault, GError **error)
{
  return sotto_vault_check_files (vault, error) ? sotto_envelope_copy (vault->envelope) : NULL;
}

static gboolean
remove_kind (SottoEnvelope *envelope, SottoSlotKind kind, GError **error)
{
  const SottoSlot *slot;

  while ((slot = sotto_envelope_find (envelope, kind)) != NULL)
    if (!sotto_envelope_remove_slot (envelope, slot->id, error))
      return FALSE;
  return TRUE;
}

static gpointer
do_set (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (SottoEnvelope) changed = copy_envelope (vault, error);

  SottoSlotKind other = sotto_unlock_get_kind (call->unlock) == SOTTO_SLOT_KEYRING
                        ? SOTTO_SLOT_PASSPHRASE : SOTTO_SLOT_KEYRING;

  if (changed == NULL ||
      !sotto_envelope_set_slot (changed, call->unlock, call->kind, vault->key, error) ||
      (call->flag && !remove_kind (changed, other, error)) ||
      !put_envelope (vault, changed, "slot-set", error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_make_code (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (SottoEnvelope) changed = copy_envelope (vault, error);
  g_autoptr (SottoSecret) secret = sotto_secret_new (SOTTO_RECOVERY_BYTES, error);
  g_autoptr (SottoUnlock) unlock = NULL;

  if (changed == NULL || secret == NULL)
    return NULL;

  randombytes_buf (secret, SOTTO_RECOVERY_BYTES);
  unlock = sotto_unlock_new_secret (SOTTO_SLOT_RECOVERY, secret, SOTTO_RECOVERY_BYTES, error);
  if (unlock == NULL ||
      !sotto_envelope_set_slot (changed, unlock, 0, vault->key, error) ||
      !put_envelope (vault, changed, "slot-set", error))
    return NULL;
  return sotto_recovery_code_encode (secret);
}

static gpointer
do_remove (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (SottoEnvelope) changed = copy_envelope (vault, error);

  if (changed == NULL ||
      !sotto_envelope_remove_slot (changed, (guint32) call->number, error) ||
      !put_envelope (vault, changed, "slot-removed", error))
    return NULL;
  return SOTTO_DONE;
}

static gpointer
do_copy_envelope (SottoVault *vault, SottoCall *call, GError **error)
{
  return copy_envelope (vault, error);
}

/* --- Setting a slot --- */

/* The keyring's secret is stored before the envelope needs it, the old one forgotten after. */

typedef struct {
  SottoUnlock *unlock;
  char *name;
  gboolean only;    /* whether the other kind's slot goes */
  guint32 old_slot; /* of the keyring; 0: none */
} Setting;

static void
setting_free (gpointer data)
{
  Setting *self = data;

  sotto_unlock_unref (self->unlock);
  g_free (self->name);
  g_free (self);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Setting *self = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean ok = sotto_store_take (SOTTO_STORE (source), result, &error) != NULL;

  /* After an error it is not known which of the two the envelope names: both are kept. */
  if (ok && self->old_slot != 0)
    sotto_keyring_forget (self->name, self->old_slot);

  if (ok)
    g_task_return_pointer (task, SOTTO_DONE, NULL);
  else
    g_task_return_error (task, error);
}

static void
set_with (GTask *task, SottoUnlock *unlock, SottoKeyringBackend backend)
{
  const Setting *self = g_task_get_task_data (task);
  SottoCall *call = sotto_call_new ();

  call->unlock = sotto_unlock_ref (unlock);
  call->kind = backend;
  call->flag = self->only;
  sotto_store_push (g_task_get_source_object (task), SOTTO_WORK_OTHER, do_set, call, NULL,
                    g_task_get_cancellable (task), on_set, g_object_ref (task));
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoKeyringBackend backend;
  GError *error = NULL;
  g_autoptr (SottoUnlock) unlock = sotto_keyring_store_finish (result, &backend, &error);

  if (unlock != NULL)
    set_with (task, unlock, backend);
  else
    g_task_return_error (task, error);
}

static void
on_envelope (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Setting *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (SottoEnvelope) envelope = sotto_store_take (SOTTO_STORE (source), result, &error);
  const SottoSlot *old;

  if (envelope == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  old = sotto_envelope_find (envelope, SOTTO_SLOT_KEYRING);
  self->old_slot = old != NULL ? old->id : 0;
  self->name = sotto_envelope_dup_name (envelope);
  if (self->unlock->kind == SOTTO_SLOT_KEYRING)
    sotto_keyring_store_async (self->name, envelope->next_slot, self->unlock->interactive,
                               g_task_get_cancellable (task), on_stored, g_object_ref (task));
  else
    set_with (task, self->unlock, 0);
}

static void
set_slot (SottoStore          *self,
          SottoUnlock         *unlock,
          gboolean             only,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  Setting *setting;

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  setting = g_new0 (Setting, 1);
  setting->unlock = sotto_unlock_ref (unlock);
  setting->only = only;
  g_task_set_task_data (task, setting, setting_free);

  if (unlock->kind == SOTTO_SLOT_KEYRING || only)
    sotto_store_push (self, SOTTO_WORK_OTHER, do_copy_envelope, NULL,
                      (GDestroyNotify) sotto_envelope_free, cancellable, on_envelope,
                      g_object_ref (task));
  else
    set_with (task, unlock, 0);
}

void
sotto_store_set_slot_async (SottoStore          *self,
                            SottoUnlock         *unlock,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));
  g_return_if_fail (unlock != NULL && unlock->kind != SOTTO_SLOT_RECOVERY);

  set_slot (self, unlock, FALSE, cancellable, callback, user_data);
}

void
sotto_store_set_only_slot_async (SottoStore          *self,
                                 SottoUnlock         *unlock,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));
  g_return_if_fail (unlock != NULL && unlock->kind != SOTTO_SLOT_RECOVERY);

  set_slot (self, unlock, TRUE, cancellable, callback, user_data);
}

gboolean
sotto_store_set_slot_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

void
sotto_store_make_recovery_code_async (SottoStore          *self,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_STORE (self));

  sotto_store_push (self, SOTTO_WORK_OTHER, do_make_code, NULL,
                    (GDestroyNotify) sotto_history_free_secret, cancellable, callback, user_data);
}

char *
sotto_store_make_recovery_code_finish (SottoStore    *self,
                                       GAsyncResult  *result,
                                       GError       **error)
{
  return sotto_store_take (self, result, error);
}

void
sotto_store_remove_slot_async (SottoStore          *self,
                               guint                slot,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  SottoCall *call = sotto_call_new ();

  g_return_if_fail (SOTTO_IS_STORE (self));

  call->number = slot;
  sotto_store_push (self, SOTTO_WORK_OTHER, do_remove, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_remove_slot_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
