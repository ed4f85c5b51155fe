#include "big.h"

#include <math.h>
#include <string.h>

/* Schoolbook arithmetic with limbs of 32 bits; division is Knuth's algorithm D (The Art of Computer Programming, 4.3.1). */

static void
trim (SottoBig *self)
{
  while (self->n > 0 && self->limbs[self->n - 1] == 0)
    self->n--;
  if (self->n == 0)
    self->negative = FALSE;
}

/* Only the limbs that count: most numbers have one. */
static void
copy (SottoBig *out, const SottoBig *from)
{
  if (out == from)
    return;
  out->negative = from->negative;
  out->n = from->n;
  memcpy (out->limbs, from->limbs, from->n * sizeof from->limbs[0]);
}

void
sotto_big_set (SottoBig *self, guint64 value)
{
  self->negative = FALSE;
  self->n = 2;
  self->limbs[0] = (guint32) value;
  self->limbs[1] = (guint32) (value >> 32);
  trim (self);
}

gboolean
sotto_big_is_zero (const SottoBig *self)
{
  return self->n == 0;
}

gboolean
sotto_big_is_one (const SottoBig *self)
{
  return self->n == 1 && self->limbs[0] == 1 && !self->negative;
}

gboolean
sotto_big_is_odd (const SottoBig *self)
{
  return self->n > 0 && (self->limbs[0] & 1) != 0;
}

gboolean
sotto_big_get (const SottoBig *self, guint64 *value)
{
  if (self->negative || self->n > 2)
    return FALSE;
  *value = (self->n > 0 ? self->limbs[0] : 0) | (self->n > 1 ? (guint64) self->limbs[1] << 32 : 0);
  return TRUE;
}

guint
sotto_big_count_bits (const SottoBig *self)
{
  return self->n > 0 ? 32 * (self->n - 1) + (guint) g_bit_storage (self->limbs[self->n - 1]) : 0;
}

int
sotto_big_compare_magnitude (const SottoBig *a, const SottoBig *b)
{
  if (a->n != b->n)
    return a->n < b->n ? -1 : 1;
  for (guint i = a->n; i > 0; i--)
    if (a->limbs[i - 1] != b->limbs[i - 1])
      return a->limbs[i - 1] < b->limbs[i - 1] ? -1 : 1;
  return 0;
}

int
sotto_big_compare (const SottoBig *a, const SottoBig *b)
{
  if (a->negative != b->negative)
    return a->negative ? -1 : 1;
  return a->negative ? sotto_big_compare_magnitude (b, a) : sotto_big_compare_magnitude (a, b);
}

/* --- Sums --- */

static gboolean
add_magnitudes (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  const guint n = MAX (a->n, b->n);
  guint64 carry = 0;

  for (guint i = 0; i < n; i++)
    {
      carry += (guint64) (i < a->n ? a->limbs[i] : 0) + (i < b->n ? b->limbs[i] : 0);
      out->limbs[i] = (guint32) carry;
      carry >>= 32;
    }
  out->n = n;
  if (carry > 0)
    {
      if (n == SOTTO_BIG_LIMBS)
        return FALSE;
      out->limbs[out->n++] = (guint32) carry;
    }
  return TRUE;
}

/* @a is not less than @b. */
static void
subtract_magnitudes (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  const guint n = a->n;
  gint64 borrow = 0;

  for (guint i = 0; i < n; i++)
    {
      const gint64 difference = (gint64) a->limbs[i] - (i < b->n ? b->limbs[i] : 0) - borrow;

      borrow = difference < 0;
      out->limbs[i] = (guint32) (difference + (borrow << 32));
    }
  out->n = n;
}

static gboolean
add_signed (SottoBig *out, const SottoBig *a, const SottoBig *b, gboolean b_negative)
{
  const gboolean a_negative = a->negative;
  gboolean negative = a_negative;
  gboolean fits = TRUE;

  if (a_negative == b_negative)
    {
      fits = add_magnitudes (out, a, b);
    }
  else if (sotto_big_compare_magnitude (a, b) >= 0)
    {
      subtract_magnitudes (out, a, b);
    }
  else
    {
      subtract_magnitudes (out, b, a);
      negative = b_negative;
    }
  out->negative = negative;
  trim (out);
  return fits;
}

gboolean
sotto_big_add (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  return add_signed (out, a, b, b->negative);
}

gboolean
sotto_big_subtract (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  return add_signed (out, a, b, !b->negative && b->n > 0);
}

/* --- Products --- */

