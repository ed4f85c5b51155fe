/* Drawing tokens from logits.
 *
 * A draw has to be quick among 150,000 logits and the same everywhere. Quick: nothing sorts the
 * whole vocabulary; the best logit of each block of 256 lets most blocks be passed over, top-k
 * keeps a heap of k, top-p sorts only the logits near enough to the best to matter. The same:
 * sums are doubles in a fixed order, the exponential is ours, and so is the random generator
 * (PCG32, XSH-RR: O'Neill 2014, on its default stream, seeded as its reference implementation
 * does). */

#include "sotto-sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  float logit;
  guint32 id;
} Candidate;

#define BLOCK 256u
#define LANES 8u

struct _SottoSampler {
  SottoSamplerSettings settings;
  guint n_vocabulary;
  guint n_blocks;

  guint64 state;             /* of PCG32 */

  /* Scratch */
  float *logits;             /* (n_blocks, BLOCK): penalised; NaN and what is behind as -infinity */
  float *block_best;         /* (n_blocks): the highest of each block */
  Candidate *candidates;     /* (n_vocabulary): what is left */
  double *weights;           /* (n_vocabulary): of the candidates */
};

/* --- PCG32 --- */

#define PCG_MULTIPLIER G_GUINT64_CONSTANT (6364136223846793005)
#define PCG_INCREMENT G_GUINT64_CONSTANT (1442695040888963407)

static guint32
pcg_next (guint64 *state)
{
  guint64 old = *state;
  guint32 shifted = (guint32) (((old >> 18) ^ old) >> 27);
  guint32 turn = old >> 59;

  *state = old * PCG_MULTIPLIER + PCG_INCREMENT;

  return shifted >> turn | shifted << (-turn & 31);
}

static void
pcg_seed (guint64 *state,
          guint64  seed)
{
  *state = 0;
  pcg_next (state);
  *state += seed;
  pcg_next (state);
}

/* --- The exponential --- */

/* e^x for x <= 0, within two units in the last place. x = n ln 2 + r with |r| <= ln 2 / 2, the
 * two parts of ln 2 being such that n times the first is exact (Cody & Waite 1980); then Taylor
 * to the 13th power. */
static double
exp_negative (double x)
{
  static const double factors[] = {
    1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0,
    1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0,
  };
  double n;
  double r;
  double sum;
  guint64 bits;

  /* Below the smallest normal number nothing is ever drawn. */
  if (!(x > -708.0))
    return 0.0;

  n = (double) (gint64) (x * 1.4426950408889634 - 0.5);
  r = x - n * 6.93147180369123816490e-01;
  r -= n * 1.90821492927058770002e-10;

  sum = factors[0];
  for (guint i = 1; i < G_N_ELEMENTS (factors); i++)
    sum = sum * r + factors[i];

  bits = (guint64) ((gint64) n + 1023) << 52;
  memcpy (&n, &bits, sizeof n);

  return sum * n;
}

/* --- Making and freeing --- */

SottoSampler *
sotto_sampler_new (const SottoSamplerSettings *settings,
                   guint                       n_vocabulary)
{
  g_autoptr (SottoSampler) self = g_new0 (SottoSampler, 1);

  self->settings = *settings;
  self->n_vocabulary = n_vocabulary;
  self->n_blocks = n_vocabulary / BLOCK + 1;
  self->logits = g_try_new (float, (gsize) self->n_blocks * BLOCK);
  self->block_best = g_try_new (float, self->n_blocks);
  self->candidates = g_try_new (Candidate, MAX (n_vocabulary, 1));
  self->weights = g_try_new (double, MAX (n_vocabulary, 1));
  if (self->logits == NULL || self->block_best == NULL || self->candidates == NULL ||
      self->weights == NULL)
    return NULL;

  for (guint i = n_vocabulary; i < self->n_blocks * BLOCK; i++)
    self->logits[i] = -INFINITY;

  pcg_seed (&self->state, settings->seed);

  return g_steal_pointer (&self);
}

void
sotto_sampler_free (SottoSampler *self)
{
  g_free (self->logits);
  g_free (self->block_best);
  g_free (self->candidates);
  g_free (self->weights);
  g_free (self);
}

/* --- The steps --- */

