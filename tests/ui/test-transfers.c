/* Files of conversations that come and go through the window, and what is said of it. */
#include "life.h"

#include <glib/gstdio.h>
#include <string.h>

#include "app-private.h"
#include "restore-dialog.h"
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

/* Whether a label in sight has it */
static gboolean
is_said (gpointer    from,
         const char *text)
{
  if (GTK_IS_LABEL (from) && gtk_widget_get_mapped (from) && strstr (gtk_label_get_label (from), text) != NULL)
    return TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (is_said (child, text))
      return TRUE;

  return FALSE;
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

/* What other programs have written is asked for by their names, and what is left out of it stands where it can be read. */
static void
foreign_life (SottoApp  *app,
              GtkWindow *window)
{
  static const char *const words[] = { "1 picture was left out", "1 file without text was left out", "2 steps of tools were left out" };
  g_autofree char *path = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "tests", "app", "imports", "chatgpt.json", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GtkWidget *dialog;

  life_start_temporary (app);
  life_activate (window, "win.import");
  harness_run (0.5);
  dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  g_assert_nonnull (dialog);
  life_assert_named (dialog);
  g_assert_true (ADW_IS_ACTION_ROW (gtk_window_get_focus (window)));
  g_assert_true (is_said (dialog, "LM Studio"));
  g_assert_true (is_said (dialog, "Another Program"));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);

  /* Twice: the first time it comes, and goes again by Undo. */
  for (guint i = 0; i < 2; i++)
    {
      drop (window, file);
      dialog = life_wait_for_dialog (window);
      g_assert_true (g_str_has_prefix (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)),
                                       "1 conversation imported from ChatGPT\n"));
      for (guint j = 0; j < G_N_ELEMENTS (words); j++)
        g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), words[j]));
      g_assert_true (life_has_conversation (app));
      harness_run (0.3);
      life_assert_named (dialog);
      life_click (dialog, i == 0 ? "_Undo" : "_Close");
      harness_wait_for (life_has_no_dialog, window, 10);
      g_assert_cmpint (life_has_conversation (app), ==, i == 1);
    }

  drop (window, file);
  dialog = life_wait_for_dialog (window);
  g_assert_true (g_str_has_prefix (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "Nothing new: all of it is here already\n"));
  g_assert_null (harness_find_button (dialog, "_Undo"));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);
}

static void
test_foreign (void)
{
  life_run (NULL, foreign_life);
}

static gboolean
is_told_of_folder (gpointer window)
{
  return is_said (window, "/replaced-");
}

/* --- Backups --- */

#define PASSPHRASE "correct horse battery staple"

static gboolean
has_recovery_code (gpointer app)
{
  return sotto_app_get_recovery_code (app) != NULL;
}

static gboolean
is_without_dialog (gpointer window)
{
  return adw_application_window_get_visible_dialog (window) == NULL;
}

static gboolean
has_entry (gpointer window)
{
  GtkWidget *row = harness_find (window, ADW_TYPE_PASSWORD_ENTRY_ROW);

  return row != NULL && gtk_widget_get_mapped (row);
}

static gboolean
has_error (gpointer window)
{
  return harness_find (window, GTK_TYPE_LABEL) != NULL && is_said (window, "That does not open this backup");
}

static void
on_run (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  sotto_transfer_run_finish (SOTTO_TRANSFER (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static void
enter (GtkWindow  *window,
       const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW)), text);
  life_click (GTK_WIDGET (window), "_Restore");
}

static gboolean
has_nothing_beside (gpointer app)
{
  g_autofree char *restoring = g_build_filename (sotto_app_get_folder (app), "restoring", NULL);

  return !g_file_test (restoring, G_FILE_TEST_EXISTS);
}

