/* Quantised weights times a few rows.
 *
 * Roof: memory; every byte of the weights is read once, by whole lines: a warp takes some rows of the weight, a
 * lane every 32nd unit of 32 columns. Of x the lanes read what fits L1; it is used for ROWS rows of the weight at
 * once. A unit is 16 dot4 a row and operand: for Q4_K of 8 bits a column they take an eighth of the time that its bytes take.
 *
 * Issue slots are next: a unit of two rows of Q4_K is 180 instructions of a warp for 1,152 bytes, three fifths of what an
 * H100 has in the time that they take. What the next unit reads is asked for before this one's products, so that bytes
 * are on their way all the time.
 *
 * The sum of a row: a lane's units in their order, in each the first half's product, the second's, the
 * offsets'; then the lanes as a butterfly. It is the same for any number of rows.
 *
 * Products of the same x (Q, K and V; gate and up) share a grid: one of few rows alone would leave most of a large device
 * idle, and each would wait for the last block of the one before. So do those of two types that files have side by side.
 */

#include "cuda/codes.h"
#include "cuda/multiply.h"

#define N_WARPS 4
#define ROWS 2 /* of the weight, of a warp */

/* Of x: 32 columns of one row. */
typedef struct {
  guint32 high[8];
  guint32 low[8];
  float scale;
  float sum;
} Unit;

DEVICE void
load_unit (const SottoCudaOperand &x, guint row, guint unit, Unit *u)
{
  const gsize at = (gsize) row * x.n_columns_padded + unit * UNIT;
  const gsize block = (gsize) row * (x.n_columns_padded / UNIT) + unit;

UNROLL
  for (guint i = 0; i < 2; i++)
    {
      Words4 high = load (reinterpret_cast<const Words4 *> (x.high + at + 16 * i));
      Words4 low = load (reinterpret_cast<const Words4 *> (x.low + at + 16 * i));

      u->high[4 * i] = high.x;
      u->high[4 * i + 1] = high.y;
      u->high[4 * i + 2] = high.z;
      u->high[4 * i + 3] = high.w;
      u->low[4 * i] = low.x;
      u->low[4 * i + 1] = low.y;
      u->low[4 * i + 2] = low.z;
      u->low[4 * i + 3] = low.w;
    }
  u->scale = load (&x.scales[block]);
  u->sum = load (&x.sums[block]);
}

/* The product of four words of codes with x, or of ones. */
DEVICE int
dot_half (const guint32 *codes, const Unit &u, guint half)
{
  int high = 0, low = 0;

UNROLL
  for (guint i = 0; i < 4; i++)
    {
      high = dot4 ((int) codes[i], (int) u.high[4 * half + i], high);
      low = dot4 ((int) codes[i], (int) u.low[4 * half + i], low);
    }
  return 256 * high + low;
}

template <typename T>
DEVICE float
add_unit (const Codes &codes, const Unit &u, float sum)
{
  const guint32 ones[4] = {0x01010101u, 0x01010101u, 0x01010101u, 0x01010101u};
  int first = dot_half (codes.words, u, 0);
  int second = dot_half (codes.words + 4, u, 1);

  if constexpr (T::HAS_HALVES)
    {
      sum = fused (codes.scales[0] * u.scale, (float) first, sum);
      sum = fused (codes.scales[1] * u.scale, (float) second, sum);
    }
  else
    sum = fused (codes.scales[0] * u.scale, (float) (first + second), sum);
  if constexpr (T::HAS_OFFSET_HALVES)
    {
      sum = fused (-codes.offsets[0] * u.scale, (float) dot_half (ones, u, 0), sum);
      sum = fused (-codes.offsets[1] * u.scale, (float) dot_half (ones, u, 1), sum);
    }
  else if constexpr (T::HAS_OFFSETS)
    sum = fused (-codes.offsets[0], u.sum, sum);
  return sum;
}

template <typename T>
DEVICE void
load_rows (const Row *rows, guint unit, Codes *codes)
{
UNROLL
  for (guint r = 0; r < ROWS; r++)
    load_codes (T (), rows[r], unit, &codes[r]);
}

/* of_x: the rows of x */
template <typename T, guint N>
DEVICE void
add_rows (const SottoCudaOperand &x, const guint *of_x, guint unit, const Codes *codes, float (*sums)[ROWS])
{
UNROLL
  for (guint t = 0; t < N; t++)
    {
      Unit u;

      load_unit (x, of_x[t], unit, &u);
UNROLL
      for (guint r = 0; r < ROWS; r++)
        sums[t][r] = add_unit<T> (codes[r], u, sums[t][r]);
    }
}

