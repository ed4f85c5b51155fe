/* The window with the application behind it, from the first start to the last: what a person can reach and what comes of it. */
#include "life.h"

#include <glib/gstdio.h>
#include <sotto-history.h>
#include <string.h>

#include "sotto-app.h"
#include "sotto-ui.h"

#include "app-private.h"
#include "window.h"

static gboolean
is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation) &&
         g_list_model_get_n_items (conversation) > 0;
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

static void
enter_passphrase (GtkWindow *window)
{
  GtkWidget *row = harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW);
  GtkWidget *again;

  g_assert_nonnull (row);
  gtk_editable_set_text (GTK_EDITABLE (row), "correct horse");
  again = gtk_widget_get_next_sibling (row);
  if (again != NULL && ADW_IS_PASSWORD_ENTRY_ROW (again) && gtk_widget_get_mapped (again))
    gtk_editable_set_text (GTK_EDITABLE (again), "correct horse");
}

static GtkWidget *
find_row (GtkWidget  *from,
          const char *title)
{
  if (ADW_IS_PREFERENCES_ROW (from) && gtk_widget_get_mapped (from) &&
      g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (from)), title))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_row (child, title);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
has_saved (gpointer dialog)
{
  return harness_find (dialog, ADW_TYPE_ACTION_ROW) != NULL;
}

static gboolean
has_none_saved (gpointer dialog)
{
  return !has_saved (dialog);
}

/* What is there goes under a name, comes back from there, and is deleted with a way back. */
static void
save_instructions (GtkWidget         *dialog,
                   SottoConversation *conversation)
{
  GtkWidget *entry = harness_find (dialog, ADW_TYPE_ENTRY_ROW);

  harness_run (0.3);
  g_assert_true (gtk_widget_is_sensitive (entry));
  gtk_editable_set_text (GTK_EDITABLE (entry), "Brief");
  g_signal_emit_by_name (entry, "apply");
  harness_wait_for (has_saved, dialog, 10);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "");
  sotto_conversation_set_instructions (conversation, "");
  g_assert_false (gtk_widget_is_sensitive (entry));
  g_signal_emit_by_name (harness_find (dialog, ADW_TYPE_ACTION_ROW), "activated");
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  life_assert_named (dialog);

  life_click (dialog, "Delete");
  harness_wait_for (has_none_saved, dialog, 10);
  harness_run (0.3);
  life_click (dialog, "_Undo");
  harness_wait_for (has_saved, dialog, 10);
}

static gboolean
has_items (gpointer list)
{
  return g_list_model_get_n_items (list) > 0;
}

/* What is saved is in the dialog that is opened right behind it, before it is on the disk. */
static void
save_instructions_elsewhere (SottoApp  *app,
                             GtkWindow *window)
{
  g_autoptr (SottoSavedInstructions) saved = sotto_saved_instructions_new (app);
  AdwDialog *dialog;

  harness_wait_for (has_items, sotto_saved_instructions_get_list (saved), 10);
  g_assert_true (sotto_saved_instructions_add (saved, "Long", "Be as long as you like."));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.instructions", NULL));
  harness_run (0.5);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  g_assert_nonnull (find_row (GTK_WIDGET (dialog), "Brief"));
  g_assert_nonnull (find_row (GTK_WIDGET (dialog), "Long"));
  adw_dialog_close (dialog);
  harness_run (0.4);
}

