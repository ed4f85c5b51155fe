#include "harness.h"

#include <string.h>
#include <unistd.h>

#include "conversation/conversation-private.h"
#include "conversation/kept-receipt.h"

/* Replies that call tools, by models that say what they are told to (with-scripted-models): the way of a call through message,
 * history, receipt and prompt. */

static char *
link_scripted (const char *name)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  g_autofree char *file = g_strconcat (name, ".gguf", NULL);
  g_autofree char *target = g_build_filename (g_getenv ("SOTTO_SCRIPTED_MODELS"), file, NULL);
  char *link = g_build_filename (folder, file, NULL);

  g_mkdir_with_parents (folder, 0700);
  if (!g_file_test (link, G_FILE_TEST_EXISTS))
    g_assert_cmpint (symlink (target, link), ==, 0);
  return link;
}

static SottoApp *
open_with (const char *name)
{
  g_autofree char *link = link_scripted (name);
  SottoApp *app = harness_open ();

  g_object_set (sotto_app_get_settings (app), "temperature", 0.0, "seed", G_GINT64_CONSTANT (7), "context-length", 4096,
                "max-tokens", 0, "default-model", "", NULL);
  harness_wait_for (harness_has_model, app, 30);
  return app;
}

static SottoConversation *
begin (SottoApp *app, gboolean with_calculator)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  sotto_conversation_set_uses_tool (conversation, sotto_tools_lookup ("calculate"), with_calculator);
  harness_send (conversation, "How much is it?");
  harness_wait_idle (conversation);
  return conversation;
}

static void
assert_call (SottoMessage *reply, guint position, const char *name, const char *result)
{
  const SottoToolCall *call = sotto_message_get_call (reply, position);

  g_assert_cmpstr (call->name, ==, name);
  g_assert_true (call->is_complete);
  g_assert_false (call->is_running);
  g_assert_cmpstr (call->result, ==, result);
}

static void
assert_caller (SottoMessage *reply)
{
  const SottoToolCall *call;
  guint n_parts = 0;

  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_cmpuint (sotto_message_get_n_calls (reply), ==, 1);
  assert_call (reply, 0, "calculate", "42");
  g_assert_cmpstr (sotto_message_get_text (reply), ==, "I will calculate.\n\nIt is 42.");
  call = sotto_message_get_call (reply, 0);
  g_assert_cmpuint (call->offset, ==, strlen ("I will calculate."));
  g_assert_cmpuint (call->end, ==, call->offset);
  g_assert_cmpstr (sotto_tool_call_get_title (call), ==, "Calculator");

  /* One receipt for each time that the model was asked, each with the tools that it was told of */
  sotto_kept_receipt_add_up (sotto_message_get_receipt (reply), "generated_tokens", &n_parts);
  g_assert_cmpuint (n_parts, ==, 2);
  g_assert_nonnull (strstr (sotto_message_get_receipt (reply), "\"tools\":[\"calculate\"]"));
  g_assert_true (sotto_kept_receipt_ended_by (sotto_message_get_receipt (reply), "end"));
}

static void
on_state (SottoConversation *conversation, GParamSpec *pspec, guint *n_calling)
{
  *n_calling += sotto_conversation_get_reply_state (conversation) == SOTTO_REPLY_STATE_CALLING;
}

