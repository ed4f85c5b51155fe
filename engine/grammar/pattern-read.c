/* Reading regular expressions as JSON Schema has them: ECMA-262 in Unicode mode. pattern.c makes
 * sets of strings of what comes out. */

#include "pattern-private.h"

#include <string.h>

#include "letters.h"
#include "text/unicode.h"

#define LAST_CHAR 0x10ffffu
#define MOST_DEPTH 64u

typedef struct {
  const guint8 *at;
  const guint8 *end;
  guint depth;
  const char *problem;
} Parser;

static gpointer
fail (Parser     *self,
      const char *problem)
{
  if (self->problem == NULL)
    self->problem = problem;

  return NULL;
}

static guint8
peek (const Parser *self,
      guint         ahead)
{
  return (gsize) (self->end - self->at) > ahead ? self->at[ahead] : 0;
}

/* --- Characters and classes --- */

static const SottoCharRange digits[] = { { '0', '9' } };
static const SottoCharRange word[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
static const SottoCharRange space[] = {
  { 0x09, 0x0d },     { 0x20, 0x20 },     { 0xa0, 0xa0 },     { 0x1680, 0x1680 },
  { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
  { 0x3000, 0x3000 }, { 0xfeff, 0xfeff },
};
static const SottoCharRange line_ends[] = { { '\n', '\n' }, { '\r', '\r' }, { 0x2028, 0x2029 } };

static void
append_ranges (GArray               *out,
               const SottoCharRange *ranges,
               guint                 n,
               gboolean              inverted)
{
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (SottoCharRange));

  g_array_append_vals (part, ranges, n);
  if (inverted)
    sotto_char_ranges_invert (part);
  g_array_append_vals (out, part->data, part->len);
}

/* \d and its kin. Returns: whether @letter is one of them */
static gboolean
append_kind (GArray *out,
             guint8  letter)
{
  gboolean inverted = g_ascii_isupper (letter);

  switch (g_ascii_tolower (letter))
    {
    case 'd':
      append_ranges (out, digits, G_N_ELEMENTS (digits), inverted);
      return TRUE;
    case 'w':
      append_ranges (out, word, G_N_ELEMENTS (word), inverted);
      return TRUE;
    case 's':
      append_ranges (out, space, G_N_ELEMENTS (space), inverted);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
read_hex (Parser   *self,
          guint     n,
          gunichar *c)
{
  *c = 0;
  for (guint i = 0; i < n; i++, self->at++)
    {
      if (!g_ascii_isxdigit (peek (self, 0)))
        return fail (self, "an escape lacks digits") != NULL;
      *c = *c << 4 | g_ascii_xdigit_value (*self->at);
    }

  return TRUE;
}

/* Behind \u */
static gboolean
read_unicode_escape (Parser   *self,
                     gunichar *c)
{
  gunichar low;

  if (peek (self, 0) == '{')
    {
      *c = 0;
      for (self->at++; g_ascii_isxdigit (peek (self, 0)) && *c <= LAST_CHAR; self->at++)
        *c = *c << 4 | g_ascii_xdigit_value (*self->at);
      if (peek (self, 0) != '}' || *c > LAST_CHAR)
        return fail (self, "an escape is beyond Unicode") != NULL;
      self->at++;
      return TRUE;
    }

  if (!read_hex (self, 4, c))
    return FALSE;
  if (*c >= 0xd800 && *c <= 0xdbff && peek (self, 0) == '\\' && peek (self, 1) == 'u')
    {
      const guint8 *before = self->at;

      self->at += 2;
      if (!read_hex (self, 4, &low))
        return FALSE;
      if (low >= 0xdc00 && low <= 0xdfff)
        *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
      else
        self->at = before;
    }

  return TRUE;
}

/* One character behind a backslash. */
static gboolean
read_escape (Parser   *self,
             gunichar *c)
{
  static const char letters[] = "tnvfr";
  static const char meanings[] = "\t\n\v\f\r";
  guint8 letter = peek (self, 0);
  const char *known = letter != 0 ? strchr (letters, letter) : NULL;

  if (self->at >= self->end)
    return fail (self, "it ends with a backslash") != NULL;
  self->at++;
  if (known != NULL)
    {
      *c = meanings[known - letters];
      return TRUE;
    }

  switch (letter)
    {
    case 'x':
      return read_hex (self, 2, c);
    case 'u':
      return read_unicode_escape (self, c);
    case 'c':
      if (!g_ascii_isalpha (peek (self, 0)))
        return fail (self, "an escape is not known") != NULL;
      *c = *self->at++ & 31;
      return TRUE;
    case '0':
      if (g_ascii_isdigit (peek (self, 0)))
        return fail (self, "an escape is not known") != NULL;
      *c = 0;
      return TRUE;
    case 'p':
    case 'P':
      return fail (self, "Unicode properties are not supported") != NULL;
    case 'b':
    case 'B':
      return fail (self, "word boundaries are not supported") != NULL;
    case 'k':
      return fail (self, "back references are not supported") != NULL;
    default:
      if (g_ascii_isdigit (letter))
        return fail (self, "back references are not supported") != NULL;
      if (g_ascii_isalpha (letter) || letter >= 0x80)
        return fail (self, "an escape is not known") != NULL;
      *c = letter;
      return TRUE;
    }
}

static gboolean
read_plain (Parser   *self,
            gunichar *c)
{
  if (self->at >= self->end)
    return fail (self, "it ends within a class") != NULL;
  self->at += sotto_utf8_decode (self->at, self->end, c);

  return *c <= LAST_CHAR || fail (self, "it is not UTF-8") != NULL;
}

/* An atom of a class. @c: (out): not changed for \d and its kin, which are appended. Returns:
 * %FALSE with a problem */
static gboolean
read_class_atom (Parser   *self,
                 GArray   *out,
                 gunichar *c,
                 gboolean *is_kind)
{
  *is_kind = FALSE;
  if (peek (self, 0) != '\\')
    return read_plain (self, c);

  self->at++;
  *is_kind = append_kind (out, peek (self, 0));
  if (*is_kind)
    {
      self->at++;
      return TRUE;
    }
  if (peek (self, 0) == 'b')
    {
      self->at++;
      *c = '\b';
      return TRUE;
    }

  return read_escape (self, c);
}

static SottoExpression *
read_class (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  gboolean inverted;

  self->at++;
  inverted = peek (self, 0) == '^';
  self->at += inverted;

  while (peek (self, 0) != ']')
    {
      gunichar low = 0, high;
      gboolean is_kind;

      if (!read_class_atom (self, node->ranges, &low, &is_kind))
        return NULL;
      high = low;
      if (peek (self, 0) == '-' && peek (self, 1) != ']')
        {
          gboolean high_is_kind = FALSE;

          self->at++;
          if (is_kind || !read_class_atom (self, node->ranges, &high, &high_is_kind) || high_is_kind
              || low > high)
            return fail (self, "a range of a class has no order");
        }
      if (!is_kind)
        sotto_expression_add_range (node, low, high);
    }
  self->at++;
  sotto_char_ranges_tidy (node->ranges);
  if (inverted)
    sotto_char_ranges_invert (node->ranges);

  return g_steal_pointer (&node);
}

/* --- Groups, sequences, choices --- */

static SottoExpression *read_choice (Parser *self);

static SottoExpression *
read_group (Parser *self)
{
  g_autoptr (SottoExpression) node = NULL;

  self->at++;
  if (peek (self, 0) == '?')
    {
      if (peek (self, 1) == ':')
        {
          self->at += 2;
        }
      else if (peek (self, 1) == '<' && peek (self, 2) != '=' && peek (self, 2) != '!')
        {
          while (self->at < self->end && *self->at != '>')
            self->at++;
          if (self->at == self->end)
            return fail (self, "a group's name does not end");
          self->at++;
        }
      else
        {
          return fail (self, "look-around and flags are not supported");
        }
    }

  if (self->depth + 1 >= MOST_DEPTH)
    return fail (self, "it is nested too deeply");
  self->depth++;
  node = read_choice (self);
  self->depth--;
  if (node == NULL)
    return NULL;
  if (peek (self, 0) != ')')
    return fail (self, "a parenthesis is not closed");
  self->at++;

  return g_steal_pointer (&node);
}

static SottoExpression *
read_atom (Parser *self)
{
  g_autoptr (SottoExpression) node = NULL;
  gunichar c;

  switch (*self->at)
    {
    case '(':
      return read_group (self);
    case '[':
      return read_class (self);
    case '^':
      self->at++;
      return sotto_expression_new (SOTTO_EXPRESSION_BEGIN);
    case '$':
      self->at++;
      return sotto_expression_new (SOTTO_EXPRESSION_END);
    case '*':
    case '+':
    case '?':
      return fail (self, "there is nothing to repeat");
    default:
      break;
    }

  node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  if (*self->at == '.')
    {
      self->at++;
      append_ranges (node->ranges, line_ends, G_N_ELEMENTS (line_ends), TRUE);
      return g_steal_pointer (&node);
    }
  if (*self->at == '\\')
    {
      self->at++;
      if (append_kind (node->ranges, peek (self, 0)))
        {
          self->at++;
          return g_steal_pointer (&node);
        }
      if (!read_escape (self, &c))
        return NULL;
    }
  else if (!read_plain (self, &c))
    {
      return NULL;
    }
  sotto_expression_add_range (node, c, c);
  sotto_char_ranges_tidy (node->ranges);

  return g_steal_pointer (&node);
}

static guint
read_number (Parser *self)
{
  guint64 value = 0;

  for (; g_ascii_isdigit (peek (self, 0)); self->at++)
    value = MIN (value * 10 + (*self->at - '0'), G_MAXUINT - 1);

  return value;
}

/* Whether repetitions follow. A brace that begins none stands for itself. */
static gboolean
read_repetitions (Parser *self,
                  guint  *least,
                  guint  *most)
{
  const guint8 *before = self->at;

  *least = 0;
  *most = G_MAXUINT;
  switch (peek (self, 0))
    {
    case '*':
      break;
    case '+':
      *least = 1;
      break;
    case '?':
      *most = 1;
      break;
    case '{':
      self->at++;
      if (!g_ascii_isdigit (peek (self, 0)))
        {
          self->at = before;
          return FALSE;
        }
      *least = *most = read_number (self);
      if (peek (self, 0) == ',')
        {
          self->at++;
          *most = g_ascii_isdigit (peek (self, 0)) ? read_number (self) : G_MAXUINT;
        }
      if (peek (self, 0) != '}')
        {
          self->at = before;
          return FALSE;
        }
      break;
    default:
      return FALSE;
    }
  self->at++;
  /* Not greedy: the same strings. */
  if (peek (self, 0) == '?')
    self->at++;

  return TRUE;
}

static SottoExpression *
read_sequence (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_SEQUENCE);

  while (self->at < self->end && *self->at != '|' && *self->at != ')')
    {
      SottoExpression *atom = read_atom (self);
      guint least = 0, most = 0;

      if (atom == NULL)
        return NULL;
      if (read_repetitions (self, &least, &most))
        atom = sotto_expression_repeat (atom, least, most);
      g_ptr_array_add (node->children, atom);
      if (most < least && atom->kind == SOTTO_EXPRESSION_REPEAT)
        return fail (self, "a greatest number of repetitions is below the least");
    }

  return g_steal_pointer (&node);
}

static SottoExpression *
read_choice (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHOICE);

  for (;;)
    {
      SottoExpression *sequence = read_sequence (self);

      if (sequence == NULL)
        return NULL;
      g_ptr_array_add (node->children, sequence);
      if (peek (self, 0) != '|')
        return g_steal_pointer (&node);
      self->at++;
    }
}

SottoExpression *
sotto_pattern_read (const char  *pattern,
                    gsize        length,
                    const char **problem)
{
  Parser self = { (const guint8 *) pattern, (const guint8 *) pattern + length, 0, NULL };
  g_autoptr (SottoExpression) expression = read_choice (&self);

  if (expression != NULL && self.at < self.end)
    fail (&self, "a parenthesis was not opened");
  *problem = self.problem;

  return self.problem == NULL ? g_steal_pointer (&expression) : NULL;
}
