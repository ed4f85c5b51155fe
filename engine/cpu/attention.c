#include "cpu/cache-layout.h"
#include "cpu/exact-math.h"
#include "cpu/key-bias.h"
#include "cpu/lane.h"

#include <string.h>

/* How attention is shared out. Whatever the split, a query's result is the same: partial results of
 * chunks of SOTTO_ATTEND_CHUNK keys that start at multiples of it, from the first that the query sees,
 * merged in the keys' order, divided by their sum.
 *
 * Few tokens: units are (head of K and V, chunk), since the keys are the work, or parts of their queries
 * where that makes too few; partial results meet in the scratch. Many tokens: units are (head of K and V,
 * tile of queries); each walks its chunks and merges as it goes. Queries of one head of K and V are
 * numbered token by token, then head by head of the group.
 *
 * Where values are latent, the heads' results are rows of scratch.latents, head by head, and a
 * further phase brings them to the size of a head. */

/* Partial results that take as long to merge as the lanes take to meet. */
#define MERGES_OF_A_BARRIER 48

/* What one ATTEND step is about. */
typedef struct {
  SottoLane *lane;
  const SottoAttendStep *step;
  const SottoCache *cache;
  SottoMask mask;
  guint n_tokens;
  guint group;             /* heads of Q that share one of K and V */
  guint n_key;
  guint n_value;           /* of a row of V in the cache */
  guint value_stride;
  guint n_attended;        /* of a token's result */
  guint first_chunk;       /* that a token of the batch sees */
  guint n_chunks;
} Attention;

/* What the elements of a quantised cache undergo, and undergo again to be what they were. */
static void
spread (const SottoLane *lane, guint n, guint width, float *row)
{
  if (width > 1)
    lane->kernels->spread (n, width, row);
}

/* --- What is seen --- */

static guint
first_seen (const Attention *self, guint position)
{
  guint window = self->step->window;

  return window > 0 && position >= window ? position - window + 1 : 0;
}

static guint
end_seen (const Attention *self, guint position)
{
  guint window = self->step->window;

  if (self->mask == SOTTO_MASK_CAUSAL)
    return position + 1;
  if (self->mask == SOTTO_MASK_TOGETHER)
    return self->lane->batch->position + self->n_tokens;

  return window > 0 ? MIN (position + window, self->n_tokens) : self->n_tokens;
}

static Attention
begin (SottoLane *lane, const SottoAttendStep *step)
{
  const SottoCache *cache = &lane->state->caches.caches[step->cache];
  guint position = lane->batch->position;
  Attention self = {
    .lane = lane,
    .step = step,
    .cache = cache,
    .mask = lane->batch->together && step->mask == SOTTO_MASK_CAUSAL ? SOTTO_MASK_TOGETHER : step->mask,
    .n_tokens = lane->batch->n_tokens,
    .group = step->n_heads / cache->shape->n_heads,
    .n_key = cache->shape->n_key,
    .n_value = cache->shape->n_value > 0 ? cache->shape->n_value : cache->shape->n_latent,
  };

  self.value_stride = sotto_value_stride (self.n_value);
  self.n_attended = step->n_heads
                    * (sotto_weight_is_there (&step->value_up) ? step->value_up.n_rows : self.n_value);
  self.first_chunk = first_seen (&self, position) / SOTTO_ATTEND_CHUNK;
  self.n_chunks = sotto_count_units (end_seen (&self, position + self.n_tokens - 1), SOTTO_ATTEND_CHUNK)
                  - self.first_chunk;
  return self;
}

static gboolean
is_latent (const Attention *self)
{
  return sotto_weight_is_there (&self->step->value_up);
}

/* --- Operands --- */

