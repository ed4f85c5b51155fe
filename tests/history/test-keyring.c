/* The keyring's slot with a real gnome-keyring, on the private bus of ./with-keyring; and with no
 * service at all. */

#include "common.h"

#include <glib/gstdio.h>
#include <string.h>

#define NAME "org.freedesktop.secrets"
#define COLLECTION "/org/freedesktop/secrets/collection/login"

static GDBusConnection *bus;

static GVariant *
call (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_sync (bus, NAME, path, interface, method, arguments,
                                                  NULL, G_DBUS_CALL_FLAGS_NONE, 5000, NULL,
                                                  &error);

  g_assert_no_error (error);
  return answer;
}

static void
lock (void)
{
  const char *paths[] = { COLLECTION, NULL };

  g_variant_unref (call ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "Lock",
                         g_variant_new ("(^ao)", paths)));
}

/* As a person's password would; gnome-keyring has this for tests such as ours. */
static void
unlock (void)
{
  g_autoptr (GVariant) session = NULL;
  const char *path;

  session = call ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "OpenSession",
                  g_variant_new ("(sv)", "plain", g_variant_new_string ("")));
  g_variant_get_child (session, 1, "&o", &path);
  g_variant_unref (call ("/org/freedesktop/secrets",
                         "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
                         "UnlockWithMasterPassword",
                         g_variant_new ("(o(o@ay@ays))", COLLECTION, path,
                                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0,
                                                                   1),
                                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "test", 4,
                                                                   1),
                                        "text/plain")));
}

/* The items of our schema, whatever their history. */
static GPtrArray *
find_items (void)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GVariant) answer = NULL;
  GVariantBuilder attributes;

  g_variant_builder_init (&attributes, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&attributes, "{ss}", "xdg:schema",
                         "io.github.sotto_chat.Sotto.History");
  answer = call ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "SearchItems",
                 g_variant_new ("(a{ss})", &attributes));
  for (gsize list = 0; list < 2; list++)
    {
      g_autoptr (GVariant) paths = g_variant_get_child_value (answer, list);

      for (gsize i = 0; i < g_variant_n_children (paths); i++)
        {
          g_autoptr (GVariant) path = g_variant_get_child_value (paths, i);

          g_ptr_array_add (items, g_variant_dup_string (path, NULL));
        }
    }
  return items;
}

static void
delete_items (void)
{
  g_autoptr (GPtrArray) items = find_items ();

  for (guint i = 0; i < items->len; i++)
    g_variant_unref (call (g_ptr_array_index (items, i), "org.freedesktop.Secret.Item", "Delete",
                           NULL));
}

static SottoStore *
make (const char *folder, GError **error)
{
  g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (FALSE);
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_create_async (folder, keyring, NULL, test_ready, &result);
  return sotto_store_create_finish (test_wait (&result), error);
}

static SottoStore *
open_with (const char *folder, gboolean interactive, GCancellable *cancellable, GError **error)
{
  g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (interactive);
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_open_async (folder, keyring, cancellable, test_ready, &result);
  return sotto_store_open_finish (test_wait (&result), error);
}

