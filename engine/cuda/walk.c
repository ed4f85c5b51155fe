#include "cuda/walk.h"

#define ALIGNMENT 256

/* Between two waits for the device, so that a cancel is soon seen: a step of many rows takes some 50 us of a large GPU and
 * a short sequence, and some 100 ms of a small one and a long one. A wait costs what it takes to launch kernels again while
 * nothing is computed, about 20 us. */
#define LOOK_MICROSECONDS 25000
#define MOST_STEPS 32

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

/* --- Memory --- */

static float *
rows_of (SottoCudaWalk *self, SottoCudaRows rows, gsize n)
{
  gsize bytes = round_up (n * sizeof (float), ALIGNMENT);

  if (self->measures)
    self->scratch->bytes[rows] = MAX (self->scratch->bytes[rows], bytes);
  return (float *) (void *) self->scratch->base[rows];
}

float *
sotto_walk_rows (SottoCudaWalk *self, SottoCudaRows rows, gsize n)
{
  return rows_of (self, rows, n * self->n_rows);
}

float *
sotto_walk_output (SottoCudaWalk *self, gsize n)
{
  return rows_of (self, SOTTO_ROWS_OUTPUT, n);
}

void *
sotto_walk_take (SottoCudaWalk *self, gsize n_bytes)
{
  guint8 *piece = self->scratch->base[SOTTO_ROWS_STEP] + self->taken;

  self->taken += round_up (n_bytes, ALIGNMENT);
  if (self->measures)
    self->scratch->bytes[SOTTO_ROWS_STEP] = MAX (self->scratch->bytes[SOTTO_ROWS_STEP], self->taken);
  sotto_walk_touch (self, (const float *) (const void *) piece);
  return piece;
}

float *
sotto_walk_take_floats (SottoCudaWalk *self, gsize n_rows, gsize n_columns)
{
  return sotto_walk_take (self, n_rows * n_columns * sizeof (float));
}

/* --- What steps are made of --- */

void
sotto_walk_touch (SottoCudaWalk *self, const float *y)
{
  if (y == self->operand_of)
    self->operand_of = NULL;
}

static guint8 *
cut (SottoCudaWalk *self, gsize *used, gsize bytes)
{
  guint8 *piece = self->scratch->base[SOTTO_ROWS_OPERAND] + *used;

  *used += round_up (bytes, ALIGNMENT);
  return piece;
}

static void
describe_operand (SottoCudaWalk *self, const float *x, gsize stride, guint n_rows, guint n_columns)
{
  SottoCudaOperand *operand = &self->operand;
  guint padded = (guint) round_up (n_columns, 256);
  gsize n = (gsize) n_rows * padded;
  gsize used = 0;

  *operand = (SottoCudaOperand) { .n_rows = n_rows, .n_columns = n_columns, .n_columns_padded = padded,
                                  .values_stride = stride, .values = x };
  if (sotto_walk_is_few (self))
    {
      operand->high = (gint8 *) cut (self, &used, n);
      operand->low = (gint8 *) cut (self, &used, n);
      operand->scales = (float *) (void *) cut (self, &used, n / 32 * sizeof (float));
      operand->sums = (float *) (void *) cut (self, &used, n / 32 * sizeof (float));
    }
  else
    {
      n = round_up (n_rows, SOTTO_CUDA_HALVES_ROWS) * padded;
      operand->halves = (guint16 *) (void *) cut (self, &used, n * sizeof (guint16));
      operand->row_scales = (float *) (void *) cut (self, &used, n_rows * sizeof (float));
    }
  if (self->measures)
    self->scratch->bytes[SOTTO_ROWS_OPERAND] = MAX (self->scratch->bytes[SOTTO_ROWS_OPERAND], used);
  self->operand_of = x;
}

gboolean
sotto_walk_quantise (SottoCudaWalk *self, const float *x, gsize stride, guint n_rows, guint n_columns)
{
  if (self->operand_of == x && self->operand.n_columns == n_columns && self->operand.n_rows == n_rows)
    return TRUE;
  describe_operand (self, x, stride, n_rows, n_columns);
  return SOTTO_WALK_DO (self, quantise, &self->operand);
}

SottoCudaOperand
sotto_walk_announce (SottoCudaWalk *self, const float *x, guint n_rows, guint n_columns)
{
  describe_operand (self, x, n_columns, n_rows, n_columns);
  return self->operand;
}

gboolean
sotto_walk_multiply (SottoCudaWalk          *self,
                     const SottoWeight      *weight,
                     float                  *y,
                     gsize                   y_stride,
                     const SottoWalkProduct *product)
{
  guint rows_per_x = MAX (product->rows_per_x, 1);
  SottoCudaMultiply arguments = { .weight = *weight,
                                  .x = self->operand,
                                  .y = y,
                                  .y_stride = y_stride,
                                  .n_rows = self->operand.n_rows * rows_per_x,
                                  .rows_per_x = rows_per_x,
                                  .scale = product->scale,
                                  .add = product->add,
                                  .exact = product->exact,
                                  .matrices = product->matrices,
                                  .order = product->order,
                                  .starts = product->starts };
  const SottoCudaMultiply *first;

  sotto_walk_touch (self, y);
  if (product->with_next && self->n_put_off < G_N_ELEMENTS (self->put_off))
    {
      self->put_off[self->n_put_off++] = arguments;
      return TRUE;
    }
  for (guint i = 0; i < self->n_put_off; i++)
    self->put_off[i].next = i + 1 < self->n_put_off ? &self->put_off[i + 1] : &arguments;
  first = self->n_put_off > 0 ? self->put_off : &arguments;
  self->n_put_off = 0;
  return SOTTO_WALK_DO (self, multiply, first);
}

