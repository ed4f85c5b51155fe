/* Attention over Lanes, included by a tier's file behind its lanes-*.h and template-float.h.
 *
 * Fixed order, whatever batch or thread a query comes with: a score is one chain of multiply-adds
 * over the head's elements; keys are taken in tiles of SOTTO_ATTEND_TILE that start at multiples of
 * it; a tile's sum of exponentials and the weighted values follow the keys' order. Queries only
 * share the loads. */

#include "cpu/template-keys.h"
#include "cpu/template-softmax.h"

/* Queries that share a load. */
#if LANES_REGISTERS >= 32
#define ATTEND_TOGETHER 8
#else
#define ATTEND_TOGETHER 4
#endif

/* --- Scores and values --- */

/* Tiles of SOTTO_KEY_TILE keys, or lanes of a value, that n_queries are held against at once: as many
 * as leave half of the registers to what is loaded. */
static inline guint
attend_width (guint n_queries)
{
  guint width = LANES_REGISTERS / 2 / n_queries;

  return width >= 4 ? 4 : width >= 2 ? 2 : 1;
}

/* Asks for a line of the next tile (into the first cache), by every other sixteen halves, and for one of the tile behind
 * that (into the second): one of its keys and one of its values in turns, since memory delivers two streams faster than one;
 * the first halves of both while keys are read, the second halves while values are. Floats come from the first cache. */
typedef struct {
  const guint8 *near;       /* keys or values of the next tile */
  const guint8 *far[2];     /* keys and values of the one behind it: what is asked for while these are read */
} AskedTile;

static inline AskedTile
asked_tile (const AttendTile *tile, gboolean by_values)
{
  gsize keys = SOTTO_ATTEND_TILE / SOTTO_KEY_TILE * tile->key_tile_bytes;
  gsize values = SOTTO_ATTEND_TILE * tile->value_bytes;

  return (AskedTile) {
    .near = by_values ? tile->values + values : tile->keys + keys,
    .far = { tile->keys + 2 * keys + (by_values ? keys / 2 : 0), tile->values + 2 * values + (by_values ? values / 2 : 0) },
  };
}

/* @at: bytes from the beginning of the tile */
G_ALWAYS_INLINE static inline void
ask_for_halves (SottoKvType type, guint i, const AskedTile *asked, gsize at)
{
  if (type != SOTTO_KV_F16 || i % 2 != 0)
    return;
  __builtin_prefetch (asked->near + at);
  __builtin_prefetch (asked->far[at / 64 % 2] + at / 128 * 64, 0, 2);
}

/* scores[i][first * LANES …] = scale_i * q_i · k for n_tiles (at most four) tiles of keys */
G_ALWAYS_INLINE static inline void
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
  AskedTile asked = asked_tile (tile, FALSE);
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
          ask_for_halves (type, n_tiles > 1 ? t : d, &asked,
                          first * tile->key_tile_bytes + ((gsize) d * n_tiles + t) * LANES * sizeof (guint16));
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

/* Scores to weights e^(score - highest), 0 of keys that are not seen; their sum goes to what there is of it. */
static void
weigh_scores (SeenKeys seen, float *scores, float correction, SottoPartial *partial)
{
  Lanes highest = lanes_all (partial->highest);
  Lanes sums[2] = { lanes_all (0.0f), lanes_all (0.0f) };

  if (seen.end == 0)
    {
      memset (scores, 0, SOTTO_ATTEND_TILE * sizeof *scores);
      return;
    }
  for (guint k = 0; k < SOTTO_ATTEND_TILE; k += LANES)
    {
      Lanes weights = lanes_weigh (lanes_subtract (lanes_load (scores + k), highest));

      lanes_store (scores + k, weights);
      sums[k / LANES % 2] = lanes_add (sums[k / LANES % 2], weights);
    }
  partial->sum = partial->sum * correction + lanes_sum (lanes_add (sums[0], sums[1]));
}

/* value_i = value_i * correction_i + sum over n keys of weight * v, for n_lanes (at most four) lanes of
 * a value from element d on */
G_ALWAYS_INLINE static inline void
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
  AskedTile asked = asked_tile (tile, TRUE);
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
          ask_for_halves (type, n_lanes > 1 ? l : k, &asked,
                          (SOTTO_ATTEND_TILE * d + ((gsize) k * n_lanes + l) * LANES) * sizeof (guint16));
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

G_ALWAYS_INLINE static inline void
attend_together (const SottoAttendKeys *head,
                 const AttendTile      *tile,
                 SottoKvType            type,
                 guint                  n_queries,
                 const SottoQuery      *queries,
                 SottoPartial          *partials)
{
  float scores[ATTEND_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  float corrections[LANES];
  SeenKeys seen[ATTEND_TOGETHER];
  guint width = attend_width (n_queries);
  guint n = 0;
  guint n_tiles;
  guint t = 0;
  guint d = 0;

  for (guint i = 0; i < n_queries; i++)
    {
      seen[i] = seen_keys (tile, &queries[i]);
      n = MAX (n, seen[i].end);
    }
  if (n == 0)
    return;
  n_tiles = (n + SOTTO_KEY_TILE - 1) / SOTTO_KEY_TILE;
  for (; t + width <= n_tiles; t += width)
    attend_scores (tile, type, t, width, head->n_key, n_queries, queries, scores);
  for (; t < n_tiles; t++)
    attend_scores (tile, type, t, 1, head->n_key, n_queries, queries, scores);
  for (guint i = 0; i < n_queries; i++)
    {
      for (guint k = n_tiles * SOTTO_KEY_TILE; k < SOTTO_ATTEND_TILE; k++)
        scores[i][k] = 0.0f;
      bend_scores (head, tile, &queries[i], scores[i]);
    }
  raise_highest (n_queries, seen, scores, corrections, partials);
  for (guint i = 0; i < n_queries; i++)
    weigh_scores (seen[i], scores[i], corrections[i], &partials[i]);
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

/* Whether a tile is read where it lies: it is halves or floats, and not read so often that it pays to
 * make halves floats once. */
static gboolean
reads_in_place (const SottoAttendKeys *head, guint n_queries)
{
  return head->values != NULL
         && (head->type == SOTTO_KV_F32
             || (head->type == SOTTO_KV_F16 && n_queries <= ATTEND_TOGETHER));
}

static void
kernel_attend (const SottoAttendKeys *head,
               guint                  n_queries,
               const SottoQuery      *queries,
               SottoPartial          *partials,
               void                  *scratch)
{
  clear_partials (partials, n_queries, head->value_stride);
  for (guint offset = 0; head->first_key + offset < head->end_key; offset += SOTTO_ATTEND_TILE)
    {
      AttendTile tile = tile_at (head, offset);

      if (!is_seen (queries, n_queries, tile.first, tile.end))
        continue;
      if (!reads_in_place (head, n_queries))
        unpack_tile (head, scratch, &tile);
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
  kernels->attend[SOTTO_FORM_FEW] = kernels->attend[SOTTO_FORM_MANY] = kernel_attend;
  kernels->merge = kernel_merge;
}
