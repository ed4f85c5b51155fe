/* Why the settings are what they are
 *
 * locking_mode EXCLUSIVE, journal_mode WAL, synchronous FULL: a commit is one append to the log and
 *   one fsync, and it is on the disk when it returns. SQLite flushes the folder when it makes the
 *   log. Exclusive WAL needs no shared memory, so there is no -shm file. What a power cut leaves of
 *   an unflushed log is found by its checksums; a page torn while the log is emptied into the file
 *   is written again from the log.
 * temp_store MEMORY: nothing of a sort or an index build reaches the disk.
 * secure_delete ON: what is deleted is overwritten with zeros before it is encrypted and written.
 * cache_size: 96 MB of pages that were read stay decrypted: a question is compared with the vectors of all passages that are
 *   asked, and to decrypt those anew takes ten times as long.
 * cipher_compatibility 4: the parameters of SQLCipher 4, whatever a later library's default is:
 *   AES-256 in CBC, HMAC-SHA512 for every page, pages of 4096 bytes.
 * cipher_memory_security OFF: SQLCipher's own wiping allocator; README.md has the figures.
 * trusted_schema OFF, cell_size_check ON, defensive: a damaged file cannot make SQL run.
 * cipher_log_level NONE: SQLCipher would write to standard error. Its first key in a process sets the level it came
 *   with, so this stands behind that. */

#include "database.h"

#include "history-error.h"
#include "passage-rank.h"
#include "passage-tokenizer.h"
#include "search-tokenizer.h"

#include <sodium.h>
#include <string.h>

struct _SottoDatabase {
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* text → sqlite3_stmt */
  GCancellable *cancellable;
};

#define PROGRESS_STEPS 1000

static const char settings[] =
  "PRAGMA cipher_log_level = NONE;"
  "PRAGMA cipher_compatibility = 4;"
  "PRAGMA cipher_memory_security = OFF;"
  "PRAGMA locking_mode = EXCLUSIVE;"
  "PRAGMA temp_store = MEMORY;"
  "PRAGMA cache_size = -98304;"
  "PRAGMA trusted_schema = OFF;"
  "PRAGMA cell_size_check = ON;"
  "PRAGMA mmap_size = 0;";

/* These read the file. */
static const char settings_of_file[] =
  "PRAGMA journal_mode = WAL;"
  "PRAGMA synchronous = FULL;"
  "PRAGMA secure_delete = ON;"
  "PRAGMA foreign_keys = ON;";

/* --- Errors --- */

void
sotto_database_fail (SottoDatabase *self, const char *sql, GError **error)
{
  int code = sqlite3_errcode (self->handle);
  const char *said = sqlite3_errmsg (self->handle);
  SottoHistoryErrorArguments arguments = { .path = self->path, .subject = said };
  SottoHistoryError which = SOTTO_HISTORY_ERROR_IO;
  int number;

  switch (code & 0xff)
    {
    case SQLITE_INTERRUPT:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      return;
    /* After a page that does not authenticate SQLCipher answers with SQLITE_ERROR. */
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      which = SOTTO_HISTORY_ERROR_CORRUPT_DATABASE;
      break;
    case SQLITE_FULL:
      which = SOTTO_HISTORY_ERROR_DISK_FULL;
      break;
    case SQLITE_READONLY:
      which = SOTTO_HISTORY_ERROR_READ_ONLY;
      break;
    /* SQLite knows of a full disk only; what else the system has said is more than "disk I/O error". */
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      number = sqlite3_system_errno (self->handle);
      if (number != 0)
        {
          which = sotto_history_error_of_errno (number);
          arguments.subject = g_strerror (number);
        }
      break;
    case SQLITE_NOMEM:
      which = SOTTO_HISTORY_ERROR_MEMORY;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      which = SOTTO_HISTORY_ERROR_IN_USE;
      break;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      which = SOTTO_HISTORY_ERROR_INVALID;
      break;
    default:
      break;
    }

  sotto_history_set_error (error, which, &arguments, "\"%s\": %s (%d, in %.60s)", self->path, said,
                           sqlite3_extended_errcode (self->handle), sql);
}

/* --- Opening and closing --- */

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

static int
on_progress (gpointer data)
{
  SottoDatabase *self = data;

  return g_cancellable_is_cancelled (self->cancellable);
}

