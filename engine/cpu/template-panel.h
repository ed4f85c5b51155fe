/* Products of quantised weights with many tokens (floats: template-float-panel.h). Columns of a tile of rows are
 * unpacked once into a panel in which the same four columns of all rows lie side by side, a byte each,
 * (n_blocks, 8 quads, PANEL_ROWS); a lane is then a row, a block's sum needs no step across lanes,
 * and each quad of a token's activations is loaded once for all rows.
 *
 * Up to PANEL_MOST tokens go by while PANEL_BLOCKS blocks are in the panel, which so stays in the first cache; what they
 * add up to rests in memory until the next blocks are there. For more tokens the panel has whole rows, so that
 * activations are read in long stretches.
 *
 * The tier's registers are those of vectors.h; PANEL_TOKENS says how many tokens a tile has, for each of which two
 * sums of integers are kept in registers. Bytes without a sign are multiplied with the activations', which have one.
 * With PANEL_HAS_QUADS an instruction does that: weights with a sign have 128 added, and sums begin with what that
 * makes too much. Else bytes are multiplied to words that may not overflow, so that it counts how large the weights
 * are, and those of eight bits are multiplied without their sign, which the activations then take. */

#include "cpu/strips.h"

#define PANEL_ROWS (2 * VECTOR_ROWS)

/* What a token's products with the rows add up to: those of steps, and of what stands out. */
typedef struct {
  FloatVector rows[2];
  FloatVector outliers[2];
} PanelSums;

/* What a panel holds; constants where they are inlined. */
typedef struct {
  BlockForm form;
  guint n_bits;        /* of weights, from which the panel's bytes have 4, 5, 6 or 8 */
} PanelKind;

typedef struct {
  guint first_block;   /* of its rows */
  guint n_blocks;
  gboolean is_last;    /* they end with these */
  gint32 *quads;       /* (n_blocks, 8, PANEL_ROWS): four bytes */
  float *scales[2];    /* (n_blocks, PANEL_ROWS), of whole blocks or of their halves */
  float *offsets[2];
  guint n_float_columns;  /* in which something stands out, often of many tokens, so that weights are made floats once: */
  guint *float_columns;   /* each one in the panel, */
  guint *places;          /* (columns of the panel): which of these it is, if it is one, */
  FloatVector (*weights)[2]; /* (n_float_columns): and the rows' weights in it */
  StepsOutlier *outliers; /* by float columns; of all tokens, one behind the other, so that a tile's are one loop, */
  guint16 *tokens;        /* the token of each, */
  guint *first_outliers;  /* (n_tokens + 1): and where each token's begin */
  PanelSums *sums;     /* of the tokens; where rows are whole, of those of a tile */
  const guint8 *next;  /* what the next panel is filled from, as far as it is asked for while this one is multiplied: */
  gsize next_bytes;    /* of each of two strips, or of one, */
  gsize next_stride;   /* from the first to the second */
  gsize next_lines;    /* asked for with each block of a tile */
} Panel;

/* --- What a panel holds --- */

/* Whether a block has the first or second of its scales, of its offsets. */
static inline gboolean
has_scales (BlockForm form, guint half)
{
  return half == 0 || form == FORM_HALF_SCALES || form == FORM_HALVES;
}

static inline gboolean
has_offsets (BlockForm form, guint half)
{
  return form == FORM_HALVES || (form == FORM_OFFSET && half == 0);
}

/* What is added to a weight with a sign before its byte stands in the panel. */
static inline guint8
panel_bias (PanelKind kind)
{
  if (has_offsets (kind.form, 0))
    return 0;
  return PANEL_HAS_QUADS ? 128 : kind.n_bits < 8 ? 1 << (kind.n_bits - 1) : 0;
}

/* --- Products --- */

/* products += n quads of columns with the tokens of the tile; steps: at their first token's */
G_ALWAYS_INLINE static inline void
multiply_panel_quads (const gint32 *quads,
                      gsize         n,
                      const gint8  *steps,
                      gsize         stride,
                      guint         n_tokens,
                      IntVector     products[2][PANEL_TOKENS])
{
#pragma GCC unroll 1
  for (gsize q = 0; q < n; q++, quads += PANEL_ROWS, steps += 4)
    {
      IntVector left = vector_load_int (quads);
      IntVector right = vector_load_int (quads + VECTOR_ROWS);

      for (guint t = 0; t < n_tokens; t++)
        {
          IntVector four = vector_all_quad (steps + t * stride);

          products[0][t] = vector_multiply_quads (products[0][t], left, four);
          products[1][t] = vector_multiply_quads (products[1][t], right, four);

          /* Else gcc makes all tokens' products first, for which there are not registers enough. */
          __asm__ ("" : "+v" (products[0][t]), "+v" (products[1][t]));
        }
    }
}

