/* What the parser of replies says of itself, and what goes back to a template. How it reads replies is tested from Python, by
 * test-reply-templates.py and test-reply-forms.py. */
#include "sotto-engine.h"

#include "text/reply.h"

#include <string.h>

static gboolean
has_token (const char *text,
           gpointer    user_data)
{
  return g_strv_contains (user_data, text);
}

static void
test_style (void)
{
  const char *qwen[] = { "<tool_call>", "</tool_call>", "<think>", NULL };
  const char *mistral[] = { "[TOOL_CALLS]", "[THINK]", NULL };
  SottoReplyStyle style;

  sotto_reply_style_choose (&style, NULL, NULL, NULL);
  g_assert_cmpstr (style.calls->name, ==, "plain");
  g_assert_cmpstr (style.reasoning->open, ==, "<think>");

  /* What the template says nothing of, the vocabulary does. */
  sotto_reply_style_choose (&style, "{{ messages }}", has_token, qwen);
  g_assert_cmpstr (style.calls->name, ==, "hermes");
  sotto_reply_style_choose (&style, "{{ messages }}", has_token, mistral);
  g_assert_cmpstr (style.calls->name, ==, "mistral");
  g_assert_cmpstr (style.reasoning->open, ==, "[THINK]");
  sotto_reply_style_choose (&style, "'<tool_call>' '<arg_key>' <think>", has_token, mistral);
  g_assert_cmpstr (style.calls->name, ==, "glm");
  g_assert_cmpstr (style.reasoning->open, ==, "<think>");

  g_assert_true (sotto_reply_style_has_marker (&style, "<arg_key>", 9));
  g_assert_true (sotto_reply_style_has_marker (&style, "</think>", 8));
  g_assert_false (sotto_reply_style_has_marker (&style, "<b>", 3));
  g_assert_false (sotto_reply_style_has_marker (&style, "", 0));
}

static void
take (SottoReplyKind  kind,
      const char     *text,
      gsize           length,
      const char     *id,
      gpointer        user_data)
{
}

static void
feed (SottoReply *reply,
      const char *text)
{
  sotto_reply_feed (reply, text, strlen (text), SOTTO_REPLY_FROM_TEXT);
}

/* gpt-oss ends its reasoning with the token that ends turns elsewhere. */
static void
test_goes_on (void)
{
  g_autoptr (SottoReply) reply = NULL;
  SottoReplyStyle style;

  sotto_reply_style_choose (&style, "<|channel|> <|message|>", NULL, NULL);
  reply = sotto_reply_new (&style, "…<|start|>assistant", NULL, take, NULL);
  g_assert_false (sotto_reply_is_reasoning (reply));
  feed (reply, "<|channel|>analysis<|message|>Hm.");
  g_assert_true (sotto_reply_is_reasoning (reply));
  g_assert_true (sotto_reply_goes_on (reply, "<|end|>"));
  g_assert_false (sotto_reply_goes_on (reply, "<|return|>"));
  feed (reply, "<|end|><|start|>assistant<|channel|>final<|message|>Yes.");
  g_assert_false (sotto_reply_goes_on (reply, "<|end|>"));
}

/* Reasoning and calls of an earlier reply reach the template as the messages of others do. */
static void
test_messages (void)
{
  static const char source[] =
    "{% for m in messages %}[{{ m.role }}|{{ m.content }}|{{ m.reasoning_content }}"
    "{% for c in m.tool_calls or [] %}|{{ c.id|length }}:{{ c.type }}:{{ c.function.name }}:"
    "{% if c.function.arguments is mapping %}{{ c.function.arguments.n + 1 }}{% else %}{{ c.function.arguments }}{% endif %}"
    "{% endfor %}]{% endfor %}";
  static const char *const names[] = { "f", "g\xff", NULL };
  static const char *const arguments[] = { "{\"n\": 1}", "not JSON", NULL };
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (GError) error = NULL;
  GString *text;

  sotto_messages_append (messages, "user", "Q");
  sotto_messages_append_reply (messages, "A", "Hm.", names, arguments);
  sotto_messages_append_reply (messages, "B", "", NULL, NULL);
  text = sotto_render_template (source, -1, messages, NULL, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text->str, ==,
                   "[user|Q|][assistant|A|Hm.|9:function:f:2|9:function:g\xef\xbf\xbd:not JSON][assistant|B|]");
  g_string_free (text, TRUE);
}

/* Results name the calls they are of, whose numbers go on through the conversation; the tools are told beside it. */
static void
test_results (void)
{
  static const char source[] =
    "{% for t in tools or [] %}({{ (t.function or t).name }}){% endfor %}"
    "{% for m in messages %}[{{ m.role }}|{{ m.content }}|{{ m.name }}|{{ m.tool_call_id }}"
    "{% for c in m.tool_calls or [] %}|{{ c.function.name }}={{ c.id }}{% endfor %}]{% endfor %}";
  static const char *const two[] = { "f", "g", NULL };
  static const char *const one[] = { "f", NULL };
  static const char *const arguments[] = { "{}", "{}", NULL };
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) none = sotto_messages_dup_tool_names (messages);
  g_auto (GStrv) names = NULL;
  GString *text;

  g_assert_null (none);
  sotto_messages_append_reply (messages, "", NULL, two, arguments);
  sotto_messages_append_result (messages, 0, "f", "1");
  sotto_messages_append_result (messages, 1, "g", "2\xff");
  sotto_messages_append_reply (messages, "", NULL, one, arguments);
  sotto_messages_append_result (messages, 0, "f", "3");
  g_assert_true (sotto_messages_set_tools (messages, "[{\"function\":{\"name\":\"f\"}},{\"name\":\"g\"}]", -1, &error));
  g_assert_no_error (error);
  g_assert_false (sotto_messages_set_tools (messages, "{}", -1, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MESSAGES);
  g_clear_error (&error);
  names = sotto_messages_dup_tool_names (messages);
  g_assert_cmpstrv (names, two);

  text = sotto_render_template (source, -1, messages, NULL, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text->str, ==,
                   "(f)(g)[assistant||||f=call00001|g=call00002][tool|1|f|call00001][tool|2\xef\xbf\xbd|g|call00002]"
                   "[assistant||||f=call00003][tool|3|f|call00003]");
  g_string_free (text, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reply/style", test_style);
  g_test_add_func ("/reply/goes-on", test_goes_on);
  g_test_add_func ("/reply/messages", test_messages);
  g_test_add_func ("/reply/results", test_results);

  return g_test_run ();
}
