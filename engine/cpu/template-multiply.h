/* The products of every quantised block type with many tokens, from the templates, out of the file's order and out of
 * strips; included by the tiers' files. */

#include "backend.h"
#include "cpu/block-kinds.h"

#include "cpu/pack-many.h"
#include "cpu/template-panel.h"
#include "cpu/row-panel.h"
#include "cpu/strip-panel.h"

/* Fills the panel with rows of the product, of which row is the first. */
typedef void (*FillPanel) (const SottoProduct *product, guint row, Panel *panel);
typedef void (*MultiplyPanel) (const Panel *panel, const SottoProduct *product, const Steps *x, guint row);

/* By the bits of a weight. */
static const MultiplyPanel multiply_panels[][9] = {
#if PANEL_HAS_QUADS
#define OF_ALL_BITS(function) { [4] = function, [5] = function, [6] = function, [8] = function }
  [FORM_SCALE] = OF_ALL_BITS (multiply_panel_scale),
  [FORM_OFFSET] = OF_ALL_BITS (multiply_panel_offset),
  [FORM_HALF_SCALES] = OF_ALL_BITS (multiply_panel_half_scales),
  [FORM_HALVES] = OF_ALL_BITS (multiply_panel_halves),
#else
  [FORM_SCALE] = { [4] = multiply_panel_scale_4, [5] = multiply_panel_scale_5, [8] = multiply_panel_scale_8 },
  [FORM_OFFSET] = { [4] = multiply_panel_offset_4, [5] = multiply_panel_offset_5 },
  [FORM_HALF_SCALES] = { [4] = multiply_panel_half_scales_4, [6] = multiply_panel_half_scales_6,
                         [8] = multiply_panel_half_scales_8 },
  [FORM_HALVES] = { [4] = multiply_panel_halves_4 },
#endif
};

/* The other side of sotto_kernels_scratch(), which gives SOTTO_PANEL_BYTES a column, of at least 256 or 512 columns these: sums
 * and where outliers begin; for each block its quads and scales, and an outlier of every token; and for each column where its
 * floats are, which one they are of, and themselves. */
#define PANEL_BYTES(n_blocks)                                                                                     \
  (PANEL_MOST * sizeof (PanelSums) + (SOTTO_MAX_BATCH + 1) * sizeof (guint)                                       \
   + (n_blocks) * ((8 + 4) * 4 * PANEL_ROWS + SOTTO_MAX_BATCH * (sizeof (StepsOutlier) + sizeof (guint16))          \
                   + STEPS_BLOCK * (2 * sizeof (guint) + 2 * sizeof (FloatVector))))

G_STATIC_ASSERT (PANEL_BYTES (256 / STEPS_BLOCK) <= SOTTO_TILE_SCRATCH);
G_STATIC_ASSERT (PANEL_BYTES (512 / STEPS_BLOCK) <= 512 * SOTTO_PANEL_BYTES);
G_STATIC_ASSERT (PANEL_BYTES (1) - PANEL_BYTES (0) <= STEPS_BLOCK * SOTTO_PANEL_BYTES);

/* Lays a panel of n_blocks out in scratch, behind the sums, and behind it room for what stands out of all blocks. */
static Panel
place_panel (guint n_blocks, guint n_tokens, void *scratch)
{
  gsize n = (gsize) n_blocks * PANEL_ROWS;
  gsize n_columns = (gsize) n_blocks * STEPS_BLOCK;
  Panel panel = { .sums = scratch };
  float *behind;

  panel.quads = (gint32 *) (gpointer) (panel.sums + PANEL_MOST);
  behind = (float *) (panel.quads + 8 * n);
  for (guint half = 0; half < 2; half++)
    {
      panel.scales[half] = behind + 2 * half * n;
      panel.offsets[half] = panel.scales[half] + n;
    }
  panel.weights = (gpointer) (behind + 4 * n);
  panel.float_columns = (guint *) (gpointer) (panel.weights + n_columns);
  panel.places = panel.float_columns + n_columns;
  panel.first_outliers = panel.places + n_columns;
  panel.outliers = (StepsOutlier *) (gpointer) (panel.first_outliers + n_tokens + 1);
  panel.tokens = (guint16 *) (gpointer) (panel.outliers + (gsize) n_blocks * n_tokens);
  return panel;
}

