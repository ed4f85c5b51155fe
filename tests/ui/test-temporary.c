/* A chat that is not kept, as a person meets it: how one comes to it, how one sees it, and how it stays. */
#include "life.h"

#include "app-private.h"

#include "composer/composer.h"
#include "conversation/conversation-page.h"
#include "window-private.h"

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

/* Without a model there is nothing to write into. */
static gboolean
find_model (void)
{
  static gboolean is_there;

  is_there = is_there || harness_link_model ("SmolLM2-135M");
  if (is_there)
    return TRUE;
  g_test_skip ("the model SmolLM2-135M is not on this machine (app/run fetches it)");
  return FALSE;
}

static void
make_history (SottoApp  *app,
              GtkWindow *window)
{
  AdwDialog *dialog;

  sotto_app_set_passphrase_cost (app, 1, 8 * 1024);
  sotto_app_create_async (app, "correct horse", NULL, NULL, NULL);
  harness_wait_for (has_recovery_code, app, 30);
  harness_run (0.5);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  if (dialog != NULL)
    adw_dialog_force_close (dialog);
  g_object_set (sotto_app_get_settings (app), "temperature", 0.0, NULL);
  harness_wait_for (has_model, app, 30);
  harness_run (0.3);
}

static SottoConversation *
shown (GtkWindow *window)
{
  return SOTTO_WINDOW (window)->conversation;
}

static gboolean
is_temporary (gpointer window)
{
  return sotto_conversation_is_temporary (shown (window));
}

static gboolean
is_kept (gpointer window)
{
  return !is_temporary (window);
}

static gboolean
is_idle (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}

static gboolean
has_begun (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation);
}

static GtkTextBuffer *
get_buffer (GtkWindow *window)
{
  return gtk_text_view_get_buffer (GTK_TEXT_VIEW (harness_find (harness_find (GTK_WIDGET (window), SOTTO_TYPE_COMPOSER),
                                                                GTK_TYPE_TEXT_VIEW)));
}

static void
assert_written (GtkWindow  *window,
                const char *expected)
{
  g_autofree char *text = NULL;

  g_object_get (get_buffer (window), "text", &text, NULL);
  g_assert_cmpstr (text, ==, expected);
}

/* The banner that says so, if it is in sight */
static gboolean
is_said (GtkWindow *window)
{
  GtkWidget *button = harness_find_button (GTK_WIDGET (window), "win.keep");

  return button != NULL && gtk_widget_get_child_visible (button) && gtk_widget_get_height (button) > 0;
}

