#pragma once

#include <glib.h>
#include <immintrin.h>
#include <string.h>

/* How each block type becomes signed bytes. Weights come in groups of eight blocks of 32 (256 columns, the
 * super-block of the K types); a row's last group may have fewer.
 *
 *   bytes    the integers of block b of a group in their natural order
 *   factors  of types whose scales are integers of 16 columns: those of a group, 16 of them; the products with
 *            the bytes may have 13 bits
 *   scale    scales[0] and offsets[0] of its first n blocks, one a lane, zeros behind them
 *
 * A weight is scale * factor * integer + offset. Two types have what is no integer for each 16 columns:
 * Q2_K offsets, NVFP4 scales; scales[1] and offsets[1] are then those of a block's second half.
 *
 * To add a type, add these functions and an entry in block-kinds.h; the layouts themselves are
 * described in format/block-dequantise*.c. This file has the plain types, blocks-k-avx2.h and
 * blocks-iq-avx2.h the others. */

static inline float
half_at (const guint8 *p)
{
  guint16 half;

  memcpy (&half, p, sizeof half);
  return _cvtsh_ss (half);
}

/* The halves at p, p + stride …, n of them (at most 8): through integer registers, since the vector
 * ports are busy. */
G_ALWAYS_INLINE static inline __m256
halves_at (const guint8 *p, gsize stride, guint n)
{
  guint64 low = 0;
  guint64 high = 0;

  for (guint i = 0; i < 8 && i < n; i++)
    {
      guint16 half;

      memcpy (&half, p + i * stride, sizeof half);
      if (i < 4)
        low |= (guint64) half << (16 * i);
      else
        high |= (guint64) half << (16 * (i - 4));
    }
  return _mm256_cvtph_ps (_mm_set_epi64x ((gint64) high, (gint64) low));
}

static inline __m256i
widen (const guint8 *p)
{
  return _mm256_cvtepu8_epi16 (_mm_loadu_si128 ((const __m128i *) p));
}

/* --- Q4_0: scale, 16 bytes of nibbles; Q4_1: scale, offset, nibbles --- */

/* The lower nibbles of 16 bytes, then the upper ones. */
G_ALWAYS_INLINE static inline __m256i
nibbles_at (const guint8 *p)
{
  __m256i both = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) p));
  __m256i counts = _mm256_setr_epi32 (0, 0, 0, 0, 4, 4, 4, 4);

  return _mm256_and_si256 (_mm256_srlv_epi32 (both, counts), _mm256_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline __m256i
bytes_q4_0 (const guint8 *group, guint b)
{
  return _mm256_sub_epi8 (nibbles_at (group + b * 18 + 2), _mm256_set1_epi8 (8));
}

static inline void
scale_q4_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 18, n);
  *offsets = _mm256_setzero_ps ();
}

G_ALWAYS_INLINE static inline __m256i
bytes_q4_1 (const guint8 *group, guint b)
{
  return nibbles_at (group + b * 20 + 4);
}

static inline void
scale_q4_1 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 20, n);
  *offsets = halves_at (group + 2, 20, n);
}

/* --- Q5_0: scale, 32 fifth bits, nibbles; Q5_1: scale, offset, fifth bits, nibbles --- */

/* Bytes of ones where a bit is set. */
G_ALWAYS_INLINE static inline __m256i
spread_bits (const guint8 *bits)
{
  __m256i places = _mm256_setr_epi8 (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2,
                                     2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  __m256i lanes = _mm256_set1_epi64x ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
  gint32 all;

  memcpy (&all, bits, sizeof all);
  return _mm256_cmpeq_epi8 (
    _mm256_and_si256 (_mm256_shuffle_epi8 (_mm256_set1_epi32 (all), places), lanes), lanes);
}

G_ALWAYS_INLINE static inline __m256i
bytes_q5_0 (const guint8 *group, guint b)
{
  const guint8 *block = group + b * 22;
  __m256i without = _mm256_andnot_si256 (spread_bits (block + 2), _mm256_set1_epi8 (-16));

  return _mm256_or_si256 (nibbles_at (block + 6), without);
}

static inline void
scale_q5_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 22, n);
  *offsets = _mm256_setzero_ps ();
}

G_ALWAYS_INLINE static inline __m256i
bytes_q5_1 (const guint8 *group, guint b)
{
  const guint8 *block = group + b * 24;
  __m256i fifth = _mm256_and_si256 (spread_bits (block + 4), _mm256_set1_epi8 (16));

  return _mm256_or_si256 (nibbles_at (block + 8), fifth);
}

static inline void
scale_q5_1 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 24, n);
  *offsets = halves_at (group + 2, 24, n);
}

/* --- Q8_0: scale, 32 signed bytes --- */

G_ALWAYS_INLINE static inline __m256i
bytes_q8_0 (const guint8 *group, guint b)
{
  return _mm256_loadu_si256 ((const __m256i *) (group + b * 34 + 2));
}

static inline void
scale_q8_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 34, n);
  *offsets = _mm256_setzero_ps ();
}