/* The keys of a chunk that lie before end. Good until the next one: what is added to keys lies in the lane's memory. */
static SottoAttendKeys
describe_keys (const Attention *self, guint kv_head, guint chunk, guint end)
{
  const SottoCache *cache = self->cache;
  guint first = chunk * SOTTO_ATTEND_CHUNK;

  return (SottoAttendKeys) {
    .first_key = first,
    .end_key = MIN (first + SOTTO_ATTEND_CHUNK, end),
    .keys = sotto_cache_key_tile (cache, kv_head, first),
    .values = cache->value_bytes > 0 ? sotto_cache_value_row (cache, kv_head, first) : NULL,
    .key_tile_bytes = cache->key_tile_bytes,
    .value_bytes = cache->value_bytes,
    .type = cache->type,
    .n_key = self->n_key,
    .n_value = self->n_value,
    .value_stride = self->value_stride,
    .soft_cap = self->step->soft_cap,
    .bias = sotto_key_bias_describe (cache, kv_head, first, self->lane->memory->row),
  };
}

/* How much sharper attention is at a position far along. */
static float
sharpen (const SottoAttendStep *step, guint position)
{
  if (step->temperature_span == 0)
    return 1.0f;

  return 1.0f + step->temperature * (float) sotto_log (1.0 + position / step->temperature_span);
}

static void
list_queries (const Attention *self, guint kv_head, guint first, guint n, SottoQuery *queries)
{
  const SottoScratch *scratch = &self->lane->state->scratch;

  for (guint i = 0; i < n; i++)
    {
      guint token = (first + i) / self->group;
      guint head = kv_head * self->group + (first + i) % self->group;
      guint position = self->lane->batch->position + token;

      queries[i] = (SottoQuery) {
        .vector = scratch->queries + token * scratch->queries_stride + (gsize) head * self->n_key,
        .position = position,
        .first = first_seen (self, position),
        .end = end_seen (self, position),
        .scale = self->step->scale * sharpen (self->step, position),
        .slope = self->step->slopes != NULL ? self->step->slopes[head] : 0.0f,
      };
    }
}

/* --- Results --- */

/* Divides by the sum; a sink is a score more, whose value is zero (Xiao et al. 2024). */
static void
finish (const Attention *self, guint head, SottoPartial *partial, float *target)
{
  float factor = 1.0f;
  float sum = partial->sum;

  if (self->step->sinks != NULL)
    {
      float sink = self->step->sinks[head];
      float highest = MAX (partial->highest, sink);

      factor = sotto_exp (partial->highest - highest);
      sum = sum * factor + sotto_exp (sink - highest);
    }
  memcpy (target, partial->value, self->n_value * sizeof *target);
  self->lane->kernels->scale (factor / sum, self->n_value, target);
  spread (self->lane, self->n_value, self->cache->value_spread, target);
}

/* Rows of latent values, head by head. */
static SottoActivations
get_latents (const Attention *self)
{
  return sotto_activations_view (&self->lane->state->scratch.latents, self->n_value,
                                 self->n_tokens);
}

/* The results of all heads where every lane sees them. */
static SottoActivations
get_shared (const Attention *self)
{
  const SottoScratch *scratch = &self->lane->state->scratch;

  return sotto_activations_view (&scratch->buffers[SOTTO_BUFFER_ATTENDED], self->n_attended,
                                 self->n_tokens);
}

/* Where the result of a head goes: its place in the token's row, or a row of its own. */
static float *
target_of (const Attention *self, const SottoActivations *x, guint token, guint head)
{
  SottoActivations latents = get_latents (self);

  if (is_latent (self))
    return latents.values + ((gsize) head * self->n_tokens + token) * latents.column_stride;

  return x->values + token * x->column_stride + (gsize) head * self->n_value;
}

/* row *= sigmoid (gates of the token) */
static void
apply_gate (const Attention *self, guint token, float *row)
{
  const SottoScratch *scratch = &self->lane->state->scratch;
  const float *gates = scratch->gates + token * scratch->queries_stride;

  for (guint i = 0; i < self->n_attended; i++)
    row[i] = row[i] / (1.0f + sotto_exp (-gates[i]));
}

