#include "harness.h"

#include <string.h>

#include "conversation/conversation-private.h"

/* Whole conversations with a real model and without a display: what is said, said again, stopped, kept. */

/* What a person is told of the model that has just answered */
static void
assert_told (SottoModelEntry *entry)
{
  g_autofree char *placement = sotto_model_entry_dup_placement (entry);
  g_autofree char *memory = sotto_model_entry_dup_memory (entry);
  g_autofree char *speed = sotto_model_entry_dup_speed (entry);

  g_assert_cmpstr (sotto_model_entry_get_runs_on (entry), ==, "CPU");
  g_assert_true (g_regex_match_simple ("^CPU, [1-9][0-9]* threads?$", placement, 0, 0));
  g_assert_true (g_regex_match_simple ("^[0-9.]+.[kMG]B used, [0-9.]+.[kMGT]B free$", memory, 0, 0));
  g_assert_true (g_regex_match_simple ("^[1-9][0-9]* tokens/s$", speed, 0, 0));
}

/* --- Streaming --- */

typedef struct {
  GString *text;
  guint n_appended;
} Listener;

static void
on_appended (SottoMessage *message, guint offset, Listener *listener)
{
  g_assert_cmpuint (offset, ==, listener->text->len);
  g_string_append (listener->text, sotto_message_get_text (message) + offset);
  listener->n_appended++;
}

static void
on_reply (SottoConversation *conversation, GParamSpec *pspec, Listener *listener)
{
  SottoMessage *reply = sotto_conversation_get_reply (conversation);

  if (reply != NULL)
    g_signal_connect (reply, "appended", G_CALLBACK (on_appended), listener);
}

static void
test_send (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 24);
  Listener listener = { NULL, 0 };
  SottoConversation *conversation;
  SottoMessage *reply;

  if (app == NULL)
    return;

  listener.text = g_string_new (NULL);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_signal_connect (conversation, "notify::reply", G_CALLBACK (on_reply), &listener);
  sotto_conversation_set_draft (conversation, "Name three colours.");
  harness_send (conversation, "Name three colours.");
  g_assert_true (sotto_conversation_is_stored (conversation));
  g_assert_true (sotto_conversation_is_busy (conversation));
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "");
  harness_wait_idle (conversation);
  assert_told (sotto_conversation_get_model (conversation));

  g_assert_null (sotto_conversation_get_problem (conversation));
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  reply = harness_message (conversation, 1);
  g_assert_cmpstr (listener.text->str, ==, sotto_message_get_text (reply));
  g_assert_cmpuint (listener.n_appended, >=, 1);
  g_assert_nonnull (strstr (sotto_message_get_receipt (reply), "\"generated_tokens\":24"));
  g_assert_nonnull (sotto_message_get_model_name (reply));
  g_assert_cmpuint (sotto_conversation_get_context_limit (conversation), ==, 1024);
  g_assert_cmpuint (sotto_conversation_get_context_used (conversation), >, 24);
  g_assert_cmpfloat (sotto_conversation_get_tokens_per_second (conversation), >, 0);
  g_assert_cmpint (sotto_model_entry_get_state (sotto_conversation_get_model (conversation)), ==,
                   SOTTO_MODEL_STATE_LOADED);
  g_string_free (listener.text, TRUE);
  harness_close (app);
}

/* --- Versions --- */

static gboolean
shows_first_version (gpointer conversation)
{
  return harness_length (conversation) > 1
         && sotto_message_get_version (harness_message (conversation, 1)) == 1;
}