/* A call, its result, and the answer to it, in one message; the same after a restart, and made anew */
static void
test_caller (void)
{
  SottoApp *app = open_with ("caller");
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  guint n_calling = 0;

  g_signal_connect (conversation, "notify::reply-state", G_CALLBACK (on_state), &n_calling);
  begin (app, TRUE);
  g_assert_cmpuint (n_calling, >=, 1);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (harness_length (conversation), ==, 2);
  assert_caller (harness_message (conversation, 1));
  /* What answered a result does not go on, and what came before the end is not taken for one. */
  g_assert_false (sotto_conversation_can_continue_reply (conversation, harness_message (conversation, 1)));

  sotto_conversation_regenerate (conversation, harness_message (conversation, 1));
  harness_wait_idle (conversation);
  g_assert_cmpuint (sotto_message_get_n_versions (harness_message (conversation, 1)), ==, 2);
  assert_caller (harness_message (conversation, 1));
  harness_close (app);

  app = open_with ("caller");
  conversation = harness_get_first (app);
  assert_caller (harness_message (conversation, 1));
  g_assert_true (sotto_conversation_uses_tool (conversation, sotto_tools_lookup ("calculate")));
  g_assert_cmpuint (sotto_conversation_get_n_tools (conversation), ==, 1);
  harness_close (app);
}

static char *
render (SottoConversation *conversation)
{
  g_autofree char *link = link_scripted ("caller");
  g_autoptr (SottoModel) model = sotto_model_open (link, NULL, NULL, NULL, NULL);
  g_autoptr (SottoMessages) messages = sotto_conversation_path_to_messages (conversation);
  SottoPrompt *prompt = sotto_model_render (model, messages, NULL, NULL, TRUE, NULL);
  char *text = g_strdup (prompt->text->str);

  sotto_prompt_free (prompt);
  return text;
}

/* What goes to the model next: what it said, what it called, what came of it, what it said to that.
 * (Jinja takes the line's end behind a block away.) */
static void
test_prompt (void)
{
  SottoApp *app = open_with ("twice");
  SottoConversation *conversation = begin (app, TRUE);
  g_autofree char *text = NULL;

  assert_call (harness_message (conversation, 1), 0, "calculate", "42");
  assert_call (harness_message (conversation, 1), 1, "calculate", "Error: Division by zero.");
  text = render (conversation);
  g_assert_cmpstr (text, ==,
                   "<|im_start|>userHow much is it?<|im_end|>\n"
                   "<|im_start|>assistant"
                   "<tool_call>\n{\"name\": \"calculate\", \"arguments\": {\"expression\": \"6 * 7\"}}\n</tool_call>"
                   "<tool_call>\n{\"name\": \"calculate\", \"arguments\": {\"expression\": \"1/0\"}}\n</tool_call><|im_end|>\n"
                   "<|im_start|>tool42<|im_end|>\n"
                   "<|im_start|>toolError: Division by zero.<|im_end|>\n"
                   "<|im_start|>assistantOne is 42.<|im_end|>\n"
                   "<|im_start|>assistant\n");
  harness_close (app);
}

/* Off, nothing is offered and nothing run; a model whose template has no place for tools is told of none. */
static void
test_off (void)
{
  SottoApp *app = open_with ("caller");
  SottoConversation *conversation = begin (app, FALSE);
  SottoMessage *reply = harness_message (conversation, 1);

  assert_call (reply, 0, "calculate", NULL);
  g_assert_cmpstr (sotto_message_get_text (reply), ==, "I will calculate.");
  g_assert_null (strstr (sotto_message_get_receipt (reply), "\"tools\""));
  harness_close (app);
}

static void
test_no_place (void)
{
  SottoApp *app = open_with ("plain");
  SottoConversation *conversation = begin (app, TRUE);
  SottoModelEntry *model = sotto_conversation_get_model (conversation);

  g_assert_false (sotto_model_entry_has_tools (model));
  assert_call (harness_message (conversation, 1), 0, "calculate", NULL);
  g_assert_null (strstr (sotto_message_get_receipt (harness_message (conversation, 1)), "\"tools\""));
  harness_close (app);
}

/* A tool that there is not, or that this conversation may not use: the model is told. */
static void
test_stranger (void)
{
  SottoApp *app = open_with ("stranger");
  SottoConversation *conversation = begin (app, TRUE);
  SottoMessage *reply = harness_message (conversation, 1);

  assert_call (reply, 0, "get_weather", "Error: There is no such tool. There is: calculate.");
  g_assert_cmpstr (sotto_message_get_text (reply), ==, "I have no such tool.");
  g_assert_cmpstr (sotto_tool_call_get_title (sotto_message_get_call (reply, 0)), ==, "get_weather");
  harness_close (app);
}

