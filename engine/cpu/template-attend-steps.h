/* Softmax attention of many queries as products of integers, over Lanes, behind template-softmax.h and a tier's pairs-*.h:
 * two multiply-adds in the time that floats take for one, on processors with VNNI.
 *
 * Steps are integers of 16 bits. A query and a key have a scale each, by which the root of the sum of their squares is at most
 * STEPS_LENGTH: whatever their direction, their product is below 2^31 (Cauchy and Schwarz). A value has a scale by its
 * highest magnitude, which goes into the weight of its key; the sum of a tile's weights is STEPS_MOST, so that what they
 * add up to of values is below 2^31, too. Of scores as much is lost as halves have lost of the keys.
 *
 * The order of sums is that of template-attention.h, integers being exact: keys go by tiles of SOTTO_ATTEND_TILE, and
 * nothing about a query depends on the queries, or on keys that it does not see.
 *
 * What is no number has to come out as none: a maximum forgets it, so that each scale is taken from a sum, too, which stands
 * second in the last maximum.
 *
 * Products are of pairs: two elements of a head, or two keys, side by side. */

#define STEPS_MOST 32700.0f   /* 67 less than there are: rounding adds half a step to each */
#define STEPS_LENGTH 46300.0f /* 40 below the root of 2^31, which is more than rounding adds to STEPS_ELEMENTS' length */
#define STEPS_ELEMENTS 4096
#define STEPS_LEAST 1e-15f    /* what is shorter has fewer steps */

G_STATIC_ASSERT (STEPS_TOGETHER <= SOTTO_ATTEND_TOGETHER);

/* A call's, up to a whole number of those that are multiplied together. */
#define STEPS_QUERIES (SOTTO_ATTEND_QUERIES + STEPS_TOGETHER)

/* Rounding adds half a step to each element, and so half the root of their number to the length. */
G_ALWAYS_INLINE static inline float
steps_length (guint n)
{
  return n <= STEPS_ELEMENTS ? STEPS_LENGTH
                             : STEPS_LENGTH - 0.5f * (sqrtf ((float) n) - sqrtf ((float) STEPS_ELEMENTS));
}

/* Where things lie in the scratch; sotto_kernels_scratch() is the other side of this. */
typedef struct {
  float *floats;        /* a tile of keys and values, where they are neither halves nor floats */
  gint32 *keys;         /* (n_key_pairs, SOTTO_ATTEND_TILE) pairs of elements */
  gint32 *values;       /* (SOTTO_ATTEND_TILE / 2, value_stride) pairs of keys */
  gint32 *queries;      /* (STEPS_QUERIES, query_stride) pairs of elements, with zeros behind the last */
  float *key_scales;    /* (SOTTO_ATTEND_TILE) */
  float *value_scales;  /* (SOTTO_ATTEND_TILE) */
  float *query_scales;  /* (STEPS_QUERIES): those of their scores with them */
  guint n_key_pairs;
  guint query_stride;
} StepsRoom;

static StepsRoom
steps_room (const SottoAttendKeys *head, void *scratch)
{
  gsize n_head = MAX ((guint) sotto_cache_count_blocks (head->n_key) * SOTTO_CACHE_BLOCK, head->value_stride);
  StepsRoom room = { .floats = scratch, .n_key_pairs = (head->n_key + 1) / 2 };

  room.query_stride = (head->n_key + LANES - 1) / LANES * LANES / 2;
  room.keys = (gint32 *) (gpointer) (room.floats + (2 * SOTTO_ATTEND_TILE + SOTTO_KEY_TILE) * n_head);
  room.values = room.keys + SOTTO_ATTEND_TILE / 2 * n_head;
  room.queries = room.values + SOTTO_ATTEND_TILE / 2 * n_head;
  room.key_scales = (float *) (gpointer) (room.queries + STEPS_QUERIES / 2 * n_head);
  room.value_scales = room.key_scales + SOTTO_ATTEND_TILE;
  room.query_scales = room.value_scales + SOTTO_ATTEND_TILE;
  return room;
}

/* --- Operands --- */

/* Element d + 1 of sixteen keys; behind the last one there is a zero. */
G_ALWAYS_INLINE static inline Lanes
second_of_pair (SottoKvType type, const guint8 *keys, guint d, guint n_key)
{
  return d + 1 < n_key ? load_elements (type, keys, (gsize) (d + 1) * LANES) : lanes_all (0.0f);
}

