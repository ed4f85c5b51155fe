#include "cpu/lane.h"

#include <string.h>

/* LOGITS and POOL: what a plan ends with. */

/* --- Logits --- */

/* The residual's rows from first_token on, normed, ready for all lanes. */
static SottoActivations
norm_rows (SottoLane *lane, const SottoNorm *norm, guint first_token, guint n_tokens)
{
  SottoScratch *scratch = &lane->state->scratch;
  guint n = scratch->plan->n_embedding;
  SottoActivations residual = sotto_lane_buffer (lane, SOTTO_BUFFER_RESIDUAL, n);
  SottoActivations x = sotto_activations_view (n_tokens == 1
                                                 ? &lane->memory->buffers[SOTTO_BUFFER_NORMED]
                                                 : &scratch->buffers[SOTTO_BUFFER_NORMED],
                                               n, n_tokens);
  guint first;
  guint end;

  if (n_tokens == 1)
    {
      sotto_lane_norm (lane, norm, residual.values + first_token * residual.column_stride, n,
                       x.values);
      sotto_lane_pack (lane, &x, 0);
      return x;
    }
  while (sotto_lane_take_rows (lane, n_tokens, &first, &end))
    {
      for (guint t = first; t < end; t++)
        sotto_lane_norm (lane, norm, residual.values + (first_token + t) * residual.column_stride, n,
                         x.values + t * x.column_stride);
      sotto_lane_pack_rows (lane, &x, first, end);
    }
  sotto_pool_barrier (lane->pool);
  return x;
}

void
sotto_step_logits (SottoLane *lane, const SottoStep *step)
{
  const SottoLogitsStep *logits = &step->logits;
  const SottoWeight *weight = &logits->weight;
  guint n_tokens = lane->batch->all_logits ? lane->batch->n_tokens : 1;
  gsize stride = lane->state->scratch.plan->n_output;
  SottoActivations x = norm_rows (lane, &logits->norm, lane->batch->n_tokens - n_tokens, n_tokens);
  guint first;
  guint n;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take_outputs (lane, weight->n_rows, &first, &n))
    {
      float *y = lane->state->scratch.output + first;
      SottoProduct product = { .weight = weight, .first_row = first, .n_rows = n, .x = &x,
                               .n_tokens = n_tokens, .y = y, .y_stride = stride };

      sotto_lane_multiply (lane, &product);
      for (guint t = 0; t < n_tokens; t++)
        {
          if (logits->scale != 1.0f)
            lane->kernels->scale (logits->scale, n, y + t * stride);
          if (logits->soft_cap > 0.0f)
            lane->kernels->cap (logits->soft_cap, n, y + t * stride);
        }
    }
  sotto_pool_barrier (lane->pool);
}

/* --- Pooled vectors --- */

/* Columns first … first + n - 1 of the pooled vector; a mean's sum follows the tokens. */
static void
pool_columns (SottoLane              *lane,
              SottoPooling            pooling,
              const SottoActivations *x,
              guint                   first,
              guint                   n,
              float                  *y)
{
  guint n_tokens = lane->batch->n_tokens;
  guint begin = pooling == SOTTO_POOLING_LAST ? n_tokens - 1 : 0;
  guint end = pooling == SOTTO_POOLING_FIRST ? 1 : n_tokens;

  memset (y, 0, n * sizeof *y);
  for (guint t = begin; t < end; t++)
    lane->kernels->add (x->values + t * x->column_stride + first, 1.0f, n, y);
  if (pooling == SOTTO_POOLING_MEAN)
    lane->kernels->scale (1.0f / (float) n_tokens, n, y);
}

/* y = weight x, of one vector that all lanes share. */
static gboolean
multiply_pooled (SottoLane *lane, const SottoWeight *weight, const SottoActivations *x, float *y)
{
  SottoProduct product = { .weight = weight, .n_rows = weight->n_rows, .x = x, .n_tokens = 1, .y = y };
  guint unit;

  while (sotto_lane_take (lane, sotto_count_units (weight->n_rows, SOTTO_UNIT_ROWS), &unit))
    sotto_lane_multiply_unit (lane, &product, unit);
  return sotto_pool_barrier (lane->pool);
}

void
sotto_step_pool (SottoLane *lane, const SottoStep *step)
{
  const SottoPoolStep *pool = &step->pool;
  SottoScratch *scratch = &lane->state->scratch;
  guint n = scratch->plan->n_embedding;
  SottoActivations x = norm_rows (lane, &pool->norm, 0, lane->batch->n_tokens);
  guint which = 0;
  guint unit;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take (lane, sotto_count_units (n, SOTTO_UNIT_ROWS), &unit))
    {
      guint first = unit * SOTTO_UNIT_ROWS;

      pool_columns (lane, pool->pooling, &x, first, MIN (n - first, SOTTO_UNIT_ROWS),
                    scratch->pooled[0].values + first);
    }
  if (!sotto_pool_barrier (lane->pool))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (pool->dense); i++)
    {
      SottoActivations vector = sotto_activations_view (&scratch->pooled[which], n, 1);

      if (!sotto_weight_is_there (&pool->dense[i]))
        continue;
      if (lane->index == 0)
        sotto_lane_pack (lane, &vector, 0);
      if (!sotto_pool_barrier (lane->pool)
          || !multiply_pooled (lane, &pool->dense[i], &vector, scratch->pooled[1 - which].values))
        return;
      n = pool->dense[i].n_rows;
      which = 1 - which;
    }
  if (lane->index == 0)
    memcpy (scratch->output, scratch->pooled[which].values, n * sizeof (float));
  sotto_pool_barrier (lane->pool);
}
