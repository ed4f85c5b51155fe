/* What Sotto looks like, for people to look at: screenshots of everything a person meets, in light and dark, wide and narrow, into
 * SOTTO_SCREENSHOTS or screenshots/ of the build folder. The conversation in them is planted, so that they are the same every
 * time. tests/ui/screenshots FOLDER [LANGUAGE] makes them by hand. */
#include "harness.h"
#include "look-answers.h"
#include "look-folders.h"
#include "look-groups.h"
#include "look-meaning.h"
#include "look-pictures.h"
#include "look-reading.h"
#include "look.h"
#include "planted.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "sotto-app.h"
#include "sotto-ui.h"

#include "app-private.h"
#include "attachment/attachment-chip.h"
#include "conversation/conversation-page.h"
#include "conversation/conversation-private.h"
#include "restore-dialog.h"
#include "window.h"

static gboolean
is_locked (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_NEEDS_PASSPHRASE;
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

static gboolean
is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation);
}

static gboolean
is_writing (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation) ||
         sotto_conversation_get_reply_state (conversation) == SOTTO_REPLY_STATE_GENERATING;
}

/* Which programs conversations can come from, and what is said of one of another program */
static void
look_at_foreign (Look *look)
{
  g_autofree char *path = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "tests", "app", "imports", "chatgpt.json", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  look_activate (look, "win.import");
  look_shoot (look, "21-import");
  look_scroll_to_end (look);
  look_shoot (look, "21-import-end");
  look_close_dialog (look);
  sotto_window_open_file (SOTTO_WINDOW (look->window), file);
  look_wait_for_dialog (look);
  look_shoot (look, "21-import-left-out");
  look_close_dialog (look);
}

/* What is said after an import, and of a file that is none */
static void
look_at_import (Look *look)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-import-XXXXXX", NULL);
  static const char *const texts[] = { planted_archive, "no conversations" };
  static const char *const pages[] = { "20-imported", "21-not-imported" };
  static const char long_name[] = "Notes_of_a_conversation_that_went_on_and_on_and_whose_name_has_no_spaces.sotto";

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *path = g_build_filename (folder, i == 0 ? "letters.sotto" : long_name, NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      sotto_window_open_file (SOTTO_WINDOW (look->window), file);
      if (i == 0)
        harness_run (0.8);
      else
        look_wait_for_dialog (look);
      look_shoot (look, pages[i]);
      g_assert_true (g_file_delete (file, NULL, NULL));
    }
  look_close_dialog (look);
  g_rmdir (folder);
  look_at_foreign (look);
}

static void
on_backed_up (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_assert_true (sotto_transfer_run_finish (SOTTO_TRANSFER (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_backed_up (gpointer data)
{
  return *(gboolean *) data;
}

static gboolean
has_entry (gpointer window)
{
  GtkWidget *row = harness_find (window, ADW_TYPE_PASSWORD_ENTRY_ROW);

  return row != NULL && gtk_widget_get_mapped (row);
}

static gboolean
has_no_entry (gpointer window)
{
  return !has_entry (window);
}

/* A key is derived from what was entered, which takes a busy machine its time. */
static gboolean
has_answered (gpointer window)
{
  GtkWidget *button = harness_find_button (window, _("_Restore"));

  return button != NULL && gtk_widget_get_sensitive (button);
}

static void
enter_passphrase (Look       *look,
                  const char *passphrase)
{
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (look->window), ADW_TYPE_PASSWORD_ENTRY_ROW)), passphrase);
  g_signal_emit_by_name (harness_find_button (GTK_WIDGET (look->window), _("_Restore")), "clicked");
}

static void
look_at_backup (Look *look)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-backup-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "Sotto 2026-03-05.sotto-backup", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoTransfer) transfer =
    sotto_transfer_new_backup (sotto_app_get_conversations (look->app), sotto_app_get_folder (look->app), file);
  gboolean is_made = FALSE;

  look_activate (look, "win.back-up");
  look_shoot (look, "23-back-up");
  look_close_dialog (look);
  look_activate (look, "win.restore");
  look_shoot (look, "24-restore");
  look_close_dialog (look);

  sotto_transfer_run_async (transfer, on_backed_up, &is_made);
  harness_wait_for (is_backed_up, &is_made, 30);
  sotto_restore_dialog_present_file (SOTTO_WINDOW (look->window), file);
  harness_wait_for (has_entry, look->window, 30);
  look_shoot (look, "25-restore-passphrase");
  enter_passphrase (look, "not that");
  harness_wait_for (has_answered, look->window, 60);
  look_shoot (look, "26-restore-wrong");
  enter_passphrase (look, PLANTED_PASSPHRASE);
  harness_wait_for (has_no_entry, look->window, 60);
  harness_wait_for (harness_is_ready, look->app, 30);
  harness_run (0.8);
  look_shoot (look, "27-restored");
  look_close_dialog (look);
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_rmdir (folder);
}

