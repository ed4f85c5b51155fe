#pragma once

/* How the block types become codes, for template-few.h and tile-weights.h: bytes in the order of pack-few.h, and
 * their scales, spread over the lanes. The tier has Codes, 64 of them, and in codes-avx2.h or codes-avx512.h
 *
 *   multiply_pair, multiply_half   with activations: exact integers, less zero times their sum
 *   spread_lanes, …                scales to the lanes of blocks
 *   load_four, low_nibbles, …      what the types below are made of
 *
 * and the types for which it has a way of its own. The layouts themselves are described in
 * format/block-dequantise*.c.
 *
 * zero is what codes have more than the weights: ZERO_SIGNED for bytes with a sign. codes of at most
 * 63 may have another: 1, 2, 4, 8 …, or 0 */

#define ZERO_SIGNED 128

#ifdef __AVX512VNNI__
#include "cpu/codes-avx512.h"
#else
#include "cpu/codes-avx2.h"
#endif

/* --- Types of blocks of 32 columns: codes and scales of four blocks --- */

/* Halves at the blocks' beginnings. */
G_ALWAYS_INLINE static inline void
pair_scales (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  guint16 halves[4];
  guint64 all;

  for (guint i = 0; i < 4; i++)
    memcpy (halves + i, blocks[i], sizeof *halves);
  all = (guint64) halves[0] | (guint64) halves[1] << 16 | (guint64) halves[2] << 32
        | (guint64) halves[3] << 48;
  scales[0] = spread_eight (_mm256_castps128_ps256 (_mm_cvtph_ps (_mm_cvtsi64_si128 ((gint64) all))),
                            0, 1, 2, 3);
}

/* Two halves each: the scale, and the offset where FewGroup.pair_sums wants it. */
G_ALWAYS_INLINE static inline void
pair_scales_offsets (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets)
{
  guint32 both[4];
  __m256 v;

  for (guint i = 0; i < 4; i++)
    memcpy (both + i, blocks[i], sizeof *both);
  v = _mm256_cvtph_ps (_mm_set_epi64x ((gint64) ((guint64) both[2] | (guint64) both[3] << 32),
                                       (gint64) ((guint64) both[0] | (guint64) both[1] << 32)));
  scales[0] = spread_eight (v, 0, 2, 4, 6);
  *offsets = extend_eight (v);
}

G_ALWAYS_INLINE static inline void
codes_q4_0 (const guint8 *const blocks[4], Codes codes[2])
{
  Codes bytes = load_four (blocks, 2);

  codes[0] = low_signed (bytes);
  codes[1] = high_signed (bytes);
}

G_ALWAYS_INLINE static inline void
codes_q4_1 (const guint8 *const blocks[4], Codes codes[2])
{
  Codes bytes = load_four (blocks, 4);

  codes[0] = low_nibbles (bytes);
  codes[1] = high_nibbles (bytes);
}

G_ALWAYS_INLINE static inline void
codes_q8_0 (const guint8 *const blocks[4], Codes codes[2])
{
  codes[0] = of_signed_bytes (load_four (blocks, 2));
  codes[1] = of_signed_bytes (load_four (blocks, 18));
}

G_ALWAYS_INLINE static inline void
codes_iq4_nl (const guint8 *const blocks[4], Codes codes[2])
{
  Codes bytes = load_four (blocks, 2);

  codes[0] = look_up (_mm_setr_epi8 (SOTTO_CODES_IQ4), low_nibbles (bytes));
  codes[1] = look_up (_mm_setr_epi8 (SOTTO_CODES_IQ4), high_nibbles (bytes));
}

G_ALWAYS_INLINE static inline void
codes_mxfp4 (const guint8 *const blocks[4], Codes codes[2])
{
  Codes bytes = load_four (blocks, 1);

  codes[0] = look_up (_mm_setr_epi8 (SOTTO_CODES_FP4), low_nibbles (bytes));
  codes[1] = look_up (_mm_setr_epi8 (SOTTO_CODES_FP4), high_nibbles (bytes));
}

