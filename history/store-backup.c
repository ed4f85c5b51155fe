/* A backup: one file that holds a whole history, encrypted as it is
 *
 *   offset  size
 *        0     8  "SottoBak"
 *        8     4  version, 1, little-endian
 *       12     4  e, length of the envelope
 *       16     8  d, length of the database
 *       24     e  the envelope (envelope.c), byte for byte
 *     24+e     d  the database (schema.c), compacted, under the same key
 *   24+e+d    32  BLAKE2b-256 of all before it
 *
 * It opens with whatever opened the history when it was written. Nothing in it, and nothing that
 * stands beside it while it is written, is plain text. */

#include "store-private.h"

#include "audit.h"
#include "conversation-rows.h"
#include "history-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 24
#define SUM 32
#define CHUNK 65536
#define ENVELOPE_MAX 65536

static const char magic[8] = { 'S', 'o', 't', 't', 'o', 'B', 'a', 'k' };

/* --- Writing; in the store's thread --- */

typedef struct {
  int fd;
  const char *path;
  GCancellable *cancellable; /* (nullable): ends a copy between two chunks */
  crypto_generichash_state state;
} Output;

static gboolean
put (Output *self, gconstpointer data, gsize size, GError **error)
{
  crypto_generichash_update (&self->state, data, size);
  return sotto_file_write_all (self->fd, self->path, data, size, error);
}

/* Reads exactly @size bytes, and hands them on. */
static gboolean
copy_bytes (int          from,
            const char  *from_path,
            guint64      size,
            Output      *output,
            GError     **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK);

  while (size > 0)
    {
      gssize n;

      if (g_cancellable_set_error_if_cancelled (output->cancellable, error))
        return FALSE;
      n = read (from, chunk, (gsize) MIN (size, CHUNK));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          sotto_history_set_io_error (error, from_path, "read", n < 0 ? errno : EIO);
          return FALSE;
        }
      if (!put (output, chunk, (gsize) n, error))
        return FALSE;
      size -= (guint64) n;
    }
  return TRUE;
}

static gboolean
write_container (Output *output, GBytes *envelope, const char *database_path, GError **error)
{
  int database = open (database_path, O_RDONLY | O_CLOEXEC);
  gsize envelope_size;
  gconstpointer envelope_data = g_bytes_get_data (envelope, &envelope_size);
  guint8 header[HEADER];
  guint8 sum[SUM];
  guint32 n32;
  guint64 n64;
  struct stat info;
  gboolean ok;

  if (database < 0 || fstat (database, &info) != 0)
    {
      sotto_history_set_io_error (error, database_path, "open", errno);
      if (database >= 0)
        close (database);
      return FALSE;
    }

  memcpy (header, magic, sizeof magic);
  n32 = GUINT32_TO_LE (1);
  memcpy (header + 8, &n32, sizeof n32);
  n32 = GUINT32_TO_LE ((guint32) envelope_size);
  memcpy (header + 12, &n32, sizeof n32);
  n64 = GUINT64_TO_LE ((guint64) info.st_size);
  memcpy (header + 16, &n64, sizeof n64);

  crypto_generichash_init (&output->state, NULL, 0, SUM);
  ok = put (output, header, sizeof header, error) &&
       put (output, envelope_data, envelope_size, error) &&
       copy_bytes (database, database_path, (guint64) info.st_size, output, error);
  close (database);
  if (!ok)
    return FALSE;

  crypto_generichash_final (&output->state, sum, sizeof sum);
  if (!sotto_file_write_all (output->fd, output->path, sum, sizeof sum, error))
    return FALSE;
  if (fsync (output->fd) != 0)
    {
      sotto_history_set_io_error (error, output->path, "flush", errno);
      return FALSE;
    }
  return TRUE;
}

static gboolean
compact_into (SottoDatabase *database, const char *path, GError **error)
{
  char *sql = sqlite3_mprintf ("VACUUM main INTO %Q", path);
  gboolean ok = sql != NULL && sotto_database_exec (database, sql, error);

  sqlite3_free (sql);
  return ok;
}

