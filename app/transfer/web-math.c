#include "transfer/web-math.h"

#include <string.h>

#include "math/parse.h"
#include "math/symbols.h"
#include "transfer/web-text.h"

/* What MathML Core has no element for (frames, lines in tables, what is struck out) are classes, of which web-style.c knows. */

static void append_node (GString *out, const SottoMathNode *node, gboolean is_display);

/* --- Symbols --- */

/* Letters that browsers slant where they stand alone (MathML Core, appendix C: italic) */
static gboolean
is_slanted_alone (gunichar c)
{
  return g_ascii_isalpha ((char) c) ? c < 0x80 : (c >= 0x391 && c <= 0x3f5) || c == 0x2202 || c == 0x2207;
}

/* Whether a letter that stands alone is slanted by TeX */
static gboolean
is_slanted (const SottoMathNode *node, gunichar c)
{
  if (node->letters == SOTTO_MATH_ITALIC || node->letters == SOTTO_MATH_BOLD_ITALIC)
    return TRUE;
  return node->letters == SOTTO_MATH_AUTO && !(c >= 0x391 && c <= 0x3a9) && c != 0x2207;
}

static gboolean
is_number (const char *text)
{
  gboolean has_digit = FALSE;

  for (; *text != '\0'; text++)
    if (g_ascii_isdigit (*text))
      has_digit = TRUE;
    else if (*text != '.' && *text != ',')
      return FALSE;
  return has_digit;
}

/* Blanks at the ends of words would be left out, but for those that no line ends at. */
static void
append_letters (GString *out, const SottoMathNode *node)
{
  g_autoptr (GString) letters = g_string_new (NULL);

  for (const char *p = node->text; *p != '\0'; p = g_utf8_next_char (p))
    g_string_append_unichar (letters, *p == ' ' ? 0xa0 : sotto_math_letter_map (g_utf8_get_char (p), node->letters));
  sotto_web_text_append (out, letters->str);
}

/* @letters: of which those without characters of their own are a class */
static const char *
get_class (SottoMathLetters letters)
{
  switch (letters)
    {
    case SOTTO_MATH_BOLD:
    case SOTTO_MATH_BOLD_ITALIC:
      return " class=\"bold\"";
    case SOTTO_MATH_MONOSPACE:
      return " class=\"mono\"";
    case SOTTO_MATH_AUTO:
    case SOTTO_MATH_UPRIGHT:
    case SOTTO_MATH_ITALIC:
    case SOTTO_MATH_DOUBLE_STRUCK:
    case SOTTO_MATH_SCRIPT_LETTERS:
    case SOTTO_MATH_FRAKTUR:
    default:
      return "";
    }
}

static void
append_symbol (GString *out, const SottoMathNode *node)
{
  const gboolean is_alone = g_utf8_strlen (node->text, -1) == 1;
  const gunichar c = g_utf8_get_char (node->text);
  const gboolean is_function = node->class == SOTTO_MATH_OP && !node->is_large && g_ascii_isalpha (*node->text);
  const char *tag = "mi";
  const char *more = "";

  if (node->class != SOTTO_MATH_ORD && node->class != SOTTO_MATH_INNER && !is_function)
    {
      tag = "mo";
      /* Only what is fenced grows with what stands within it. */
      more = node->class == SOTTO_MATH_OPEN || node->class == SOTTO_MATH_CLOSE || strchr ("|", *node->text) != NULL
             ? " stretchy=\"false\"" : "";
    }
  else if (is_number (node->text))
    tag = "mn";
  else if (is_alone)
    more = is_slanted_alone (c) && !is_slanted (node, c) ? " mathvariant=\"normal\"" : "";
  else if (!is_function)
    tag = "mtext";

  g_string_append_printf (out, "<%s%s%s>", tag, get_class (node->letters), more);
  append_letters (out, node);
  g_string_append_printf (out, "</%s>", tag);
}

/* --- Parts --- */

/* Exactly one element, whatever is in it */
static void
append_whole (GString *out, const SottoMathNode *node, gboolean is_display)
{
  g_string_append (out, "<mrow>");
  if (node != NULL)
    append_node (out, node, is_display);
  g_string_append (out, "</mrow>");
}

static void
append_children (GString *out, const SottoMathNode *row, gboolean is_display)
{
  for (const SottoMathNode *node = row->first; node != NULL; node = node->next)
    append_node (out, node, is_display);
}

/* In @tag, each part that is there, in this order */
static void
append_parts (GString *out, const char *tag, const SottoMathNode *base, const SottoMathNode *second, const SottoMathNode *third, gboolean is_display)
{
  g_string_append_printf (out, "<%s>", tag);
  append_whole (out, base, is_display);
  if (second != NULL)
    append_whole (out, second, FALSE);
  if (third != NULL)
    append_whole (out, third, FALSE);
  g_string_append_printf (out, "</%s>", tag);
}