gboolean
sotto_walk_norm (
  SottoCudaWalk *self, const SottoNorm *norm, const float *x, float *y, guint n_rows, guint n_columns, gboolean is_read)
{
  SottoCudaNorm arguments = { .norm = *norm, .x = x, .y = y, .x_stride = n_columns,
                              .y_stride = n_columns, .x_step = n_columns, .y_step = n_columns,
                              .n_rows = n_rows, .n_pieces = 1, .n_columns = n_columns };

  sotto_walk_touch (self, y);
  if (is_read && sotto_walk_is_few (self))
    arguments.operand = sotto_walk_announce (self, y, n_rows, n_columns);
  return SOTTO_WALK_DO (self, norm, &arguments);
}

gboolean
sotto_walk_copy (SottoCudaWalk *self, const SottoWalkCopy *copy)
{
  SottoCudaNorm arguments = { .x = copy->x, .y = copy->y, .x_stride = copy->x_stride,
                              .y_stride = copy->y_stride, .x_step = copy->x_step,
                              .y_step = copy->y_step, .n_rows = self->n_rows,
                              .n_pieces = copy->n_pieces, .n_columns = copy->n };

  sotto_walk_touch (self, copy->y);
  return SOTTO_WALK_DO (self, norm, &arguments);
}

/* --- The walk --- */

/* The number of the next step of this walk that does something, for which fusing looks ahead. */
static guint
find_next (const SottoCudaWalk *self)
{
  guint next = self->step + 1;

  while (!self->has_rows && next < self->end_step && self->steps[next].kind == SOTTO_STEP_DEEPEN)
    next++;
  return next;
}

/* (nullable) */
static const SottoStep *
peek (const SottoCudaWalk *self)
{
  guint next = find_next (self);

  return next < self->end_step ? &self->steps[next] : NULL;
}

gboolean
sotto_walk_is_read_next (const SottoCudaWalk *self, SottoBuffer buffer)
{
  const SottoStep *next = peek (self);

  switch (next != NULL ? next->kind : SOTTO_N_STEP_KINDS)
    {
    case SOTTO_STEP_QKV:
      return next->qkv.from == buffer;
    case SOTTO_STEP_LATENT_QKV:
      return next->latent_qkv.from == buffer;
    case SOTTO_STEP_DELTA:
      return next->delta.from == buffer;
    case SOTTO_STEP_CONVOLVE:
      return next->convolve.from == buffer;
    case SOTTO_STEP_SCAN:
      return next->scan.from == buffer;
    case SOTTO_STEP_FEED:
      return next->feed.from == buffer;
    case SOTTO_STEP_PROJECT:
      return next->project.from == buffer;
    case SOTTO_STEP_EXPERTS:
      return next->experts.router_from == buffer;
    default:
      return FALSE;
    }
}

static gboolean
norm (SottoCudaWalk *self, const SottoNormStep *step)
{
  guint n = self->plan->n_embedding;

  return sotto_walk_norm (self, &step->norm, sotto_walk_buffer (self, step->from, n),
                          sotto_walk_buffer (self, step->to, n), self->n_rows, n,
                          sotto_walk_is_read_next (self, step->to));
}

void
sotto_walk_take_norm (
  SottoCudaWalk *self, SottoBuffer to, SottoNorm *after, float **normed, SottoCudaOperand *operand)
{
  const SottoStep *next = peek (self);
  guint n = self->plan->n_embedding;

  if (!sotto_walk_is_few (self) || next == NULL || next->kind != SOTTO_STEP_NORM || next->norm.from != to
      || next->norm.to == to)
    return;
  self->step = find_next (self);
  *after = next->norm.norm;
  *normed = sotto_walk_buffer (self, next->norm.to, n);
  sotto_walk_touch (self, *normed);
  if (sotto_walk_is_read_next (self, next->norm.to))
    *operand = sotto_walk_announce (self, *normed, self->n_rows, n);
}

static gboolean
add (SottoCudaWalk *self, const SottoAddStep *step)
{
  guint n = self->plan->n_embedding;
  SottoCudaAdd arguments = { .norm = step->norm,
                             .from = sotto_walk_buffer (self, step->from, n),
                             .to = sotto_walk_buffer (self, step->to, n),
                             .n_rows = self->n_rows,
                             .n_columns = n,
                             .scale = step->scale,
                             .scale_after = step->scale_after };

  sotto_walk_touch (self, arguments.to);
  sotto_walk_take_norm (self, step->to, &arguments.after, &arguments.normed, &arguments.operand);
  return SOTTO_WALK_DO (self, add, &arguments);
}

