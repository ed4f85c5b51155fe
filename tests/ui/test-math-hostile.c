/* Formulas that nobody means well with: whatever they are, they are read in bounds, drawn, and stand in lines. */
#include <pango/pangocairo.h>
#include <string.h>

#include "markdown/markdown-text.h"
#include "math/inline.h"
#include "math/layout.h"

static SottoMathFont *
get_font (void)
{
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  PangoFontDescription *description = pango_font_description_from_string ("Sans 20px");
  SottoMathFont *font = sotto_math_font_get (context, description);

  pango_font_description_free (description);
  g_object_unref (context);

  return font;
}

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

/* All that is done with a formula, whatever it is */
static void
try_source (SottoMathFont *font,
            const char    *source,
            gsize          length)
{
  g_autofree char *copy = g_memdup2 (source, MAX (length, 1)); /* no byte behind it */
  g_autoptr (SottoMath) math = sotto_math_parse (copy, length);
  g_autoptr (SottoMathBox) box = NULL;
  g_autofree char *text = NULL;
  cairo_surface_t *surface;
  cairo_t *cr;

  if (math == NULL)
    return;

  text = sotto_math_to_text (sotto_math_get_root (math)->first, NULL);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  box = sotto_math_layout (math, font, SOTTO_MATH_STYLE_DISPLAY);
  g_assert_cmpfloat (box->width, <, 1e6);
  surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 100, 100);
  cr = cairo_create (surface);
  sotto_math_box_draw (box, cr, 10, 50, TRUE);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_hostile (void)
{
  static const struct {
    const char *head;
    const char *part;
    guint n;
    const char *tail;
  } texts[] = {
    { "", "{", 5000, "" }, { "", "\\frac", 2000, "" }, { "", "\\sqrt", 2000, "x" }, { "", "x^", 3000, "x" },
    { "", "\\left(", 1000, "" }, { "", "\\frac{", 1000, "" }, { "", "\\begin{matrix}", 500, "" }, { "", "\\hat", 2000, "x" },
    { "\\begin{matrix}", "&", 7000, "\\end{matrix}" }, { "\\begin{matrix}", "\\\\", 3000, "\\end{matrix}" },
    { "", "x_x^x", 1500, "" }, { "", "\\text{", 1000, "" }, { "\\text{", "$x", 2000, "}" }, { "", "'", 8000, "" },
    { "x", "^{x", 25, "}}}}}}}}}}}}}}}}}}}}}}}}}" }, { "", "\\displaystyle", 600, "x" }, { "", "\\not", 2000, "=" },
    { "", "\\left(\\middle|", 14, "x\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)\\right)" },
    { "\\hspace{", "9", 5000, "em}" }, { "", "\\Bigg/", 1300, "" }, { "", "\\xrightarrow[", 600, "" }, { "", "\\overset", 900, "" },
    { "", "\\begin{array}{|", 500, "" }, { "", "%", 8000, "" }, { "", "\\substack{", 800, "" }, { "", "\\sum_", 1600, "" },
  };
  g_autoptr (SottoMathFont) font = get_font ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *source = repeat (texts[i].head, texts[i].part, texts[i].n, texts[i].tail);
      gint64 start = g_get_monotonic_time ();

      try_source (font, source, strlen (source));
      g_test_message ("%u × %s: %.1f ms", texts[i].n, texts[i].part, (g_get_monotonic_time () - start) / 1e3);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
    }
}

