#include "cpu/router.h"

#include "cpu/exact-math.h"

#include <math.h>

/* Which experts a token is sent to. All sums follow the experts' numbers, ties go to the lower one, and
 * what is not a number is chosen last: so the choice is the same everywhere. */

typedef struct {
  const SottoExpertsStep *step;
  float *scores;            /* (n_experts): what weights are made of */
  float *ranks;             /* (n_experts): what is chosen by */
  float *taken;             /* (n_experts): not 0: chosen, or not to be */
  float *groups;            /* (n_groups) */
} Router;

/* e^(x - highest) / sum, in place */
static void
softmax (float *x, guint n)
{
  float highest = x[0];
  float sum = 0.0f;

  for (guint i = 1; i < n; i++)
    highest = MAX (highest, x[i]);
  for (guint i = 0; i < n; i++)
    {
      x[i] = sotto_exp (x[i] - highest);
      sum += x[i];
    }
  for (guint i = 0; i < n; i++)
    x[i] /= sum;
}

static void
score (const Router *self, const float *logits)
{
  const SottoExpertsStep *step = self->step;
  guint n = step->n_experts;

  for (guint i = 0; i < n; i++)
    self->scores[i] = step->scores == SOTTO_SCORES_SIGMOID ? sotto_sigmoid (logits[i]) : logits[i];
  if (step->scores == SOTTO_SCORES_SOFTMAX)
    softmax (self->scores, n);
  for (guint i = 0; i < n; i++)
    {
      self->ranks[i] = self->scores[i]
                       + (step->selection_bias != NULL ? step->selection_bias[i] : 0.0f);
      self->taken[i] = 0.0f;
    }
}

static gboolean
is_better (float a, float b)
{
  return a > b || (isnan (b) && !isnan (a));
}

/* Takes the best of n experts from first on, of which some are left. */
static guint
take_best (const Router *self, guint first, guint n)
{
  guint best = G_MAXUINT;

  for (guint i = first; i < first + n; i++)
    if (self->taken[i] == 0.0f && (best == G_MAXUINT || is_better (self->ranks[i], self->ranks[best])))
      best = i;
  self->taken[best] = 1.0f;
  return best;
}

static float
rank_group (const Router *self, guint first, guint n)
{
  float sum = 0.0f;

  for (guint i = 0; i < MIN (self->step->n_group_best, n); i++)
    sum += self->ranks[take_best (self, first, n)];
  for (guint i = first; i < first + n; i++)
    self->taken[i] = 0.0f;
  return sum;
}

/* Whether fewer than n_groups_used groups are better. */
static gboolean
is_used (const Router *self, guint group)
{
  guint n_better = 0;

  for (guint other = 0; other < self->step->n_groups; other++)
    n_better += self->groups[other] > self->groups[group]
                || (self->groups[other] == self->groups[group] && other < group);
  return n_better < self->step->n_groups_used;
}

/* Takes all experts but those of the best groups. */
static void
limit_groups (const Router *self)
{
  guint n = self->step->n_experts / self->step->n_groups;

  for (guint group = 0; group < self->step->n_groups; group++)
    self->groups[group] = rank_group (self, group * n, n);
  for (guint group = 0; group < self->step->n_groups; group++)
    for (guint i = 0; i < n && !is_used (self, group); i++)
      self->taken[group * n + i] = 1.0f;
}

static void
weigh (const Router *self, SottoChoice *choices)
{
  const SottoExpertsStep *step = self->step;
  float highest = self->scores[choices[0].expert];
  float sum = 0.0f;

  for (guint i = 1; i < step->n_used; i++)
    highest = MAX (highest, self->scores[choices[i].expert]);
  for (guint i = 0; i < step->n_used; i++)
    {
      float weight = self->scores[choices[i].expert];

      choices[i].weight = step->scores == SOTTO_SCORES_SELECTED ? sotto_exp (weight - highest)
                                                                : weight;
      sum += choices[i].weight;
    }
  for (guint i = 0; i < step->n_used; i++)
    {
      if ((step->normalised || step->scores == SOTTO_SCORES_SELECTED) && sum > 0.0f)
        choices[i].weight /= sum;
      choices[i].weight *= step->scale;
      if (step->expert_scales != NULL)
        choices[i].weight *= step->expert_scales[choices[i].expert];
    }
}

void
sotto_route (const SottoExpertsStep *step, const float *logits, float *memory, SottoChoice *choices)
{
  guint n = step->n_experts;
  Router self = { step, memory, memory + n, memory + 2 * n, memory + 3 * n };

  score (&self, logits);
  if (step->n_groups > 1)
    limit_groups (&self);
  for (guint i = 0; i < step->n_used; i++)
    choices[i].expert = take_best (&self, 0, n);
  weigh (&self, choices);
}
