/* Which experts a row is sent to, and the sum of what they leave.
 *
 * Roof of the choice: latency. A warp has a row, its scores in shared memory; best after best is found by two butterflies,
 * and a softmax' sum follows the experts' numbers (512 take 1.5 us): so choice and weights are those of the CPU
 * (../cpu/router.c) to the bit. Of many rows the places are then sorted by expert: each expert's block reads all choices,
 * which for 128 experts and 32,768 places are 16 MB out of L2, and meets no other.
 *
 * Roof of the sum: memory, 4 bytes an expert and column, and 4 or 8 of the result.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

#define N_WARPS 4
#define N_THREADS 256
/* An expert is a bit of its lane's word. */
#define EXPERTS_MOST (N_LANES * 32)

typedef struct {
  const float *logits;
  guint n_rows;
  guint n_experts;
  guint n_used;
  guint n_groups;
  guint n_groups_used;
  guint n_group_best;
  SottoScores kind;
  bool normalised;
  float scale;
  const float *selection_bias;
  const float *expert_scales;
  guint32 *experts;
  float *weights;
} RouteArguments;

/* A row's, in shared memory. */
typedef struct {
  float *scores;            /* (n_experts): what weights are made of */
  float *ranks;             /* (n_experts): what is chosen by */
  float *groups;            /* (n_groups) */
  float *parts;             /* (n_used) */
  guint32 *chosen;          /* (n_used) */
} Router;

static gsize
router_bytes (const RouteArguments *a)
{
  return (2 * (gsize) a->n_experts + a->n_groups + 2 * (gsize) a->n_used) * sizeof (float);
}

/* --- Scores --- */

/* e^(x - highest) / sum, in place */
DEVICE void
softmax (float *x, guint n)
{
  float highest = x[0];
  float sum = 0.0f;

  for (guint i = lane_index (); i < n; i += N_LANES)
    highest = fmaxf (highest, x[i]);
  highest = warp_max (highest);
  /* Only now has everybody read x[0]: a reduction orders no memory. */
  warp_barrier ();
  for (guint i = lane_index (); i < n; i += N_LANES)
    x[i] = sotto_exp (x[i] - highest);
  warp_barrier ();
  for (guint i = 0; i < n; i++)
    sum += x[i];
  warp_barrier ();
  for (guint i = lane_index (); i < n; i += N_LANES)
    x[i] /= sum;
}

DEVICE void
score (const RouteArguments &a, const Router &r, const float *logits)
{
  for (guint i = lane_index (); i < a.n_experts; i += N_LANES)
    {
      const float logit = load (&logits[i]);

      r.scores[i] = a.kind == SOTTO_SCORES_SIGMOID ? sotto_sigmoid (logit) : logit;
    }
  warp_barrier ();
  if (a.kind == SOTTO_SCORES_SOFTMAX)
    softmax (r.scores, a.n_experts);
  for (guint i = lane_index (); i < a.n_experts; i += N_LANES)
    r.ranks[i] = r.scores[i] + (a.selection_bias != NULL ? load (&a.selection_bias[i]) : 0.0f);
  warp_barrier ();
}

/* --- The choice --- */

/* Numbers in the order of the floats, both zeros the same; what is no number comes last, and 0 is none of them. */
DEVICE guint
order_of (float rank)
{
  const guint32 bits = to_bits (rank + 0.0f);

  return rank != rank ? 1 : bits >> 31 ? ~bits : bits | 0x80000000u;
}

/* Takes the best of experts first … end - 1 that is left, the lower one of equals. @taken: of the lane's own */
DEVICE guint
take_best (const float *ranks, guint first, guint end, guint32 *taken)
{
  guint highest = 0, best = G_MAXUINT;
  guint most;

  for (guint i = lane_index (); i < end; i += N_LANES)
    if (i >= first && (*taken >> i / N_LANES & 1) == 0 && order_of (ranks[i]) > highest)
      {
        highest = order_of (ranks[i]);
        best = i;
      }
  most = warp_max (highest);
  best = warp_min (highest == most ? best : G_MAXUINT);
  /* Where none is left: no plan asks for more than there are. */
  if (best == G_MAXUINT)
    best = first;
  if (best % N_LANES == lane_index ())
    *taken |= 1u << best / N_LANES;
  return best;
}

