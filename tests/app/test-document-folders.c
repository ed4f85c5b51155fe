#include "harness-folders.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "document/folder-watch.h"

/* Folders of documents: read, changed, gone, locked, and removed with a way back. What may lie in one is test-folder-files.c. */

#define LIGHTHOUSE "# The lighthouse\n\nThe keeper of Skomvær is called Ingeborg. She winds the clockwork every four hours.\n"
#define HARBOUR "The harbour is closed from November to March, as the ice is too thick for ferries.\n"

static char **
list_unread (SottoDocumentFolder *folder)
{
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GError) error = NULL;
  char **unread;

  sotto_document_folder_list_unread_async (folder, NULL, harness_on_ready, &listed);
  harness_wait_for (harness_has_result, &listed, 20);
  unread = sotto_document_folder_list_unread_finish (folder, listed, &error);
  g_assert_no_error (error);
  return unread;
}

static void
test_read (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("read");
  g_autofree char *inside = NULL;
  SottoDocumentFolder *folder;
  g_autoptr (GPtrArray) parts = NULL;
  const SottoHistoryPart *part;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  harness_write (path, "sea/coast/harbour.txt", HARBOUR);
  harness_write (path, "empty.txt", "");
  harness_write (path, "main.c", "int main (void) { return 0; } /* lighthouse */");
  harness_write (path, ".hidden.md", "hidden lighthouse");
  harness_write (path, ".hidden/keeper.md", "hidden keeper");
  folder = harness_add_folder (app, path);

  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_READY);
  harness_assert_documents (folder, 2, 1);
  g_assert_cmpuint (harness_length (sotto_app_get_folders (app)), ==, 1);
  g_assert_true (g_str_has_prefix (sotto_document_folder_get_name (folder), "read-"));
  g_assert_true (g_str_has_prefix (sotto_document_folder_get_status_text (folder), "2 documents"));
  g_assert_false (sotto_document_folders_is_reading (sotto_app_get_folders (app)));

  parts = harness_find (app, "keeper");
  g_assert_cmpuint (parts->len, ==, 1);
  part = g_ptr_array_index (parts, 0);
  g_assert_cmpint (part->kind, ==, SOTTO_HISTORY_PART_DOCUMENT);
  g_assert_cmpstr (part->name, ==, "lighthouse.md");
  g_assert_nonnull (strstr (part->text, "Ingeborg"));
  g_assert_true (g_str_has_suffix (part->uri, "/lighthouse.md"));
  g_assert_true (harness_finds (app, "harbour", "November"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static void
test_unread (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("unread");
  g_auto (GStrv) unread = NULL;
  g_auto (GStrv) after = NULL;
  SottoDocumentFolder *folder;

  harness_write (path, "empty.txt", "");
  harness_write (path, "sea/nothing.md", "   \n***\n");
  harness_write (path, "good.md", LIGHTHOUSE);
  folder = harness_add_folder (app, path);
  harness_assert_documents (folder, 1, 2);
  g_assert_nonnull (strstr (sotto_document_folder_get_status_text (folder), "2 could not be read"));
  unread = list_unread (folder);
  g_assert_cmpuint (g_strv_length (unread), ==, 4);
  g_assert_cmpstr (unread[0], ==, "empty.txt");
  g_assert_cmpstr (unread[1], ==, "There is no text in it.");
  g_assert_cmpstr (unread[2], ==, "sea/nothing.md");

  /* It changes, and is read. */
  harness_write (path, "empty.txt", HARBOUR);
  harness_look_again (app, folder);
  harness_assert_documents (folder, 2, 1);
  g_assert_true (harness_finds (app, "ferries", "ice"));
  /* And back. */
  harness_write (path, "empty.txt", "");
  harness_look_again (app, folder);
  harness_assert_documents (folder, 1, 2);
  g_assert_false (harness_finds (app, "ferries", "ice"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static int
add_error (SottoApp *app, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoDocumentFolder) folder = harness_try_add (app, path, &error);
  g_autoptr (SottoProblem) problem = NULL;

  g_assert_null (folder);
  g_assert_cmpuint (error->domain, ==, SOTTO_FOLDER_ERROR);
  problem = sotto_problem_new (error);
  g_assert_null (strstr (sotto_problem_get_text (problem), error->message));
  return error->code;
}

static void
test_refused (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("refused");
  g_autofree char *inner = g_build_filename (path, "inner", NULL);
  g_autofree char *innermost = g_build_filename (inner, "most", NULL);
  g_autofree char *file = g_build_filename (path, "a.txt", NULL);
  g_autofree char *link = g_build_filename (path, "link", NULL);
  g_autoptr (GFile) elsewhere = g_file_new_for_uri ("sftp://example.org/documents");
  g_autoptr (GAsyncResult) added = NULL;
  g_autoptr (GError) error = NULL;
  SottoDocumentFolder *folder;

  harness_write (path, "a.txt", "A");
  g_assert_cmpint (g_mkdir_with_parents (innermost, 0700), ==, 0);
  g_assert_cmpint (symlink (inner, link), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (g_get_home_dir (), 0700), ==, 0);

  g_assert_cmpint (add_error (app, "/"), ==, SOTTO_FOLDER_ERROR_TOO_MUCH);
  g_assert_cmpint (add_error (app, g_get_home_dir ()), ==, SOTTO_FOLDER_ERROR_TOO_MUCH);
  g_assert_cmpint (add_error (app, file), ==, SOTTO_FOLDER_ERROR_NOT_FOLDER);
  g_assert_cmpint (add_error (app, "/nonexistent"), ==, SOTTO_FOLDER_ERROR_NOT_FOLDER);
  sotto_document_folders_add_async (sotto_app_get_folders (app), elsewhere, NULL, harness_on_ready, &added);
  harness_wait_for (harness_has_result, &added, 20);
  g_assert_null (sotto_document_folders_add_finish (sotto_app_get_folders (app), added, &error));
  g_assert_error (error, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_ELSEWHERE);

  folder = harness_add_folder (app, inner);
  g_assert_cmpint (add_error (app, inner), ==, SOTTO_FOLDER_ERROR_KNOWN);
  g_assert_cmpint (add_error (app, link), ==, SOTTO_FOLDER_ERROR_KNOWN);
  g_assert_cmpint (add_error (app, innermost), ==, SOTTO_FOLDER_ERROR_INSIDE);
  g_assert_cmpint (add_error (app, path), ==, SOTTO_FOLDER_ERROR_AROUND);
  g_assert_cmpstr (sotto_document_folder_get_status_text (folder), ==, "No documents");

  harness_forget_folder (app, folder);
  harness_close (app);
  g_assert_cmpint (g_unlink (link), ==, 0);
  harness_remove_folder (path);
}

static void
test_changes (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("changes");
  g_autofree char *gone = g_build_filename (path, "harbour.txt", NULL);
  SottoDocumentFolder *folder;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  harness_write (path, "harbour.txt", HARBOUR);
  folder = harness_add_folder (app, path);
  harness_assert_documents (folder, 2, 0);

  harness_write (path, "lighthouse.md", "# The lighthouse\n\nThe keeper of Skomvær is called Sigrid by now.\n");
  harness_write (path, "new/rules.md", "Whoever rings the bell pays for a round.\n");
  g_assert_cmpint (g_unlink (gone), ==, 0);
  harness_look_again (app, folder);

  harness_assert_documents (folder, 2, 0);
  g_assert_true (harness_finds (app, "keeper of Skomvær", "Sigrid"));
  g_assert_false (harness_finds (app, "keeper of Skomvær", "Ingeborg"));
  g_assert_true (harness_finds (app, "who pays a round?", "bell"));
  g_assert_false (harness_finds (app, "harbour", "November"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static gboolean
has_folders (gpointer folders)
{
  return harness_length (folders) > 0;
}

/* What is read is there after a restart, and not read again. */
static void
test_reopened (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("reopened");
  SottoDocumentFolder *folder;
  g_autoptr (SottoDocumentFolder) again = NULL;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  harness_add_folder (app, path);
  harness_close (app);

  app = harness_open ();
  harness_wait_for (has_folders, sotto_app_get_folders (app), 20);
  again = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_folders (app)), 0);
  folder = again;
  g_assert_cmpuint (sotto_document_folder_get_n_documents (folder), ==, 1);
  while (!harness_has_read (folder))
    {
      g_assert_false (harness_is_reading (folder));
      g_main_context_iteration (NULL, TRUE);
    }
  harness_assert_documents (folder, 1, 0);
  g_assert_true (harness_finds (app, "keeper", "Ingeborg"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static void
write_many (const char *path, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u/%u.txt", i / 100, i);
      g_autofree char *text = g_strdup_printf ("Note %u: the ship with the number zx%uq came in.", i, i);

      harness_write (path, name, text);
    }
}

static gboolean
has_some (gpointer folder)
{
  return sotto_document_folder_get_n_documents (folder) >= 20;
}

/* Thousands of files; stopped in the midst, locked in the midst, and gone on with */
static void
test_many (void)
{
  const guint n = 5000;
  SottoApp *app = harness_open ();
  SottoDocumentFolders *folders = sotto_app_get_folders (app);
  g_autofree char *path = harness_create_folder ("many");
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (GError) error = NULL;
  guint n_read;
  gint64 begin;

  write_many (path, n);
  folder = harness_try_add (app, path, &error);
  g_assert_no_error (error);
  harness_wait_for (has_some, folder, 60);
  g_assert_true (sotto_document_folders_is_reading (folders));
  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_READING);
  g_assert_cmpfloat (sotto_document_folder_get_fraction (folder), >, 0);
  sotto_document_folders_stop (folders);
  g_assert_false (sotto_document_folders_is_reading (folders));
  n_read = sotto_document_folder_get_n_documents (folder);
  harness_run (0.3);
  g_assert_cmpuint (sotto_document_folder_get_n_documents (folder), ==, n_read);

  sotto_document_folders_look_again (folders, NULL);
  harness_wait_for (harness_is_reading, folder, 60);
  harness_run (0.3);
  begin = g_get_monotonic_time ();
  harness_close (app);
  g_test_message ("closed in %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  g_clear_object (&folder);

  app = harness_open ();
  folders = sotto_app_get_folders (app);
  harness_wait_for (has_folders, folders, 20);
  folder = g_list_model_get_item (G_LIST_MODEL (folders), 0);
  g_assert_cmpuint (sotto_document_folder_get_n_documents (folder), >=, n_read);
  begin = g_get_monotonic_time ();
  harness_wait_for (harness_has_read, folder, 200);
  g_test_message ("the rest in %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
  harness_assert_documents (folder, n, 0);
  g_assert_true (harness_finds (app, "zx4999q", "Note 4999"));

  begin = g_get_monotonic_time ();
  harness_look_again (app, folder);
  g_test_message ("looked at again in %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begin) / 1000);
  harness_assert_documents (folder, n, 0);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static void
test_missing (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("missing");
  g_autofree char *away = g_strconcat (path, "-away", NULL);
  SottoDocumentFolder *folder;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  folder = harness_add_folder (app, path);
  g_assert_cmpint (g_rename (path, away), ==, 0);
  harness_look_again (app, folder);
  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_MISSING);
  g_assert_null (sotto_document_folder_get_problem (folder));
  harness_assert_documents (folder, 1, 0);
  g_assert_true (harness_finds (app, "keeper", "Ingeborg"));

  g_assert_cmpint (g_rename (away, path), ==, 0);
  harness_look_again (app, folder);
  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_READY);
  harness_assert_documents (folder, 1, 0);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static void
test_removed (void)
{
  SottoApp *app = harness_open ();
  SottoDocumentFolders *folders = sotto_app_get_folders (app);
  g_autofree char *path = harness_create_folder ("removed");
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (SottoDocumentFolder) again = NULL;
  g_autoptr (GError) error = NULL;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  folder = g_object_ref (harness_add_folder (app, path));
  sotto_document_folders_remove (folders, folder);
  g_assert_cmpuint (harness_length (folders), ==, 0);
  g_assert_null (sotto_document_folders_lookup (folders, sotto_document_folder_get_id (folder)));
  sotto_document_folders_undo_remove (folders, folder);
  g_assert_cmpuint (harness_length (folders), ==, 1);
  harness_wait_for (harness_has_read, folder, 20);
  g_assert_true (harness_finds (app, "keeper", "Ingeborg"));

  /* Adding it again is another way back. */
  sotto_document_folders_remove (folders, folder);
  again = harness_try_add (app, path, &error);
  g_assert_no_error (error);
  g_assert_true (again == folder);
  g_clear_object (&again);

  /* Closing makes it final. */
  sotto_document_folders_remove (folders, folder);
  harness_close (app);
  app = harness_open ();
  harness_run (0.3);
  g_assert_cmpuint (harness_length (sotto_app_get_folders (app)), ==, 0);
  harness_close (app);
  harness_remove_folder (path);
}

/* Locked, nobody sees that there are any; unlocked they are as they were. */
static void
test_locked (void)
{
  SottoApp *app = harness_open ();
  SottoDocumentFolders *folders = sotto_app_get_folders (app);
  g_autofree char *path = harness_create_folder ("locked");
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (GAsyncResult) locked = NULL;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GError) error = NULL;

  write_many (path, 200);
  folder = harness_try_add (app, path, &error);
  g_assert_no_error (error);
  harness_wait_for (has_some, folder, 60);
  sotto_app_lock_async (app, harness_on_ready, &locked);
  g_assert_cmpuint (harness_length (folders), ==, 0);
  g_assert_false (sotto_document_folders_is_reading (folders));
  harness_wait_for (harness_has_result, &locked, 20);
  g_assert_true (sotto_app_lock_finish (app, locked));
  g_assert_null (harness_try_add (app, path, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY);
  sotto_document_folder_list_unread_async (folder, NULL, harness_on_ready, &listed);
  harness_wait_for (harness_has_result, &listed, 20);
  g_assert_null (sotto_document_folder_list_unread_finish (folder, listed, NULL));
  g_clear_object (&folder);

  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  harness_wait_for (has_folders, folders, 20);
  folder = g_list_model_get_item (G_LIST_MODEL (folders), 0);
  harness_wait_for (harness_has_read, folder, 60);
  harness_assert_documents (folder, 200, 0);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static gboolean
has_two (gpointer folder)
{
  return sotto_document_folder_get_n_documents (folder) == 2;
}

static void
test_watched (void)
{
  SottoApp *app;
  g_autofree char *path = harness_create_folder ("watched");
  SottoDocumentFolder *folder;

  sotto_folder_watch_set_patience (100, 100);
  app = harness_open ();
  harness_write (path, "sea/lighthouse.md", LIGHTHOUSE);
  folder = harness_add_folder (app, path);
  harness_write (path, "sea/harbour.txt", HARBOUR);
  harness_wait_for (has_two, folder, 30);
  harness_wait_for (harness_has_read, folder, 30);
  g_assert_true (harness_finds (app, "ferries", "ice"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

static void
test_resting (void)
{
  SottoApp *app = harness_open ();
  SottoDocumentFolders *folders = sotto_app_get_folders (app);
  g_autofree char *path = harness_create_folder ("resting");
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (GError) error = NULL;
  guint n_read;

  write_many (path, 300);
  folder = harness_try_add (app, path, &error);
  g_assert_no_error (error);
  harness_wait_for (has_some, folder, 60);
  sotto_document_folders_set_resting (folders, TRUE);
  harness_run (0.3);
  n_read = sotto_document_folder_get_n_documents (folder);
  g_assert_cmpuint (n_read, <, 300);
  harness_run (0.3);
  g_assert_cmpuint (sotto_document_folder_get_n_documents (folder), ==, n_read);
  sotto_document_folders_set_resting (folders, FALSE);
  harness_wait_for (harness_has_read, folder, 60);
  harness_assert_documents (folder, 300, 0);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

/* Documents that change while they are read, and others that come and go */
static void
test_restless (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("restless");
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (GError) error = NULL;

  write_many (path, 400);
  folder = harness_try_add (app, path, &error);
  g_assert_no_error (error);
  for (guint i = 0; !harness_has_read (folder); i++)
    {
      g_autofree char *gone = g_strdup_printf ("%s/%u/%u.txt", path, (399 - i % 200) / 100, 399 - i % 200);
      g_autofree char *changed = g_strdup_printf ("%u/%u.txt", i % 200 / 100, i % 200);

      if (i < 200)
        g_assert_cmpint (g_unlink (gone), ==, 0);
      if (i < 400)
        harness_write (path, changed, "Nothing as it was: zebra.");
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_READY);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *gone = g_strdup_printf ("%s/%u/%u.txt", path, (399 - i) / 100, 399 - i);

      g_unlink (gone);
    }
  harness_look_again (app, folder);
  harness_assert_documents (folder, 200, 0);
  g_assert_false (harness_finds (app, "zx399q", "Note 399"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/document-folders/read", test_read);
  g_test_add_func ("/document-folders/unread", test_unread);
  g_test_add_func ("/document-folders/refused", test_refused);
  g_test_add_func ("/document-folders/changes", test_changes);
  g_test_add_func ("/document-folders/reopened", test_reopened);
  g_test_add_func ("/document-folders/many", test_many);
  g_test_add_func ("/document-folders/missing", test_missing);
  g_test_add_func ("/document-folders/removed", test_removed);
  g_test_add_func ("/document-folders/locked", test_locked);
  g_test_add_func ("/document-folders/resting", test_resting);
  g_test_add_func ("/document-folders/restless", test_restless);
  g_test_add_func ("/document-folders/watched", test_watched);

  return g_test_run ();
}
