#include "sotto-cancel.h"
#include "sotto-error.h"
#include "text/jinja-run.h"
#include "text/template.h"

#include <glib.h>
#include <string.h>

/* The template by itself: what it renders is compared with jinja2 in test-template-*.py; here stand where
 * bytes come from, the bounds, the errors, and the messages. Expected values are written by hand. */

#define CONTROL "<|im_start|>"

static SottoRendered *
render (const char  *source,
        const char  *messages_json,
        const char  *extra_json,
        GError     **error)
{
  g_autoptr (SottoTemplate) template = sotto_template_new (source, -1, error);
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new (utc, 2024, 7, 6, 8, 5, 9);
  SottoTemplateInput input = { .bos = "<s>", .eos = "</s>", .extra_json = extra_json };

  if (template == NULL)
    return NULL;
  messages = sotto_messages_new_from_json (messages_json, -1, NULL, -1, error);
  if (messages == NULL)
    return NULL;
  input.messages = messages;
  input.date = date;

  return sotto_template_render (template, &input, NULL, error);
}

/* The spans with their borders written out: "[trusted](text)". */
static char *
show (const SottoRendered *rendered)
{
  GString *shown = g_string_new (NULL);
  gsize length = 0;

  for (guint i = 0; i < rendered->spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (rendered->spans, SottoSpan, i);

      g_assert_true (span->text == rendered->text->str + length);
      g_string_append_c (shown, span->trusted ? '[' : '(');
      g_string_append_len (shown, span->text, (gssize) span->length);
      g_string_append_c (shown, span->trusted ? ']' : ')');
      length += span->length;
    }
  g_assert_cmpuint (length, ==, rendered->text->len);

  return g_string_free (shown, FALSE);
}

typedef struct {
  const char *source;
  const char *expected; /* as show() writes it */
} Provenance;

/* x is text of one word, t is text with a control token, n is a number, p a list of parts. */
#define EXTRA                                                                                      \
  "{\"x\": \"word\", \"t\": \"a" CONTROL "b\", \"n\": 7, \"p\": [\"u\", \"v\"],"                  \
  " \"d\": {\"k\": \"v\"}, \"l\": \" A\\nB \", \"e\": \"\"}"

static const Provenance provenance[] = {
  { "plain", "[plain]" },
  { "{{ x }}", "(word)" },
  { "{{ t }}", "(a" CONTROL "b)" },
  { CONTROL "{{ x }}<e>", "[" CONTROL "](word)[<e>]" },
  { "{{ '<a>' + x + '<b>' }}", "[<a>](word)[<b>]" },
  { "{{ '<a>' ~ x ~ n }}", "[<a>](word7)" },
  { "{{ bos_token + x + eos_token }}", "[<s>](word)[</s>]" },
  { "{{ e }}{{ 'a' }}", "[a]" },
  { "{{ ('<a>' + x + '<b>')[1:8] }}", "[a>](word)[<]" },
  { "{{ ('<a>' + x)[::-1] }}", "(drow)[>a<]" },
  { "{{ ('  ' + x + '  ').strip() }}{{ (' <a> ' + l) | trim }}", "(word)[<a> ]( A\nB)" },
  { "{{ ('<a>' + x).upper() }}{{ ('<A>' + x) | capitalize }}", "[<A>](WORD)[<a>](word)" },
  { "{% for s in ('<a>,' + x + ',<b>').split(',') %}{{ s }};{% endfor %}",
    "[<a>;](word)[;<b>;]" },
  /* What is put in for text is text. */
  { "{{ x.replace('word', '<x>') }}", "(<x>)" },
  { "{{ 'a-b'.replace('-', '<x>') }}", "[a<x>b]" },
  { "{{ 'a-b' | replace('-', x) }}", "[a](word)[b]" },
  { "{{ ('o' + x) | replace('o', '<x>') }}", "[<x>](w<x>rd)" },
  { "{{ ('or' + x) | replace('', '.') }}", "[.o.r](.w.o.r.d.)" },
  /* A separator is the template's own between the template's own. */
  { "{{ p | join('<x>') }}", "(u<x>v)" },
  { "{{ ['a', 'b', x, 'c'] | join('<x>') }}", "[a<x>b](<x>word<x>)[c]" },
  { "{{ '<x>'.join(t.split('im')) }}", "(a<|<x>_start|>b)" },
  { "{{ t.split('<|im_start|>') | join('<|im_start|>') }}", "(a" CONTROL "b)" },
  { "{{ x | tojson }}{{ '<a>' | tojson }}", "(\"word\"\")[<a>](\")" },
  { "{{ {'<a>': x} | tojson }}", "({\")[<a>](\": \"word\"})" },
  { "{{ d }}{{ ['<a>'] }}", "({'k': 'v'}[')[<a>]('])" },
  { "{{ '<a>{}<b>'.format(x) }}{{ '%s<c>' % x }}", "[<a>](word)[<b>](word)[<c>]" },
  { "{{ ('<a>\\n' + x) | indent(2, true) }}", "(  )[<a>](\n  word)" },
  { "{{ x | default('<a>') }}{{ nothing | default('<a>') }}", "(word)[<a>]" },
  { "{{ 5 }}{{ 1.5 }}{{ none }}{{ [] | length }}", "(51.5None0)" },
  { "{{ x * 2 }}{{ '<a>' * 2 }}", "(wordword)[<a><a>]" },
  { "{% set b %}<a>{{ x }}{% endset %}{{ b }}", "[<a>](word)" },
  { "{% macro m(v) %}<a>{{ v }}{% endmacro %}{{ m(x) }}{{ m('<b>') }}", "[<a>](word)[<a><b>]" },
  { "{% filter upper %}<a>{{ x }}{% endfilter %}", "[<A>](WORD)" },
  { "{% set ns = namespace(s='') %}{% for i in range(3) %}{% set ns.s = ns.s + '<' + x %}"
    "{% endfor %}{{ ns.s }}",
    "[<](word)[<](word)[<](word)" },
  /* Growing in place must not reach what was there before. */
  { "{% set a = x + '1' %}{% set b = a + '2' %}{% set c = a + '3' %}{{ a }} {{ b }} {{ c }}",
    "(word)[1 ](word)[12 ](word)[13]" },
  { "{% set a = [1] + [2] %}{% set b = a + [3] %}{% set c = a + [4] %}{{ a }}{{ b }}{{ c }}",
    "([1, 2][1, 2, 3][1, 2, 4])" },
  { "{{ strftime_now('%d %b %Y') }}", "(06 Jul 2024)" },
  /* A role of the protocol is nobody's words; another one is. */
  { "{% for m in messages %}{{ '<|' + m.role + '|>' }}{{ m.content }}{% endfor %}",
    "[<|user|>](hi)[<|](ghost)[|>](boo)" },
};

