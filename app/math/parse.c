#include "math/parse.h"

#include <string.h>

#include "math/parse-private.h"
#include "math/symbols.h"

/* --- Nodes --- */

SottoMathNode *
sotto_math_node_new (SottoMathParser *parser,
                     SottoMathKind    kind,
                     SottoMathClass   class)
{
  SottoMathNode *node = g_new0 (SottoMathNode, 1);

  node->kind = kind;
  node->class = class;
  node->letters = parser->letters;
  g_ptr_array_add (parser->math->nodes, node);

  return node;
}

const char *
sotto_math_intern (SottoMathParser *parser,
                   const char      *text,
                   gssize           length)
{
  return g_string_chunk_insert_len (parser->math->texts, text, length);
}

SottoMathNode *
sotto_math_symbol_new (SottoMathParser *parser,
                       const char      *text,
                       SottoMathClass   class)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_SYMBOL, class);

  node->text = sotto_math_intern (parser, text, -1);

  return node;
}

void
sotto_math_node_append (SottoMathNode *row,
                        SottoMathNode *child)
{
  if (row->last != NULL)
    row->last->next = child;
  else
    row->first = child;
  row->last = child;
}

/* --- Reading --- */

/* Comments are space, too. */
void
sotto_math_skip_space (SottoMathParser *parser)
{
  while (parser->p < parser->end)
    {
      if (g_ascii_isspace (*parser->p))
        parser->p++;
      else if (*parser->p == '%')
        while (parser->p < parser->end && *parser->p != '\n')
          parser->p++;
      else
        break;
    }
}

char *
sotto_math_take_name (SottoMathParser *parser)
{
  const char *begin = parser->p;

  while (parser->p < parser->end && g_ascii_isalpha (*parser->p))
    parser->p++;
  if (parser->p == begin && parser->p < parser->end)
    parser->p = g_utf8_next_char (parser->p);
  else if (parser->p < parser->end && *parser->p == '*')
    parser->p++;

  return g_strndup (begin, parser->p - begin);
}

gboolean
sotto_math_is_next (SottoMathParser *parser,
                    const char      *name)
{
  gsize length = strlen (name);

  return (gsize) (parser->end - parser->p) >= length && memcmp (parser->p, name, length) == 0 &&
         ((gsize) (parser->end - parser->p) == length || !g_ascii_isalpha (name[length - 1]) ||
          !g_ascii_isalpha (parser->p[length]));
}

char *
sotto_math_take_raw (SottoMathParser *parser)
{
  const char *begin;
  guint depth = 0;

  sotto_math_skip_space (parser);
  if (parser->p >= parser->end || *parser->p != '{')
    return NULL;

  begin = ++parser->p;
  for (; parser->p < parser->end; parser->p++)
    {
      if (*parser->p == '\\' && parser->p + 1 < parser->end)
        parser->p++;
      else if (*parser->p == '{')
        depth++;
      else if (*parser->p == '}' && depth-- == 0)
        return g_strndup (begin, parser->p++ - begin);
    }

  return NULL;
}

gboolean
sotto_math_parse_option (SottoMathParser  *parser,
                         SottoMathNode   **option)
{
  *option = NULL;
  sotto_math_skip_space (parser);
  if (parser->p >= parser->end || *parser->p != '[')
    return TRUE;

  parser->p++;
  *option = sotto_math_parse_row (parser, ']');
  if (*option == NULL || parser->p >= parser->end || *parser->p != ']')
    return FALSE;
  parser->p++;

  return TRUE;
}

/* A number stands in one piece: 3.14 */
static SottoMathNode *
parse_number (SottoMathParser *parser)
{
  const char *begin = parser->p;
  g_autofree char *text = NULL;

  while (parser->p < parser->end &&
         (g_ascii_isdigit (*parser->p) ||
          (*parser->p == '.' && parser->p + 1 < parser->end && g_ascii_isdigit (parser->p[1]))))
    parser->p++;
  text = g_strndup (begin, parser->p - begin);

  return sotto_math_symbol_new (parser, text, SOTTO_MATH_ORD);
}

