/* Markdown as widgets: a text that grew is shown exactly as one that was there at once, and nothing that a model (or whoever
 * taught it) may write makes the window slow, opens a door or hides what it says. */
#include "harness.h"

#include <gtksourceview/gtksource.h>
#include <string.h>
#include <time.h>

#include "conversation/tool-call-card.h"
#include "markdown/markdown-plain.h"
#include "markdown/markdown-view.h"

/* The tree of widgets as text: kinds, classes and words. */
static void
dump (GtkWidget *widget,
      guint      depth,
      GString   *text)
{
  g_auto (GStrv) classes = gtk_widget_get_css_classes (widget);
  g_autofree char *joined = g_strjoinv (".", classes);

  if (GTK_IS_SCROLLBAR (widget))
    return;

  g_string_append_printf (text, "%*s%s.%s", (int) depth * 2, "", G_OBJECT_TYPE_NAME (widget), joined);
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (text, " \"%s\"", gtk_label_get_label (GTK_LABEL (widget)));
  if (GTK_IS_TEXT_VIEW (widget))
    {
      GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
      g_autofree char *code = NULL;

      g_object_get (buffer, "text", &code, NULL);
      g_string_append_printf (text, " \"%s\"", code);
    }
  g_string_append_c (text, '\n');

  if (!GTK_IS_TEXT_VIEW (widget) && !GTK_IS_LABEL (widget) && !GTK_IS_BUTTON (widget))
    for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
      dump (child, depth + 1, text);
}

static char *
dump_view (GtkWidget *view)
{
  GString *text = g_string_new (NULL);

  dump (view, 0, text);

  return g_string_free (text, FALSE);
}

static char *
dump_text (const char *markdown)
{
  g_autoptr (GtkWidget) view = g_object_ref_sink (sotto_markdown_view_new ());

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), markdown);

  return dump_view (view);
}

/* --- Growing --- */

static const char *const documents[] = {
  "# Title\n\nA *first* paragraph with `code`\nover **two** lines.\n\n## Part\n\nAnother one.\n",
  "Before\n\n```python\ndef f(x):\n    return x\n\n\n# not a title\n```\n\nAfter\n\n~~~\nopen to the end\n",
  "1. one\n2. two\n   - within\n   - again\n\n   still two\n\n3. three\n\nout\n\n- [ ] open\n- [x] done\n",
  "Some words\n| a | b |\n|---|--:|\n| 1 | 2 |\n| 3 | **4** |\n\nafter\n\n| x |\n|---|\n| y |\n",
  "> quoted\n> more\nlazy\n\n> > twice\n\nSetext\n======\n\nPara\n---\n\n***\n\nend",
  "See [this] and [that][].\n\n[this]: https://example.org/a\n\nMore [this].\n\n[that]: https://example.org/b\n",
  "    indented\n    code\n\n    more of it\nnot code\n\n<div>\nhtml\n</div>\n\ntail https://example.org/x.\n",
  "- a\n\n\n- b\n\n1) c\n2) d\n\n```\nx\n```\n- e\n# f\n> g\n```\nh",
  "The roots\n\\[\nx_1 = \\frac{1}{2},\n- y\n\\]\nof $a*b*c$ and $$d$$. It costs $5 and $10\n- \\(e\n+ f\\)\n- $g\n\nh$\n\nend\n",
  "\\begin{align}\na &= b \\\\\n  &= c\n\\end{align}\nso\n\n```math\nx^2\n```\n\n> $$\n> y\n> $$\n\n| $a|b$ |\n|---|\n| \\(c\\) |\n\n\\[ z\n\ndone\n",
  "zażółć gęślą – “quotes” … 中文。日本語！\n\nמשפט בעברית\n\n~~gone~~ \\*not\\* &amp; <b>\n",
};

static void
test_growing (void)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      g_autoptr (GtkWidget) growing = g_object_ref_sink (sotto_markdown_view_new ());

      for (const char *p = documents[i]; *p != '\0';)
        {
          g_autofree char *prefix = NULL;
          g_autofree char *grown = NULL;
          g_autofree char *whole = NULL;

          p = g_utf8_next_char (p);
          prefix = g_strndup (documents[i], p - documents[i]);
          sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (growing), prefix);
          grown = dump_view (growing);
          whole = dump_text (prefix);
          if (!g_str_equal (grown, whole))
            {
              g_test_message ("text:\n%s\ngrown:\n%s\nwhole:\n%s", prefix, grown, whole);
              g_test_fail_printf ("document %u differs after %u bytes", i, (guint) strlen (prefix));
              return;
            }
          n++;
        }
    }

  g_test_message ("%u prefixes", n);
}

