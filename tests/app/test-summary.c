#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>

/* A conversation that has become long goes on in another that begins with a summary, with a real model and without a display. */

#define HEADING "What was said before, in short:"

static void
set_context (SottoApp *app, int n)
{
  g_object_set (sotto_app_get_settings (app), "context-length", n, NULL);
}

/* Some twenty tokens a turn */
static SottoConversation *
talk (SottoApp *app, guint n_turns)
{
  static const char *const prompts[] = { "My name is Wanda and I live in Gdynia.", "My boat is called Albatross.",
                                         "It is eleven metres long, and white.", "I want to sail to Bornholm in June." };
  SottoConversation *conversation = harness_begin (app, prompts[0]);

  harness_wait_idle (conversation);
  for (guint i = 1; i < n_turns; i++)
    {
      harness_send (conversation, prompts[i % G_N_ELEMENTS (prompts)]);
      harness_wait_idle (conversation);
    }
  g_assert_null (sotto_conversation_get_problem (conversation));
  return conversation;
}

/* Returns: (transfer full) (nullable) */
static SottoConversation *
summarise (SottoApp *app, SottoConversation *conversation, GError **error)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;
  SottoConversation *made;

  sotto_conversation_list_summarise_async (list, conversation, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 240);
  made = sotto_conversation_list_summarise_finish (list, result, error);
  if (made != NULL)
    {
      sotto_conversation_load (made);
      harness_wait_for (harness_is_loaded, made, 20);
    }
  return made;
}

/* The last rows of @from, as they are, the first of them a prompt; something must have been left out. */
static void
assert_end_of (SottoConversation *made, SottoConversation *from)
{
  const guint n = harness_length (made);
  const guint n_left_out = harness_length (from) - n;

  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (n, <, harness_length (from));
  g_assert_cmpint (sotto_message_get_role (harness_message (made, 0)), ==, SOTTO_ROLE_USER);
  for (guint i = 0; i < n; i++)
    {
      SottoMessage *message = harness_message (made, i);
      SottoMessage *original = harness_message (from, n_left_out + i);

      g_assert_cmpstr (sotto_message_get_text (message), ==, sotto_message_get_text (original));
      g_assert_cmpstr (sotto_message_get_receipt (message), ==, sotto_message_get_receipt (original));
      g_assert_cmpint (sotto_message_get_role (message), ==, sotto_message_get_role (original));
      g_assert_cmpstr (sotto_message_get_id (message), !=, sotto_message_get_id (original));
    }
}

/* One heading, with something behind it */
static void
assert_summary (SottoConversation *made)
{
  const char *instructions = sotto_conversation_get_instructions (made);
  const char *heading = strstr (instructions, HEADING);

  g_test_message ("%s", instructions);
  g_assert_nonnull (heading);
  g_assert_cmpuint (strlen (heading), >, strlen (HEADING) + 10);
  g_assert_null (strstr (heading + 1, HEADING));
}

static void
test_goes_on (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 24);
  SottoConversation *conversation;
  g_autoptr (SottoConversation) made = NULL;
  g_autoptr (SottoConversation) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *title = NULL;
  guint n;

  if (app == NULL)
    return;

  set_context (app, 512);
  conversation = talk (app, 1);
  g_assert_false (sotto_conversation_can_summarise (conversation));
  sotto_conversation_set_instructions (conversation, "Answer a sailor.");
  for (guint i = 0; i < 3; i++)
    {
      harness_send (conversation, "Tell me about the weather on the Baltic Sea, please: wind, waves, and when to stay at home.");
      harness_wait_idle (conversation);
    }
  g_assert_true (sotto_conversation_can_summarise (conversation));
  n = harness_length (conversation);

  made = summarise (app, conversation, &error);
  g_assert_no_error (error);
  assert_end_of (made, conversation);
  assert_summary (made);
  g_assert_true (g_str_has_prefix (sotto_conversation_get_instructions (made), "Answer a sailor.\n\n" HEADING));
  title = g_strdup_printf ("%s (2)", sotto_conversation_get_title (conversation));
  g_assert_cmpstr (sotto_conversation_get_title (made), ==, title);
  g_assert_false (sotto_conversation_is_busy (made));

  /* The old one is as it was. */
  g_assert_cmpuint (harness_length (conversation), ==, n);
  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "Answer a sailor.");
  g_assert_false (sotto_conversation_is_busy (conversation));
  g_assert_null (sotto_conversation_get_problem (conversation));

  /* It goes on like any other, and once more; a summary takes the place of the one before. */
  for (guint i = 0; i < 3; i++)
    {
      harness_send (made, "And the weather on the North Sea? Tell me about wind and waves there, and about the tides.");
      harness_wait_idle (made);
    }
  again = summarise (app, made, &error);
  g_assert_no_error (error);
  assert_end_of (again, made);
  assert_summary (again);
  g_assert_true (g_str_has_prefix (sotto_conversation_get_instructions (again), "Answer a sailor.\n\n" HEADING));
  harness_close (app);

  /* All of it is in the history. */
  app = harness_open_with_model (HARNESS_TINY, 24);
  assert_summary (harness_get_first (app));
  harness_close (app);
}