static SottoMathNode *
parse_character (SottoMathParser *parser)
{
  const char *next = g_utf8_next_char (parser->p);
  g_autofree char *text = g_strndup (parser->p, next - parser->p);
  const SottoMathSymbol *symbol;
  SottoMathNode *node;

  if (strchr ("#$&^_}", *text) != NULL || (guchar) *text < 0x20 || *text == 0x7f)
    return NULL;

  parser->p = next;
  symbol = sotto_math_symbol_find_character (text);
  if (symbol == NULL)
    return sotto_math_symbol_new (parser, text, SOTTO_MATH_ORD);

  node = sotto_math_symbol_new (parser, symbol->text, symbol->class);
  node->limits = symbol->limits;
  node->is_large = symbol->is_large;

  return node;
}

static SottoMathNode *
parse_group (SottoMathParser *parser)
{
  SottoMathLetters letters = parser->letters;
  gboolean within_table = parser->within_table;
  gboolean within_fence = parser->within_fence;
  SottoMathNode *row;

  parser->p++;
  parser->within_table = FALSE;
  parser->within_fence = FALSE;
  row = sotto_math_parse_row (parser, '}');
  parser->letters = letters;
  parser->within_table = within_table;
  parser->within_fence = within_fence;
  if (row == NULL || parser->p >= parser->end || *parser->p != '}')
    return NULL;
  parser->p++;

  return row;
}

/* An atom without its scripts */
static SottoMathNode *
parse_nucleus (SottoMathParser *parser,
               char             closing)
{
  if (*parser->p == '{')
    return parse_group (parser);
  if (*parser->p == '\\')
    {
      parser->p++;
      return parser->p < parser->end ? sotto_math_parse_command (parser, closing) : NULL;
    }
  if (*parser->p == '~')
    {
      SottoMathNode *space = sotto_math_node_new (parser, SOTTO_MATH_SPACE, SOTTO_MATH_ORD);

      parser->p++;
      space->width = 0.25;
      return space;
    }
  if (g_ascii_isdigit (*parser->p))
    return parse_number (parser);

  return parse_character (parser);
}

SottoMathNode *
sotto_math_parse_argument (SottoMathParser *parser)
{
  SottoMathNode *node;

  sotto_math_skip_space (parser);
  if (parser->p >= parser->end || parser->depth >= SOTTO_MATH_MAX_DEPTH ||
      parser->math->nodes->len >= SOTTO_MATH_MAX_NODES)
    return NULL;

  parser->depth++;
  /* \frac12 is a half. */
  if (g_ascii_isdigit (*parser->p))
    {
      const char digit[2] = { *parser->p++, '\0' };

      node = sotto_math_symbol_new (parser, digit, SOTTO_MATH_ORD);
    }
  else
    node = parse_nucleus (parser, '\0');
  parser->depth--;

  return node;
}

/* x', x'', also before or behind a superscript */
static SottoMathNode *
parse_primes (SottoMathParser *parser)
{
  SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);

  while (parser->p < parser->end && *parser->p == '\'')
    {
      sotto_math_node_append (row, sotto_math_symbol_new (parser, "′", SOTTO_MATH_ORD));
      parser->p++;
    }

  return row;
}

/* Both scripts of @base (nullable: of nothing), in whatever order */
static SottoMathNode *
parse_scripts (SottoMathParser *parser,
               SottoMathNode   *base)
{
  SottoMathNode *node = sotto_math_node_new (parser, SOTTO_MATH_SCRIPTS, base != NULL ? base->class : SOTTO_MATH_ORD);
  SottoMathNode *primes = NULL;

  node->parts[0] = base;
  while (parser->p < parser->end)
    {
      char mark = *parser->p;
      guint part = mark == '_' ? 1 : 2;

      if (mark == '\'' && primes == NULL && node->parts[2] == NULL)
        {
          primes = parse_primes (parser);
          continue;
        }
      if (mark != '_' && mark != '^')
        break;
      /* TeX does not know what a second one would belong to. */
      if (node->parts[part] != NULL)
        return NULL;

      parser->p++;
      node->parts[part] = sotto_math_parse_argument (parser);
      if (node->parts[part] == NULL)
        return NULL;
      sotto_math_skip_space (parser);
    }

  if (primes != NULL && node->parts[2] != NULL)
    sotto_math_node_append (primes, node->parts[2]);
  if (primes != NULL)
    node->parts[2] = primes;

  return node;
}

