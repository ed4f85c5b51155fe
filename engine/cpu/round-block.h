#pragma once

#include "cpu/kernels.h"

/* Activations as integers, over lanes and AVX2 or NEON; what pack-few.h and pack-many.h are made of. */

#define ROUND_BLOCK 32

/* Columns whose highest magnitude is below this are taken as zeros: the inverse of their scale would
 * not be finite. */
#define ROUND_SMALLEST 1e-30f

/* How many steps a number has, and a step in numbers, where the highest magnitude has most. */
static inline float
round_inverse (float most, float highest)
{
  return highest < ROUND_SMALLEST ? 0.0f : most / highest;
}

static inline float
round_scale (float most, float highest)
{
  return highest < ROUND_SMALLEST ? 0.0f : highest / most;
}

/* The whole numbers next to x * inverse, as floats */
static inline Lanes
round_lanes (Lanes x, Lanes inverse)
{
  Lanes rounder = lanes_all (SOTTO_ROUNDER);

  return lanes_subtract (lanes_add (lanes_multiply (x, inverse), rounder), rounder);
}

/* The highest magnitude of a block's two halves */
static inline float
round_highest (Lanes low, Lanes high)
{
  return lanes_highest (lanes_maximum (lanes_absolute (low), lanes_absolute (high)));
}

/* Sixteen steps as bytes with a sign: 128 * high + low, low from 0 to 127 */
static inline void
round_split (const gint16 *steps, gint8 *high, gint8 *low)
{
#ifdef __aarch64__
  int16x8_t a = vld1q_s16 (steps);
  int16x8_t b = vld1q_s16 (steps + 8);
  int16x8_t mask = vdupq_n_s16 (127);

  vst1q_s8 (high, vcombine_s8 (vshrn_n_s16 (a, 7), vshrn_n_s16 (b, 7)));
  vst1q_s8 (low, vcombine_s8 (vmovn_s16 (vandq_s16 (a, mask)), vmovn_s16 (vandq_s16 (b, mask))));
#else
  __m256i v = _mm256_loadu_si256 ((const __m256i *) steps);
  __m256i planes = _mm256_packs_epi16 (_mm256_srai_epi16 (v, 7), _mm256_and_si256 (v, _mm256_set1_epi16 (127)));

  planes = _mm256_permute4x64_epi64 (planes, 0xd8);
  _mm_storeu_si128 ((__m128i *) high, _mm256_castsi256_si128 (planes));
  _mm_storeu_si128 ((__m128i *) low, _mm256_extracti128_si256 (planes, 1));
#endif
}
