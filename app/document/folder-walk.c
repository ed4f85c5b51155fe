#include "document/folder-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document/document.h"

/* Folders are opened in folders, never by a path, so that one that is moved or becomes a link meanwhile leads nowhere else. */

typedef struct {
  SottoFolderWalk *walk;
  GCancellable *cancellable;
  guint n_entries;
} Walker;

static void
file_free (gpointer data)
{
  SottoFolderFile *file = data;

  g_free (file->path);
  g_free (file);
}

void
sotto_folder_walk_free (SottoFolderWalk *self)
{
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->inside);
  g_ptr_array_unref (self->hidden);
  g_free (self);
}

static char *
join (const char *path, const char *name)
{
  g_autofree char *encoded = sotto_folder_encode_name (name);

  return *path != '\0' ? g_strconcat (path, "/", encoded, NULL) : g_steal_pointer (&encoded);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* What lies in a folder, by name, so that the same part of it is taken each time if it is too much. @folder: closed
 * Returns: (transfer full) (nullable): NULL with errno */
static GPtrArray *
list_names (Walker *self, int folder)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *entries = fdopendir (folder);
  const struct dirent *entry;

  if (entries == NULL)
    {
      const int saved = errno;

      close (folder);
      errno = saved;
      return NULL;
    }
  while ((entry = readdir (entries)) != NULL && !g_cancellable_is_cancelled (self->cancellable))
    {
      if (entry->d_name[0] == '.')
        continue;
      if (++self->n_entries > SOTTO_FOLDER_MOST_ENTRIES)
        {
          self->walk->is_cut = TRUE;
          break;
        }
      g_ptr_array_add (names, g_strdup (entry->d_name));
    }
  closedir (entries);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* @path: (transfer full) */
static void
take_file (Walker *self, int folder, const char *name, const struct stat *about, char *path)
{
  SottoFolderFile *file;

  if (self->walk->files->len >= SOTTO_FOLDER_MOST_FILES)
    {
      self->walk->is_cut = TRUE;
      g_free (path);
      return;
    }
  file = g_new0 (SottoFolderFile, 1);
  file->path = path;
  file->size = (guint64) about->st_size;
  file->modified = about->st_mtim.tv_sec * G_USEC_PER_SEC + about->st_mtim.tv_nsec / 1000;
  file->is_readable = faccessat (folder, name, R_OK, AT_EACCESS) == 0;
  g_ptr_array_add (self->walk->files, file);
}

static void walk (Walker *self, int folder, const char *path, guint level);

static void
enter (Walker *self, int folder, const char *name, const char *path, guint level)
{
  const int inside = openat (folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (level == 1 && self->walk->inside->len < SOTTO_FOLDER_MOST_INSIDE)
    g_ptr_array_add (self->walk->inside, g_strdup (name));
  if (level > SOTTO_FOLDER_MOST_LEVELS)
    {
      self->walk->is_cut = TRUE;
      if (inside >= 0)
        close (inside);
    }
  else if (inside >= 0)
    {
      walk (self, inside, path, level);
    }
  else if (errno != ENOENT && errno != ELOOP && errno != ENOTDIR)
    {
      g_ptr_array_add (self->walk->hidden, g_strdup (path));
    }
}

/* @folder: closed */
static void
walk (Walker *self, int folder, const char *path, guint level)
{
  const int listed = fcntl (folder, F_DUPFD_CLOEXEC, 3);
  g_autoptr (GPtrArray) names = listed >= 0 ? list_names (self, listed) : NULL;

  if (names == NULL)
    g_ptr_array_add (self->walk->hidden, g_strdup (path));
  for (guint i = 0; names != NULL && i < names->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *inside = join (path, name);
      struct stat about;

      if (fstatat (folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        continue;
      if (S_ISDIR (about.st_mode))
        enter (self, folder, name, inside, level + 1);
      else if (S_ISREG (about.st_mode) && sotto_document_knows_name (name))
        take_file (self, folder, name, &about, g_steal_pointer (&inside));
    }
  close (folder);
}

static int
compare_files (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(SottoFolderFile *const *) a)->path, (*(SottoFolderFile *const *) b)->path);
}

static void
run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (SottoFolderWalk) found = g_new0 (SottoFolderWalk, 1);
  Walker self = { .walk = found, .cancellable = cancellable };
  const char *path = g_file_peek_path (source);
  const int folder = path != NULL ? open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  const int code = path != NULL ? errno : EINVAL;

  found->files = g_ptr_array_new_with_free_func (file_free);
  found->inside = g_ptr_array_new_with_free_func (g_free);
  found->hidden = g_ptr_array_new_with_free_func (g_free);
  if (folder < 0)
    {
      g_task_return_new_error (task, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", path != NULL ? path : "?",
                               g_strerror (code));
      return;
    }
  walk (&self, folder, "", 0);
  g_ptr_array_sort (found->files, compare_files);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, g_steal_pointer (&found), (GDestroyNotify) sotto_folder_walk_free);
}

void
sotto_folder_walk_async (GFile *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (folder, cancellable, callback, user_data);

  g_task_set_static_name (task, "sotto look into a folder");
  g_task_set_priority (task, G_PRIORITY_LOW);
  g_task_run_in_thread (task, run);
}

SottoFolderWalk *
sotto_folder_walk_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
sotto_folder_walk_may_hide (const SottoFolderWalk *self, const char *path)
{
  if (self->is_cut)
    return TRUE;
  for (guint i = 0; i < self->hidden->len; i++)
    {
      const char *hidden = g_ptr_array_index (self->hidden, i);
      const gsize length = strlen (hidden);

      if (length == 0 || (strncmp (path, hidden, length) == 0 && path[length] == '/'))
        return TRUE;
    }
  return FALSE;
}
