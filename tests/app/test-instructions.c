/* What a person has every new conversation begin with: given to the model, kept, not shown, not found. */
#include "harness.h"

#include <string.h>

#include "conversation-private.h"

static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return g_object_ref (conversation);
}

static guint
count_messages (SottoConversation *conversation)
{
  g_autoptr (SottoMessages) messages = sotto_conversation_path_to_messages (conversation);

  return sotto_messages_get_length (messages);
}

static void
assert_found (SottoApp *app, const char *words, guint n_wanted)
{
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GListModel) hits = NULL;

  sotto_conversation_list_search_async (list, words, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  hits = sotto_conversation_list_search_finish (list, result, NULL);
  g_assert_nonnull (hits);
  g_assert_cmpuint (g_list_model_get_n_items (hits), ==, n_wanted);
}

/* No model is here: no message is answered. */
static void
test_life (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (SottoConversation) plain = NULL;
  g_autoptr (SottoConversation) told = NULL;
  g_autofree char *told_id = NULL;
  SottoConversation *found;

  g_assert_cmpstr (sotto_app_get_instructions (app), ==, "");
  plain = begin (app, "Hello");
  sotto_app_set_instructions (app, "Answer in verse, zebra.");
  told = begin (app, "How are you?");
  told_id = g_strdup (sotto_conversation_get_id (told));

  g_assert_cmpuint (count_messages (plain), ==, 1);
  g_assert_cmpuint (count_messages (told), ==, 2);
  g_assert_cmpstr (told->system, ==, "Answer in verse, zebra.");

  /* Nobody sees them there: the first row is the person's. */
  g_assert_cmpuint (harness_length (told), ==, 1);
  g_assert_cmpstr (sotto_message_get_text (harness_message (told, 0)), ==, "How are you?");
  g_assert_cmpstr (sotto_conversation_get_title (told), ==, "How are you?");
  g_assert_null (strstr (sotto_conversation_get_snippet (told), "zebra"));

  /* Other ones hold for other conversations; this one keeps what it began with. */
  sotto_app_set_instructions (app, "Be brief.");
  g_clear_object (&plain);
  g_clear_object (&told);
  harness_close (app);

  app = harness_open ();
  g_assert_cmpstr (sotto_app_get_instructions (app), ==, "Be brief.");
  found = sotto_conversation_list_lookup (sotto_app_get_conversations (app), told_id);
  g_assert_nonnull (found);
  g_assert_null (strstr (sotto_conversation_get_snippet (found), "zebra"));
  sotto_conversation_load (found);
  harness_wait_for (harness_is_loaded, found, 20);
  g_assert_cmpuint (count_messages (found), ==, 2);
  g_assert_cmpstr (found->system, ==, "Answer in verse, zebra.");
  g_assert_cmpuint (harness_length (found), ==, 1);

  /* Searching is for what can be seen. */
  assert_found (app, "zebra", 0);
  assert_found (app, "How are", 2); /* the title, too */

  sotto_app_set_instructions (app, "");
  harness_close (app);
  app = harness_open ();
  g_assert_cmpstr (sotto_app_get_instructions (app), ==, "");
  harness_close (app);
}

int
main (int argc, char *argv[])
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/instructions/life", test_life);
  return g_test_run ();
}
