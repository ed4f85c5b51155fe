/* Products of weights of 16 bits with many tokens on Intel's matrix unit (AMX-BF16).
 *
 * The unit multiplies numbers of 8 significant bits (bfloat16) and sums in float, 16 tokens by 16 rows by 32
 * columns at once. Activations are two such numbers, high and low, which are right to 16 bits and more. Weights
 * in BF16 are multiplied as they are: two products. Those in F16, which have 11 bits, are a high and a low one
 * too, exactly: three products, since low * low is left out, whose share is that of the activations' rounding.
 *
 * A sum follows the columns: of each 32 as the unit adds them, one product after the other. So a token's result
 * does not depend on what stands beside it. Sums stay in tiles for 256 columns and rest in y between these, so
 * that the weights of as many columns stay in the first cache for all tokens. */

#define FLOAT_TILE_COLUMNS 32
#define FLOAT_TILE_GROUP 256 /* columns */
#define FLOAT_TILE_STEPS (FLOAT_TILE_GROUP / FLOAT_TILE_COLUMNS)
#define FLOAT_TILE_TOKENS 32 /* that are multiplied together, */
#define FLOAT_TILE_ROWS 32   /* with so many rows */
#define FLOAT_PANEL_ROWS 128 /* that are packed together where a weight is one number */

G_STATIC_ASSERT (FLOAT_PANEL_ROWS * sizeof (guint16) <= SOTTO_PANEL_BYTES && FLOAT_TILE_GROUP == SOTTO_PACK_COLUMNS);

/* --- Activations --- */

/* 32 columns of a set of tokens. */
typedef struct {
  guint16 high[TILE_ROWS][FLOAT_TILE_COLUMNS];
  guint16 low[TILE_ROWS][FLOAT_TILE_COLUMNS];
} FloatTokens;

G_STATIC_ASSERT (sizeof (FloatTokens) == 2 * TILE_BYTES && TILE_ROWS == SOTTO_FLOAT_SET);

static inline __m512i
round_to_bfloats (__m512 first, __m512 second)
{
  return (__m512i) _mm512_cvtne2ps_pbh (second, first);
}

static inline __m512
widen_bfloats (__m256i v)
{
  return _mm512_castsi512_ps (_mm512_slli_epi32 (_mm512_cvtepu16_epi32 (v), 16));
}

/* 32 numbers as sums of two. */
static inline void
split_floats (__m512 first, __m512 second, __m512i *high, __m512i *low)
{
  *high = round_to_bfloats (first, second);
  first = _mm512_sub_ps (first, widen_bfloats (_mm512_castsi512_si256 (*high)));
  second = _mm512_sub_ps (second, widen_bfloats (_mm512_extracti64x4_epi64 (*high, 1)));
  *low = round_to_bfloats (first, second);
}

/* A row, which begins in its line of a set; zeros up to a whole number of 32 columns. */
static void
pack_float_tokens (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  FloatTokens *steps = (FloatTokens *) (gpointer) packed;

  for (guint column = first; column < first + n; column += FLOAT_TILE_COLUMNS)
    {
      guint there = MIN (n_columns - column, FLOAT_TILE_COLUMNS);
      __mmask32 mask = (__mmask32) (((guint64) 1 << there) - 1);
      FloatTokens *to = steps + column / FLOAT_TILE_COLUMNS;
      __m512i high;
      __m512i low;

      split_floats (_mm512_maskz_loadu_ps ((__mmask16) mask, x + column),
                    _mm512_maskz_loadu_ps ((__mmask16) (mask >> 16), x + column + 16), &high, &low);
      _mm512_store_si512 (to->high[0], high);
      _mm512_store_si512 (to->low[0], low);
    }
}

/* --- Weights --- */

/* Whether a type's numbers are split. */
typedef enum {
  FLOAT_TILE_BF16 = 1,
  FLOAT_TILE_F16 = 2, /* planes */
} FloatTileKind;

/* How far ahead of the row in work weights are asked for from memory: that row's own successor in the tile
 * of rows behind. */
#define FLOAT_TILE_AHEAD TILE_ROWS

/* 32 columns of 16 rows side by side: pairs of columns of a row are a word. What rows lack repeats the
 * last, columns are zeros. */