gboolean
sotto_big_multiply (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  guint32 product[2 * SOTTO_BIG_LIMBS];
  guint n = a->n + b->n;

  memset (product, 0, n * sizeof product[0]);
  for (guint i = 0; i < a->n; i++)
    {
      guint64 carry = 0;

      for (guint j = 0; j < b->n; j++)
        {
          carry += (guint64) a->limbs[i] * b->limbs[j] + product[i + j];
          product[i + j] = (guint32) carry;
          carry >>= 32;
        }
      product[i + b->n] = (guint32) carry;
    }
  while (n > 0 && product[n - 1] == 0)
    n--;
  if (n > SOTTO_BIG_LIMBS)
    return FALSE;

  out->negative = a->negative != b->negative;
  out->n = n;
  memcpy (out->limbs, product, n * sizeof product[0]);
  trim (out);
  return TRUE;
}

gboolean
sotto_big_power (SottoBig *out, const SottoBig *base, guint exponent)
{
  SottoBig square, result;

  copy (&square, base);
  sotto_big_set (&result, 1);
  for (; exponent > 0; exponent >>= 1)
    {
      if ((exponent & 1) != 0 && !sotto_big_multiply (&result, &result, &square))
        return FALSE;
      if (exponent > 1 && !sotto_big_multiply (&square, &square, &square))
        return FALSE;
    }
  copy (out, &result);
  return TRUE;
}

/* --- Quotients --- */

/* By one limb. Returns: the remainder */
static guint32
divide_small (SottoBig *quotient, const SottoBig *a, guint32 divisor)
{
  guint64 remainder = 0;

  for (guint i = a->n; i > 0; i--)
    {
      remainder = remainder << 32 | a->limbs[i - 1];
      quotient->limbs[i - 1] = (guint32) (remainder / divisor);
      remainder %= divisor;
    }
  quotient->n = a->n;
  quotient->negative = FALSE;
  trim (quotient);
  return (guint32) remainder;
}

/* @from shifted to the left by less than a limb; @n limbs, of which the last may take what is shifted out */
static void
shift_left (guint32 *out, const guint32 *from, guint n, guint shift)
{
  guint32 carry = 0;

  for (guint i = 0; i < n; i++)
    {
      const guint64 shifted = (guint64) from[i] << shift;

      out[i] = (guint32) shifted | carry;
      carry = (guint32) (shifted >> 32);
    }
  out[n] = carry;
}

/* Step D3: one limb of the quotient, at most two too large */
static guint64
guess_limb (const guint32 *top, guint32 first, guint32 second)
{
  const guint64 two = (guint64) top[0] << 32 | top[-1];
  guint64 guess = two / first;
  guint64 rest = two % first;

  while (guess > G_MAXUINT32 || guess * second > (rest << 32 | top[-2]))
    {
      guess--;
      rest += first;
      if (rest > G_MAXUINT32)
        break;
    }
  return guess;
}

/* Steps D4 to D6. Returns: the limb of the quotient */
static guint32
subtract_multiple (guint32 *from, const guint32 *divisor, guint n, guint64 guess)
{
  guint64 carry = 0;
  gint64 borrow = 0;

  for (guint i = 0; i <= n; i++)
    {
      gint64 difference;

      carry += i < n ? guess * divisor[i] : 0;
      difference = (gint64) from[i] - (gint64) (guint32) carry - borrow;
      borrow = difference < 0;
      from[i] = (guint32) difference;
      carry >>= 32;
    }
  if (borrow == 0)
    return (guint32) guess;

  carry = 0;
  for (guint i = 0; i <= n; i++)
    {
      carry += (guint64) from[i] + (i < n ? divisor[i] : 0);
      from[i] = (guint32) carry;
      carry >>= 32;
    }
  return (guint32) guess - 1;
}

static void
divide_large (SottoBig *quotient, SottoBig *remainder, const SottoBig *a, const SottoBig *b)
{
  const guint n = b->n;
  const guint n_quotient = a->n - n + 1;
  const guint shift = 32 - (guint) g_bit_storage (b->limbs[n - 1]);
  guint32 rest[SOTTO_BIG_LIMBS + 1];
  guint32 divisor[SOTTO_BIG_LIMBS + 1];

  shift_left (rest, a->limbs, a->n, shift);
  shift_left (divisor, b->limbs, n, shift);
  for (guint i = n_quotient; i > 0; i--)
    {
      const guint64 guess = guess_limb (&rest[i - 1 + n], divisor[n - 1], divisor[n - 2]);

      quotient->limbs[i - 1] = subtract_multiple (&rest[i - 1], divisor, n, guess);
    }
  quotient->n = n_quotient;
  quotient->negative = FALSE;
  trim (quotient);

  for (guint i = 0; i < n; i++)
    remainder->limbs[i] = rest[i] >> shift | (shift > 0 ? (guint32) ((guint64) rest[i + 1] << (32 - shift)) : 0);
  remainder->n = n;
  remainder->negative = FALSE;
  trim (remainder);
}

