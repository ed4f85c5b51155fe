/* Attention: a block takes a chunk of positions for some queries of one head of K and V.
 *
 * Roof: of few rows memory, each byte of the cache is read once for up to 8 queries that share it (heads of a group,
 * rows); of many rows the products, 2 (n_key + n_value) a query and position, done in F32 where attend-many.cu can't do
 * them. Chunks are as many as fill a device whatever the heads; what they give is merged in their order
 * (attend-merge.cu). Where queries alone fill it, a block takes all positions.
 *
 * 128 positions at a time: a thread has a position and sums its key with all queries, block of 32 elements after block;
 * a warp turns the scores of a query into weights; a thread has 4 elements of the values, and some of the positions
 * where values are short. A query's result does not depend on the others of its block.
 *
 * In flight of a block are 8 KB of halves: a block of elements of 128 keys, or 8 values a thread. That is what it waits for eight
 * times a tile, so that keys and values are asked for a tile ahead, all 64 KB of them: they come as far as L2, and memory is
 * waited for at the first tile alone. Of a short sequence, whose blocks are few, that is most of the time.
 *
 * The length of a sequence is read on the device: a recording outlives it. What lies behind its end is for blocks that
 * do nothing.
 */

#include "cuda/attend.h"

#define N_THREADS 128    /* and positions at a time */
#define MOST_QUERIES 8
#define MOST_VALUES 1024 /* 4 elements a thread, twice */

/* Blocks that are thought to fill any device, and the shortest stretch worth one. */
#define WANTED_BLOCKS 1024
#define WANTED_MANY 512 /* of attend-many.cu */
#define SHORTEST_CHUNK 256

/* --- A tile of positions --- */

typedef struct {
  float *rows;             /* (N, stride): queries; in the end the values attended */
  float *weights;          /* (N_THREADS, N): scores, then what they count */
  guint stride;            /* of rows: a multiple of 32 */
} Room;

/* A block of a key's elements, times those of the queries. */
template <guint N>
DEVICE void
add_block (const Room &room, guint block, const float *x, float *sums)
{
UNROLL
  for (guint q = 0; q < N; q++)
    {
      const Floats4 *query = reinterpret_cast<const Floats4 *> (room.rows + q * room.stride + block * CACHE_BLOCK);

UNROLL
      for (guint i = 0; i < CACHE_BLOCK / 4; i++)
        {
          const Floats4 four = query[i];

          sums[q] = fused (x[4 * i], four.x, sums[q]);
          sums[q] = fused (x[4 * i + 1], four.y, sums[q]);
          sums[q] = fused (x[4 * i + 2], four.z, sums[q]);
          sums[q] = fused (x[4 * i + 3], four.w, sums[q]);
        }
    }
}

template <SottoKvType TYPE, guint N>
DEVICE void
score_position (const AttendArguments &a, const Room &room, const guint8 *key, float *sums)
{
  const guint n_whole = a.cache.n_key / CACHE_BLOCK;
  float x[CACHE_BLOCK];

  for (guint block = 0; block < n_whole; block++)
    {
      load_block<TYPE> (key, block, x);
      add_block<N> (room, block, x, sums);
    }
  if (a.cache.n_key % CACHE_BLOCK == 0)
    return;
  load_block<TYPE> (key, n_whole, x);
  /* What fills a row up is no number of the key's. */
UNROLL
  for (guint i = 0; i < CACHE_BLOCK; i++)
    if (i >= a.cache.n_key % CACHE_BLOCK)
      x[i] = 0.0f;
  add_block<N> (room, n_whole, x, sums);
}

/* Of a warp: the scores of one query become what they count. */
template <guint N>
DEVICE void
weigh (const Room &room, guint q, Known *known)
{
  float scores[N_THREADS / N_LANES];
  float highest = NO_SCORE, before = known->highest, sum = 0.0f;

UNROLL
  for (guint i = 0; i < N_THREADS / N_LANES; i++)
    {
      scores[i] = room.weights[(i * N_LANES + lane_index ()) * N + q];
      highest = scores[i] > highest ? scores[i] : highest;
    }
  highest = warp_max (highest);
  highest = before > highest ? before : highest;
UNROLL
  for (guint i = 0; i < N_THREADS / N_LANES; i++)
    {
      const float weight = count_score (scores[i], highest);

      room.weights[(i * N_LANES + lane_index ()) * N + q] = weight;
      sum += weight;
    }
  sum = warp_sum (sum);
  warp_barrier ();
  if (lane_index () == 0)
    {
      known->factor = count_score (before, highest);
      known->sum = fused (known->sum, known->factor, sum);
      known->highest = highest;
    }
}

