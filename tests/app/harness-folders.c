#include "harness-folders.h"

#include <glib/gstdio.h>
#include <string.h>

char *
harness_create_folder (const char *name)
{
  g_autofree char *top = g_build_filename (g_get_user_data_dir (), "documents", NULL);
  g_autofree char *pattern = g_strdup_printf ("%s-XXXXXX", name);
  g_autofree char *path = g_build_filename (top, pattern, NULL);

  g_assert_cmpint (g_mkdir_with_parents (top, 0700), ==, 0);
  g_assert_nonnull (g_mkdtemp (path));
  return g_steal_pointer (&path);
}

void
harness_remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      if (g_file_test (inside, G_FILE_TEST_IS_DIR) && !g_file_test (inside, G_FILE_TEST_IS_SYMLINK))
        harness_remove_folder (inside);
      else
        g_assert_cmpint (g_remove (inside), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

void
harness_write (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

gboolean
harness_has_read (gpointer folder)
{
  const SottoFolderState state = sotto_document_folder_get_state (folder);

  return state == SOTTO_FOLDER_STATE_READY || state == SOTTO_FOLDER_STATE_MISSING || state == SOTTO_FOLDER_STATE_FAILED;
}

gboolean
harness_is_reading (gpointer folder)
{
  return sotto_document_folder_get_state (folder) == SOTTO_FOLDER_STATE_READING;
}

SottoDocumentFolder *
harness_try_add (SottoApp *app, const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) added = NULL;

  sotto_document_folders_add_async (sotto_app_get_folders (app), file, NULL, harness_on_ready, &added);
  harness_wait_for (harness_has_result, &added, 20);
  return sotto_document_folders_add_finish (sotto_app_get_folders (app), added, error);
}

SottoDocumentFolder *
harness_add_folder (SottoApp *app, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoDocumentFolder) folder = harness_try_add (app, path, &error);

  g_assert_no_error (error);
  harness_wait_for (harness_has_read, folder, 120);
  return folder;
}

void
harness_look_again (SottoApp *app, SottoDocumentFolder *folder)
{
  sotto_document_folders_look_again (sotto_app_get_folders (app), folder);
  g_assert_false (harness_has_read (folder));
  harness_wait_for (harness_has_read, folder, 120);
}

GPtrArray *
harness_find (SottoApp *app, const char *question)
{
  SottoDocumentFolders *folders = sotto_app_get_folders (app);
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GAsyncResult) found = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *parts;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (folders)); i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (G_LIST_MODEL (folders), i);

      g_ptr_array_add (ids, (gpointer) sotto_document_folder_get_id (folder));
    }
  g_ptr_array_add (ids, NULL);
  sotto_document_folders_find_async (folders, (const char *const *) ids->pdata, question, NULL, 6, 5000, harness_on_ready,
                                     &found);
  harness_wait_for (harness_has_result, &found, 20);
  parts = sotto_document_folders_find_finish (folders, found, &error);
  g_assert_no_error (error);
  return parts;
}

gboolean
harness_finds (SottoApp *app, const char *question, const char *text)
{
  g_autoptr (GPtrArray) parts = harness_find (app, question);

  for (guint i = 0; i < parts->len; i++)
    if (strstr (((const SottoHistoryPart *) g_ptr_array_index (parts, i))->text, text) != NULL)
      return TRUE;
  return FALSE;
}

void
harness_assert_documents (SottoDocumentFolder *folder, guint n_documents, guint n_unread)
{
  g_assert_cmpuint (sotto_document_folder_get_n_documents (folder), ==, n_documents);
  g_assert_cmpuint (sotto_document_folder_get_n_unread (folder), ==, n_unread);
}

void
harness_forget_folder (SottoApp *app, SottoDocumentFolder *folder)
{
  g_autoptr (SottoDocumentFolder) kept = g_object_ref (folder);

  sotto_document_folders_remove (sotto_app_get_folders (app), kept);
  sotto_document_folders_forget (sotto_app_get_folders (app), kept);
}