void
sotto_big_divide (SottoBig *quotient, SottoBig *remainder, const SottoBig *a, const SottoBig *b)
{
  const gboolean a_negative = a->negative;
  const gboolean b_negative = b->negative;
  SottoBig q, r;

  if (sotto_big_compare_magnitude (a, b) < 0)
    {
      sotto_big_set (&q, 0);
      copy (&r, a);
    }
  else if (b->n == 1)
    {
      sotto_big_set (&r, divide_small (&q, a, b->limbs[0]));
    }
  else
    {
      divide_large (&q, &r, a, b);
    }
  q.negative = a_negative != b_negative && q.n > 0;
  r.negative = a_negative && r.n > 0;
  if (quotient != NULL)
    copy (quotient, &q);
  if (remainder != NULL)
    copy (remainder, &r);
}

static guint64
gcd_small (guint64 a, guint64 b)
{
  while (b != 0)
    {
      const guint64 rest = a % b;

      a = b;
      b = rest;
    }
  return a;
}

void
sotto_big_gcd (SottoBig *out, const SottoBig *a, const SottoBig *b)
{
  SottoBig x, y, rest;
  guint64 small_x, small_y;

  copy (&x, a);
  copy (&y, b);
  x.negative = FALSE;
  y.negative = FALSE;
  while (y.n > 2)
    {
      sotto_big_divide (NULL, &rest, &x, &y);
      copy (&x, &y);
      copy (&y, &rest);
    }
  if (y.n > 0 && x.n > 2)
    {
      sotto_big_divide (NULL, &rest, &x, &y);
      copy (&x, &y);
      copy (&y, &rest);
    }
  if (sotto_big_get (&x, &small_x) && sotto_big_get (&y, &small_y))
    sotto_big_set (out, gcd_small (small_x, small_y));
  else
    copy (out, &x); /* the other one is 0 */
}

/* Newton's method from above */
gboolean
sotto_big_root (SottoBig *out, const SottoBig *a)
{
  const guint bits = (sotto_big_count_bits (a) + 1) / 2;
  SottoBig guess, next, two;
  gboolean is_square;

  if (sotto_big_is_zero (a))
    {
      sotto_big_set (out, 0);
      return TRUE;
    }

  /* Not less than the root, and of half as many bits */
  memset (&guess, 0, sizeof guess);
  guess.n = bits / 32 + 1;
  guess.limbs[guess.n - 1] = (guint32) 1 << bits % 32;
  sotto_big_set (&two, 2);
  for (;;)
    {
      sotto_big_divide (&next, NULL, a, &guess);
      sotto_big_add (&next, &next, &guess);
      sotto_big_divide (&next, NULL, &next, &two);
      if (sotto_big_compare_magnitude (&next, &guess) >= 0)
        break;
      copy (&guess, &next);
    }
  sotto_big_multiply (&next, &guess, &guess);
  is_square = sotto_big_compare_magnitude (&next, a) == 0;
  copy (out, &guess);
  return is_square;
}

/* --- In digits --- */

#define CHUNK 1000000000u
#define CHUNK_DIGITS 9

gboolean
sotto_big_parse (SottoBig *out, const char *digits, gsize length)
{
  sotto_big_set (out, 0);
  for (gsize i = 0; i < length; i++)
    {
      guint64 carry = (guint64) (digits[i] - '0');

      for (guint j = 0; j < out->n; j++)
        {
          carry += (guint64) out->limbs[j] * 10;
          out->limbs[j] = (guint32) carry;
          carry >>= 32;
        }
      if (carry == 0)
        continue;
      if (out->n == SOTTO_BIG_LIMBS)
        return FALSE;
      out->limbs[out->n++] = (guint32) carry;
    }
  return TRUE;
}

char *
sotto_big_format (const SottoBig *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  SottoBig rest;

  copy (&rest, self);
  while (rest.n > 0)
    {
      guint32 chunk = divide_small (&rest, &rest, CHUNK);

      for (guint i = 0; i < CHUNK_DIGITS && (rest.n > 0 || chunk > 0); i++, chunk /= 10)
        g_string_append_c (text, (char) ('0' + chunk % 10));
    }
  if (text->len == 0)
    g_string_append_c (text, '0');
  if (self->negative)
    g_string_append_c (text, '-');
  g_strreverse (text->str);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

double
sotto_big_to_double (const SottoBig *self, int *exponent)
{
  double mantissa = 0;
  int shift = 0;

  /* Three limbs are more than a double holds, whatever the first one has; the rest does not count. */
  for (guint i = 0; i < MIN (self->n, 3); i++)
    mantissa = mantissa * 4294967296.0 + self->limbs[self->n - 1 - i];
  mantissa = frexp (mantissa, &shift);
  *exponent = shift + 32 * (int) (self->n - MIN (self->n, 3));
  return self->negative ? -mantissa : mantissa;
}
