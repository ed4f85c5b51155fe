#pragma once

#include "cpu/blocks-avx2.h"

/* The K types and their like: a few bits a weight, in planes of a super-block of 256. */

/* The 32 pairs of bits of block b where a byte holds those of four blocks. */
G_ALWAYS_INLINE static inline __m256i
bit_pairs (const guint8 *planes, guint b)
{
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (planes + b / 4 * 32));

  bytes = _mm256_srli_epi16 (bytes, (int) (2 * (b % 4)));
  return _mm256_and_si256 (bytes, _mm256_set1_epi8 (3));
}

/* Eight bytes as floats. */
static inline __m256
bytes_to_floats (guint64 bytes)
{
  return _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) bytes)));
}

/* --- Q2_K: 16 scales and offsets of 16 columns each, 4 bits both, planes of 2 bits, scale, scale
 * of offsets --- */

G_ALWAYS_INLINE static inline __m256i
bytes_q2_k (const guint8 *group, guint b)
{
  return bit_pairs (group + 16, b);
}

G_ALWAYS_INLINE static inline __m256i
factors_q2_k (const guint8 *group)
{
  return _mm256_and_si256 (widen (group), _mm256_set1_epi16 (15));
}

static inline void
scale_q2_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m128i minima = _mm_and_si128 (_mm_srli_epi16 (_mm_loadu_si128 ((const __m128i *) group), 4),
                                  _mm_set1_epi8 (15));
  __m128i first = _mm_and_si128 (minima, _mm_set1_epi16 (255));
  __m128i second = _mm_srli_epi16 (minima, 8);
  __m256 factor = _mm256_set1_ps (-half_at (group + 82));

  *scales = _mm256_set1_ps (half_at (group + 80));
  offsets[0] = _mm256_mul_ps (_mm256_cvtepi32_ps (_mm256_cvtepu16_epi32 (first)), factor);
  offsets[1] = _mm256_mul_ps (_mm256_cvtepi32_ps (_mm256_cvtepu16_epi32 (second)), factor);
}

/* --- Q3_K: 32 bytes of third bits, planes of 2 bits, 16 scales of 6 bits, scale --- */

G_ALWAYS_INLINE static inline __m256i
factors_q3_k (const guint8 *group)
{
  guint64 low;
  guint32 high;
  guint64 upper;
  __m128i four;
  __m128i two;

  memcpy (&low, group + 96, sizeof low);
  memcpy (&high, group + 104, sizeof high);
  four = _mm_set_epi64x ((gint64) (low >> 4), (gint64) low);
  upper = (guint64) high | (guint64) (high >> 2) << 32;
  two = _mm_set_epi64x ((gint64) (upper >> 4), (gint64) upper);
  four = _mm_and_si128 (four, _mm_set1_epi8 (15));
  two = _mm_slli_epi16 (_mm_and_si128 (two, _mm_set1_epi8 (3)), 4);
  return _mm256_cvtepi8_epi16 (_mm_sub_epi8 (_mm_or_si128 (four, two), _mm_set1_epi8 (32)));
}

G_ALWAYS_INLINE static inline __m256i
bytes_q3_k (const guint8 *group, guint b)
{
  __m256i bytes = bit_pairs (group + 32, b);
  __m256i third = _mm256_loadu_si256 ((const __m256i *) group);

  third = b < 2 ? _mm256_slli_epi16 (third, (int) (2 - b))
                : _mm256_srli_epi16 (third, (int) (b - 2));
  bytes = _mm256_or_si256 (bytes, _mm256_and_si256 (third, _mm256_set1_epi8 (4)));
  return _mm256_sub_epi8 (bytes, _mm256_set1_epi8 (4));
}

static inline void
scale_q3_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group + 108));
  *offsets = _mm256_setzero_ps ();
}

/* --- Q4_K: scale, scale of offsets, 12 bytes of eight scales and eight offsets of 6 bits, 128
 * bytes of nibbles; Q5_K: the same with 32 bytes of fifth bits before the nibbles --- */

G_ALWAYS_INLINE static inline __m256i
bytes_q4_k (const guint8 *group, guint b)
{
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (group + 16 + b / 2 * 32));

  if (b % 2 == 1)
    bytes = _mm256_srli_epi16 (bytes, 4);
  return _mm256_and_si256 (bytes, _mm256_set1_epi8 (15));
}

G_ALWAYS_INLINE static inline __m256i
bytes_q5_k (const guint8 *group, guint b)
{
  __m256i fifth = _mm256_loadu_si256 ((const __m256i *) (group + 16));
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (group + 48 + b / 2 * 32));

  if (b % 2 == 1)
    bytes = _mm256_srli_epi16 (bytes, 4);
  fifth = b < 4 ? _mm256_slli_epi16 (fifth, (int) (4 - b))
                : _mm256_srli_epi16 (fifth, (int) (b - 4));
  return _mm256_or_si256 (_mm256_and_si256 (bytes, _mm256_set1_epi8 (15)),
                          _mm256_and_si256 (fifth, _mm256_set1_epi8 (16)));
}

G_ALWAYS_INLINE static inline __m256i
factors_q4_k (const guint8 *group)
{
  guint32 words[3];
  __m128i factors;

  memcpy (words, group + 4, sizeof words);
  factors = _mm_setr_epi32 ((gint32) (words[0] & 0x3f3f3f3fu),
                            (gint32) ((words[2] & 0x0f0f0f0fu) | (words[0] >> 6 & 0x03030303u) << 4), 0, 0);
  return _mm256_cvtepu8_epi16 (_mm_unpacklo_epi8 (factors, factors));
}

