#pragma once

#include "cpu/blocks-k-avx2.h"
#include "format/block-grids.h"

/* Types whose weights are places in a codebook: the IQ types, and floats of four bits. */

/* --- Codebooks of sixteen numbers: IQ4_NL (scale, 16 bytes of nibbles), IQ4_XS (scale, 8 scales of
 * 6 bits, nibbles), MXFP4 (a power of two, nibbles) --- */

G_ALWAYS_INLINE static inline __m256i
look_up_nibbles (const guint8 *p, __m128i codes)
{
  return _mm256_shuffle_epi8 (_mm256_broadcastsi128_si256 (codes), nibbles_at (p));
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq4_nl (const guint8 *group, guint b)
{
  return look_up_nibbles (group + 18 * b + 2, _mm_setr_epi8 (SOTTO_CODES_IQ4));
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq4_xs (const guint8 *group, guint b)
{
  return look_up_nibbles (group + 8 + 16 * b, _mm_setr_epi8 (SOTTO_CODES_IQ4));
}

static inline void
scale_iq4_xs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m256i low;
  __m256i high;
  guint16 two;
  guint32 four;

  memcpy (&two, group + 2, sizeof two);
  memcpy (&four, group + 4, sizeof four);
  high = _mm256_srlv_epi32 (_mm256_set1_epi32 (two),
                            _mm256_setr_epi32 (0, 2, 4, 6, 8, 10, 12, 14));
  low = _mm256_srlv_epi32 (_mm256_set1_epi32 ((gint32) four),
                           _mm256_setr_epi32 (0, 4, 8, 12, 16, 20, 24, 28));
  high = _mm256_slli_epi32 (_mm256_and_si256 (high, _mm256_set1_epi32 (3)), 4);
  low = _mm256_or_si256 (_mm256_and_si256 (low, _mm256_set1_epi32 (15)), high);
  low = _mm256_sub_epi32 (low, _mm256_set1_epi32 (32));
  *scales = _mm256_mul_ps (_mm256_cvtepi32_ps (low), _mm256_set1_ps (half_at (group)));
  *offsets = _mm256_setzero_ps ();
}

G_ALWAYS_INLINE static inline __m256i
bytes_mxfp4 (const guint8 *group, guint b)
{
  return look_up_nibbles (group + 17 * b + 1, _mm_setr_epi8 (SOTTO_CODES_FP4));
}

/* 2^(e - 128) of eight bytes: the lowest two are subnormal numbers, for which the shift of what is above
 * them says one too few. */
static inline __m256
powers_of_two (guint64 exponents)
{
  __m256i e = _mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) exponents));
  __m256i bits = _mm256_slli_epi32 (_mm256_sub_epi32 (e, _mm256_set1_epi32 (1)), 23);

  bits = _mm256_blendv_epi8 (bits, _mm256_sllv_epi32 (_mm256_set1_epi32 (0x00200000), e),
                             _mm256_cmpgt_epi32 (_mm256_set1_epi32 (2), e));
  return _mm256_castsi256_ps (bits);
}

static inline void
scale_mxfp4 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  guint64 exponents = 0;

  for (guint i = 0; i < 8 && i < n; i++)
    exponents |= (guint64) group[17 * i] << (8 * i);
  *scales = powers_of_two (exponents);
  if (n < 8)
    *scales = _mm256_and_ps (*scales,
                             _mm256_castsi256_ps (_mm256_cmpgt_epi32 (
                               _mm256_set1_epi32 ((gint32) n),
                               _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7))));
  *offsets = _mm256_setzero_ps ();
}

/* --- NVFP4: four scales of 16 columns, floats of 8 bits; for each 8 bytes of nibbles. A block here
 * is half of one in the file --- */

G_ALWAYS_INLINE static inline __m256i
bytes_nvfp4 (const guint8 *group, guint b)
{
  const guint8 *block = group + b / 2 * 36 + 4 + b % 2 * 16;

  return _mm256_permute4x64_epi64 (look_up_nibbles (block, _mm_setr_epi8 (SOTTO_CODES_FP4)), 0xd8);
}

/* Half of what the bytes stand for (the codes are doubled): mantissas with their hidden bit,
 * shifted by the exponent, are whole numbers of 2^-10. */