static void
complete_tokens (const Attention *self, const SottoActivations *x, guint first, guint end)
{
  for (guint t = first; self->step->gated && t < end; t++)
    apply_gate (self, t, x->values + t * x->column_stride);
  sotto_lane_pack_rows (self->lane, x, first, end);
}

/* The same of all tokens where lanes share the columns. */
static void
complete_columns (const Attention *self, const SottoActivations *x)
{
  guint token;

  if (self->step->gated)
    {
      while (sotto_lane_take (self->lane, self->n_tokens, &token))
        apply_gate (self, token, x->values + token * x->column_stride);
      if (!sotto_pool_barrier (self->lane->pool))
        return;
    }
  sotto_lane_pack_batch (self->lane, x);
}

/* From the latent space to the heads of @x, which all lanes share; ends with a barrier. */
static gboolean
raise_latents (const Attention *self, const SottoActivations *x)
{
  SottoLane *lane = self->lane;
  SottoActivations latents = get_latents (self);
  guint n_rows = self->step->value_up.n_rows;
  guint unit;

  while (sotto_lane_take (lane, self->step->n_heads, &unit))
    {
      SottoWeight head = sotto_weight_at (&self->step->value_up, unit);
      SottoProduct product = { .weight = &head, .n_rows = n_rows, .x = &latents,
                               .first_token = unit * self->n_tokens, .n_tokens = self->n_tokens,
                               .y = x->values + (gsize) unit * n_rows, .y_stride = x->column_stride };

      for (guint t = 0; t < self->n_tokens; t++)
        sotto_lane_pack (lane, &latents, unit * self->n_tokens + t);
      sotto_lane_multiply (lane, &product);
    }
  return sotto_pool_barrier (lane->pool);
}

/* The heads' results are there, shared by all lanes. */
static void
complete (const Attention *self)
{
  SottoLane *lane = self->lane;
  SottoActivations shared = get_shared (self);
  SottoActivations x = sotto_lane_buffer (lane, SOTTO_BUFFER_ATTENDED, self->n_attended);
  guint first;
  guint end;

  if (is_latent (self) && !raise_latents (self, &shared))
    return;
  if (x.values != shared.values)
    {
      memcpy (x.values, shared.values, self->n_attended * sizeof (float));
      complete_tokens (self, &x, 0, 1);
      return;
    }
  if (sotto_lane_packs_columns (lane))
    {
      complete_columns (self, &x);
      return;
    }
  while (sotto_lane_take_rows (lane, self->n_tokens, &first, &end))
    complete_tokens (self, &x, first, end);
  sotto_pool_barrier (lane->pool);
}

/* --- Few tokens --- */

/* Partial results of (token, head, chunk): value_stride values, the maximum, the sum. */
static SottoPartial
partial_at (const Attention *self, guint token, guint head, guint chunk)
{
  gsize index = ((gsize) token * self->step->n_heads + head) * self->n_chunks
                + (chunk - self->first_chunk);
  SottoPartial partial = {
    .value = self->lane->state->scratch.partials + index * (self->value_stride + 2)
  };

  partial.highest = partial.value[self->value_stride];
  partial.sum = partial.value[self->value_stride + 1];
  return partial;
}

/* Queries from @first to @end - 1 of those that share a head of K and V. */
static void
attend_chunk (const Attention *self, guint kv_head, guint chunk, guint first, guint end)
{
  SottoLane *lane = self->lane;
  SottoAttendKeys keys = describe_keys (self, kv_head, chunk, lane->batch->position + self->n_tokens);

  for (; first < end; first += SOTTO_ATTEND_QUERIES)
    {
      guint n = MIN (end - first, SOTTO_ATTEND_QUERIES);
      SottoQuery queries[SOTTO_ATTEND_QUERIES];
      SottoPartial partials[SOTTO_ATTEND_QUERIES];

      list_queries (self, kv_head, first, n, queries);
      for (guint i = 0; i < n; i++)
        partials[i].value = partial_at (self, (first + i) / self->group,
                                        kv_head * self->group + (first + i) % self->group, chunk).value;
      lane->kernels->attend[SOTTO_FORM_FEW] (&keys, n, queries, partials, lane->memory->scratch);
      for (guint i = 0; i < n; i++)
        {
          partials[i].value[self->value_stride] = partials[i].highest;
          partials[i].value[self->value_stride + 1] = partials[i].sum;
        }
    }
}

