/* What a person has a conversation begin with, every new one or this one: given to the model, kept, not shown, not found. */
#include "harness.h"

#include <string.h>

#include "conversation/conversation-private.h"

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

static void
assert_told (SottoConversation *conversation, const char *text)
{
  g_autoptr (SottoMessages) messages = sotto_conversation_path_to_messages (conversation);

  g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, text);
  /* Prompts that nobody has answered are one. */
  g_assert_cmpuint (sotto_messages_get_length (messages), ==, 1 + (*text != '\0' ? 1 : 0));
}

/* Returns: (transfer full): the conversation of this id, loaded, in @app */
static SottoConversation *
find (SottoApp *app, const char *id)
{
  SottoConversation *found = sotto_conversation_list_lookup (sotto_app_get_conversations (app), id);

  g_assert_nonnull (found);
  sotto_conversation_load (found);
  harness_wait_for (harness_is_loaded, found, 20);
  return g_object_ref (found);
}

/* Sends @text in the place of the first message. */
static void
edit_first (SottoConversation *conversation, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_conversation_edit_and_resend_async (conversation, harness_message (conversation, 0), text, NULL,
                                            harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  sotto_conversation_send_finish (conversation, result, &error);
  g_assert_no_error (error);
  harness_wait_idle (conversation);
}

/* Those of a conversation that has begun, with and without some */
static void
test_changed (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (SottoConversation) plain = begin (app, "Hello");
  g_autoptr (SottoConversation) told = NULL;
  g_autofree char *plain_id = g_strdup (sotto_conversation_get_id (plain));
  g_autofree char *told_id = NULL;

  sotto_app_set_instructions (app, "Be brief.");
  told = begin (app, "How are you?");
  told_id = g_strdup (sotto_conversation_get_id (told));
  assert_told (plain, "");
  assert_told (told, "Be brief.");

  /* What is typed holds at once, for this one alone; leaving takes it along. */
  sotto_conversation_set_instructions (plain, "Answer in v");
  sotto_conversation_set_instructions (plain, "Answer in verse.");
  sotto_conversation_set_instructions (told, "");
  assert_told (plain, "Answer in verse.");
  assert_told (told, "");
  g_assert_cmpstr (sotto_app_get_instructions (app), ==, "Be brief.");
  g_clear_object (&plain);
  g_clear_object (&told);
  harness_close (app);

  app = harness_open ();
  plain = find (app, plain_id);
  told = find (app, told_id);
  assert_told (plain, "Answer in verse.");
  assert_told (told, "");

  /* The first message stays one of which there can be versions, before it is saved and after. */
  sotto_conversation_set_instructions (plain, "Answer in prose.");
  edit_first (plain, "Good morning");
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (plain, 0)), ==, 2);
  sotto_conversation_switch_version (plain, harness_message (plain, 0), -1);
  while (!g_str_equal (sotto_message_get_text (harness_message (plain, 0)), "Hello"))
    g_main_context_iteration (NULL, TRUE);
  assert_told (plain, "Answer in prose.");
  sotto_conversation_set_instructions (told, "Be loud.");
  harness_send (told, "And now?");
  harness_wait_idle (told);
  assert_told (told, "Be loud.");
  g_clear_object (&plain);
  g_clear_object (&told);
  harness_close (app);

  app = harness_open ();
  plain = find (app, plain_id);
  told = find (app, told_id);
  assert_told (plain, "Answer in prose.");
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (plain, 0)), ==, 2);
  assert_told (told, "Be loud.");
  g_assert_cmpuint (harness_length (told), ==, 2);
  sotto_app_set_instructions (app, "");
  harness_close (app);
}

/* A new one can be given its own before it begins; the first edit makes its message a version, too. */
static void
test_new (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (SottoConversation) other = NULL;
  g_autoptr (SottoConversation) none = NULL;
  g_autofree char *id = g_strdup (sotto_conversation_get_id (fresh));

  sotto_app_set_instructions (app, "Be brief.");
  g_assert_cmpstr (sotto_conversation_get_instructions (fresh), ==, "Be brief.");
  sotto_conversation_set_instructions (fresh, "Sing.");
  sotto_app_set_instructions (app, "Be long.");
  g_assert_cmpstr (sotto_conversation_get_instructions (fresh), ==, "Sing.");
  g_assert_true (begin (app, "Hello") == fresh);
  g_object_unref (fresh);
  assert_told (fresh, "Sing.");
  edit_first (fresh, "Hello you");
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (fresh, 0)), ==, 2);

  fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  sotto_conversation_set_instructions (fresh, "");
  none = begin (app, "To nobody");
  assert_told (none, "");
  other = begin (app, "To somebody");
  assert_told (other, "Be long.");
  g_clear_object (&none);
  g_clear_object (&other);
  harness_close (app);

  app = harness_open ();
  other = find (app, id);
  assert_told (other, "Sing.");
  sotto_app_set_instructions (app, "");
  harness_close (app);
}

/* The message that was typed into a new conversation is no draft any more once it is sent. */
static void
test_draft (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *fresh;

  sotto_app_set_instructions (app, "Be brief.");
  fresh = sotto_conversation_list_create (list);
  sotto_conversation_set_draft (fresh, "Hello");
  sotto_conversation_flush_draft (fresh);
  g_object_unref (begin (app, "Hello"));
  harness_close (app);

  app = harness_open ();
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_assert_cmpstr (sotto_conversation_get_draft (fresh), ==, "");
  sotto_app_set_instructions (app, "");
  harness_close (app);
}

/* Those of a new conversation, none among them, wait with its draft over a restart, and hold for that one alone. */
static void
test_kept (void)
{
  static const char *const texts[] = { "Sing.", "" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      SottoApp *app = harness_open ();
      SottoConversationList *list = sotto_app_get_conversations (app);
      g_autoptr (SottoConversation) begun = NULL;

      sotto_app_set_instructions (app, "Be brief.");
      sotto_conversation_set_instructions (sotto_conversation_list_create (list), texts[i]);
      harness_close (app);

      app = harness_open ();
      list = sotto_app_get_conversations (app);
      g_assert_cmpstr (sotto_conversation_get_instructions (sotto_conversation_list_create (list)), ==, texts[i]);
      begun = begin (app, "Hello");
      assert_told (begun, texts[i]);
      g_assert_cmpstr (sotto_conversation_get_instructions (sotto_conversation_list_create (list)), ==, "Be brief.");
      g_clear_object (&begun);
      harness_close (app);

      app = harness_open ();
      list = sotto_app_get_conversations (app);
      g_assert_cmpstr (sotto_conversation_get_instructions (sotto_conversation_list_create (list)), ==, "Be brief.");
      sotto_app_set_instructions (app, "");
      harness_close (app);
    }
}

int
main (int argc, char *argv[])
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/instructions/life", test_life);
  g_test_add_func ("/instructions/changed", test_changed);
  g_test_add_func ("/instructions/new", test_new);
  g_test_add_func ("/instructions/draft", test_draft);
  g_test_add_func ("/instructions/kept", test_kept);
  return g_test_run ();
}