/* What a position counts for all queries. */
template <guint N>
DEVICE void
load_weights (const Room &room, guint position, float *weights)
{
  if constexpr (N % 4 == 0)
    {
UNROLL
      for (guint q = 0; q < N; q += 4)
        {
          const Floats4 four = *reinterpret_cast<const Floats4 *> (room.weights + position * N + q);

          weights[q] = four.x;
          weights[q + 1] = four.y;
          weights[q + 2] = four.z;
          weights[q + 3] = four.w;
        }
    }
  else
    for (guint q = 0; q < N; q++)
      weights[q] = room.weights[position * N + q];
}

/* A position's values, times what it counts. */
template <guint N, guint U>
DEVICE void
add_values (const Room &room, guint position, const Floats4 (&value)[U], Floats4 (&values)[U][N])
{
  float weights[N];

  load_weights<N> (room, position, weights);
UNROLL
  for (guint u = 0; u < U; u++)
UNROLL
    for (guint q = 0; q < N; q++)
      values[u][q] = {
        fused (weights[q], value[u].x, values[u][q].x), fused (weights[q], value[u].y, values[u][q].y),
        fused (weights[q], value[u].z, values[u][q].z), fused (weights[q], value[u].w, values[u][q].w),
      };
}

/* Asks for positions first … end - 1, before anybody needs them: by sectors, neighbours by neighbours. */
#define SECTOR 32

DEVICE void
prefetch_positions (const guint8 *rows, gsize row_bytes, guint capacity, guint first, guint end)
{
  const gsize begin = first % capacity * row_bytes, whole = capacity * row_bytes;

  for (gsize i = thread_index () * SECTOR; i < (end - first) * row_bytes; i += N_THREADS * SECTOR)
    prefetch (rows + (begin + i < whole ? begin + i : begin + i - whole));
}

/* --- A block --- */

/* Queries behind the last are nobody's: they see nothing. */
template <guint N>
DEVICE void
bring_queries (const AttendArguments &a, const Room &room, const Share &share, Known *known)
{
  if (thread_index () < N)
    {
      Known k = {};

      k.highest = NO_SCORE;
      if (thread_index () < share.n)
        k = begin_query (a, query_at (a, share.begin, share.kv_head, share.first_query + thread_index ()));
      known[thread_index ()] = k;
    }
  for (guint i = thread_index (); i < N * room.stride; i += N_THREADS)
    {
      const guint q = i / room.stride, element = i % room.stride;

      room.rows[i] = query_element (a, share, q, element);
    }
  block_spread (room.rows, N, room.stride, a.cache.n_key, a.key_spread);
}

/* The threads' values, group of positions after group, in room.rows. */
template <guint N, guint U>
DEVICE void
gather_values (const AttendArguments &a, const Room &room, guint unit, guint part, guint n_parts,
               const Floats4 (&values)[U][N])
{
  for (guint p = 0; p < n_parts; p++)
    {
      block_barrier ();
UNROLL
      for (guint u = 0; u < U; u++)
UNROLL
        for (guint q = 0; q < N; q++)
          {
            const guint d = (unit + u * N_THREADS) * 4;
            Floats4 *at = reinterpret_cast<Floats4 *> (room.rows + q * room.stride + d);

            if (part != p || d >= a.n_value)
              continue;
            if (p == 0)
              *at = values[u][q];
            else
              *at = {at->x + values[u][q].x, at->y + values[u][q].y, at->z + values[u][q].z, at->w + values[u][q].w};
          }
    }
  block_barrier ();
}

