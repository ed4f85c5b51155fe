#include "number.h"

#include <math.h>
#include <string.h>

/* Digits that a number has where not all of them are written: what a double is sure of */
#define DIGITS 15

/* Decimals that are written in full */
#define MAX_DECIMALS 30

/* An exponent beyond these is written as one. */
#define MIN_EXPONENT (-7)
#define MAX_EXPONENT 20

/* Of powers and of ten in what is typed: what has more is no number that anybody reads */
#define MAX_POWER 10000

static void
set_exact (SottoNumber *self, const SottoBig *above, const SottoBig *below)
{
  SottoBig divisor;

  sotto_big_gcd (&divisor, above, below);
  self->is_exact = TRUE;
  if (sotto_big_is_one (&divisor))
    {
      self->above = *above;
      self->below = *below;
    }
  else
    {
      sotto_big_divide (&self->above, NULL, above, &divisor);
      sotto_big_divide (&self->below, NULL, below, &divisor);
    }
  if (self->below.negative)
    {
      self->below.negative = FALSE;
      self->above.negative = !self->above.negative && !sotto_big_is_zero (&self->above);
    }
}

void
sotto_number_set_whole (SottoNumber *self, gint64 value)
{
  self->is_exact = TRUE;
  sotto_big_set (&self->above, value < 0 ? (guint64) -(value + 1) + 1 : (guint64) value);
  self->above.negative = value < 0;
  sotto_big_set (&self->below, 1);
}

SottoNumberProblem
sotto_number_set_double (SottoNumber *self, double value)
{
  self->is_exact = FALSE;
  self->value = value;
  if (isnan (value))
    return SOTTO_NUMBER_NOT_REAL;
  return isinf (value) ? SOTTO_NUMBER_TOO_LARGE : SOTTO_NUMBER_OK;
}

double
sotto_number_get_double (const SottoNumber *self)
{
  int above_exponent, below_exponent;
  double above, below;

  if (!self->is_exact)
    return self->value;
  above = sotto_big_to_double (&self->above, &above_exponent);
  below = sotto_big_to_double (&self->below, &below_exponent);
  return ldexp (above / below, above_exponent - below_exponent);
}

gboolean
sotto_number_is_whole (const SottoNumber *self)
{
  return self->is_exact && sotto_big_is_one (&self->below);
}

gboolean
sotto_number_get_whole (const SottoNumber *self, gboolean *negative, guint64 *value)
{
  SottoBig magnitude;

  if (!sotto_number_is_whole (self))
    return FALSE;
  magnitude = self->above;
  *negative = magnitude.negative;
  magnitude.negative = FALSE;
  return sotto_big_get (&magnitude, value);
}

/* 10 to the power of @exponent, which is not negative */
static gboolean
set_ten (SottoBig *out, guint exponent)
{
  SottoBig ten;

  sotto_big_set (&ten, 10);
  return sotto_big_power (out, &ten, exponent);
}

SottoNumberProblem
sotto_number_parse (SottoNumber *self, const char *text, gsize length)
{
  g_autoptr (GString) digits = g_string_new (NULL);
  SottoBig above, below;
  gint64 exponent = 0;
  gboolean has_point = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == 'e' || text[i] == 'E')
        {
          exponent += CLAMP (g_ascii_strtoll (text + i + 1, NULL, 10), -MAX_POWER, MAX_POWER);
          break;
        }
      if (text[i] == '.')
        {
          has_point = TRUE;
          continue;
        }
      g_string_append_c (digits, text[i]);
      exponent -= has_point;
    }
  if (!sotto_big_parse (&above, digits->str, digits->len))
    return SOTTO_NUMBER_TOO_LARGE;
  sotto_big_set (&below, 1);
  if (sotto_big_is_zero (&above))
    exponent = 0;
  if (!set_ten (exponent < 0 ? &below : &self->below, (guint) ABS (exponent)))
    return SOTTO_NUMBER_TOO_LARGE;
  if (exponent > 0 && !sotto_big_multiply (&above, &above, &self->below))
    return SOTTO_NUMBER_TOO_LARGE;
  set_exact (self, &above, &below);
  return SOTTO_NUMBER_OK;
}

/* --- Arithmetic --- */

static gboolean
both_exact (const SottoNumber *a, const SottoNumber *b)
{
  return a->is_exact && b->is_exact;
}

