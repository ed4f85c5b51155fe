#include "cpu/lane.h"
#include "cpu/router.h"

#include <string.h>

/* EXPERTS. Three phases, and two more with several tokens:
 *
 *   rows of the router                                                              | barrier
 *   the choice: of one token every lane for itself, of more together                | barrier, with more
 *   (expert, rows of gate and up), for the tokens that chose it, into scratch.experts | barrier
 *   these are packed: of one token every lane for itself, of more together          | barrier, with more
 *   rows of down, of all experts; a token's results are added in the order of its choice | barrier
 *
 * So an expert's weights are read once a batch. The tokens of an expert are packed in the form for as
 * many as they are, so with few tokens a token's result does not depend on who else is in the batch. A
 * place is a pair of token and choice, sorted by expert, then by token. */

typedef struct {
  SottoLane *lane;
  const SottoExpertsStep *step;
  guint n_tokens;
  SottoActivations x;
  SottoActivations hidden;  /* by place */
  const SottoChoice *choices; /* (n_tokens, n_used) */

  /* The lane's order of places, which all lanes have alike. */
  guint *starts;            /* (n_experts + 1): first place of an expert */
  guint *active;            /* (n_active): experts that some token chose */
  guint n_active;
  guint *places;            /* (n_tokens, n_used) */
  guint *tokens;            /* by place */
} Experts;

/* Tokens that lie side by side in the lane's memory. */
typedef struct {
  SottoActivations x;
  guint first_place;        /* G_MAXUINT: none */
} Gathered;

/* --- The choice --- */

static gboolean
multiply_router (const Experts *self, const SottoActivations *x)
{
  const SottoWeight *router = &self->step->router;
  SottoLane *lane = self->lane;
  SottoProduct product = { .weight = router, .n_rows = router->n_rows, .x = x, .n_tokens = self->n_tokens,
                           .y = lane->state->scratch.projected, .y_stride = self->step->n_experts };
  guint unit;

  while (sotto_lane_take (lane, sotto_count_units (router->n_rows, SOTTO_UNIT_ROWS), &unit))
    sotto_lane_multiply_unit (lane, &product, unit);
  return sotto_pool_barrier (lane->pool);
}

static gboolean
choose (Experts *self)
{
  const SottoExpertsStep *step = self->step;
  SottoLane *lane = self->lane;
  const float *logits = lane->state->scratch.projected;
  guint unit;

  if (sotto_lane_is_alone (lane))
    {
      self->choices = lane->memory->choices;
      sotto_route (step, logits, lane->memory->row, lane->memory->choices);
      return TRUE;
    }
  self->choices = lane->state->scratch.choices;
  while (sotto_lane_take (lane, self->n_tokens, &unit))
    sotto_route (step, logits + (gsize) unit * step->n_experts, lane->memory->row,
                 lane->state->scratch.choices + (gsize) unit * step->n_used);
  return sotto_pool_barrier (lane->pool);
}

/* Counting sort, the same on every lane. */
static void
sort_places (Experts *self)
{
  guint n_experts = self->step->n_experts;
  guint n_pairs = self->n_tokens * self->step->n_used;

  self->starts = self->lane->memory->order;
  self->active = self->starts + n_experts + 1;
  self->places = self->active + n_experts;
  self->tokens = self->places + n_pairs;
  memset (self->starts, 0, (n_experts + 1) * sizeof *self->starts);
  for (guint i = 0; i < n_pairs; i++)
    self->starts[self->choices[i].expert + 1]++;
  for (guint i = 0; i < n_experts; i++)
    {
      if (self->starts[i + 1] > 0)
        self->active[self->n_active++] = i;
      self->starts[i + 1] += self->starts[i];
    }
  for (guint i = 0; i < n_pairs; i++)
    {
      guint place = self->starts[self->choices[i].expert]++;

      self->places[i] = place;
      self->tokens[place] = i / self->step->n_used;
    }
  memmove (self->starts + 1, self->starts, n_experts * sizeof *self->starts);
  self->starts[0] = 0;
}

/* --- Gate and up --- */

