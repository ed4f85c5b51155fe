#include "cpu/lane.h"

#include <string.h>

/* The operations of a program, as every lane walks them. A phase ends with a barrier; in decode a
 * layer has five:
 *
 *   query_key_value      each lane norms the one token for itself; units are heads, so that whoever
 * computed one turns it and appends it                                                    | barrier
 *   attend_project       units are (head of K and V, chunk of keys) | barrier each lane merges the
 * chunks for itself; units of rows                      | barrier gated_feed_forward   units of
 * rows of gate and up, activated and quantised where computed       | barrier units of rows |
 * barrier
 *
 * With more tokens, norms and merges are work to be shared, at the cost of a barrier more. */

/* Multiply-adds between two looks at the cancel flag: 20 ms in plain C. */
#define MULTIPLY_PIECE (48 * 1000 * 1000)

static guint
count_units (guint n, guint of)
{
  return (n + of - 1) / of;
}

/* --- Steps --- */

void
sotto_lane_multiply (SottoLane              *lane,
                     const SottoWeight      *weight,
                     guint                   first_row,
                     guint                   n_rows,
                     const SottoActivations *x,
                     guint                   n_tokens,
                     float                  *y,
                     gsize                   y_stride)
{
  guint64 work = (guint64) MAX (n_rows, 1) * MAX (weight->n_columns, 1);
  guint piece = (guint) CLAMP (MULTIPLY_PIECE / work, 16, SOTTO_MAX_BATCH);

  for (guint t = 0; t < n_tokens && !sotto_pool_is_hurried (lane->pool); t += piece)
    lane->kernels->multiply[weight->type](weight, first_row, n_rows, x, t,
                                          MIN (piece, n_tokens - t), y + t * y_stride, y_stride,
                                          lane->memory->scratch);
  if (weight->bias != NULL)
    for (guint t = 0; t < n_tokens; t++)
      lane->kernels->add (weight->bias + first_row, n_rows, y + t * y_stride);
}

void
sotto_lane_project (SottoLane *lane, const SottoWeight *weight, const SottoActivations *x)
{
  SottoState *state = lane->state;
  guint n_tokens = lane->batch->n_tokens;
  float *tile = lane->memory->tiles[0];
  guint unit;

  while (sotto_pool_take (lane->pool, count_units (weight->n_rows, SOTTO_UNIT_ROWS), &unit))
    {
      guint first = unit * SOTTO_UNIT_ROWS;
      guint n_rows = MIN (weight->n_rows - first, SOTTO_UNIT_ROWS);

      sotto_lane_multiply (lane, weight, first, n_rows, x, n_tokens, tile, SOTTO_UNIT_ROWS);
      for (guint t = 0; t < n_tokens; t++)
        lane->kernels->add (tile + t * SOTTO_UNIT_ROWS, n_rows,
                            state->residual + (gsize) t * state->shape->n_embedding + first);
    }
  sotto_pool_barrier (lane->pool);
}

SottoActivations *
sotto_lane_single (SottoLane *lane, guint n_columns)
{
  SottoActivations *own = &lane->memory->own;

  sotto_activations_layout (own, n_columns, 1, (guint8 *) own->values);
  return own;
}

void
sotto_lane_quantise (SottoLane *lane, const SottoWeight *weight, const SottoActivations *x, guint t)
{
  if (lane->kernels->takes_steps[weight->type])
    lane->kernels->quantise (x->values + t * x->column_stride, x->n_columns,
                             x->steps + t * x->column_stride, x->scales + t * x->block_stride,
                             x->totals + t * x->block_stride, x->sums + t * x->block_stride);
}

/* Whether one of the weights wants the other form of activations than the first: both are made
 * then. */
static const SottoWeight *
find_quantised (SottoLane *lane, const SottoWeight *a, const SottoWeight *b, const SottoWeight *c)
{
  if (b != NULL && lane->kernels->takes_steps[b->type])
    return b;
  if (c != NULL && lane->kernels->takes_steps[c->type])
    return c;
  return a;
}

