#include "plan-cut.h"

#define NONE G_MAXUINT

/* --- What a step names --- */

/* (nullable): where its number stands */
static guint *
cache_of (SottoStep *step)
{
  return step->kind == SOTTO_STEP_QKV          ? &step->qkv.cache
         : step->kind == SOTTO_STEP_LATENT_QKV ? &step->latent_qkv.cache
         : step->kind == SOTTO_STEP_ATTEND     ? &step->attend.cache
                                               : NULL;
}

static guint *
recurrent_of (SottoStep *step)
{
  return step->kind == SOTTO_STEP_DELTA ? &step->delta.recurrent : NULL;
}

static gboolean
reads_inputs (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_FEED && !sotto_weight_is_there (&step->feed.up)
         && sotto_weight_is_there (&step->feed.gate);
}

/* Elements of a token's INPUTS that are made before the step @at and read from there on; 0: none. */
static guint
count_inputs (const SottoPlan *plan, guint at)
{
  guint n = 0;
  gboolean is_read = FALSE;

  for (guint i = 0; i < at; i++)
    if (plan->steps[i].kind == SOTTO_STEP_INPUTS)
      n = plan->steps[i].inputs.projection.n_rows;
  for (guint i = at; i < plan->n_steps; i++)
    is_read |= reads_inputs (&plan->steps[i]);
  return is_read ? n : 0;
}

/* --- What rows a step reads and writes --- */

/* Queries, from QKV to ATTEND, which never cross a border. */
#define QUERIES (1u << SOTTO_N_BUFFERS)
#define BIT(buffer) (1u << (buffer))

/* Of other widths than n_embedding. */
#define WIDE (QUERIES | BIT (SOTTO_BUFFER_ATTENDED) | BIT (SOTTO_BUFFER_HIDDEN))

typedef struct {
  guint reads;             /* bits by SottoBuffer */
  guint writes;            /* whole rows, whatever was there */
} Touched;

static Touched
touch (const SottoStep *step)
{
  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      return (Touched) { 0, BIT (SOTTO_BUFFER_RESIDUAL) };
    case SOTTO_STEP_NORM:
      return (Touched) { BIT (step->norm.from), BIT (step->norm.to) };
    case SOTTO_STEP_ADD:
      return (Touched) { BIT (step->add.from) | BIT (step->add.to), BIT (step->add.to) };
    case SOTTO_STEP_QKV:
      return (Touched) { BIT (step->qkv.from), QUERIES };
    case SOTTO_STEP_LATENT_QKV:
      return (Touched) { BIT (step->latent_qkv.from), QUERIES };
    case SOTTO_STEP_ATTEND:
      return (Touched) { QUERIES, BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_DELTA:
      return (Touched) { BIT (step->delta.from), BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_FEED:
      return (Touched) { BIT (step->feed.from), BIT (SOTTO_BUFFER_HIDDEN) };
    case SOTTO_STEP_PROJECT:
      return (Touched) { BIT (step->project.from) | (step->project.add ? BIT (step->project.to) : 0),
                         BIT (step->project.to) };
    case SOTTO_STEP_EXPERTS:
      return (Touched) { BIT (step->experts.from) | BIT (step->experts.router_from)
                           | (step->experts.add ? BIT (step->experts.to) : 0),
                         BIT (step->experts.to) };
    case SOTTO_STEP_INPUTS:
    case SOTTO_STEP_LOGITS:
    case SOTTO_STEP_POOL:
      return (Touched) { BIT (SOTTO_BUFFER_RESIDUAL), 0 };
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
    case SOTTO_N_STEP_KINDS:
    default:
      return (Touched) { 0, 0 };
    }
}

/* Bits of the buffers whose rows are there before the step @at and are read from there on. */
static guint
find_live (const SottoPlan *plan, guint at)
{
  guint live = 0, written = 0;

  for (guint i = at; i < plan->n_steps; i++)
    {
      Touched touched = touch (&plan->steps[i]);

      live |= touched.reads & ~written;
      written |= touched.writes;
    }
  return live;
}

/* --- Dividing --- */

static gboolean
is_before_layers (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_EMBED || step->kind == SOTTO_STEP_INPUTS;
}

static gboolean
is_behind_layers (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_LOGITS || step->kind == SOTTO_STEP_POOL;
}

/* Steps up to the last that embeds come before the layers. */
static guint
find_layers (const SottoPlan *plan)
{
  guint first = 0;

  for (guint i = 0; i < plan->n_steps; i++)
    if (is_before_layers (&plan->steps[i]))
      first = i + 1;
  return first;
}

/* Joins the pieces of all steps that name the same cache. */
static void
join_sharers (const SottoPlan *plan, GArray *pieces)
{
  for (guint cache = 0; cache < plan->n_caches; cache++)
    {
      guint first = NONE, last = NONE;

      for (guint i = 0; i < pieces->len; i++)
        {
          const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);

          for (guint s = piece->first_step; s < piece->end_step; s++)
            {
              const guint *named = cache_of ((SottoStep *) &plan->steps[s]);

              if (named == NULL || *named != cache)
                continue;
              first = first == NONE ? i : first;
              last = i;
            }
        }
      for (guint i = first; first != NONE && i < last; i++)
        {
          SottoPlanPiece *joined = &g_array_index (pieces, SottoPlanPiece, first);
          const SottoPlanPiece *next = joined + 1;

          joined->end_step = next->end_step;
          joined->n_layers += next->n_layers;
          g_array_remove_index (pieces, first + 1);
        }
    }
}

static gboolean
can_leave (const SottoPlan *plan, guint step)
{
  return plan->steps[step].kind == SOTTO_STEP_EXPERTS
         && ((find_live (plan, step) | find_live (plan, step + 1)) & WIDE) == 0;
}

