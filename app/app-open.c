#include "app-private.h"

#include "conversation/conversation-list-private.h"
#include "conversation/conversation-private.h"
#include "document/document-folders-private.h"
#include "document/meaning-private.h"

/* Opening the history:
 *
 *   CLOSED ─open─► OPENING ─► probe
 *      nothing there:   keyring ─► created ─► READY, with a recovery code to show
 *                       no keyring, or refused ─► FIRST_START
 *      something there: keyring slot ─► opened ─► READY
 *                         else KEYRING_LOCKED, _DENIED, _ABSENT, WRONG, or the passphrase's turn
 *                       passphrase slot ─► NEEDS_PASSPHRASE ─unlock─► READY, or back with a problem
 *      any:             CORRUPT, NEWER, IN_USE, FAILED
 *
 * Only sotto_store_create_async() makes anything, and it is called where the probe found nothing.
 */

/* --- What an error means --- */

static SottoAppState
state_of_history_error (SottoApp *self, int code)
{
  switch ((SottoHistoryError) code)
    {
    case SOTTO_HISTORY_ERROR_IN_USE:
      return SOTTO_APP_STATE_IN_USE;
    case SOTTO_HISTORY_ERROR_LOCKED:
      return SOTTO_APP_STATE_KEYRING_LOCKED;
    case SOTTO_HISTORY_ERROR_DENIED:
      return SOTTO_APP_STATE_KEYRING_DENIED;
    case SOTTO_HISTORY_ERROR_NO_KEYRING:
    case SOTTO_HISTORY_ERROR_NO_SECRET:
    case SOTTO_HISTORY_ERROR_NO_SLOT:
      return self->has_passphrase_slot
             ? SOTTO_APP_STATE_NEEDS_PASSPHRASE : SOTTO_APP_STATE_KEYRING_ABSENT;
    case SOTTO_HISTORY_ERROR_WRONG_SECRET:
      return SOTTO_APP_STATE_WRONG;
    case SOTTO_HISTORY_ERROR_MISSING_DATABASE:
    case SOTTO_HISTORY_ERROR_MISSING_ENVELOPE:
    case SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE:
    case SOTTO_HISTORY_ERROR_CORRUPT_DATABASE:
      return SOTTO_APP_STATE_CORRUPT;
    case SOTTO_HISTORY_ERROR_NEWER:
      return SOTTO_APP_STATE_NEWER;
    case SOTTO_HISTORY_ERROR_NONE:
    case SOTTO_HISTORY_ERROR_EXISTS:
    case SOTTO_HISTORY_ERROR_MALFORMED_CODE:
    case SOTTO_HISTORY_ERROR_IO:
    case SOTTO_HISTORY_ERROR_DISK_FULL:
    case SOTTO_HISTORY_ERROR_TOO_LARGE:
    case SOTTO_HISTORY_ERROR_READ_ONLY:
    case SOTTO_HISTORY_ERROR_GONE:
    case SOTTO_HISTORY_ERROR_MEMORY:
    case SOTTO_HISTORY_ERROR_NOT_FOUND:
    case SOTTO_HISTORY_ERROR_INVALID:
    case SOTTO_HISTORY_ERROR_LAST_SLOT:
    case SOTTO_HISTORY_ERROR_CLOSED:
    default:
      return SOTTO_APP_STATE_FAILED;
    }
}

/* What one attempt of opening works with */
typedef struct {
  SottoUnlock *unlock;
  SottoAppMeans means;
  gboolean creating;
  SottoAppState before; /* where a wrong passphrase or code leads back to */
  GPtrArray *records;
  GPtrArray *groups;
  char *draft;
  char *fresh_instructions;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_clear_pointer (&attempt->unlock, sotto_unlock_unref);
  g_clear_pointer (&attempt->records, g_ptr_array_unref);
  g_clear_pointer (&attempt->groups, g_ptr_array_unref);
  g_free (attempt->draft);
  g_free (attempt->fresh_instructions);
  g_free (attempt);
}

