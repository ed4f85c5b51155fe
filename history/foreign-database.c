/* What keeps a foreign file from doing more than being read
 *
 * It is read from memory, so that it neither changes meanwhile nor has a journal beside it that SQLite would want to apply, and
 * nothing can be written. Only plain columns of plain tables are read: views and columns that are computed are SQL of whoever
 * made the file, which the authorizer does not see, and virtual tables are modules. The authorizer allows to read columns and
 * nothing else: no function, no recursion, no attached file. What SQLite may take is limited (no text is longer than the file),
 * and so is how long it may work at one query. */

#include "history-error.h"

#include <sqlcipher/sqlite3.h>
#include <string.h>

#define MAX_COLUMNS 16
#define PROGRESS_STEPS 10000

/* Steps of SQLite's machine a byte of the file: what is honest takes far fewer than one. */
#define STEPS_PER_BYTE 16
#define STEPS_AT_LEAST 10000000

struct _SottoForeignDatabase {
  sqlite3 *handle;
  GCancellable *cancellable;
  guint64 n_steps;     /* in this query */
  guint64 most_steps;
};

static void
fail (SottoForeignDatabase *self, int code, GError **error)
{
  switch (code & 0xff)
    {
    case SQLITE_INTERRUPT:
      if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "reading it does not come to an end");
      break;
    case SQLITE_NOMEM:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, sqlite3_errstr (code));
      break;
    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s (%d)", sqlite3_errmsg (self->handle), code);
      break;
    }
}

static int
on_progress (gpointer data)
{
  SottoForeignDatabase *self = data;

  self->n_steps += PROGRESS_STEPS;
  return self->n_steps > self->most_steps || g_cancellable_is_cancelled (self->cancellable);
}

