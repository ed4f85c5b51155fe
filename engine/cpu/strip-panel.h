/* Panels (template-panel.h) of weights that lie in strips (strips.h). A lane of a strip is a row already, and has four
 * columns as the panel wants them, so that codes only get their bias. What the panel holds then is the same
 * as from the file's order, to the bit. */

#include "cpu/strips.h"
#include "format/block-grids.h"

#define PANEL_STRIPS (PANEL_ROWS / SOTTO_STRIP_ROWS)
#define STRIP_VECTORS (SOTTO_STRIP_ROWS / VECTOR_ROWS)
#define STRIP_LINE 64

G_STATIC_ASSERT (PANEL_STRIPS * SOTTO_STRIP_ROWS == PANEL_ROWS);

/* --- Codes --- */

/* Step s of the rows of one register: four bytes a lane. block: at the first of these rows */
G_ALWAYS_INLINE static inline WordVector
codes_of_step (SottoStripKind kind, const guint8 *block, guint s)
{
  WordVector codes = vector_load_words (block + (kind.n_bits == 8 ? s : s % 4) * STRIP_LINE);

  if (kind.n_bits == 8)
    return codes;
  codes = (s < 4 ? codes : codes >> 4) & 0x0f0f;
  if (kind.has_book)
    return vector_look_up (SOTTO_CODES_IQ4, codes);
  if (kind.n_bits == 5)
    {
      WordVector fifths = vector_load_words (block + 4 * STRIP_LINE);

      codes |= (s < 4 ? fifths << (4 - s) : fifths >> (s - 4)) & 0x1010;
    }
  if (kind.n_bits == 6)
    {
      WordVector upper = vector_load_words (block + (4 + s / 4) * STRIP_LINE);

      codes |= (s % 4 < 2 ? upper << (4 - 2 * (s % 4)) : upper >> (2 * (s % 4) - 4)) & 0x3030;
    }
  return codes;
}

/* What a panel has of them: as the file's order gives it. */
static inline PanelKind
panel_kind_of (SottoStripKind kind)
{
  return (PanelKind) {
    kind.has_offsets ? FORM_OFFSET : kind.scales == SOTTO_STRIP_TWO_BYTES ? FORM_HALF_SCALES : FORM_SCALE,
    kind.has_book ? 8 : kind.n_bits,
  };
}

/* One block of a strip to quads. */
G_ALWAYS_INLINE static inline void
fill_block (SottoStripKind kind, const guint8 *block, gint32 *quads)
{
  guint8 bias = panel_bias (panel_kind_of (kind)) - (kind.has_book ? 0 : kind.zero);

  for (guint v = 0; v < STRIP_VECTORS; v++)
    for (guint s = 0; s < 8; s++)
      {
        ByteVector codes = (ByteVector) codes_of_step (kind, block + v * VECTOR_ROWS * sizeof (gint32), s);

        vector_store_words (quads + s * PANEL_ROWS + v * VECTOR_ROWS, (WordVector) (codes + bias));
      }
}

/* --- Scales --- */

/* Factors of sixteen rows: halves, or bytes by which those of the group are multiplied. */
G_ALWAYS_INLINE static inline void
fill_factors (const guint8 *halves, const gint8 *bytes, gboolean is_negative, float *to)
{
  for (guint v = 0; v < STRIP_VECTORS; v++)
    {
      FloatVector factors = vector_from_halves (halves + v * VECTOR_ROWS * sizeof (guint16));

      if (is_negative)
        factors = -factors;
      if (bytes != NULL)
        factors *= vector_to_float (vector_widen_bytes (bytes + v * VECTOR_ROWS));
      vector_store (to + v * VECTOR_ROWS, factors);
    }
}

/* To the place in the panel of the block and the first of these rows. */
G_ALWAYS_INLINE static inline void
fill_scales (SottoStripKind kind, const guint8 *header, guint n_blocks, guint b, const Panel *panel, gsize index)
{
  gboolean is_group = kind.scales != SOTTO_STRIP_HALVES;
  const guint8 *own = header + sotto_strip_scales_at (kind, b);

  for (guint half = 0; half < (kind.scales == SOTTO_STRIP_TWO_BYTES ? 2 : 1); half++)
    fill_factors (is_group ? header : own, is_group ? (const gint8 *) own + half * SOTTO_STRIP_ROWS : NULL, FALSE,
                  panel->scales[half] + index);
  if (!kind.has_offsets)
    return;
  own = header + sotto_strip_offsets_at (kind, n_blocks, b);
  fill_factors (is_group ? header + 2 * SOTTO_STRIP_ROWS : own, is_group ? (const gint8 *) own : NULL, is_group,
                panel->offsets[0] + index);
}

/* --- Panels --- */

/* A group of n blocks of a strip, from row first_row and block first_block of the panel on. */
G_ALWAYS_INLINE static inline void
fill_group (SottoStripKind kind,
            const guint8  *group,
            guint          n,
            const Panel   *panel,
            guint          first_block,
            guint          first_row)
{
  const guint8 *codes = group + sotto_strip_header_bytes (kind, n);

  for (guint b = 0; b < n; b++)
    {
      gsize index = (gsize) (first_block + b) * PANEL_ROWS + first_row;

      fill_scales (kind, group, n, b, panel, index);
      fill_block (kind, codes + b * sotto_strip_code_bytes (kind),
                  panel->quads + (gsize) (first_block + b) * 8 * PANEL_ROWS + first_row);
    }
}

/* strips: at the panel's columns of the first of n_strips. Strips that are missing repeat the last one; their results
 * are not stored. Leaves word of what the next panel will be filled from, to be asked for by and by: all at once it kept
 * loads waiting. */
G_ALWAYS_INLINE static inline void
fill_panel (SottoStripKind kind, const guint8 *strips, gsize strip_bytes, guint n_strips, guint n_tokens, Panel *panel)
{
  gsize n_bytes = panel->n_blocks / 8 * sotto_strip_group_bytes (kind, 8)
                  + (panel->n_blocks % 8 > 0 ? sotto_strip_group_bytes (kind, panel->n_blocks % 8) : 0);

  panel->next = strips + PANEL_STRIPS * strip_bytes;
  panel->next_bytes = n_bytes;
  panel->next_stride = strip_bytes;
  panel->next_lines = 1 + n_bytes / 64 * PANEL_TOKENS / n_tokens / panel->n_blocks;
  for (guint i = 0; i < PANEL_STRIPS; i++)
    {
      const guint8 *group = strips + MIN (i, n_strips - 1) * strip_bytes;
      guint first = 0;

      for (; first + 8 <= panel->n_blocks; first += 8, group += sotto_strip_group_bytes (kind, 8))
        fill_group (kind, group, 8, panel, first, i * SOTTO_STRIP_ROWS);
      if (first < panel->n_blocks)
        fill_group (kind, group, panel->n_blocks - first, panel, first, i * SOTTO_STRIP_ROWS);
    }
}
