/* Attention of many rows: prefill.
 *
 * Roof: tensor cores of halves, 2 (n_key + n_value) a query and position. A block takes 64 queries that share a head of K
 * and V, a warp 16 of them; 32 positions at a time become halves in shared memory, whatever the cache's type. Scores,
 * what they count and the values attended stay in a warp's registers (Dao 2023): the halves of what scores count are
 * where the second product wants them.
 *
 * Queries are scaled before they become halves, each by its largest element. Positions that only some of the queries see
 * count nothing for the others, so that a query's result does not depend on those. Caches of F32 are for exactness, heads
 * of more than 256 elements have no room in registers: attend.cu takes them, and devices before 7.5.
 */

#include "cuda/attend.h"

#define N_THREADS 128
#define N_WARPS (N_THREADS / N_LANES)
#define POSITIONS 32
#define ROWS 16          /* of a warp */
#define QUERY_HIGHEST 1024.0f
#define MOST_ELEMENTS 256
#define FEWEST_QUERIES 16

/* D: elements of a head, filled up with zeros. Rows of halves begin in different banks. */
template <guint D>
struct Tiles {
  static constexpr guint PITCH = D + 8;

  Half *queries;           /* (ATTEND_MANY, PITCH) */
  Half *keys;              /* (POSITIONS, PITCH) */
  Half *values;            /* (POSITIONS, PITCH) */
};

/* --- Halves --- */

/* In two turns, by way of floats where keys and values will be. */
template <guint D>
DEVICE void
bring_queries (const AttendArguments &a, const Share &share, const Tiles<D> &tiles, Known *known)
{
  float *rows = reinterpret_cast<float *> (tiles.keys);

  for (guint first = 0; first < ATTEND_MANY; first += POSITIONS)
    {
      block_barrier ();
      for (guint i = thread_index (); i < POSITIONS * D; i += N_THREADS)
        rows[i] = query_element (a, share, first + i / D, i % D);
      block_spread (rows, POSITIONS, D, a.cache.n_key, a.key_spread);
      for (guint row = warp_index (); row < POSITIONS; row += N_WARPS)
        {
          float most = 0.0f;

          for (guint i = lane_index (); i < D; i += N_LANES)
            most = fabsf (rows[row * D + i]) > most ? fabsf (rows[row * D + i]) : most;
          most = warp_max (most);
          for (guint i = lane_index (); i < D; i += N_LANES)
            tiles.queries[(first + row) * Tiles<D>::PITCH + i]
              = float_to_half (most > 0.0f ? rows[row * D + i] * (QUERY_HIGHEST / most) : 0.0f);
          if (lane_index () == 0)
            known[first + row].scale *= most / QUERY_HIGHEST;
        }
    }
  block_barrier ();
}

/* Elements 8 unit … 8 unit + 7 of a row of n. */
template <SottoKvType TYPE>
DEVICE Words4
bring_unit (const guint8 *row, guint unit, guint n)
{
  float x[8];

  if (unit * 8 >= n)
    return {0, 0, 0, 0};
  if constexpr (TYPE == SOTTO_KV_F16)
    if (unit * 8 + 8 <= n)
      return load (reinterpret_cast<const Words4 *> (row) + unit);
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      const Floats4 four = load_unit<TYPE> (row, 2 * unit + i);

      x[4 * i] = four.x;
      x[4 * i + 1] = four.y;
      x[4 * i + 2] = four.z;
      x[4 * i + 3] = four.w;
    }
  /* What fills a row up is no number of the head's. */
UNROLL
  for (guint i = 0; i < 8; i++)
    if (unit * 8 + i >= n)
      x[i] = 0.0f;
  return {halves_pack (x[0], x[1]), halves_pack (x[2], x[3]), halves_pack (x[4], x[5]), halves_pack (x[6], x[7])};
}

/* Positions that are not the block's are zeros. */
template <SottoKvType TYPE, guint D>
DEVICE void
bring_positions (const AttendArguments &a, const Share &share, guint tile, const guint8 *rows, gsize row_bytes, guint n,
                 Half *target)
{
  for (guint i = thread_index (); i < POSITIONS * (D / 8); i += N_THREADS)
    {
      const guint position = tile + i / (D / 8), unit = i % (D / 8);
      Words4 words = {0, 0, 0, 0};

      if (position >= share.first && position < share.end)
        words = bring_unit<TYPE> (rows + position % a.cache.capacity * row_bytes, unit, n);
      *reinterpret_cast<Words4 *> (target + i / (D / 8) * Tiles<D>::PITCH + 8 * unit) = words;
    }
}

/* --- Products of a warp --- */