static void
copy_token (
  SottoLane *lane, const SottoActivations *from, guint t, const SottoActivations *to, guint i)
{
  gsize n_groups = sotto_count_units (from->n_columns, SOTTO_PACK_COLUMNS);

  memcpy (to->values + i * to->column_stride, from->values + t * from->column_stride,
          from->n_columns * sizeof (float));
  if (to->form != from->form || to->set_rows[to->form] > 1 || to->packs != SOTTO_PACK_CODES)
    {
      sotto_lane_pack (lane, to, i);
      return;
    }
  memcpy (sotto_activations_packed (to, i), sotto_activations_packed (from, t),
          n_groups * lane->kernels->packings[to->form].bytes);
}

/* The tokens of n places from first on; a lane often takes several units of the same. */
static void
gather (const Experts *self, guint first, guint n, Gathered *gathered)
{
  if (gathered->first_place == first)
    return;
  gathered->x = sotto_activations_view (&self->lane->memory->gathered, self->x.n_columns, n);
  for (guint i = 0; i < n; i++)
    copy_token (self->lane, &self->x, self->tokens[first + i], &gathered->x, i);
  gathered->first_place = first;
}

/* Rows first … of one expert's gate and up for n places, whose tokens are x. */
static void
multiply_hidden (const Experts          *self,
                 guint                   expert,
                 guint                   first,
                 guint                   n_rows,
                 const SottoActivations *x,
                 guint                   first_place,
                 guint                   n)
{
  const SottoExpertsStep *step = self->step;
  SottoLane *lane = self->lane;
  gboolean has_gate = sotto_weight_is_there (&step->gate);
  SottoWeight up = sotto_weight_at (&step->up, expert);
  float *const *tiles = lane->memory->tiles;
  SottoProduct product = { .weight = &up, .first_row = first, .n_rows = n_rows, .x = x, .n_tokens = n,
                           .y = tiles[1], .y_stride = SOTTO_UNIT_ROWS };

  sotto_lane_multiply (lane, &product);
  if (has_gate)
    {
      SottoWeight gate = sotto_weight_at (&step->gate, expert);

      product.weight = &gate;
      product.y = tiles[0];
      sotto_lane_multiply (lane, &product);
    }
  for (guint i = 0; i < n; i++)
    {
      const float *ups = tiles[1] + i * SOTTO_UNIT_ROWS;
      const float *gates = tiles[0] + i * SOTTO_UNIT_ROWS;
      guint place = first_place + i;

      lane->kernels->gate (step->activation, has_gate ? gates : ups, has_gate ? ups : NULL, n_rows,
                           self->hidden.values + place * self->hidden.column_stride + first);
    }
}

static void
hidden_unit (const Experts *self, guint expert, guint first, guint end, Gathered *gathered)
{
  SottoLane *lane = self->lane;
  guint end_place = self->starts[expert + 1];
  guint n;

  for (guint place = self->starts[expert]; place < end_place; place += n)
    {
      n = MIN (end_place - place, SOTTO_GATHERED_TOKENS);
      if (!sotto_lane_is_alone (lane))
        gather (self, place, n, gathered);
      for (guint row = first; row < end && !sotto_pool_is_hurried (lane->pool);
           row += SOTTO_UNIT_ROWS)
        multiply_hidden (self, expert, row, MIN (end - row, SOTTO_UNIT_ROWS),
                         sotto_lane_is_alone (lane) ? &self->x : &gathered->x, place, n);
    }
}

/* Units of at least SOTTO_UNIT_ROWS, and with many tokens no smaller than it takes to keep all lanes busy. */
static gboolean
multiply_gate_up (const Experts *self)
{
  SottoLane *lane = self->lane;
  guint n_rows = self->step->up.n_rows;
  guint n_blocks = sotto_count_units (n_rows, SOTTO_UNIT_ROWS);
  guint wanted = sotto_lane_is_alone (lane) ? n_blocks
                                            : sotto_count_units (8 * lane->n_lanes, self->n_active);
  guint unit_rows = sotto_count_units (n_blocks, MIN (wanted, n_blocks)) * SOTTO_UNIT_ROWS;
  guint n_units = sotto_count_units (n_rows, unit_rows);
  Gathered gathered = { .first_place = G_MAXUINT };
  guint unit;

  while (sotto_lane_take (lane, self->n_active * n_units, &unit))
    {
      guint first = unit % n_units * unit_rows;

      hidden_unit (self, self->active[unit / n_units], first, MIN (first + unit_rows, n_rows),
                   &gathered);
    }
  return sotto_pool_barrier (lane->pool);
}