/* Every lane that merges a token for itself must leave the shared partial results as they are. */
static void
merge_head (const Attention *self, guint token, guint head, float *target)
{
  guint position = self->lane->batch->position + token;
  guint chunk = first_seen (self, position) / SOTTO_ATTEND_CHUNK;
  guint end = sotto_count_units (end_seen (self, position), SOTTO_ATTEND_CHUNK);
  SottoPartial first = partial_at (self, token, head, chunk);
  SottoPartial total = self->lane->memory->partials[0];

  total.highest = first.highest;
  total.sum = first.sum;
  memcpy (total.value, first.value, self->value_stride * sizeof (float));
  for (chunk++; chunk < end; chunk++)
    {
      SottoPartial next = partial_at (self, token, head, chunk);

      self->lane->kernels->merge (&total, &next, self->value_stride);
    }
  finish (self, head, &total, target);
}

/* Into how many parts the queries of a unit fall: with few keys there may be fewer units than lanes, or one more
 * than they can share. */
static guint
count_parts (const Attention *self, guint n_units)
{
  guint n_lanes = self->lane->n_lanes;

  return n_units % n_lanes == 0 || n_units >= 4 * n_lanes ? 1 : MIN (n_lanes, self->n_tokens * self->group);
}

static void
attend_split (const Attention *self)
{
  SottoLane *lane = self->lane;
  SottoActivations x = sotto_lane_buffer (lane, SOTTO_BUFFER_ATTENDED, self->n_attended);
  SottoActivations shared = get_shared (self);
  guint n_heads = self->step->n_heads;
  guint n_queries = self->n_tokens * self->group;
  guint n_units = self->cache->shape->n_heads * self->n_chunks;
  guint n_parts = count_parts (self, n_units);
  guint unit;

  while (sotto_lane_take (lane, n_units * n_parts, &unit))
    {
      guint part = unit % n_parts;
      guint of_all = unit / n_parts;

      attend_chunk (self, of_all / self->n_chunks, self->first_chunk + of_all % self->n_chunks,
                    part * n_queries / n_parts, (part + 1) * n_queries / n_parts);
    }
  if (!sotto_pool_barrier (lane->pool))
    return;

  /* One token with little to merge, every lane for itself: saves a barrier. */
  if (self->n_tokens == 1 && !is_latent (self) && n_heads * self->n_chunks <= MERGES_OF_A_BARRIER)
    {
      for (guint head = 0; head < n_heads; head++)
        merge_head (self, 0, head, target_of (self, &x, 0, head));
      complete_tokens (self, &x, 0, 1);
      return;
    }

  while (sotto_lane_take (lane, self->n_tokens * n_heads, &unit))
    merge_head (self, unit / n_heads, unit % n_heads,
                target_of (self, &shared, unit / n_heads, unit % n_heads));
  if (sotto_pool_barrier (lane->pool))
    complete (self);
}

/* --- Many tokens --- */

