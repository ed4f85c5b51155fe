#include "harness.h"

#include <glib/gstdio.h>
#include <libsecret/secret.h>
#include <signal.h>
#include <sotto-history.h>
#include <sys/resource.h>

/* Keyring and passphrase: moving from the one to the other, with a real gnome-keyring on the private
 * bus of ../history/with-keyring. */

static char *bus_address;

static gboolean
set_passphrase_and_wait (SottoApp *app, const char *passphrase, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_app_set_passphrase_async (app, passphrase, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  return sotto_app_set_passphrase_finish (app, result, error);
}

static gboolean
use_keyring_and_wait (SottoApp *app, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_app_use_keyring_async (app, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  return sotto_app_use_keyring_finish (app, result, error);
}

static gboolean
has_recovery_code (gpointer app)
{
  return sotto_app_get_recovery_code (app) != NULL;
}

/* What a test leaves in the keyring is not for the next one to count. */
static void
forget_secrets (void)
{
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (attributes, (char *) "xdg:schema",
                       (char *) "io.github.sotto_chat.Sotto.History");
  secret_password_clearv_sync (NULL, attributes, NULL, NULL);
}

/* How many secrets the keyring holds for us */
static guint
count_secrets (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SecretService) service = secret_service_get_sync (SECRET_SERVICE_OPEN_SESSION, NULL,
                                                               &error);
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);
  GList *items;
  guint n;

  g_assert_no_error (error);
  g_hash_table_insert (attributes, (char *) "xdg:schema",
                       (char *) "io.github.sotto_chat.Sotto.History");
  items = secret_service_search_sync (service, NULL, attributes, SECRET_SEARCH_ALL, NULL, &error);
  g_assert_no_error (error);
  n = g_list_length (items);
  g_list_free_full (items, g_object_unref);
  return n;
}

static gboolean
has_no_secrets (gpointer unused)
{
  return count_secrets () == 0;
}

static SottoApp *
make_in_keyring (char **code)
{
  SottoApp *app = sotto_app_new (NULL);

  forget_secrets ();
  g_assert_cmpuint (count_secrets (), ==, 0);
  g_assert_true (harness_try_open (app, NULL));
  harness_wait_for (has_recovery_code, app, 20);
  *code = g_strdup (sotto_app_get_recovery_code (app));
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_KEYRING);
  return app;
}

static void
assert_slots (SottoSlotKind kind)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState state;
  guint n = 0;

  g_assert_true (sotto_history_probe (folder, &state, &slots, NULL));
  g_assert_cmpuint (slots->len, ==, 2);
  for (guint i = 0; i < slots->len; i++)
    {
      const SottoHistorySlot *slot = g_ptr_array_index (slots, i);

      n += slot->kind == kind;
    }
  g_assert_cmpuint (n, ==, 1);
}

static void
count (guint *n)
{
  ++*n;
}

/* From the keyring to a passphrase, to another one, and back */
static void
test_there_and_back (void)
{
  g_autofree char *code = NULL;
  g_autoptr (GError) error = NULL;
  SottoApp *app = make_in_keyring (&code);
  guint n_notified = 0;

  g_assert_cmpuint (count_secrets (), ==, 1);
  g_signal_connect_swapped (app, "notify::protection", G_CALLBACK (count), &n_notified);
  g_assert_true (set_passphrase_and_wait (app, "first", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_PASSPHRASE);
  assert_slots (SOTTO_SLOT_PASSPHRASE);
  harness_wait_for (has_no_secrets, NULL, 10);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_NONE);
  g_assert_false (harness_try_open (app, NULL));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_false (harness_unlock (app, "wrong"));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  g_assert_true (harness_unlock (app, "first"));
  g_assert_true (set_passphrase_and_wait (app, "second", &error));
  g_assert_no_error (error);
  assert_slots (SOTTO_SLOT_PASSPHRASE);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_false (harness_try_open (app, NULL));
  g_assert_false (harness_unlock (app, "first"));
  g_assert_true (harness_recover (app, code));
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_PASSPHRASE);
  g_assert_true (use_keyring_and_wait (app, &error));
  g_assert_no_error (error);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_KEYRING);
  assert_slots (SOTTO_SLOT_KEYRING);
  g_assert_cmpuint (count_secrets (), ==, 1);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_true (harness_try_open (app, NULL));
  harness_close (app);
}