static void
save_instructions (SottoApp *app)
{
  g_autoptr (SottoSavedInstructions) saved = sotto_saved_instructions_new (app);

  harness_run (0.2);
  sotto_saved_instructions_add (saved, "Editor", "Correct my spelling and grammar, and say what you changed.\nLeave the style.");
  sotto_saved_instructions_add (saved, "Sailing", "You have sailed the Baltic Sea for thirty years, and are careful with the weather.");
}

/* What is said where a model can keep no more in mind, and the menu in which the way on stands, too */
static void
look_at_its_end (Look              *look,
                 SottoConversation *conversation)
{
  g_autoptr (GError) error = g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_CONTEXT_TO_SUM_UP, "full");
  GtkWidget *page = harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_CONVERSATION_PAGE);
  GtkWidget *button = harness_find (page, GTK_TYPE_MENU_BUTTON);

  sotto_conversation_set_error (conversation, error);
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  look_shoot (look, "30-too-long");
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));
  harness_rest (GTK_WIDGET (look->window), 1);
  sotto_conversation_dismiss_problem (conversation);
}

/* A chat that is not kept: before it begins, and once it has */
static void
look_at_temporary (Look *look)
{
  SottoConversationList *list = sotto_app_get_conversations (look->app);
  SottoConversation *conversation = sotto_conversation_list_create_temporary (list);

  look_activate (look, "win.new-temporary");
  look_shoot (look, "28-temporary");
  sotto_conversation_send_async (conversation, "What may I give a friend who has everything?", NULL, NULL, NULL);
  harness_run (0.3);
  harness_wait_for (is_writing, conversation, 60);
  harness_run (1);
  sotto_conversation_stop (conversation);
  harness_wait_for (is_idle, conversation, 20);
  sotto_conversation_dismiss_problem (conversation);
  /* That of what was deleted before would lie over what can be done with the reply, or not: as long as that is. */
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  look_shoot (look, "29-temporary-begun");
  if (look->width < 600)
    {
      look_activate (look, "win.toggle-sidebar");
      look_shoot (look, "29-temporary-list");
      look_activate (look, "win.toggle-sidebar");
    }
  sotto_conversation_list_delete (list, conversation);
  sotto_conversation_list_purge (list, conversation);
  look_activate (look, "win.new-conversation");
}

