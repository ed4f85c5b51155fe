/* The whole history into a file and back, from each state in which somebody may want that. */

#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define QUESTION "Where is Wurzelbrumm?"

static char *
folder_of_history (void)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", NULL);
}

static char *
path_in (const char *folder, const char *name)
{
  g_autofree char *history = folder_of_history ();

  return g_build_filename (history, folder, name, NULL);
}

static GFile *
backup_file (void)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "kept.sotto-backup", NULL);

  return g_file_new_for_path (path);
}

static gboolean
back_up (SottoApp *app, GFile *file, gboolean is_cancelled, GError **error)
{
  g_autoptr (SottoTransfer) transfer =
    sotto_transfer_new_backup (sotto_app_get_conversations (app), sotto_app_get_folder (app), file);
  g_autoptr (GAsyncResult) result = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  if (is_cancelled)
    sotto_transfer_cancel (transfer);
  harness_wait_for (harness_has_result, &result, 30);
  return sotto_transfer_run_finish (transfer, result, error);
}

static gboolean
read_backup (SottoApp *app, GFile *file, SottoOpeners *openers, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_app_read_backup_async (app, file, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  return sotto_app_read_backup_finish (app, result, openers, error);
}

/* Returns: (transfer full) (nullable): the folder with what was there */
static char *
restore (SottoApp *app, const char *typed, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  char *kept = NULL;

  sotto_app_restore_async (app, typed, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  if (sotto_app_restore_finish (app, result, &kept, error))
    g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  return kept;
}

static void
say (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
}

static char *
title_of_first (SottoApp *app)
{
  g_autoptr (SottoConversation) first =
    g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);

  g_assert_nonnull (first);
  return g_strdup (sotto_conversation_get_title (first));
}

/* A history with one conversation, backed up. Returns: (transfer full): its recovery code */
static char *
make_backup (GFile *file)
{
  SottoApp *app = harness_open ();
  char *code = g_strdup (sotto_app_get_recovery_code (app));
  g_autoptr (GError) error = NULL;

  say (app, QUESTION);
  g_assert_true (sotto_app_get_openers (app) == (SOTTO_OPENS_PASSPHRASE | SOTTO_OPENS_RECOVERY));
  back_up (app, file, FALSE, &error);
  g_assert_no_error (error);
  harness_close (app);
  return code;
}

static void
lose_history (void)
{
  static const char *const names[] = { "history.db", "history.key", "history.lock" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = path_in ("", names[i]);

      g_unlink (path);
    }
}

static char *
hash_of (const char *folder, const char *name)
{
  g_autofree char *path = path_in (folder, name);
  g_autofree char *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, size);
}

