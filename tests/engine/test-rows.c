/* Rows of floats in place of tokens, and batches whose tokens see each other: random plans of every kind of step against the
 * same mathematics in double, on the CPU and over a module in plain C; the same bits on any number of threads; refusals. */

#include "backend.h"
#include "cuda-plain.h"
#include "cuda/backend-device.h"
#include "plan-run.h"
#include "random-plan.h"
#include "sotto-error.h"

#include <math.h>
#include <string.h>

/* N_PARTS: of rows, at most */
enum { N = 41, FIRST = 13, END = 30, N_PARTS = 3 };

static gint32 *
random_tokens (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (N);
  gint32 *tokens = g_new (gint32, N);

  for (guint i = 0; i < N; i++)
    tokens[i] = g_rand_int_range (rand, 0, RANDOM_PLAN_VOCABULARY);
  return tokens;
}

static float *
random_rows (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (N + 1);
  float *rows = g_new (float, N_PARTS * (END - FIRST) * RANDOM_PLAN_EMBEDDING);

  for (guint i = 0; i < N_PARTS * (END - FIRST) * RANDOM_PLAN_EMBEDDING; i++)
    rows[i] = (float) g_rand_double_range (rand, -1, 1);
  return rows;
}

/* (nullable): where tokens are along the axes of a plan that has some: any numbers do. */
static SottoSpot *
random_spots (const SottoPlan *plan)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (N + 2);
  SottoSpot *spots = plan->has_axes ? g_new (SottoSpot, N) : NULL;

  for (guint i = 0; spots != NULL && i < N; i++)
    for (guint axis = 0; axis < SOTTO_N_AXES; axis++)
      spots[i].at[axis] = (guint32) g_rand_int_range (rand, 0, N);
  return spots;
}

/* What stands before the rows, the rows and what stands behind them, with the outputs of all. */
static float *
evaluate (SottoBackend    *backend,
          const SottoPlan *plan,
          const gint32    *tokens,
          const float     *rows,
          const SottoSpot *spots,
          gboolean         together)
{
  g_autoptr (GError) error = NULL;
  SottoState *state = backend->klass->state_new (backend, plan, N, SOTTO_KV_F32, NULL, &error);
  const SottoBatch batches[] = {
    { .tokens = tokens, .n_tokens = FIRST, .spots = spots, .all_logits = TRUE },
    { .rows = rows, .part_step = (END - FIRST) * RANDOM_PLAN_EMBEDDING, .n_tokens = END - FIRST, .position = FIRST,
      .spots = spots != NULL ? spots + FIRST : NULL, .together = together, .all_logits = TRUE },
    { .tokens = tokens + END, .n_tokens = N - END, .position = END, .spots = spots != NULL ? spots + END : NULL,
      .all_logits = TRUE },
  };
  float *output = g_new (float, (gsize) N * plan->n_output);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      g_assert_true (backend->klass->run (backend, state, &batches[i], NULL, &error));
      g_assert_no_error (error);
      memcpy (output + (gsize) batches[i].position * plan->n_output, backend->klass->get_output (backend, state),
              (gsize) batches[i].n_tokens * plan->n_output * sizeof *output);
    }
  backend->klass->state_free (backend, state);
  return output;
}

static void
assert_near (const double *expected, const float *got, gsize n)
{
  double worst = 0;

  for (gsize i = 0; i < n; i++)
    worst = MAX (worst, fabs (expected[i] - (double) got[i]));
  g_test_message ("off by %.2e at most", worst);
  g_assert_cmpfloat (worst, <=, 1e-4);
}

static void
check_plan (SottoBackend *backend, const char *name)
{
  g_autoptr (RandomPlan) plan = random_plan_new (name, SOTTO_BLOCK_F32);
  const gsize n = (gsize) N * plan->program.plan.n_output;
  g_autofree gint32 *tokens = random_tokens ();
  g_autofree float *rows = random_rows ();
  g_autofree SottoSpot *spots = random_spots (&plan->program.plan);

  for (guint together = 0; together < 2; together++)
    {
      const PlanRows given = { FIRST, END, rows, together > 0, spots };
      g_autofree double *expected = plan_run_rows (&plan->program, tokens, N, &given);
      g_autofree float *output = evaluate (backend, &plan->program.plan, tokens, rows, spots, together > 0);

      assert_near (expected, output, n);
    }
}

