/* A reply that is read aloud, by a real Speech Dispatcher: all of it and in order, as it grows too; pause, stop, Escape; what the
 * window shows of it; and silence when it is locked, closed, or shows something else. */
#include "life.h"

#include <string.h>

#include "app-private.h"
#include "conversation/message-private.h"

#include "conversation/conversation-page.h"
#include "conversation/read-aloud-bar.h"
#include "conversation/read-aloud.h"
#include "conversation/read-button.h"
#include "harness-speech.h"
#include "planted.h"
#include "window-private.h"

static SottoMessage *
create_reply (const char         *text,
              SottoMessageStatus  status)
{
  const char *siblings[] = { "reply", NULL };

  return sotto_message_new ("reply", NULL, SOTTO_ROLE_ASSISTANT, status, text, siblings);
}

static gboolean
is_over (gpointer reader)
{
  return sotto_read_aloud_get_message (reader) == NULL;
}

static gboolean
is_read (gpointer reader)
{
  return !is_over (reader);
}

static void
on_sentence (GString    *heard,
             const char *words,
             guint       place)
{
  if (words != NULL)
    g_string_append_printf (heard, "%s@%u|", words, place);
}

static void
assert_said (const char *expected)
{
  g_autofree char *said = harness_speech_get_said ();

  g_assert_cmpstr (said, ==, expected);
}

static void
test_whole (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("1. One is *one*. It is one.\n\nIst das die Küste und der Hafen von Kiel, der nicht "
                                                 "auf der Karte ist? Und one.", SOTTO_MESSAGE_STATUS_COMPLETE);
  g_autoptr (GString) heard = g_string_new (NULL);

  if (!harness_speech_prepare ("paper"))
    return;

  g_signal_connect_swapped (reader, "sentence", G_CALLBACK (on_sentence), heard);
  sotto_read_aloud_begin (reader, reply);
  g_assert_true (sotto_read_aloud_get_message (reader) == reply);
  harness_wait_for (is_over, reader, 30);
  assert_said ("de|1. One is one.|de|It is one.|de|Ist das die Küste und der Hafen von Kiel, der nicht auf der Karte ist?|de|Und one.|");
  g_assert_cmpstr (heard->str, ==, "One is one.@0|It is one.@0|Ist das die Küste und der Hafen von Kiel, der nicht auf der Karte "
                                   "ist?@0|Und one.@0|");
  harness_run (0.2);
  harness_speech_end ();
}

/* Words that come again are the place after the first; within others, too. */
static void
test_places (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("Yes. No. He says: yes. Yes.", SOTTO_MESSAGE_STATUS_COMPLETE);
  g_autoptr (GString) heard = g_string_new (NULL);

  if (!harness_speech_prepare ("paper"))
    return;

  g_signal_connect_swapped (reader, "sentence", G_CALLBACK (on_sentence), heard);
  sotto_read_aloud_begin (reader, reply);
  harness_wait_for (is_over, reader, 30);
  g_assert_cmpstr (heard->str, ==, "Yes.@0|No.@0|He says: yes.@0|Yes.@2|");
  harness_run (0.2);
  harness_speech_end ();
}

static void
test_growing (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("The first sen", SOTTO_MESSAGE_STATUS_STREAMING);

  if (!harness_speech_prepare ("paper"))
    return;

  sotto_read_aloud_begin (reader, reply);
  harness_run (0.2);
  assert_said ("");
  sotto_message_append (reply, "tence. The sec");
  harness_wait_for (harness_speech_has_said, (gpointer) "en|The first sentence.|", 30);
  harness_run (0.5);
  assert_said ("en|The first sentence.|");
  sotto_message_append (reply, "ond one. The la");
  sotto_message_append (reply, "st");
  harness_wait_for (harness_speech_has_said, (gpointer) "en|The second one.|", 30);
  g_assert_true (is_read (reader));
  sotto_message_set_status (reply, SOTTO_MESSAGE_STATUS_COMPLETE);
  harness_wait_for (is_over, reader, 30);
  assert_said ("en|The first sentence.|en|The second one.|en|The last|");
  harness_run (0.2);
  harness_speech_end ();
}

