/* Weights of any type times many rows on a device of 9.0, whose tensor cores do twice as much where four warps multiply what lies
 * in shared memory (wgmma) as where each brings its own to registers (multiply-many.cu).
 *
 * Roof: tensor cores of halves, an H100's 2,048 products a clock and multiprocessor. A block makes 128 rows of the weight times 256
 * of x, or 128; each half of its eight warps takes 64 of the weight's. Columns go by 64. What each step costs a multiprocessor, in
 * clocks: products 1,024 (512); what they read of shared memory, 128 bytes a clock, and what is put there 1,024 (640); and what
 * makes halves of codes about 320 of either. So the large block is the better one by a fifth, where so many rows are there and
 * what it leaves over at the end is not more.
 *
 * All three go on at once, without threads of their own for each: products are begun and not waited for until those of the next
 * step are begun, too. In the meantime threads make the next step's weights, whose codes they asked for a step before; and rows of
 * x come by themselves (bulk copies), two steps ahead, in the order that products want them (halves.h). Rows that do not lie
 * together (experts', heads') come by copies of 16 bytes, 128 at a time.
 *
 *      step:         s - 1         s             s + 1
 *      products of   s - 2, s - 1  s - 1, s      s, s + 1
 *      weights of    s             s + 1         s + 2            three stages: two are multiplied, one is made
 *      x begun of    s + 1         s + 2         s + 3            four: two are multiplied, one is there, one comes
 *
 * Sums have a fixed order, which is the tensor cores' own: not that of multiply-many.cu, so that bits may differ from those.
 * Reckoned, not measured; SOTTO_CUDA_HOPPER=0 leaves it out (module.cu).
 */

#include "cuda/multiply-many.h"

#define N_THREADS 256
#define ROWS 128          /* of the weight */
#define QUAD_ROWS 64      /* of those four warps' */
#define QUAD_THREADS 128
#define DEPTH PIECE_COLUMNS
#define N_UNITS (DEPTH / UNIT)
#define W_STAGES 3
#define X_STAGES 4
#define N_K (DEPTH / 16)  /* products of a step, of 16 columns each */
#define TURNED_128 1      /* quad_matrix's mode */
#define PIECE_BYTES (PIECE * sizeof (Half))
/* Sums in shared memory, from row to row of y: what is put at once lies in different banks. */
#define PITCH (QUAD_ROWS + 4)

/* Products of fewer rows fill no block. */
#define FEWEST_ROWS 128

/* N: of x. Pieces as halves.h has them, one below the other. */
template <guint N>
struct Stages {
  Half weights[W_STAGES][ROWS * DEPTH];
  Half x[X_STAGES][N * DEPTH];
};

typedef struct {
  MultiplyArguments of;
  gboolean are_together;    /* the rows of x that a block has */
} HopperArguments;

/* --- Rows of x --- */

/* Large blocks are of rows that lie together alone. */
template <guint N>
DEVICE bool
are_together (const HopperArguments &a)
{
  return N > FEWEST_ROWS || a.are_together;
}

/* Where a block's come from: of rows that lie together the lane's eight, of others the thread's chunks. */
template <guint N>
struct Sources {
  const guint16 *pieces;
  guint32 chunks[N * PIECE_CHUNKS / N_THREADS];
};

template <guint N>
DEVICE Sources<N>
find_sources (const HopperArguments &a, const Group &group)
{
  const SottoCudaMultiply &m = a.of.m;
  Sources<N> sources = {};

  if (are_together<N> (a))
    {
      /* Behind the last eight there is no memory: those again. */
      const guint last = (m.x.n_rows - 1) / PIECE_ROWS, own = group.first / PIECE_ROWS + lane_index ();

      sources.pieces = m.x.halves + (gsize) (own < last ? own : last) * PIECE_ROWS * m.x.n_columns_padded;
      return sources;
    }
UNROLL
  for (guint i = 0; i < N * PIECE_CHUNKS / N_THREADS; i++)
    {
      const guint at = i * N_THREADS + thread_index ();

      sources.chunks[i]
        = chunk_of_operand (m.x, row_of_group (m, group, at / PIECE_CHUNKS) / m.rows_per_x, at % PIECE_CHUNKS);
    }
  return sources;
}

