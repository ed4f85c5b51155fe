/* SQLite files of other programs, and of people who wish nobody well. */

#include "sotto-history.h"

#include <sqlcipher/sqlite3.h>
#include <string.h>

static const char *const columns[] = { "id", "text", NULL };

/* Returns: (transfer full): the file that a database would be which these statements have made */
static GBytes *
make_file (const char *sql)
{
  sqlite3 *handle = NULL;
  sqlite3_int64 size = 0;
  guint8 *bytes;
  GBytes *file;

  g_assert_cmpint (sqlite3_open (":memory:", &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  bytes = sqlite3_serialize (handle, "main", &size, 0);
  g_assert_nonnull (bytes);
  file = g_bytes_new (bytes, (gsize) size);
  sqlite3_free (bytes);
  sqlite3_close (handle);
  return file;
}

static gboolean
write_row (const char *const *values, gpointer user_data)
{
  GString *out = user_data;

  for (guint i = 0; columns[i] != NULL; i++)
    {
      g_assert_true (values[i] == NULL || g_utf8_validate (values[i], -1, NULL));
      g_string_append_printf (out, "%s%s", i > 0 ? "|" : "", values[i] != NULL ? values[i] : "NULL");
    }
  g_string_append_c (out, '\n');
  return out->len < 1000;
}

/* Returns: (transfer full) (nullable): the rows of a table "chat" */
static char *
read_bytes (guint8 *bytes, gsize length, GCancellable *cancellable, GError **error)
{
  g_autoptr (SottoForeignDatabase) database = sotto_foreign_database_new (bytes, length, cancellable, error);
  g_autoptr (GString) out = g_string_new (NULL);

  if (database == NULL)
    return NULL;
  if (!sotto_foreign_database_has (database, "chat", columns))
    return g_strdup ("no such table");
  if (!sotto_foreign_database_read (database, "chat", columns, write_row, out, error))
    return NULL;
  return g_strdup (out->str);
}

static char *
read_sql (const char *sql, GError **error)
{
  g_autoptr (GBytes) file = make_file (sql);
  gsize length;
  gconstpointer data = g_bytes_get_data (file, &length);
  g_autofree guint8 *copy = g_memdup2 (data, length);

  return read_bytes (copy, length, NULL, error);
}

static void
test_rows (void)
{
  static const struct {
    const char *sql;
    const char *expected;
  } files[] = {
    { "CREATE TABLE chat (id TEXT, text TEXT); INSERT INTO chat VALUES ('b', 'é'), ('a', NULL), (7, 1.5), ('z', x'ff00');",
      "b|é\na|NULL\n7|1.5\nz|\xef\xbf\xbd\xef\xbf\xbd\n" },
    { "CREATE TABLE chat (text, more, id); INSERT INTO chat VALUES (1, 2, 3);", "3|1\n" },
    { "CREATE TABLE chat (id PRIMARY KEY, text) WITHOUT ROWID; INSERT INTO chat VALUES (1, 2);", "1|2\n" },
    { "CREATE TABLE chat (id, text);", "" },
    { "CREATE TABLE chat (id);", "no such table" },
    { "CREATE TABLE other (id, text);", "no such table" },
    { "CREATE VIEW chat AS SELECT 1 AS id, 2 AS text;", "no such table" },
    { "CREATE VIEW chat AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS text FROM n;",
      "no such table" },
    /* What is computed would be SQL of whoever made the file, and a module code that reads what they wrote. */
    { "CREATE TABLE chat (id, text AS (hex (zeroblob (id)))); INSERT INTO chat VALUES (400000000);", "no such table" },
    { "CREATE TABLE chat (id, text AS (id + 1) STORED); INSERT INTO chat VALUES (1);", "no such table" },
    { "CREATE VIRTUAL TABLE chat USING fts5 (id, text); INSERT INTO chat VALUES (1, 2);", "no such table" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *found = read_sql (files[i].sql, &error);

      g_test_message ("%s", files[i].sql);
      g_assert_no_error (error);
      g_assert_cmpstr (found, ==, files[i].expected);
    }
}

/* One that has a write-ahead log beside it elsewhere is read without. */
static void
test_log (void)
{
  g_autoptr (GBytes) file = make_file ("CREATE TABLE chat (id, text); INSERT INTO chat VALUES (1, 2);");
  gsize length;
  gconstpointer data = g_bytes_get_data (file, &length);
  g_autofree guint8 *copy = g_memdup2 (data, length);
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;

  copy[18] = copy[19] = 2;
  found = read_bytes (copy, length, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, "1|2\n");
}

static void
test_cancelled (void)
{
  g_autoptr (GString) sql = g_string_new ("CREATE TABLE chat (id, text); BEGIN;");
  g_autoptr (GBytes) file = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;
  g_autofree guint8 *copy = NULL;
  gconstpointer data;
  gsize length;

  /* Empty texts, so that the reader goes on */
  for (guint i = 0; i < 20000; i++)
    g_string_append (sql, "INSERT INTO chat VALUES ('', '');");
  g_string_append (sql, "COMMIT;");
  file = make_file (sql->str);
  data = g_bytes_get_data (file, &length);
  copy = g_memdup2 (data, length);
  g_cancellable_cancel (cancellable);
  found = read_bytes (copy, length, cancellable, &error);
  g_assert_true (found != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
test_damaged (void)
{
  g_autoptr (GBytes) file = make_file ("CREATE TABLE chat (id PRIMARY KEY, text); INSERT INTO chat VALUES (1, 'two'), (3, 'four');"
                                       "CREATE TABLE more (a); CREATE INDEX i ON more (a);");
  gsize length;
  gconstpointer data = g_bytes_get_data (file, &length);

  for (gsize n = 0; n < length; n += n < 200 ? 1 : 31)
    for (guint kind = 0; kind < 2; kind++)
      {
        g_autofree guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GError) error = NULL;
        g_autofree char *found = NULL;

        if (kind == 0)
          copy[n] ^= 0xff;
        found = read_bytes (copy, kind == 0 ? length : n, NULL, &error);
        g_assert_true ((found == NULL) == (error != NULL));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/foreign-database/rows", test_rows);
  g_test_add_func ("/foreign-database/log", test_log);
  g_test_add_func ("/foreign-database/cancelled", test_cancelled);
  g_test_add_func ("/foreign-database/damaged", test_damaged);
  return g_test_run ();
}
