/* What begins with a backslash, but for words and space (math-words.c) and tables (math-tables.c) */
#include <string.h>

#include "math/parse-private.h"
#include "math/symbols.h"

static SottoMathNode *
row_new (SottoMathParser *parser,
         SottoMathNode   *first,
         SottoMathNode   *second,
         SottoMathNode   *third)
{
  SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);

  sotto_math_node_append (row, first);
  sotto_math_node_append (row, second);
  sotto_math_node_append (row, third);

  return row;
}

/* A node with one argument */
static SottoMathNode *
wrap (SottoMathParser *parser,
      SottoMathKind    kind,
      SottoMathClass   class)
{
  SottoMathNode *node = sotto_math_node_new (parser, kind, class);

  node->parts[0] = sotto_math_parse_argument (parser);

  return node->parts[0] != NULL ? node : NULL;
}

/* --- Fractions and roots --- */

static SottoMathNode *
parse_fraction (SottoMathParser *parser,
                const char      *name,
                char             closing)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_FRACTION, SOTTO_MATH_INNER);
  gboolean is_binomial = g_str_has_suffix (name, "binom");
  SottoMathNode *fenced;

  node->flag = is_binomial;
  node->has_style = *name == 'd' || *name == 't' || g_str_equal (name, "cfrac");
  node->style = *name == 't' ? SOTTO_MATH_STYLE_TEXT : SOTTO_MATH_STYLE_DISPLAY;
  node->parts[0] = sotto_math_parse_argument (parser);
  node->parts[1] = node->parts[0] != NULL ? sotto_math_parse_argument (parser) : NULL;
  if (node->parts[1] == NULL)
    return NULL;
  if (!is_binomial)
    return node;

  fenced = sotto_math_node_new (parser, SOTTO_MATH_FENCED, SOTTO_MATH_INNER);
  fenced->text = "(";
  fenced->text2 = ")";
  fenced->parts[0] = node;

  return fenced;
}

static SottoMathNode *
parse_root (SottoMathParser *parser,
            const char      *name,
            char             closing)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_ROOT, SOTTO_MATH_ORD);

  if (!sotto_math_parse_option (parser, &node->parts[1]))
    return NULL;
  node->parts[0] = sotto_math_parse_argument (parser);

  return node->parts[0] != NULL ? node : NULL;
}

/* --- Delimiters --- */

/* Returns: (nullable): what is drawn, "" for the full stop, which is none */
static const char *
take_delimiter (SottoMathParser *parser)
{
  static const char known[] = "()[]|/<>.";
  static const char *const drawn[] = { "(", ")", "[", "]", "|", "/", "⟨", "⟩", "" };

  sotto_math_skip_space (parser);
  if (parser->p >= parser->end)
    return NULL;

  if (*parser->p == '\\')
    {
      g_autofree char *name = NULL;
      const SottoMathSymbol *symbol;

      parser->p++;
      if (parser->p >= parser->end)
        return NULL;
      name = sotto_math_take_name (parser);
      symbol = sotto_math_symbol_find (name);
      return symbol != NULL ? symbol->text : NULL;
    }

  for (guint i = 0; known[i] != '\0'; i++)
    if (known[i] == *parser->p)
      {
        parser->p++;
        return drawn[i];
      }

  return NULL;
}

static SottoMathNode *
parse_fenced (SottoMathParser *parser,
              const char      *name,
              char             closing)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_FENCED, SOTTO_MATH_INNER);
  gboolean within_table = parser->within_table;
  gboolean within_fence = parser->within_fence;

  node->text = take_delimiter (parser);
  if (node->text == NULL)
    return NULL;

  parser->within_fence = TRUE;
  parser->within_table = FALSE;
  node->parts[0] = sotto_math_parse_row (parser, '\0');
  parser->within_fence = within_fence;
  parser->within_table = within_table;
  if (node->parts[0] == NULL || !sotto_math_is_next (parser, "\\right"))
    return NULL;

  parser->p += strlen ("\\right");
  node->text2 = take_delimiter (parser);

  return node->text2 != NULL ? node : NULL;
}

