#pragma once

/* How kernels of attention read a row of a cache. Its form is module.h's. */

#include "cuda/device.h"

#define CACHE_BLOCK 32   /* elements that share a scale */

DEVICE void
add_bytes (guint32 word, float *x)
{
UNROLL
  for (guint i = 0; i < 4; i++)
    x[i] = (float) (gint8) (word >> 8 * i);
}

DEVICE guint32
load_pair (const guint8 *at)
{
  const guint16 *halves = reinterpret_cast<const guint16 *> (at);

  return load (halves) | (guint32) load (halves + 1) << 16;
}

DEVICE float
load_scale (const guint8 *at)
{
  Half scale = {load (reinterpret_cast<const guint16 *> (at))};

  return half_to_float (scale);
}

/* A block of 32 elements. */
template <SottoKvType TYPE>
DEVICE void
load_block (const guint8 *row, guint block, float *x)
{
  if constexpr (TYPE == SOTTO_KV_F32)
    {
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i += 4)
        {
          Floats4 four = load (reinterpret_cast<const Floats4 *> (row) + block * 8 + i / 4);

          x[i] = four.x;
          x[i + 1] = four.y;
          x[i + 2] = four.z;
          x[i + 3] = four.w;
        }
    }
  else if constexpr (TYPE == SOTTO_KV_F16)
    {
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i += 8)
        {
          Words4 words = load (reinterpret_cast<const Words4 *> (row) + block * 4 + i / 8);
          const guint32 four[4] = {words.x, words.y, words.z, words.w};

UNROLL
          for (guint j = 0; j < 4; j++)
            {
              x[i + 2 * j] = halves_low (four[j]);
              x[i + 2 * j + 1] = halves_high (four[j]);
            }
        }
    }
  else
    {
      const guint8 *at = row + block * (TYPE == SOTTO_KV_Q8_0 ? 34 : 18);
      const float scale = load_scale (at);

UNROLL
      for (guint i = 0; i < (TYPE == SOTTO_KV_Q8_0 ? 8 : 4); i++)
        {
          const guint32 word = load_pair (at + 2 + 4 * i);

          if constexpr (TYPE == SOTTO_KV_Q8_0)
            add_bytes (word, x + 4 * i);
          else
            {
              add_bytes (word & 0x0f0f0f0fu, x + 4 * i);
              add_bytes (word >> 4 & 0x0f0f0f0fu, x + 4 * i + 16);
            }
        }
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i++)
        x[i] = (TYPE == SOTTO_KV_Q8_0 ? x[i] : x[i] - 8.0f) * scale;
    }
}

/* Elements unit * 4 … unit * 4 + 3. */
template <SottoKvType TYPE>
DEVICE Floats4
load_unit (const guint8 *row, guint unit)
{
  if constexpr (TYPE == SOTTO_KV_F32)
    return load (reinterpret_cast<const Floats4 *> (row) + unit);
  else if constexpr (TYPE == SOTTO_KV_F16)
    {
      Words2 words = load (reinterpret_cast<const Words2 *> (row) + unit);

      return {halves_low (words.x), halves_high (words.x), halves_low (words.y), halves_high (words.y)};
    }
  else
    {
      const guint8 *at = row + unit / 8 * (TYPE == SOTTO_KV_Q8_0 ? 34 : 18);
      const float scale = load_scale (at);
      float x[4];

      if constexpr (TYPE == SOTTO_KV_Q8_0)
        add_bytes (load_pair (at + 2 + unit % 8 * 4), x);
      else
        {
          add_bytes (load_pair (at + 2 + unit % 4 * 4) >> (unit % 8 < 4 ? 0 : 4) & 0x0f0f0f0fu, x);
UNROLL
          for (guint i = 0; i < 4; i++)
            x[i] -= 8.0f;
        }
      return {x[0] * scale, x[1] * scale, x[2] * scale, x[3] * scale};
    }
}