static void
norm_token (SottoLane              *lane,
            const SottoNorm        *norm,
            const SottoWeight      *weight,
            guint                   token,
            const SottoActivations *x,
            guint                   t)
{
  guint n = lane->state->shape->n_embedding;

  lane->kernels->norm (lane->state->residual + (gsize) token * n, norm->weight, norm->epsilon, n,
                       x->values + t * x->column_stride);
  sotto_lane_quantise (lane, weight, x, t);
}

/* Norms the residual of the batch, ready for weight: of one token every lane for itself, of more
 * together. */
static const SottoActivations *
norm_batch (SottoLane *lane, const SottoNorm *norm, const SottoWeight *weight)
{
  SottoActivations *x = &lane->state->normed;
  guint unit;

  if (sotto_pool_is_stopped (lane->pool))
    return NULL;
  if (lane->batch->n_tokens == 1)
    {
      x = sotto_lane_single (lane, lane->state->shape->n_embedding);
      norm_token (lane, norm, weight, 0, x, 0);
      return x;
    }
  while (sotto_pool_take (lane->pool, lane->batch->n_tokens, &unit))
    norm_token (lane, norm, weight, unit, x, unit);
  return sotto_pool_barrier (lane->pool) ? x : NULL;
}

/* --- Operations --- */

static void
embed (SottoLane *lane, const SottoWeight *table, float scale)
{
  SottoState *state = lane->state;
  guint n = state->shape->n_embedding;
  const SottoBlockInfo *info = sotto_block_info (table->type);
  guint unit;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_pool_take (lane->pool, lane->batch->n_tokens, &unit))
    {
      gsize token = (gsize) MIN ((guint) lane->batch->tokens[unit], table->n_rows - 1);
      float *x = state->residual + (gsize) unit * n;

      info->dequantise ((const guint8 *) table->data + token * table->row_bytes, x, n);
      if (scale != 1.0f)
        for (guint i = 0; i < n; i++)
          x[i] *= scale;
    }
  sotto_pool_barrier (lane->pool);
}

static void
turn (SottoLane *lane, float *heads, gsize stride)
{
  const SottoState *state = lane->state;
  guint n_pairs = state->shape->n_rope / 2;

  for (guint t = 0; t < lane->batch->n_tokens; t++)
    lane->kernels->rope (state->shape->rope_kind, state->cosines + (gsize) t * n_pairs,
                         state->sines + (gsize) t * n_pairs, n_pairs, heads + t * stride);
}

static void
query_key_value (SottoLane         *lane,
                 guint              layer,
                 const SottoNorm   *norm,
                 const SottoWeight *query,
                 const SottoWeight *key,
                 const SottoWeight *value)
{
  const SottoShape *shape = lane->state->shape;
  const SottoActivations *x = norm_batch (lane, norm, find_quantised (lane, query, key, value));
  guint n_tokens = lane->batch->n_tokens;
  gsize queries_stride = (gsize) shape->n_heads * shape->n_head_key;
  float *tile = lane->memory->tiles[0];
  guint unit;

  if (x == NULL)
    return;
  while (sotto_pool_take (lane->pool, shape->n_heads + 2 * shape->n_kv_heads, &unit))
    {
      if (unit < shape->n_heads)
        {
          guint first = unit * shape->n_head_key;

          sotto_lane_multiply (lane, query, first, shape->n_head_key, x, n_tokens,
                               lane->state->queries + first, queries_stride);
          turn (lane, lane->state->queries + first, queries_stride);
        }
      else if (unit < shape->n_heads + shape->n_kv_heads)
        {
          guint head = unit - shape->n_heads;

          sotto_lane_multiply (lane, key, head * shape->n_head_key, shape->n_head_key, x, n_tokens,
                               tile, shape->n_head_key);
          turn (lane, tile, shape->n_head_key);
          sotto_lane_append_keys (lane, layer, head, tile, shape->n_head_key);
        }
      else
        {
          guint head = unit - shape->n_heads - shape->n_kv_heads;

          sotto_lane_multiply (lane, value, head * shape->n_head_value, shape->n_head_value, x,
                               n_tokens, tile, shape->n_head_value);
          sotto_lane_append_values (lane, layer, head, tile, shape->n_head_value);
        }
    }
  sotto_pool_barrier (lane->pool);
}

