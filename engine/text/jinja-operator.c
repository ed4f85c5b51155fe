#include "jinja-evaluate.h"

#include <math.h>

/* Arithmetic of Python, with integers of 64 bits: what does not fit is an error. */

#define OP1(c) JINJA_OPERATOR (c, 0)

static gboolean
overflow (JinjaRun *run)
{
  return jinja_fail (run, "an integer goes beyond 64 bits");
}

static gboolean
unsupported (JinjaRun   *run,
             guint       op,
             JinjaValue  left,
             JinjaValue  right)
{
  if (!jinja_defined (run, left) || !jinja_defined (run, right))
    return FALSE;
  if (jinja_is (left, JINJA_HUGE) || jinja_is (right, JINJA_HUGE))
    return overflow (run);

  return jinja_fail (run, "unsupported operand type(s) for %c%s: '%s' and '%s'", (char) (op >> 8),
                     op == JINJA_OPERATOR ('/', '/')   ? "/"
                     : op == JINJA_OPERATOR ('*', '*') ? "*"
                                                       : "",
                     jinja_type_name (left), jinja_type_name (right));
}

static gboolean
integer_power (JinjaRun   *run,
               gint64      base,
               gint64      exponent,
               JinjaValue *result)
{
  gint64 power = 1;

  if (exponent < 0)
    {
      if (base == 0)
        return jinja_fail (run, "zero to a negative power");
      *result = jinja_float (pow ((double) base, (double) exponent));
      return TRUE;
    }
  /* 0, 1 and -1 stay small whatever the exponent is. */
  if (base == 0 || base == 1 || base == -1)
    {
      *result = jinja_integer (exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base);
      return TRUE;
    }
  if (exponent > 63)
    return overflow (run);
  for (; exponent > 0; exponent--)
    if (__builtin_mul_overflow (power, base, &power))
      return overflow (run);
  *result = jinja_integer (power);

  return TRUE;
}

static gboolean
operate_integers (JinjaRun   *run,
                  guint       op,
                  gint64      a,
                  gint64      b,
                  JinjaValue *result)
{
  gint64 value = 0;

  switch (op)
    {
    case OP1 ('+'):
      if (__builtin_add_overflow (a, b, &value))
        return overflow (run);
      break;
    case OP1 ('-'):
      if (__builtin_sub_overflow (a, b, &value))
        return overflow (run);
      break;
    case OP1 ('*'):
      if (__builtin_mul_overflow (a, b, &value))
        return overflow (run);
      break;
    case OP1 ('/'):
    case OP1 ('%'):
    case JINJA_OPERATOR ('/', '/'):
      if (b == 0)
        return jinja_fail (run, "division by zero");
      if (op == OP1 ('/'))
        {
          *result = jinja_float ((double) a / (double) b);
          return TRUE;
        }
      if (b == -1)
        {
          /* G_MININT64 has no counterpart. */
          if (op != OP1 ('%') && __builtin_sub_overflow ((gint64) 0, a, &value))
            return overflow (run);
          break;
        }
      /* Python rounds down, and the remainder has the divisor's sign. */
      value = op == OP1 ('%') ? a % b : a / b;
      if (a % b != 0 && (a % b < 0) != (b < 0))
        value += op == OP1 ('%') ? b : -1;
      break;
    case JINJA_OPERATOR ('*', '*'):
      return integer_power (run, a, b, result);
    default:
      return jinja_fail (run, "unknown operator");
    }
  *result = jinja_integer (value);

  return TRUE;
}

static gboolean
operate_floats (JinjaRun   *run,
                guint       op,
                double      a,
                double      b,
                JinjaValue *result)
{
  double value, quotient, remainder;

  switch (op)
    {
    case OP1 ('+'):
      value = a + b;
      break;
    case OP1 ('-'):
      value = a - b;
      break;
    case OP1 ('*'):
      value = a * b;
      break;
    case OP1 ('/'):
    case OP1 ('%'):
    case JINJA_OPERATOR ('/', '/'):
      if (b == 0)
        return jinja_fail (run, "float division by zero");
      if (op == OP1 ('/'))
        {
          value = a / b;
          break;
        }
      remainder = fmod (a, b);
      quotient = (a - remainder) / b;
      if (remainder != 0 && (b < 0) != (remainder < 0))
        {
          remainder += b;
          quotient -= 1;
        }
      if (remainder == 0)
        remainder = copysign (0, b);
      value = op == OP1 ('%') ? remainder : floor (quotient);
      if (op != OP1 ('%') && quotient - value > 0.5)
        value += 1;
      break;
    case JINJA_OPERATOR ('*', '*'):
      if (a == 0 && b < 0)
        return jinja_fail (run, "zero to a negative power");
      value = pow (a, b);
      if (isnan (value) && !isnan (a) && !isnan (b))
        return jinja_fail (run, "a power that is no real number");
      if (isinf (value) && !isinf (a) && !isinf (b))
        return jinja_fail (run, "a power that is too large");
      break;
    default:
      return jinja_fail (run, "unknown operator");
    }
  *result = jinja_float (value);

  return TRUE;
}

