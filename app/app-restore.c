#include "app-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "conversation-list-private.h"

/* A backup takes the place of the history:
 *
 *   read      The backup goes, encrypted as it is, into the folder "restoring" beside the history,
 *             and is checked on its way.
 *   try       What the person has opens it there. Up to here nothing else has changed.
 *   replace   The history is closed. Its files go into the folder "replaced-DATE", the backup's come
 *             into their place, and what has opened it there opens it here.
 *
 * Whatever moment the power is cut at, there is a file of a history in its place, so that the next
 * start makes no new one: it finds the old history, the restored one, or one that it says is
 * damaged, and from there a backup can be restored again. */

#define MAGIC "SottoBak"

/* Those of store-open.c, in the order in which they go: a key without its database or a database
 * without its key is no history, but is not nothing either. */
static const char *const database_names[] = { "history.db.new", "history.db-wal", "history.db-shm",
                                              "history.db" };
#define KEY_NAME "history.key"

typedef struct {
  char *path;               /* of the backup */
  SottoUnlock *unlock;
  SottoAppMeans means;
  char *kept;               /* the name of the folder with what was there; NULL: there was nothing */
} Restoring;

static void
restoring_free (gpointer data)
{
  Restoring *self = data;

  g_clear_pointer (&self->unlock, sotto_unlock_unref);
  g_free (self->path);
  g_free (self->kept);
  g_free (self);
}

static char *
get_beside (SottoApp *self)
{
  return g_build_filename (self->folder, "restoring", NULL);
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

/* What the history says of its own files is not true of a file that somebody has chosen.
 *
 * @error: (transfer full)
 * Returns: (transfer full) */
static GError *
translate_error (GError *error)
{
  GError *ours;
  SottoAppError code;

  if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE)
      || g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE)
      || g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_MISSING_DATABASE))
    code = SOTTO_APP_ERROR_BACKUP_DAMAGED;
  else if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NEWER))
    code = SOTTO_APP_ERROR_BACKUP_NEWER;
  else if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_WRONG_SECRET)
           || g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_SLOT)
           || g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID))
    code = SOTTO_APP_ERROR_BACKUP_WRONG;
  else
    return error;

  ours = g_error_new_literal (SOTTO_APP_ERROR, code, error->message);
  g_error_free (error);
  return ours;
}

static void
set_errno (GError **error, const char *path)
{
  const int number = errno;

  g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (number), "%s: %s", path,
               g_strerror (number));
}