static void
test_versions (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 16);
  g_autofree char *first_text = NULL;
  g_autofree char *first_id = NULL;
  g_autoptr (GAsyncResult) edited = NULL;
  g_autoptr (GError) error = NULL;
  SottoConversation *conversation;
  SottoMessage *reply;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Count to five.");
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  first_text = g_strdup (sotto_message_get_text (reply));
  first_id = g_strdup (sotto_message_get_id (reply));

  /* The same seed, model and question: the same answer, as a version of its own. */
  sotto_conversation_regenerate (conversation, reply);
  g_assert_true (sotto_conversation_is_busy (conversation));
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  g_assert_cmpstr (sotto_message_get_id (reply), !=, first_id);
  g_assert_cmpuint (sotto_message_get_version (reply), ==, 2);
  g_assert_cmpuint (sotto_message_get_n_versions (reply), ==, 2);
  g_assert_cmpstr (sotto_message_get_text (reply), ==, first_text);

  sotto_conversation_switch_version (conversation, reply, -1);
  harness_wait_for (shows_first_version, conversation, 10);
  reply = harness_message (conversation, 1);
  g_assert_cmpstr (sotto_message_get_id (reply), ==, first_id);
  g_assert_cmpuint (sotto_message_get_n_versions (reply), ==, 2);

  sotto_conversation_edit_and_resend_async (conversation, harness_message (conversation, 0),
                                            "Name an animal.", NULL, harness_on_ready, &edited);
  harness_wait_for (harness_has_result, &edited, 10);
  sotto_conversation_send_finish (conversation, edited, &error);
  g_assert_no_error (error);
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (conversation, 0)), ==, 2);
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (conversation, 1)), ==, 1);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  harness_close (app);
}

/* --- Stopping --- */

static void
test_stop (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  SottoConversation *conversation;
  g_autofree char *text = NULL;
  gint64 begin_us;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Write a very long story about a river.");
  harness_wait_for (harness_is_streaming, conversation, 60);
  begin_us = g_get_monotonic_time ();
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  g_test_message ("stopped after %.0f ms", (g_get_monotonic_time () - begin_us) / 1000.0);
  g_assert_cmpint (g_get_monotonic_time () - begin_us, <, 2 * G_USEC_PER_SEC);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_STOPPED);
  text = g_strdup (sotto_message_get_text (harness_message (conversation, 1)));

  /* Another reply follows what was said so far. */
  g_object_set (sotto_app_get_settings (app), "max-tokens", 8, NULL);
  harness_send (conversation, "Go on.");
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 3, SOTTO_MESSAGE_STATUS_COMPLETE);
  harness_close (app);

  app = harness_open ();
  conversation = harness_get_first (app);
  g_assert_cmpuint (harness_length (conversation), ==, 4);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_STOPPED);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==, text);
  harness_close (app);
}

/* Before its first text a reply can be stopped, too: what it was to replace comes back. */
static void
test_stop_early (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);
  SottoConversation *conversation;
  g_autofree char *id = NULL;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Say hello.");
  harness_wait_idle (conversation);
  id = g_strdup (sotto_message_get_id (harness_message (conversation, 1)));

  sotto_conversation_regenerate (conversation, harness_message (conversation, 1));
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpstr (sotto_message_get_id (harness_message (conversation, 1)), ==, id);
  harness_close (app);
}

static void
test_quit_while_running (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  g_autoptr (SottoMessage) reply = NULL;
  g_autofree char *text = NULL;
  SottoConversation *conversation;
  gint64 begin_us;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Write a very long poem about the sea.");
  harness_wait_for (harness_is_streaming, conversation, 60);
  reply = g_object_ref (sotto_conversation_get_reply (conversation));
  sotto_conversation_set_draft (conversation, "and then");
  begin_us = g_get_monotonic_time ();
  harness_close (app);
  g_test_message ("closed after %.0f ms", (g_get_monotonic_time () - begin_us) / 1000.0);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_STOPPED);

  app = harness_open ();
  conversation = harness_get_first (app);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_STOPPED);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==,
                   sotto_message_get_text (reply));
  g_assert_cmpstr (sotto_conversation_get_draft (conversation), ==, "and then");
  harness_close (app);
}

/* --- Two at once --- */

