/* Mathematics without a window: TeX as a tree, as a line of text and as boxes. */
#include <pango/pangocairo.h>
#include <string.h>

#include "math/layout.h"

/* --- Trees --- */

static void
dump (const SottoMathNode *node,
      GString             *text)
{
  static const char *const kinds[] = { "row", "symbol", "space", "frac", "root", "scripts", "fence", "delim", "accent", "table",
                                       "boxed", "style", "phantom", "struck", "arrow" };
  static const char classes[] = { '.', 'o', '+', '=', '<', '>', ',', 'i' };

  if (node == NULL)
    {
      g_string_append_c (text, '-');
      return;
    }
  if (node->kind == SOTTO_MATH_SYMBOL)
    {
      g_string_append (text, node->text);
      if (node->class != SOTTO_MATH_ORD)
        g_string_append_printf (text, "%c", classes[node->class]);
      if (node->letters != SOTTO_MATH_AUTO && node->class == SOTTO_MATH_ORD)
        g_string_append_printf (text, ":%d", (int) node->letters);
      return;
    }

  g_string_append_printf (text, "(%s", kinds[node->kind]);
  if (node->kind == SOTTO_MATH_TABLE)
    g_string_append_printf (text, " %u%s", node->columns, node->alignment);
  if (node->text != NULL)
    g_string_append_printf (text, " “%s%s%s”", node->text, node->text2 != NULL ? " " : "", node->text2 != NULL ? node->text2 : "");
  if (node->kind == SOTTO_MATH_FRACTION || node->kind == SOTTO_MATH_ROOT || node->kind == SOTTO_MATH_SCRIPTS || node->parts[0] != NULL)
    for (guint i = 0; i < (node->kind == SOTTO_MATH_SCRIPTS ? 3 : node->kind == SOTTO_MATH_FRACTION ? 2 : 1); i++)
      {
        g_string_append_c (text, ' ');
        dump (node->parts[i], text);
      }
  if (node->kind == SOTTO_MATH_ROOT && node->parts[1] != NULL)
    {
      g_string_append_c (text, ' ');
      dump (node->parts[1], text);
    }
  for (const SottoMathNode *child = node->first; child != NULL; child = child->next)
    {
      g_string_append_c (text, ' ');
      dump (child, text);
    }
  g_string_append_c (text, ')');
}

static char *
dump_source (const char *source)
{
  g_autoptr (SottoMath) math = sotto_math_parse (source, strlen (source));
  GString *text = g_string_new (NULL);

  if (math != NULL)
    dump (sotto_math_get_root (math), text);
  else
    g_string_append (text, "none");

  return g_string_free (text, FALSE);
}

