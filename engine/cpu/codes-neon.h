#pragma once

#include "cpu/blocks-iq-neon.h"
#include "cpu/pack-few.h"

/* Codes in four registers, one for each block; see codes.h. A register of sdot's sums is four lanes of one
 * block, so that codes are bytes with a sign as they come, and the scale of a block is that of a
 * whole register. What others' codes have more than the weights, these have not. */

#define ZERO_SIGNED 128

typedef struct {
  int8x16_t v[4];
} Codes;

/* --- Products --- */

G_ALWAYS_INLINE static inline Lanes
multiply_pair (Codes first, Codes second, const FewPair *x, guint zero G_GNUC_UNUSED)
{
  Lanes products;

  for (guint i = 0; i < 4; i++)
    {
      int32x4_t sums = vdotq_s32 (vdupq_n_s32 (0), first.v[i], vld1q_s8 (x->high[0] + 16 * i));

      sums = vdotq_s32 (sums, second.v[i], vld1q_s8 (x->high[1] + 16 * i));
      sums = vshlq_n_s32 (sums, 7);
      sums = vdotq_s32 (sums, first.v[i], vld1q_s8 (x->low[0] + 16 * i));
      sums = vdotq_s32 (sums, second.v[i], vld1q_s8 (x->low[1] + 16 * i));
      products.v[i] = vcvtq_f32_s32 (sums);
    }
  return products;
}

G_ALWAYS_INLINE static inline Lanes
multiply_half (Codes codes, const FewPair *x, guint half, guint zero G_GNUC_UNUSED)
{
  Lanes products;

  for (guint i = 0; i < 4; i++)
    {
      int32x4_t sums = vdotq_s32 (vdupq_n_s32 (0), codes.v[i], vld1q_s8 (x->high[half] + 16 * i));

      sums = vdotq_s32 (vshlq_n_s32 (sums, 7), codes.v[i], vld1q_s8 (x->low[half] + 16 * i));
      products.v[i] = vcvtq_f32_s32 (sums);
    }
  return products;
}

/* --- Types of blocks of 32 columns: codes and scales of four blocks --- */

#define CODES_OF_BLOCKS(name)                                                                      \
  G_ALWAYS_INLINE static inline void codes_##name (const guint8 *const blocks[4],                  \
                                                   Codes codes[2])                                 \
  {                                                                                                \
    for (guint i = 0; i < 4; i++)                                                                  \
      {                                                                                            \
        BlockBytes bytes = bytes_##name (blocks[i]);                                               \
                                                                                                   \
        codes[0].v[i] = bytes.v[0];                                                                \
        codes[1].v[i] = bytes.v[1];                                                                \
      }                                                                                            \
  }

CODES_OF_BLOCKS (q4_0)
CODES_OF_BLOCKS (q4_1)
CODES_OF_BLOCKS (q5_0)
CODES_OF_BLOCKS (q5_1)
CODES_OF_BLOCKS (q8_0)
CODES_OF_BLOCKS (iq4_nl)
CODES_OF_BLOCKS (mxfp4)
CODES_OF_BLOCKS (nvfp4)

/* Halves at the blocks' beginnings. */
G_ALWAYS_INLINE static inline void
pair_scales (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  for (guint i = 0; i < 4; i++)
    scales[0].v[i] = vdupq_n_f32 (half_at (blocks[i]));
}

/* Two halves each: the scale, and the offset where FewGroup.pair_sums wants it. */
G_ALWAYS_INLINE static inline void
pair_scales_offsets (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets)
{
  float lanes[LANES] = { 0 };

  pair_scales (blocks, scales, NULL);
  for (guint i = 0; i < 4; i++)
    lanes[2 * i + 1] = half_at (blocks[i] + 2);
  *offsets = lanes_load (lanes);
}

G_ALWAYS_INLINE static inline void
scales_mxfp4 (const guint8 *const blocks[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  for (guint i = 0; i < 4; i++)
    scales[0].v[i] = vdupq_n_f32 (power_of_two (*blocks[i]));
}

G_ALWAYS_INLINE static inline void
scales_nvfp4 (const guint8 *const headers[4], Lanes scales[2], Lanes *offsets G_GNUC_UNUSED)
{
  for (guint half = 0; half < 2; half++)
    for (guint i = 0; i < 4; i++)
      scales[half].v[i] = vdupq_n_f32 (small_float (headers[i][half]));
}

/* --- Types of 256 columns: codes and scales of a group --- */

#define CODES_OF_GROUP(name)                                                                       \
  G_ALWAYS_INLINE static inline void codes_##name (const guint8 *group,                            \
                                                   Codes codes[4])                                 \
  {                                                                                                \
    for (guint b = 0; b < 8; b++)                                                                  \
      {                                                                                            \
        BlockBytes bytes = bytes_##name (group, b);                                                \
                                                                                                   \
        codes[b % 2 * 2].v[b / 2] = bytes.v[0];                                                    \
        codes[b % 2 * 2 + 1].v[b / 2] = bytes.v[1];                                                \
      }                                                                                            \
  }

