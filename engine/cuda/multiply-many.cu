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

#include "cuda/codes.h"
#include "cuda/multiply.h"

#define N_THREADS 128
#define CHUNK 8           /* halves of 16 bytes: what is copied and read at once */
#define X_STAGES 3
#define W_STAGES 2
#define N_TOGETHER 8      /* rows of y that are read before they are written */

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
DEVICE Codes
bring_weights (T type, const Row &row, guint unit, guint n_columns)
{
  const bool is_there = unit * UNIT < n_columns;
  Codes codes;

  load_codes (type, row, is_there ? unit : 0, &codes);
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      codes.scales[i] = is_there ? codes.scales[i] : 0.0f;
      codes.offsets[i] = is_there ? codes.offsets[i] : 0.0f;
    }
  return codes;
}

/* Rows are filled up to 16 bytes with zeros. */
template <SottoBlockType T>
DEVICE Halves
bring_weights (Plain<T>, const Row &row, guint unit, guint n_columns)
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

/* Columns 8 i … 8 i + 7 of a unit */
DEVICE Words4
chunk_of (const Codes &codes, guint i)
{
  const float scale = codes.scales[i / 2], offset = codes.offsets[i / 2];
  float x[CHUNK];

  floats_of_bytes (codes.words[2 * i], x);
  floats_of_bytes (codes.words[2 * i + 1], x + 4);
UNROLL
  for (guint j = 0; j < CHUNK; j++)
    x[j] = fused (scale, x[j], -offset);
  return {halves_pack (x[0], x[1]), halves_pack (x[2], x[3]), halves_pack (x[4], x[5]), halves_pack (x[6], x[7])};
}

DEVICE Words4
chunk_of (const Halves &halves, guint i)
{
  return {halves.words[4 * i], halves.words[4 * i + 1], halves.words[4 * i + 2], halves.words[4 * i + 3]};
}

/* --- The block's rows of y --- */

typedef struct {
  guint matrix;
  guint first;              /* of the rows of this matrix */
  guint n;                  /* of this matrix in all */
} Group;

/* Of sorted rows: a grid of as many blocks for each matrix as all rows would need is mostly blocks that do nothing: of 512
 * rows with eight of 128 experts each, sixty for one that does. So blocks are numbered matrix after matrix, and each looks where it
 * is. */
DEVICE Group
find_sorted_group (const SottoCudaMultiply &m, guint n_rows)
{
  guint block = block_index_y ();

  for (guint first = 0; first < m.weight.n_matrices; first += N_LANES)
    {
      const guint matrix = first + lane_index ();
      const guint n = matrix < m.weight.n_matrices ? load (&m.starts[matrix + 1]) - load (&m.starts[matrix]) : 0;
      const guint n_blocks = (n + n_rows - 1) / n_rows;
      guint end = n_blocks; /* of this lane's blocks and those before */
      guint lane;

UNROLL
      for (guint distance = 1; distance < N_LANES; distance *= 2)
        {
          const guint before = warp_shuffle (end, (lane_index () - distance) % N_LANES);

          end += lane_index () >= distance ? before : 0;
        }
      lane = warp_min (block < end ? lane_index () : (guint) N_LANES);
      if (lane < N_LANES)
        return {first + lane, (block - warp_shuffle (end - n_blocks, lane)) * n_rows, warp_shuffle (n, lane)};
      block -= warp_shuffle (end, N_LANES - 1);
    }
  return {};
}

/* Nothing where first is no less than n. */
DEVICE Group
find_group (const SottoCudaMultiply &m, guint n_rows)
{
  if (m.order != NULL)
    return find_sorted_group (m, n_rows);

  const guint matrix = block_index_z ();

  return {matrix, block_index_y () * n_rows, (m.n_rows + m.weight.n_matrices - 1 - matrix) / m.weight.n_matrices};
}

/* Row of y that is the group's row i; the last one again behind its end. */
DEVICE guint
row_of_group (const SottoCudaMultiply &m, const Group &group, guint i)
{
  i = group.first + i < group.n ? group.first + i : group.n - 1;
  return m.order != NULL ? m.order[m.starts[group.matrix] + i] : i * m.weight.n_matrices + group.matrix;
}

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
  const float factor = m.weight.scales != NULL ? load (&m.weight.scales[group.matrix]) : 1.0f;
  float bias[N_OWN];