static void
assert_nothing_beside (void)
{
  g_autofree char *restoring = path_in ("", "restoring");
  g_autofree char *making = path_in ("", "backing-up");

  g_assert_false (g_file_test (restoring, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (making, G_FILE_TEST_EXISTS));
}

static void
test_file (void)
{
  g_autoptr (GFile) file = backup_file ();
  SottoApp *app = harness_open ();
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize size;
  GStatBuf info;

  say (app, QUESTION);
  g_assert_false (back_up (app, file, TRUE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_query_exists (file, NULL));

  g_assert_true (back_up (app, file, FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (g_file_peek_path (file), &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0077, ==, 0);
  /* What was there is replaced, as its dialog has asked about. */
  g_assert_true (g_file_set_contents (g_file_peek_path (file), "old", -1, NULL));
  g_assert_true (back_up (app, file, FALSE, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (g_file_peek_path (file), &bytes, &size, NULL));
  g_assert_cmpuint (size, >, 8192);
  g_assert_null (g_strstr_len (bytes, (gssize) size, "Wurzelbrumm"));
  assert_nothing_beside ();
  harness_close (app);
}

/* Into an empty history, into one with something in it, and where there is none at all */
static void
test_restore (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *title = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *nothing = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app;

  lose_history ();
  app = harness_open ();
  say (app, "Something else");
  say (app, "And more");
  g_assert_true (read_backup (app, file, &openers, &error));
  g_assert_no_error (error);
  g_assert_true (openers == (SOTTO_OPENS_PASSPHRASE | SOTTO_OPENS_RECOVERY));

  /* In vain, and nothing has happened */
  nothing = restore (app, "not that", &error);
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BACKUP_WRONG);
  g_clear_error (&error);
  g_assert_null (nothing);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 2);

  kept = restore (app, code, &error);
  g_assert_no_error (error);
  g_assert_nonnull (kept);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  title = title_of_first (app);
  g_assert_cmpstr (title, ==, QUESTION);
  assert_nothing_beside ();

  /* It is a history like any other from here on. */
  say (app, "Once more");
  harness_close (app);
  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 2);
  before = hash_of (kept, "history.key");
  after = hash_of ("", "history.key");
  g_assert_cmpstr (before, !=, after);
  harness_close (app);

  /* What was there before opens as it did. */
  {
    g_autofree char *aside = path_in ("", kept);

    app = sotto_app_new (aside);
    g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
    g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 2);
    harness_close (app);
  }
}

static SottoApp *
open_until_asked (SottoAppState state)
{
  SottoApp *app = sotto_app_new (NULL);

  harness_try_open (app, NULL);
  g_assert_cmpint (sotto_app_get_state (app), ==, state);
  return app;
}

static void
test_first_start (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app;

  lose_history ();
  app = open_until_asked (SOTTO_APP_STATE_FIRST_START);
  g_assert_true (read_backup (app, file, &openers, &error));
  sotto_app_drop_backup (app);
  assert_nothing_beside ();

  g_assert_true (read_backup (app, file, &openers, &error));
  kept = restore (app, HARNESS_PASSPHRASE, &error);
  g_assert_no_error (error);
  g_assert_null (kept);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  g_assert_null (sotto_app_get_recovery_code (app));
  assert_nothing_beside ();
  harness_close (app);
}

/* The remedy of a damaged history; what is left of it is kept. */
static void
test_damaged_history (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *database = path_in ("", "history.db");
  g_autofree char *kept = NULL;
  g_autofree char *left = NULL;
  g_autofree char *lower = g_ascii_strdown (code, -1);
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app;

  g_assert_true (g_file_set_contents (database, "gone to the dogs", -1, NULL));
  app = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_false (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CORRUPT);

  g_assert_true (read_backup (app, file, &openers, &error));
  kept = restore (app, lower, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  g_assert_nonnull (kept);
  left = path_in (kept, "history.db");
  g_assert_true (g_file_test (left, G_FILE_TEST_EXISTS));
  harness_close (app);
}

static void
test_wrong_files (void)
{
  static const struct {
    const char *text; /* NULL: the backup with a bit changed */
    SottoAppError code;
  } wrong[] = {
    { "", SOTTO_APP_ERROR_BACKUP_FOREIGN },
    { "Dear diary", SOTTO_APP_ERROR_BACKUP_FOREIGN },
    { "{\"format\": \"sotto-conversations\"}", SOTTO_APP_ERROR_BACKUP_FOREIGN },
    { "SottoBak", SOTTO_APP_ERROR_BACKUP_DAMAGED },
    { "SottoBak\2\0\0\0", SOTTO_APP_ERROR_BACKUP_DAMAGED },
    { NULL, SOTTO_APP_ERROR_BACKUP_DAMAGED },
  };
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *bytes = NULL;
  g_autofree char *before = NULL;
  g_autoptr (GFile) nowhere = g_file_new_for_path ("/nonexistent/x.sotto-backup");
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  gsize size;

  before = hash_of ("", "history.db");
  g_assert_true (g_file_get_contents (g_file_peek_path (file), &bytes, &size, NULL));
  bytes[size / 2] ^= 1;
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_true (g_file_set_contents (g_file_peek_path (file),
                                          wrong[i].text != NULL ? wrong[i].text : bytes,
                                          wrong[i].text != NULL ? -1 : (gssize) size, NULL));
      g_assert_false (read_backup (app, file, &openers, &error));
      g_assert_error (error, SOTTO_APP_ERROR, (int) wrong[i].code);
      g_clear_error (&error);
      assert_nothing_beside ();
    }
  g_assert_false (read_backup (app, nowhere, &openers, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  {
    g_autofree char *after = hash_of ("", "history.db");

    g_assert_cmpstr (before, ==, after);
  }
  harness_close (app);
}

static void
test_in_use (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *first = harness_open ();
  SottoApp *second = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);

  g_assert_true (read_backup (second, file, &openers, &error));
  kept = restore (second, code, &error);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_IN_USE);
  g_assert_null (kept);
  say (first, "Still here");
  sotto_app_drop_backup (second);
  harness_close (second);
  harness_close (first);

  first = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (first)), ==, 2);
  harness_close (first);
}

static gboolean
asks_for_passphrase (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_NEEDS_PASSPHRASE;
}

/* The open history is closed for the backup and finds its way back where that cannot take its place; what was
 * read is still there for another try. */
static void
test_in_vain (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *obstacle = path_in ("replacing", "something");
  g_autofree char *folder = path_in ("", "replacing");
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app = harness_open ();

  say (app, "Since then");
  g_assert_cmpint (g_mkdir_with_parents (obstacle, 0700), ==, 0);
  g_assert_true (read_backup (app, file, &openers, &error));
  kept = restore (app, code, &error);
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (kept);
  harness_wait_for (asks_for_passphrase, app, 20);
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 2);

  g_assert_cmpint (g_rmdir (obstacle), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  kept = restore (app, code, &error);
  g_assert_no_error (error);
  g_assert_nonnull (kept);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  assert_nothing_beside ();
  harness_close (app);
}