static gboolean
set_key (SottoDatabase *self, const guint8 *key, GError **error)
{
  g_autoptr (SottoSecret) text = sotto_secret_new (2 * SOTTO_KEY_BYTES + 4, error);
  char *p = (char *) text;

  if (text == NULL)
    return FALSE;

  /* x'…' is a key; anything else would be a passphrase for SQLCipher's own slow function. */
  p[0] = 'x';
  p[1] = '\'';
  sodium_bin2hex (p + 2, 2 * SOTTO_KEY_BYTES + 1, key, SOTTO_KEY_BYTES);
  p[2 * SOTTO_KEY_BYTES + 2] = '\'';
  if (sqlite3_key_v2 (self->handle, "main", p, 2 * SOTTO_KEY_BYTES + 3) != SQLITE_OK)
    {
      sotto_database_fail (self, "key", error);
      return FALSE;
    }
  return TRUE;
}

/* An empty file opens with every key. */
static gboolean
check_application (SottoDatabase *self, GError **error)
{
  SottoHistoryErrorArguments arguments = { .path = self->path, .subject = "not a history" };
  gboolean found;
  gint64 application = sotto_database_get_int (self, &found, error, "PRAGMA application_id", "");

  if (!found)
    return FALSE;
  if (application == SOTTO_DATABASE_APPLICATION_ID)
    return TRUE;

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, &arguments,
                           "\"%s\" is not a history: application id %" G_GINT64_FORMAT, self->path,
                           application);
  return FALSE;
}

SottoDatabase *
sotto_database_open (const char         *path,
                     const guint8       *key,
                     SottoDatabaseMode   mode,
                     GError            **error)
{
  g_autoptr (SottoDatabase) self = g_new0 (SottoDatabase, 1);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

  if (mode == SOTTO_DATABASE_CREATE)
    flags |= SQLITE_OPEN_CREATE;

  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                            finalize);
  if (sqlite3_open_v2 (mode == SOTTO_DATABASE_MEMORY ? ":memory:" : path, &self->handle, flags, NULL) != SQLITE_OK)
    {
      sotto_database_fail (self, "open", error);
      return NULL;
    }

  sqlite3_extended_result_codes (self->handle, 1);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);

  /* The file is read before anything that could write to it: a file that this key does not open
   * must stay as it is. */
  if ((key != NULL && !set_key (self, key, error)) ||
      !sotto_database_exec (self, settings, error) ||
      !sotto_database_exec (self, "SELECT count(*) FROM sqlite_schema;", error) ||
      (mode == SOTTO_DATABASE_OPEN && !check_application (self, error)) ||
      !sotto_database_exec (self, settings_of_file, error) ||
      !sotto_search_tokenizer_register (self, error) ||
      !sotto_passage_tokenizer_register (self, error) ||
      !sotto_passage_rank_register (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

gboolean
sotto_database_close (SottoDatabase *self, GError **error)
{
  g_hash_table_remove_all (self->statements);
  if (sqlite3_close (self->handle) != SQLITE_OK)
    {
      sotto_database_fail (self, "close", error);
      return FALSE;
    }
  self->handle = NULL;
  return TRUE;
}

void
sotto_database_free (SottoDatabase *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->statements);
  sqlite3_close_v2 (self->handle);
  g_clear_object (&self->cancellable);
  g_free (self->path);
  g_free (self);
}

const char *
sotto_database_get_path (SottoDatabase *self)
{
  return self->path;
}

sqlite3 *
sotto_database_get_handle (SottoDatabase *self)
{
  return self->handle;
}

void
sotto_database_set_cancellable (SottoDatabase *self, GCancellable *cancellable)
{
  g_set_object (&self->cancellable, cancellable);
  sqlite3_progress_handler (self->handle, cancellable != NULL ? PROGRESS_STEPS : 0,
                            cancellable != NULL ? on_progress : NULL, self);
}

/* --- Statements --- */

static gboolean
bind (SottoDatabase  *self,
      sqlite3_stmt   *statement,
      const char     *sql,
      const char     *types,
      va_list         args,
      GError        **error)
{
  for (int i = 1; *types != '\0'; i++, types++)
    {
      int code;

      if (*types == 'i')
        {
          code = sqlite3_bind_int64 (statement, i, va_arg (args, gint64));
        }
      else if (*types == 'u')
        {
          /* Bound text is read before the query's caller returns, or copied. */
          code = sqlite3_bind_text (statement, i, va_arg (args, const char *), -1,
                                    SQLITE_TRANSIENT);
        }
      else
        {
          GBytes *bytes = va_arg (args, GBytes *);
          gsize size = 0;
          gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

          code = bytes != NULL
                 ? sqlite3_bind_blob64 (statement, i, data != NULL ? data : "", size,
                                        SQLITE_TRANSIENT)
                 : sqlite3_bind_null (statement, i);
        }

      if (code != SQLITE_OK)
        {
          sotto_database_fail (self, sql, error);
          return FALSE;
        }
    }
  return TRUE;
}

static sqlite3_stmt *
query_valist (SottoDatabase  *self,
              GError        **error,
              const char     *sql,
              const char     *types,
              va_list         args)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement == NULL)
    {
      if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                              NULL) != SQLITE_OK)
        {
          sotto_database_fail (self, sql, error);
          return NULL;
        }
      g_hash_table_insert (self->statements, (gpointer) sql, statement);
    }

  sqlite3_reset (statement);
  return bind (self, statement, sql, types, args, error) ? statement : NULL;
}