/* What stands in for the helper that reads PDFs: 12 pages, of which five come at once; then what @ending does. */
static void
write_helper (const char *path,
              const char *ending)
{
  g_autoptr (GString) script = g_string_new ("#!/bin/sh\nPATH=/usr/bin:/bin\n"
                                             "page () { printf 'p\\033\\000\\000\\000What stands on this page %02d' $1; }\n"
                                             "printf 'n\\004\\000\\000\\000\\014\\000\\000\\000'\n"
                                             "for n in 1 2 3 4 5; do page $n; done\n");

  g_string_append_printf (script, "%s\nfor n in 6 7 8 9 10 11 12; do page $n; done\nprintf 'z\\000\\000\\000\\000'\n", ending);
  g_assert_true (g_file_set_contents (path, script->str, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

/* Sent, they stand above the question; in a chat that is not kept, so that none of those that are changes. */
static void
look_at_attached (Look              *look,
                  SottoConversation *conversation)
{
  SottoConversationList *list = sotto_app_get_conversations (look->app);
  SottoConversation *temporary = sotto_conversation_list_create_temporary (list);

  sotto_conversation_move_attachments (conversation, temporary);
  look_activate (look, "win.new-temporary");
  sotto_conversation_send_async (temporary, "Who kept the lighthouse in 1873, and for how long?", NULL, NULL, NULL);
  harness_run (0.3);
  harness_wait_for (is_writing, temporary, 60);
  harness_run (1);
  sotto_conversation_stop (temporary);
  harness_wait_for (is_idle, temporary, 20);
  sotto_conversation_dismiss_problem (temporary);
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  look_shoot (look, "34-attached-sent");
  sotto_conversation_list_delete (list, temporary);
  sotto_conversation_list_purge (list, temporary);
  sotto_window_open_conversation (SOTTO_WINDOW (look->window), sotto_conversation_get_id (conversation));
  harness_rest (GTK_WIDGET (look->window), 1);
}

static gboolean
has_chip (gpointer window)
{
  return harness_find (window, SOTTO_TYPE_ATTACHMENT_CHIP) != NULL;
}

static gboolean
has_four (gpointer chip)
{
  guint n = 0;

  for (GtkWidget *next = gtk_widget_get_first_child (gtk_widget_get_parent (chip)); next != NULL; next = gtk_widget_get_next_sibling (next))
    if (SOTTO_IS_ATTACHMENT_CHIP (next))
      n++;

  return n >= 4;
}

/* A PDF that is being read, one that cannot be, and one that is attached; its text; beside others, one of which goes */
static void
look_at_document (Look              *look,
                  SottoConversation *conversation)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-document-XXXXXX", NULL);
  g_autofree char *helper = g_build_filename (folder, "helper", NULL);
  g_autofree char *path = g_build_filename (folder, "A report on lighthouses and those who keep them, 1873.pdf", NULL);
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_PDF_TEXT"));
  g_autofree char *notes_path = g_build_filename (folder, "notes.md", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) notes = g_file_new_for_path (notes_path);
  GtkWidget *chip;

  g_assert_true (g_file_set_contents (notes_path, "# Lighthouses\n\n- of stone\n- of iron\n", -1, NULL));
  g_assert_true (g_file_set_contents (path, "%PDF-1.7", -1, NULL));
  g_setenv ("SOTTO_PDF_TEXT", helper, TRUE);
  write_helper (helper, "sleep 60");
  sotto_window_open_file (SOTTO_WINDOW (look->window), file);
  harness_run (1);
  look_shoot (look, "30-document-reading");
  g_signal_emit_by_name (harness_find_button (GTK_WIDGET (look->window), _("Do Not Attach This File")), "clicked");
  harness_run (0.5);
  write_helper (helper, "exit");
  sotto_window_open_file (SOTTO_WINDOW (look->window), file);
  look_wait_for_dialog (look);
  look_shoot (look, "31-document-refused");
  look_close_dialog (look);
  write_helper (helper, "");
  sotto_window_open_file (SOTTO_WINDOW (look->window), file);
  harness_wait_for (has_chip, look->window, 30);
  look_shoot (look, "32-document-attached");
  chip = harness_find (GTK_WIDGET (look->window), SOTTO_TYPE_ATTACHMENT_CHIP);
  g_signal_emit_by_name (harness_find (chip, GTK_TYPE_BUTTON), "clicked");
  look_wait_for_dialog (look);
  look_shoot (look, "33-attached-text");
  look_close_dialog (look);
  for (guint i = 0; i < 3; i++)
    sotto_window_open_file (SOTTO_WINDOW (look->window), notes);
  harness_wait_for (has_four, chip, 30);
  chip = gtk_widget_get_next_sibling (chip);
  g_signal_emit_by_name (gtk_widget_get_last_child (chip), "clicked");
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  look_shoot (look, "33-attached-others");
  look_at_attached (look, conversation);
  g_setenv ("SOTTO_PDF_TEXT", before != NULL ? before : "", TRUE);
  g_assert_true (g_file_delete (file, NULL, NULL));
  g_assert_true (g_file_delete (notes, NULL, NULL));
  g_unlink (helper);
  g_rmdir (folder);
}

static void
look_around (Look *look)
{
  GListModel *conversations = G_LIST_MODEL (sotto_app_get_conversations (look->app));
  g_autoptr (SottoConversation) conversation = NULL;
  GtkWidget *view;
  GtkWidget *popover;
  GtkWidget *details;

  harness_wait_for (is_locked, look->app, 20);
  look_shoot (look, "01-locked");
  sotto_app_unlock_async (look->app, PLANTED_PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (harness_is_ready, look->app, 30);
  if (g_getenv ("SCREENSHOTS_MODEL") != NULL)
    harness_wait_for (has_model, look->app, 20);
  look_shoot (look, "02-empty");

  if (look->width < 600)
    {
      look_activate (look, "win.toggle-sidebar");
      look_shoot (look, "03-list");
    }

  /* The newest one, as a click on its row would open it */
  conversation = g_list_model_get_item (conversations, 0);
  if (look->width < 600)
    look_activate (look, "win.toggle-sidebar");
  view = harness_find (GTK_WIDGET (look->window), GTK_TYPE_LIST_VIEW);
  if (view == NULL)
    {
      look_activate (look, "win.toggle-sidebar");
      view = harness_find (GTK_WIDGET (look->window), GTK_TYPE_LIST_VIEW);
    }
  g_assert_nonnull (view);
  g_signal_emit_by_name (view, "activate", 0);
  look_shoot (look, "04-end-of-conversation");
  if (g_getenv ("SCREENSHOTS_MODEL") != NULL)
    {
      g_autoptr (SottoConversation) stopped = g_list_model_get_item (conversations, 1);

      sotto_window_open_conversation (SOTTO_WINDOW (look->window), sotto_conversation_get_id (stopped));
      look_shoot (look, "04-stopped");
      sotto_window_open_conversation (SOTTO_WINDOW (look->window), sotto_conversation_get_id (conversation));
      harness_rest (GTK_WIDGET (look->window), 1);
    }
  look_activate (look, "win.find");
  gtk_editable_set_text (GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY)),
                         "count");
  harness_run (0.3);
  look_shoot (look, "05-find");
  g_signal_emit_by_name (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY), "stop-search");
  harness_rest (GTK_WIDGET (look->window), 1);
  look_activate (look, "win.choose-model");
  look_shoot (look, "06-models");
  popover = gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_POPOVER);
  details = harness_find_button (popover, _("Details"));
  if (details != NULL)
    {
      g_signal_emit_by_name (details, "clicked");
      look_shoot (look, "06-model-details");
      look_close_dialog (look);
    }
  else
    gtk_popover_popdown (GTK_POPOVER (popover));
  look_activate (look, "win.rename");
  look_shoot (look, "07-rename");
  look_close_dialog (look);
  look_activate (look, "win.export");
  look_shoot (look, "18-export");
  look_close_dialog (look);
  look_activate (look, "win.export-all");
  look_shoot (look, "19-export-all");
  look_close_dialog (look);
  look_at_reading (look);
  look_at_document (look, conversation);
  look_at_pictures (look, conversation);

  if (g_getenv ("SCREENSHOTS_MODEL") != NULL)
    {
      look_activate (look, "win.focus-composer");
      gtk_text_buffer_insert_at_cursor (gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_window_get_focus (look->window))),
                                        "Say it in one sentence.", -1);
      g_signal_emit_by_name (harness_find_button (GTK_WIDGET (look->window), _("Send (Enter)")), "clicked");
      harness_run (0.3);
      harness_wait_for (is_writing, conversation, 60);
      look_shoot (look, "08-writing");
      sotto_conversation_stop (conversation);
      harness_wait_for (is_idle, conversation, 20);
      look_shoot (look, "09-stopped");
      g_signal_emit_by_name (look_find_last_button (GTK_WIDGET (look->window), "message.details"), "clicked");
      look_shoot (look, "09-details");
      look_scroll_to_end (look);
      look_shoot (look, "09-details-end");
      look_close_dialog (look);
    }

  look_activate (look, "win.search");
  gtk_editable_set_text (GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY)),
                         "words");
  harness_run (0.5);
  look_shoot (look, "10-search");
  look_at_found_by_meaning (look);
  g_signal_emit_by_name (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY), "stop-search");
  harness_rest (GTK_WIDGET (look->window), 1);
  look_activate (look, "win.focus-composer");
  look_activate (look, "win.preferences");
  look_shoot (look, "11-preferences");
  look_scroll_to_end (look);
  look_shoot (look, "11-preferences-end");
  look_close_dialog (look);
  sotto_conversation_set_instructions (conversation, "Answer in short sentences. Say where a number comes from.");
  save_instructions (look->app);
  look_activate (look, "win.instructions");
  look_shoot (look, "22-instructions");
  look_close_dialog (look);
  look_at_its_end (look, conversation);
  look_at_folders (look, conversation);
  look_at_groups (look);
  look_at_answers (look);
  sotto_window_open_conversation (SOTTO_WINDOW (look->window), sotto_conversation_get_id (conversation));
  look_activate (look, "win.shortcuts");
  look_shoot (look, "15-shortcuts");
  look_close_dialog (look);
  look_activate (look, "win.privacy");
  look_shoot (look, "16-privacy");
  look_scroll_to_end (look);
  look_shoot (look, "17-privacy-end");
  look_close_dialog (look);
  gtk_widget_activate_action (GTK_WIDGET (look->window), "app.about", NULL);
  look_shoot (look, "12-about");
  look_close_dialog (look);
  sotto_app_renew_recovery_code (look->app);
  harness_run (0.5);
  look_shoot (look, "13-recovery-code");
  look_close_dialog (look);
  gtk_widget_activate_action (GTK_WIDGET (look->window), "win.delete-listed", "s", sotto_conversation_get_id (conversation));
  look_shoot (look, "14-deleted");
  look_at_temporary (look);
  look_at_import (look);
  look_at_backup (look);
}

