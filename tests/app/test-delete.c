#include "harness.h"

#include "conversation/conversation-private.h"

/* A message less, without a model: what stays, in which order, for whom. */

static gint64
delete (SottoConversation *conversation, guint position)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_kept;
  gint64 deletion;

  sotto_conversation_delete_message_async (conversation, harness_message (conversation, position), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  deletion = sotto_conversation_delete_message_finish (conversation, result, &is_kept, &error);
  g_assert_no_error (error);
  g_assert_cmpint (deletion, !=, 0);
  g_assert_false (is_kept);
  return deletion;
}

static gboolean
try_undo (SottoConversation *conversation, gint64 deletion)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_conversation_undo_delete_async (conversation, deletion, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  return sotto_conversation_undo_delete_finish (conversation, result, NULL);
}

static void
assert_texts (SottoConversation *conversation, const char *expected)
{
  g_autoptr (GString) texts = g_string_new (NULL);

  for (guint i = 0; i < harness_length (conversation); i++)
    g_string_append_printf (texts, "%s%s", i > 0 ? " " : "", sotto_message_get_text (harness_message (conversation, i)));
  g_assert_cmpstr (texts->str, ==, expected);
}

/* Returns: (transfer none): u1 a1 u2 a2, kept */
static SottoConversation *
make (SottoApp *app)
{
  SottoStore *store = app->services->store;
  SottoConversation *conversation;
  g_autofree char *parent = NULL;

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  harness_send (conversation, "u1");
  harness_wait_idle (conversation);
  parent = g_strdup (sotto_message_get_id (harness_message (conversation, 0)));
  for (guint i = 1; i < 4; i++)
    {
      static const char *const texts[] = { "u1", "a1", "u2", "a2" };
      g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (texts[i]);
      g_autofree char *id = sotto_history_new_id ();

      sotto_store_add_message_async (store, sotto_conversation_get_id (conversation), id, parent,
                                     i % 2 == 0 ? SOTTO_HISTORY_ROLE_USER : SOTTO_HISTORY_ROLE_ASSISTANT, parts, FALSE,
                                     NULL, NULL, NULL);
      g_free (parent);
      parent = g_steal_pointer (&id);
    }
  {
    g_autoptr (GAsyncResult) result = NULL;

    sotto_conversation_path_read_async (conversation, harness_on_ready, &result);
    harness_wait_for (harness_has_result, &result, 20);
    g_assert_true (sotto_conversation_path_read_finish (conversation, result, NULL));
  }
  assert_texts (conversation, "u1 a1 u2 a2");
  return conversation;
}

static void
test_delete (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = make (app);
  SottoMessage *last = harness_message (conversation, 3);
  g_autoptr (SottoMessages) messages = NULL;
  gint64 first, second;

  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "u1");

  /* Rows that stay keep their objects; two prompts in a row are one to the model. */
  first = delete (conversation, 1);
  assert_texts (conversation, "u1 u2 a2");
  g_assert_true (harness_message (conversation, 2) == last);
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "a2");
  messages = sotto_conversation_path_to_messages (conversation);
  g_assert_cmpuint (sotto_messages_get_length (messages), ==, 2);

  /* What now follows another message is edited as that one's. */
  g_assert_cmpstr (sotto_message_get_parent (harness_message (conversation, 1)), ==,
                   sotto_message_get_id (harness_message (conversation, 0)));

  second = delete (conversation, 1);
  assert_texts (conversation, "u1");
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "u1");
  g_assert_false (try_undo (conversation, first));
  sotto_conversation_dismiss_problem (conversation);
  g_assert_true (try_undo (conversation, second));
  assert_texts (conversation, "u1 u2 a2");
  g_assert_true (try_undo (conversation, first));
  assert_texts (conversation, "u1 a1 u2 a2");

  /* All of it, and the beginning again */
  delete (conversation, 0);
  assert_texts (conversation, "u2 a2");
  delete (conversation, 0);
  g_assert_cmpuint (harness_length (conversation), ==, 0);
  g_assert_cmpstr (sotto_conversation_get_snippet (conversation), ==, "");
  harness_send (conversation, "again");
  harness_wait_idle (conversation);
  assert_texts (conversation, "again");
  harness_close (app);

  app = harness_open ();
  conversation = harness_get_first (app);
  assert_texts (conversation, "again");
  harness_close (app);
}

/* What was added has the last word. */
static void
test_gone_on (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = make (app);
  gint64 deletion = delete (conversation, 2);

  harness_send (conversation, "u3");
  harness_wait_idle (conversation);
  g_assert_false (try_undo (conversation, deletion));
  assert_texts (conversation, "u1 a1 u3");
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/delete/delete", test_delete);
  g_test_add_func ("/app/delete/gone-on", test_gone_on);
  return g_test_run ();
}
