/* The window with the application behind it, from the first start to the last: what a person can reach and what comes of it. */
#include "harness.h"

#include <glib/gstdio.h>
#include <sotto-history.h>
#include <string.h>

#include "sotto-app.h"
#include "sotto-ui.h"

#include "app-private.h"
#include "window.h"

static gboolean
is_waiting_for_person (gpointer app)
{
  SottoAppState state = sotto_app_get_state (app);

  return state != SOTTO_APP_STATE_CLOSED && state != SOTTO_APP_STATE_OPENING;
}

static gboolean
is_ready (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

static gboolean
is_closed (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_CLOSED;
}

static gboolean
is_in_sight (gpointer data)
{
  GtkWidget **pair = data;   /* from, and a place for what is found; the type is that of the entry */

  return (pair[1] = harness_find (pair[0], ADW_TYPE_ALERT_DIALOG)) != NULL;
}

static GtkWidget *
wait_for_dialog (GtkWindow *window)
{
  GtkWidget *pair[2] = { GTK_WIDGET (window), NULL };

  harness_wait_for (is_in_sight, pair, 20);

  return pair[1];
}

static gboolean
has_no_conversations (gpointer app)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))) == 0;
}

static gboolean
has_conversation (gpointer app)
{
  return !has_no_conversations (app);
}

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

/* A button is as sensitive as its action is enabled. */
static gboolean
is_enabled (GtkWindow  *window,
            const char *action)
{
  GtkWidget *button = gtk_button_new ();
  gboolean enabled;

  gtk_widget_set_parent (button, GTK_WIDGET (window));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  enabled = gtk_widget_get_sensitive (button);
  gtk_widget_unparent (button);

  return enabled;
}

static void
activate (GtkWindow  *window,
          const char *action)
{
  g_assert_true (is_enabled (window, action));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), action, NULL));
  harness_run (0.4);
}

/* --- A life --- */

typedef void (*Script) (SottoApp *app, GtkWindow *window);

typedef struct {
  SottoApp *app;
  Script script;
  GApplication *application;
} Life;

static gboolean
live (gpointer data)
{
  Life *life = data;
  g_autoptr (GtkWindow) window = gtk_application_get_active_window (GTK_APPLICATION (life->application));

  g_assert_nonnull (window);
  g_object_ref (window);
  harness_wait_for (is_waiting_for_person, life->app, 20);
  harness_run (0.3);
  life->script (life->app, window);
  gtk_window_close (window);

  return G_SOURCE_REMOVE;
}

static void
on_activate (GApplication *application,
             Life         *life)
{
  g_idle_add (live, life);
}

/* The application runs as the executable runs it; when the script is over its window is closed, and it has to end by itself. */
static void
run (const char *history,
     Script      script)
{
  Life life = { .app = sotto_app_new (history), .script = script };

  sotto_app_set_passphrase_cost (life.app, 1, 8192);
  g_object_set (sotto_app_get_settings (life.app), "max-tokens", 24, NULL);
  life.application = sotto_ui_application_new (life.app);
  g_application_set_flags (life.application, G_APPLICATION_NON_UNIQUE);
  g_signal_connect_after (life.application, "activate", G_CALLBACK (on_activate), &life);

  g_assert_cmpint (g_application_run (life.application, 0, NULL), ==, 0);
  g_assert_true (is_closed (life.app));
  /* Nothing holds on to what is over. */
  g_assert_finalize_object (life.application);
  g_assert_finalize_object (life.app);
}