G_ALWAYS_INLINE static inline void
pack_key_steps (const StepsRoom *room, const AttendTile *tile, SottoKvType type, guint n_key)
{
  for (guint first = 0; first < tile->end - tile->first; first += SOTTO_KEY_TILE)
    {
      const guint8 *keys = tile->keys + first / SOTTO_KEY_TILE * tile->key_tile_bytes;
      Lanes squares[2] = { lanes_all (0.0f), lanes_all (0.0f) };
      Lanes most[2] = { lanes_all (STEPS_LEAST), lanes_all (STEPS_LEAST) };
      Lanes scale;
      Lanes inverse;

      for (guint d = 0; d < n_key; d += 2)
        {
          Lanes a = load_elements (type, keys, (gsize) d * LANES);
          Lanes b = second_of_pair (type, keys, d, n_key);

          squares[0] = lanes_fma (a, a, squares[0]);
          squares[1] = lanes_fma (b, b, squares[1]);
          most[0] = lanes_maximum (most[0], lanes_absolute (a));
          most[1] = lanes_maximum (most[1], lanes_absolute (b));
        }
      scale = lanes_maximum (lanes_multiply (lanes_maximum (most[0], most[1]), lanes_all (1.0f / STEPS_MOST)),
                             lanes_multiply (lanes_root (lanes_add (squares[0], squares[1])), lanes_all (1.0f / steps_length (n_key))));
      inverse = lanes_divide (lanes_all (1.0f), scale);
      lanes_store (room->key_scales + first, scale);
      for (guint d = 0; d < n_key; d += 2)
        lanes_store_pairs (room->keys + (gsize) d / 2 * SOTTO_ATTEND_TILE + first,
                           lanes_multiply (load_elements (type, keys, (gsize) d * LANES), inverse),
                           lanes_multiply (second_of_pair (type, keys, d, n_key), inverse));
    }
}

/* The scale of a value's steps, and what they are multiplied with to be these. */
G_ALWAYS_INLINE static inline Lanes
scale_value (SottoKvType type, const guint8 *value, guint n, float *scale)
{
  Lanes most = lanes_all (STEPS_LEAST);
  Lanes sum = lanes_all (0.0f);
  float highest;

  for (guint d = 0; d < n; d += LANES)
    {
      Lanes part = load_elements (type, value, d);

      most = lanes_maximum (most, lanes_absolute (part));
      sum = lanes_add (sum, part);
    }
  highest = lanes_highest (most) + 0.0f * lanes_sum (sum);
  *scale = highest * (1.0f / STEPS_MOST);
  return lanes_all (STEPS_MOST / highest);
}

G_ALWAYS_INLINE static inline void
pack_value_steps (const StepsRoom *room, const AttendTile *tile, SottoKvType type, guint stride)
{
  guint n = tile->end - tile->first;

  memset (room->value_scales, 0, SOTTO_ATTEND_TILE * sizeof (float));
  for (guint k = 0; k < n; k += 2)
    {
      const guint8 *a = tile->values + k * tile->value_bytes;
      const guint8 *b = k + 1 < n ? a + tile->value_bytes : a;
      Lanes inverse_a = scale_value (type, a, stride, &room->value_scales[k]);
      Lanes inverse_b = k + 1 < n ? scale_value (type, b, stride, &room->value_scales[k + 1]) : lanes_all (0.0f);

      for (guint d = 0; d < stride; d += LANES)
        lanes_store_pairs (room->values + (gsize) k / 2 * stride + d,
                           lanes_multiply (load_elements (type, a, d), inverse_a),
                           lanes_multiply (load_elements (type, b, d), inverse_b));
    }
}

static void
pack_tile_steps (const StepsRoom *room, const SottoAttendKeys *head, const AttendTile *tile)
{
  if (tile->type == SOTTO_KV_F16)
    {
      pack_key_steps (room, tile, SOTTO_KV_F16, head->n_key);
      pack_value_steps (room, tile, SOTTO_KV_F16, head->value_stride);
      return;
    }
  pack_key_steps (room, tile, SOTTO_KV_F32, head->n_key);
  pack_value_steps (room, tile, SOTTO_KV_F32, head->value_stride);
}

