/* What the replies of a conversation look like: kept, in branches and in whole conversations that move. */

#include "trees.h"

#define SCHEMA "{\n  \"type\": \"array\"\n}\n"

static void
set_format (SottoStore *store, const char *conversation, SottoHistoryAnswerFormat format, const char *schema)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_set_answer_format_async (store, conversation, format, schema, NULL, test_ready, &result);
  g_assert_true (sotto_store_set_answer_format_finish (store, test_wait (&result), &error));
  g_assert_no_error (error);
}

static void
assert_format (SottoStore *store, const char *conversation, SottoHistoryAnswerFormat format, const char *schema)
{
  g_autoptr (SottoHistoryTree) tree = test_tree_load (store, conversation);

  g_assert_cmpint (tree->conversation->answer_format, ==, format);
  g_assert_cmpstr (tree->conversation->answer_schema, ==, schema);
}

static void
test_kept (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Letters");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  const SottoHistoryConversation *listed;

  assert_format (f->store, conversation, SOTTO_HISTORY_ANSWER_TEXT, "");
  set_format (f->store, conversation, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
  assert_format (f->store, conversation, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
  /* What was written stays while it is not used. */
  set_format (f->store, conversation, SOTTO_HISTORY_ANSWER_JSON, SCHEMA);

  test_close (f->store);
  f->store = test_open (f->folder);
  list = test_list (f->store);
  listed = g_ptr_array_index (list, 0);
  g_assert_cmpint (listed->answer_format, ==, SOTTO_HISTORY_ANSWER_JSON);
  g_assert_cmpstr (listed->answer_schema, ==, SCHEMA);

  set_format (f->store, conversation, (SottoHistoryAnswerFormat) 77, "\xff");
  assert_format (f->store, conversation, SOTTO_HISTORY_ANSWER_TEXT, "\357\277\275");
  sotto_store_set_answer_format_async (f->store, "00000000-0000-4000-8000-000000000000", SOTTO_HISTORY_ANSWER_JSON, "", NULL,
                                       test_ready, &result);
  g_assert_false (sotto_store_set_answer_format_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

static void
test_branch (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Letters");
  g_autofree char *message = test_add_message (f->store, conversation, NULL, SOTTO_HISTORY_ROLE_USER, "What is owed?");
  g_autofree char *id = sotto_history_new_id ();
  const SottoHistoryBranch branch = { .id = id, .title = "Letters (2)", .last = message };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  set_format (f->store, conversation, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
  sotto_store_branch_async (f->store, &branch, NULL, test_ready, &result);
  g_assert_true (sotto_store_branch_finish (f->store, test_wait (&result), &error));
  g_assert_no_error (error);
  assert_format (f->store, id, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
}

static void
test_moved (TestTwo *f, gconstpointer data)
{
  g_autofree char *conversation = test_tree_make (f->from);
  g_autoptr (SottoHistoryTree) tree = NULL;
  g_autofree char *id = NULL;

  set_format (f->from, conversation, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
  tree = test_tree_load (f->from, conversation);
  id = test_tree_add (f->to, tree, TRUE);
  assert_format (f->to, id, SOTTO_HISTORY_ANSWER_SCHEMA, SCHEMA);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  test_store_add ("/history/answers/kept", test_kept);
  test_store_add ("/history/answers/branch", test_branch);
  test_two_add ("/history/answers/moved", test_moved);
  return g_test_run ();
}
