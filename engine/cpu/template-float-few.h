/* Products of weights that are floats themselves with few tokens, over lanes; included by template-float.h.
 *
 * A row's sum is sixteen partial sums, by column modulo 16, each following the columns by fused multiply-adds, then
 * lanes_sum()'s: the same bits for any number of tokens and on every tier. */

typedef Lanes (*LoadWeights) (const void *source);

static inline Lanes
load_f32 (const void *source)
{
  return lanes_load (source);
}

static inline Lanes
load_f16 (const void *source)
{
  return lanes_load_half (source);
}

static inline Lanes
load_bf16 (const void *source)
{
  return lanes_load_bfloat (source);
}

/* How far ahead of the columns in work weights are asked for, from memory and then from the second cache
 * (SPEED.md). */
#define FLOAT_FAR 12288
#define FLOAT_NEAR 512

/* Tokens that are multiplied together, so that weights are read once for all of them; with more than
 * LANES_TILE_TOKENS there are registers for half as many rows. */
#define FLOAT_TOKENS (2 * LANES_TILE_TOKENS)

/* A tile of rows times a tile of tokens, so that each load serves several products: n_rows of the product from
 * row on, n_tokens from token on. The constants are known where this is inlined. */
G_ALWAYS_INLINE static inline void
few_multiply_float_tile (LoadWeights         load,
                         gsize               element_bytes,
                         const SottoProduct *product,
                         guint               row,
                         guint               n_rows,
                         guint               token,
                         guint               n_tokens)
{
  gsize row_bytes = product->weight->row_bytes;
  const guint8 *rows = sotto_product_rows (product) + row * row_bytes;
  guint n_columns = product->x->n_columns;
  gsize x_stride = product->x->column_stride;
  const float *x = product->x->values + (product->first_token + token) * x_stride;
  Lanes sums[LANES_TILE_ROWS][FLOAT_TOKENS];
  guint rest = n_columns % LANES;

  for (guint r = 0; r < n_rows; r++)
    for (guint t = 0; t < n_tokens; t++)
      sums[r][t] = lanes_all (0.0f);

  for (gsize i = 0; i + LANES <= n_columns; i += LANES)
    {
      Lanes weights[LANES_TILE_ROWS];

      for (guint r = 0; r < n_rows; r++)
        {
          const guint8 *source = rows + r * row_bytes + i * element_bytes;

          weights[r] = load (source);
          if (i * element_bytes % 64 == 0)
            {
              __builtin_prefetch (source + FLOAT_NEAR, 0, 3);
              __builtin_prefetch (source + FLOAT_FAR, 0, 2);
            }
        }
      for (guint t = 0; t < n_tokens; t++)
        {
          Lanes value = lanes_load (x + t * x_stride + i);

          for (guint r = 0; r < n_rows; r++)
            sums[r][t] = lanes_fma (weights[r], value, sums[r][t]);
        }
    }
  if (rest > 0)
    {
      guint i = n_columns - rest;

      for (guint r = 0; r < n_rows; r++)
        {
          guint8 part[LANES * sizeof (float)] = { 0 };
          Lanes weights;

          memcpy (part, rows + r * row_bytes + i * element_bytes, rest * element_bytes);
          weights = load (part);
          for (guint t = 0; t < n_tokens; t++)
            sums[r][t] = lanes_fma (weights, lanes_load_part (x + t * x_stride + i, rest),
                                    sums[r][t]);
        }
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint r = 0; r < n_rows; r++)
      product->y[(token + t) * product->y_stride + row + r] = lanes_sum (sums[r][t]);
}

/* All rows for n_tokens, at most FLOAT_TOKENS, from token on. */
G_ALWAYS_INLINE static inline void
few_multiply_float_rows (LoadWeights         load,
                         gsize               element_bytes,
                         const SottoProduct *product,
                         guint               token,
                         guint               n_tokens)
{
  guint at_once = n_tokens > LANES_TILE_TOKENS ? (LANES_TILE_ROWS + 1) / 2 : LANES_TILE_ROWS;
  guint row;

  for (row = 0; row + at_once <= product->n_rows; row += at_once)
    few_multiply_float_tile (load, element_bytes, product, row, at_once, token, n_tokens);
  for (; row < product->n_rows; row++)
    few_multiply_float_tile (load, element_bytes, product, row, 1, token, n_tokens);
}

G_ALWAYS_INLINE static inline void
few_multiply_floats (LoadWeights load, gsize element_bytes, const SottoProduct *product)
{
  for (guint t = 0; t < product->n_tokens; t += FLOAT_TOKENS)
    {
      guint n = MIN (product->n_tokens - t, FLOAT_TOKENS);

#pragma GCC unroll 8
      for (guint known = 1; known <= FLOAT_TOKENS; known++)
        if (n == known)
          few_multiply_float_rows (load, element_bytes, product, t, known);
    }
}

static void
few_multiply_f32 (const SottoProduct *product, void *scratch G_GNUC_UNUSED)
{
  few_multiply_floats (load_f32, 4, product);
}

static void
few_multiply_f16 (const SottoProduct *product, void *scratch G_GNUC_UNUSED)
{
  few_multiply_floats (load_f16, 2, product);
}

static void
few_multiply_bf16 (const SottoProduct *product, void *scratch G_GNUC_UNUSED)
{
  few_multiply_floats (load_bf16, 2, product);
}
