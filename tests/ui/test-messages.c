/* What can be done with a single message: it is deleted and comes back, and a reply that was cut off goes on; and a long
 * conversation goes on in another. */
#include "life.h"

#include <string.h>

#include "sotto-app.h"

#include "app-private.h"
#include "conversation/find-bar.h"

static gboolean
is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation);
}

static gboolean
has_two (gpointer conversation)
{
  return g_list_model_get_n_items (conversation) == 2;
}

static gboolean
has_one (gpointer conversation)
{
  return g_list_model_get_n_items (conversation) == 1;
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

/* Returns: (transfer full): the conversation that is shown then */
static SottoConversation *
begin (SottoApp   *app,
       GtkWindow  *window,
       const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  GtkWidget *list;

  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_wait_for (life_has_conversation, app, 20);
  harness_wait_for (is_idle, conversation, 120);
  harness_run (0.4);
  list = harness_find (GTK_WIDGET (window), GTK_TYPE_LIST_VIEW);
  g_assert_nonnull (list);
  g_signal_emit_by_name (list, "activate", 0);
  harness_run (0.4);

  return g_object_ref (conversation);
}

static void
say (SottoConversation *conversation,
     const char        *text)
{
  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_run (0.2);
  harness_wait_for (is_idle, conversation, 120);
  harness_run (0.4);
}

static char *
dup_text (SottoConversation *conversation,
          guint              position)
{
  g_autoptr (SottoMessage) message = g_list_model_get_item (G_LIST_MODEL (conversation), position);

  return g_strdup (sotto_message_get_text (message));
}

static gboolean
says (GtkWindow  *window,
      const char *text)
{
  GtkWidget *bar = GTK_WIDGET (harness_find (GTK_WIDGET (window), SOTTO_TYPE_FIND_BAR));
  GtkWidget *label = harness_find (bar, GTK_TYPE_LABEL);

  for (GtkWidget *next = label; next != NULL; next = gtk_widget_get_next_sibling (next))
    if (GTK_IS_LABEL (next) && g_str_equal (gtk_label_get_label (GTK_LABEL (next)), text))
      return TRUE;

  return FALSE;
}

static gboolean
found_one (gpointer window)
{
  return says (window, "1 of 1");
}

static gboolean
found_nothing (gpointer window)
{
  return says (window, "Nothing found");
}

/* What was found moves up when a message above it goes, and goes itself. */
static void
find_life (SottoApp  *app,
           GtkWindow *window)
{
  g_autoptr (SottoConversation) conversation = NULL;

  life_start_temporary (app);
  conversation = begin (app, window, "Here");
  say (conversation, "There");
  say (conversation, "Needle");
  life_activate (window, "win.find");
  gtk_editable_set_text (GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (window), GTK_TYPE_SEARCH_ENTRY)),
                         "needle");
  harness_wait_for (found_one, window, 10);
  life_click (GTK_WIDGET (window), "message.delete");
  harness_run (0.5);
  g_assert_true (found_one (window));
  life_click (GTK_WIDGET (window), "message.delete");
  harness_run (0.5);
  g_assert_true (found_one (window));
  life_click (GTK_WIDGET (window), "message.delete");
  harness_wait_for (found_nothing, window, 10);
  harness_run (0.8); /* the toast before it is on its way out */
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_one, conversation, 10);
}

static void
test_find (void)
{
  life_run (NULL, find_life);
}

/* Without a model nobody answers, and a conversation is what the person wrote. */
static void
delete_life (SottoApp  *app,
             GtkWindow *window)
{
  g_autoptr (SottoConversation) conversation = NULL;
  g_autoptr (SottoMessage) second = NULL;
  g_autoptr (SottoMessage) after = NULL;
  g_autofree char *left = NULL;
  GtkWidget *button;

  life_start_temporary (app);
  conversation = begin (app, window, "One");
  say (conversation, "Two");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 2);
  second = g_list_model_get_item (G_LIST_MODEL (conversation), 1);

  /* The first in sight goes; what follows stays, as the object it was, and the composer has the keyboard. */
  life_click (GTK_WIDGET (window), "message.delete");
  harness_wait_for (has_one, conversation, 10);
  after = g_list_model_get_item (G_LIST_MODEL (conversation), 0);
  g_assert_true (after == second);
  harness_run (0.4);
  g_assert_nonnull (gtk_window_get_focus (window));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_two, conversation, 10);
  left = dup_text (conversation, 0);
  g_assert_cmpstr (left, ==, "One");
  g_clear_object (&after);
  after = g_list_model_get_item (G_LIST_MODEL (conversation), 1);
  g_assert_true (after == second);

  /* Whoever goes on does not go back. */
  harness_run (0.4);
  life_click (GTK_WIDGET (window), "message.delete");
  harness_wait_for (has_one, conversation, 10);
  harness_run (0.4);
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "_Undo"));
  say (conversation, "Three");
  harness_run (0.5);
  g_assert_null (harness_find_button (GTK_WIDGET (window), "_Undo"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 2);

  /* Nothing is left, and the last one comes back first. */
  life_click (GTK_WIDGET (window), "message.delete");
  harness_wait_for (has_one, conversation, 10);
  harness_run (0.3);
  life_click (GTK_WIDGET (window), "message.delete");
  harness_run (0.5);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 0);
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_one, conversation, 10);
  harness_run (0.8);
  life_click (GTK_WIDGET (window), "_Undo");
  harness_wait_for (has_two, conversation, 10);

  /* What slides away has nothing to bring back, and a late click is no reason to complain. */
  harness_run (0.8);
  life_click (GTK_WIDGET (window), "message.delete");
  harness_wait_for (has_one, conversation, 10);
  harness_run (0.4);
  button = harness_find_button (GTK_WIDGET (window), "_Undo");
  g_assert_nonnull (button);
  g_signal_emit_by_name (gtk_widget_get_last_child (gtk_widget_get_parent (button)), "clicked");
  g_signal_emit_by_name (button, "clicked");
  harness_run (0.4);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_true (has_one (conversation));
}

