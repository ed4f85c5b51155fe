#include "cpu/lane.h"

#include <string.h>

/* What several kinds of steps are made of. */

G_STATIC_ASSERT (SOTTO_FORM_FEW_ROWS == SOTTO_FEW_TOKENS);

/* --- Buffers --- */

/* Whether steps leave this buffer packed: those that projections usually read. */
static gboolean
is_operand (SottoBuffer buffer)
{
  return buffer == SOTTO_BUFFER_NORMED || buffer == SOTTO_BUFFER_NORMED_2 || buffer == SOTTO_BUFFER_ATTENDED;
}

SottoActivations
sotto_lane_buffer (SottoLane *lane, SottoBuffer buffer, guint n_columns)
{
  SottoActivations x = sotto_activations_view (sotto_lane_is_alone (lane)
                                                 ? &lane->memory->buffers[buffer]
                                                 : &lane->state->scratch.buffers[buffer],
                                               n_columns, lane->batch->n_tokens);

  if (buffer == SOTTO_BUFFER_HIDDEN)
    x.values = lane->state->scratch.buffers[buffer].values;
  return x;
}

SottoActivations
sotto_lane_operand (SottoLane *lane, SottoBuffer buffer, guint n_columns)
{
  SottoActivations x = sotto_lane_buffer (lane, buffer, n_columns);

  if (is_operand (buffer))
    return x;
  if (sotto_lane_is_alone (lane))
    sotto_lane_pack (lane, &x, 0);
  else
    sotto_lane_pack_batch (lane, &x);
  return x;
}

void
sotto_lane_pack (SottoLane *lane, const SottoActivations *x, gsize t)
{
  sotto_activations_pack (x, lane->kernels, t);
}

void
sotto_lane_pack_rows (SottoLane *lane, const SottoActivations *x, guint first, guint end)
{
  sotto_activations_pack_set (x, lane->kernels, first, end - first, 0, x->n_columns);
}

gboolean
sotto_lane_packs_columns (const SottoLane *lane)
{
  guint set_rows = lane->kernels->packings[sotto_form_of (lane->batch->n_tokens)].set_rows;

  return set_rows > 1 && lane->n_lanes > 1
         && sotto_count_units (lane->batch->n_tokens, set_rows) < 2 * lane->n_lanes;
}

/* Units are SOTTO_PACK_COLUMNS columns of a set: no two lanes write the same lines. */
static void
pack_columns (SottoLane *lane, const SottoActivations *x)
{
  guint set_rows = lane->kernels->packings[x->form].set_rows;
  guint n_parts = sotto_count_units (x->n_columns, SOTTO_PACK_COLUMNS);
  guint n_tokens = lane->batch->n_tokens;
  guint unit;

  while (sotto_lane_take (lane, sotto_count_units (n_tokens, set_rows) * n_parts, &unit))
    {
      guint t = unit / n_parts * set_rows;
      guint first = unit % n_parts * SOTTO_PACK_COLUMNS;

      sotto_activations_pack_set (x, lane->kernels, t, MIN (set_rows, n_tokens - t), first,
                                  MIN (x->n_columns - first, SOTTO_PACK_COLUMNS));
    }
}

gboolean
sotto_lane_pack_batch (SottoLane *lane, const SottoActivations *x)
{
  guint first;
  guint end;

  if (sotto_lane_packs_columns (lane))
    {
      pack_columns (lane, x);
      return sotto_pool_barrier (lane->pool);
    }
  while (sotto_lane_take_rows (lane, lane->batch->n_tokens, &first, &end))
    sotto_lane_pack_rows (lane, x, first, end);
  return sotto_pool_barrier (lane->pool);
}

/* --- Tokens --- */

void
sotto_lane_do_tokens (SottoLane *lane, const SottoStep *step, SottoTokenFunc func)
{
  guint first;
  guint end;

  if (sotto_lane_is_alone (lane))
    {
      func (lane, step, 0);
      return;
    }
  while (sotto_lane_take_rows (lane, lane->batch->n_tokens, &first, &end))
    for (guint t = first; t < end; t++)
      func (lane, step, t);
  sotto_pool_barrier (lane->pool);
}

/* --- Products --- */

/* Rows of fewer tokens than this, but for those of the few, stay in a cache from unit to unit. */
#define MANY_TOKENS 128

/* The largest units that leave all lanes the same work. */
static guint
find_unit_rows (const SottoLane *lane, guint n_rows)
{
  guint best = SOTTO_UNIT_ROWS;
  guint least = G_MAXUINT;

  for (guint rows = SOTTO_UNIT_ROWS; rows <= SOTTO_MOST_UNIT_ROWS; rows += SOTTO_UNIT_ROWS)
    {
      guint longest = sotto_count_units (sotto_count_units (n_rows, rows), lane->n_lanes) * rows;

      if (longest <= least)
        {
          least = longest;
          best = rows;
        }
    }
  return best;
}

gboolean
sotto_lane_take_outputs (SottoLane *lane, guint n_rows, guint *first, guint *n)
{
  guint n_tokens = lane->batch->n_tokens;
  guint unit_rows = n_tokens < MANY_TOKENS ? SOTTO_UNIT_ROWS : find_unit_rows (lane, n_rows);
  guint most = n_tokens < MANY_TOKENS ? SOTTO_MOST_UNIT_ROWS / SOTTO_UNIT_ROWS : 1;
  guint n_units = sotto_pool_take_some (lane->pool, lane->index, sotto_count_units (n_rows, unit_rows), most, first);

  *first *= unit_rows;
  *n = MIN (n_units * unit_rows, n_rows - *first);
  return n_units > 0;
}