/* The first start, where a keyring is there: the recovery code, then the page that welcomes. */
static void
look_at_first_start (Look *look)
{
  harness_wait_for (harness_is_ready, look->app, 30);
  if (g_getenv ("SCREENSHOTS_MODEL") != NULL)
    harness_wait_for (has_model, look->app, 20);
  look_shoot (look, "01-recovery-code");
  look_close_dialog (look);
  sotto_app_dismiss_recovery_code (look->app);
  look_shoot (look, "02-welcome");
}

static gboolean
live (gpointer data)
{
  Look *look = data;

  look->window = gtk_application_get_active_window (GTK_APPLICATION (look->application));
  if (look->is_first)
    look_at_first_start (look);
  else
    look_around (look);
  gtk_window_close (look->window);

  return G_SOURCE_REMOVE;
}

static void
on_activate (GApplication *application,
             Look         *look)
{
  g_idle_add (live, look);
}

static void
make (gconstpointer data)
{
  const Look *asked = data;
  Look look = *asked;
  g_autofree char *folder = g_dir_make_tmp ("sotto-screenshots-XXXXXX", NULL);
  g_autofree char *history = g_build_filename (folder, "history", NULL);
  g_autofree char *import = g_find_program_in_path ("import");
  SottoSettings *settings;

  if (import == NULL)
    {
      g_test_skip ("import (of ImageMagick) is not installed");
      return;
    }

  /* The pointer out of the way: what it stands on has a tooltip. */
  g_spawn_command_line_sync ("xdotool mousemove 1299 799", NULL, NULL, NULL, NULL);
  if (!look.is_first)
    planted_history_create (history);
  /* A picture of something that fades in is the picture of nothing. */
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  look.app = sotto_app_new (history);
  settings = sotto_app_get_settings (look.app);
  g_object_set (settings, "window-width", look.width, "window-height", look.height, "sidebar-shown", TRUE, NULL);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_has_suffix (look.name, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK
                                                                           : ADW_COLOR_SCHEME_FORCE_LIGHT);
  gtk_widget_set_default_direction (g_str_has_prefix (look.name, "right-to-left") ? GTK_TEXT_DIR_RTL : GTK_TEXT_DIR_LTR);
  look.application = sotto_ui_application_new (look.app);
  g_application_set_flags (look.application, G_APPLICATION_NON_UNIQUE);
  g_signal_connect_after (look.application, "activate", G_CALLBACK (on_activate), &look);
  g_assert_cmpint (g_application_run (look.application, 0, NULL), ==, 0);
  g_object_unref (look.application);
  g_object_unref (look.app);
}