G_ALWAYS_INLINE static inline void
pack_float_weights (FloatTileKind kind,
                    const guint8 *rows,
                    gsize         row_bytes,
                    guint         n_rows,
                    guint         n_columns,
                    guint8       *to)
{
  __mmask32 mask = (__mmask32) (((guint64) 1 << n_columns) - 1);
  gint32 words[FLOAT_TILE_F16][TILE_ROWS * 16] __attribute__ ((aligned (64)));

  for (guint i = 0; i < TILE_ROWS; i++)
    {
      const guint8 *row = rows + MIN (i, n_rows - 1) * row_bytes;
      __m512i v = _mm512_maskz_loadu_epi16 (mask, row);
      __m512i low;

      _mm_prefetch ((const char *) row + FLOAT_TILE_AHEAD * row_bytes, _MM_HINT_T1);
      if (kind == FLOAT_TILE_F16)
        {
          split_floats (_mm512_cvtph_ps (_mm512_castsi512_si256 (v)),
                        _mm512_cvtph_ps (_mm512_extracti64x4_epi64 (v, 1)), &v, &low);
          _mm512_store_si512 (words[1] + i * 16, low);
        }
      _mm512_store_si512 (words[0] + i * 16, v);
    }
  for (guint plane = 0; plane < (guint) kind; plane++)
    {
      __m512i v[16];

      transpose_sixteen (words[plane], v);
      for (guint i = 0; i < 16; i++)
        _mm512_store_si512 (to + plane * TILE_BYTES + i * 64, v[i]);
    }
}

/* --- Products --- */

/* What the unit's eight registers hold: sums of two tiles of tokens with two of rows, tokens, weights. */
#define SUMS_00 0
#define SUMS_01 1
#define SUMS_10 2
#define SUMS_11 3
#define FLOATS_0 4
#define FLOATS_1 5
#define ROWS_0 6
#define ROWS_1 7

/* n tokens times n_rows, at most 32 of each. */
static void
shape_float_tiles (guint n_tokens, guint n_rows)
{
  guint tokens[2] = { MIN (n_tokens, TILE_ROWS), n_tokens - MIN (n_tokens, TILE_ROWS) };
  guint rows[2] = { MIN (n_rows, TILE_ROWS), n_rows - MIN (n_rows, TILE_ROWS) };
  TileShapes shapes = { .palette = 1 };

  for (guint i = 0; i < 8; i++)
    {
      guint height = i < FLOATS_0 ? tokens[i / 2] : i < ROWS_0 ? tokens[i - FLOATS_0] : TILE_ROWS;
      guint width = i < FLOATS_0 ? rows[i % 2] : i < ROWS_0 ? TILE_ROWS : rows[i - ROWS_0];

      if (height > 0 && width > 0)
        {
          shapes.rows[i] = (guint8) height;
          shapes.row_bytes[i] = (guint16) (4 * width);
        }
    }
  tile_barrier ();
  _tile_loadconfig (&shapes);
}

/* Rows packed once for all tokens of a call. */
typedef struct {
  const guint8 *tiles;      /* (groups, blocks of rows, steps, tiles of 16 rows, planes) */
  guint n_columns;
  guint n_rows;             /* at most 32, or whole blocks of 32 */
} FloatTilePanel;

/* What is in the registers of tokens times what is in those of weights. */
G_ALWAYS_INLINE static inline void
multiply_float_tiles (gboolean more_tokens, gboolean more_rows)
{
  _tile_dpbf16ps (SUMS_00, FLOATS_0, ROWS_0);
  if (more_rows)
    _tile_dpbf16ps (SUMS_01, FLOATS_0, ROWS_1);
  if (more_tokens)
    _tile_dpbf16ps (SUMS_10, FLOATS_1, ROWS_0);
  if (more_tokens && more_rows)
    _tile_dpbf16ps (SUMS_11, FLOATS_1, ROWS_1);
}

G_ALWAYS_INLINE static inline void
load_float_rows (const guint8 *tiles, gsize tile_bytes, gboolean more_rows)
{
  _tile_loadd (ROWS_0, tiles, 64);
  if (more_rows)
    _tile_loadd (ROWS_1, tiles + tile_bytes, 64);
}

G_ALWAYS_INLINE static inline void
load_float_tokens (const guint16 *tokens, gsize set_bytes, gboolean more_tokens)
{
  _tile_loadd (FLOATS_0, tokens, 64);
  if (more_tokens)
    _tile_loadd (FLOATS_1, (const guint8 *) tokens + set_bytes, 64);
}