/* scores (16, 32): columns of eight positions each */
template <guint D>
DEVICE void
multiply_keys (const Tiles<D> &tiles, guint n_key, float (*scores)[4])
{
  const guint lane = lane_index ();
  const Half *query = tiles.queries + (warp_index () * ROWS + lane % 16) * Tiles<D>::PITCH + lane / 16 * 8;
  const Half *key = tiles.keys + (lane / 16 * 8 + lane % 8) * Tiles<D>::PITCH + lane / 8 % 2 * 8;

  for (guint element = 0; element < n_key; element += 16)
    {
      guint32 q[4], k[4];

      matrix_load_4 (q, query + element);
UNROLL
      for (guint i = 0; i < POSITIONS / 16; i++)
        {
          matrix_load_4 (k, key + i * 16 * Tiles<D>::PITCH + element);
          mma_half (scores[2 * i], q, k);
          mma_half (scores[2 * i + 1], q, k + 2);
        }
    }
}

/* attended (16, D) += what scores count (16, 32) * values (32, D) */
template <guint D>
DEVICE void
multiply_values (const Tiles<D> &tiles, guint n_value, const float (*weights)[4], float (*attended)[4])
{
  const guint lane = lane_index ();
  const Half *value = tiles.values + lane % 16 * Tiles<D>::PITCH + lane / 16 * 8;

UNROLL
  for (guint i = 0; i < POSITIONS / 16; i++)
    {
      const float *left = weights[2 * i], *right = weights[2 * i + 1];
      const guint32 w[4] = {halves_pack (left[0], left[1]), halves_pack (left[2], left[3]),
                            halves_pack (right[0], right[1]), halves_pack (right[2], right[3])};

UNROLL
      for (guint e = 0; e < D / 16; e++)
        {
          guint32 v[4];

          if (e * 16 >= n_value)
            continue;
          matrix_load_4_turned (v, value + i * 16 * Tiles<D>::PITCH + e * 16);
          mma_half (attended[2 * e], w, v);
          mma_half (attended[2 * e + 1], w, v + 2);
        }
    }
}

/* --- A block --- */

/* Of a lane: two of its warp's queries; sums are of its own columns. */
typedef struct {
  Known queries[2];
} Pair;

/* Sums become scores, and those what they count; what was attended so far counts factor. */
DEVICE void
weigh (const AttendArguments &a, guint tile, Pair *pair, float (*scores)[4])
{
UNROLL
  for (guint r = 0; r < 2; r++)
    {
      Known *known = &pair->queries[r];
      float highest = NO_SCORE;

UNROLL
      for (guint i = 0; i < POSITIONS / 8; i++)
UNROLL
        for (guint j = 0; j < 2; j++)
          {
            float *score = &scores[i][2 * r + j];

            *score = finish_score (a, *known, tile + 8 * i + lane_index () % 4 * 2 + j, *score);
            highest = *score > highest ? *score : highest;
          }
      highest = warp_max<4> (highest);
      highest = known->highest > highest ? known->highest : highest;
      known->factor = count_score (known->highest, highest);
      known->highest = highest;
      known->sum *= known->factor;
UNROLL
      for (guint i = 0; i < POSITIONS / 8; i++)
UNROLL
        for (guint j = 0; j < 2; j++)
          {
            float *score = &scores[i][2 * r + j];

            *score = count_score (*score, highest);
            known->sum += *score;
          }
    }
}

