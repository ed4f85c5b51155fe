/* Products of quantised weights with many tokens, where bytes are multiplied with bytes (NEON), in the order
 * of sums of pack-many.h; integers are exact, so that the bits are those of template-panel.h. A tile
 * of rows is unpacked once into a panel of signed bytes and multiplied with all tokens, whose steps
 * stand in two planes: 128 * high + low.
 *
 * Rows and tokens go in units: the tier's file defines UNIT_ROWS and UNIT_TOKENS, whose product is
 * four, one number in each lane, the tokens of a row side by side, and
 *
 *   unit_pack        sixteen columns of its rows as they are multiplied
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
  guint n_joined;           /* blocks whose integers are summed before they are scaled */
  gboolean has_factors;     /* integers, of halves */
  gboolean has_half_scales; /* floats, of halves */
  gboolean has_offsets;
  gboolean has_half_offsets; /* they are of halves */
} ByteKind;

typedef struct {
  guint n_blocks;           /* of a row */
  gint8 *bytes;             /* (n_blocks, 2, HALF_BYTES) */
  gint32 *factors;          /* (n_blocks, 2, PANEL_ROWS) */
  float *scales;            /* likewise; without half scales the first of the two */
  float *offsets;           /* likewise */
  float *halves;            /* (PANEL_TOKENS, n_blocks, 2): sums of the tokens' steps */
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

/* --- Activations --- */

/* As pack_many(), then the steps of each block as the high bytes of 32 columns and the low ones. */
static void
pack_planes (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  gint8 *planes = (gint8 *) packed;

  pack_many (x, n_columns, first, n, packed);
  for (guint b = first / STEPS_BLOCK; b * STEPS_BLOCK < first + n; b++)
    {
      gint16 steps[STEPS_BLOCK];

      memcpy (steps, planes + b * sizeof steps, sizeof steps);
      for (guint half = 0; half < 2; half++)
        few_split (steps + 16 * half, planes + b * sizeof steps + 16 * half,
                   planes + b * sizeof steps + STEPS_BLOCK + 16 * half);
    }
}

static inline const gint8 *
token_bytes (const TokenTile *tile, guint t, guint block)
{
  const Steps *x = tile->x;

  return (const gint8 *) (x->steps + tile->tokens[t] * x->column_stride + block * STEPS_BLOCK);
}

/* What the offsets of halves are multiplied with: as x->totals are of whole blocks. */
static void
sum_halves (const TokenTile *tile, guint n_blocks, float *halves)
{
  int8x16_t ones = vdupq_n_s8 (1);

  for (guint t = 0; t < PANEL_TOKENS; t++)
    for (guint b = 0; b < n_blocks; b++)
      for (guint half = 0; half < 2; half++)
        {
          const gint8 *high = token_bytes (tile, t, b) + 16 * half;
          int32x4_t sums = vdotq_s32 (vdupq_n_s32 (0), vld1q_s8 (high), ones);

          sums = vdotq_s32 (vshlq_n_s32 (sums, 7), vld1q_s8 (high + STEPS_BLOCK), ones);
          *halves++ = (float) vaddvq_s32 (sums);
        }
}

/* --- Weights --- */

/* Lays the panel out in scratch; sotto_kernels_scratch() is the other side of this. */
static BytePanel
place_byte_panel (guint n_blocks, void *scratch)
{
  gsize n = (gsize) n_blocks * 2 * PANEL_ROWS;
  BytePanel panel = { .n_blocks = n_blocks, .bytes = scratch };

  panel.factors = (gint32 *) (gpointer) (panel.bytes + (gsize) n_blocks * 2 * HALF_BYTES);
  panel.scales = (float *) (panel.factors + n);
  panel.offsets = panel.scales + n;
  panel.halves = panel.offsets + n;
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

        if (half == 0 || kind.has_half_scales)
          panel->scales[place] = group->scales[half][b];
        if (kind.has_factors)
          panel->factors[place] = group->factors[2 * b + half];
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

/* products += half a block of the panel times one plane of the tokens, at plane behind their blocks */
G_ALWAYS_INLINE static inline void
add_plane (const gint8     *bytes,
           const TokenTile *tile,
           guint            block,
           guint            plane,
           guint            n_units,
           int32x4_t        products[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint u = 0; u < n_units; u++)
    {
      int8x16_t tokens[UNIT_TOKENS];

      for (guint t = 0; t < UNIT_TOKENS; t++)
        tokens[t] = vld1q_s8 (token_bytes (tile, u * UNIT_TOKENS + t, block) + plane);
      for (guint r = 0; r < PANEL_UNITS; r++)
        products[r][u] = unit_add (products[r][u], bytes + r * UNIT_ROWS * 16, tokens);
    }
}

/* products = 128 * products */
G_ALWAYS_INLINE static inline void
raise_products (guint n_units, int32x4_t products[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint r = 0; r < PANEL_UNITS; r++)
    for (guint u = 0; u < n_units; u++)
      products[r][u] = vshlq_n_s32 (products[r][u], 7);
}

/* The index-th of each of the tile's tokens. */
G_ALWAYS_INLINE static inline float32x4_t
numbers_of_tokens (const TokenTile *tile, const float *numbers, guint u, guint index)
{
  const float *of[UNIT_TOKENS];

  for (guint t = 0; t < UNIT_TOKENS; t++)
    of[t] = numbers + tile->tokens[u * UNIT_TOKENS + t] * tile->x->float_stride + index;
  return unit_token_numbers (of);
}

/* sums += scale of the row * products */
G_ALWAYS_INLINE static inline void
add_scaled (const float *scales,
            guint        n_units,
            int32x4_t    products[PANEL_UNITS][TOKEN_UNITS],
            float32x4_t  sums[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint u = 0; u < n_units; u++)
    for (guint r = 0; r < PANEL_UNITS; r++)
      sums[r][u] = vfmaq_f32 (sums[r][u], vcvtq_f32_s32 (products[r][u]), unit_row_numbers (scales + r * UNIT_ROWS));
}

/* sums += offset of the row * sum of the token's steps */
G_ALWAYS_INLINE static inline void
add_offsets (ByteKind         kind,
             const BytePanel *panel,
             const TokenTile *tile,
             guint            block,
             guint            n_units,
             float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  for (guint half = 0; half < (kind.has_half_offsets ? 2 : 1); half++)
    for (guint u = 0; u < n_units; u++)
      {
        const float *offsets = panel->offsets + ((gsize) block * 2 + half) * PANEL_ROWS;
        const float *of[UNIT_TOKENS];
        float32x4_t totals;

        for (guint t = 0; t < UNIT_TOKENS; t++)
          of[t] = panel->halves + ((u * UNIT_TOKENS + t) * (gsize) panel->n_blocks + block) * 2 + half;
        totals = kind.has_half_offsets ? unit_token_numbers (of) : numbers_of_tokens (tile, tile->x->totals, u, block);
        for (guint r = 0; r < PANEL_UNITS; r++)
          sums[r][u] = vfmaq_f32 (sums[r][u], unit_row_numbers (offsets + r * UNIT_ROWS), totals);
      }
}

/* products += a block of the panel times the tokens, times its factors; with scales of halves nothing, but to sums */
G_ALWAYS_INLINE static inline void
add_block (ByteKind         kind,
           const BytePanel *panel,
           const TokenTile *tile,
           guint            block,
           guint            n_units,
           int32x4_t        products[PANEL_UNITS][TOKEN_UNITS],
           float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  const gint8 *bytes = panel->bytes + (gsize) block * 2 * HALF_BYTES;

  if (kind.has_factors || kind.has_half_scales)
    for (guint half = 0; half < 2; half++)
      {
        gsize place = ((gsize) block * 2 + half) * PANEL_ROWS;
        int32x4_t own[PANEL_UNITS][TOKEN_UNITS] = { 0 };

        add_plane (bytes + half * HALF_BYTES, tile, block, 16 * half, n_units, own);
        raise_products (n_units, own);
        add_plane (bytes + half * HALF_BYTES, tile, block, STEPS_BLOCK + 16 * half, n_units, own);
        if (kind.has_half_scales)
          add_scaled (panel->scales + place, n_units, own, sums);
        else
          for (guint r = 0; r < PANEL_UNITS; r++)
            for (guint u = 0; u < n_units; u++)
              products[r][u] =
                vmlaq_s32 (products[r][u], own[r][u], unit_row_factors (panel->factors + place + r * UNIT_ROWS));
      }
  else
    {
      add_plane (bytes, tile, block, 0, n_units, products);
      add_plane (bytes + HALF_BYTES, tile, block, 16, n_units, products);
      raise_products (n_units, products);
      add_plane (bytes, tile, block, STEPS_BLOCK, n_units, products);
      add_plane (bytes + HALF_BYTES, tile, block, STEPS_BLOCK + 16, n_units, products);
    }
}

/* sums += blocks of the panel, which are joined, times the tokens */
G_ALWAYS_INLINE static inline void
add_blocks (ByteKind         kind,
            const BytePanel *panel,
            const TokenTile *tile,
            guint            first,
            guint            n_units,
            float32x4_t      sums[PANEL_UNITS][TOKEN_UNITS])
{
  int32x4_t products[PANEL_UNITS][TOKEN_UNITS] = { 0 };

  for (guint block = first; block < first + kind.n_joined; block++)
    add_block (kind, panel, tile, block, n_units, products, sums);
  if (!kind.has_half_scales)
    add_scaled (panel->scales + (gsize) first * 2 * PANEL_ROWS, n_units, products, sums);
  for (guint block = first; block < first + kind.n_joined && kind.has_offsets; block++)
    add_offsets (kind, panel, tile, block, n_units, sums);
}

/* totals += a group of the panel times the tokens */
G_ALWAYS_INLINE static inline void
add_group (ByteKind         kind,
           const BytePanel *panel,
           const TokenTile *tile,
           guint            group,
           guint            n_units,
           float32x4_t      totals[PANEL_UNITS][TOKEN_UNITS])
{
  guint end = MIN ((group + 1) * STEPS_GROUP, panel->n_blocks);
  float32x4_t sums[PANEL_UNITS][TOKEN_UNITS] = { 0 };

  for (guint block = group * STEPS_GROUP; block < end; block += kind.n_joined)
    add_blocks (kind, panel, tile, block, n_units, sums);
  for (guint u = 0; u < n_units; u++)
    {
      float32x4_t scales = numbers_of_tokens (tile, tile->x->scales, u, group);

      for (guint r = 0; r < PANEL_UNITS; r++)
        totals[r][u] = vfmaq_f32 (totals[r][u], sums[r][u], scales);
    }
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
  float32x4_t totals[PANEL_UNITS][TOKEN_UNITS] = { 0 };

  if (kind.has_half_offsets)
    sum_halves (tile, panel->n_blocks, panel->halves);
  for (guint group = 0; group * STEPS_GROUP < panel->n_blocks; group++)
    add_group (kind, panel, tile, group, n_units, totals);
  for (guint r = 0; r < PANEL_UNITS; r++)
    for (guint u = 0; u < n_units; u++)
      for (guint i = 0; i < 4; i++)
        {
          guint own_row = r * UNIT_ROWS + i / UNIT_TOKENS;
          guint t = u * UNIT_TOKENS + i % UNIT_TOKENS;

          if (own_row < n_rows && t < n_tokens)
            y[t * y_stride + own_row] = totals[r][u][i];
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
                  steps_joined (SOTTO_BLOCK_##type), has_halves || steps_joined (SOTTO_BLOCK_##type) > 1, \
                  FALSE, has_offsets, has_halves && has_offsets)

#define BYTES_OF_BLOCKS(type, name, scales, group_bytes, zero, has_halves, has_offsets)            \
  BYTES_FUNCTION (name, group_bytes_##name, group_scales_##name, group_bytes, FALSE, 1, FALSE,     \
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
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { STEPS_GROUP_BYTES, pack_planes };
}
