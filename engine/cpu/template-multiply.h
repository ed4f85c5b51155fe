/* The products of every quantised block type with many tokens, from the templates; included by the tiers' files. */

#include "cpu/block-kinds.h"

#include "cpu/pack-many.h"
#include "cpu/template-panel.h"

/* Lays the panel out in scratch; sotto_kernels_scratch() is the other side of this. */
static Panel
place_panel (guint n_blocks, void *scratch)
{
  gsize n = (gsize) n_blocks * PANEL_ROWS;
  Panel panel = { .n_blocks = n_blocks, .pairs = scratch };
  float *behind = (float *) (panel.pairs + 16 * n);

  for (guint half = 0; half < 2; half++)
    {
      panel.scales[half] = behind + 2 * half * n;
      panel.offsets[half] = panel.scales[half] + n;
    }
  panel.halves = behind + 4 * n;
  return panel;
}

G_ALWAYS_INLINE static inline void
multiply_kind (BlockKind kind, const SottoProduct *product, void *scratch)
{
  const guint8 *rows = sotto_product_rows (product);
  gsize row_bytes = product->weight->row_bytes;
  guint n_columns = product->x->n_columns;
  Steps x = steps_at (product->x->packed[SOTTO_FORM_MANY], product->x->set_bytes[SOTTO_FORM_MANY], n_columns);
  Panel panel = place_panel (n_columns / STEPS_BLOCK, scratch);

  for (guint r = 0; r < product->n_rows; r += PANEL_ROWS)
    {
      pack_panel (kind, rows + r * row_bytes, row_bytes, MIN (product->n_rows - r, PANEL_ROWS), &panel);
      if (kind.form == FORM_SCALE)
        multiply_panel_scale (&panel, product, &x, r);
      else if (kind.form == FORM_OFFSET)
        multiply_panel_offset (&panel, product, &x, r);
      else if (kind.form == FORM_HALF_OFFSETS)
        multiply_panel_half_offsets (&panel, product, &x, r);
      else
        multiply_panel_half_scales (&panel, product, &x, r);
    }
}

#define DEFINE_MULTIPLY(type, name, factors, scale_of, group_bytes, is_whole, form)                \
  static void multiply_##name (const SottoProduct *product, void *scratch)                         \
  {                                                                                                \
    static const BlockKind kind = { bytes_##name, factors, scale_##scale_of, group_bytes,          \
                                    is_whole, form };                                              \
                                                                                                   \
    multiply_kind (kind, product, scratch);                                                        \
  }

BLOCK_KINDS (DEFINE_MULTIPLY)

#define FILL_MULTIPLY(type, name, ...)                                                            \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_##name;

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  BLOCK_KINDS (FILL_MULTIPLY)
  kernels->piece = 500 * 1000 * 1000;
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_pairs, TRUE };
}
