#pragma once

#include <glib.h>
#include <immintrin.h>
#include <string.h>

/* How each block type becomes integers of 16 bits. Weights come in groups of eight blocks of 32
 * (256 columns, the super-block of the K types); a row's last group may have fewer.
 *
 *   unpack   the integers of block b of a group in their natural order: 0 … 15, 16 … 31
 *   scale    scales (and offsets) of its first n blocks, one a lane, zeros behind them
 *
 * A weight is scale * (integer - zero) + offset. To add a type, add both functions and an entry in
 * template-multiply.h; the layouts themselves are described in format/block.c. */

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

/* --- Q4_K: scale, scale of offsets, 12 bytes of eight scales and eight offsets of 6 bits, 128
 * bytes of nibbles; Q5_K: the same with 32 bytes of fifth bits before the nibbles --- */

static inline void
unpack_q4_k (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *p = group + 16 + b / 2 * 32;
  __m256i first = widen (p);
  __m256i second = widen (p + 16);

  if (b % 2 == 0)
    {
      *low = _mm256_and_si256 (first, _mm256_set1_epi16 (15));
      *high = _mm256_and_si256 (second, _mm256_set1_epi16 (15));
    }
  else
    {
      *low = _mm256_srli_epi16 (first, 4);
      *high = _mm256_srli_epi16 (second, 4);
    }
}

static inline void
unpack_q5_k (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  __m256i fifth = _mm256_loadu_si256 ((const __m256i *) (group + 16));
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (group + 48 + b / 2 * 32));

  if (b % 2 == 1)
    bytes = _mm256_srli_epi16 (bytes, 4);
  fifth = b < 4 ? _mm256_slli_epi16 (fifth, (int) (4 - b))
                : _mm256_srli_epi16 (fifth, (int) (b - 4));
  bytes = _mm256_or_si256 (_mm256_and_si256 (bytes, _mm256_set1_epi8 (15)),
                           _mm256_and_si256 (fifth, _mm256_set1_epi8 (16)));
  *low = _mm256_cvtepu8_epi16 (_mm256_castsi256_si128 (bytes));
  *high = _mm256_cvtepu8_epi16 (_mm256_extracti128_si256 (bytes, 1));
}

static inline void
scale_q4_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  guint32 words[3];
  guint64 factors;
  guint64 minima;

  memcpy (words, group + 4, sizeof words);
  factors = (words[0] & 0x3f3f3f3fu) |
            (guint64) ((words[2] & 0x0f0f0f0fu) | (words[0] >> 6 & 0x03030303u) << 4) << 32;
  minima = (words[1] & 0x3f3f3f3fu) |
           (guint64) ((words[2] >> 4 & 0x0f0f0f0fu) | (words[1] >> 6 & 0x03030303u) << 4) << 32;
  *scales = _mm256_mul_ps (
    _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) factors))),
    _mm256_set1_ps (half_at (group)));
  *offsets = _mm256_mul_ps (
    _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) minima))),
    _mm256_set1_ps (-half_at (group + 2)));
}

/* --- Q6_K: 128 bytes of nibbles, 64 bytes of upper bits in pairs, 16 signed scales of 16 columns
 * each, scale. The scales go into the integers, of which 13 bits are used then --- */

static inline void
unpack_q6_k (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  guint half = b / 4;
  guint quarter = b % 4;
  const gint8 *factors = (const gint8 *) group + 192 + 2 * b;
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (group + half * 64 + quarter % 2 * 32));
  __m256i upper = _mm256_loadu_si256 ((const __m256i *) (group + 128 + half * 32));

  if (quarter >= 2)
    bytes = _mm256_srli_epi16 (bytes, 4);
  upper = quarter < 2 ? _mm256_slli_epi16 (upper, (int) (4 - 2 * quarter))
                      : _mm256_srli_epi16 (upper, (int) (2 * quarter - 4));
  bytes = _mm256_or_si256 (_mm256_and_si256 (bytes, _mm256_set1_epi8 (15)),
                           _mm256_and_si256 (upper, _mm256_set1_epi8 (0x30)));
  bytes = _mm256_sub_epi8 (bytes, _mm256_set1_epi8 (32));
  *low = _mm256_mullo_epi16 (_mm256_cvtepi8_epi16 (_mm256_castsi256_si128 (bytes)),
                             _mm256_set1_epi16 (factors[0]));
  *high = _mm256_mullo_epi16 (_mm256_cvtepi8_epi16 (_mm256_extracti128_si256 (bytes, 1)),
                              _mm256_set1_epi16 (factors[1]));
}

static inline void
scale_q6_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group + 208));
  *offsets = _mm256_setzero_ps ();
}
