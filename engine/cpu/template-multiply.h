/* The products of every block type, from the templates; included by the tiers' files. */

#include "cpu/blocks-avx2.h"
#include "cpu/blocks-iq-avx2.h"
#include "cpu/blocks-k-avx2.h"

/* Bytes ahead of the group in work that are asked for. Less was slower, more no faster (SPEED.md).
 */
#define PREFETCH_AHEAD 1536

#include "cpu/pack-many.h"
#include "cpu/template-rows.h"
#include "cpu/template-panel.h"
#include "cpu/template-float-panel.h"

/* Lays the panel out in scratch; sotto_kernels_scratch() is the other side of this. */
static Panel
place_panel (const Steps *x, void *scratch)
{
  gsize n_blocks = x->n_columns / STEPS_BLOCK;
  Panel panel = { .pairs = scratch };
  float *behind = (float *) (panel.pairs + n_blocks * 16 * PANEL_ROWS);

  for (guint half = 0; half < 2; half++)
    {
      panel.scales[half] = behind + 2 * half * n_blocks * PANEL_ROWS;
      panel.offsets[half] = panel.scales[half] + n_blocks * PANEL_ROWS;
    }
  panel.halves = behind + 4 * n_blocks * PANEL_ROWS;
  return panel;
}

static inline __attribute__ ((always_inline)) void
multiply_kind_rows (BlockKind               kind,
                    const guint8           *rows,
                    gsize                   row_bytes,
                    guint                   n_rows,
                    const Steps            *x,
                    guint                   first_token,
                    guint                   n_tokens,
                    float                  *y,
                    gsize                   y_stride,
                    float                  *halves)
{
  if (kind.form == FORM_HALF_OFFSETS)
    for (guint t = 0; t < n_tokens; t++)
      sum_halves (x, first_token + t, halves + 2 * t * x->block_stride);
  if (n_tokens == 1)
    multiply_rows_once (kind, rows, row_bytes, n_rows, x, first_token, halves, y);
  else
    multiply_rows_few (kind, rows, row_bytes, n_rows, x, first_token, n_tokens, halves, y,
                       y_stride);
}

static inline __attribute__ ((always_inline)) void
multiply_kind (BlockKind               kind,
               const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *activations,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  const guint8 *rows = (const guint8 *) weight->data + first_row * weight->row_bytes;
  guint n_blocks = activations->n_columns / STEPS_BLOCK;
  const Steps some = steps_at (activations->packed, activations->packed_strides[activations->form],
                               activations->n_columns);
  const Steps *x = &some;
  Panel panel;

  if (n_tokens <= FEW_TOKENS)
    {
      multiply_kind_rows (kind, rows, weight->row_bytes, n_rows, x, first_token, n_tokens, y,
                          y_stride, scratch);
      return;
    }
  panel = place_panel (x, scratch);
  for (guint r = 0; r < n_rows; r += PANEL_ROWS)
    {
      guint n = MIN (n_rows - r, PANEL_ROWS);

      pack_panel (kind, rows + r * weight->row_bytes, weight->row_bytes, n, n_blocks, &panel);
      if (kind.form == FORM_SCALE)
        multiply_panel_scale (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n, y + r,
                              y_stride);
      else if (kind.form == FORM_OFFSET)
        multiply_panel_offset (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n, y + r,
                               y_stride);
      else if (kind.form == FORM_HALF_OFFSETS)
        multiply_panel_half_offsets (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n,
                                     y + r, y_stride);
      else
        multiply_panel_half_scales (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n, y + r,
                                    y_stride);
    }
}

/* A function of the type SottoMultiply for one block type. */
#define DEFINE_MULTIPLY(name, scale_of, group_bytes, is_whole, zero, form)                        \
  static void multiply_##name (const SottoWeight *weight, guint first_row, guint n_rows,           \
                               const SottoActivations *x, guint first_token, guint n_tokens,       \
                               float *y, gsize y_stride, void *scratch)                            \
  {                                                                                                \
    static const BlockKind kind = { unpack_##name, scale_##scale_of, group_bytes, is_whole, zero,  \
                                    form };                                                        \
                                                                                                   \
    multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride,         \
                   scratch);                                                                       \
  }

