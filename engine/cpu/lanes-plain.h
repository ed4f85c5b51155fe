#pragma once

#include "cpu/exact-math.h"
#include "format/block.h"

/* Sixteen floats side by side. The float kernels (template-float.h, template-attention.h) are
 * written once over this type and compiled by every tier with its own header of this kind; each
 * operation acts per element, and lanes_sum() adds in one fixed order, so that tiers differ in
 * nothing but lanes_fma(), which here rounds twice. */

#define LANES 16
#define LANES_REGISTERS 8 /* that hold such lanes */

/* How many accumulators a kernel may keep: rows and tokens of a tile of the float product. */
#define LANES_TILE_ROWS 1
#define LANES_TILE_TOKENS 2

typedef float Lanes __attribute__ ((vector_size (LANES * sizeof (float))));

static inline Lanes
lanes_load (const float *source)
{
  Lanes v;

  memcpy (&v, source, sizeof v);
  return v;
}

static inline void
lanes_store (float *target, Lanes v)
{
  memcpy (target, &v, sizeof v);
}

static inline Lanes
lanes_all (float value)
{
  return (Lanes) { value, value, value, value, value, value, value, value,
                   value, value, value, value, value, value, value, value };
}

static inline Lanes
lanes_add (Lanes a, Lanes b)
{
  return a + b;
}

static inline Lanes
lanes_subtract (Lanes a, Lanes b)
{
  return a - b;
}

static inline Lanes
lanes_multiply (Lanes a, Lanes b)
{
  return a * b;
}

static inline Lanes
lanes_divide (Lanes a, Lanes b)
{
  return a / b;
}

/* a * b + c */
static inline Lanes
lanes_fma (Lanes a, Lanes b, Lanes c)
{
  return a * b + c;
}

/* a < b ? a : b, so b where one is not a number */
static inline Lanes
lanes_minimum (Lanes a, Lanes b)
{
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    v[i] = a[i] < b[i] ? a[i] : b[i];
  return v;
}

static inline Lanes
lanes_maximum (Lanes a, Lanes b)
{
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    v[i] = a[i] > b[i] ? a[i] : b[i];
  return v;
}

static inline Lanes
lanes_absolute (Lanes a)
{
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    v[i] = fabsf (a[i]);
  return v;
}

/* 2^k, where k stands in the low bits of shifted (SOTTO_ROUNDER was added) */
static inline Lanes
lanes_power (Lanes shifted)
{
  guint32 bits[LANES];
  Lanes v;

  memcpy (bits, &shifted, sizeof bits);
  for (guint i = 0; i < LANES; i++)
    bits[i] = (bits[i] << 23) + 0x3f800000u;
  memcpy (&v, bits, sizeof v);
  return v;
}

/* x < limit ? 0 : v */
static inline Lanes
lanes_zero_below (Lanes v, Lanes x, float limit)
{
  for (guint i = 0; i < LANES; i++)
    v[i] = x[i] < limit ? 0.0f : v[i];
  return v;
}

/* x < limit ? a : b */
static inline Lanes
lanes_select_below (Lanes x, float limit, Lanes a, Lanes b)
{
  for (guint i = 0; i < LANES; i++)
    b[i] = x[i] < limit ? a[i] : b[i];
  return b;
}

/* Lanes i and i + 8, then i + 4, i + 2, i + 1. */
static inline float
lanes_sum (Lanes v)
{
  for (guint step = LANES / 2; step > 0; step /= 2)
    for (guint i = 0; i < step; i++)
      v[i] += v[i + step];
  return v[0];
}

static inline float
lanes_highest (Lanes v)
{
  for (guint step = LANES / 2; step > 0; step /= 2)
    for (guint i = 0; i < step; i++)
      v[i] = v[i] > v[i + step] ? v[i] : v[i + step];
  return v[0];
}

static inline Lanes
lanes_load_half (const guint16 *source)
{
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    v[i] = sotto_half_to_float (source[i]);
  return v;
}

static inline void
lanes_store_half (guint16 *target, Lanes v)
{
  for (guint i = 0; i < LANES; i++)
    target[i] = sotto_float_to_half (v[i]);
}

static inline Lanes
lanes_load_bfloat (const guint16 *source)
{
  guint32 bits[LANES];
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    bits[i] = (guint32) source[i] << 16;
  memcpy (&v, bits, sizeof v);
  return v;
}

static inline Lanes
lanes_load_bytes (const gint8 *source)
{
  Lanes v;

  for (guint i = 0; i < LANES; i++)
    v[i] = (float) source[i];
  return v;
}

/* v holds integers of 16 bits */
static inline void
lanes_store_steps (gint16 *target, Lanes v)
{
  for (guint i = 0; i < LANES; i++)
    target[i] = (gint16) v[i];
}
