#pragma once

#include "format/block-grids.h"

#include <arm_neon.h>
#include <glib.h>
#include <string.h>

/* How each block type becomes signed bytes. Weights come in groups of eight blocks of 32 (256 columns,
 * the super-block of the K types); a row's last group may have fewer.
 *
 *   bytes_NAME    the integers of a block in their natural order: 0 … 15, 16 … 31
 *   scales_of_NAME  what they are multiplied with, and what is added to that
 *
 * A weight is scale * byte + offset, and where a type has integer scales of a few columns scale * factor *
 * byte + offset. Types of 256 columns are asked for block b of a group, those of 32 for their one.
 * The layouts themselves are described in format/block-dequantise*.c. This file has the plain types
 * and the K types, blocks-iq-neon.h the others. */

typedef struct {
  int8x16_t v[2];
} BlockBytes;

/* Of a group. */
typedef struct {
  float scales[2][8];       /* of the blocks; NVFP4: of their first and second halves */
  float offsets[2][8];      /* likewise; Q2_K: of their halves */
  gint8 factors[16];        /* of the halves in their order; Q4_K, Q5_K: both of a block the same */
} GroupScales;

static inline float
half_at (const guint8 *p)
{
  __fp16 half;

  memcpy (&half, p, sizeof half);
  return (float) half;
}

static inline guint16
read_16 (const guint8 *p)
{
  guint16 value;

  memcpy (&value, p, sizeof value);
  return value;
}

static inline guint32
read_32 (const guint8 *p)
{
  guint32 value;

  memcpy (&value, p, sizeof value);
  return value;
}

/* Sixteen nibbles: the low ones of sixteen bytes, or the high ones. */
static inline uint8x16_t
nibbles_at (const guint8 *p, gboolean is_high)
{
  uint8x16_t bytes = vld1q_u8 (p);

  return is_high ? vshrq_n_u8 (bytes, 4) : vandq_u8 (bytes, vdupq_n_u8 (15));
}

/* bytes >> n & mask */
static inline uint8x16_t
bits_of (uint8x16_t bytes, guint n, guint8 mask)
{
  return vandq_u8 (vshlq_u8 (bytes, vdupq_n_s8 ((gint8) -(gint) n)), vdupq_n_u8 (mask));
}

/* v - zero */
static inline int8x16_t
signed_bytes (uint8x16_t v, guint8 zero)
{
  return vreinterpretq_s8_u8 (vsubq_u8 (v, vdupq_n_u8 (zero)));
}