static void
click (GtkWidget  *from,
       const char *name)
{
  GtkWidget *button = harness_find_button (from, name);

  if (button == NULL)
    g_error ("no button “%s” is in sight", name);
  g_signal_emit_by_name (button, "clicked");
  harness_settle (from);
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

static void
first_life (SottoApp  *app,
            GtkWindow *window)
{
  gboolean model_there = harness_link_model ("SmolLM2-135M");
  SottoConversation *conversation;
  GtkWidget *dialog;

  /* The first start, where no keyring is */
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_FIRST_START);
  g_assert_false (is_enabled (window, "win.new-conversation"));
  g_assert_false (gtk_widget_get_sensitive (harness_find_button (GTK_WIDGET (window), "_Begin")));
  enter_passphrase (window);
  click (GTK_WIDGET (window), "_Begin");
  harness_wait_for (is_ready, app, 30);

  /* The recovery code is shown once, and gone afterwards. */
  dialog = wait_for_dialog (window);
  g_assert_nonnull (sotto_app_get_recovery_code (app));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);
  g_assert_null (sotto_app_get_recovery_code (app));

  /* New chat; nothing is there to be renamed yet. */
  activate (window, "win.new-conversation");
  g_assert_false (is_enabled (window, "win.rename"));
  g_assert_false (is_enabled (window, "win.stop"));

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
      click (GTK_WIDGET (window), "Send (Enter)");
    }
  harness_wait_for (has_conversation, app, 20);
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
  activate (window, "win.rename");
  dialog = wait_for_dialog (window);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (dialog, ADW_TYPE_ENTRY_ROW)), "Renamed");
  click (dialog, "_Rename");
  harness_run (0.4);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Renamed");
  activate (window, "win.find");
  activate (window, "win.search");
  harness_run (0.2);
  g_assert_true (GTK_IS_TEXT (gtk_window_get_focus (window)));
  activate (window, "win.toggle-sidebar");
  harness_run (0.4);
  g_assert_false (sotto_settings_get_boolean (sotto_app_get_settings (app), "sidebar-shown"));
  activate (window, "win.toggle-sidebar");

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
  g_assert_true (has_no_conversations (app));
  click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_conversation, app, 10);
  g_object_unref (conversation);
}

static void
second_life (SottoApp  *app,
             GtkWindow *window)
{
  SottoConversation *conversation;

  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW)), "wrong");
  click (GTK_WIDGET (window), "_Open");
  harness_wait_for (is_waiting_for_person, app, 20);
  harness_run (0.3);
  g_assert_false (is_ready (app));
  enter_passphrase (window);
  click (GTK_WIDGET (window), "_Open");
  harness_wait_for (is_ready, app, 20);
  harness_wait_for (has_conversation, app, 10);
  conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Renamed");
  g_object_unref (conversation);
}

/* What a control is called is said to those who cannot see it. */
static void
assert_named (GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;

  if (GTK_IS_BUTTON (widget) || GTK_IS_MENU_BUTTON (widget) || GTK_IS_TEXT_VIEW (widget) || GTK_IS_LIST_VIEW (widget))
    {
      gboolean has_words = GTK_IS_BUTTON (widget) && gtk_button_get_label (GTK_BUTTON (widget)) != NULL;
      GtkWidget *parent = gtk_widget_get_parent (widget);

      /* A tooltip is the name of a control that has no other. A menu button's own button, a window's controls and a banner that says nothing yet are the libraries' to name. */
      if (!has_words && gtk_widget_get_tooltip_text (widget) == NULL && !GTK_IS_MENU_BUTTON (parent) && gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW_CONTROLS) == NULL &&
          gtk_widget_get_ancestor (widget, ADW_TYPE_BANNER) == NULL &&
          !gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL))
        {
          g_autoptr (GString) place = g_string_new (NULL);

          for (; parent != NULL; parent = gtk_widget_get_parent (parent))
            g_string_append_printf (place, " in %s", G_OBJECT_TYPE_NAME (parent));
          g_test_fail_printf ("a %s%s has no accessible name", G_OBJECT_TYPE_NAME (widget), place->str);
        }
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    assert_named (child);
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
  click (GTK_WIDGET (window), "_Open");
  harness_wait_for (is_ready, app, 20);
  activate (window, "win.preferences");
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
  dialog = wait_for_dialog (window);
  harness_run (0.5);
  assert_named (dialog);
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
  click (dialog, "_Set Passphrase");
  harness_wait_for (is_sensitive, button, 20);
  harness_run (0.3);
  g_assert_true (wait_for_dialog (window) == dialog);
  g_assert_true (has_error (dialog));
  g_assert_cmpint (g_rmdir (key), ==, 0);
  g_assert_cmpint (g_rename (aside, key), ==, 0);

  click (dialog, "_Set Passphrase");
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
  click (GTK_WIDGET (window), "_Open");
  harness_wait_for (is_waiting_for_person, app, 20);
  harness_run (0.3);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_NEEDS_PASSPHRASE);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (window), ADW_TYPE_PASSWORD_ENTRY_ROW)), "another horse");
  click (GTK_WIDGET (window), "_Open");
  harness_wait_for (is_ready, app, 20);
}