#if !PANEL_HAS_QUADS
/* The same of bytes below 2^n_bits, so small that several quads' words may be added up: two times 127 times the highest
 * byte is in each. */
G_ALWAYS_INLINE static inline void
multiply_panel_words (guint         n_bits,
                      const gint32 *quads,
                      gsize         n,
                      const gint8  *steps,
                      gsize         stride,
                      guint         n_tokens,
                      IntVector     products[2][PANEL_TOKENS])
{
  guint at_once = MIN (n_bits == 4 ? 8 : n_bits == 5 ? 4 : 2, n);

#pragma GCC unroll 4
  for (gsize first = 0; first < n; first += at_once)
    {
      WordVector words[2][PANEL_TOKENS] = { 0 };

#pragma GCC unroll 1
      for (gsize q = 0; q < at_once; q++, quads += PANEL_ROWS, steps += 4)
        {
          WordVector left = vector_load_words (quads);
          WordVector right = vector_load_words (quads + VECTOR_ROWS);

          for (guint t = 0; t < n_tokens; t++)
            {
              WordVector four = (WordVector) vector_all_quad (steps + t * stride);

              words[0][t] += vector_multiply_bytes (left, four);
              words[1][t] += vector_multiply_bytes (right, four);
              __asm__ ("" : "+v" (words[0][t]), "+v" (words[1][t]));
            }
        }
      for (guint t = 0; t < n_tokens; t++)
        for (guint i = 0; i < 2; i++)
          products[i][t] += vector_add_words (words[i][t]);
    }
}
#endif

/* A block of the tokens of a tile: the first one's, and how many bytes behind it the next. The pointer goes from block to
 * block; with an index gcc keeps one for each token, and in memory. */
typedef struct {
  const guint8 *first;
  gsize stride;
} TileSteps;

G_ALWAYS_INLINE static inline const StepsBlock *
tile_block (const TileSteps *self, guint t)
{
  return (const StepsBlock *) (gconstpointer) (self->first + t * self->stride);
}

/* A block that is multiplied as a whole, or half of it. */
typedef enum { PART_FIRST, PART_SECOND, PART_WHOLE } PanelPart;

/* What sums of products with a token's steps begin with: what the bias of the weights makes too much is taken off, and an
 * integer on top of STEPS_FLOAT_BITS is a float without a conversion. */
static inline gint32
part_start (PanelKind kind, PanelPart part, const StepsBlock *x)
{
  gint32 zero = (part == PART_WHOLE ? x->zero : x->half_zeros[part]) - STEPS_FLOAT_BITS;

  return STEPS_FLOAT_BITS + (panel_bias (kind) == 0 ? 0 : zero / (128 / panel_bias (kind)));
}

/* products += part of a block times the tokens' steps */
G_ALWAYS_INLINE static inline void
multiply_panel_part (PanelKind        kind G_GNUC_UNUSED,
                     const gint32    *quads,
                     PanelPart        part,
                     const TileSteps *x,
                     guint            n_tokens,
                     IntVector        products[2][PANEL_TOKENS])
{
  guint first = part == PART_SECOND ? 4 : 0;
  guint n = part == PART_WHOLE ? 8 : 4;
  const gint8 *steps = tile_block (x, 0)->steps + 4 * first;

  quads += first * PANEL_ROWS;
#if !PANEL_HAS_QUADS
  if (kind.n_bits < 8)
    {
      multiply_panel_words (kind.n_bits, quads, n, steps, x->stride, n_tokens, products);
      return;
    }
#endif
  multiply_panel_quads (quads, n, steps, x->stride, n_tokens, products);
}

/* scaled = part of a block times the tokens' steps, times their scales */
G_ALWAYS_INLINE static inline void
scale_panel_part (PanelKind        kind,
                  const gint32    *quads,
                  PanelPart        part,
                  const TileSteps *x,
                  guint            n_tokens,
                  FloatVector      scaled[2][PANEL_TOKENS])
{
  IntVector products[2][PANEL_TOKENS];

  for (guint t = 0; t < n_tokens; t++)
    products[0][t] = products[1][t] = part_start (kind, part, tile_block (x, t)) - (IntVector) { 0 };
  multiply_panel_part (kind, quads, part, x, n_tokens, products);
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        const StepsBlock *own = tile_block (x, t);

        scaled[i][t] = vector_fma ((FloatVector) products[i][t], vector_all (own->scale), vector_all (own->minus));
      }
}

