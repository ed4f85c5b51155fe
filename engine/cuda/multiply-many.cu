/* Weights of any type times many rows: prefill.
 *
 * Roof: tensor cores of halves. A block makes some rows of the weight times some of x: the weights become halves in shared
 * memory, x is copied there as it is, and four warps multiply what is there, each a square of the block's. Codes of weights
 * are two steps ahead in registers and become halves between products; rows of x are two steps ahead in shared memory.
 * Halves have eleven bits, weights of a file four to eight: what is lost lies below what eight bits of activations would
 * lose. Devices before 7.5 take the same tiles by ordinary products.
 *
 * What a warp multiplies it reads from shared memory first: 16 rows of 16 columns are four clocks of a multiprocessor, of which
 * an H100 needs one for the product of 16 by 8 rows. So large squares pay: of 64 by 64 rows eight reads are for 32 products, of
 * 32 by 32 four for eight. Large ones are few, so that they are taken where they do for the device. An element's sum has the
 * same order in either.
 *
 * Where rows have matrices of their own (experts, sorted; or heads, in turns), a block's rows are those of one matrix.
 */

#include "cuda/multiply-many.h"

#define N_THREADS 128
#define X_STAGES 3
#define W_STAGES 2

/* Of a block: so many rows of the weight and as many of y, columns at a time; four warps share them, two by two. A thread
 * makes one unit of the weight's. */
template <guint SIZE>
struct Form {
  static constexpr guint ROWS = SIZE;
  static constexpr guint WARP_ROWS = SIZE / 2;
  static constexpr guint N_UNITS = N_THREADS / SIZE; /* of a row */
  static constexpr guint DEPTH = N_UNITS * UNIT;
  static constexpr guint N_CHUNKS = DEPTH / CHUNK;
};

typedef Form<128> Wide;
typedef Form<64> Narrow;

/* Rows without gaps, their chunks in turned order: the same chunk of eight neighbouring rows lies in different banks. Chunk
 * c ^ i of a row lies at chunk_at (row, c) ^ i * CHUNK, and the order is the same 32 rows further. */
template <typename F>
struct alignas (16) Tile {
  Half halves[F::ROWS * F::DEPTH];
};

template <typename F>
DEVICE guint
chunk_at (guint row, guint chunk)
{
  return row * F::DEPTH + (chunk ^ row * F::N_CHUNKS / CHUNK % F::N_CHUNKS) * CHUNK;
}

template <typename F>
struct Stages {
  Tile<F> weights[W_STAGES];
  Tile<F> x[X_STAGES];
};

/* Sums of a warp in the places that mma has: 16 rows of the weight, eight of y. */
template <typename F>
struct Sums {
  float of[F::WARP_ROWS / 16][F::WARP_ROWS / 8][4];
};

/* --- A tile's products --- */

/* Of a warp. Between two products of the one kind and the other, four times in all, the weights that come are put: put (i). */
template <typename F, typename Put>
DEVICE void
multiply_by_mma (const Tile<F> &w, const Tile<F> &x, guint first_w, guint first_x, Sums<F> *sums, Put put)
{
  constexpr guint N_W = F::WARP_ROWS / 16, N_X = F::WARP_ROWS / 16, N_K = F::DEPTH / 16;
  const guint lane = lane_index ();
  const guint at_w = chunk_at<F> (first_w + lane % 16, lane / 16);
  const guint at_x = chunk_at<F> (first_x + lane / 16 * 8 + lane % 8, lane / 8 % 2);

UNROLL
  for (guint k = 0; k < N_K; k++)
    {
      guint32 a[N_W][4];
      guint32 b[2][4]; /* two columns' b[0], b[1]; the next are read before those that are there are multiplied */

      matrix_load_4 (b[0], &x.halves[at_x ^ 2 * k * CHUNK]);
UNROLL
      for (guint i = 0; i < N_W; i++)
        matrix_load_4 (a[i], &w.halves[(at_w ^ 2 * k * CHUNK) + i * 16 * F::DEPTH]);
UNROLL
      for (guint j = 0; j < N_X; j++)
        {
          if (j + 1 < N_X)
            matrix_load_4 (b[(j + 1) % 2], &x.halves[(at_x ^ 2 * k * CHUNK) + (j + 1) * 16 * F::DEPTH]);
UNROLL
          for (guint i = 0; i < N_W; i++)
            {
              mma_half (sums->of[i][2 * j], a[i], b[j % 2]);
              mma_half (sums->of[i][2 * j + 1], a[i], b[j % 2] + 2);
            }
          if (j % 2 == 1)
            put ((k * N_X + j) / 2);
        }
    }
}