/* a/b ± c/d = (ad ± cb) / bd */
static SottoNumberProblem
add_or_subtract (SottoNumber *out, const SottoNumber *a, const SottoNumber *b, gboolean subtracts)
{
  SottoBig left, right, below;
  double value;

  if (both_exact (a, b) && sotto_big_multiply (&left, &a->above, &b->below) && sotto_big_multiply (&right, &b->above, &a->below)
      && sotto_big_multiply (&below, &a->below, &b->below)
      && (subtracts ? sotto_big_subtract (&left, &left, &right) : sotto_big_add (&left, &left, &right)))
    {
      set_exact (out, &left, &below);
      return SOTTO_NUMBER_OK;
    }
  value = sotto_number_get_double (b);
  return sotto_number_set_double (out, sotto_number_get_double (a) + (subtracts ? -value : value));
}

SottoNumberProblem
sotto_number_add (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  return add_or_subtract (out, a, b, FALSE);
}

SottoNumberProblem
sotto_number_subtract (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  return add_or_subtract (out, a, b, TRUE);
}

SottoNumberProblem
sotto_number_multiply (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  SottoBig above, below;

  if (both_exact (a, b) && sotto_big_multiply (&above, &a->above, &b->above) && sotto_big_multiply (&below, &a->below, &b->below))
    {
      set_exact (out, &above, &below);
      return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, sotto_number_get_double (a) * sotto_number_get_double (b));
}

static gboolean
is_zero (const SottoNumber *self)
{
  return self->is_exact ? sotto_big_is_zero (&self->above) : self->value == 0;
}

SottoNumberProblem
sotto_number_divide (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  SottoBig above, below;

  if (is_zero (b))
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  if (both_exact (a, b) && sotto_big_multiply (&above, &a->above, &b->below) && sotto_big_multiply (&below, &a->below, &b->above))
    {
      set_exact (out, &above, &below);
      return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, sotto_number_get_double (a) / sotto_number_get_double (b));
}

void
sotto_number_negate (SottoNumber *self)
{
  if (!self->is_exact)
    self->value = -self->value;
  else
    self->above.negative = !self->above.negative && !sotto_big_is_zero (&self->above);
}

int
sotto_number_compare (const SottoNumber *a, const SottoNumber *b)
{
  SottoBig left, right;
  double x, y;

  if (both_exact (a, b) && sotto_big_multiply (&left, &a->above, &b->below) && sotto_big_multiply (&right, &b->above, &a->below))
    return sotto_big_compare (&left, &right);
  x = sotto_number_get_double (a);
  y = sotto_number_get_double (b);
  return (x > y) - (x < y);
}

SottoNumberProblem
sotto_number_root (SottoNumber *out, const SottoNumber *a)
{
  const double value = sotto_number_get_double (a);
  SottoBig above, below;

  if (value < 0 || (a->is_exact && a->above.negative))
    return SOTTO_NUMBER_NOT_REAL;
  if (a->is_exact && sotto_big_root (&above, &a->above) && sotto_big_root (&below, &a->below))
    {
      set_exact (out, &above, &below);
      return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, sqrt (value));
}

static SottoNumberProblem
power_of_whole (SottoNumber *out, const SottoNumber *base, gboolean negative, guint exponent)
{
  SottoBig above, below;

  if (negative && is_zero (base))
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  if (base->is_exact && sotto_big_power (&above, &base->above, exponent) && sotto_big_power (&below, &base->below, exponent))
    {
      set_exact (out, negative ? &below : &above, negative ? &above : &below);
      return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, pow (sotto_number_get_double (base), negative ? -(double) exponent : (double) exponent));
}

SottoNumberProblem
sotto_number_power (SottoNumber *out, const SottoNumber *base, const SottoNumber *exponent)
{
  gboolean negative = FALSE;
  guint64 whole;

  if (sotto_number_get_whole (exponent, &negative, &whole) && whole <= MAX_POWER)
    return power_of_whole (out, base, negative, (guint) whole);
  /* Half is the root. */
  if (exponent->is_exact && sotto_big_is_one (&exponent->above) && sotto_big_get (&exponent->below, &whole) && whole == 2)
    return sotto_number_root (out, base);
  if (is_zero (base) && sotto_number_get_double (exponent) < 0)
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  return sotto_number_set_double (out, pow (sotto_number_get_double (base), sotto_number_get_double (exponent)));
}

