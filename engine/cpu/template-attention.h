/* Attention over Lanes, included by a tier's file behind its lanes-*.h and template-float.h.
 *
 * Fixed order, whatever batch or thread a query comes with: a score is one chain of multiply-adds
 * over the head's elements; keys are taken in tiles of SOTTO_ATTEND_TILE that start at multiples of
 * it; a tile's sum of exponentials and the weighted values follow the keys' order. Queries only
 * share the loads. */

#include "cpu/cache-layout.h"

/* Queries that share a load. */
#if LANES_REGISTERS >= 32
#define ATTEND_TOGETHER 8
#else
#define ATTEND_TOGETHER 4
#endif

/* --- From the cache to floats --- */

static inline Lanes
lanes_from_bytes (const gint8 *source)
{
  float values[LANES];

  for (guint i = 0; i < LANES; i++)
    values[i] = (float) source[i];
  return lanes_load (values);
}

/* Sixteen bytes of Q4_0: the low halves when shift is 0, the high ones when it is 4. */
static inline Lanes
lanes_from_nibbles (const guint8 *source, guint shift)
{
  float values[LANES];

  for (guint i = 0; i < LANES; i++)
    values[i] = (float) ((source[i] >> shift & 15) - 8);
  return lanes_load (values);
}

static inline Lanes
lanes_all_half (const guint8 *source)
{
  guint16 halves[LANES] = { 0 };
  float values[LANES];

  memcpy (halves, source, sizeof *halves);
  lanes_store (values, lanes_load_half (halves));
  return lanes_all (values[0]);
}

G_STATIC_ASSERT (SOTTO_KEY_TILE == LANES);

/* One tile of keys: (blocks of 32 * 32, SOTTO_KEY_TILE) */
static void
unpack_keys (SottoKvType type, const guint8 *tile, guint n_key, float *out)
{
  if (type == SOTTO_KV_F16)
    {
      kernel_from_half ((const guint16 *) tile, n_key * SOTTO_KEY_TILE, out);
      return;
    }
  for (guint block = 0; block < sotto_cache_count_blocks (n_key); block++)
    {
      Lanes scales = lanes_load_half ((const guint16 *) tile);
      const guint8 *integers = tile + 2 * SOTTO_KEY_TILE;

      if (type == SOTTO_KV_Q8_0)
        for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++, integers += SOTTO_KEY_TILE)
          lanes_store (out + i * LANES,
                       lanes_multiply (scales, lanes_from_bytes ((const gint8 *) integers)));
      else
        for (guint i = 0; i < SOTTO_CACHE_BLOCK / 2; i++, integers += SOTTO_KEY_TILE)
          {
            lanes_store (out + i * LANES, lanes_multiply (scales, lanes_from_nibbles (integers, 0)));
            lanes_store (out + (i + SOTTO_CACHE_BLOCK / 2) * LANES,
                         lanes_multiply (scales, lanes_from_nibbles (integers, 4)));
          }
      tile += SOTTO_KEY_TILE * sotto_cache_block_bytes (type);
      out += SOTTO_CACHE_BLOCK * LANES;
    }
}

/* The same transform as kernel_spread's, of a tile of keys: its scale is in what it is given. */
static void
spread_tile (guint n, guint width, float *tile)
{
  for (guint half = 1; half < width; half *= 2)
    for (guint first = 0; first < n; first += 2 * half)
      for (guint i = first; i < first + half; i++)
        {
          Lanes a = lanes_load (tile + i * LANES);
          Lanes b = lanes_load (tile + (i + half) * LANES);

          lanes_store (tile + i * LANES, lanes_add (a, b));
          lanes_store (tile + (i + half) * LANES, lanes_subtract (a, b));
        }
}

