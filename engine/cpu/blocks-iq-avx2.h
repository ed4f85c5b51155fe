#pragma once

#include "cpu/blocks-k-avx2.h"
#include "format/block-grids.h"

/* Types whose weights are places in a codebook: the IQ types, and floats of four bits. */

/* --- Codebooks of sixteen numbers: IQ4_NL (scale, 16 bytes of nibbles), IQ4_XS (scale, 8 scales of 6
 * bits, nibbles), MXFP4 (a power of two, nibbles) --- */

static inline void
look_up_nibbles (const guint8 *p, __m128i codes, __m256i *low, __m256i *high)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) p);
  __m128i first = _mm_and_si128 (bytes, _mm_set1_epi8 (15));
  __m128i second = _mm_and_si128 (_mm_srli_epi16 (bytes, 4), _mm_set1_epi8 (15));

  *low = _mm256_cvtepi8_epi16 (_mm_shuffle_epi8 (codes, first));
  *high = _mm256_cvtepi8_epi16 (_mm_shuffle_epi8 (codes, second));
}

static inline void
unpack_iq4_nl (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  look_up_nibbles (group + 18 * b + 2, _mm_setr_epi8 (SOTTO_CODES_IQ4), low, high);
}

static inline void
unpack_iq4_xs (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  look_up_nibbles (group + 8 + 16 * b, _mm_setr_epi8 (SOTTO_CODES_IQ4), low, high);
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

static inline void
unpack_mxfp4 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  look_up_nibbles (group + 17 * b + 1, _mm_setr_epi8 (SOTTO_CODES_FP4), low, high);
}

/* 2^(e - 128): the lowest two are subnormal numbers, for which the shift of what is above them says
 * one too few. */
static inline void
scale_mxfp4 (const guint8 *group, guint n, __m256 *scales, __m256 *offsets)
{
  guint64 exponents = 0;
  __m256i e;
  __m256i bits;

  for (guint i = 0; i < 8 && i < n; i++)
    exponents |= (guint64) group[17 * i] << (8 * i);
  e = _mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) exponents));
  bits = _mm256_slli_epi32 (_mm256_sub_epi32 (e, _mm256_set1_epi32 (1)), 23);
  bits = _mm256_blendv_epi8 (bits, _mm256_sllv_epi32 (_mm256_set1_epi32 (0x00200000), e),
                             _mm256_cmpgt_epi32 (_mm256_set1_epi32 (2), e));
  *scales = _mm256_castsi256_ps (bits);
  if (n < 8)
    *scales = _mm256_and_ps (*scales,
                             _mm256_castsi256_ps (_mm256_cmpgt_epi32 (
                               _mm256_set1_epi32 ((gint32) n),
                               _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7))));
  *offsets = _mm256_setzero_ps ();
}

/* --- NVFP4: four scales of 16 columns, floats of 8 bits; for each 8 bytes of nibbles. A block here is
 * half of one in the file --- */

static inline void
unpack_nvfp4 (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  __m128i codes = _mm_setr_epi8 (SOTTO_CODES_FP4);
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) (group + b / 2 * 36 + 4 + b % 2 * 16));
  __m128i first = _mm_and_si128 (bytes, _mm_set1_epi8 (15));
  __m128i second = _mm_and_si128 (_mm_srli_epi16 (bytes, 4), _mm_set1_epi8 (15));

  first = _mm_shuffle_epi8 (codes, first);
  second = _mm_shuffle_epi8 (codes, second);
  *low = _mm256_cvtepi8_epi16 (_mm_unpacklo_epi64 (first, second));
  *high = _mm256_cvtepi8_epi16 (_mm_unpackhi_epi64 (first, second));
}

/* Exponent and mantissa, moved to where a float has them, stand for a number that is 2^119 times too
 * small (half of what the byte says, as the codes are doubled); subnormal ones too. */
