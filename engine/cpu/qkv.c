#include "cpu/key-bias.h"
#include "cpu/lane.h"

#include <string.h>

/* QKV. Units are heads: whoever has computed one norms it, turns it and appends it to the cache. Where a norm
 * spans all heads of a row, the row is put together first, and finished in a phase of its own. */

typedef struct {
  SottoLane *lane;
  const SottoQkvStep *step;
  const SottoCacheShape *cache;
  SottoWeight key;          /* the step's, without the bias that its cache does without */
  SottoActivations x;
  guint n_tokens;
  guint n_kv_heads;         /* whose keys, or else values, this step computes */
  gboolean takes_bias;      /* keys turn by other positions than those by which the cache's bias is added */
} Qkv;

/* Where the weight of a head's norm begins. */
static SottoNorm
norm_of_head (const Qkv *self, const SottoNorm *norm, guint head, guint n_head)
{
  SottoNorm own = *norm;

  if (self->step->span == SOTTO_SPAN_HEADS)
    {
      own.weight = norm->weight == NULL ? NULL : norm->weight + (gsize) head * n_head;
      own.bias = norm->bias == NULL ? NULL : norm->bias + (gsize) head * n_head;
    }
  return own;
}

static gboolean
is_normed (const SottoNorm *norm)
{
  return norm->kind != SOTTO_NORM_NONE || norm->weight != NULL || norm->bias != NULL;
}

/* One head of every token. */
static void
norm_head (
  const Qkv *self, const SottoNorm *norm, guint head, guint n_head, float *heads, gsize stride)
{
  SottoNorm own = norm_of_head (self, norm, head, n_head);

  if (is_normed (norm))
    for (guint t = 0; t < self->n_tokens; t++)
      sotto_lane_norm (self->lane, &own, heads + t * stride, n_head, heads + t * stride);
}

/* One head of Q or K of every token. */
static void
norm_and_turn (const Qkv *self, const SottoNorm *norm, guint head, float *heads, gsize stride)
{
  const SottoQkvStep *step = self->step;

  if (!step->turns_first)
    norm_head (self, norm, head, step->n_key, heads, stride);
  sotto_lane_turn (self->lane, step->rope, 0, self->n_tokens, heads, stride);
  if (step->turns_first)
    norm_head (self, norm, head, step->n_key, heads, stride);
}

/* Values are normed head by head whatever the span of queries and keys, by one weight for all. */
static void
norm_values (const Qkv *self, float *values)
{
  const SottoNorm *norm = &self->step->value_norm;
  guint n = self->cache->n_value;

  if (is_normed (norm))
    for (guint t = 0; t < self->n_tokens; t++)
      sotto_lane_norm (self->lane, norm, values + (gsize) t * n, n, values + (gsize) t * n);
}

/* The product of one head's rows of a weight, brought within the clamp. */
static void
multiply_head (const Qkv         *self,
               const SottoWeight *weight,
               guint              first,
               guint              n_head,
               float             *heads,
               gsize              stride)
{
  SottoProduct product = { .weight = weight, .first_row = first, .n_rows = n_head, .x = &self->x,
                           .n_tokens = self->n_tokens, .y = heads, .y_stride = stride };
  float most = self->step->clamp;

  sotto_lane_multiply (self->lane, &product);
  for (guint t = 0; most > 0 && t < self->n_tokens; t++)
    for (guint i = 0; i < n_head; i++)
      heads[t * stride + i] = CLAMP (heads[t * stride + i], -most, most);
}

/* --- Heads by themselves --- */

static void
query_head (const Qkv *self, guint head, gboolean finish)
{
  const SottoQkvStep *step = self->step;
  SottoScratch *scratch = &self->lane->state->scratch;
  guint first_row = head * step->query_stride;
  gsize first = (gsize) head * step->n_key;

  multiply_head (self, &step->query, first_row, step->n_key, scratch->queries + first,
                 scratch->queries_stride);
  if (sotto_weight_is_there (&step->gate))
    {
      SottoProduct gate = { .weight = &step->gate, .first_row = first_row, .n_rows = step->n_key,
                            .x = &self->x, .n_tokens = self->n_tokens, .y = scratch->gates + first,
                            .y_stride = scratch->queries_stride };

      sotto_lane_multiply (self->lane, &gate);
    }
  if (!finish)
    return;
  norm_and_turn (self, &step->query_norm, head, scratch->queries + first, scratch->queries_stride);
  sotto_lane_match_queries (self->lane, step->cache, self->n_tokens, scratch->queries + first,
                            scratch->queries_stride);
}

/* Values that are the keys are taken before those are normed. */
static void
key_head (const Qkv *self, guint head)
{
  const SottoQkvStep *step = self->step;
  guint n_key = step->n_key;
  float *keys = self->lane->memory->tiles[0];

  multiply_head (self, &self->key, head * n_key, n_key, keys, n_key);
  if (!sotto_weight_is_there (&step->value))
    {
      float *values = self->lane->memory->tiles[1];

      memcpy (values, keys, (gsize) self->n_tokens * n_key * sizeof *keys);
      norm_values (self, values);
      sotto_lane_append_values (self->lane, step->cache, head, values, n_key);
    }
  norm_and_turn (self, &step->key_norm, head, keys, n_key);
  for (guint t = 0; self->takes_bias && t < self->n_tokens; t++)
    sotto_key_bias_take (step, head, self->lane->batch->position + t, keys + (gsize) t * n_key);
  sotto_lane_append_keys (self->lane, step->cache, head, keys, n_key);
}

