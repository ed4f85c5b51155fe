#include "expression.h"

#include <string.h>

#include "expression-private.h"

/* Expressions as people and models write them:
 *
 *   sum      = product { ("+" | "-") product }                     a percentage that is added is one of what stands before it
 *   product  = unary { ("*" | "/" | "%" | "mod" | "of" | nothing) unary }
 *   unary    = ("-" | "+" | "√") unary | power
 *   power    = postfix [ ("^" | "**") unary ]                      so -2^2 is -4, and 2^3^2 is 2^9
 *   postfix  = primary { "!" | "%" | "°" | "²" | "³" }             "%" is a remainder where a number follows
 *   primary  = number | "(" sum ")" | constant | function "(" sum { "," sum } ")"
 *
 * with the signs × · ÷ − and the like for those of the keyboard. Nothing stands for multiplication before a bracket or a name:
 * 2(3 + 4), 2π. */

typedef struct {
  const char *text; /* what is left */
  guint depth;
  char *problem; /* the first one ends all; nothing that is calculated is looked at then */
} Parser;

typedef struct {
  SottoNumber number;
  gboolean is_percentage; /* that alone */
} Value;

static void
value_init (Value *self)
{
  sotto_number_init (&self->number, 0);
  self->is_percentage = FALSE;
}

static void
value_clear (Value *self)
{
  sotto_number_clear (&self->number);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Value, value_clear)

static void parse_sum (Parser *self, Value *out);
static void parse_unary (Parser *self, Value *out);

G_GNUC_PRINTF (2, 3)
static void
fail (Parser *self, const char *format, ...)
{
  va_list args;

  if (self->problem != NULL)
    return;
  va_start (args, format);
  self->problem = g_strdup_vprintf (format, args);
  va_end (args);
}

/* @problem: (transfer full) (nullable) */
static void
take_problem (Parser *self, char *problem)
{
  if (self->problem == NULL)
    self->problem = problem;
  else
    g_free (problem);
}

static void
check (Parser *self, SottoNumberProblem problem)
{
  take_problem (self, sotto_number_problem_to_words (problem));
}

/* --- Signs --- */

static void
skip_blanks (Parser *self)
{
  while (*self->text != '\0' && g_unichar_isspace (g_utf8_get_char (self->text)))
    self->text = g_utf8_next_char (self->text);
}

/* @signs: separated by blanks, the longer ones first. Returns: whether one of them stood there; it is behind us then */
static gboolean
take (Parser *self, const char *signs)
{
  skip_blanks (self);
  while (*signs != '\0')
    {
      const gsize length = strcspn (signs, " ");

      if (strncmp (self->text, signs, length) == 0)
        {
          self->text += length;
          return TRUE;
        }
      signs += length + (signs[length] == ' ');
    }
  return FALSE;
}

/* Returns: how many bytes of a name stand there; it may have digits behind its first letter */
static gsize
measure_name (const char *text)
{
  const char *p = text;

  while (*p != '\0' && (g_unichar_isalpha (g_utf8_get_char (p)) || (p > text && (g_ascii_isdigit (*p) || *p == '_'))))
    p = g_utf8_next_char (p);
  return (gsize) (p - text);
}

static gboolean
is_word (const char *text, const char *word)
{
  return measure_name (text) == strlen (word) && g_ascii_strncasecmp (text, word, strlen (word)) == 0;
}

static gboolean
take_word (Parser *self, const char *word)
{
  skip_blanks (self);
  if (!is_word (self->text, word))
    return FALSE;
  self->text += strlen (word);
  return TRUE;
}

/* Whether an operand begins there, without a sign */
static gboolean
begins_operand (const char *text)
{
  return g_ascii_isdigit (*text) || *text == '.' || *text == '(' || g_str_has_prefix (text, "√")
         || (measure_name (text) > 0 && !is_word (text, "of") && !is_word (text, "mod"));
}

/* --- Operands --- */

static void
parse_number (Parser *self, Value *out)
{
  const char *begin = self->text;
  const char *p = begin;

  while (g_ascii_isdigit (*p))
    p++;
  if (*p == '.')
    for (p++; g_ascii_isdigit (*p); p++)
      ;
  if (p == begin + 1 && *begin == '.')
    {
      fail (self, "There is a point without digits.");
      return;
    }
  if ((*p == 'e' || *p == 'E') && (g_ascii_isdigit (p[1]) || ((p[1] == '-' || p[1] == '+') && g_ascii_isdigit (p[2]))))
    for (p += 2; g_ascii_isdigit (*p); p++)
      ;
  self->text = p;
  check (self, sotto_number_parse (&out->number, begin, (gsize) (p - begin)));
  if (*p == '.')
    fail (self, "A number has two decimal points.");
  /* "1,000" within a function would be two numbers. */
  if (begin[0] == '0' && g_ascii_isdigit (begin[1]))
    fail (self, "A number begins with 0. Write numbers without commas and leading zeros.");
}

