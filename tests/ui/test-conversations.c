/* Several conversations in the window: deleted by a key, and gone on with in another one. */
#include "life.h"

#include "sotto-app.h"

static gboolean
is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation) &&
         g_list_model_get_n_items (conversation) > 0;
}

static guint
count_conversations (SottoApp *app)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app)));
}

static void
begin_conversation (SottoApp   *app,
                    const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  while (!sotto_conversation_is_stored (conversation) || !is_idle (conversation))
    harness_run (0.05);
}

/* A row of the list that has the keyboard is deleted by a key, with a way back; what one writes in keeps it for itself. */
static void
delete_life (SottoApp  *app,
             GtkWindow *window)
{
  GListModel *conversations = G_LIST_MODEL (sotto_app_get_conversations (app));
  g_autoptr (SottoConversation) newest = NULL;
  g_autoptr (SottoConversation) left = NULL;
  GtkWidget *list;

  life_start_temporary (app);
  begin_conversation (app, "One");
  begin_conversation (app, "Two");
  begin_conversation (app, "Three");
  harness_run (0.5);

  life_activate (window, "win.focus-composer");
  if (!harness_type (GTK_WIDGET (window), "ab"))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  harness_keys (GTK_WIDGET (window), "Home");
  harness_keys (GTK_WIDGET (window), "Delete");
  life_activate (window, "win.search");
  harness_type (GTK_WIDGET (window), "T");
  harness_keys (GTK_WIDGET (window), "Delete");
  g_assert_cmpuint (count_conversations (app), ==, 3);
  harness_keys (GTK_WIDGET (window), "BackSpace");
  harness_keys (GTK_WIDGET (window), "Escape");
  harness_run (0.5);

  list = harness_find (GTK_WIDGET (window), GTK_TYPE_LIST_VIEW);
  g_assert_nonnull (list);
  newest = g_list_model_get_item (conversations, 0);
  gtk_list_view_scroll_to (GTK_LIST_VIEW (list), 0, GTK_LIST_SCROLL_FOCUS, NULL);
  gtk_widget_grab_focus (list);
  harness_keys (GTK_WIDGET (window), "shift+Delete");
  g_assert_cmpuint (count_conversations (app), ==, 3);
  harness_keys (GTK_WIDGET (window), "Delete");
  g_assert_cmpuint (count_conversations (app), ==, 2);
  left = g_list_model_get_item (conversations, 0);
  g_assert_true (newest != left);

  /* The keyboard stays in the list. */
  harness_run (0.3);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (window), list));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_run (0.3);
  g_assert_cmpuint (count_conversations (app), ==, 3);
}

static void
test_delete_key (void)
{
  life_run (NULL, delete_life);
}

static gboolean
has_two_conversations (gpointer app)
{
  return count_conversations (app) == 2;
}

/* A button at each message goes on from there in another chat, which opens; the old one is as it was. */
static void
branch_life (SottoApp  *app,
             GtkWindow *window)
{
  GListModel *conversations = G_LIST_MODEL (sotto_app_get_conversations (app));
  g_autoptr (SottoConversation) old = NULL;
  g_autoptr (SottoConversation) branched = NULL;
  g_autoptr (SottoMessage) first = NULL;
  GtkListView *list;
  guint n_messages;

  life_start_temporary (app);
  begin_conversation (app, "One");
  old = g_list_model_get_item (conversations, 0);
  sotto_conversation_send_async (old, "Two", NULL, NULL, NULL);
  while (g_list_model_get_n_items (G_LIST_MODEL (old)) < 2 || sotto_conversation_is_busy (old))
    harness_run (0.05);
  harness_run (0.5);
  life_assert_named (GTK_WIDGET (window));

  /* Where there is a model, it has answered; and the first message may be out of sight. */
  first = g_list_model_get_item (G_LIST_MODEL (old), 0);
  n_messages = g_list_model_get_n_items (G_LIST_MODEL (old));
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "Continue in a New Chat"));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.branch", "s", sotto_message_get_id (first)));
  harness_wait_for (has_two_conversations, app, 20);
  branched = g_list_model_get_item (conversations, 0);
  g_assert_true (branched != old);
  g_assert_cmpstr (sotto_conversation_get_title (branched), ==, "One (2)");
  harness_run (0.5);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (branched)), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (old)), ==, n_messages);

  /* It is what is shown: marked in the list, wherever the pointer selects; and a draft is its. */
  list = GTK_LIST_VIEW (harness_find (GTK_WIDGET (window), GTK_TYPE_LIST_VIEW));
  g_assert_true (gtk_single_selection_get_selected_item (GTK_SINGLE_SELECTION (gtk_list_view_get_model (list))) == branched);
  gtk_selection_model_select_item (gtk_list_view_get_model (list), 1, TRUE);
  g_assert_true (gtk_single_selection_get_selected_item (GTK_SINGLE_SELECTION (gtk_list_view_get_model (list))) == branched);
  g_assert_true (GTK_IS_TEXT_VIEW (gtk_window_get_focus (window)));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_window_get_focus (window))), "Three", -1);
  g_assert_cmpstr (sotto_conversation_get_draft (branched), ==, "Three");
  g_assert_cmpstr (sotto_conversation_get_draft (old), ==, "");
}

static void
test_branch (void)
{
  life_run (NULL, branch_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/conversations/delete-key", test_delete_key);
  g_test_add_func ("/conversations/branch", test_branch);

  return g_test_run ();
}
