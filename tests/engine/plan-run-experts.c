/* EXPERTS, as plan.h says it. */

#include "plan-run-private.h"

#include <math.h>

/* The best of @n by value, the first of equals, taken out of the race by @taken. */
static guint
find_best (const double *values, guint n, const gboolean *taken)
{
  guint best = n;

  for (guint i = 0; i < n; i++)
    if (!taken[i] && (best == n || values[i] > values[best]))
      best = i;
  return best;
}

/* Experts of the groups that are out are taken at once. */
static void
exclude_groups (const SottoExpertsStep *step, const double *scores, gboolean *taken)
{
  guint n_in_group = step->n_experts / step->n_groups;
  g_autofree double *groups = g_new0 (double, step->n_groups);
  g_autofree gboolean *kept = g_new0 (gboolean, step->n_groups);

  for (guint g = 0; g < step->n_groups; g++)
    {
      g_autofree gboolean *seen = g_new0 (gboolean, n_in_group);

      for (guint i = 0; i < step->n_group_best; i++)
        {
          guint best = find_best (scores + g * n_in_group, n_in_group, seen);

          seen[best] = TRUE;
          groups[g] += scores[g * n_in_group + best];
        }
    }
  for (guint i = 0; i < step->n_groups_used; i++)
    kept[find_best (groups, step->n_groups, kept)] = TRUE;
  for (guint e = 0; e < step->n_experts; e++)
    taken[e] = !kept[e / n_in_group];
}

/* weights[e]: 0 for those that were not chosen */
static void
route (const SottoExpertsStep *step, const double *logits, double *weights)
{
  guint n = step->n_experts;
  g_autofree double *scores = g_new (double, n);
  g_autofree double *biased = g_new (double, n);
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  double all = 0, sum = 0;

  for (guint e = 0; e < n; e++)
    all += exp (logits[e]);
  for (guint e = 0; e < n; e++)
    {
      scores[e] = step->scores == SOTTO_SCORES_SIGMOID ? plain_sigmoid (logits[e])
                  : step->scores == SOTTO_SCORES_SOFTMAX ? exp (logits[e]) / all : logits[e];
      biased[e] = scores[e] + (step->selection_bias != NULL ? (double) step->selection_bias[e] : 0);
      weights[e] = 0;
    }
  exclude_groups (step, biased, taken);
  for (guint i = 0; i < step->n_used; i++)
    {
      guint e = find_best (biased, n, taken);

      taken[e] = TRUE;
      weights[e] = step->scores == SOTTO_SCORES_SELECTED ? exp (logits[e]) : scores[e];
      sum += weights[e];
    }
  for (guint e = 0; e < n; e++)
    weights[e] *= (double) step->scale
                  / (step->normalised || step->scores == SOTTO_SCORES_SELECTED ? sum : 1)
                  * (step->expert_scales != NULL ? (double) step->expert_scales[e] : 1);
}

static void
add_expert (const SottoExpertsStep *step, guint expert, double weight, const double *x, double *y)
{
  SottoWeight up = sotto_weight_at (&step->up, expert),
              down = sotto_weight_at (&step->down, expert);
  SottoWeight gate = step->gate;
  g_autofree double *hidden = g_new (double, up.n_rows);

  if (sotto_weight_is_there (&gate))
    gate = sotto_weight_at (&gate, expert);
  for (guint i = 0; i < up.n_rows; i++)
    hidden[i] = sotto_weight_is_there (&gate)
                ? plain_combine (step->activation, plain_multiply_row (&gate, i, x), plain_multiply_row (&up, i, x))
                : plain_activate (step->activation, plain_multiply_row (&up, i, x));
  for (guint i = 0; i < down.n_rows; i++)
    y[i] += weight * plain_multiply_row (&down, i, hidden);
}

void
plain_run_experts (PlainRun *self, const SottoExpertsStep *step)
{
  guint n = step->down.n_rows;
  g_autofree double *logits = plain_project (self, &step->router, step->router_from);
  g_autofree double *weights = g_new (double, step->n_experts);
  double *y = g_new0 (double, (gsize) self->n * n);

  for (guint t = 0; t < self->n; t++)
    {
      route (step, logits + (gsize) t * step->n_experts, weights);
      for (guint e = 0; e < step->n_experts; e++)
        if (weights[e] != 0)
          add_expert (
              step, e, weights[e], self->buffers[step->from] + (gsize) t * n, y + (gsize) t * n);
    }
  plain_put (self, step->to, y, n, 1, step->add);
}