static void
append_scripts (GString *out, const SottoMathNode *node, gboolean is_display)
{
  static const char *const beside[] = { "mrow", "msub", "msup", "msubsup" };
  static const char *const around[] = { "mrow", "munder", "mover", "munderover" };
  const SottoMathNode *base = node->parts[0];
  const guint which = (node->parts[1] != NULL ? 1 : 0) + (node->parts[2] != NULL ? 2 : 0);
  const gboolean has_limits = base != NULL && (base->limits == SOTTO_MATH_LIMITS_ALWAYS
                                               || (base->limits == SOTTO_MATH_LIMITS_DISPLAY && is_display));

  append_parts (out, has_limits ? around[which] : beside[which], base, node->parts[1], node->parts[2], is_display);
}

static void
append_fraction (GString *out, const SottoMathNode *node, gboolean is_display)
{
  if (node->has_style)
    g_string_append_printf (out, "<mstyle displaystyle=\"%s\">", node->style == SOTTO_MATH_STYLE_DISPLAY ? "true" : "false");
  g_string_append (out, node->flag ? "<mfrac linethickness=\"0\">" : "<mfrac>");
  append_whole (out, node->parts[0], FALSE);
  append_whole (out, node->parts[1], FALSE);
  g_string_append (out, "</mfrac>");
  if (node->has_style)
    g_string_append (out, "</mstyle>");
}

static void
append_delimiter (GString *out, const char *text)
{
  if (*text == '\0')
    return;
  g_string_append (out, "<mo stretchy=\"true\" fence=\"true\">");
  sotto_web_text_append (out, text);
  g_string_append (out, "</mo>");
}

static void
append_sized (GString *out, const SottoMathNode *node)
{
  char size[G_ASCII_DTOSTR_BUF_SIZE];

  if (node->size <= 0)
    {
      append_delimiter (out, node->text);
      return;
    }
  g_ascii_formatd (size, sizeof size, "%.2f", node->size);
  g_string_append_printf (out, "<mo stretchy=\"true\" minsize=\"%sem\" maxsize=\"%sem\">", size, size);
  sotto_web_text_append (out, node->text);
  g_string_append (out, "</mo>");
}

static void
append_accent (GString *out, const SottoMathNode *node, gboolean is_display)
{
  static const struct {
    const char *name;
    const char *mark;
  } marks[] = {
    { "hat", "^" }, { "widehat", "^" }, { "tilde", "~" }, { "widetilde", "~" }, { "bar", "¯" }, { "overline", "¯" },
    { "vec", "→" }, { "overrightarrow", "→" }, { "overleftarrow", "←" }, { "overleftrightarrow", "↔" }, { "dot", "˙" },
    { "ddot", "¨" }, { "dddot", "⃛" }, { "check", "ˇ" }, { "breve", "˘" }, { "acute", "´" }, { "grave", "`" },
    { "mathring", "˚" }, { "underline", "_" }, { "overbrace", "⏞" }, { "underbrace", "⏟" },
  };
  const char *tag = g_str_has_prefix (node->text, "under") ? "munder" : "mover";
  const char *mark = "^";

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (g_str_equal (marks[i].name, node->text))
      mark = marks[i].mark;
  g_string_append_printf (out, "<%s accent%s=\"true\">", tag, tag[1] == 'u' ? "under" : "");
  append_whole (out, node->parts[0], is_display);
  g_string_append_printf (out, "<mo stretchy=\"%s\">%s</mo></%s>", node->flag ? "true" : "false", mark, tag);
}

static void
append_arrow (GString *out, const SottoMathNode *node)
{
  static const char *const tags[] = { "mrow", "mover", "munder", "munderover" };
  const guint which = (node->parts[0] != NULL ? 1 : 0) + (node->parts[1] != NULL ? 2 : 0);

  g_string_append_printf (out, "<%s><mo stretchy=\"true\">%s</mo>", tags[which], node->text);
  if (node->parts[1] != NULL)
    append_whole (out, node->parts[1], FALSE);
  if (node->parts[0] != NULL)
    append_whole (out, node->parts[0], FALSE);
  g_string_append_printf (out, "</%s>", tags[which]);
}

/* --- Tables --- */

/* How a column stands, and whether a line is on its left: letters of TeX's, with | for a line; the last letter goes on, and of a calculation
 * they take turns. */
static char
get_alignment (const SottoMathNode *node, guint column, gboolean *has_line)
{
  g_autoptr (GString) letters = g_string_new (NULL);
  guint64 lines = 0;

  for (const char *p = node->alignment; *p != '\0' && letters->len < 64; p++)
    if (*p == '|')
      lines |= G_GUINT64_CONSTANT (1) << MIN (letters->len, 63);
    else
      g_string_append_c (letters, *p);
  *has_line = column < 64 && (lines >> column & 1) != 0;
  if (letters->len == 0)
    return 'c';
  return letters->str[node->flag ? column % letters->len : MIN (column, letters->len - 1)];
}

