#include "cpu/lane.h"
#include "cpu/row-sums.h"

#include <math.h>
#include <string.h>

/* FEED and PROJECT. Units are rows, for all tokens of the batch. */

/* sigmoid (switch from) of every token, which each lane needs and computes for itself: one row. */
static void
multiply_switch (SottoLane *lane, const SottoFeedStep *step, const SottoActivations *x)
{
  SottoProduct product = { .weight = &step->switch_, .n_rows = 1, .x = x, .n_tokens = lane->batch->n_tokens,
                           .y = lane->memory->switches, .y_stride = 1 };

  if (sotto_weight_is_there (&step->switch_))
    sotto_lane_multiply (lane, &product);
}

/* --- Sparse gates --- */

static float
find_cutoff (const SottoFeedStep *step, const float *row, guint n)
{
  float mean = sotto_row_mean (row, n);

  return mean + step->cutoff * sqrtf (sotto_row_variance (row, mean, n));
}

static void
cut_off (float cutoff, guint n, float *x)
{
  for (guint i = 0; i < n; i++)
    x[i] = MAX (x[i] - cutoff, 0.0f);
}

/* What is cut off is the whole row's to say: gates are complete, in HIDDEN, before any is activated. Of one token that
 * memory is everybody's, so that each lane finds the cutoff for itself and cuts what it activates. */
static gboolean
prepare_sparse (SottoLane              *lane,
                const SottoFeedStep    *step,
                const SottoActivations *x,
                const SottoActivations *hidden)
{
  guint n_rows = step->gate.n_rows;
  guint first;
  guint end;
  guint n;

  while (sotto_lane_take_outputs (lane, n_rows, &first, &n))
    {
      SottoProduct product = { .weight = &step->gate, .first_row = first, .n_rows = n, .x = x,
                               .n_tokens = lane->batch->n_tokens, .y = hidden->values + first,
                               .y_stride = hidden->column_stride };

      sotto_lane_multiply (lane, &product);
    }
  if (!sotto_pool_barrier (lane->pool))
    return FALSE;
  if (sotto_lane_is_alone (lane))
    lane->memory->switches[0] = find_cutoff (step, hidden->values, n_rows);
  else
    while (sotto_lane_take_rows (lane, lane->batch->n_tokens, &first, &end))
      for (guint t = first; t < end; t++)
        {
          float *row = hidden->values + t * hidden->column_stride;

          cut_off (find_cutoff (step, row, n_rows), n_rows, row);
        }
  return sotto_pool_barrier (lane->pool);
}

static void
take_sparse (SottoLane *lane, const SottoActivations *hidden, guint first, guint n)
{
  for (guint t = 0; t < lane->batch->n_tokens; t++)
    memcpy (lane->memory->tiles[0] + (gsize) t * n, hidden->values + t * hidden->column_stride + first,
            n * sizeof (float));
  if (sotto_lane_is_alone (lane))
    cut_off (lane->memory->switches[0], n, lane->memory->tiles[0]);
}

/* --- Rows --- */

static void
activate_unit (SottoLane              *lane,
               const SottoFeedStep    *step,
               const SottoActivations *hidden,
               guint                   t,
               guint                   first,
               guint                   n)
{
  const SottoScratch *scratch = &lane->state->scratch;
  const float *gates = lane->memory->tiles[0] + (gsize) t * n;
  const float *ups = lane->memory->tiles[1] + (gsize) t * n;
  float *y = hidden->values + t * hidden->column_stride + first;

  if (!sotto_weight_is_there (&step->gate))
    lane->kernels->gate (step->activation, ups, NULL, n, y); /* of XIELU as it is */
  else if (sotto_weight_is_there (&step->up))
    lane->kernels->gate (step->activation, gates, ups, n, y);
  else
    lane->kernels->gate (step->activation, gates,
                         scratch->inputs + (gsize) t * scratch->sizes.inputs + step->first_input
                           + first,
                         n, y);
  if (step->activation == SOTTO_ACTIVATION_XIELU)
    lane->kernels->xielu (&step->xielu, n, y);
  if (sotto_weight_is_there (&step->switch_))
    {
      float switches[SOTTO_MOST_UNIT_ROWS];

      for (guint i = 0; i < n; i++)
        switches[i] = lane->memory->switches[t];
      lane->kernels->sigmoid (switches, n, y);
    }
}

void
sotto_step_feed (SottoLane *lane, const SottoStep *step)
{
  const SottoFeedStep *feed = &step->feed;
  const SottoWeight *const weights[] = { &feed->gate, &feed->up };
  const SottoWeight *some = sotto_weight_is_there (&feed->gate) ? &feed->gate : &feed->up;
  SottoActivations x = sotto_lane_operand (lane, feed->from, some->n_columns);
  SottoActivations hidden = sotto_lane_buffer (lane, SOTTO_BUFFER_HIDDEN, some->n_rows);
  guint n_tokens = lane->batch->n_tokens;
  guint first;
  guint n;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  multiply_switch (lane, feed, &x);
  if (feed->sparse && !prepare_sparse (lane, feed, &x, &hidden))
    return;
  while (sotto_lane_take_outputs (lane, some->n_rows, &first, &n))
    {
      for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
        {
          SottoProduct product = { .weight = weights[i], .first_row = first, .n_rows = n, .x = &x,
                                   .n_tokens = n_tokens, .y = lane->memory->tiles[i], .y_stride = n };

          if (sotto_weight_is_there (weights[i]) && !(feed->sparse && weights[i] == &feed->gate))
            sotto_lane_multiply (lane, &product);
        }
      if (feed->sparse)
        take_sparse (lane, &hidden, first, n);
      for (guint t = 0; t < n_tokens; t++)
        activate_unit (lane, feed, &hidden, t, first, n);
    }
  sotto_pool_barrier (lane->pool);
}

void
sotto_step_project (SottoLane *lane, const SottoStep *step)
{
  const SottoWeight *weight = &step->project.weight;
  SottoActivations x = sotto_lane_operand (lane, step->project.from, weight->n_columns);
  SottoTarget target = { step->project.to, weight->n_rows, step->project.scale, step->project.add };
  float *tile = lane->memory->tiles[0];
  guint first;
  guint n;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take_outputs (lane, weight->n_rows, &first, &n))
    {
      SottoProduct product = { .weight = weight, .first_row = first, .n_rows = n, .x = &x,
                               .n_tokens = lane->batch->n_tokens, .y = tile, .y_stride = n };

      sotto_lane_multiply (lane, &product);
      sotto_lane_put (lane, &target, tile, n, first, n);
    }
  sotto_lane_complete (lane, &target);
}