/* It ends: what calls again what it has called is cut off there, and told of no tools any more. This one calls then, too. */
static void
test_forever (void)
{
  SottoApp *app = open_with ("forever");
  SottoConversation *conversation = begin (app, TRUE);
  SottoMessage *reply = harness_message (conversation, 1);
  guint n_parts;

  g_assert_cmpuint (sotto_message_get_n_calls (reply), ==, 2);
  assert_call (reply, 0, "calculate", "42");
  assert_call (reply, 1, "calculate", NULL);
  g_assert_cmpuint (sotto_message_get_call (reply, 1)->round, ==, 1);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_COMPLETE);
  /* Asked with tools, twice; and once without. */
  sotto_kept_receipt_add_up (sotto_message_get_receipt (reply), "generated_tokens", &n_parts);
  g_assert_cmpuint (n_parts, ==, 3);
  harness_close (app);
}

static void
stop_when_calling (SottoConversation *conversation)
{
  if (sotto_conversation_get_reply_state (conversation) == SOTTO_REPLY_STATE_CALLING)
    sotto_conversation_stop (conversation);
}

/* Stopped while a tool runs: what there was until then is kept, and is the beginning of what comes. */
static void
test_stop (void)
{
  SottoApp *app = open_with ("caller");
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autofree char *text = NULL;
  SottoMessage *reply;
  gulong handler;

  handler = g_signal_connect (conversation, "notify::reply-state", G_CALLBACK (stop_when_calling), NULL);
  begin (app, TRUE);
  g_signal_handler_disconnect (conversation, handler);
  reply = harness_message (conversation, 1);
  g_assert_cmpint (sotto_message_get_status (reply), ==, SOTTO_MESSAGE_STATUS_STOPPED);
  assert_call (reply, 0, "calculate", NULL);
  g_assert_cmpstr (sotto_message_get_text (reply), ==, "I will calculate.");
  g_assert_nonnull (strstr (sotto_message_get_receipt (reply), "\"tools\":[\"calculate\"]"));
  g_assert_null (strstr (sotto_message_get_receipt (reply), "\"earlier\""));

  harness_send (conversation, "And now?");
  harness_wait_idle (conversation);
  g_assert_null (sotto_conversation_get_problem (conversation));
  assert_caller (harness_message (conversation, 3));
  harness_close (app);

  app = open_with ("caller");
  conversation = harness_get_first (app);
  g_assert_cmpint (sotto_message_get_status (harness_message (conversation, 1)), ==, SOTTO_MESSAGE_STATUS_STOPPED);
  assert_call (harness_message (conversation, 1), 0, "calculate", NULL);
  assert_caller (harness_message (conversation, 3));
  harness_close (app);
}

static void
close_when_calling (SottoConversation *conversation, GParamSpec *pspec, GMainLoop *loop)
{
  if (sotto_conversation_get_reply_state (conversation) == SOTTO_REPLY_STATE_CALLING)
    g_main_loop_quit (loop);
}

/* Closed while a tool is at work: what there was is there. */
static void
test_close (void)
{
  SottoApp *app = open_with ("caller");
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  SottoMessage *reply;

  sotto_conversation_set_uses_tool (conversation, sotto_tools_lookup ("calculate"), TRUE);
  g_signal_connect (conversation, "notify::reply-state", G_CALLBACK (close_when_calling), loop);
  harness_send (conversation, "How much is it?");
  if (sotto_conversation_is_busy (conversation))
    g_main_loop_run (loop);
  harness_close (app);

  app = open_with ("caller");
  reply = harness_message (harness_get_first (app), 1);
  g_assert_cmpuint (sotto_message_get_n_calls (reply), ==, 1);
  g_assert_cmpstr (sotto_message_get_call (reply, 0)->name, ==, "calculate");
  g_assert_true (g_str_has_prefix (sotto_message_get_text (reply), "I will calculate."));
  harness_close (app);
}

