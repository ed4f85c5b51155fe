/* Weights of any type times many rows: prefill.
 *
 * Roof: tensor cores of halves. A block makes 64 rows of the weight times 64 rows of x, 64 columns at a time: the weights
 * become halves in shared memory (2 * 64 * 64 products for each), x is copied there as it is, and four warps multiply
 * what is there while the next is on its way, weights in registers. Halves have eleven bits, weights of a file four to eight: what is lost lies
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

/* Rows are copied and read by 16 bytes, and begin at multiples of them where the tile does. */
struct alignas (16) Tile {
  Half at[TILE][PITCH];
};

/* --- Weights as halves: a thread makes one unit --- */

/* 32 columns, two in a word. */
typedef struct {
  guint32 words[UNIT / 2];
} Halves;

/* Bytes of a word as floats: what is put under the exponent of 2^23 is that much more, and exactly so. To turn integers into
 * floats takes four times as long, and there are more of them than anything else. */
DEVICE void
floats_of_bytes (guint32 word, float x[4])
{
  const guint32 raised = word ^ 0x80808080u;

UNROLL
  for (guint i = 0; i < 4; i++)
    x[i] = from_bits<float> (select_bytes (raised, 0x4b000000u, 0x7440u | i)) - (8388608.0f + 128.0f);
}

/* Floats as a type. */
template <SottoBlockType T>
struct Plain {
  static constexpr SottoBlockType TYPE = T;
};

/* Behind the last column are zeros. */
template <typename T>
DEVICE Halves
make_unit (T type, const Row &row, guint unit, guint n_columns)
{
  const bool is_there = unit * UNIT < n_columns;
  Codes codes;
  Halves halves;

  load_codes (type, row, is_there ? unit : 0, &codes);
UNROLL
  for (guint i = 0; i < 8; i++)
    {
      const float scale = is_there ? codes.scales[i / 4] : 0.0f, offset = is_there ? codes.offsets[i / 4] : 0.0f;
      float x[4];

      floats_of_bytes (codes.words[i], x);
UNROLL
      for (guint j = 0; j < 4; j++)
        x[j] = fused (scale, x[j], -offset);
      halves.words[2 * i] = halves_pack (x[0], x[1]);
      halves.words[2 * i + 1] = halves_pack (x[2], x[3]);
    }
  return halves;
}

/* Rows are filled up to 16 bytes with zeros. */
template <SottoBlockType T>
DEVICE Halves
make_unit (Plain<T>, const Row &row, guint unit, guint n_columns)
{
  constexpr guint N = T == SOTTO_BLOCK_F32 ? 4 : 8; /* columns of 16 bytes */
  Halves halves;

UNROLL
  for (guint i = 0; i < UNIT / N; i++)
    {
      guint32 *to = halves.words + i * N / 2;
      guint32 four[4] = {};

      if (unit * UNIT + i * N < n_columns)
        words_at (row.data + (unit * (UNIT / N) + i) * 16, four);
UNROLL
      for (guint j = 0; j < 4; j++)
        {
          if constexpr (T == SOTTO_BLOCK_F16)
            to[j] = four[j];
          else if constexpr (T == SOTTO_BLOCK_BF16)
            to[j] = halves_pack (bfloat_to_float ((guint16) four[j]), bfloat_to_float ((guint16) (four[j] >> 16)));
          else if (j % 2 == 0)
            to[j / 2] = halves_pack (from_bits<float> (four[j]), from_bits<float> (four[j + 1]));
        }
    }
  return halves;
}

DEVICE void
put_unit (const Halves &halves, Half *target)
{
UNROLL
  for (guint i = 0; i < UNIT / 8; i++)
    reinterpret_cast<Words4 *> (target)[i]
      = {halves.words[4 * i], halves.words[4 * i + 1], halves.words[4 * i + 2], halves.words[4 * i + 3]};
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
multiply_tile_by_mma (const Tile &w, const Tile &x, float sums[TILE / 8][4])
{
  const guint lane = lane_index ();

UNROLL
  for (guint k = 0; k < DEPTH; k += 16)
    {
      guint32 a[4];

      matrix_load_4 (a, &w.at[warp_index () * 16 + lane % 16][k + lane / 16 * 8]);
UNROLL
      for (guint j = 0; j < TILE / 8; j += 2)
        {
          guint32 b[4];

          /* Two columns' b[0], b[1] */
          matrix_load_4 (b, &x.at[j * 8 + lane / 16 * 8 + lane % 8][k + lane / 8 % 2 * 8]);
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
        sums[j][i] = fused (half_to_float (w.at[row + i / 2 * 8][k]), half_to_float (x.at[j * 8 + column + i % 2][k]),
                            sums[j][i]);
}

template <bool HAS_MMA>
DEVICE void
multiply_tile (const Tile &w, const Tile &x, float sums[TILE / 8][4])
{
  if constexpr (HAS_MMA)
    multiply_tile_by_mma (w, x, sums);
  else
    multiply_tile_plainly (w, x, sums);
}

/* A thread's unit of a row of x. */
DEVICE void
bring_rows (const guint16 *x, Half *target)
{
UNROLL
  for (guint i = 0; i < UNIT / 8; i++)
    async_copy_16 (target + 8 * i, x + 8 * i);
  async_commit ();
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
  /* The next columns are on their way while those that are there are multiplied. */
  bring_rows (x, &rows[0].at[own][own_unit * UNIT]);
  put_unit (make_unit (T (), row, own_unit, m.weight.n_columns), &weights[0].at[own][own_unit * UNIT]);
  for (guint step = 1; step < n_steps; step++)
    {
      const Tile &w = weights[(step - 1) % 2], &r = rows[(step - 1) % 2];

      async_wait<0> ();
      block_barrier ();
      bring_rows (x + step * DEPTH, &rows[step % 2].at[own][own_unit * UNIT]);
      const Halves coming = make_unit (T (), row, step * N_UNITS + own_unit, m.weight.n_columns);
      multiply_tile<HAS_MMA> (w, r, sums);
      put_unit (coming, &weights[step % 2].at[own][own_unit * UNIT]);
    }
  async_wait<0> ();
  block_barrier ();
  multiply_tile<HAS_MMA> (weights[(n_steps - 1) % 2], rows[(n_steps - 1) % 2], sums);
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