static void
first_life (SottoApp  *app,
            GtkWindow *window)
{
  gboolean model_there = harness_link_model ("SmolLM2-135M");
  SottoConversation *conversation;
  GtkWidget *dialog;

  /* The first start, where no keyring is */
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_FIRST_START);
  g_assert_false (life_is_enabled (window, "win.new-conversation"));
  g_assert_false (gtk_widget_get_sensitive (harness_find_button (GTK_WIDGET (window), "_Begin")));
  enter_passphrase (window);
  life_click (GTK_WIDGET (window), "_Begin");
  harness_wait_for (life_is_ready, app, 30);

  /* The recovery code is shown once, and gone afterwards. */
  dialog = life_wait_for_dialog (window);
  g_assert_nonnull (sotto_app_get_recovery_code (app));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);
  g_assert_null (sotto_app_get_recovery_code (app));

  /* New chat; nothing is there to be renamed yet. */
  life_activate (window, "win.new-conversation");
  g_assert_false (life_is_enabled (window, "win.rename"));
  g_assert_false (life_is_enabled (window, "win.stop"));

  /* A message */
  if (model_there)
    harness_wait_for (has_model, app, 20);
  harness_run (0.3);
  if (!model_there)
    {
      g_test_message ("SmolLM2 is not on this machine: no reply");
      conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
      sotto_conversation_send_async (conversation, "Hello there", NULL, NULL, NULL);
    }
  else
    {
      GtkWidget *view = gtk_window_get_focus (window);

      g_assert_true (GTK_IS_TEXT_VIEW (view));
      gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), "Hello there", -1);
      life_click (GTK_WIDGET (window), "Send (Enter)");
    }
  harness_wait_for (life_has_conversation, app, 20);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  harness_wait_for (is_idle, conversation, 120);
  harness_run (0.3);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Hello there");
  if (model_there)
    {
      g_autoptr (SottoMessage) reply = g_list_model_get_item (G_LIST_MODEL (conversation), 1);
      GtkWidget *view = gtk_window_get_focus (window);
      g_autofree char *left = NULL;

      g_assert_nonnull (reply);
      g_assert_cmpuint (sotto_message_get_length (reply), >, 0);
      g_object_get (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), "text", &left, NULL);
      g_assert_cmpstr (left, ==, "");
      /* Both versions are there after another reply has been asked for. */
      g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "message.regenerate"));
      sotto_conversation_regenerate (conversation, reply);
      harness_wait_for (is_idle, conversation, 120);
    }

  /* Renaming, finding, the list */
  life_activate (window, "win.rename");
  dialog = life_wait_for_dialog (window);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (dialog, ADW_TYPE_ENTRY_ROW)), "Renamed");
  life_click (dialog, "_Rename");
  harness_run (0.4);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Renamed");

  /* What this conversation tells its model first; what is typed holds at once. */
  life_activate (window, "win.instructions");
  harness_run (0.5);
  dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  g_assert_nonnull (dialog);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (window), dialog));
  g_assert_true (GTK_IS_TEXT_VIEW (gtk_window_get_focus (window)));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_window_get_focus (window))), "Be brief.", -1);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Be brief.");
  save_instructions (dialog, conversation);
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.4);
  save_instructions_elsewhere (app, window);

  /* A message without a reply says so, and asks again. */
  if (!model_there)
    g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "_Try Again"));

  life_activate (window, "win.find");
  life_activate (window, "win.search");
  harness_run (0.2);
  g_assert_true (GTK_IS_TEXT (gtk_window_get_focus (window)));
  life_activate (window, "win.toggle-sidebar");
  harness_run (0.4);
  g_assert_false (sotto_settings_get_boolean (sotto_app_get_settings (app), "sidebar-shown"));
  life_activate (window, "win.toggle-sidebar");

  /* Narrow: the list makes room, and its being wanted on a wide window is remembered. */
  gtk_window_set_default_size (window, 380, 600);
  harness_run (0.6);
  g_assert_false (adw_overlay_split_view_get_show_sidebar (
    ADW_OVERLAY_SPLIT_VIEW (harness_find (GTK_WIDGET (window), ADW_TYPE_OVERLAY_SPLIT_VIEW))));
  g_assert_true (sotto_settings_get_boolean (sotto_app_get_settings (app), "sidebar-shown"));
  gtk_window_set_default_size (window, 1000, 700);
  harness_run (0.6);
  g_assert_true (adw_overlay_split_view_get_show_sidebar (
    ADW_OVERLAY_SPLIT_VIEW (harness_find (GTK_WIDGET (window), ADW_TYPE_OVERLAY_SPLIT_VIEW))));

  /* Deleting, and thinking better of it */
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.delete-listed", "s", sotto_conversation_get_id (conversation)));
  harness_run (0.4);
  g_assert_true (life_has_no_conversations (app));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (life_has_conversation, app, 10);
  g_object_unref (conversation);
}

static void
second_life (SottoApp  *app,
             GtkWindow *window)
{
  SottoConversation *conversation;

  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW)), "wrong");
  life_click (GTK_WIDGET (window), "_Open");
  harness_wait_for (life_is_waiting_for_person, app, 20);
  harness_run (0.3);
  g_assert_false (life_is_ready (app));
  enter_passphrase (window);
  life_click (GTK_WIDGET (window), "_Open");
  harness_wait_for (life_is_ready, app, 20);
  harness_wait_for (life_has_conversation, app, 10);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Renamed");
  g_object_unref (conversation);
}

typedef struct {
  GtkWidget *from;
  GType type;
} Gone;

static gboolean
is_gone (gpointer data)
{
  const Gone *gone = data;

  return harness_find (gone->from, gone->type) == NULL;
}

static gboolean
is_sensitive (gpointer widget)
{
  return gtk_widget_get_sensitive (widget);
}