/* N queries of a block; U times 4 elements of the values a thread. */
template <SottoKvType TYPE, guint N, guint U>
KERNEL (N_THREADS)
attend_kernel (const AttendArguments a)
{
  previous_wait ();

  SHARED_DYNAMIC (float, shared);
  SHARED (Known, known, [N]);
  const Share share = share_of_block (a, N);
  const guint first = share.first, end = share.end;
  const gsize cache_rows = (gsize) share.kv_head * a.cache.capacity;
  const guint8 *keys = a.cache.keys + cache_rows * a.cache.key_bytes;
  const gsize value_bytes = a.cache.n_value > 0 ? a.cache.value_bytes : a.cache.key_bytes;
  const guint8 *rows = a.cache.n_value > 0 ? a.cache.values + cache_rows * value_bytes : keys;
  const guint widest = a.cache.n_key > a.n_value ? a.cache.n_key : a.n_value;
  const guint n_units = (a.n_value + 3) / 4;
  /* Short values have threads to spare: they share out the positions. */
  const guint n_parts = n_units < N_THREADS ? N_THREADS / n_units : 1;
  const guint part = n_units < N_THREADS ? thread_index () / n_units : 0;
  const guint unit = n_units < N_THREADS ? thread_index () % n_units : thread_index ();
  /* Positions whose values are on their way at once: one alone would be waited for each time. */
  constexpr guint AHEAD = 8 / U;
  Room room;
  Floats4 values[U][N] = {};

  auto prefetch_tile = [&] (guint tile) {
    const guint from = tile > first ? tile : first, to = tile + N_THREADS < end ? tile + N_THREADS : end;

    if (tile >= end)
      return;
    prefetch_positions (keys, a.cache.key_bytes, a.cache.capacity, from, to);
    if (a.cache.n_value > 0)
      prefetch_positions (rows, value_bytes, a.cache.capacity, from, to);
  };

  if (first >= end)
    return;
  prefetch_tile (first / N_THREADS * N_THREADS);
  room.stride = (widest + CACHE_BLOCK - 1) / CACHE_BLOCK * CACHE_BLOCK;
  room.rows = shared;
  room.weights = shared + N * room.stride;
  bring_queries<N> (a, room, share, known);
  for (guint tile = first / N_THREADS * N_THREADS; tile < end; tile += N_THREADS)
    {
      const guint position = tile + thread_index ();
      const guint tile_first = first > tile ? first - tile : 0;
      const guint tile_end = end - tile < N_THREADS ? end - tile : N_THREADS;
      /* What a row sees is no more than the cache holds: it goes round once. */
      const guint first_slot = (tile + tile_first) % a.cache.capacity;
      float sums[N] = {};

      prefetch_tile (tile + N_THREADS);
      if (position >= first && position < end)
        score_position<TYPE, N> (a, room, keys + position % a.cache.capacity * a.cache.key_bytes, sums);
UNROLL
      for (guint q = 0; q < N; q++)
        room.weights[thread_index () * N + q] = finish_score (a, known[q], position, sums[q]);
      block_barrier ();
      for (guint q = warp_index (); q < N; q += N_THREADS / N_LANES)
        weigh<N> (room, q, &known[q]);
      block_barrier ();
UNROLL
      for (guint q = 0; q < N; q++)
        {
          const float factor = known[q].factor;

UNROLL
          for (guint u = 0; u < U; u++)
            values[u][q] = {values[u][q].x * factor, values[u][q].y * factor, values[u][q].z * factor,
                            values[u][q].w * factor};
        }
      /* The first of the part's positions that counts. */
      for (guint i = part < n_parts ? tile_first + (part + n_parts - tile_first % n_parts) % n_parts : tile_end;
           i < tile_end; i += n_parts * AHEAD)
        {
          Floats4 coming[AHEAD][U];

UNROLL
          for (guint k = 0; k < AHEAD; k++)
            {
              const guint slot = first_slot + (i + k * n_parts < tile_end ? i + k * n_parts : i) - tile_first;
              const guint8 *row = rows + (slot < a.cache.capacity ? slot : slot - a.cache.capacity) * value_bytes;

UNROLL
              for (guint u = 0; u < U; u++)
                coming[k][u] = load_unit<TYPE> (row, unit + u * N_THREADS < n_units ? unit + u * N_THREADS : 0);
            }
UNROLL
          for (guint k = 0; k < AHEAD; k++)
            if (i + k * n_parts < tile_end)
              add_values<N, U> (room, i + k * n_parts, coming[k], values);
        }
      block_barrier ();
    }
  gather_values<N, U> (a, room, unit, part, n_parts, values);
  leave_rows (a, share, room.rows, room.stride, known);
}

/* --- Launching --- */

static guint
queries_of_block (guint n_queries)
{
  return n_queries == 1 ? 1 : n_queries <= 4 ? 4 : MOST_QUERIES;
}

/* The chunks, of what is known before it is known where the sequence ends, whatever the device. */
static void
share_out (const SottoCudaAttend *arguments, AttendArguments *a)
{
  const guint n_queries = arguments->n_rows * a->group;
  const gboolean is_many = attend_is_many (a);
  const gsize wanted = is_many ? WANTED_MANY : WANTED_BLOCKS;
  const gsize n_blocks
    = (gsize) ceil_divide (n_queries, is_many ? ATTEND_MANY : queries_of_block (n_queries)) * a->cache.n_heads;
  const guint n_most = n_blocks > wanted / 2             ? 1
                       : wanted / n_blocks < MOST_CHUNKS ? (guint) (wanted / n_blocks)
                                                         : MOST_CHUNKS;
  gsize n_seen = arguments->n_positions_most;
  guint n_cut;

  /* All rows together see no more than this, which may begin anywhere. */
  if (a->step.window > 0 && a->step.mask != SOTTO_MASK_ALL && n_seen > (gsize) a->step.window + a->n_rows)
    n_seen = (gsize) a->step.window + a->n_rows;
  /* What begins with the sequence begins with a chunk. */
  n_cut = n_seen < arguments->n_positions_most;
  for (a->chunk = SHORTEST_CHUNK; (a->n_chunks = ceil_divide (n_seen, a->chunk) + n_cut) > n_most && n_most > 1;)
    a->chunk *= 2;
  if (n_most == 1 || a->n_chunks == 0)
    a->n_chunks = 1;
}