/* --- Down --- */

/* What the tokens of an expert have left, in the form for as many as they are. */
static SottoActivations
hidden_of (const Experts *self, guint expert)
{
  return sotto_activations_view (&self->hidden, self->hidden.n_columns,
                                 self->starts[expert + 1] - self->starts[expert]);
}

static gboolean
pack_hidden (const Experts *self)
{
  SottoLane *lane = self->lane;
  guint unit;

  if (sotto_lane_is_alone (lane))
    {
      for (guint place = 0; place < self->step->n_used; place++)
        sotto_lane_pack (lane, &self->hidden, place);
      return TRUE;
    }
  while (sotto_lane_take (lane, self->n_active, &unit))
    {
      guint expert = self->active[unit];
      SottoActivations hidden = hidden_of (self, expert);

      for (guint place = self->starts[expert]; place < self->starts[expert + 1]; place++)
        sotto_lane_pack (lane, &hidden, place);
    }
  return sotto_pool_barrier (lane->pool);
}

static void
down_unit (const Experts *self, const SottoTarget *target, guint first, guint n_rows)
{
  const SottoExpertsStep *step = self->step;
  SottoLane *lane = self->lane;
  float *pairs = lane->memory->pairs;
  float *tile = lane->memory->tiles[0];

  for (guint i = 0; i < self->n_active && !sotto_pool_is_hurried (lane->pool); i++)
    {
      SottoWeight down = sotto_weight_at (&step->down, self->active[i]);
      SottoActivations hidden = hidden_of (self, self->active[i]);
      guint place = self->starts[self->active[i]];
      SottoProduct product = { .weight = &down, .first_row = first, .n_rows = n_rows, .x = &hidden,
                               .first_token = place, .n_tokens = self->starts[self->active[i] + 1] - place,
                               .y = pairs + (gsize) place * SOTTO_UNIT_ROWS, .y_stride = SOTTO_UNIT_ROWS };

      sotto_lane_multiply (lane, &product);
    }
  for (guint t = 0; t < self->n_tokens; t++)
    {
      float *sum = tile + t * SOTTO_UNIT_ROWS;

      memset (sum, 0, n_rows * sizeof *sum);
      for (guint i = 0; i < step->n_used; i++)
        lane->kernels->add (pairs + (gsize) self->places[t * step->n_used + i] * SOTTO_UNIT_ROWS,
                            self->choices[t * step->n_used + i].weight, n_rows, sum);
    }
  sotto_lane_put (lane, target, tile, SOTTO_UNIT_ROWS, first, n_rows);
}

void
sotto_step_experts (SottoLane *lane, const SottoStep *step)
{
  const SottoExpertsStep *experts = &step->experts;
  SottoActivations router_from = sotto_lane_operand (lane, experts->router_from,
                                                     experts->router.n_columns);
  SottoTarget target = { experts->to, experts->down.n_rows, 1.0f, experts->add };
  Experts self = {
    .lane = lane,
    .step = experts,
    .n_tokens = lane->batch->n_tokens,
    .x = sotto_lane_operand (lane, experts->from, experts->up.n_columns),
    .hidden = sotto_activations_view (&lane->state->scratch.experts, experts->up.n_rows,
                                      lane->batch->n_tokens),
  };
  guint unit;

  if (sotto_lane_is_alone (lane))
    memcpy (self.hidden.packed, lane->memory->experts.packed, sizeof self.hidden.packed);
  if (sotto_pool_is_stopped (lane->pool) || !multiply_router (&self, &router_from)
      || !choose (&self))
    return;
  sort_places (&self);
  if (!multiply_gate_up (&self) || !pack_hidden (&self))
    return;
  while (sotto_lane_take (lane, sotto_count_units (experts->down.n_rows, SOTTO_UNIT_ROWS),
                          &unit))
    {
      guint first = unit * SOTTO_UNIT_ROWS;

      down_unit (&self, &target, first, MIN (experts->down.n_rows - first, SOTTO_UNIT_ROWS));
    }
  sotto_lane_complete (lane, &target);
}