/* \sum\limits_i: how the scripts stand that follow */
static void
parse_limits (SottoMathParser *parser,
              SottoMathNode   *base)
{
  sotto_math_skip_space (parser);
  for (;;)
    {
      if (sotto_math_is_next (parser, "\\limits"))
        {
          base->limits = SOTTO_MATH_LIMITS_ALWAYS;
          parser->p += strlen ("\\limits");
        }
      else if (sotto_math_is_next (parser, "\\nolimits"))
        {
          base->limits = SOTTO_MATH_LIMITS_NEVER;
          parser->p += strlen ("\\nolimits");
        }
      else
        break;
      sotto_math_skip_space (parser);
    }
}

static gboolean
is_end (SottoMathParser *parser,
        char             closing)
{
  if (parser->p >= parser->end || (closing != '\0' && *parser->p == closing))
    return TRUE;
  if (parser->within_table && (*parser->p == '&' || sotto_math_is_next (parser, "\\\\") || sotto_math_is_next (parser, "\\cr") ||
                               sotto_math_is_next (parser, "\\end")))
    return TRUE;

  return parser->within_fence && sotto_math_is_next (parser, "\\right");
}

SottoMathNode *
sotto_math_parse_row (SottoMathParser *parser,
                      char             closing)
{
  SottoMathNode *row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);

  if (parser->depth >= SOTTO_MATH_MAX_DEPTH)
    return NULL;

  parser->depth++;
  for (sotto_math_skip_space (parser); !is_end (parser, closing); sotto_math_skip_space (parser))
    {
      SottoMathNode *node = NULL;

      if (parser->math->nodes->len >= SOTTO_MATH_MAX_NODES)
        return NULL;

      if (strchr ("^_'", *parser->p) == NULL)
        {
          node = parse_nucleus (parser, closing);
          if (node == NULL)
            return NULL;
          parse_limits (parser, node);
        }
      if (parser->p < parser->end && strchr ("^_'", *parser->p) != NULL)
        node = parse_scripts (parser, node);
      if (node == NULL)
        return NULL;
      sotto_math_node_append (row, node);
    }
  parser->depth--;

  return row;
}

/* --- All of it --- */

/* Models write several lines with & and \\ without saying that they are some. */
static SottoMathNode *
parse_top (SottoMathParser *parser)
{
  SottoMathNode *table = sotto_math_parse_cells (parser);
  SottoMathNode *row;

  if (table == NULL || parser->p < parser->end)
    return NULL;
  if (table->first != NULL && table->first->next == NULL)
    return table->first;

  row = sotto_math_node_new (parser, SOTTO_MATH_ROW, SOTTO_MATH_ORD);
  sotto_math_node_append (row, sotto_math_make_aligned (parser, table));

  return row;
}

/* Characters that cannot be seen, or that turn the order of others, have no place in a formula. */
static gboolean
is_visible (const char *p,
            const char *end)
{
  for (; p < end; p = g_utf8_next_char (p))
    {
      GUnicodeType type = g_unichar_type (g_utf8_get_char (p));

      if (type == G_UNICODE_FORMAT || type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_UNASSIGNED ||
          (type == G_UNICODE_CONTROL && strchr ("\n\r\t", *p) == NULL))
        return FALSE;
    }

  return TRUE;
}

SottoMath *
sotto_math_parse (const char *source,
                  gsize       length)
{
  g_autoptr (SottoMath) self = NULL;
  SottoMathParser parser = { .p = source, .end = source + length, .within_table = TRUE };

  if (length > SOTTO_MATH_MAX_BYTES || !g_utf8_validate_len (source, length, NULL) ||
      !is_visible (source, source + length))
    return NULL;

  self = g_new0 (SottoMath, 1);
  self->nodes = g_ptr_array_new_with_free_func (g_free);
  self->texts = g_string_chunk_new (256);
  parser.math = self;
  self->root = parse_top (&parser);
  if (self->root == NULL || self->root->first == NULL || self->nodes->len > SOTTO_MATH_MAX_NODES)
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_math_free (SottoMath *self)
{
  g_ptr_array_unref (self->nodes);
  g_string_chunk_free (self->texts);
  g_free (self);
}

const SottoMathNode *
sotto_math_get_root (const SottoMath *self)
{
  return self->root;
}