/* Classes behind a symbol: o operator, + between two, = relation, < opens, > closes, comma, i inner */
static const struct {
  const char *source;
  const char *tree;
} trees[] = {
  { "x", "(row x)" },
  { "a+b=c", "(row a ++ b == c)" },
  { "3.14x", "(row 3.14 x)" },
  { "x^2", "(row (scripts x - 2))" },
  { "x_1^2", "(row (scripts x 1 2))" },
  { "x^2_1", "(row (scripts x 1 2))" },
  { "x_{ij}", "(row (scripts x (row i j) -))" },
  { "{}^{14}C", "(row (scripts (row) - (row 14)) C)" },
  { "f''(x)", "(row (scripts f - (row ′ ′)) (< x )>)" },
  { "f'^2", "(row (scripts f - (row ′ 2)))" },
  { "\\frac12", "(row (frac 1 2))" },
  { "\\frac{a}{b}", "(row (frac (row a) (row b)))" },
  { "\\binom{n}{k}", "(row (fence “( )” (frac (row n) (row k))))" },
  { "\\sqrt{2}", "(row (root (row 2)))" },
  { "\\sqrt[3]{x}", "(row (root (row x) (row 3)))" },
  { "\\sqrt2", "(row (root 2))" },
  { "\\alpha\\beta", "(row α β)" },
  { "\\sum_{i=1}^n i", "(row (scripts ∑o (row i == 1) n) i)" },
  { "\\int_0^\\infty", "(row (scripts ∫o 0 ∞))" },
  { "\\sin x", "(row sino x)" },
  { "\\lim_{x\\to 0}", "(row (scripts limo (row x →= 0) -))" },
  { "\\operatorname{sgn} x", "(row sgno x)" },
  { "\\left(\\frac{1}{2}\\right]", "(row (fence “( ]” (row (frac (row 1) (row 2)))))" },
  { "\\left.x\\right|_0", "(row (scripts (fence “ |” (row x)) 0 -))" },
  { "\\left\\{x\\middle|y\\right\\}", "(row (fence “{ }” (row x (delim “|”) y)))" },
  { "\\bigl( x \\bigr)", "(row (delim “(”) x (delim “)”))" },
  { "\\text{if } x", "(row (row if :1) x)" },
  { "\\text{for $n>0$}", "(row (row for :1 (row n >= 0)))" },
  { "\\mathrm{d}x", "(row (row d:1) x)" },
  { "\\mathbb{R}", "(row (row R:5))" },
  { "\\mathbb R", "(row R:5)" },
  { "{\\bf v}w", "(row (row (space) v:3) w)" },
  { "\\hat{x}", "(row (accent “hat” (row x)))" },
  { "\\vec v", "(row (accent “vec” v))" },
  { "\\underbrace{a+b}_{n}", "(row (scripts (accent “underbrace” (row a ++ b)) (row n) -))" },
  { "\\boxed{x=1}", "(row (boxed (row x == 1)))" },
  { "\\not=", "(row ≠=)" },
  { "\\not\\in", "(row ∉=)" },
  { "a\\,b\\quad c", "(row a (space) b (space) c)" },
  { "\\begin{pmatrix}a&b\\\\c&d\\end{pmatrix}", "(row (fence “( )” (table 2c (row a) (row b) (row c) (row d))))" },
  { "\\begin{cases}1 & x\\\\ 0\\end{cases}", "(row (fence “{ ” (table 2l (row 1) (row x) (row 0) (row))))" },
  { "\\begin{aligned}a&=b\\\\&=c\\\\\\end{aligned}", "(row (table 2rl (row a) (row == b) (row) (row == c)))" },
  { "\\begin{array}{l|r}a&b\\end{array}", "(row (table 2l|r (row a) (row b)))" },
  { "\\begin{bmatrix}[r]1\\end{bmatrix}", "(row (fence “[ ]” (table 1c (row 1))))" },
  { "\\begin{matrix}[x]\\end{matrix}", "(row (table 1c (row)))" },
  { "a &= b \\\\ &= c", "(row (table 2rl (row a) (row == b) (row) (row == c)))" },
  { "a \\\\[2pt] b", "(row (table 1c (row a) (row b)))" },
  { "a \\\\ [b]", "(row (table 1c (row a) (row [< b ]>)))" },
  { "\\xrightarrow[b]{a}", "(row (arrow “→” (row a)))" },
  { "\\overset{!}{=}", "(row (scripts == - (row !>)))" },
  { "\\displaystyle x", "(row (style (row x)))" },
  { "a \\pmod n", "(row a (row (space) (< (row mod (space) (space)) n )>))" },
  { "x \\tag{1}", "(row x (row (space) (< (row 1:1) )>))" },
  { "x % note\n+ 1", "(row x ++ 1)" },
  { "\\label{eq:1} x", "(row (space) x)" },
  { "α ≤ β", "(row α ≤= β)" },
  { "\\color{red} x", "(row (space) x)" },
  { "\\{1\\}", "(row {< 1 }>)" },
  { "50\\%", "(row 50 %)" },
  { "\\ket{\\psi}", "(row (fence “| ⟩” (row ψ)))" },
  { "\\substack{a\\\\b}", "(row (table 1c (row a) (row b)))" },
  { "\\sum\\limits_i", "(row (scripts ∑o i -))" },
};

static void
test_trees (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (trees); i++)
    {
      g_autofree char *tree = dump_source (trees[i].source);

      if (!g_str_equal (tree, trees[i].tree))
        g_test_fail_printf ("%s\n  is       %s\n  expected %s", trees[i].source, tree, trees[i].tree);
    }
}

