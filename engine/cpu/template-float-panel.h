/* Products of weights in F32 and F16 with many tokens (BF16: template-word-panel.h), in the same order of sums as
 * template-float-few.h: sixteen partial sums by column modulo 16, then lanes_sum()'s. As in
 * template-panel.h a tile of rows is converted once, and a lane is then a row; a partial sum is a
 * register. A partial sum's columns lie 16 apart, so the tile is walked in stretches whose
 * activations stay in the first cache, and the sums rest in memory between them. */

#define FLOAT_CHAINS 16
#define FLOAT_STRETCH 512

/* Tokens of a tile: so many that two sums for each leave a quarter of the registers. */
#define FLOAT_PANEL_TOKENS (VECTOR_ROWS == 8 ? 6 : 12)

/* Eight weights of a row as floats. */
typedef __m256 (*LoadEight) (const guint8 *source);

static inline __m256
load_eight_f32 (const guint8 *source)
{
  return _mm256_loadu_ps ((const float *) (const void *) source);
}

static inline __m256
load_eight_f16 (const guint8 *source)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) source));
}

/* The rows into panel, (columns rounded up to 16, PANEL_ROWS), zeros behind the last column. Rows
 * that are missing repeat the last one. */
G_ALWAYS_INLINE static inline void
pack_floats (LoadEight     load,
             gsize         element_bytes,
             const guint8 *rows,
             gsize         row_bytes,
             guint         n_rows,
             guint         n_columns,
             float        *panel)
{
  guint end = (n_columns + FLOAT_CHAINS - 1) / FLOAT_CHAINS * FLOAT_CHAINS;

  for (guint column = 0; column < end; column += 8)
    for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
      {
        __m256i v[8];

        for (guint i = 0; i < 8; i++)
          {
            const guint8 *source = rows + MIN (first_row + i, n_rows - 1) * row_bytes
                                   + column * element_bytes;

            if (column + 8 <= n_columns)
              v[i] = _mm256_castps_si256 (load (source));
            else
              {
                guint8 part[8 * sizeof (float)] = { 0 };

                if (column < n_columns)
                  memcpy (part, source, (n_columns - column) * element_bytes);
                v[i] = _mm256_castps_si256 (load (part));
              }
          }
        transpose_eight (v);
        for (guint i = 0; i < 8; i++)
          _mm256_storeu_si256 ((__m256i *) (panel + (gsize) (column + i) * PANEL_ROWS + first_row),
                               v[i]);
      }
}

/* One chain through a stretch: sums += panel times the tokens of the tile. */
G_ALWAYS_INLINE static inline void
add_float_chain (const float *panel,
                 const float *x,
                 gsize        x_stride,
                 gsize        column,
                 gsize        end,
                 guint        n_tokens,
                 FloatVector  sums[2][FLOAT_PANEL_TOKENS])
{
  for (; column < end; column += FLOAT_CHAINS)
    {
      FloatVector left = vector_load (panel + column * PANEL_ROWS);
      FloatVector right = vector_load (panel + column * PANEL_ROWS + VECTOR_ROWS);

      for (guint t = 0; t < n_tokens; t++)
        {
          FloatVector value = vector_all (x[t * x_stride + column]);

          sums[0][t] = vector_fma (left, value, sums[0][t]);
          sums[1][t] = vector_fma (right, value, sums[1][t]);
        }
    }
}