static void
parse_arguments (Parser *self, const SottoFunction *function, Value *out)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (SottoNumber));

  g_array_set_clear_func (values, (GDestroyNotify) sotto_number_clear);
  if (take (self, ")"))
    {
      take_problem (self, sotto_function_call (function, NULL, 0, &out->number));
      return;
    }
  do
    {
      g_auto (Value) argument;
      SottoNumber *number;

      value_init (&argument);
      if (values->len == SOTTO_FUNCTION_MAX_ARGUMENTS)
        fail (self, "A function has more than %d arguments.", SOTTO_FUNCTION_MAX_ARGUMENTS);
      parse_sum (self, &argument);
      if (self->problem != NULL)
        return;
      g_array_set_size (values, values->len + 1);
      number = &g_array_index (values, SottoNumber, values->len - 1);
      sotto_number_init (number, 0);
      sotto_number_set (number, &argument.number);
    }
  while (take (self, ", ;"));
  if (!take (self, ")"))
    fail (self, "A closing bracket is missing.");
  if (self->problem == NULL)
    take_problem (self, sotto_function_call (function, (const SottoNumber *) (gpointer) values->data, values->len, &out->number));
}

static void
parse_name (Parser *self, Value *out)
{
  const gsize length = measure_name (self->text);
  g_autofree char *written = g_strndup (self->text, length);
  g_autofree char *name = g_utf8_strdown (written, -1);
  const SottoFunction *function;

  self->text += length;
  /* As the programmers say it: math.sqrt(2) */
  if (g_str_equal (name, "math") && *self->text == '.')
    {
      self->text++;
      parse_name (self, out);
      return;
    }
  if (sotto_constant_lookup (name, &out->number))
    return;
  function = sotto_function_lookup (name);
  if (function == NULL)
    fail (self, "“%s” is not known.", written);
  else if (!take (self, "("))
    fail (self, "%s needs its arguments in brackets.", name);
  else
    parse_arguments (self, function, out);
}

static void
parse_primary (Parser *self, Value *out)
{
  out->is_percentage = FALSE;
  skip_blanks (self);
  if (take (self, "("))
    {
      parse_sum (self, out);
      out->is_percentage = FALSE;
      if (!take (self, ")"))
        fail (self, "A closing bracket is missing.");
    }
  else if (g_ascii_isdigit (*self->text) || *self->text == '.')
    {
      parse_number (self, out);
    }
  else if (measure_name (self->text) > 0)
    {
      parse_name (self, out);
    }
  else if (*self->text == '\0')
    {
      fail (self, "A number is missing at the end.");
    }
  else
    {
      fail (self, "A number was expected at “%.*s”.", (int) (g_utf8_next_char (self->text) - self->text), self->text);
    }
}

static void
raise_to (Parser *self, Value *base, gint64 exponent)
{
  g_auto (SottoNumber) number;

  sotto_number_init (&number, exponent);
  check (self, sotto_number_power (&base->number, &base->number, &number));
}

static gboolean
take_percent (Parser *self)
{
  const char *begin;

  skip_blanks (self);
  begin = self->text;
  if (!take (self, "%"))
    return FALSE;
  skip_blanks (self);
  if (!begins_operand (self->text))
    return TRUE;
  self->text = begin;
  return FALSE;
}

static void
parse_postfix (Parser *self, Value *out)
{
  g_auto (SottoNumber) hundred;

  sotto_number_init (&hundred, 100);
  parse_primary (self, out);
  while (self->problem == NULL)
    {
      if (take (self, "!"))
        {
          take_problem (self, sotto_number_factorial (&out->number, &out->number));
        }
      else if (take (self, "²"))
        {
          raise_to (self, out, 2);
        }
      else if (take (self, "³"))
        {
          raise_to (self, out, 3);
        }
      else if (take (self, "°"))
        {
          g_auto (SottoNumber) degree;

          sotto_number_init (&degree, 0);
          sotto_number_set_double (&degree, G_PI / 180);
          check (self, sotto_number_multiply (&out->number, &out->number, &degree));
        }
      else if (take_percent (self))
        {
          check (self, sotto_number_divide (&out->number, &out->number, &hundred));
          out->is_percentage = TRUE;
          continue;
        }
      else
        {
          break;
        }
      out->is_percentage = FALSE;
    }
}

