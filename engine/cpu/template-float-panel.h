/* Products of weights in F32 with many tokens (those of 16 bits: template-word-panel.h). As in template-panel.h a tile of rows
 * is converted once, and a lane is then a row; two registers of rows by some tokens are sums.
 *
 * The order of the sums, of a row and a token: FLOAT_STRETCH columns after each other, with fused multiply-adds from zero
 * on, and these in their order. So the bits depend neither on the width of registers nor on how many tokens share the work. */

#define FLOAT_STRETCH 256

/* Tokens of a tile: so many that two sums for each leave a quarter of the registers. */
#define FLOAT_PANEL_TOKENS (VECTOR_ROWS == 8 ? 6 : 12)

/* The rows into panel, (n_columns rounded up to 8, PANEL_ROWS). Rows that are missing repeat the last one. */
static void
fill_float_panel (const guint8 *rows, gsize row_bytes, guint n_rows, guint n_columns, float *panel)
{
  for (guint column = 0; column < n_columns; column += 8)
    for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
      {
        __m256i v[8];

        for (guint i = 0; i < 8; i++)
          {
            const guint8 *source = rows + MIN (first_row + i, n_rows - 1) * row_bytes + column * sizeof (float);
            float part[8] = { 0 };

            if (column + 8 > n_columns)
              source = memcpy (part, source, (n_columns - column) * sizeof (float));
            v[i] = _mm256_loadu_si256 ((const __m256i *) (gconstpointer) source);
          }
        transpose_eight (v);
        for (guint i = 0; i < 8; i++)
          _mm256_storeu_si256 ((__m256i *) (gpointer) (panel + (gsize) (column + i) * PANEL_ROWS + first_row), v[i]);
      }
}

/* A tile's tokens, three by three: an address can say how far the other two lie from the first. */
#define FLOAT_TRIPLES ((FLOAT_PANEL_TOKENS + 2) / 3)

typedef struct {
  const guint8 *first[FLOAT_TRIPLES]; /* their values from a column on */
  gsize stride;                       /* bytes from token to token */
} FloatTokens;

/* sums += a column of the panel times that of the tokens, @at bytes behind theirs */
G_ALWAYS_INLINE static inline void
add_float_column (const float *panel, const FloatTokens *x, gsize at, guint n_tokens, FloatVector sums[FLOAT_PANEL_TOKENS][2])
{
  FloatVector left = vector_load (panel);
  FloatVector right = vector_load (panel + VECTOR_ROWS);

  for (guint t = 0; t < n_tokens; t++)
    {
      FloatVector value = vector_all (*(const float *) (gconstpointer) (x->first[t / 3] + t % 3 * x->stride + at));

      sums[t][0] = vector_fma (left, value, sums[t][0]);
      sums[t][1] = vector_fma (right, value, sums[t][1]);

      /* Else gcc broadcasts all tokens' values first, for which there are not registers enough. */
      __asm__ ("" : "+v" (sums[t][0]), "+v" (sums[t][1]));
    }
}

/* sums = n columns of the panel times those of the tokens, which go on to the columns behind them */
G_ALWAYS_INLINE static inline void
multiply_float_stretch (const float *panel, FloatTokens *x, guint n, guint n_tokens, FloatVector sums[FLOAT_PANEL_TOKENS][2])
{
  guint n_triples = (n_tokens + 2) / 3;
  guint column = 0;

  for (guint t = 0; t < n_tokens; t++)
    sums[t][0] = sums[t][1] = vector_all (0.0f);
#pragma GCC unroll 1
  for (; column + 4 <= n; column += 4, panel += 4 * PANEL_ROWS)
    {
#pragma GCC unroll 4
      for (guint i = 0; i < 4; i++)
        add_float_column (panel + i * PANEL_ROWS, x, i * sizeof (float), n_tokens, sums);
      for (guint i = 0; i < n_triples; i++)
        {
          x->first[i] += 4 * sizeof (float);
          __asm__ ("" : "+r" (x->first[i])); /* An address of its own each */
        }
    }
#pragma GCC unroll 1
  for (; column < n; column++, panel += PANEL_ROWS)
    {
      add_float_column (panel, x, 0, n_tokens, sums);
      for (guint i = 0; i < n_triples; i++)
        x->first[i] += sizeof (float);
    }
}

/* The panel, which are the rows of the product from row on, times n_tokens from token on */
G_ALWAYS_INLINE static inline void
multiply_float_tile (const float *panel, const SottoProduct *product, guint row, guint token, guint n_tokens)
{
  const SottoActivations *x = product->x;
  const float *values = x->values + (product->first_token + token) * x->column_stride;
  FloatTokens tokens = { .stride = x->column_stride * sizeof (float) };
  guint n_rows = product->n_rows - row;
  float *y = product->y + token * product->y_stride + row;
  FloatVector totals[FLOAT_PANEL_TOKENS][2];

  for (guint i = 0; i < FLOAT_TRIPLES; i++)
    tokens.first[i] = (const guint8 *) (gconstpointer) values + 3 * i * tokens.stride;
  for (guint t = 0; t < n_tokens; t++)
    totals[t][0] = totals[t][1] = vector_all (0.0f);
  for (guint first = 0; first < x->n_columns; first += FLOAT_STRETCH)
    {
      FloatVector sums[FLOAT_PANEL_TOKENS][2];

      multiply_float_stretch (panel + (gsize) first * PANEL_ROWS, &tokens, MIN (x->n_columns - first, FLOAT_STRETCH),
                              n_tokens, sums);
      for (guint t = 0; t < n_tokens; t++)
        for (guint i = 0; i < 2; i++)
          totals[t][i] += sums[t][i];
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      if (n_rows > i * VECTOR_ROWS)
        vector_store_part (y + t * product->y_stride + i * VECTOR_ROWS, MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS),
                           totals[t][i]);
}

/* In tiles that are as even as may be: one of few waits for its products. */
static void
multiply_float_panel (const float *panel, const SottoProduct *product, guint row)
{
  guint token = 0;

  for (guint n_tiles = (product->n_tokens + FLOAT_PANEL_TOKENS - 1) / FLOAT_PANEL_TOKENS; n_tiles > 0; n_tiles--)
    {
      guint n = (product->n_tokens - token + n_tiles - 1) / n_tiles;

#pragma GCC unroll 12
      for (guint known = 1; known <= FLOAT_PANEL_TOKENS; known++)
        if (n == known)
          multiply_float_tile (panel, product, row, token, known);
      token += n;
    }
}

static void
multiply_f32 (const SottoProduct *product, void *scratch)
{
  const guint8 *rows = sotto_product_rows (product);
  gsize row_bytes = product->weight->row_bytes;

  for (guint r = 0; r < product->n_rows; r += PANEL_ROWS)
    {
      fill_float_panel (rows + r * row_bytes, row_bytes, MIN (product->n_rows - r, PANEL_ROWS), product->x->n_columns, scratch);
      multiply_float_panel (scratch, product, r);
    }
}

static void
fill_float_panels (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_F32] = multiply_f32;
}