void
sotto_lane_multiply (SottoLane *lane, const SottoProduct *product)
{
  const SottoWeight *weight = product->weight;
  guint n_rows = product->n_rows;
  guint n_tokens = product->n_tokens;
  SottoMultiply multiply = weight->strips != NULL
                             ? lane->kernels->multiply_strips[product->x->form][weight->type]
                             : lane->kernels->multiply[product->x->form][weight->type];
  guint64 work = (guint64) MAX (n_rows, 1) * MAX (weight->n_columns, 1);
  guint n_at_once = (guint) CLAMP (lane->kernels->piece / work, 16, SOTTO_MAX_BATCH) / 16 * 16;

  for (guint t = 0; t < n_tokens && !sotto_pool_is_hurried (lane->pool); t += n_at_once)
    {
      SottoProduct piece = *product;

      piece.first_token += t;
      piece.n_tokens = MIN (n_at_once, n_tokens - t);
      piece.y += t * piece.y_stride;
      multiply (&piece, lane->memory->scratch);
    }
  if (weight->scales != NULL)
    for (guint t = 0; t < n_tokens; t++)
      lane->kernels->scale (weight->scales[0], n_rows, product->y + t * product->y_stride);
  if (weight->bias != NULL)
    for (guint t = 0; t < n_tokens; t++)
      lane->kernels->add (weight->bias + product->first_row, 1.0f, n_rows, product->y + t * product->y_stride);
}

void
sotto_lane_multiply_unit (SottoLane *lane, const SottoProduct *whole, guint unit)
{
  SottoProduct part = *whole;

  part.first_row = unit * SOTTO_UNIT_ROWS;
  part.n_rows = MIN (whole->n_rows - part.first_row, SOTTO_UNIT_ROWS);
  part.y += part.first_row;
  sotto_lane_multiply (lane, &part);
}

static void
put_row (SottoLane *lane, const SottoTarget *target, const float *row, guint n, float *to)
{
  if (target->add)
    {
      lane->kernels->add (row, target->scale, n, to);
      return;
    }
  memcpy (to, row, n * sizeof *to);
  if (target->scale != 1.0f)
    lane->kernels->scale (target->scale, n, to);
}

void
sotto_lane_put (SottoLane         *lane,
                const SottoTarget *target,
                const float       *tile,
                gsize              stride,
                guint              first,
                guint              n)
{
  SottoActivations to = sotto_lane_buffer (lane, target->to, target->n_columns);

  if (sotto_lane_is_alone (lane))
    {
      memcpy (lane->state->scratch.landings[lane->landing] + first, tile, n * sizeof *tile);
      return;
    }
  for (guint t = 0; t < lane->batch->n_tokens; t++)
    put_row (lane, target, tile + t * stride, n, to.values + t * to.column_stride + first);
}

void
sotto_lane_leave (SottoLane *lane, SottoBuffer buffer, guint n_columns)
{
  SottoActivations x = sotto_lane_buffer (lane, buffer, n_columns);

  if (!is_operand (buffer))
    return;
  if (sotto_lane_is_alone (lane))
    sotto_lane_pack (lane, &x, 0);
  else
    sotto_lane_pack_batch (lane, &x);
}

/* A landing is written again two barriers later, when every lane has taken it over. */
void
sotto_lane_complete (SottoLane *lane, const SottoTarget *target)
{
  SottoActivations to = sotto_lane_buffer (lane, target->to, target->n_columns);

  if (!sotto_pool_barrier (lane->pool))
    return;
  if (sotto_lane_is_alone (lane))
    {
      put_row (lane, target, lane->state->scratch.landings[lane->landing], to.n_columns, to.values);
      lane->landing = 1 - lane->landing;
    }
  sotto_lane_leave (lane, target->to, target->n_columns);
}

void
sotto_lane_complete_attended (SottoLane *lane, const SottoActivations *attended)
{
  if (sotto_lane_is_alone (lane))
    {
      SottoActivations own = sotto_lane_buffer (lane, SOTTO_BUFFER_ATTENDED, attended->n_columns);

      memcpy (own.values, attended->values, own.n_columns * sizeof (float));
      sotto_lane_pack (lane, &own, 0);
      return;
    }
  sotto_lane_pack_batch (lane, attended);
}

/* --- Rows and heads --- */

void
sotto_lane_norm (SottoLane *lane, const SottoNorm *norm, const float *x, guint n, float *y)
{
  lane->kernels->norm (norm->kind, x, norm->weight, norm->bias, norm->epsilon, n, y);
}

void
sotto_lane_turn (SottoLane       *lane,
                 const SottoRope *rope,
                 guint            first_token,
                 guint            n_tokens,
                 float           *heads,
                 gsize            stride)
{
  const SottoTurns *turns;

  if (rope == NULL)
    return;
  turns = sotto_scratch_find_turns (&lane->state->scratch, rope);
  for (guint t = 0; t < n_tokens; t++)
    {
      gsize pair = (gsize) (first_token + t) * rope->n_pairs;

      lane->kernels->rope (rope->kind, turns->cosines + pair, turns->sines + pair, rope->n_pairs,
                           heads + t * stride + rope->first);
    }
}