static void
assert_fails (const char *folder, gint code)
{
  g_autofree char *before = test_digest (folder);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (open_with (folder, FALSE, NULL, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, code);
  after = test_digest (folder);
  g_assert_cmpstr (before, ==, after);
}

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_states (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *second = test_make_folder ();
  g_autofree char *conversation = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  SottoHistoryState state;
  SottoStore *store = make (folder, &error);
  guint source;

  g_assert_no_error (error);
  conversation = test_add_conversation (store, "In the keyring");
  test_close (store);
  items = find_items ();
  g_assert_cmpuint (items->len, ==, 1);

  store = open_with (folder, FALSE, NULL, &error);
  g_assert_no_error (error);
  list = test_list (store);
  g_assert_cmpuint (list->len, ==, 1);
  test_close (store);

  /* Locked: said at once if nobody may be asked; if somebody may, it can be given up. */
  lock ();
  assert_fails (folder, SOTTO_HISTORY_ERROR_LOCKED);
  source = g_timeout_add (300, cancel, cancellable);
  g_assert_null (open_with (folder, TRUE, cancellable, &error));
  /* A prompter without a display says no by itself, and often sooner. */
  if (!g_cancellable_is_cancelled (cancellable))
    g_source_remove (source);
  g_assert_true (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
                 g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_DENIED));
  g_clear_error (&error);

  /* Nor can a new one be made, and nothing stays of the attempt. */
  g_assert_null (make (second, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_LOCKED);
  g_clear_error (&error);
  g_assert_true (sotto_history_probe (second, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);

  unlock ();
  store = open_with (folder, FALSE, NULL, &error);
  g_assert_no_error (error);
  test_close (store);

  /* Open, but the secret is gone: not the same as locked, and no reason to make anything. */
  delete_items ();
  assert_fails (folder, SOTTO_HISTORY_ERROR_NO_SECRET);
  test_remove_folder (folder);
  test_remove_folder (second);
}

/* Given up at any moment of it: at once, and what the keyring still has to say harms nobody. */
static void
test_giving_up (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autoptr (GError) error = NULL;
  SottoStore *store = make (folder, &error);
  guint n_given_up = 0;

  g_assert_no_error (error);
  test_close (store);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      const guint source = i > 0 ? g_timeout_add (i / 4, cancel, cancellable) : 0;

      if (i == 0)
        g_cancellable_cancel (cancellable);
      store = open_with (folder, i % 2 == 0, cancellable, &error);
      if (source != 0 && !g_cancellable_is_cancelled (cancellable))
        g_source_remove (source);
      if (store != NULL)
        {
          test_close (store);
          continue;
        }
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      n_given_up++;
    }
  g_assert_cmpuint (n_given_up, >, 0);

  store = open_with (folder, FALSE, NULL, &error);
  g_assert_no_error (error);
  test_close (store);
  delete_items ();
  test_remove_folder (folder);
}

static void
test_moving (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (FALSE);
  GAsyncResult *results[3] = { NULL };
  g_autoptr (GPtrArray) slots = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *store = test_create (folder);
  SottoHistorySlot *slot;

  /* From the passphrase into the keyring, and once more: one item, two slots. */
  for (guint i = 0; i < 2; i++)
    {
      sotto_store_set_slot_async (store, keyring, NULL, test_ready, &results[i]);
      g_assert_true (sotto_store_set_slot_finish (store, test_wait (&results[i]), &error));
      g_assert_no_error (error);
    }
  slots = sotto_store_list_slots (store);
  g_assert_cmpuint (slots->len, ==, 2);
  slot = g_ptr_array_index (slots, 0);
  g_assert_cmpint (slot->kind, ==, SOTTO_SLOT_PASSPHRASE);

  /* The passphrase may go now. */
  sotto_store_remove_slot_async (store, slot->id, NULL, test_ready, &results[2]);
  g_assert_true (sotto_store_remove_slot_finish (store, test_wait (&results[2]), &error));
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_clear_object (&results[i]);
  test_close (store);
  g_assert_null (test_try_open (folder, "correct horse", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_SLOT);
  g_clear_error (&error);
  store = open_with (folder, FALSE, NULL, &error);
  g_assert_no_error (error);
  test_close (store);

  /* The old item is forgotten, in its own time. */
  for (guint i = 0; i < 100; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_clear_pointer (&items, g_ptr_array_unref);
      items = find_items ();
      if (items->len == 1)
        break;
      g_usleep (20000);
    }
  g_assert_cmpuint (items->len, ==, 1);
  delete_items ();
  test_remove_folder (folder);
}

/* No bus and no service: an error at once, for opening and for making. */
static void
test_no_service (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *second = test_make_folder ();
  SottoStore *store;
  g_autoptr (GError) error = NULL;
  SottoHistoryState state;

  if (!g_test_subprocess ())
    {
      store = make (folder, &error);
      g_assert_no_error (error);
      test_close (store);
      g_setenv ("SOTTO_TEST_FOLDER", folder, TRUE);
      g_setenv ("SOTTO_TEST_BUS", g_getenv ("DBUS_SESSION_BUS_ADDRESS"), TRUE);
      g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
      g_test_trap_subprocess (NULL, 10 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_setenv ("DBUS_SESSION_BUS_ADDRESS", g_getenv ("SOTTO_TEST_BUS"), TRUE);
      g_test_trap_assert_passed ();
      delete_items ();
    }
  else
    {
      assert_fails (g_getenv ("SOTTO_TEST_FOLDER"), SOTTO_HISTORY_ERROR_NO_KEYRING);
      g_assert_null (make (second, &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_KEYRING);
      g_assert_nonnull (sotto_history_error_get_arguments (error)->subject);
      g_assert_true (sotto_history_probe (second, &state, NULL, NULL));
      g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
    }
  test_remove_folder (folder);
  test_remove_folder (second);
}

static void
wait_for_service (void)
{
  for (guint i = 0; i < 250; i++)
    {
      g_autoptr (GVariant) answer =
        g_dbus_connection_call_sync (bus, NAME, COLLECTION, "org.freedesktop.DBus.Properties",
                                     "GetAll",
                                     g_variant_new ("(s)", "org.freedesktop.Secret.Collection"),
                                     NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, 1000, NULL, NULL);

      if (answer != NULL)
        return;
      g_usleep (20000);
    }
  g_error ("gnome-keyring did not come up");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;

      bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
      g_assert_no_error (error);
      wait_for_service ();
    }
  g_test_add_func ("/history/keyring/states", test_states);
  g_test_add_func ("/history/keyring/giving-up", test_giving_up);
  g_test_add_func ("/history/keyring/moving", test_moving);
  g_test_add_func ("/history/keyring/no-service", test_no_service);
  return g_test_run ();
}
