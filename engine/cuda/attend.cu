/* Attention: a block takes a chunk of positions for some queries of one head of K and V.
 *
 * Roof: of few rows memory, each byte of the cache is read once for up to 8 queries that share it (heads of a group,
 * rows); of many rows the products, 2 (n_key + n_value) a query and position, done in F32. Chunks are as many as fill a
 * device whatever the heads; what they give is merged in their order (attend-merge.cu). Where queries alone fill it, a
 * block takes all positions.
 *
 * 128 positions at a time: a thread has a position and sums its key with all queries, block of 32 elements after block;
 * a warp turns the scores of a query into weights; a thread has 4 elements of the values, and some of the positions
 * where values are short. A query's result does not depend on the others of its block.
 *
 * The length of a sequence is read on the device: a recording outlives it. What lies behind its end is for blocks that do
 * nothing.
 */

#include "cuda/attend.h"

#define N_THREADS 128    /* and positions at a time */
#define MOST_QUERIES 8
#define MOST_VALUES 1024 /* 4 elements a thread, twice */

/* Blocks that are thought to fill any device, and the shortest stretch worth one. */
#define WANTED_BLOCKS 1024
#define SHORTEST_CHUNK 256

/* --- Elements of a cache --- */

DEVICE void
add_bytes (guint32 word, float *x)
{
UNROLL
  for (guint i = 0; i < 4; i++)
    x[i] = (float) (gint8) (word >> 8 * i);
}

DEVICE guint32
load_pair (const guint8 *at)
{
  const guint16 *halves = reinterpret_cast<const guint16 *> (at);

  return load (halves) | (guint32) load (halves + 1) << 16;
}

DEVICE float
load_scale (const guint8 *at)
{
  Half scale = {load (reinterpret_cast<const guint16 *> (at))};

  return half_to_float (scale);
}

/* A block of 32 elements. */
template <SottoKvType TYPE>
DEVICE void
load_block (const guint8 *row, guint block, float *x)
{
  if constexpr (TYPE == SOTTO_KV_F32)
    {
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i += 4)
        {
          Floats4 four = load (reinterpret_cast<const Floats4 *> (row) + block * 8 + i / 4);

          x[i] = four.x;
          x[i + 1] = four.y;
          x[i + 2] = four.z;
          x[i + 3] = four.w;
        }
    }
  else if constexpr (TYPE == SOTTO_KV_F16)
    {
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i += 8)
        {
          Words4 words = load (reinterpret_cast<const Words4 *> (row) + block * 4 + i / 8);
          const guint32 four[4] = {words.x, words.y, words.z, words.w};

UNROLL
          for (guint j = 0; j < 4; j++)
            {
              x[i + 2 * j] = halves_low (four[j]);
              x[i + 2 * j + 1] = halves_high (four[j]);
            }
        }
    }
  else
    {
      const guint8 *at = row + block * (TYPE == SOTTO_KV_Q8_0 ? 34 : 18);
      const float scale = load_scale (at);

UNROLL
      for (guint i = 0; i < (TYPE == SOTTO_KV_Q8_0 ? 8 : 4); i++)
        {
          const guint32 word = load_pair (at + 2 + 4 * i);

          if constexpr (TYPE == SOTTO_KV_Q8_0)
            add_bytes (word, x + 4 * i);
          else
            {
              add_bytes (word & 0x0f0f0f0fu, x + 4 * i);
              add_bytes (word >> 4 & 0x0f0f0f0fu, x + 4 * i + 16);
            }
        }
UNROLL
      for (guint i = 0; i < CACHE_BLOCK; i++)
        x[i] = (TYPE == SOTTO_KV_Q8_0 ? x[i] : x[i] - 8.0f) * scale;
    }
}