G_ALWAYS_INLINE static inline void
scales_mxfp4 (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  guint64 exponents = 0;

  for (guint i = 0; i < 4; i++)
    exponents |= (guint64) *blocks[i] << (8 * i);
  scales[0] = spread_eight (powers_of_two (exponents), 0, 1, 2, 3);
}

/* Half of a block of the file: its codes, and its two scales, are found apart (find_code_blocks). */
G_ALWAYS_INLINE static inline void
codes_nvfp4 (const guint8 *const blocks[4], Codes codes[2])
{
  __m128i book = _mm_setr_epi8 (SOTTO_CODES_FP4);
  Codes bytes = load_four (blocks, 0);

  mix_eights (look_up (book, low_nibbles (bytes)), look_up (book, high_nibbles (bytes)), codes);
}

G_ALWAYS_INLINE static inline void
scales_nvfp4 (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  guint64 bytes = 0;
  __m256 v;

  for (guint i = 0; i < 4; i++)
    bytes |= (guint64) blocks[i][0] << (8 * i) | (guint64) blocks[i][1] << (8 * i + 32);
  v = small_floats (bytes);
  scales[0] = spread_eight (v, 0, 1, 2, 3);
  scales[1] = spread_eight (v, 4, 5, 6, 7);
}

/* --- Types of 256 columns: codes and scales of a group --- */

/* From bytes_* of blocks-*.h, which are `zero` more than the weights, or have a sign. */
G_ALWAYS_INLINE static inline void
group_codes (BytesFunc bytes, guint zero, const guint8 *group, Codes codes[4])
{
  split_four (bytes (group, 0), bytes (group, 2), bytes (group, 4), bytes (group, 6), codes);
  split_four (bytes (group, 1), bytes (group, 3), bytes (group, 5), bytes (group, 7), codes + 2);
  for (guint i = 0; i < 4; i++)
    codes[i] = zero == ZERO_SIGNED ? of_signed_bytes (codes[i]) : of_bytes (codes[i], zero);
}

/* From scale_*. */
G_ALWAYS_INLINE static inline void
group_scales (ScaleFunc scale, const guint8 *group, Lanes scales[4])
{
  __m256 v[2];
  __m256 none[2];

  scale (group, 8, v, none);
  scales[0] = spread_eight (v[0], 0, 2, 4, 6);
  scales[1] = spread_eight (v[0], 1, 3, 5, 7);
}

/* One for 16 columns each, of both pairs' first and second halves in turn. */
G_ALWAYS_INLINE static inline void
spread_halves (Lanes v, Lanes scales[4])
{
  scales[0] = spread_lanes (v, 0, 4, 8, 12);
  scales[1] = spread_lanes (v, 1, 5, 9, 13);
  scales[2] = spread_lanes (v, 2, 6, 10, 14);
  scales[3] = spread_lanes (v, 3, 7, 11, 15);
}

/* From scale_*, the same for all blocks, and factors_*. */
G_ALWAYS_INLINE static inline void
group_half_scales (ScaleFunc scale, FactorsFunc factors, const guint8 *group, Lanes scales[4])
{
  __m256 v[2];
  __m256 none[2];

  scale (group, 8, v, none);
  spread_halves (lanes_multiply (lanes_of_words (factors (group)), lanes_all (_mm256_cvtss_f32 (v[0]))),
                 scales);
}

/* Scales and minima of six bits: of blocks 0 … 3 both, then of 4 … 7; the offsets are where FewGroup.sums
 * wants them. */
G_ALWAYS_INLINE static inline void
scales_q4_k (const guint8 *group, Lanes scales[4], Lanes *offsets)
{
  guint64 eight;
  guint32 four;
  guint64 upper;
  gint32 both;

  memcpy (&both, group, sizeof both);
  memcpy (&eight, group + 4, sizeof eight);
  memcpy (&four, group + 12, sizeof four);
  upper = (four & 0x0f0f0f0fu) | (guint64) (four >> 4 & 0x0f0f0f0fu) << 32;
  upper |= eight >> 2 & G_GUINT64_CONSTANT (0x3030303030303030);
  eight &= G_GUINT64_CONSTANT (0x3f3f3f3f3f3f3f3f);
  *offsets = lanes_multiply (lanes_of_bytes (_mm_set_epi64x ((gint64) upper, (gint64) eight)),
                             spread_two (_mm_cvtph_ps (_mm_set1_epi32 (both))));
  scales[0] = spread_lanes (*offsets, 0, 2, 8, 10);
  scales[1] = spread_lanes (*offsets, 1, 3, 9, 11);
}

