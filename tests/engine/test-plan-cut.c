/* A plan cut between layers, its parts carried out one after the other by backends of their own, gives what
 * the whole plan gives, to the bit. */

#include "backend.h"
#include "family/program.h"
#include "plan-cut.h"
#include "random-plan.h"

#include <string.h>

#define N_TOKENS 21
#define N_FIRST 17 /* prefilled; the rest is decoded */

typedef struct {
  SottoPlanPart *part;
  SottoState *state;
} Stage;

static const float *
run_stage (SottoBackend *backend, const Stage *stage, SottoBatch batch)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (backend->klass->run (backend, stage->state, &batch, NULL, &error));
  g_assert_no_error (error);
  return backend->klass->get_output (backend, stage->state);
}

static const float *
run_stages (SottoBackend *backend, const Stage *stages, guint n, SottoBatch batch)
{
  gboolean all_logits = batch.all_logits;
  const float *rows = NULL;

  for (guint i = 0; i < n; i++)
    {
      batch.handed = rows;
      batch.all_logits = all_logits || i + 1 < n;
      rows = run_stage (backend, &stages[i], batch);
    }
  return rows;
}

/* The last token's output, after a prefill and some decoding, of parts that end at @cuts. */
static float *
evaluate (SottoBackend *backend, const SottoPlan *plan, const guint *cuts, guint n_cuts, const gint32 *tokens)
{
  g_autofree Stage *stages = g_new0 (Stage, n_cuts + 1);
  guint n_first = plan->whole_sequence ? N_TOKENS : N_FIRST;
  const float *rows = NULL;
  float *result;

  for (guint i = 0; i <= n_cuts; i++)
    {
      g_autoptr (GError) error = NULL;

      stages[i].part = sotto_plan_cut (plan, i == 0 ? 0 : cuts[i - 1],
                                       i == n_cuts ? plan->n_steps : cuts[i]);
      stages[i].state = backend->klass->state_new (backend, &stages[i].part->plan, N_TOKENS,
                                                   SOTTO_KV_F32, NULL, &error);
      g_assert_no_error (error);
    }
  for (guint done = 0, n; done < N_TOKENS; done += n)
    {
      SottoBatch batch = { .tokens = tokens + done, .position = done };

      n = batch.n_tokens = done == 0 ? n_first : 1;
      rows = run_stages (backend, stages, n_cuts + 1, batch);
    }
  result = g_memdup2 (rows, plan->n_output * sizeof *rows);
  for (guint i = 0; i <= n_cuts; i++)
    {
      backend->klass->state_free (backend, stages[i].state);
      sotto_plan_part_free (stages[i].part);
    }
  return result;
}

static void
check_cuts (const SottoPlan *plan, guint n_vocabulary, guint n_expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, &error);
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autofree guint *cuts = g_new (guint, pieces->len);
  g_autofree float *whole = NULL, *all = NULL;
  gint32 tokens[N_TOKENS];
  guint n_cuts = 0, n_layers = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < N_TOKENS; i++)
    tokens[i] = g_rand_int_range (rand, 0, (gint32) n_vocabulary);
  whole = evaluate (backend, plan, NULL, 0, tokens);

  g_assert_cmpuint (pieces->len, >=, 2);
  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);
      guint before = i == 0 ? 0 : g_array_index (pieces, SottoPlanPiece, i - 1).end_step;

      g_assert_cmpuint (piece->first_step, ==, before);
      n_layers += piece->n_layers;
      if (piece->end_step > before && piece->end_step < plan->n_steps)
        {
          g_autofree float *two = evaluate (backend, plan, &piece->end_step, 1, tokens);

          g_assert_cmpmem (two, plan->n_output * sizeof *two, whole, plan->n_output * sizeof *whole);
          cuts[n_cuts++] = piece->end_step;
        }
    }
  g_assert_cmpuint (g_array_index (pieces, SottoPlanPiece, pieces->len - 1).end_step, ==, plan->n_steps);
  g_assert_cmpuint (n_layers, ==, n_expected);
  all = evaluate (backend, plan, cuts, n_cuts, tokens);
  g_assert_cmpmem (all, plan->n_output * sizeof *all, whole, plan->n_output * sizeof *whole);
  g_test_message ("%u cuts", n_cuts);
}

static void
test_random (gconstpointer name)
{
  g_autoptr (RandomPlan) plan = random_plan_new (name, SOTTO_BLOCK_Q8_0);

  /* All steps of these say that they are of layer 0. */
  check_cuts (&plan->program.plan, RANDOM_PLAN_VOCABULARY, 1);
}

static void
test_family (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  g_autoptr (SottoProgram) program = NULL;

  g_assert_no_error (error);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  check_cuts (&program->plan, program->plan.n_vocabulary, program->plan.n_layers);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  for (const char *const *plan = random_plan_names; *plan != NULL; plan++)
    {
      g_autofree char *path = g_strconcat ("/plan-cut/random/", *plan, NULL);

      g_test_add_data_func (path, *plan, test_random);
    }

  folder = g_test_build_filename (G_TEST_DIST, "engine", "families", NULL);
  dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".gguf"))
      {
        g_autofree char *path = g_strconcat ("/plan-cut/family/", name, NULL);

        g_test_add_data_func_full (path, g_build_filename (folder, name, NULL), test_family, g_free);
      }
  return g_test_run ();
}
