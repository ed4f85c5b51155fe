/* Words, letters and the room between them */
#include <string.h>

#include "math/parse-private.h"

SottoMathNode *
sotto_math_space_new (SottoMathParser *parser,
                      double           width)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_SPACE, SOTTO_MATH_ORD);

  node->width = width;

  return node;
}

/* --- Words and letters --- */

static const struct {
  const char *name;
  SottoMathLetters letters;
} alphabets[] = {
  { "text", SOTTO_MATH_UPRIGHT }, { "textrm", SOTTO_MATH_UPRIGHT }, { "textnormal", SOTTO_MATH_UPRIGHT },
  { "textsf", SOTTO_MATH_UPRIGHT }, { "mbox", SOTTO_MATH_UPRIGHT }, { "hbox", SOTTO_MATH_UPRIGHT },
  { "textup", SOTTO_MATH_UPRIGHT }, { "textit", SOTTO_MATH_ITALIC }, { "emph", SOTTO_MATH_ITALIC },
  { "textbf", SOTTO_MATH_BOLD }, { "texttt", SOTTO_MATH_MONOSPACE },
  { "mathrm", SOTTO_MATH_UPRIGHT }, { "mathup", SOTTO_MATH_UPRIGHT }, { "mathsf", SOTTO_MATH_UPRIGHT },
  { "mathit", SOTTO_MATH_ITALIC }, { "mathnormal", SOTTO_MATH_AUTO }, { "mathbf", SOTTO_MATH_BOLD },
  { "boldsymbol", SOTTO_MATH_BOLD_ITALIC }, { "bm", SOTTO_MATH_BOLD_ITALIC }, { "pmb", SOTTO_MATH_BOLD_ITALIC },
  { "mathtt", SOTTO_MATH_MONOSPACE }, { "mathbb", SOTTO_MATH_DOUBLE_STRUCK }, { "mathds", SOTTO_MATH_DOUBLE_STRUCK },
  { "mathbbm", SOTTO_MATH_DOUBLE_STRUCK }, { "mathcal", SOTTO_MATH_SCRIPT_LETTERS },
  { "mathscr", SOTTO_MATH_SCRIPT_LETTERS }, { "mathfrak", SOTTO_MATH_FRAKTUR },
  { "bf", SOTTO_MATH_BOLD }, { "rm", SOTTO_MATH_UPRIGHT }, { "it", SOTTO_MATH_ITALIC }, { "cal", SOTTO_MATH_SCRIPT_LETTERS },
};

static gboolean
find_alphabet (const char       *name,
               SottoMathLetters *letters)
{
  for (guint i = 0; i < G_N_ELEMENTS (alphabets); i++)
    if (g_str_equal (alphabets[i].name, name))
      {
        *letters = alphabets[i].letters;
        return TRUE;
      }

  return FALSE;
}

static void
append_words (SottoMathParser *parser,
              SottoMathNode   *row,
              GString         *words)
{
  if (words->len > 0)
    sotto_math_node_append (row, sotto_math_symbol_new (parser, words->str, SOTTO_MATH_ORD));
  g_string_truncate (words, 0);
}

/* Words are as they are written, but for formulas among them: \text{for $x > 0$}. */
SottoMathNode *
sotto_math_parse_words (SottoMathParser *parser,
                        const char      *name,
                        char             closing)
{
  SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);
  SottoMathLetters letters = parser->letters;
  g_autoptr (GString) words = g_string_new (NULL);
  g_autofree char *raw = sotto_math_take_raw (parser);
  const char *end;

  if (raw == NULL)
    return NULL;

  find_alphabet (name, &parser->letters);
  end = raw + strlen (raw);
  for (const char *p = raw; p < end;)
    {
      if (*p == '$')
        {
          const char *close = memchr (p + 1, '$', end - p - 1);
          SottoMathParser inner = *parser;
          SottoMathNode *formula;

          if (close == NULL)
            return NULL;
          append_words (parser, row, words);
          inner.letters = SOTTO_MATH_AUTO;
          inner.p = p + 1;
          inner.end = close;
          inner.within_table = inner.within_fence = FALSE;
          formula = sotto_math_parse_row (&inner, '\0');
          if (formula == NULL || inner.p < inner.end)
            return NULL;
          sotto_math_node_append (row, formula);
          p = close + 1;
        }
      else if (*p == '\\' && p + 1 < end)
        {
          if (g_ascii_isalpha (p[1]))
            return NULL;
          g_string_append_c (words, strchr (",;:! ", p[1]) != NULL ? ' ' : p[1]);
          p += 2;
        }
      else if (g_ascii_isspace (*p) || *p == '~')
        {
          if (words->len == 0 || words->str[words->len - 1] != ' ')
            g_string_append_c (words, ' ');
          p++;
        }
      else if (*p == '{' || *p == '}')
        p++;
      else
        {
          g_string_append_len (words, p, g_utf8_next_char (p) - p);
          p = g_utf8_next_char (p);
        }
    }
  append_words (parser, row, words);
  parser->letters = letters;

  return row;
}