static inline __m256
small_floats (guint64 bytes)
{
  __m256i wide = _mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) bytes));
  __m256i none = _mm256_cmpeq_epi32 (wide, _mm256_set1_epi32 (127));
  __m256i exponents = _mm256_and_si256 (_mm256_srli_epi32 (wide, 3), _mm256_set1_epi32 (15));
  __m256i mantissas = _mm256_and_si256 (wide, _mm256_set1_epi32 (7));
  __m256i hidden = _mm256_min_epu32 (exponents, _mm256_set1_epi32 (1));

  mantissas = _mm256_or_si256 (mantissas, _mm256_slli_epi32 (hidden, 3));
  mantissas = _mm256_sllv_epi32 (mantissas, _mm256_sub_epi32 (exponents, hidden));
  return _mm256_mul_ps (_mm256_cvtepi32_ps (_mm256_andnot_si256 (none, mantissas)),
                        _mm256_set1_ps (0x1p-10f));
}

static inline void
scale_nvfp4 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  guint64 first = 0;
  guint64 second = 0;

  for (guint i = 0; i < 8 && i < n; i++)
    {
      const guint8 *pair = group + i / 2 * 36 + i % 2 * 2;

      first |= (guint64) pair[0] << (8 * i);
      second |= (guint64) pair[1] << (8 * i);
    }
  scales[0] = small_floats (first);
  scales[1] = small_floats (second);
  *offsets = _mm256_setzero_ps ();
}

/* --- Codebooks of neighbourhoods --- */

/* 32 numbers: four entries of eight, */
G_ALWAYS_INLINE static inline __m256i
look_up_eights (const guint8 (*grid)[8], guint a, guint b, guint c, guint d)
{
  guint64 entries[4];

  memcpy (entries, grid[a], 8);
  memcpy (entries + 1, grid[b], 8);
  memcpy (entries + 2, grid[c], 8);
  memcpy (entries + 3, grid[d], 8);
  return _mm256_setr_epi64x ((gint64) entries[0], (gint64) entries[1], (gint64) entries[2],
                             (gint64) entries[3]);
}

/* or eight of four. Ninth bits of the places are those of ninth. */
G_ALWAYS_INLINE static inline __m256i
look_up_fours (const guint8 (*grid)[4], const guint8 *places, guint ninth)
{
  guint32 entries[8];

  for (guint i = 0; i < 8; i++)
    memcpy (entries + i, grid[places[i] | (ninth << (8 - i) & 256)], 4);
  return _mm256_setr_epi32 ((gint32) entries[0], (gint32) entries[1], (gint32) entries[2],
                            (gint32) entries[3], (gint32) entries[4], (gint32) entries[5],
                            (gint32) entries[6], (gint32) entries[7]);
}

/* Signs of seven bits, made whole: the eighth makes their number even. */
G_ALWAYS_INLINE static inline __m256i
complete_signs (__m256i seven)
{
  __m256i odd = _mm256_setr_epi8 (0, -128, -128, 0, -128, 0, 0, -128, -128, 0, 0, -128, 0, -128,
                                  -128, 0, 0, -128, -128, 0, -128, 0, 0, -128, -128, 0, 0, -128,
                                  0, -128, -128, 0);
  __m256i low = _mm256_and_si256 (seven, _mm256_set1_epi8 (15));
  __m256i high = _mm256_and_si256 (_mm256_srli_epi16 (seven, 4), _mm256_set1_epi8 (7));

  low = _mm256_xor_si256 (_mm256_shuffle_epi8 (odd, low), _mm256_shuffle_epi8 (odd, high));
  return _mm256_or_si256 (seven, low);
}

/* All signs of a group from words of 28 bits, four of seven in each. */
G_ALWAYS_INLINE static inline __m256i
spread_signs (__m256i words)
{
  __m256i first = _mm256_and_si256 (words, _mm256_set1_epi32 (0x7f));
  __m256i second = _mm256_and_si256 (_mm256_slli_epi32 (words, 1), _mm256_set1_epi32 (0x7f00));
  __m256i third = _mm256_and_si256 (_mm256_slli_epi32 (words, 2), _mm256_set1_epi32 (0x7f0000));
  __m256i fourth = _mm256_and_si256 (_mm256_slli_epi32 (words, 3), _mm256_set1_epi32 (0x7f000000));

  return complete_signs (
    _mm256_or_si256 (_mm256_or_si256 (first, second), _mm256_or_si256 (third, fourth)));
}

