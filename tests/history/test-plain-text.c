/* Nothing of a history stands in plain text on the disk: home, data, cache, runtime and temporary
 * folders are this test's own, and all of them are searched, while it works and after. */

#include "folders.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static char *root;

/* Each thing a person might type or get has a mark of its own. */
static const char *const marks[] = {
  "mark-title-aardvark", "mark-renamed-badger", "mark-question-caribou", "mark-draft-dormouse",
  "mark-stream-echidna", "mark-receipt-ferret", "mark-file-gopher", "mark-bytes-hamster",
  "mark-search-ibis", "mark-model-jackal", "mark-newdraft-koala", "mark-folder-lemur",
  "mark-path-meerkat", "mark-passage-narwhal", "mark-asked-ocelot", "mark-attached-puffin",
  "mark-attachment-quokka", "mark-sealed-raccoon", "mark-sealed-stoat", "correct horse",
};

static guint
search_file (const char *path)
{
  g_autofree char *bytes = NULL;
  gsize size;
  guint found = 0;

  if (!g_file_get_contents (path, &bytes, &size, NULL))
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autofree gunichar2 *wide = g_utf8_to_utf16 (marks[i], -1, NULL, NULL, NULL);
      gsize length = strlen (marks[i]);

      /* Without the first letters too, should a page end there; and in UTF-16. */
      if (memmem (bytes, size, marks[i] + 5, length - 5) != NULL ||
          memmem (bytes, size, wide, length * 2) != NULL)
        {
          g_test_message ("\"%s\" stands in %s", marks[i], path);
          found++;
        }
    }
  if (strstr (path, "history.db") != NULL && !g_str_has_suffix (path, ".lock"))
    found += memmem (bytes, size, "SQLite format 3", 15) != NULL;
  return found;
}

static guint
search_folder (const char *folder, guint *n_files)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint found = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
        found += strstr (name, marks[i]) != NULL;
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        found += search_folder (path, n_files);
      else
        {
          found += search_file (path);
          ++*n_files;
        }
    }
  return found;
}

static void
assert_nothing (void)
{
  guint n_files = 0;

  g_assert_cmpuint (search_folder (root, &n_files), ==, 0);
  g_assert_cmpuint (n_files, >=, 3);
}

static void
add_file (SottoStore *store, const char *conversation)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text ("");
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT,
                                                   "mark-question-caribou");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *id = NULL;

  part->name = g_strdup ("mark-file-gopher");
  part->media_type = g_strdup ("text/plain");
  part->data = g_bytes_new_static ("mark-bytes-hamster", strlen ("mark-bytes-hamster"));
  g_ptr_array_add (parts, part);
  sotto_store_add_message_async (store, conversation, NULL, NULL, SOTTO_HISTORY_ROLE_USER, parts,
                                 FALSE, NULL, test_ready, &result);
  id = sotto_store_add_message_finish (store, test_wait (&result), NULL);
  g_assert_nonnull (id);
}

static void
set_draft (SottoStore *store, const char *conversation, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_set_draft_async (store, conversation, text, NULL, test_ready, &result);
  g_assert_true (sotto_store_set_draft_finish (store, test_wait (&result), NULL));
}

static void
attach (SottoStore *store, const char *conversation)
{
  g_autoptr (SottoHistoryPart) part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, "mark-attached-puffin");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *id = sotto_history_new_id ();

  part->name = g_strdup ("mark-attachment-quokka");
  part->media_type = g_strdup ("text/plain");
  sotto_store_add_draft_document_async (store, conversation, id, part, NULL, test_ready, &result);
  g_assert_true (sotto_store_add_draft_document_finish (store, test_wait (&result), NULL));
}

/* Read, found, put in the place of itself, and removed */
static void
use_folder (SottoStore *store, const char *conversation)
{
  g_autofree char *folder = test_add_folder (store, "file:///mark-folder-lemur");
  g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  g_autoptr (GPtrArray) found = NULL;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("mark-passage-narwhal%u and %u", i, i * 7);

      g_ptr_array_add (passages, sotto_history_passage_new (text, i, i));
    }
  test_put_array (store, folder, "mark-path-meerkat", passages);
  assert_nothing ();
  test_ask_folders (store, conversation, (const char *[]) { folder, NULL });
  found = test_find (store, folder, "mark-asked-ocelot narwhal17");
  g_assert_cmpuint (found->len, >, 0);
  test_put_array (store, folder, "mark-path-meerkat", passages);
  assert_nothing ();
  test_wait_until_erased (store);
  assert_nothing ();
  test_check (store);
  test_forget_folder (store, folder);
  test_wait_until_erased (store);
  assert_nothing ();
}

/* Written, put in the place of itself, left unfinished */
static void
seal (SottoStore *store, const char *conversation)
{
  g_autoptr (SottoSealed) sealed = sotto_store_ref_sealed (store);
  g_autoptr (GString) text = g_string_new (NULL);

  while (text->len < 300000)
    g_string_append (text, "mark-sealed-raccoon ");
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SottoSealedFile) file = sotto_sealed_create (sealed, conversation, "mark-sealed-stoat", text->len, NULL);

      g_assert_true (sotto_sealed_file_write (file, text->str, text->len, NULL));
      assert_nothing ();
      if (i < 2)
        g_assert_true (sotto_sealed_file_finish (file, NULL));
      assert_nothing ();
    }
  g_assert_cmpuint (sotto_sealed_measure (sealed), >, 300000);
}