static void
backup_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "all.sotto-backup", NULL);
  g_autofree char *letters = g_build_filename (g_get_tmp_dir (), "letters.sotto", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) letters_file = g_file_new_for_path (letters);
  g_autoptr (SottoTransfer) transfer = NULL;
  g_autoptr (SottoConversation) before = NULL;
  gboolean is_made = FALSE;
  GtkWidget *dialog;

  /* At the first start a backup is offered for restoring, and there is nothing to back up. */
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "Re_store From a Backup…"));
  g_assert_true (life_is_enabled (window, "win.restore"));
  g_assert_false (life_is_enabled (window, "win.back-up"));
  sotto_app_create_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (has_recovery_code, app, 20);
  harness_run (0.5);
  adw_dialog_force_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_wait_for (is_without_dialog, window, 20);
  g_assert_true (g_file_set_contents (letters, archive, -1, NULL));
  sotto_window_open_file (SOTTO_WINDOW (window), letters_file);
  harness_wait_for (life_has_conversation, app, 20);

  life_activate (window, "win.back-up");
  dialog = life_wait_for_dialog (window);
  harness_run (0.3);
  life_assert_named (dialog);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "passphrase or the recovery code"));
  life_click (dialog, "_Cancel");
  harness_wait_for (is_without_dialog, window, 20);

  transfer = sotto_transfer_new_backup (sotto_app_get_conversations (app), sotto_app_get_folder (app), file);
  sotto_transfer_run_async (transfer, on_run, &is_made);
  harness_wait_for (is_true, &is_made, 20);

  /* What becomes of what is there is said first. */
  life_activate (window, "win.restore");
  dialog = life_wait_for_dialog (window);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "Nothing is deleted"));
  life_click (dialog, "_Cancel");
  harness_wait_for (is_without_dialog, window, 20);

  /* Something else is no backup. */
  sotto_restore_dialog_present_file (SOTTO_WINDOW (window), letters_file);
  harness_run (0.8);
  g_assert_true (is_said (window, "This is not a backup"));
  life_click (GTK_WIDGET (window), "_Close");
  harness_wait_for (is_without_dialog, window, 20);

  /* Who cancels has nothing of it on the disk. */
  sotto_restore_dialog_present_file (SOTTO_WINDOW (window), file);
  harness_run (0.3);
  g_assert_false (has_nothing_beside (app));
  life_click (GTK_WIDGET (window), "_Cancel");
  harness_wait_for (is_without_dialog, window, 20);
  harness_wait_for (has_nothing_beside, app, 20);
  harness_run (0.5);

  /* One that is opened from the desktop is asked about first, and a refusal is nothing to be told of. */
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  dialog = life_wait_for_dialog (window);
  harness_run (0.3);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "all.sotto-backup\n\nThe backup takes the place of all"));
  g_assert_true (has_nothing_beside (app));
  life_click (dialog, "_Cancel");
  harness_wait_for (is_without_dialog, window, 20);
  harness_run (0.5);
  sotto_window_open_file (SOTTO_WINDOW (window), file);
  dialog = life_wait_for_dialog (window);
  harness_run (0.3);
  life_click (dialog, "_Restore");
  harness_wait_for (has_entry, window, 20);
  harness_run (0.5);
  life_click (GTK_WIDGET (window), "_Cancel");
  harness_wait_for (is_without_dialog, window, 20);
  harness_wait_for (has_nothing_beside, app, 20);
  harness_run (0.5);

  /* In vain, then not; the window shows what came, and says where the rest is. */
  before = g_object_ref (sotto_conversation_list_lookup (sotto_app_get_conversations (app), "00000000-0000-4000-8000-00000000000a"));
  sotto_restore_dialog_present_file (SOTTO_WINDOW (window), file);
  harness_wait_for (has_entry, window, 20);
  life_assert_named (life_wait_for_dialog (window));
  enter (window, "not that");
  harness_wait_for (has_error, window, 20);
  g_assert_true (life_is_ready (app));
  enter (window, PASSPHRASE);
  harness_wait_for (is_told_of_folder, window, 20);
  harness_wait_for (life_is_ready, app, 20);
  g_assert_true (life_has_conversation (app));
  g_assert_true (sotto_conversation_list_lookup (sotto_app_get_conversations (app), sotto_conversation_get_id (before)) != before);
  life_click (GTK_WIDGET (window), "_Close");
  harness_wait_for (is_without_dialog, window, 20);
  /* What was imported into the other one is not to be undone in this one. */
  g_assert_null (harness_find_button (GTK_WIDGET (window), "_Undo"));
  g_assert_true (life_is_enabled (window, "win.new-conversation"));
  g_assert_true (life_is_enabled (window, "win.back-up"));

  g_assert_true (g_file_delete (file, NULL, NULL));
  g_assert_true (g_file_delete (letters_file, NULL, NULL));
}

