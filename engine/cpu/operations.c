#include "cpu/lane.h"

#include "cpu/exact-math.h"

#include <string.h>

/* The walk over a plan, and the steps that work on rows alone. A phase ends with a barrier; in decode
 * a layer of the usual kind has five:
 *
 *   NORM      every lane for itself
 *   QKV       units are heads, so that whoever computed one turns it and appends it      | barrier
 *   ATTEND    units are (head of K and V, chunk of keys)                                 | barrier
 *             every lane merges the chunks for itself
 *   PROJECT   units of rows; every lane adds them to its own residual behind the         | barrier
 *   NORM      every lane for itself
 *   FEED      units of rows of gate and up, activated and quantised where computed       | barrier
 *   PROJECT   units of rows                                                              | barrier
 *
 * With more tokens, norms, sums and merges are work to be shared, at the cost of a barrier more. */

/* --- Angles --- */

/* Angles are products in double: at position 100,000 a float is off by thousandths of a turn. */
static void
prepare_token (SottoLane *lane, const SottoTurns *turns, guint t)
{
  const SottoRope *rope = turns->rope;
  gboolean is_long = lane->batch->is_long && rope->long_frequencies != NULL;
  const double *frequencies = is_long ? rope->long_frequencies : rope->frequencies;
  double scale = (double) (is_long ? rope->long_scale : rope->scale);
  const SottoSpot *spot = rope->axes != NULL && lane->batch->spots != NULL ? &lane->batch->spots[t] : NULL;

  for (guint i = 0; i < rope->n_pairs; i++)
    {
      gsize index = (gsize) t * rope->n_pairs + i;
      guint position = spot != NULL ? spot->at[rope->axes[i]] : lane->batch->position + t;
      double sine;
      double cosine;

      sotto_sincos ((double) position * frequencies[i], &sine, &cosine);
      turns->cosines[index] = (float) (cosine * scale);
      turns->sines[index] = (float) (sine * scale);
    }
}

static void
prepare_turns (SottoLane *lane)
{
  const SottoScratch *scratch = &lane->state->scratch;

  for (guint i = 0; i < scratch->n_turns; i++)
    for (guint t = lane->index;
         t < lane->batch->n_tokens && !sotto_pool_is_hurried (lane->pool); t += lane->n_lanes)
      prepare_token (lane, &scratch->turns[i], t);
}

/* --- Rows of every token --- */

/* A row of a table of weights, as floats. */
static void
read_row (const SottoWeight *table, guint row, float *x)
{
  gsize index = MIN (row, table->n_rows - 1);

  sotto_block_info (table->type)
    ->dequantise ((const guint8 *) table->data + index * table->row_bytes, x, table->n_columns);
  for (guint i = 0; table->scales != NULL && i < table->n_columns; i++)
    x[i] *= table->scales[0];
}

static void
embed_token (SottoLane *lane, const SottoStep *step, guint t)
{
  const SottoEmbedStep *embed = &step->embed;
  guint n = lane->state->caches.plan->n_embedding;
  SottoActivations residual = sotto_lane_buffer (lane, SOTTO_BUFFER_RESIDUAL, n);
  float *x = residual.values + t * residual.column_stride;

  if (lane->batch->rows != NULL)
    memcpy (x, lane->batch->rows + (gsize) t * n, n * sizeof *x);
  else
    read_row (&embed->table, (guint) lane->batch->tokens[t], x);
  if (lane->batch->rows == NULL && embed->scale != 1.0f)
    lane->kernels->scale (embed->scale, n, x);
  if (sotto_weight_is_there (&embed->positions))
    {
      read_row (&embed->positions, lane->batch->position + t, lane->memory->row);
      lane->kernels->add (lane->memory->row, 1.0f, n, x);
    }
  if (embed->addend != NULL)
    lane->kernels->add (embed->addend, 1.0f, n, x);
}

static void
embed (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_do_tokens (lane, step, embed_token);
}

static void
norm_values (SottoLane *lane, const SottoStep *step, guint t)
{
  guint n = lane->state->caches.plan->n_embedding;
  SottoActivations from = sotto_lane_buffer (lane, step->norm.from, n);
  SottoActivations to = sotto_lane_buffer (lane, step->norm.to, n);

  sotto_lane_norm (lane, &step->norm.norm, from.values + t * from.column_stride, n,
                   to.values + t * to.column_stride);
}

