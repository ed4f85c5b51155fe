/* Weights that are floats times a few rows of floats: routers, small models, caches' projections.
 *
 * Roof: memory. As multiply-few.cu, with four columns a lane instead of 32: their products are summed in order, with
 * one rounding each. Products of the same x by weights of one type share a grid.
 */

#include "cuda/multiply.h"

#define N_WARPS 4
#define COLUMNS 4
#define AHEAD 4 /* times 32 lanes' columns, of which weights are on their way at once: a router has few warps */

template <SottoBlockType T>
DEVICE void
load_floats (const guint8 *row, guint i, float w[COLUMNS])
{
  if constexpr (T == SOTTO_BLOCK_F32)
    {
      Floats4 four = load_once (reinterpret_cast<const Floats4 *> (row) + i);

      w[0] = four.x;
      w[1] = four.y;
      w[2] = four.z;
      w[3] = four.w;
    }
  else
    {
      Words2 two = load_once (reinterpret_cast<const Words2 *> (row) + i);
      const guint32 words[2] = {two.x, two.y};

UNROLL
      for (guint j = 0; j < 2; j++)
        {
          w[2 * j] = T == SOTTO_BLOCK_F16 ? halves_low (words[j]) : bfloat_to_float ((guint16) words[j]);
          w[2 * j + 1] = T == SOTTO_BLOCK_F16 ? halves_high (words[j]) : bfloat_to_float ((guint16) (words[j] >> 16));
        }
    }
}

/* A warp: one row of the weight, N rows of x that share a matrix. Rows of weights are padded with zeros, those of x are not. */
template <SottoBlockType T, guint N>
KERNEL (N_WARPS * N_LANES)
multiply_floats_kernel (const MultiplyTogether together)
{
  const guint which = product_of_block (together);
  const SottoCudaMultiply &m = together.of[which].m;
  const guint own = (block_index () - together.first[which]) * N_WARPS + warp_index ();

  prefetch_rows (m, own);
  previous_wait ();

  const guint first_y = block_index_y () * N;
  const guint matrix = matrix_of (m, first_y);
  const guint8 *row = weight_row (m, matrix, own < m.weight.n_rows ? own : m.weight.n_rows - 1);
  float sums[N] = {};

  const guint n_columns = m.weight.n_columns;
  const float *x[N];

UNROLL
  for (guint t = 0; t < N; t++)
    x[t] = m.x.values + (first_y + t < m.n_rows ? first_y + t : m.n_rows - 1) / m.rows_per_x * m.x.values_stride;
  guint four = lane_index ();

  for (; four + (AHEAD - 1) * N_LANES < n_columns / COLUMNS; four += AHEAD * N_LANES)
    {
      float w[AHEAD][COLUMNS];

UNROLL
      for (guint k = 0; k < AHEAD; k++)
        load_floats<T> (row, four + k * N_LANES, w[k]);
UNROLL
      for (guint k = 0; k < AHEAD; k++)
UNROLL
        for (guint t = 0; t < N; t++)
UNROLL
          for (guint j = 0; j < COLUMNS; j++)
            sums[t] = fused (w[k][j], x[t][(four + k * N_LANES) * COLUMNS + j], sums[t]);
    }
  for (; four * COLUMNS < n_columns; four += N_LANES)
    {
      float w[COLUMNS];

      load_floats<T> (row, four, w);
UNROLL
      for (guint t = 0; t < N; t++)
UNROLL
        for (guint j = 0; j < COLUMNS; j++)
          if (four * COLUMNS + j < n_columns)
            sums[t] = fused (w[j], x[t][four * COLUMNS + j], sums[t]);
    }
UNROLL
  for (guint t = 0; t < N; t++)
    {
      float sum = warp_sum (sums[t]);

      if (lane_index () == 0 && own < m.weight.n_rows && first_y + t < m.n_rows)
        put_product (m, matrix, own, first_y + t, sum);
    }
}

template <SottoBlockType T>
static gboolean
multiply_floats_of (SottoCudaDevice *self, MultiplyTogether *together)
{
  const Shape shape = share_grid (together, N_WARPS, N_WARPS * N_LANES);

  if (is_by_ones (together))
    return launch (self, "multiply one by floats", shape, multiply_floats_kernel<T, 1>, *together);
  return launch (self, "multiply few by floats", shape, multiply_floats_kernel<T, 4>, *together);
}

gboolean
multiply_few_floats (SottoCudaDevice *self, MultiplyTogether *together)
{
  switch (together->of[0].m.weight.type)
    {
    case SOTTO_BLOCK_F32:
      return multiply_floats_of<SOTTO_BLOCK_F32> (self, together);
    case SOTTO_BLOCK_F16:
      return multiply_floats_of<SOTTO_BLOCK_F16> (self, together);
    default:
      return multiply_floats_of<SOTTO_BLOCK_BF16> (self, together);
    }
}