static void
test_backup (void)
{
  life_run (NULL, backup_life);
}

/* --- A restoring that was cut off --- */

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GError) error = NULL;
  SottoOpeners openers;

  sotto_app_read_backup_finish (SOTTO_APP (source), result, &openers, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
cut_off_life (SottoApp  *app,
              GtkWindow *window)
{
  g_autofree char *path = g_build_filename (sotto_app_get_folder (app), "all.sotto-backup", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoTransfer) transfer = NULL;
  gboolean is_made = FALSE;
  gboolean is_read = FALSE;

  sotto_app_create_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (has_recovery_code, app, 20);
  harness_run (0.5);
  adw_dialog_force_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  transfer = sotto_transfer_new_backup (sotto_app_get_conversations (app), sotto_app_get_folder (app), file);
  sotto_transfer_run_async (transfer, on_run, &is_made);
  harness_wait_for (is_true, &is_made, 20);
  sotto_app_read_backup_async (app, file, NULL, on_read, &is_read);
  harness_wait_for (is_true, &is_read, 20);
  g_assert_true (g_file_delete (file, NULL, NULL));
}

static void
told_life (SottoApp  *app,
           GtkWindow *window)
{
  g_assert_false (is_told_of_folder (window));
  sotto_app_unlock_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (is_told_of_folder, window, 20);
  g_assert_true (life_is_ready (app));
  life_assert_named (life_wait_for_dialog (window));
  life_click (GTK_WIDGET (window), "_Close");
  harness_wait_for (is_without_dialog, window, 20);
}

static void
told_before_life (SottoApp  *app,
                  GtkWindow *window)
{
  sotto_app_unlock_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (life_is_ready, app, 20);
  harness_run (0.5);
  g_assert_true (is_without_dialog (window));
}

/* Nobody was there to be told where the rest is: the next who opens it is, and only they. */
static void
test_cut_off (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);
  g_autofree char *restoring = g_build_filename (folder, "restoring", NULL);
  g_autofree char *replacing = g_build_filename (folder, "replacing", NULL);
  g_autofree char *coming = g_build_filename (replacing, "new", NULL);

  life_run (folder, cut_off_life);
  g_assert_cmpint (g_mkdir (replacing, 0700), ==, 0);
  g_assert_cmpint (g_rename (restoring, coming), ==, 0);
  life_run (folder, told_life);
  life_run (folder, told_before_life);
}

static void
backup_temporary_life (SottoApp  *app,
                       GtkWindow *window)
{
  life_start_temporary (app);
  g_assert_false (life_is_enabled (window, "win.back-up"));
  g_assert_false (life_is_enabled (window, "win.restore"));
}

static void
test_backup_temporary (void)
{
  life_run (NULL, backup_temporary_life);
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
  g_test_add_func ("/transfers/foreign", test_foreign);
  g_test_add_func ("/transfers/backup", test_backup);
  g_test_add_func ("/transfers/cut-off", test_cut_off);
  g_test_add_func ("/transfers/backup-temporary", test_backup_temporary);
  g_test_add_func ("/transfers/toast", test_toast);

  return g_test_run ();
}
