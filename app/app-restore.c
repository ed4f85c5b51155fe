#include "app-private.h"

#include <glib/gstdio.h>

/* A backup takes the place of the history:
 *
 *   read      The backup goes, encrypted as it is, into the folder "restoring" beside the history,
 *             and is checked on its way.
 *   try       What the person has opens it there. Up to here nothing else has changed.
 *   replace   The history is closed, where it is open, and the one in "restoring" takes its place
 *             (sotto_history_replace_async()), all of it or nothing. What has opened it there opens
 *             it here. */

typedef struct {
  SottoUnlock *unlock;
  SottoAppMeans means;
  gboolean was_ready;       /* the history was open, and is closed for this */
  char *kept;               /* the name of the folder with what was there; NULL: there was nothing */
} Restoring;

static void
restoring_free (gpointer data)
{
  Restoring *self = data;

  g_clear_pointer (&self->unlock, sotto_unlock_unref);
  g_free (self->kept);
  g_free (self);
}

static char *
get_beside (SottoApp *self)
{
  return g_build_filename (self->folder, "restoring", NULL);
}

/* As of a reading that was cut off. Until this Sotto reads a backup itself there can be none that is still wanted: where the
 * history is open no other can put one in its place. */
void
sotto_app_drop_stale_backup (SottoApp *self)
{
  if (!self->has_read_backup)
    sotto_app_drop_backup (self);
}

void
sotto_app_drop_backup (SottoApp *self)
{
  g_autofree char *beside = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_return_if_fail (SOTTO_IS_APP (self));

  beside = get_beside (self);
  dir = g_dir_open (beside, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (beside, name, NULL);

      g_unlink (path);
    }
  g_rmdir (beside);
}

gboolean
sotto_app_can_restore (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);

  /* A history that another Sotto has open is not ours to replace, and where nothing is kept there is nowhere to put one. */
  return self->temporary_folder == NULL && self->state != SOTTO_APP_STATE_CLOSED
         && self->state != SOTTO_APP_STATE_OPENING && self->state != SOTTO_APP_STATE_IN_USE;
}

/* --- What opens it --- */

static SottoOpeners
openers_of_slots (GPtrArray *slots)
{
  SottoOpeners openers = 0;

  for (guint i = 0; i < slots->len; i++)
    switch (((const SottoHistorySlot *) g_ptr_array_index (slots, i))->kind)
      {
      case SOTTO_SLOT_KEYRING:
        openers |= SOTTO_OPENS_KEYRING;
        break;
      case SOTTO_SLOT_PASSPHRASE:
        openers |= SOTTO_OPENS_PASSPHRASE;
        break;
      case SOTTO_SLOT_RECOVERY:
        openers |= SOTTO_OPENS_RECOVERY;
        break;
      default:
        break;
      }
  return openers;
}

SottoOpeners
sotto_app_get_openers (SottoApp *self)
{
  g_autoptr (GPtrArray) slots = NULL;

  g_return_val_if_fail (SOTTO_IS_APP (self), 0);

  if (self->services->store == NULL || self->temporary_folder != NULL)
    return 0;
  slots = sotto_store_list_slots (self->services->store);
  return openers_of_slots (slots);
}

/* --- Read --- */

/* What the history says of its own files is not true of a file that somebody has chosen. */
static const SottoErrorName names_of_backup[] = {
  { SOTTO_HISTORY_ERROR_NOT_A_BACKUP, SOTTO_APP_ERROR_BACKUP_FOREIGN },
  { SOTTO_HISTORY_ERROR_NEWER, SOTTO_APP_ERROR_BACKUP_NEWER },
  { SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE, SOTTO_APP_ERROR_BACKUP_DAMAGED },
  { SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, SOTTO_APP_ERROR_BACKUP_DAMAGED },
  { SOTTO_HISTORY_ERROR_MISSING_DATABASE, SOTTO_APP_ERROR_BACKUP_DAMAGED },
  { SOTTO_HISTORY_ERROR_WRONG_SECRET, SOTTO_APP_ERROR_BACKUP_WRONG },
  { SOTTO_HISTORY_ERROR_NO_SLOT, SOTTO_APP_ERROR_BACKUP_WRONG },
  { SOTTO_HISTORY_ERROR_INVALID, SOTTO_APP_ERROR_BACKUP_WRONG },
};

/* @error: (transfer full)
 * Returns: (transfer full) */