/* Copies the logits, NaN as -infinity, and penalises what was said lately: once, however often
 * it was said. */
static void
take_logits (SottoSampler *self,
             const float  *logits,
             const gint32 *recent,
             guint         n_recent)
{
  float penalty = self->settings.repetition_penalty;
  guint window = MIN (n_recent, self->settings.repetition_window);

  for (guint i = 0; i < self->n_vocabulary; i++)
    self->logits[i] = isnan (logits[i]) ? -INFINITY : logits[i];

  if (!(penalty > 0.0f) || penalty == 1.0f || !isfinite (penalty))
    return;

  for (guint i = n_recent - window; i < n_recent; i++)
    {
      gint32 id = recent[i];

      if (id < 0 || (guint) id >= self->n_vocabulary || isnan (logits[id]))
        continue;
      self->logits[id] = logits[id] > 0.0f ? logits[id] / penalty : logits[id] * penalty;
    }
}

static guint32
find_best (SottoSampler *self)
{
  guint best_block = 0;
  guint32 id;

  for (guint block = 0; block < self->n_blocks; block++)
    {
      const float *logits = self->logits + (gsize) block * BLOCK;
      float best[LANES];

      /* Lanes that the compiler can keep in one register. */
      memcpy (best, logits, sizeof best);
      for (guint i = LANES; i < BLOCK; i += LANES)
        for (guint lane = 0; lane < LANES; lane++)
          best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
      for (guint lane = 1; lane < LANES; lane++)
        best[0] = best[lane] > best[0] ? best[lane] : best[0];

      self->block_best[block] = best[0];
      if (best[0] > self->block_best[best_block])
        best_block = block;
    }

  id = best_block * BLOCK;
  while (self->logits[id] != self->block_best[best_block])
    id++;

  return id;
}