/* Another kind of file is told from a backup that is damaged by how it begins. */
static gboolean
check_kind (const char *path, GError **error)
{
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  char start[sizeof MAGIC - 1] = "";
  struct stat info;
  gboolean ok;

  if (fd < 0)
    {
      set_errno (error, path);
      return FALSE;
    }
  ok = fstat (fd, &info) == 0 && S_ISREG (info.st_mode)
       && read (fd, start, sizeof start) == (gssize) sizeof start
       && memcmp (start, MAGIC, sizeof start) == 0;
  close (fd);
  if (!ok)
    g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BACKUP_FOREIGN, "%s: not a backup", path);
  return ok;
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
  if (error != NULL || !check_kind (path, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  sotto_app_drop_backup (self);
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

/* --- Replace --- */

static void
flush_folder (const char *path)
{
  const int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    {
      fsync (fd);
      close (fd);
    }
}

typedef struct {
  char *from;
  char *to;
} Move;

static void
move_clear (gpointer data)
{
  Move *move = data;

  g_free (move->from);
  g_free (move->to);
}

/* What is not there has not to be moved. */
static gboolean
move (GArray *moves, const char *from, const char *to, const char *name, GError **error)
{
  Move step = { g_build_filename (from, name, NULL), g_build_filename (to, name, NULL) };

  if (g_rename (step.from, step.to) != 0)
    {
      const gboolean is_missing = errno == ENOENT;

      if (!is_missing)
        set_errno (error, step.from);
      move_clear (&step);
      return is_missing;
    }
  g_array_append_val (moves, step);
  return TRUE;
}

/* Returns: (transfer full): a new folder for what is there now, or %NULL with an error */
static char *
make_aside (SottoApp *self, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "replaced-%Y-%m-%d-%H%M%S");
  g_autofree char *path = g_build_filename (self->folder, date, NULL);

  for (guint i = 2; g_mkdir (path, 0700) != 0; i++)
    {
      if (errno != EEXIST)
        {
          set_errno (error, path);
          return NULL;
        }
      g_free (path);
      path = g_strdup_printf ("%s" G_DIR_SEPARATOR_S "%s-%u", self->folder, date, i);
    }
  return g_steal_pointer (&path);
}

static gboolean
replace (SottoApp *self, Restoring *restoring, GError **error)
{
  g_autofree char *beside = get_beside (self);
  g_autofree char *aside = make_aside (self, error);
  g_autoptr (GArray) moves = g_array_new (FALSE, FALSE, sizeof (Move));
  gboolean ok = aside != NULL;

  g_array_set_clear_func (moves, move_clear);
  for (guint i = 0; ok && i < G_N_ELEMENTS (database_names); i++)
    ok = move (moves, self->folder, aside, database_names[i], error);
  for (guint i = 0; ok && i < G_N_ELEMENTS (database_names); i++)
    ok = move (moves, beside, self->folder, database_names[i], error);
  ok = ok && move (moves, self->folder, aside, KEY_NAME, error)
       && move (moves, beside, self->folder, KEY_NAME, error);

  for (guint i = moves->len; !ok && i > 0; i--)
    {
      const Move *step = &g_array_index (moves, Move, i - 1);

      g_rename (step->to, step->from);
    }
  if (aside != NULL)
    {
      flush_folder (aside);
      /* It goes where nothing was put into it. */
      if (g_rmdir (aside) != 0 && ok)
        restoring->kept = g_path_get_basename (aside);
    }
  flush_folder (self->folder);
  return ok;
}

/* --- Try --- */

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

/* @is_there: there was nothing to replace, and the backup is in its place already; @task: (transfer full) */
static void
take_its_place (GTask *task, gboolean is_there)
{
  g_autoptr (GTask) owned = task;
  SottoApp *self = g_task_get_source_object (task);
  Restoring *restoring = g_task_get_task_data (task);
  GTask *opening;
  GError *error = NULL;

  if (!is_there && !replace (self, restoring, &error))
    {
      self->is_restoring = FALSE;
      sotto_app_drop_backup (self);
      sotto_app_open_async (self, NULL, NULL, NULL);
      g_task_return_error (task, error);
      return;
    }
  sotto_app_drop_backup (self);
  self->is_restoring = FALSE;

  sotto_inference_reopen (self->services->inference);
  sotto_app_note_slots (self);
  opening = g_task_new (self, NULL, on_opened, g_steal_pointer (&owned));
  sotto_app_begin_attempt (self, opening, restoring->means, FALSE, sotto_unlock_ref (restoring->unlock), NULL);
  g_object_unref (opening);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sotto_app_close_finish (SOTTO_APP (source), result);
  take_its_place (user_data, FALSE);
}

/* @error: (transfer full) */
static void
give_up (GTask *task, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);

  self->is_restoring = FALSE;
  g_task_return_error (task, error);
}

/* That there is one already was to be expected; that another Sotto has it open was not. */
static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (sotto_history_restore_finish (result, &error))
    take_its_place (g_steal_pointer (&task), TRUE);
  else if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_EXISTS))
    take_its_place (g_steal_pointer (&task), FALSE);
  else
    give_up (task, translate_error (g_steal_pointer (&error)));
}

static void
on_tried_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  Restoring *restoring = g_task_get_task_data (task);
  GError *error = NULL;

  if (!sotto_store_close_finish (SOTTO_STORE (source), result, &error)
      || g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    give_up (task, error);
  else if (self->state == SOTTO_APP_STATE_READY)
    sotto_app_close_async (self, on_closed, g_steal_pointer (&task));
  else if (sotto_app_can_restore (self))
    sotto_history_restore_async (restoring->path, self->folder, NULL, on_looked, g_steal_pointer (&task));
  else
    give_up (task, g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "Not now"));
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
                         GFile               *file,
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
  g_return_if_fail (G_IS_FILE (file) && g_file_peek_path (file) != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  restoring = g_new0 (Restoring, 1);
  restoring->path = g_strdup (g_file_peek_path (file));
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