DEFINE_MULTIPLY (q4_0, q4_0, 144, FALSE, 8, FORM_SCALE)
DEFINE_MULTIPLY (q4_1, q4_1, 160, FALSE, 0, FORM_OFFSET)
DEFINE_MULTIPLY (q5_0, q5_0, 176, FALSE, 16, FORM_SCALE)
DEFINE_MULTIPLY (q5_1, q5_1, 192, FALSE, 0, FORM_OFFSET)
DEFINE_MULTIPLY (q8_0, q8_0, 272, FALSE, 0, FORM_SCALE)
DEFINE_MULTIPLY (q2_k, q2_k, 84, TRUE, 0, FORM_HALF_OFFSETS)
DEFINE_MULTIPLY (q3_k, q3_k, 110, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (q4_k, q4_k, 144, TRUE, 0, FORM_OFFSET)
DEFINE_MULTIPLY (q5_k, q4_k, 176, TRUE, 0, FORM_OFFSET)
DEFINE_MULTIPLY (q6_k, q6_k, 210, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (q8_k, q8_k, 292, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq1_s, iq1_s, 50, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq1_m, iq1_m, 56, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq2_xxs, iq2_xxs, 66, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq2_xs, iq2_xs, 74, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq2_s, iq2_xs, 82, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq3_xxs, iq3_xxs, 98, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq3_s, iq3_s, 110, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq4_nl, q4_0, 144, FALSE, 0, FORM_SCALE)
DEFINE_MULTIPLY (iq4_xs, iq4_xs, 136, TRUE, 0, FORM_SCALE)
DEFINE_MULTIPLY (tq1_0, tq1_0, 54, TRUE, 1, FORM_SCALE)
DEFINE_MULTIPLY (tq2_0, tq2_0, 66, TRUE, 1, FORM_SCALE)
DEFINE_MULTIPLY (mxfp4, mxfp4, 136, FALSE, 0, FORM_SCALE)
DEFINE_MULTIPLY (nvfp4, nvfp4, 144, FALSE, 0, FORM_HALF_SCALES)

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  static const struct {
    SottoBlockType type;
    SottoMultiply multiply;
  } quantised[] = {
    { SOTTO_BLOCK_Q4_0, multiply_q4_0 },
    { SOTTO_BLOCK_Q4_1, multiply_q4_1 },
    { SOTTO_BLOCK_Q5_0, multiply_q5_0 },
    { SOTTO_BLOCK_Q5_1, multiply_q5_1 },
    { SOTTO_BLOCK_Q8_0, multiply_q8_0 },
    { SOTTO_BLOCK_Q2_K, multiply_q2_k },
    { SOTTO_BLOCK_Q3_K, multiply_q3_k },
    { SOTTO_BLOCK_Q4_K, multiply_q4_k },
    { SOTTO_BLOCK_Q5_K, multiply_q5_k },
    { SOTTO_BLOCK_Q6_K, multiply_q6_k },
    { SOTTO_BLOCK_Q8_K, multiply_q8_k },
    { SOTTO_BLOCK_IQ1_S, multiply_iq1_s },
    { SOTTO_BLOCK_IQ1_M, multiply_iq1_m },
    { SOTTO_BLOCK_IQ2_XXS, multiply_iq2_xxs },
    { SOTTO_BLOCK_IQ2_XS, multiply_iq2_xs },
    { SOTTO_BLOCK_IQ2_S, multiply_iq2_s },
    { SOTTO_BLOCK_IQ3_XXS, multiply_iq3_xxs },
    { SOTTO_BLOCK_IQ3_S, multiply_iq3_s },
    { SOTTO_BLOCK_IQ4_NL, multiply_iq4_nl },
    { SOTTO_BLOCK_IQ4_XS, multiply_iq4_xs },
    { SOTTO_BLOCK_TQ1_0, multiply_tq1_0 },
    { SOTTO_BLOCK_TQ2_0, multiply_tq2_0 },
    { SOTTO_BLOCK_MXFP4, multiply_mxfp4 },
    { SOTTO_BLOCK_NVFP4, multiply_nvfp4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (quantised); i++)
    {
      kernels->multiply[quantised[i].type] = quantised[i].multiply;
      kernels->takes_packed[quantised[i].type] = TRUE;
    }
  kernels->packings[SOTTO_FORM_FEW] = (SottoPacking) { STEPS_GROUP_BYTES, pack_many };
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_many };
  kernels->multiply[SOTTO_BLOCK_F32] = multiply_f32;
  kernels->multiply[SOTTO_BLOCK_F16] = multiply_f16;
  kernels->multiply[SOTTO_BLOCK_BF16] = multiply_bf16;
}
