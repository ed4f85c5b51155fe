/* Products of quantised weights with many tokens, where bytes are multiplied with bytes (NEON), in the order
 * of sums of pack-many.h; integers are exact, so that the bits are those of template-panel.h. A tile
 * of rows is unpacked once into a panel of signed bytes and multiplied with all tokens.
 *
 * Rows and tokens go in units: the tier's file defines UNIT_ROWS and UNIT_TOKENS, whose product is
 * four, one number in each lane, the tokens of a row side by side, and
 *
 *   unit_pack        sixteen columns of its rows as they are multiplied
 *   unit_place       where a column of one of these rows stands then
 *   unit_add         sums + their products
 *   unit_row_numbers, unit_token_numbers   a number of each row or token, in the lanes it belongs to */

#include "cpu/code-kinds.h"
#include "cpu/pack-many.h"

#define PANEL_ROWS 8
#define PANEL_TOKENS 4
#define PANEL_UNITS (PANEL_ROWS / UNIT_ROWS)
#define TOKEN_UNITS (PANEL_TOKENS / UNIT_TOKENS)
#define HALF_BYTES (PANEL_ROWS * 16)

/* How a block type's scales are to be had; constants where they are inlined. */
typedef struct {
  BlockBytes (*bytes) (const guint8 *group, guint b);
  void (*scales) (const guint8 *group, guint n, GroupScales *scales);
  guint group_bytes;        /* of eight blocks */
  gboolean is_whole;        /* whether rows end with whole groups: a block of the file is one */
  gboolean has_factors;     /* integers, by which scales are multiplied */
  gboolean has_half_scales;
  gboolean has_offsets;
  gboolean has_half_offsets; /* they are of halves */
} ByteKind;

typedef struct {
  guint n_blocks;           /* of a row */
  gint8 *bytes;             /* (n_blocks, 2, HALF_BYTES) */
  float *scales;            /* (n_blocks, 2, PANEL_ROWS); without half scales the first of the two */
  float *offsets;           /* likewise */
} BytePanel;

/* The tokens of a tile; behind the last one it is repeated. */
typedef struct {
  const Steps *x;
  gsize tokens[PANEL_TOKENS];
} TokenTile;

/* --- Types of blocks of 32 columns as groups of eight --- */

#define GROUP_OF_BLOCKS(name, block_bytes, scale, offset)                                          \
  G_ALWAYS_INLINE static inline BlockBytes group_bytes_##name (                                    \
    const guint8 *group, guint b)                                                                  \
  {                                                                                                \
    return bytes_##name (group + b * (block_bytes));                                               \
  }                                                                                                \
                                                                                                   \
  static inline void group_scales_##name (const guint8 *group, guint n, GroupScales *scales)       \
  {                                                                                                \
    for (guint b = 0; b < n; b++)                                                                  \
      {                                                                                            \
        const guint8 *block = group + b * (block_bytes);                                           \
                                                                                                   \
        scales->scales[0][b] = scale;                                                              \
        scales->offsets[0][b] = offset;                                                            \
      }                                                                                            \
  }

GROUP_OF_BLOCKS (q4_0, 18, half_at (block), 0.0f)
GROUP_OF_BLOCKS (q4_1, 20, half_at (block), half_at (block + 2))
GROUP_OF_BLOCKS (q5_0, 22, half_at (block), 0.0f)
GROUP_OF_BLOCKS (q5_1, 24, half_at (block), half_at (block + 2))
GROUP_OF_BLOCKS (q8_0, 34, half_at (block), 0.0f)
GROUP_OF_BLOCKS (iq4_nl, 18, half_at (block), 0.0f)
GROUP_OF_BLOCKS (mxfp4, 17, power_of_two (*block), 0.0f)

G_ALWAYS_INLINE static inline BlockBytes
group_bytes_nvfp4 (const guint8 *group, guint b)
{
  return bytes_nvfp4 (group + b / 2 * 36 + 4 + b % 2 * 16);
}

static inline void
group_scales_nvfp4 (const guint8 *group, guint n, GroupScales *scales)
{
  for (guint b = 0; b < n; b++)
    for (guint half = 0; half < 2; half++)
      scales->scales[half][b] = small_float (group[b / 2 * 36 + b % 2 * 2 + half]);
}

static inline const StepsBlock *
token_block (const TokenTile *tile, guint t, gsize block)
{
  return steps_block (tile->x, tile->tokens[t], block);
}