/* Elements unit * 4 … unit * 4 + 3. */
template <SottoKvType TYPE>
DEVICE Floats4
load_unit (const guint8 *row, guint unit)
{
  if constexpr (TYPE == SOTTO_KV_F32)
    return load (reinterpret_cast<const Floats4 *> (row) + unit);
  else if constexpr (TYPE == SOTTO_KV_F16)
    {
      Words2 words = load (reinterpret_cast<const Words2 *> (row) + unit);

      return {halves_low (words.x), halves_high (words.x), halves_low (words.y), halves_high (words.y)};
    }
  else
    {
      const guint8 *at = row + unit / 8 * (TYPE == SOTTO_KV_Q8_0 ? 34 : 18);
      const float scale = load_scale (at);
      float x[4];

      if constexpr (TYPE == SOTTO_KV_Q8_0)
        add_bytes (load_pair (at + 2 + unit % 8 * 4), x);
      else
        {
          add_bytes (load_pair (at + 2 + unit % 4 * 4) >> (unit % 8 < 4 ? 0 : 4) & 0x0f0f0f0fu, x);
UNROLL
          for (guint i = 0; i < 4; i++)
            x[i] -= 8.0f;
        }
      return {x[0] * scale, x[1] * scale, x[2] * scale, x[3] * scale};
    }
}

/* --- A tile of positions --- */

typedef struct {
  float *rows;             /* (N, stride): queries; in the end the values attended */
  float *weights;          /* (N_THREADS, N): scores, then what they count */
  guint stride;            /* of rows: a multiple of 32 */
} Room;

typedef struct {
  Query query;
  float scale;
  float slope;
  float highest;
  float factor;            /* what the values so far count, now that there is a higher score */
  float sum;
} Known;