/* What is not known, or not closed, is no formula, so that nothing of it is lost. */
static void
test_refused (void)
{
  static const char *const sources[] = {
    "", " ", "\\", "\\unknown{x}", "{x", "x}", "x^", "x^1^2", "_", "\\frac{1}", "\\frac", "\\sqrt[3", "\\left( x", "\\right)",
    "\\left x \\right)", "\\begin{pmatrix}1", "\\begin{tabular}{l}1\\end{tabular}", "\\begin{matrix}1\\end{pmatrix}", "\\end{matrix}",
    "\\text{x", "\\text", "$x$", "x # y", "\\middle|", "\\begin{array}{p{2cm}}1\\end{array}", "\\hspace{x}", "\\newcommand{\\x}{y}",
    "\\text{a\\foo}", "a\xe2\x80\xae b", "\\text{\xe2\x80\xae}", "\x01", "x\xe2\x80\x8b",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autofree char *tree = dump_source (sources[i]);

      if (!g_str_equal (tree, "none"))
        g_test_fail_printf ("“%s” was read as %s", sources[i], tree);
    }
}

/* --- Text --- */

static void
test_text (void)
{
  static const struct {
    const char *source;
    const char *text;
  } texts[] = {
    { "x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}", "x = (−b ± √(b² − 4ac))/(2a)" },
    { "\\frac{1}{n}", "1/n" },
    { "\\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i" },
    { "e^{i\\pi} + 1 = 0", "e^(iπ) + 1 = 0" },
    { "f'(x)", "f′(x)" },
    { "\\sin x", "sin x" },
    { "\\sqrt[3]{x}", "³√x" },
    { "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "(1, 2; 3, 4)" },
    { "\\mathbb{R}^n", "ℝⁿ" },
    { "\\bar{x}", "x\xcc\x84" },
    { "x \\in \\{1, 2\\}", "x ∈ {1, 2}" },
    { "|x| \\text{ if } x \\ge 0", "|x| if x ≥ 0" },
    { "\\boxed{42}", "42" },
    { "\\phantom{x}", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (SottoMath) math = sotto_math_parse (texts[i].source, strlen (texts[i].source));
      g_autofree char *text = NULL;

      g_assert_nonnull (math);
      text = sotto_math_to_text (sotto_math_get_root (math)->first, NULL);
      g_assert_cmpstr (text, ==, texts[i].text);
    }
}

/* --- Boxes --- */

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

static SottoMathBox *
lay_out (SottoMathFont  *font,
         const char     *source,
         SottoMathStyle  style)
{
  g_autoptr (SottoMath) math = sotto_math_parse (source, strlen (source));

  g_assert_nonnull (math);

  return sotto_math_layout (math, font, style);
}

/* The @n-th box of @kind, and where it is: shapes by their name, glyphs by their text. */
static const SottoMathBox *
find_box (const SottoMathBox *box,
          SottoMathBoxKind    kind,
          const char         *name,
          guint              *n,
          double              x,
          double              y,
          double             *at_x,
          double             *at_y)
{
  if (box->kind == kind &&
      (name == NULL || (kind == SOTTO_MATH_BOX_SHAPE && g_str_equal (box->shape, name)) ||
       (kind == SOTTO_MATH_BOX_GLYPHS && g_str_equal (pango_layout_get_text (box->glyphs->layout), name))) &&
      (*n)-- == 0)
    {
      *at_x = x;
      *at_y = y;
      return box;
    }

  for (guint i = 0; box->children != NULL && i < box->children->len; i++)
    {
      const SottoMathBox *child = box->children->pdata[i];
      const SottoMathBox *found = find_box (child, kind, name, n, x + child->x, y + child->y, at_x, at_y);

      if (found != NULL)
        return found;
    }

  return NULL;
}

typedef struct {
  const SottoMathBox *box;
  double x;
  double y;
} Found;

static Found
find (const SottoMathBox *root,
      SottoMathBoxKind    kind,
      const char         *name,
      guint               n)
{
  Found found = { 0 };

  found.box = find_box (root, kind, name, &n, 0, 0, &found.x, &found.y);
  if (found.box == NULL)
    g_error ("there is no %s", name != NULL ? name : "such box");

  return found;
}

#define GLYPHS(root, name) find (root, SOTTO_MATH_BOX_GLYPHS, name, 0)
#define assert_near(a, b) g_assert_cmpfloat_with_epsilon (a, b, 0.01)

static void
test_fraction (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) display = lay_out (font, "\\frac{a}{b+c}", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) text = lay_out (font, "\\frac{a}{b+c}", SOTTO_MATH_STYLE_TEXT);
  Found bar = find (display, SOTTO_MATH_BOX_RULE, NULL, 0);
  Found above = GLYPHS (display, "a");
  Found below = GLYPHS (display, "b");

  /* On the axis, where a minus is; above and below clear of it, and in the middle */
  assert_near (-bar.y, sotto_math_font_get_axis (font));
  g_assert_cmpfloat (above.y + above.box->descent, <, bar.y - bar.box->ascent);
  g_assert_cmpfloat (below.y - below.box->ascent, >, bar.y + bar.box->descent);
  assert_near (above.x + above.box->width / 2, bar.x + bar.box->width / 2);
  /* In a line it is smaller. */
  g_assert_cmpfloat (text->ascent + text->descent, <, display->ascent + display->descent);
  g_assert_cmpfloat (GLYPHS (text, "a").box->width, <, above.box->width);
}

static void
test_scripts (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) box = lay_out (font, "x_x^x", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) twice = lay_out (font, "x^{x^x}", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) large = lay_out (font, "\\left(\\frac{a}{b}\\right)^2", SOTTO_MATH_STYLE_DISPLAY);
  Found base = GLYPHS (box, "x");
  Found below = find (box, SOTTO_MATH_BOX_GLYPHS, "x", 2);
  Found above = find (box, SOTTO_MATH_BOX_GLYPHS, "x", 1);

  g_assert_cmpfloat (above.y, <, 0);
  g_assert_cmpfloat (below.y, >, 0);
  g_assert_cmpfloat (above.box->width, <, base.box->width);
  g_assert_cmpfloat (above.x, >=, base.x + base.box->width - 0.01);
  g_assert_cmpfloat (below.y - below.box->ascent, >, above.y + above.box->descent);
  g_assert_cmpfloat (find (twice, SOTTO_MATH_BOX_GLYPHS, "x", 2).box->width, <, find (twice, SOTTO_MATH_BOX_GLYPHS, "x", 1).box->width);
  /* At the upper end of what is high */
  g_assert_cmpfloat (GLYPHS (large, "2").y, <, -sotto_math_font_get_em (font));
}

