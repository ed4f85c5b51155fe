#pragma once

#include "cpu/exact-math.h"

#include <immintrin.h>

/* Sixteen floats in two registers; see lanes-plain.h. */

#define LANES 16
#define LANES_REGISTERS 8 /* that hold such lanes */
#define LANES_TILE_ROWS 2
#define LANES_TILE_TOKENS 2

typedef struct {
  __m256 low;
  __m256 high;
} Lanes;

static inline Lanes
lanes_load (const float *source)
{
  return (Lanes) { _mm256_loadu_ps (source), _mm256_loadu_ps (source + 8) };
}

static inline void
lanes_store (float *target, Lanes v)
{
  _mm256_storeu_ps (target, v.low);
  _mm256_storeu_ps (target + 8, v.high);
}

static inline Lanes
lanes_all (float value)
{
  return (Lanes) { _mm256_set1_ps (value), _mm256_set1_ps (value) };
}

static inline Lanes
lanes_add (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_add_ps (a.low, b.low), _mm256_add_ps (a.high, b.high) };
}

static inline Lanes
lanes_subtract (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_sub_ps (a.low, b.low), _mm256_sub_ps (a.high, b.high) };
}

static inline Lanes
lanes_multiply (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_mul_ps (a.low, b.low), _mm256_mul_ps (a.high, b.high) };
}

static inline Lanes
lanes_divide (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_div_ps (a.low, b.low), _mm256_div_ps (a.high, b.high) };
}

static inline Lanes
lanes_fma (Lanes a, Lanes b, Lanes c)
{
  return (Lanes){ _mm256_fmadd_ps (a.low, b.low, c.low), _mm256_fmadd_ps (a.high, b.high, c.high) };
}

static inline Lanes
lanes_minimum (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_min_ps (a.low, b.low), _mm256_min_ps (a.high, b.high) };
}

static inline Lanes
lanes_maximum (Lanes a, Lanes b)
{
  return (Lanes) { _mm256_max_ps (a.low, b.low), _mm256_max_ps (a.high, b.high) };
}

static inline Lanes
lanes_absolute (Lanes a)
{
  __m256 sign = _mm256_set1_ps (-0.0f);

  return (Lanes) { _mm256_andnot_ps (sign, a.low), _mm256_andnot_ps (sign, a.high) };
}

static inline __m256
power_of_half (__m256 shifted)
{
  __m256i bits = _mm256_slli_epi32 (_mm256_castps_si256 (shifted), 23);

  return _mm256_castsi256_ps (_mm256_add_epi32 (bits, _mm256_set1_epi32 (0x3f800000)));
}

static inline Lanes
lanes_power (Lanes shifted)
{
  return (Lanes) { power_of_half (shifted.low), power_of_half (shifted.high) };
}

static inline Lanes
lanes_zero_below (Lanes v, Lanes x, float limit)
{
  __m256 limits = _mm256_set1_ps (limit);

  return (Lanes) { _mm256_andnot_ps (_mm256_cmp_ps (x.low, limits, _CMP_LT_OQ), v.low),
                   _mm256_andnot_ps (_mm256_cmp_ps (x.high, limits, _CMP_LT_OQ), v.high) };
}

static inline Lanes
lanes_select_below (Lanes x, float limit, Lanes a, Lanes b)
{
  __m256 limits = _mm256_set1_ps (limit);

  return (Lanes) { _mm256_blendv_ps (b.low, a.low, _mm256_cmp_ps (x.low, limits, _CMP_LT_OQ)),
                   _mm256_blendv_ps (b.high, a.high, _mm256_cmp_ps (x.high, limits, _CMP_LT_OQ)) };
}

static inline float
lanes_sum (Lanes v)
{
  __m256 eight = _mm256_add_ps (v.low, v.high);
  __m128 four = _mm_add_ps (_mm256_castps256_ps128 (eight), _mm256_extractf128_ps (eight, 1));
  __m128 two = _mm_add_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_add_ss (two, _mm_movehdup_ps (two)));
}

static inline float
lanes_highest (Lanes v)
{
  __m256 eight = _mm256_max_ps (v.low, v.high);
  __m128 four = _mm_max_ps (_mm256_castps256_ps128 (eight), _mm256_extractf128_ps (eight, 1));
  __m128 two = _mm_max_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_max_ss (two, _mm_movehdup_ps (two)));
}

static inline Lanes
lanes_load_half (const guint16 *source)
{
  return (Lanes) { _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) source)),
                   _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (source + 8))) };
}

