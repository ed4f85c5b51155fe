/* The file is taken away from an open history: nothing is written to where nobody would find it again, what is there can be read, and
 * it goes on once the file is back. */

#include "common.h"

#include <glib/gstdio.h>

static gboolean
try_rename (SottoStore *store, const char *conversation, const char *title, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_rename_conversation_async (store, conversation, title, NULL, test_ready, &result);
  return sotto_store_rename_conversation_finish (store, test_wait (&result), error);
}

static void
assert_gone (SottoStore *store, const char *conversation)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (try_rename (store, conversation, "Lost", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_GONE);
}

static void
assert_title (SottoStore *store, const char *title)
{
  g_autoptr (GPtrArray) list = test_list (store);

  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (((SottoHistoryConversation *) g_ptr_array_index (list, 0))->title, ==, title);
}

static void
move (const char *from, const char *to)
{
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

/* The file alone, and its folder; another one in its place */
static void
test_moved (void)
{
  g_autofree char *around = test_make_folder ();
  g_autofree char *folder = g_build_filename (around, "here", NULL);
  g_autofree char *folder_elsewhere = g_build_filename (around, "there", NULL);
  g_autofree char *file = g_build_filename (folder, "history.db", NULL);
  g_autofree char *file_elsewhere = g_build_filename (folder, "moved.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  SottoStore *store;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  store = test_create (folder);
  id = test_add_conversation (store, "Roses");

  move (file, file_elsewhere);
  assert_gone (store, id);
  assert_title (store, "Roses");
  g_assert_true (g_file_set_contents (file, "another one", -1, NULL));
  assert_gone (store, id);
  move (file_elsewhere, file);
  g_assert_true (try_rename (store, id, "Tulips", &error));
  g_assert_no_error (error);

  move (folder, folder_elsewhere);
  assert_gone (store, id);
  assert_title (store, "Tulips");
  move (folder_elsewhere, folder);
  g_assert_true (try_rename (store, id, "Lilies", &error));
  g_assert_no_error (error);
  test_close (store);

  store = test_open (folder);
  assert_title (store, "Lilies");
  test_close (store);
  test_remove_folder (folder);
  g_assert_cmpint (g_rmdir (around), ==, 0);
}

/* What comes of a running reply waits, too. */
static void
test_reply (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "history.db", NULL);
  g_autofree char *elsewhere = g_build_filename (folder, "moved.db", NULL);
  g_autoptr (GAsyncResult) flushed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *prompt = NULL;
  g_autofree char *reply = NULL;
  g_autoptr (GPtrArray) path = NULL;
  SottoStore *store = test_create (folder);

  id = test_add_conversation (store, "Roses");
  prompt = test_add_message (store, id, NULL, SOTTO_HISTORY_ROLE_USER, "How are they?");
  reply = test_begin (store, id, prompt);
  move (file, elsewhere);
  sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, "They are red.");
  sotto_store_flush_async (store, NULL, test_ready, &flushed);
  g_assert_false (sotto_store_flush_finish (store, test_wait (&flushed), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_GONE);
  g_clear_object (&flushed); /* it holds the store */
  move (elsewhere, file);
  test_finish (store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  test_close (store);

  store = test_open (folder);
  path = test_load (store, id);
  test_assert_text (path, 1, "They are red.");
  test_close (store);
  test_remove_folder (folder);
}

/* Deleted for good: what is in it can still be read, for as long as it is open. */
static void
test_deleted (void)
{
  g_autofree char *folder = test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "history.db", NULL);
  g_autofree char *id = NULL;
  SottoStore *store = test_create (folder);

  id = test_add_conversation (store, "Roses");
  g_assert_cmpint (g_remove (file), ==, 0);
  assert_gone (store, id);
  assert_title (store, "Roses");
  test_close (store);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/gone/moved", test_moved);
  g_test_add_func ("/history/gone/reply", test_reply);
  g_test_add_func ("/history/gone/deleted", test_deleted);
  return g_test_run ();
}