static AttendArguments
describe (const SottoCudaAttend *arguments)
{
  AttendArguments a = {};

  a.queries = arguments->queries;
  a.gates = arguments->gates;
  a.attended = arguments->attended;
  a.position = arguments->position;
  a.partials = arguments->partials;
  a.cache = *arguments->cache;
  a.step = *arguments->step;
  a.n_rows = arguments->n_rows;
  a.group = a.step.n_heads / a.cache.n_heads;
  a.n_value = a.cache.n_value > 0 ? a.cache.n_value : a.cache.n_latent;
  a.key_spread = spread_of_keys (arguments->cache);
  a.value_spread = spread_of_values (arguments->cache);
  share_out (arguments, &a);
  return a;
}

/* What share_out() makes of fewer rows and positions may be more chunks, so that this is no less than for any of them: of a
 * row's heads each has at most so many chunks as begin in what is seen; and where there are several, no more blocks are
 * asked for than are wanted, each of so many queries at most. */
gsize
sotto_cuda_attend_partial_floats (const SottoCudaAttend *arguments)
{
  const AttendArguments a = describe (arguments);
  const gsize begun = ceil_divide (arguments->n_positions_most, SHORTEST_CHUNK) + 1;
  const gsize of_heads = (gsize) a.n_rows * a.step.n_heads * (begun < MOST_CHUNKS ? begun : MOST_CHUNKS);
  const gsize of_few = (gsize) WANTED_BLOCKS * MOST_QUERIES, of_many = (gsize) WANTED_MANY * ATTEND_MANY;
  const gsize of_blocks = a.n_rows > SOTTO_CUDA_FEW && of_many > of_few ? of_many : of_few;

  return (of_heads < of_blocks ? of_heads : of_blocks) * (a.n_value + 2);
}

template <SottoKvType TYPE, guint N, guint U>
static gboolean
attend_of (SottoCudaDevice *self, const AttendArguments *a)
{
  const guint widest = a->cache.n_key > a->n_value ? a->cache.n_key : a->n_value;
  Shape shape = {};

  shape.n_blocks = a->n_chunks;
  shape.n_blocks_y = a->cache.n_heads;
  shape.n_blocks_z = ceil_divide ((gsize) a->n_rows * a->group, N);
  shape.n_threads = N_THREADS;
  shape.shared_bytes = N * ((gsize) ceil_divide (widest, CACHE_BLOCK) * CACHE_BLOCK + N_THREADS) * sizeof (float);
  return launch (self, "attention", shape, attend_kernel<TYPE, N, U>, *a);
}

template <SottoKvType TYPE>
static gboolean
attend_type (SottoCudaDevice *self, const AttendArguments *a)
{
  const guint n = queries_of_block (a->n_rows * a->group);

  if (a->n_value > MOST_VALUES / 2)
    return attend_of<TYPE, 4, 2> (self, a);
  return n == 1 ? attend_of<TYPE, 1, 1> (self, a)
         : n == 4 ? attend_of<TYPE, 4, 1> (self, a)
                  : attend_of<TYPE, MOST_QUERIES, 1> (self, a);
}

static gboolean
attend_chunks (SottoCudaDevice *self, const AttendArguments *a)
{
  if (attend_is_many (a) && attend_many_fits (self, a))
    return attend_many (self, a);
  switch (a->cache.type)
    {
    case SOTTO_KV_F32:
      return attend_type<SOTTO_KV_F32> (self, a);
    case SOTTO_KV_F16:
      return attend_type<SOTTO_KV_F16> (self, a);
    case SOTTO_KV_Q8_0:
      return attend_type<SOTTO_KV_Q8_0> (self, a);
    case SOTTO_KV_Q4_0:
      return attend_type<SOTTO_KV_Q4_0> (self, a);
    default:
      return device_refuse (self, "no attention of that cache");
    }
}

gboolean
sotto_cuda_attend (SottoCudaDevice *self, const SottoCudaAttend *arguments)
{
  const AttendArguments a = describe (arguments);

  if (a.n_value > MOST_VALUES || a.cache.n_key > MOST_VALUES)
    return device_refuse (self, "heads of more than " G_STRINGIFY (MOST_VALUES) " elements are too large for attention");
  if (!attend_chunks (self, &a))
    return FALSE;
  if (a.n_chunks > 1)
    return attend_merge (self, &a, &arguments->operand);
  return arguments->operand.high == NULL || sotto_cuda_quantise (self, &arguments->operand);
}
