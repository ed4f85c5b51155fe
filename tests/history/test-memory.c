/* A history in memory: the same calls, and no file. */

#include "trees.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Whether the process has a file open for writing that holds something, but what it began with. */
static guint
count_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (link, NULL);

      n += target != NULL && target[0] == '/' && !g_str_has_prefix (target, "/dev/") && !g_str_has_prefix (target, "/proc/");
    }
  return n;
}

static void
test_all_calls (void)
{
  const guint n_files = count_files ();
  SottoStore *store = sotto_store_new_in_memory ();
  g_autofree char *conversation = test_add_conversation (store, "Title");
  g_autofree char *question = test_add_message (store, conversation, NULL, SOTTO_HISTORY_ROLE_USER, "Where is it?");
  g_autofree char *reply = test_begin (store, conversation, question);
  g_autoptr (GPtrArray) path = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GPtrArray) list = NULL;

  sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, "nowhere");
  test_flush (store);
  g_assert_cmpuint (count_files (), ==, n_files);
  test_finish (store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  path = test_load (store, conversation);
  g_assert_cmpuint (path->len, ==, 2);
  test_assert_text (path, 1, "nowhere");
  hits = test_search (store, "nowhere");
  g_assert_cmpuint (hits->len, ==, 1);
  list = test_list (store);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_null (sotto_store_get_folder (store));
  g_assert_cmpuint (count_files (), ==, n_files);
  test_check (store);
  test_close (store);
}

/* Whole conversations go from there into one on the disk, and back, as they are. */
static void
test_trees (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *inside = g_build_filename (folder, "history", NULL);
  SottoStore *memory = sotto_store_new_in_memory ();
  SottoStore *disk = test_create (inside);
  g_autofree char *id = test_tree_make (memory);
  g_autoptr (SottoHistoryTree) before = test_tree_load (memory, id);
  g_autoptr (SottoHistoryTree) after = NULL;
  g_autofree char *added = test_tree_add (disk, before, TRUE);

  g_assert_cmpstr (added, ==, id);
  after = test_tree_load (disk, id);
  test_tree_assert_same (before, after);
  test_check (disk);
  test_close (memory);
  test_close (disk);
  test_remove_folder (folder);
}

/* There is neither key nor file to be kept. */
static void
test_refused (void)
{
  SottoStore *store = sotto_store_new_in_memory ();
  g_autofree char *folder = test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "backup", NULL);
  g_autoptr (SottoUnlock) unlock = test_unlock ("a passphrase");
  g_autoptr (GAsyncResult) backup = NULL;
  g_autoptr (GAsyncResult) slot = NULL;
  g_autoptr (GAsyncResult) code = NULL;
  g_autoptr (GAsyncResult) keyring = NULL;
  g_autoptr (SottoUnlock) in_keyring = sotto_unlock_new_keyring (FALSE);
  g_autoptr (GPtrArray) slots = sotto_store_list_slots (store);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (slots->len, ==, 0);
  sotto_store_backup_async (store, path, NULL, test_ready, &backup);
  g_assert_false (sotto_store_backup_finish (store, test_wait (&backup), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_store_set_slot_async (store, unlock, NULL, test_ready, &slot);
  g_assert_false (sotto_store_set_slot_finish (store, test_wait (&slot), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_store_set_slot_async (store, in_keyring, NULL, test_ready, &keyring);
  g_assert_false (sotto_store_set_slot_finish (store, test_wait (&keyring), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  sotto_store_make_recovery_code_async (store, NULL, test_ready, &code);
  g_assert_null (sotto_store_make_recovery_code_finish (store, test_wait (&code), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);

  /* Nothing began to be written. */
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_clear_object (&backup);
  g_clear_object (&slot);
  g_clear_object (&keyring);
  g_clear_object (&code);
  test_close (store);
}

/* Each is one of its own, and gone with its end. */
static void
test_apart (void)
{
  SottoStore *one = sotto_store_new_in_memory ();
  SottoStore *other = sotto_store_new_in_memory ();
  g_autofree char *conversation = test_add_conversation (one, "One");
  g_autoptr (GPtrArray) list = test_list (other);

  g_assert_cmpuint (list->len, ==, 0);
  /* Dropped, without being closed */
  g_object_unref (one);
  test_close (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/history/memory/all-calls", test_all_calls);
  g_test_add_func ("/history/memory/trees", test_trees);
  g_test_add_func ("/history/memory/refused", test_refused);
  g_test_add_func ("/history/memory/apart", test_apart);
  return g_test_run ();
}
