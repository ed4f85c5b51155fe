/* Weights of any type times many rows: prefill.
 *
 * Roof: tensor cores of halves. A block makes 64 rows of the weight times 64 rows of x, 64 columns at a time: the weights
 * become halves in shared memory (2 * 64 * 64 products for each), x is copied there as it is, and four warps multiply
 * what is there while the next is on its way. Halves have eleven bits, weights of a file four to eight: what is lost lies
 * below what eight bits of activations would lose. Devices before 7.5 take the same tiles by ordinary products.
 *
 * Where rows have matrices of their own (experts, sorted; or heads, in turns), a block's rows are those of one matrix.
 */

#include "cuda/codes.h"
#include "cuda/multiply.h"

#define N_THREADS 128
#define TILE 64           /* rows of the weight, and of y */
#define DEPTH 64          /* columns */
#define PITCH (DEPTH + 8) /* halves from row to row in shared memory: eight rows begin in different banks */
#define N_UNITS (DEPTH / UNIT)

typedef Half Tile[TILE][PITCH];

/* --- Weights as halves: a thread makes one unit --- */

DEVICE void
put_unit (const Codes &codes, Half *target)
{
  guint32 *words = reinterpret_cast<guint32 *> (target);

UNROLL
  for (guint i = 0; i < 8; i++)
    {
      const float scale = codes.scales[i / 4], offset = codes.offsets[i / 4];
      float x[4];

UNROLL
      for (guint j = 0; j < 4; j++)
        x[j] = fused (scale, (float) (gint8) (codes.words[i] >> 8 * j), -offset);
      words[2 * i] = halves_pack (x[0], x[1]);
      words[2 * i + 1] = halves_pack (x[2], x[3]);
    }
}

/* Floats as a type. */
template <SottoBlockType T>
struct Plain {
  static constexpr SottoBlockType TYPE = T;
};

template <typename T>
DEVICE void
put_weights (T type, const Row &row, guint unit, guint n_columns, Half *target)
{
  Codes codes = {};

  if (unit * UNIT < n_columns)
    load_codes (type, row, unit, &codes);
  put_unit (codes, target);
}

template <SottoBlockType T>
DEVICE void
put_weights (Plain<T>, const Row &row, guint unit, guint n_columns, Half *target)
{
  for (guint i = 0; i < UNIT; i++)
    {
      const guint column = unit * UNIT + i;

      if (column >= n_columns)
        target[i].bits = 0;
      else if constexpr (T == SOTTO_BLOCK_F16)
        target[i] = load (reinterpret_cast<const Half *> (row.data) + column);
      else if constexpr (T == SOTTO_BLOCK_BF16)
        target[i] = float_to_half (bfloat_to_float (load (reinterpret_cast<const guint16 *> (row.data) + column)));
      else
        target[i] = float_to_half (load (reinterpret_cast<const float *> (row.data) + column));
    }
}

/* --- The block's rows of y --- */

typedef struct {
  guint matrix;
  guint first;              /* of the rows of this matrix */
  guint n;                  /* of this matrix in all */
} Group;

DEVICE Group
find_group (const SottoCudaMultiply &m)
{
  Group group = {block_index_z (), block_index_y () * TILE, 0};

  if (m.order != NULL)
    group.n = m.starts[group.matrix + 1] - m.starts[group.matrix];
  else
    group.n = (m.n_rows + m.weight.n_matrices - 1 - group.matrix) / m.weight.n_matrices;
  return group;
}

/* Row of y that is the group's row i; the last one again behind its end. */
DEVICE guint
row_of_group (const SottoCudaMultiply &m, const Group &group, guint i)
{
  i = group.first + i < group.n ? group.first + i : group.n - 1;
  return m.order != NULL ? m.order[m.starts[group.matrix] + i] : i * m.weight.n_matrices + group.matrix;
}

/* --- A tile's products --- */

/* sums of a warp: rows 16 (warp) … of the weight, all of y: eight columns of mma. */
DEVICE void
multiply_tile (const Tile &w, const Tile &x, float sums[TILE / 8][4])
{
  const guint lane = lane_index ();

UNROLL
  for (guint k = 0; k < DEPTH; k += 16)
    {
      guint32 a[4];

      matrix_load_4 (a, &w[warp_index () * 16 + lane % 16][k + lane / 16 * 8]);
UNROLL
      for (guint j = 0; j < TILE / 8; j += 2)
        {
          guint32 b[4];

          /* Two columns' b[0], b[1] */
          matrix_load_4 (b, &x[j * 8 + lane / 16 * 8 + lane % 8][k + lane / 8 % 2 * 8]);
          mma_half (sums[j], a, b);
          mma_half (sums[j + 1], a, b + 2);
        }
    }
}

