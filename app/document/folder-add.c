#include "document/document-folders-private.h"

#include <string.h>
#include <unistd.h>

#include "document/document-folder-private.h"

/* Adding a folder: where it really is, and whether it may be. Home and what holds it are too much by far: documents lie there
 * among everything else, and what a person asks of them would be found in thousands of things that they never meant. */

static char *
find_home (void)
{
  char *real = realpath (g_get_home_dir (), NULL);
  char *home = g_strdup (real != NULL ? real : g_get_home_dir ());

  free (real);
  return home;
}

/* Whether @inner lies in @outer, or is it */
static gboolean
contains (const char *outer, const char *inner)
{
  const gsize length = strlen (outer);

  return g_str_equal (outer, "/")
         || (strncmp (inner, outer, length) == 0 && (inner[length] == '/' || inner[length] == '\0'));
}

/* In a thread: where it is, without links. Returns a path */
static void
look_at (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const char *path = g_file_peek_path (data);
  char *real = path != NULL && g_file_is_native (data) ? realpath (path, NULL) : NULL;
  g_autofree char *found = g_strdup (real);
  g_autofree char *home = find_home ();

  free (real);
  if (path == NULL || !g_file_is_native (data))
    g_task_return_new_error_literal (task, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_ELSEWHERE, "Not on this computer");
  else if (found == NULL || !g_file_test (found, G_FILE_TEST_IS_DIR))
    g_task_return_new_error (task, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_NOT_FOLDER, "%s is not a folder", path);
  else if (contains (found, home))
    g_task_return_new_error (task, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_TOO_MUCH, "%s holds too much", found);
  else if (access (found, R_OK | X_OK) != 0)
    g_task_return_new_error (task, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_UNREADABLE, "%s cannot be read", found);
  else
    g_task_return_pointer (task, g_steal_pointer (&found), g_free);
}

static gboolean
check_others (SottoDocumentFolders *self, const char *path, GError **error)
{
  for (guint i = 0; i < self->folders->len; i++)
    {
      const char *other = g_file_peek_path (sotto_document_folder_get_file (g_ptr_array_index (self->folders, i)));
      SottoFolderError code;

      if (other == NULL)
        continue;
      if (g_str_equal (other, path))
        code = SOTTO_FOLDER_ERROR_KNOWN;
      else if (contains (other, path))
        code = SOTTO_FOLDER_ERROR_INSIDE;
      else if (contains (path, other))
        code = SOTTO_FOLDER_ERROR_AROUND;
      else
        continue;
      g_set_error (error, SOTTO_FOLDER_ERROR, code, "%s is there already", other);
      return FALSE;
    }
  if (self->folders->len < SOTTO_FOLDERS_MOST)
    return TRUE;
  g_set_error_literal (error, SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_TOO_MANY, "Too many folders");
  return FALSE;
}

/* One that was removed a moment ago comes back as it was. */
static SottoDocumentFolder *
find_removed (SottoDocumentFolders *self, const char *path)
{
  for (guint i = 0; i < self->removed->len; i++)
    if (g_strcmp0 (g_file_peek_path (sotto_document_folder_get_file (g_ptr_array_index (self->removed, i))), path) == 0)
      return g_ptr_array_index (self->removed, i);
  return NULL;
}

static gboolean
check_open (SottoDocumentFolders *self, GError **error)
{
  if (self->store != NULL)
    return TRUE;
  g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_READY, "The history is not open");
  return FALSE;
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocumentFolders *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autofree char *id = sotto_store_add_folder_finish (SOTTO_STORE (source), result, &error);
  g_autoptr (SottoDocumentFolder) folder = NULL;

  if (id == NULL || !check_open (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  /* Who asks twice gets the same. */
  if (sotto_document_folders_lookup (self, id) != NULL)
    {
      g_task_return_pointer (task, g_object_ref (sotto_document_folders_lookup (self, id)), g_object_unref);
      return;
    }
  folder = sotto_document_folder_new (id, g_task_get_task_data (task));
  sotto_document_folders_insert (self, folder);
  g_task_return_pointer (task, g_steal_pointer (&folder), g_object_unref);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocumentFolders *self = SOTTO_DOCUMENT_FOLDERS (source);
  GError *error = NULL;
  g_autofree char *path = g_task_propagate_pointer (G_TASK (result), &error);
  SottoDocumentFolder *removed;
  g_autofree char *uri = NULL;

  if (path == NULL || !check_open (self, &error) || !check_others (self, path, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  removed = find_removed (self, path);
  if (removed != NULL)
    {
      g_object_ref (removed);
      sotto_document_folders_undo_remove (self, removed);
      g_task_return_pointer (task, removed, g_object_unref);
      return;
    }
  g_task_set_task_data (task, g_file_new_for_path (path), g_object_unref);
  uri = g_file_get_uri (g_task_get_task_data (task));
  sotto_store_add_folder_async (self->store, uri, g_task_get_cancellable (task), on_added, g_object_ref (task));
}

void
sotto_document_folders_add_async (SottoDocumentFolders *self,
                                  GFile                *folder,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) looking = NULL;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_DOCUMENT_FOLDERS (self));
  g_return_if_fail (G_IS_FILE (folder));

  task = g_task_new (self, cancellable, callback, user_data);
  if (!check_open (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  looking = g_task_new (self, cancellable, on_looked, g_steal_pointer (&task));
  g_task_set_task_data (looking, g_object_ref (folder), g_object_unref);
  g_task_run_in_thread (looking, look_at);
}

SottoDocumentFolder *
sotto_document_folders_add_finish (SottoDocumentFolders *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