static gboolean
has_error (GtkWidget *from)
{
  if (GTK_IS_LABEL (from) && gtk_widget_get_mapped (from) && gtk_widget_has_css_class (from, "error"))
    return gtk_label_get_label (GTK_LABEL (from))[0] != '\0';

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (has_error (child))
      return TRUE;

  return FALSE;
}

/* The preferences say what protects the conversations, and change it. */
static void
protected_life (SottoApp  *app,
                GtkWindow *window)
{
  Gone gone = { GTK_WIDGET (window), ADW_TYPE_ALERT_DIALOG };
  g_autofree char *key = g_build_filename (app->folder, "history.key", NULL);
  g_autofree char *aside = g_build_filename (app->folder, "history.key.aside", NULL);
  GtkWidget *preferences;
  GtkWidget *row;
  GtkWidget *dialog;
  GtkWidget *entered;
  GtkWidget *again;
  GtkWidget *button;

  enter_passphrase (window);
  life_click (GTK_WIDGET (window), "_Open");
  harness_wait_for (life_is_ready, app, 20);
  life_activate (window, "win.preferences");
  harness_run (0.5);
  preferences = harness_find (GTK_WIDGET (window), ADW_TYPE_PREFERENCES_DIALOG);
  g_assert_nonnull (preferences);
  row = find_row (preferences, "Your Conversations Are Encrypted");
  g_assert_nonnull (row);
  g_assert_nonnull (strstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), "passphrase opens them"));

  /* There is no keyring here, which is said in place. */
  g_signal_emit_by_name (find_row (preferences, "Use the _Keyring"), "activated");
  for (guint i = 0; i < 100 && strstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), "no keyring") == NULL; i++)
    harness_run (0.1);
  g_assert_nonnull (strstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), "no keyring"));
  g_assert_true (gtk_widget_get_sensitive (find_row (preferences, "Use the _Keyring")));

  /* Another passphrase: the same twice, and not nothing */
  g_signal_emit_by_name (find_row (preferences, "Change _Passphrase…"), "activated");
  dialog = life_wait_for_dialog (window);
  harness_run (0.5);
  life_assert_named (dialog);
  entered = find_row (dialog, "New Passphrase");
  again = find_row (dialog, "The Same Again");
  button = harness_find_button (dialog, "_Set Passphrase");
  g_assert_false (gtk_widget_get_sensitive (button));
  gtk_editable_set_text (GTK_EDITABLE (entered), "another horse");
  gtk_editable_set_text (GTK_EDITABLE (again), "another house");
  g_assert_false (gtk_widget_get_sensitive (button));
  gtk_editable_set_text (GTK_EDITABLE (again), "another horse");
  g_assert_true (gtk_widget_get_sensitive (button));

  /* In vain, as a folder is in the key file's place: the dialog stays, and says so. */
  g_assert_cmpint (g_rename (key, aside), ==, 0);
  g_assert_cmpint (g_mkdir (key, 0700), ==, 0);
  life_click (dialog, "_Set Passphrase");
  harness_wait_for (is_sensitive, button, 20);
  harness_run (0.3);
  g_assert_true (life_wait_for_dialog (window) == dialog);
  g_assert_true (has_error (dialog));
  g_assert_cmpint (g_rmdir (key), ==, 0);
  g_assert_cmpint (g_rename (aside, key), ==, 0);

  life_click (dialog, "_Set Passphrase");
  harness_wait_for (is_gone, &gone, 20);
  g_assert_nonnull (strstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), "passphrase opens them"));
  adw_dialog_close (ADW_DIALOG (preferences));
  harness_run (0.5);
}

static void
changed_life (SottoApp  *app,
              GtkWindow *window)
{
  enter_passphrase (window);
  life_click (GTK_WIDGET (window), "_Open");
  harness_wait_for (life_is_waiting_for_person, app, 20);
  harness_run (0.3);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW)), "another horse");
  life_click (GTK_WIDGET (window), "_Open");
  harness_wait_for (life_is_ready, app, 20);
}

static void
test_whole_way (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);
  g_autofree char *history = g_build_filename (folder, "history", NULL);

  life_run (history, first_life);
  life_run (history, second_life);
  life_run (history, protected_life);
  life_run (history, changed_life);
}

