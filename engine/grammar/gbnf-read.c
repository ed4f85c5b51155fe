/* Reading GBNF, the grammars of llama.cpp. gbnf.c makes machines of what comes out.
 *
 *   grammar  = { rule }
 *   rule     = name "::=" choice
 *   choice   = sequence { "|" sequence }
 *   sequence = { item [ "*" | "+" | "?" | "{" m [ "," [ n ] ] "}" ] }
 *   item     = "text" | [class] | [^class] | . | name | ( choice )
 *   escapes  = \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH
 *   comment  = # up to the end of the line
 *
 * A rule ends with its line, but for parentheses and for a line that ends or the next that begins
 * with "|". */

#include "gbnf-private.h"

#include <string.h>

#include "sotto-error.h"
#include "text/unicode.h"

#define MOST_DEPTH 200u
#define MOST_REPEATS 8u      /* one behind the other */

typedef struct {
  const guint8 *at;
  const guint8 *end;
  guint line;
  guint depth;
  GPtrArray *rules;          /* (element-type SottoGbnfRule) */
  GHashTable *by_name;       /* name → its number plus one */
  GError *error;             /* the first */
} Parser;

static void
rule_free (gpointer data)
{
  SottoGbnfRule *self = data;

  g_free (self->name);
  g_clear_pointer (&self->body, sotto_expression_free);
  g_free (self);
}

static gpointer
fail_at (Parser     *self,
         guint       line,
         const char *what,
         const char *name)
{
  g_autofree char *subject = g_strdup_printf ("%s%s%s", what, name != NULL ? " " : "",
                                              name != NULL ? name : "");
  SottoErrorArguments arguments = { NULL, subject, line, 0 };

  if (self->error == NULL)
    sotto_engine_set_error (&self->error, SOTTO_ENGINE_ERROR_GRAMMAR, &arguments,
                            "Grammar, line %u: %s", line, subject);

  return NULL;
}

static gpointer
fail (Parser     *self,
      const char *what)
{
  return fail_at (self, self->line, what, NULL);
}

static guint8
peek (const Parser *self)
{
  return self->at < self->end ? *self->at : 0;
}

static gboolean
looking_at (const Parser *self,
            const char   *text)
{
  gsize length = strlen (text);

  return (gsize) (self->end - self->at) >= length && memcmp (self->at, text, length) == 0;
}

static void
skip_space (Parser   *self,
            gboolean  over_lines)
{
  while (self->at < self->end)
    {
      if (*self->at == '#')
        while (self->at < self->end && *self->at != '\n' && *self->at != '\r')
          self->at++;
      else if (*self->at == ' ' || *self->at == '\t' || *self->at == '\r')
        self->at++;
      else if (*self->at == '\n' && over_lines)
        {
          self->line++;
          self->at++;
        }
      else
        break;
    }
}

static gboolean
is_name_char (guint8 c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_';
}

static char *
read_name (Parser *self)
{
  const guint8 *begin = self->at;

  while (self->at < self->end && is_name_char (*self->at))
    self->at++;
  if (self->at == begin)
    return fail (self, "a rule's name is missing");

  return g_strndup ((const char *) begin, self->at - begin);
}

static SottoGbnfRule *
find_rule (Parser     *self,
           const char *name,
           guint      *number)
{
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, name));
  SottoGbnfRule *rule;

  if (known == 0)
    {
      rule = g_new0 (SottoGbnfRule, 1);
      rule->name = g_strdup (name);
      rule->line = self->line;
      g_ptr_array_add (self->rules, rule);
      known = self->rules->len;
      g_hash_table_insert (self->by_name, rule->name, GUINT_TO_POINTER (known));
    }
  *number = known - 1;

  return g_ptr_array_index (self->rules, known - 1);
}

static gboolean
read_hex (Parser   *self,
          guint     n_digits,
          gunichar *c)
{
  *c = 0;
  for (guint i = 0; i < n_digits; i++, self->at++)
    {
      if (!g_ascii_isxdigit (peek (self)))
        return fail (self, "a hexadecimal digit is missing") != NULL;
      *c = *c << 4 | g_ascii_xdigit_value (*self->at);
    }

  return TRUE;
}