static SottoMathNode *
parse_delimiter (SottoMathParser *parser,
                 const char      *name,
                 char             closing)
{
  static const char *const sizes[] = { "big", "Big", "bigg", "Bigg" };
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_DELIMITER, SOTTO_MATH_ORD);
  char last = name[strlen (name) - 1];

  if (g_str_equal (name, "middle"))
    {
      if (!parser->within_fence)
        return NULL;
      node->class = SOTTO_MATH_INNER;
    }
  else
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        if (g_str_has_prefix (name, sizes[i]))
          node->size = 1.2 + 0.6 * i;
      node->class = last == 'l' ? SOTTO_MATH_OPEN : last == 'r' ? SOTTO_MATH_CLOSE : last == 'm' ? SOTTO_MATH_REL : SOTTO_MATH_ORD;
    }
  node->text = take_delimiter (parser);

  return node->text != NULL ? node : NULL;
}

/* |x|, ‖x‖, ⟨x|, |x⟩, ⟨x⟩ */
static SottoMathNode *
parse_bracketed (SottoMathParser *parser,
                 const char      *name,
                 char             closing)
{
  SottoMathNode *node = wrap (parser, SOTTO_MATH_FENCED, SOTTO_MATH_INNER);
  gboolean is_bra = g_str_has_prefix (name, "bra");
  gboolean is_ket = g_str_has_suffix (name, "ket");

  if (node == NULL)
    return NULL;

  node->text = g_str_equal (name, "norm") ? "‖" : is_bra ? "⟨" : "|";
  node->text2 = g_str_equal (name, "norm") ? "‖" : is_ket ? "⟩" : "|";

  return node;
}

static SottoMathNode *
parse_class (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  static const char *const names[] = { "mathord", "mathop", "mathbin", "mathrel", "mathopen", "mathclose", "mathpunct", "mathinner" };
  SottoMathNode *node = wrap (parser, SOTTO_MATH_STYLED, SOTTO_MATH_ORD);

  for (guint i = 0; node != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      node->class = i;
  if (node != NULL && node->class == SOTTO_MATH_OP)
    node->limits = SOTTO_MATH_LIMITS_DISPLAY;

  return node;
}

/* --- What is over and under --- */

static SottoMathNode *
parse_accent (SottoMathParser *parser,
              const char      *name,
              char             closing)
{
  static const char *const wide[] = { "widehat", "widetilde", "overline", "underline", "overbrace", "underbrace",
                                      "overrightarrow", "overleftarrow", "overleftrightarrow", NULL };
  SottoMathNode *node = wrap (parser, SOTTO_MATH_ACCENT, SOTTO_MATH_ORD);

  if (node == NULL)
    return NULL;

  node->text = sotto_math_intern (parser, name, -1);
  node->flag = g_strv_contains (wide, name);
  /* What is written over a brace stands over its middle. */
  if (g_str_has_suffix (name, "brace"))
    {
      node->class = SOTTO_MATH_OP;
      node->limits = SOTTO_MATH_LIMITS_ALWAYS;
    }

  return node;
}

static SottoMathNode *
parse_set (SottoMathParser *parser,
           const char      *name,
           char             closing)
{
  SottoMathNode *script = sotto_math_parse_argument (parser);
  SottoMathNode *base = script != NULL ? sotto_math_parse_argument (parser) : NULL;
  SottoMathNode *node;
  SottoMathNode *inner;

  if (base == NULL)
    return NULL;

  /* It goes on as what it stands on: an equals sign with words on it is a relation. */
  inner = base->kind == SOTTO_MATH_ROW && base->first != NULL && base->first->next == NULL ? base->first : base;
  node = sotto_math_node_new (parser, SOTTO_MATH_SCRIPTS, g_str_equal (name, "stackrel") ? SOTTO_MATH_REL : inner->class);
  inner->limits = SOTTO_MATH_LIMITS_ALWAYS;
  node->parts[0] = inner;
  node->parts[g_str_equal (name, "underset") ? 1 : 2] = script;

  return node;
}

static SottoMathNode *
parse_arrow (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_ARROW, SOTTO_MATH_REL);

  node->text = strstr (name, "leftright") != NULL ? "↔" : strstr (name, "left") != NULL ? "←" : "→";
  node->flag = strstr (name, "ightarrow") != NULL && (name[1] == 'R' || name[1] == 'L'); /* two lines */
  if (!sotto_math_parse_option (parser, &node->parts[1]))
    return NULL;
  node->parts[0] = sotto_math_parse_argument (parser);

  return node->parts[0] != NULL ? node : NULL;
}

static SottoMathNode *
parse_frame (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  return wrap (parser, SOTTO_MATH_BOXED, SOTTO_MATH_ORD);
}

static SottoMathNode *
parse_phantom (SottoMathParser *parser,
               const char      *name,
               char             closing)
{
  return wrap (parser, SOTTO_MATH_PHANTOM, SOTTO_MATH_ORD);
}