static SottoAppState
state_of_error (SottoApp *self, const Attempt *attempt, const GError *error)
{
  /* Who stops waiting for the keyring is offered the other ways. */
  if (attempt->means == SOTTO_APP_MEANS_KEYRING
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return attempt->creating ? SOTTO_APP_STATE_FIRST_START : SOTTO_APP_STATE_KEYRING_LOCKED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE))
    return attempt->before;
  if (error->domain != SOTTO_HISTORY_ERROR)
    return SOTTO_APP_STATE_FAILED;

  if (attempt->creating && attempt->means == SOTTO_APP_MEANS_KEYRING)
    switch ((int) error->code)
      {
      case SOTTO_HISTORY_ERROR_LOCKED:
      case SOTTO_HISTORY_ERROR_DENIED:
      case SOTTO_HISTORY_ERROR_NO_KEYRING:
      case SOTTO_HISTORY_ERROR_NO_SECRET:
        return SOTTO_APP_STATE_FIRST_START;
      default:
        break;
      }

  if (attempt->means == SOTTO_APP_MEANS_PASSPHRASE || attempt->means == SOTTO_APP_MEANS_RECOVERY)
    switch ((int) error->code)
      {
      case SOTTO_HISTORY_ERROR_WRONG_SECRET:
      case SOTTO_HISTORY_ERROR_MALFORMED_CODE:
      case SOTTO_HISTORY_ERROR_NO_SLOT:
      case SOTTO_HISTORY_ERROR_INVALID:
        return attempt->before;
      default:
        break;
      }

  return state_of_history_error (self, error->code);
}

/* --- Opening --- */

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);
  const Attempt *attempt = g_task_get_task_data (task);
  SottoAppState state = state_of_error (self, attempt, error);
  gboolean silent = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* That there is no keyring is not a problem of a first start, only the reason to ask. */
  if (state == SOTTO_APP_STATE_FIRST_START
      && g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_KEYRING))
    silent = TRUE;
  if (self->is_closing)
    {
      state = SOTTO_APP_STATE_CLOSED;
      silent = TRUE;
    }

  g_clear_object (&self->services->store);
  g_clear_object (&self->opening);
  if (attempt->means == SOTTO_APP_MEANS_TEMPORARY)
    sotto_app_remove_temporary_folder (self);
  sotto_app_set_state (self, state, silent ? NULL : error);
  g_task_return_error (task, error);
}

static void
on_journal_failed (SottoStore *store, const GError *error, SottoApp *self)
{
  sotto_conversation_list_set_journal_error (self->conversations, error);
}

static void
on_slot_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The recovery code still opens the history: nothing is lost. */
  if (!sotto_store_set_slot_finish (SOTTO_STORE (source), result, &error))
    g_debug ("The key could not be put into the keyring: %s", error->message);
}

static void
on_instructions (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = SOTTO_APP (source);
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *instructions = sotto_app_read_instructions_finish (self, result, &error);

  if (instructions == NULL)
    {
      fail (task, error);
      return;
    }

  g_clear_object (&self->opening);
  sotto_app_take_instructions (self, instructions);
  sotto_conversation_list_fill (self->conversations, attempt->records, attempt->draft,
                                attempt->fresh_instructions, attempt->groups);
  sotto_document_folders_open (self->services->folders, self->services->store);
  sotto_meaning_open (self->services->meaning, self->services->store);
  if (attempt->means != SOTTO_APP_MEANS_TEMPORARY)
    sotto_app_drop_stale_backup (self);
  sotto_app_set_state (self, SOTTO_APP_STATE_READY, NULL);

  if (attempt->creating && attempt->means != SOTTO_APP_MEANS_TEMPORARY)
    {
      sotto_app_renew_recovery_code (self);
    }
  else if (attempt->means == SOTTO_APP_MEANS_RECOVERY && self->has_keyring_slot)
    {
      g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (TRUE);

      sotto_store_set_slot_async (self->services->store, keyring, NULL, on_slot_set, NULL);
    }
  g_task_return_boolean (task, TRUE);
}

static void
on_fresh_instructions (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  attempt->fresh_instructions = sotto_store_get_setting_finish (SOTTO_STORE (source), result, &error);
  if (attempt->fresh_instructions == NULL)
    fail (task, error);
  else
    sotto_app_read_instructions_async (self, SOTTO_STORE (source), on_instructions, g_object_ref (task));
}