static void
life (SottoApp  *app,
      GtkWindow *window)
{
  GListModel *conversations = G_LIST_MODEL (sotto_app_get_conversations (app));
  GtkWidget *page;
  GtkWidget *toggle;
  SottoConversation *conversation;

  g_assert_false (life_is_enabled (window, "win.new-temporary"));
  make_history (app, window);
  page = harness_find (GTK_WIDGET (window), SOTTO_TYPE_CONVERSATION_PAGE);
  life_assert_named (GTK_WIDGET (window));

  /* By the key, and back by the one beside it */
  g_assert_false (is_temporary (window));
  if (harness_keys (GTK_WIDGET (window), "ctrl+shift+n"))
    {
      harness_wait_for (is_temporary, window, 10);
      harness_keys (GTK_WIDGET (window), "ctrl+n");
      harness_wait_for (is_kept, window, 10);
    }

  /* By the button, with what was begun already; pressed as long as it is so */
  gtk_text_buffer_set_text (get_buffer (window), "Begun before", -1);
  toggle = harness_find_button (page, "Temporary Chat");
  g_assert_nonnull (toggle);
  g_assert_false (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (toggle)));
  life_click (page, "Temporary Chat");
  harness_wait_for (is_temporary, window, 10);
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (toggle)));
  assert_written (window, "Begun before");
  g_assert_cmpstr (sotto_conversation_get_draft (sotto_conversation_list_create (sotto_app_get_conversations (app))), ==, "");
  life_click (page, "Temporary Chat");
  harness_wait_for (is_kept, window, 10);
  assert_written (window, "Begun before");
  life_click (page, "Temporary Chat");
  harness_wait_for (is_temporary, window, 10);

  /* Once it has begun it says what it is, and offers the way out; how it began cannot be changed any more. */
  conversation = shown (window);
  g_assert_false (is_said (window));
  g_assert_false (life_is_enabled (window, "win.keep"));
  sotto_conversation_send_async (conversation, "Said in passing", NULL, NULL, NULL);
  harness_wait_for (has_begun, conversation, 60);
  sotto_conversation_stop (conversation);
  harness_wait_for (is_idle, conversation, 60);
  harness_run (0.5);
  g_assert_true (is_said (window));
  g_assert_null (harness_find_button (page, "Temporary Chat"));
  g_assert_false (life_is_enabled (window, "win.pin"));
  g_assert_false (life_is_enabled (window, "win.unpin"));
  g_assert_true (life_is_enabled (window, "win.export"));
  g_assert_true (life_is_enabled (window, "win.print"));
  g_assert_cmpuint (g_list_model_get_n_items (conversations), ==, 1);
  life_assert_named (GTK_WIDGET (window));

  life_activate (window, "win.new-conversation");
  g_assert_false (is_said (window));
  sotto_window_open_conversation (SOTTO_WINDOW (window), sotto_conversation_get_id (conversation));
  harness_run (0.5);
  g_assert_true (is_said (window));

  life_activate (window, "win.keep");
  harness_wait_for (is_kept, window, 20);
  harness_run (0.5);
  g_assert_true (shown (window) == conversation);
  g_assert_false (is_said (window));
  g_assert_false (life_is_enabled (window, "win.keep"));
  g_assert_true (life_is_enabled (window, "win.pin"));
  g_assert_cmpuint (g_list_model_get_n_items (conversations), ==, 1);

  /* Another one, which goes with the window */
  life_activate (window, "win.new-temporary");
  sotto_conversation_send_async (shown (window), "Not to be found again", NULL, NULL, NULL);
  harness_wait_for (has_begun, shown (window), 60);
  sotto_conversation_stop (shown (window));
  harness_wait_for (is_idle, shown (window), 60);
  g_assert_cmpuint (g_list_model_get_n_items (conversations), ==, 2);
}

static gboolean
is_unlocked (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_READY;
}

static void
later_life (SottoApp  *app,
            GtkWindow *window)
{
  g_autoptr (SottoConversation) first = NULL;

  sotto_app_unlock_async (app, "correct horse", NULL, NULL, NULL);
  harness_wait_for (is_unlocked, app, 30);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))), ==, 1);
  first = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  g_assert_cmpstr (sotto_conversation_get_title (first), ==, "Said in passing");
  g_assert_false (sotto_conversation_is_temporary (first));
}

static void
test_temporary (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-temporary-XXXXXX", NULL);
  g_autofree char *history = g_build_filename (folder, "history", NULL);

  if (!find_model ())
    return;
  life_run (history, life);
  life_run (history, later_life);
}

/* Where nothing is kept everything is temporary: there is nothing to choose. */
static void
all_life (SottoApp  *app,
          GtkWindow *window)
{
  life_start_temporary (app);
  g_assert_false (life_is_enabled (window, "win.new-temporary"));
  g_assert_false (life_is_enabled (window, "win.keep"));
  g_assert_null (harness_find_button (GTK_WIDGET (window), "Temporary Chat"));
}

static void
test_all (void)
{
  if (find_model ())
    life_run (NULL, all_life);
}

/* --- Closing the window --- */

static void
busy_life (SottoApp  *app,
           GtkWindow *window)
{
  make_history (app, window);
  life_activate (window, "win.new-temporary");
  sotto_conversation_send_async (shown (window), "Write a long story about the sea.", NULL, NULL, NULL);
  while (!sotto_conversation_is_stored (shown (window)) || !sotto_conversation_is_busy (shown (window)))
    harness_run (0.05);
  /* What is not kept nobody would read: the window closes, and life_run() sees Sotto end. */
  gtk_window_close (window);
  g_assert_false (sotto_conversation_list_is_busy_keeping (sotto_app_get_conversations (app)));
}

static void
test_busy (void)
{
  if (find_model ())
    life_run (NULL, busy_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/temporary/kept-and-not", test_temporary);
  g_test_add_func ("/temporary/all", test_all);
  g_test_add_func ("/temporary/closed-while-busy", test_busy);
  return g_test_run ();
}
