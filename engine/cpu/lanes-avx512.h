#pragma once

#include "cpu/exact-math.h"

#include <immintrin.h>

/* Sixteen floats in one register; see lanes-plain.h. */

#define LANES 16
#define LANES_REGISTERS 32 /* that hold such lanes */
#define LANES_TILE_ROWS 4
#define LANES_TILE_TOKENS 4

typedef __m512 Lanes;

static inline Lanes
lanes_load (const float *source)
{
  return _mm512_loadu_ps (source);
}

static inline void
lanes_store (float *target, Lanes v)
{
  _mm512_storeu_ps (target, v);
}

static inline Lanes
lanes_all (float value)
{
  return _mm512_set1_ps (value);
}

static inline Lanes
lanes_add (Lanes a, Lanes b)
{
  return _mm512_add_ps (a, b);
}

static inline Lanes
lanes_subtract (Lanes a, Lanes b)
{
  return _mm512_sub_ps (a, b);
}

static inline Lanes
lanes_multiply (Lanes a, Lanes b)
{
  return _mm512_mul_ps (a, b);
}

static inline Lanes
lanes_divide (Lanes a, Lanes b)
{
  return _mm512_div_ps (a, b);
}

static inline Lanes
lanes_fma (Lanes a, Lanes b, Lanes c)
{
  return _mm512_fmadd_ps (a, b, c);
}

static inline Lanes
lanes_minimum (Lanes a, Lanes b)
{
  return _mm512_min_ps (a, b);
}

static inline Lanes
lanes_maximum (Lanes a, Lanes b)
{
  return _mm512_max_ps (a, b);
}

static inline Lanes
lanes_absolute (Lanes a)
{
  return _mm512_abs_ps (a);
}

static inline Lanes
lanes_power (Lanes shifted)
{
  __m512i bits = _mm512_slli_epi32 (_mm512_castps_si512 (shifted), 23);

  return _mm512_castsi512_ps (_mm512_add_epi32 (bits, _mm512_set1_epi32 (0x3f800000)));
}

static inline Lanes
lanes_zero_below (Lanes v, Lanes x, float limit)
{
  return _mm512_mask_mov_ps (v, _mm512_cmp_ps_mask (x, _mm512_set1_ps (limit), _CMP_LT_OQ),
                             _mm512_setzero_ps ());
}

static inline Lanes
lanes_select_below (Lanes x, float limit, Lanes a, Lanes b)
{
  return _mm512_mask_blend_ps (_mm512_cmp_ps_mask (x, _mm512_set1_ps (limit), _CMP_LT_OQ), b, a);
}

static inline float
lanes_sum (Lanes v)
{
  __m256 eight = _mm256_add_ps (_mm512_castps512_ps256 (v), _mm512_extractf32x8_ps (v, 1));
  __m128 four = _mm_add_ps (_mm256_castps256_ps128 (eight), _mm256_extractf128_ps (eight, 1));
  __m128 two = _mm_add_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_add_ss (two, _mm_movehdup_ps (two)));
}

static inline float
lanes_highest (Lanes v)
{
  __m256 eight = _mm256_max_ps (_mm512_castps512_ps256 (v), _mm512_extractf32x8_ps (v, 1));
  __m128 four = _mm_max_ps (_mm256_castps256_ps128 (eight), _mm256_extractf128_ps (eight, 1));
  __m128 two = _mm_max_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_max_ss (two, _mm_movehdup_ps (two)));
}

static inline Lanes
lanes_load_half (const guint16 *source)
{
  return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) source));
}

static inline void
lanes_store_half (guint16 *target, Lanes v)
{
  _mm256_storeu_si256 ((__m256i *) target, _mm512_cvtps_ph (v, _MM_FROUND_TO_NEAREST_INT));
}

static inline Lanes
lanes_load_bfloat (const guint16 *source)
{
  __m512i wide = _mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) source));

  return _mm512_castsi512_ps (_mm512_slli_epi32 (wide, 16));
}

