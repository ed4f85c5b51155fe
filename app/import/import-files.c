#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "problem.h"
#include "transfer/archive.h"

/* Files for an import, one or all in a folder. Folders are opened in folders, never by a path, and links are not followed. */

#define CHUNK ((gsize) 1024 * 1024)
#define MOST_ENTRIES 100000
#define MOST_LEVELS 8
#define MOST_BYTES (2 * (guint64) SOTTO_ARCHIVE_MAX_BYTES)

/* What may hold conversations, so that nobody's other files are read. Which do is seen by what is in them. */
static const char *const endings[] = { ".json", ".jsonl", ".ndjson", ".chat", ".db", ".sotto" };

typedef struct {
  SottoImport *import;
  GCancellable *cancellable;
  guint n_entries;
  guint n_known;  /* files */
  guint64 n_bytes;
} Walker;

static void
set_errno (GError **error, const char *path)
{
  const int number = errno;

  g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (number), "%s: %s", path, g_strerror (number));
}

/* An ordinary file of a size that fits, and no pipe that never says anything. */
static gboolean
check_file (const struct stat *info, const char *path, GError **error)
{
  if (!S_ISREG (info->st_mode))
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "%s: no ordinary file", path);
      return FALSE;
    }
  if ((guint64) info->st_size > SOTTO_ARCHIVE_MAX_BYTES)
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_LARGE, "more than %" G_GSIZE_FORMAT " bytes",
                   SOTTO_ARCHIVE_MAX_BYTES);
      return FALSE;
    }
  return TRUE;
}

/* What has come by its end: it may be cut short meanwhile. */
static gboolean
read_all (int fd, const char *path, char *text, gsize *size, GCancellable *cancellable, GError **error)
{
  gsize done = 0;

  while (done < *size)
    {
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      n = read (fd, text + done, MIN (CHUNK, *size - done));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_errno (error, path);
          return FALSE;
        }
      if (n == 0)
        break;
      done += (gsize) n;
    }
  *size = done;
  return TRUE;
}

/* @fd: of a file about which @info is; stays open */
static gboolean
add_file (SottoImport *import, int fd, const struct stat *info, const char *path, GCancellable *cancellable, GError **error)
{
  const gint64 modified = info->st_mtim.tv_sec * G_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000;
  gsize size = (gsize) info->st_size;
  g_autofree char *data = NULL;

  if (!check_file (info, path, error))
    return FALSE;
  data = g_try_malloc (size + SOTTO_ARCHIVE_PADDING);
  if (data == NULL)
    {
      errno = ENOMEM;
      set_errno (error, path);
      return FALSE;
    }
  return read_all (fd, path, data, &size, cancellable, error)
         && sotto_import_add (import, data, size, modified, cancellable, error);
}

/* --- A folder --- */

static gboolean
may_hold_conversations (const char *name)
{
  g_autofree char *folded = g_ascii_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (folded, endings[i]))
      return TRUE;
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* By name, so that the same is read each time. @folder: closed. Returns: (transfer full) (nullable): %NULL with errno */
static GPtrArray *
list_names (Walker *self, int folder)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *entries = fdopendir (folder);
  const struct dirent *entry;

  if (entries == NULL)
    {
      close (folder);
      return NULL;
    }
  while ((entry = readdir (entries)) != NULL && self->n_entries < MOST_ENTRIES)
    if (entry->d_name[0] != '.')
      {
        self->n_entries++;
        g_ptr_array_add (names, g_strdup (entry->d_name));
      }
  closedir (entries);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* Returns: %FALSE: all of it ends */
static gboolean
add_one (Walker *self, int fd, const struct stat *info, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;

  self->n_bytes += (guint64) info->st_size;
  if (self->n_bytes > MOST_BYTES)
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_LARGE, "the files of a folder");
      return FALSE;
    }
  if (add_file (self->import, fd, info, name, self->cancellable, &local))
    {
      self->n_known++;
      return TRUE;
    }
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->import->is_full)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  /* Files of another kind are nobody's loss. */
  if (!g_error_matches (local, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN))
    self->import->n_left_out[SOTTO_LEFT_OUT_UNREAD]++;
  return TRUE;
}

/* @folder: closed */
static gboolean
walk (Walker *self, int folder, guint level, GError **error)
{
  const int listed = fcntl (folder, F_DUPFD_CLOEXEC, 3);
  g_autoptr (GPtrArray) names = listed >= 0 ? list_names (self, listed) : NULL;
  gboolean ok = TRUE;

  for (guint i = 0; ok && names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      struct stat info;
      int fd;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        {
          ok = FALSE;
          break;
        }
      if (fstatat (folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0
          || !(S_ISDIR (info.st_mode) ? level < MOST_LEVELS : S_ISREG (info.st_mode) && may_hold_conversations (name)))
        continue;
      fd = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
      if (fd < 0 || fstat (fd, &info) != 0)
        {
          self->import->n_left_out[SOTTO_LEFT_OUT_UNREAD] += !S_ISDIR (info.st_mode);
          if (fd >= 0)
            close (fd);
          continue;
        }
      if (S_ISDIR (info.st_mode))
        {
          ok = walk (self, fd, level + 1, error);
        }
      else
        {
          ok = add_one (self, fd, &info, name, error);
          close (fd);
        }
    }
  close (folder);
  return ok;
}

gboolean
sotto_import_add_path (SottoImport *self, const char *path, GCancellable *cancellable, GError **error)
{
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  Walker walker = { .import = self, .cancellable = cancellable };
  struct stat info;
  gboolean ok;

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      set_errno (error, path);
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  if (!S_ISDIR (info.st_mode))
    {
      ok = add_file (self, fd, &info, path, cancellable, error);
      close (fd);
      return ok;
    }

  if (!walk (&walker, fd, 0, error))
    return FALSE;
  if (walker.n_known == 0)
    {
      const gboolean is_damaged = self->n_left_out[SOTTO_LEFT_OUT_UNREAD] > 0;

      g_set_error_literal (error, SOTTO_APP_ERROR,
                           is_damaged ? SOTTO_APP_ERROR_ARCHIVE_DAMAGED : SOTTO_APP_ERROR_ARCHIVE_FOREIGN,
                           "no file of the folder could be read");
      return FALSE;
    }
  return TRUE;
}