/* A sentence that was broken off is said anew; what comes behind it is not said until then, nor ever after a stop. */
static void
test_pause (void)
{
  g_autoptr (SottoReadAloud) reader = sotto_read_aloud_new ();
  g_autoptr (SottoMessage) reply = create_reply ("One. Cut two. Cut three. Four. Five.", SOTTO_MESSAGE_STATUS_COMPLETE);

  if (!harness_speech_prepare ("paper"))
    return;

  sotto_read_aloud_begin (reader, reply);
  harness_wait_for (harness_speech_has_said, (gpointer) "en|Cut two.|", 30);
  sotto_read_aloud_set_paused (reader, TRUE);
  harness_run (0.6);
  assert_said ("en|One.|en|Cut two.|");
  sotto_read_aloud_set_paused (reader, FALSE);
  harness_wait_for (harness_speech_has_said, (gpointer) "en|Cut two.|en|Cut three.|", 30);
  sotto_read_aloud_stop (reader);
  g_assert_true (is_over (reader));
  harness_run (0.6);
  assert_said ("en|One.|en|Cut two.|en|Cut two.|en|Cut three.|");

  /* From its beginning, and another in the place of that */
  harness_speech_clear ();
  sotto_read_aloud_begin (reader, reply);
  harness_wait_for (harness_speech_has_said, (gpointer) "en|One.|", 30);
  sotto_read_aloud_stop (reader);
  harness_run (0.2);
  harness_speech_end ();
}

/* --- In the window --- */

static gboolean
has_reply (gpointer window)
{
  SottoConversation *conversation = SOTTO_WINDOW (window)->conversation;

  return conversation != NULL && g_list_model_get_n_items (G_LIST_MODEL (conversation)) > 1 &&
         harness_find (window, SOTTO_TYPE_READ_BUTTON) != NULL;
}

static SottoReadAloud *
begin (SottoApp  *app,
       GtkWindow *window)
{
  SottoConversationList *conversations = sotto_app_get_conversations (app);
  SottoReadAloud *reader;

  if (sotto_app_get_state (app) != SOTTO_APP_STATE_READY)
    sotto_app_unlock_async (app, PLANTED_PASSPHRASE, NULL, NULL, NULL);
  harness_wait_for (life_is_ready, app, 30);
  harness_wait_for (life_has_conversation, app, 10);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (conversations)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (conversations), i);

      if (SOTTO_IS_CONVERSATION (item))
        {
          sotto_window_show_conversation (SOTTO_WINDOW (window), SOTTO_CONVERSATION (item));
          break;
        }
    }
  harness_wait_for (has_reply, window, 20);
  harness_run (0.3);

  reader = sotto_conversation_page_get_reader (SOTTO_WINDOW (window)->page);
  g_assert_true (is_over (reader));
  return reader;
}

static gboolean
shows_bar (GtkWindow *window)
{
  GtkWidget *bar = harness_find (GTK_WIDGET (window), SOTTO_TYPE_READ_ALOUD_BAR);

  return bar != NULL && gtk_widget_get_height (bar) > 20;
}

static gboolean
has_marks (gpointer data)
{
  GtkWidget *from = data;

  if (GTK_IS_LABEL (from) && gtk_label_get_attributes (GTK_LABEL (from)) != NULL &&
      gtk_widget_get_ancestor (from, SOTTO_TYPE_CONVERSATION_PAGE) != NULL)
    {
      GSList *all = pango_attr_list_get_attributes (gtk_label_get_attributes (GTK_LABEL (from)));
      gboolean found = FALSE;

      for (GSList *one = all; one != NULL; one = one->next)
        found = found || ((PangoAttribute *) one->data)->klass->type == PANGO_ATTR_BACKGROUND;
      g_slist_free_full (all, (GDestroyNotify) pango_attribute_destroy);
      if (found)
        return TRUE;
    }

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (has_marks (child))
      return TRUE;

  return FALSE;
}