/* Bytes made negative where the bit is set. */
G_ALWAYS_INLINE static inline __m256i
apply_signs (__m256i bytes, guint32 signs)
{
#ifdef __AVX512BW__
  return _mm256_mask_sub_epi8 (bytes, signs, _mm256_setzero_si256 (), bytes);
#else
  __m256i bits = _mm256_set1_epi64x ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
  __m256i places = _mm256_setr_epi8 (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2,
                                     2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  __m256i spread = _mm256_shuffle_epi8 (_mm256_set1_epi32 ((gint32) signs), places);
  __m256i negative = _mm256_cmpeq_epi8 (_mm256_and_si256 (spread, bits), bits);

  return _mm256_sub_epi8 (_mm256_xor_si256 (bytes, negative), negative);
#endif
}

/* The same with the signs of block b of a group's, which are computed once where this is inlined.
 * */
G_ALWAYS_INLINE static inline __m256i
apply_signs_of (__m256i bytes, __m256i signs, guint b)
{
#ifdef __AVX512BW__
  __m128i half = b < 4 ? _mm256_castsi256_si128 (signs) : _mm256_extracti128_si256 (signs, 1);
  guint64 two = b % 4 < 2 ? (guint64) _mm_cvtsi128_si64 (half)
                          : (guint64) _mm_extract_epi64 (half, 1);

  return apply_signs (bytes, (guint32) (two >> 32 * (b % 2)));
#else
  __m256i lanes = b < 4 ? _mm256_permute2x128_si256 (signs, signs, 0x00)
                        : _mm256_permute2x128_si256 (signs, signs, 0x11);
  __m256i bits = _mm256_set1_epi64x ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
  __m256i places = _mm256_setr_epi8 (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2,
                                     2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  __m256i spread = _mm256_shuffle_epi8 (
    lanes, _mm256_add_epi8 (places, _mm256_set1_epi8 ((char) (4 * (b % 4)))));
  __m256i negative = _mm256_cmpeq_epi8 (_mm256_and_si256 (spread, bits), bits);

  return _mm256_sub_epi8 (_mm256_xor_si256 (bytes, negative), negative);
#endif
}

/* half * (2 s + 1) * unit of eight groups; s in the lowest bits of each lane */
static inline __m256
odd_scales (__m256i s, float half, float unit)
{
  __m256i odd = _mm256_add_epi32 (_mm256_add_epi32 (s, s), _mm256_set1_epi32 (1));

  return _mm256_mul_ps (_mm256_cvtepi32_ps (odd), _mm256_set1_ps (half * unit));
}

/* --- IQ2_XXS: scale, for each block four places and 32 bits of signs and scale --- */

/* The words of signs and scale of a group's eight blocks. */
G_ALWAYS_INLINE static inline __m256i
words_iq2_xxs (const guint8 *group)
{
  __m256 first = _mm256_loadu_ps ((const float *) (const void *) (group + 2));
  __m256 second = _mm256_loadu_ps ((const float *) (const void *) (group + 34));
  __m256i words = _mm256_castps_si256 (_mm256_shuffle_ps (first, second, 0xdd));

  return _mm256_permute4x64_epi64 (words, 0xd8);
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq2_xxs (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 8 * b;
  __m256i bytes = look_up_eights (sotto_grid_iq2_xxs, places[0], places[1], places[2], places[3]);

  return apply_signs_of (bytes, spread_signs (words_iq2_xxs (group)), b);
}

static inline void
scale_iq2_xxs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = odd_scales (_mm256_srli_epi32 (words_iq2_xxs (group), 28), half_at (group), 0.125f);
  *offsets = _mm256_setzero_ps ();
}

/* --- IQ2_XS: scale, 32 places of 9 bits with signs of 7, 16 scales of 4 bits; IQ2_S: scale, 32
 * bytes of places, 32 of signs, 8 of the places' ninth and tenth bits, 16 scales of 4 bits. The
 * products are up to 31 * 43 --- */

static inline void
scale_iq2_xs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group) * 0.125f);
  *offsets = _mm256_setzero_ps ();
}