/* --- Weights --- */

/* Lays the panel out in scratch; sotto_kernels_scratch() is the other side of this. */
static BytePanel
place_byte_panel (guint n_blocks, void *scratch)
{
  gsize n = (gsize) n_blocks * 2 * PANEL_ROWS;
  BytePanel panel = { .n_blocks = n_blocks, .bytes = scratch };

  panel.scales = (float *) (gpointer) (panel.bytes + (gsize) n_blocks * 2 * HALF_BYTES);
  panel.offsets = panel.scales + n;
  return panel;
}

/* The scales of n blocks of a row. */
G_ALWAYS_INLINE static inline void
pack_scales (ByteKind kind, const GroupScales *group, guint n, guint block, guint row,
             const BytePanel *panel)
{
  for (guint b = 0; b < n; b++)
    for (guint half = 0; half < 2; half++)
      {
        gsize place = ((gsize) (block + b) * 2 + half) * PANEL_ROWS + row;

        if (kind.has_factors)
          panel->scales[place] = group->scales[0][b] * (float) group->factors[2 * b + half];
        else if (half == 0 || kind.has_half_scales)
          panel->scales[place] = group->scales[half][b];
        if (kind.has_offsets && (half == 0 || kind.has_half_offsets))
          panel->offsets[place] = group->offsets[half][b];
      }
}

/* Rows that are missing repeat the last one; their results are not stored. */
G_ALWAYS_INLINE static inline void
pack_byte_panel (ByteKind         kind,
                 const guint8    *rows,
                 gsize            row_bytes,
                 guint            n_rows,
                 const BytePanel *panel)
{
  guint n_blocks = panel->n_blocks;

  for (guint block = 0; block < n_blocks; block += 8)
    {
      const guint8 *group = rows + block / 8 * kind.group_bytes;
      guint n = kind.is_whole ? 8 : MIN (n_blocks - block, 8);

      for (guint b = 0; b < n; b++)
        for (guint unit = 0; unit < PANEL_UNITS; unit++)
          {
            gint8 *target = panel->bytes + (gsize) (block + b) * 2 * HALF_BYTES
                            + unit * UNIT_ROWS * 16;
            int8x16_t halves[2][UNIT_ROWS];

            for (guint i = 0; i < UNIT_ROWS; i++)
              {
                gsize row = MIN (unit * UNIT_ROWS + i, n_rows - 1);
                BlockBytes bytes = kind.bytes (group + row * row_bytes, b);

                halves[0][i] = bytes.v[0];
                halves[1][i] = bytes.v[1];
              }
            unit_pack (halves[0], target);
            unit_pack (halves[1], target + HALF_BYTES);
          }
      for (guint row = 0; row < PANEL_ROWS; row++)
        {
          GroupScales scales;

          kind.scales (group + MIN (row, n_rows - 1) * row_bytes, n, &scales);
          pack_scales (kind, &scales, n, block, row, panel);
        }
    }
}

/* --- Products --- */

/* products += halves first to last of a block of the panel times the tokens' steps */
G_ALWAYS_INLINE static inline void
add_halves (const gint8     *bytes,
            const TokenTile *tile,
            gsize            block,
            guint            first,
            guint            last,
            guint            n_units,
            int32x4_t        products[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint half = first; half <= last; half++)
    for (guint u = 0; u < n_units; u++)
      {
        int8x16_t tokens[UNIT_TOKENS];

        for (guint i = 0; i < UNIT_TOKENS; i++)
          tokens[i] = vld1q_s8 (token_block (tile, u * UNIT_TOKENS + i, block)->steps + 16 * half);
        for (guint r = 0; r < PANEL_UNITS; r++)
          products[r][u] = unit_add (products[r][u], bytes + half * HALF_BYTES + r * UNIT_ROWS * 16, tokens);
      }
}

/* sums += products * scales of the tokens' steps * scales of the rows */
G_ALWAYS_INLINE static inline void
add_scaled (const float     *scales,
            const TokenTile *tile,
            gsize            block,
            guint            n_units,
            int32x4_t        products[PANEL_UNITS][TOKEN_UNITS],
            float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint u = 0; u < n_units; u++)
    {
      const float *of[UNIT_TOKENS];
      float32x4_t own;

      for (guint t = 0; t < UNIT_TOKENS; t++)
        of[t] = &token_block (tile, u * UNIT_TOKENS + t, block)->scale;
      own = unit_token_numbers (of);
      for (guint r = 0; r < PANEL_UNITS; r++)
        sums[r][u] = vfmaq_f32 (sums[r][u], vmulq_f32 (vcvtq_f32_s32 (products[r][u]), own),
                                unit_row_numbers (scales + r * UNIT_ROWS));
    }
}