/* A new conversation begins as the last one was left, a temporary one too; what it chooses, nobody else knows. */
static void
test_choice (void)
{
  const SottoTool *calculate = sotto_tools_lookup ("calculate");
  const SottoTool *clock = sotto_tools_lookup ("current_time");
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *first, *second, *temporary;

  first = sotto_conversation_list_create (list);
  g_assert_cmpuint (sotto_conversation_get_n_tools (first), ==, 0);
  sotto_conversation_set_uses_tool (first, calculate, TRUE);
  harness_send (first, "One");
  harness_wait_idle (first);
  second = sotto_conversation_list_create (list);
  g_assert_true (sotto_conversation_uses_tool (second, calculate));
  temporary = sotto_conversation_list_create_temporary (list);
  g_assert_true (sotto_conversation_uses_tool (temporary, calculate));
  sotto_conversation_set_uses_tool (temporary, clock, TRUE);
  g_assert_false (sotto_conversation_uses_tool (second, clock));
  harness_send (second, "Two");
  harness_wait_idle (second);
  sotto_conversation_set_uses_tool (second, calculate, FALSE);
  sotto_conversation_set_uses_tool (second, clock, TRUE);
  g_assert_true (sotto_conversation_uses_tool (first, calculate));
  harness_close (app);

  app = harness_open ();
  list = sotto_app_get_conversations (app);
  second = harness_get_first (app);
  g_assert_true (sotto_conversation_uses_tool (second, clock));
  g_assert_false (sotto_conversation_uses_tool (second, calculate));
  first = sotto_conversation_list_create (list);
  while (sotto_conversation_get_n_tools (first) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (sotto_conversation_uses_tool (first, clock));
  harness_close (app);
}

/* A real one: what it is told of tools it understands, in its own way (without the tags that its template shows it), and what it
 * says in the end has the result in it. */
static void
test_real (void)
{
  SottoApp *app = harness_open_with_model ("Qwen2.5-Coder-0.5B", 300);
  SottoConversation *conversation;
  SottoMessage *reply;

  if (app == NULL)
    return;

  g_object_set (sotto_app_get_settings (app), "context-length", 4096, NULL);
  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  sotto_conversation_set_uses_tool (conversation, sotto_tools_lookup ("calculate"), TRUE);
  harness_send (conversation, "What is 15% of 2345.6?");
  harness_wait_idle (conversation);
  reply = harness_message (conversation, 1);
  for (guint i = 0; i < sotto_message_get_n_calls (reply); i++)
    g_test_message ("%s %s: %s", sotto_message_get_call (reply, i)->name, sotto_message_get_call (reply, i)->arguments,
                    sotto_message_get_call (reply, i)->result);
  g_test_message ("%s", sotto_message_get_text (reply));
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (sotto_message_get_n_calls (reply), >=, 1);
  assert_call (reply, 0, "calculate", "351.84"); /* 0.15 × 2345.6, on paper */
  g_assert_nonnull (strstr (sotto_message_get_text (reply), "351.84"));
  harness_close (app);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/calls/caller", test_caller);
  g_test_add_func ("/app/calls/prompt", test_prompt);
  g_test_add_func ("/app/calls/off", test_off);
  g_test_add_func ("/app/calls/no-place", test_no_place);
  g_test_add_func ("/app/calls/stranger", test_stranger);
  g_test_add_func ("/app/calls/forever", test_forever);
  g_test_add_func ("/app/calls/stop", test_stop);
  g_test_add_func ("/app/calls/close", test_close);
  g_test_add_func ("/app/calls/choice", test_choice);
  g_test_add_func ("/app/calls/real", test_real);
  return g_test_run ();
}