static inline Lanes
lanes_load_bytes (const gint8 *source)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepi8_epi32 (_mm_loadu_si128 ((const __m128i *) source)));
}

static inline void
lanes_store_steps (gint16 *target, Lanes v)
{
  _mm256_storeu_si256 ((__m256i *) target, _mm512_cvtsepi32_epi16 (_mm512_cvtps_epi32 (v)));
}

/* Pairs of integers below 2^15, rounded: lane i's of a, then its of b. target: aligned */
static inline void
lanes_store_pairs (gint32 *target, Lanes a, Lanes b)
{
  _mm512_store_si512 (target, _mm512_mask_blend_epi16 (0xaaaaaaaa, _mm512_cvtps_epi32 (a),
                                                       _mm512_slli_epi32 (_mm512_cvtps_epi32 (b), 16)));
}

static inline Lanes
lanes_root (Lanes v)
{
  return _mm512_sqrt_ps (v);
}

/* sums: lanes_sum() of both */
static inline void
lanes_sum_two (Lanes a, Lanes b, float sums[2])
{
  Lanes v = lanes_add (_mm512_shuffle_f32x4 (a, b, 0x44), _mm512_shuffle_f32x4 (a, b, 0xee));

  v = lanes_add (v, _mm512_shuffle_f32x4 (v, v, 0xb1));
  v = lanes_add (v, _mm512_permute_ps (v, 0x4e));
  v = lanes_add (v, _mm512_permute_ps (v, 0xb1));
  sums[0] = _mm512_cvtss_f32 (v);
  sums[1] = _mm_cvtss_f32 (_mm512_extractf32x4_ps (v, 2));
}

static inline Lanes
lanes_load_integers (const gint32 *source)
{
  return _mm512_cvtepi32_ps (_mm512_loadu_si512 (source));
}

/* Integers from -128 to 127 as bytes, those of a and then of b */
static inline void
lanes_store_bytes (gint8 *target, Lanes a, Lanes b)
{
  __m512i words = _mm512_packs_epi32 (_mm512_cvtps_epi32 (a), _mm512_cvtps_epi32 (b));
  __m256i bytes = _mm512_cvtepi16_epi8 (words);

  _mm256_storeu_si256 ((__m256i *) target,
                       _mm256_permutevar8x32_epi32 (bytes, _mm256_setr_epi32 (0, 2, 4, 6, 1, 3, 5, 7)));
}

/* results: of each of eight, its lanes folded: whole numbers added, or the highest found. In no order that counts. */
G_ALWAYS_INLINE static inline void
lanes_fold_eight (const Lanes v[8], Lanes (*fold) (Lanes a, Lanes b), float results[8])
{
  const __m512i in_order = _mm512_castsi256_si512 (_mm256_setr_epi32 (0, 4, 8, 12, 2, 6, 10, 14));
  Lanes eights[4]; /* v[2 i], v[2 i + 1] */
  Lanes fours[2];  /* v[4 i] ... */
  Lanes twos;      /* v[0], v[4], v[1] ... */

  for (guint i = 0; i < 4; i++)
    eights[i] = fold (_mm512_shuffle_f32x4 (v[2 * i], v[2 * i + 1], 0x44),
                      _mm512_shuffle_f32x4 (v[2 * i], v[2 * i + 1], 0xee));
  for (guint i = 0; i < 2; i++)
    fours[i] = fold (_mm512_shuffle_f32x4 (eights[2 * i], eights[2 * i + 1], 0x88),
                     _mm512_shuffle_f32x4 (eights[2 * i], eights[2 * i + 1], 0xdd));
  twos = fold (_mm512_shuffle_ps (fours[0], fours[1], 0x44), _mm512_shuffle_ps (fours[0], fours[1], 0xee));
  twos = fold (twos, _mm512_permute_ps (twos, 0xb1));
  _mm256_storeu_ps (results, _mm512_castps512_ps256 (_mm512_permutexvar_ps (in_order, twos)));
}