/* In steps of several characters, as a frame brings them, and to a text that is another one. */
static void
test_steps (void)
{
  for (guint step = 2; step < 40; step += 5)
    for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
      {
        g_autoptr (GtkWidget) growing = g_object_ref_sink (sotto_markdown_view_new ());
        g_autofree char *grown = NULL;
        g_autofree char *whole = dump_text (documents[i]);
        glong length = g_utf8_strlen (documents[i], -1);

        sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (growing), documents[(i + 1) % G_N_ELEMENTS (documents)]);
        for (glong at = step; at < length; at += step)
          {
            g_autofree char *prefix = g_utf8_substring (documents[i], 0, at);

            sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (growing), prefix);
          }
        sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (growing), documents[i]);
        grown = dump_view (growing);
        g_assert_cmpstr (grown, ==, whole);
      }
}

/* What has been closed stays the same widget, so that a selection in it stays too. */
static void
test_closed_blocks_stay (void)
{
  g_autoptr (GtkWidget) view = g_object_ref_sink (sotto_markdown_view_new ());
  GtkWidget *first;

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), "one\n\ntwo");
  first = gtk_widget_get_first_child (view);
  gtk_label_select_region (GTK_LABEL (first), 0, 2);
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), "one\n\ntwo\n\n# three\n\nfour");
  g_assert_true (gtk_widget_get_first_child (view) == first);
  g_assert_true (gtk_label_get_selection_bounds (GTK_LABEL (first), NULL, NULL));
}

/* --- What is shown --- */

static void
assert_shows (const char *markdown,
              const char *expected)
{
  g_autofree char *text = dump_text (markdown);

  if (strstr (text, expected) == NULL)
    g_test_fail_printf ("“%s” does not show “%s”:\n%s", markdown, expected, text);
}

static void
assert_hides (const char *markdown,
              const char *unexpected)
{
  g_autofree char *text = dump_text (markdown);

  if (strstr (text, unexpected) != NULL)
    g_test_fail_printf ("“%s” shows “%s”:\n%s", markdown, unexpected, text);
}

static void
test_links (void)
{
  assert_shows ("[a](https://example.org/x)", "<a href=\"https://example.org/x\" title=\"https://example.org/x\">a</a>");
  assert_shows ("[a](HTTPS://example.org)", "<a href=\"HTTPS://example.org\"");
  assert_shows ("[a](mailto:x@example.org)", "<a href=\"mailto:");
  assert_shows ("[a](https://example.org/\"quoted)", "href=\"https://example.org/&quot;quoted\"");
  assert_shows ("![picture](https://example.org/p.png)", "<a href=\"https://example.org/p.png\"");

  /* Everything else is text that says where it would go. */
  assert_hides ("[a](javascript:alert(1))", "<a ");
  assert_shows ("[a](javascript:alert(1))", "javascript:alert(1)");
  assert_hides ("[a](file:///etc/passwd)", "<a ");
  assert_hides ("[a](data:text/html,x)", "<a ");
  assert_hides ("[a](/etc/passwd)", "<a ");
  assert_hides ("[a](smb://host/share)", "<a ");
  assert_hides ("![a](file:///etc/passwd)", "<a ");
  assert_hides ("<script>alert(1)</script>", "<script>");
  assert_hides ("text <a href=\"https://example.org\">x</a>", "<a ");
}

/* What cannot be seen, or turns the order of what can, is shown by its code point. */
static void
test_invisible (void)
{
  assert_shows ("safe\u202egnp.exe", "U+202E");
  assert_shows ("a\u2066b\u2069c", "U+2066");
  assert_shows ("pay\u200bpal", "U+200B");
  assert_shows ("[a](https://example.org/\u202egpj)", "%E2%80%AE");
  assert_hides ("[a](https://example.org/\u202egpj)", "\u202e");
  assert_hides ("`co\u202ede`", "\u202e");
}

