/* Environments: matrices, cases, the lines of a calculation */
#include <string.h>

#include "math/parse-private.h"

#define MAX_ROWS 60
#define MAX_COLUMNS 40

/* What each environment is: its delimiters, how its columns stand, and in which style. A name may end in a star. */
static const struct {
  const char *name;
  const char *open;
  const char *close;
  const char *alignment;
  double gap;              /* between columns, in em */
  SottoMathStyle style;
  gboolean is_calculation;
} environments[] = {
  { "matrix", "", "", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "pmatrix", "(", ")", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "bmatrix", "[", "]", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "Bmatrix", "{", "}", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "vmatrix", "|", "|", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "Vmatrix", "‖", "‖", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "smallmatrix", "", "", "c", 0.4, SOTTO_MATH_STYLE_SCRIPT, FALSE },
  { "array", "", "", "c", 0.9, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "subarray", "", "", "c", 0.5, SOTTO_MATH_STYLE_SCRIPT, FALSE },
  { "cases", "{", "", "l", 1, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "dcases", "{", "", "l", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "rcases", "", "}", "l", 1, SOTTO_MATH_STYLE_TEXT, FALSE },
  { "aligned", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "align", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "alignat", "", "", "rl", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "alignedat", "", "", "rl", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "flalign", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "split", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "eqnarray", "", "", "rcl", 0.3, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "gathered", "", "", "c", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "gather", "", "", "c", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "multline", "", "", "c", 1, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "equation", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "displaymath", "", "", "rl", 2, SOTTO_MATH_STYLE_DISPLAY, TRUE },
  { "math", "", "", "rl", 2, SOTTO_MATH_STYLE_TEXT, TRUE },
};

/* Returns: its place in the list, or -1 */
static int
find_environment (const char *name,
                  gsize       length)
{
  if (length > 0 && name[length - 1] == '*')
    length--;
  for (guint i = 0; i < G_N_ELEMENTS (environments); i++)
    if (length == strlen (environments[i].name) && memcmp (name, environments[i].name, length) == 0)
      return i;

  return -1;
}

gboolean
sotto_math_is_environment (const char *name,
                           gsize       length)
{
  return find_environment (name, length) >= 0;
}

/* \\[2pt]: the room is left out. A bracket that holds no length belongs to the formula. */
static void
skip_row_end (SottoMathParser *parser)
{
  const char *p;

  parser->p += sotto_math_is_next (parser, "\\cr") ? strlen ("\\cr") : strlen ("\\\\");
  if (parser->p < parser->end && *parser->p == '*')
    parser->p++;
  if (parser->p + 1 >= parser->end || *parser->p != '[' || strchr ("0123456789.-", parser->p[1]) == NULL)
    return;

  for (p = parser->p + 1; p < parser->end && (g_ascii_isalnum (*p) || *p == '.' || *p == '-'); p++)
    ;
  if (p < parser->end && *p == ']' && g_ascii_isalpha (p[-1]))
    parser->p = p + 1;
}

/* Lines between rows. Returns: FALSE for one that is not closed */
static gboolean
take_lines (SottoMathParser *parser,
            SottoMathNode   *table,
            guint            row)
{
  static const char *const names[] = { "\\hline", "\\toprule", "\\midrule", "\\bottomrule" };
  gboolean found;

  do
    {
      found = FALSE;
      sotto_math_skip_space (parser);
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        if (sotto_math_is_next (parser, names[i]))
          {
            parser->p += strlen (names[i]);
            table->lines |= G_GUINT64_CONSTANT (1) << row;
            found = TRUE;
          }
      if (sotto_math_is_next (parser, "\\cline"))
        {
          g_autofree char *raw = NULL;

          parser->p += strlen ("\\cline");
          raw = sotto_math_take_raw (parser);
          if (raw == NULL)
            return FALSE;
          found = TRUE;
        }
    }
  while (found);

  return TRUE;
}

