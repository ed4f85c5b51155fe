#pragma once

#include <glib.h>
#include <immintrin.h>
#include <string.h>

/* How each block type becomes integers of 16 bits. Weights come in groups of eight blocks of 32
 * (256 columns, the super-block of the K types); a row's last group may have fewer.
 *
 *   unpack   the integers of block b of a group in their natural order: 0 … 15, 16 … 31
 *   scale    scales[0] and offsets[0] of its first n blocks, one a lane, zeros behind them
 *
 * A weight is scale * (integer - zero) + offset. Where a type has scales of 16 columns, they go
 * into the integers, which may have 13 bits. Two types have what is no integer for each 16 columns:
 * Q2_K offsets, NVFP4 scales; scales[1] and offsets[1] are then those of a block's second half.
 *
 * To add a type, add both functions and an entry in block-kinds.h; the layouts themselves are
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
static inline __attribute__ ((always_inline)) __m256
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

/* v + 16 where the bit of the lane is set */
static inline __m256i
add_fifth_bits (__m256i v, guint16 bits)
{
#ifdef __AVX512BW__
  return _mm256_mask_add_epi16 (v, bits, v, _mm256_set1_epi16 (16));
#else
  __m256i lanes = _mm256_setr_epi16 (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192,
                                     16384, (short) 0x8000);
  __m256i set = _mm256_and_si256 (_mm256_set1_epi16 ((short) bits), lanes);

  set = _mm256_cmpeq_epi16 (set, lanes);
  return _mm256_or_si256 (v, _mm256_and_si256 (set, _mm256_set1_epi16 (16)));
#endif
}

/* --- Q4_0: scale, 16 bytes of nibbles; Q4_1: scale, offset, nibbles --- */

static inline void
split_nibbles (const guint8 *p, __m256i *low, __m256i *high)
{
  __m256i bytes = widen (p);

  *low = _mm256_and_si256 (bytes, _mm256_set1_epi16 (15));
  *high = _mm256_srli_epi16 (bytes, 4);
}

static inline void
unpack_q4_0 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  split_nibbles (group + b * 18 + 2, low, high);
}

static inline void
scale_q4_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 18, n);
  *offsets = _mm256_setzero_ps ();
}

static inline void
unpack_q4_1 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  split_nibbles (group + b * 20 + 4, low, high);
}

static inline void
scale_q4_1 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 20, n);
  *offsets = halves_at (group + 2, 20, n);
}

/* --- Q5_0: scale, 32 fifth bits, nibbles; Q5_1: scale, offset, fifth bits, nibbles --- */

static inline void
unpack_fifth (const guint8 *bits, __m256i *low, __m256i *high)
{
  guint32 fifth;

  memcpy (&fifth, bits, sizeof fifth);
  split_nibbles (bits + 4, low, high);
  *low = add_fifth_bits (*low, (guint16) fifth);
  *high = add_fifth_bits (*high, (guint16) (fifth >> 16));
}

static inline void
unpack_q5_0 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  unpack_fifth (group + b * 22 + 2, low, high);
}

static inline void
scale_q5_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 22, n);
  *offsets = _mm256_setzero_ps ();
}

static inline void
unpack_q5_1 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  unpack_fifth (group + b * 24 + 4, low, high);
}

static inline void
scale_q5_1 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 24, n);
  *offsets = halves_at (group + 2, 24, n);
}

/* --- Q8_0: scale, 32 signed bytes --- */

static inline void
unpack_q8_0 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *p = group + b * 34 + 2;

  *low = _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) p));
  *high = _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) (p + 16)));
}

static inline void
scale_q8_0 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  *scales = halves_at (group, 34, n);
  *offsets = _mm256_setzero_ps ();
}