/* --- Operators --- */

static void
parse_power (Parser *self, Value *out)
{
  g_auto (Value) exponent;

  value_init (&exponent);
  parse_postfix (self, out);
  if (self->problem != NULL || !take (self, "** ^"))
    return;
  parse_unary (self, &exponent);
  if (self->problem == NULL)
    check (self, sotto_number_power (&out->number, &out->number, &exponent.number));
  out->is_percentage = FALSE;
}

static void
parse_unary (Parser *self, Value *out)
{
  const gboolean is_minus = take (self, "- − –");
  const gboolean is_root = !is_minus && take (self, "√");

  out->is_percentage = FALSE;
  if (++self->depth > SOTTO_EXPRESSION_MAX_DEPTH)
    fail (self, "The expression is too deep.");
  else if (is_minus || is_root || take (self, "+"))
    parse_unary (self, out);
  else
    parse_power (self, out);
  self->depth--;
  if (self->problem != NULL)
    return;

  if (is_minus)
    sotto_number_negate (&out->number);
  else if (is_root)
    check (self, sotto_number_root (&out->number, &out->number));
  if (is_minus || is_root)
    out->is_percentage = FALSE;
}

static void
parse_product (Parser *self, Value *out)
{
  g_auto (Value) right;

  value_init (&right);
  parse_unary (self, out);
  while (self->problem == NULL)
    {
      SottoNumberProblem (*operate) (SottoNumber *, const SottoNumber *, const SottoNumber *) = sotto_number_multiply;

      if (take (self, "÷ / ∕"))
        operate = sotto_number_divide;
      else if (take (self, "%") || take_word (self, "mod"))
        operate = sotto_number_remainder;
      else if (!take (self, "* × · ⋅ ∙ ✕") && !take_word (self, "of")
               && (!begins_operand (self->text) || g_ascii_isdigit (*self->text) || *self->text == '.'))
        break;
      parse_unary (self, &right);
      if (self->problem == NULL)
        check (self, operate (&out->number, &out->number, &right.number));
      out->is_percentage = FALSE;
    }
}

static void
parse_sum (Parser *self, Value *out)
{
  g_auto (Value) right;

  value_init (&right);
  if (++self->depth > SOTTO_EXPRESSION_MAX_DEPTH)
    fail (self, "The expression is too deep.");
  else
    parse_product (self, out);
  while (self->problem == NULL)
    {
      const gboolean is_minus = take (self, "- − –");

      if (!is_minus && !take (self, "+"))
        break;
      parse_product (self, &right);
      if (self->problem == NULL && right.is_percentage && !out->is_percentage)
        check (self, sotto_number_multiply (&right.number, &right.number, &out->number));
      if (self->problem == NULL)
        check (self, (is_minus ? sotto_number_subtract : sotto_number_add) (&out->number, &out->number, &right.number));
      out->is_percentage &= right.is_percentage;
    }
  self->depth--;
}

static void
fail_at_rest (Parser *self)
{
  switch (*self->text)
    {
    case ')':
      fail (self, "There is a closing bracket too many.");
      break;
    case ',':
      fail (self, "There is a comma outside a function. Write numbers without commas: 1234.5");
      break;
    case '=':
    case '<':
    case '>':
      fail (self, "Only values are calculated: equations and comparisons are not.");
      break;
    default:
      fail (self, "An operator is missing, or not known, at “%.*s”.", (int) (g_utf8_next_char (self->text) - self->text),
            self->text);
    }
}

char *
sotto_expression_evaluate (const char *text, char **problem)
{
  Parser parser = { .text = text };
  g_autofree char *digits = NULL;
  gboolean is_rounded;
  g_auto (Value) value;

  value_init (&value);
  if (strlen (text) > SOTTO_EXPRESSION_MAX_LENGTH)
    {
      *problem = g_strdup_printf ("The expression is longer than %d characters.", SOTTO_EXPRESSION_MAX_LENGTH);
      return NULL;
    }

  parse_sum (&parser, &value);
  skip_blanks (&parser);
  /* "2 + 2 =" asks as much. */
  if (*parser.text == '=' && parser.text[1 + strspn (parser.text + 1, " ")] == '\0')
    parser.text += strlen (parser.text);
  if (parser.problem == NULL && *parser.text != '\0')
    fail_at_rest (&parser);
  if (parser.problem != NULL)
    {
      *problem = parser.problem;
      return NULL;
    }

  digits = sotto_number_format (&value.number, &is_rounded);
  return is_rounded ? g_strconcat (digits, " (rounded)", NULL) : g_steal_pointer (&digits);
}