/* --- Rounding --- */

/* The fraction that a double is */
static SottoNumberProblem
set_from_double (SottoNumber *out, double value)
{
  SottoBig two, power;
  int exponent;
  gint64 mantissa = (gint64) ldexp (frexp (value, &exponent), 53);

  exponent -= 53;
  sotto_number_set_whole (out, mantissa);
  sotto_big_set (&two, 2);
  if (!sotto_big_power (&power, &two, (guint) ABS (exponent)))
    return SOTTO_NUMBER_TOO_LARGE;
  if (exponent >= 0)
    return sotto_big_multiply (&out->above, &out->above, &power) ? SOTTO_NUMBER_OK : SOTTO_NUMBER_TOO_LARGE;
  two = out->above;
  set_exact (out, &two, &power);
  return SOTTO_NUMBER_OK;
}

/* @above / @below as a whole number */
static void
round_quotient (SottoBig *out, const SottoBig *above, const SottoBig *below, SottoRounding rounding)
{
  const gboolean negative = above->negative;
  SottoBig rest, one;
  gboolean away = FALSE;

  sotto_big_divide (out, &rest, above, below);
  if (sotto_big_is_zero (&rest))
    return;

  switch (rounding)
    {
    case SOTTO_ROUND_DOWN:
      away = negative;
      break;
    case SOTTO_ROUND_UP:
      away = !negative;
      break;
    case SOTTO_ROUND_NEAREST:
      {
        SottoBig half;

        /* At least half, of magnitudes: what is left of the divisor is not more than the rest. */
        half = *below;
        half.negative = FALSE;
        rest.negative = FALSE;
        sotto_big_subtract (&half, &half, &rest);
        away = sotto_big_compare_magnitude (&rest, &half) >= 0;
        break;
      }
    case SOTTO_ROUND_TO_ZERO:
    default:
      break;
    }
  if (!away)
    return;
  sotto_big_set (&one, 1);
  one.negative = negative;
  /* It is a quotient with a rest, and so far from the largest. */
  sotto_big_add (out, out, &one);
}

SottoNumberProblem
sotto_number_round (SottoNumber *out, const SottoNumber *a, int places, SottoRounding rounding)
{
  SottoNumber exact;
  SottoBig ten, whole;
  SottoNumberProblem problem = SOTTO_NUMBER_OK;

  exact = *a;
  if (!exact.is_exact)
    problem = set_from_double (&exact, a->value);
  if (problem != SOTTO_NUMBER_OK || !set_ten (&ten, (guint) MIN (ABS (places), MAX_POWER)))
    return SOTTO_NUMBER_TOO_LARGE;
  if (!sotto_big_multiply (places < 0 ? &exact.below : &exact.above, places < 0 ? &exact.below : &exact.above, &ten))
    return SOTTO_NUMBER_TOO_LARGE;
  round_quotient (&whole, &exact.above, &exact.below, rounding);
  sotto_big_set (&exact.below, 1);
  if (places < 0 && !sotto_big_multiply (&whole, &whole, &ten))
    return SOTTO_NUMBER_TOO_LARGE;
  set_exact (out, &whole, places > 0 ? &ten : &exact.below);
  return SOTTO_NUMBER_OK;
}

/* --- In digits --- */