/* The part comes from the host here: it is read once. */
static gboolean
deepen (SottoCudaWalk *self, const SottoDeepenStep *step)
{
  guint n = self->plan->n_embedding;
  gsize n_floats = (gsize) self->n_rows * n;
  float *part;
  SottoCudaAdd arguments = { .n_rows = self->n_rows, .n_columns = n, .scale = 1.0f, .scale_after = 1.0f };

  if (!self->has_rows && !self->measures)
    return TRUE;
  part = sotto_walk_take_floats (self, self->n_rows, n);
  if (!self->measures
      && !self->module->upload (self->device, part, self->rows + step->part * self->part_step, n_floats * sizeof *part))
    return FALSE;
  arguments.from = part;
  arguments.to = sotto_walk_buffer (self, SOTTO_BUFFER_RESIDUAL, n);
  sotto_walk_touch (self, arguments.to);
  return SOTTO_WALK_DO (self, add, &arguments);
}

/* Rows that come from elsewhere or go there must have a place. */
static gboolean
hand (SottoCudaWalk *self, const SottoHandStep *step)
{
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    if (step->buffers >> i & 1)
      sotto_walk_buffer (self, i, self->plan->n_embedding);
  self->n_inputs = step->n_inputs;
  if (step->n_inputs > 0)
    sotto_walk_rows (self, SOTTO_ROWS_INPUTS, step->n_inputs);
  return TRUE;
}

static gboolean
do_step (SottoCudaWalk *self, const SottoStep *step)
{
  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      return sotto_walk_embed (self, &step->embed);
    case SOTTO_STEP_INPUTS:
      return sotto_walk_inputs (self, &step->inputs);
    case SOTTO_STEP_NORM:
      return norm (self, &step->norm);
    case SOTTO_STEP_ADD:
      return add (self, &step->add);
    case SOTTO_STEP_DEEPEN:
      return deepen (self, &step->deepen);
    case SOTTO_STEP_QKV:
      return sotto_walk_qkv (self, &step->qkv);
    case SOTTO_STEP_LATENT_QKV:
      return sotto_walk_latent_qkv (self, &step->latent_qkv);
    case SOTTO_STEP_ATTEND:
      return sotto_walk_attend (self, &step->attend);
    case SOTTO_STEP_DELTA:
      return sotto_walk_delta (self, &step->delta);
    case SOTTO_STEP_CONVOLVE:
      return sotto_walk_convolve (self, &step->convolve);
    case SOTTO_STEP_SCAN:
      return sotto_walk_scan (self, &step->scan);
    case SOTTO_STEP_FEED:
      return sotto_walk_feed (self, &step->feed);
    case SOTTO_STEP_PROJECT:
      return sotto_walk_project (self, &step->project);
    case SOTTO_STEP_EXPERTS:
      return sotto_walk_experts (self, &step->experts);
    case SOTTO_STEP_LOGITS:
      return sotto_walk_logits (self, &step->logits);
    case SOTTO_STEP_POOL:
      return sotto_walk_pool (self, &step->pool);
    case SOTTO_STEP_MATCH:
      return sotto_walk_match (self, &step->match);
    case SOTTO_STEP_PREDICT:
    case SOTTO_STEP_CORRECT:
      return sotto_walk_mix (self, &step->streams, step->kind == SOTTO_STEP_CORRECT);
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
      return hand (self, &step->hand);
    case SOTTO_N_STEP_KINDS:
    default:
      return FALSE;
    }
}

/* As many as will take that long, if they are like the last ones. */
guint
sotto_cuda_walk_pace (guint n_steps, gint64 took)
{
  return (guint) CLAMP (n_steps * (gint64) LOOK_MICROSECONDS / MAX (took, 1), 1, MOST_STEPS);
}

gboolean
sotto_walk_look (SottoCudaWalk *self)
{
  return self->measures || (self->module->wait (self->device) && !sotto_cancel_is_raised (self->cancel));
}

/* Between steps, when there is much to do. */
static gboolean
look_up (SottoCudaWalk *self)
{
  gint64 now;

  if (self->measures || sotto_walk_is_few (self) || self->step == self->first_step
      || ++self->n_since < *self->steps_per_look)
    return TRUE;
  if (!sotto_walk_look (self))
    return FALSE;
  now = g_get_monotonic_time ();
  *self->steps_per_look = sotto_cuda_walk_pace (self->n_since, now - self->looked);
  self->n_since = 0;
  self->looked = now;
  return TRUE;
}

gboolean
sotto_cuda_walk (SottoCudaWalk *self)
{
  self->operand_of = NULL;
  self->n_put_off = 0;
  self->n_since = 0;
  self->looked = g_get_monotonic_time ();
  for (self->step = self->first_step; self->step < self->end_step; self->step++)
    {
      self->taken = 0;
      if (!look_up (self) || !do_step (self, &self->steps[self->step]))
        return FALSE;
    }
  return TRUE;
}
