/* Another history in the place of the one that is there
 *
 *   FOLDER/history.…               the old one
 *   BESIDE/history.…               the new one, closed, on the same disk
 *   FOLDER/replacing/              while it happens: what goes is put into it
 *   FOLDER/replacing/new/          BESIDE, renamed; while it is there, it is what FOLDER holds
 *   FOLDER/replaced-DATE/          what went, a history like any other
 *   FOLDER/replaced-DATE/new/      with no history in it: nobody has been told of it yet
 *
 * In this order, each step flushed before the next:
 *   1 both locks   2 "replacing" is made   3 BESIDE becomes "replacing/new"
 *   4 the old files go into "replacing"    5 the new key takes its place
 *   6 and the rest of the new files        7 "replacing" becomes "replaced-DATE"
 *
 * Step 3 decides. Cut off before it, the old history stands where it stood, and an empty folder
 * beside it. Cut off after it, the new one is there: whoever takes the lock next does the rest. What
 * the rest is tells the new key: as long as it is in "replacing/new", all files in FOLDER are old
 * ones; from then on none is. So a key never stands beside a database that it does not open, but
 * where "replacing/new" says so, and no file is in two places or under another's name.
 *
 * Who asked for it is told where the old one is, and "new" goes from there. After a cut there is
 * nobody to be told: it stays until whoever opens the history has said so.
 *
 * A step that fails is undone with all before it, backwards. If that fails as well (a disk that
 * takes nothing any more), it is a cut as any other. */

#include "store-private.h"

#include "history-error.h"
#include "sealed-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define KEY "history.key"
#define LOCK "history.lock"
#define KEPT "replaced-"

typedef struct {
  char *folder;
  char *aside;      /* FOLDER/replacing */
  char *coming;     /* FOLDER/replacing/new */
  GPtrArray *moves; /* of char *[2]: what was renamed, and to what */
} Replacing;

static void
move_free (gpointer data)
{
  char **move = data;

  g_free (move[0]);
  g_free (move[1]);
  g_free (move);
}

static void
replacing_init (Replacing *self, const char *folder)
{
  self->folder = g_strdup (folder);
  self->aside = g_build_filename (folder, "replacing", NULL);
  self->coming = g_build_filename (self->aside, "new", NULL);
  self->moves = g_ptr_array_new_with_free_func (move_free);
}

static void
replacing_clear (Replacing *self)
{
  g_free (self->folder);
  g_free (self->aside);
  g_free (self->coming);
  g_clear_pointer (&self->moves, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Replacing, replacing_clear)

/* --- Steps --- */

static gboolean
flush_both (const char *from, const char *to, GError **error)
{
  return sotto_file_flush_folder_of (to, error) && sotto_file_flush_folder_of (from, error);
}

/* Nothing is ever overwritten. */
static gboolean
move (Replacing *self, const char *from, const char *to, GError **error)
{
  char **done;
  int number = 0;

  if (sotto_file_exists (to))
    number = EEXIST;
  else if (g_rename (from, to) != 0)
    number = errno;
  if (number != 0)
    {
      sotto_history_set_io_error (error, to, "move into place", number);
      return FALSE;
    }

  done = g_new0 (char *, 2);
  done[0] = g_strdup (from);
  done[1] = g_strdup (to);
  g_ptr_array_add (self->moves, done);
  return flush_both (from, to, error);
}

static gboolean
move_file (Replacing   *self,
           const char  *from,
           const char  *to,
           const char  *name,
           GError     **error)
{
  g_autofree char *source = g_build_filename (from, name, NULL);
  g_autofree char *target = g_build_filename (to, name, NULL);

  return move (self, source, target, error);
}

static void
undo (Replacing *self)
{
  for (guint i = self->moves->len; i > 0; i--)
    {
      char **done = g_ptr_array_index (self->moves, i - 1);

      /* Out of order it would mix the two. */
      if (g_rename (done[1], done[0]) != 0 || !flush_both (done[1], done[0], NULL))
        {
          g_debug ("\"%s\" does not go back to \"%s\"", done[1], done[0]);
          return;
        }
    }
  g_rmdir (self->aside);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* Everything in @from that belongs to a history, also the copies of earlier schemas, which the next
 * migration would take for its own. The lock belongs to the folder. */
static gboolean
move_all (Replacing *self, const char *from, const char *to, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (from, 0, &local);
  const char *name;

  if (dir == NULL)
    {
      SottoHistoryErrorArguments arguments = { .path = from, .subject = local->message };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_IO, &arguments, "%s", local->message);
      return FALSE;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "history.") && !g_str_equal (name, LOCK))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    if (!move_file (self, from, to, g_ptr_array_index (names, i), error))
      return FALSE;
  return TRUE;
}

/* Returns: (transfer full): how "replacing" is to be called, a name that is free */
static char *
choose_name (Replacing *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, KEPT "%Y-%m-%d-%H%M%S");
  char *path = g_build_filename (self->folder, date, NULL);

  for (guint i = 2; sotto_file_exists (path); i++)
    {
      g_free (path);
      path = g_strdup_printf ("%s" G_DIR_SEPARATOR_S "%s-%u", self->folder, date, i);
    }
  return path;
}

/* That nobody has been told of what is in the folder @kept. The lock in it is of the time before. */
static gboolean
remove_mark (const char *kept)
{
  g_autofree char *mark = g_build_filename (kept, "new", NULL);
  g_autofree char *lock = g_build_filename (mark, LOCK, NULL);

  g_unlink (lock);
  return g_rmdir (mark) == 0;
}

/* But the folder "new" */
static gboolean
holds_anything (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (!g_str_equal (name, "new"))
      return TRUE;
  return FALSE;
}