/* Over and under in display style, beside it in a line; an integral's always beside it */
static void
test_limits (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) display = lay_out (font, "\\sum_k^n", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) text = lay_out (font, "\\sum_k^n", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) integral = lay_out (font, "\\int_k^n", SOTTO_MATH_STYLE_DISPLAY);
  Found sum = GLYPHS (display, "∑");
  Found n = GLYPHS (display, "n");
  Found k = GLYPHS (display, "k");

  assert_near (sum.x + sum.box->width / 2, n.x + n.box->width / 2);
  g_assert_cmpfloat (n.y + n.box->descent, <, sum.y - sum.box->ascent);
  g_assert_cmpfloat (k.y - k.box->ascent, >, sum.y + sum.box->descent);
  assert_near ((sum.box->ascent - sum.box->descent) / 2 - sum.y, sotto_math_font_get_axis (font));
  g_assert_cmpfloat (GLYPHS (text, "n").x, >=, GLYPHS (text, "∑").box->width);
  g_assert_cmpfloat (GLYPHS (text, "∑").box->ascent, <, sum.box->ascent);
  g_assert_cmpfloat (GLYPHS (integral, "n").x, >, GLYPHS (integral, "∫").box->width * 0.7);
}

/* Variables are slanted, and nothing else is. */
static void
test_slant (void)
{
  static const char *const slanted[] = { "x", "A", "α", "ϕ", "ı" };
  static const char *const upright[] = { "1", "sin", "Γ", "≤", "≡", "∂", "∑", "(", "ab" };
  g_autoptr (SottoMathFont) font = get_font ();

  for (guint i = 0; i < G_N_ELEMENTS (slanted); i++)
    g_assert_cmpfloat (sotto_math_font_measure (font, slanted[i], SOTTO_MATH_AUTO, 1)->slant, >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (upright); i++)
    g_assert_cmpfloat (sotto_math_font_measure (font, upright[i], SOTTO_MATH_AUTO, 1)->slant, ==, 0);
}