/* Adds what tile number @index of the chunk was stored without. @room: (n_key, SOTTO_KEY_TILE) */
static void
add_bias (const SottoKeyBias *bias, guint n_key, guint index, float *room, float *keys)
{
  const float *cosines = bias->far + (gsize) 2 * index * bias->n_pairs;
  const float *sines = cosines + bias->n_pairs;

  for (guint d = 0; d < n_key; d++)
    lanes_store (room + d * LANES, lanes_all (bias->start[d]));
  for (guint pair = 0; pair < bias->n_pairs; pair++)
    {
      guint left = sotto_key_bias_left (bias, pair);
      guint right = sotto_key_bias_right (bias, pair);
      float x = bias->start[left];
      float y = bias->start[right];
      Lanes a = lanes_all (x * cosines[pair] - y * sines[pair]);
      Lanes b = lanes_all (x * sines[pair] + y * cosines[pair]);
      Lanes cosine = lanes_load (bias->near + (gsize) 2 * pair * LANES);
      Lanes sine = lanes_load (bias->near + ((gsize) 2 * pair + 1) * LANES);

      lanes_store (room + left * LANES,
                   lanes_subtract (lanes_multiply (a, cosine), lanes_multiply (b, sine)));
      lanes_store (room + right * LANES,
                   lanes_add (lanes_multiply (a, sine), lanes_multiply (b, cosine)));
    }
  spread_tile (n_key, bias->spread, room);
  for (guint d = 0; d < n_key; d++)
    lanes_store (keys + d * LANES,
                 lanes_add (lanes_load (keys + d * LANES), lanes_load (room + d * LANES)));
}

/* One row of values: (blocks of 32 * 32) */
static void
unpack_value (SottoKvType type, const guint8 *row, guint n_value, float *out)
{
  if (type == SOTTO_KV_F16)
    {
      kernel_from_half ((const guint16 *) row, sotto_value_stride (n_value), out);
      return;
    }
  for (guint block = 0; block < sotto_cache_count_blocks (n_value); block++)
    {
      Lanes scale = lanes_all_half (row);
      const guint8 *integers = row + 2;

      for (guint i = 0; i < 2; i++)
        lanes_store (out + i * LANES,
                     lanes_multiply (scale, type == SOTTO_KV_Q8_0
                                              ? lanes_from_bytes ((const gint8 *) integers + i * LANES)
                                              : lanes_from_nibbles (integers, 4 * i)));
      row += sotto_cache_block_bytes (type);
      out += SOTTO_CACHE_BLOCK;
    }
}

/* Values that stand in the keys: what lies element by element becomes rows. */
static void
transpose_values (const float *keys, gsize tile_stride, guint n_keys, guint n_value, guint stride, float *out)
{
  for (guint k = 0; k < n_keys; k++)
    {
      const float *tile = keys + k / SOTTO_KEY_TILE * tile_stride + k % SOTTO_KEY_TILE;

      for (guint d = 0; d < n_value; d++)
        out[(gsize) k * stride + d] = tile[d * SOTTO_KEY_TILE];
      for (guint d = n_value; d < stride; d++)
        out[(gsize) k * stride + d] = 0.0f;
    }
}

/* --- Scores, weights, values --- */

/* Tiles of SOTTO_KEY_TILE keys, or lanes of a value, that n_queries are held against at once: as many
 * as leave half of the registers to what is loaded. */
static inline guint
attend_width (guint n_queries)
{
  guint width = LANES_REGISTERS / 2 / n_queries;

  return width >= 4 ? 4 : width >= 2 ? 2 : 1;
}

/* Element number i of keys or values that are halves or floats. */
static inline Lanes
load_elements (SottoKvType type, const guint8 *source, gsize i)
{
  return type == SOTTO_KV_F16 ? lanes_load_half ((const guint16 *) source + i)
                              : lanes_load ((const float *) source + i);
}

static inline gsize
element_bytes (SottoKvType type)
{
  return type == SOTTO_KV_F16 ? sizeof (guint16) : sizeof (float);
}

/* Some keys of a chunk, as halves or as floats. */
typedef struct {
  SottoKvType type;
  const guint8 *keys;
  gsize key_tile_bytes;      /* from one SOTTO_KEY_TILE to the next */
  const guint8 *values;
  gsize value_bytes;
  guint first;               /* position of its first key */
  guint end;
} AttendTile;

/* scores[i][first * LANES …] = scale_i * q_i · k for n_tiles (at most four) tiles of keys */
static inline __attribute__ ((always_inline)) void
attend_scores (const AttendTile *tile,
               SottoKvType       type,
               guint             first,
               guint             n_tiles,
               guint             n_key,
               guint             n_queries,
               const SottoQuery *queries,
               float           (*scores)[SOTTO_ATTEND_TILE])
{
  const guint8 *keys = tile->keys + first * tile->key_tile_bytes;
  Lanes sums[ATTEND_TOGETHER][4];

  for (guint i = 0; i < n_queries; i++)
    for (guint t = 0; t < n_tiles; t++)
      sums[i][t] = lanes_all (0.0f);
  for (guint d = 0; d < n_key; d++)
    {
      Lanes k[4];

      for (guint t = 0; t < n_tiles; t++)
        {
          k[t] = load_elements (type, keys + t * tile->key_tile_bytes, (gsize) d * LANES);
          if (type != SOTTO_KV_F16 || d % 2 == 0)
            __builtin_prefetch (keys + (t + SOTTO_ATTEND_TILE / SOTTO_KEY_TILE) * tile->key_tile_bytes
                                + (gsize) d * LANES * element_bytes (type));
        }
      for (guint i = 0; i < n_queries; i++)
        {
          Lanes q = lanes_all (queries[i].vector[d]);

          for (guint t = 0; t < n_tiles; t++)
            sums[i][t] = lanes_fma (q, k[t], sums[i][t]);
        }
    }
  for (guint i = 0; i < n_queries; i++)
    for (guint t = 0; t < n_tiles; t++)
      lanes_store (scores[i] + (first + t) * LANES,
                   lanes_multiply (sums[i][t], lanes_all (queries[i].scale)));
}