static inline __m256
small_floats (guint64 bytes)
{
  __m256i wide = _mm256_cvtepu8_epi32 (_mm_cvtsi64_si128 ((gint64) bytes));
  __m256i none = _mm256_cmpeq_epi32 (wide, _mm256_set1_epi32 (127));
  __m256i bits = _mm256_slli_epi32 (_mm256_and_si256 (wide, _mm256_set1_epi32 (127)), 20);

  return _mm256_mul_ps (_mm256_castsi256_ps (_mm256_andnot_si256 (none, bits)),
                        _mm256_set1_ps (0x1p119f));
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
static inline __m256i
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
static inline __m256i
look_up_fours (const guint8 (*grid)[4], const guint8 *places, guint ninth)
{
  guint32 entries[8];

  for (guint i = 0; i < 8; i++)
    memcpy (entries + i, grid[places[i] | (ninth << (8 - i) & 256)], 4);
  return _mm256_setr_epi32 ((gint32) entries[0], (gint32) entries[1], (gint32) entries[2],
                            (gint32) entries[3], (gint32) entries[4], (gint32) entries[5],
                            (gint32) entries[6], (gint32) entries[7]);
}

/* Four signs of seven bits each, made whole: the eighth makes their number even. */
static inline guint32
complete_signs (guint32 word)
{
  guint32 signs = (word & 0x7f) | (word << 1 & 0x7f00) | (word << 2 & 0x7f0000) |
                  (word << 3 & 0x7f000000);
  guint32 parity = signs ^ (signs >> 4 & 0x0f0f0f0f);

  parity ^= parity >> 2 & 0x03030303;
  parity ^= parity >> 1;
  return signs | (parity & 0x01010101) << 7;
}

/* Bytes made negative where the bit is set. */
static inline __m256i
apply_signs (__m256i bytes, guint32 signs)
{
#ifdef __AVX512BW__
  return _mm256_mask_sub_epi8 (bytes, signs, _mm256_setzero_si256 (), bytes);
#else
  __m256i bits = _mm256_set1_epi64x ((gint64) G_GUINT64_CONSTANT (0x8040201008040201));
  __m256i spread = _mm256_shuffle_epi8 (
    _mm256_set1_epi32 ((gint32) signs),
    _mm256_setr_epi8 (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3,
                      3, 3, 3, 3, 3));
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

static inline void
unpack_iq2_xxs (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *places = group + 2 + 8 * b;
  guint32 word;

  memcpy (&word, places + 4, sizeof word);
  widen_signed (apply_signs (look_up_eights (sotto_grid_iq2_xxs, places[0], places[1], places[2],
                                             places[3]),
                             complete_signs (word)),
                low, high);
}

static inline void
scale_iq2_xxs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m256 first = _mm256_loadu_ps ((const float *) (const void *) (group + 2));
  __m256 second = _mm256_loadu_ps ((const float *) (const void *) (group + 34));
  __m256i words = _mm256_castps_si256 (_mm256_shuffle_ps (first, second, 0xdd));

  words = _mm256_srli_epi32 (_mm256_permute4x64_epi64 (words, 0xd8), 28);
  *scales = odd_scales (words, half_at (group), 0.125f);
  *offsets = _mm256_setzero_ps ();
}

/* --- IQ2_XS: scale, 32 places of 9 bits with signs of 7, 16 scales of 4 bits; IQ2_S: scale, 32 bytes
 * of places, 32 of signs, 8 of the places' ninth and tenth bits, 16 scales of 4 bits. The scales go into
 * the integers: up to 31 * 43 --- */

static inline void
scale_iq2_xs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  *scales = _mm256_set1_ps (half_at (group) * 0.125f);
  *offsets = _mm256_setzero_ps ();
}

static inline void
widen_odd (__m256i bytes, guint8 nibbles, __m256i *low, __m256i *high)
{
  widen_times (bytes, 2 * (nibbles & 15) + 1, 2 * (nibbles >> 4) + 1, low, high);
}

static inline void
unpack_iq2_xs (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  guint64 words;
  guint32 signs;

  memcpy (&words, group + 2 + 8 * b, sizeof words);
  signs = (guint32) ((words >> 9 & 0x7f) | (words >> 18 & 0x3f80) | (words >> 27 & 0x1fc000) |
                     (words >> 36 & 0xfe00000));
  widen_odd (apply_signs (look_up_eights (sotto_grid_iq2_xs, (guint) words & 511,
                                          (guint) (words >> 16) & 511, (guint) (words >> 32) & 511,
                                          (guint) (words >> 48) & 511),
                          complete_signs (signs)),
             group[66 + b], low, high);
}

