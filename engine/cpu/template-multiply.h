/* The products of every quantised block type, from the templates; included by the tiers' files. */

#include "cpu/blocks-avx2.h"

/* Bytes ahead of the group in work that are asked for. Less was slower, more no faster (SPEED.md).
 */
#define PREFETCH_AHEAD 1536

#include "cpu/template-rows.h"
#include "cpu/template-panel.h"

static inline __attribute__ ((always_inline)) void
multiply_kind (BlockKind               kind,
               const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  const guint8 *rows = (const guint8 *) weight->data + first_row * weight->row_bytes;
  guint n_blocks = x->n_columns / SOTTO_STEPS_BLOCK;
  Panel panel;

  if (n_tokens == 1)
    {
      multiply_rows_once (kind, rows, weight->row_bytes, n_rows, x, first_token, y);
      return;
    }
  if (n_tokens <= FEW_TOKENS)
    {
      multiply_rows_few (kind, rows, weight->row_bytes, n_rows, x, first_token, n_tokens, y,
                         y_stride);
      return;
    }
  panel.pairs = scratch;
  panel.scales = (float *) (panel.pairs + (gsize) n_blocks * 16 * PANEL_ROWS);
  panel.offsets = panel.scales + (gsize) n_blocks * PANEL_ROWS;
  for (guint r = 0; r < n_rows; r += PANEL_ROWS)
    {
      guint n = MIN (n_rows - r, PANEL_ROWS);

      pack_panel (kind, rows + r * weight->row_bytes, weight->row_bytes, n, n_blocks, &panel);
      if (kind.has_offset)
        multiply_panel_offset (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n, y + r,
                               y_stride);
      else
        multiply_panel_plain (&panel, n_blocks, kind.zero, x, first_token, n_tokens, n, y + r,
                              y_stride);
    }
}

static void
multiply_q4_0 (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q4_0, scale_q4_0, 144, 8, FALSE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q4_1 (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q4_1, scale_q4_1, 160, 0, TRUE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q5_0 (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q5_0, scale_q5_0, 176, 16, FALSE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q5_1 (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q5_1, scale_q5_1, 192, 0, TRUE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q8_0 (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q8_0, scale_q8_0, 272, 0, FALSE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q4_k (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q4_k, scale_q4_k, 144, 0, TRUE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q5_k (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q5_k, scale_q4_k, 176, 0, TRUE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
multiply_q6_k (const SottoWeight      *weight,
               guint                   first_row,
               guint                   n_rows,
               const SottoActivations *x,
               guint                   first_token,
               guint                   n_tokens,
               float                  *y,
               gsize                   y_stride,
               void                   *scratch)
{
  static const BlockKind kind = { unpack_q6_k, scale_q6_k, 210, 0, FALSE };

  multiply_kind (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride, scratch);
}

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_BLOCK_Q4_0] = multiply_q4_0;
  kernels->multiply[SOTTO_BLOCK_Q4_1] = multiply_q4_1;
  kernels->multiply[SOTTO_BLOCK_Q5_0] = multiply_q5_0;
  kernels->multiply[SOTTO_BLOCK_Q5_1] = multiply_q5_1;
  kernels->multiply[SOTTO_BLOCK_Q8_0] = multiply_q8_0;
  kernels->multiply[SOTTO_BLOCK_Q4_K] = multiply_q4_k;
  kernels->multiply[SOTTO_BLOCK_Q5_K] = multiply_q5_k;
  kernels->multiply[SOTTO_BLOCK_Q6_K] = multiply_q6_k;

  kernels->takes_steps[SOTTO_BLOCK_Q4_0] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q4_1] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q5_0] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q5_1] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q8_0] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q4_K] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q5_K] = TRUE;
  kernels->takes_steps[SOTTO_BLOCK_Q6_K] = TRUE;
}
