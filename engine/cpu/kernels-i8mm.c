#include "cpu/kernels.h"

#include "cpu/lanes-neon.h"

/* The I8MM tier: that of NEON, but for quantised weights and many tokens. A unit of the panel is two rows
 * and two tokens, whose eight columns are multiplied at once. */

#define UNIT_ROWS 2
#define UNIT_TOKENS 2

/* Eight columns of two rows, and the next eight. */
static inline void
pair_up (const int8x16_t rows[2], int8x16_t pairs[2])
{
  int64x2_t first = vreinterpretq_s64_s8 (rows[0]);
  int64x2_t second = vreinterpretq_s64_s8 (rows[1]);

  pairs[0] = vreinterpretq_s8_s64 (vzip1q_s64 (first, second));
  pairs[1] = vreinterpretq_s8_s64 (vzip2q_s64 (first, second));
}

static inline void
unit_pack (const int8x16_t rows[UNIT_ROWS], gint8 *target)
{
  int8x16_t pairs[2];

  pair_up (rows, pairs);
  vst1q_s8 (target, pairs[0]);
  vst1q_s8 (target + 16, pairs[1]);
}

static inline guint
unit_place (guint row, guint column)
{
  return column / 8 * 16 + row * 8 + column % 8;
}

static inline int32x4_t
unit_add (int32x4_t sums, const gint8 *bytes, const int8x16_t tokens[UNIT_TOKENS])
{
  int8x16_t pairs[2];

  pair_up (tokens, pairs);
  sums = vmmlaq_s32 (sums, vld1q_s8 (bytes), pairs[0]);
  return vmmlaq_s32 (sums, vld1q_s8 (bytes + 16), pairs[1]);
}

static inline float32x4_t
unit_row_numbers (const float *rows)
{
  return vcombine_f32 (vdup_n_f32 (rows[0]), vdup_n_f32 (rows[1]));
}

static inline float32x4_t
unit_token_numbers (const float *const tokens[UNIT_TOKENS])
{
  float32x2_t both = { *tokens[0], *tokens[1] };

  return vcombine_f32 (both, both);
}

#include "cpu/template-byte-panel.h"

void
sotto_kernels_fill_i8mm (SottoKernels *kernels)
{
  kernels->name = "i8mm";
  fill_byte_panel_kernels (kernels);
}
