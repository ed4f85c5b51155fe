/* The products of every block type with many tokens, from the templates, and those of floats with any
 * number; included by the tiers' files. */

#include "cpu/block-kinds.h"

#include "cpu/pack-many.h"
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
  const Steps some = steps_at (activations->packed[SOTTO_FORM_MANY],
                               activations->set_bytes[SOTTO_FORM_MANY], activations->n_columns);
  const Steps *x = &some;
  Panel panel = place_panel (x, scratch);

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
#define DEFINE_MULTIPLY(type, name, scale_of, group_bytes, is_whole, zero, form)                   \
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

BLOCK_KINDS (DEFINE_MULTIPLY)

#define FILL_MULTIPLY(type, name, ...)                                                            \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_##name;                        \
  kernels->packs[SOTTO_BLOCK_##type] = SOTTO_PACK_CODES;

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  kernels->piece = 500 * 1000 * 1000;
  BLOCK_KINDS (FILL_MULTIPLY)
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    {
      kernels->multiply[form][SOTTO_BLOCK_F32] = multiply_f32;
      kernels->multiply[form][SOTTO_BLOCK_F16] = multiply_f16;
      kernels->multiply[form][SOTTO_BLOCK_BF16] = multiply_bf16;
    }
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_many, TRUE };
}
