#include "math/text.h"

#include <string.h>

#include "math/symbols.h"

/* A reading is not longer than this, whatever the formula. */
#define MAX_BYTES 20000

static void append_row (GString *text, const SottoMathNode *first, const SottoMathNode *until);

static void
append_node (GString             *text,
             const SottoMathNode *node)
{
  append_row (text, node, node->next);
}

static void
append_space (GString *text)
{
  if (text->len > 0 && text->str[text->len - 1] != ' ')
    g_string_append_c (text, ' ');
}

/* --- Scripts --- */

static const struct {
  gunichar c;
  gunichar above;
  gunichar below;
} scripts[] = {
  { '0', 0x2070, 0x2080 }, { '1', 0xb9, 0x2081 }, { '2', 0xb2, 0x2082 }, { '3', 0xb3, 0x2083 }, { '4', 0x2074, 0x2084 },
  { '5', 0x2075, 0x2085 }, { '6', 0x2076, 0x2086 }, { '7', 0x2077, 0x2087 }, { '8', 0x2078, 0x2088 },
  { '9', 0x2079, 0x2089 }, { '+', 0x207a, 0x208a }, { 0x2212, 0x207b, 0x208b }, { '=', 0x207c, 0x208c },
  { '(', 0x207d, 0x208d }, { ')', 0x207e, 0x208e }, { 'n', 0x207f, 0x2099 }, { 'i', 0x2071, 0x1d62 },
  { 'k', 0x1d4f, 0x2096 }, { 'm', 0x1d50, 0x2098 }, { 'p', 0x1d56, 0x209a }, { 't', 0x1d57, 0x209c }, { 'x', 0x2e3, 0x2093 },
  { 'j', 0x2b2, 0x2c7c }, { 'a', 0x1d43, 0x2090 }, { 'e', 0x1d49, 0x2091 }, { 'o', 0x1d52, 0x2092 }, { 's', 0x2e2, 0x209b },
  { 'T', 0x1d40, 0 }, { 0x2032, 0x2032, 0 }, { '*', '*', 0 }, { 0x2217, '*', 0 }, { 0xb0, 0xb0, 0 }, { 0x2218, 0xb0, 0 },
  { 0x2020, 0x2020, 0 },
};

/* Returns: whether all of @plain has small letters of its own for that place; then they are appended. */
static gboolean
append_small (GString    *text,
              const char *plain,
              gboolean    is_above)
{
  g_autoptr (GString) small = g_string_new (NULL);

  for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      gunichar mapped = 0;

      if (c == ' ')
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
        if (scripts[i].c == c)
          mapped = is_above ? scripts[i].above : scripts[i].below;
      if (mapped == 0)
        return FALSE;
      g_string_append_unichar (small, mapped);
    }
  g_string_append (text, small->str);

  return TRUE;
}

/* Whether it needs no parentheses as a part of something: a number, or a letter with what belongs to it */
static gboolean
is_whole (const char *plain)
{
  guint n_letters = 0;
  guint n_digits = 0;

  for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isdigit (c) || c == '.')
        n_digits++;
      else if (g_unichar_isalpha (c) && g_unichar_type (c) != G_UNICODE_MODIFIER_LETTER)
        n_letters++;
      else if (!g_unichar_ismark (c) && !g_unichar_isalnum (c) && c != 0x2032)
        return g_utf8_strlen (plain, -1) == 1;
    }

  return n_letters + n_digits > 0 && n_letters <= 1 && (n_letters == 0 || n_digits == 0);
}

static void
append_whole (GString    *text,
              const char *plain)
{
  gboolean is_plain = is_whole (plain);

  if (!is_plain)
    g_string_append_c (text, '(');
  g_string_append (text, plain);
  if (!is_plain)
    g_string_append_c (text, ')');
}

static char *
read_node (const SottoMathNode *node)
{
  GString *text = g_string_new (NULL);

  append_node (text, node);
  while (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);

  return g_string_free (text, FALSE);
}

static void
append_script (GString             *text,
               const SottoMathNode *node,
               gboolean             is_above)
{
  g_autofree char *plain = read_node (node);

  if (append_small (text, plain, is_above))
    return;

  g_string_append_c (text, is_above ? '^' : '_');
  append_whole (text, plain);
}

/* --- The rest --- */

static void
append_fraction (GString             *text,
                 const SottoMathNode *node)
{
  g_autofree char *above = read_node (node->parts[0]);
  g_autofree char *below = read_node (node->parts[1]);

  if (node->flag)
    g_string_append_printf (text, "%s over %s", above, below);
  else
    {
      append_whole (text, above);
      g_string_append_c (text, '/');
      append_whole (text, below);
    }
}

static void
append_root (GString             *text,
             const SottoMathNode *node)
{
  g_autofree char *body = read_node (node->parts[0]);

  if (node->parts[1] != NULL)
    append_script (text, node->parts[1], TRUE);
  g_string_append (text, "√");
  append_whole (text, body);
}