/* Of a warp: ROWS rows of the weight from @first on, N rows of x that share a matrix. */
template <typename T, guint N>
DEVICE void
multiply_rows (const MultiplyArguments &a, guint first)
{
  const SottoCudaMultiply &m = a.m;
  const guint first_y = block_index_y () * N;
  const guint matrix = matrix_of (m, first_y);
  const guint n_units = m.weight.n_columns / UNIT;
  Row rows[ROWS];
  guint of_x[N];
  float sums[N][ROWS] = {};

UNROLL
  for (guint t = 0; t < N; t++)
    of_x[t] = (first_y + t < m.n_rows ? first_y + t : m.n_rows - 1) / m.rows_per_x;
UNROLL
  for (guint r = 0; r < ROWS; r++)
    rows[r] = {weight_row (m, matrix, first + r < m.weight.n_rows ? first + r : m.weight.n_rows - 1), a.n_blocks};
  if (lane_index () < n_units)
    {
      guint unit = lane_index ();
      Codes codes[ROWS];

      load_rows<T> (rows, unit, codes);
      for (guint next = unit + N_LANES; next < n_units; next += N_LANES)
        {
          Codes coming[ROWS];

          load_rows<T> (rows, next, coming);
          add_rows<T, N> (m.x, of_x, unit, codes, sums);
          unit = next;
UNROLL
          for (guint r = 0; r < ROWS; r++)
            codes[r] = coming[r];
        }
      add_rows<T, N> (m.x, of_x, unit, codes, sums);
    }
UNROLL
  for (guint t = 0; t < N; t++)
UNROLL
    for (guint r = 0; r < ROWS; r++)
      {
        float sum = warp_sum (sums[t][r]);

        if (lane_index () == 0 && first + r < m.weight.n_rows && first_y + t < m.n_rows)
          put_product (m, matrix, first + r, first_y + t, sum);
      }
}

/* Blocks: ROWS * N_WARPS rows of a weight, one weight's after the other's. Weights are of type T, or else of type OTHER. */
template <typename T, typename OTHER, guint N>
KERNEL (N_WARPS * N_LANES)
multiply_few_kernel (const MultiplyTogether together)
{
  const guint which = product_of_block (together);
  const MultiplyArguments &a = together.of[which];
  const guint first = ((block_index () - together.first[which]) * N_WARPS + warp_index ()) * ROWS;

  prefetch_rows (a.m, first);
  previous_wait ();

  if constexpr (T::TYPE != OTHER::TYPE)
    if (a.m.weight.type == OTHER::TYPE)
      {
        multiply_rows<OTHER, N> (a, first);
        return;
      }
  multiply_rows<T, N> (a, first);
}

template <typename T, typename OTHER>
static gboolean
multiply_few_of (SottoCudaDevice *self, MultiplyTogether *together)
{
  const Shape shape = share_grid (together, N_WARPS * ROWS, N_WARPS * N_LANES);

  if (is_by_ones (together))
    return launch (self, "multiply one", shape, multiply_few_kernel<T, OTHER, 1>, *together);
  return launch (self, "multiply few", shape, multiply_few_kernel<T, OTHER, 4>, *together);
}

/* Files of K-quants have V, and what leads down, in a larger type than the rest. */
#define FOR_EACH_PAIR(each) each (Q4_K, Q6_K) each (Q5_K, Q6_K) each (Q4_K, Q5_K) each (Q3_K, Q5_K)

static bool
is_pair (SottoBlockType one, SottoBlockType other, SottoBlockType first, SottoBlockType second)
{
  return (one == first && other == second) || (one == second && other == first);
}

gboolean
multiply_few_goes_with (SottoBlockType one, SottoBlockType other)
{
#define PAIR(T, OTHER) || is_pair (one, other, T::TYPE, OTHER::TYPE)
  return one == other FOR_EACH_PAIR (PAIR);
#undef PAIR
}

gboolean
multiply_few (SottoCudaDevice *self, MultiplyTogether *together)
{
  const SottoBlockType type = together->of[0].m.weight.type;

  for (guint i = 1; i < together->n; i++)
    {
      const SottoBlockType other = together->of[i].m.weight.type;

#define PAIR(T, OTHER)                                \
      if (is_pair (type, other, T::TYPE, OTHER::TYPE)) \
        return multiply_few_of<T, OTHER> (self, together);
      FOR_EACH_PAIR (PAIR)
#undef PAIR
    }
  switch (type)
    {
#define CASE(T)  \
    case T::TYPE: \
      return multiply_few_of<T, T> (self, together);
      FOR_EACH_QUANTISED (CASE)
#undef CASE
    default:
      return device_refuse (self, "no product of that type");
    }
}