/* The one tag that is taken for what it means: in a cell there is no other way to begin a line. */
static void
test_breaks (void)
{
  assert_shows ("| a |\n|---|\n| one<br>two<BR />three |", "one\ntwo\nthree");
  assert_shows ("one<br/>two", "one\ntwo");
  assert_shows ("`<br>`", "&lt;br&gt;");
  assert_shows ("one <b>two</b>", "&lt;b&gt;");
}

static void
test_languages (void)
{
  assert_shows ("```py\nx\n```", "Python");
  assert_shows ("```c++ title=x\nx\n```", "C++");
  assert_shows ("```no-such-language\nx\n```", "no-such-language");
}

/* --- Hostile --- */

static char *
repeat (const char *head,
        const char *part,
        guint       n,
        const char *tail)
{
  GString *text = g_string_new (head);

  for (guint i = 0; i < n; i++)
    g_string_append (text, part);
  g_string_append (text, tail);

  return g_string_free (text, FALSE);
}

static char *
make_wide_table (guint n_columns)
{
  g_autofree char *head = repeat ("", "|a", n_columns, "|\n");
  g_autofree char *rule = repeat (head, "|-", n_columns, "|\n");

  return repeat (rule, "|1", n_columns, "|\n");
}

static void
show_hostile (const char *name,
              char       *text)
{
  const clock_t start = clock ();
  GtkWidget *view = sotto_markdown_view_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWindow *window;
  double seconds;

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), text);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  window = harness_show (scroller, 600, 400);
  seconds = (double) (clock () - start) / CLOCKS_PER_SEC;
  g_test_message ("%s: %.2f s", name, seconds);
  /* Of the processor, and generous, for a build with sanitizers; what it is about are hours. */
  g_assert_cmpfloat (seconds, <, 30);

  gtk_window_destroy (window);
  g_free (text);
}

static void
test_hostile (void)
{
  show_hostile ("100,000 quotes in each other", repeat ("", ">", 100000, " x"));
  show_hostile ("100,000 opening brackets", repeat ("", "[", 100000, "x"));
  show_hostile ("100,000 stars", repeat ("", "*a_ ", 100000, "x"));
  show_hostile ("10,000 lists in each other", repeat ("", "- ", 10000, "x"));
  show_hostile ("a table of 20,000 rows", repeat ("|a|b|\n|-|-|\n", "|1|2|\n", 20000, ""));
  show_hostile ("a table of 2,000 columns", make_wide_table (2000));
  show_hostile ("20,000 paragraphs", repeat ("", "para\n\n", 20000, ""));
  show_hostile ("a paragraph of 1 MB", repeat ("", "words and more words\n", 50000, ""));
  show_hostile ("a word of 1 MB", repeat ("", "x", 1000000, ""));
  show_hostile ("2,000 code blocks", repeat ("", "```c\nx\n```\n", 2000, ""));
  show_hostile ("20,000 formulas in a paragraph", repeat ("", "$x_1$ and ", 20000, ""));
  show_hostile ("20,000 formulas of their own", repeat ("", "\\[\\frac{a}{b}\\]\n\n", 20000, ""));
  show_hostile ("formulas that are not closed", repeat ("", "\\[ \\begin{align} $ $$ \\( x\n", 20000, ""));
  show_hostile ("unbalanced markup", repeat ("", "<b>&amp;<![CDATA[", 1000, "\x01\x02\x7f"));
}

/* --- Words that go the other way --- */

static GtkWidget *
find_label (GtkWidget  *from,
            const char *text)
{
  if (GTK_IS_LABEL (from) && g_str_equal (gtk_label_get_text (GTK_LABEL (from)), text))
    return from;

  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, text);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static int
get_left (GtkWidget *widget,
          GtkWidget *view)
{
  graphene_rect_t bounds;

  g_assert_true (gtk_widget_compute_bounds (widget, view, &bounds));

  return (int) bounds.origin.x;
}

