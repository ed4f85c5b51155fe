/* Locking, as a person meets it: the key and the menu, what lies over the window, and what becomes of the widgets; and when
 * nobody uses it. What the desktop says is in ../end-to-end/test-lock.py. */
#include "life.h"

#include "app-private.h"

#include "auto-lock.h"
#include "composer/composer.h"
#include "conversation/conversation-page.h"
#include "sidebar/sidebar.h"
#include "window-private.h"

#define PASSPHRASE "correct horse"

static gboolean
has_recovery_code (gpointer app)
{
  return sotto_app_get_recovery_code (app) != NULL;
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

static gboolean
is_locked (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_NEEDS_PASSPHRASE;
}

static gboolean
is_stored (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation);
}

static gboolean
is_idle (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}

static gboolean
is_gone (gpointer pointer)
{
  return *(gpointer *) pointer == NULL;
}

static void
make_history (SottoApp  *app,
              GtkWindow *window)
{
  AdwDialog *dialog;

  sotto_app_set_passphrase_cost (app, 1, 8 * 1024);
  sotto_app_create_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (has_recovery_code, app, 30);
  harness_run (0.5);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  if (dialog != NULL)
    adw_dialog_force_close (dialog);
  harness_run (0.3);
}

static void
unlock (SottoApp *app)
{
  sotto_app_unlock_async (app, PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (life_is_ready, app, 30);
}

static void
watch (gpointer *pointer,
       gpointer  object)
{
  g_assert_nonnull (object);
  *pointer = object;
  g_object_add_weak_pointer (object, pointer);
}

static void
life (SottoApp  *app,
      GtkWindow *window)
{
  SottoWindow *self = SOTTO_WINDOW (window);
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (window));
  g_autofree char *id = NULL;
  gpointer page, sidebar, composer, buffer, conversation, dialog;
  GtkTextBuffer *written;

  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (gtk_window_get_application (window)), "lock"));
  make_history (app, window);
  harness_wait_for (has_model, app, 30);
  sotto_conversation_send_async (self->conversation, "A question", NULL, NULL, NULL);
  harness_wait_for (is_stored, self->conversation, 30);
  sotto_conversation_stop (self->conversation);
  harness_wait_for (is_idle, self->conversation, 30);
  id = g_strdup (sotto_conversation_get_id (self->conversation));
  written = gtk_text_view_get_buffer (GTK_TEXT_VIEW (harness_find (harness_find (GTK_WIDGET (window), SOTTO_TYPE_COMPOSER),
                                                                   GTK_TYPE_TEXT_VIEW)));
  sotto_conversation_page_focus_composer (self->page);
  if (harness_type (GTK_WIDGET (window), "Half written") && harness_keys (GTK_WIDGET (window), "ctrl+a"))
    harness_keys (GTK_WIDGET (window), "ctrl+c");
  else
    gtk_text_buffer_set_text (written, "Half written", -1);
  harness_run (0.7);

  watch (&page, self->page);
  watch (&sidebar, self->sidebar);
  watch (&composer, harness_find (GTK_WIDGET (window), SOTTO_TYPE_COMPOSER));
  watch (&buffer, written);
  watch (&conversation, self->conversation);
  life_activate (window, "win.rename");
  watch (&dialog, life_wait_for_dialog (window));

  /* The key works where a dialog has the keyboard, too. */
  if (!harness_keys (GTK_WIDGET (window), "ctrl+shift+l"))
    g_action_group_activate_action (G_ACTION_GROUP (gtk_window_get_application (window)), "lock", NULL);
  harness_wait_for (is_locked, app, 30);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (self->stack), ==, "state");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))), ==, 0);
  harness_wait_for (is_gone, &page, 10);
  harness_wait_for (is_gone, &sidebar, 10);
  harness_wait_for (is_gone, &composer, 10);
  harness_wait_for (is_gone, &dialog, 10);
  harness_wait_for (is_gone, &conversation, 10);
  /* GTK may hold on to a buffer in which something was selected; there is nothing left in it. */
  if (buffer != NULL)
    {
      g_autofree char *left = NULL;

      g_object_get (buffer, "text", &left, NULL);
      g_assert_cmpstr (left, ==, "");
      g_assert_false (gtk_text_buffer_get_can_undo (buffer));
      g_object_remove_weak_pointer (buffer, &buffer);
    }
  g_assert_null (gdk_clipboard_get_content (clipboard));
  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (gtk_window_get_application (window)), "lock"));
  g_assert_false (life_is_enabled (window, "win.new-conversation"));
  life_assert_named (GTK_WIDGET (window));

  unlock (app);
  harness_run (0.5);
  g_assert_cmpstr (sotto_conversation_get_id (self->conversation), ==, id);
  g_assert_cmpstr (sotto_conversation_get_draft (self->conversation), ==, "Half written");
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "win.new-conversation"));
}

/* A key begins it anew. On a machine that has it come too late it says nothing, and is pressed again another time. */
static void
key_life (SottoApp  *app,
          GtkWindow *window)
{
  gboolean is_heard = FALSE;

  for (guint i = 0; i < 5 && !is_heard; i++)
    {
      const gint64 begun = g_get_monotonic_time ();
      gint64 pressed;

      g_object_set (sotto_app_get_settings (app), "lock-after", 3, NULL);
      harness_run (0.5);
      pressed = g_get_monotonic_time ();
      if (!harness_keys (GTK_WIDGET (window), "a"))
        return;
      is_heard = sotto_app_get_state (app) == SOTTO_APP_STATE_READY && g_get_monotonic_time () - begun < 2 * G_USEC_PER_SEC;
      harness_wait_for (is_locked, app, 20);
      if (is_heard)
        g_assert_cmpint (g_get_monotonic_time () - pressed, >=, 3 * G_USEC_PER_SEC);
      g_object_set (sotto_app_get_settings (app), "lock-after", 0, NULL);
      unlock (app);
    }
  if (!is_heard)
    g_test_message ("no key came in time");
}

/* After some minutes, each of them a second here, in which nothing is done in the window */
static void
idle_life (SottoApp  *app,
           GtkWindow *window)
{
  SottoAutoLock *auto_lock = sotto_auto_lock_new (app);

  make_history (app, window);
  sotto_auto_lock_watch (auto_lock, window);
  sotto_auto_lock_set_minute (auto_lock, 1000);
  harness_run (2);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  g_object_set (sotto_app_get_settings (app), "lock-after", 3, NULL);
  harness_wait_for (is_locked, app, 20);
  g_object_set (sotto_app_get_settings (app), "lock-after", 0, NULL);
  unlock (app);
  key_life (app, window);
  sotto_auto_lock_free (auto_lock);
}

static void
test_idle (void)
{
  life_run (NULL, idle_life);
}

static void
test_lock (void)
{
  if (!harness_link_model ("SmolLM2-135M"))
    g_test_skip ("the model SmolLM2-135M is not on this machine (app/run fetches it)");
  else
    life_run (NULL, life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/lock/by-hand", test_lock);
  g_test_add_func ("/lock/unused", test_idle);
  return g_test_run ();
}