G_ALWAYS_INLINE static inline void
scales_q2_k (const guint8 *group, Lanes scales[4], Lanes *offsets)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) group);
  __m128i mask = _mm_set1_epi8 (15);

  spread_halves (lanes_multiply (lanes_of_bytes (_mm_and_si128 (bytes, mask)),
                                 lanes_all (half_at (group + 80))),
                 scales);
  *offsets = lanes_multiply (lanes_of_bytes (_mm_and_si128 (_mm_srli_epi16 (bytes, 4), mask)),
                             lanes_all (half_at (group + 82)));
}

G_ALWAYS_INLINE static inline __m256i
plain_q3_k (const guint8 *group, guint b)
{
  return _mm256_add_epi8 (bytes_q3_k (group, b), _mm256_set1_epi8 (4));
}

#define CODES_OF_BYTES(name, bytes, zero)                                                          \
  G_ALWAYS_INLINE static inline void codes_##name (const guint8 *group,                            \
                                                   Codes codes[4])                                 \
  {                                                                                                \
    group_codes (bytes, zero, group, codes);                                                       \
  }

CODES_OF_BYTES (q2_k, bytes_q2_k, 0)
CODES_OF_BYTES (q3_k, plain_q3_k, 4)
CODES_OF_BYTES (q8_k, bytes_q8_k, ZERO_SIGNED)
CODES_OF_BYTES (iq1_s, bytes_iq1_s, ZERO_SIGNED)
CODES_OF_BYTES (iq1_m, bytes_iq1_m, ZERO_SIGNED)
CODES_OF_BYTES (iq2_xxs, bytes_iq2_xxs, ZERO_SIGNED)
CODES_OF_BYTES (iq2_xs, bytes_iq2_xs, ZERO_SIGNED)
CODES_OF_BYTES (iq2_s, bytes_iq2_s, ZERO_SIGNED)
CODES_OF_BYTES (iq3_xxs, bytes_iq3_xxs, ZERO_SIGNED)
CODES_OF_BYTES (iq3_s, bytes_iq3_s, ZERO_SIGNED)
CODES_OF_BYTES (tq2_0, bit_pairs, 1)

G_ALWAYS_INLINE static inline void
codes_tq1_0 (const guint8 *group, Codes codes[4])
{
  group_codes (shifted_tq1_0, 0, group, codes);
  for (guint i = 0; i < 4; i++)
    codes[i] = of_bytes (of_digits (codes[i]), 1);
}

#define SCALES_OF_BLOCKS(name)                                                                     \
  G_ALWAYS_INLINE static inline void scales_##name (                                               \
    const guint8 *group, Lanes scales[4], Lanes *offsets G_GNUC_UNUSED)                            \
  {                                                                                                \
    group_scales (scale_##name, group, scales);                                                    \
  }

SCALES_OF_BLOCKS (q8_k)
SCALES_OF_BLOCKS (iq1_s)
SCALES_OF_BLOCKS (iq2_xxs)
SCALES_OF_BLOCKS (iq3_xxs)
SCALES_OF_BLOCKS (iq3_s)
SCALES_OF_BLOCKS (iq4_xs)
SCALES_OF_BLOCKS (tq1_0)
SCALES_OF_BLOCKS (tq2_0)

#define SCALES_OF_HALVES(name, scale_of)                                                           \
  G_ALWAYS_INLINE static inline void scales_##name (                                               \
    const guint8 *group, Lanes scales[4], Lanes *offsets G_GNUC_UNUSED)                            \
  {                                                                                                \
    group_half_scales (scale_##scale_of, factors_##name, group, scales);                           \
  }

SCALES_OF_HALVES (q3_k, q3_k)
SCALES_OF_HALVES (q6_k, q6_k)
SCALES_OF_HALVES (iq1_m, iq1_m)
SCALES_OF_HALVES (iq2_xs, iq2_xs)
SCALES_OF_HALVES (iq2_s, iq2_xs)