static void
test_queue (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  SottoConversation *first;
  SottoConversation *second;

  if (app == NULL)
    return;

  first = harness_begin (app, "Write a long letter.");
  harness_wait_for (harness_is_streaming, first, 60);
  second = harness_begin (app, "Say hello.");
  g_assert_cmpint (sotto_conversation_get_reply_state (second), ==, SOTTO_REPLY_STATE_QUEUED);
  g_assert_cmpstr (sotto_conversation_get_status_text (second), !=, "");

  /* Looking away and deleting are different things: this one goes on, that one ends. */
  sotto_conversation_stop (first);
  harness_wait_idle (first);
  harness_wait_for (harness_is_streaming, second, 60);
  sotto_conversation_list_delete (sotto_app_get_conversations (app), second);
  harness_wait_idle (second);
  sotto_conversation_list_undo_delete (sotto_app_get_conversations (app), second);
  harness_assert_reply (second, 1, SOTTO_MESSAGE_STATUS_STOPPED);
  harness_close (app);
}

/* --- It is all there the next time --- */

static gboolean
has_hash (gpointer message)
{
  return strstr (sotto_message_get_receipt (message), "\"model_sha256\":\"") != NULL;
}

static void
test_reopen (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 12);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *first = NULL;
  g_autofree char *receipt = NULL;
  SottoConversation *conversation;

  if (app == NULL)
    return;

  /* The first reply is over before its model's hash is known: its receipt is completed with it. */
  conversation = harness_begin (app, "What is a river?");
  harness_wait_idle (conversation);
  harness_wait_for (has_hash, harness_message (conversation, 1), 60);
  first = g_strdup (sotto_message_get_receipt (harness_message (conversation, 1)));
  harness_send (conversation, "And a lake?");
  harness_wait_idle (conversation);
  sotto_conversation_set_title (conversation, "Waters");
  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (texts, g_strdup (sotto_message_get_text (harness_message (conversation, i))));
  receipt = g_strdup (sotto_message_get_receipt (harness_message (conversation, 3)));
  harness_close (app);

  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 1);
  conversation = harness_get_first (app);
  g_assert_cmpstr (sotto_conversation_get_title (conversation), ==, "Waters");
  g_assert_cmpuint (harness_length (conversation), ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, i)), ==,
                     g_ptr_array_index (texts, i));
  g_assert_cmpstr (sotto_message_get_receipt (harness_message (conversation, 1)), ==, first);
  g_assert_cmpstr (sotto_message_get_receipt (harness_message (conversation, 3)), ==, receipt);
  g_assert_cmpuint (sotto_conversation_get_context_limit (conversation), ==, 1024);
  g_assert_cmpuint (sotto_conversation_get_context_used (conversation), >, 24);
  harness_close (app);
}

/* A title is cut after a word, where there are words. */
static void
test_title (void)
{
  static const struct { const char *text; guint n; const char *expected; } cases[] = {
    { "  Short   and\nsweet ", 60, "Short and" },
    { "Twelve words", 12, "Twelve words" },
    { "Twelve wordsmiths", 12, "Twelve…" },
    { "Twelve words more", 12, "Twelve words…" },
    { "A Donaudampfschiff", 12, "A Donaudampf…" },
    { "東京タワーの高さは何メートルですか", 6, "東京タワーの…" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *title = sotto_conversation_shorten (cases[i].text, cases[i].n, TRUE);

      g_assert_cmpstr (title, ==, cases[i].expected);
    }
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/conversation/title", test_title);
  g_test_add_func ("/app/conversation/send", test_send);
  g_test_add_func ("/app/conversation/versions", test_versions);
  g_test_add_func ("/app/conversation/stop", test_stop);
  g_test_add_func ("/app/conversation/stop-early", test_stop_early);
  g_test_add_func ("/app/conversation/quit-while-running", test_quit_while_running);
  g_test_add_func ("/app/conversation/queue", test_queue);
  g_test_add_func ("/app/conversation/reopen", test_reopen);
  return g_test_run ();
}