CODES_OF_GROUP (q2_k)
CODES_OF_GROUP (q3_k)
CODES_OF_GROUP (q4_k)
CODES_OF_GROUP (q5_k)
CODES_OF_GROUP (q6_k)
CODES_OF_GROUP (q8_k)
CODES_OF_GROUP (iq1_s)
CODES_OF_GROUP (iq1_m)
CODES_OF_GROUP (iq2_xxs)
CODES_OF_GROUP (iq2_xs)
CODES_OF_GROUP (iq2_s)
CODES_OF_GROUP (iq3_xxs)
CODES_OF_GROUP (iq3_s)
CODES_OF_GROUP (iq4_xs)
CODES_OF_GROUP (tq1_0)
CODES_OF_GROUP (tq2_0)

/* One for each block. */
G_ALWAYS_INLINE static inline void
spread_scales (const GroupScales *group, Lanes scales[4])
{
  for (guint b = 0; b < 8; b++)
    scales[b % 2].v[b / 2] = vdupq_n_f32 (group->scales[0][b]);
}

/* The same with the factors in it. */
G_ALWAYS_INLINE static inline void
spread_factors (const GroupScales *group, Lanes scales[4])
{
  for (guint b = 0; b < 8; b++)
    scales[b % 2].v[b / 2] = vdupq_n_f32 ((float) group->factors[2 * b] * group->scales[0][b]);
}

/* One for 16 columns each, with the factors in it. */
G_ALWAYS_INLINE static inline void
spread_half_scales (const GroupScales *group, Lanes scales[4])
{
  int8x16_t factors = vld1q_s8 (group->factors);
  int16x8_t wide[2] = { vmovl_s8 (vget_low_s8 (factors)), vmovl_s8 (vget_high_s8 (factors)) };

  for (guint i = 0; i < 4; i++)
    {
      int16x4_t four = i % 2 == 0 ? vget_low_s16 (wide[i / 2]) : vget_high_s16 (wide[i / 2]);
      float32x4_t v = vmulq_n_f32 (vcvtq_f32_s32 (vmovl_s16 (four)), group->scales[0][0]);

      for (guint half = 0; half < 4; half++)
        scales[half].v[i] = vdupq_n_f32 (v[half]);
    }
}

/* Where FewGroup.sums or half_sums want them, which are less than nothing. */
G_ALWAYS_INLINE static inline Lanes
minus_offsets (const GroupScales *group)
{
  float32x4_t none = vdupq_n_f32 (0.0f);

  return (Lanes) { { none, vnegq_f32 (vld1q_f32 (group->offsets[0])), none,
                     vnegq_f32 (vld1q_f32 (group->offsets[0] + 4)) } };
}

G_ALWAYS_INLINE static inline Lanes
minus_half_offsets (const GroupScales *group)
{
  Lanes lanes;

  for (guint i = 0; i < 2; i++)
    {
      float32x4_t first = vnegq_f32 (vld1q_f32 (group->offsets[0] + 4 * i));
      float32x4_t second = vnegq_f32 (vld1q_f32 (group->offsets[1] + 4 * i));

      lanes.v[2 * i] = vzip1q_f32 (first, second);
      lanes.v[2 * i + 1] = vzip2q_f32 (first, second);
    }
  return lanes;
}

static inline Lanes
no_offsets (const GroupScales *group G_GNUC_UNUSED)
{
  return lanes_all (0.0f);
}

#define SCALES_OF(name, spread, offsets_of)                                                        \
  G_ALWAYS_INLINE static inline void scales_##name (                                               \
    const guint8 *group, Lanes scales[4], Lanes *offsets)                                          \
  {                                                                                                \
    GroupScales own;                                                                               \
                                                                                                   \
    scales_of_##name (group, &own);                                                                \
    spread (&own, scales);                                                                         \
    *offsets = offsets_of (&own);                                                                  \
  }

SCALES_OF (q2_k, spread_half_scales, minus_half_offsets)
SCALES_OF (q3_k, spread_half_scales, no_offsets)
SCALES_OF (q4_k, spread_factors, minus_offsets)
SCALES_OF (q6_k, spread_half_scales, no_offsets)
SCALES_OF (q8_k, spread_scales, no_offsets)
SCALES_OF (iq1_s, spread_scales, no_offsets)
SCALES_OF (iq1_m, spread_half_scales, no_offsets)
SCALES_OF (iq2_xxs, spread_scales, no_offsets)
SCALES_OF (iq2_xs, spread_half_scales, no_offsets)
SCALES_OF (iq2_s, spread_half_scales, no_offsets)
SCALES_OF (iq3_xxs, spread_scales, no_offsets)
SCALES_OF (iq3_s, spread_scales, no_offsets)
SCALES_OF (iq4_xs, spread_scales, no_offsets)
SCALES_OF (tq1_0, spread_scales, no_offsets)
SCALES_OF (tq2_0, spread_scales, no_offsets)