int
main (int    argc,
      char **argv)
{
  /* Without a compositor a window's shadow takes a few pixels from it, and libadwaita warns below 360. */
  static const Look looks[] = {
    { .name = "wide-light", .width = 1300, .height = 800 },
    { .name = "narrow-dark", .width = 372, .height = 720 },
    { .name = "wide-dark", .width = 1300, .height = 800 },
    { .name = "narrow-light", .width = 372, .height = 720 },
    { .name = "right-to-left-light", .width = 1300, .height = 800 },
    { .name = "first-start-wide-light", .width = 1300, .height = 800, .is_first = TRUE },
    { .name = "first-start-narrow-dark", .width = 372, .height = 720, .is_first = TRUE },
  };

  harness_init (&argc, &argv);
  if (g_getenv ("SOTTO_SCREENSHOTS") != NULL)
    {
      bindtextdomain ("sotto", g_getenv ("SOTTO_LOCALE_DIR"));
      bind_textdomain_codeset ("sotto", "UTF-8");
      textdomain ("sotto");
    }
  if (harness_link_model ("SmolLM2-135M"))
    g_setenv ("SCREENSHOTS_MODEL", "1", TRUE);

  /* Two of them show everything; all when somebody asks for them. */
  for (guint i = 0; i < (g_getenv ("SOTTO_SCREENSHOTS") != NULL ? G_N_ELEMENTS (looks) : 2); i++)
    {
      g_autofree char *path = g_strdup_printf ("/screenshots/%s", looks[i].name);

      g_test_add_data_func (path, &looks[i], make);
    }

  return g_test_run ();
}
