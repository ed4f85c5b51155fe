/* Definitions in the program itself come before those of the C library, also for GLib's g_rename()
 * and its like: so no failure has to be thought of, each step can have one. */

#include "folder-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
  enum { MADE, RENAMED, REMOVED } kind;
  char *path;
  char *to;           /* RENAMED */
  gboolean is_flushed[2]; /* the folder of each */
} Change;

static struct {
  gboolean is_on;
  gboolean is_cut;    /* at @at it is the power that goes */
  guint at;
  int number;
  guint n;
  GCancellable *cancellable; /* at @at it is cancelled */
  gboolean has_gone;
  guint lost;
  GPtrArray *changes; /* that are not flushed, in their order */
} steps;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->path);
  g_free (change->to);
  g_free (change);
}

static void
start (gboolean is_cut, guint at, int number)
{
  g_clear_pointer (&steps.changes, g_ptr_array_unref);
  steps.changes = g_ptr_array_new_with_free_func (change_free);
  steps.is_cut = is_cut;
  steps.at = at;
  steps.number = number;
  steps.n = 0;
  steps.has_gone = FALSE;
  steps.lost = 0;
  steps.is_on = TRUE;
}

void
folder_steps_start (guint fail_at, int number)
{
  start (FALSE, fail_at, number);
}

void
folder_steps_start_cut (guint cut_at)
{
  start (TRUE, cut_at, EIO);
}

void
folder_steps_start_cancel (guint cancel_at, GCancellable *cancellable)
{
  start (FALSE, cancel_at, 0);
  steps.cancellable = cancellable;
}

static gboolean
lose (const Change *change)
{
  switch (change->kind)
    {
    case MADE:
      return unlinkat (AT_FDCWD, change->path, AT_REMOVEDIR) == 0;
    case RENAMED:
      return renameat (AT_FDCWD, change->to, AT_FDCWD, change->path) == 0;
    case REMOVED:
    default:
      return mkdirat (AT_FDCWD, change->path, 0700) == 0;
    }
}

guint
folder_steps_stop (GRand *random)
{
  steps.is_on = FALSE;
  steps.cancellable = NULL;
  for (guint i = steps.changes->len; steps.has_gone && random != NULL && i > 0; i--)
    if (g_rand_boolean (random))
      steps.lost += lose (g_ptr_array_index (steps.changes, i - 1));
  g_clear_pointer (&steps.changes, g_ptr_array_unref);
  return steps.n;
}

guint
folder_steps_get_lost (void)
{
  return steps.lost;
}

/* Whether the step that begins now does what it says; if not, errno is set. */
static gboolean
take_step (void)
{
  if (!steps.is_on)
    return TRUE;
  if (!steps.has_gone && ++steps.n != steps.at)
    return TRUE;

  if (steps.cancellable != NULL)
    {
      g_cancellable_cancel (steps.cancellable);
      return TRUE;
    }
  steps.has_gone = steps.is_cut;
  errno = steps.number;
  return FALSE;
}

static int
remember (int result, int kind, const char *path, const char *to)
{
  Change *change;

  if (!steps.is_on || result != 0)
    return result;
  change = g_new0 (Change, 1);
  change->kind = kind;
  change->path = g_strdup (path);
  change->to = g_strdup (to);
  change->is_flushed[1] = to == NULL;
  g_ptr_array_add (steps.changes, change);
  return result;
}

static gboolean
is_in (const char *path, const char *folder)
{
  g_autofree char *parent = path != NULL ? g_path_get_dirname (path) : NULL;

  return g_strcmp0 (parent, folder) == 0;
}

static void
flush_folder (const char *folder)
{
  for (guint i = steps.changes->len; i > 0; i--)
    {
      Change *change = g_ptr_array_index (steps.changes, i - 1);

      change->is_flushed[0] |= is_in (change->path, folder);
      change->is_flushed[1] |= is_in (change->to, folder);
      if (change->is_flushed[0] && change->is_flushed[1])
        g_ptr_array_remove_index (steps.changes, i - 1);
    }
}

/* --- In the place of the C library's --- */

int
mkdir (const char *path, mode_t mode)
{
  return take_step () ? remember (mkdirat (AT_FDCWD, path, mode), MADE, path, NULL) : -1;
}

int
rename (const char *from, const char *to)
{
  return take_step () ? remember (renameat (AT_FDCWD, from, AT_FDCWD, to), RENAMED, from, to) : -1;
}

int
rmdir (const char *path)
{
  return take_step () ? remember (unlinkat (AT_FDCWD, path, AT_REMOVEDIR), REMOVED, path, NULL) : -1;
}

/* What is unlinked is not remembered: nothing that matters may be. */
int
unlink (const char *path)
{
  return take_step () ? unlinkat (AT_FDCWD, path, 0) : -1;
}

int
fsync (int fd)
{
  g_autofree char *link = NULL;
  g_autofree char *path = NULL;

  if (!take_step ())
    return -1;
  if (steps.is_on)
    {
      link = g_strdup_printf ("/proc/self/fd/%d", fd);
      path = g_file_read_link (link, NULL);
      flush_folder (path);
    }
  return (int) syscall (SYS_fsync, fd);
}