static void
on_fresh_draft (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  attempt->draft = sotto_store_get_draft_finish (SOTTO_STORE (source), result, &error);
  if (attempt->draft == NULL)
    fail (task, error);
  else
    sotto_conversation_read_kept_instructions_async (SOTTO_STORE (source), on_fresh_instructions,
                                                     g_object_ref (task));
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  attempt->records = sotto_store_list_conversations_finish (SOTTO_STORE (source), result, &error);
  if (attempt->records == NULL)
    fail (task, error);
  else
    sotto_store_get_draft_async (SOTTO_STORE (source), NULL, NULL, on_fresh_draft,
                                 g_object_ref (task));
}

static void
on_groups_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  attempt->groups = sotto_store_list_groups_finish (SOTTO_STORE (source), result, &error);
  if (attempt->groups == NULL)
    fail (task, error);
  else
    sotto_store_list_conversations_async (SOTTO_STORE (source), NULL, on_listed, g_object_ref (task));
}

/* @store: (transfer full) (nullable); @error: (transfer full) */
static void
take_store (GTask *task, SottoStore *store, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);

  if (store == NULL)
    {
      fail (task, error);
      return;
    }
  if (self->is_closing)
    {
      /* Dropping a store closes it. */
      g_object_unref (store);
      fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Closing"));
      return;
    }

  self->services->store = store;
  if (self->temporary_folder == NULL)
    {
      g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store);

      sotto_inference_set_sealed (self->services->inference, sealed);
    }
  g_signal_connect_object (store, "journal-failed", G_CALLBACK (on_journal_failed), self, 0);

  /* What was deleted before the last end cannot be brought back any more. */
  sotto_store_purge_async (store, NULL, NULL, NULL, NULL);
  sotto_store_list_groups_async (store, NULL, on_groups_listed, g_object_ref (task));
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoStore *store = sotto_store_open_finish (result, &error);

  take_store (task, store, error);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoStore *store = sotto_store_create_finish (result, &error);

  take_store (task, store, error);
}

/* A cancellable of our own, which closing can raise; the caller's raises it too. */
static GCancellable *
begin_opening (SottoApp *self, GCancellable *cancellable)
{
  g_clear_object (&self->opening);
  self->opening = g_cancellable_new ();
  if (cancellable != NULL && g_cancellable_is_cancelled (cancellable))
    g_cancellable_cancel (self->opening);
  else if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                             self->opening, G_CONNECT_SWAPPED);
  return self->opening;
}

void
sotto_app_begin_attempt (SottoApp      *self,
                         GTask         *task,
                         SottoAppMeans  means,
                         gboolean       creating,
                         SottoUnlock   *unlock,
                         GError        *error)
{
  Attempt *attempt = g_new0 (Attempt, 1);
  GCancellable *cancellable;
  const char *folder = means == SOTTO_APP_MEANS_TEMPORARY ? self->temporary_folder : self->folder;

  self->is_closing = FALSE;
  attempt->unlock = unlock;
  attempt->means = means;
  attempt->creating = creating;
  attempt->before = self->state == SOTTO_APP_STATE_OPENING ? SOTTO_APP_STATE_CLOSED : self->state;
  g_task_set_task_data (task, attempt, (GDestroyNotify) attempt_free);

  if (unlock == NULL)
    {
      fail (task, error);
      return;
    }

  cancellable = begin_opening (self, g_task_get_cancellable (task));
  sotto_app_set_state (self, SOTTO_APP_STATE_OPENING, NULL);
  if (creating)
    sotto_store_create_async (folder, unlock, cancellable, on_created, g_object_ref (task));
  else
    sotto_store_open_async (folder, unlock, cancellable, on_opened, g_object_ref (task));
}

gboolean
sotto_app_can_begin (SottoApp *self, GTask *task)
{
  if (self->state != SOTTO_APP_STATE_READY && self->state != SOTTO_APP_STATE_OPENING && !self->is_locking)
    return TRUE;

  if (self->state == SOTTO_APP_STATE_READY)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BUSY,
                                     self->is_locking ? "Locking" : "Opening already");
  return FALSE;
}