/* Adds the pieces of a layer: experts, and what is before, between and behind them. */
static void
add_layer (const SottoPlan *plan, const SottoPlanPiece *layer, GArray *pieces)
{
  guint first = layer->first_step;

  for (guint i = first; i < layer->end_step; i++)
    {
      gboolean is_experts = can_leave (plan, i);
      SottoPlanPiece piece = { first, i + 1, first == layer->first_step ? layer->n_layers : 0, is_experts,
                               first > layer->first_step };

      if (!is_experts && i + 1 < layer->end_step && !can_leave (plan, i + 1))
        continue;
      g_array_append_val (pieces, piece);
      first = i + 1;
    }
}

/* Layers, those that share a cache joined. */
static GArray *
divide_layers (const SottoPlan *plan)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (SottoPlanPiece));
  guint at = find_layers (plan);
  guint end = plan->n_steps;
  SottoPlanPiece piece = { 0, at, 0, FALSE, FALSE };

  while (end > at && is_behind_layers (&plan->steps[end - 1]))
    end--;
  g_array_append_val (pieces, piece);
  while (at < end)
    {
      piece = (SottoPlanPiece) { at, at + 1, 1, FALSE, FALSE };
      while (piece.end_step < end && plan->steps[piece.end_step].layer == plan->steps[at].layer)
        piece.end_step++;
      g_array_append_val (pieces, piece);
      at = piece.end_step;
    }
  join_sharers (plan, pieces);
  piece = (SottoPlanPiece) { end, plan->n_steps, 0, FALSE, FALSE };
  g_array_append_val (pieces, piece);
  return pieces;
}

GArray *
sotto_plan_divide (const SottoPlan *plan)
{
  g_autoptr (GArray) layers = divide_layers (plan);
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (SottoPlanPiece));

  for (guint i = 0; i < layers->len; i++)
    {
      const SottoPlanPiece *layer = &g_array_index (layers, SottoPlanPiece, i);

      if (layer->n_layers > 0)
        add_layer (plan, layer, pieces);
      else
        g_array_append_val (pieces, *layer);
    }
  return pieces;
}

/* --- Cutting --- */

/* Gives the cache that a step names its number in the part. */
static void
keep_cache (SottoPlanPart *self, const SottoPlan *plan, guint *numbers, guint *cache)
{
  if (cache == NULL)
    return;
  if (numbers[*cache] == NONE)
    {
      numbers[*cache] = self->plan.n_caches;
      self->caches[self->plan.n_caches++] = plan->caches[*cache];
    }
  *cache = numbers[*cache];
}

static void
keep_recurrent (SottoPlanPart *self, const SottoPlan *plan, guint *recurrent)
{
  if (recurrent == NULL)
    return;
  self->recurrents[self->plan.n_recurrents] = plan->recurrents[*recurrent];
  *recurrent = self->plan.n_recurrents++;
}

/* What crosses before the step @at of the plan. */
static void
add_hand (SottoPlanPart *self, const SottoPlan *plan, SottoStepKind kind, guint at)
{
  self->steps[self->plan.n_steps++]
    = (SottoStep) { .kind = kind, .layer = plan->steps[MIN (at, plan->n_steps - 1)].layer,
                    .hand = { find_live (plan, at), count_inputs (plan, at) } };
}

static void
add_stretch (SottoPlanPart *self, const SottoPlan *plan, const SottoPlanStretch *stretch, guint *numbers)
{
  if (stretch->first_step > 0)
    add_hand (self, plan, SOTTO_STEP_TAKE, stretch->first_step);
  for (guint i = stretch->first_step; i < stretch->end_step; i++)
    {
      SottoStep *step = &self->steps[self->plan.n_steps++];

      *step = plan->steps[i];
      keep_cache (self, plan, numbers, cache_of (step));
      keep_recurrent (self, plan, recurrent_of (step));
    }
  if (stretch->end_step < plan->n_steps)
    add_hand (self, plan, SOTTO_STEP_HAND, stretch->end_step);
}

SottoPlanPart *
sotto_plan_cut (const SottoPlan *plan, const SottoPlanStretch *stretches, guint n_stretches)
{
  SottoPlanPart *self = g_new0 (SottoPlanPart, 1);
  g_autofree guint *numbers = g_new (guint, plan->n_caches + 1);

  self->plan = *plan;
  self->plan.n_steps = self->plan.n_caches = self->plan.n_recurrents = 0;
  self->plan.steps = self->steps = g_new0 (SottoStep, plan->n_steps + 2 * n_stretches);
  self->plan.caches = self->caches = g_new0 (SottoCacheShape, plan->n_caches + 1);
  self->plan.recurrents = self->recurrents = g_new0 (SottoRecurrentShape, plan->n_recurrents + 1);
  self->stretches = g_new0 (SottoPlanStretch, n_stretches);
  for (guint i = 0; i < plan->n_caches; i++)
    numbers[i] = NONE;

  for (guint i = 0; i < n_stretches; i++)
    {
      self->stretches[i].first_step = self->plan.n_steps;
      add_stretch (self, plan, &stretches[i], numbers);
      self->stretches[i].end_step = self->plan.n_steps;
    }
  /* A part that only hands on leaves no output of the plan's own. */
  if (n_stretches == 0 || stretches[n_stretches - 1].end_step < plan->n_steps)
    self->plan.n_output = 0;
  return self;
}

void
sotto_plan_part_free (SottoPlanPart *self)
{
  g_free (self->steps);
  g_free (self->caches);
  g_free (self->recurrents);
  g_free (self->stretches);
  g_free (self);
}