static int
on_authorize (gpointer data, int action, const char *a, const char *b, const char *database, const char *trigger)
{
  if (action == SQLITE_PRAGMA)
    return g_strcmp0 (a, "table_xinfo") == 0 ? SQLITE_OK : SQLITE_DENY;
  return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

/* A write-ahead log would be a file of its own, which is not here: what it had not put into this one is not known. The two
 * bytes are the format's versions (SQLite file format, section 1.3). */
static void
forget_log (guint8 *data, gsize length)
{
  if (length > 19 && data[18] == 2 && data[19] == 2)
    data[18] = data[19] = 1;
}

SottoForeignDatabase *
sotto_foreign_database_new (guint8 *data, gsize length, GCancellable *cancellable, GError **error)
{
  g_autoptr (SottoForeignDatabase) self = g_new0 (SottoForeignDatabase, 1);
  int code;

  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->most_steps = MAX ((guint64) length * STEPS_PER_BYTE, STEPS_AT_LEAST);
  code = sqlite3_open_v2 (":memory:", &self->handle,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
  if (code != SQLITE_OK)
    {
      fail (self, code, error);
      return NULL;
    }

  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_limit (self->handle, SQLITE_LIMIT_LENGTH, (int) CLAMP (length, 1000000, G_MAXINT32));
  sqlite3_limit (self->handle, SQLITE_LIMIT_SQL_LENGTH, 100000);
  sqlite3_limit (self->handle, SQLITE_LIMIT_COLUMN, 200);
  sqlite3_limit (self->handle, SQLITE_LIMIT_EXPR_DEPTH, 20);
  sqlite3_limit (self->handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit (self->handle, SQLITE_LIMIT_WORKER_THREADS, 0);

  /* These have to stand before the authorizer, which allows no pragma. */
  forget_log (data, length);
  code = sqlite3_exec (self->handle, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;",
                       NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_deserialize (self->handle, "main", data, (sqlite3_int64) length, (sqlite3_int64) length,
                                SQLITE_DESERIALIZE_READONLY);
  sqlite3_progress_handler (self->handle, PROGRESS_STEPS, on_progress, self);
  sqlite3_set_authorizer (self->handle, on_authorize, self);
  if (code == SQLITE_OK)
    code = sqlite3_exec (self->handle, "SELECT name FROM sqlite_schema LIMIT 1;", NULL, NULL, NULL);
  if (code != SQLITE_OK)
    {
      fail (self, code, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
sotto_foreign_database_free (SottoForeignDatabase *self)
{
  sqlite3_close (self->handle);
  g_clear_object (&self->cancellable);
  g_free (self);
}

/* Returns: whether it has pages of its own: neither a view nor what a module makes of something */
static gboolean
is_plain_table (SottoForeignDatabase *self, const char *table)
{
  sqlite3_stmt *row = NULL;
  gboolean is_table = FALSE;

  if (sqlite3_prepare_v2 (self->handle, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ?1", -1,
                          &row, NULL) == SQLITE_OK)
    {
      sqlite3_bind_text (row, 1, table, -1, SQLITE_STATIC);
      is_table = sqlite3_step (row) == SQLITE_ROW;
    }
  sqlite3_finalize (row);
  return is_table;
}

gboolean
sotto_foreign_database_has (SottoForeignDatabase *self, const char *table, const char *const *columns)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA main.table_xinfo (\"%s\")", table);
  sqlite3_stmt *row = NULL;
  guint n_found = 0;

  self->n_steps = 0;
  if (!is_plain_table (self, table))
    return FALSE;

  /* Of each column its number, name, type, whether it may be empty, default, key, and whether it is computed */
  if (sqlite3_prepare_v2 (self->handle, sql, -1, &row, NULL) == SQLITE_OK)
    while (sqlite3_step (row) == SQLITE_ROW)
      {
        const char *name = (const char *) sqlite3_column_text (row, 1);

        n_found += name != NULL && sqlite3_column_int (row, 6) == 0 && g_strv_contains (columns, name);
      }
  sqlite3_finalize (row);
  return n_found == g_strv_length ((char **) columns);
}

/* Whatever type it has there */
static char *
dup_column (sqlite3_stmt *statement, int column)
{
  const char *text;

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;

  text = (const char *) sqlite3_column_text (statement, column);
  return text != NULL ? g_utf8_make_valid (text, sqlite3_column_bytes (statement, column)) : NULL;
}

static char *
write_query (const char *table, const char *const *columns)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");

  for (guint i = 0; columns[i] != NULL; i++)
    g_string_append_printf (sql, "%s\"%s\"", i > 0 ? ", " : "", columns[i]);
  /* No order: that of the rows, in which a table is read. */
  g_string_append_printf (sql, " FROM main.\"%s\"", table);
  return g_string_free_and_steal (g_steal_pointer (&sql));
}

gboolean
sotto_foreign_database_read (SottoForeignDatabase  *self,
                             const char            *table,
                             const char *const     *columns,
                             SottoForeignRow        row,
                             gpointer               user_data,
                             GError               **error)
{
  g_autofree char *sql = write_query (table, columns);
  const guint n = g_strv_length ((char **) columns);
  sqlite3_stmt *statement = NULL;
  gboolean goes_on = TRUE;
  int code;

  g_return_val_if_fail (n <= MAX_COLUMNS, FALSE);

  if (!sotto_foreign_database_has (self, table, columns))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no table %s with these columns", table);
      return FALSE;
    }

  self->n_steps = 0;
  code = sqlite3_prepare_v2 (self->handle, sql, -1, &statement, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW)
    {
      char *values[MAX_COLUMNS + 1] = { NULL };

      code = sqlite3_step (statement);
      if (code != SQLITE_ROW)
        break;
      for (guint i = 0; i < n; i++)
        values[i] = dup_column (statement, (int) i);
      goes_on = row ((const char *const *) values, user_data);
      for (guint i = 0; i < n; i++)
        g_free (values[i]);
      if (!goes_on)
        break;
    }
  if (code != SQLITE_DONE && goes_on)
    fail (self, code, error);
  sqlite3_finalize (statement);
  return code == SQLITE_DONE || !goes_on;
}