static void
test_whole_life (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  g_autofree char *backup = g_build_filename (g_get_home_dir (), "backup", NULL);
  SottoStore *store = test_create (folder);
  g_autoptr (SottoHistoryModel) model = sotto_history_model_new ("/mark-model-jackal", NULL, NULL);
  g_autofree char *conversation = test_add_conversation (store, "mark-title-aardvark");
  g_autofree char *question = test_add_message (store, conversation, NULL, 2,
                                                "mark-question-caribou");
  g_autofree char *reply = test_begin (store, conversation, question);
  GAsyncResult *results[7] = { NULL };
  g_autoptr (GPtrArray) hits = NULL;
  guint n;

  assert_nothing ();
  sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, "mark-stream-echidna");
  test_flush (store);
  assert_nothing ();
  sotto_store_finish_reply_async (store, reply, SOTTO_HISTORY_STATUS_COMPLETE,
                                  "{\"x\":\"mark-receipt-ferret\"}", NULL, test_ready,
                                  &results[0]);
  g_assert_true (sotto_store_finish_reply_finish (store, test_wait (&results[0]), NULL));
  set_draft (store, conversation, "mark-draft-dormouse");
  set_draft (store, NULL, "mark-newdraft-koala");
  attach (store, conversation);
  attach (store, NULL);
  seal (store, conversation);
  add_file (store, conversation);
  sotto_store_set_model_async (store, conversation, model, NULL, test_ready, &results[1]);
  g_assert_true (sotto_store_set_model_finish (store, test_wait (&results[1]), NULL));
  sotto_store_rename_conversation_async (store, conversation, "mark-renamed-badger", NULL,
                                         test_ready, &results[2]);
  g_assert_true (sotto_store_rename_conversation_finish (store, test_wait (&results[2]), NULL));
  hits = test_search (store, "mark-search-ibis");
  assert_nothing ();

  /* A big text makes the index and sorts spill, if they can. */
  for (guint i = 0; i < 30; i++)
    {
      GString *text = g_string_new (NULL);
      g_autofree char *id = NULL;

      for (guint w = 0; w < 2000; w++)
        g_string_append_printf (text, "mark-question-caribou%u ", w * 31 + i);
      id = test_add_message (store, conversation, NULL, 2, text->str);
      g_string_free (text, TRUE);
    }
  g_clear_pointer (&hits, g_ptr_array_unref);
  hits = test_search (store, "caribou");
  g_assert_cmpuint (hits->len, >, 20);
  assert_nothing ();

  use_folder (store, conversation);
  sotto_store_backup_async (store, backup, NULL, test_ready, &results[3]);
  g_assert_true (sotto_store_backup_finish (store, test_wait (&results[3]), NULL));
  assert_nothing ();
  test_check (store);
  sotto_store_delete_conversation_async (store, conversation, NULL, test_ready, &results[4]);
  g_assert_true (sotto_store_delete_conversation_finish (store, test_wait (&results[4]), NULL));
  sotto_store_purge_async (store, NULL, NULL, test_ready, &results[5]);
  g_assert_true (sotto_store_purge_finish (store, test_wait (&results[5]), &n, NULL));
  assert_nothing ();
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_clear_object (&results[i]);
  test_close (store);
  assert_nothing ();
}

/* Killed while it streams: the log that stays behind is no plain text either. */
static void
test_killed (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "killed", NULL);
  g_autofree char *log = g_build_filename (folder, "history.db-wal", NULL);

  if (g_test_subprocess ())
    {
      SottoStore *store = test_create (folder);
      g_autofree char *conversation = test_add_conversation (store, "mark-title-aardvark");
      g_autofree char *reply = test_begin (store, conversation, NULL);

      for (guint i = 0; i < 50; i++)
        sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, "mark-stream-echidna ");
      test_flush (store);
      raise (SIGKILL);
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  assert_nothing ();
}

/* The search itself finds what stands there. */
static void
test_the_search_itself (void)
{
  g_autofree char *path = g_build_filename (root, "leak", NULL);
  guint n_files = 0;

  g_assert_true (g_file_set_contents (path, "..mark-question-caribou..", -1, NULL));
  g_assert_cmpuint (search_folder (root, &n_files), ==, 1);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  static const char *const variables[] = {
    "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR", "TMPDIR", "SQLITE_TMPDIR",
  };
  const char *given = g_getenv ("SOTTO_TEST_ROOT");
  int status;

  root = given != NULL ? g_strdup (given) : test_make_folder ();
  g_setenv ("SOTTO_TEST_ROOT", root, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      g_autofree char *folder = g_build_filename (root, variables[i], NULL);

      g_mkdir_with_parents (folder, 0700);
      g_setenv (variables[i], folder, TRUE);
    }

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/plain-text/the-search-itself", test_the_search_itself);
  g_test_add_func ("/history/plain-text/whole-life", test_whole_life);
  g_test_add_func ("/history/plain-text/killed", test_killed);
  status = g_test_run ();
  if (given == NULL)
    test_remove_folder (root);
  g_free (root);
  return status;
}
