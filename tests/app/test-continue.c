#include "harness.h"

#include <string.h>

#include "conversation/kept-receipt.h"

/* A reply that was cut off goes on where it ended, with a real model and without a display. */

static void
set_length (SottoApp *app, int max_tokens)
{
  g_object_set (sotto_app_get_settings (app), "max-tokens", max_tokens, NULL);
}

static void
count (SottoMessage *message, guint offset, gpointer user_data)
{
  *(guint *) user_data += 1;
}

/* Cut off by the length that replies may have, and again, and after a restart */
static void
test_length (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 12);
  SottoConversation *conversation;
  SottoMessage *reply;
  g_autofree char *id = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *receipt = NULL;
  guint n_appended = 0;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Write a very long story about a river.");
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  id = g_strdup (sotto_message_get_id (reply));
  first = g_strdup (sotto_message_get_text (reply));
  g_assert_true (sotto_message_is_at_length (reply));
  g_assert_true (sotto_conversation_can_continue_reply (conversation, reply));
  g_assert_false (sotto_conversation_can_continue_reply (conversation, harness_message (conversation, 0)));

  g_signal_connect (reply, "appended", G_CALLBACK (count), &n_appended);
  sotto_conversation_continue_reply (conversation, reply);
  g_assert_true (sotto_conversation_is_busy (conversation));
  g_assert_false (sotto_conversation_can_continue_reply (conversation, reply));
  harness_wait_idle (conversation);
  second = g_strdup (sotto_message_get_text (reply));
  g_assert_true (harness_message (conversation, 1) == reply);
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  g_assert_cmpuint (sotto_message_get_n_versions (reply), ==, 1);
  g_assert_true (g_str_has_prefix (second, first));
  g_assert_cmpuint (strlen (second), >, strlen (first));
  g_assert_cmpuint (n_appended, >, 0);
  receipt = g_strdup (sotto_message_get_receipt (reply));
  g_assert_cmpuint (sotto_kept_receipt_add_up (receipt, "generated_tokens", NULL), ==, 24);
  g_assert_cmpuint (sotto_kept_receipt_get_number (receipt, "continued_tokens"), >, 0);
  g_test_message ("%s", second);
  harness_close (app);

  app = harness_open_with_model (HARNESS_TINY, 0);
  conversation = harness_get_first (app);
  reply = harness_message (conversation, 1);
  g_assert_cmpstr (sotto_message_get_id (reply), ==, id);
  g_assert_cmpstr (sotto_message_get_text (reply), ==, second);
  g_assert_true (sotto_conversation_can_continue_reply (conversation, reply));
  set_length (app, 8);
  sotto_conversation_continue_reply (conversation, reply);
  harness_wait_idle (conversation);
  g_assert_true (g_str_has_prefix (sotto_message_get_text (reply), second));
  g_assert_cmpuint (sotto_message_get_length (reply), >, strlen (second));

  /* What comes after it fixes it. */
  harness_send (conversation, "Thanks.");
  harness_wait_idle (conversation);
  g_assert_false (sotto_conversation_can_continue_reply (conversation, reply));
  harness_close (app);
}

/* Stopped, going on, stopped before anything came: it is what it was. */
static void
test_stop (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  SottoConversation *conversation;
  SottoMessage *reply;
  g_autofree char *text = NULL;
  g_autofree char *receipt = NULL;
  gsize length;

  if (app == NULL)
    return;

  conversation = harness_begin (app, "Write a very long story about a river.");
  harness_wait_for (harness_is_streaming, conversation, 60);
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  text = g_strdup (sotto_message_get_text (reply));
  receipt = g_strdup (sotto_message_get_receipt (reply));

  sotto_conversation_continue_reply (conversation, reply);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_WAITING);
  sotto_conversation_stop (conversation);
  harness_wait_idle (conversation);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_STOPPED);
  g_assert_cmpstr (sotto_message_get_text (reply), ==, text);
  g_assert_cmpstr (sotto_message_get_receipt (reply), ==, receipt);

  /* Quitting keeps what came. */
  length = sotto_message_get_length (reply);
  sotto_conversation_continue_reply (conversation, reply);
  while (sotto_message_get_length (reply) < length + 20)
    g_main_context_iteration (NULL, TRUE);
  g_free (text);
  g_object_ref (reply);
  harness_close (app);
  text = g_strdup (sotto_message_get_text (reply));
  g_object_unref (reply);

  app = harness_open ();
  conversation = harness_get_first (app);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_STOPPED);
  g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==, text);
  harness_close (app);
}

/* In a context that is full there is no room to go on; in a larger one there is. */
static void
test_full (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 0);
  SottoConversation *conversation;
  SottoMessage *reply;
  g_autofree char *text = NULL;

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 256, NULL);
  conversation = harness_begin (app, "Write a very long story about a river, a forest and the sea, in many chapters.");
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  if (sotto_message_get_status (reply) != SOTTO_MESSAGE_STATUS_LIMITED)
    {
      g_test_skip ("the model came to an end by itself");
      harness_close (app);
      return;
    }
  text = g_strdup (sotto_message_get_text (reply));

  sotto_conversation_continue_reply (conversation, reply);
  harness_wait_idle (conversation);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_LIMITED);
  g_assert_true (g_str_has_prefix (sotto_message_get_text (reply), text));
  g_assert_nonnull (sotto_conversation_get_problem (conversation));

  g_object_set (sotto_app_get_settings (app), "context-length", 512, "max-tokens", 8, NULL);
  sotto_conversation_continue_reply (conversation, reply);
  harness_wait_idle (conversation);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_cmpuint (sotto_message_get_length (reply), >, strlen (text));
  g_assert_null (sotto_conversation_get_problem (conversation));
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/continue/length", test_length);
  g_test_add_func ("/app/continue/stop", test_stop);
  g_test_add_func ("/app/continue/full", test_full);
  return g_test_run ();
}