/* cap * tanh (x / cap) */
static void
cap_scores (float *scores, float cap)
{
  for (guint i = 0; i < SOTTO_ATTEND_TILE; i += LANES)
    {
      Lanes e = lanes_exp (lanes_divide (lanes_load (scores + i), lanes_all (cap / 2.0f)));
      Lanes tanh = lanes_subtract (lanes_all (1.0f),
                                   lanes_divide (lanes_all (2.0f), lanes_add (e, lanes_all (1.0f))));

      lanes_store (scores + i, lanes_multiply (lanes_all (cap), tanh));
    }
}

static void
slope_scores (float *scores, const SottoQuery *query, guint first_key)
{
  for (guint i = 0; i < SOTTO_ATTEND_TILE; i++)
    scores[i] += query->slope * (float) ((gint) (first_key + i) - (gint) query->position);
}

/* Scores to weights e^(score - highest) of the keys from begin to end - 1 (0 for the others); returns
 * what the sums so far are to be multiplied with. */
static inline float
attend_weights (float *scores, guint begin, guint end, SottoPartial *partial)
{
  Lanes parts[SOTTO_ATTEND_TILE / LANES];
  Lanes highest;
  float correction;

  for (guint i = 0; i < begin; i++)
    scores[i] = -INFINITY;
  for (guint i = end; i < SOTTO_ATTEND_TILE; i++)
    scores[i] = -INFINITY;
  for (guint i = 0; i < SOTTO_ATTEND_TILE / LANES; i++)
    parts[i] = lanes_load (scores + i * LANES);
  highest = lanes_maximum (lanes_maximum (parts[0], parts[1]), lanes_maximum (parts[2], parts[3]));
  highest = lanes_all (MAX (lanes_highest (highest), partial->highest));
  lanes_store (scores, highest);
  correction = sotto_exp (partial->highest - scores[0]);
  partial->highest = scores[0];
  for (guint i = 0; i < SOTTO_ATTEND_TILE / LANES; i++)
    {
      parts[i] = lanes_exp (lanes_subtract (parts[i], highest));
      lanes_store (scores + i * LANES, parts[i]);
    }
  partial->sum = partial->sum * correction
                 + lanes_sum (
                   lanes_add (lanes_add (parts[0], parts[1]), lanes_add (parts[2], parts[3])));
  return correction;
}

/* value_i = value_i * correction_i + sum over n keys of weight * v, for n_lanes (at most four) lanes of
 * a value from element d on */
static inline __attribute__ ((always_inline)) void
attend_values (const AttendTile *tile,
               SottoKvType       type,
               guint             d,
               guint             n_lanes,
               guint             n,
               guint             n_queries,
               float           (*weights)[SOTTO_ATTEND_TILE],
               const float      *corrections,
               SottoPartial     *partials)
{
  const guint8 *row = tile->values;
  Lanes sums[ATTEND_TOGETHER][4];

  for (guint i = 0; i < n_queries; i++)
    for (guint l = 0; l < n_lanes; l++)
      sums[i][l] = lanes_multiply (lanes_load (partials[i].value + d + l * LANES),
                                   lanes_all (corrections[i]));
  for (guint k = 0; k < n; k++, row += tile->value_bytes)
    {
      Lanes v[4];

      for (guint l = 0; l < n_lanes; l++)
        {
          v[l] = load_elements (type, row, d + l * LANES);
          if (type != SOTTO_KV_F16 || l % 2 == 0)
            __builtin_prefetch (row + SOTTO_ATTEND_TILE * tile->value_bytes
                                + (d + l * LANES) * element_bytes (type));
        }
      for (guint i = 0; i < n_queries; i++)
        {
          Lanes weight = lanes_all (weights[i][k]);

          for (guint l = 0; l < n_lanes; l++)
            sums[i][l] = lanes_fma (weight, v[l], sums[i][l]);
        }
    }
  for (guint i = 0; i < n_queries; i++)
    for (guint l = 0; l < n_lanes; l++)
      lanes_store (partials[i].value + d + l * LANES, sums[i][l]);
}