static GError *
translate_error (GError *error)
{
  return sotto_app_rename_error (error, names_of_backup, G_N_ELEMENTS (names_of_backup));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  g_autofree char *beside = get_beside (self);
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState found;
  GError *error = NULL;

  if (sotto_history_restore_finish (result, &error)
      && sotto_history_probe (beside, &found, &slots, &error)
      && !g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    {
      g_task_return_int (task, (gssize) openers_of_slots (slots));
      return;
    }
  sotto_app_drop_backup (self);
  g_task_return_error (task, translate_error (error));
}

void
sotto_app_read_backup_async (SottoApp            *self,
                             GFile               *file,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *beside = NULL;
  const char *path;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (G_IS_FILE (file));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  path = g_file_peek_path (file);
  if (!sotto_app_can_restore (self) || self->is_restoring)
    g_set_error_literal (&error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "Not now");
  else if (path == NULL)
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Not a file on this computer");
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  sotto_app_drop_backup (self);
  self->has_read_backup = TRUE;
  beside = get_beside (self);
  sotto_history_restore_async (path, beside, cancellable, on_read, g_steal_pointer (&task));
}

gboolean
sotto_app_read_backup_finish (SottoApp      *self,
                              GAsyncResult  *result,
                              SottoOpeners  *openers,
                              GError       **error)
{
  gssize found;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  found = g_task_propagate_int (G_TASK (result), error);
  if (found < 0)
    return FALSE;
  *openers = (SottoOpeners) found;
  return TRUE;
}

/* --- Try, and replace --- */

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (sotto_app_open_finish (SOTTO_APP (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_replaced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  Restoring *restoring = g_task_get_task_data (task);
  g_autoptr (GTask) opening = NULL;
  GError *error = NULL;

  self->is_restoring = FALSE;
  if (restoring->was_ready)
    sotto_inference_reopen (self->services->inference);
  if (!sotto_history_replace_finish (result, &restoring->kept, &error))
    {
      if (restoring->was_ready)
        sotto_app_open_async (self, NULL, NULL, NULL);
      g_task_return_error (task, error);
      return;
    }

  sotto_app_note_slots (self);
  opening = g_task_new (self, NULL, on_opened, g_steal_pointer (&task));
  sotto_app_begin_attempt (self, opening, restoring->means, FALSE, sotto_unlock_ref (restoring->unlock), NULL);
}

/* @task: (transfer full) */
static void
take_its_place (GTask *task)
{
  SottoApp *self = g_task_get_source_object (task);
  g_autofree char *beside = get_beside (self);

  sotto_history_replace_async (self->folder, beside, g_task_get_cancellable (task), on_replaced, task);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sotto_app_close_finish (SOTTO_APP (source), result);
  take_its_place (user_data);
}

/* @error: (transfer full) */
static void
give_up (GTask *task, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);

  self->is_restoring = FALSE;
  g_task_return_error (task, error);
}

static void
on_tried_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  Restoring *restoring = g_task_get_task_data (task);
  GError *error = NULL;

  restoring->was_ready = self->state == SOTTO_APP_STATE_READY;
  if (!sotto_store_close_finish (SOTTO_STORE (source), result, &error)
      || g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    give_up (task, error);
  else if (!sotto_app_can_restore (self))
    give_up (task, g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "Not now"));
  else if (restoring->was_ready)
    sotto_app_close_async (self, on_closed, g_steal_pointer (&task));
  else
    take_its_place (g_steal_pointer (&task));
}

static void
on_tried (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SottoStore) store = sotto_store_open_finish (result, &error);

  if (store == NULL)
    give_up (task, translate_error (error));
  else
    sotto_store_close_async (store, NULL, on_tried_closed, g_steal_pointer (&task));
}

/* A passphrase hardly ever has the check characters of a code: what has them is one. */
static SottoUnlock *
create_unlock (SottoApp *self, Restoring *restoring, const char *typed, SottoOpeners openers, GError **error)
{
  g_autoptr (SottoUnlock) code = NULL;
  g_autoptr (GError) local = NULL;

  restoring->means = SOTTO_APP_MEANS_KEYRING;
  if (typed == NULL)
    return sotto_unlock_new_keyring (TRUE);

  restoring->means = SOTTO_APP_MEANS_RECOVERY;
  code = sotto_unlock_new_recovery_code (typed, &local);
  if (code != NULL && (openers & SOTTO_OPENS_RECOVERY) != 0)
    return g_steal_pointer (&code);
  if ((openers & SOTTO_OPENS_PASSPHRASE) == 0 && local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  restoring->means = SOTTO_APP_MEANS_PASSPHRASE;
  return sotto_app_create_passphrase (self, typed, error);
}

void
sotto_app_restore_async (SottoApp            *self,
                         const char          *typed,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GPtrArray) slots = NULL;
  g_autofree char *beside = NULL;
  Restoring *restoring;
  SottoHistoryState found;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  restoring = g_new0 (Restoring, 1);
  g_task_set_task_data (task, restoring, restoring_free);
  beside = get_beside (self);

  if (!sotto_app_can_restore (self) || self->is_restoring)
    g_set_error_literal (&error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "Not now");
  else if (sotto_history_probe (beside, &found, &slots, &error))
    restoring->unlock = create_unlock (self, restoring, typed, openers_of_slots (slots), &error);
  if (restoring->unlock == NULL)
    {
      g_task_return_error (task, translate_error (error));
      return;
    }

  self->is_restoring = TRUE;
  sotto_store_open_async (beside, restoring->unlock, cancellable, on_tried, g_steal_pointer (&task));
}

gboolean
sotto_app_restore_finish (SottoApp *self, GAsyncResult *result, char **kept, GError **error)
{
  Restoring *restoring;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  restoring = g_task_get_task_data (G_TASK (result));
  *kept = g_steal_pointer (&restoring->kept);
  return g_task_propagate_boolean (G_TASK (result), error);
}

char *
sotto_app_find_kept (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);

  if (self->state != SOTTO_APP_STATE_READY || self->temporary_folder != NULL)
    return NULL;
  return sotto_history_find_untold (self->folder);
}

void
sotto_app_mark_told (SottoApp *self, const char *kept)
{
  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (kept != NULL);

  sotto_history_mark_told (self->folder, kept);
}