/* The same by ordinary products, in the places that mma would leave them. */
DEVICE void
multiply_tile_plainly (const Tile &w, const Tile &x, float sums[TILE / 8][4])
{
  const guint row = warp_index () * 16 + lane_index () / 4;
  const guint column = lane_index () % 4 * 2;

  for (guint k = 0; k < DEPTH; k++)
    for (guint j = 0; j < TILE / 8; j++)
UNROLL
      for (guint i = 0; i < 4; i++)
        sums[j][i] = fused (half_to_float (w[row + i / 2 * 8][k]), half_to_float (x[j * 8 + column + i % 2][k]),
                            sums[j][i]);
}

template <typename T, bool HAS_MMA>
KERNEL (N_THREADS)
multiply_many_kernel (const MultiplyArguments a)
{
  previous_wait ();

  const SottoCudaMultiply &m = a.m;
  const Group group = find_group (m);
  const guint first = block_index () * TILE;
  const guint n_steps = (m.weight.n_columns + DEPTH - 1) / DEPTH;
  const guint own = thread_index () / N_UNITS, own_unit = thread_index () % N_UNITS;
  SHARED (Tile, weights, [2]);
  SHARED (Tile, rows, [2]);
  float sums[TILE / 8][4] = {};
  const guint own_row = first + own < m.weight.n_rows ? first + own : m.weight.n_rows - 1;
  const Row row = {weight_row (m, group.matrix, own_row), a.n_blocks};
  const guint16 *x;

  if (group.first >= group.n)
    return;
  x = m.x.halves + (gsize) (row_of_group (m, group, own) / m.rows_per_x) * m.x.n_columns_padded + own_unit * UNIT;
  for (guint step = 0; step <= n_steps; step++)
    {
      if (step < n_steps)
        {
UNROLL
          for (guint i = 0; i < UNIT / 8; i++)
            async_copy_16 (&rows[step % 2][own][own_unit * UNIT + 8 * i], x + step * DEPTH + 8 * i, true);
          put_weights (T (), row, step * N_UNITS + own_unit, m.weight.n_columns,
                       &weights[step % 2][own][own_unit * UNIT]);
        }
      async_commit ();
      if (step > 0)
        {
          if constexpr (HAS_MMA)
            multiply_tile (weights[(step - 1) % 2], rows[(step - 1) % 2], sums);
          else
            multiply_tile_plainly (weights[(step - 1) % 2], rows[(step - 1) % 2], sums);
        }
      async_wait<0> ();
      block_barrier ();
    }
  for (guint j = 0; j < TILE / 8; j++)
UNROLL
    for (guint i = 0; i < 4; i++)
      {
        const guint w = first + warp_index () * 16 + lane_index () / 4 + i / 2 * 8;
        const guint index = j * 8 + lane_index () % 4 * 2 + i % 2;

        if (w < m.weight.n_rows && group.first + index < group.n)
          {
            const guint y = row_of_group (m, group, index);

            put_product (m, group.matrix, w, y, sums[j][i] * load (&m.x.row_scales[y / m.rows_per_x]));
          }
      }
}

template <typename T>
static gboolean
multiply_many_of (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  const SottoCudaMultiply *m = &arguments->m;
  const guint n_matrices = m->weight.n_matrices;
  Shape shape = {};

  if (m->matrices != NULL && m->order == NULL)
    return device_refuse (self, "many rows of several matrices are not sorted");
  shape.n_blocks = ceil_divide (m->weight.n_rows, TILE);
  /* All rows may have chosen the same. */
  shape.n_blocks_y = ceil_divide (m->order != NULL ? m->n_rows : ceil_divide (m->n_rows, n_matrices), TILE);
  shape.n_blocks_z = n_matrices;
  shape.n_threads = N_THREADS;
  if (device_facts (self)->architecture >= 75)
    return launch (self, "multiply many", shape, multiply_many_kernel<T, true>, *arguments);
  return launch (self, "multiply many plainly", shape, multiply_many_kernel<T, false>, *arguments);
}

gboolean
multiply_many (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  switch (arguments->m.weight.type)
    {
#define CASE(T)  \
    case T::TYPE: \
      return multiply_many_of<T> (self, arguments);
      FOR_EACH_QUANTISED (CASE)
      CASE (Plain<SOTTO_BLOCK_F32>)
      CASE (Plain<SOTTO_BLOCK_F16>)
      CASE (Plain<SOTTO_BLOCK_BF16>)
#undef CASE
    default:
      return device_refuse (self, "no product of that type");
    }
}