/* sums += a block of the panel times the tokens of the tile */
G_ALWAYS_INLINE static inline void
multiply_panel_block (const Panel     *panel,
                      PanelKind        kind,
                      gsize            block,
                      const TileSteps *x,
                      guint            n_tokens,
                      FloatVector      sums[PANEL_TOKENS][2])
{
  const gint32 *quads = panel->quads + block * 8 * PANEL_ROWS;
  gboolean has_halves = has_scales (kind.form, 1);

#pragma GCC unroll 2
  for (guint half = 0; half < (has_halves ? 2 : 1); half++)
    {
      PanelPart part = !has_halves ? PART_WHOLE : half == 0 ? PART_FIRST : PART_SECOND;
      FloatVector scaled[2][PANEL_TOKENS];

      scale_panel_part (kind, quads, part, x, n_tokens, scaled);
      /* Else gcc keeps the tokens' scales for the second half, and sums in memory. */
      __asm__ ("" ::: "memory");
      for (guint i = 0; i < 2; i++)
        {
          FloatVector scales = vector_load (panel->scales[half] + block * PANEL_ROWS + i * VECTOR_ROWS);

          for (guint t = 0; t < n_tokens; t++)
            sums[t][i] = vector_fma (scaled[i][t], scales, sums[t][i]);
        }
    }
}

/* sums += offsets of a block times the sums of the tokens' columns */
G_ALWAYS_INLINE static inline void
add_panel_offsets (const Panel     *panel,
                   PanelKind        kind,
                   gsize            block,
                   const TileSteps *x,
                   guint            n_tokens,
                   FloatVector      sums[PANEL_TOKENS][2])
{
  for (guint half = 0; half < 2 && has_offsets (kind.form, half); half++)
    for (guint t = 0; t < n_tokens; t++)
      {
        const StepsBlock *own = tile_block (x, t);
        float total = kind.form == FORM_OFFSET ? own->total : steps_half_total (own, half);

        for (guint i = 0; i < 2; i++)
          sums[t][i] = vector_fma (vector_load (panel->offsets[half] + block * PANEL_ROWS + i * VECTOR_ROWS),
                                   vector_all (total), sums[t][i]);
      }
}

/* The rows' weights in a column of the panel */
G_ALWAYS_INLINE static inline void
panel_weights (const Panel *panel, PanelKind kind, gsize block, guint column, FloatVector weights[2])
{
  guint half = column * 2 / STEPS_BLOCK;
  guint own_scales = has_scales (kind.form, 1) ? half : 0;
  guint own_offsets = has_offsets (kind.form, 1) ? half : 0;
  int unused = 24 - 8 * (int) (column % 4);

  for (guint i = 0; i < 2; i++)
    {
      gsize row = block * PANEL_ROWS + i * VECTOR_ROWS;
      IntVector codes = vector_load_int (panel->quads + (block * 8 + column / 4) * PANEL_ROWS + i * VECTOR_ROWS) << unused;
      FloatVector scales = vector_load (panel->scales[own_scales] + row);

      if (panel_bias (kind) == 0)
        codes >>= 24;
      else
        codes = (codes >> 24 & 0xff) - panel_bias (kind);
      weights[i] = vector_to_float (codes);
      if (has_offsets (kind.form, 0))
        weights[i] = vector_fma (weights[i], scales, vector_load (panel->offsets[own_offsets] + row));
      else
        weights[i] *= scales;
    }
}

G_ALWAYS_INLINE static inline void
fill_float_columns (const Panel *panel, PanelKind kind)
{
  for (guint i = 0; i < panel->n_float_columns; i++)
    panel_weights (panel, kind, panel->float_columns[i] / STEPS_BLOCK, panel->float_columns[i] % STEPS_BLOCK,
                   panel->weights[i]);
}

/* totals += what stands out of n_tokens from token on times the rows' weights */
G_ALWAYS_INLINE static inline void
add_panel_outliers (const Panel *panel, guint token, guint n_tokens, PanelSums *totals)
{
  for (guint i = panel->first_outliers[token]; i < panel->first_outliers[token + n_tokens]; i++)
    {
      const FloatVector *weights = panel->weights[panel->outliers[i].column];
      FloatVector *sums = totals[panel->tokens[i] - token].outliers;

      for (guint r = 0; r < 2; r++)
        sums[r] = vector_fma (weights[r], vector_all (panel->outliers[i].value), sums[r]);
    }
}

static inline void
store_panel_sums (const PanelSums *sums, guint n_tokens, guint n_rows, float *y, gsize y_stride)
{
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      if (n_rows > i * VECTOR_ROWS)
        vector_store_part (y + t * y_stride + i * VECTOR_ROWS, MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS),
                           sums[t].rows[i] + sums[t].outliers[i]);
}