static gpointer
do_backup (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autofree char *half = g_strconcat (call->text, ".new", NULL);
  g_autofree char *compact = g_strconcat (call->text, ".database.new", NULL);
  Output output = { .path = half };
  gboolean ok;

  if (!sotto_vault_check_files (vault, error))
    return NULL;
  if (sotto_file_exists (call->text))
    {
      SottoHistoryErrorArguments arguments = { .path = call->text };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_EXISTS, &arguments,
                               "\"%s\" is there already", call->text);
      return NULL;
    }

  output.fd = open (half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (output.fd < 0)
    {
      sotto_history_set_io_error (error, half, "create", errno);
      return NULL;
    }

  g_unlink (compact);
  ok = compact_into (vault->database, compact, error) &&
       write_container (&output, vault->envelope->source, compact, error);
  close (output.fd);
  g_unlink (compact);

  if (ok && !sotto_file_rename (half, call->text, error))
    ok = FALSE;
  if (!ok)
    {
      g_unlink (half);
      return NULL;
    }

  if (!sotto_database_begin (vault->database, error))
    return NULL;
  ok = sotto_audit_add (vault->database, "backup", NULL, error);
  return sotto_database_end (vault->database, ok, error) ? SOTTO_DONE : NULL;
}

void
sotto_store_backup_async (SottoStore          *self,
                          const char          *path,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && path != NULL);

  call = sotto_call_new ();
  call->text = g_strdup (path);
  sotto_store_push (self, SOTTO_WORK_OTHER, do_backup, call, NULL, cancellable, callback,
                    user_data);
}

gboolean
sotto_store_backup_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}

/* --- Restoring; in a thread of GTask's --- */

typedef struct {
  char *path;
  char *folder;
} Restoring;

static void
restoring_free (gpointer data)
{
  Restoring *self = data;

  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

static void
set_damaged (GError **error, const char *path, const char *part)
{
  SottoHistoryErrorArguments arguments = { .path = path, .subject = part };

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE, &arguments,
                           "the backup \"%s\" is damaged: %s", path, part);
}

static gboolean
read_all (int fd, const char *path, gpointer data, gsize size, GError **error)
{
  guint8 *p = data;

  while (size > 0)
    {
      gssize n = read (fd, p, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          if (n < 0)
            sotto_history_set_io_error (error, path, "read", errno);
          else
            set_damaged (error, path, "it is too short");
          return FALSE;
        }
      p += n;
      size -= (gsize) n;
    }
  return TRUE;
}

/* How it begins tells a backup, also one that was cut off, from anything else. */
static gboolean
check_kind (int fd, const char *path, GError **error)
{
  SottoHistoryErrorArguments arguments = { .path = path };
  char start[sizeof magic];
  struct stat info;

  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode) &&
      pread (fd, start, sizeof start, 0) == (gssize) sizeof start &&
      memcmp (start, magic, sizeof magic) == 0)
    return TRUE;

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NOT_A_BACKUP, &arguments,
                           "\"%s\" is not a backup", path);
  return FALSE;
}

/* Returns the checked envelope, and leaves @fd at the database. */
static GBytes *
read_head (int                        fd,
           const char                *path,
           guint64                   *database_size,
           crypto_generichash_state  *state,
           GError                   **error)
{
  g_autoptr (SottoEnvelope) envelope = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 header[HEADER];
  guint8 *data;
  guint32 version;
  guint32 envelope_size;
  struct stat info;

  if (!check_kind (fd, path, error) || !read_all (fd, path, header, sizeof header, error))
    return NULL;
  memcpy (&version, header + 8, sizeof version);
  memcpy (&envelope_size, header + 12, sizeof envelope_size);
  memcpy (database_size, header + 16, sizeof *database_size);
  version = GUINT32_FROM_LE (version);
  envelope_size = GUINT32_FROM_LE (envelope_size);
  *database_size = GUINT64_FROM_LE (*database_size);

  if (version != 1)
    {
      SottoHistoryErrorArguments arguments = { .path = path, .wanted = version, .available = 1 };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NEWER, &arguments,
                               "the backup \"%s\" has version %u, we know 1", path, version);
      return NULL;
    }
  if (envelope_size > ENVELOPE_MAX || fstat (fd, &info) != 0 ||
      *database_size > (guint64) info.st_size ||
      (guint64) info.st_size != *database_size + HEADER + envelope_size + SUM)
    {
      set_damaged (error, path, "its length");
      return NULL;
    }

  data = g_malloc (envelope_size + 1);
  bytes = g_bytes_new_take (data, envelope_size);
  if (!read_all (fd, path, data, envelope_size, error))
    return NULL;
  envelope = sotto_envelope_parse (path, bytes, error);
  if (envelope == NULL)
    return NULL;

  crypto_generichash_init (state, NULL, 0, SUM);
  crypto_generichash_update (state, header, sizeof header);
  crypto_generichash_update (state, data, envelope_size);
  return g_steal_pointer (&bytes);
}

