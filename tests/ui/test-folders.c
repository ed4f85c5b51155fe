/* Folders of documents: added, looked at, removed with a way back, and chosen for a conversation. */
#include "life.h"

#include <string.h>

#include "composer/folder-picker.h"
#include "folder/folder-row.h"
#include "place.h"

static guint
count_folders (SottoApp *app)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_folders (app)));
}

static gboolean
says (GtkWidget  *from,
      const char *text)
{
  if (!gtk_widget_get_mapped (from))
    return FALSE;
  if (GTK_IS_LABEL (from) && strstr (gtk_label_get_text (GTK_LABEL (from)), text) != NULL)
    return TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (says (child, text))
      return TRUE;

  return FALSE;
}

static GtkWidget *
get_dialog (GtkWindow *window)
{
  return GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
}

/* --- The dialog --- */

static gboolean
says_why (gpointer dialog)
{
  return says (dialog, "broken.txt");
}

static void
open_row (GtkWindow *window)
{
  GtkWidget *row = harness_find (get_dialog (window), SOTTO_TYPE_FOLDER_ROW);

  g_assert_nonnull (row);
  g_signal_emit_by_name (gtk_widget_get_ancestor (row, GTK_TYPE_LIST_BOX), "row-activated", row);
  harness_wait_for (says_why, get_dialog (window), 20);
  harness_run (0.3);
}

static void
remove_shown (GtkWindow *window)
{
  g_signal_emit_by_name (harness_find (get_dialog (window), ADW_TYPE_BUTTON_ROW), "activated");
  harness_run (0.5);
}

static void
dialog_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autoptr (SottoDocumentFolder) folder = NULL;
  GtkWidget *dialog;

  life_start_temporary (app);
  harness_run (0.3);
  life_activate (window, "win.folders");
  dialog = get_dialog (window);
  g_assert_nonnull (dialog);
  g_assert_true (says (dialog, "in memory only"));
  life_assert_named (dialog);
  g_assert_nonnull (harness_find_button (dialog, "_Add a Folder…"));

  place_create ();
  folder = place_add (app);
  harness_run (0.3);
  g_assert_true (says (dialog, "1 document"));
  life_assert_named (dialog);

  /* Its page says what could not be read. */
  open_row (window);
  g_assert_true (says (dialog, "broken.txt"));
  g_assert_nonnull (harness_find_button (dialog, "Look Again"));
  life_assert_named (dialog);

  /* Gone, and back */
  remove_shown (window);
  g_assert_cmpuint (count_folders (app), ==, 0);
  life_click (dialog, "_Undo");
  harness_run (0.5);
  g_assert_cmpuint (count_folders (app), ==, 1);

  /* The way back is in the window once the dialog is closed. */
  open_row (window);
  remove_shown (window);
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.6);
  g_assert_null (get_dialog (window));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_run (0.3);
  g_assert_cmpuint (count_folders (app), ==, 1);

  /* And gone for good */
  life_activate (window, "win.folders");
  open_row (window);
  remove_shown (window);
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_run (0.6);
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (window), ADW_TYPE_TOAST_OVERLAY)));
  harness_run (0.5);
  g_assert_cmpuint (count_folders (app), ==, 0);
  g_assert_null (harness_find_button (GTK_WIDGET (window), "_Undo"));
  place_remove ();
}

static void
test_dialog (void)
{
  life_run (NULL, dialog_life);
}

/* --- Choosing --- */

static gboolean
is_stored (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

static const char *
get_tooltip (GtkWidget *picker)
{
  return gtk_widget_get_tooltip_text (harness_find (picker, GTK_TYPE_MENU_BUTTON));
}

static void
picker_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autoptr (SottoDocumentFolder) folder = NULL;
  g_autoptr (SottoConversation) conversation = NULL;
  g_autofree char *tooltip = NULL;
  GtkWidget *picker;
  GtkWidget *check;

  if (!harness_link_model ("SmolLM2-135M"))
    {
      g_test_skip ("SmolLM2 is not on this machine: there is nowhere to write");
      return;
    }
  life_start_temporary (app);
  harness_wait_for (has_model, app, 20);
  harness_run (0.3);
  picker = harness_find (GTK_WIDGET (window), SOTTO_TYPE_FOLDER_PICKER);
  g_assert_nonnull (picker);
  g_assert_cmpstr (get_tooltip (picker), ==, "Documents and Tools");
  life_activate (window, "win.choose-folders");
  g_assert_true (says (picker, "Name a folder of documents"));
  life_assert_named (picker);
  gtk_menu_button_popdown (GTK_MENU_BUTTON (harness_find (picker, GTK_TYPE_MENU_BUTTON)));
  harness_run (0.3);

  place_create ();
  folder = place_add (app);
  life_activate (window, "win.focus-composer");
  if (!harness_keys (GTK_WIDGET (window), "ctrl+shift+f"))
    {
      g_test_skip ("xdotool is not installed");
      place_remove ();
      return;
    }
  harness_run (0.5);
  check = harness_find (picker, GTK_TYPE_CHECK_BUTTON);
  g_assert_nonnull (check);
  g_assert_true (gtk_window_get_focus (window) == check);
  g_assert_false (gtk_check_button_get_active (GTK_CHECK_BUTTON (check)));
  life_assert_named (picker);
  harness_keys (GTK_WIDGET (window), "space");
  g_assert_true (gtk_check_button_get_active (GTK_CHECK_BUTTON (check)));
  harness_keys (GTK_WIDGET (window), "Escape");
  harness_run (0.5);
  g_assert_true (GTK_IS_TEXT_VIEW (gtk_window_get_focus (window)));
  tooltip = g_strdup_printf ("Documents and Tools: %s", sotto_document_folder_get_name (folder));
  g_assert_cmpstr (get_tooltip (picker), ==, tooltip);
  g_assert_true (says (picker, "1"));

  /* What does not fit is said, and by which folder. */
  harness_type (GTK_WIDGET (window), "zyzzyva");
  harness_keys (GTK_WIDGET (window), "Return");
  harness_wait_for (life_has_conversation, app, 20);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  harness_wait_for (is_stored, conversation, 60);
  harness_run (0.5);
  g_assert_true (sotto_conversation_asks_folder (conversation, folder));
  g_assert_true (says (harness_find (GTK_WIDGET (window), ADW_TYPE_TOAST_OVERLAY), "fits this question"));

  /* A new one asks none; going back to the other shows that it does. */
  life_activate (window, "win.new-conversation");
  g_assert_cmpstr (get_tooltip (picker), ==, "Documents and Tools");

  /* What is not there any more is not asked. */
  sotto_document_folders_remove (sotto_app_get_folders (app), folder);
  sotto_document_folders_forget (sotto_app_get_folders (app), folder);
  harness_run (0.3);
  place_remove ();
}

static void
test_picker (void)
{
  life_run (NULL, picker_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/folders/dialog", test_dialog);
  g_test_add_func ("/folders/picker", test_picker);

  return g_test_run ();
}
