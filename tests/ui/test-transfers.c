/* Files of conversations that come and go through the window, and what is said of it. */
#include "life.h"

#include <string.h>

#include "window.h"

static const char archive[] =
  "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\": \"00000000-0000-4000-8000-00000000000a\","
  " \"title\": \"From elsewhere\", \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:00:00Z\","
  " \"messages\": []}]}";

/* As a person who drags @file out of another program */
static void
drop (GtkWindow *window,
      GFile     *file)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (window));
  g_autoptr (GtkEventController) target = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  gboolean is_taken = FALSE;

  for (guint i = 0; target == NULL && i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_DROP_TARGET (controller))
        target = g_steal_pointer (&controller);
    }
  g_assert_nonnull (target);
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (&file, 1));
  g_signal_emit_by_name (target, "drop", &value, 10.0, 10.0, &is_taken);
  g_assert_true (is_taken);
}

static void
import_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "letters.SOTTO", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GtkWidget *dialog;

  /* It waits until the history is open. */
  g_assert_true (g_file_set_contents (path, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  harness_run (0.3);
  g_assert_true (life_has_no_conversations (app));
  g_assert_false (life_is_enabled (window, "win.import"));
  life_start_temporary (app);
  harness_wait_for (life_has_conversation, app, 20);
  harness_run (0.3);
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "_Undo"));
  g_assert_true (life_is_enabled (window, "win.export"));

  /* What the toast says can be undone is gone, and something else is shown. */
  life_click (GTK_WIDGET (window), "_Undo");
  g_assert_true (life_has_no_conversations (app));
  g_assert_false (life_is_enabled (window, "win.export"));

  drop (window, file);
  harness_wait_for (life_has_conversation, app, 20);

  /* Both formats are offered for one, with a word about encryption; none for all. */
  life_activate (window, "win.export");
  dialog = life_wait_for_dialog (window);
  harness_run (0.3);
  life_assert_named (dialog);
  g_assert_nonnull (harness_find (dialog, GTK_TYPE_CHECK_BUTTON));
  life_click (dialog, "_Cancel");
  harness_run (0.5);
  life_activate (window, "win.export-all");
  dialog = life_wait_for_dialog (window);
  g_assert_null (harness_find (dialog, GTK_TYPE_CHECK_BUTTON));
  life_click (dialog, "_Cancel");
  harness_run (0.5);

  /* One of the list can be deleted while a new one is shown, which cannot. */
  life_activate (window, "win.new-conversation");
  g_assert_false (life_is_enabled (window, "win.delete"));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.delete-listed", "s", "00000000-0000-4000-8000-00000000000a"));
  g_assert_true (life_has_no_conversations (app));

  g_assert_true (g_file_set_contents (path, "Dear diary", -1, NULL));
  drop (window, file);
  dialog = life_wait_for_dialog (window);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "letters.SOTTO"));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);
  g_assert_true (g_file_delete (file, NULL, NULL));
}

static void
test_import (void)
{
  life_run (NULL, import_life);
}

static gboolean
has_label (GtkWidget  *from,
           const char *text)
{
  if (GTK_IS_LABEL (from) && gtk_widget_get_mapped (from) && g_str_equal (gtk_label_get_label (GTK_LABEL (from)), text))
    return TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (has_label (child, text))
      return TRUE;

  return FALSE;
}

static gboolean
is_told (gpointer window)
{
  return has_label (window, "Done");
}

/* What came of something is not said behind a dialog. */
static void
toast_life (SottoApp  *app,
            GtkWindow *window)
{
  life_start_temporary (app);
  life_activate (window, "win.privacy");
  sotto_window_add_toast (SOTTO_WINDOW (window), adw_toast_new ("Done"));
  harness_run (0.5);
  g_assert_false (has_label (GTK_WIDGET (window), "Done"));
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_wait_for (is_told, window, 4);
}

static void
test_toast (void)
{
  life_run (NULL, toast_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/transfers/import", test_import);
  g_test_add_func ("/transfers/toast", test_toast);

  return g_test_run ();
}