static inline void
unpack_iq2_s (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *places = group + 2 + 4 * b;
  guint upper = group[66 + b];
  guint32 signs;

  memcpy (&signs, group + 34 + 4 * b, sizeof signs);
  widen_odd (apply_signs (look_up_eights (sotto_grid_iq2_s, places[0] | (upper << 8 & 0x300),
                                          places[1] | (upper << 6 & 0x300),
                                          places[2] | (upper << 4 & 0x300),
                                          places[3] | (upper << 2 & 0x300)),
                          signs),
             group[74 + b], low, high);
}

/* --- IQ3_XXS: scale, 64 places, for each block 32 bits of signs and scale; IQ3_S: scale, 64 places,
 * their ninth bits, 32 bytes of signs, 8 scales of 4 bits --- */

static inline void
unpack_iq3_xxs (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  guint32 word;

  memcpy (&word, group + 66 + 4 * b, sizeof word);
  widen_signed (apply_signs (look_up_fours (sotto_grid_iq3_xxs, group + 2 + 8 * b, 0),
                             complete_signs (word)),
                low, high);
}

static inline void
scale_iq3_xxs (const guint8 *group, guint n G_GNUC_UNUSED, __m256 *scales, __m256 *offsets)
{
  __m256i words = _mm256_loadu_si256 ((const __m256i *) (group + 66));

  *scales = odd_scales (_mm256_srli_epi32 (words, 28), half_at (group), 0.25f);
  *offsets = _mm256_setzero_ps ();
}

static inline void
unpack_iq3_s (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  guint32 signs;

  memcpy (&signs, group + 74 + 4 * b, sizeof signs);
  widen_signed (
    apply_signs (look_up_fours (sotto_grid_iq3_s, group + 2 + 8 * b, group[66 + b]), signs), low,
    high);
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

/* --- IQ1_S: scale, 32 bytes of places, for each block 16 bits: the places' upper bits, scale, shift;
 * IQ1_M: 32 bytes of places, 16 of their upper bits and shifts, 16 scales of 3 bits that hide the scale.
 * The integers are eighths: 8 * entry + 1 or - 1, of IQ1_M times the scale of 16 columns --- */

static inline __m256i
look_up_ones (guint a, guint b, guint c, guint d, __m256i shifts)
{
  __m256i bytes = look_up_eights ((const guint8 (*)[8]) sotto_grid_iq1, a, b, c, d);

  bytes = _mm256_add_epi8 (bytes, bytes);
  bytes = _mm256_add_epi8 (bytes, bytes);
  return _mm256_add_epi8 (_mm256_add_epi8 (bytes, bytes), shifts);
}

static inline void
unpack_iq1_s (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *places = group + 2 + 4 * b;
  guint16 word;

  memcpy (&word, group + 34 + 2 * b, sizeof word);
  widen_signed (look_up_ones (places[0] | (word << 8 & 0x700), places[1] | (word << 5 & 0x700),
                              places[2] | (word << 2 & 0x700), places[3] | (word >> 1 & 0x700),
                              _mm256_set1_epi8 (word & 0x8000 ? -1 : 1)),
                low, high);
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

static inline void
unpack_iq1_m (const guint8 *group, guint b, __m256i *low, __m256i *high)
{
  const guint8 *places = group + 4 * b;
  guint16 word;
  guint64 s;
  __m256i shifts;

  memcpy (&word, group + 32 + 2 * b, sizeof word);
  memcpy (&s, group + 48, sizeof s);
  s >>= b / 2 * 16 + b % 2 * 6;
  /* bits 3, 7, 11 and 15: all bits of the eight bytes, or none; then the lowest set: -1 or 1 */
  shifts = _mm256_setr_epi64x (-(gint64) (word >> 3 & 1), -(gint64) (word >> 7 & 1),
                               -(gint64) (word >> 11 & 1), -(gint64) (word >> 15 & 1));
  shifts = _mm256_or_si256 (shifts, _mm256_set1_epi8 (1));
  widen_times (look_up_ones (places[0] | (word << 8 & 0x700), places[1] | (word << 4 & 0x700),
                             places[2] | (word & 0x700), places[3] | (word >> 4 & 0x700), shifts),
               2 * (int) (s & 7) + 1, 2 * (int) (s >> 3 & 7) + 1, low, high);
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
