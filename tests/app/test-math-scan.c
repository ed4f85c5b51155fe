/* Which dollars are money, and what CommonMark leaves of formulas. */
#include <sotto-app.h>
#include <string.h>

#include "markdown/markdown-math-scan.h"

/* @markdown with each formula in «», or ‹› if it is in a line */
static char *
mark_spans (const char *markdown)
{
  g_autoptr (GArray) spans = sotto_math_scan (markdown, strlen (markdown), NULL, NULL);
  GString *marked = g_string_new (NULL);
  gsize at = 0;

  for (guint i = 0; i < spans->len; i++)
    {
      const SottoMathSpan *span = &g_array_index (spans, SottoMathSpan, i);

      if (span->is_open)
        break;
      g_string_append_len (marked, markdown + at, span->begin - at);
      g_string_append (marked, span->is_display ? "«" : "‹");
      g_string_append_len (marked, markdown + span->inner_begin, span->inner_end - span->inner_begin);
      g_string_append (marked, span->is_display ? "»" : "›");
      at = span->end;
    }
  g_string_append (marked, markdown + at);

  return g_string_free (marked, FALSE);
}

static void
test_spans (void)
{
  static const struct {
    const char *markdown;
    const char *marked;
  } texts[] = {
    { "so $x$ is", "so ‹x› is" },
    { "$x$, $y$ and ($z$).", "‹x›, ‹y› and (‹z›)." },
    { "\\(x\\) and \\[y\\]", "‹x› and «y»" },
    { "$$x$$", "«x»" },
    { "\\[\nx\n\\]", "«\nx\n»" },
    { "$`x`$", "‹x›" },
    { "\\begin{align}a&=b\\end{align}", "«\\begin{align}a&=b\\end{align}»" },
    { "\\begin{align*}\\begin{align*}\\end{align*}\\end{align*}", "«\\begin{align*}\\begin{align*}\\end{align*}\\end{align*}»" },
    { "$a_1 + a_2$ and $f(x) = \\text{if } x$", "‹a_1 + a_2› and ‹f(x) = \\text{if } x›" },
    { "$\\$5$", "‹\\$5›" },
    { "a $x\ny$ b", "a ‹x\ny› b" },
    { "$ax^2 + bx + c = 0$", "‹ax^2 + bx + c = 0›" },
    { "$n \\log n$ and $\\sin x$", "‹n \\log n› and ‹\\sin x›" },
    { "- $x$\n- \\[y\\]", "- ‹x›\n- «y»" },
    { "| $a|b$ | c |", "| ‹a|b› | c |" },

    /* Money, shells and other prose */
    { "It costs $5 and $10.", NULL },
    { "between $5-$10, or $5/$6", NULL },
    { "US$5, or 6$, or 7$", NULL },
    { "$5 and 6$", NULL },
    { "from $100,000 in cash to $200,000", NULL },
    { "set $HOME and $PATH, or $A/$B:$C", NULL },
    { "echo $1 $2 $$ and $$ again", NULL },
    { "$ x$ and $x $", NULL },
    { "\\$x\\$", NULL },
    { "x$y$z", NULL },
    { "$a\n\nb$", NULL },
    { "$x\n- y$", NULL },
    { "\\[citation needed\\] and \\(see below\\)", NULL },
    { "\\[x\\](https://example.org)", NULL },
    { "\\\\(x\\\\)", NULL },
    { "\\[a\n\nb\\]", NULL },
    { "\\begin{itemize}\\item x\\end{itemize}", NULL },
    { "$$$x$$$", NULL },
    { "$$", NULL },
    { "$", NULL },
    { "\\[", NULL },
    { "\\", NULL },
    { "\\[ \\]", NULL },

    /* Code */
    { "`$x$` and `` \\(y\\) ``", NULL },
    { "```\n$x$\n```", NULL },
    { "```sh\n$x$\n\n\\[y\\]", NULL },
    { "> ```\n> $x$\n> ```\n> $y$", "> ```\n> $x$\n> ```\n> ‹y›" },
    { "> ```\n> $x$\n\n$y$", "> ```\n> $x$\n\n‹y›" },
    { "- ```\n  $x$\n  ```\n  $y$", "- ```\n  $x$\n  ```\n  ‹y›" },
    { "~~~\n```\n$x$\n~~~\n$y$", "~~~\n```\n$x$\n~~~\n‹y›" },
    { "one ` and $x$", "one ` and ‹x›" },
    { "# a ` b\n$x$ `", "# a ` b\n‹x› `" },
    { "\\[\n```\nx\\]\n```", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *marked = mark_spans (texts[i].markdown);
      const char *expected = texts[i].marked != NULL ? texts[i].marked : texts[i].markdown;

      if (!g_str_equal (marked, expected))
        g_test_fail_printf ("%s\n  is       %s\n  expected %s", texts[i].markdown, marked, expected);
    }
}

/* What may still become a formula keeps what follows from being closed. */
static void
test_open (void)
{
  static const struct {
    const char *markdown;
    int open;   /* -1: nothing is */
  } texts[] = {
    { "a\n\n\\[ x", 3 }, { "a\n$$\nx\n- y", 2 }, { "a \\(x", 0 }, { "a\n$x", 2 }, { "a\nb \\begin{align}x\\\\", 2 },
    { "\\[ x\n\ny", -1 }, { "$5\n\ny", -1 }, { "$x$ y", -1 }, { "`$x` y", -1 }, { "```\n\\[ x", -1 }, { "$5\n- y", -1 },
    { "plain", -1 }, { "", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      gsize length = strlen (texts[i].markdown);
      gsize open = sotto_markdown_math_find_open (texts[i].markdown, length);

      if (open != (texts[i].open >= 0 ? (gsize) texts[i].open : length))
        g_test_fail_printf ("%s is open at %" G_GSIZE_FORMAT, texts[i].markdown, open);
    }
}

/* --- What is made of it --- */

static void
dump (cmark_node *node,
      GString    *text)
{
  const char *source = NULL;
  const char *inner = sotto_markdown_math_get_formula (node, &source);
  const char *literal = cmark_node_get_literal (node);

  if (inner != NULL)
    g_string_append_printf (text, cmark_node_get_type (node) == CMARK_NODE_CODE_BLOCK ? "«%s»" : "‹%s›", inner);
  else if (cmark_node_get_type (node) == CMARK_NODE_SOFTBREAK)
    g_string_append_c (text, '~');
  else if (cmark_node_get_type (node) == CMARK_NODE_TEXT)
    g_string_append (text, literal);
  else
    {
      g_string_append_printf (text, "(%s", cmark_node_get_type_string (node));
      if (literal != NULL)
        g_string_append_printf (text, " %s", literal);
      else if (cmark_node_get_url (node) != NULL)
        g_string_append_printf (text, " %s ", cmark_node_get_url (node));
      else
        g_string_append_c (text, ' ');
    }
  for (cmark_node *child = cmark_node_first_child (node); child != NULL; child = cmark_node_next (child))
    dump (child, text);
  if (inner == NULL && cmark_node_get_type (node) != CMARK_NODE_SOFTBREAK && cmark_node_get_type (node) != CMARK_NODE_TEXT)
    g_string_append_c (text, ')');
}

static void
assert_tree (const char *markdown,
             const char *expected)
{
  cmark_node *document = sotto_markdown_parse (markdown, strlen (markdown));
  g_autoptr (GString) text = g_string_new (NULL);

  dump (document, text);
  cmark_node_free (document);
  if (!g_str_equal (text->str, expected))
    g_test_fail_printf ("%s\n  is       %s\n  expected %s", markdown, text->str, expected);
}

static void
test_trees (void)
{
  assert_tree ("a $x_1*y_2*$ b", "(document (paragraph a ‹x_1*y_2*› b))");
  assert_tree ("**$x$** and *a $y$*", "(document (paragraph (strong ‹x›) and (emph a ‹y›)))");
  assert_tree ("so\n\\[\nx\n\\]\nwhere", "(document (paragraph so)«\nx\n»(paragraph where))");
  assert_tree ("so \\[x\\]. Then $$y$$ and", "(document (paragraph so)«x.»(paragraph Then)«y»(paragraph and))");
  assert_tree ("\\[x\\]\n\\[y\\]", "(document «x»«y»)");
  assert_tree ("\\[\n- x\n+ y\n= z\n\\]", "(document «\n- x\n+ y\n= z\n»)");
  assert_tree ("> a\n> $$\n> x\n> $$\n> b", "(document (block_quote (paragraph a)«\nx\n»(paragraph b)))");
  assert_tree ("1. a\n   \\[\n   x\n   \\]\n2. b", "(document (list (item (paragraph a)«\nx\n»)(item (paragraph b))))");
  assert_tree ("- a\n\n        \\[x\\]", "(document (list (item (paragraph a)«x»)))");
  assert_tree ("| $a|b$ |\n|---|\n| \\[c\\] |", "(document (table (table_header (table_cell ‹a|b›))(table_row (table_cell ‹c›))))");
  assert_tree ("# $x$", "(document (heading ‹x›))");
  assert_tree ("```math\nx\n```", "(document «x\n»)");
  assert_tree ("```math\nx", "(document (code_block x\n))");

  /* One that is not closed yet */
  assert_tree ("a \\[ x_1*y_2*", "(document (paragraph a \\[ x_1*y_2*))");
  assert_tree ("a\n\\begin{align}\n- x &= *y*", "(document (paragraph a~\\begin{align}~- x &= *y*))");
  assert_tree ("\\[ *x*\n\ny", "(document (paragraph [ (emph x))(paragraph y))");

  /* What turns out not to be text is as it was. */
  assert_tree ("    $x$\n", "(document (code_block $x$\n))");
  assert_tree ("<p title=\"$x$\">", "(document (html_block <p title=\"$x$\">\n))");
  assert_tree ("a <b $x$> c", "(document (paragraph a <b ‹x›> c))");
  assert_tree ("[a](https://e.org/$x$)", "(document (paragraph (link https://e.org/$x$ a)))");
  assert_tree ("[$x$](https://e.org/)", "(document (paragraph (link https://e.org/ $x$)))");
  assert_tree ("https://e.org/$x$", "(document (paragraph (link https://e.org/$x$ https://e.org/$x$)))");
  assert_tree ("# \\[\nx\n\\]", "(document (heading ‹\nx\n›))");

  /* Noncharacters of the text's own */
  assert_tree ("\xef\xb7\x90\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0 $x$",
               "(document (paragraph \xef\xb7\x90\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0\xef\xb7\xa0 ‹x›))");
}

/* --- Hostile --- */

static void
test_hostile (void)
{
  static const char *const parts[] = {
    "\\[", "\\(", "$", "$$", "$a ", "\\[a\\]", "$x$", "\\begin{align}", "\\]", "`", "`$`` ", "> $$\n", "\\[\n", "\xef\xb7\x90", "a$\n",
    "```\n", "\\\\[", "|$", "- $x\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gint64 start = g_get_monotonic_time ();
      cmark_node *document;

      while (text->len < 300000)
        g_string_append (text, parts[i]);
      document = sotto_markdown_parse (text->str, text->len);
      cmark_node_free (document);
      g_test_message ("%s: %.2f s", parts[i], (g_get_monotonic_time () - start) / 1e6);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
    }
}

/* Whatever is put together, no byte of it is lost but in formulas, and no mark of ours is left. */
static void
test_random (void)
{
  static const char *const parts[] = {
    "$", "$$", "\\[", "\\]", "\\(", "\\)", "x", " ", "\n", "\n\n", "`", "```\n", "> ", "- ", "    ", "*", "_", "[", "](u)", "<b>", "|",
    "|-|\n", "# ", "\\", "1. ", "\\begin{align}", "\\end{align}", "&", "^2", "5", "\xef\xb7\x90", "<!--", "https://e.org/",
  };

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GString) shown = g_string_new (NULL);
      guint n = g_test_rand_int_range (1, 25);
      cmark_node *document;

      for (guint j = 0; j < n; j++)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      document = sotto_markdown_parse (text->str, text->len);
      dump (document, shown);
      cmark_node_free (document);
      /* The one nonchar of the text is never followed by digits of ours. */
      g_assert_null (strstr (shown->str, "\xef\xb7\xa0"));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/math-scan/spans", test_spans);
  g_test_add_func ("/math-scan/open", test_open);
  g_test_add_func ("/math-scan/trees", test_trees);
  g_test_add_func ("/math-scan/hostile", test_hostile);
  g_test_add_func ("/math-scan/random", test_random);

  return g_test_run ();
}