/* Those that are missing to a whole number of STEPS_TOGETHER are zero. */
static void
pack_query_steps (const StepsRoom *room, const SottoQuery *queries, guint n_queries, guint n_key)
{
  guint n = (n_queries + STEPS_TOGETHER - 1) / STEPS_TOGETHER * STEPS_TOGETHER;

  for (guint i = 0; i < n_queries; i++)
    {
      gint16 *steps = (gint16 *) (room->queries + (gsize) i * room->query_stride);
      Lanes squares = lanes_all (0.0f);
      Lanes most = lanes_all (STEPS_LEAST);
      Lanes inverse;
      float scale;

      for (guint d = 0; d < n_key; d += LANES)
        {
          Lanes part = lanes_load_up_to (queries[i].vector + d, n_key - d);

          squares = lanes_fma (part, part, squares);
          most = lanes_maximum (most, lanes_absolute (part));
        }
      scale = MAX (lanes_highest (most) * (1.0f / STEPS_MOST), sqrtf (lanes_sum (squares)) * (1.0f / steps_length (n_key)));
      inverse = lanes_all (1.0f / scale);
      room->query_scales[i] = scale * queries[i].scale;
      for (guint d = 0; d < n_key; d += LANES)
        lanes_store_steps (steps + d, lanes_multiply (lanes_load_up_to (queries[i].vector + d, n_key - d), inverse));
    }
  memset (room->queries + (gsize) n_queries * room->query_stride, 0,
          (gsize) (n - n_queries) * room->query_stride * sizeof *room->queries);
}

/* --- Products --- */

/* Scores of keys 0 … n - 1 of the tile, and of what is left of STEPS_WIDTH behind them. */
static void
score_steps (const StepsRoom *room, guint first_query, guint n, float (*scores)[SOTTO_ATTEND_TILE])
{
  const gint32 *queries = room->queries + (gsize) first_query * room->query_stride;

  for (guint k = 0; k < n; k += STEPS_WIDTH)
    {
      gint32 sums[STEPS_TOGETHER][STEPS_WIDTH] __attribute__ ((aligned (64)));

      multiply_steps (queries, room->query_stride, room->keys + k, SOTTO_ATTEND_TILE, room->n_key_pairs, sums);
      for (guint i = 0; i < STEPS_TOGETHER; i++)
        for (guint l = 0; l < STEPS_WIDTH; l += LANES)
          lanes_store (scores[i] + k + l,
                       lanes_multiply (lanes_multiply (lanes_load_integers (sums[i] + l),
                                                       lanes_load (room->key_scales + k + l)),
                                       lanes_all (room->query_scales[first_query + i])));
    }
}

/* Scores to weights e^(score - highest), 0 of keys that are not seen; their sum goes to what there is of it. Each times the
 * scale of its value becomes steps. Returns what the sum of their products with values' steps is to be multiplied with. */
static inline float
weigh_steps (const StepsRoom *room, SeenKeys seen, const float *scores, float correction, gint16 *steps, SottoPartial *partial)
{
  Lanes highest = lanes_all (partial->highest);
  Lanes scaled[SOTTO_ATTEND_TILE / LANES];
  Lanes sums[2][2];
  Lanes inverse;
  float sum[2];

  if (seen.end == 0)
    {
      memset (steps, 0, SOTTO_ATTEND_TILE * sizeof *steps);
      return 0.0f;
    }
#pragma GCC unroll 4
  for (guint i = 0; i < G_N_ELEMENTS (scaled); i++)
    {
      Lanes weights = lanes_weigh (lanes_subtract (lanes_load (scores + i * LANES), highest));

      scaled[i] = lanes_multiply (weights, lanes_load (room->value_scales + i * LANES));
      sums[0][i % 2] = i < 2 ? weights : lanes_add (sums[0][i % 2], weights);
      sums[1][i % 2] = i < 2 ? scaled[i] : lanes_add (sums[1][i % 2], scaled[i]);
    }
  lanes_sum_two (lanes_add (sums[0][0], sums[0][1]), lanes_add (sums[1][0], sums[1][1]), sum);
  partial->sum = partial->sum * correction + sum[0];
  inverse = lanes_all (round_inverse (STEPS_MOST, sum[1]));
#pragma GCC unroll 4
  for (guint i = 0; i < G_N_ELEMENTS (scaled); i++)
    lanes_store_steps (steps + i * LANES, lanes_multiply (scaled[i], inverse));
  return round_scale (STEPS_MOST, sum[1]);
}

