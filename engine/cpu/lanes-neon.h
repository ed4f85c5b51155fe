#pragma once

#include "cpu/exact-math.h"

#include <arm_neon.h>

/* Sixteen floats in four registers; see lanes-plain.h. */

#define LANES 16
#define LANES_REGISTERS 8 /* that hold such lanes */
#define LANES_TILE_ROWS 2
#define LANES_TILE_TOKENS 2

typedef struct {
  float32x4_t v[4];
} Lanes;

/* A function of each register's own. */
#define LANES_EACH(function, a)                                                                    \
  ((Lanes) { { function ((a).v[0]), function ((a).v[1]), function ((a).v[2]),                      \
               function ((a).v[3]) } })
#define LANES_BOTH(function, a, b)                                                                 \
  ((Lanes) { { function ((a).v[0], (b).v[0]), function ((a).v[1], (b).v[1]),                       \
               function ((a).v[2], (b).v[2]), function ((a).v[3], (b).v[3]) } })

static inline Lanes
lanes_load (const float *source)
{
  return (Lanes) { { vld1q_f32 (source), vld1q_f32 (source + 4), vld1q_f32 (source + 8),
                     vld1q_f32 (source + 12) } };
}

static inline void
lanes_store (float *target, Lanes v)
{
  vst1q_f32 (target, v.v[0]);
  vst1q_f32 (target + 4, v.v[1]);
  vst1q_f32 (target + 8, v.v[2]);
  vst1q_f32 (target + 12, v.v[3]);
}

static inline Lanes
lanes_all (float value)
{
  float32x4_t v = vdupq_n_f32 (value);

  return (Lanes) { { v, v, v, v } };
}

static inline Lanes
lanes_add (Lanes a, Lanes b)
{
  return LANES_BOTH (vaddq_f32, a, b);
}

static inline Lanes
lanes_subtract (Lanes a, Lanes b)
{
  return LANES_BOTH (vsubq_f32, a, b);
}

static inline Lanes
lanes_multiply (Lanes a, Lanes b)
{
  return LANES_BOTH (vmulq_f32, a, b);
}

static inline Lanes
lanes_divide (Lanes a, Lanes b)
{
  return LANES_BOTH (vdivq_f32, a, b);
}

static inline Lanes
lanes_fma (Lanes a, Lanes b, Lanes c)
{
  return (Lanes) { { vfmaq_f32 (c.v[0], a.v[0], b.v[0]), vfmaq_f32 (c.v[1], a.v[1], b.v[1]),
                     vfmaq_f32 (c.v[2], a.v[2], b.v[2]), vfmaq_f32 (c.v[3], a.v[3], b.v[3]) } };
}

/* Not vminq_f32(): where one is no number, b. */
static inline float32x4_t
lower_of (float32x4_t a, float32x4_t b)
{
  return vbslq_f32 (vcltq_f32 (a, b), a, b);
}

static inline float32x4_t
higher_of (float32x4_t a, float32x4_t b)
{
  return vbslq_f32 (vcgtq_f32 (a, b), a, b);
}

static inline Lanes
lanes_minimum (Lanes a, Lanes b)
{
  return LANES_BOTH (lower_of, a, b);
}

static inline Lanes
lanes_maximum (Lanes a, Lanes b)
{
  return LANES_BOTH (higher_of, a, b);
}

static inline Lanes
lanes_absolute (Lanes a)
{
  return LANES_EACH (vabsq_f32, a);
}

static inline float32x4_t
power_of_quarter (float32x4_t shifted)
{
  int32x4_t bits = vshlq_n_s32 (vreinterpretq_s32_f32 (shifted), 23);

  return vreinterpretq_f32_s32 (vaddq_s32 (bits, vdupq_n_s32 (0x3f800000)));
}

static inline Lanes
lanes_power (Lanes shifted)
{
  return LANES_EACH (power_of_quarter, shifted);
}

static inline Lanes
lanes_select_below (Lanes x, float limit, Lanes a, Lanes b)
{
  float32x4_t limits = vdupq_n_f32 (limit);

  return (Lanes) { { vbslq_f32 (vcltq_f32 (x.v[0], limits), a.v[0], b.v[0]),
                     vbslq_f32 (vcltq_f32 (x.v[1], limits), a.v[1], b.v[1]),
                     vbslq_f32 (vcltq_f32 (x.v[2], limits), a.v[2], b.v[2]),
                     vbslq_f32 (vcltq_f32 (x.v[3], limits), a.v[3], b.v[3]) } };
}

static inline Lanes
lanes_zero_below (Lanes v, Lanes x, float limit)
{
  return lanes_select_below (x, limit, lanes_all (0.0f), v);
}

static inline float
lanes_sum (Lanes v)
{
  float32x4_t four = vaddq_f32 (vaddq_f32 (v.v[0], v.v[2]), vaddq_f32 (v.v[1], v.v[3]));
  float32x2_t two = vadd_f32 (vget_low_f32 (four), vget_high_f32 (four));

  return vget_lane_f32 (two, 0) + vget_lane_f32 (two, 1);
}

static inline float
lanes_highest (Lanes v)
{
  float32x4_t four = higher_of (higher_of (v.v[0], v.v[2]), higher_of (v.v[1], v.v[3]));
  float32x4_t two = higher_of (four, vextq_f32 (four, four, 2));

  return vgetq_lane_f32 (higher_of (two, vextq_f32 (two, two, 1)), 0);
}

static inline float32x4_t
halves (const guint16 *source)
{
  return vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (source)));
}

