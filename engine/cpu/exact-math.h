#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

/* Exponential and its kin as fixed sequences of IEEE operations, so that every machine, compiler
 * and tier gives the same bits (a libm gives those of its version). The vector forms in cpu/template-math.h do
 * the same operations per element. Files that include this are compiled with -ffp-contract=off.
 *
 * e^x: x = k ln 2 + r with |r| <= ln 2 / 2 (Cody & Waite 1980: ln 2 in two parts, so that k times
 * the first is exact), e^r by its Taylor series to r⁷ (the rest is below 5.2e-9), times 2^k through
 * the exponent bits. */

/* Kernels for GPUs (cuda/device.h) say here that these are functions of the device, too. */
#ifndef SOTTO_EXACT
#define SOTTO_EXACT static inline
#endif

#define SOTTO_EXP_HIGHEST 88.0f         /* above: e^88, still finite */
#define SOTTO_EXP_LOWEST -87.0f         /* below: 0 */
#define SOTTO_WEIGH_LOWEST -80.0f       /* the same of weights of attention, which stand beside 1 */
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

/* tanh: below this x + x³ P (x²) with a minimax polynomial, so that small values keep their
 * digits; above it 1 - 2 / (e^2x + 1). */
#define SOTTO_TANH_SMALL 0.625f
#define SOTTO_TANH_P4 -5.70498872745e-3f
#define SOTTO_TANH_P3 2.06390887954e-2f
#define SOTTO_TANH_P2 -5.37397155531e-2f
#define SOTTO_TANH_P1 1.33314422036e-1f
#define SOTTO_TANH_P0 -3.33332819422e-1f

/* erf: x P (x²) / Q (x²), minimax up to 4, where it is 1 to the last bit. */
#define SOTTO_ERF_HIGHEST 4.0f
#define SOTTO_ERF_P6 -2.72614225801306e-10f
#define SOTTO_ERF_P5 2.77068142495902e-8f
#define SOTTO_ERF_P4 -2.10102402082508e-6f
#define SOTTO_ERF_P3 -5.69250639462346e-5f
#define SOTTO_ERF_P2 -7.34990630326855e-4f
#define SOTTO_ERF_P1 -2.95459980854025e-3f
#define SOTTO_ERF_P0 -1.60960333262415e-2f
#define SOTTO_ERF_Q4 -1.45660718464996e-5f
#define SOTTO_ERF_Q3 -2.13374055278905e-4f
#define SOTTO_ERF_Q2 -1.68282697438203e-3f
#define SOTTO_ERF_Q1 -7.37332916720468e-3f
#define SOTTO_ERF_Q0 -1.42647390514189e-2f

#define SOTTO_HALF_ROOT 0.70710678f     /* sqrt (1 / 2) */
#define SOTTO_CLAMPED_HIGHEST 7.0f
#define SOTTO_CLAMPED_SLOPE 1.702f

SOTTO_EXACT float
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

SOTTO_EXACT float
sotto_sigmoid (float x)
{
  return 1.0f / (1.0f + sotto_exp (-x));
}

SOTTO_EXACT float
sotto_tanh (float x)
{
  float a = fabsf (x);
  float z = a * a;
  float sum = SOTTO_TANH_P4;
  float y;

  sum = sum * z + SOTTO_TANH_P3;
  sum = sum * z + SOTTO_TANH_P2;
  sum = sum * z + SOTTO_TANH_P1;
  sum = sum * z + SOTTO_TANH_P0;
  y = a < SOTTO_TANH_SMALL ? a + a * z * sum : 1.0f - 2.0f / (sotto_exp (a + a) + 1.0f);
  return x < 0.0f ? -y : y;
}

