/* What a screen reader says of a reply while it comes: words, and not the marks of Markdown. */
#include <glib.h>
#include <string.h>

#include "markdown/markdown-speech.h"

/* @pieces: each what comes, and what is to be said of it */
static void
check (const char *const pieces[][2],
       guint             n)
{
  SottoSpeech speech = { FALSE };

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *said = sotto_speech_take (&speech, pieces[i][0], strlen (pieces[i][0]));

      g_assert_cmpstr (said, ==, pieces[i][1]);
    }
}

static void
test_words (void)
{
  static const char *const pieces[][2] = {
    { "# Sailing in the *Baltic*\n", "Sailing in the Baltic" },
    { "\n", "" },
    { "It is **fine** in `June`, says [Jan](https://example.org/), ", "It is fine in June, says Jan," },
    { "and ~~July~~ later.\n", "and July later." },
    { "1. ", "1." },
    { "Take a chart. ", "Take a chart." },
    { "2. Take a coat.\n3. Take care.\n", "2. Take a coat.\n3. Take care." },
    { "- one\n- two\n", "one\ntwo" },
    { "> said once.\n", "said once." },
    { "---\n", "" },
    { "第一句。", "第一句。" },
  };

  check (pieces, G_N_ELEMENTS (pieces));
}

static void
test_formulas (void)
{
  static const char *const pieces[][2] = {
    { "Then $x = \\frac{1}{2}$ holds. ", "Then x = 1/2 holds." },
    { "\\[\\sqrt{x} \\le y\\]\n", "√x ≤ y" },
    { "It costs $5 or $6.\n", "It costs $5 or $6." },
  };

  check (pieces, G_N_ELEMENTS (pieces));
}

/* Code is said as it stands, and that it goes on is known when its next line comes. */
static void
test_code (void)
{
  static const char *const pieces[][2] = {
    { "Like this:\n```python\n", "Like this:" },
    { "def __init__(self):\n    self.a *= 2 # *twice*\n", "def __init__(self):\n    self.a *= 2 # *twice*" },
    { "```\n", "" },
    { "That **is** all.\n", "That is all." },
    { "~~~\n**x**\n~~~\nAnd *so* on.\n", "**x**\nAnd so on." },
  };

  check (pieces, G_N_ELEMENTS (pieces));
}

static void
test_tables (void)
{
  static const char *const pieces[][2] = {
    { "| port | berths |\n|---|---|\n| Gdynia | 38 |\n", "port, berths\nGdynia, 38" },
  };

  check (pieces, G_N_ELEMENTS (pieces));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speech/words", test_words);
  g_test_add_func ("/speech/formulas", test_formulas);
  g_test_add_func ("/speech/code", test_code);
  g_test_add_func ("/speech/tables", test_tables);

  return g_test_run ();
}
