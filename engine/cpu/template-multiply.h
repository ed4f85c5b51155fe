/* The products of every quantised block type with many tokens, from the templates, out of the file's order and out of
 * strips; included by the tiers' files. */

#include "cpu/block-kinds.h"

#include "cpu/pack-many.h"
#include "cpu/template-panel.h"
#include "cpu/strip-panel.h"

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

/* The panel's rows of the product, of which r is the first. */
static inline void
multiply_filled (const Panel *panel, BlockForm form, const SottoProduct *product, const Steps *x, guint r)
{
  if (form == FORM_SCALE)
    multiply_panel_scale (panel, product, x, r);
  else if (form == FORM_OFFSET)
    multiply_panel_offset (panel, product, x, r);
  else if (form == FORM_HALF_OFFSETS)
    multiply_panel_half_offsets (panel, product, x, r);
  else
    multiply_panel_half_scales (panel, product, x, r);
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
      multiply_filled (&panel, kind.form, product, &x, r);
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

G_ALWAYS_INLINE static inline void
multiply_strips (SottoStripKind kind, const SottoProduct *product, void *scratch)
{
  guint n_columns = product->x->n_columns;
  gsize strip_bytes = sotto_strip_bytes (kind, n_columns);
  const guint8 *strips = product->weight->strips + product->first_row / SOTTO_STRIP_ROWS * strip_bytes;
  guint n_strips = (product->n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  Steps x = steps_at (product->x->packed[SOTTO_FORM_MANY], product->x->set_bytes[SOTTO_FORM_MANY], n_columns);
  Panel panel = place_panel (n_columns / STEPS_BLOCK, scratch);

  for (guint i = 0; i < n_strips; i += PANEL_STRIPS)
    {
      fill_panel (kind, strips + i * strip_bytes, strip_bytes, n_strips - i, &panel);
      multiply_filled (&panel, kind.has_offsets ? FORM_OFFSET : FORM_SCALE, product, &x, i * SOTTO_STRIP_ROWS);
    }
}

#define DEFINE_MULTIPLY_STRIPS(type, name, ...)                                                    \
  static void multiply_strips_##name (const SottoProduct *product, void *scratch)                  \
  {                                                                                                \
    multiply_strips (sotto_strip_##name, product, scratch);                                        \
  }

SOTTO_STRIP_KINDS (DEFINE_MULTIPLY_STRIPS)

#define FILL_MULTIPLY(type, name, ...)                                                            \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_##name;

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  BLOCK_KINDS (FILL_MULTIPLY)
  kernels->piece = 500 * 1000 * 1000;
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_pairs, TRUE };
}

#define FILL_STRIP_PANELS(type, name, ...)                                                         \
  kernels->multiply_strips[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_strips_##name;

static void
fill_strip_panels (SottoKernels *kernels)
{
  SOTTO_STRIP_KINDS (FILL_STRIP_PANELS)
}