/* Behind the last step nothing, but a group of copies that counts. */
template <guint N>
DEVICE void
bring_rows (const HopperArguments &a, const Sources<N> &sources, guint step, guint n_steps, Stages<N> *stages, guint64 *arrivals)
{
  Half *x = stages->x[step % X_STAGES];

  if (are_together<N> (a))
    {
      guint64 *arrival = &arrivals[step % X_STAGES];

      if (step >= n_steps || warp_index () != 0)
        return;
      if (lane_index () == 0)
        bulk_expect (arrival, N * DEPTH * sizeof (Half));
      warp_barrier ();
      if (lane_index () < N / PIECE_ROWS)
        bulk_copy (x + lane_index () * PIECE, sources.pieces + (gsize) step * PIECE, PIECE_BYTES, arrival);
      return;
    }
  if (step < n_steps)
UNROLL
    for (guint i = 0; i < N * PIECE_CHUNKS / N_THREADS; i++)
      {
        const guint at = i * N_THREADS + thread_index (), row = at / PIECE_CHUNKS;

        async_copy_16 (x + row * DEPTH + (at ^ row) % PIECE_CHUNKS * CHUNK,
                       a.of.m.x.halves + (gsize) step * PIECE + (gsize) sources.chunks[i] * CHUNK);
      }
  async_commit ();
}

/* Those of a step are there, as far as this thread has brought them. */
template <guint N>
DEVICE void
wait_for_rows (const HopperArguments &a, guint step, guint64 *arrivals)
{
  if (are_together<N> (a))
    bulk_wait (&arrivals[step % X_STAGES], step / X_STAGES % 2);
  else
    async_wait<1> ();
}

/* --- Products --- */

/* Of a step, for four warps, which are begun. */
template <guint N>
DEVICE void
begin_products (float (&sums)[N / 2], const Half *w, const Half *x, bool adds)
{
  const guint64 from_w = quad_matrix (w, 0, PIECE_BYTES, TURNED_128), from_x = quad_matrix (x, 0, PIECE_BYTES, TURNED_128);

  quad_begin ();
UNROLL
  for (guint k = 0; k < N_K; k++)
    quad_multiply (sums, from_w + k * 2, from_x + k * 2, adds || k > 0); /* in 16 bytes */
  quad_commit ();
}

/* All at once through shared memory, where nothing is read any more. */
template <guint N>
DEVICE void
leave_sums (const SottoCudaMultiply &m, const Group &group, guint first_w, const float (&sums)[N / 2], float *own)
{
  constexpr guint N_OWN = QUAD_ROWS / N_LANES;
  const guint lane = lane_index (), warp = warp_index () % 4;
  const Finish<N_OWN> finish = find_finish<N_OWN> (m, group, first_w);

UNROLL
  for (guint j = 0; j < N / 8; j++)
UNROLL
    for (guint e = 0; e < 4; e++)
      own[(j * 8 + lane % 4 * 2 + e % 2) * PITCH + warp * 16 + lane / 4 + e / 2 * 8] = sums[j * 4 + e];
  block_barrier_some (1 + warp_index () / 4, QUAD_THREADS);
  for (guint first = warp * N_LANES; first < N; first += 4 * N_LANES)
    leave_rows<N_OWN, PITCH> (m, group, finish, first_w, first, own + first * PITCH);
}

/* --- A block --- */