UNROLL
  for (guint i = 0; i < N_OWN; i++)
    {
      const guint w = first_w + i * N_LANES + lane;

      bias[i] = 0.0f;
      if (m.weight.bias != NULL && w < m.weight.n_rows)
        bias[i] = load (&m.weight.bias[(gsize) group.matrix * m.weight.n_rows + w]);
    }
UNROLL
  for (guint turn = 0; turn < N_OWN; turn++)
    {
      const guint first = first_x + turn * N_LANES;
      const guint n = group.first + first < group.n ? group.n - group.first - first : 0;
      const guint lane_row = row_of_group (m, group, first + lane);
      const float lane_scale = load (&m.x.row_scales[lane_row / m.rows_per_x]);
      const auto is_there = [&] (guint t, guint i) { return t < n && first_w + i * N_LANES + lane < m.weight.n_rows; };

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
      for (guint r = 0; r < N_LANES; r += N_TOGETHER)
        {
          float before[N_TOGETHER][N_OWN];
          float *y[N_TOGETHER];
          float scale[N_TOGETHER];

UNROLL
          for (guint t = 0; t < N_TOGETHER; t++)
            {
              y[t] = m.y + (gsize) warp_shuffle (lane_row, r + t) * m.y_stride + first_w + lane;
              scale[t] = warp_shuffle (lane_scale, r + t);
UNROLL
              for (guint i = 0; i < N_OWN; i++)
                before[t][i] = m.add && is_there (r + t, i) ? y[t][i * N_LANES] : 0.0f;
            }
UNROLL
          for (guint t = 0; t < N_TOGETHER; t++)
UNROLL
            for (guint i = 0; i < N_OWN; i++)
              {
                float sum = own[(r + t) * PITCH + i * N_LANES + lane] * scale[t];

                if (m.weight.scales != NULL)
                  sum *= factor;
                if (m.weight.bias != NULL)
                  sum += bias[i];
                sum *= m.scale;
                if (is_there (r + t, i))
                  y[t][i * N_LANES] = m.add ? before[t][i] + sum : sum;
              }
        }
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

/* Where a thread's chunks of x come from, in chunks: a row's neighbours are brought by neighbours. */
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

      sources.at[i] = row_of_group (m, group, at / F::N_CHUNKS) / m.rows_per_x * (m.x.n_columns_padded / CHUNK)
                      + at % F::N_CHUNKS;
    }
  return sources;
}

template <typename F>
DEVICE void
bring_rows (const SottoCudaMultiply &m, const Sources<F> &sources, guint step, Tile<F> *x)
{
  const guint at = chunk_at<F> (thread_index () / F::N_CHUNKS, thread_index () % F::N_CHUNKS);
  const guint16 *from = m.x.halves + step * F::DEPTH;

UNROLL
  for (guint i = 0; i < F::ROWS * F::N_CHUNKS / N_THREADS; i++)
    async_copy_16 (&x->halves[at + i * N_THREADS * CHUNK], from + (gsize) sources.at[i] * CHUNK);
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
  const SottoCudaMultiply *m = &arguments->m;
  const guint n_matrices = m->weight.n_matrices;
  Shape shape = {};

  shape.n_blocks = ceil_divide (m->weight.n_rows, F::ROWS);
  /* Of sorted rows each matrix that is chosen has one block at most that is not full. */
  if (m->order != NULL)
    shape.n_blocks_y = m->n_rows / F::ROWS + (n_matrices < m->n_rows ? n_matrices : m->n_rows);
  else
    {
      shape.n_blocks_y = ceil_divide (ceil_divide (m->n_rows, n_matrices), F::ROWS);
      shape.n_blocks_z = n_matrices;
    }
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
  if (arguments->m.matrices != NULL && arguments->m.order == NULL)
    return device_refuse (self, "many rows of several matrices are not sorted");
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
      FOR_EACH_QUANTISED (CASE)
      CASE (Plain<SOTTO_BLOCK_F32>)
      CASE (Plain<SOTTO_BLOCK_F16>)
      CASE (Plain<SOTTO_BLOCK_BF16>)
#undef CASE
    default:
      return device_refuse (self, "no product of that type");
    }
}