sqlite3_stmt *
sotto_database_query (SottoDatabase  *self,
                      GError        **error,
                      const char     *sql,
                      const char     *types,
                      ...)
{
  va_list args;
  sqlite3_stmt *statement;

  va_start (args, types);
  statement = query_valist (self, error, sql, types, args);
  va_end (args);
  return statement;
}

gboolean
sotto_database_next (SottoDatabase  *self,
                     sqlite3_stmt   *statement,
                     gboolean       *failed,
                     GError        **error)
{
  int code = sqlite3_step (statement);

  *failed = code != SQLITE_ROW && code != SQLITE_DONE;
  if (*failed)
    sotto_database_fail (self, sqlite3_sql (statement), error);
  if (code != SQLITE_ROW)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
    }
  return code == SQLITE_ROW;
}

gboolean
sotto_database_run (SottoDatabase  *self,
                    GError        **error,
                    const char     *sql,
                    const char     *types,
                    ...)
{
  va_list args;
  sqlite3_stmt *statement;
  gboolean failed = TRUE;

  va_start (args, types);
  statement = query_valist (self, error, sql, types, args);
  va_end (args);

  if (statement != NULL)
    while (sotto_database_next (self, statement, &failed, error))
      ;
  return !failed;
}

gint64
sotto_database_get_int (SottoDatabase  *self,
                        gboolean       *found,
                        GError        **error,
                        const char     *sql,
                        const char     *types,
                        ...)
{
  va_list args;
  sqlite3_stmt *statement;
  gboolean failed;
  gint64 value = 0;

  if (found != NULL)
    *found = FALSE;

  va_start (args, types);
  statement = query_valist (self, error, sql, types, args);
  va_end (args);
  if (statement == NULL || !sotto_database_next (self, statement, &failed, error))
    return 0;

  value = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  if (found != NULL)
    *found = TRUE;
  return value;
}

gboolean
sotto_database_exec (SottoDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  sotto_database_fail (self, sql, error);
  return FALSE;
}

gint64
sotto_database_last_row (SottoDatabase *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

gint
sotto_database_changes (SottoDatabase *self)
{
  return sqlite3_changes (self->handle);
}

char *
sotto_column_dup_text (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (statement, column));
}

GBytes *
sotto_column_dup_bytes (sqlite3_stmt *statement, int column)
{
  gconstpointer data = sqlite3_column_blob (statement, column);

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;
  return g_bytes_new (data, (gsize) sqlite3_column_bytes (statement, column));
}

/* --- Transactions --- */

/* What is written into a file that has no name any more is lost with the end, and SQLite, which looks at that itself, does not with a
 * write-ahead log. */
static gboolean
check_place (SottoDatabase *self, GError **error)
{
  const SottoHistoryErrorArguments arguments = { .path = self->path };
  int has_moved = 0;

  sqlite3_file_control (self->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved != 0)
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_GONE, &arguments, "\"%s\" is not there any more", self->path);
  return has_moved == 0;
}

gboolean
sotto_database_begin (SottoDatabase *self, GError **error)
{
  return check_place (self, error) && sotto_database_run (self, error, "BEGIN IMMEDIATE", "");
}

gboolean
sotto_database_end (SottoDatabase *self, gboolean ok, GError **error)
{
  if (ok && sotto_database_run (self, error, "COMMIT", ""))
    return TRUE;

  /* SQLite rolls back by itself after some errors. */
  if (!sqlite3_get_autocommit (self->handle))
    sotto_database_run (self, NULL, "ROLLBACK", "");
  return FALSE;
}