template <typename T, guint N>
KERNEL (N_THREADS)
multiply_hopper_kernel (const HopperArguments a)
{
  previous_wait ();

  const SottoCudaMultiply &m = a.of.m;
  const Group group = find_group (m, N);
  const guint n_steps = (m.weight.n_columns + DEPTH - 1) / DEPTH;
  const guint first = block_index () * ROWS, quad = warp_index () / 4;
  const guint own = thread_index () / N_UNITS, own_unit = thread_index () % N_UNITS;
  const guint own_at = own * DEPTH + (own_unit * (UNIT / CHUNK) ^ own % PIECE_ROWS) * CHUNK;
  const guint own_row = first + own < m.weight.n_rows ? first + own : m.weight.n_rows - 1;
  const Row row = {weight_row (m, group.matrix, own_row), a.of.n_blocks};
  SHARED (guint64, arrivals, [X_STAGES]);
  SHARED_TILES (Stages<N>, stages);
  float sums[N / 2];

  if (group.first >= group.n)
    return;
  if (thread_index () < X_STAGES)
    bulk_init (&arrivals[thread_index ()], 1);
  block_barrier ();

  const Sources<N> sources = find_sources<N> (a, group);
  const auto put = [&] (guint step, const auto &weights) {
UNROLL
    for (guint i = 0; i < UNIT / CHUNK; i++)
      *reinterpret_cast<Words4 *> (&stages->weights[step % W_STAGES][own_at ^ i * CHUNK]) = chunk_of (weights, i);
  };

  quad_clear (sums);
  bring_rows<N> (a, sources, 0, n_steps, stages, arrivals);
  bring_rows<N> (a, sources, 1, n_steps, stages, arrivals);
  put (0, bring_weights (T (), row, own_unit, m.weight.n_columns));
  auto coming = bring_weights (T (), row, N_UNITS + own_unit, m.weight.n_columns);
  for (guint step = 0; step < n_steps; step++)
    {
      wait_for_rows<N> (a, step, arrivals);
      proxy_fence ();
      block_barrier ();
      begin_products<N> (sums, stages->weights[step % W_STAGES] + quad * QUAD_ROWS * DEPTH, stages->x[step % X_STAGES],
                         step > 0);
      /* Behind the barrier nobody multiplies what was there two steps ago. */
      bring_rows<N> (a, sources, step + 2, n_steps, stages, arrivals);
      const auto next = bring_weights (T (), row, (step + 2) * N_UNITS + own_unit, m.weight.n_columns);

      put (step + 1, coming);
      coming = next;
      quad_wait<1> (sums);
    }
  quad_wait<0> (sums);
  async_wait<0> ();
  block_barrier ();
  leave_sums<N> (m, group, first + quad * QUAD_ROWS, sums, reinterpret_cast<float *> (stages) + quad * N * PITCH);
}

/* --- Launches --- */

template <typename T, guint N>
static gboolean
multiply_by (SottoCudaDevice *self, const char *name, const HopperArguments &arguments)
{
  static_assert (2 * N * PITCH * sizeof (float) <= sizeof (Stages<N>), "sums have room");
  Shape shape = {};

  share_many (&arguments.of.m, ROWS, N, &shape);
  shape.n_threads = N_THREADS;
  shape.shared_bytes = sizeof (Stages<N>);
  return launch (self, name, shape, multiply_hopper_kernel<T, N>, arguments);
}

/* Of a launch, in clocks of a step (above) for each multiprocessor. */
static gsize
reckon (SottoCudaDevice *self, const SottoCudaMultiply *m, guint n, gsize clocks)
{
  const gsize n_blocks = (gsize) ceil_divide (m->weight.n_rows, ROWS) * ceil_divide (m->n_rows, n);

  return ceil_divide (n_blocks, device_facts (self)->n_multiprocessors) * clocks;
}

template <typename T>
static gboolean
multiply_of (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  const SottoCudaMultiply *m = &arguments->m;
  const HopperArguments own = {*arguments, m->order == NULL && m->weight.n_matrices <= 1 && m->rows_per_x == 1};

  if (own.are_together && reckon (self, m, 256, 1024) < reckon (self, m, 128, 640))
    return multiply_by<T, 256> (self, "multiply on Hopper, wide", own);
  return multiply_by<T, 128> (self, "multiply on Hopper", own);
}

/* Whether blocks are filled by the rows that a matrix has in the mean, and at least half of the multiprocessors have one. */
gboolean
multiply_hopper_takes (SottoCudaDevice *self, const SottoCudaMultiply *m)
{
  const guint n_rows = m->n_rows / m->weight.n_matrices;
  const gsize n_blocks = (gsize) ceil_divide (m->weight.n_rows, ROWS) * ceil_divide (n_rows, FEWEST_ROWS);

  return device_facts (self)->has_hopper && n_rows >= FEWEST_ROWS && m->weight.n_rows > QUAD_ROWS
         && 2 * n_blocks * m->weight.n_matrices >= device_facts (self)->n_multiprocessors;
}

gboolean
multiply_hopper (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  switch (arguments->m.weight.type)
    {
#define CASE(T)  \
    case T::TYPE: \
      return multiply_of<T> (self, arguments);
      FOR_EACH_OF_MANY (CASE)
#undef CASE
    default:
      return device_refuse (self, "no product of that type");
    }
}
