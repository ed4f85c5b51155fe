/* The steps that leave candidates out.
 *
 * Top-p and typical take the first of a ranking until their probabilities suffice. Only the
 * candidates at the edge are sorted: all are counted into steps of their rank, and whatever lies
 * in a step before the one that reaches the edge is in. */

#include "sampler/exponential.h"
#include "sampler/sampler-private.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Steps of a sixteenth; the last holds the rest. */
#define N_STEPS 512
#define STEPS_PER_UNIT 16.0f

#define LN_2 0.69314718055994530942

/* Sums are made in so many lanes, a fixed order that a compiler can keep in registers. */
#define LANES 8u

static double
sum_of (const float *values,
        guint        n)
{
  double sums[LANES] = { 0.0 };
  guint i = 0;

  for (; i + LANES <= n; i += LANES)
    for (guint lane = 0; lane < LANES; lane++)
      sums[lane] += values[i + lane];
  for (guint lane = 0; i < n; i++, lane++)
    sums[lane] += values[i];

  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

double
sotto_sampler_weigh (SottoSampler *self,
                     double        temperature)
{
  const float *restrict logits = self->candidates.logits;
  float *restrict weights = self->candidates.weights;
  const float best = self->candidates.best;
  const float per_unit = (float) MIN (1.0 / temperature, FLT_MAX);
  const guint n = self->candidates.n;

  for (guint i = 0; i < n; i++)
    weights[i] = sotto_exp ((logits[i] - best) * per_unit);

  return sum_of (weights, n);
}

guint
sotto_sampler_find_target (const SottoSampler *self,
                           double              target)
{
  const SottoCandidates *candidates = &self->candidates;
  double passed = 0.0;
  guint first = 0;

  /* Block by block, then one by one; the last if rounding has left nothing. */
  for (; first + SOTTO_SAMPLER_BLOCK < candidates->n; first += SOTTO_SAMPLER_BLOCK)
    {
      double sum = sum_of (candidates->weights + first, SOTTO_SAMPLER_BLOCK);

      if (passed + sum > target)
        break;
      passed += sum;
    }
  for (; first + 1 < candidates->n; first++)
    {
      passed += candidates->weights[first];
      if (passed > target)
        break;
    }

  return first;
}

/* Typical and XTC may leave out the best. */
static void
find_best_left (SottoCandidates *candidates)
{
  candidates->best = -INFINITY;
  for (guint i = 0; i < candidates->n; i++)
    candidates->best = MAX (candidates->best, candidates->logits[i]);
}

/* Moves candidate @from to place @to, which is not behind it. */
static inline void
move (SottoCandidates *candidates,
      guint            from,
      guint            to)
{
  candidates->logits[to] = candidates->logits[from];
  candidates->ids[to] = candidates->ids[from];
  candidates->weights[to] = candidates->weights[from];
}

/* --- Rankings --- */

static int
compare_ranked (const void *a,
                const void *b)
{
  const SottoRanked *ranked_a = a;
  const SottoRanked *ranked_b = b;

  if (ranked_a->rank != ranked_b->rank)
    return ranked_a->rank > ranked_b->rank ? 1 : -1;

  return (ranked_a->index > ranked_b->index) - (ranked_a->index < ranked_b->index);
}

/* How far the surprise of a candidate lies from @mean, both counted from the best's surprise. */
static inline float
rank_of (float logit,
         float best,
         float mean)
{
  return fabsf (best - logit - mean);
}

/* Weighs the candidates by the step of their ranks. Returns: their weight together */
static double
weigh_steps (const SottoCandidates *candidates,
             float                  mean,
             double                *masses)
{
  const float best = candidates->best;
  gint steps[SOTTO_SAMPLER_BLOCK];
  double total = 0.0;

  memset (masses, 0, N_STEPS * sizeof masses[0]);
  for (guint first = 0; first < candidates->n; first += SOTTO_SAMPLER_BLOCK)
    {
      const float *logits = candidates->logits + first;
      guint n = MIN (SOTTO_SAMPLER_BLOCK, candidates->n - first);

      for (guint i = 0; i < n; i++)
        {
          float step = rank_of (logits[i], best, mean) * STEPS_PER_UNIT;

          steps[i] = (gint) (step < N_STEPS - 1.0f ? step : N_STEPS - 1.0f);
        }
      for (guint i = 0; i < n; i++)
        masses[steps[i]] += candidates->weights[first + i];
    }

  for (guint i = 0; i < N_STEPS; i++)
    total += masses[i];

  return total;
}

/* Of the @n in @edge, in the order of their ranks, leaves out those behind where @mass reaches
 * @enough. */
static void
cut_edge (SottoCandidates *candidates,
          SottoRanked     *edge,
          guint            n,
          double           mass,
          double           enough)
{
  guint n_kept = 0;
  guint i = 0;

  qsort (edge, n, sizeof edge[0], compare_ranked);
  while (i < n)
    {
      mass += candidates->weights[edge[i++].index];
      if (mass >= enough)
        break;
    }

  /* No weight is negative, so that marks the others. */
  for (; i < n; i++)
    candidates->weights[edge[i].index] = -1.0f;
  for (i = 0; i < candidates->n; i++)
    if (candidates->weights[i] >= 0.0f)
      move (candidates, i, n_kept++);
  candidates->n = n_kept;
}

/* Keeps those with the lowest rank_of(), of equals the lower ids, that have @p of the weight. */
static void
keep_first (SottoSampler *self,
            float         mean,
            double        p)
{
  SottoCandidates *candidates = &self->candidates;
  double masses[N_STEPS];
  double enough = p * weigh_steps (candidates, mean, masses);
  double mass = 0.0;
  float edge_begin;
  float edge_end;
  guint step = 0;
  guint n_edge = 0;
  guint n_kept = 0;

  while (step < N_STEPS - 1 && mass + masses[step] < enough)
    mass += masses[step++];
  edge_begin = step / STEPS_PER_UNIT;
  edge_end = (step + 1) / STEPS_PER_UNIT;

  for (guint i = 0; i < candidates->n; i++)
    {
      float rank = rank_of (candidates->logits[i], candidates->best, mean);

      if (rank >= edge_end && step < N_STEPS - 1)
        continue;
      if (rank >= edge_begin)
        self->ranked[n_edge++] = (SottoRanked) { rank, n_kept };
      move (candidates, i, n_kept++);
    }
  candidates->n = n_kept;

  cut_edge (candidates, self->ranked, n_edge, mass, enough);
}

void
sotto_sampler_keep_top_p (SottoSampler *self,
                          double        p)
{
  sotto_sampler_weigh (self, 1.0);
  keep_first (self, 0.0f, p);
}

/* Locally typical sampling (Meister et al. 2022): the rank is how far the surprise, -ln p, lies from
 * the entropy, its mean. Both are distances from the best logit but for the same logarithm of the
 * sum of weights, which falls out of the difference. */
void
sotto_sampler_keep_typical (SottoSampler *self,
                            double        p)
{
  SottoCandidates *candidates = &self->candidates;
  double total = sotto_sampler_weigh (self, 1.0);
  double mean = 0.0;

  /* A difference that is not finite has no weight. */
  for (guint i = 0; i < candidates->n; i++)
    mean += candidates->weights[i] * MIN (candidates->best - candidates->logits[i], FLT_MAX);

  keep_first (self, (float) (mean / total), p);
  find_best_left (candidates);
}

/* --- Thresholds --- */

void
sotto_sampler_keep_min_p (SottoSampler *self)
{
  SottoCandidates *candidates = &self->candidates;
  float best = candidates->best;
  guint n_kept = 0;

  for (guint i = 0; i < candidates->n; i++)
    {
      float logit = candidates->logits[i];

      if (best - logit <= self->min_p_distance)
        move (candidates, i, n_kept++);
    }
  candidates->n = n_kept;
}

/* "Exclude top choices" (P. E. Weidmann 2024, text-generation-webui pull request 6335): of several
 * that are probable enough, only the least probable is kept. */
void
sotto_sampler_exclude_top (SottoSampler *self,
                           double        threshold)
{
  SottoCandidates *candidates = &self->candidates;
  double enough = threshold * sotto_sampler_weigh (self, 1.0);
  guint n_top = 0;
  guint least = 0;
  guint n_kept = 0;

  for (guint i = 0; i < candidates->n; i++)
    if (candidates->weights[i] >= enough)
      {
        if (n_top++ == 0 || candidates->logits[i] <= candidates->logits[least])
          least = i;
      }
  if (n_top < 2)
    return;

  for (guint i = 0; i < candidates->n; i++)
    if (candidates->weights[i] < enough || i == least)
      move (candidates, i, n_kept++);
  candidates->n = n_kept;
  find_best_left (candidates);
}

/* Mirostat 2.0 (Basu et al. 2021, and the authors' own program): a candidate whose surprise in bits
 * is above the limit is left out, but for the best. The surprise is how far a logit lies below the
 * best, over temperature, and the logarithm of the sum of weights. */
double
sotto_sampler_keep_unsurprising (SottoSampler *self,
                                 double        total)
{
  SottoCandidates *candidates = &self->candidates;
  double nats = self->mirostat_limit * LN_2 - sotto_log (total);
  double farthest = nats * self->settings.temperature;
  guint n_kept = 0;

  for (guint i = 0; i < candidates->n; i++)
    if ((double) candidates->best - candidates->logits[i] <= farthest)
      move (candidates, i, n_kept++);

  /* Of equals at the top one is enough. */
  for (guint i = 0; n_kept == 0; i++)
    if (candidates->logits[i] == candidates->best)
      move (candidates, i, n_kept++);
  candidates->n = n_kept;

  return sum_of (candidates->weights, n_kept);
}