/* 2 s + 1 of 16 scales, two in a byte */
G_ALWAYS_INLINE static inline __m256i
odd_factors (const guint8 *nibbles)
{
  __m128i bytes = _mm_loadl_epi64 ((const __m128i *) nibbles);
  __m256i wide = _mm256_cvtepu8_epi16 (_mm_unpacklo_epi8 (bytes, _mm_srli_epi16 (bytes, 4)));

  wide = _mm256_and_si256 (wide, _mm256_set1_epi16 (15));
  return _mm256_add_epi16 (_mm256_add_epi16 (wide, wide), _mm256_set1_epi16 (1));
}

G_ALWAYS_INLINE static inline __m256i
factors_iq2_xs (const guint8 *group)
{
  return odd_factors (group + 66);
}

G_ALWAYS_INLINE static inline __m256i
factors_iq2_s (const guint8 *group)
{
  return odd_factors (group + 74);
}

G_ALWAYS_INLINE static inline __m256i
signs_iq2_xs (const guint8 *group)
{
  __m256i first = _mm256_loadu_si256 ((const __m256i *) (group + 2));
  __m256i second = _mm256_loadu_si256 ((const __m256i *) (group + 34));
  __m256i seven = _mm256_packus_epi16 (_mm256_srli_epi16 (first, 9), _mm256_srli_epi16 (second, 9));

  return complete_signs (_mm256_permute4x64_epi64 (seven, 0xd8));
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq2_xs (const guint8 *group, guint b)
{
  __m256i bytes;
  guint64 words;

  memcpy (&words, group + 2 + 8 * b, sizeof words);
  bytes = look_up_eights (sotto_grid_iq2_xs, (guint) words & 511, (guint) (words >> 16) & 511,
                          (guint) (words >> 32) & 511, (guint) (words >> 48) & 511);
  return apply_signs_of (bytes, signs_iq2_xs (group), b);
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq2_s (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 4 * b;
  guint upper = group[66 + b];
  __m256i bytes = look_up_eights (sotto_grid_iq2_s, places[0] | (upper << 8 & 0x300),
                                  places[1] | (upper << 6 & 0x300),
                                  places[2] | (upper << 4 & 0x300),
                                  places[3] | (upper << 2 & 0x300));
  guint32 signs;

  memcpy (&signs, group + 34 + 4 * b, sizeof signs);
  return apply_signs (bytes, signs);
}

/* --- IQ3_XXS: scale, 64 places, for each block 32 bits of signs and scale; IQ3_S: scale, 64
 * places, their ninth bits, 32 bytes of signs, 8 scales of 4 bits --- */

G_ALWAYS_INLINE static inline __m256i
bytes_iq3_xxs (const guint8 *group, guint b)
{
  __m256i bytes = look_up_fours (sotto_grid_iq3_xxs, group + 2 + 8 * b, 0);
  __m256i words = _mm256_loadu_si256 ((const __m256i *) (group + 66));

  return apply_signs_of (bytes, spread_signs (words), b);
}

static inline void
scale_iq3_xxs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m256i words = _mm256_loadu_si256 ((const __m256i *) (group + 66));

  *scales = odd_scales (_mm256_srli_epi32 (words, 28), half_at (group), 0.25f);
  *offsets = _mm256_setzero_ps ();
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq3_s (const guint8 *group, guint b)
{
  guint32 signs;

  memcpy (&signs, group + 74 + 4 * b, sizeof signs);
  return apply_signs (look_up_fours (sotto_grid_iq3_s, group + 2 + 8 * b, group[66 + b]), signs);
}

static inline void
scale_iq3_s (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  guint32 nibbles;
  __m256i s;

  memcpy (&nibbles, group + 106, sizeof nibbles);
  s = _mm256_srlv_epi32 (_mm256_set1_epi32 ((gint32) nibbles),
                         _mm256_setr_epi32 (0, 4, 8, 12, 16, 20, 24, 28));
  *scales = odd_scales (_mm256_and_si256 (s, _mm256_set1_epi32 (15)), half_at (group), 1.0f);
  *offsets = _mm256_setzero_ps ();
}

/* --- IQ1_S: scale, 32 bytes of places, for each block 16 bits: the places' upper bits, scale,
 * shift; IQ1_M: 32 bytes of places, 16 of their upper bits and shifts, 16 scales of 3 bits that
 * hide the scale. The integers are eighths: 8 * entry + 1 or - 1, of IQ1_M times the scale of 16
 * columns --- */

G_ALWAYS_INLINE static inline __m256i
look_up_ones (guint a, guint b, guint c, guint d)
{
  return look_up_eights ((const guint8 (*)[8]) sotto_grid_iq1, a, b, c, d);
}

/* -1 where bits are set, else 1 */
static inline __m256i
ones (__m256i set)
{
  return _mm256_or_si256 (set, _mm256_set1_epi8 (1));
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq1_s (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 4 * b;
  __m256i bytes;
  __m256i shift;
  guint16 word;

  memcpy (&word, group + 34 + 2 * b, sizeof word);
  bytes = look_up_ones (places[0] | (word << 8 & 0x700), places[1] | (word << 5 & 0x700),
                        places[2] | (word << 2 & 0x700), places[3] | (word >> 1 & 0x700));
  shift = ones (_mm256_srai_epi16 (_mm256_set1_epi16 ((gint16) word), 15));
  return _mm256_add_epi8 (bytes, shift);
}

static inline void
scale_iq1_s (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m128i words = _mm_loadu_si128 ((const __m128i *) (group + 34));
  __m256i s = _mm256_and_si256 (_mm256_srli_epi32 (_mm256_cvtepu16_epi32 (words), 12),
                                _mm256_set1_epi32 (7));

  *scales = odd_scales (s, half_at (group), 0.125f);
  *offsets = _mm256_setzero_ps ();
}

/* 2 s + 1 of the 16 scales of three bits */
G_ALWAYS_INLINE static inline __m256i
factors_iq1_m (const guint8 *group)
{
  __m256i places = _mm256_setr_epi8 (0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 4, 5, 4, 5,
                                     4, 5, 4, 5, 6, 7, 6, 7, 6, 7, 6, 7);
  __m256i powers = _mm256_set1_epi64x (0x0010008004002000); /* to the upper three of 16 bits */
  __m256i words = _mm256_broadcastsi128_si256 (_mm_loadl_epi64 ((const __m128i *) (group + 48)));
  __m256i s = _mm256_mullo_epi16 (_mm256_shuffle_epi8 (words, places), powers);

  s = _mm256_srli_epi16 (s, 13);
  return _mm256_add_epi16 (_mm256_add_epi16 (s, s), _mm256_set1_epi16 (1));
}

G_ALWAYS_INLINE static inline __m256i
bytes_iq1_m (const guint8 *group, guint b)
{
  const guint8 *places = group + 4 * b;
  __m256i bits = _mm256_setr_epi16 (0x8, 0x8, 0x8, 0x8, 0x80, 0x80, 0x80, 0x80, 0x800, 0x800,
                                    0x800, 0x800, -0x8000, -0x8000, -0x8000, -0x8000);
  __m256i bytes;
  __m256i shifts;
  guint16 word;

  memcpy (&word, group + 32 + 2 * b, sizeof word);
  bytes = look_up_ones (places[0] | (word << 8 & 0x700), places[1] | (word << 4 & 0x700),
                        places[2] | (word & 0x700), places[3] | (word >> 4 & 0x700));
  shifts = _mm256_and_si256 (_mm256_set1_epi16 ((gint16) word), bits);
  shifts = ones (_mm256_cmpeq_epi16 (shifts, bits));
  return _mm256_add_epi8 (bytes, shifts);
}

static inline void
scale_iq1_m (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  guint64 words;
  guint16 half;

  memcpy (&words, group + 48, sizeof words);
  half = (guint16) ((words >> 12 & 0xf) | (words >> 24 & 0xf0) | (words >> 36 & 0xf00) |
                    (words >> 48 & 0xf000));
  *scales = _mm256_set1_ps (_cvtsh_ss (half) * 0.125f);
  *offsets = _mm256_setzero_ps ();
}