/* y = or += n_steps times 32 columns of the panel times a tile of tokens. */
G_ALWAYS_INLINE static inline void
add_float_group (FloatTileKind      kind,
                 const guint8      *tiles,
                 guint              n_steps,
                 const FloatTokens *tokens,
                 gsize              set_bytes,
                 gboolean           more_tokens,
                 gboolean           more_rows,
                 gboolean           is_first,
                 float             *y,
                 gsize              y_stride)
{
  gsize tile_bytes = kind * TILE_BYTES;
  gsize y_bytes = y_stride * sizeof *y;
  float *y_1 = y + TILE_ROWS * y_stride;

  if (is_first)
    {
      _tile_zero (SUMS_00);
      if (more_rows)
        _tile_zero (SUMS_01);
      if (more_tokens)
        _tile_zero (SUMS_10);
      if (more_tokens && more_rows)
        _tile_zero (SUMS_11);
    }
  else
    {
      _tile_loadd (SUMS_00, y, y_bytes);
      if (more_rows)
        _tile_loadd (SUMS_01, y + TILE_ROWS, y_bytes);
      if (more_tokens)
        _tile_loadd (SUMS_10, y_1, y_bytes);
      if (more_tokens && more_rows)
        _tile_loadd (SUMS_11, y_1 + TILE_ROWS, y_bytes);
    }
  for (guint step = 0; step < n_steps; step++, tiles += (more_rows ? 2 : 1) * tile_bytes)
    {
      load_float_tokens (tokens[step].high[0], set_bytes, more_tokens);
      if (kind == FLOAT_TILE_F16)
        {
          load_float_rows (tiles + TILE_BYTES, tile_bytes, more_rows);
          multiply_float_tiles (more_tokens, more_rows);
        }
      load_float_rows (tiles, tile_bytes, more_rows);
      multiply_float_tiles (more_tokens, more_rows);
      load_float_tokens (tokens[step].low[0], set_bytes, more_tokens);
      multiply_float_tiles (more_tokens, more_rows);
    }
  _tile_stored (SUMS_00, y, y_bytes);
  if (more_rows)
    _tile_stored (SUMS_01, y + TILE_ROWS, y_bytes);
  if (more_tokens)
    _tile_stored (SUMS_10, y_1, y_bytes);
  if (more_tokens && more_rows)
    _tile_stored (SUMS_11, y_1 + TILE_ROWS, y_bytes);
}

/* All columns, for n_tokens, which are whole numbers of n_at_once, for which the tiles are shaped. All rows
 * are gone through with the same tokens, which so stay in the first cache. */
G_ALWAYS_INLINE static inline void
multiply_float_tokens (FloatTileKind         kind,
                       const FloatTilePanel *panel,
                       const guint8         *tokens,
                       gsize                 set_bytes,
                       guint                 n_tokens,
                       guint                 n_at_once,
                       float                *y,
                       gsize                 y_stride)
{
  guint n_tiles = panel->n_rows > TILE_ROWS ? 2 : 1;
  gsize block_bytes = FLOAT_TILE_STEPS * n_tiles * kind * TILE_BYTES;
  const guint8 *tiles = panel->tiles;

  for (guint first = 0; first < panel->n_columns; first += FLOAT_TILE_GROUP)
    {
      guint n_columns = MIN (panel->n_columns - first, FLOAT_TILE_GROUP);
      guint n_steps = (n_columns + FLOAT_TILE_COLUMNS - 1) / FLOAT_TILE_COLUMNS;

      for (guint t = 0; t < n_tokens; t += n_at_once)
        {
          const guint8 *set = tokens + t / TILE_ROWS * set_bytes;
          const FloatTokens *x = (const FloatTokens *) (gconstpointer) set + first / FLOAT_TILE_COLUMNS;
          const guint8 *block = tiles;

          for (guint r = 0; r < panel->n_rows; r += FLOAT_TILE_ROWS, block += block_bytes)
            {
              float *to = y + t * y_stride + r;

              if (n_at_once > TILE_ROWS && n_tiles > 1)
                add_float_group (kind, block, n_steps, x, set_bytes, TRUE, TRUE, first == 0, to, y_stride);
              else if (n_at_once > TILE_ROWS)
                add_float_group (kind, block, n_steps, x, set_bytes, TRUE, FALSE, first == 0, to, y_stride);
              else if (n_tiles > 1)
                add_float_group (kind, block, n_steps, x, set_bytes, FALSE, TRUE, first == 0, to, y_stride);
              else
                add_float_group (kind, block, n_steps, x, set_bytes, FALSE, FALSE, first == 0, to, y_stride);
            }
        }
      tiles += (panel->n_rows + FLOAT_TILE_ROWS - 1) / FLOAT_TILE_ROWS * block_bytes;
    }
}

