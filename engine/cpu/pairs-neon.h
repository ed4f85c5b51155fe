#pragma once

/* Products of pairs of 16 bits for template-attend-steps.h: sixteen columns by four rows. NEON multiplies no pairs; they are
 * taken apart as they are loaded. */

#define STEPS_WIDTH 16
#define STEPS_TOGETHER 4

/* sums[i] = n_pairs pairs of row i of a times those of STEPS_WIDTH columns of b */
static inline void
multiply_steps (const gint32 *a,
                gsize         a_stride,
                const gint32 *b,
                gsize         b_stride,
                guint         n_pairs,
                gint32        sums[STEPS_TOGETHER][STEPS_WIDTH])
{
  int32x4_t own[STEPS_TOGETHER][4];

#pragma GCC unroll 4
  for (guint i = 0; i < STEPS_TOGETHER; i++)
#pragma GCC unroll 4
    for (guint j = 0; j < 4; j++)
      own[i][j] = vdupq_n_s32 (0);
  for (guint p = 0; p < n_pairs; p++)
    {
      int16x8x2_t left = vld2q_s16 ((const gint16 *) (b + p * b_stride));
      int16x8x2_t right = vld2q_s16 ((const gint16 *) (b + p * b_stride + 8));

#pragma GCC unroll 4
      for (guint i = 0; i < STEPS_TOGETHER; i++)
        {
          int16x4_t both = vreinterpret_s16_s32 (vld1_dup_s32 (a + i * a_stride + p));

          own[i][0] = vmlal_lane_s16 (own[i][0], vget_low_s16 (left.val[0]), both, 0);
          own[i][1] = vmlal_high_lane_s16 (own[i][1], left.val[0], both, 0);
          own[i][2] = vmlal_lane_s16 (own[i][2], vget_low_s16 (right.val[0]), both, 0);
          own[i][3] = vmlal_high_lane_s16 (own[i][3], right.val[0], both, 0);
          own[i][0] = vmlal_lane_s16 (own[i][0], vget_low_s16 (left.val[1]), both, 1);
          own[i][1] = vmlal_high_lane_s16 (own[i][1], left.val[1], both, 1);
          own[i][2] = vmlal_lane_s16 (own[i][2], vget_low_s16 (right.val[1]), both, 1);
          own[i][3] = vmlal_high_lane_s16 (own[i][3], right.val[1], both, 1);
        }
    }
#pragma GCC unroll 4
  for (guint i = 0; i < STEPS_TOGETHER; i++)
#pragma GCC unroll 4
    for (guint j = 0; j < 4; j++)
      vst1q_s32 (sums[i] + 4 * j, own[i][j]);
}