/* Steps 4 to 7, as many as are missing. @kept: (out) (optional) (transfer full) (nullable): without it nobody is told */
static gboolean
do_the_rest (Replacing *self, char **kept, GError **error)
{
  g_autofree char *key = g_build_filename (self->coming, KEY, NULL);
  g_autofree char *path = NULL;

  /* Of the old one, and nothing that anybody would miss. */
  sotto_sealed_remove_all (self->folder);
  if (sotto_file_exists (key) &&
      (!move_all (self, self->folder, self->aside, error) ||
       !move_file (self, self->coming, self->folder, KEY, error)))
    return FALSE;
  if (!move_all (self, self->coming, self->folder, error))
    return FALSE;
  path = choose_name (self);
  if (!move (self, self->aside, path, error))
    return FALSE;

  if (kept == NULL && holds_anything (path))
    return TRUE;
  /* It goes as well where nothing was put into it. */
  remove_mark (path);
  if (g_rmdir (path) != 0 && kept != NULL)
    *kept = g_path_get_basename (path);
  return TRUE;
}

/* --- For those who find one that was cut off --- */

char *
sotto_replacing_find_key (const char *folder)
{
  g_autofree char *coming = g_build_filename (folder, "replacing", "new", NULL);
  g_autofree char *key = g_build_filename (coming, KEY, NULL);

  if (!sotto_file_exists (coming))
    return NULL;
  return sotto_file_exists (key) ? g_steal_pointer (&key) : g_build_filename (folder, KEY, NULL);
}

gboolean
sotto_replacing_settle (const char *folder, GError **error)
{
  g_auto (Replacing) replacing = { 0 };

  replacing_init (&replacing, folder);
  if (sotto_file_exists (replacing.coming))
    return do_the_rest (&replacing, NULL, error);
  /* Made in vain: nothing was put into it yet. */
  g_rmdir (replacing.aside);
  return TRUE;
}

char *
sotto_history_find_untold (const char *folder)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_return_val_if_fail (folder != NULL, NULL);

  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *mark = g_build_filename (folder, name, "new", NULL);

      if (g_str_has_prefix (name, KEPT) && sotto_file_exists (mark))
        return g_strdup (name);
    }
  return NULL;
}

void
sotto_history_mark_told (const char *folder, const char *kept)
{
  g_autofree char *path = NULL;

  g_return_if_fail (folder != NULL && kept != NULL);

  path = g_build_filename (folder, kept, NULL);
  if (!remove_mark (path))
    g_debug ("It will be told once more that \"%s\" is there", path);
}

/* --- The whole of it; in a thread of GTask's --- */

typedef struct {
  char *folder;
  char *beside;
  char *kept;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->folder);
  g_free (call->beside);
  g_free (call->kept);
  g_free (call);
}

/* Whether there is a history in @beside; @lock: (out): so that it stays closed */
static gboolean
look_beside (const char *beside, SottoLock **lock, GError **error)
{
  SottoHistoryState state;

  if (!sotto_history_probe (beside, &state, NULL, error))
    return FALSE;
  if (state == SOTTO_HISTORY_STATE_NONE)
    {
      SottoHistoryErrorArguments arguments = { .path = beside };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NONE, &arguments,
                               "\"%s\" holds no history", beside);
      return FALSE;
    }
  *lock = sotto_lock_take (beside, error);
  return *lock != NULL && sotto_replacing_settle (beside, error);
}

/* What a making has left that ended before there was a key is nothing that anybody would look for. */
static void
forget_beginnings (const char *folder)
{
  static const char *const names[] = { "history.db.new", "history.db.new-wal" };
  SottoHistoryState state;

  if (!sotto_history_probe (folder, &state, NULL, NULL) || state != SOTTO_HISTORY_STATE_NONE)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
}

static gboolean
replace (Call *call, GCancellable *cancellable, GError **error)
{
  g_auto (Replacing) replacing = { 0 };
  g_autoptr (SottoLock) lock = NULL;
  g_autoptr (SottoLock) lock_beside = NULL;

  if (!look_beside (call->beside, &lock_beside, error) ||
      !sotto_file_make_folder (call->folder, error))
    return FALSE;
  lock = sotto_lock_take (call->folder, error);
  if (lock == NULL || !sotto_replacing_settle (call->folder, error))
    return FALSE;
  forget_beginnings (call->folder);

  replacing_init (&replacing, call->folder);
  if (g_mkdir (replacing.aside, 0700) != 0)
    {
      sotto_history_set_io_error (error, replacing.aside, "make the folder", errno);
      return FALSE;
    }
  /* The last moment at which it can be left alone */
  if (sotto_file_flush_folder_of (replacing.aside, error) &&
      !g_cancellable_set_error_if_cancelled (cancellable, error) &&
      move (&replacing, call->beside, replacing.coming, error) &&
      do_the_rest (&replacing, &call->kept, error))
    return TRUE;

  undo (&replacing);
  return FALSE;
}

static void
replace_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (!g_cancellable_set_error_if_cancelled (cancellable, &error) && replace (data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sotto_history_replace_async (const char          *folder,
                             const char          *beside,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  Call *call;

  g_return_if_fail (folder != NULL && beside != NULL);

  task = g_task_new (NULL, cancellable, callback, user_data);
  call = g_new0 (Call, 1);
  call->folder = g_canonicalize_filename (folder, NULL);
  call->beside = g_canonicalize_filename (beside, NULL);
  g_task_set_task_data (task, call, call_free);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, replace_thread);
}

gboolean
sotto_history_replace_finish (GAsyncResult *result, char **kept, GError **error)
{
  Call *call = g_task_get_task_data (G_TASK (result));

  if (kept != NULL)
    *kept = g_steal_pointer (&call->kept);
  return g_task_propagate_boolean (G_TASK (result), error);
}