/* Of more than the model's context holds, in several goes */
static void
test_long (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 32);
  SottoConversation *conversation;
  g_autoptr (SottoConversation) made = NULL;
  g_autoptr (GError) error = NULL;

  if (app == NULL)
    return;

  set_context (app, 1024);
  conversation = talk (app, 12);
  g_assert_cmpuint (sotto_conversation_get_context_used (conversation), >, 400);
  set_context (app, 256);
  made = summarise (app, conversation, &error);
  g_assert_no_error (error);
  assert_end_of (made, conversation);
  assert_summary (made);
  harness_close (app);
}

/* It is given up, and nothing has come of it; nothing can be summed up that is not there. */
static void
test_stop (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 24);
  SottoConversationList *list;
  SottoConversation *conversation;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoConversation) nothing = NULL;
  g_autoptr (GError) error = NULL;

  if (app == NULL)
    return;

  set_context (app, 256);
  list = sotto_app_get_conversations (app);
  conversation = talk (app, 3);
  sotto_conversation_list_summarise_async (list, conversation, harness_on_ready, &result);
  g_assert_true (sotto_conversation_is_busy (conversation));
  g_assert_false (sotto_conversation_can_summarise (conversation));
  sotto_conversation_stop (conversation);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_null (sotto_conversation_list_summarise_finish (list, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (sotto_conversation_is_busy (conversation));
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (harness_length (list), ==, 1);

  set_context (app, 4096);
  nothing = summarise (app, conversation, &error);
  g_assert_null (nothing);
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NO_SUMMARY);

  /* Closing in the midst of it */
  set_context (app, 256);
  g_clear_object (&result);
  sotto_conversation_list_summarise_async (list, conversation, harness_on_ready, &result);
  harness_close (app);
  g_assert_nonnull (result);
}

/* The model's file again, which says that it was trained for so many tokens */
static gboolean
make_short_model (guint32 n_context)
{
  static const char key[] = "llama.context_length";
  g_autofree char *link = harness_link_model (HARNESS_TINY);
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  char *at;

  if (link == NULL)
    return FALSE;
  g_file_get_contents (link, &data, &length, &error);
  g_assert_no_error (error);
  at = memmem (data, MIN (length, 1 << 20), key, sizeof key - 1);
  g_assert_nonnull (at);
  /* Behind the key stands its type. */
  n_context = GUINT32_TO_LE (n_context);
  memcpy (at + sizeof key - 1 + 4, &n_context, 4);
  g_assert_cmpint (g_unlink (link), ==, 0);
  g_file_set_contents (link, data, (gssize) length, &error);
  g_assert_no_error (error);
  return TRUE;
}

/* Where the model can keep no more in mind, that is the way on, and the prompt it had no room for is answered there. */
static void
test_remedy (void)
{
  SottoApp *app;
  SottoConversation *conversation;
  SottoProblem *problem = NULL;
  g_autoptr (SottoConversation) made = NULL;
  g_autoptr (GError) error = NULL;
  guint n;

  if (!make_short_model (320))
    return;
  app = harness_open_with_model (HARNESS_TINY, 24);
  conversation = talk (app, 3);
  for (guint i = 0; i < 20 && problem == NULL; i++)
    {
      harness_send (conversation, "Tell me about the weather on the Baltic Sea, please: wind, waves, and when to stay at home.");
      harness_wait_idle (conversation);
      problem = sotto_conversation_get_problem (conversation);
    }
  g_assert_nonnull (problem);
  g_assert_cmpint (sotto_problem_get_remedy (problem), ==, SOTTO_REMEDY_SUMMARISE);
  n = harness_length (conversation);

  made = summarise (app, conversation, &error);
  g_assert_no_error (error);
  assert_summary (made);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (harness_length (conversation), ==, n);
  if (sotto_message_get_role (harness_message (conversation, n - 1)) == SOTTO_ROLE_USER)
    {
      harness_wait_idle (made);
      g_assert_null (sotto_conversation_get_problem (made));
      harness_assert_reply (made, harness_length (made) - 1, SOTTO_MESSAGE_STATUS_COMPLETE);
    }
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/summary/goes-on", test_goes_on);
  g_test_add_func ("/app/summary/long", test_long);
  g_test_add_func ("/app/summary/stop", test_stop);
  g_test_add_func ("/app/summary/remedy", test_remedy);
  return g_test_run ();
}
