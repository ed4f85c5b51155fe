#include "place.h"

#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>

static char *place;

static void
write_file (const char *name,
            const char *text,
            gsize       length)
{
  g_autofree char *path = g_build_filename (place, name, NULL);

  g_assert_true (g_file_set_contents (path, text, length, NULL));
}

void
place_create (void)
{
  static const char report[] = "# Lighthouses\n\nThe keeper trims the lamp every four hours.\n";

  place = g_dir_make_tmp ("Lighthouses-XXXXXX", NULL);
  write_file ("report.md", report, strlen (report));
  write_file ("broken.txt", "\0\1\2", 3);
}

void
place_remove (void)
{
  static const char *const names[] = { "report.md", "broken.txt" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (place, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (place);
  g_clear_pointer (&place, g_free);
}

typedef struct {
  SottoDocumentFolder *folder;
  gboolean is_done;
} Call;

static void
on_added (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;

  call->folder = sotto_document_folders_add_finish (SOTTO_DOCUMENT_FOLDERS (source), result, &error);
  g_assert_no_error (error);
  call->is_done = TRUE;
}

static gboolean
is_done (gpointer call)
{
  return ((Call *) call)->is_done;
}

static gboolean
has_read (gpointer folder)
{
  return sotto_document_folder_get_state (folder) == SOTTO_FOLDER_STATE_READY;
}

SottoDocumentFolder *
place_add (SottoApp *app)
{
  g_autoptr (GFile) file = g_file_new_for_path (place);
  Call call = { NULL };

  sotto_document_folders_add_async (sotto_app_get_folders (app), file, NULL, on_added, &call);
  harness_wait_for (is_done, &call, 20);
  harness_wait_for (has_read, call.folder, 60);

  return call.folder;
}
