#include "cpu/lane.h"

#include <string.h>

/* How attention is shared out. Whatever the split, a query's result is the same: partial results of
 * chunks of SOTTO_ATTEND_CHUNK keys that start at multiples of it, merged in the keys' order,
 * divided by their sum.
 *
 * Few tokens: units are (head of K and V, chunk), since the keys are the work; partial results meet
 * in the state. Many tokens: units are (head of K and V, tile of queries); each walks its chunks
 * and merges as it goes. Queries of one head of K and V are numbered token by token, then head by
 * head of the group. */

static guint
count_units (guint n, guint of)
{
  return (n + of - 1) / of;
}

static guint
group_size (const SottoShape *shape)
{
  return shape->n_heads / shape->n_kv_heads;
}

static SottoAttendHead
describe_head (const SottoState *state, guint layer, guint kv_head)
{
  SottoAttendHead head = {
    .keys = sotto_state_keys (state, layer, kv_head),
    .values = sotto_state_values (state, layer, kv_head),
    .type = state->kv_type,
    .n_key = state->shape->n_head_key,
    .value_stride = state->value_stride,
    .scale = state->shape->attention_scale,
  };

  return head;
}

/* Where queries first … first + n - 1 of a head of K and V lie, and what each may see. */
static void
list_queries (SottoLane    *lane,
              guint         kv_head,
              guint         first,
              guint         n,
              const float **queries,
              guint        *limits)
{
  const SottoShape *shape = lane->state->shape;
  guint group = group_size (shape);

  for (guint i = 0; i < n; i++)
    {
      guint token = (first + i) / group;
      guint head = kv_head * group + (first + i) % group;

      queries[i] = lane->state->queries
                   + ((gsize) token * shape->n_heads + head) * shape->n_head_key;
      limits[i] = lane->batch->position + token + 1;
    }
}

static void
finish (const SottoPartial *partial, guint n, float *target)
{
  for (guint d = 0; d < n; d++)
    target[d] = partial->value[d] / partial->sum;
}

/* --- Few tokens --- */

/* Partial results of (token, head, chunk): value_stride values, the maximum, the sum. */
static SottoPartial
partial_at (SottoState *state, guint n_chunks, guint token, guint head, guint chunk)
{
  gsize index = ((gsize) token * state->shape->n_heads + head) * n_chunks + chunk;
  SottoPartial partial = { .value = state->partials + index * (state->value_stride + 2) };

  partial.highest = partial.value[state->value_stride];
  partial.sum = partial.value[state->value_stride + 1];
  return partial;
}

static void
attend_chunk (SottoLane *lane,
              const SottoAttendHead *head,
              guint kv_head,
              guint chunk,
              guint n_chunks)
{
  SottoState *state = lane->state;
  guint group = group_size (state->shape);
  guint n_queries = lane->batch->n_tokens * group;
  guint end = MIN ((chunk + 1) * SOTTO_ATTEND_CHUNK, lane->batch->position + lane->batch->n_tokens);

  for (guint first = 0; first < n_queries; first += SOTTO_ATTEND_QUERIES)
    {
      guint n = MIN (n_queries - first, SOTTO_ATTEND_QUERIES);
      const float *queries[SOTTO_ATTEND_QUERIES];
      guint limits[SOTTO_ATTEND_QUERIES];
      SottoPartial partials[SOTTO_ATTEND_QUERIES];

      list_queries (lane, kv_head, first, n, queries, limits);
      for (guint i = 0; i < n; i++)
        partials[i].value = partial_at (state, n_chunks, (first + i) / group,
                                        kv_head * group + (first + i) % group, chunk).value;
      lane->kernels->attend (head, chunk * SOTTO_ATTEND_CHUNK, end, n, queries, limits, partials,
                             lane->memory->scratch);
      for (guint i = 0; i < n; i++)
        {
          partials[i].value[state->value_stride] = partials[i].highest;
          partials[i].value[state->value_stride + 1] = partials[i].sum;
        }
    }
}

/* Every lane that merges a token for itself must leave the shared partial results as they are. */
static void
merge_token (SottoLane *lane, guint n_chunks, guint token, float *target)
{
  SottoState *state = lane->state;
  const SottoShape *shape = state->shape;

  for (guint head = 0; head < shape->n_heads; head++)
    {
      SottoPartial first = partial_at (state, n_chunks, token, head, 0);
      SottoPartial total = lane->memory->partials[0];

      total.highest = first.highest;
      total.sum = first.sum;
      memcpy (total.value, first.value, state->value_stride * sizeof (float));
      for (guint chunk = 1; chunk * SOTTO_ATTEND_CHUNK < lane->batch->position + token + 1; chunk++)
        {
          SottoPartial next = partial_at (state, n_chunks, token, head, chunk);

          lane->kernels->merge (&total, &next, state->value_stride);
        }
      finish (&total, shape->n_head_value, target + head * shape->n_head_value);
    }
}

