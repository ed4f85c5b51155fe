/* JSON on several lines: whole, growing, and closed where it was cut off. What is JSON, yyjson says. */

#include <string.h>
#include <yyjson.h>

#include "conversation/answer-json.h"

static const struct {
  const char *text;
  const char *laid_out;
} whole[] = {
  { "{}", "{}" },
  { "[]", "[]" },
  { "{\"a\": 1}", "{\n  \"a\": 1\n}" },
  { "{\"a\":[1,2.50,-3e5],\"b\":{}}", "{\n  \"a\": [\n    1,\n    2.50,\n    -3e5\n  ],\n  \"b\": {}\n}" },
  { "[true, false, null]", "[\n  true,\n  false,\n  null\n]" },
  { "[\"a, b: {c}\\\"]\\\\\", \"\\u00e9 \xc3\xa9\"]", "[\n  \"a, b: {c}\\\"]\\\\\",\n  \"\\u00e9 \xc3\xa9\"\n]" },
  { "12345678901234567890.10", "12345678901234567890.10" },
  { " [ 1 ,\n2 ] \n", "[\n  1,\n  2\n]" },
  { "\"a\"", "\"a\"" },
};

static void
test_whole (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (whole); i++)
    {
      g_autofree char *laid_out = sotto_answer_json_lay_out (whole[i].text, FALSE);

      g_assert_cmpstr (laid_out, ==, whole[i].laid_out);
    }
}

static const struct {
  const char *text;
  const char *closed;
} cut[] = {
  { "", "null" },
  { "{", "{}" },
  { "{\"na", "{}" },
  { "{\"name\"", "{}" },
  { "{\"name\":", "{}" },
  { "{\"name\": \"Ad", "{\n  \"name\": \"Ad\"\n}" },
  { "{\"name\": \"Ad\\", "{\n  \"name\": \"Ad\"\n}" },
  { "{\"name\": \"\\u00e", "{\n  \"name\": \"\"\n}" },
  { "{\"name\": \"\\ud83d", "{\n  \"name\": \"\"\n}" },
  { "{\"name\": \"\\ud83d\\ude", "{\n  \"name\": \"\"\n}" },
  { "{\"name\": \"\\ud83d\\ude00", "{\n  \"name\": \"\\ud83d\\ude00\"\n}" },
  { "{\"sum\": 12", "{}" },
  { "{\"sum\": 12,", "{\n  \"sum\": 12\n}" },
  { "{\"a\": 1, \"sum\": 12", "{\n  \"a\": 1\n}" },
  { "{\"paid\": tr", "{}" },
  { "[1, 2", "[\n  1\n]" },
  { "[1, {\"a\": [", "[\n  1,\n  {\n    \"a\": []\n  }\n]" },
  { "[[1], [2]", "[\n  [\n    1\n  ],\n  [\n    2\n  ]\n]" },
  { "12", "null" },
};

static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cut); i++)
    {
      g_autofree char *closed = sotto_answer_json_lay_out (cut[i].text, TRUE);

      g_assert_cmpstr (closed, ==, cut[i].closed);
    }
}

/* Of each beginning of it, what is shown begins as that of all of it does, and what is closed is JSON. */
static void
test_growing (void)
{
  static const char text[] = "{\"letters\": [{\"from\": \"K. M\xc3\xbcller \\\"&\\\" S\\u00f6hne\", \"sum\": -1204.50e2, \"paid\": true, "
                             "\"lines\": [[], {}, [null, \"\\ud83d\\ude00\", 7]]}, {\"from\": \"\", \"sum\": 0}], \"n\": 2}";
  g_autofree char *all = sotto_answer_json_lay_out (text, FALSE);

  for (gsize length = 0; length < sizeof text; length++)
    {
      g_autofree char *beginning = g_strndup (text, length);
      g_autofree char *growing = NULL;
      g_autofree char *closed = NULL;
      yyjson_doc *doc;

      if (!g_utf8_validate (beginning, -1, NULL))
        continue;
      growing = sotto_answer_json_lay_out (beginning, FALSE);
      g_assert_true (g_str_has_prefix (all, growing));
      closed = sotto_answer_json_lay_out (beginning, TRUE);
      doc = yyjson_read (closed, strlen (closed), YYJSON_READ_NOFLAG);
      if (doc == NULL)
        g_test_message ("%s", closed);
      g_assert_nonnull (doc);
      yyjson_doc_free (doc);
    }
}

static void
test_none (void)
{
  static const char *const texts[] = { "Hello", "{]", "{1: 2}", "[1 2]", "[,", "[1,]", "{\"a\" 1}", "1 2", "{}{}", "{\"a\": 1,}", "]",
                                       "[\"a\n```\"]" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_null (sotto_answer_json_lay_out (texts[i], TRUE));
}

/* A model that opens brackets without end */
static void
test_deep (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *closed = NULL;

  for (guint i = 0; i < 20000; i++)
    g_string_append_c (text, '[');
  closed = sotto_answer_json_lay_out (text->str, TRUE);
  g_assert_cmpuint (strlen (closed), <, 20000 * 140);
  g_assert_cmpuint (strspn (closed, "[ \n]"), ==, strlen (closed));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/answer-json/whole", test_whole);
  g_test_add_func ("/app/answer-json/cut", test_cut);
  g_test_add_func ("/app/answer-json/growing", test_growing);
  g_test_add_func ("/app/answer-json/none", test_none);
  g_test_add_func ("/app/answer-json/deep", test_deep);
  return g_test_run ();
}
