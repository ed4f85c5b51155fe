/* What may stand in a folder, each told apart, and nothing of it touched by a failure. */

#include "common.h"

#include "database.h"
#include "envelope.h"
#include "schema.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  char *folder;
  char *key;
  char *database;
  char *conversation;
  char *digest;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  SottoStore *store;
  g_autofree char *parent = NULL;

  f->folder = test_make_folder ();
  f->key = g_build_filename (f->folder, "history.key", NULL);
  f->database = g_build_filename (f->folder, "history.db", NULL);
  store = test_create (f->folder);
  f->conversation = test_add_conversation (store, "States");
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text = g_strdup_printf ("message %u of some length, and more of it", i);
      char *id = test_add_message (store, f->conversation, parent, 2, text);

      g_free (parent);
      parent = id;
    }
  test_close (store);
  f->digest = test_digest (f->folder);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->key);
  g_free (f->database);
  g_free (f->conversation);
  g_free (f->digest);
}

static void
assert_untouched (Fixture *f, const char *before)
{
  g_autofree char *now = test_digest (f->folder);

  g_assert_cmpstr (now, ==, before != NULL ? before : f->digest);
}

static void
assert_create_refused (Fixture *f)
{
  g_autoptr (SottoUnlock) unlock = test_unlock ("other");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = test_digest (f->folder);

  sotto_store_create_async (f->folder, unlock, NULL, test_ready, &result);
  g_assert_null (sotto_store_create_finish (test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_EXISTS);
  assert_untouched (f, before);
}

static void
assert_open_fails (Fixture *f, const char *passphrase, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = test_digest (f->folder);

  g_assert_null (test_try_open (f->folder, passphrase, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, code);
  assert_untouched (f, before);
}

static void
test_none (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *deeper = g_build_filename (folder, "not", "there", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState state;

  g_assert_true (sotto_history_probe (deeper, &state, &slots, &error));
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
  g_assert_cmpuint (slots->len, ==, 0);
  g_assert_null (test_try_open (deeper, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NONE);
  /* Asking made nothing. */
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_present (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) slots = NULL;
  g_autoptr (GError) error = NULL;
  SottoHistoryState state;
  GStatBuf info;

  g_assert_true (sotto_history_probe (f->folder, &state, &slots, &error));
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_PRESENT);
  g_assert_cmpuint (slots->len, ==, 1);
  g_assert_cmpint (((SottoHistorySlot *) g_ptr_array_index (slots, 0))->kind, ==,
                   SOTTO_SLOT_PASSPHRASE);
  assert_create_refused (f);

  /* For the person alone */
  g_assert_cmpint (g_stat (f->key, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (f->database, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
test_wrong (Fixture *f, gconstpointer data)
{
  assert_open_fails (f, "incorrect horse", SOTTO_HISTORY_ERROR_WRONG_SECRET);
}

static void
test_missing (Fixture *f, gconstpointer data)
{
  g_autofree char *aside = g_strconcat (f->key, ".aside", NULL);
  g_autofree char *database_aside = g_strconcat (f->database, ".aside", NULL);
  SottoHistoryState state;
  g_autoptr (GError) error = NULL;
  SottoStore *store;

  g_assert_cmpint (g_rename (f->key, aside), ==, 0);
  assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_MISSING_ENVELOPE);
  assert_create_refused (f);
  g_assert_false (sotto_history_probe (f->folder, &state, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_MISSING_ENVELOPE);
  g_clear_error (&error);
  g_assert_cmpint (g_rename (aside, f->key), ==, 0);

  g_assert_cmpint (g_rename (f->database, database_aside), ==, 0);
  assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_MISSING_DATABASE);
  assert_create_refused (f);
  g_assert_cmpint (g_rename (database_aside, f->database), ==, 0);

  store = test_open (f->folder);
  test_close (store);
}

/* Cut off between the envelope and the last rename of a making. */
static void
test_half_made (Fixture *f, gconstpointer data)
{
  g_autofree char *half = g_strconcat (f->database, ".new", NULL);
  g_autofree char *aside = g_strconcat (f->key, ".aside", NULL);
  SottoHistoryState state;
  SottoStore *store;

  g_assert_cmpint (g_rename (f->database, half), ==, 0);
  assert_open_fails (f, "wrong", SOTTO_HISTORY_ERROR_WRONG_SECRET);
  assert_create_refused (f);
  store = test_open (f->folder);
  test_close (store);
  g_assert_true (g_file_test (f->database, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (half, G_FILE_TEST_EXISTS));

  /* Before the envelope it is no history yet, and is made anew. */
  g_assert_cmpint (g_rename (f->database, half), ==, 0);
  g_assert_cmpint (g_rename (f->key, aside), ==, 0);
  g_assert_true (sotto_history_probe (f->folder, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
  store = test_create (f->folder);
  test_close (store);
}

static void
test_envelope_damaged (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (f->key, &good, &size, NULL));
  for (gsize at = 0; at < size; at++)
    {
      good[at] ^= 4;
      g_assert_true (g_file_set_contents (f->key, good, (gssize) size, NULL));
      good[at] ^= 4;
      assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
      if (at % 16 == 0)
        assert_create_refused (f);
    }
  for (gsize length = 0; length < size; length += 7)
    {
      g_assert_true (g_file_set_contents (f->key, good, (gssize) length, NULL));
      assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
    }
}

/* What is wrong with a file is said in an error, and nothing on standard error, where SQLCipher writes as it comes: in a
 * process that has opened none before. */
static void
test_damaged_quietly (Fixture *f, gconstpointer data)
{
  g_autofree char *bytes = NULL;
  gsize size;

  if (g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (test_try_open (g_getenv ("SOTTO_TEST_DAMAGED"), "correct horse", &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
      return;
    }

  g_assert_true (g_file_get_contents (f->database, &bytes, &size, NULL));
  bytes[100] ^= 1;
  g_assert_true (g_file_set_contents (f->database, bytes, (gssize) size, NULL));
  g_setenv ("SOTTO_TEST_DAMAGED", f->folder, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*ERROR*");
  g_unsetenv ("SOTTO_TEST_DAMAGED");
}

static void
set_up_unless_within (Fixture *f, gconstpointer data)
{
  if (!g_test_subprocess ())
    set_up (f, data);
}

static void
tear_down_unless_within (Fixture *f, gconstpointer data)
{
  if (!g_test_subprocess ())
    tear_down (f, data);
}

/* A flipped bit in page 1 stops the opening; elsewhere at the latest the check finds it, and
 * reading gives an error or what was written, never anything else. */
static void
test_database_damaged (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  guint refused = 0;
  guint found = 0;
  gsize size;

  g_assert_true (g_file_get_contents (f->database, &good, &size, NULL));
  for (gsize page = 0; page < size / 4096; page++)
    {
      gsize at = page * 4096 + (gsize) g_test_rand_int_range (0, 4096);
      g_autoptr (GError) error = NULL;
      g_autofree char *before = NULL;
      SottoStore *store;

      good[at] ^= 1;
      g_assert_true (g_file_set_contents (f->database, good, (gssize) size, NULL));
      good[at] ^= 1;
      before = test_digest (f->folder);
      store = test_try_open (f->folder, "correct horse", &error);
      if (store == NULL)
        {
          g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
          assert_untouched (f, before);
          refused++;
          continue;
        }
      g_assert_cmpuint (page, >, 0);
      g_assert_false (test_try_check (store, &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
      found++;
      g_object_unref (store);
    }
  g_test_message ("%u pages: opening refused %u, the check found %u", (guint) (size / 4096),
                  refused, found);
  g_assert_cmpuint (refused, >, 0);
}

static void
test_database_truncated (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (f->database, &good, &size, NULL));
  for (gsize length = 0; length < size; length += size / 23 + 1)
    {
      g_autofree char *before = NULL;
      g_autoptr (GError) error = NULL;
      SottoStore *store;

      g_assert_true (g_file_set_contents (f->database, good, (gssize) length, NULL));
      before = test_digest (f->folder);
      store = test_try_open (f->folder, "correct horse", &error);
      if (store == NULL)
        {
          g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
          assert_untouched (f, before);
          continue;
        }
      g_assert_false (test_try_check (store, &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
      g_object_unref (store);
    }
}

/* Another history's database, a plain SQLite file, an empty one. */
static void
test_database_foreign (Fixture *f, gconstpointer data)
{
  g_autofree char *other = test_make_folder ();
  g_autofree char *other_database = g_build_filename (other, "history.db", NULL);
  g_autofree char *bytes = NULL;
  SottoStore *store = test_create (other);
  sqlite3 *plain = NULL;
  gsize size;

  test_close (store);
  g_assert_true (g_file_get_contents (other_database, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (f->database, bytes, (gssize) size, NULL));
  assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
  assert_create_refused (f);

  g_unlink (f->database);
  g_assert_cmpint (sqlite3_open (f->database, &plain), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (plain, "CREATE TABLE t (x); INSERT INTO t VALUES (1);", NULL,
                                 NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (plain);
  assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);

  g_assert_true (g_file_set_contents (f->database, "", 0, NULL));
  assert_open_fails (f, "correct horse", SOTTO_HISTORY_ERROR_CORRUPT_DATABASE);
  assert_create_refused (f);
  test_remove_folder (other);
}

static void
wait_for (int fd)
{
  char byte;

  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
}

/* One writer: another process gets an error that names us; when we are killed, it gets in. */
static void
test_in_use (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SottoStore *store;
  int ready[2];
  int status;
  pid_t child;

  g_assert_cmpint (pipe (ready), ==, 0);
  child = fork ();
  if (child == 0)
    {
      store = test_open (f->folder);
      g_assert_cmpint (write (ready[1], "r", 1), ==, 1);
      pause ();
      _exit (0);
    }
  wait_for (ready[0]);

  g_assert_null (test_try_open (f->folder, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_IN_USE);
  g_assert_cmpuint (sotto_history_error_get_arguments (error)->wanted, ==, (guint64) child);
  g_clear_error (&error);
  kill (child, SIGKILL);
  waitpid (child, &status, 0);

  store = test_open (f->folder);
  /* The same process is no exception. */
  g_assert_null (test_try_open (f->folder, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_IN_USE);
  test_check (store);
  test_close (store);
  close (ready[0]);
  close (ready[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/states/none", test_none);
#define ADD(name, test) \
  g_test_add ("/history/states/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("present", test_present);
  ADD ("wrong", test_wrong);
  ADD ("missing", test_missing);
  ADD ("half-made", test_half_made);
  ADD ("envelope-damaged", test_envelope_damaged);
  ADD ("database-damaged", test_database_damaged);
  g_test_add ("/history/states/database-damaged-quietly", Fixture, NULL, set_up_unless_within, test_damaged_quietly,
              tear_down_unless_within);
  ADD ("database-truncated", test_database_truncated);
  ADD ("database-foreign", test_database_foreign);
  ADD ("in-use", test_in_use);
  return g_test_run ();
}
