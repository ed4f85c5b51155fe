#include "cuda/walk.h"

/* FEED, PROJECT, EXPERTS, DELTA, CONVOLVE and SCAN as operations. */

static const SottoWalkProduct plainly = { .scale = 1.0f };
static const SottoWalkProduct with_next = { .scale = 1.0f, .with_next = TRUE };

/* The buffer that a step's products read. */
static gboolean
read_buffer (SottoCudaWalk *self, SottoBuffer buffer, guint n)
{
  return sotto_walk_quantise (self, sotto_walk_buffer (self, buffer, n), n, self->n_rows, n);
}

/* --- Feed-forward --- */

/* Gates of which most are cut off, before they are activated. */
static gboolean
cut_gates (SottoCudaWalk *self, const SottoFeedStep *step, float *gates)
{
  SottoCudaCut arguments = { .rows = gates, .cutoff = step->cutoff, .n_rows = self->n_rows,
                             .n_columns = step->gate.n_rows };

  return !step->sparse || SOTTO_WALK_DO (self, cut, &arguments);
}

gboolean
sotto_walk_feed (SottoCudaWalk *self, const SottoFeedStep *step)
{
  gboolean has_gate = sotto_weight_is_there (&step->gate);
  gboolean has_up = sotto_weight_is_there (&step->up);
  gboolean has_switch = sotto_weight_is_there (&step->switch_);
  const SottoWeight *some = has_gate ? &step->gate : &step->up;
  guint n = some->n_rows;
  float *hidden = sotto_walk_buffer (self, SOTTO_BUFFER_HIDDEN, n);
  float *up = has_gate && has_up ? sotto_walk_take_floats (self, self->n_rows, n) : hidden;
  float *switches = has_switch ? sotto_walk_take_floats (self, self->n_rows, 1) : NULL;
  SottoCudaGate arguments = { .activation = step->activation,
                              .xielu = step->xielu,
                              .gate = has_gate ? hidden : NULL,
                              .up = has_up ? up : NULL,
                              .switches = switches,
                              .y = hidden,
                              .n_rows = self->n_rows,
                              .n_columns = n };

  if (!has_up)
    {
      arguments.inputs = sotto_walk_rows (self, SOTTO_ROWS_INPUTS, self->n_inputs) + step->first_input;
      arguments.inputs_stride = self->n_inputs;
    }
  if (!read_buffer (self, step->from, some->n_columns)
      || (has_switch && !sotto_walk_multiply (self, &step->switch_, switches, 1, &plainly))
      || (has_gate && !sotto_walk_multiply (self, &step->gate, hidden, n, has_up ? &with_next : &plainly))
      || (has_up && !sotto_walk_multiply (self, &step->up, up, n, &plainly)) || !cut_gates (self, step, hidden))
    return FALSE;
  if (sotto_walk_is_few (self))
    arguments.operand = sotto_walk_announce (self, hidden, self->n_rows, n);
  return SOTTO_WALK_DO (self, gate, &arguments);
}

gboolean
sotto_walk_project (SottoCudaWalk *self, const SottoProjectStep *step)
{
  SottoWalkProduct product = { .scale = step->scale, .add = step->add };
  guint n = step->weight.n_rows;

  return read_buffer (self, step->from, step->weight.n_columns)
         && sotto_walk_multiply (self, &step->weight, sotto_walk_buffer (self, step->to, n), n, &product);
}

/* --- Experts --- */

typedef struct {
  SottoCudaWalk *walk;
  const SottoExpertsStep *step;
  guint n_places;          /* rows times the experts that each uses */
  SottoCudaRoute route;
} Experts;