static const SottoActivations *
attend_split (SottoLane *lane, guint layer, const SottoWeight *output)
{
  SottoState *state = lane->state;
  const SottoShape *shape = state->shape;
  guint n_tokens = lane->batch->n_tokens;
  guint n_chunks = count_units (lane->batch->position + n_tokens, SOTTO_ATTEND_CHUNK);
  SottoActivations *x = &state->attended;
  guint unit;

  while (sotto_pool_take (lane->pool, shape->n_kv_heads * n_chunks, &unit))
    {
      guint kv_head = unit / n_chunks;
      SottoAttendHead head = describe_head (state, layer, kv_head);

      attend_chunk (lane, &head, kv_head, unit % n_chunks, n_chunks);
    }
  if (!sotto_pool_barrier (lane->pool))
    return NULL;
  if (n_tokens == 1)
    {
      x = sotto_lane_single (lane, shape->n_heads * shape->n_head_value);
      merge_token (lane, n_chunks, 0, x->values);
      sotto_lane_quantise (lane, output, x, 0);
      return x;
    }
  while (sotto_pool_take (lane->pool, n_tokens, &unit))
    {
      merge_token (lane, n_chunks, unit, x->values + unit * x->column_stride);
      sotto_lane_quantise (lane, output, x, unit);
    }
  return sotto_pool_barrier (lane->pool) ? x : NULL;
}

/* --- Many tokens --- */

static void
attend_queries (SottoLane *lane, const SottoAttendHead *head, guint kv_head, guint first, guint n)
{
  const SottoShape *shape = lane->state->shape;
  const SottoActivations *x = &lane->state->attended;
  guint group = group_size (shape);
  SottoPartial *totals = lane->memory->partials;
  SottoPartial *partials = totals + SOTTO_ATTEND_QUERIES;
  const float *queries[SOTTO_ATTEND_QUERIES];
  guint limits[SOTTO_ATTEND_QUERIES];
  guint end_key;

  list_queries (lane, kv_head, first, n, queries, limits);
  end_key = limits[n - 1];
  for (guint key = 0; key < end_key && !sotto_pool_is_hurried (lane->pool);
       key += SOTTO_ATTEND_CHUNK)
    {
      guint end = MIN (key + SOTTO_ATTEND_CHUNK, end_key);

      lane->kernels->attend (head, key, end, n, queries, limits, key == 0 ? totals : partials,
                             lane->memory->scratch);
      for (guint i = 0; i < n && key > 0; i++)
        if (limits[i] > key)
          lane->kernels->merge (&totals[i], &partials[i], head->value_stride);
    }
  for (guint i = 0; i < n; i++)
    {
      guint token = (first + i) / group;
      guint query_head = kv_head * group + (first + i) % group;

      finish (&totals[i], shape->n_head_value,
              x->values + token * x->column_stride + query_head * shape->n_head_value);
    }
}

static const SottoActivations *
attend_tiles (SottoLane *lane, guint layer, const SottoWeight *output)
{
  SottoState *state = lane->state;
  const SottoShape *shape = state->shape;
  guint n_queries = lane->batch->n_tokens * group_size (shape);
  guint n_tiles = count_units (n_queries, SOTTO_ATTEND_QUERIES);
  SottoActivations *x = &state->attended;
  guint unit;

  while (sotto_pool_take (lane->pool, shape->n_kv_heads * n_tiles, &unit))
    {
      guint kv_head = unit % shape->n_kv_heads;
      /* The last queries see most: they come first, so that no lane is left with one at the end. */
      guint first = (n_tiles - 1 - unit / shape->n_kv_heads) * SOTTO_ATTEND_QUERIES;
      SottoAttendHead head = describe_head (state, layer, kv_head);

      attend_queries (lane, &head, kv_head, first, MIN (n_queries - first, SOTTO_ATTEND_QUERIES));
    }
  if (!sotto_pool_barrier (lane->pool))
    return NULL;
  while (sotto_pool_take (lane->pool, lane->batch->n_tokens, &unit))
    sotto_lane_quantise (lane, output, x, unit);
  return sotto_pool_barrier (lane->pool) ? x : NULL;
}

const SottoActivations *
sotto_lane_attend (SottoLane *lane, guint layer, const SottoWeight *output)
{
  return lane->batch->n_tokens <= SOTTO_SPLIT_TOKENS ? attend_split (lane, layer, output)
                                                     : attend_tiles (lane, layer, output);
}

/* --- Appending --- */

void
sotto_lane_append_keys (SottoLane *lane,
                        guint layer,
                        guint kv_head,
                        const float *keys,
                        gsize stride)
{
  const SottoState *state = lane->state;
  guint n_key = state->shape->n_head_key;
  guint8 *target = sotto_state_keys (state, layer, kv_head);
  guint16 *halves = lane->memory->scratch;

  for (guint t = 0; t < lane->batch->n_tokens; t++)
    {
      guint position = lane->batch->position + t;
      gsize first = (gsize) (position / SOTTO_KEY_TILE) * n_key * SOTTO_KEY_TILE
                    + position % SOTTO_KEY_TILE;

      if (state->kv_type == SOTTO_KV_F32)
        {
          for (guint d = 0; d < n_key; d++)
            ((float *) target)[first + d * SOTTO_KEY_TILE] = keys[t * stride + d];
          continue;
        }
      lane->kernels->to_half (keys + t * stride, n_key, halves);
      for (guint d = 0; d < n_key; d++)
        ((guint16 *) target)[first + d * SOTTO_KEY_TILE] = halves[d];
    }
}

void
sotto_lane_append_values (SottoLane *lane,
                          guint layer,
                          guint kv_head,
                          const float *values,
                          gsize stride)
{
  const SottoState *state = lane->state;
  guint n_value = state->shape->n_head_value;
  guint8 *target = sotto_state_values (state, layer, kv_head);

  for (guint t = 0; t < lane->batch->n_tokens; t++)
    {
      gsize first = (gsize) (lane->batch->position + t) * state->value_stride;

      if (state->kv_type == SOTTO_KV_F32)
        memcpy ((float *) target + first, values + t * stride, n_value * sizeof (float));
      else
        lane->kernels->to_half (values + t * stride, n_value, (guint16 *) target + first);
    }
}