/* The order of store-open.c: the database beside its place, the envelope, the last rename. */
static gboolean
put_in_place (int                        fd,
              const char                *path,
              const char                *folder,
              GBytes                    *envelope,
              guint64                    database_size,
              crypto_generichash_state  *state,
              GCancellable              *cancellable,
              GError                   **error)
{
  g_autofree char *beside = g_build_filename (folder, "history.db.new", NULL);
  g_autofree char *database = g_build_filename (folder, "history.db", NULL);
  g_autofree char *key = g_build_filename (folder, "history.key", NULL);
  Output output = { .path = beside, .cancellable = cancellable, .state = *state };
  guint8 sum[SUM];
  guint8 stored[SUM];
  gsize size;
  gconstpointer data = g_bytes_get_data (envelope, &size);
  gboolean ok;

  output.fd = open (beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (output.fd < 0)
    {
      sotto_history_set_io_error (error, beside, "create", errno);
      return FALSE;
    }

  ok = copy_bytes (fd, path, database_size, &output, error) &&
       read_all (fd, path, stored, sizeof stored, error);
  if (ok)
    {
      crypto_generichash_final (&output.state, sum, sizeof sum);
      ok = sodium_memcmp (sum, stored, sizeof sum) == 0;
      if (!ok)
        set_damaged (error, path, "its checksum");
    }
  if (ok && fsync (output.fd) != 0)
    {
      sotto_history_set_io_error (error, beside, "flush", errno);
      ok = FALSE;
    }
  close (output.fd);

  if (!ok || g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      g_unlink (beside);
      return FALSE;
    }
  return sotto_file_replace (key, data, size, error) && sotto_file_rename (beside, database, error);
}

static gboolean
restore (const char *path, const char *folder, GCancellable *cancellable, GError **error)
{
  g_autoptr (SottoLock) lock = NULL;
  g_autoptr (GBytes) envelope = NULL;
  g_autoptr (GError) local = NULL;
  crypto_generichash_state state;
  SottoHistoryState there;
  guint64 database_size;
  gboolean ok;
  int fd;

  if (!sotto_file_make_folder (folder, error))
    return FALSE;
  lock = sotto_lock_take (folder, error);
  if (lock == NULL || !sotto_replacing_settle (folder, error))
    return FALSE;
  if (!sotto_history_probe (folder, &there, NULL, &local) || there != SOTTO_HISTORY_STATE_NONE)
    {
      SottoHistoryErrorArguments arguments = { .path = folder };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_EXISTS, &arguments,
                               "\"%s\" holds a history already", folder);
      return FALSE;
    }

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      int number = errno;

      /* What the system says of it is not said of the history. */
      g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (number),
                   "cannot open \"%s\": %s", path, g_strerror (number));
      return FALSE;
    }
  envelope = read_head (fd, path, &database_size, &state, error);
  ok = envelope != NULL &&
       put_in_place (fd, path, folder, envelope, database_size, &state, cancellable, error);
  close (fd);
  return ok;
}

static void
restore_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Restoring *self = data;
  GError *error = NULL;

  if (sodium_init () >= 0 && restore (self->path, self->folder, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sotto_history_restore_async (const char          *path,
                             const char          *folder,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Restoring *self = g_new0 (Restoring, 1);

  g_return_if_fail (path != NULL && folder != NULL);

  self->path = g_strdup (path);
  self->folder = g_canonicalize_filename (folder, NULL);
  g_task_set_task_data (task, self, restoring_free);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, restore_thread);
}

gboolean
sotto_history_restore_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
