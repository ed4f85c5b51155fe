#include "cpu/exact-math.h"
#include "cpu/lane.h"
#include "cpu/recurrent-head.h"

/* DELTA: Gated DeltaNet. Two phases:
 *
 *   rows of all projections                                                    | barrier
 *   value heads: convolution, unit length, delta rule and gated norm, token by token | barrier
 *
 * A head of the state is changed by tokens in their order, whatever their batch, so the bits are the
 * same. Value heads that share a key head convolve it each for itself, which is cheaper than a phase. */

typedef struct {
  SottoLane *lane;
  const SottoDeltaStep *step;
  guint n_tokens;
  guint n_channels;
  gsize stride;             /* of scratch.projected: channels, gates, alphas, betas */
  SottoHistory history;     /* of channels */
  float *states;            /* (n_value_heads, n_key, n_value) */
  SottoActivations attended; /* that all lanes share */
} Delta;

/* --- Projections --- */

static gboolean
multiply_all (const Delta *self, const SottoActivations *x)
{
  const SottoWeight *const weights[] = { &self->step->mixed, &self->step->gate, &self->step->alpha,
                                         &self->step->beta };
  SottoLane *lane = self->lane;
  guint n_units = 0;
  guint unit;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    n_units += sotto_count_units (weights[i]->n_rows, SOTTO_UNIT_ROWS);
  while (sotto_lane_take (lane, n_units, &unit))
    {
      SottoProduct whole = { .x = x, .n_tokens = self->n_tokens, .y = lane->state->scratch.projected,
                             .y_stride = self->stride };
      guint which = 0;

      for (; unit >= sotto_count_units (weights[which]->n_rows, SOTTO_UNIT_ROWS); which++)
        {
          unit -= sotto_count_units (weights[which]->n_rows, SOTTO_UNIT_ROWS);
          whole.y += weights[which]->n_rows;
        }
      whole.weight = weights[which];
      whole.n_rows = weights[which]->n_rows;
      sotto_lane_multiply_unit (lane, &whole, unit);
    }
  return sotto_pool_barrier (lane->pool);
}

/* --- A head --- */

/* Its parts: query, key, value. */
static SottoRecurrentHead
begin_head (const Delta *self, guint value_head)
{
  const SottoDeltaStep *step = self->step;
  guint key_head = step->interleaved ? value_head % step->n_key_heads
                                     : value_head / (step->n_value_heads / step->n_key_heads);
  SottoRecurrentHead head = {
    .first = { key_head * step->n_key, (step->n_key_heads + key_head) * step->n_key,
               2 * step->n_key_heads * step->n_key + value_head * step->n_value },
    .n = { step->n_key, step->n_key, step->n_value },
  };

  sotto_recurrent_head_place (&head, step->convolution, step->n_conv, self->lane->memory->row);
  return head;
}

/* x / sqrt (sum x² + epsilon) * scale */
static void
to_length (const Delta *self, float *x, float scale)
{
  const SottoKernels *kernels = self->lane->kernels;
  guint n = self->step->n_key;

  kernels->norm (SOTTO_NORM_RMS, x, NULL, NULL, self->step->epsilon / (float) n, n, x);
  kernels->scale (scale / sqrtf ((float) n), n, x);
}

static void
do_token (const Delta *self, const SottoRecurrentHead *head, guint value_head, guint t)
{
  const SottoDeltaStep *step = self->step;
  const SottoKernels *kernels = self->lane->kernels;
  const float *gates = self->lane->state->scratch.projected + t * self->stride + self->n_channels;
  const float *alphas = gates + step->gate.n_rows;
  const float *betas = alphas + step->n_value_heads;
  float *y = self->attended.values + t * self->attended.column_stride
             + (gsize) value_head * step->n_value;
  float softplus = sotto_softplus (alphas[value_head] + step->step_bias[value_head]);

  sotto_recurrent_head_convolve (head, kernels, &self->history, t, NULL, step->n_conv, self->lane->memory->taps);
  to_length (self, head->x[0], 1.0f / sqrtf ((float) step->n_key));
  to_length (self, head->x[1], 1.0f);
  kernels->delta (head->x[0], head->x[1], head->x[2],
                  sotto_exp (step->rates[value_head] * softplus), sotto_sigmoid (betas[value_head]),
                  step->n_key, step->n_value,
                  self->states + (gsize) value_head * step->n_key * step->n_value, head->answer);
  sotto_lane_norm (self->lane, &step->norm, head->answer, step->n_value, head->answer);
  kernels->gate (SOTTO_ACTIVATION_SILU, gates + (gsize) value_head * step->n_value, head->answer,
                 step->n_value, y);
}

/* --- The whole --- */

/* Each lane some of the channels. Nothing reads scratch.projected or writes it before the next barrier: the step
 * behind this one brings the attended values back to the embedding's size. */
static void
keep_history (const Delta *self)
{
  SottoLane *lane = self->lane;
  gsize first = (gsize) self->n_channels * lane->index / lane->n_lanes;
  gsize end = (gsize) self->n_channels * (lane->index + 1) / lane->n_lanes;

  sotto_history_keep (&self->history, self->n_tokens, first, end);
}

void
sotto_step_delta (SottoLane *lane, const SottoStep *step)
{
  const SottoDeltaStep *delta = &step->delta;
  SottoScratch *scratch = &lane->state->scratch;
  SottoActivations x = sotto_lane_operand (lane, delta->from, delta->mixed.n_columns);
  Delta self = {
    .lane = lane,
    .step = delta,
    .n_tokens = lane->batch->n_tokens,
    .n_channels = delta->mixed.n_rows,
    .stride = delta->mixed.n_rows + delta->gate.n_rows + 2 * (gsize) delta->n_value_heads,
    .attended = sotto_activations_view (&scratch->buffers[SOTTO_BUFFER_ATTENDED],
                                        delta->gate.n_rows, lane->batch->n_tokens),
  };
  guint unit;

  self.history = (SottoHistory) { .kept = lane->state->caches.recurrents[delta->recurrent],
                                  .n_kept = delta->n_conv - 1,
                                  .n_channels = self.n_channels,
                                  .rows = scratch->projected,
                                  .stride = self.stride };
  self.states = self.history.kept + (gsize) self.history.n_kept * self.n_channels;
  if (sotto_pool_is_stopped (lane->pool) || !multiply_all (&self, &x))
    return;
  while (sotto_lane_take (lane, delta->n_value_heads, &unit))
    {
      SottoRecurrentHead head = begin_head (&self, unit);

      for (guint t = 0; t < self.n_tokens && !sotto_pool_is_hurried (lane->pool); t++)
        do_token (&self, &head, unit, t);
    }
  if (!sotto_pool_barrier (lane->pool))
    return;
  keep_history (&self);
  sotto_lane_complete_attended (lane, &self.attended);
}