/* The same by ordinary products, in the places that mma would leave them. */
template <typename F>
DEVICE void
multiply_plainly (const Tile<F> &w, const Tile<F> &x, guint first_w, guint first_x, Sums<F> *sums)
{
  const guint row_w = first_w + lane_index () / 4, row_x = first_x + lane_index () % 4 * 2;

  for (guint k = 0; k < F::DEPTH; k++)
UNROLL
    for (guint i = 0; i < F::WARP_ROWS / 16; i++)
UNROLL
      for (guint j = 0; j < F::WARP_ROWS / 8; j++)
UNROLL
        for (guint e = 0; e < 4; e++)
          {
            const guint at_w = chunk_at<F> (row_w + 16 * i + e / 2 * 8, k / CHUNK) + k % CHUNK;
            const guint at_x = chunk_at<F> (row_x + 8 * j + e % 2, k / CHUNK) + k % CHUNK;
            float *sum = &sums->of[i][j][e];

            *sum = fused (half_to_float (w.halves[at_w]), half_to_float (x.halves[at_x]), *sum);
          }
}

/* --- What a warp leaves --- */

/* Sums go by way of shared memory, so that they are written as rows of y: there are as many lanes as rows. */
template <typename F>
DEVICE void
leave_sums (const SottoCudaMultiply &m, const Group &group, guint first_w, guint first_x, const Sums<F> &sums, float *own)
{
  constexpr guint N_OWN = F::WARP_ROWS / N_LANES; /* of a lane: rows of the weight, and turns of rows of y */
  constexpr guint PITCH = F::WARP_ROWS + 4;       /* floats; what mma's places lie apart are different banks */
  const guint lane = lane_index ();
  const Finish<N_OWN> finish = find_finish<N_OWN> (m, group, first_w);

UNROLL
  for (guint turn = 0; turn < N_OWN; turn++)
    {
      warp_barrier ();
UNROLL
      for (guint i = 0; i < F::WARP_ROWS / 16; i++)
UNROLL
        for (guint j = 0; j < N_LANES / 8; j++)
UNROLL
          for (guint e = 0; e < 4; e++)
            own[(j * 8 + lane % 4 * 2 + e % 2) * PITCH + i * 16 + lane / 4 + e / 2 * 8]
              = sums.of[i][turn * (N_LANES / 8) + j][e];
      warp_barrier ();
      leave_rows<N_OWN, PITCH> (m, group, finish, first_w, first_x + turn * N_LANES, own);
    }
}

/* --- A block --- */

/* Chunk @i of the unit that begins at @at */
template <typename F, typename Weights>
DEVICE void
put_chunk (Tile<F> *target, guint at, guint i, const Weights &weights)
{
  *reinterpret_cast<Words4 *> (&target->halves[at ^ i * CHUNK]) = chunk_of (weights, i);
}

/* Where a thread's chunks of x come from, in chunks (halves.h): a row's neighbours are brought by neighbours. */
template <typename F>
struct Sources {
  guint32 at[F::ROWS * F::N_CHUNKS / N_THREADS];
};

template <typename F>
DEVICE Sources<F>
find_sources (const SottoCudaMultiply &m, const Group &group)
{
  Sources<F> sources;

UNROLL
  for (guint i = 0; i < F::ROWS * F::N_CHUNKS / N_THREADS; i++)
    {
      const guint at = i * N_THREADS + thread_index ();

      sources.at[i] = chunk_of_operand (m.x, row_of_group (m, group, at / F::N_CHUNKS) / m.rows_per_x, at % F::N_CHUNKS);
    }
  return sources;
}

/* Where a step is half of the columns that lie together, every other one has the other chunks of them. */
template <typename F>
DEVICE void
bring_rows (const SottoCudaMultiply &m, const Sources<F> &sources, guint step, Tile<F> *x)
{
  const guint at = chunk_at<F> (thread_index () / F::N_CHUNKS, thread_index () % F::N_CHUNKS);
  const guint16 *from = m.x.halves + (gsize) (step * F::DEPTH / PIECE_COLUMNS) * PIECE;
  const guint other = step * F::N_CHUNKS % PIECE_CHUNKS;

UNROLL
  for (guint i = 0; i < F::ROWS * F::N_CHUNKS / N_THREADS; i++)
    async_copy_16 (&x->halves[at + i * N_THREADS * CHUNK], from + (gsize) (sources.at[i] ^ other) * CHUNK);
  async_commit ();
}