static void
value_head (const Qkv *self, guint head)
{
  const SottoQkvStep *step = self->step;
  guint n_value = self->cache->n_value;
  float *values = self->lane->memory->tiles[0];

  multiply_head (self, &step->value, head * n_value, n_value, values, n_value);
  norm_values (self, values);
  sotto_lane_append_values (self->lane, step->cache, head, values, n_value);
}

/* --- Heads normed as a row --- */

/* Keys of a row in scratch.projected, then values. */
static float *
row_of (const Qkv *self, gboolean values)
{
  return self->lane->state->scratch.projected
         + (values ? (gsize) self->cache->n_heads * self->cache->n_key : 0);
}

static gsize
row_stride (const Qkv *self)
{
  return (gsize) self->cache->n_heads * (self->cache->n_key + self->cache->n_value);
}

static void
collect_head (const Qkv *self, const SottoWeight *weight, guint head, guint n_head, gboolean values)
{
  gsize first = (gsize) head * n_head;

  multiply_head (self, weight, (guint) first, n_head, row_of (self, values) + first,
                 row_stride (self));
}

static void
finish_query_row (const Qkv *self, guint t)
{
  const SottoQkvStep *step = self->step;
  SottoScratch *scratch = &self->lane->state->scratch;
  float *row = scratch->queries + t * scratch->queries_stride;

  sotto_lane_norm (self->lane, &step->query_norm, row, step->n_heads * step->n_key, row);
  for (guint head = 0; head < step->n_heads; head++, row += step->n_key)
    {
      sotto_lane_turn (self->lane, step->rope, t, 1, row, 0);
      sotto_lane_match_queries (self->lane, step->cache, 1, row, 0);
    }
}

/* One head of normed rows, which is as good as normed for each head anew. */
static void
take_key_head (const Qkv *self, guint head, float *heads)
{
  float *row = self->lane->memory->row;
  guint n = self->step->n_key;

  for (guint t = 0; t < self->n_tokens; t++)
    {
      sotto_lane_norm (self->lane, &self->step->key_norm,
                       row_of (self, FALSE) + t * row_stride (self), self->cache->n_heads * n, row);
      memcpy (heads + (gsize) t * n, row + (gsize) head * n, n * sizeof *row);
    }
}

/* Values that are the keys are those before the norm. */
static void
take_value_head (const Qkv *self, guint head, gboolean has_value, float *heads)
{
  guint n = self->cache->n_value;

  for (guint t = 0; t < self->n_tokens; t++)
    memcpy (heads + (gsize) t * n,
            row_of (self, has_value) + t * row_stride (self) + (gsize) head * n,
            n * sizeof *heads);
  norm_values (self, heads);
}

static void
finish_head (const Qkv *self, guint head)
{
  const SottoQkvStep *step = self->step;
  gboolean has_value = sotto_weight_is_there (&step->value);
  float *heads = self->lane->memory->tiles[0];

  take_value_head (self, head, has_value, heads);
  sotto_lane_append_values (self->lane, step->cache, head, heads, self->cache->n_value);
  take_key_head (self, head, heads);
  sotto_lane_turn (self->lane, step->rope, 0, self->n_tokens, heads, step->n_key);
  sotto_lane_append_keys (self->lane, step->cache, head, heads, step->n_key);
}

static void
finish_rows (const Qkv *self)
{
  guint unit;

  while (sotto_lane_take (self->lane, self->n_tokens + self->n_kv_heads, &unit))
    if (unit < self->n_tokens)
      finish_query_row (self, unit);
    else
      finish_head (self, unit - self->n_tokens);
  sotto_pool_barrier (self->lane->pool);
}

/* --- The step --- */

void
sotto_step_qkv (SottoLane *lane, const SottoStep *step)
{
  const SottoQkvStep *qkv = &step->qkv;
  gboolean has_value = sotto_weight_is_there (&qkv->value);
  gboolean is_row = qkv->span == SOTTO_SPAN_ROW;
  Qkv self = {
    .lane = lane,
    .step = qkv,
    .cache = &lane->state->caches.plan->caches[qkv->cache],
    .key = qkv->key,
    .x = sotto_lane_operand (lane, qkv->from, qkv->query.n_columns),
    .n_tokens = lane->batch->n_tokens,
  };
  guint unit;

  if (lane->state->caches.caches[qkv->cache].lifted != NULL)
    {
      self.takes_bias = qkv->rope != NULL && qkv->rope->axes != NULL && lane->batch->spots != NULL;
      if (!self.takes_bias)
        self.key.bias = NULL;
    }
  self.n_kv_heads = sotto_weight_is_there (&qkv->key) ? self.cache->n_heads : 0;
  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take (lane, qkv->n_heads + self.n_kv_heads * (has_value ? 2 : 1), &unit))
    {
      gboolean is_key = unit < qkv->n_heads + self.n_kv_heads;
      guint head = unit - qkv->n_heads - (is_key ? 0 : self.n_kv_heads);

      if (unit < qkv->n_heads)
        query_head (&self, unit, !is_row);
      else if (is_row)
        collect_head (&self, is_key ? &self.key : &qkv->value, head,
                      is_key ? qkv->n_key : self.cache->n_value, !is_key);
      else if (is_key)
        key_head (&self, head);
      else
        value_head (&self, head);
    }
  if (sotto_pool_barrier (lane->pool) && is_row)
    finish_rows (&self);
}
