/* Panels (template-panel.h) of weights that lie in strips (strips.h). A lane of a strip is a row already, and has four
 * columns as the panel wants them, so that codes are only taken apart and widened. What the panel holds then is the same
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

/* Whether the integers of a panel are codes times their scales, which are bytes. */
static inline gboolean
has_factors (SottoStripKind kind)
{
  return kind.scales == SOTTO_STRIP_TWO_BYTES || (kind.scales == SOTTO_STRIP_BYTES && !kind.has_book);
}

/* The first of two bytes and the second are taken apart by products: bytes without a sign times bytes with one, of which
 * two make a word. Codes are the ones with a sign, once their zero is taken off; or the others, when they are
 * multiplied by their scales, and so is the zero then. */
typedef struct {
  WordVector first;
  WordVector second;
  WordVector zeros;
} StripFactors;

G_ALWAYS_INLINE static inline StripFactors
factors_at (SottoStripKind kind, const gint8 *bytes)
{
  WordVector first = (WordVector) { 0 } + 1;

  if (has_factors (kind))
    {
      IntVector once = vector_widen_bytes (bytes) & 0xff;

      first = (WordVector) (once | once << 16);
    }
  return (StripFactors) { first, first << 8, vector_multiply_bytes ((WordVector) { 0 } + (guint16) kind.zero, first) };
}

/* gcc does not see that products with zero are none. */
G_ALWAYS_INLINE static inline WordVector
less_zeros (SottoStripKind kind, WordVector products, WordVector zeros)
{
  return kind.zero == 0 ? products : products - zeros;
}

/* One block of a strip to pairs. bytes: its scales, if they are factors. What all of its steps are multiplied with is
 * taken before the first pair is stored: behind each store gcc would take it again. */
G_ALWAYS_INLINE static inline void
fill_block (SottoStripKind kind, const guint8 *block, const gint8 *bytes, gint32 *pairs)
{
  guint n_halves = kind.scales == SOTTO_STRIP_TWO_BYTES ? 2 : 1;

  for (guint v = 0; v < STRIP_VECTORS; v++)
    {
      StripFactors factors[2];

      for (guint half = 0; half < n_halves; half++)
        factors[half] = factors_at (kind, bytes + half * SOTTO_STRIP_ROWS + v * VECTOR_ROWS);
      for (guint s = 0; s < 8; s++)
        {
          StripFactors own = factors[n_halves == 2 ? s / 4 : 0];
          WordVector codes = codes_of_step (kind, block + v * VECTOR_ROWS * sizeof (gint32), s);
          gint32 *to = pairs + 2 * s * PANEL_ROWS + v * VECTOR_ROWS;

          if (has_factors (kind))
            {
              vector_store_words (to, less_zeros (kind, vector_multiply_bytes (codes, own.first), own.zeros));
              vector_store_words (to + PANEL_ROWS,
                                  less_zeros (kind, vector_multiply_bytes (codes, own.second), own.zeros));
            }
          else
            {
              if (!kind.has_book)
                codes = (WordVector) ((ByteVector) codes - (guint8) kind.zero);
              vector_store_words (to, vector_multiply_bytes (own.first, codes));
              vector_store_words (to + PANEL_ROWS, vector_multiply_bytes (own.second, codes));
            }
        }
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

G_ALWAYS_INLINE static inline void
fill_scales (SottoStripKind kind, const guint8 *header, guint n_blocks, guint b, float *scales, float *offsets)
{
  gboolean is_group = kind.scales != SOTTO_STRIP_HALVES;
  const guint8 *own = header + sotto_strip_scales_at (kind, b);

  fill_factors (is_group ? header : own, is_group && !has_factors (kind) ? (const gint8 *) own : NULL, FALSE, scales);
  if (!kind.has_offsets)
    return;
  own = header + sotto_strip_offsets_at (kind, n_blocks, b);
  fill_factors (is_group ? header + 2 * SOTTO_STRIP_ROWS : own, is_group ? (const gint8 *) own : NULL, is_group,
                offsets);
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

      fill_scales (kind, group, n, b, panel->scales[0] + index, panel->offsets[0] + index);
      fill_block (kind, codes + b * sotto_strip_code_bytes (kind),
                  (const gint8 *) group + sotto_strip_scales_at (kind, b),
                  panel->pairs + (gsize) (first_block + b) * 16 * PANEL_ROWS + first_row);
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