static void
test_widths (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) both = lay_out (font, "2.3=4", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) first = lay_out (font, "2.3", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) sign = lay_out (font, "=", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) second = lay_out (font, "4", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) negative = lay_out (font, "-x", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) minus = lay_out (font, "-", SOTTO_MATH_STYLE_TEXT);
  g_autoptr (SottoMathBox) x = lay_out (font, "x", SOTTO_MATH_STYLE_TEXT);
  double em = sotto_math_font_get_em (font);

  /* Thick spaces on both sides of a relation, none behind a sign */
  assert_near (em, 20);
  assert_near (both->width, first->width + sign->width + second->width + 2 * 5 / 18. * em);
  assert_near (negative->width, minus->width + x->width);
}

static void
test_delimiters (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) small = lay_out (font, "\\left(x\\right)", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) high = lay_out (font, "\\left(\\frac{a}{b}\\middle|\\frac{c}{d}\\right)", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) root = lay_out (font, "\\sqrt{\\frac{a}{b}}", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) body = lay_out (font, "\\frac{a}{b}", SOTTO_MATH_STYLE_DISPLAY);
  Found left = find (high, SOTTO_MATH_BOX_SHAPE, "(", 0);
  Found middle = find (high, SOTTO_MATH_BOX_SHAPE, "|", 0);

  g_assert_nonnull (GLYPHS (small, "(").box);
  assert_near (-left.y, sotto_math_font_get_axis (font));
  assert_near (left.box->ascent, middle.box->ascent);
  g_assert_cmpfloat (left.box->ascent + left.box->descent, >, 0.85 * (body->ascent + body->descent));
  g_assert_cmpfloat (root->ascent, >, body->ascent);
  g_assert_cmpfloat (root->width, >, body->width);
}

static void
test_table (void)
{
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMathBox) matrix = lay_out (font, "\\begin{matrix}a&b\\\\c&d\\end{matrix}", SOTTO_MATH_STYLE_DISPLAY);
  g_autoptr (SottoMathBox) aligned = lay_out (font, "\\begin{aligned}a+b&=c\\\\d&=e\\end{aligned}", SOTTO_MATH_STYLE_DISPLAY);
  Found a = GLYPHS (matrix, "a");
  Found d = GLYPHS (matrix, "d");

  assert_near ((matrix->ascent - matrix->descent) / 2, sotto_math_font_get_axis (font));
  assert_near (GLYPHS (matrix, "b").y, a.y);
  g_assert_cmpfloat (d.y, >, a.y + sotto_math_font_get_em (font));
  g_assert_cmpfloat (d.x, >, a.x + a.box->width);
  assert_near (find (aligned, SOTTO_MATH_BOX_GLYPHS, "=", 0).x, find (aligned, SOTTO_MATH_BOX_GLYPHS, "=", 1).x);
}

/* A line may end behind relations and operators, and the pieces are as wide as the whole. */
static void
test_pieces (void)
{
  static const char source[] = "a + b = -\\frac{c - d}{e}";
  g_autoptr (SottoMathFont) font = get_font ();
  g_autoptr (SottoMath) math = sotto_math_parse (source, strlen (source));
  g_autoptr (SottoMathBox) whole = sotto_math_layout (math, font, SOTTO_MATH_STYLE_TEXT);
  g_autoptr (GArray) pieces = sotto_math_layout_pieces (math, font);
  static const char *const texts[] = { "a +", "b =", "−(c − d)/e" };
  double width = 0;

  g_assert_cmpuint (pieces->len, ==, G_N_ELEMENTS (texts));
  for (guint i = 0; i < pieces->len; i++)
    {
      SottoMathPiece *piece = &g_array_index (pieces, SottoMathPiece, i);
      g_autofree char *text = sotto_math_to_text (piece->first, piece->until);

      g_assert_cmpstr (text, ==, texts[i]);
      width += piece->box->width;
      sotto_math_box_free (piece->box);
    }
  assert_near (width, whole->width);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/math/trees", test_trees);
  g_test_add_func ("/math/refused", test_refused);
  g_test_add_func ("/math/text", test_text);
  g_test_add_func ("/math/fraction", test_fraction);
  g_test_add_func ("/math/scripts", test_scripts);
  g_test_add_func ("/math/limits", test_limits);
  g_test_add_func ("/math/slant", test_slant);
  g_test_add_func ("/math/widths", test_widths);
  g_test_add_func ("/math/delimiters", test_delimiters);
  g_test_add_func ("/math/table", test_table);
  g_test_add_func ("/math/pieces", test_pieces);

  return g_test_run ();
}