SOTTO_EXACT float
sotto_erf (float x)
{
  float low = -SOTTO_ERF_HIGHEST < x ? x : -SOTTO_ERF_HIGHEST;
  float c = low < SOTTO_ERF_HIGHEST ? low : SOTTO_ERF_HIGHEST;
  float z = c * c;
  float p = SOTTO_ERF_P6;
  float q = SOTTO_ERF_Q4;

  p = p * z + SOTTO_ERF_P5;
  p = p * z + SOTTO_ERF_P4;
  p = p * z + SOTTO_ERF_P3;
  p = p * z + SOTTO_ERF_P2;
  p = p * z + SOTTO_ERF_P1;
  p = p * z + SOTTO_ERF_P0;
  q = q * z + SOTTO_ERF_Q3;
  q = q * z + SOTTO_ERF_Q2;
  q = q * z + SOTTO_ERF_Q1;
  q = q * z + SOTTO_ERF_Q0;
  return c * p / q;
}

/* ln (1 + e^x) = max (x, 0) + 2 artanh (s), s = e^-|x| / (2 + e^-|x|) <= 1/3, whose series is cut at s^17 */
SOTTO_EXACT float
sotto_softplus (float x)
{
  float e = sotto_exp (-fabsf (x));
  float s = e / (2.0f + e);
  float z = s * s;
  float sum = 1.0f / 17.0f;

  for (int k = 15; k > 0; k -= 2)
    sum = sum * z + 1.0f / (float) k;
  return (x < 0.0f ? 0.0f : x) + 2.0f * s * sum;
}

/* ln x of a number of at least 1: x = 2^k m with m < 2, ln m = 2 artanh ((m - 1) / (m + 1)) as above */
SOTTO_EXACT double
sotto_log (double x)
{
  double doublings = 0.0;
  double s;
  double sum = 0.0;

  for (; x >= 2.0; x /= 2.0)
    doublings += 1.0;
  s = (x - 1.0) / (x + 1.0);
  for (int k = 31; k > 0; k -= 2)
    sum = sum * s * s + 1.0 / (double) k;
  return doublings * 0.69314718055994530942 + 2.0 * s * sum;
}

/* x * sigmoid (x) */
SOTTO_EXACT float
sotto_silu (float x)
{
  return x / (1.0f + sotto_exp (-x));
}

/* The tanh form of GELU (Hendrycks & Gimpel 2016), as x * sigmoid (2 sqrt (2/pi) (x + 0.044715
 * x³)). */
SOTTO_EXACT float
sotto_gelu (float x)
{
  float inner = (x + SOTTO_GELU_CUBIC * x * x * x) * SOTTO_GELU_LINEAR;

  return x / (1.0f + sotto_exp (-inner));
}

/* GELU as it was defined: x times the normal distribution's integral. */
SOTTO_EXACT float
sotto_gelu_erf (float x)
{
  return 0.5f * x * (1.0f + sotto_erf (x * SOTTO_HALF_ROOT));
}

SOTTO_EXACT float
sotto_relu_squared (float x)
{
  float positive = 0.0f < x ? x : 0.0f;

  return positive * positive;
}

/* SOTTO_ACTIVATION_CLAMPED, of gate and up together. */
SOTTO_EXACT float
sotto_clamped (float gate, float up)
{
  float g = SOTTO_CLAMPED_HIGHEST < gate ? SOTTO_CLAMPED_HIGHEST : gate;
  float low = -SOTTO_CLAMPED_HIGHEST < up ? up : -SOTTO_CLAMPED_HIGHEST;
  float u = low < SOTTO_CLAMPED_HIGHEST ? low : SOTTO_CLAMPED_HIGHEST;

  return g / (1.0f + sotto_exp (-(g * SOTTO_CLAMPED_SLOPE))) * (u + 1.0f);
}

/* SOTTO_ACTIVATION_XIELU */
SOTTO_EXACT float
sotto_xielu (float x, float positive, float negative, float beta, float least)
{
  float below = sotto_exp (x < least ? x : least) - 1.0f - x;

  return (0.0f < x ? positive * x * x : negative * below) + beta * x;
}

/**
 * sotto_sincos:
 * @angle: |angle| <= 1.6e6
 *
 * Sine and cosine in double, good to 1e-15: the angle is brought to [-pi/4, pi/4] by a pi/2 in
 * three parts of 33 bits (each product with the quadrant's number is exact), then Taylor series to
 * the 17th power.
 */
SOTTO_EXACT void
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
