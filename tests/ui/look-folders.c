#include "look-folders.h"

#include "harness.h"

#include <glib/gstdio.h>
#include <sotto-history.h>

#include "composer/folder-picker.h"
#include "conversation/conversation-page.h"
#include "conversation/message-private.h"
#include "conversation/sources-view.h"
#include "document/document-folder-private.h"
#include "look-meaning.h"

/* What a person sees of folders is what the application says of them: the folders are there, and their states planted. */

static const char *const names[] = { "Contracts", "Minutes of the meetings of the sailing club, 1987 to 2026", "Recipes", "Theses" };

/* --- Folders --- */

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

  call->folder = sotto_document_folders_add_finish (SOTTO_DOCUMENT_FOLDERS (source), result, NULL);
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

static SottoDocumentFolder *
add_folder (Look       *look,
            const char *place,
            const char *name)
{
  g_autofree char *path = g_build_filename (place, name, NULL);
  g_autofree char *document = g_build_filename (path, "report.md", NULL);
  g_autofree char *empty = g_build_filename (path, "an empty page.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  Call call = { NULL };

  g_mkdir_with_parents (path, 0755);
  g_assert_true (g_file_set_contents (document, "# A report\n\nNothing of note has happened.", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", -1, NULL));
  sotto_document_folders_add_async (sotto_app_get_folders (look->app), file, NULL, on_added, &call);
  harness_wait_for (is_done, &call, 20);
  g_assert_nonnull (call.folder);
  harness_wait_for (has_read, call.folder, 60);

  return call.folder;
}

/* In sight at once: read, being read, not there, and such that one may not look into it */
static void
plant_states (SottoDocumentFolder **folders)
{
  g_autoptr (GError) error = g_error_new_literal (SOTTO_FOLDER_ERROR, SOTTO_FOLDER_ERROR_UNREADABLE, "no");

  sotto_document_folder_set_counts (folders[1], 4, 0);
  sotto_document_folder_set_state (folders[1], SOTTO_FOLDER_STATE_READING);
  sotto_document_folder_set_progress (folders[1], "a report on the keeping of the boats in winter.pdf", 5, 40);
  sotto_document_folder_set_state (folders[2], SOTTO_FOLDER_STATE_MISSING);
  sotto_document_folder_set_error (folders[3], error);
}

static void
remove_files (const char *place)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (place, names[i], NULL);
      g_autofree char *document = g_build_filename (path, "report.md", NULL);
      g_autofree char *empty = g_build_filename (path, "an empty page.txt", NULL);

      g_unlink (document);
      g_unlink (empty);
      g_rmdir (path);
    }
  g_rmdir (place);
}

/* --- Sources --- */

static void
add_passage (GPtrArray  *parts,
             const char *name,
             const char *text,
             guint       page)
{
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, text);

  part->name = g_strdup (name);
  part->uri = g_strdup ("file:///nowhere/at/all");
  part->first_page = part->last_page = page;
  g_ptr_array_add (parts, part);
}

static void
plant_sources (SottoMessage *reply)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  SottoSources *sources;

  add_passage (parts, "A report on lighthouses and those who keep them, 1873.pdf",
               "The keeper trims the lamp every four hours, and writes down in the book when it was.\n\n"
               "Nobody else may touch it. Ships are to be counted as they pass, and those that come too near are to be warned "
               "by the bell.", 3);
  add_passage (parts, "notes.md", "Split at white space.", 0);
  add_passage (parts, "contract.odt", "Each party may end this contract within four weeks.", 12);
  add_passage (parts, "minutes.docx", "The words were counted, and counted again.", 1);
  add_passage (parts, "minutes.docx", "There were as many as before.", 2);
  sources = sotto_sources_new_from_parts (parts);
  g_assert_nonnull (sources);
  sotto_message_set_sources (reply, sources);
  sotto_sources_unref (sources);
}

/* --- Looking --- */

static void
close_picker (Look *look)
{
  GtkWidget *picker = harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_FOLDER_PICKER);

  gtk_menu_button_popdown (GTK_MENU_BUTTON (harness_find (picker, GTK_TYPE_MENU_BUTTON)));
  harness_rest (GTK_WIDGET (look->window), 1);
}

static void
look_at_dialog (Look       *look,
                const char *page)
{
  GtkWidget *dialog;
  GtkWidget *list;

  look_activate (look, "win.folders");
  look_shoot (look, "42-folders");
  dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (look->window)));
  list = harness_find (dialog, GTK_TYPE_LIST_BOX);
  g_signal_emit_by_name (list, "row-activated", gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 0));
  harness_run (0.5);
  look_shoot (look, page);
  look_close_dialog (look);
}

static gboolean
has_sources (gpointer window)
{
  return harness_find (window, SOTTO_TYPE_SOURCES_VIEW) != NULL;
}

/* However long what a model has written behind @reply is */
static void
look_at_sources (Look         *look,
                 SottoMessage *reply)
{
  GtkWidget *page = harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_CONVERSATION_PAGE);
  GtkWidget *view;
  GtkWidget *chip;

  sotto_conversation_page_scroll_to_message (SOTTO_CONVERSATION_PAGE (page), sotto_message_get_id (reply), NULL);
  harness_wait_for (has_sources, look->window, 20);
  view = harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_SOURCES_VIEW);
  look_shoot (look, "44-sources");
  if (harness_find (view, GTK_TYPE_MENU_BUTTON) == NULL)
    {
      g_signal_emit_by_name (harness_find (view, GTK_TYPE_BUTTON), "clicked");
      look_shoot (look, "45-sources-open");
    }
  chip = harness_find (view, GTK_TYPE_MENU_BUTTON);
  g_assert_nonnull (chip);
  gtk_menu_button_popup (GTK_MENU_BUTTON (chip));
  look_shoot (look, "46-source");
  gtk_menu_button_popdown (GTK_MENU_BUTTON (chip));
  harness_rest (GTK_WIDGET (look->window), 1);
}

void
look_at_folders (Look              *look,
                 SottoConversation *conversation)
{
  g_autofree char *place = g_dir_make_tmp ("sotto-folders-XXXXXX", NULL);
  g_autoptr (SottoMessage) reply = g_list_model_get_item (G_LIST_MODEL (conversation), 1);
  SottoDocumentFolder *folders[G_N_ELEMENTS (names)];

  look_activate (look, "win.folders");
  look_shoot (look, "40-no-folders");
  look_close_dialog (look);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    folders[i] = add_folder (look, place, names[i]);
  plant_states (folders);
  sotto_conversation_set_asks_folder (conversation, folders[0], TRUE);
  sotto_conversation_set_asks_folder (conversation, folders[2], TRUE);
  look_activate (look, "win.choose-folders");
  look_shoot (look, "41-asked-folders");
  close_picker (look);
  look_at_dialog (look, "43-folder");
  look_at_meaning (look);
  plant_sources (reply);
  look_at_sources (look, reply);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      sotto_document_folders_remove (sotto_app_get_folders (look->app), folders[i]);
      sotto_document_folders_forget (sotto_app_get_folders (look->app), folders[i]);
      g_object_unref (folders[i]);
    }
  remove_files (place);
}
