#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

/* Exponential and its kin as fixed sequences of IEEE operations, so that every machine, compiler
 * and tier gives the same bits (a libm gives those of its version). The vector forms in lanes.h do
 * the same operations per element. Files that include this are compiled with -ffp-contract=off.
 *
 * e^x: x = k ln 2 + r with |r| <= ln 2 / 2 (Cody & Waite 1980: ln 2 in two parts, so that k times
 * the first is exact), e^r by its Taylor series to r⁷ (the rest is below 5.2e-9), times 2^k through
 * the exponent bits. */

#define SOTTO_EXP_HIGHEST 88.0f         /* above: e^88, still finite */
#define SOTTO_EXP_LOWEST -87.0f         /* below: 0 */
#define SOTTO_EXP_LOG2E 1.44269504f
#define SOTTO_EXP_LN2_HIGH 0.693145751953125f
#define SOTTO_EXP_LN2_LOW 1.42860677e-6f
#define SOTTO_EXP_C7 1.98412698e-4f
#define SOTTO_EXP_C6 1.38888889e-3f
#define SOTTO_EXP_C5 8.33333333e-3f
#define SOTTO_EXP_C4 4.16666667e-2f
#define SOTTO_EXP_C3 1.66666667e-1f

/* 1.5 * 2^23: adding it rounds to an integer (half to even), which then stands in the low bits. */
#define SOTTO_ROUNDER 12582912.0f

#define SOTTO_GELU_LINEAR 1.59576912f   /* 2 sqrt (2 / pi) */
#define SOTTO_GELU_CUBIC 0.044715f

static inline float
sotto_exp (float x)
{
  float bounded = SOTTO_EXP_HIGHEST < x ? SOTTO_EXP_HIGHEST : x;
  float shifted = bounded * SOTTO_EXP_LOG2E + SOTTO_ROUNDER;
  float k = shifted - SOTTO_ROUNDER;
  float r = (bounded - k * SOTTO_EXP_LN2_HIGH) - k * SOTTO_EXP_LN2_LOW;
  float sum = SOTTO_EXP_C7;
  guint32 bits;
  float power;

  sum = sum * r + SOTTO_EXP_C6;
  sum = sum * r + SOTTO_EXP_C5;
  sum = sum * r + SOTTO_EXP_C4;
  sum = sum * r + SOTTO_EXP_C3;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  memcpy (&bits, &shifted, sizeof bits);
  bits = (bits << 23) + 0x3f800000u;
  memcpy (&power, &bits, sizeof power);
  return x < SOTTO_EXP_LOWEST ? 0.0f : sum * power;
}

/* x * sigmoid (x) */
static inline float
sotto_silu (float x)
{
  return x / (1.0f + sotto_exp (-x));
}

/* The tanh form of GELU (Hendrycks & Gimpel 2016), as x * sigmoid (2 sqrt (2/pi) (x + 0.044715
 * x³)). */
static inline float
sotto_gelu (float x)
{
  float inner = (x + SOTTO_GELU_CUBIC * x * x * x) * SOTTO_GELU_LINEAR;

  return x / (1.0f + sotto_exp (-inner));
}

/**
 * sotto_sincos:
 * @angle: |angle| <= 1.6e6
 *
 * Sine and cosine in double, good to 1e-15: the angle is brought to [-pi/4, pi/4] by a pi/2 in
 * three parts of 33 bits (each product with the quadrant's number is exact), then Taylor series to
 * the 17th power.
 */
static inline void
sotto_sincos (double angle, double *sine, double *cosine)
{
  const double rounder = 6755399441055744.0; /* 1.5 * 2^52 */
  double quadrant = (angle * 0.63661977236758134308 + rounder) - rounder;
  double r = ((angle - quadrant * 1.57079632673412561417e+00)
              - quadrant * 6.07710050630396597660e-11)
             - quadrant * 2.02226624879595063154e-21;
  double z = r * r;
  double s = 1.0 / 355687428096000.0;
  double c = 1.0 / 20922789888000.0;
  gint64 turn = (gint64) quadrant & 3;

  s = s * z - 1.0 / 1307674368000.0;
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = s * z * r + r;

  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = c * z - 0.5;
  c = c * z + 1.0;

  *sine = turn == 0 ? s : turn == 1 ? c : turn == 2 ? -s : -c;
  *cosine = turn == 0 ? c : turn == 1 ? -s : turn == 2 ? -c : s;
}