/* Lines of 64 bytes behind *asked to the second cache, as many as go with so many blocks. */
G_ALWAYS_INLINE static inline void
ask_for_next (const Panel *panel, guint n_blocks, gsize *asked)
{
  for (gsize i = 0; i < n_blocks * panel->next_lines && *asked < panel->next_bytes; i++, *asked += 64)
    for (guint strip = 0; strip < PANEL_ROWS / SOTTO_STRIP_ROWS; strip++)
      _mm_prefetch ((const char *) panel->next + strip * panel->next_stride + *asked, _MM_HINT_T1);
}

/* The panel, which are the rows of the product from row on, times n_tokens from token on */
G_ALWAYS_INLINE static inline void
multiply_panel_tile (const Panel        *panel,
                     PanelKind           kind,
                     const SottoProduct *product,
                     const Steps        *x,
                     guint               row,
                     guint               token,
                     guint               n_tokens,
                     PanelSums          *totals,
                     gsize              *asked)
{
  /* A copy of its own, which stores to the sums cannot change: else gcc reads all of it again behind each. */
  const Panel own_panel = *panel;
  gsize first_token = product->first_token + token;
  TileSteps own = { (const guint8 *) steps_block (x, first_token, own_panel.first_block), x->stride };
  FloatVector sums[PANEL_TOKENS][2] = { 0 };

  for (guint t = 0; t < n_tokens && own_panel.first_block > 0; t++)
    for (guint i = 0; i < 2; i++)
      sums[t][i] = totals[t].rows[i];
  for (gsize block = 0; block < own_panel.n_blocks; block++)
    {
      ask_for_next (&own_panel, 1, asked);
      multiply_panel_block (&own_panel, kind, block, &own, n_tokens, sums);
      add_panel_offsets (&own_panel, kind, block, &own, n_tokens, sums);
      own.first += sizeof (StepsBlock);
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        totals[t].rows[i] = sums[t][i];
        if (own_panel.first_block == 0)
          totals[t].outliers[i] = (FloatVector) { 0 };
      }
  add_panel_outliers (&own_panel, token, n_tokens, totals);
  if (panel->is_last)
    store_panel_sums (totals, n_tokens, product->n_rows - row, product->y + token * product->y_stride + row,
                      product->y_stride);
}

G_ALWAYS_INLINE static inline void
multiply_panel (const Panel *panel, PanelKind kind, const SottoProduct *product, const Steps *x, guint row)
{
  gsize step = panel->first_block == 0 && panel->is_last ? 0 : 1;
  guint n_tokens = product->n_tokens;
  gsize asked = 0;
  guint t = 0;

  fill_float_columns (panel, kind);
  for (; n_tokens - t >= PANEL_TOKENS; t += PANEL_TOKENS)
    multiply_panel_tile (panel, kind, product, x, row, t, PANEL_TOKENS, panel->sums + step * t, &asked);
  for (; PANEL_TOKENS > 4 && n_tokens - t >= 4; t += 4)
    multiply_panel_tile (panel, kind, product, x, row, t, 4, panel->sums + step * t, &asked);
  for (; t + 2 <= n_tokens; t += 2)
    multiply_panel_tile (panel, kind, product, x, row, t, 2, panel->sums + step * t, &asked);
  if (t < n_tokens)
    multiply_panel_tile (panel, kind, product, x, row, t, 1, panel->sums + step * t, &asked);
}

/* One function a kind, which block types share; where quads are multiplied it does not count how many bits there are. */
#define PANEL_FUNCTION(name, form, n_bits)                                                                      \
  static void multiply_panel_##name (const Panel *panel, const SottoProduct *product, const Steps *x, guint row) \
  {                                                                                                             \
    multiply_panel (panel, (PanelKind) { form, n_bits }, product, x, row);                                      \
  }

#if PANEL_HAS_QUADS
PANEL_FUNCTION (scale, FORM_SCALE, 8)
PANEL_FUNCTION (offset, FORM_OFFSET, 8)
PANEL_FUNCTION (half_scales, FORM_HALF_SCALES, 8)
PANEL_FUNCTION (halves, FORM_HALVES, 8)
#else
PANEL_FUNCTION (scale_4, FORM_SCALE, 4)
PANEL_FUNCTION (scale_5, FORM_SCALE, 5)
PANEL_FUNCTION (scale_8, FORM_SCALE, 8)
PANEL_FUNCTION (offset_4, FORM_OFFSET, 4)
PANEL_FUNCTION (offset_5, FORM_OFFSET, 5)
PANEL_FUNCTION (half_scales_4, FORM_HALF_SCALES, 4)
PANEL_FUNCTION (half_scales_6, FORM_HALF_SCALES, 6)
PANEL_FUNCTION (half_scales_8, FORM_HALF_SCALES, 8)
PANEL_FUNCTION (halves_4, FORM_HALVES, 4)
#endif