template <SottoKvType TYPE, guint D>
KERNEL (N_THREADS)
attend_many_kernel (const AttendArguments a)
{
  previous_wait ();

  SHARED_DYNAMIC (Half, shared);
  SHARED (Known, known, [ATTEND_MANY]);
  const Share share = share_of_block (a, ATTEND_MANY);
  const Tiles<D> tiles = {shared, shared + ATTEND_MANY * Tiles<D>::PITCH,
                          shared + (ATTEND_MANY + POSITIONS) * Tiles<D>::PITCH};
  const gsize cache_rows = (gsize) share.kv_head * a.cache.capacity;
  const guint8 *keys = a.cache.keys + cache_rows * a.cache.key_bytes;
  const gsize value_bytes = a.cache.n_value > 0 ? a.cache.value_bytes : a.cache.key_bytes;
  const guint8 *values = a.cache.n_value > 0 ? a.cache.values + cache_rows * value_bytes : keys;
  const guint row = warp_index () * ROWS + lane_index () / 4;
  float attended[D / 8][4] = {};
  float *rows = reinterpret_cast<float *> (shared);
  Pair pair;

  if (share.first >= share.end)
    return;
  if (thread_index () < ATTEND_MANY)
    {
      Known k = {};

      k.highest = NO_SCORE;
      if (thread_index () < share.n)
        k = begin_query (a, query_at (a, share.begin, share.kv_head, share.first_query + thread_index ()));
      known[thread_index ()] = k;
    }
  bring_queries<D> (a, share, tiles, known);
  pair = {{known[row], known[row + 8]}};
  for (guint tile = share.first / POSITIONS * POSITIONS; tile < share.end; tile += POSITIONS)
    {
      float scores[POSITIONS / 8][4] = {};

      bring_positions<TYPE, D> (a, share, tile, keys, a.cache.key_bytes, a.cache.n_key, tiles.keys);
      bring_positions<TYPE, D> (a, share, tile, values, value_bytes, a.n_value, tiles.values);
      block_barrier ();
      multiply_keys<D> (tiles, a.cache.n_key, scores);
      weigh (a, tile, &pair, scores);
UNROLL
      for (guint i = 0; i < D / 8; i++)
UNROLL
        for (guint j = 0; j < 4; j++)
          attended[i][j] *= pair.queries[j / 2].factor;
      multiply_values<D> (tiles, a.n_value, scores, attended);
      block_barrier ();
    }
  /* There is room for floats now. */
UNROLL
  for (guint i = 0; i < D / 8; i++)
UNROLL
    for (guint j = 0; j < 4; j++)
      rows[(row + j / 2 * 8) * D + 8 * i + lane_index () % 4 * 2 + j % 2] = attended[i][j];
UNROLL
  for (guint r = 0; r < 2; r++)
    {
      const float sum = warp_sum<4> (pair.queries[r].sum);

      if (lane_index () % 4 == 0)
        {
          known[row + 8 * r].highest = pair.queries[r].highest;
          known[row + 8 * r].sum = sum;
        }
    }
  block_barrier ();
  leave_rows (a, share, rows, D, known);
}

/* --- Launching --- */

static guint
count_elements (const AttendArguments *a)
{
  const guint widest = a->cache.n_key > a->n_value ? a->cache.n_key : a->n_value;

  return widest <= 64 ? 64 : widest <= 128 ? 128 : MOST_ELEMENTS;
}

/* Halves, or the floats that come in their place. */
static gsize
count_shared (const AttendArguments *a)
{
  const gsize n = count_elements (a);

  return (ATTEND_MANY + 2 * POSITIONS) * (n + 8) * sizeof (Half);
}

gboolean
attend_is_many (const AttendArguments *a)
{
  return a->cache.type != SOTTO_KV_F32 && a->n_rows > SOTTO_CUDA_FEW && a->n_rows * a->group >= FEWEST_QUERIES
         && a->cache.n_key <= MOST_ELEMENTS && a->n_value <= MOST_ELEMENTS;
}

gboolean
attend_many_fits (SottoCudaDevice *self, const AttendArguments *a)
{
  const DeviceFacts *facts = device_facts (self);

  /* Known is what lies there beside. */
  return facts->architecture >= 75 && count_shared (a) + ATTEND_MANY * sizeof (Known) <= facts->shared_bytes;
}

template <SottoKvType TYPE, guint D>
static gboolean
attend_many_of (SottoCudaDevice *self, const AttendArguments *a)
{
  Shape shape = {};

  shape.n_blocks = a->n_chunks;
  shape.n_blocks_y = a->cache.n_heads;
  shape.n_blocks_z = ceil_divide ((gsize) a->n_rows * a->group, ATTEND_MANY);
  shape.n_threads = N_THREADS;
  shape.shared_bytes = count_shared (a);
  return launch (self, "attention of many", shape, attend_many_kernel<TYPE, D>, *a);
}

template <SottoKvType TYPE>
static gboolean
attend_many_type (SottoCudaDevice *self, const AttendArguments *a)
{
  const guint n = count_elements (a);

  return n == 64    ? attend_many_of<TYPE, 64> (self, a)
         : n == 128 ? attend_many_of<TYPE, 128> (self, a)
                    : attend_many_of<TYPE, MOST_ELEMENTS> (self, a);
}

gboolean
attend_many (SottoCudaDevice *self, const AttendArguments *arguments)
{
  switch (arguments->cache.type)
    {
    case SOTTO_KV_F16:
      return attend_many_type<SOTTO_KV_F16> (self, arguments);
    case SOTTO_KV_Q8_0:
      return attend_many_type<SOTTO_KV_Q8_0> (self, arguments);
    case SOTTO_KV_Q4_0:
      return attend_many_type<SOTTO_KV_Q4_0> (self, arguments);
    default:
      return device_refuse (self, "no attention of that cache");
    }
}
