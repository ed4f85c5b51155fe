#pragma once

/* Exponential and logarithm, ours so that they are the same on every machine: only sums, products
 * and quotients, which IEEE 754 leaves no choice about. */

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* e^x for x <= 0, within 2e-7 of itself; e^-87 below, where nothing is ever drawn. x = n ln 2 + r
 * with |r| <= ln 2 / 2, the two parts of ln 2 being such that n times the first is exact (Cody &
 * Waite 1980); then Taylor to the 7th power. Without a branch, so that a compiler can take several
 * at once: adding 1.5 × 2^23 rounds to whole numbers and leaves them in the low bits, from where
 * they are shifted to the exponent. */
static inline float
sotto_exp (float x)
{
  const float to_whole = 0x1.8p23f;
  float bounded = x > -87.0f ? x : -87.0f;
  float shifted = bounded * 1.44269504f + to_whole;
  float n = shifted - to_whole;
  float r = bounded - n * 0.693359375f;
  float sum = 1.0f / 5040.0f;
  union { float number; guint32 bits; } power = { shifted };

  r += n * 2.12194440e-4f;

  sum = sum * r + 1.0f / 720.0f;
  sum = sum * r + 1.0f / 120.0f;
  sum = sum * r + 1.0f / 24.0f;
  sum = sum * r + 1.0f / 6.0f;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;

  power.bits = (power.bits + 127) << 23;

  return sum * power.number;
}

/* ln x for a normal positive x, within a few units in the last place: x = 2^n m with m within a
 * factor of sqrt 2 from 1, and ln m = 2 artanh ((m - 1) / (m + 1)) as a series to the 21st power. */
static inline double
sotto_log (double x)
{
  guint64 bits;
  gint64 n;
  double m;
  double s;
  double square;
  double sum = 0.0;

  memcpy (&bits, &x, sizeof bits);
  n = (gint64) (bits >> 52) - 1023;
  bits = (bits & G_GUINT64_CONSTANT (0xfffffffffffff)) | (guint64) 1023 << 52;
  memcpy (&m, &bits, sizeof m);
  if (m > 1.4142135623730951)
    {
      m *= 0.5;
      n++;
    }

  s = (m - 1.0) / (m + 1.0);
  square = s * s;
  for (int power = 21; power >= 3; power -= 2)
    sum = (sum + 1.0 / power) * square;

  return n * 6.93147180369123816490e-01 + (n * 1.90821492927058770002e-10 + 2.0 * s * (sum + 1.0));
}

G_END_DECLS