static gboolean
choose (Experts *self)
{
  SottoCudaWalk *walk = self->walk;
  const SottoExpertsStep *step = self->step;
  float *logits = sotto_walk_take_floats (walk, walk->n_rows, step->n_experts);
  gboolean is_few = sotto_walk_is_few (walk);
  SottoWalkProduct product = { .scale = 1.0f, .exact = TRUE };

  self->route = (SottoCudaRoute) {
    .step = step,
    .logits = logits,
    .n_rows = walk->n_rows,
    .experts = sotto_walk_take (walk, self->n_places * sizeof (guint32)),
    .weights = sotto_walk_take_floats (walk, self->n_places, 1),
    .order = is_few ? NULL : sotto_walk_take (walk, self->n_places * sizeof (guint32)),
    .starts = is_few ? NULL : sotto_walk_take (walk, (step->n_experts + 1) * sizeof (guint32)),
  };
  return read_buffer (walk, step->router_from, step->router.n_columns)
         && sotto_walk_multiply (walk, &step->router, logits, step->n_experts, &product)
         && SOTTO_WALK_DO (walk, route, &self->route);
}

/* A product of chosen experts' matrices: @rows_per_x places read the same row. */
static gboolean
multiply_chosen (const Experts *self, const SottoWeight *weight, guint rows_per_x, float *y, gboolean is_first)
{
  SottoWalkProduct product = { .scale = 1.0f, .with_next = is_first, .rows_per_x = rows_per_x,
                               .matrices = self->route.experts, .order = self->route.order,
                               .starts = self->route.starts };

  return sotto_walk_multiply (self->walk, weight, y, weight->n_rows, &product);
}

static gboolean
feed_chosen (const Experts *self, float *hidden)
{
  SottoCudaWalk *walk = self->walk;
  const SottoExpertsStep *step = self->step;
  guint n = step->up.n_rows;
  gboolean has_gate = sotto_weight_is_there (&step->gate);
  float *up = has_gate ? sotto_walk_take_floats (walk, self->n_places, n) : hidden;
  SottoCudaGate arguments = { .activation = step->activation, .gate = has_gate ? hidden : NULL,
                              .up = up, .y = hidden, .n_rows = self->n_places, .n_columns = n };

  if (!read_buffer (walk, step->from, step->up.n_columns)
      || (has_gate && !multiply_chosen (self, &step->gate, step->n_used, hidden, TRUE))
      || !multiply_chosen (self, &step->up, step->n_used, up, FALSE))
    return FALSE;
  if (sotto_walk_is_few (walk))
    arguments.operand = sotto_walk_announce (walk, hidden, self->n_places, n);
  return SOTTO_WALK_DO (walk, gate, &arguments);
}

gboolean
sotto_walk_experts (SottoCudaWalk *walk, const SottoExpertsStep *step)
{
  Experts self = { .walk = walk, .step = step, .n_places = walk->n_rows * step->n_used };
  guint n_hidden = step->up.n_rows, n = step->down.n_rows;
  float *hidden = sotto_walk_take_floats (walk, self.n_places, n_hidden);
  float *rows = sotto_walk_take_floats (walk, self.n_places, n);
  SottoCudaCombine arguments = { .rows = rows, .to = sotto_walk_buffer (walk, step->to, n),
                                 .n_rows = walk->n_rows, .n_used = step->n_used, .n_columns = n,
                                 .add = step->add };

  if (!choose (&self) || !feed_chosen (&self, hidden)
      || !sotto_walk_quantise (walk, hidden, n_hidden, self.n_places, n_hidden)
      || !multiply_chosen (&self, &step->down, 1, rows, FALSE))
    return FALSE;
  arguments.weights = self.route.weights;
  sotto_walk_touch (walk, arguments.to);
  sotto_walk_take_norm (walk, step->to, &arguments.after, &arguments.normed, &arguments.operand);
  return SOTTO_WALK_DO (walk, combine, &arguments);
}

/* --- Gated DeltaNet --- */

