#include "cpu/exact-math.h"
#include "cpu/lane.h"
#include "cpu/recurrent-head.h"

/* SCAN: Mamba-2. Three phases:
 *
 *   rows of the projection                                              | barrier
 *   heads: convolution, state and gate, token by token                  | barrier
 *   tokens: norms of their groups; of one token every lane for itself   | barrier, of more tokens
 *
 * A head of the state is changed by tokens in their order, whatever their batch, so the bits are the same. Heads that
 * share B and C convolve them each for itself, which is cheaper than a phase. */

typedef struct {
  SottoLane *lane;
  const SottoScanStep *step;
  guint n_tokens;
  guint n_values;           /* of a token: heads side by side */
  gsize stride;             /* of scratch.projected: z, channels, d */
  SottoHistory history;     /* of channels */
  float *states;            /* (n_heads, n_key, n_value) */
  SottoActivations attended; /* that all lanes share */
} Scan;

static gboolean
project (const Scan *self, const SottoActivations *x)
{
  const SottoWeight *weight = &self->step->mixed;
  SottoProduct whole = { .weight = weight, .n_rows = weight->n_rows, .x = x, .n_tokens = self->n_tokens,
                         .y = self->lane->state->scratch.projected, .y_stride = self->stride };
  guint unit;

  while (sotto_lane_take (self->lane, sotto_count_units (weight->n_rows, SOTTO_UNIT_ROWS), &unit))
    sotto_lane_multiply_unit (self->lane, &whole, unit);
  return sotto_pool_barrier (self->lane->pool);
}

/* --- A head --- */

/* Its parts: x, B, C. */
static SottoRecurrentHead
begin_head (const Scan *self, guint index)
{
  const SottoScanStep *step = self->step;
  guint group = index / (step->n_heads / step->n_groups);
  SottoRecurrentHead head = {
    .first = { index * step->n_value, self->n_values + group * step->n_key,
               self->n_values + (step->n_groups + group) * step->n_key },
    .n = { step->n_value, step->n_key, step->n_key },
  };

  sotto_recurrent_head_place (&head, step->convolution, step->n_conv, self->lane->memory->row);
  return head;
}

/* The skip is of x as it was convolved, what joins the state of x times its time. */
static void
do_token (const Scan *self, const SottoRecurrentHead *head, guint index, guint t)
{
  const SottoScanStep *step = self->step;
  const SottoKernels *kernels = self->lane->kernels;
  const float *row = self->lane->state->scratch.projected + t * self->stride;
  float *y = self->attended.values + t * self->attended.column_stride + (gsize) index * step->n_value;
  float time = sotto_softplus (row[step->mixed.n_rows - step->n_heads + index] + step->step_bias[index]);
  float skip = step->skips[index];

  sotto_recurrent_head_convolve (head, kernels, &self->history, t, step->bias, step->n_conv, self->lane->memory->taps);
  for (guint i = 0; i < step->n_value; i++)
    {
      y[i] = skip * head->x[0][i];
      head->x[0][i] *= time;
    }
  kernels->scan (head->x[2], head->x[1], head->x[0], sotto_exp (step->rates[index] * time), step->n_key, step->n_value,
                 self->states + (gsize) index * step->n_key * step->n_value, head->answer);
  kernels->add (y, 1.0f, step->n_value, head->answer);
  kernels->gate (SOTTO_ACTIVATION_SILU, row + (gsize) index * step->n_value, head->answer, step->n_value, y);
}

/* --- Groups --- */

static void
norm_groups (const Scan *self, float *row)
{
  const SottoScanStep *step = self->step;
  guint n = self->n_values / step->n_groups;
  SottoNorm norm = step->norm;

  if (norm.kind == SOTTO_NORM_NONE)
    return;
  for (guint first = 0; first < self->n_values; first += n)
    {
      norm.weight = step->norm.weight != NULL ? step->norm.weight + first : NULL;
      norm.bias = step->norm.bias != NULL ? step->norm.bias + first : NULL;
      sotto_lane_norm (self->lane, &norm, row + first, n, row + first);
    }
}

static void
complete_alone (const Scan *self)
{
  SottoActivations own = sotto_lane_buffer (self->lane, SOTTO_BUFFER_ATTENDED, self->n_values);

  memcpy (own.values, self->attended.values, self->n_values * sizeof (float));
  norm_groups (self, own.values);
  sotto_lane_pack (self->lane, &own, 0);
}

static void
complete (const Scan *self)
{
  SottoLane *lane = self->lane;
  const SottoActivations *x = &self->attended;
  gboolean packs_columns = sotto_lane_packs_columns (lane);
  guint first;
  guint end;

  while (sotto_lane_take_rows (lane, self->n_tokens, &first, &end))
    {
      for (guint t = first; t < end; t++)
        norm_groups (self, x->values + t * x->column_stride);
      if (!packs_columns)
        sotto_lane_pack_rows (lane, x, first, end);
    }
  if (sotto_pool_barrier (lane->pool) && packs_columns)
    sotto_lane_pack_batch (lane, x);
}

/* Each lane some of the channels, which nobody reads or writes before the next barrier but this. */
static void
keep_history (const Scan *self)
{
  gsize n = self->history.n_channels;
  guint index = self->lane->index, n_lanes = self->lane->n_lanes;

  sotto_history_keep (&self->history, self->n_tokens, n * index / n_lanes, n * (index + 1) / n_lanes);
}

void
sotto_step_scan (SottoLane *lane, const SottoStep *step)
{
  const SottoScanStep *scan = &step->scan;
  SottoScratch *scratch = &lane->state->scratch;
  SottoActivations x = sotto_lane_operand (lane, scan->from, scan->mixed.n_columns);
  guint n_values = scan->n_heads * scan->n_value;
  Scan self = {
    .lane = lane,
    .step = scan,
    .n_tokens = lane->batch->n_tokens,
    .n_values = n_values,
    .stride = scan->mixed.n_rows,
    .history = { .kept = lane->state->caches.recurrents[scan->recurrent],
                 .n_kept = scan->n_conv - 1,
                 .n_channels = sotto_scan_channels (scan),
                 .rows = scratch->projected + n_values,
                 .stride = scan->mixed.n_rows },
    .attended = sotto_activations_view (&scratch->buffers[SOTTO_BUFFER_ATTENDED], n_values, lane->batch->n_tokens),
  };
  guint unit;

  self.states = self.history.kept + (gsize) self.history.n_kept * self.history.n_channels;
  if (sotto_pool_is_stopped (lane->pool) || !project (&self, &x))
    return;
  while (sotto_lane_take (lane, scan->n_heads, &unit))
    {
      SottoRecurrentHead head = begin_head (&self, unit);

      for (guint t = 0; t < self.n_tokens && !sotto_pool_is_hurried (lane->pool); t++)
        do_token (&self, &head, unit, t);
    }
  if (!sotto_pool_barrier (lane->pool))
    return;
  keep_history (&self);
  if (sotto_lane_is_alone (lane))
    complete_alone (&self);
  else
    complete (&self);
}