static inline __attribute__ ((always_inline)) void
attend_together (const SottoAttendKeys *head,
                 const AttendTile      *tile,
                 SottoKvType            type,
                 guint                  n_queries,
                 const SottoQuery      *queries,
                 SottoPartial          *partials)
{
  float scores[ATTEND_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  float corrections[ATTEND_TOGETHER];
  guint width = attend_width (n_queries);
  guint n = 0;
  guint n_tiles;
  guint t = 0;
  guint d = 0;

  for (guint i = 0; i < n_queries; i++)
    if (queries[i].first < tile->end && queries[i].end > tile->first)
      n = MAX (n, MIN (queries[i].end, tile->end) - tile->first);
  if (n == 0)
    return;
  n_tiles = (n + SOTTO_KEY_TILE - 1) / SOTTO_KEY_TILE;
  for (; t + width <= n_tiles; t += width)
    attend_scores (tile, type, t, width, head->n_key, n_queries, queries, scores);
  for (; t < n_tiles; t++)
    attend_scores (tile, type, t, 1, head->n_key, n_queries, queries, scores);
  for (guint i = 0; i < n_queries; i++)
    {
      guint begin = MAX (queries[i].first, tile->first);
      guint end = MIN (queries[i].end, tile->end);

      if (begin >= end)
        {
          corrections[i] = 1.0f; /* this query sees nothing of the tile */
          memset (scores[i], 0, sizeof scores[i]);
          continue;
        }
      for (guint k = n_tiles * SOTTO_KEY_TILE; k < SOTTO_ATTEND_TILE; k++)
        scores[i][k] = 0.0f;
      if (head->soft_cap > 0.0f)
        cap_scores (scores[i], head->soft_cap);
      if (queries[i].slope != 0.0f)
        slope_scores (scores[i], &queries[i], tile->first);
      corrections[i] =
        attend_weights (scores[i], begin - tile->first, end - tile->first, &partials[i]);
    }
  for (; d + width * LANES <= head->value_stride; d += width * LANES)
    attend_values (tile, type, d, width, n, n_queries, scores, corrections, partials);
  for (; d < head->value_stride; d += LANES)
    attend_values (tile, type, d, 1, n, n_queries, scores, corrections, partials);
}

#define DEFINE_ATTEND(n)                                                                           \
  static void attend_##n (const SottoAttendKeys *head, const AttendTile *tile,                     \
                          const SottoQuery *queries, SottoPartial *partials)                       \
  {                                                                                                \
    if (tile->type == SOTTO_KV_F16)                                                                \
      attend_together (head, tile, SOTTO_KV_F16, n, queries, partials);                            \
    else                                                                                           \
      attend_together (head, tile, SOTTO_KV_F32, n, queries, partials);                            \
  }

DEFINE_ATTEND (1)
DEFINE_ATTEND (2)
DEFINE_ATTEND (3)
DEFINE_ATTEND (4)
#if ATTEND_TOGETHER == 8
DEFINE_ATTEND (5)
DEFINE_ATTEND (6)
DEFINE_ATTEND (7)
DEFINE_ATTEND (8)
#endif

static void
attend_tile (const SottoAttendKeys *head,
             const AttendTile      *tile,
             guint                  n_queries,
             const SottoQuery      *queries,
             SottoPartial          *partials)
{
  static void (*const attend[ATTEND_TOGETHER]) (const SottoAttendKeys *head, const AttendTile *tile,
                                                const SottoQuery *queries,
                                                SottoPartial     *partials) = {
    attend_1, attend_2, attend_3, attend_4,
#if ATTEND_TOGETHER == 8
    attend_5, attend_6, attend_7, attend_8,
#endif
  };

  for (guint i = 0; i < n_queries; i += ATTEND_TOGETHER)
    attend[MIN (n_queries - i, ATTEND_TOGETHER) - 1](head, tile, queries + i, partials + i);
}