/* The panel, which are the rows of the product from row on, times n_tokens from token on. */
G_ALWAYS_INLINE static inline void
multiply_float_tile (const float        *panel,
                     const SottoProduct *product,
                     guint               row,
                     guint               token,
                     guint               n_tokens)
{
  const SottoActivations *x = product->x;
  const float *values = x->values + (product->first_token + token) * x->column_stride;
  guint n_rows = product->n_rows - row;
  gsize y_stride = product->y_stride;
  float *y = product->y + token * y_stride + row;
  guint whole = x->n_columns / FLOAT_CHAINS * FLOAT_CHAINS;
  FloatVector chains[FLOAT_CHAINS][2][FLOAT_PANEL_TOKENS];

  for (guint c = 0; c < FLOAT_CHAINS; c++)
    for (guint t = 0; t < n_tokens; t++)
      chains[c][0][t] = chains[c][1][t] = vector_all (0.0f);
  for (guint first = 0; first < whole; first += FLOAT_STRETCH)
    for (guint c = 0; c < FLOAT_CHAINS; c++)
      {
        FloatVector sums[2][FLOAT_PANEL_TOKENS];

        for (guint i = 0; i < 2; i++)
          for (guint t = 0; t < n_tokens; t++)
            sums[i][t] = chains[c][i][t];
        add_float_chain (panel, values, x->column_stride, first + c,
                         MIN (first + FLOAT_STRETCH, whole), n_tokens, sums);
        for (guint i = 0; i < 2; i++)
          for (guint t = 0; t < n_tokens; t++)
            chains[c][i][t] = sums[i][t];
      }
  if (whole < x->n_columns)
    for (guint c = 0; c < FLOAT_CHAINS; c++)
      {
        float last[FLOAT_PANEL_TOKENS] = { 0 };

        for (guint t = 0; t < n_tokens && whole + c < x->n_columns; t++)
          last[t] = values[t * x->column_stride + whole + c];
        add_float_chain (panel + (gsize) whole * PANEL_ROWS, last, 1, 0, 1, n_tokens, chains[c]);
        panel += PANEL_ROWS;
      }
  for (guint step = FLOAT_CHAINS / 2; step > 0; step /= 2)
    for (guint c = 0; c < step; c++)
      for (guint i = 0; i < 2; i++)
        for (guint t = 0; t < n_tokens; t++)
          chains[c][i][t] += chains[c + step][i][t];
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      if (n_rows > i * VECTOR_ROWS)
        vector_store_part (y + t * y_stride + i * VECTOR_ROWS,
                           MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS), chains[0][i][t]);
}

static void
multiply_float_panel (const float *panel, const SottoProduct *product, guint row)
{
  guint n_tokens = product->n_tokens;
  guint t = 0;

  for (; t + FLOAT_PANEL_TOKENS <= n_tokens; t += FLOAT_PANEL_TOKENS)
    multiply_float_tile (panel, product, row, t, FLOAT_PANEL_TOKENS);
  for (; t + 4 <= n_tokens; t += 4)
    multiply_float_tile (panel, product, row, t, 4);
  for (; t + 2 <= n_tokens; t += 2)
    multiply_float_tile (panel, product, row, t, 2);
  if (t < n_tokens)
    multiply_float_tile (panel, product, row, t, 1);
}

/* Fewer tokens than this are faster in template-float-few.h's tiles. */
#define FLOAT_PANEL_LEAST 16

G_ALWAYS_INLINE static inline void
multiply_float_panels (LoadEight load, gsize element_bytes, const SottoProduct *product, float *panel)
{
  const guint8 *rows = sotto_product_rows (product);
  gsize row_bytes = product->weight->row_bytes;

  for (guint r = 0; r < product->n_rows; r += PANEL_ROWS)
    {
      pack_floats (load, element_bytes, rows + r * row_bytes, row_bytes,
                   MIN (product->n_rows - r, PANEL_ROWS), product->x->n_columns, panel);
      multiply_float_panel (panel, product, r);
    }
}

static void
multiply_f32 (const SottoProduct *product, void *scratch)
{
  if (product->n_tokens < FLOAT_PANEL_LEAST)
    few_multiply_f32 (product, scratch);
  else
    multiply_float_panels (load_eight_f32, 4, product, scratch);
}

static void
multiply_f16 (const SottoProduct *product, void *scratch)
{
  if (product->n_tokens < FLOAT_PANEL_LEAST)
    few_multiply_f16 (product, scratch);
  else
    multiply_float_panels (load_eight_f16, 2, product, scratch);
}

static void
fill_float_panels (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_F32] = multiply_f32;
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_F16] = multiply_f16;
}