static void
test_whole_way (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);
  g_autofree char *history = g_build_filename (folder, "history", NULL);

  run (history, first_life);
  run (history, second_life);
  run (history, protected_life);
  run (history, changed_life);
}

static void
temporary_life (SottoApp  *app,
                GtkWindow *window)
{
  click (GTK_WIDGET (window), "Chat Without _Keeping Anything");
  harness_wait_for (is_ready, app, 20);
  harness_run (0.3);
  g_assert_true (sotto_app_is_temporary (app));

  /* Dialogs open and close, and leave nothing behind. */
  activate (window, "win.preferences");
  harness_run (0.5);
  g_assert_nonnull (harness_find (GTK_WIDGET (window), ADW_TYPE_PREFERENCES_DIALOG));
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  harness_run (0.5);
  activate (window, "app.about");
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

  run (history, temporary_life);
  g_assert_true (sotto_history_probe (history, &state, NULL, NULL));
  g_assert_cmpint (state, ==, SOTTO_HISTORY_STATE_NONE);
}

static void
named_life (SottoApp  *app,
            GtkWindow *window)
{
  assert_named (GTK_WIDGET (window));
  sotto_app_start_temporary (app);
  harness_wait_for (is_ready, app, 20);
  harness_run (0.5);
  assert_named (GTK_WIDGET (window));
}

static void
test_names (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);

  run (folder, named_life);
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
  sotto_app_start_temporary (app);
  harness_wait_for (is_ready, app, 20);
  harness_run (0.5);
  activate (window, "win.choose-model");
  g_assert_nonnull (gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_POPOVER));
  if (!harness_keys (GTK_WIDGET (window), "ctrl+q"))
    g_test_skip ("xdotool is not installed");
  else
    harness_wait_for (is_closed_window, window, 10);
}

static void
test_quit_from_popover (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);

  run (folder, quit_life);
}

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
  g_assert_true (has_no_conversations (app));
  g_assert_false (is_enabled (window, "win.import"));
  sotto_app_start_temporary (app);
  harness_wait_for (is_ready, app, 20);
  harness_wait_for (has_conversation, app, 20);
  harness_run (0.3);
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "_Undo"));
  g_assert_true (is_enabled (window, "win.export"));

  /* What the toast says can be undone is gone, and something else is shown. */
  click (GTK_WIDGET (window), "_Undo");
  g_assert_true (has_no_conversations (app));
  g_assert_false (is_enabled (window, "win.export"));

  drop (window, file);
  harness_wait_for (has_conversation, app, 20);

  /* Both formats are offered for one, with a word about encryption; none for all. */
  activate (window, "win.export");
  dialog = wait_for_dialog (window);
  harness_run (0.3);
  assert_named (dialog);
  g_assert_nonnull (harness_find (dialog, GTK_TYPE_CHECK_BUTTON));
  click (dialog, "_Cancel");
  harness_run (0.5);
  activate (window, "win.export-all");
  dialog = wait_for_dialog (window);
  g_assert_null (harness_find (dialog, GTK_TYPE_CHECK_BUTTON));
  click (dialog, "_Cancel");
  harness_run (0.5);

  /* One of the list can be deleted while a new one is shown, which cannot. */
  activate (window, "win.new-conversation");
  g_assert_false (is_enabled (window, "win.delete"));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.delete-listed", "s", "00000000-0000-4000-8000-00000000000a"));
  g_assert_true (has_no_conversations (app));

  g_assert_true (g_file_set_contents (path, "Dear diary", -1, NULL));
  drop (window, file);
  dialog = wait_for_dialog (window);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "letters.SOTTO"));
  adw_dialog_close (ADW_DIALOG (dialog));
  harness_run (0.5);
  g_assert_true (g_file_delete (file, NULL, NULL));
}

static void
test_import (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-window-XXXXXX", NULL);

  run (folder, import_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/window/whole-way", test_whole_way);
  g_test_add_func ("/window/temporary", test_temporary);
  g_test_add_func ("/window/names", test_names);
  g_test_add_func ("/window/import", test_import);
  g_test_add_func ("/window/quit-from-popover", test_quit_from_popover);

  return g_test_run ();
}
