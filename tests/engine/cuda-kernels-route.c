#include "cuda-kernels.h"

#include "cpu/router.h"

#include <math.h>
#include <string.h>

/* The choice of experts against the CPU's, which is the definition, to the bit; that against weights in double; places
 * by expert, and what experts leave, against what they are. */

typedef struct {
  SottoScores scores;
  guint n_rows;
  guint n_experts;
  guint n_used;
  guint n_groups;
  guint n_groups_used;
  guint n_group_best;
  gboolean normalised;
  gboolean has_bias;
  gboolean has_scales;
  guint n_levels;           /* 0, or: logits are one of so many numbers, so that there are ties */
} Case;

static const Case cases[] = {
  { SOTTO_SCORES_SOFTMAX, 1, 128, 8, 1, 1, 1, TRUE, FALSE, FALSE, 0 },
  { SOTTO_SCORES_SOFTMAX, 5, 60, 4, 1, 1, 1, FALSE, FALSE, TRUE, 0 },
  { SOTTO_SCORES_SOFTMAX, 19, 8, 2, 1, 1, 1, TRUE, FALSE, FALSE, 3 },
  { SOTTO_SCORES_SIGMOID, 6, 256, 8, 8, 4, 2, TRUE, TRUE, FALSE, 0 },
  { SOTTO_SCORES_SIGMOID, 9, 48, 6, 4, 2, 2, TRUE, TRUE, TRUE, 4 },
  { SOTTO_SCORES_SIGMOID, 3, 33, 33, 1, 1, 1, FALSE, TRUE, FALSE, 5 },
  { SOTTO_SCORES_SELECTED, 4, 32, 4, 1, 1, 1, FALSE, TRUE, FALSE, 0 },
  { SOTTO_SCORES_SELECTED, 3, 40, 30, 1, 1, 1, FALSE, TRUE, FALSE, 2 },
  { SOTTO_SCORES_SELECTED, 2, 1000, 5, 1, 1, 1, FALSE, FALSE, FALSE, 40 },
  { SOTTO_SCORES_SELECTED, 2, 3, 1, 1, 1, 1, FALSE, FALSE, FALSE, 1 },
};

#define SCALE 2.5f

typedef struct {
  const Case *shape;
  const float *logits, *bias, *scales;
} Input;

static SottoExpertsStep
step_of (const Input *in)
{
  const Case *c = in->shape;

  return (SottoExpertsStep) { .n_experts = c->n_experts, .n_used = c->n_used, .n_groups = c->n_groups,
                              .n_groups_used = c->n_groups_used, .n_group_best = c->n_group_best,
                              .scores = c->scores, .normalised = c->normalised, .scale = SCALE,
                              .selection_bias = c->has_bias ? in->bias : NULL,
                              .expert_scales = c->has_scales ? in->scales : NULL };
}

/* Experts, weights, order and starts, one behind the other. */
static float *
run (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  const gsize n = c->n_rows * c->n_used;
  const gsize n_all = 3 * n + c->n_experts + 1;
  SottoExpertsStep step = step_of (in);
  guint32 *all = cuda_put (self, NULL, n_all * sizeof *all);
  SottoCudaRoute arguments = { .step = &step, .n_rows = c->n_rows, .experts = all,
                               .weights = (float *) (void *) (all + n), .order = all + 2 * n,
                               .starts = all + 3 * n };

  arguments.logits = cuda_put (self, in->logits, c->n_rows * c->n_experts * sizeof (float));
  if (c->has_bias)
    step.selection_bias = cuda_put (self, in->bias, c->n_experts * sizeof (float));
  if (c->has_scales)
    step.expert_scales = cuda_put (self, in->scales, c->n_experts * sizeof (float));
  cuda_check (self, self->module->route (self->device, &arguments));
  return cuda_get (self, all, n_all * sizeof *all);
}

/* The weight of a chosen expert by the definition. */
static double
weigh (const Input *in, const float *logits, const SottoChoice *choices, guint index)
{
  const Case *c = in->shape;
  double own = 0.0, chosen = 0.0, all = 0.0;

  for (guint i = 0; i < c->n_experts; i++)
    all += exp ((double) logits[i]);
  for (guint i = 0; i < c->n_used; i++)
    {
      double logit = (double) logits[choices[i].expert];
      double score = c->scores == SOTTO_SCORES_SIGMOID ? 1.0 / (1.0 + exp (-logit)) : exp (logit) / all;

      chosen += score;
      if (i == index)
        own = score;
    }
  if (c->normalised || c->scores == SOTTO_SCORES_SELECTED)
    own /= chosen;
  return own * (double) SCALE * (c->has_scales ? (double) in->scales[choices[index].expert] : 1.0);
}

static void
check_places (const Case *c, const guint32 *experts, const guint32 *order, const guint32 *starts)
{
  guint n = 0;

  for (guint e = 0; e < c->n_experts; e++)
    {
      g_assert_cmpuint (starts[e], ==, n);
      for (guint i = 0; i < c->n_rows * c->n_used; i++)
        if (experts[i] == e)
          g_assert_cmpuint (order[n++], ==, i);
    }
  g_assert_cmpuint (starts[c->n_experts], ==, n);
}