/* A key file that cannot be written: the keyring still opens it, and its secret is still there. */
static void
test_failure (void)
{
  g_autofree char *code = NULL;
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  g_autofree char *path = g_build_filename (folder, "history.key", NULL);
  g_autofree char *blocked = g_build_filename (folder, "history.key.aside", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before;
  gsize n_after;
  g_autoptr (GError) error = NULL;
  SottoApp *app = make_in_keyring (&code);

  /* A folder of that name is never replaced by a file, whoever runs this. */
  g_assert_true (g_file_get_contents (path, &before, &n_before, NULL));
  g_assert_cmpint (g_rename (path, blocked), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_false (set_passphrase_and_wait (app, "in vain", &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_assert_cmpint (g_rename (blocked, path), ==, 0);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_KEYRING);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);

  g_assert_false (set_passphrase_and_wait (app, "", &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE);
  harness_run (0.3);
  g_assert_cmpuint (count_secrets (), ==, 1);
  g_assert_true (g_file_get_contents (path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_true (harness_try_open (app, NULL));
  harness_close (app);
}

/* A disk that has room for the key file but not for the database's entry about it: the old key file
 * is put back. */
static void
test_half_failure (void)
{
  g_autofree char *code = NULL;
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "history.key", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before;
  gsize n_after;
  struct rlimit limit;
  struct rlimit tight;
  g_autoptr (GError) error = NULL;
  SottoApp *app = make_in_keyring (&code);

  harness_run (0.2);
  g_assert_true (g_file_get_contents (path, &before, &n_before, NULL));
  g_assert_cmpuint (n_before, <, 4096);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  tight = limit;
  tight.rlim_cur = 4096;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &tight), ==, 0);
  g_assert_false (set_passphrase_and_wait (app, "in vain", &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);

  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_KEYRING);
  harness_run (0.3);
  g_assert_cmpuint (count_secrets (), ==, 1);
  g_assert_true (g_file_get_contents (path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_true (harness_try_open (app, NULL));
  harness_close (app);
}

/* Two at once, a closed history and a temporary one are refused in words. */
static void
test_refused (void)
{
  g_autofree char *code = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  SottoApp *app = sotto_app_new (NULL);

  g_assert_false (set_passphrase_and_wait (app, "early", &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY);
  g_clear_error (&error);
  sotto_app_start_temporary (app);
  while (sotto_app_get_state (app) != SOTTO_APP_STATE_READY)
    harness_run (0.01);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_TEMPORARY);
  g_assert_false (set_passphrase_and_wait (app, "nothing", &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TEMPORARY);
  g_clear_error (&error);
  harness_close (app);

  app = make_in_keyring (&code);
  sotto_app_set_passphrase_async (app, "one", NULL, harness_on_ready, &first);
  g_assert_false (set_passphrase_and_wait (app, "two", &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PROTECTING);
  g_clear_error (&error);
  harness_wait_for (harness_has_result, &first, 20);
  g_assert_true (sotto_app_set_passphrase_finish (app, first, NULL));
  harness_wait_for (has_no_secrets, NULL, 10);
  harness_close (app);

  app = sotto_app_new (NULL);
  g_assert_false (harness_try_open (app, NULL));
  g_assert_true (harness_unlock (app, "one"));
  harness_close (app);
}

/* Where no keyring is, the passphrase stays. */
static void
test_no_keyring (void)
{
  g_autoptr (GError) error = NULL;
  SottoApp *app;

  if (!g_test_subprocess ())
    {
      g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
      g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_setenv ("DBUS_SESSION_BUS_ADDRESS", bus_address, TRUE);
      g_test_trap_assert_passed ();
      return;
    }

  app = harness_open ();
  g_assert_false (use_keyring_and_wait (app, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_KEYRING);
  g_assert_cmpint (sotto_app_get_protection (app), ==, SOTTO_PROTECTION_PASSPHRASE);
  harness_close (app);
  harness_close (harness_open ());
}

int
main (int argc, char **argv)
{
  bus_address = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));
  harness_prepare ();
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", bus_address, TRUE);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/protection/there-and-back", test_there_and_back);
  g_test_add_func ("/app/protection/failure", test_failure);
  g_test_add_func ("/app/protection/half-failure", test_half_failure);
  g_test_add_func ("/app/protection/refused", test_refused);
  g_test_add_func ("/app/protection/no-keyring", test_no_keyring);
  return g_test_run ();
}
