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

GArray *
sotto_plan_divide (const SottoPlan *plan)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (SottoPlanPiece));
  guint at = find_layers (plan);
  guint end = plan->n_steps;
  SottoPlanPiece piece = { 0, at, 0 };

  while (end > at && is_behind_layers (&plan->steps[end - 1]))
    end--;
  g_array_append_val (pieces, piece);
  while (at < end)
    {
      piece = (SottoPlanPiece) { at, at + 1, 1 };
      while (piece.end_step < end && plan->steps[piece.end_step].layer == plan->steps[at].layer)
        piece.end_step++;
      g_array_append_val (pieces, piece);
      at = piece.end_step;
    }
  join_sharers (plan, pieces);
  piece = (SottoPlanPiece) { end, plan->n_steps, 0 };
  g_array_append_val (pieces, piece);
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

static void
add_hand (SottoPlanPart *self, SottoStepKind kind, guint n_inputs)
{
  self->steps[self->plan.n_steps++]
    = (SottoStep) { .kind = kind, .hand = { .n_inputs = n_inputs } };
}

SottoPlanPart *
sotto_plan_cut (const SottoPlan *plan, guint first_step, guint end_step)
{
  SottoPlanPart *self = g_new0 (SottoPlanPart, 1);
  g_autofree guint *numbers = g_new (guint, plan->n_caches + 1);

  self->plan = *plan;
  self->plan.n_steps = self->plan.n_caches = self->plan.n_recurrents = 0;
  self->plan.steps = self->steps = g_new0 (SottoStep, end_step - first_step + 2);
  self->plan.caches = self->caches = g_new0 (SottoCacheShape, plan->n_caches + 1);
  self->plan.recurrents = self->recurrents = g_new0 (SottoRecurrentShape, plan->n_recurrents + 1);
  for (guint i = 0; i < plan->n_caches; i++)
    numbers[i] = NONE;

  if (first_step > 0)
    add_hand (self, SOTTO_STEP_TAKE, count_inputs (plan, first_step));
  for (guint i = first_step; i < end_step; i++)
    {
      SottoStep *step = &self->steps[self->plan.n_steps++];

      *step = plan->steps[i];
      keep_cache (self, plan, numbers, cache_of (step));
      keep_recurrent (self, plan, recurrent_of (step));
    }
  if (end_step < plan->n_steps)
    {
      guint n_inputs = count_inputs (plan, end_step);

      add_hand (self, SOTTO_STEP_HAND, n_inputs);
      self->plan.n_output = plan->n_embedding + n_inputs;
    }
  return self;
}

void
sotto_plan_part_free (SottoPlanPart *self)
{
  g_free (self->steps);
  g_free (self->caches);
  g_free (self->recurrents);
  g_free (self);
}