static void
attend_project (SottoLane *lane, guint layer, const SottoWeight *output)
{
  const SottoActivations *x = sotto_pool_is_stopped (lane->pool)
                                ? NULL
                                : sotto_lane_attend (lane, layer, output);

  if (x != NULL)
    sotto_lane_project (lane, output, x);
}

/* The rows of gate and up of one unit, activated, into hidden; a unit is a block of it, so it can
 * be quantised here. */
static void
feed_unit (SottoLane              *lane,
           const SottoActivations *x,
           SottoActivation         activation,
           const SottoWeight      *gate,
           const SottoWeight      *up,
           const SottoWeight      *down,
           guint                   unit)
{
  const SottoActivations *hidden = &lane->state->hidden;
  guint first = unit * SOTTO_UNIT_ROWS;
  guint n_rows = MIN (gate->n_rows - first, SOTTO_UNIT_ROWS);
  guint n_tokens = lane->batch->n_tokens;

  sotto_lane_multiply (lane, gate, first, n_rows, x, n_tokens, lane->memory->tiles[0],
                       SOTTO_UNIT_ROWS);
  sotto_lane_multiply (lane, up, first, n_rows, x, n_tokens, lane->memory->tiles[1],
                       SOTTO_UNIT_ROWS);
  for (guint t = 0; t < n_tokens; t++)
    {
      const float *gates = lane->memory->tiles[0] + t * SOTTO_UNIT_ROWS;
      float *ups = lane->memory->tiles[1] + t * SOTTO_UNIT_ROWS;
      gsize column = t * hidden->column_stride + first;
      gsize block = t * hidden->block_stride + unit;

      if (!lane->kernels->takes_steps[down->type])
        {
          lane->kernels->gate (activation, gates, ups, n_rows, hidden->values + column);
          continue;
        }
      lane->kernels->gate (activation, gates, ups, n_rows, ups);
      lane->kernels->quantise (ups, n_rows, hidden->steps + column, hidden->scales + block,
                               hidden->totals + block, hidden->sums + block);
    }
}

static void
gated_feed_forward (SottoLane         *lane,
                    const SottoNorm   *norm,
                    SottoActivation    activation,
                    const SottoWeight *gate,
                    const SottoWeight *up,
                    const SottoWeight *down)
{
  const SottoActivations *x = norm_batch (lane, norm, find_quantised (lane, gate, up, NULL));
  guint unit;

  if (x == NULL)
    return;
  while (sotto_pool_take (lane->pool, count_units (gate->n_rows, SOTTO_UNIT_ROWS), &unit))
    feed_unit (lane, x, activation, gate, up, down, unit);
  if (sotto_pool_barrier (lane->pool))
    sotto_lane_project (lane, down, &lane->state->hidden);
}

static void
logits (SottoLane *lane, const SottoNorm *norm, const SottoWeight *output)
{
  SottoState *state = lane->state;
  guint n_tokens = lane->batch->all_logits ? lane->batch->n_tokens : 1;
  const SottoActivations *x;
  guint unit;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  if (n_tokens == 1)
    {
      SottoActivations *last = sotto_lane_single (lane, state->shape->n_embedding);

      norm_token (lane, norm, output, lane->batch->n_tokens - 1, last, 0);
      x = last;
    }
  else
    {
      x = norm_batch (lane, norm, output);
      if (x == NULL)
        return;
    }
  while (sotto_pool_take (lane->pool, count_units (output->n_rows, SOTTO_UNIT_ROWS), &unit))
    sotto_lane_multiply (lane, output, unit * SOTTO_UNIT_ROWS,
                         MIN (output->n_rows - unit * SOTTO_UNIT_ROWS, SOTTO_UNIT_ROWS), x,
                         n_tokens, state->logits + unit * SOTTO_UNIT_ROWS,
                         state->shape->n_vocabulary);
  sotto_pool_barrier (lane->pool);
}

static gboolean
is_cancelled (SottoLane *lane)
{
  return sotto_pool_is_stopped (lane->pool);
}

const SottoOperations sotto_cpu_operations = {
  .embed = embed,
  .query_key_value = query_key_value,
  .attend_project = attend_project,
  .gated_feed_forward = gated_feed_forward,
  .logits = logits,
  .is_cancelled = is_cancelled,
};