/* Whether @a goes before @b: higher, of equals the lower id. */
static inline gboolean
is_before (Candidate a,
           Candidate b)
{
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

static int
compare_candidates (const void *a,
                    const void *b)
{
  const Candidate *candidate_a = a;
  const Candidate *candidate_b = b;

  return is_before (*candidate_b, *candidate_a) - is_before (*candidate_a, *candidate_b);
}

static int
compare_ids (const void *a,
             const void *b)
{
  guint32 id_a = ((const Candidate *) a)->id;
  guint32 id_b = ((const Candidate *) b)->id;

  return (id_a > id_b) - (id_a < id_b);
}

/* Moves the first of a heap whose first is the one that goes last to where it belongs. */
static void
sift_down (Candidate *heap,
           guint      n)
{
  Candidate moved = heap[0];
  guint i = 0;

  for (;;)
    {
      guint child = 2 * i + 1;

      if (child >= n)
        break;
      if (child + 1 < n && is_before (heap[child], heap[child + 1]))
        child++;
      if (!is_before (moved, heap[child]))
        break;
      heap[i] = heap[child];
      i = child;
    }
  heap[i] = moved;
}

static void
sift_up (Candidate *heap,
         guint      n)
{
  Candidate moved = heap[n - 1];
  guint i = n - 1;

  while (i > 0 && is_before (heap[(i - 1) / 2], moved))
    {
      heap[i] = heap[(i - 1) / 2];
      i = (i - 1) / 2;
    }
  heap[i] = moved;
}

/* The best k, in no order. What has no probability is no candidate. */
static guint
choose_top_k (SottoSampler *self,
              guint         k)
{
  Candidate *heap = self->candidates;
  guint n = 0;

  for (guint32 id = 0; id < self->n_vocabulary; id++)
    {
      float logit = self->logits[id];

      /* A block that has nothing better is passed over. */
      if (id % BLOCK == 0 && n == k && self->block_best[id / BLOCK] <= heap[0].logit)
        {
          id += BLOCK - 1;
          continue;
        }
      if (logit == -INFINITY)
        continue;

      if (n < k)
        {
          heap[n++] = (Candidate) { logit, id };
          sift_up (heap, n);
        }
      else if (logit > heap[0].logit)
        {
          heap[0] = (Candidate) { logit, id };
          sift_down (heap, n);
        }
    }

  return n;
}

static guint
choose_all (SottoSampler *self)
{
  guint n = 0;

  for (guint32 id = 0; id < self->n_vocabulary; id++)
    {
      self->candidates[n] = (Candidate) { self->logits[id], id };
      n += self->logits[id] != -INFINITY ? 1 : 0;
    }

  return n;
}

/* How far below the best, never NaN. */
static inline double
distance (float logit,
          float best)
{
  return logit == best ? 0.0 : (double) logit - (double) best;
}

/* Steps by which top-p looks how deep it has to sort: logits this many sixteenths below the
 * best. */
#define N_DEPTHS 512
#define DEPTHS_PER_UNIT 16.0

static inline guint
depth_of (double below)
{
  double depth = -below * DEPTHS_PER_UNIT;

  return depth < N_DEPTHS - 1 ? (guint) depth : N_DEPTHS - 1;
}

/* Leaves the nucleus, best first. */
static guint
choose_top_p (SottoSampler *self,
              guint         n,
              float         best,
              double        p)
{
  Candidate *candidates = self->candidates;
  double masses[N_DEPTHS] = { 0.0 };
  double total = 0.0;
  double mass = 0.0;
  guint deepest = 0;
  guint n_near = 0;
  guint n_kept = 0;

  for (guint i = 0; i < n; i++)
    {
      double below = distance (candidates[i].logit, best);
      double weight = exp_negative (below);

      masses[depth_of (below)] += weight;
      total += weight;
    }

  /* One depth more than it takes, so that rounding of these sums decides nothing. */
  while (deepest < N_DEPTHS - 1 && mass < p * total)
    mass += masses[deepest++];

  for (guint i = 0; i < n; i++)
    if (depth_of (distance (candidates[i].logit, best)) <= deepest)
      candidates[n_near++] = candidates[i];
  qsort (candidates, n_near, sizeof candidates[0], compare_candidates);

  mass = 0.0;
  while (n_kept < n_near)
    {
      mass += exp_negative (distance (candidates[n_kept++].logit, best));
      if (mass >= p * total)
        break;
    }

  return n_kept;
}

static guint
choose_min_p (SottoSampler *self,
              guint         n,
              float         best,
              double        p)
{
  guint n_kept = 0;

  for (guint i = 0; i < n; i++)
    {
      Candidate candidate = self->candidates[i];

      if (candidate.logit == best || exp_negative (distance (candidate.logit, best)) >= p)
        self->candidates[n_kept++] = candidate;
    }

  return n_kept;
}

static gint32
draw (SottoSampler *self,
      guint         n,
      float         best)
{
  double temperature = self->settings.temperature;
  double total = 0.0;
  double target;
  double passed = 0.0;
  guint chosen = 0;

  for (guint i = 0; i < n; i++)
    {
      self->weights[i] = exp_negative (distance (self->candidates[i].logit, best) / temperature);
      total += self->weights[i];
    }

  target = pcg_next (&self->state) * 0x1p-32 * total;
  for (guint i = 0; i < n; i++)
    {
      if (self->weights[i] == 0.0)
        continue;
      chosen = i;
      passed += self->weights[i];
      if (passed > target)
        break;
    }

  return self->candidates[chosen].id;
}

gint32
sotto_sampler_draw (SottoSampler *self,
                    const float  *logits,
                    const gint32 *recent,
                    guint         n_recent)
{
  const SottoSamplerSettings *settings = &self->settings;
  gboolean in_order;
  guint32 best_id;
  float best;
  guint n;

  if (self->n_vocabulary == 0)
    return -1;

  take_logits (self, logits, recent, n_recent);
  best_id = find_best (self);
  best = self->logits[best_id];
  if (!(settings->temperature > 0.0f) || best == -INFINITY)
    return best_id;

  in_order = settings->top_k == 0 || settings->top_k >= self->n_vocabulary;
  n = in_order ? choose_all (self) : choose_top_k (self, settings->top_k);
  if (settings->top_p < 1.0f)
    {
      n = choose_top_p (self, n, best, settings->top_p);
      in_order = FALSE;
    }
  if (settings->min_p > 0.0f)
    n = choose_min_p (self, n, best, settings->min_p);
  if (!in_order)
    qsort (self->candidates, n, sizeof self->candidates[0], compare_ids);

  return draw (self, n, best);
}
