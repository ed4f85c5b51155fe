#pragma once

#include "cpu/blocks-neon.h"

/* Types whose weights are places in a codebook: the IQ types, and floats of four bits. */

/* --- Codebooks of sixteen numbers: IQ4_NL (scale, 16 bytes of nibbles), IQ4_XS (scale, 8 scales of 6
 * bits, nibbles), MXFP4 (a power of two, nibbles) --- */

static inline BlockBytes
look_up_nibbles (const guint8 *p, int8x16_t book)
{
  return (BlockBytes) { { vqtbl1q_s8 (book, nibbles_at (p, FALSE)),
                          vqtbl1q_s8 (book, nibbles_at (p, TRUE)) } };
}

static inline int8x16_t
book_of_iq4 (void)
{
  static const gint8 codes[16] = { SOTTO_CODES_IQ4 };

  return vld1q_s8 (codes);
}

static inline int8x16_t
book_of_fp4 (void)
{
  static const gint8 codes[16] = { SOTTO_CODES_FP4 };

  return vld1q_s8 (codes);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq4_nl (const guint8 *block)
{
  return look_up_nibbles (block + 2, book_of_iq4 ());
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq4_xs (const guint8 *group, guint b)
{
  return look_up_nibbles (group + 8 + 16 * b, book_of_iq4 ());
}

static inline void
scales_of_iq4_xs (const guint8 *group, GroupScales *scales)
{
  guint high = read_16 (group + 2);
  guint32 low = read_32 (group + 4);
  float scale = half_at (group);

  for (guint b = 0; b < 8; b++)
    scales->scales[0][b] =
      scale * (float) ((gint) ((low >> 4 * b & 15) | (high >> 2 * b & 3) << 4) - 32);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_mxfp4 (const guint8 *block)
{
  return look_up_nibbles (block + 1, book_of_fp4 ());
}

/* 2^(e - 128): the lowest two are subnormal numbers. */
static inline float
power_of_two (guint8 e)
{
  guint32 bits = e < 2 ? 0x00200000u << e : (guint32) (e - 1) << 23;
  float power;

  memcpy (&power, &bits, sizeof power);
  return power;
}

/* --- NVFP4: four scales of 16 columns, floats of 8 bits; for each 8 bytes of nibbles. A block here is
 * half of one in the file, and its scales lie apart --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_nvfp4 (const guint8 *nibbles)
{
  BlockBytes bytes = look_up_nibbles (nibbles, book_of_fp4 ());
  int64x2_t low = vreinterpretq_s64_s8 (bytes.v[0]);
  int64x2_t high = vreinterpretq_s64_s8 (bytes.v[1]);

  return (BlockBytes) { { vreinterpretq_s8_s64 (vzip1q_s64 (low, high)),
                          vreinterpretq_s8_s64 (vzip2q_s64 (low, high)) } };
}

/* Half of what the byte stands for (the codes are doubled): the mantissa with its hidden bit, shifted by
 * the exponent, is a whole number of 2^-10. */
static inline float
small_float (guint8 byte)
{
  guint exponent = byte >> 3 & 15;
  guint hidden = exponent > 0;

  return byte == 127 ? 0.0f
                     : (float) (((byte & 7u) | hidden << 3) << (exponent - hidden)) * 0x1p-10f;
}

/* --- Codebooks of neighbourhoods --- */

/* Signs of seven bits, made whole: the eighth makes their number even. */
static inline guint
complete_sign (guint seven)
{
  return seven | (guint) __builtin_parity (seven) << 7;
}

/* Eight bytes made negative where the bit is set. */
static inline int8x8_t
apply_signs (int8x8_t bytes, guint signs)
{
  static const guint8 places[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };
  int8x8_t negative = vreinterpret_s8_u8 (vtst_u8 (vdup_n_u8 ((guint8) signs), vld1_u8 (places)));

  return vsub_s8 (veor_s8 (bytes, negative), negative);
}

/* An entry of eight, or two of four. */
static inline int8x8_t
eight_of (const guint8 entry[8], guint signs)
{
  return apply_signs (vreinterpret_s8_u8 (vld1_u8 (entry)), signs);
}

static inline int8x8_t
two_fours_of (const guint8 first[4], const guint8 second[4], guint signs)
{
  guint64 both = read_32 (first) | (guint64) read_32 (second) << 32;

  return apply_signs (vcreate_s8 (both), signs);
}

/* Eighths: 8 * entry + 1, or - 1 */
static inline int8x8_t
shifted_eight (guint place, gboolean is_negative)
{
  return vadd_s8 (vld1_s8 (sotto_grid_iq1[place]), vdup_n_s8 (is_negative ? -1 : 1));
}

static inline BlockBytes
join_eights (const int8x8_t v[4])
{
  return (BlockBytes) { { vcombine_s8 (v[0], v[1]), vcombine_s8 (v[2], v[3]) } };
}

/* --- IQ2_XXS: scale, for each block four places and 32 bits of signs and scale --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq2_xxs (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 8 * b;
  guint32 word = read_32 (places + 4);
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = eight_of (sotto_grid_iq2_xxs[places[k]], complete_sign (word >> 7 * k & 127));
  return join_eights (v);
}

static inline void
scales_of_iq2_xxs (const guint8 *group, GroupScales *scales)
{
  float scale = half_at (group) * 0.125f;

  for (guint b = 0; b < 8; b++)
    scales->scales[0][b] = scale * (float) (2 * (read_32 (group + 6 + 8 * b) >> 28) + 1);
}

/* --- IQ2_XS: scale, 32 places of 9 bits with signs of 7, 16 scales of 4 bits; IQ2_S: scale, 32 bytes of
 * places, 32 of signs, 8 of the places' ninth and tenth bits, 16 scales of 4 bits --- */

/* 2 s + 1 of 16 scales, two in a byte */
static inline void
odd_factors (const guint8 *nibbles, GroupScales *scales)
{
  for (guint i = 0; i < 16; i++)
    scales->factors[i] = (gint8) (2 * (nibbles[i / 2] >> (i % 2 * 4) & 15) + 1);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq2_xs (const guint8 *group, guint b)
{
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    {
      guint word = read_16 (group + 2 + 8 * b + 2 * k);

      v[k] = eight_of (sotto_grid_iq2_xs[word & 511], complete_sign (word >> 9));
    }
  return join_eights (v);
}

static inline void
scales_of_iq2_xs (const guint8 *group, GroupScales *scales)
{
  scale_all (scales, half_at (group) * 0.125f);
  odd_factors (group + 66, scales);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq2_s (const guint8 *group, guint b)
{
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = eight_of (
      sotto_grid_iq2_s[group[2 + 4 * b + k] | ((guint) group[66 + b] << (8 - 2 * k) & 0x300)],
      group[34 + 4 * b + k]);
  return join_eights (v);
}

static inline void
scales_of_iq2_s (const guint8 *group, GroupScales *scales)
{
  scale_all (scales, half_at (group) * 0.125f);
  odd_factors (group + 74, scales);
}

/* --- IQ3_XXS: scale, 64 places, for each block 32 bits of signs and scale; IQ3_S: scale, 64 places, their
 * ninth bits, 32 bytes of signs, 8 scales of 4 bits --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq3_xxs (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 8 * b;
  guint32 word = read_32 (group + 66 + 4 * b);
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = two_fours_of (sotto_grid_iq3_xxs[places[2 * k]], sotto_grid_iq3_xxs[places[2 * k + 1]],
                         complete_sign (word >> 7 * k & 127));
  return join_eights (v);
}

static inline void
scales_of_iq3_xxs (const guint8 *group, GroupScales *scales)
{
  float scale = half_at (group) * 0.25f;

  for (guint b = 0; b < 8; b++)
    scales->scales[0][b] = scale * (float) (2 * (read_32 (group + 66 + 4 * b) >> 28) + 1);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq3_s (const guint8 *group, guint b)
{
  const guint8 *places = group + 2 + 8 * b;
  guint ninth = group[66 + b];
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = two_fours_of (sotto_grid_iq3_s[places[2 * k] | (ninth << (8 - 2 * k) & 256)],
                         sotto_grid_iq3_s[places[2 * k + 1] | (ninth << (7 - 2 * k) & 256)],
                         group[74 + 4 * b + k]);
  return join_eights (v);
}

static inline void
scales_of_iq3_s (const guint8 *group, GroupScales *scales)
{
  float scale = half_at (group);

  for (guint b = 0; b < 8; b++)
    scales->scales[0][b] = scale * (float) (2 * (group[106 + b / 2] >> (b % 2 * 4) & 15) + 1);
}

/* --- IQ1_S: scale, 32 bytes of places, for each block 16 bits: the places' upper bits, scale, shift;
 * IQ1_M: 32 bytes of places, 16 of their upper bits and shifts, 16 scales of 3 bits that hide the
 * scale --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq1_s (const guint8 *group, guint b)
{
  guint word = read_16 (group + 34 + 2 * b);
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = shifted_eight (group[2 + 4 * b + k] | (word >> 3 * k & 7) << 8, word >> 15);
  return join_eights (v);
}

static inline void
scales_of_iq1_s (const guint8 *group, GroupScales *scales)
{
  float scale = half_at (group) * 0.125f;

  for (guint b = 0; b < 8; b++)
    scales->scales[0][b] = scale * (float) (2 * (read_16 (group + 34 + 2 * b) >> 12 & 7) + 1);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_iq1_m (const guint8 *group, guint b)
{
  guint word = read_16 (group + 32 + 2 * b);
  int8x8_t v[4];

  for (guint k = 0; k < 4; k++)
    v[k] = shifted_eight (group[4 * b + k] | (word >> 4 * k & 7) << 8, word >> (4 * k + 3) & 1);
  return join_eights (v);
}

static inline void
scales_of_iq1_m (const guint8 *group, GroupScales *scales)
{
  guint16 bits = 0;
  guint8 half[2];

  for (guint w = 0; w < 4; w++)
    bits |= (guint16) (read_16 (group + 48 + 2 * w) >> 12 << (4 * w));
  memcpy (half, &bits, sizeof half);
  scale_all (scales, half_at (half) * 0.125f);
  for (guint i = 0; i < 16; i++)
    scales->factors[i] = (gint8) (2 * (read_16 (group + 48 + i / 4 * 2) >> (i % 4 * 3) & 7) + 1);
}