static inline void
lanes_store_half (guint16 *target, Lanes v)
{
  _mm_storeu_si128 ((__m128i *) target, _mm256_cvtps_ph (v.low, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128 ((__m128i *) (target + 8), _mm256_cvtps_ph (v.high, _MM_FROUND_TO_NEAREST_INT));
}

static inline __m256
bfloats (const guint16 *source)
{
  __m256i wide = _mm256_cvtepu16_epi32 (_mm_loadu_si128 ((const __m128i *) source));

  return _mm256_castsi256_ps (_mm256_slli_epi32 (wide, 16));
}

static inline Lanes
lanes_load_bfloat (const guint16 *source)
{
  return (Lanes) { bfloats (source), bfloats (source + 8) };
}

static inline __m256
signed_bytes (const gint8 *source)
{
  return _mm256_cvtepi32_ps (_mm256_cvtepi8_epi32 (_mm_loadl_epi64 ((const __m128i *) source)));
}

static inline Lanes
lanes_load_bytes (const gint8 *source)
{
  return (Lanes) { signed_bytes (source), signed_bytes (source + 8) };
}

static inline void
lanes_store_steps (gint16 *target, Lanes v)
{
  __m256i packed = _mm256_packs_epi32 (_mm256_cvtps_epi32 (v.low), _mm256_cvtps_epi32 (v.high));

  _mm256_storeu_si256 ((__m256i *) target, _mm256_permute4x64_epi64 (packed, 0xd8));
}

static inline __m256i
pairs_of_half (__m256 a, __m256 b)
{
  return _mm256_blend_epi16 (_mm256_cvtps_epi32 (a), _mm256_slli_epi32 (_mm256_cvtps_epi32 (b), 16), 0xaa);
}

/* Pairs of integers below 2^15, rounded: lane i's of a, then its of b. target: aligned */
static inline void
lanes_store_pairs (gint32 *target, Lanes a, Lanes b)
{
  _mm256_store_si256 ((__m256i *) target, pairs_of_half (a.low, b.low));
  _mm256_store_si256 ((__m256i *) (target + 8), pairs_of_half (a.high, b.high));
}

static inline Lanes
lanes_root (Lanes v)
{
  return (Lanes) { _mm256_sqrt_ps (v.low), _mm256_sqrt_ps (v.high) };
}

/* sums: lanes_sum() of both */
static inline void
lanes_sum_two (Lanes a, Lanes b, float sums[2])
{
  __m256 low = _mm256_add_ps (a.low, a.high);
  __m256 high = _mm256_add_ps (b.low, b.high);
  __m256 v = _mm256_add_ps (_mm256_permute2f128_ps (low, high, 0x20), _mm256_permute2f128_ps (low, high, 0x31));

  v = _mm256_add_ps (v, _mm256_permute_ps (v, 0x4e));
  v = _mm256_add_ps (v, _mm256_permute_ps (v, 0xb1));
  sums[0] = _mm256_cvtss_f32 (v);
  sums[1] = _mm_cvtss_f32 (_mm256_extractf128_ps (v, 1));
}

static inline Lanes
lanes_load_integers (const gint32 *source)
{
  return (Lanes) { _mm256_cvtepi32_ps (_mm256_loadu_si256 ((const __m256i *) source)),
                   _mm256_cvtepi32_ps (_mm256_loadu_si256 ((const __m256i *) (source + 8))) };
}

/* Integers from -128 to 127 as bytes, those of a and then of b */
static inline void
lanes_store_bytes (gint8 *target, Lanes a, Lanes b)
{
  __m256i bytes = _mm256_packs_epi16 (_mm256_packs_epi32 (_mm256_cvtps_epi32 (a.low), _mm256_cvtps_epi32 (a.high)),
                                      _mm256_packs_epi32 (_mm256_cvtps_epi32 (b.low), _mm256_cvtps_epi32 (b.high)));

  _mm256_storeu_si256 ((__m256i *) target,
                       _mm256_permutevar8x32_epi32 (bytes, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7)));
}

/* results: of each of eight, its lanes folded: whole numbers added, or the highest found. In no order that counts. */
G_ALWAYS_INLINE static inline void
lanes_fold_eight (const Lanes v[8], Lanes (*fold) (Lanes a, Lanes b), float results[8])
{
  Lanes eights[4]; /* v[i] and v[i + 4] */
  Lanes fours[2];  /* v[i], v[i + 4]; v[i + 2], v[i + 6] */
  Lanes twos;      /* v[0], v[1], v[4], v[5]; v[2] ... */
  Lanes ends;

  for (guint i = 0; i < 4; i++)
    eights[i] = fold ((Lanes) { v[i].low, v[i + 4].low }, (Lanes) { v[i].high, v[i + 4].high });
  for (guint i = 0; i < 2; i++)
    {
      const Lanes *a = eights + i;
      const Lanes *b = eights + i + 2;

      fours[i] = fold ((Lanes) { _mm256_permute2f128_ps (a->low, a->high, 0x20), _mm256_permute2f128_ps (b->low, b->high, 0x20) },
                       (Lanes) { _mm256_permute2f128_ps (a->low, a->high, 0x31), _mm256_permute2f128_ps (b->low, b->high, 0x31) });
    }
  twos = fold ((Lanes) { _mm256_shuffle_ps (fours[0].low, fours[1].low, 0x44), _mm256_shuffle_ps (fours[0].high, fours[1].high, 0x44) },
               (Lanes) { _mm256_shuffle_ps (fours[0].low, fours[1].low, 0xee), _mm256_shuffle_ps (fours[0].high, fours[1].high, 0xee) });
  ends = fold ((Lanes) { _mm256_shuffle_ps (twos.low, twos.high, 0x88), twos.low },
               (Lanes) { _mm256_shuffle_ps (twos.low, twos.high, 0xdd), twos.low });
  _mm256_storeu_ps (results, ends.low);
}