/* n_rows into panel's tiles. */
G_ALWAYS_INLINE static inline void
pack_float_panel (FloatTileKind kind,
                  const guint8 *rows,
                  gsize         row_bytes,
                  guint         n_rows,
                  guint         n_columns,
                  guint8       *tiles)
{
  guint n_tiles = n_rows > TILE_ROWS ? 2 : 1;
  gsize tile_bytes = kind * TILE_BYTES;

  for (guint r = 0; r < n_rows; r += TILE_ROWS)
    for (guint column = 0; column < n_columns; column += FLOAT_TILE_COLUMNS)
      {
        guint n_blocks = (n_rows + FLOAT_TILE_ROWS - 1) / FLOAT_TILE_ROWS;
        gsize block = column / FLOAT_TILE_GROUP * n_blocks + r / FLOAT_TILE_ROWS;
        gsize step = block * FLOAT_TILE_STEPS + column % FLOAT_TILE_GROUP / FLOAT_TILE_COLUMNS;
        gsize tile = step * n_tiles + r % FLOAT_TILE_ROWS / TILE_ROWS;

        pack_float_weights (kind, rows + r * row_bytes + 2 * column, row_bytes,
                            MIN (n_rows - r, TILE_ROWS), MIN (n_columns - column, FLOAT_TILE_COLUMNS),
                            tiles + tile * tile_bytes);
      }
}

G_ALWAYS_INLINE static inline void
multiply_float_rows (FloatTileKind kind, const SottoProduct *product, guint8 *tiles)
{
  const SottoActivations *x = product->x;
  const guint8 *rows = sotto_product_rows (product);
  gsize row_bytes = product->weight->row_bytes;
  FloatTilePanel panel = { .tiles = tiles, .n_columns = x->n_columns };
  guint n;

  for (guint r = 0; r < product->n_rows; r += panel.n_rows)
    {
      panel.n_rows = MIN (product->n_rows - r, FLOAT_PANEL_ROWS / kind);
      if (panel.n_rows > FLOAT_TILE_ROWS)
        panel.n_rows -= panel.n_rows % FLOAT_TILE_ROWS;
      pack_float_panel (kind, rows + r * row_bytes, row_bytes, panel.n_rows, x->n_columns, tiles);
      for (guint t = 0; t < product->n_tokens; t += n)
        {
          guint token = product->first_token + t;
          guint past = token % SOTTO_FLOAT_SET;
          guint rest = product->n_tokens - t;
          guint n_at_once = MIN (rest, past > 0 ? SOTTO_FLOAT_SET - past : FLOAT_TILE_TOKENS);

          n = n_at_once == FLOAT_TILE_TOKENS ? rest - rest % FLOAT_TILE_TOKENS : n_at_once;
          shape_float_tiles (n_at_once, MIN (panel.n_rows, FLOAT_TILE_ROWS));
          multiply_float_tokens (kind, &panel, sotto_activations_floats (x, token),
                                 SOTTO_FLOAT_SET * x->float_bytes, n, n_at_once,
                                 product->y + t * product->y_stride + r, product->y_stride);
        }
    }
  _tile_release ();
}

static void
multiply_tiles_bf16 (const SottoProduct *product, void *scratch)
{
  multiply_float_rows (FLOAT_TILE_BF16, product, scratch);
}

static void
multiply_tiles_f16 (const SottoProduct *product, void *scratch)
{
  multiply_float_rows (FLOAT_TILE_F16, product, scratch);
}

static void
fill_float_tiles (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_F16] = multiply_tiles_f16;
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_BF16] = multiply_tiles_bf16;
  kernels->packs[SOTTO_BLOCK_F16] = kernels->packs[SOTTO_BLOCK_BF16] = SOTTO_PACK_FLOATS;
  kernels->float_packing = (SottoPacking) { 4 * SOTTO_PACK_COLUMNS, pack_float_tokens };
}
