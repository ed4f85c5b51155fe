#include "jinja-evaluate.h"

#include <math.h>
#include <string.h>

/* Filters whose outcome is a number. */

/* Text as Python's int() takes it: blanks around, a sign, underscores between digits. */
static gboolean
parse_integer (JinjaRun          *run,
               const JinjaString *text,
               gint64             base,
               gint64            *integer)
{
  const JinjaString *inner = jinja_string_strip (run, text, NULL, JINJA_STRIP_BOTH);
  gsize at = 0;
  gboolean negative = FALSE, digits = FALSE;
  guint64 value = 0;

  if (inner == NULL)
    return FALSE;
  if (inner->length > 0 && (inner->bytes[0] == '-' || inner->bytes[0] == '+'))
    negative = inner->bytes[at++] == '-';
  if (inner->length - at > 2 && inner->bytes[at] == '0')
    {
      char kind = g_ascii_tolower (inner->bytes[at + 1]);
      gint64 marked = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;

      if (marked != 0 && (base == marked || base == 0))
        {
          base = marked;
          at += 2;
        }
    }
  base = base == 0 ? 10 : base;
  for (; at < inner->length; at++)
    {
      char c = inner->bytes[at];
      gint64 digit = g_ascii_isdigit (c)   ? c - '0'
                     : g_ascii_isalpha (c) ? g_ascii_tolower (c) - 'a' + 10
                                           : 99;

      if (c == '_' && digits && at + 1 < inner->length && inner->bytes[at + 1] != '_')
        continue;
      if (digit >= base || value > ((guint64) G_MAXINT64 - (guint64) digit) / (guint64) base)
        return FALSE;
      value = value * (guint64) base + (guint64) digit;
      digits = TRUE;
    }
  *integer = negative ? -(gint64) value : (gint64) value;

  return digits;
}

/* Text as Python's float() takes it. */
static gboolean
parse_float (JinjaRun          *run,
             const JinjaString *text,
             double            *real)
{
  const JinjaString *inner = jinja_string_strip (run, text, NULL, JINJA_STRIP_BOTH);
  g_autofree char *copy = NULL;
  const char *digits;
  char *end;

  if (inner == NULL || inner->length == 0 || inner->length > 4096)
    return FALSE;
  copy = g_strndup (inner->bytes, inner->length);
  digits = copy + (copy[0] == '-' || copy[0] == '+');
  if (strlen (copy) != inner->length || g_ascii_strncasecmp (digits, "0x", 2) == 0
      || strchr (copy, '(') != NULL)
    return FALSE;
  *real = g_ascii_strtod (copy, &end);

  return end == copy + inner->length;
}

static gboolean
real_to_integer (double      real,
                 JinjaValue *result)
{
  if (!(fabs (real) < 9223372036854775808.0))
    return FALSE;
  *result = jinja_integer ((gint64) real);

  return TRUE;
}

JINJA_DEFINE (filter_int)
{
  gint64 integer, base = 10;
  double real;

  if (!jinja_defined (run, self) || (jinja_is_given (args, 1) && !jinja_expect_integer (run, args->values[1], &base)))
    return FALSE;
  if (base != 0 && (base < 2 || base > 36))
    return jinja_fail (run, "int() base must be >= 2 and <= 36, or 0");

  if (jinja_is (self, JINJA_HUGE))
    {
      *result = self;
      return TRUE;
    }
  if (jinja_get_integer (self, &integer))
    {
      *result = jinja_integer (integer);
      return TRUE;
    }
  if (jinja_is (self, JINJA_FLOAT) && real_to_integer (self.as.real, result))
    return TRUE;
  if (jinja_is (self, JINJA_STRING))
    {
      if (parse_integer (run, self.as.string, base, &integer))
        {
          *result = jinja_integer (integer);
          return TRUE;
        }
      if (parse_float (run, self.as.string, &real) && real_to_integer (real, result))
        return TRUE;
    }
  *result = jinja_is_given (args, 0) ? args->values[0] : jinja_integer (0);

  return run->error == NULL;
}

JINJA_DEFINE (filter_float)
{
  double real;

  if (!jinja_defined (run, self))
    return FALSE;
  if (jinja_get_number (self, &real)
      || (jinja_is (self, JINJA_STRING) && parse_float (run, self.as.string, &real)))
    *result = jinja_float (real);
  else
    *result = jinja_is_given (args, 0) ? args->values[0] : jinja_float (0);

  return run->error == NULL;
}

JINJA_DEFINE (filter_abs)
{
  if (jinja_is (self, JINJA_INTEGER) && self.as.integer >= 0)
    *result = self;
  else if (jinja_is (self, JINJA_FLOAT))
    *result = jinja_float (fabs (self.as.real));
  else if (jinja_is (self, JINJA_INTEGER) || jinja_is (self, JINJA_BOOLEAN))
    return jinja_negate (run, self, jinja_is (self, JINJA_INTEGER), result);
  else
    return jinja_defined (run, self)
           && jinja_fail (run, "bad operand type for abs(): '%s'", jinja_type_name (self));

  return TRUE;
}

/* round(): the decimal nearest to the binary value; halves that are exact go to the even side. */
static double
round_common (double value,
              gint64 precision)
{
  char format[16], digits[400];

  if (precision >= 0)
    {
      g_snprintf (format, sizeof format, "%%.%df", (int) MIN (precision, 30));
      g_ascii_formatd (digits, sizeof digits, format, value);
      return precision > 30 ? value : g_ascii_strtod (digits, NULL);
    }

  return rint (value / pow (10, (double) -precision)) * pow (10, (double) -precision);
}

JINJA_DEFINE (filter_round)
{
  gint64 precision = 0, integer = 0;
  gboolean is_integer = jinja_get_integer (self, &integer);
  double value, scale;

  if (!jinja_defined (run, self))
    return FALSE;
  if (!jinja_get_number (self, &value))
    return jinja_fail (run, "round() takes a number, not %s", jinja_type_name (self));
  if (jinja_is_given (args, 0) && !jinja_expect_integer (run, args->values[0], &precision))
    return FALSE;
  precision = CLAMP (precision, -300, 300);
  scale = pow (10, (double) precision);

  if (!jinja_is_given (args, 1) || (jinja_is (args->values[1], JINJA_STRING)
                           && jinja_string_is (args->values[1].as.string, "common")))
    {
      if (is_integer && precision >= 0)
        *result = jinja_integer (integer);
      else if (is_integer)
        *result = jinja_integer ((gint64) round_common (value, precision));
      else
        *result = jinja_float (isfinite (value) ? round_common (value, precision) : value);
      return TRUE;
    }
  if (jinja_is (args->values[1], JINJA_STRING)
      && jinja_string_is (args->values[1].as.string, "ceil"))
    *result = jinja_float (ceil (value * scale) / scale);
  else if (jinja_is (args->values[1], JINJA_STRING)
           && jinja_string_is (args->values[1].as.string, "floor"))
    *result = jinja_float (floor (value * scale) / scale);
  else
    return jinja_fail (run, "method must be common, ceil or floor");

  return TRUE;
}

static const JinjaBuiltin filters[] = {
  { "int", filter_int, "default base", 0 },
  { "float", filter_float, "default", 0 },
  { "round", filter_round, "precision method", 0 },
  { "abs", filter_abs, "", 0 },
};

const JinjaBuiltin *
jinja_find_filter_number (const JinjaString *name)
{
  return jinja_find_builtin (filters, G_N_ELEMENTS (filters), name);
}
