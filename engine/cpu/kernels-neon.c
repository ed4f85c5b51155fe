#include "cpu/kernels.h"

#include "cpu/lanes-neon.h"
#include "cpu/template-float.h"
#include "cpu/template-attention.h"
#include "cpu/pairs-neon.h"

/* The NEON tier, with sdot. A unit of the panel is four rows and a token: each of four bytes of it is
 * multiplied with as many columns of the rows. */

#define UNIT_ROWS 4
#define UNIT_TOKENS 1

static inline void
unit_pack (const int8x16_t rows[UNIT_ROWS], gint8 *target)
{
  int32x4_t v[4];
  int64x2_t pairs[4];

  for (guint i = 0; i < 4; i++)
    v[i] = vreinterpretq_s32_s8 (rows[i]);
  pairs[0] = vreinterpretq_s64_s32 (vtrn1q_s32 (v[0], v[1]));
  pairs[1] = vreinterpretq_s64_s32 (vtrn2q_s32 (v[0], v[1]));
  pairs[2] = vreinterpretq_s64_s32 (vtrn1q_s32 (v[2], v[3]));
  pairs[3] = vreinterpretq_s64_s32 (vtrn2q_s32 (v[2], v[3]));
  vst1q_s8 (target, vreinterpretq_s8_s64 (vtrn1q_s64 (pairs[0], pairs[2])));
  vst1q_s8 (target + 16, vreinterpretq_s8_s64 (vtrn1q_s64 (pairs[1], pairs[3])));
  vst1q_s8 (target + 32, vreinterpretq_s8_s64 (vtrn2q_s64 (pairs[0], pairs[2])));
  vst1q_s8 (target + 48, vreinterpretq_s8_s64 (vtrn2q_s64 (pairs[1], pairs[3])));
}

static inline guint
unit_place (guint row, guint column)
{
  return column / 4 * 16 + row * 4 + column % 4;
}

static inline int32x4_t
unit_add (int32x4_t sums, const gint8 *bytes, const int8x16_t tokens[UNIT_TOKENS])
{
  sums = vdotq_laneq_s32 (sums, vld1q_s8 (bytes), tokens[0], 0);
  sums = vdotq_laneq_s32 (sums, vld1q_s8 (bytes + 16), tokens[0], 1);
  sums = vdotq_laneq_s32 (sums, vld1q_s8 (bytes + 32), tokens[0], 2);
  return vdotq_laneq_s32 (sums, vld1q_s8 (bytes + 48), tokens[0], 3);
}

static inline float32x4_t
unit_row_numbers (const float *rows)
{
  return vld1q_f32 (rows);
}

static inline float32x4_t
unit_token_numbers (const float *const tokens[UNIT_TOKENS])
{
  return vdupq_n_f32 (*tokens[0]);
}

#include "cpu/template-few.h"
#include "cpu/template-byte-panel.h"
#include "cpu/template-attend-steps.h"

void
sotto_kernels_fill_neon (SottoKernels *kernels)
{
  kernels->name = "neon";
  fill_float_kernels (kernels);
  fill_attention_kernels (kernels);
  fill_few_kernels (kernels);
  fill_byte_panel_kernels (kernels);
  fill_attend_steps (kernels);
}
