/* Attention over Lanes, included by a tier's file behind its lanes-*.h and template-float.h.
 *
 * Fixed order, whatever batch or thread a query comes with: a score is one chain of multiply-adds
 * over the head's elements; keys are taken in tiles of SOTTO_ATTEND_TILE that start at multiples of
 * it; a tile's sum of exponentials and the weighted values follow the keys' order. Queries only
 * share the loads. */

#define ATTEND_TOGETHER 4 /* queries that share a load */

/* scores[i][0 … 63] = q_i · k */
static inline __attribute__ ((always_inline)) void
attend_scores (const float        *keys,
               guint               n_key,
               guint               n_queries,
               const float *const *queries,
               float               scale,
               float             (*scores)[SOTTO_ATTEND_TILE])
{
  for (guint tile = 0; tile < SOTTO_ATTEND_TILE / LANES; tile += 2)
    {
      const float *left = keys + (gsize) tile * LANES * n_key;
      const float *right = left + (gsize) LANES * n_key;
      Lanes sums[ATTEND_TOGETHER][2];

      for (guint i = 0; i < n_queries; i++)
        sums[i][0] = sums[i][1] = lanes_all (0.0f);
      for (guint d = 0; d < n_key; d++)
        {
          Lanes a = lanes_load (left + d * LANES);
          Lanes b = lanes_load (right + d * LANES);

          for (guint i = 0; i < n_queries; i++)
            {
              Lanes q = lanes_all (queries[i][d]);

              sums[i][0] = lanes_fma (q, a, sums[i][0]);
              sums[i][1] = lanes_fma (q, b, sums[i][1]);
            }
        }
      for (guint i = 0; i < n_queries; i++)
        {
          lanes_store (scores[i] + tile * LANES, lanes_multiply (sums[i][0], lanes_all (scale)));
          lanes_store (scores[i] + (tile + 1) * LANES,
                       lanes_multiply (sums[i][1], lanes_all (scale)));
        }
    }
}

/* Scores to weights e^(score - highest) of the first n keys (0 for the others); returns what the
 * sums so far are to be multiplied with. */
static inline float
attend_weights (float *scores, guint n, SottoPartial *partial)
{
  Lanes parts[SOTTO_ATTEND_TILE / LANES];
  Lanes highest;
  float correction;

  for (guint i = n; i < SOTTO_ATTEND_TILE; i++)
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

static inline __attribute__ ((always_inline)) void
attend_together (const SottoAttendHead *head,
                 const float           *keys,
                 const float           *values,
                 guint                  first_key,
                 guint                  end_key,
                 guint                  n_queries,
                 const float *const    *queries,
                 const guint           *limits,
                 SottoPartial          *partials)
{
  float scores[ATTEND_TOGETHER][SOTTO_ATTEND_TILE] __attribute__ ((aligned (64)));
  float corrections[ATTEND_TOGETHER];
  guint n = 0;

  for (guint i = 0; i < n_queries; i++)
    n = MAX (n, MIN (limits[i], end_key));
  if (n <= first_key)
    return;
  n -= first_key;
  attend_scores (keys, head->n_key, n_queries, queries, head->scale, scores);
  for (guint i = 0; i < n_queries; i++)
    {
      guint end = MIN (limits[i], end_key);

      if (end > first_key)
        {
          corrections[i] = attend_weights (scores[i], end - first_key, &partials[i]);
          continue;
        }
      corrections[i] = 1.0f; /* this query sees nothing of the tile */
      memset (scores[i], 0, sizeof scores[i]);
    }
  attend_values (values, head->value_stride, n, n_queries, scores, corrections, partials);
}

static void
kernel_attend (const SottoAttendHead *head,
               guint                  first_key,
               guint                  end_key,
               guint                  n_queries,
               const float *const    *queries,
               const guint           *limits,
               SottoPartial          *partials,
               void                  *scratch)
{
  float *key_floats = scratch;
  float *value_floats = key_floats + SOTTO_ATTEND_TILE * head->n_key;

  for (guint i = 0; i < n_queries; i++)
    {
      partials[i].highest = -INFINITY;
      partials[i].sum = 0.0f;
      memset (partials[i].value, 0, head->value_stride * sizeof (float));
    }
  for (guint first = first_key; first < end_key; first += SOTTO_ATTEND_TILE)
    {
      guint end = MIN (first + SOTTO_ATTEND_TILE, end_key);
      gsize key_offset = (gsize) first * head->n_key;
      gsize value_offset = (gsize) first * head->value_stride;
      const float *keys = (const float *) head->keys + key_offset;
      const float *values = (const float *) head->values + value_offset;
      guint i = 0;

      if (head->type == SOTTO_KV_F16)
        {
          guint n_key_floats = (end - first + SOTTO_KEY_TILE - 1) / SOTTO_KEY_TILE * SOTTO_KEY_TILE
                               * head->n_key;

          kernel_from_half ((const guint16 *) head->keys + key_offset, n_key_floats, key_floats);
          kernel_from_half ((const guint16 *) head->values + value_offset,
                            (end - first) * head->value_stride, value_floats);
          keys = key_floats;
          values = value_floats;
        }
      for (; i + ATTEND_TOGETHER <= n_queries; i += ATTEND_TOGETHER)
        attend_together (head, keys, values, first, end, ATTEND_TOGETHER, queries + i, limits + i,
                         partials + i);
      if (n_queries - i == 3)
        attend_together (head, keys, values, first, end, 3, queries + i, limits + i, partials + i);
      else if (n_queries - i == 2)
        attend_together (head, keys, values, first, end, 2, queries + i, limits + i, partials + i);
      else if (n_queries - i == 1)
        attend_together (head, keys, values, first, end, 1, queries + i, limits + i, partials + i);
    }
}

static void
kernel_merge (SottoPartial *a, const SottoPartial *b, guint value_stride)
{
  float highest = MAX (a->highest, b->highest);
  float scale_a = sotto_exp (a->highest - highest);
  float scale_b = sotto_exp (b->highest - highest);

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