static SottoMathNode *
parse_struck (SottoMathParser *parser,
              const char      *name,
              char             closing)
{
  SottoMathNode *node = wrap (parser, SOTTO_MATH_STRUCK, SOTTO_MATH_ORD);

  if (node != NULL)
    node->class = node->parts[0]->class;

  return node;
}

static SottoMathNode *
parse_not (SottoMathParser *parser,
           const char      *name,
           char             closing)
{
  SottoMathNode *node = parse_struck (parser, name, closing);
  SottoMathNode *symbol = node != NULL ? node->parts[0] : NULL;
  gunichar composed;

  if (symbol != NULL && symbol->kind == SOTTO_MATH_SYMBOL && g_utf8_strlen (symbol->text, -1) == 1 &&
      g_unichar_compose (g_utf8_get_char (symbol->text), 0x338, &composed))
    {
      char text[8] = { 0 };

      g_unichar_to_utf8 (composed, text);
      symbol->text = sotto_math_intern (parser, text, -1);
      return symbol;
    }

  return node;
}

/* --- Style --- */

static SottoMathNode *
parse_style (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_STYLED, SOTTO_MATH_ORD);

  node->has_style = TRUE;
  node->style = *name == 'd' ? SOTTO_MATH_STYLE_DISPLAY : *name == 't' ? SOTTO_MATH_STYLE_TEXT :
                g_str_equal (name, "scriptstyle") ? SOTTO_MATH_STYLE_SCRIPT : SOTTO_MATH_STYLE_SCRIPT_SCRIPT;
  node->parts[0] = sotto_math_parse_row (parser, closing);

  return node->parts[0] != NULL ? node : NULL;
}

/* What has no place in a formula that stands alone */
static SottoMathNode *
skip_argument (SottoMathParser *parser,
               const char      *name,
               char             closing)
{
  g_autofree char *raw = sotto_math_take_raw (parser);

  return raw != NULL ? sotto_math_space_new (parser, 0) : NULL;
}

/* A colour is the reader's. */
static SottoMathNode *
skip_colour (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  g_autofree char *raw = sotto_math_take_raw (parser);

  return raw == NULL ? NULL : g_str_equal (name, "textcolor") ? sotto_math_parse_argument (parser) : sotto_math_space_new (parser, 0);
}

static SottoMathNode *
pass_argument (SottoMathParser *parser,
               const char      *name,
               char             closing)
{
  return sotto_math_parse_argument (parser);
}

/* (mod n), and the number of an equation */
static SottoMathNode *
parse_remark (SottoMathParser *parser,
              const char      *name,
              char             closing)
{
  gboolean is_tag = g_str_has_prefix (name, "tag");
  SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);
  SottoMathNode *content = is_tag ? sotto_math_parse_words (parser, "text", closing) : sotto_math_parse_argument (parser);

  if (content == NULL)
    return NULL;

  sotto_math_node_append (row, sotto_math_space_new (parser, is_tag ? 2 : 1));
  if (!g_str_equal (name, "mod"))
    sotto_math_node_append (row, sotto_math_symbol_new (parser, "(", SOTTO_MATH_OPEN));
  if (!is_tag && !g_str_equal (name, "pod"))
    sotto_math_node_append (row, row_new (parser, sotto_math_symbol_new (parser, "mod", SOTTO_MATH_ORD),
                                          sotto_math_space_new (parser, 6 / 18.), sotto_math_space_new (parser, 0)));
  sotto_math_node_append (row, content);
  if (!g_str_equal (name, "mod"))
    sotto_math_node_append (row, sotto_math_symbol_new (parser, ")", SOTTO_MATH_CLOSE));

  return row;
}

/* Lines on top of each other, as under a sum */
static SottoMathNode *
parse_lines (SottoMathParser *parser,
             const char      *name,
             char             closing)
{
  gboolean within_table = parser->within_table;
  gboolean within_fence = parser->within_fence;
  SottoMathNode *table;

  sotto_math_skip_space (parser);
  if (parser->p >= parser->end || *parser->p != '{')
    return NULL;

  parser->p++;
  parser->within_table = TRUE;
  parser->within_fence = FALSE;
  table = sotto_math_parse_cells (parser);
  parser->within_table = within_table;
  parser->within_fence = within_fence;
  if (table == NULL || parser->p >= parser->end || *parser->p != '}')
    return NULL;

  parser->p++;
  table->has_style = TRUE;
  table->style = SOTTO_MATH_STYLE_SCRIPT;

  return table;
}