static void
test_cpu (gconstpointer name)
{
  static const char *const tiers[] = { "reference", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    {
      SottoBackend *backend = sotto_backend_new_cpu (2, tiers[i], NULL);

      check_plan (backend, name);
      sotto_backend_free (backend);
    }
}

static void
test_device (gconstpointer name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_device (cuda_plain_module (), 0, "plain", &error);

  g_assert_no_error (error);
  check_plan (backend, name);
}

/* Rows that are the table's own give what their tokens give, and threads change nothing. */
static void
test_same_bits (gconstpointer name)
{
  g_autoptr (RandomPlan) plan = random_plan_new (name, SOTTO_BLOCK_F32);
  const SottoEmbedStep *embed = &plan->program.plan.steps[0].embed;
  const gsize n_bytes = (gsize) N * plan->program.plan.n_output * sizeof (float);
  g_autofree gint32 *tokens = random_tokens ();
  g_autofree float *rows = random_rows ();
  SottoBackend *backend = sotto_backend_new_cpu (1, NULL, NULL);
  g_autofree float *one = evaluate (backend, &plan->program.plan, tokens, rows, NULL, TRUE);
  g_autofree float *three = NULL;
  g_autofree float *expected = NULL;
  g_autofree float *output = NULL;
  SottoState *state;

  sotto_backend_set_threads (backend, 3);
  three = evaluate (backend, &plan->program.plan, tokens, rows, NULL, TRUE);
  g_assert_cmpmem (one, n_bytes, three, n_bytes);

  memset (rows, 0, (gsize) N_PARTS * (END - FIRST) * RANDOM_PLAN_EMBEDDING * sizeof *rows);
  for (guint t = FIRST; t < END; t++)
    for (guint i = 0; i < RANDOM_PLAN_EMBEDDING; i++)
      rows[(t - FIRST) * RANDOM_PLAN_EMBEDDING + i]
        = ((const float *) embed->table.data)[(gsize) tokens[t] * RANDOM_PLAN_EMBEDDING + i] * embed->scale;
  output = evaluate (backend, &plan->program.plan, tokens, rows, NULL, FALSE);
  expected = g_new (float, n_bytes / sizeof (float));
  state = backend->klass->state_new (backend, &plan->program.plan, N, SOTTO_KV_F32, NULL, NULL);
  for (guint i = 0, first = 0; i < 3; i++)
    {
      const guint end = i == 0 ? FIRST : i == 1 ? END : N;
      const SottoBatch batch = { .tokens = tokens + first, .n_tokens = end - first, .position = first, .all_logits = TRUE };

      g_assert_true (backend->klass->run (backend, state, &batch, NULL, NULL));
      memcpy (expected + (gsize) first * plan->program.plan.n_output, backend->klass->get_output (backend, state),
              (gsize) batch.n_tokens * plan->program.plan.n_output * sizeof (float));
      first = end;
    }
  backend->klass->state_free (backend, state);
  g_assert_cmpmem (expected, n_bytes, output, n_bytes);
  sotto_backend_free (backend);
}

/* Neither, both, and a plan that looks tokens up for every layer. */
static void
test_refusals (void)
{
  g_autoptr (RandomPlan) plain = random_plan_new ("grouped", SOTTO_BLOCK_F32);
  g_autoptr (RandomPlan) inputs = random_plan_new ("inputs", SOTTO_BLOCK_F32);
  g_autofree gint32 *tokens = random_tokens ();
  g_autofree float *rows = random_rows ();
  const SottoBatch neither = { .n_tokens = 3 };
  const SottoBatch both = { .tokens = tokens, .rows = rows, .n_tokens = 3 };
  const SottoBatch only = { .rows = rows, .n_tokens = 3 };
  const SottoSpot spots[3] = { 0 };
  const SottoBatch spread = { .tokens = tokens, .spots = spots, .n_tokens = 3 };
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_batch_check (&only, &plain->program.plan, N, NULL));
  g_assert_false (sotto_batch_check (&spread, &plain->program.plan, N, NULL));
  g_assert_false (sotto_batch_check (&neither, &plain->program.plan, N, NULL));
  g_assert_false (sotto_batch_check (&both, &plain->program.plan, N, NULL));
  g_assert_false (sotto_batch_check (&only, &inputs->program.plan, N, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint p = 0; random_plan_names[p] != NULL; p++)
    {
      const char *name = random_plan_names[p];
      g_autofree char *cpu = g_strconcat ("/rows/cpu/", name, NULL);
      g_autofree char *device = g_strconcat ("/rows/device/", name, NULL);
      g_autofree char *bits = g_strconcat ("/rows/same-bits/", name, NULL);

      if (g_str_equal (name, "inputs") || g_str_equal (name, "embedding"))
        continue;
      g_test_add_data_func (cpu, name, test_cpu);
      g_test_add_data_func (device, name, test_device);
      g_test_add_data_func (bits, name, test_same_bits);
    }
  g_test_add_func ("/rows/refusals", test_refusals);

  return g_test_run ();
}
