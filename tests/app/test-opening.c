#include "harness.h"

#include <glib/gstdio.h>
#include <sotto-history.h>
#include <string.h>

/* The state machine of opening, as a person without keyring meets it. (With a keyring: end to end.)
 * */

static char *
get_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", NULL);
}

/* Returns: (transfer full): the recovery code */
static char *
make_history (void)
{
  SottoApp *app = harness_open ();
  char *code = g_strdup (sotto_app_get_recovery_code (app));

  harness_close (app);
  return code;
}

static void
test_first_start (void)
{
  g_autofree char *folder = get_folder ();
  g_autofree char *code = NULL;
  g_autofree char *entries = NULL;
  SottoApp *app = sotto_app_new (NULL);

  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CLOSED);
  g_assert_false (harness_try_open (app, NULL));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_FIRST_START);
  g_assert_null (sotto_app_get_problem (app));
  harness_close (app);

  code = make_history ();
  g_assert_cmpuint (strlen (code), >, 20);
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
}

static void
test_empty_passphrase (void)
{
  SottoApp *app = sotto_app_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  harness_try_open (app, NULL);
  sotto_app_create_async (app, "", NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_false (sotto_app_open_finish (app, result, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_FIRST_START);
  harness_close (app);
}

static void
test_wrong_then_right (void)
{
  g_autofree char *code = make_history ();
  SottoApp *app = sotto_app_new (NULL);

  g_assert_false (harness_try_open (app, NULL));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_false (harness_unlock (app, "wrong"));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_nonnull (sotto_app_get_problem (app));
  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  g_assert_null (sotto_app_get_problem (app));
  g_assert_null (sotto_app_get_recovery_code (app));
  harness_close (app);
}

static void
test_recovery_code (void)
{
  g_autofree char *code = make_history ();
  g_autofree char *lower = g_ascii_strdown (code, -1);
  g_autofree char *mistyped = g_strdup (code);
  SottoApp *app = sotto_app_new (NULL);

  harness_try_open (app, NULL);
  mistyped[0] = mistyped[0] == '7' ? '8' : '7';
  g_assert_false (harness_recover (app, mistyped));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_true (harness_recover (app, lower));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  harness_close (app);
}

static void
test_in_use (void)
{
  SottoApp *first = harness_open ();
  SottoApp *second = sotto_app_new (NULL);

  g_assert_false (harness_try_open (second, NULL));
  g_assert_false (harness_unlock (second, HARNESS_PASSPHRASE));
  g_assert_cmpint (sotto_app_get_state (second), ==, SOTTO_APP_STATE_IN_USE);
  g_assert_cmpint (sotto_problem_get_remedy (sotto_app_get_problem (second)), ==,
                   SOTTO_REMEDY_QUIT);
  harness_close (first);

  g_assert_false (harness_try_open (second, NULL));
  g_assert_true (harness_unlock (second, HARNESS_PASSPHRASE));
  harness_close (second);
}

/* The largest file of the history: its database */
static char *
find_database (void)
{
  g_autofree char *folder = get_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *best = NULL;
  gint64 best_size = -1;
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > best_size)
        {
          best_size = status.st_size;
          g_set_str (&best, path);
        }
    }
  return g_steal_pointer (&best);
}

static void
test_damaged (void)
{
  g_autofree char *code = make_history ();
  g_autofree char *database = find_database ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before;
  gsize n_after;
  SottoApp *app = sotto_app_new (NULL);

  g_assert_true (g_file_get_contents (database, &before, &n_before, NULL));
  for (gsize i = 0; i < MIN (n_before, 4096); i++)
    before[i] ^= 0x5a;
  g_assert_true (g_file_set_contents (database, before, (gssize) n_before, NULL));

  harness_try_open (app, NULL);
  g_assert_false (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CORRUPT);
  harness_close (app);

  g_assert_true (g_file_get_contents (database, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
}

/* With a history present, no path makes a new one. */
static void
test_missing_database (void)
{
  g_autofree char *code = make_history ();
  g_autofree char *database = find_database ();
  SottoApp *app = sotto_app_new (NULL);

  g_assert_cmpint (g_unlink (database), ==, 0);
  g_assert_false (harness_try_open (app, NULL));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CORRUPT);
  g_assert_false (g_file_test (database, G_FILE_TEST_EXISTS));
  harness_close (app);
}

static guint
count_runtime_folders (void)
{
  g_autoptr (GDir) dir = g_dir_open (g_get_user_runtime_dir (), 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "sotto-"))
      n++;
  return n;
}

static gboolean
is_ready (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

static void
test_temporary (void)
{
  g_autofree char *folder = get_folder ();
  SottoApp *app = sotto_app_new (NULL);
  SottoConversation *conversation;
  SottoHistoryState state;

  harness_try_open (app, NULL);
  sotto_app_start_temporary (app);
  harness_wait_for (is_ready, app, 20);
  g_assert_true (sotto_app_is_temporary (app));
  g_assert_null (sotto_app_get_recovery_code (app));
  g_assert_cmpuint (count_runtime_folders (), ==, 1);

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  harness_send (conversation, "nothing of this is kept");
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 1);

  harness_close (app);
  g_assert_cmpuint (count_runtime_folders (), ==, 0);
  g_assert_true (sotto_history_probe (folder, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
}

/* Whoever quits while a history is being opened leaves nothing open behind. */
static void
test_close_while_opening (void)
{
  g_autofree char *code = make_history ();
  SottoApp *app = sotto_app_new (NULL);
  g_autoptr (GAsyncResult) unlocked = NULL;
  g_autoptr (GAsyncResult) closed = NULL;

  harness_try_open (app, NULL);
  sotto_app_unlock_async (app, HARNESS_PASSPHRASE, NULL, harness_on_ready, &unlocked);
  sotto_app_close_async (app, harness_on_ready, &closed);
  harness_wait_for (harness_has_result, &closed, 20);
  harness_wait_for (harness_has_result, &unlocked, 20);
  g_assert_false (sotto_app_open_finish (app, unlocked, NULL));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CLOSED);
  g_assert_null (sotto_app_get_problem (app));
  g_object_unref (app);

  harness_close (harness_open ());
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/opening/first-start", test_first_start);
  g_test_add_func ("/app/opening/empty-passphrase", test_empty_passphrase);
  g_test_add_func ("/app/opening/wrong-then-right", test_wrong_then_right);
  g_test_add_func ("/app/opening/recovery-code", test_recovery_code);
  g_test_add_func ("/app/opening/in-use", test_in_use);
  g_test_add_func ("/app/opening/damaged", test_damaged);
  g_test_add_func ("/app/opening/missing-database", test_missing_database);
  g_test_add_func ("/app/opening/temporary", test_temporary);
  g_test_add_func ("/app/opening/close-while-opening", test_close_while_opening);
  return g_test_run ();
}