static void
note_slots (SottoApp *self, GPtrArray *slots)
{
  self->has_passphrase_slot = FALSE;
  self->has_keyring_slot = FALSE;
  for (guint i = 0; slots != NULL && i < slots->len; i++)
    {
      const SottoHistorySlot *slot = g_ptr_array_index (slots, i);

      self->has_passphrase_slot |= slot->kind == SOTTO_SLOT_PASSPHRASE;
      self->has_keyring_slot |= slot->kind == SOTTO_SLOT_KEYRING;
    }
}

void
sotto_app_note_slots (SottoApp *self)
{
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState found;

  if (sotto_history_probe (self->folder, &found, &slots, NULL))
    note_slots (self, slots);
}

/* Ends an attempt that needs an answer from the person first. */
static void
ask_person (SottoApp *self, GTask *task, SottoAppState state)
{
  sotto_app_set_state (self, state, NULL);
  g_task_return_boolean (task, FALSE);
}

void
sotto_app_open_async (SottoApp            *self,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState found;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  if (!sotto_app_can_begin (self, task))
    return;

  sotto_model_library_refresh (self->services->library);
  if (!sotto_history_probe (self->folder, &found, &slots, &error))
    {
      sotto_app_begin_attempt (self, task, SOTTO_APP_MEANS_KEYRING, FALSE, NULL, error);
      return;
    }

  note_slots (self, slots);
  if (found == SOTTO_HISTORY_STATE_NONE)
    sotto_app_begin_attempt (self, task, SOTTO_APP_MEANS_KEYRING, TRUE,
                             sotto_unlock_new_keyring (TRUE), NULL);
  else if (self->has_keyring_slot)
    sotto_app_begin_attempt (self, task, SOTTO_APP_MEANS_KEYRING, FALSE,
                             sotto_unlock_new_keyring (TRUE), NULL);
  else
    ask_person (self, task, self->has_passphrase_slot ? SOTTO_APP_STATE_NEEDS_PASSPHRASE
                                                      : SOTTO_APP_STATE_KEYRING_ABSENT);
}

void
sotto_app_stop_waiting (SottoApp *self)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
}

gboolean
sotto_app_open_finish (SottoApp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

SottoUnlock *
sotto_app_create_passphrase (SottoApp *self, const char *passphrase, GError **error)
{
  SottoUnlock *unlock;

  if (passphrase[0] == '\0')
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE, "The passphrase is "
                                                                               "empty");
      return NULL;
    }

  unlock = sotto_unlock_new_passphrase (passphrase, error);
  if (unlock != NULL && self->cost_operations > 0)
    sotto_unlock_set_cost (unlock, self->cost_operations, self->cost_memory);
  return unlock;
}

/* Opens with what a person has typed: a passphrase, or the recovery code. */
static void
open_with (SottoApp            *self,
           SottoAppMeans        means,
           gboolean             creates,
           const char          *typed,
           GCancellable        *cancellable,
           GAsyncReadyCallback  callback,
           gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  SottoUnlock *unlock;

  if (!sotto_app_can_begin (self, task))
    return;

  unlock = means == SOTTO_APP_MEANS_RECOVERY ? sotto_unlock_new_recovery_code (typed, &error)
                                             : sotto_app_create_passphrase (self, typed, &error);
  sotto_app_begin_attempt (self, task, means, creates, unlock, error);
}

void
sotto_app_create_async (SottoApp            *self,
                        const char          *passphrase,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (passphrase != NULL);

  open_with (self, SOTTO_APP_MEANS_PASSPHRASE, TRUE, passphrase, cancellable, callback, user_data);
}

void
sotto_app_unlock_async (SottoApp            *self,
                        const char          *passphrase,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (passphrase != NULL);

  open_with (self, SOTTO_APP_MEANS_PASSPHRASE, FALSE, passphrase, cancellable, callback, user_data);
}

void
sotto_app_recover_async (SottoApp            *self,
                         const char          *code,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (code != NULL);

  open_with (self, SOTTO_APP_MEANS_RECOVERY, FALSE, code, cancellable, callback, user_data);
}