/* It is given up while the history is closed for it: that one finds its way back, and the backup may be tried again. */
static void
on_state (SottoApp *app, GParamSpec *pspec, GCancellable *cancellable)
{
  if (sotto_app_get_state (app) == SOTTO_APP_STATE_CLOSED)
    g_cancellable_cancel (cancellable);
}

static void
test_given_up (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *kept = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app = harness_open ();
  gulong handler;

  say (app, "Since then");
  g_assert_true (read_backup (app, file, &openers, &error));
  handler = g_signal_connect (app, "notify::state", G_CALLBACK (on_state), cancellable);
  sotto_app_restore_async (app, code, cancellable, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  g_assert_false (sotto_app_restore_finish (app, result, &kept, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (kept);
  g_signal_handler_disconnect (app, handler);

  harness_wait_for (asks_for_passphrase, app, 20);
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 2);
  kept = restore (app, code, &error);
  g_assert_no_error (error);
  g_assert_nonnull (kept);
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  harness_close (app);
}

/* The power went once the backup was on its way into its place. The next start ends that, and says where the rest is. */
static void
test_cut_off (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *restoring = path_in ("", "restoring");
  g_autofree char *replacing = path_in ("", "replacing");
  g_autofree char *coming = path_in ("replacing", "new");
  g_autofree char *before = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *after = NULL;
  g_autofree char *told = NULL;
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app = harness_open ();

  say (app, "Since then");
  g_assert_true (read_backup (app, file, &openers, &error));
  g_assert_null (sotto_app_find_kept (app));
  harness_close (app);
  before = hash_of ("", "history.db");
  g_assert_cmpint (g_mkdir (replacing, 0700), ==, 0);
  g_assert_cmpint (g_rename (restoring, coming), ==, 0);

  app = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_null (sotto_app_find_kept (app));
  harness_close (app);
  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  kept = sotto_app_find_kept (app);
  g_assert_nonnull (kept);
  after = hash_of (kept, "history.db");
  g_assert_cmpstr (after, ==, before);

  /* Until somebody has been told */
  harness_close (app);
  app = harness_open ();
  told = sotto_app_find_kept (app);
  g_assert_cmpstr (told, ==, kept);
  sotto_app_mark_told (app, told);
  g_assert_null (sotto_app_find_kept (app));
  harness_close (app);
  app = harness_open ();
  g_assert_null (sotto_app_find_kept (app));
  harness_close (app);
}

/* What a Sotto has left that was cut off while it read a backup goes once the history is open; what this one has read stays. */
static void
test_left_over (void)
{
  g_autoptr (GFile) file = backup_file ();
  g_autofree char *code = make_backup (file);
  g_autofree char *restoring = path_in ("", "restoring");
  g_autofree char *half = path_in ("restoring", "history.db.new");
  g_autofree char *lock = path_in ("restoring", "history.lock");
  g_autoptr (GError) error = NULL;
  SottoOpeners openers = 0;
  SottoApp *app;

  g_assert_cmpint (g_mkdir (restoring, 0700), ==, 0);
  g_assert_true (g_file_set_contents (half, "half of it", -1, NULL));
  g_assert_true (g_file_set_contents (lock, "", -1, NULL));
  app = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_true (g_file_test (half, G_FILE_TEST_EXISTS));
  harness_close (app);
  app = harness_open ();
  assert_nothing_beside ();
  harness_close (app);

  app = open_until_asked (SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_true (read_backup (app, file, &openers, &error));
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_true (g_file_test (restoring, G_FILE_TEST_EXISTS));
  sotto_app_drop_backup (app);
  assert_nothing_beside ();
  harness_close (app);
}

static void
test_temporary (void)
{
  SottoApp *app = open_until_asked (SOTTO_APP_STATE_FIRST_START);

  g_assert_true (sotto_app_can_restore (app));
  sotto_app_start_temporary (app);
  g_assert_false (sotto_app_can_restore (app));
  g_assert_cmpint (sotto_app_get_openers (app), ==, 0);
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/backup/file", test_file);
  g_test_add_func ("/backup/restore", test_restore);
  g_test_add_func ("/backup/first-start", test_first_start);
  g_test_add_func ("/backup/damaged-history", test_damaged_history);
  g_test_add_func ("/backup/wrong-files", test_wrong_files);
  g_test_add_func ("/backup/in-use", test_in_use);
  g_test_add_func ("/backup/in-vain", test_in_vain);
  g_test_add_func ("/backup/given-up", test_given_up);
  g_test_add_func ("/backup/cut-off", test_cut_off);
  g_test_add_func ("/backup/left-over", test_left_over);
  g_test_add_func ("/backup/temporary", test_temporary);

  return g_test_run ();
}