/* Whether fewer than n_groups_used groups are better. */
DEVICE bool
is_used (const RouteArguments &a, const float *groups, guint group)
{
  guint n_better = 0;

  for (guint other = 0; other < a.n_groups; other++)
    n_better += groups[other] > groups[group] || (groups[other] == groups[group] && other < group);
  return n_better < a.n_groups_used;
}

/* The lane's experts that are not of the best groups. */
DEVICE guint32
outside_groups (const RouteArguments &a, const Router &r)
{
  const guint n = a.n_experts / a.n_groups;
  guint32 outside = 0;

  for (guint group = 0; group < a.n_groups; group++)
    {
      guint32 taken = 0;
      float sum = 0.0f;

      for (guint i = 0; i < a.n_group_best && i < n; i++)
        sum += r.ranks[take_best (r.ranks, group * n, (group + 1) * n, &taken)];
      if (lane_index () == 0)
        r.groups[group] = sum;
    }
  warp_barrier ();
  for (guint i = lane_index (); i < a.n_groups * n; i += N_LANES)
    if (!is_used (a, r.groups, i / n))
      outside |= 1u << i / N_LANES;
  return outside;
}

DEVICE void
weigh (const RouteArguments &a, const Router &r, guint row)
{
  const bool is_selected = a.kind == SOTTO_SCORES_SELECTED;
  float highest = r.scores[r.chosen[0]];
  float sum = 0.0f;

  for (guint i = 1; i < a.n_used; i++)
    highest = fmaxf (highest, r.scores[r.chosen[i]]);
  for (guint i = lane_index (); i < a.n_used; i += N_LANES)
    {
      const float weight = r.scores[r.chosen[i]];

      r.parts[i] = is_selected ? sotto_exp (weight - highest) : weight;
    }
  warp_barrier ();
  for (guint i = 0; i < a.n_used; i++)
    sum += r.parts[i];
  for (guint i = lane_index (); i < a.n_used; i += N_LANES)
    {
      const guint expert = r.chosen[i];
      float weight = r.parts[i];

      if ((a.normalised || is_selected) && sum > 0.0f)
        weight /= sum;
      weight *= a.scale;
      if (a.expert_scales != NULL)
        weight *= load (&a.expert_scales[expert]);
      a.experts[row * a.n_used + i] = expert;
      a.weights[row * a.n_used + i] = weight;
    }
}

/* A warp: a row. */
KERNEL (N_WARPS * N_LANES)
route_kernel (const RouteArguments a)
{
  previous_wait ();

  SHARED_DYNAMIC (float, memory);
  const guint row = block_index () * N_WARPS + warp_index ();
  float *own = memory + warp_index () * (2 * a.n_experts + a.n_groups + 2 * a.n_used);
  Router r;
  guint32 taken = 0;

  /* Whole warps, and no block meets. */
  if (row >= a.n_rows)
    return;
  r.scores = own;
  r.ranks = own + a.n_experts;
  r.groups = r.ranks + a.n_experts;
  r.parts = r.groups + a.n_groups;
  r.chosen = reinterpret_cast<guint32 *> (r.parts + a.n_used);
  score (a, r, a.logits + (gsize) row * a.n_experts);
  if (a.n_groups > 1)
    taken = outside_groups (a, r);
  for (guint i = 0; i < a.n_used; i++)
    {
      const guint best = take_best (r.ranks, 0, a.n_experts, &taken);

      if (lane_index () == 0)
        r.chosen[i] = best;
    }
  warp_barrier ();
  weigh (a, r, row);
}

/* --- Places by expert --- */

typedef struct {
  const guint32 *experts;
  guint n_places;
  guint n_experts;
  guint32 *order;
  guint32 *starts;
} SortArguments;

DEVICE guint
count_bits (guint32 x)
{
  x -= x >> 1 & 0x55555555u;
  x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0fu;
  return x * 0x01010101u >> 24;
}