/* One character of a text or class, escaped or not. */
static gboolean
read_char (Parser   *self,
           gunichar *c)
{
  static const char letters[] = "nrt\\\"[]-";
  static const char meanings[] = "\n\r\t\\\"[]-";
  const char *letter;
  guint n;

  if (self->at >= self->end)
    return fail (self, "it ends within a text or class") != NULL;

  if (*self->at != '\\')
    {
      n = sotto_utf8_decode (self->at, self->end, c);
      if (*c > 0x10ffff)
        return fail (self, "it is not UTF-8") != NULL;
      if (*c == '\n')
        self->line++;
      self->at += n;
      return TRUE;
    }

  self->at++;
  letter = peek (self) != 0 ? strchr (letters, peek (self)) : NULL;
  if (letter != NULL)
    {
      *c = meanings[letter - letters];
      self->at++;
      return TRUE;
    }

  switch (peek (self))
    {
    case 'x':
      self->at++;
      return read_hex (self, 2, c);
    case 'u':
      self->at++;
      return read_hex (self, 4, c);
    case 'U':
      self->at++;
      return read_hex (self, 8, c);
    default:
      return fail (self, "an escape is not known") != NULL;
    }
}

static gboolean
add_range (Parser          *self,
           SottoExpression *node,
           gunichar         low,
           gunichar         high)
{
  if (low > high || high > 0x10ffff)
    return fail (self, "a range of characters is empty, or beyond Unicode") != NULL;
  sotto_expression_add_range (node, low, high);

  return TRUE;
}

static SottoExpression *
read_text (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_SEQUENCE);
  gunichar c;

  self->at++;
  while (peek (self) != '"')
    {
      SottoExpression *child;

      if (!read_char (self, &c))
        return NULL;
      child = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
      g_ptr_array_add (node->children, child);
      if (!add_range (self, child, c, c))
        return NULL;
      sotto_char_ranges_tidy (child->ranges);
    }
  self->at++;

  return g_steal_pointer (&node);
}

static SottoExpression *
read_class (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
  gboolean negated;

  self->at++;
  negated = peek (self) == '^';
  self->at += negated;

  while (peek (self) != ']')
    {
      gunichar low, high;

      if (!read_char (self, &low))
        return NULL;
      high = low;
      if (peek (self) == '-' && self->at + 1 < self->end && self->at[1] != ']')
        {
          self->at++;
          if (!read_char (self, &high))
            return NULL;
        }
      if (!add_range (self, node, low, high))
        return NULL;
    }
  self->at++;
  sotto_char_ranges_tidy (node->ranges);
  if (negated)
    sotto_char_ranges_invert (node->ranges);

  return g_steal_pointer (&node);
}

static gboolean
read_number (Parser *self,
             guint  *number)
{
  guint64 value = 0;

  if (!g_ascii_isdigit (peek (self)))
    return fail (self, "a number of repetitions is missing") != NULL;
  for (; g_ascii_isdigit (peek (self)); self->at++)
    value = MIN (value * 10 + (*self->at - '0'), G_MAXUINT - 1);
  *number = value;

  return TRUE;
}

/* What may stand behind an item: how often it comes. */
static SottoExpression *
read_repetitions (Parser          *self,
                  SottoExpression *child) /* (transfer full) */
{
  g_autoptr (SottoExpression) node = child;

  for (guint n = 0;; n++)
    {
      guint least = 0, most = G_MAXUINT;
      SottoExpression *repeat;

      if (n > MOST_REPEATS)
        return fail (self, "it is nested too deeply");

      switch (peek (self))
        {
        case '*':
          self->at++;
          break;
        case '+':
          self->at++;
          least = 1;
          break;
        case '?':
          self->at++;
          most = 1;
          break;
        case '{':
          self->at++;
          skip_space (self, self->depth > 0);
          if (!read_number (self, &least))
            return NULL;
          most = least;
          skip_space (self, self->depth > 0);
          if (peek (self) == ',')
            {
              self->at++;
              most = G_MAXUINT;
              skip_space (self, self->depth > 0);
              if (peek (self) != '}' && !read_number (self, &most))
                return NULL;
              skip_space (self, self->depth > 0);
            }
          if (peek (self) != '}')
            return fail (self, "repetitions do not end with \"}\"");
          if (most < least)
            return fail (self, "a greatest number of repetitions is below the least");
          self->at++;
          break;
        default:
          return g_steal_pointer (&node);
        }

      repeat = sotto_expression_repeat (g_steal_pointer (&node), least, most);
      node = repeat;
      skip_space (self, self->depth > 0);
    }
}

static SottoExpression *read_choice (Parser *self);