static gboolean
says_something (gpointer unused)
{
  g_autofree char *said = harness_speech_get_said ();

  return *said != '\0';
}

/* The key begins, pauses and goes on; Escape ends it; the button of the reply and those of the bar do as well. */
static void
key_life (SottoApp  *app,
          GtkWindow *window)
{
  SottoReadAloud *reader = begin (app, window);
  GtkWidget *page = GTK_WIDGET (SOTTO_WINDOW (window)->page);

  g_assert_false (shows_bar (window));
  if (!harness_keys (GTK_WIDGET (window), "ctrl+shift+r"))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  harness_wait_for (is_read, reader, 10);
  harness_wait_for (says_something, NULL, 30);
  harness_run (0.4);
  g_assert_true (shows_bar (window));
  harness_wait_for (has_marks, page, 10);
  life_assert_named (GTK_WIDGET (window));

  harness_keys (GTK_WIDGET (window), "ctrl+shift+r");
  harness_run (0.3);
  g_assert_true (sotto_read_aloud_is_paused (reader));
  life_click (page, "Go On Reading");
  g_assert_false (sotto_read_aloud_is_paused (reader));

  harness_keys (GTK_WIDGET (window), "Escape");
  harness_wait_for (is_over, reader, 5);
  harness_run (0.5);
  g_assert_false (shows_bar (window));
  g_assert_false (has_marks (page));

  life_click (page, "Read Aloud");
  g_assert_true (is_read (reader));
  life_click (harness_find (page, SOTTO_TYPE_READ_ALOUD_BAR), "Stop Reading");
  g_assert_true (is_over (reader));
  g_assert_false (life_is_enabled (window, "win.stop-reading"));
}

/* What is shown is what is read: another conversation, and a lock, are silent at once. */
static void
silence_life (SottoApp  *app,
              GtkWindow *window)
{
  SottoReadAloud *reader = begin (app, window);
  g_autofree char *said = NULL;

  life_activate (window, "win.read-aloud");
  g_assert_true (is_read (reader));
  life_activate (window, "win.new-conversation");
  g_assert_true (is_over (reader));

  reader = begin (app, window);
  life_activate (window, "win.read-aloud");
  harness_wait_for (says_something, NULL, 30);
  sotto_app_lock_async (app, NULL, NULL);
  g_assert_true (is_over (sotto_conversation_page_get_reader (SOTTO_WINDOW (window)->page)));
  harness_run (0.3);
  said = harness_speech_get_said ();
  harness_run (0.8);
  assert_said (said);
  harness_wait_for (life_is_waiting_for_person, app, 20);

  /* And so is a window that goes while it is read to somebody. */
  begin (app, window);
  life_activate (window, "win.read-aloud");
}

static void
live (LifeScript script)
{
  g_autofree char *home = NULL;
  g_autofree char *folder = NULL;

  if (!harness_speech_prepare ("paper"))
    return;

  home = g_dir_make_tmp ("sotto-read-aloud-XXXXXX", NULL);
  folder = g_build_filename (home, "history", NULL);
  planted_history_create (folder);
  life_run (folder, script);
  {
    g_autofree char *said = harness_speech_get_said ();

    harness_run (0.8);
    assert_said (said);
  }
  harness_speech_end ();
}

static void
test_keys (void)
{
  live (key_life);
}

static void
test_silence (void)
{
  live (silence_life);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/read-aloud/whole", test_whole);
  g_test_add_func ("/read-aloud/places", test_places);
  g_test_add_func ("/read-aloud/growing", test_growing);
  g_test_add_func ("/read-aloud/pause", test_pause);
  g_test_add_func ("/read-aloud/keys", test_keys);
  g_test_add_func ("/read-aloud/silence", test_silence);

  return g_test_run ();
}