static void
attend_queries (const Attention *self, guint kv_head, guint first, guint n)
{
  SottoLane *lane = self->lane;
  SottoActivations shared = get_shared (self);
  SottoPartial *totals = lane->memory->partials;
  SottoPartial *partials = totals + SOTTO_ATTEND_QUERIES;
  SottoQuery queries[SOTTO_ATTEND_QUERIES];
  /* What is fast for many is as exact as halves are; who keeps floats wants more. */
  SottoForm form = self->cache->type == SOTTO_KV_F32 ? SOTTO_FORM_FEW : SOTTO_FORM_MANY;
  guint chunk, end_chunk;
  gboolean is_first = TRUE;

  list_queries (self, kv_head, first, n, queries);
  chunk = queries[0].first / SOTTO_ATTEND_CHUNK;
  end_chunk = sotto_count_units (queries[n - 1].end, SOTTO_ATTEND_CHUNK);
  for (; chunk < end_chunk && !sotto_pool_is_hurried (lane->pool); chunk++, is_first = FALSE)
    {
      SottoAttendKeys keys = describe_keys (self, kv_head, chunk, queries[n - 1].end);

      lane->kernels->attend[form] (&keys, n, queries, is_first ? totals : partials, lane->memory->scratch);
      for (guint i = 0; i < n && !is_first; i++)
        if (queries[i].first < keys.end_key && queries[i].end > keys.first_key)
          lane->kernels->merge (&totals[i], &partials[i], self->value_stride);
    }
  for (guint i = 0; i < n; i++)
    {
      guint head = kv_head * self->group + (first + i) % self->group;

      finish (self, head, &totals[i],
              target_of (self, &shared, (first + i) / self->group, head));
    }
}

/* The more queries a unit has, the less often keys are brought into another form; but every lane is to have a few. */
static guint
queries_of_unit (const Attention *self)
{
  guint n_queries = self->n_tokens * self->group;
  guint n = SOTTO_ATTEND_QUERIES;

  while (n > SOTTO_ATTEND_QUERIES / 4
         && self->cache->shape->n_heads * sotto_count_units (n_queries, n) < 4 * self->lane->n_lanes)
    n /= 2;
  return n;
}

static void
attend_tiles (const Attention *self)
{
  SottoLane *lane = self->lane;
  guint n_kv_heads = self->cache->shape->n_heads;
  guint n_queries = self->n_tokens * self->group;
  guint n_together = queries_of_unit (self);
  guint n_tiles = sotto_count_units (n_queries, n_together);
  guint unit;

  while (sotto_lane_take (lane, n_kv_heads * n_tiles, &unit))
    {
      /* The last queries see most: they come first, so that no lane is left with one at the end. */
      guint first = (n_tiles - 1 - unit / n_kv_heads) * n_together;

      attend_queries (self, unit % n_kv_heads, first, MIN (n_queries - first, n_together));
    }
  if (sotto_pool_barrier (lane->pool))
    complete (self);
}

void
sotto_lane_attend (SottoLane *lane, const SottoAttendStep *step)
{
  Attention self = begin (lane, step);

  if (self.n_tokens <= SOTTO_SPLIT_TOKENS)
    attend_split (&self);
  else
    attend_tiles (&self);
}

/* --- Appending --- */

void
sotto_lane_append_keys (SottoLane *lane, guint cache, guint head, float *keys, gsize stride)
{
  const SottoCache *self = &lane->state->caches.caches[cache];

  for (guint t = 0; t < lane->batch->n_tokens; t++)
    {
      guint position = lane->batch->position + t;

      spread (lane, self->shape->n_key, self->key_spread, keys + t * stride);
      sotto_cache_pack_key (self->type, sotto_cache_key_tile (self, head, position),
                            position % SOTTO_KEY_TILE, keys + t * stride, self->shape->n_key,
                            lane->kernels, lane->memory->scratch);
    }
}

void
sotto_lane_append_values (SottoLane *lane, guint cache, guint head, float *values, gsize stride)
{
  const SottoCache *self = &lane->state->caches.caches[cache];

  for (guint t = 0; t < lane->batch->n_tokens; t++)
    {
      guint position = lane->batch->position + t;

      spread (lane, self->shape->n_value, self->value_spread, values + t * stride);
      sotto_cache_pack_value (self->type, sotto_cache_value_row (self, head, position),
                              values + t * stride, self->shape->n_value, lane->kernels);
    }
}

void
sotto_lane_match_queries (SottoLane *lane, guint cache, guint n_tokens, float *heads, gsize stride)
{
  const SottoCache *self = &lane->state->caches.caches[cache];

  for (guint t = 0; t < n_tokens; t++)
    spread (lane, self->shape->n_key, self->key_spread, heads + t * stride);
}