/* A block: an expert, whose places its warps collect, each out of a stretch of all. */
KERNEL (N_THREADS)
sort_kernel (const SortArguments a)
{
  previous_wait ();

  SHARED (guint, counts, [N_THREADS / N_LANES]);
  const guint expert = block_index ();
  const guint n_warps = N_THREADS / N_LANES;
  const guint stretch = (a.n_places + n_warps * N_LANES - 1) / (n_warps * N_LANES) * N_LANES;
  const guint first = warp_index () * stretch;
  guint n_lower = 0, n_own = 0;
  guint at;

  for (guint i = first + lane_index (); i < first + stretch && i < a.n_places; i += N_LANES)
    {
      const guint32 other = load (&a.experts[i]);

      n_lower += other < expert;
      n_own += other == expert;
    }
  n_own = warp_sum (n_own);
  at = block_sum (n_lower);
  if (lane_index () == 0)
    counts[warp_index ()] = n_own;
  if (thread_index () == 0)
    {
      a.starts[expert] = at;
      if (expert == a.n_experts - 1)
        a.starts[a.n_experts] = a.n_places;
    }
  block_barrier ();
  for (guint i = 0; i < warp_index (); i++)
    at += counts[i];
  for (guint i = first; i < first + stretch; i += N_LANES)
    {
      const guint place = i + lane_index ();
      const bool is_own = place < a.n_places && load (&a.experts[place]) == expert;
      const guint32 all = warp_ballot (is_own);

      if (is_own)
        a.order[at + count_bits (all & ((1u << lane_index ()) - 1))] = place;
      at += count_bits (all);
    }
}

static gboolean
sort_places (SottoCudaDevice *self, const SottoCudaRoute *arguments)
{
  SortArguments a = {};
  Shape shape = {};

  a.experts = arguments->experts;
  a.n_places = arguments->n_rows * arguments->step->n_used;
  a.n_experts = arguments->step->n_experts;
  a.order = arguments->order;
  a.starts = arguments->starts;
  shape.n_blocks = a.n_experts;
  shape.n_threads = N_THREADS;
  return launch (self, "sort by expert", shape, sort_kernel, a);
}

gboolean
sotto_cuda_route (SottoCudaDevice *self, const SottoCudaRoute *arguments)
{
  const SottoExpertsStep *step = arguments->step;
  RouteArguments a = {};
  Shape shape = {};

  a.logits = arguments->logits;
  a.n_rows = arguments->n_rows;
  a.n_experts = step->n_experts;
  a.n_used = step->n_used;
  a.n_groups = step->n_groups > 0 ? step->n_groups : 1;
  a.n_groups_used = step->n_groups_used;
  a.n_group_best = step->n_group_best;
  a.kind = step->scores;
  a.normalised = step->normalised;
  a.scale = step->scale;
  a.selection_bias = step->selection_bias;
  a.expert_scales = step->expert_scales;
  a.experts = arguments->experts;
  a.weights = arguments->weights;
  shape.n_blocks = ceil_divide (a.n_rows, N_WARPS);
  shape.n_threads = N_WARPS * N_LANES;
  shape.shared_bytes = N_WARPS * router_bytes (&a);
  if (a.n_experts > EXPERTS_MOST || a.n_used > a.n_experts || shape.shared_bytes > device_facts (self)->shared_bytes)
    return device_refuse (self, "too many experts");
  return launch (self, "route", shape, route_kernel, a) && (arguments->order == NULL || sort_places (self, arguments));
}

/* --- What they leave --- */

KERNEL (N_THREADS)
combine_kernel (const SottoCudaCombine a)
{
  previous_wait ();

  const guint row = block_index_y ();
  const guint column = block_index () * N_THREADS + thread_index ();
  const float *rows = a.rows + (gsize) row * a.n_used * a.n_columns + column;
  float *to = a.to + (gsize) row * a.n_columns + column;
  float sum = 0.0f;

  if (column >= a.n_columns)
    return;
  for (guint i = 0; i < a.n_used; i++)
    sum += load (&a.weights[row * a.n_used + i]) * rows[(gsize) i * a.n_columns];
  *to = a.add ? *to + sum : sum;
}

gboolean
combine_experts (SottoCudaDevice *self, const SottoCudaCombine *arguments)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->n_columns, N_THREADS);
  shape.n_blocks_y = arguments->n_rows;
  shape.n_threads = N_THREADS;
  return launch (self, "combine", shape, combine_kernel, *arguments);
}
