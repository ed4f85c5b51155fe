/* What could not be saved for want of room, and would be lost with closing or locking: that is asked first. */
#include "life.h"

#include <string.h>

#include "app-private.h"
#include "harness-room.h"
#include "preferences.h"
#include "window-private.h"

#define PASSPHRASE "correct horse"
#define DRAFT "half a thought"

static gboolean
has_recovery_code (gpointer app)
{
  return sotto_app_get_recovery_code (app) != NULL;
}

static gboolean
is_locked (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_NEEDS_PASSPHRASE;
}

static gboolean
is_gone (gpointer window)
{
  return !gtk_widget_get_visible (window);
}

static void
make_history (SottoApp  *app,
              GtkWindow *window)
{
  sotto_app_create_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (has_recovery_code, app, 30);
  adw_dialog_force_close (ADW_DIALOG (life_wait_for_dialog (window)));
  harness_wait_for (life_has_no_dialog, window, 20);
}

static void
write_without_room (GtkWindow *window)
{
  harness_set_room (FALSE);
  sotto_conversation_set_draft (SOTTO_WINDOW (window)->conversation, DRAFT);
}

static gboolean
has_problem (gpointer conversation)
{
  return sotto_conversation_get_problem (conversation) != NULL;
}

typedef struct {
  GtkWidget *dialog;
  const char *button;
} Choice;

/* It comes in slowly. */
static gboolean
can_choose (gpointer data)
{
  Choice *choice = data;

  return harness_find_button (choice->dialog, choice->button) != NULL;
}

/* @heading: of what is asked; @answer: a button */
static void
answer (GtkWindow  *window,
        const char *heading,
        const char *button)
{
  GtkWidget *dialog = life_wait_for_dialog (window);
  Choice choice = { dialog, button };

  g_assert_cmpstr (adw_alert_dialog_get_heading (ADW_ALERT_DIALOG (dialog)), ==, heading);
  g_assert_nonnull (strstr (adw_alert_dialog_get_body (ADW_ALERT_DIALOG (dialog)), "would be lost"));
  harness_wait_for (can_choose, &choice, 20);
  life_assert_named (dialog);
  /* Perhaps the window goes with it. */
  g_signal_emit_by_name (harness_find_button (dialog, button), "clicked");
}

static void
stay (GtkWindow  *window,
      const char *heading)
{
  answer (window, heading, "_Cancel");
  harness_wait_for (life_has_no_dialog, window, 20);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (window)));
  g_assert_cmpstr (sotto_conversation_get_draft (SOTTO_WINDOW (window)->conversation), ==, DRAFT);
}

/* --- Closing --- */

static void
stay_life (SottoApp  *app,
           GtkWindow *window)
{
  make_history (app, window);
  write_without_room (window);
  gtk_window_close (window);
  stay (window, "Close Without Saving?");
  g_action_group_activate_action (G_ACTION_GROUP (gtk_window_get_application (window)), "quit", NULL);
  stay (window, "Close Without Saving?");

  /* Asked twice at once, it is one question. */
  gtk_window_close (window);
  gtk_window_close (window);
  stay (window, "Close Without Saving?");
  harness_run (0.3);
  g_assert_true (life_has_no_dialog (window));

  /* With room again, life_run() closes it. */
  harness_set_room (TRUE);
}

static void
kept_life (SottoApp  *app,
           GtkWindow *window)
{
  sotto_app_unlock_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (life_is_ready, app, 30);
  g_assert_cmpstr (sotto_conversation_get_draft (SOTTO_WINDOW (window)->conversation), ==, DRAFT);
}

static void
test_stay (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-unsaved-XXXXXX", NULL);

  life_run (folder, stay_life);
  life_run (folder, kept_life);
}

static void
leave_life (SottoApp  *app,
            GtkWindow *window)
{
  make_history (app, window);
  write_without_room (window);
  g_action_group_activate_action (G_ACTION_GROUP (gtk_window_get_application (window)), "quit", NULL);
  answer (window, "Close Without Saving?", "Close _Anyway");
  harness_wait_for (is_gone, window, 20);
}