/* What stands out in the panel's columns. */
static void
list_outliers (const SottoProduct *product, const Steps *x, Panel *panel)
{
  guint first_column = panel->first_block * STEPS_BLOCK;
  guint n = 0;

  memset (panel->places, 0xff, panel->n_blocks * STEPS_BLOCK * sizeof *panel->places);
  panel->n_float_columns = 0;
  for (guint t = 0; t < product->n_tokens; t++)
    {
      const StepsOutlier *own;
      guint n_own = steps_outliers (x, product->first_token + t, panel->first_block, panel->n_blocks, &own);

      panel->first_outliers[t] = n;
      for (guint i = 0; i < n_own; i++)
        {
          guint column = own[i].column - first_column;
          guint *place = panel->places + column;

          if (*place == G_MAXUINT)
            {
              *place = panel->n_float_columns;
              panel->float_columns[panel->n_float_columns++] = column;
            }
          panel->outliers[n] = (StepsOutlier) { own[i].value, *place };
          panel->tokens[n++] = (guint16) t;
        }
    }
  panel->first_outliers[product->n_tokens] = n;
}

static void
multiply_many (FillPanel fill, PanelKind kind, const SottoProduct *product, void *scratch)
{
  const SottoActivations *x = product->x;
  Steps steps = steps_at (x->packed[SOTTO_FORM_MANY], x->set_bytes[SOTTO_FORM_MANY], x->n_columns);
  guint n_blocks = x->n_columns / STEPS_BLOCK;
  guint n_at_once = product->n_tokens <= PANEL_MOST ? MIN (PANEL_BLOCKS, n_blocks) : n_blocks;
  Panel panel = place_panel (n_at_once, product->n_tokens, scratch);

  for (guint row = 0; row < product->n_rows; row += PANEL_ROWS)
    for (guint block = 0; block < n_blocks; block += n_at_once)
      {
        panel.first_block = block;
        panel.n_blocks = MIN (n_blocks - block, n_at_once);
        panel.is_last = block + panel.n_blocks == n_blocks;
        if (row == 0 || n_at_once < n_blocks)
          list_outliers (product, &steps, &panel);
        fill (product, row, &panel);
        multiply_panels[kind.form][kind.n_bits] (&panel, product, &steps, row);
      }
}

#define DEFINE_MULTIPLY(type, name, factors, scale_of, group_bytes, is_whole, form, n_bits)        \
  static void fill_##name (const SottoProduct *product, guint row, Panel *panel)                   \
  {                                                                                                \
    static const BlockKind kind = { bytes_##name, factors, scale_##scale_of, group_bytes,          \
                                    is_whole, form, n_bits };                                      \
    gsize row_bytes = product->weight->row_bytes;                                                  \
    const guint8 *rows = sotto_product_rows (product) + row * row_bytes;                           \
                                                                                                   \
    pack_panel (kind, rows + panel->first_block / STEPS_GROUP * group_bytes, row_bytes,            \
                product->n_rows - row, panel);                                                     \
  }                                                                                                \
                                                                                                   \
  static void multiply_##name (const SottoProduct *product, void *scratch)                         \
  {                                                                                                \
    multiply_many (fill_##name, (PanelKind) { form, n_bits }, product, scratch);                   \
  }

BLOCK_KINDS (DEFINE_MULTIPLY)

G_ALWAYS_INLINE static inline void
fill_from_strips (SottoStripKind kind, const SottoProduct *product, guint row, Panel *panel)
{
  gsize strip_bytes = sotto_strip_bytes (kind, product->weight->n_columns);
  const guint8 *strips = product->weight->strips + (product->first_row + row) / SOTTO_STRIP_ROWS * strip_bytes;

  fill_panel (kind, strips + panel->first_block / STEPS_GROUP * sotto_strip_group_bytes (kind, 8), strip_bytes,
              (product->n_rows - row + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS, product->n_tokens, panel);
}

#define DEFINE_MULTIPLY_STRIPS(type, name, ...)                                                    \
  static void fill_strips_##name (const SottoProduct *product, guint row, Panel *panel)            \
  {                                                                                                \
    fill_from_strips (sotto_strip_##name, product, row, panel);                                    \
  }                                                                                                \
                                                                                                   \
  static void multiply_strips_##name (const SottoProduct *product, void *scratch)                  \
  {                                                                                                \
    multiply_many (fill_strips_##name, panel_kind_of (sotto_strip_##name), product, scratch);      \
  }

SOTTO_STRIP_KINDS (DEFINE_MULTIPLY_STRIPS)

#define FILL_MULTIPLY(type, name, ...)                                                            \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_##name;

static void
fill_multiply_kernels (SottoKernels *kernels)
{
  BLOCK_KINDS (FILL_MULTIPLY)
  kernels->piece = 500 * 1000 * 1000;
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_many };
}

#define FILL_STRIP_PANELS(type, name, ...)                                                         \
  kernels->multiply_strips[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_strips_##name;

static void
fill_strip_panels (SottoKernels *kernels)
{
  SOTTO_STRIP_KINDS (FILL_STRIP_PANELS)
}