static inline Lanes
lanes_load_half (const guint16 *source)
{
  return (Lanes) { { halves (source), halves (source + 4), halves (source + 8),
                     halves (source + 12) } };
}

static inline void
lanes_store_half (guint16 *target, Lanes v)
{
  for (guint i = 0; i < 4; i++)
    vst1_u16 (target + 4 * i, vreinterpret_u16_f16 (vcvt_f16_f32 (v.v[i])));
}

static inline float32x4_t
bfloats (const guint16 *source)
{
  return vreinterpretq_f32_u32 (vshll_n_u16 (vld1_u16 (source), 16));
}

static inline Lanes
lanes_load_bfloat (const guint16 *source)
{
  return (Lanes) { { bfloats (source), bfloats (source + 4), bfloats (source + 8),
                     bfloats (source + 12) } };
}

static inline float32x4_t
shorts (int16x4_t v)
{
  return vcvtq_f32_s32 (vmovl_s16 (v));
}

static inline Lanes
lanes_load_bytes (const gint8 *source)
{
  int16x8_t low = vmovl_s8 (vld1_s8 (source));
  int16x8_t high = vmovl_s8 (vld1_s8 (source + 8));

  return (Lanes) { { shorts (vget_low_s16 (low)), shorts (vget_high_s16 (low)),
                     shorts (vget_low_s16 (high)), shorts (vget_high_s16 (high)) } };
}

static inline void
lanes_store_steps (gint16 *target, Lanes v)
{
  for (guint i = 0; i < 4; i++)
    vst1_s16 (target + 4 * i, vqmovn_s32 (vcvtnq_s32_f32 (v.v[i])));
}

/* Pairs of integers below 2^15, rounded: lane i's of a, then its of b */
static inline void
lanes_store_pairs (gint32 *target, Lanes a, Lanes b)
{
  for (guint i = 0; i < 4; i++)
    {
      int16x4x2_t pairs = { { vqmovn_s32 (vcvtnq_s32_f32 (a.v[i])), vqmovn_s32 (vcvtnq_s32_f32 (b.v[i])) } };

      vst2_s16 ((gint16 *) (target + 4 * i), pairs);
    }
}

static inline Lanes
lanes_root (Lanes v)
{
  return LANES_EACH (vsqrtq_f32, v);
}

/* sums: lanes_sum() of both */
static inline void
lanes_sum_two (Lanes a, Lanes b, float sums[2])
{
  sums[0] = lanes_sum (a);
  sums[1] = lanes_sum (b);
}

static inline Lanes
lanes_load_integers (const gint32 *source)
{
  return (Lanes) { { vcvtq_f32_s32 (vld1q_s32 (source)), vcvtq_f32_s32 (vld1q_s32 (source + 4)),
                     vcvtq_f32_s32 (vld1q_s32 (source + 8)), vcvtq_f32_s32 (vld1q_s32 (source + 12)) } };
}

static inline int8x8_t
steps_of_two (float32x4_t a, float32x4_t b)
{
  return vqmovn_s16 (vcombine_s16 (vqmovn_s32 (vcvtnq_s32_f32 (a)), vqmovn_s32 (vcvtnq_s32_f32 (b))));
}

/* Integers from -128 to 127 as bytes, those of a and then of b */
static inline void
lanes_store_bytes (gint8 *target, Lanes a, Lanes b)
{
  vst1q_s8 (target, vcombine_s8 (steps_of_two (a.v[0], a.v[1]), steps_of_two (a.v[2], a.v[3])));
  vst1q_s8 (target + 16, vcombine_s8 (steps_of_two (b.v[0], b.v[1]), steps_of_two (b.v[2], b.v[3])));
}

/* results: of each of eight, its lanes folded: whole numbers added, or the highest found. In no order that counts. */
static inline void
lanes_fold_eight (const Lanes v[8], Lanes (*fold) (Lanes a, Lanes b), float results[8])
{
  Lanes fours[2]; /* a register each */
  Lanes twos;     /* v[0], v[1]; v[2], v[3] ... */
  Lanes ends;

  for (guint i = 0; i < 2; i++)
    {
      const Lanes *own = v + 4 * i;
      Lanes eights[2];

      for (guint j = 0; j < 2; j++)
        eights[j] = fold ((Lanes) { { own[2 * j].v[0], own[2 * j].v[1], own[2 * j + 1].v[0], own[2 * j + 1].v[1] } },
                          (Lanes) { { own[2 * j].v[2], own[2 * j].v[3], own[2 * j + 1].v[2], own[2 * j + 1].v[3] } });
      fours[i] = fold ((Lanes) { { eights[0].v[0], eights[0].v[2], eights[1].v[0], eights[1].v[2] } },
                       (Lanes) { { eights[0].v[1], eights[0].v[3], eights[1].v[1], eights[1].v[3] } });
    }
#define EACH_TWO(take, a, b) \
  ((Lanes) { { take ((a).v[0], (a).v[1]), take ((a).v[2], (a).v[3]), take ((b).v[0], (b).v[1]), take ((b).v[2], (b).v[3]) } })
  twos = fold (EACH_TWO (vuzp1q_f32, fours[0], fours[1]), EACH_TWO (vuzp2q_f32, fours[0], fours[1]));
  ends = fold (EACH_TWO (vuzp1q_f32, twos, twos), EACH_TWO (vuzp2q_f32, twos, twos));
#undef EACH_TWO
  vst1q_f32 (results, ends.v[0]);
  vst1q_f32 (results + 4, ends.v[1]);
}