static void
norm (SottoLane *lane, const SottoStep *step)
{
  SottoActivations to = sotto_lane_buffer (lane, step->norm.to, lane->state->caches.plan->n_embedding);
  guint first;
  guint end;

  if (sotto_lane_is_alone (lane))
    {
      norm_values (lane, step, 0);
      sotto_lane_pack (lane, &to, 0);
      return;
    }
  if (sotto_lane_packs_columns (lane))
    {
      while (sotto_lane_take (lane, lane->batch->n_tokens, &first))
        norm_values (lane, step, first);
      if (sotto_pool_barrier (lane->pool))
        sotto_lane_pack_batch (lane, &to);
      return;
    }
  while (sotto_lane_take_rows (lane, lane->batch->n_tokens, &first, &end))
    {
      for (guint t = first; t < end; t++)
        norm_values (lane, step, t);
      sotto_lane_pack_rows (lane, &to, first, end);
    }
  sotto_pool_barrier (lane->pool);
}

static void
add_token (SottoLane *lane, const SottoStep *step, guint t)
{
  const SottoAddStep *add = &step->add;
  guint n = lane->state->caches.plan->n_embedding;
  SottoActivations from = sotto_lane_buffer (lane, add->from, n);
  SottoActivations to = sotto_lane_buffer (lane, add->to, n);
  float *y = to.values + t * to.column_stride;

  sotto_lane_norm (lane, &add->norm, from.values + t * from.column_stride, n, lane->memory->row);
  lane->kernels->add (lane->memory->row, add->scale, n, y);
  if (add->scale_after != 1.0f)
    lane->kernels->scale (add->scale_after, n, y);
}

static void
add (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_do_tokens (lane, step, add_token);
}

/* --- Inputs of every layer --- */

static void
complete_inputs (SottoLane *lane, const SottoInputsStep *step, guint t)
{
  const SottoKernels *kernels = lane->kernels;
  guint n = step->projection.n_rows;
  float *x = lane->state->scratch.inputs + (gsize) t * n;

  if (step->projection_scale != 1.0f)
    kernels->scale (step->projection_scale, n, x);
  for (guint first = 0; first < n; first += step->n_input)
    sotto_lane_norm (lane, &step->norm, x + first, step->n_input, x + first);
  read_row (&step->table, (guint) lane->batch->tokens[t], lane->memory->row);
  kernels->add (lane->memory->row, step->table_scale, n, x);
  kernels->scale (step->scale, n, x);
}

static void
inputs (SottoLane *lane, const SottoStep *step)
{
  const SottoWeight *weight = &step->inputs.projection;
  SottoActivations x = sotto_lane_operand (lane, SOTTO_BUFFER_RESIDUAL, weight->n_columns);
  guint n_tokens = lane->batch->n_tokens;
  SottoProduct product = { .weight = weight, .n_rows = weight->n_rows, .x = &x, .n_tokens = n_tokens,
                           .y = lane->state->scratch.inputs, .y_stride = weight->n_rows };
  guint unit;

  if (sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take (lane, sotto_count_units (weight->n_rows, SOTTO_UNIT_ROWS), &unit))
    sotto_lane_multiply_unit (lane, &product, unit);
  if (!sotto_pool_barrier (lane->pool))
    return;
  while (sotto_lane_take (lane, n_tokens, &unit))
    complete_inputs (lane, &step->inputs, unit);
  sotto_pool_barrier (lane->pool);
}

static void
deepen_token (SottoLane *lane, const SottoStep *step, guint t)
{
  guint n = lane->state->scratch.plan->n_embedding;
  SottoActivations x = sotto_lane_buffer (lane, SOTTO_BUFFER_RESIDUAL, n);

  lane->kernels->add (lane->batch->rows + step->deepen.part * lane->batch->part_step + (gsize) t * n, 1.0f, n,
                      x.values + t * x.column_stride);
}

static void
deepen (SottoLane *lane, const SottoStep *step)
{
  if (lane->batch->rows != NULL)
    sotto_lane_do_tokens (lane, step, deepen_token);
}

/* --- What another backend has begun --- */

/* Where the rows of INPUTS are among those that cross. */
static gsize
find_inputs (const SottoLane *lane, const SottoHandStep *step)
{
  guint n_floats = sotto_hand_floats (lane->state->scratch.plan, step) - step->n_inputs;

  return (gsize) lane->batch->n_tokens * n_floats;
}

