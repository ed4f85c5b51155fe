/* Attention over Lanes, included by a tier's file behind its lanes-*.h and template-float.h.
 *
 * Fixed order, whatever batch or thread a query comes with: a score is one chain of multiply-adds
 * over the head's elements; keys are taken in tiles of SOTTO_ATTEND_TILE that start at multiples of
 * it; a tile's sum of exponentials and the weighted values follow the keys' order. Queries only
 * share the loads. */

#include "cpu/cache-layout.h"

#define ATTEND_TOGETHER 4 /* queries that share a load */

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

/* scores[i][0 … 63] = scale_i * q_i · k; tile_stride: floats from tile to tile */
static inline __attribute__ ((always_inline)) void
attend_scores (const float       *keys,
               gsize              tile_stride,
               guint              n_key,
               guint              n_queries,
               const SottoQuery  *queries,
               float            (*scores)[SOTTO_ATTEND_TILE])
{
  for (guint tile = 0; tile < SOTTO_ATTEND_TILE / LANES; tile += 2)
    {
      const float *left = keys + tile * tile_stride;
      const float *right = left + tile_stride;
      Lanes sums[ATTEND_TOGETHER][2];

      for (guint i = 0; i < n_queries; i++)
        sums[i][0] = sums[i][1] = lanes_all (0.0f);
      for (guint d = 0; d < n_key; d++)
        {
          Lanes a = lanes_load (left + d * LANES);
          Lanes b = lanes_load (right + d * LANES);

          for (guint i = 0; i < n_queries; i++)
            {
              Lanes q = lanes_all (queries[i].vector[d]);

              sums[i][0] = lanes_fma (q, a, sums[i][0]);
              sums[i][1] = lanes_fma (q, b, sums[i][1]);
            }
        }
      for (guint i = 0; i < n_queries; i++)
        {
          Lanes scale = lanes_all (queries[i].scale);

          lanes_store (scores[i] + tile * LANES, lanes_multiply (sums[i][0], scale));
          lanes_store (scores[i] + (tile + 1) * LANES, lanes_multiply (sums[i][1], scale));
        }
    }
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

/* value_i = value_i * correction_i + sum over n keys of weight * v */
static inline __attribute__ ((always_inline)) void
attend_values (const float   *values,
               guint          value_stride,
               guint          n,
               guint          n_queries,
               float        (*weights)[SOTTO_ATTEND_TILE],
               const float   *corrections,
               SottoPartial  *partials)
{
  for (guint d = 0; d < value_stride; d += LANES)
    {
      Lanes sums[ATTEND_TOGETHER];

      for (guint i = 0; i < n_queries; i++)
        sums[i] = lanes_multiply (lanes_load (partials[i].value + d), lanes_all (corrections[i]));
      for (guint k = 0; k < n; k++)
        {
          Lanes v = lanes_load (values + (gsize) k * value_stride + d);

          for (guint i = 0; i < n_queries; i++)
            sums[i] = lanes_fma (lanes_all (weights[i][k]), v, sums[i]);
        }
      for (guint i = 0; i < n_queries; i++)
        lanes_store (partials[i].value + d, sums[i]);
    }
}

/* A tile of keys as floats. */
typedef struct {
  const float *keys;
  gsize key_stride;          /* floats from one SOTTO_KEY_TILE to the next */
  const float *values;
  guint first;               /* position of its first key */
  guint end;
} FloatTile;

static inline __attribute__ ((always_inline)) void
attend_together (const SottoAttendKeys *head,
                 const FloatTile       *tile,
                 guint                  n_queries,
                 const SottoQuery      *queries,
                 SottoPartial          *partials)
{
  float scores[ATTEND_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  float corrections[ATTEND_TOGETHER];
  guint n = 0;

  for (guint i = 0; i < n_queries; i++)
    if (queries[i].first < tile->end && queries[i].end > tile->first)
      n = MAX (n, MIN (queries[i].end, tile->end) - tile->first);
  if (n == 0)
    return;
  attend_scores (tile->keys, tile->key_stride, head->n_key, n_queries, queries, scores);
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
      if (head->soft_cap > 0.0f)
        cap_scores (scores[i], head->soft_cap);
      if (queries[i].slope != 0.0f)
        slope_scores (scores[i], &queries[i], tile->first);
      corrections[i] =
        attend_weights (scores[i], begin - tile->first, end - tile->first, &partials[i]);
    }
  attend_values (tile->values, head->value_stride, n, n_queries, scores, corrections, partials);
}

/* The keys first … end - 1 of a chunk, in place where they are floats already. */
static void
read_tile (const SottoAttendKeys *head, guint offset, guint first, guint end, float *room, FloatTile *tile)
{
  const guint8 *keys = head->keys + offset / SOTTO_KEY_TILE * head->key_tile_bytes;
  gsize key_floats = sotto_cache_count_blocks (head->n_key) * SOTTO_CACHE_BLOCK * SOTTO_KEY_TILE;
  float *value_room = room + SOTTO_ATTEND_TILE / SOTTO_KEY_TILE * key_floats;
  guint n = end - first;

  *tile = (FloatTile) { (const float *) keys, key_floats, value_room, first, end };
  if (head->type != SOTTO_KV_F32)
    {
      tile->keys = room;
      for (guint i = 0; i * SOTTO_KEY_TILE < n; i++)
        {
          float *out = room + i * key_floats;

          unpack_keys (head->type, keys + i * head->key_tile_bytes, head->n_key, out);
          if (head->bias.start != NULL)
            add_bias (&head->bias, head->n_key, offset / SOTTO_KEY_TILE + i,
                      value_room + (gsize) SOTTO_ATTEND_TILE * head->value_stride, out);
        }
    }

  if (head->values == NULL)
    transpose_values (tile->keys, key_floats, n, head->n_value, head->value_stride, value_room);
  else if (head->type == SOTTO_KV_F32)
    tile->values = (const float *) (head->values + offset * head->value_bytes);
  else
    for (guint k = 0; k < n; k++)
      unpack_value (head->type, head->values + (offset + k) * head->value_bytes, head->n_value,
                    value_room + (gsize) k * head->value_stride);
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
      FloatTile tile;
      guint i = 0;

      if (!is_seen (queries, n_queries, first, end))
        continue;
      read_tile (head, first - first_key, first, end, scratch, &tile);
      for (; i + ATTEND_TOGETHER <= n_queries; i += ATTEND_TOGETHER)
        attend_together (head, &tile, ATTEND_TOGETHER, queries + i, partials + i);
      if (n_queries - i == 3)
        attend_together (head, &tile, 3, queries + i, partials + i);
      else if (n_queries - i == 2)
        attend_together (head, &tile, 2, queries + i, partials + i);
      else if (n_queries - i == 1)
        attend_together (head, &tile, 1, queries + i, partials + i);
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