static void
check (CudaModule *self, const Case *c)
{
  const gsize n = c->n_rows * c->n_used;
  g_autofree float *logits = cuda_random_floats (c->n_rows * c->n_experts);
  g_autofree float *bias = cuda_random_floats (c->n_experts);
  g_autofree float *scales = cuda_random_floats (c->n_experts);
  g_autofree float *memory = g_new (float, 4 * c->n_experts);
  g_autofree SottoChoice *choices = g_new (SottoChoice, c->n_used);
  Input in = { c, logits, bias, scales };
  SottoExpertsStep step = step_of (&in);
  g_autofree float *got = NULL;
  const guint32 *experts;

  for (gsize i = 0; i < c->n_rows * c->n_experts; i++)
    logits[i] = c->n_levels > 0 ? floorf ((logits[i] + 1.0f) * 0.5f * (float) c->n_levels) : logits[i] * 4.0f;
  /* Zeros of both signs are the same. */
  for (gsize i = 0; c->n_levels > 0 && i < c->n_rows * c->n_experts; i += 2)
    logits[i] = logits[i] > 0.0f ? logits[i] : -0.0f;
  for (guint i = 0; c->n_levels > 0 && i < c->n_experts; i++)
    bias[i] = i % 3 == 0 ? 0.0f : -0.0f;
  got = cuda_run_both (self, run, &in, 3 * n + c->n_experts + 1);
  experts = (const guint32 *) (const void *) got;
  for (guint r = 0; r < c->n_rows; r++)
    {
      const float *row = logits + r * c->n_experts;

      sotto_route (&step, row, memory, choices);
      for (guint i = 0; i < c->n_used; i++)
        {
          const float *weight = got + n + r * c->n_used + i;
          double right = weigh (&in, row, choices, i);

          g_assert_cmpuint (experts[r * c->n_used + i], ==, choices[i].expert);
          g_assert_cmpmem (weight, sizeof *weight, &choices[i].weight, sizeof (float));
          cuda_assert_near ("weight", weight, &right, 1, 1e-5, 1e-7);
        }
    }
  check_places (c, experts, experts + 2 * n, experts + 3 * n);
}

static void
test_route (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (self, &cases[i]);
}

/* What is no number comes last, and the rest is as without it. */
static void
test_numbers (CudaModule *self)
{
  static const Case c = { SOTTO_SCORES_SELECTED, 2, 40, 6, 1, 1, 1, FALSE, FALSE, FALSE, 0 };
  static const guint32 right[] = { 33, 7, 12, 1, 2, 0, 39, 38, 37, 36, 35, 34 };
  float logits[80];
  g_autofree float *got = NULL;

  for (guint i = 0; i < 80; i++)
    logits[i] = i < 40 ? -INFINITY : (float) i;
  logits[0] = NAN;
  logits[1] = -INFINITY;
  logits[7] = -3.0f;
  logits[12] = -4.0f;
  logits[33] = INFINITY;
  for (guint i = 3; i < 40; i++)
    if (i != 7 && i != 12 && i != 33)
      logits[i] = NAN;
  got = cuda_run_both (self, run, &(Input) { .shape = &c, .logits = logits }, 12);
  g_assert_cmpmem (got, sizeof right, right, sizeof right);
}

/* --- What experts leave --- */

typedef struct {
  guint n_rows, n_used, n_columns;
  gboolean add;
  const float *rows, *weights, *to;
} Combine;

static float *
run_combine (CudaModule *self, gconstpointer data)
{
  const Combine *in = data;
  const gsize n = in->n_rows * in->n_columns;
  SottoCudaCombine arguments = { .n_rows = in->n_rows, .n_used = in->n_used, .n_columns = in->n_columns,
                                 .add = in->add };

  arguments.rows = cuda_put (self, in->rows, n * in->n_used * sizeof (float));
  arguments.weights = cuda_put (self, in->weights, in->n_rows * in->n_used * sizeof (float));
  arguments.to = cuda_put (self, in->to, n * sizeof (float));
  cuda_check (self, self->module->combine (self->device, &arguments));
  return cuda_get (self, arguments.to, n * sizeof (float));
}

static void
test_combine (CudaModule *self)
{
  for (guint i = 0; i < 4; i++)
    {
      const guint n_rows = 1 + 2 * i, n_used = i == 0 ? 1 : 8, n_columns = i == 1 ? 256 : 301;
      const gsize n = n_rows * n_columns;
      g_autofree float *rows = cuda_random_floats (n * n_used);
      g_autofree float *weights = cuda_random_floats (n_rows * n_used);
      g_autofree float *to = cuda_random_floats (n);
      g_autofree double *right = g_new0 (double, n);
      Combine in = { n_rows, n_used, n_columns, i % 2 == 1, rows, weights, to };
      g_autofree float *got = cuda_run_both (self, run_combine, &in, n);

      for (gsize j = 0; j < n; j++)
        {
          right[j] = in.add ? (double) to[j] : 0.0;
          for (guint u = 0; u < n_used; u++)
            right[j] += (double) weights[j / n_columns * n_used + u]
                        * (double) rows[(j / n_columns * n_used + u) * n_columns + j % n_columns];
        }
      cuda_assert_near ("combine", got, right, n, 1e-6, 1e-6);
    }
}

void
cuda_kernels_add_route (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/route/choice", test_route);
  cuda_test_add (argc, argv, "/route/no-numbers", test_numbers);
  cuda_test_add (argc, argv, "/route/combine", test_combine);
}