/* How many decimals it has; -1: it does not end, or not before @MAX_DECIMALS */
static int
count_decimals (const SottoBig *below)
{
  static const guint64 primes[] = { 2, 5 };
  SottoBig rest = *below;
  int n[] = { 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
    {
      SottoBig prime, quotient, remainder;

      sotto_big_set (&prime, primes[i]);
      while (n[i] <= MAX_DECIMALS)
        {
          sotto_big_divide (&quotient, &remainder, &rest, &prime);
          if (!sotto_big_is_zero (&remainder))
            break;
          rest = quotient;
          n[i]++;
        }
    }
  return sotto_big_is_one (&rest) && MAX (n[0], n[1]) <= MAX_DECIMALS ? MAX (n[0], n[1]) : -1;
}

/* @digits with a point before the last @n_decimals of them. Returns: (transfer full) */
static char *
place_point (const char *digits, gboolean negative, int n_decimals)
{
  g_autoptr (GString) text = g_string_new (digits);

  while (text->len <= (gsize) n_decimals)
    g_string_prepend_c (text, '0');
  if (n_decimals > 0)
    g_string_insert_c (text, (gssize) text->len - n_decimals, '.');
  if (negative)
    g_string_prepend_c (text, '-');
  return g_string_free_and_steal (g_steal_pointer (&text));
}

/* That of its first digit, or one beside it: also of what is too small or too large for a double */
static int
guess_exponent (const SottoNumber *self)
{
  int above_exponent, below_exponent;
  const double above = sotto_big_to_double (&self->above, &above_exponent);
  const double below = sotto_big_to_double (&self->below, &below_exponent);

  return (int) floor (log10 (fabs (above / below)) + (above_exponent - below_exponent) * log10 (2));
}

/* The first digits of a fraction that does not end, or only after many: @exponent is that of the first one.
 * Returns: (transfer full) (nullable): %NULL: it is beyond what can be calculated */
static char *
divide_digits (const SottoNumber *self, int *exponent, gboolean *is_rounded)
{
  *exponent = guess_exponent (self);
  for (guint i = 0; i < 3; i++)
    {
      const int shift = DIGITS - 1 - *exponent;
      SottoBig above = self->above;
      SottoBig below = self->below;
      SottoBig ten, rest;
      g_autofree char *digits = NULL;

      above.negative = FALSE;
      if (ABS (shift) > MAX_POWER || !set_ten (&ten, (guint) ABS (shift))
          || !sotto_big_multiply (shift < 0 ? &below : &above, shift < 0 ? &below : &above, &ten))
        return NULL;
      sotto_big_divide (NULL, &rest, &above, &below);
      *is_rounded = !sotto_big_is_zero (&rest);
      round_quotient (&ten, &above, &below, SOTTO_ROUND_NEAREST);
      digits = sotto_big_format (&ten);
      /* The logarithm was that of the double beside it, or the last digit became a new first one. */
      if (strlen (digits) == DIGITS)
        return g_steal_pointer (&digits);
      *exponent += strlen (digits) > DIGITS ? 1 : -1;
    }
  return NULL;
}

static char *
format_scientific (const char *digits, gboolean negative, int exponent)
{
  g_autoptr (GString) text = g_string_new (digits);

  if (text->len > 1)
    g_string_insert_c (text, 1, '.');
  if (negative)
    g_string_prepend_c (text, '-');
  g_string_append_printf (text, "e%d", exponent);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

/* What has fewer digits than a double could have is what was meant: the sine of 30°, and no third. */
static char *
format_double (double value, gboolean *is_rounded)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  guint n_digits = 0;

  /* There is but one zero. */
  g_ascii_formatd (text, sizeof text, "%.15g", value == 0 ? 0 : value);
  for (const char *p = text; *p != '\0' && *p != 'e'; p++)
    if (g_ascii_isdigit (*p) && (n_digits > 0 || *p != '0'))
      n_digits++;
  *is_rounded = n_digits >= DIGITS - 1;
  return g_strdup (text);
}

char *
sotto_number_format (const SottoNumber *self, gboolean *is_rounded)
{
  const int n_decimals = self->is_exact ? count_decimals (&self->below) : -1;
  g_autofree char *digits = NULL;
  int exponent;

  *is_rounded = FALSE;
  if (n_decimals >= 0)
    {
      SottoBig all, ten;

      set_ten (&ten, (guint) n_decimals);
      if (sotto_big_multiply (&all, &self->above, &ten))
        {
          sotto_big_divide (&all, NULL, &all, &self->below);
          all.negative = FALSE;
          digits = sotto_big_format (&all);
          return place_point (digits, self->above.negative, n_decimals);
        }
    }

  digits = self->is_exact ? divide_digits (self, &exponent, is_rounded) : NULL;
  if (digits == NULL)
    {
      char *text = format_double (sotto_number_get_double (self), is_rounded);

      *is_rounded |= self->is_exact;
      return text;
    }
  for (gsize i = DIGITS; i > 1 && digits[i - 1] == '0'; i--)
    digits[i - 1] = '\0';
  if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT)
    return format_scientific (digits, self->above.negative, exponent);
  while (exponent >= (int) strlen (digits))
    {
      char *longer = g_strconcat (digits, "0", NULL);

      g_free (digits);
      digits = longer;
    }
  return place_point (digits, self->above.negative, (int) strlen (digits) - 1 - exponent);
}