/* Each block goes its own way, whatever the desktop's: the first words decide, and code never. */
static void
test_directions (void)
{
  GtkWidget *view = sotto_markdown_view_new ();
  GtkWindow *window = harness_show (view, 500, 700);

  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view),
                                "English\n\n1. פריט\n2. 7\n\n> «ציטוט» and more\n\n| עיר | 30 |\n|---|---|\n| a | 1 |\n\n"
                                "```c\nint x;\n```\n\n- point\n\n12");
  harness_settle (view);
  g_assert_cmpint (gtk_widget_get_direction (find_label (view, "English")), ==, GTK_TEXT_DIR_LTR);
  g_assert_cmpint (get_left (find_label (view, "1."), view), >, get_left (find_label (view, "פריט"), view));
  g_assert_cmpint (get_left (find_label (view, "2."), view), >, get_left (find_label (view, "7"), view));
  g_assert_cmpint (gtk_widget_get_direction (find_label (view, "«ציטוט» and more")), ==, GTK_TEXT_DIR_RTL);
  g_assert_cmpint (get_left (find_label (view, "עיר"), view), >, get_left (find_label (view, "30"), view));
  g_assert_cmpint (gtk_widget_get_direction (harness_find (view, GTK_TYPE_TEXT_VIEW)), ==, GTK_TEXT_DIR_LTR);
  g_assert_cmpint (get_left (find_label (view, "•"), view), <, get_left (find_label (view, "point"), view));
  g_assert_cmpint (gtk_widget_get_direction (find_label (view, "12")), ==, GTK_TEXT_DIR_LTR);

  /* While it grows */
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), "1. ");
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (view), "1. שלום\n2. x");
  harness_settle (view);
  g_assert_cmpint (get_left (find_label (view, "1."), view), >, get_left (find_label (view, "שלום"), view));
  g_assert_cmpint (gtk_widget_get_direction (find_label (view, "x")), ==, GTK_TEXT_DIR_RTL);

  gtk_window_destroy (window);
}

/* What a person writes goes its way, too, but stays on their side. */
static void
test_direction_of_plain (void)
{
  GtkWidget *plain = sotto_markdown_plain_new ();
  GtkWindow *window = harness_show (plain, 500, 100);

  sotto_markdown_plain_set_text (plain, "שלום");
  harness_settle (plain);
  g_assert_cmpint (gtk_widget_get_direction (find_label (plain, "שלום")), ==, GTK_TEXT_DIR_RTL);
  g_assert_cmpint (gtk_widget_get_direction (plain), ==, GTK_TEXT_DIR_LTR);

  gtk_window_destroy (window);
}

/* A line without a letter takes its direction from the widget. */
static void
test_right_to_left (void)
{
  const SottoToolCall growing = { .name = (char *) "look_up", .arguments = (char *) "{\"8\": " };
  const SottoToolCall whole = { .name = (char *) "look_up", .arguments = (char *) "{\"8\": 9}", .is_complete = TRUE };
  GtkWidget *card;
  GtkWindow *window;
  GtkWidget *label;
  PangoRectangle first;
  PangoRectangle last;

  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  card = sotto_tool_call_card_new ();
  sotto_tool_call_card_set_call (SOTTO_TOOL_CALL_CARD (card), &growing, TRUE);
  window = harness_show (card, 400, 200);
  sotto_tool_call_card_set_call (SOTTO_TOOL_CALL_CARD (card), &whole, FALSE);
  harness_settle (card);

  label = find_label (card, "\"8\": 9");
  g_assert_nonnull (label);
  pango_layout_index_to_pos (gtk_label_get_layout (GTK_LABEL (label)), 0, &first);
  pango_layout_index_to_pos (gtk_label_get_layout (GTK_LABEL (label)), 5, &last);
  g_assert_cmpint (first.x, <, last.x);
  g_assert_cmpint (gtk_widget_get_direction (card), ==, GTK_TEXT_DIR_RTL);

  gtk_window_destroy (window);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);

  g_test_add_func ("/markdown/growing", test_growing);
  g_test_add_func ("/markdown/steps", test_steps);
  g_test_add_func ("/markdown/closed-blocks-stay", test_closed_blocks_stay);
  g_test_add_func ("/markdown/links", test_links);
  g_test_add_func ("/markdown/invisible", test_invisible);
  g_test_add_func ("/markdown/breaks", test_breaks);
  g_test_add_func ("/markdown/languages", test_languages);
  g_test_add_func ("/markdown/hostile", test_hostile);
  g_test_add_func ("/markdown/directions", test_directions);
  g_test_add_func ("/markdown/direction-of-plain", test_direction_of_plain);
  g_test_add_func ("/markdown/right-to-left", test_right_to_left);

  return g_test_run ();
}