static SottoMathNode *
parse_environment (SottoMathParser *parser,
                   const char      *name,
                   char             closing)
{
  return sotto_math_parse_environment (parser);
}

/* --- All --- */

static const struct {
  const char *names;
  SottoMathCommandFunc parse;
} commands[] = {
  { "frac dfrac tfrac cfrac binom dbinom tbinom", parse_fraction },
  { "sqrt", parse_root },
  { "left", parse_fenced },
  { "middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm", parse_delimiter },
  { "abs norm bra ket braket", parse_bracketed },
  { "text textrm textnormal textsf textup mbox hbox textit emph textbf texttt", sotto_math_parse_words },
  { "mathrm mathup mathsf mathit mathnormal mathbf boldsymbol bm pmb mathtt mathbb mathds mathbbm mathcal mathscr mathfrak",
    sotto_math_parse_letters },
  { "bf rm it cal", sotto_math_switch_letters },
  { "operatorname operatorname*", sotto_math_parse_operator_name },
  { "mathord mathop mathbin mathrel mathopen mathclose mathpunct mathinner", parse_class },
  { "hat widehat tilde widetilde bar vec dot ddot dddot check breve acute grave mathring overline underline overbrace "
    "underbrace overrightarrow overleftarrow overleftrightarrow", parse_accent },
  { "overset underset stackrel", parse_set },
  { "xrightarrow xleftarrow xleftrightarrow xRightarrow xLeftarrow xLeftrightarrow", parse_arrow },
  { "boxed fbox", parse_frame },
  { "phantom hphantom vphantom", parse_phantom },
  { "cancel bcancel xcancel sout", parse_struck },
  { "not", parse_not },
  { "displaystyle textstyle scriptstyle scriptscriptstyle", parse_style },
  { ", : > ; ! thinspace medspace thickspace negthinspace enspace enskip quad qquad hfill space nobreakspace / - relax strut "
    "mathstrut notag nonumber allowbreak nobreak noindent displaylimits null", sotto_math_parse_space },
  { "hspace hspace* kern mkern mskip hskip", sotto_math_parse_length },
  { "label vspace vspace*", skip_argument },
  { "color textcolor", skip_colour },
  { "ensuremath smash mathclap mathllap mathrlap", pass_argument },
  { "pmod mod pod tag tag*", parse_remark },
  { "substack", parse_lines },
  { "begin", parse_environment },
};

static void
insert_command (GHashTable *table,
                char       *name,
                guint       index)
{
  g_hash_table_insert (table, name, GUINT_TO_POINTER (index + 1));
}

static SottoMathCommandFunc
find_command (const char *name)
{
  static GHashTable *table;
  guint place;

  if (table == NULL)
    {
      table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
        {
          g_auto (GStrv) names = g_strsplit (commands[i].names, " ", -1);

          for (guint j = 0; names[j] != NULL; j++)
            insert_command (table, g_strdup (names[j]), i);
          /* What follows the backslash may also be space. */
          for (const char *space = " \n\t"; commands[i].parse == sotto_math_parse_space && *space != '\0'; space++)
            insert_command (table, g_strndup (space, 1), i);
        }
    }
  place = GPOINTER_TO_UINT (g_hash_table_lookup (table, name));

  return place > 0 ? commands[place - 1].parse : NULL;
}

SottoMathNode *
sotto_math_parse_command (SottoMathParser *parser,
                          char             closing)
{
  g_autofree char *name = sotto_math_take_name (parser);
  SottoMathCommandFunc parse = find_command (name);
  const SottoMathSymbol *symbol;
  SottoMathLimits limits;
  SottoMathNode *node;
  const char *function;

  /* A star that is none of its name */
  if (parse == NULL && strlen (name) > 1 && g_str_has_suffix (name, "*"))
    {
      name[strlen (name) - 1] = '\0';
      parser->p--;
      parse = find_command (name);
    }
  if (parse != NULL)
    return parse (parser, name, closing);

  function = sotto_math_function_find (name, &limits);
  if (function != NULL)
    {
      node = sotto_math_symbol_new (parser, function, SOTTO_MATH_OP);
      node->letters = SOTTO_MATH_UPRIGHT;
      node->limits = limits;
      return node;
    }

  symbol = sotto_math_symbol_find (name);
  if (symbol == NULL)
    return NULL;

  node = sotto_math_symbol_new (parser, symbol->text, symbol->class);
  node->limits = symbol->limits;
  node->is_large = symbol->is_large;

  return node;
}