template <SottoKvType TYPE, guint N>
DEVICE void
score_position (const AttendArguments &a, const Room &room, const guint8 *key, float *sums)
{
  const guint n_blocks = (a.cache.n_key + CACHE_BLOCK - 1) / CACHE_BLOCK;

  for (guint block = 0; block < n_blocks; block++)
    {
      float x[CACHE_BLOCK];

      load_block<TYPE> (key, block, x);
      /* What fills a row up is no number of the key's. */
      if ((block + 1) * CACHE_BLOCK > a.cache.n_key)
        {
UNROLL
          for (guint i = 0; i < CACHE_BLOCK; i++)
            if (block * CACHE_BLOCK + i >= a.cache.n_key)
              x[i] = 0.0f;
        }
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
}

DEVICE float
finish_score (const AttendArguments &a, const Known &known, guint position, float sum)
{
  float score = sum * known.scale;

  if (position < known.query.first || position >= known.query.end)
    return NO_SCORE;
  if (a.step.soft_cap > 0.0f)
    score = a.step.soft_cap * sotto_tanh (score / a.step.soft_cap);
  return score + known.slope * (float) ((gint) position - (gint) known.query.position);
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

/* --- A block --- */

/* Queries are numbered row by row, then head by head of the group. */
DEVICE Query
query_at (const AttendArguments &a, guint begin, guint kv_head, guint index)
{
  Query query;

  query.row = index / a.group;
  query.head = kv_head * a.group + index % a.group;
  query.position = begin + query.row;
  query.first = first_seen (a, query.position);
  query.end = end_seen (a, begin, query.position);
  return query;
}

/* Queries behind the last are nobody's: they see nothing. */
template <guint N>
DEVICE void
bring_queries (const AttendArguments &a, const Room &room, guint begin, guint kv_head, guint first, guint n, Known *known)
{
  if (thread_index () < N)
    {
      Known k = {};

      if (thread_index () < n)
        {
          k.query = query_at (a, begin, kv_head, first + thread_index ());
          k.scale = a.step.scale * sharpen (a, k.query.position);
          k.slope = a.step.slopes != NULL ? load (&a.step.slopes[k.query.head]) : 0.0f;
        }
      k.highest = NO_SCORE;
      known[thread_index ()] = k;
    }
  for (guint i = thread_index (); i < N * room.stride; i += N_THREADS)
    {
      const guint q = i / room.stride, element = i % room.stride;
      float x = 0.0f;

      if (q < n && element < a.cache.n_key)
        {
          const guint row = (first + q) / a.group, head = kv_head * a.group + (first + q) % a.group;

          x = load (&a.queries[((gsize) row * a.step.n_heads + head) * a.cache.n_key + element]);
        }
      room.rows[i] = x;
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

template <guint N>
DEVICE void
keep_partials (const AttendArguments &a, const Room &room, guint n, guint chunk, const Known *known)
{
  for (guint q = 0; q < n; q++)
    {
      const gsize index = ((gsize) known[q].query.row * a.step.n_heads + known[q].query.head) * a.n_chunks + chunk;
      float *partial = a.partials + index * (a.n_value + 2);

      for (guint d = thread_index (); d < a.n_value; d += N_THREADS)
        partial[d] = room.rows[q * room.stride + d];
      if (thread_index () == 0)
        {
          partial[a.n_value] = known[q].highest;
          partial[a.n_value + 1] = known[q].sum;
        }
    }
}

/* N queries of a block; U times 4 elements of the values a thread. */
template <SottoKvType TYPE, guint N, guint U>
KERNEL (N_THREADS)
attend_kernel (const AttendArguments a)
{
  SHARED_DYNAMIC (float, shared);
  SHARED (Known, known, [N]);
  const guint begin = load (a.position);
  const guint kv_head = block_index_y ();
  const guint n_queries = a.n_rows * a.group;
  /* The last rows see most: they come first, so that no multiprocessor is left with one at the end. */
  const guint first_query = ((n_queries + N - 1) / N - 1 - block_index_z ()) * N;
  const guint n = n_queries - first_query < N ? n_queries - first_query : N;
  const Query low = query_at (a, begin, kv_head, first_query);
  const Query high = query_at (a, begin, kv_head, first_query + n - 1);
  const guint chunk = a.n_chunks > 1 ? first_seen (a, begin) / a.chunk + block_index () : 0;
  const guint first = low.first > chunk * a.chunk ? low.first : chunk * a.chunk;
  const guint end = a.n_chunks > 1 && high.end > (chunk + 1) * a.chunk ? (chunk + 1) * a.chunk : high.end;
  const gsize cache_rows = (gsize) kv_head * a.cache.capacity;
  const guint8 *keys = a.cache.keys + cache_rows * a.cache.key_bytes;
  const gsize value_bytes = a.cache.n_value > 0 ? a.cache.value_bytes : a.cache.key_bytes;
  const guint8 *rows = a.cache.n_value > 0 ? a.cache.values + cache_rows * value_bytes : keys;
  const guint widest = a.cache.n_key > a.n_value ? a.cache.n_key : a.n_value;
  const guint n_units = (a.n_value + 3) / 4;
  /* Short values have threads to spare: they share out the positions. */
  const guint n_parts = n_units < N_THREADS ? N_THREADS / n_units : 1;
  const guint part = n_units < N_THREADS ? thread_index () / n_units : 0;
  const guint unit = n_units < N_THREADS ? thread_index () % n_units : thread_index ();
  Room room;
  Floats4 values[U][N] = {};

  /* Chunks behind a row's end are nobody's, also those that the grid has for a longer sequence. */
  if (first >= end)
    return;
  room.stride = (widest + CACHE_BLOCK - 1) / CACHE_BLOCK * CACHE_BLOCK;
  room.rows = shared;
  room.weights = shared + N * room.stride;
  bring_queries<N> (a, room, begin, kv_head, first_query, n, known);
  for (guint tile = first / N_THREADS * N_THREADS; tile < end; tile += N_THREADS)
    {
      const guint position = tile + thread_index ();
      const guint tile_first = first > tile ? first - tile : 0;
      const guint tile_end = end - tile < N_THREADS ? end - tile : N_THREADS;
      float sums[N] = {};

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
           i < tile_end; i += n_parts)
        {
          const guint8 *row = rows + (tile + i) % a.cache.capacity * value_bytes;

UNROLL
          for (guint u = 0; u < U; u++)
            {
              Floats4 value;

              if (unit + u * N_THREADS >= n_units)
                continue;
              value = load_unit<TYPE> (row, unit + u * N_THREADS);
UNROLL
              for (guint q = 0; q < N; q++)
                {
                  const float weight = room.weights[i * N + q];

                  values[u][q] = {fused (weight, value.x, values[u][q].x), fused (weight, value.y, values[u][q].y),
                                  fused (weight, value.z, values[u][q].z), fused (weight, value.w, values[u][q].w)};
                }
            }
        }
      block_barrier ();
    }
  gather_values<N, U> (a, room, unit, part, n_parts, values);
  if (a.n_chunks > 1)
    keep_partials<N> (a, room, n, block_index (), known);
  else
    finish_rows (a, room.rows, n, room.stride, [&] (guint i) { return known[i].query; },
                 [&] (guint i) { return known[i].highest; }, [&] (guint i) { return known[i].sum; });
}

/* --- Launching --- */

static guint
queries_of_block (guint n_queries)
{
  return n_queries == 1 ? 1 : n_queries <= 4 ? 4 : MOST_QUERIES;
}

/* The chunks, of what is known before it is known where the sequence ends. */
static void
share_out (const SottoCudaAttend *arguments, AttendArguments *a)
{
  const guint n_queries = arguments->n_rows * a->group;
  const gsize n_blocks = (gsize) ceil_divide (n_queries, queries_of_block (n_queries)) * a->cache.n_heads;
  const guint n_most = n_blocks > WANTED_BLOCKS / 2        ? 1
                       : WANTED_BLOCKS / n_blocks < MOST_CHUNKS ? (guint) (WANTED_BLOCKS / n_blocks)
                                                           : MOST_CHUNKS;
  gsize n_seen = arguments->n_positions_most;

  /* All rows together see no more than this, which may begin anywhere. */
  if (a->step.window > 0 && a->step.mask == SOTTO_MASK_CAUSAL && n_seen > (gsize) a->step.window + a->n_rows)
    n_seen = (gsize) a->step.window + a->n_rows;
  for (a->chunk = SHORTEST_CHUNK; (a->n_chunks = ceil_divide (n_seen, a->chunk) + 1) > n_most && n_most > 1;)
    a->chunk *= 2;
  if (n_seen == arguments->n_positions_most)
    a->n_chunks = ceil_divide (n_seen, a->chunk);
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

gsize
sotto_cuda_attend_partial_floats (const SottoCudaAttend *arguments)
{
  const AttendArguments a = describe (arguments);

  return a.n_chunks == 1 ? 0 : (gsize) a.n_rows * a.step.n_heads * a.n_chunks * (a.n_value + 2);
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
  return launch (self, "attention", shape, attend_kernel<TYPE, N, U>, *a)
         && (a->n_chunks == 1 || attend_merge (self, a));
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

gboolean
sotto_cuda_attend (SottoCudaDevice *self, const SottoCudaAttend *arguments)
{
  const AttendArguments a = describe (arguments);

  if (a.n_value > MOST_VALUES || a.cache.n_key > MOST_VALUES)
    return device_refuse (self, "heads are too large for attention");
  switch (a.cache.type)
    {
    case SOTTO_KV_F32:
      return attend_type<SOTTO_KV_F32> (self, &a);
    case SOTTO_KV_F16:
      return attend_type<SOTTO_KV_F16> (self, &a);
    case SOTTO_KV_Q8_0:
      return attend_type<SOTTO_KV_Q8_0> (self, &a);
    case SOTTO_KV_Q4_0:
      return attend_type<SOTTO_KV_Q4_0> (self, &a);
    default:
      return device_refuse (self, "no attention of that cache");
    }
}