template <typename T, typename F, bool HAS_MMA>
KERNEL (N_THREADS)
multiply_many_kernel (const MultiplyArguments a)
{
  previous_wait ();

  const SottoCudaMultiply &m = a.m;
  const Group group = find_group (m, F::ROWS);
  const guint first = block_index () * F::ROWS;
  const guint n_steps = (m.weight.n_columns + F::DEPTH - 1) / F::DEPTH;
  const guint own = thread_index () / F::N_UNITS, own_unit = thread_index () % F::N_UNITS;
  const guint warp_w = warp_index () / 2 * F::WARP_ROWS, warp_x = warp_index () % 2 * F::WARP_ROWS;
  SHARED (Stages<F>, stages, [1]);
  Sums<F> sums = {};
  const guint own_row = first + own < m.weight.n_rows ? first + own : m.weight.n_rows - 1;
  const Row row = {weight_row (m, group.matrix, own_row), a.n_blocks};

  if (group.first >= group.n)
    return;

  const Sources<F> sources = find_sources<F> (m, group);
  const guint own_at = chunk_at<F> (own, own_unit * (UNIT / CHUNK));
  auto coming = bring_weights (T (), row, own_unit, m.weight.n_columns);
  guint stage = 0, free_stage = X_STAGES - 1;

  bring_rows<F> (m, sources, 0, &stages[0].x[0]);
  bring_rows<F> (m, sources, 1 < n_steps ? 1 : 0, &stages[0].x[1]);
UNROLL
  for (guint i = 0; i < UNIT / CHUNK; i++)
    put_chunk (&stages[0].weights[0], own_at, i, coming);
  coming = bring_weights (T (), row, F::N_UNITS + own_unit, m.weight.n_columns);
  /* One block of instructions: products must not wait for what is asked for before them. So the last steps are brought again,
   * and weights put, where nobody reads them. */
  for (guint step = 0; step < n_steps; step++)
    {
      const Tile<F> &w = stages[0].weights[step % W_STAGES], &x = stages[0].x[stage];
      Tile<F> *next_w = &stages[0].weights[(step + 1) % W_STAGES];

      async_wait<1> ();
      block_barrier ();
      bring_rows<F> (m, sources, step + 2 < n_steps ? step + 2 : n_steps - 1, &stages[0].x[free_stage]);
      const auto next = bring_weights (T (), row, (step + 2) * F::N_UNITS + own_unit, m.weight.n_columns);
      const auto put = [&] (guint i) { put_chunk (next_w, own_at, i, coming); };

      if constexpr (HAS_MMA)
        multiply_by_mma<F> (w, x, warp_w, warp_x, &sums, put);
      else
        {
          multiply_plainly<F> (w, x, warp_w, warp_x, &sums);
UNROLL
          for (guint i = 0; i < UNIT / CHUNK; i++)
            put (i);
        }
      coming = next;
      free_stage = stage;
      stage = stage + 1 < X_STAGES ? stage + 1 : 0;
    }
  async_wait<0> ();
  block_barrier ();
  leave_sums<F> (m, group, first + warp_w, warp_x, sums,
                 reinterpret_cast<float *> (stages) + warp_index () * N_LANES * (F::WARP_ROWS + 4));
}

template <typename T, typename F, bool HAS_MMA>
static gboolean
multiply_many_by (SottoCudaDevice *self, const char *name, const MultiplyArguments *arguments)
{
  Shape shape = {};

  share_many (&arguments->m, F::ROWS, F::ROWS, &shape);
  shape.n_threads = N_THREADS;
  return launch (self, name, shape, multiply_many_kernel<T, F, HAS_MMA>, *arguments);
}

/* Whether large squares are filled by the rows that a matrix has in the mean, and at least half of the multiprocessors have
 * one. (Reckoned, not measured: a large square reads half as much as the small ones in its place.) */
static gboolean
is_wide (SottoCudaDevice *self, const SottoCudaMultiply *m)
{
  const guint n_rows = ceil_divide (m->n_rows, m->weight.n_matrices);
  const gsize n_blocks = (gsize) ceil_divide (m->weight.n_rows, Wide::ROWS) * ceil_divide (n_rows, Wide::ROWS);

  return n_rows > Narrow::ROWS && m->weight.n_rows > Narrow::ROWS
         && 2 * n_blocks * m->weight.n_matrices >= device_facts (self)->n_multiprocessors;
}

template <typename T>
static gboolean
multiply_many_of (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  if (device_facts (self)->architecture < 75)
    return multiply_many_by<T, Narrow, false> (self, "multiply many plainly", arguments);
  if (is_wide (self, &arguments->m))
    return multiply_many_by<T, Wide, true> (self, "multiply many, wide", arguments);
  return multiply_many_by<T, Narrow, true> (self, "multiply many", arguments);
}

gboolean
multiply_many (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  switch (arguments->m.weight.type)
    {
#define CASE(T)  \
    case T::TYPE: \
      return multiply_many_of<T> (self, arguments);
      FOR_EACH_OF_MANY (CASE)
#undef CASE
    default:
      return device_refuse (self, "no product of that type");
    }
}
