#include "number.h"

#include <math.h>
#include <string.h>

/* Of powers and of ten in what is typed: what has more is no number that anybody reads */
#define MAX_POWER 10000

void
sotto_number_init (SottoNumber *self, gint64 value)
{
  mpq_init (self->fraction);
  self->value = 0;
  sotto_number_set_whole (self, value);
}

void
sotto_number_clear (SottoNumber *self)
{
  mpq_clear (self->fraction);
}

void
sotto_number_set (SottoNumber *self, const SottoNumber *from)
{
  self->is_exact = from->is_exact;
  self->value = from->value;
  if (self->is_exact)
    mpq_set (self->fraction, from->fraction);
}

void
sotto_number_set_whole (SottoNumber *self, gint64 value)
{
  self->is_exact = TRUE;
  mpq_set_si (self->fraction, (long) value, 1);
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

/* Whether what was calculated in its fraction is short enough to go on with */
static gboolean
take_fraction (SottoNumber *self)
{
  self->is_exact = mpz_sizeinbase (mpq_numref (self->fraction), 2) <= SOTTO_NUMBER_MAX_BITS
                   && mpz_sizeinbase (mpq_denref (self->fraction), 2) <= SOTTO_NUMBER_MAX_BITS;
  return self->is_exact;
}

SottoNumberProblem
sotto_number_set_large (SottoNumber *self, const mpz_t value)
{
  mpq_set_z (self->fraction, value);
  return take_fraction (self) ? SOTTO_NUMBER_OK : SOTTO_NUMBER_TOO_LARGE;
}

double
sotto_number_get_double (const SottoNumber *self)
{
  long above_exponent, below_exponent;
  double above, below;

  if (!self->is_exact)
    return self->value;
  /* mpq_get_d() rounds to 0; this is the nearest one wherever both parts fit a double. */
  above = mpz_get_d_2exp (&above_exponent, mpq_numref (self->fraction));
  below = mpz_get_d_2exp (&below_exponent, mpq_denref (self->fraction));
  return ldexp (above / below, (int) (above_exponent - below_exponent));
}

gboolean
sotto_number_is_whole (const SottoNumber *self)
{
  return self->is_exact && mpz_cmp_ui (mpq_denref (self->fraction), 1) == 0;
}

gboolean
sotto_number_get_whole (const SottoNumber *self, gboolean *negative, guint64 *value)
{
  if (!sotto_number_is_whole (self) || mpz_sizeinbase (mpq_numref (self->fraction), 2) > 64)
    return FALSE;
  *negative = sotto_number_get_sign (self) < 0;
  *value = mpz_get_ui (mpq_numref (self->fraction));
  return TRUE;
}

int
sotto_number_get_sign (const SottoNumber *self)
{
  return self->is_exact ? mpq_sgn (self->fraction) : (self->value > 0) - (self->value < 0);
}

SottoNumberProblem
sotto_number_parse (SottoNumber *self, const char *text, gsize length)
{
  g_autoptr (GString) digits = g_string_new ("0");
  gint64 exponent = 0;
  gboolean has_point = FALSE;
  mpz_t ten;

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

  mpq_set_str (self->fraction, digits->str, 10);
  mpz_init (ten);
  mpz_ui_pow_ui (ten, 10, (gulong) ABS (exponent));
  if (exponent > 0)
    mpz_mul (mpq_numref (self->fraction), mpq_numref (self->fraction), ten);
  else
    mpz_set (mpq_denref (self->fraction), ten);
  mpz_clear (ten);
  mpq_canonicalize (self->fraction);
  return take_fraction (self) ? SOTTO_NUMBER_OK : SOTTO_NUMBER_TOO_LARGE;
}

/* --- Arithmetic --- */

static gboolean
both_exact (const SottoNumber *a, const SottoNumber *b)
{
  return a->is_exact && b->is_exact;
}

/* @exact: if both are; @value: what doubles give. What comes out may be one of what went in, so that is reckoned before. */
static SottoNumberProblem
calculate (SottoNumber        *out,
           const SottoNumber  *a,
           const SottoNumber  *b,
           void              (*exact) (mpq_ptr, mpq_srcptr, mpq_srcptr),
           double              value)
{
  if (both_exact (a, b))
    {
      exact (out->fraction, a->fraction, b->fraction);
      if (take_fraction (out))
        return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, value);
}

SottoNumberProblem
sotto_number_add (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  return calculate (out, a, b, mpq_add, sotto_number_get_double (a) + sotto_number_get_double (b));
}

SottoNumberProblem
sotto_number_subtract (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  return calculate (out, a, b, mpq_sub, sotto_number_get_double (a) - sotto_number_get_double (b));
}

SottoNumberProblem
sotto_number_multiply (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  return calculate (out, a, b, mpq_mul, sotto_number_get_double (a) * sotto_number_get_double (b));
}

SottoNumberProblem
sotto_number_divide (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  if (sotto_number_get_sign (b) == 0)
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  return calculate (out, a, b, mpq_div, sotto_number_get_double (a) / sotto_number_get_double (b));
}

void
sotto_number_negate (SottoNumber *self)
{
  if (self->is_exact)
    mpq_neg (self->fraction, self->fraction);
  else
    self->value = -self->value;
}

int
sotto_number_compare (const SottoNumber *a, const SottoNumber *b)
{
  double x, y;

  if (both_exact (a, b))
    {
      const int order = mpq_cmp (a->fraction, b->fraction);

      return (order > 0) - (order < 0);
    }
  x = sotto_number_get_double (a);
  y = sotto_number_get_double (b);
  return (x > y) - (x < y);
}

SottoNumberProblem
sotto_number_root (SottoNumber *out, const SottoNumber *a)
{
  if (sotto_number_get_sign (a) < 0)
    return SOTTO_NUMBER_NOT_REAL;
  if (!a->is_exact || !mpz_perfect_square_p (mpq_numref (a->fraction)) || !mpz_perfect_square_p (mpq_denref (a->fraction)))
    return sotto_number_set_double (out, sqrt (sotto_number_get_double (a)));

  mpz_sqrt (mpq_numref (out->fraction), mpq_numref (a->fraction));
  mpz_sqrt (mpq_denref (out->fraction), mpq_denref (a->fraction));
  out->is_exact = TRUE;
  return SOTTO_NUMBER_OK;
}

/* Whether its power would be far longer than what fractions may be, and is not to be calculated */
static gboolean
outgrows (const SottoNumber *base, guint exponent)
{
  const gsize bits = MAX (mpz_sizeinbase (mpq_numref (base->fraction), 2), mpz_sizeinbase (mpq_denref (base->fraction), 2));

  return (bits - 1) * exponent > SOTTO_NUMBER_MAX_BITS;
}

static SottoNumberProblem
power_of_whole (SottoNumber *out, const SottoNumber *base, gboolean negative, guint exponent)
{
  const double value = pow (sotto_number_get_double (base), negative ? -(double) exponent : (double) exponent);

  if (negative && sotto_number_get_sign (base) == 0)
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  if (base->is_exact && !outgrows (base, exponent))
    {
      mpz_pow_ui (mpq_numref (out->fraction), mpq_numref (base->fraction), exponent);
      mpz_pow_ui (mpq_denref (out->fraction), mpq_denref (base->fraction), exponent);
      if (negative)
        mpq_inv (out->fraction, out->fraction);
      if (take_fraction (out))
        return SOTTO_NUMBER_OK;
    }
  return sotto_number_set_double (out, value);
}

SottoNumberProblem
sotto_number_power (SottoNumber *out, const SottoNumber *base, const SottoNumber *exponent)
{
  gboolean negative = FALSE;
  guint64 whole;

  if (sotto_number_get_whole (exponent, &negative, &whole) && whole <= MAX_POWER)
    return power_of_whole (out, base, negative, (guint) whole);
  /* Half is the root. */
  if (exponent->is_exact && mpq_cmp_ui (exponent->fraction, 1, 2) == 0)
    return sotto_number_root (out, base);
  if (sotto_number_get_sign (base) == 0 && sotto_number_get_sign (exponent) < 0)
    return SOTTO_NUMBER_DIVIDED_BY_ZERO;
  return sotto_number_set_double (out, pow (sotto_number_get_double (base), sotto_number_get_double (exponent)));
}

/* --- Rounding --- */

/* @self as a whole number */
static void
round_fraction (mpz_t out, mpq_srcptr self, SottoRounding rounding)
{
  switch (rounding)
    {
    case SOTTO_ROUND_DOWN:
      mpz_fdiv_q (out, mpq_numref (self), mpq_denref (self));
      break;
    case SOTTO_ROUND_UP:
      mpz_cdiv_q (out, mpq_numref (self), mpq_denref (self));
      break;
    case SOTTO_ROUND_NEAREST:
      {
        mpq_t half;

        /* A half is added, away from 0, and the rest left out. */
        mpq_init (half);
        mpq_set_si (half, mpq_sgn (self) < 0 ? -1 : 1, 2);
        mpq_add (half, half, self);
        mpz_tdiv_q (out, mpq_numref (half), mpq_denref (half));
        mpq_clear (half);
        break;
      }
    case SOTTO_ROUND_TO_ZERO:
    default:
      mpz_tdiv_q (out, mpq_numref (self), mpq_denref (self));
      break;
    }
}

/* 10 to the power of @exponent */
static void
set_ten (mpq_t out, int exponent)
{
  mpq_set_ui (out, 1, 1);
  mpz_ui_pow_ui (mpq_numref (out), 10, (gulong) ABS (exponent));
  if (exponent < 0)
    mpq_inv (out, out);
}

SottoNumberProblem
sotto_number_round (SottoNumber *out, const SottoNumber *a, int places, SottoRounding rounding)
{
  mpq_t ten;

  if (ABS (places) > MAX_POWER)
    return SOTTO_NUMBER_TOO_LARGE;

  if (a->is_exact)
    mpq_set (out->fraction, a->fraction);
  else
    mpq_set_d (out->fraction, a->value);
  mpq_init (ten);
  set_ten (ten, places);
  mpq_mul (out->fraction, out->fraction, ten);
  round_fraction (mpq_numref (ten), out->fraction, rounding);
  mpz_set (mpq_numref (out->fraction), mpq_numref (ten));
  mpz_set_ui (mpq_denref (out->fraction), 1);
  set_ten (ten, places);
  mpq_div (out->fraction, out->fraction, ten);
  mpq_clear (ten);
  return take_fraction (out) ? SOTTO_NUMBER_OK : SOTTO_NUMBER_TOO_LARGE;
}

/* --- In digits --- */

/* Digits that a number has where not all of them are written: what a double is sure of */
#define DIGITS 15

/* Decimals that are written in full */
#define MAX_DECIMALS 30

/* An exponent beyond these is written as one. */
#define MIN_EXPONENT (-7)
#define MAX_EXPONENT 20

/* How many decimals it has; -1: it does not end, or not before @MAX_DECIMALS */
static int
count_decimals (mpq_srcptr fraction)
{
  static const guint primes[] = { 2, 5 };
  gulong most = 0;
  gboolean ends;
  mpz_t rest, prime;

  mpz_init_set (rest, mpq_denref (fraction));
  mpz_init (prime);
  for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
    {
      gulong n;

      mpz_set_ui (prime, primes[i]);
      n = mpz_remove (rest, rest, prime);
      most = MAX (most, n);
    }
  ends = mpz_cmp_ui (rest, 1) == 0;
  mpz_clears (rest, prime, NULL);
  return ends && most <= MAX_DECIMALS ? (int) most : -1;
}

/* The digits of the magnitude of @fraction times 10 to the power of @shift, rounded to a whole number.
 * Returns: (transfer full) */
static char *
dup_digits (mpq_srcptr fraction, int shift, gboolean *is_rounded)
{
  mpq_t shifted;
  char *digits;

  mpq_init (shifted);
  set_ten (shifted, shift);
  mpq_mul (shifted, shifted, fraction);
  mpq_abs (shifted, shifted);
  *is_rounded = mpz_cmp_ui (mpq_denref (shifted), 1) != 0;
  round_fraction (mpq_numref (shifted), shifted, SOTTO_ROUND_NEAREST);
  digits = g_malloc (mpz_sizeinbase (mpq_numref (shifted), 10) + 2);
  mpz_get_str (digits, 10, mpq_numref (shifted));
  mpq_clear (shifted);
  return digits;
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
guess_exponent (mpq_srcptr fraction)
{
  long above_exponent, below_exponent;
  const double above = mpz_get_d_2exp (&above_exponent, mpq_numref (fraction));
  const double below = mpz_get_d_2exp (&below_exponent, mpq_denref (fraction));

  return (int) floor (log10 (fabs (above / below)) + (double) (above_exponent - below_exponent) * log10 (2));
}

/* The first digits of a fraction that does not end, or only after many: @exponent is that of the first one.
 * Returns: (transfer full) */
static char *
divide_digits (mpq_srcptr fraction, int *exponent, gboolean *is_rounded)
{
  *exponent = guess_exponent (fraction);
  while (TRUE)
    {
      g_autofree char *digits = dup_digits (fraction, DIGITS - 1 - *exponent, is_rounded);
      const gsize length = strlen (digits);

      /* The logarithm was that of the double beside it, or the last digit became a new first one. */
      if (length == DIGITS)
        return g_steal_pointer (&digits);
      *exponent += length > DIGITS ? 1 : -1;
    }
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
  const gboolean negative = sotto_number_get_sign (self) < 0;
  g_autofree char *digits = NULL;
  int n_decimals, exponent;

  *is_rounded = FALSE;
  if (!self->is_exact)
    return format_double (self->value, is_rounded);

  n_decimals = count_decimals (self->fraction);
  if (n_decimals >= 0)
    {
      digits = dup_digits (self->fraction, n_decimals, is_rounded);
      return place_point (digits, negative, n_decimals);
    }

  digits = divide_digits (self->fraction, &exponent, is_rounded);
  for (gsize i = DIGITS; i > 1 && digits[i - 1] == '0'; i--)
    digits[i - 1] = '\0';
  if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT)
    return format_scientific (digits, negative, exponent);
  while (exponent >= (int) strlen (digits))
    {
      char *longer = g_strconcat (digits, "0", NULL);

      g_free (digits);
      digits = longer;
    }
  return place_point (digits, negative, (int) strlen (digits) - 1 - exponent);
}