static void
temporary_life (SottoApp  *app,
                GtkWindow *window)
{
  life_click (GTK_WIDGET (window), "Chat Without _Keeping Anything");
  harness_wait_for (life_is_ready, app, 20);
  harness_run (0.3);
  g_assert_true (sotto_app_is_temporary (app));

  /* Dialogs open and close, and leave nothing behind. */
  life_activate (window, "win.preferences");
  harness_run (0.5);
  g_assert_nonnull (harness_find (GTK_WIDGET (window), ADW_TYPE_PREFERENCES_DIALOG));
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_run (0.5);
  life_activate (window, "app.about");
  harness_run (0.5);
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_run (0.5);
}

static void
test_temporary (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);
  g_autofree char *history = g_build_filename (folder, "history", NULL);
  SottoHistoryState state;

  life_run (history, temporary_life);
  g_assert_true (sotto_history_probe (history, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
}

static void
named_life (SottoApp  *app,
            GtkWindow *window)
{
  life_assert_named (GTK_WIDGET (window));
  life_start_temporary (app);
  harness_run (0.5);
  life_assert_named (GTK_WIDGET (window));
}

static void
test_names (void)
{
  life_run (NULL, named_life);
}

static gboolean
is_closed_window (gpointer window)
{
  return !gtk_widget_get_realized (window);
}

/* A popover takes the keyboard, but not the way out. */
static void
quit_life (SottoApp  *app,
           GtkWindow *window)
{
  life_start_temporary (app);
  harness_run (0.5);
  life_activate (window, "win.choose-model");
  g_assert_nonnull (gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_POPOVER));
  if (!harness_keys (GTK_WIDGET (window), "ctrl+q"))
    g_test_skip ("xdotool is not installed");
  else
    harness_wait_for (is_closed_window, window, 10);
}

static void
test_quit_from_popover (void)
{
  life_run (NULL, quit_life);
}

/* Nor does a dialog, and one over it. */
static void
quit_from_dialog_life (SottoApp  *app,
                       GtkWindow *window)
{
  life_start_temporary (app);
  harness_run (0.5);
  life_activate (window, "win.preferences");
  harness_run (0.3);
  life_activate (window, "win.shortcuts");
  harness_run (0.5);
  g_assert_true (ADW_IS_DIALOG (gtk_widget_get_ancestor (gtk_window_get_focus (window), ADW_TYPE_DIALOG)));
  if (!harness_keys (GTK_WIDGET (window), "ctrl+q"))
    g_test_skip ("xdotool is not installed");
  else
    harness_wait_for (is_closed_window, window, 10);
}

static void
test_quit_from_dialog (void)
{
  life_run (NULL, quit_from_dialog_life);
}

static GtkWidget *
find_key (GtkWidget *from)
{
  GtkWidget *found = gtk_widget_has_css_class (from, "key") ? from : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (from); found == NULL && child != NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_key (child);

  return found;
}

/* @keys: of a row's title; each row has to have one */
static void
list_keys (GtkWidget  *from,
           GHashTable *keys)
{
  if (ADW_IS_PREFERENCES_ROW (from))
    {
      GtkWidget *label = find_key (from);

      g_assert_nonnull (label);
      g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (label)), !=, "");
      g_hash_table_insert (keys, g_strdup (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (from))),
                           g_strdup (gtk_label_get_label (GTK_LABEL (label))));
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    list_keys (child, keys);
}

/* What keys do where they are no actions: the picture's are its dialog's own. */
static void
shortcuts_life (SottoApp  *app,
                GtkWindow *window)
{
  static const char *const rows[][2] = {
    { "Send the message", "Enter" }, { "New chat", "Ctrl+N" }, { "Next picture", "Right" }, { "Previous picture", "Left" },
    { "Larger", "+" }, { "Smaller", "-" }, { "As large as the window", "0" }, { "In its own size", "1" },
    { "Copy the picture", "Ctrl+C" }, { "Save the picture", "Ctrl+S" },
  };
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  AdwDialog *dialog;

  life_start_temporary (app);
  harness_run (0.3);
  life_activate (window, "win.shortcuts");
  harness_run (0.3);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  list_keys (GTK_WIDGET (dialog), keys);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (g_hash_table_lookup (keys, rows[i][0]), ==, rows[i][1]);
  adw_dialog_close (dialog);
  harness_run (0.3);
}

static void
test_shortcuts (void)
{
  life_run (NULL, shortcuts_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/window/whole-way", test_whole_way);
  g_test_add_func ("/window/temporary", test_temporary);
  g_test_add_func ("/window/names", test_names);
  g_test_add_func ("/window/quit-from-popover", test_quit_from_popover);
  g_test_add_func ("/window/quit-from-dialog", test_quit_from_dialog);
  g_test_add_func ("/window/shortcuts", test_shortcuts);

  return g_test_run ();
}