/* sums += offset of the row * sum of the token's columns */
G_ALWAYS_INLINE static inline void
add_offsets (ByteKind         kind,
             const BytePanel *panel,
             const TokenTile *tile,
             gsize            block,
             guint            n_units,
             float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint half = 0; half < (kind.has_half_offsets ? 2 : 1); half++)
    for (guint u = 0; u < n_units; u++)
      {
        const float *offsets = panel->offsets + (block * 2 + half) * PANEL_ROWS;
        const float *of[UNIT_TOKENS];
        float totals[UNIT_TOKENS];

        for (guint t = 0; t < UNIT_TOKENS; t++)
          {
            const StepsBlock *own = token_block (tile, u * UNIT_TOKENS + t, block);

            totals[t] = kind.has_half_offsets ? steps_half_total (own, half) : own->total;
            of[t] = totals + t;
          }
        for (guint r = 0; r < PANEL_UNITS; r++)
          sums[r][u] = vfmaq_f32 (sums[r][u], unit_row_numbers (offsets + r * UNIT_ROWS), unit_token_numbers (of));
      }
}

/* sums += a block of the panel times the tokens */
G_ALWAYS_INLINE static inline void
add_block (ByteKind         kind,
           const BytePanel *panel,
           const TokenTile *tile,
           gsize            block,
           guint            n_units,
           float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  const gint8 *bytes = panel->bytes + block * 2 * HALF_BYTES;
  const float *scales = panel->scales + block * 2 * PANEL_ROWS;

  for (guint half = 0; half < (kind.has_half_scales ? 2 : 1); half++)
    {
      int32x4_t products[PANEL_UNITS][TOKEN_UNITS] = { 0 };

      add_halves (bytes, tile, block, half, kind.has_half_scales ? half : 1, n_units, products);
      add_scaled (scales + half * PANEL_ROWS, tile, block, n_units, products, sums);
    }
  if (kind.has_offsets)
    add_offsets (kind, panel, tile, block, n_units, sums);
}

/* The weight of a row of the panel in a column of a block */
G_ALWAYS_INLINE static inline float
panel_weight (ByteKind kind, const BytePanel *panel, gsize block, guint column, guint row)
{
  guint half = column / 16;
  const gint8 *unit = panel->bytes + (block * 2 + half) * HALF_BYTES + row / UNIT_ROWS * UNIT_ROWS * 16;
  float code = unit[unit_place (row % UNIT_ROWS, column % 16)];
  float scale = panel->scales[(block * 2 + (kind.has_half_scales ? half : 0)) * PANEL_ROWS + row];

  if (!kind.has_offsets)
    return code * scale;
  return fmaf (code, scale, panel->offsets[(block * 2 + (kind.has_half_offsets ? half : 0)) * PANEL_ROWS + row]);
}

/* sums += what stands out of a token times the panel's rows */
G_ALWAYS_INLINE static inline void
add_outliers (ByteKind kind, const BytePanel *panel, const TokenTile *tile, guint t, float sums[PANEL_ROWS])
{
  const StepsOutlier *own;
  guint n = steps_outliers (tile->x, tile->tokens[t], 0, panel->n_blocks, &own);

  for (guint i = 0; i < n; i++, own++)
    for (guint row = 0; row < PANEL_ROWS; row++)
      sums[row] = fmaf (panel_weight (kind, panel, own->column / STEPS_BLOCK, own->column % STEPS_BLOCK, row), own->value,
                        sums[row]);
}

/* The panel, which are the rows of the product from row on, times n_units units of tokens; the first n_tokens of them,
 * which are those from token on, are stored. */