/* It ends, even so. */
static void
test_leave (void)
{
  life_run (NULL, leave_life);
  harness_set_room (TRUE);
}

/* --- Locking --- */

static void
lock_life (SottoApp  *app,
           GtkWindow *window)
{
  GActionGroup *actions = G_ACTION_GROUP (gtk_window_get_application (window));

  make_history (app, window);
  write_without_room (window);
  harness_wait_for (has_problem, SOTTO_WINDOW (window)->conversation, 20);
  g_action_group_activate_action (actions, "lock", NULL);
  stay (window, "Lock Without Saving?");
  g_assert_true (life_is_ready (app));
  g_action_group_activate_action (actions, "lock", NULL);
  answer (window, "Lock Without Saving?", "Lock _Anyway");
  harness_wait_for (is_locked, app, 30);
  harness_set_room (TRUE);
}

static void
test_lock (void)
{
  life_run (NULL, lock_life);
}

/* The desktop that locks its screen does not wait for an answer. */
static void
lock_at_once_life (SottoApp  *app,
                   GtkWindow *window)
{
  make_history (app, window);
  write_without_room (window);
  harness_wait_for (has_problem, SOTTO_WINDOW (window)->conversation, 20);
  g_action_group_activate_action (G_ACTION_GROUP (gtk_window_get_application (window)), "lock", NULL);
  life_wait_for_dialog (window);
  sotto_app_lock_async (app, NULL, NULL);
  harness_wait_for (is_locked, app, 30);
  harness_wait_for (life_has_no_dialog, window, 20);
  harness_set_room (TRUE);
}

static void
test_lock_at_once (void)
{
  life_run (NULL, lock_at_once_life);
}

/* --- Preferences --- */

static gboolean
says (GtkWidget  *from,
      const char *words)
{
  if (!gtk_widget_get_mapped (from))
    return FALSE;
  if (GTK_IS_LABEL (from) && g_str_has_prefix (gtk_label_get_text (GTK_LABEL (from)), words))
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (says (child, words))
      return TRUE;
  return FALSE;
}

static gboolean
says_not_saved (gpointer window)
{
  return says (window, "Preferences cannot be saved now");
}

static gboolean
says_full (gpointer window)
{
  return says (window, "The disk is full or read-only");
}

static gboolean
says_not_full (gpointer window)
{
  return !says_full (window);
}

static void
change_preference (SottoApp *app)
{
  SottoSettings *settings = sotto_app_get_settings (app);

  g_object_set (settings, "top-k", sotto_settings_get_int (settings, "top-k") + 1, NULL);
}

/* Said where it happens: in the preferences, which go on saying it, or else in passing. */
static void
preferences_life (SottoApp  *app,
                  GtkWindow *window)
{
  GtkWidget *dialog;

  life_start_temporary (app);
  harness_set_room (FALSE);
  change_preference (app);
  harness_wait_for (says_not_saved, window, 20);
  life_activate (window, "win.preferences");
  harness_wait_for (says_full, window, 20);
  dialog = GTK_WIDGET (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  g_assert_true (SOTTO_IS_PREFERENCES (dialog));
  harness_set_room (TRUE);
  harness_wait_for (says_not_full, window, 20);
  harness_set_room (FALSE);
  change_preference (app);
  harness_wait_for (says_full, window, 20);
  harness_set_room (TRUE);
  harness_wait_for (says_not_full, window, 20);
  adw_dialog_force_close (ADW_DIALOG (dialog));
  harness_wait_for (life_has_no_dialog, window, 20);
}

static void
test_preferences (void)
{
  life_run (NULL, preferences_life);
}

int
main (int    argc,
      char **argv)
{
  /* As in a Flatpak, where they lie in a file */
  g_setenv ("GSETTINGS_BACKEND", "keyfile", TRUE);
  harness_init (&argc, &argv);
  g_test_add_func ("/unsaved/stay", test_stay);
  g_test_add_func ("/unsaved/leave", test_leave);
  g_test_add_func ("/unsaved/lock", test_lock);
  g_test_add_func ("/unsaved/lock-at-once", test_lock_at_once);
  g_test_add_func ("/unsaved/preferences", test_preferences);

  return g_test_run ();
}
