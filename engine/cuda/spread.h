#pragma once

/* What the elements of heads undergo before a cache keeps them as integers (../cpu/cache-layout.h says why; QuaRot,
 * Ashkboos et al. 2024), and queries with them: neighbours are turned by a Hadamard matrix. Once more, and they are what
 * they were. The transform is the fast one of Walsh and Hadamard, from pairs upwards, with the CPU's order of sums. */

#include "cuda/device.h"

#define SPREAD_MOST 128

/* How many of @n elements are spread together, as on the CPU; 1: none. */
static inline guint
spread_width (SottoKvType type, guint n)
{
  guint width = 1;

  if (type != SOTTO_KV_Q8_0 && type != SOTTO_KV_Q4_0)
    return 1;
  while (width < SPREAD_MOST && n % (2 * width) == 0)
    width *= 2;
  return width;
}

/* Where the values are the beginning of the keys, one width divides both. */
static inline guint
spread_of_keys (const SottoCudaCache *cache)
{
  return spread_width (cache->type, cache->n_key | cache->n_latent);
}

static inline guint
spread_of_values (const SottoCudaCache *cache)
{
  return cache->n_value > 0 ? spread_width (cache->type, cache->n_value) : spread_of_keys (cache);
}

/* The sum and the difference of pair @i of those that lie @half apart. */
DEVICE void
spread_pair (float *x, guint i, guint half)
{
  float *left = x + i / half * 2 * half + i % half;
  const float a = left[0], b = left[half];

  left[0] = a + b;
  left[half] = a - b;
}

/* Of a block: @n_rows rows of @n floats in shared memory, @stride apart. The block meets before and behind it, whatever
 * the width. */
DEVICE void
block_spread (float *rows, guint n_rows, guint stride, guint n, guint width)
{
  const float scale = 1.0f / sqrtf ((float) width);

  block_barrier ();
  if (width <= 1)
    return;
  for (guint half = 1; half < width; half *= 2)
    {
      for (guint i = thread_index (); i < n_rows * (n / 2); i += n_threads ())
        spread_pair (rows + i / (n / 2) * stride, i % (n / 2), half);
      block_barrier ();
    }
  for (guint i = thread_index (); i < n_rows * n; i += n_threads ())
    rows[i / n * stride + i % n] *= scale;
  block_barrier ();
}

/* Of a warp: one row, over which the warp has met; it meets behind it where there was something to do. */
DEVICE void
warp_spread (float *x, guint n, guint width)
{
  const float scale = 1.0f / sqrtf ((float) width);

  if (width <= 1)
    return;
  for (guint half = 1; half < width; half *= 2)
    {
      for (guint i = lane_index (); i < n / 2; i += N_LANES)
        spread_pair (x, i, half);
      warp_barrier ();
    }
  for (guint i = lane_index (); i < n; i += N_LANES)
    x[i] *= scale;
  warp_barrier ();
}