static void
append_accent (GString             *text,
               const SottoMathNode *node)
{
  static const struct {
    const char *name;
    gunichar mark;
  } marks[] = {
    { "hat", 0x302 }, { "widehat", 0x302 }, { "tilde", 0x303 }, { "widetilde", 0x303 }, { "bar", 0x304 }, { "overline", 0x305 },
    { "vec", 0x20d7 }, { "overrightarrow", 0x20d7 }, { "overleftarrow", 0x20d6 }, { "dot", 0x307 }, { "ddot", 0x308 },
    { "dddot", 0x20db }, { "check", 0x30c }, { "breve", 0x306 }, { "acute", 0x301 }, { "grave", 0x300 }, { "mathring", 0x30a },
    { "underline", 0x332 },
  };
  g_autofree char *body = read_node (node->parts[0]);

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (g_str_equal (marks[i].name, node->text) && g_utf8_strlen (body, -1) == 1)
      {
        g_string_append (text, body);
        g_string_append_unichar (text, marks[i].mark);
        return;
      }

  if (g_str_equal (node->text, "overline") || g_str_equal (node->text, "bar"))
    append_whole (text, body);
  else
    g_string_append (text, body);
}

static void
append_table (GString             *text,
              const SottoMathNode *node)
{
  guint i = 0;

  for (const SottoMathNode *cell = node->first; cell != NULL; cell = cell->next, i++)
    {
      if (i > 0 && i % node->columns == 0)
        g_string_append (text, "; ");
      else if (i > 0 && !node->flag)
        g_string_append (text, ", ");
      append_node (text, cell);
    }
}

static void
append_letters (GString             *text,
                const SottoMathNode *node)
{
  for (const char *p = node->text; *p != '\0'; p = g_utf8_next_char (p))
    g_string_append_unichar (text, sotto_math_letter_map (g_utf8_get_char (p), node->letters));
}

static void
append_part (GString             *text,
             const SottoMathNode *node)
{
  switch (node->kind)
    {
    case SOTTO_MATH_ROW:
      append_row (text, node->first, NULL);
      break;
    case SOTTO_MATH_SYMBOL:
      append_letters (text, node);
      break;
    case SOTTO_MATH_SPACE:
      if (node->width >= 0.25)
        append_space (text);
      break;
    case SOTTO_MATH_FRACTION:
      append_fraction (text, node);
      break;
    case SOTTO_MATH_ROOT:
      append_root (text, node);
      break;
    case SOTTO_MATH_SCRIPTS:
      if (node->parts[0] != NULL)
        append_part (text, node->parts[0]);
      if (node->parts[1] != NULL)
        append_script (text, node->parts[1], FALSE);
      if (node->parts[2] != NULL)
        append_script (text, node->parts[2], TRUE);
      break;
    case SOTTO_MATH_FENCED:
      g_string_append (text, node->text);
      append_node (text, node->parts[0]);
      g_string_append (text, node->text2);
      break;
    case SOTTO_MATH_DELIMITER:
      g_string_append (text, node->text);
      break;
    case SOTTO_MATH_ACCENT:
      append_accent (text, node);
      break;
    case SOTTO_MATH_TABLE:
      append_table (text, node);
      break;
    case SOTTO_MATH_ARROW:
      g_string_append (text, node->text);
      append_script (text, node->parts[0], TRUE);
      break;
    case SOTTO_MATH_BOXED:
    case SOTTO_MATH_STYLED:
    case SOTTO_MATH_STRUCK:
      append_part (text, node->parts[0]);
      break;
    case SOTTO_MATH_PHANTOM:
    default:
      break;
    }
}

/* What stands between two, with room on both sides; a sign before one, without */
static void
append_row (GString             *text,
            const SottoMathNode *first,
            const SottoMathNode *until)
{
  const SottoMathNode *before = NULL;

  for (const SottoMathNode *node = first; node != until && text->len < MAX_BYTES; node = node->next)
    {
      gboolean is_between = node->class == SOTTO_MATH_REL || node->class == SOTTO_MATH_BIN;
      gboolean is_sign = node->class == SOTTO_MATH_BIN &&
                         (before == NULL || before->class == SOTTO_MATH_REL || before->class == SOTTO_MATH_BIN ||
                          before->class == SOTTO_MATH_OPEN || before->class == SOTTO_MATH_PUNCT);

      if (is_between && !is_sign && (node != until || node->next != NULL))
        append_space (text);
      if (node->class == SOTTO_MATH_OP && before != NULL &&
          (before->class == SOTTO_MATH_ORD || before->class == SOTTO_MATH_CLOSE || before->class == SOTTO_MATH_INNER))
        append_space (text);
      append_part (text, node);
      if ((is_between && !is_sign && node->next != NULL) || node->class == SOTTO_MATH_PUNCT)
        append_space (text);
      else if (node->class == SOTTO_MATH_OP && node->next != NULL && node->next->class != SOTTO_MATH_OPEN &&
               node->next->class != SOTTO_MATH_INNER)
        append_space (text);
      if (node->kind != SOTTO_MATH_SPACE)
        before = node;
    }
}

char *
sotto_math_to_text (const SottoMathNode *first,
                    const SottoMathNode *until)
{
  GString *text = g_string_new (NULL);

  append_row (text, first, until);
  while (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  if (text->len > MAX_BYTES)
    {
      const char *end = g_utf8_find_prev_char (text->str, text->str + MAX_BYTES);

      g_string_truncate (text, end - text->str);
    }

  return g_string_free (text, FALSE);
}