SottoMathNode *
sotto_math_parse_letters (SottoMathParser *parser,
                          const char      *name,
                          char             closing)
{
  SottoMathLetters letters = parser->letters;
  SottoMathNode *node;

  find_alphabet (name, &parser->letters);
  node = sotto_math_parse_argument (parser);
  parser->letters = letters;

  return node;
}

/* {\bf x}: until the end of the group */
SottoMathNode *
sotto_math_switch_letters (SottoMathParser *parser,
                           const char      *name,
                           char             closing)
{
  find_alphabet (name, &parser->letters);

  return sotto_math_space_new (parser, 0);
}

SottoMathNode *
sotto_math_parse_operator_name (SottoMathParser *parser,
                                const char      *name,
                                char             closing)
{
  g_autofree char *raw = sotto_math_take_raw (parser);
  g_autoptr (GString) text = g_string_new (NULL);
  SottoMathNode *node;

  if (raw == NULL)
    return NULL;

  for (const char *p = raw; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] != '\0' && strchr (",;: !", p[1]) != NULL)
        {
          g_string_append_c (text, ' ');
          p++;
        }
      else if (*p == '\\' || *p == '{' || *p == '}' || *p == '$')
        return NULL;
      else
        g_string_append_c (text, *p);
    }
  node = sotto_math_symbol_new (parser, text->str, SOTTO_MATH_OP);
  node->letters = SOTTO_MATH_UPRIGHT;
  node->limits = g_str_has_suffix (name, "*") ? SOTTO_MATH_LIMITS_DISPLAY : SOTTO_MATH_LIMITS_NEVER;

  return node;
}

/* --- Space --- */

SottoMathNode *
sotto_math_parse_space (SottoMathParser *parser,
                        const char      *name,
                        char             closing)
{
  static const struct {
    const char *name;
    double width;
  } widths[] = {
    { ",", 3 / 18. }, { "thinspace", 3 / 18. }, { ":", 4 / 18. }, { ">", 4 / 18. }, { "medspace", 4 / 18. },
    { ";", 5 / 18. }, { "thickspace", 5 / 18. }, { "!", -3 / 18. }, { "negthinspace", -3 / 18. }, { " ", 0.25 },
    { "\n", 0.25 }, { "\t", 0.25 }, { "enspace", 0.5 }, { "enskip", 0.5 }, { "quad", 1 }, { "qquad", 2 },
    { "hfill", 1 }, { "space", 0.25 }, { "nobreakspace", 0.25 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    if (g_str_equal (widths[i].name, name))
      return sotto_math_space_new (parser, widths[i].width);

  return sotto_math_space_new (parser, 0);
}

/* \hspace{1em}, \kern3mu */
SottoMathNode *
sotto_math_parse_length (SottoMathParser *parser,
                         const char      *name,
                         char             closing)
{
  static const struct {
    const char *name;
    double em;
  } units[] = { { "em", 1 }, { "ex", 0.45 }, { "mu", 1 / 18. }, { "pt", 0.1 }, { "px", 0.07 }, { "mm", 0.28 }, { "cm", 2.8 }, { "in", 7 } };
  gboolean is_braced;
  gboolean has_digits = FALSE;
  double sign = 1;
  double value = 0;
  double place = 0;
  SottoMathNode *node = NULL;

  sotto_math_skip_space (parser);
  is_braced = parser->p < parser->end && *parser->p == '{';
  if (is_braced)
    parser->p++;
  if (parser->p < parser->end && *parser->p == '-')
    {
      sign = -1;
      parser->p++;
    }
  for (; parser->p < parser->end && (g_ascii_isdigit (*parser->p) || (*parser->p == '.' && place == 0)); parser->p++)
    {
      if (*parser->p == '.')
        place = 0.1;
      else if (place == 0)
        value = MIN (value * 10 + (*parser->p - '0'), 1000);
      else
        {
          value += (*parser->p - '0') * place;
          place /= 10;
        }
      has_digits |= *parser->p != '.';
    }
  for (guint i = 0; has_digits && node == NULL && i < G_N_ELEMENTS (units); i++)
    if (parser->end - parser->p >= 2 && memcmp (parser->p, units[i].name, 2) == 0)
      node = sotto_math_space_new (parser, CLAMP (sign * value * units[i].em, -2, 20));
  if (node == NULL)
    return NULL;

  parser->p += 2;
  if (is_braced && (parser->p >= parser->end || *parser->p++ != '}'))
    return NULL;

  return node;
}