static void
append_table (GString *out, const SottoMathNode *node)
{
  guint i = 0;

  g_string_append (out, node->flag ? "<mtable displaystyle=\"true\" class=\"lines\">" : "<mtable>");
  for (const SottoMathNode *cell = node->first; cell != NULL; cell = cell->next, i++)
    {
      const guint row = i / node->columns, column = i % node->columns;
      gboolean has_line;
      const char alignment = get_alignment (node, column, &has_line);

      if (column == 0)
        g_string_append (out, i > 0 ? "</mtr><mtr>" : "<mtr>");
      g_string_append_printf (out, "<mtd class=\"%c%s%s\">", alignment, has_line ? " before" : "",
                              row < 64 && (node->lines >> row & 1) != 0 ? " above" : "");
      append_children (out, cell, node->flag);
      g_string_append (out, "</mtd>");
    }
  g_string_append (out, i > 0 ? "</mtr></mtable>" : "</mtable>");
}

/* --- The whole --- */

static void
append_within (GString *out, const char *begin, const SottoMathNode *node, const char *end, gboolean is_display)
{
  g_string_append (out, begin);
  append_node (out, node, is_display);
  g_string_append (out, end);
}

static void
append_styled (GString *out, const SottoMathNode *node)
{
  const gboolean is_display = node->style == SOTTO_MATH_STYLE_DISPLAY;

  g_string_append_printf (out, "<mstyle displaystyle=\"%s\" scriptlevel=\"%d\">", is_display ? "true" : "false",
                          node->style <= SOTTO_MATH_STYLE_TEXT ? 0 : node->style == SOTTO_MATH_STYLE_SCRIPT ? 1 : 2);
  append_node (out, node->parts[0], is_display);
  g_string_append (out, "</mstyle>");
}

static void
append_space (GString *out, double em)
{
  char width[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (width, sizeof width, "%.3f", em);
  g_string_append_printf (out, "<mspace width=\"%sem\"></mspace>", width);
}

/* @is_display: whether limits stand above and below. The parser bounds how deep and how many nodes are. */
static void
append_node (GString *out, const SottoMathNode *node, gboolean is_display)
{
  switch (node->kind)
    {
    case SOTTO_MATH_ROW:
      g_string_append (out, "<mrow>");
      append_children (out, node, is_display);
      g_string_append (out, "</mrow>");
      break;
    case SOTTO_MATH_SYMBOL:
      append_symbol (out, node);
      break;
    case SOTTO_MATH_SPACE:
      append_space (out, node->width);
      break;
    case SOTTO_MATH_FRACTION:
      append_fraction (out, node, is_display);
      break;
    case SOTTO_MATH_ROOT:
      append_parts (out, node->parts[1] != NULL ? "mroot" : "msqrt", node->parts[0], node->parts[1], NULL, is_display);
      break;
    case SOTTO_MATH_SCRIPTS:
      append_scripts (out, node, is_display);
      break;
    case SOTTO_MATH_FENCED:
      g_string_append (out, "<mrow>");
      append_delimiter (out, node->text);
      append_node (out, node->parts[0], is_display);
      append_delimiter (out, node->text2);
      g_string_append (out, "</mrow>");
      break;
    case SOTTO_MATH_DELIMITER:
      append_sized (out, node);
      break;
    case SOTTO_MATH_ACCENT:
      append_accent (out, node, is_display);
      break;
    case SOTTO_MATH_TABLE:
      append_table (out, node);
      break;
    case SOTTO_MATH_BOXED:
      append_within (out, "<mrow class=\"boxed\">", node->parts[0], "</mrow>", is_display);
      break;
    case SOTTO_MATH_STYLED:
      append_styled (out, node);
      break;
    case SOTTO_MATH_PHANTOM:
      append_within (out, "<mphantom>", node->parts[0], "</mphantom>", is_display);
      break;
    case SOTTO_MATH_STRUCK:
      append_within (out, "<mrow class=\"struck\">", node->parts[0], "</mrow>", is_display);
      break;
    case SOTTO_MATH_ARROW:
      append_arrow (out, node);
      break;
    default:
      break;
    }
}

gboolean
sotto_web_math_append (GString *out, const char *formula, const char *source, gboolean is_display)
{
  g_autoptr (SottoMath) math = sotto_math_parse (formula, strlen (formula));

  if (math == NULL)
    return FALSE;
  g_string_append_printf (out, "<math display=\"%s\"><semantics>", is_display ? "block" : "inline");
  append_whole (out, sotto_math_get_root (math), is_display);
  g_string_append (out, "<annotation encoding=\"application/x-tex\">");
  sotto_web_text_append (out, source);
  g_string_append (out, "</annotation></semantics></math>");
  return TRUE;
}