/* value_i = value_i * correction_i + scale_i * the sum over n keys of their steps */
static void
add_value_steps (const StepsRoom *room,
                 guint            stride,
                 guint            n,
                 guint            n_queries,
                 gint16         (*steps)[SOTTO_ATTEND_TILE],
                 const float     *scales,
                 const float     *corrections,
                 SottoPartial    *partials)
{
  for (guint d = 0; d < stride; d += STEPS_WIDTH)
    {
      gint32 sums[STEPS_TOGETHER][STEPS_WIDTH] __attribute__ ((aligned (64)));

      multiply_steps ((const gint32 *) (gconstpointer) steps, SOTTO_ATTEND_TILE / 2, room->values + d, stride, (n + 1) / 2,
                      sums);
      for (guint i = 0; i < n_queries; i++)
        for (guint l = 0; l < STEPS_WIDTH; l += LANES)
          {
            float *value = partials[i].value + d + l;

            lanes_store (value, lanes_fma (lanes_load_integers (sums[i] + l), lanes_all (scales[i]),
                                           lanes_multiply (lanes_load (value), lanes_all (corrections[i]))));
          }
    }
}

/* --- All of it --- */

/* Queries first_query … of the call, of a tile that is packed. */
static void
attend_steps_together (const StepsRoom       *room,
                       const SottoAttendKeys *head,
                       const AttendTile      *tile,
                       guint                  first_query,
                       guint                  n_queries,
                       const SottoQuery      *queries,
                       SottoPartial          *partials)
{
  float scores[STEPS_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  gint16 steps[STEPS_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  float scales[STEPS_TOGETHER];
  float corrections[LANES];
  SeenKeys seen[STEPS_TOGETHER];
  guint n = 0;

  for (guint i = 0; i < n_queries; i++)
    {
      seen[i] = seen_keys (tile, &queries[i]);
      n = MAX (n, seen[i].end);
    }
  if (n == 0)
    return;
  score_steps (room, first_query, n, scores);
  for (guint i = 0; i < n_queries; i++)
    bend_scores (head, tile, &queries[i], scores[i]);
  raise_highest (n_queries, seen, scores, corrections, partials);
  for (guint i = 0; i < n_queries; i++)
    scales[i] = weigh_steps (room, seen[i], scores[i], corrections[i], steps[i], &partials[i]);
  for (guint i = n_queries; i < STEPS_TOGETHER; i++)
    memset (steps[i], 0, sizeof steps[i]);
  add_value_steps (room, head->value_stride, n, n_queries, steps, scales, corrections, partials);
}

/* Asks for the tile behind this one while this one is multiplied. */
static void
ask_for_tile (const SottoAttendKeys *head, const AttendTile *tile)
{
  gsize key_bytes = SOTTO_ATTEND_TILE / SOTTO_KEY_TILE * tile->key_tile_bytes;
  gsize value_bytes = SOTTO_ATTEND_TILE * tile->value_bytes;

  for (gsize i = 0; i < key_bytes; i += 64)
    __builtin_prefetch (tile->keys + key_bytes + i, 0, 2);
  for (gsize i = 0; i < value_bytes; i += 64)
    __builtin_prefetch (tile->values + value_bytes + i, 0, 2);
}

static void
attend_in_steps (const SottoAttendKeys *head,
                 guint                  n_queries,
                 const SottoQuery      *queries,
                 SottoPartial          *partials,
                 void                  *scratch)
{
  StepsRoom room = steps_room (head, scratch);
  gboolean in_place = head->values != NULL && (head->type == SOTTO_KV_F32 || head->type == SOTTO_KV_F16);

  clear_partials (partials, n_queries, head->value_stride);
  pack_query_steps (&room, queries, n_queries, head->n_key);
  for (guint offset = 0; head->first_key + offset < head->end_key; offset += SOTTO_ATTEND_TILE)
    {
      AttendTile tile = tile_at (head, offset);

      if (!is_seen (queries, n_queries, tile.first, tile.end))
        continue;
      if (!in_place)
        unpack_tile (head, room.floats, &tile);
      pack_tile_steps (&room, head, &tile);
      if (in_place)
        ask_for_tile (head, &tile);
      for (guint i = 0; i < n_queries; i += STEPS_TOGETHER)
        attend_steps_together (&room, head, &tile, i, MIN (n_queries - i, STEPS_TOGETHER), queries + i, partials + i);
    }
}

static void
fill_attend_steps (SottoKernels *kernels)
{
  kernels->attend[SOTTO_FORM_MANY] = attend_in_steps;
}