static SottoExpression *
read_item (Parser *self)
{
  g_autoptr (SottoExpression) node = NULL;
  g_autofree char *name = NULL;

  switch (peek (self))
    {
    case '"':
      return read_text (self);

    case '[':
      return read_class (self);

    case '.':
      self->at++;
      node = sotto_expression_new (SOTTO_EXPRESSION_CHARS);
      sotto_char_ranges_invert (node->ranges);
      return g_steal_pointer (&node);

    case '(':
      if (self->depth + 1 >= MOST_DEPTH)
        return fail (self, "it is nested too deeply");
      self->at++;
      self->depth++;
      node = read_choice (self);
      if (node == NULL)
        return NULL;
      if (peek (self) != ')')
        return fail (self, "a parenthesis is not closed");
      self->depth--;
      self->at++;
      return g_steal_pointer (&node);

    case '<':
    case '!':
      return fail (self, "tokens cannot be named in a grammar");

    default:
      name = read_name (self);
      if (name == NULL)
        return NULL;
      node = sotto_expression_new (SOTTO_EXPRESSION_RULE);
      find_rule (self, name, &node->rule);
      return g_steal_pointer (&node);
    }
}

/* Whether an item comes next; else the sequence has ended. */
static gboolean
item_follows (Parser *self)
{
  guint8 c = peek (self);

  return is_name_char (c) || (c != 0 && strchr ("\"[.(<!", c) != NULL);
}

static SottoExpression *
read_sequence (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_SEQUENCE);

  skip_space (self, self->depth > 0);
  while (item_follows (self))
    {
      SottoExpression *item = read_item (self);

      if (item == NULL)
        return NULL;
      skip_space (self, self->depth > 0);
      item = read_repetitions (self, item);
      if (item == NULL)
        return NULL;
      g_ptr_array_add (node->children, item);
      skip_space (self, self->depth > 0);
    }

  return g_steal_pointer (&node);
}

/* Whether "|" follows, at the beginning of a later line too. */
static gboolean
take_bar (Parser *self)
{
  const guint8 *at = self->at;
  guint line = self->line;

  skip_space (self, TRUE);
  if (peek (self) == '|')
    {
      self->at++;
      skip_space (self, TRUE);
      return TRUE;
    }
  self->at = at;
  self->line = line;

  return FALSE;
}

static SottoExpression *
read_choice (Parser *self)
{
  g_autoptr (SottoExpression) node = sotto_expression_new (SOTTO_EXPRESSION_CHOICE);

  do
    {
      SottoExpression *sequence = read_sequence (self);

      if (sequence == NULL)
        return NULL;
      g_ptr_array_add (node->children, sequence);
    }
  while (take_bar (self));

  return g_steal_pointer (&node);
}

static gboolean
read_rule (Parser *self)
{
  g_autofree char *name = read_name (self);
  guint number;
  SottoGbnfRule *rule;

  if (name == NULL)
    return FALSE;
  rule = find_rule (self, name, &number);
  if (rule->body != NULL)
    return fail_at (self, self->line, "there is already a rule", name) != NULL;
  skip_space (self, FALSE);
  if (!looking_at (self, "::="))
    return fail (self, "\"::=\" is missing") != NULL;
  self->at += 3;
  skip_space (self, TRUE);

  rule->body = read_choice (self);
  if (rule->body == NULL)
    return FALSE;
  skip_space (self, FALSE);
  if (self->at < self->end && *self->at != '\n')
    return fail (self, "a rule goes on with what cannot stand there") != NULL;

  return TRUE;
}

/* Whether all that is named is there. */
static gboolean
check_rules (Parser     *self,
             const char *root)
{
  if (!g_hash_table_contains (self->by_name, root))
    return fail_at (self, self->line, "there is no rule", root) != NULL;
  for (guint i = 0; i < self->rules->len; i++)
    {
      const SottoGbnfRule *rule = g_ptr_array_index (self->rules, i);

      if (rule->body == NULL)
        return fail_at (self, rule->line, "there is no rule", rule->name) != NULL;
    }

  return TRUE;
}

GPtrArray *
sotto_gbnf_read (const char         *text,
                 gsize               length,
                 const char         *root,
                 const SottoCancel  *cancel,
                 guint              *root_number,
                 GError            **error)
{
  g_autoptr (GPtrArray) rules = g_ptr_array_new_with_free_func (rule_free);
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  Parser self = {
    (const guint8 *) text, (const guint8 *) text + length, 1, 0, rules, by_name, NULL,
  };

  for (skip_space (&self, TRUE); self.at < self.end; skip_space (&self, TRUE))
    if (!sotto_cancel_check (cancel, &self.error) || !read_rule (&self))
      break;
  if (self.error != NULL || !check_rules (&self, root))
    {
      g_propagate_error (error, self.error);
      return NULL;
    }
  find_rule (&self, root, root_number);

  return g_steal_pointer (&rules);
}