/* Pieces of formulas put together at random, and cut anywhere: nothing may come of that but a formula or none. */
static void
test_random (void)
{
  static const char *const parts[] = {
    "\\frac", "{", "}", "x", "^", "_", "\\left", "(", ")", "\\right", "\\sqrt", "[", "]", "\\begin{cases}", "\\end{cases}", "&",
    "\\\\", "\\begin{array}{c|c}", "\\end{array}", "\\hline", "'", "12.5", "\\text{a b}", "\\sum", "\\limits", "\\middle|", "\\hat",
    "\\underbrace", "\\not", "\\big", "\\mathbb", "\\bf", "\\displaystyle", " ", "~", "\\,", "α", "∑", "\\operatorname{f}", "$", "%",
    "\n", "\\kern", "3mu", "\\xrightarrow", "\\overset", "\\binom", "\\boxed", "\\cancel", "\\phantom", "\\tag{1}", "\\pmod", "=", "+",
    "-", "\\", "\xff", "\xe2", "|", "\\|", "\\substack", "\\smash", "\\color{red}", "\\ket", ".", "\\vec",
  };
  g_autoptr (SottoMathFont) font = get_font ();
  guint n_read = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) source = g_string_new (NULL);
      guint n = g_test_rand_int_range (1, 20);

      for (guint j = 0; j < n; j++)
        g_string_append (source, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      if (g_test_rand_bit ())
        g_string_truncate (source, g_test_rand_int_range (0, (int) source->len + 1));
      try_source (font, source->str, source->len);
      n_read += source->len > 0 ? 1 : 0;
    }
  g_test_message ("%u sources", n_read);
}

/* Lines of any width can be made of words and formulas: Pango has assertions of its own. */
static void
try_widths (PangoContext  *context,
            SottoMathFont *font,
            const char    *markdown)
{
  g_autoptr (SottoMathInlines) inlines = sotto_math_inlines_new (font, 1000);
  cmark_node *document = sotto_markdown_parse (markdown, strlen (markdown));
  g_autofree char *markup = NULL;
  g_autoptr (PangoLayout) layout = pango_layout_new (context);
  g_autoptr (PangoAttrList) list = NULL;
  int natural;

  if (g_test_rand_bit ())
    sotto_math_inlines_isolate (inlines);
  markup = sotto_markdown_inlines_to_markup (cmark_node_first_child (document), sotto_math_inlines_append, inlines);
  cmark_node_free (document);
  pango_layout_set_markup (layout, markup, -1);
  list = pango_attr_list_copy (pango_layout_get_attributes (layout));
  sotto_math_inlines_add_shapes (inlines, list);
  pango_layout_set_attributes (layout, list);
  pango_layout_get_size (layout, &natural, NULL);
  for (int wrap = PANGO_WRAP_WORD; wrap <= PANGO_WRAP_WORD_CHAR; wrap++)
    {
      pango_layout_set_wrap (layout, wrap);
      for (int width = 0; width < natural + PANGO_SCALE; width += MAX (natural / 60, 1) + (width < 20 ? 1 - MAX (natural / 60, 1) : 0))
        {
          pango_layout_set_width (layout, width);
          pango_layout_get_line_count (layout);
        }
    }
}

static void
test_widths_of_lines (void)
{
  static const char *const parts[] = {
    "word", " ", " ", ", ", ".", "-", "(", ")", "$x$", "$a+b=c$", "$\\langle\\psi|\\phi\\rangle$", "$\\frac{a}{b|c}$", "$\\sqrt{2} x y$",
    "$|x|$", "$\\text{if } x$", "$\\hat{H}\\Psi$", "$\\mathbb{R}^n$", "**b $x$ b**", "`c`", "$x_{i,j}/y$", "日本", "$\\sum_i$", "\n",
    "שלום", "$f(x)-g(x)$", "$\\underbrace{a}_b$", "$\\boxed{}$", "—", "…",
  };
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  PangoFontDescription *description = pango_font_description_from_string ("Sans 14.667px");
  g_autoptr (SottoMathFont) font = NULL;

  pango_context_set_font_description (context, description);
  pango_context_set_round_glyph_positions (context, FALSE);
  sotto_math_inlines_prepare_context (context, TRUE);
  font = sotto_math_font_get (context, description);
  try_widths (context, font, "$\\langle\\psi|\\phi\\rangle$, x");
  for (guint i = 0; i < (g_test_thorough () ? 1000 : 80); i++)
    {
      g_autoptr (GString) markdown = g_string_new ("a");
      guint n = g_test_rand_int_range (1, 15);

      for (guint j = 0; j < n; j++)
        g_string_append (markdown, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      try_widths (context, font, markdown->str);
    }

  pango_font_description_free (description);
  g_object_unref (context);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/math/hostile", test_hostile);
  g_test_add_func ("/math/random", test_random);
  g_test_add_func ("/math/widths-of-lines", test_widths_of_lines);

  return g_test_run ();
}
