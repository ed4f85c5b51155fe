#include "cpu/lane.h"
#include "cpu/recurrent-head.h"

/* CONVOLVE: a short convolution between two gates. One phase:
 *
 *   channels: their rows of the projection, then token by token gate, convolution, gate; history   | barrier
 *
 * Channels do not know each other, so that whoever projected some computes them to the end. */

typedef struct {
  SottoLane *lane;
  const SottoConvolveStep *step;
  guint n_tokens;
  gsize stride;             /* of scratch.projected: b, c, x */
  SottoHistory history;     /* of b * x; this batch's stands where x was */
  SottoActivations attended; /* that all lanes share */
} Convolve;

/* Row @part (0: b, 1: c, 2: x) of token t. */
static float *
row_of (const Convolve *self, guint part, guint t)
{
  return self->lane->state->scratch.projected + t * self->stride + (gsize) part * self->step->n_channels;
}

static void
project (const Convolve *self, const SottoActivations *x, guint first, guint n)
{
  for (guint part = 0; part < 3; part++)
    {
      SottoProduct product = { .weight = &self->step->mixed,
                               .first_row = part * self->step->n_channels + first,
                               .n_rows = n,
                               .x = x,
                               .n_tokens = self->n_tokens,
                               .y = row_of (self, part, 0) + first,
                               .y_stride = self->stride };

      sotto_lane_multiply (self->lane, &product);
    }
}

static void
convolve (const Convolve *self, guint first, guint n)
{
  const SottoKernels *kernels = self->lane->kernels;
  const SottoConvolveStep *step = self->step;
  const float **rows = self->lane->memory->taps;
  float *taps = self->lane->memory->row;
  const float *bias = step->bias != NULL ? step->bias + first : NULL;

  sotto_turn_taps (step->convolution, step->n_conv, first, n, taps);
  for (guint t = 0; t < self->n_tokens; t++)
    {
      float *gated = row_of (self, 2, t) + first;
      float *y = self->attended.values + t * self->attended.column_stride + first;

      kernels->gate (SOTTO_ACTIVATION_NONE, row_of (self, 0, t) + first, gated, n, gated);
      for (guint tap = 0; tap < step->n_conv; tap++)
        rows[tap] = sotto_history_row (&self->history, t, step->n_conv - 1 - tap) + first;
      kernels->convolve (SOTTO_ACTIVATION_NONE, rows, taps, bias, step->n_conv, n, y);
      kernels->gate (SOTTO_ACTIVATION_NONE, row_of (self, 1, t) + first, y, n, y);
    }
}

void
sotto_step_convolve (SottoLane *lane, const SottoStep *step)
{
  const SottoConvolveStep *convolution = &step->convolve;
  SottoScratch *scratch = &lane->state->scratch;
  SottoActivations x = sotto_lane_operand (lane, convolution->from, convolution->mixed.n_columns);
  Convolve self = {
    .lane = lane,
    .step = convolution,
    .n_tokens = lane->batch->n_tokens,
    .stride = convolution->mixed.n_rows,
    .attended = sotto_activations_view (&scratch->buffers[SOTTO_BUFFER_ATTENDED], convolution->n_channels,
                                        lane->batch->n_tokens),
  };
  guint unit;

  self.history = (SottoHistory) { .kept = lane->state->caches.recurrents[convolution->recurrent],
                                  .n_kept = convolution->n_conv - 1,
                                  .n_channels = convolution->n_channels,
                                  .rows = row_of (&self, 2, 0),
                                  .stride = self.stride };
  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take (lane, sotto_count_units (convolution->n_channels, SOTTO_UNIT_ROWS), &unit))
    {
      guint first = unit * SOTTO_UNIT_ROWS;
      guint n = MIN (convolution->n_channels - first, SOTTO_UNIT_ROWS);

      project (&self, &x, first, n);
      convolve (&self, first, n);
      sotto_history_keep (&self.history, self.n_tokens, first, first + n);
    }
  if (sotto_pool_barrier (lane->pool))
    sotto_lane_complete_attended (lane, &self.attended);
}
