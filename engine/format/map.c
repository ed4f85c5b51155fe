#include "format/map.h"

#include "format/guard.h"
#include "sotto-error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct _SottoMap {
  gatomicrefcount references;
  char *path;
  int file;             /* kept open, so that the mapped inode can be asked whatever its path leads to */
  struct stat opened;
  guint8 *data;         /* NULL: empty */
  gsize length;
  int guard;            /* -1: none */
};

static void
set_open_error (GError **error, const char *path, const char *reason)
{
  g_autofree char *name = g_filename_display_name (path);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_OPEN,
                          &(SottoErrorArguments) { .path = path, .subject = reason },
                          "%s: cannot be opened: %s", name, reason);
}

static gboolean
map_file (SottoMap *self, GError **error)
{
  if (self->length == 0)
    return TRUE;

  self->data = mmap (NULL, self->length, PROT_READ, MAP_SHARED, self->file, 0);
  if (self->data == MAP_FAILED)
    {
      self->data = NULL;
      set_open_error (error, self->path, g_strerror (errno));
      return FALSE;
    }

  /* Large pages are read faster, where the system can have them for files. Refused, nothing is lost. */
  (void) madvise (self->data, self->length, MADV_HUGEPAGE);

  self->guard = sotto_guard_add (self->data, self->length);
  if (self->guard < 0)
    {
      set_open_error (error, self->path, "too many models are open");
      return FALSE;
    }

  return TRUE;
}

SottoMap *
sotto_map_open (const char *path, GError **error)
{
  g_autoptr (SottoMap) self = g_new0 (SottoMap, 1);

  g_atomic_ref_count_init (&self->references);
  self->path = g_strdup (path);
  self->guard = -1;

  /* Not to wait for the other end, if somebody offers a pipe for a model. */
  self->file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (self->file < 0 || fstat (self->file, &self->opened) < 0)
    {
      set_open_error (error, path, g_strerror (errno));
      return NULL;
    }
  if (!S_ISREG (self->opened.st_mode))
    {
      set_open_error (error, path, S_ISDIR (self->opened.st_mode) ? g_strerror (EISDIR)
                                                                  : "not a regular file");
      return NULL;
    }
  if ((guint64) self->opened.st_size > G_MAXSSIZE)
    {
      set_open_error (error, path, g_strerror (EFBIG));
      return NULL;
    }

  self->length = (gsize) self->opened.st_size;
  if (!map_file (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

SottoMap *
sotto_map_ref (SottoMap *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_map_unref (SottoMap *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  if (self->guard >= 0)
    sotto_guard_remove (self->guard);
  if (self->data != NULL)
    munmap (self->data, self->length);
  if (self->file >= 0)
    close (self->file);
  g_free (self->path);
  g_free (self);
}

const guint8 *
sotto_map_get_data (const SottoMap *self, gsize *length)
{
  *length = self->length;
  return self->data;
}

void
sotto_map_append_version (const SottoMap *self, GString *out)
{
  const struct stat *opened = &self->opened;

  g_string_append_printf (out, "%ju %ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t) opened->st_dev,
                          (uintmax_t) opened->st_ino, (intmax_t) opened->st_size,
                          (intmax_t) opened->st_mtim.tv_sec, opened->st_mtim.tv_nsec,
                          (intmax_t) opened->st_ctim.tv_sec, opened->st_ctim.tv_nsec);
}

static gboolean
is_same_version (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
         && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

gboolean
sotto_map_check_unchanged (const SottoMap *self, GError **error)
{
  struct stat now;
  g_autofree char *name = NULL;

  if ((self->guard < 0 || !sotto_guard_was_hit (self->guard))
      && fstat (self->file, &now) == 0 && is_same_version (&now, &self->opened)
      && (stat (self->path, &now) < 0 || is_same_version (&now, &self->opened)))
    return TRUE;

  name = g_filename_display_name (self->path);
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CHANGED,
                          &(SottoErrorArguments) { .path = self->path },
                          "%s: the file changed while it was in use", name);
  return FALSE;
}