G_ALWAYS_INLINE static inline void
multiply_byte_tile (ByteKind            kind,
                    const BytePanel    *panel,
                    const SottoProduct *product,
                    guint               row,
                    guint               token,
                    const TokenTile    *tile,
                    guint               n_units,
                    guint               n_tokens)
{
  guint n_rows = product->n_rows - row;
  gsize y_stride = product->y_stride;
  float *y = product->y + token * y_stride + row;
  float32x4_t sums[PANEL_UNITS][TOKEN_UNITS] = { 0 };
  float outliers[PANEL_TOKENS][PANEL_ROWS] = { 0 };

  for (gsize block = 0; block < panel->n_blocks; block++)
    add_block (kind, panel, tile, block, n_units, sums);
  for (guint t = 0; t < n_tokens; t++)
    add_outliers (kind, panel, tile, t, outliers[t]);
  for (guint r = 0; r < PANEL_UNITS; r++)
    for (guint u = 0; u < n_units; u++)
      for (guint i = 0; i < 4; i++)
        {
          guint own_row = r * UNIT_ROWS + i / UNIT_TOKENS;
          guint t = u * UNIT_TOKENS + i % UNIT_TOKENS;

          if (own_row < n_rows && t < n_tokens)
            y[t * y_stride + own_row] = sums[r][u][i] + outliers[t][own_row];
        }
}

G_ALWAYS_INLINE static inline void
multiply_bytes (ByteKind kind, const SottoProduct *product, void *scratch)
{
  const guint8 *rows = sotto_product_rows (product);
  gsize row_bytes = product->weight->row_bytes;
  const SottoActivations *from = product->x;
  Steps x = steps_at (from->packed[SOTTO_FORM_MANY], from->set_bytes[SOTTO_FORM_MANY], from->n_columns);
  BytePanel panel = place_byte_panel (from->n_columns / STEPS_BLOCK, scratch);

  for (guint r = 0; r < product->n_rows; r += PANEL_ROWS)
    {
      pack_byte_panel (kind, rows + r * row_bytes, row_bytes, MIN (product->n_rows - r, PANEL_ROWS), &panel);
      for (guint t = 0; t < product->n_tokens;)
        {
          guint rest = product->n_tokens - t;
          TokenTile tile = { .x = &x };

          for (guint i = 0; i < PANEL_TOKENS; i++)
            tile.tokens[i] = product->first_token + t + MIN (i, rest - 1);
          if (rest >= PANEL_TOKENS)
            multiply_byte_tile (kind, &panel, product, r, t, &tile, TOKEN_UNITS, PANEL_TOKENS);
          else
            multiply_byte_tile (kind, &panel, product, r, t, &tile, 1, MIN (rest, UNIT_TOKENS));
          t += rest >= PANEL_TOKENS ? PANEL_TOKENS : UNIT_TOKENS;
        }
    }
}

/* --- All types --- */

/* Types without scales of halves whose scales have factors nevertheless: both of a block's are the same. */
static inline gboolean
has_group_factors (SottoBlockType type)
{
  return type == SOTTO_BLOCK_Q4_K || type == SOTTO_BLOCK_Q5_K;
}

#define BYTES_FUNCTION(name, ...)                                                                  \
  static void multiply_bytes_##name (const SottoProduct *product, void *scratch)                   \
  {                                                                                                \
    const ByteKind kind = { __VA_ARGS__ };                                                         \
                                                                                                   \
    multiply_bytes (kind, product, scratch);                                                       \
  }

#define BYTES_OF_GROUPS(type, name, scale_of, group_bytes, zero, has_halves, has_offsets)          \
  static inline void group_scales_##name (const guint8 *group, guint n G_GNUC_UNUSED,              \
                                          GroupScales *scales)                                     \
  {                                                                                                \
    scales_of_##scale_of (group, scales);                                                          \
  }                                                                                                \
                                                                                                   \
  BYTES_FUNCTION (name, bytes_##name, group_scales_##name, group_bytes, TRUE,                      \
                  has_halves || has_group_factors (SOTTO_BLOCK_##type), has_halves, has_offsets,   \
                  has_halves && has_offsets)

#define BYTES_OF_BLOCKS(type, name, scales, group_bytes, zero, has_halves, has_offsets)            \
  BYTES_FUNCTION (name, group_bytes_##name, group_scales_##name, group_bytes, FALSE, FALSE,        \
                  has_halves, has_offsets, FALSE)

CODE_GROUP_KINDS (BYTES_OF_GROUPS)
CODE_BLOCK_KINDS (BYTES_OF_BLOCKS)

#define FILL_BYTES(type, name, ...)                                                                \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_bytes_##name;

static void
fill_byte_panel_kernels (SottoKernels *kernels)
{
  CODE_KINDS (FILL_BYTES)
  kernels->piece = 250 * 1000 * 1000;
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_many };
}