static void
take_token (SottoLane *lane, const SottoStep *step, guint t)
{
  guint n = sotto_hand_columns (lane->state->scratch.plan, &step->hand);
  const float *rows = lane->batch->handed;

  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    if (step->hand.buffers >> i & 1)
      {
        SottoActivations x = sotto_lane_buffer (lane, i, n);

        memcpy (x.values + t * x.column_stride, rows + (gsize) t * n, n * sizeof (float));
        rows += (gsize) lane->batch->n_tokens * n;
      }
}

static void
take (SottoLane *lane, const SottoStep *step)
{
  guint n = step->hand.n_inputs;
  const float *rows = lane->batch->handed + find_inputs (lane, &step->hand);
  guint unit;

  sotto_lane_do_tokens (lane, step, take_token);
  for (guint i = 0; i < SOTTO_N_BUFFERS && !sotto_pool_is_stopped (lane->pool); i++)
    if (step->hand.buffers >> i & 1)
      sotto_lane_leave (lane, i, sotto_hand_columns (lane->state->scratch.plan, &step->hand));
  if (n == 0 || sotto_pool_is_stopped (lane->pool))
    return;
  while (sotto_lane_take (lane, lane->batch->n_tokens, &unit))
    memcpy (lane->state->scratch.inputs + (gsize) unit * n, rows + (gsize) unit * n, n * sizeof (float));
  sotto_pool_barrier (lane->pool);
}

static void
hand_token (SottoLane *lane, const SottoStep *step, guint t)
{
  guint n = sotto_hand_columns (lane->state->scratch.plan, &step->hand);
  guint n_inputs = step->hand.n_inputs;
  float *output = lane->state->scratch.output;

  if (n_inputs > 0)
    memcpy (output + find_inputs (lane, &step->hand) + (gsize) t * n_inputs,
            lane->state->scratch.inputs + (gsize) t * n_inputs, n_inputs * sizeof (float));
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    if (step->hand.buffers >> i & 1)
      {
        SottoActivations x = sotto_lane_buffer (lane, i, n);

        memcpy (output + (gsize) t * n, x.values + t * x.column_stride, n * sizeof (float));
        output += (gsize) lane->batch->n_tokens * n;
      }
}

/* Of one token every lane has the rows, and the first one hands them on. */
static void
hand (SottoLane *lane, const SottoStep *step)
{
  if (!sotto_lane_is_alone (lane))
    sotto_lane_do_tokens (lane, step, hand_token);
  else if (lane->index == 0)
    hand_token (lane, step, 0);
}

static void
attend (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_attend (lane, &step->attend);
}

/* --- The walk --- */

static const SottoStepFunc steps[SOTTO_N_STEP_KINDS] = {
  [SOTTO_STEP_EMBED] = embed,
  [SOTTO_STEP_INPUTS] = inputs,
  [SOTTO_STEP_NORM] = norm,
  [SOTTO_STEP_ADD] = add,
  [SOTTO_STEP_DEEPEN] = deepen,
  [SOTTO_STEP_MATCH] = sotto_step_match,
  [SOTTO_STEP_PREDICT] = sotto_step_predict,
  [SOTTO_STEP_CORRECT] = sotto_step_correct,
  [SOTTO_STEP_QKV] = sotto_step_qkv,
  [SOTTO_STEP_LATENT_QKV] = sotto_step_latent_qkv,
  [SOTTO_STEP_ATTEND] = attend,
  [SOTTO_STEP_DELTA] = sotto_step_delta,
  [SOTTO_STEP_CONVOLVE] = sotto_step_convolve,
  [SOTTO_STEP_SCAN] = sotto_step_scan,
  [SOTTO_STEP_FEED] = sotto_step_feed,
  [SOTTO_STEP_PROJECT] = sotto_step_project,
  [SOTTO_STEP_EXPERTS] = sotto_step_experts,
  [SOTTO_STEP_LOGITS] = sotto_step_logits,
  [SOTTO_STEP_POOL] = sotto_step_pool,
  [SOTTO_STEP_TAKE] = take,
  [SOTTO_STEP_HAND] = hand,
};

void
sotto_lane_walk (SottoLane *lane, const SottoPlan *plan)
{
  guint end = sotto_batch_end (lane->batch, plan);

  prepare_turns (lane);
  sotto_pool_barrier (lane->pool);
  for (guint i = lane->batch->first_step; i < end && !sotto_pool_is_stopped (lane->pool); i++)
    steps[plan->steps[i].kind](lane, &plan->steps[i]);
}