static inline void
scale_q4_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  guint32 words[3];
  guint64 minima;

  memcpy (words, group + 4, sizeof words);
  minima = (words[1] & 0x3f3f3f3fu) |
           (guint64) ((words[2] >> 4 & 0x0f0f0f0fu) | (words[1] >> 6 & 0x03030303u) << 4) << 32;
  *scales = _mm256_set1_ps (half_at (group));
  *offsets = _mm256_mul_ps (bytes_to_floats (minima), _mm256_set1_ps (-half_at (group + 2)));
}

/* --- Q6_K: 128 bytes of nibbles, 64 bytes of upper bits in pairs, 16 signed scales of 16 columns
 * each, scale --- */

G_ALWAYS_INLINE static inline __m256i
bytes_q6_k (const guint8 *group, guint b)
{
  guint half = b / 4;
  guint quarter = b % 4;
  __m256i bytes = _mm256_loadu_si256 ((const __m256i *) (group + half * 64 + quarter % 2 * 32));
  __m256i upper = _mm256_loadu_si256 ((const __m256i *) (group + 128 + half * 32));

  if (quarter >= 2)
    bytes = _mm256_srli_epi16 (bytes, 4);
  upper = quarter < 2 ? _mm256_slli_epi16 (upper, (int) (4 - 2 * quarter))
                      : _mm256_srli_epi16 (upper, (int) (2 * quarter - 4));
  bytes = _mm256_or_si256 (_mm256_and_si256 (bytes, _mm256_set1_epi8 (15)),
                           _mm256_and_si256 (upper, _mm256_set1_epi8 (0x30)));
  return _mm256_sub_epi8 (bytes, _mm256_set1_epi8 (32));
}

G_ALWAYS_INLINE static inline __m256i
factors_q6_k (const guint8 *group)
{
  return _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) (group + 192)));
}

static inline void
scale_q6_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group + 208));
  *offsets = _mm256_setzero_ps ();
}

/* --- Q8_K: scale (a float), 256 signed bytes, sums --- */

G_ALWAYS_INLINE static inline __m256i
bytes_q8_k (const guint8 *group, guint b)
{
  return _mm256_loadu_si256 ((const __m256i *) (group + 4 + 32 * b));
}

static inline void
scale_q8_k (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  float scale;

  memcpy (&scale, group, sizeof scale);
  *scales = _mm256_set1_ps (scale);
  *offsets = _mm256_setzero_ps ();
}

/* --- TQ2_0: planes of 2 bits, scale; TQ1_0: 52 bytes of digits of base three, scale --- */

G_ALWAYS_INLINE static inline __m256i
bytes_tq2_0 (const guint8 *group, guint b)
{
  return _mm256_sub_epi8 (bit_pairs (group, b), _mm256_set1_epi8 (1));
}

static inline void
scale_tq2_0 (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group + 64));
  *offsets = _mm256_setzero_ps ();
}

/* Bytes times 3^n, modulo 256: the digit behind n others comes first then. */
G_ALWAYS_INLINE static inline __m256i
shift_digits (__m256i bytes, guint n)
{
  for (guint i = 0; i < n; i++)
    bytes = _mm256_add_epi8 (_mm256_add_epi8 (bytes, bytes), bytes);
  return bytes;
}

/* The digit that a byte begins with: what times 3 goes beyond it. */
G_ALWAYS_INLINE static inline __m256i
first_digits (__m256i bytes)
{
  __m256i one = _mm256_cmpeq_epi8 (_mm256_max_epu8 (bytes, _mm256_set1_epi8 (86)), bytes);
  __m256i two = _mm256_cmpeq_epi8 (_mm256_max_epu8 (bytes, _mm256_set1_epi8 ((char) 171)), bytes);

  return _mm256_sub_epi8 (_mm256_setzero_si256 (), _mm256_add_epi8 (one, two));
}

/* Bytes that begin with the digits of block b: 32 bytes have those of blocks 0 to 4, 16 bytes those of 5, 6
 * and half of 7, four bytes the rest. */
G_ALWAYS_INLINE static inline __m256i
shifted_tq1_0 (const guint8 *group, guint b)
{
  __m256i sixteen = _mm256_castsi128_si256 (_mm_loadu_si128 ((const __m128i *) (group + 32)));
  __m256i second;
  guint32 last;

  if (b < 5)
    return shift_digits (_mm256_loadu_si256 ((const __m256i *) group), b);
  sixteen = shift_digits (sixteen, 2 * (b - 5));
  second = shift_digits (sixteen, 1);
  if (b == 7)
    {
      memcpy (&last, group + 48, sizeof last);
      second = _mm256_setr_epi32 ((gint32) last, 0, 0, 0, 0, 0, 0, 0);
      second = _mm256_unpacklo_epi64 (
        _mm256_unpacklo_epi32 (second, shift_digits (second, 1)),
        _mm256_unpacklo_epi32 (shift_digits (second, 2), shift_digits (second, 3)));
    }
  return _mm256_permute2x128_si256 (sixteen, second, 0x20);
}

G_ALWAYS_INLINE static inline __m256i
bytes_tq1_0 (const guint8 *group, guint b)
{
  return _mm256_sub_epi8 (first_digits (shifted_tq1_0 (group, b)), _mm256_set1_epi8 (1));
}

static inline void
scale_tq1_0 (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group + 52));
  *offsets = _mm256_setzero_ps ();
}
