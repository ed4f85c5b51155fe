#include "history-file.h"

#include "history-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _SottoLock {
  int fd;
};

/* --- Writing --- */

gboolean
sotto_file_write_all (int            fd,
                      const char    *path,
                      gconstpointer  data,
                      gsize          size,
                      GError       **error)
{
  const guint8 *p = data;

  while (size > 0)
    {
      gssize n = write (fd, p, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          sotto_history_set_io_error (error, path, "write", errno);
          return FALSE;
        }
      p += n;
      size -= (gsize) n;
    }
  return TRUE;
}

gboolean
sotto_file_flush (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  int number = 0;

  if (fd < 0 || fsync (fd) != 0)
    number = errno;
  if (fd >= 0)
    close (fd);
  if (number != 0)
    sotto_history_set_io_error (error, path, "flush", number);
  return number == 0;
}

gboolean
sotto_file_flush_folder_of (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return sotto_file_flush (folder, error);
}

gboolean
sotto_file_rename (const char *from, const char *to, GError **error)
{
  if (g_rename (from, to) != 0)
    {
      sotto_history_set_io_error (error, to, "rename into place", errno);
      return FALSE;
    }
  return sotto_file_flush_folder_of (to, error);
}

gboolean
sotto_file_replace (const char     *path,
                    gconstpointer   data,
                    gsize           size,
                    GError        **error)
{
  g_autofree char *beside = g_strconcat (path, ".new", NULL);
  int fd = open (beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean ok = FALSE;

  if (fd < 0)
    {
      sotto_history_set_io_error (error, beside, "create", errno);
      return FALSE;
    }

  if (sotto_file_write_all (fd, beside, data, size, error))
    {
      ok = fsync (fd) == 0;
      if (!ok)
        sotto_history_set_io_error (error, beside, "flush", errno);
    }
  close (fd);

  if (!ok || g_rename (beside, path) != 0)
    {
      if (ok)
        sotto_history_set_io_error (error, path, "rename into place", errno);
      g_unlink (beside);
      return FALSE;
    }

  return sotto_file_flush_folder_of (path, error);
}

/* --- Reading --- */

gboolean
sotto_file_exists (const char *path)
{
  struct stat info;

  /* Not access(): what cannot be looked at is there. */
  return lstat (path, &info) == 0 || errno != ENOENT;
}

GBytes *
sotto_file_read (const char  *path,
                 gsize        limit,
                 gboolean    *missing,
                 GError     **error)
{
  g_autofree guint8 *buffer = g_try_malloc (limit);
  gsize size = 0;
  int fd;

  *missing = FALSE;
  if (buffer == NULL)
    {
      sotto_history_set_io_error (error, path, "read", ENOMEM);
      return NULL;
    }

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    {
      *missing = errno == ENOENT || errno == ENOTDIR;
      if (!*missing)
        sotto_history_set_io_error (error, path, "open", errno);
      return NULL;
    }

  while (size < limit)
    {
      gssize n = read (fd, buffer + size, limit - size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          sotto_history_set_io_error (error, path, "read", errno);
          close (fd);
          return NULL;
        }
      if (n == 0)
        break;
      size += (gsize) n;
    }
  close (fd);
  return g_bytes_new (buffer, size);
}

gboolean
sotto_file_make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      sotto_history_set_io_error (error, folder, "make the folder", errno);
      return FALSE;
    }
  return TRUE;
}

/* --- The lock --- */

/* Who holds it, from the file's text: a hint for people, not part of the locking. */
static guint64
read_holder (int fd)
{
  char text[24] = "";

  if (pread (fd, text, sizeof text - 1, 0) <= 0)
    return 0;
  return g_ascii_strtoull (text, NULL, 10);
}

SottoLock *
sotto_lock_take (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "history.lock", NULL);
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  char text[24];
  SottoLock *self;
  int fd;

  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    {
      sotto_history_set_io_error (error, path, "open", errno);
      return NULL;
    }

  if (fcntl (fd, F_OFD_SETLK, &whole) != 0)
    {
      if (errno == EAGAIN || errno == EACCES)
        {
          SottoHistoryErrorArguments arguments = { .path = path, .wanted = read_holder (fd) };

          sotto_history_set_error (error, SOTTO_HISTORY_ERROR_IN_USE, &arguments,
                                   "\"%s\" is held by process %" G_GUINT64_FORMAT, path,
                                   arguments.wanted);
        }
      else
        sotto_history_set_io_error (error, path, "lock", errno);
      close (fd);
      return NULL;
    }

  /* The file stays when the lock goes: unlinking it would let two processes lock two files. */
  g_snprintf (text, sizeof text, "%d\n", (int) getpid ());
  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, strlen (text), 0) < 0)
    {
      sotto_history_set_io_error (error, path, "write", errno);
      close (fd);
      return NULL;
    }

  self = g_new0 (SottoLock, 1);
  self->fd = fd;
  return self;
}

void
sotto_lock_release (SottoLock *self)
{
  if (self == NULL)
    return;

  if (ftruncate (self->fd, 0) != 0)
    g_debug ("the lock file keeps the name of its last holder");
  close (self->fd);
  g_free (self);
}