SottoMathNode *
sotto_math_parse_cells (SottoMathParser *parser)
{
  SottoMathNode *table = sotto_math_node_new (parser, SOTTO_MATH_TABLE, SOTTO_MATH_ORD);
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  gboolean goes_on = TRUE;

  table->alignment = "c";
  table->width = 0.9;

  while (goes_on)
    {
      SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);
      guint n_columns = 0;

      if (rows->len >= MAX_ROWS || !take_lines (parser, table, rows->len))
        return NULL;
      /* Nothing behind the last \\ is no row. */
      if (rows->len > 0 && (parser->p >= parser->end || *parser->p == '}' || sotto_math_is_next (parser, "\\end")))
        break;

      goes_on = FALSE;
      for (;;)
        {
          SottoMathNode *cell = n_columns < MAX_COLUMNS ? sotto_math_parse_row (parser, '}') : NULL;

          if (cell == NULL)
            return NULL;
          sotto_math_node_append (row, cell);
          n_columns++;
          if (parser->p >= parser->end || *parser->p != '&')
            break;
          parser->p++;
        }
      g_ptr_array_add (rows, row);
      table->columns = MAX (table->columns, n_columns);
      if (parser->p < parser->end && (sotto_math_is_next (parser, "\\\\") || sotto_math_is_next (parser, "\\cr")))
        {
          skip_row_end (parser);
          goes_on = TRUE;
        }
    }

  if (rows->len * table->columns > SOTTO_MATH_MAX_NODES)
    return NULL;
  for (guint i = 0; i < rows->len; i++)
    {
      SottoMathNode *cell = ((SottoMathNode *) rows->pdata[i])->first;

      for (guint column = 0; column < table->columns; column++)
        {
          SottoMathNode *next = cell != NULL ? cell->next : NULL;

          if (cell == NULL)
            cell = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);
          cell->next = NULL;
          sotto_math_node_append (table, cell);
          cell = next;
        }
    }

  return table;
}

SottoMathNode *
sotto_math_make_aligned (SottoMathParser *parser,
                         SottoMathNode   *table)
{
  table->alignment = table->columns > 1 ? "rl" : "c";
  table->width = 2;
  table->flag = TRUE;
  table->has_style = TRUE;
  table->style = SOTTO_MATH_STYLE_DISPLAY;

  return table;
}

/* {l|cr}: what says how wide a column is, or what stands between two, is not known. */
static const char *
take_columns (SottoMathParser *parser)
{
  g_autofree char *raw = sotto_math_take_raw (parser);
  g_autoptr (GString) columns = g_string_new (NULL);

  if (raw == NULL)
    return NULL;

  for (const char *p = raw; *p != '\0'; p++)
    {
      if (strchr ("lcr|", *p) != NULL)
        g_string_append_c (columns, *p);
      else if (!g_ascii_isspace (*p))
        return NULL;
    }
  if (strspn (columns->str, "|") == columns->len || columns->len > 2 * MAX_COLUMNS)
    return NULL;

  return sotto_math_intern (parser, columns->str, -1);
}

static SottoMathNode *
fence (SottoMathParser *parser,
       SottoMathNode   *content,
       const char      *open,
       const char      *close)
{
  SottoMathNode *node;

  if (*open == '\0' && *close == '\0')
    return content;

  node = sotto_math_node_new (parser, SOTTO_MATH_FENCED, SOTTO_MATH_INNER);
  node->text = open;
  node->text2 = close;
  node->parts[0] = content;

  return node;
}

/* Behind its name: options, columns, cells and \end */
static SottoMathNode *
parse_body (SottoMathParser *parser,
            const char      *name,
            guint            kind)
{
  g_autofree char *end = g_strdup_printf ("\\end{%s}", name);
  const char *alignment = environments[kind].alignment;
  g_autofree char *count = NULL;
  SottoMathNode *option = NULL;
  SottoMathNode *table;

  sotto_math_skip_space (parser);
  /* [t], or [r] of a matrix with a star; one that is more than a letter is the first cell. */
  if (parser->end - parser->p >= 3 && parser->p[0] == '[' && g_ascii_isalpha (parser->p[1]) && parser->p[2] == ']' &&
      !sotto_math_parse_option (parser, &option))
    return NULL;
  if (g_str_has_suffix (environments[kind].name, "array"))
    alignment = take_columns (parser);
  else if (g_str_has_suffix (environments[kind].name, "at"))
    count = sotto_math_take_raw (parser);
  if (alignment == NULL || (g_str_has_suffix (environments[kind].name, "at") && count == NULL))
    return NULL;

  table = sotto_math_parse_cells (parser);
  if (table == NULL || !sotto_math_is_next (parser, end))
    return NULL;

  parser->p += strlen (end);
  table->alignment = table->columns == 1 && environments[kind].is_calculation && *alignment == 'r' ? "c" : alignment;
  table->width = environments[kind].gap;
  table->flag = environments[kind].is_calculation;
  table->has_style = TRUE;
  table->style = environments[kind].style;

  return fence (parser, table, environments[kind].open, environments[kind].close);
}

SottoMathNode *
sotto_math_parse_environment (SottoMathParser *parser)
{
  g_autofree char *name = sotto_math_take_raw (parser);
  int kind = name != NULL ? find_environment (name, strlen (name)) : -1;
  gboolean within_table = parser->within_table;
  gboolean within_fence = parser->within_fence;
  SottoMathLetters letters = parser->letters;
  SottoMathNode *node;

  if (kind < 0)
    return NULL;

  parser->within_table = TRUE;
  parser->within_fence = FALSE;
  node = parse_body (parser, name, kind);
  parser->within_table = within_table;
  parser->within_fence = within_fence;
  parser->letters = letters;

  return node;
}