gboolean
sotto_walk_delta (SottoCudaWalk *self, const SottoDeltaStep *step)
{
  guint n_channels = step->mixed.n_rows, n_values = step->gate.n_rows, n_heads = step->n_value_heads;
  float *mixed = sotto_walk_take_floats (self, self->n_rows, n_channels);
  float *gate = sotto_walk_take_floats (self, self->n_rows, n_values);
  float *alpha = sotto_walk_take_floats (self, self->n_rows, n_heads);
  float *beta = sotto_walk_take_floats (self, self->n_rows, n_heads);
  SottoCudaDelta arguments = {
    .step = step,
    .mixed = mixed,
    .gate = gate,
    .alpha = alpha,
    .beta = beta,
    .recurrent = self->measures ? NULL : self->recurrents[step->recurrent],
    .convolved = sotto_walk_take_floats (self, self->n_rows, n_channels),
    .attended = sotto_walk_buffer (self, SOTTO_BUFFER_ATTENDED, n_values),
    .n_rows = self->n_rows,
  };

  sotto_walk_touch (self, arguments.attended);
  return read_buffer (self, step->from, step->mixed.n_columns)
         && sotto_walk_multiply (self, &step->mixed, mixed, n_channels, &with_next)
         && sotto_walk_multiply (self, &step->gate, gate, n_values, &plainly)
         && sotto_walk_multiply (self, &step->alpha, alpha, n_heads, &with_next)
         && sotto_walk_multiply (self, &step->beta, beta, n_heads, &plainly)
         && SOTTO_WALK_DO (self, delta, &arguments);
}

/* --- Short convolution --- */

gboolean
sotto_walk_convolve (SottoCudaWalk *self, const SottoConvolveStep *step)
{
  float *mixed = sotto_walk_take_floats (self, self->n_rows, step->mixed.n_rows);
  SottoCudaConvolve arguments = {
    .step = step,
    .mixed = mixed,
    .recurrent = self->measures ? NULL : self->recurrents[step->recurrent],
    .attended = sotto_walk_buffer (self, SOTTO_BUFFER_ATTENDED, step->n_channels),
    .n_rows = self->n_rows,
  };

  sotto_walk_touch (self, arguments.attended);
  return read_buffer (self, step->from, step->mixed.n_columns)
         && sotto_walk_multiply (self, &step->mixed, mixed, step->mixed.n_rows, &plainly)
         && SOTTO_WALK_DO (self, convolve, &arguments);
}

/* --- Mamba-2 --- */

/* Each group of a row by itself. */
static gboolean
norm_groups (SottoCudaWalk *self, const SottoScanStep *step, float *attended)
{
  guint n_values = step->n_heads * step->n_value, n = n_values / step->n_groups;
  SottoCudaNorm arguments = { .norm = step->norm, .x = attended, .y = attended, .x_stride = n_values,
                              .y_stride = n_values, .x_step = n, .y_step = n, .n_rows = self->n_rows,
                              .n_pieces = step->n_groups, .n_columns = n, .weight_step = n };

  return step->norm.kind == SOTTO_NORM_NONE || SOTTO_WALK_DO (self, norm, &arguments);
}

gboolean
sotto_walk_scan (SottoCudaWalk *self, const SottoScanStep *step)
{
  float *mixed = sotto_walk_take_floats (self, self->n_rows, step->mixed.n_rows);
  SottoCudaScan arguments = {
    .step = step,
    .mixed = mixed,
    .recurrent = self->measures ? NULL : self->recurrents[step->recurrent],
    .convolved = sotto_walk_take_floats (self, self->n_rows, sotto_scan_channels (step)),
    .attended = sotto_walk_buffer (self, SOTTO_BUFFER_ATTENDED, step->n_heads * step->n_value),
    .n_rows = self->n_rows,
  };

  sotto_walk_touch (self, arguments.attended);
  return read_buffer (self, step->from, step->mixed.n_columns)
         && sotto_walk_multiply (self, &step->mixed, mixed, step->mixed.n_rows, &plainly)
         && SOTTO_WALK_DO (self, scan, &arguments) && norm_groups (self, step, arguments.attended);
}