/* All bits of a byte where the bit of its place is set. */
static inline uint8x16_t
spread_bits (guint bits)
{
  static const guint8 places[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
  uint8x16_t both = vcombine_u8 (vdup_n_u8 ((guint8) bits), vdup_n_u8 ((guint8) (bits >> 8)));

  return vtstq_u8 (both, vld1q_u8 (places));
}

/* Eight bytes as floats times a number. */
static inline void
scale_bytes (guint64 bytes, float scale, float scales[8])
{
  uint16x8_t wide = vmovl_u8 (vcreate_u8 (bytes));

  vst1q_f32 (scales, vmulq_n_f32 (vcvtq_f32_u32 (vmovl_u16 (vget_low_u16 (wide))), scale));
  vst1q_f32 (scales + 4, vmulq_n_f32 (vcvtq_f32_u32 (vmovl_u16 (vget_high_u16 (wide))), scale));
}

static inline void
scale_all (GroupScales *group, float scale)
{
  for (guint b = 0; b < 8; b++)
    group->scales[0][b] = scale;
}

/* --- Q4_0: scale, 16 bytes of nibbles; Q4_1: scale, offset, nibbles --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q4_0 (const guint8 *block)
{
  return (BlockBytes) { { signed_bytes (nibbles_at (block + 2, FALSE), 8),
                          signed_bytes (nibbles_at (block + 2, TRUE), 8) } };
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_q4_1 (const guint8 *block)
{
  return (BlockBytes) { { signed_bytes (nibbles_at (block + 4, FALSE), 0),
                          signed_bytes (nibbles_at (block + 4, TRUE), 0) } };
}

/* --- Q5_0: scale, 32 fifth bits, nibbles; Q5_1: scale, offset, fifth bits, nibbles --- */

static inline BlockBytes
join_fifths (const guint8 *bits, guint8 zero)
{
  guint32 fifths = read_32 (bits);
  uint8x16_t sixteen = vdupq_n_u8 (16);
  uint8x16_t low = vandq_u8 (spread_bits (fifths), sixteen);
  uint8x16_t high = vandq_u8 (spread_bits (fifths >> 16), sixteen);

  return (BlockBytes) { { signed_bytes (vorrq_u8 (nibbles_at (bits + 4, FALSE), low), zero),
                          signed_bytes (vorrq_u8 (nibbles_at (bits + 4, TRUE), high), zero) } };
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_q5_0 (const guint8 *block)
{
  return join_fifths (block + 2, 16);
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_q5_1 (const guint8 *block)
{
  return join_fifths (block + 4, 0);
}

/* --- Q8_0: scale, 32 signed bytes --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q8_0 (const guint8 *block)
{
  const gint8 *p = (const gint8 *) block + 2;

  return (BlockBytes) { { vld1q_s8 (p), vld1q_s8 (p + 16) } };
}

/* --- Q2_K: 16 scales and offsets of 16 columns each, 4 bits both, planes of 2 bits, scale, scale of
 * offsets --- */

/* The pairs of bits of block b where a byte holds those of four blocks. */
static inline BlockBytes
bit_pairs (const guint8 *planes, guint b, guint8 zero)
{
  const guint8 *p = planes + b / 4 * 32;

  return (BlockBytes) { { signed_bytes (bits_of (vld1q_u8 (p), 2 * (b % 4), 3), zero),
                          signed_bytes (bits_of (vld1q_u8 (p + 16), 2 * (b % 4), 3), zero) } };
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_q2_k (const guint8 *group, guint b)
{
  return bit_pairs (group + 16, b, 0);
}

static inline void
scales_of_q2_k (const guint8 *group, GroupScales *scales)
{
  float offset = -half_at (group + 82);

  scale_all (scales, half_at (group + 80));
  vst1q_s8 (scales->factors, signed_bytes (nibbles_at (group, FALSE), 0));
  for (guint i = 0; i < 16; i++)
    scales->offsets[i % 2][i / 2] = offset * (float) (group[i] >> 4);
}

/* --- Q3_K: 32 bytes of third bits, planes of 2 bits, 16 scales of 6 bits, scale --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q3_k (const guint8 *group, guint b)
{
  BlockBytes bytes = bit_pairs (group + 32, b, 4);

  for (guint i = 0; i < 2; i++)
    {
      uint8x16_t third = vshlq_n_u8 (bits_of (vld1q_u8 (group + 16 * i), b, 1), 2);

      bytes.v[i] = vaddq_s8 (bytes.v[i], vreinterpretq_s8_u8 (third));
    }
  return bytes;
}

static inline void
scales_of_q3_k (const guint8 *group, GroupScales *scales)
{
  const guint8 *packed = group + 96;

  scale_all (scales, half_at (group + 108));
  for (guint i = 0; i < 16; i++)
    {
      guint low = (guint) (packed[i % 8] >> (i / 8 * 4)) & 15;
      guint high = (guint) (packed[8 + i % 4] >> (i / 4 * 2)) & 3;

      scales->factors[i] = (gint8) ((gint) (low | high << 4) - 32);
    }
}

/* --- Q4_K: scale, scale of offsets, 12 bytes of eight scales and eight offsets of 6 bits, 128 bytes of
 * nibbles; Q5_K: the same with 32 bytes of fifth bits before the nibbles --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q4_k (const guint8 *group, guint b)
{
  const guint8 *p = group + 16 + b / 2 * 32;

  return (BlockBytes) { { signed_bytes (nibbles_at (p, b % 2 == 1), 0),
                          signed_bytes (nibbles_at (p + 16, b % 2 == 1), 0) } };
}

G_ALWAYS_INLINE static inline BlockBytes
bytes_q5_k (const guint8 *group, guint b)
{
  const guint8 *p = group + 48 + b / 2 * 32;
  BlockBytes bytes;

  for (guint i = 0; i < 2; i++)
    {
      uint8x16_t fifth = vshlq_n_u8 (bits_of (vld1q_u8 (group + 16 + 16 * i), b, 1), 4);

      bytes.v[i] = signed_bytes (vorrq_u8 (nibbles_at (p + 16 * i, b % 2 == 1), fifth), 0);
    }
  return bytes;
}

static inline void
scales_of_q4_k (const guint8 *group, GroupScales *scales)
{
  guint32 first = read_32 (group + 4);
  guint32 second = read_32 (group + 8);
  guint32 third = read_32 (group + 12);
  guint64 upper = (third & 0x0f0f0f0fu) | (first >> 2 & 0x30303030u);
  guint64 upper_minima = (third >> 4 & 0x0f0f0f0fu) | (second >> 2 & 0x30303030u);
  guint64 factors = (first & 0x3f3f3f3fu) | upper << 32;

  for (guint i = 0; i < 16; i++)
    scales->factors[i] = (gint8) (factors >> (i / 2 * 8));
  scale_all (scales, half_at (group));
  scale_bytes ((second & 0x3f3f3f3fu) | upper_minima << 32, -half_at (group + 2),
               scales->offsets[0]);
}

/* --- Q6_K: 128 bytes of nibbles, 64 bytes of upper bits in pairs, 16 signed scales of 16 columns each,
 * scale --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q6_k (const guint8 *group, guint b)
{
  const guint8 *lower = group + b / 4 * 64 + b % 2 * 32;
  const guint8 *upper = group + 128 + b / 4 * 32;
  BlockBytes bytes;

  for (guint i = 0; i < 2; i++)
    {
      uint8x16_t two = vshlq_n_u8 (bits_of (vld1q_u8 (upper + 16 * i), 2 * (b % 4), 3), 4);

      bytes.v[i] = signed_bytes (vorrq_u8 (nibbles_at (lower + 16 * i, b % 4 >= 2), two), 32);
    }
  return bytes;
}

static inline void
scales_of_q6_k (const guint8 *group, GroupScales *scales)
{
  scale_all (scales, half_at (group + 208));
  memcpy (scales->factors, group + 192, sizeof scales->factors);
}

/* --- Q8_K: scale (a float), 256 signed bytes, sums --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_q8_k (const guint8 *group, guint b)
{
  const gint8 *p = (const gint8 *) group + 4 + 32 * b;

  return (BlockBytes) { { vld1q_s8 (p), vld1q_s8 (p + 16) } };
}

static inline void
scales_of_q8_k (const guint8 *group, GroupScales *scales)
{
  float scale;

  memcpy (&scale, group, sizeof scale);
  scale_all (scales, scale);
}

/* --- TQ2_0: planes of 2 bits, scale; TQ1_0: 52 bytes of digits of base three, scale --- */

G_ALWAYS_INLINE static inline BlockBytes
bytes_tq2_0 (const guint8 *group, guint b)
{
  return bit_pairs (group, b, 1);
}

static inline void
scales_of_tq2_0 (const guint8 *group, GroupScales *scales)
{
  scale_all (scales, half_at (group + 64));
}

/* The digit behind those that 3^n of powers shifts away, less one: what times 3 goes beyond a byte. */
static inline int8x16_t
digits_of (uint8x16_t bytes, uint8x16_t powers)
{
  uint8x16_t rest = vmulq_u8 (bytes, powers);
  uint8x16_t minus = vaddq_u8 (vcgeq_u8 (rest, vdupq_n_u8 (86)), vcgeq_u8 (rest, vdupq_n_u8 (171)));

  return vreinterpretq_s8_u8 (vsubq_u8 (vdupq_n_u8 (255), minus));
}

/* 32 bytes have the digits of blocks 0 to 4, 16 bytes those of 5, 6 and half of 7, four bytes the rest. */
G_ALWAYS_INLINE static inline BlockBytes
bytes_tq1_0 (const guint8 *group, guint b)
{
  static const guint8 powers[5] = { 1, 3, 9, 27, 81 };
  static const guint8 last[16] = { 1, 1, 1, 1, 3, 3, 3, 3, 9, 9, 9, 9, 27, 27, 27, 27 };
  uint8x16_t sixteen = vld1q_u8 (group + 32);
  uint8x16_t four = vreinterpretq_u8_u32 (vdupq_n_u32 (read_32 (group + 48)));

  if (b < 5)
    return (BlockBytes) { { digits_of (vld1q_u8 (group), vdupq_n_u8 (powers[b])),
                            digits_of (vld1q_u8 (group + 16), vdupq_n_u8 (powers[b])) } };
  return (BlockBytes) { { digits_of (sixteen, vdupq_n_u8 (powers[2 * b - 10])),
                          b < 7 ? digits_of (sixteen, vdupq_n_u8 (powers[2 * b - 9]))
                                : digits_of (four, vld1q_u8 (last)) } };
}

static inline void
scales_of_tq1_0 (const guint8 *group, GroupScales *scales)
{
  scale_all (scales, half_at (group + 52));
}
