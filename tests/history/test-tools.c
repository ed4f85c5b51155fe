/* Calls of tools with what became of them, in their order through journal, crash and tables; and which tools a conversation may use. */

#include "common.h"

typedef struct {
  SottoHistoryPartKind kind;
  const char *name;
  const char *text;
} Part;

static const Part parts[] = {
  { SOTTO_HISTORY_PART_REASONING, NULL, "Two of them." },
  { SOTTO_HISTORY_PART_TEXT, NULL, "Let me see." },
  { SOTTO_HISTORY_PART_TOOL_CALL, "clock", "{}" },
  { SOTTO_HISTORY_PART_TOOL_CALL, "clock", "{\"zone\":\"UTC\"}" },
  { SOTTO_HISTORY_PART_TOOL_RESULT, "clock", "ten\no'clock" },
  { SOTTO_HISTORY_PART_TOOL_RESULT, "clock", "" },
  { SOTTO_HISTORY_PART_TEXT, NULL, "\n\nIt is ten." },
};

static void
append_all (SottoStore *store, const char *reply)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      if (parts[i].kind == SOTTO_HISTORY_PART_TOOL_CALL)
        sotto_store_append_call (store, reply, parts[i].name, parts[i].text);
      else if (parts[i].kind == SOTTO_HISTORY_PART_TOOL_RESULT)
        sotto_store_append_result (store, reply, parts[i].name, parts[i].text);
      else
        sotto_store_append_reply (store, reply, parts[i].kind, parts[i].text);
    }
}

static void
assert_parts (SottoStore *store, const char *conversation, SottoHistoryStatus status)
{
  g_autoptr (GPtrArray) path = test_load (store, conversation);
  const SottoHistoryMessage *reply = test_message_at (path, 1);

  g_assert_cmpint (reply->status, ==, status);
  g_assert_cmpuint (reply->parts->len, ==, G_N_ELEMENTS (parts));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (reply->parts, i);

      g_assert_cmpint (part->kind, ==, parts[i].kind);
      g_assert_cmpstr (part->name, ==, parts[i].name);
      g_assert_cmpstr (part->text, ==, parts[i].text);
    }
}

static char *
begin (SottoStore *store, char **conversation)
{
  g_autofree char *question = NULL;

  *conversation = test_add_conversation (store, "Clocks");
  question = test_add_message (store, *conversation, NULL, SOTTO_HISTORY_ROLE_USER, "What time is it?");
  return test_begin (store, *conversation, question);
}

static void
test_order (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = NULL;
  g_autofree char *reply = begin (f->store, &conversation);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  g_autoptr (GError) error = NULL;

  append_all (f->store, reply);
  assert_parts (f->store, conversation, SOTTO_HISTORY_STATUS_STREAMING);
  sotto_store_finish_reply_async (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE, NULL, NULL, test_ready, &result);
  g_assert_true (sotto_store_finish_reply_finish (f->store, test_wait (&result), &error));
  assert_parts (f->store, conversation, SOTTO_HISTORY_STATUS_COMPLETE);

  /* What a tool gave is not what was said: it would be found in the conversation that looked for it. */
  hits = test_search (f->store, "o'clock");
  g_assert_cmpuint (hits->len, ==, 0);
  test_check (f->store);
}

/* Whatever was written before a crash is there, in its order. */
static void
test_crash (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = NULL;
  g_autofree char *reply = begin (f->store, &conversation);
  g_autoptr (GAsyncResult) result = NULL;

  append_all (f->store, reply);
  sotto_store_flush_async (f->store, NULL, test_ready, &result);
  g_assert_true (sotto_store_flush_finish (f->store, test_wait (&result), NULL));
  g_clear_object (&result);
  test_close (g_steal_pointer (&f->store));
  f->store = test_open (f->folder);
  assert_parts (f->store, conversation, SOTTO_HISTORY_STATUS_INTERRUPTED);
}

static const char *const none[] = { NULL };

static void
set_tools (SottoStore *store, const char *conversation, const char *const *tools)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_set_conversation_tools_async (store, conversation, tools, NULL, test_ready, &result);
  g_assert_true (sotto_store_set_conversation_tools_finish (store, test_wait (&result), &error));
  g_assert_no_error (error);
}

static void
assert_tools (SottoStore *store, const char *const *tools)
{
  g_autoptr (GPtrArray) list = test_list (store);
  const SottoHistoryConversation *conversation = g_ptr_array_index (list, 0);

  g_assert_cmpstrv (conversation->tools, tools);
}

static void
test_chosen (TestStore *f, gconstpointer data)
{
  static const char *const two[] = { "clock", "calculate", NULL };
  static const char *const odd[] = { "clock", "", "two words", "new\nline", "calculate", NULL };
  g_autofree char *conversation = test_add_conversation (f->store, "Clocks");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) loaded = NULL;
  g_autoptr (SottoHistoryTree) tree = NULL;
  g_autoptr (GError) error = NULL;

  assert_tools (f->store, none);
  set_tools (f->store, conversation, two);
  assert_tools (f->store, two);
  set_tools (f->store, conversation, none);
  assert_tools (f->store, none);
  set_tools (f->store, conversation, odd);
  assert_tools (f->store, two);

  sotto_store_load_tree_async (f->store, conversation, TRUE, NULL, test_ready, &loaded);
  tree = sotto_store_load_tree_finish (f->store, test_wait (&loaded), &error);
  g_assert_no_error (error);
  g_assert_cmpstrv (tree->conversation->tools, two);

  sotto_store_set_conversation_tools_async (f->store, "00000000-0000-4000-8000-000000000000", two, NULL, test_ready, &result);
  g_assert_false (sotto_store_set_conversation_tools_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  test_store_add ("/history/tools/order", test_order);
  test_store_add ("/history/tools/crash", test_crash);
  test_store_add ("/history/tools/chosen", test_chosen);
  return g_test_run ();
}