/* The keys first … end - 1 of a chunk as floats. */
static void
unpack_tile (const SottoAttendKeys *head, guint offset, float *room, AttendTile *tile)
{
  const guint8 *keys = tile->keys;
  gsize key_floats = sotto_cache_count_blocks (head->n_key) * SOTTO_CACHE_BLOCK * SOTTO_KEY_TILE;
  float *value_room = room + SOTTO_ATTEND_TILE / SOTTO_KEY_TILE * key_floats;
  guint n = tile->end - tile->first;

  if (tile->type != SOTTO_KV_F32)
    {
      for (guint i = 0; i * SOTTO_KEY_TILE < n; i++)
        {
          float *out = room + i * key_floats;

          unpack_keys (head->type, keys + i * head->key_tile_bytes, head->n_key, out);
          if (head->bias.start != NULL)
            add_bias (&head->bias, head->n_key, offset / SOTTO_KEY_TILE + i,
                      value_room + (gsize) SOTTO_ATTEND_TILE * head->value_stride, out);
        }
      tile->keys = (const guint8 *) room;
      tile->key_tile_bytes = key_floats * sizeof (float);
    }
  if (head->values == NULL)
    transpose_values ((const float *) tile->keys, tile->key_tile_bytes / sizeof (float), n,
                      head->n_value, head->value_stride, value_room);
  else if (tile->type != SOTTO_KV_F32)
    for (guint k = 0; k < n; k++)
      unpack_value (head->type, tile->values + k * head->value_bytes, head->n_value,
                    value_room + (gsize) k * head->value_stride);
  if (head->values == NULL || tile->type != SOTTO_KV_F32)
    {
      tile->values = (const guint8 *) value_room;
      tile->value_bytes = head->value_stride * sizeof (float);
    }
  tile->type = SOTTO_KV_F32;
}

/* Whether a tile is read where it lies: it is halves or floats, and not read so often that it pays to
 * make halves floats once. */
static gboolean
reads_in_place (const SottoAttendKeys *head, guint n_queries)
{
  return head->values != NULL
         && (head->type == SOTTO_KV_F32
             || (head->type == SOTTO_KV_F16 && n_queries <= ATTEND_TOGETHER));
}

static gboolean
is_seen (const SottoQuery *queries, guint n_queries, guint first, guint end)
{
  for (guint i = 0; i < n_queries; i++)
    if (queries[i].first < end && queries[i].end > first)
      return TRUE;
  return FALSE;
}

static void
kernel_attend (const SottoAttendKeys *head,
               guint                  first_key,
               guint                  end_key,
               guint                  n_queries,
               const SottoQuery      *queries,
               SottoPartial          *partials,
               void                  *scratch)
{
  for (guint i = 0; i < n_queries; i++)
    {
      partials[i].highest = -INFINITY;
      partials[i].sum = 0.0f;
      memset (partials[i].value, 0, head->value_stride * sizeof (float));
    }
  for (guint first = first_key; first < end_key; first += SOTTO_ATTEND_TILE)
    {
      guint end = MIN (first + SOTTO_ATTEND_TILE, end_key);
      guint offset = first - first_key;
      AttendTile tile = {
        .type = head->type,
        .keys = head->keys + offset / SOTTO_KEY_TILE * head->key_tile_bytes,
        .key_tile_bytes = head->key_tile_bytes,
        .values = head->values == NULL ? NULL : head->values + offset * head->value_bytes,
        .value_bytes = head->value_bytes,
        .first = first,
        .end = end,
      };

      if (!is_seen (queries, n_queries, first, end))
        continue;
      if (!reads_in_place (head, n_queries))
        unpack_tile (head, offset, scratch, &tile);
      attend_tile (head, &tile, n_queries, queries, partials);
    }
}

static void
kernel_merge (SottoPartial *a, const SottoPartial *b, guint value_stride)
{
  float highest = MAX (a->highest, b->highest);
  float scale_a = a->highest == highest ? 1.0f : sotto_exp (a->highest - highest);
  float scale_b = b->highest == highest ? 1.0f : sotto_exp (b->highest - highest);

  a->highest = highest;
  a->sum = a->sum * scale_a + b->sum * scale_b;
  for (guint d = 0; d < value_stride; d += LANES)
    lanes_store (a->value + d,
                 lanes_add (lanes_multiply (lanes_load (a->value + d), lanes_all (scale_a)),
                            lanes_multiply (lanes_load (b->value + d), lanes_all (scale_b))));
}

static void
fill_attention_kernels (SottoKernels *kernels)
{
  kernels->attend = kernel_attend;
  kernels->merge = kernel_merge;
}