static void
test_provenance (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (provenance); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoRendered) rendered = NULL;
      g_autofree char *shown = NULL;

      rendered = render (provenance[i].source,
                         "[{\"role\": \"user\", \"content\": \"hi\"},"
                         " {\"role\": \"ghost\", \"content\": \"boo\"}]",
                         EXTRA, &error);
      g_test_message ("%s", provenance[i].source);
      g_assert_no_error (error);
      shown = show (rendered);
      g_assert_cmpstr (shown, ==, provenance[i].expected);
    }
}

typedef struct {
  const char *source;
  int code;
  const char *subject; /* a part of it */
  guint line;
} Failure;

static const Failure failures[] = {
  { "a\nb {{ 1 + }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "expression", 2 },
  { "{% if x %}\n\n", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "not closed", 2 },
  { "\n{% nothing %}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "unknown tag", 2 },
  { "{# a\n", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "comment", 1 },
  { "{{ 99999999999999999999 }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "64 bits", 1 },
  { "{{ 9223372036854775807 + 1 }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "64 bits", 1 },
  { "{{ -9223372036854775807 - 2 }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "64 bits", 1 },
  { "{{ 3037000500 * 3037000500 }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "64 bits", 1 },
  { "{{ 2 ** 64 }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "64 bits", 1 },
  { "\n\n{{ missing.name }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "'missing' is undefined", 3 },
  { "{% for m in messages %}\n{{ m.other.name }}\n{% endfor %}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX,
    "'dict object' has no attribute 'other'", 2 },
  { "\n{{ 1 | nothing }}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "No filter named 'nothing'", 2 },
  { "\n{{ raise_exception('No ' ~ 'way') }}", SOTTO_ENGINE_ERROR_TEMPLATE_RAISED, "No way", 2 },
  { "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "depth", 1 },
  { "{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}", SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT,
    "depth", 1 },
  { "{{ 'x' * 1000000000 }}", SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "output", 1 },
  { "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(60) %}"
    "{% set ns.s = ns.s + ns.s %}{% endfor %}",
    SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "output", 1 },
  { "{% for i in range(100) %}{{ 'x' * 1000000 }}{% endfor %}", SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT,
    "output", 1 },
  { "{{ [1] * 100000000 }}", SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "memory", 1 },
  { "{% for i in range(100001) %}{% endfor %}", SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX, "range", 1 },
  { "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, NULL, 1 },
};

static void
assert_failure (const GError *error,
                int           code,
                const char   *subject,
                guint         line)
{
  const SottoErrorArguments *arguments;

  g_assert_error (error, SOTTO_ENGINE_ERROR, code);
  arguments = sotto_engine_error_get_arguments (error);
  g_assert_nonnull (arguments->subject);
  if (subject != NULL)
    {
      g_test_message ("line %u: %s", (guint) arguments->wanted, arguments->subject);
      g_assert_nonnull (strstr (arguments->subject, subject));
    }
  g_assert_cmpuint (arguments->wanted, ==, line);
}

static void
test_failures (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoRendered) rendered = NULL;

      g_test_message ("%s", failures[i].source);
      rendered = render (failures[i].source, "[{\"role\": \"user\", \"content\": \"hi\"}]", NULL, &error);
      g_assert_null (rendered);
      assert_failure (error, failures[i].code, failures[i].subject, failures[i].line);
    }
}

/* Each bound by itself, on a run of its own: a template that meets it takes long. */
static void
test_bounds (void)
{
  JinjaRun run;
  g_autofree char *source = g_strnfill (JINJA_MAX_SOURCE + 1, ' ');
  g_autoptr (GError) error = NULL;

  jinja_run_init (&run, NULL, 1 << 20);
  g_assert_cmpint (run.deadline, <=, g_get_monotonic_time () + JINJA_MAX_SECONDS * G_USEC_PER_SEC);
  run.deadline = g_get_monotonic_time () - 1;
  g_assert_true (jinja_step (&run, 1)); /* looked at now and then only … */
  g_assert_false (jinja_step (&run, run.next_look));
  assert_failure (run.error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "time", 0);
  jinja_run_clear (&run);

  jinja_run_init (&run, NULL, 1 << 20);
  g_assert_cmpuint (run.max_steps, ==, JINJA_MAX_STEPS);
  g_assert_false (jinja_step (&run, JINJA_MAX_STEPS + 1));
  assert_failure (run.error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "steps", 0);
  jinja_run_clear (&run);

  jinja_run_init (&run, NULL, 1 << 20);
  g_assert_null (jinja_alloc (&run, 1 << 21));
  assert_failure (run.error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "memory", 0);
  jinja_run_clear (&run);

  jinja_run_init (&run, NULL, 1 << 20);
  g_assert_null (jinja_alloc_n (&run, G_MAXSIZE / 2, 3)); /* 2^64 wraps */
  assert_failure (run.error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "memory", 0);
  jinja_run_clear (&run);

  jinja_run_init (&run, NULL, 1 << 20);
  for (guint i = 0; i < JINJA_MAX_DEPTH; i++)
    g_assert_true (jinja_enter (&run));
  g_assert_false (jinja_enter (&run));
  assert_failure (run.error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "depth", 0);
  jinja_run_clear (&run);

  g_assert_null (sotto_template_new (source, -1, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT);
}

/* @n times @before, then @middle, then @n times @after */
static char *
nest (const char *before,
      const char *middle,
      const char *after,
      guint       n)
{
  GString *source = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (source, before);
  g_string_append (source, middle);
  for (guint i = 0; i < n; i++)
    g_string_append (source, after);

  return g_string_free (source, FALSE);
}

static void
test_nesting (void)
{
  static const struct { const char *open, *begin, *middle, *end, *close; } cases[] = {
    { "{{ ", "(", "1", ")", " }}" },
    { "{{ ", "[", "1", "]", " }}" },
    { "{{ ", "{1: ", "1", "}", " }}" },
    { "{{ ", "not ", "1", "", " }}" },
    { "{{ ", "-", "1", "", " }}" },
    { "{{ ", "x[", "1", "]", " }}" },
    { "{{ ", "f(", "1", ")", " }}" },
    { "{{ ", "1 if 1 else ", "1", "", " }}" },
    { "", "{% if 1 %}", "1", "{% endif %}", "" },
    { "", "{% for x in y %}", "1", "{% endfor %}", "" },
    /* These are flat in the source and deep in the tree. */
    { "{{ ", "", "1", " + 1", " }}" },
    { "{{ ", "", "1", "|abs", " }}" },
    { "{{ ", "", "x", ".x", " }}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *inner = nest (cases[i].begin, cases[i].middle, cases[i].end, 100000);
      g_autofree char *source = g_strconcat (cases[i].open, inner, cases[i].close, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoRendered) rendered = render (source, "[]", NULL, &error);

      g_test_message ("%s%s", cases[i].open, cases[i].begin);
      g_assert_null (rendered);
      assert_failure (error, SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT, "depth", 1);
    }
}

/* Nesting that people write stays well inside. */
static void
test_reasonable_nesting (void)
{
  g_autofree char *inner = nest ("(", "1", ")", 30);
  g_autofree char *inner_if = nest ("{% if 1 %}", "x", "{% endif %}", 30);
  g_autofree char *source = g_strconcat ("{{ ", inner, " }}", inner_if,
                                         "{% macro m(n) %}{% if n %}{{ n }}{{ m(n - 1) }}{% endif %}"
                                         "{% endmacro %}{{ m(60) | length }}",
                                         NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoRendered) rendered = render (source, "[]", NULL, &error);

  g_assert_no_error (error);
  /* 60 … 10 have two digits, 9 … 1 have one */
  g_assert_cmpstr (rendered->text->str, ==, "1x111");
}

static gpointer
raise_soon (gpointer data)
{
  g_usleep (20 * 1000);
  sotto_cancel_raise (data);
  return NULL;
}

static void
test_cancel (void)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoTemplate) template = NULL;
  g_autoptr (SottoRendered) rendered = NULL;
  SottoTemplateInput input = { .messages = messages };
  GThread *thread;
  gint64 begin;

  template = sotto_template_new ("{% for a in range(100000) %}{% for b in range(100000) %}"
                                 "{% if b == 'x' %}{% endif %}{% endfor %}{% endfor %}",
                                 -1, &error);
  g_assert_no_error (error);
  thread = g_thread_new ("cancel", raise_soon, cancel);
  begin = g_get_monotonic_time ();
  rendered = sotto_template_render (template, &input, cancel, &error);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_TIME_SPAN_SECOND);
  g_thread_join (thread);
  g_assert_null (rendered);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
}

/* Building a text piece by piece over a long conversation takes time as its length, not its square. */
static void
test_long_conversation (void)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  g_autoptr (SottoTemplate) template = NULL;
  g_autoptr (SottoRendered) rendered = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *content = g_strnfill (1000, 'x');
  SottoTemplateInput input = { .messages = messages };

  for (guint i = 0; i < 20000; i++)
    sotto_messages_append (messages, i % 2 ? "assistant" : "user", content);
  g_assert_cmpuint (sotto_messages_get_length (messages), ==, 20000);

  template = sotto_template_new ("{% set ns = namespace(s='', l=[]) %}{% for m in messages %}"
                                 "{% set ns.s = ns.s + '<' + m.content %}{% set ns.l = ns.l + [m] %}"
                                 "{% endfor %}{{ ns.s }}{{ ns.l | length }}",
                                 -1, &error);
  g_assert_no_error (error);
  rendered = sotto_template_render (template, &input, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rendered->text->len, ==, 20000 * 1001 + 5);
  g_assert_cmpuint (rendered->spans->len, ==, 40000);
}

static void
test_messages (void)
{
  static const struct { const char *json, *tools, *subject; } wrong[] = {
    { "[", NULL, "messages" },
    { "{}", NULL, "not a list" },
    { "[1]", NULL, "message 0 is not an object" },
    { "[{\"content\": \"x\"}]", NULL, "message 0 has no role" },
    { "[{\"role\": \"user\", \"content\": \"x\"}, {\"role\": 5}]", NULL, "message 1 has no role" },
    { "[{\"role\": \"user\", \"content\": 5}]", NULL, "content of message 0" },
    { "[]", "{}", "tools" },
    { "[]", "[", "tools" },
    { "", NULL, "messages" },
  };
  g_autofree char *deep = nest ("[", "", "]", 50000);
  g_autofree char *deep_message = g_strconcat ("[{\"role\": \"user\", \"x\": ", deep, "}]", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoMessages) messages = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      messages = sotto_messages_new_from_json (wrong[i].json, -1, wrong[i].tools, -1, &error);
      g_assert_null (messages);
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MESSAGES);
      g_assert_nonnull (strstr (sotto_engine_error_get_arguments (error)->subject, wrong[i].subject));
      g_clear_error (&error);
    }

  messages = sotto_messages_new_from_json (deep_message, -1, NULL, -1, &error);
  g_assert_null (messages);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MESSAGES);
}

/* Broken text becomes U+FFFD, and everything that comes out is UTF-8. */
static void
test_invalid_text (void)
{
  static const char *const contents[] = {
    ("a\xff" "b"), "\xc3", "\\ud800x", "\\udc00", "\\ud800\\ud800", "a\\u0000b", "\xed\xa0\x80", "\xf4\x90\x80\x80",
  };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autofree char *json = g_strconcat ("[{\"role\": \"user\", \"content\": \"", contents[i], "\"}]",
                                           NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoRendered) rendered = NULL;

      rendered = render ("{{ messages[0].content }}|{{ messages[0].content | upper }}|"
                         "{{ messages[0].content[::-1] }}|{{ messages | tojson }}",
                         json, NULL, &error);
      g_assert_no_error (error);
      for (const char *p = rendered->text->str, *end = p + rendered->text->len; p < end;)
        {
          /* NUL is a character like others here. */
          if (g_utf8_validate_len (p, (gsize) (end - p), &p))
            break;
          g_assert_cmpint (*p, ==, 0);
          p++;
        }
    }

  {
    g_autoptr (SottoMessages) messages = sotto_messages_new ();
    g_autoptr (SottoTemplate) template = NULL;
    g_autoptr (SottoRendered) rendered = NULL;
    g_autoptr (GError) error = NULL;
    SottoTemplateInput input = { .messages = messages };

    sotto_messages_append (messages, "user", "a\xff" "b \"quoted\"");
    template = sotto_template_new ("{{ messages[0].role }}: {{ messages[0].content }}", -1, &error);
    rendered = sotto_template_render (template, &input, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (rendered->text->str, ==, "user: a\xef\xbf\xbd" "b \"quoted\"");
    g_assert_null (sotto_template_new ("a\xff", -1, NULL));
    g_assert_null (sotto_template_new ("a\0b", 3, NULL));
  }
}

static void
test_default (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoTemplate) template = sotto_template_new (sotto_template_get_default (), -1, &error);
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (SottoRendered) rendered = NULL;
  SottoTemplateInput input = { .add_generation_prompt = TRUE };
  g_autofree char *shown = NULL;

  g_assert_no_error (error);
  messages = sotto_messages_new_from_json (
      "[{\"role\": \"system\", \"content\": \"Be short.\"}, {\"role\": \"user\", \"content\":"
      " [{\"type\": \"text\", \"text\": \"Hi\"}, {\"type\": \"image\"}, {\"type\": \"text\","
      " \"text\": \"!\"}]}, {\"role\": \"assistant\", \"content\": null}]",
      -1, NULL, -1, &error);
  g_assert_no_error (error);
  input.messages = messages;
  rendered = sotto_template_render (template, &input, NULL, &error);
  g_assert_no_error (error);
  shown = show (rendered);
  g_assert_cmpstr (shown, ==, "[System: ](Be short.)[\nUser: ](Hi!)[\nAssistant: \nAssistant:]");
  g_assert_false (rendered->used_date);
}

static void
test_details (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoTemplate) template = sotto_template_new ("abc", 3, &error);
  g_autoptr (SottoRendered) rendered = NULL;

  /* FIPS 180-2, appendix B.1 */
  g_assert_cmpstr (sotto_template_get_hash (template), ==,
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

  rendered = render ("{{ strftime_now('%Y') }}", "[]", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (rendered->used_date);
  g_clear_pointer (&rendered, sotto_rendered_free);

  /* Integers beyond 64 bits are shown as they came. */
  rendered = render ("{{ n }} {{ n | tojson }} {{ m }} {{ n is integer }} {{ r }}", "[]",
                     "{\"n\": 123456789012345678901234567890, \"m\": 18446744073709551615,"
                     " \"r\": 1e5}",
                     &error);
  g_assert_no_error (error);
  g_assert_cmpstr (rendered->text->str, ==,
                   "123456789012345678901234567890 123456789012345678901234567890 "
                   "18446744073709551615 True 100000.0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/template/provenance", test_provenance);
  g_test_add_func ("/template/failures", test_failures);
  g_test_add_func ("/template/bounds", test_bounds);
  g_test_add_func ("/template/nesting", test_nesting);
  g_test_add_func ("/template/reasonable-nesting", test_reasonable_nesting);
  g_test_add_func ("/template/cancel", test_cancel);
  g_test_add_func ("/template/long-conversation", test_long_conversation);
  g_test_add_func ("/template/messages", test_messages);
  g_test_add_func ("/template/invalid-text", test_invalid_text);
  g_test_add_func ("/template/default", test_default);
  g_test_add_func ("/template/details", test_details);

  return g_test_run ();
}