static void
test_delete (void)
{
  life_run (NULL, delete_life);
}

static void
continue_life (SottoApp  *app,
               GtkWindow *window)
{
  g_autoptr (SottoConversation) conversation = NULL;
  g_autoptr (SottoMessage) reply = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  if (!harness_link_model ("SmolLM2-135M"))
    {
      g_test_skip ("SmolLM2 is not on this machine");
      return;
    }
  life_start_temporary (app);
  g_object_set (sotto_app_get_settings (app), "max-tokens", 12, "temperature", 0.0, NULL);
  harness_wait_for (has_model, app, 20);
  conversation = begin (app, window, "Write a very long story about a river.");
  first = dup_text (conversation, 1);
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "C_ontinue"));
  life_assert_named (GTK_WIDGET (window));

  life_click (GTK_WIDGET (window), "C_ontinue");
  harness_wait_for (is_idle, conversation, 120);
  harness_run (0.3);
  second = dup_text (conversation, 1);
  g_assert_true (g_str_has_prefix (second, first));
  g_assert_cmpuint (strlen (second), >, strlen (first));

  /* With the message of a person behind it, it is what was said. */
  g_assert_nonnull (harness_find_button (GTK_WIDGET (window), "C_ontinue"));
  reply = g_list_model_get_item (G_LIST_MODEL (conversation), 1);
  say (conversation, "Say yes.");
  g_assert_false (sotto_conversation_can_continue_reply (conversation, reply));
}

static void
test_continue (void)
{
  life_run (NULL, continue_life);
}

static gboolean
has_two_conversations (gpointer app)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))) == 2;
}

/* A long conversation goes on in another, which the window shows then; Stop gives that up. */
static void
summary_life (SottoApp  *app,
              GtkWindow *window)
{
  g_autoptr (SottoConversation) conversation = NULL;
  g_autoptr (SottoConversation) made = NULL;

  if (!harness_link_model ("SmolLM2-135M"))
    {
      g_test_skip ("SmolLM2 is not on this machine");
      return;
    }
  life_start_temporary (app);
  g_object_set (sotto_app_get_settings (app), "max-tokens", 16, "temperature", 0.0, "context-length", 4096, NULL);
  harness_wait_for (has_model, app, 20);
  conversation = begin (app, window, "Tell me about the weather on the Baltic Sea, please: wind, waves and ice.");
  say (conversation, "And the North Sea: what are wind, waves and tides like there, and in which months?");
  say (conversation, "Thanks.");
  g_assert_false (life_is_enabled (window, "win.summarise"));
  g_object_set (sotto_app_get_settings (app), "context-length", 256, NULL);
  say (conversation, "Go on, please.");
  g_assert_true (life_is_enabled (window, "win.summarise"));

  /* At once: a short summary may end while life_activate() waits. */
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.summarise", NULL));
  g_assert_true (sotto_conversation_is_busy (conversation));
  g_assert_false (life_is_enabled (window, "win.summarise"));
  life_activate (window, "win.stop");
  harness_wait_for (is_idle, conversation, 20);
  harness_run (0.2);
  g_assert_false (has_two_conversations (app));

  life_activate (window, "win.summarise");
  harness_wait_for (has_two_conversations, app, 120);
  harness_run (0.5);
  made = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);
  g_assert_true (made != conversation);
  g_assert_true (sotto_conversation_is_loaded (made)); /* for it is shown */
  g_assert_true (g_str_has_suffix (sotto_conversation_get_title (made), " (2)"));
  g_assert_cmpstr (sotto_conversation_get_instructions (made), !=, "");
}

static void
test_summary (void)
{
  life_run (NULL, summary_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/messages/delete", test_delete);
  g_test_add_func ("/messages/find", test_find);
  g_test_add_func ("/messages/continue", test_continue);
  g_test_add_func ("/messages/summary", test_summary);

  return g_test_run ();
}