static gboolean
repeat (JinjaRun   *run,
        JinjaValue  value,
        gint64      times,
        JinjaValue *result)
{
  gsize n = times > 0 ? (gsize) times : 0;
  JinjaBuilder builder;
  JinjaValue *values;
  const JinjaString *string;

  if (jinja_is (value, JINJA_STRING))
    {
      jinja_builder_init (&builder, run);
      jinja_builder_add_repeated (&builder, value.as.string, n);
      string = jinja_builder_finish (&builder);
      if (string != NULL && value.as.string->markup)
        string = jinja_string_with_markup (run, string, TRUE);
      *result = jinja_string_value (string);
      return string != NULL;
    }

  if (value.as.items->n > 0 && n > JINJA_MAX_OUTPUT / sizeof (JinjaValue) / value.as.items->n)
    return jinja_fail_limit (run, "memory");
  if (!jinja_step (run, n * value.as.items->n / 8))
    return FALSE;
  values = jinja_new_n (run, JinjaValue, n * value.as.items->n);
  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < n * value.as.items->n; i++)
    values[i] = value.as.items->values[i % value.as.items->n];

  return jinja_items_new (run, value.kind, values, n * value.as.items->n, result);
}

static gboolean
is_repeatable (JinjaValue value)
{
  return jinja_is (value, JINJA_STRING) || jinja_is (value, JINJA_LIST)
         || jinja_is (value, JINJA_TUPLE);
}

/* Markup makes what is not markup harmless first. */
static gboolean
add_strings (JinjaRun          *run,
             const JinjaString *left,
             const JinjaString *right,
             JinjaValue        *result)
{
  gboolean markup = left->markup || right->markup;
  const JinjaString *sum;

  if (markup)
    {
      left = jinja_string_escape (run, left);
      right = left != NULL ? jinja_string_escape (run, right) : NULL;
      if (right == NULL)
        return FALSE;
    }
  sum = jinja_string_concat (run, left, right);
  if (sum != NULL)
    sum = jinja_string_with_markup (run, sum, markup);
  *result = jinja_string_value (sum);

  return sum != NULL;
}

gboolean
jinja_operate (JinjaRun   *run,
               guint       op,
               JinjaValue  left,
               JinjaValue  right,
               JinjaValue *result)
{
  gint64 a, b;
  double x, y;
  const JinjaString *string;

  if (jinja_get_integer (left, &a) && jinja_get_integer (right, &b))
    return operate_integers (run, op, a, b, result);
  if ((jinja_is (left, JINJA_FLOAT) || jinja_is (right, JINJA_FLOAT))
      && jinja_get_number (left, &x) && jinja_get_number (right, &y))
    return operate_floats (run, op, x, y, result);

  switch (op)
    {
    case OP1 ('+'):
      if (left.kind != right.kind)
        break;
      if (jinja_is (left, JINJA_STRING))
        return add_strings (run, left.as.string, right.as.string, result);
      if (jinja_is (left, JINJA_LIST) || jinja_is (left, JINJA_TUPLE))
        return jinja_items_concat (run, left, right, result);
      break;

    case OP1 ('*'):
      if (is_repeatable (left) && jinja_get_integer (right, &b))
        return repeat (run, left, b, result);
      if (is_repeatable (right) && jinja_get_integer (left, &a))
        return repeat (run, right, a, result);
      break;

    case OP1 ('%'):
      if (jinja_is (left, JINJA_STRING))
        {
          string = jinja_format_percent (run, left.as.string, right);
          *result = jinja_string_value (string);
          return string != NULL;
        }
      break;

    default:
      break;
    }

  return unsupported (run, op, left, right);
}

gboolean
jinja_negate (JinjaRun   *run,
              JinjaValue  value,
              gboolean    negative,
              JinjaValue *result)
{
  gint64 integer;

  if (jinja_is (value, JINJA_FLOAT))
    {
      *result = jinja_float (negative ? -value.as.real : value.as.real);
      return TRUE;
    }
  if (!jinja_get_integer (value, &integer))
    return jinja_defined (run, value)
           && jinja_fail (run, "bad operand type for unary %c: '%s'", negative ? '-' : '+',
                          jinja_type_name (value));
  if (negative && __builtin_sub_overflow ((gint64) 0, integer, &integer))
    return overflow (run);
  *result = jinja_integer (integer);

  return TRUE;
}
