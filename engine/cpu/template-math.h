#pragma once

/* Functions of sixteen floats, over Lanes: a tier's file includes its lanes-*.h, then this. */

static inline Lanes
lanes_load_part (const float *source, guint n)
{
  float part[LANES] = { 0 };

  memcpy (part, source, n * sizeof *part);
  return lanes_load (part);
}

static inline Lanes
lanes_exp (Lanes x)
{
  Lanes bounded = lanes_minimum (lanes_all (SOTTO_EXP_HIGHEST), x);
  Lanes rounder = lanes_all (SOTTO_ROUNDER);
  Lanes shifted = lanes_add (lanes_multiply (bounded, lanes_all (SOTTO_EXP_LOG2E)), rounder);
  Lanes k = lanes_subtract (shifted, rounder);
  Lanes r = lanes_subtract (bounded, lanes_multiply (k, lanes_all (SOTTO_EXP_LN2_HIGH)));
  Lanes sum = lanes_all (SOTTO_EXP_C7);

  r = lanes_subtract (r, lanes_multiply (k, lanes_all (SOTTO_EXP_LN2_LOW)));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C6));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C5));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C4));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C3));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (0.5f));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (1.0f));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (1.0f));
  return lanes_zero_below (lanes_multiply (sum, lanes_power (shifted)), x, SOTTO_EXP_LOWEST);
}

/* e^x of an x that is not above 0, as a share of a sum that has 1 in it: 2^k 2^f by the Taylor series of 2^f to f^6, off by
 * 2^-21; 0 from where it would not be felt. Half as long as lanes_exp(). */
static inline Lanes
lanes_weigh (Lanes x)
{
  Lanes rounder = lanes_all (SOTTO_ROUNDER);
  Lanes shifted = lanes_fma (x, lanes_all (SOTTO_EXP_LOG2E), rounder);
  Lanes f = lanes_fma (x, lanes_all (SOTTO_EXP_LOG2E), lanes_subtract (rounder, shifted));
  Lanes sum = lanes_fma (f, lanes_all (1.54035304e-4f), lanes_all (1.33335581e-3f));

  sum = lanes_fma (sum, f, lanes_all (9.61812911e-3f));
  sum = lanes_fma (sum, f, lanes_all (5.55041087e-2f));
  sum = lanes_fma (sum, f, lanes_all (2.40226507e-1f));
  sum = lanes_fma (sum, f, lanes_all (6.93147181e-1f));
  sum = lanes_fma (sum, f, lanes_all (1.0f));
  return lanes_zero_below (lanes_multiply (sum, lanes_power (shifted)), x, SOTTO_WEIGH_LOWEST);
}

/* The loops below take what is left of a row as they take the rest of it. */
static inline Lanes
lanes_load_up_to (const float *source, guint n)
{
  return n >= LANES ? lanes_load (source) : lanes_load_part (source, n);
}

static inline void
lanes_store_up_to (float *target, guint n, Lanes v)
{
  float part[LANES];

  if (n >= LANES)
    {
      lanes_store (target, v);
      return;
    }
  lanes_store (part, v);
  memcpy (target, part, n * sizeof *part);
}

/* 1 + e^-x */
static inline Lanes
lanes_sigmoid_divisor (Lanes x)
{
  return lanes_add (lanes_all (1.0f), lanes_exp (lanes_subtract (lanes_all (-0.0f), x)));
}

static inline Lanes
lanes_tanh (Lanes x)
{
  Lanes one = lanes_all (1.0f);
  Lanes a = lanes_absolute (x);
  Lanes z = lanes_multiply (a, a);
  Lanes sum = lanes_all (SOTTO_TANH_P4);
  Lanes small;
  Lanes large = lanes_add (lanes_exp (lanes_add (a, a)), one);
  Lanes y;

  sum = lanes_add (lanes_multiply (sum, z), lanes_all (SOTTO_TANH_P3));
  sum = lanes_add (lanes_multiply (sum, z), lanes_all (SOTTO_TANH_P2));
  sum = lanes_add (lanes_multiply (sum, z), lanes_all (SOTTO_TANH_P1));
  sum = lanes_add (lanes_multiply (sum, z), lanes_all (SOTTO_TANH_P0));
  small = lanes_add (a, lanes_multiply (lanes_multiply (a, z), sum));
  large = lanes_subtract (one, lanes_divide (lanes_all (2.0f), large));
  y = lanes_select_below (a, SOTTO_TANH_SMALL, small, large);
  return lanes_select_below (x, 0.0f, lanes_subtract (lanes_all (-0.0f), y), y);
}

/* cap * tanh (x / cap), where tanh is 1 - 2 / (e^2x + 1): small ones lose digits that lanes_tanh() keeps, which scores
 * do not feel. */
static inline Lanes
lanes_cap_scores (Lanes x, float cap)
{
  Lanes e = lanes_exp (lanes_divide (x, lanes_all (cap / 2.0f)));
  Lanes tanh = lanes_subtract (lanes_all (1.0f),
                               lanes_divide (lanes_all (2.0f), lanes_add (e, lanes_all (1.0f))));

  return lanes_multiply (lanes_all (cap), tanh);
}

static inline Lanes
lanes_clamp (Lanes x, float limit)
{
  Lanes low = lanes_select_below (x, -limit, lanes_all (-limit), x);

  return lanes_minimum (lanes_all (limit), low);
}

static inline Lanes
lanes_erf (Lanes x)
{
  Lanes c = lanes_clamp (x, SOTTO_ERF_HIGHEST);
  Lanes z = lanes_multiply (c, c);
  Lanes p = lanes_all (SOTTO_ERF_P6);
  Lanes q = lanes_all (SOTTO_ERF_Q4);

  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P5));
  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P4));
  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P3));
  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P2));
  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P1));
  p = lanes_add (lanes_multiply (p, z), lanes_all (SOTTO_ERF_P0));
  q = lanes_add (lanes_multiply (q, z), lanes_all (SOTTO_ERF_Q3));
  q = lanes_add (lanes_multiply (q, z), lanes_all (SOTTO_ERF_Q2));
  q = lanes_add (lanes_multiply (q, z), lanes_all (SOTTO_ERF_Q1));
  q = lanes_add (lanes_multiply (q, z), lanes_all (SOTTO_ERF_Q0));
  return lanes_divide (lanes_multiply (c, p), q);
}
