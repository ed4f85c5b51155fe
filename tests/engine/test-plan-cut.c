/* A plan cut between layers and around experts, its parts carried out in turns by backends of their own, gives what
 * the whole plan gives, to the bit. */

#include "backend.h"
#include "family/program.h"
#include "plan-cut.h"
#include "random-plan.h"
#include "work.h"

#include <string.h>

#define N_TOKENS 21
#define N_FIRST 17 /* prefilled; the rest is decoded */

#define MOST_OWNERS 3

/* Whose a piece is, by its number. */
typedef guint (*OwnerFunc) (const SottoPlanPiece *piece, guint index, guint argument);

static guint
behind (const SottoPlanPiece *piece G_GNUC_UNUSED, guint index, guint argument)
{
  return index >= argument;
}

static guint
experts (const SottoPlanPiece *piece, guint index G_GNUC_UNUSED, guint argument G_GNUC_UNUSED)
{
  return piece->is_experts;
}

static guint
in_turns (const SottoPlanPiece *piece G_GNUC_UNUSED, guint index, guint argument)
{
  return index % argument;
}

typedef struct {
  SottoPlanRun *runs;
  guint n_runs;
  SottoPlanPart *part;
  SottoState *state;
} Owner;

typedef struct {
  guint owner;
  guint stretch;
} Turn;

/* Sets the owners' runs. Returns: how many turns there are */
static guint
share_out (GArray *pieces, OwnerFunc func, guint argument, Owner *owners, Turn *turns)
{
  guint n_turns = 0;

  for (guint o = 0; o < MOST_OWNERS; o++)
    owners[o] = (Owner) { .runs = g_new0 (SottoPlanRun, pieces->len) };
  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);
      guint number = func (piece, i, argument);
      Owner *owner = &owners[number];

      if (n_turns == 0 || turns[n_turns - 1].owner != number)
        {
          turns[n_turns++] = (Turn) { number, owner->n_runs };
          owner->runs[owner->n_runs++].first_piece = i;
        }
      owner->runs[owner->n_runs - 1].end_piece = i + 1;
    }
  return n_turns;
}

/* The last token's output, after a prefill and some decoding, each piece by its owner. */
static float *
evaluate (SottoBackend *backend, const SottoPlan *plan, GArray *pieces, OwnerFunc func, guint argument,
          const gint32 *tokens)
{
  g_autofree Turn *turns = g_new (Turn, pieces->len);
  Owner owners[MOST_OWNERS];
  guint n_turns = share_out (pieces, func, argument, owners, turns);
  guint n_first = plan->whole_sequence ? N_TOKENS : N_FIRST;
  g_autoptr (GError) error = NULL;
  const float *rows = NULL;
  float *result;

  for (guint o = 0; o < MOST_OWNERS; o++)
    {
      owners[o].part = sotto_plan_cut (plan, pieces, owners[o].runs, owners[o].n_runs);
      owners[o].state = backend->klass->state_new (backend, &owners[o].part->plan, N_TOKENS, SOTTO_KV_F32, NULL,
                                                   &error);
      g_assert_no_error (error);
    }
  for (guint done = 0, n; done < N_TOKENS; done += n)
    {
      SottoBatch batch = { .tokens = tokens + done, .position = done };

      n = batch.n_tokens = done == 0 ? n_first : 1;
      for (guint i = 0; i < n_turns; i++)
        {
          const Owner *owner = &owners[turns[i].owner];

          batch.first_step = owner->part->stretches[turns[i].stretch].first_step;
          batch.end_step = owner->part->stretches[turns[i].stretch].end_step;
          batch.handed = rows;
          g_assert_true (backend->klass->run (backend, owner->state, &batch, NULL, &error));
          g_assert_no_error (error);
          rows = backend->klass->get_output (backend, owner->state);
        }
    }
  result = g_memdup2 (rows, plan->n_output * sizeof *rows);
  for (guint o = 0; o < MOST_OWNERS; o++)
    {
      backend->klass->state_free (backend, owners[o].state);
      sotto_plan_part_free (owners[o].part);
      g_free (owners[o].runs);
    }
  return result;
}

typedef struct {
  SottoBackend *backend;
  const SottoPlan *plan;
  GArray *pieces;
  const gint32 *tokens;
  float *whole;
} Check;

static void
check_same (const Check *self, OwnerFunc func, guint argument)
{
  g_autofree float *cut = evaluate (self->backend, self->plan, self->pieces, func, argument, self->tokens);
  gsize n_bytes = self->plan->n_output * sizeof *cut;

  g_assert_cmpmem (cut, n_bytes, self->whole, n_bytes);
}

static void
check_cuts (const SottoPlan *plan, guint n_vocabulary, guint n_expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, &error);
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autofree float *whole = NULL;
  gint32 tokens[N_TOKENS];
  Check check = { backend, plan, pieces, tokens, NULL };
  guint n_layers = 0, n_experts = 0, n_expert_steps = 0, before = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < N_TOKENS; i++)
    tokens[i] = g_rand_int_range (rand, 0, (gint32) n_vocabulary);

  g_assert_cmpuint (pieces->len, >=, 2);
  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);

      g_assert_cmpuint (piece->first_step, ==, before);
      before = piece->end_step;
      n_layers += piece->n_layers;
      n_experts += piece->is_experts;
      g_assert_true (!piece->is_experts || (piece->end_step == piece->first_step + 1
                                            && plan->steps[piece->first_step].kind == SOTTO_STEP_EXPERTS));
    }
  g_assert_cmpuint (before, ==, plan->n_steps);
  g_assert_cmpuint (n_layers, ==, n_expected);
  for (guint i = 0; i < plan->n_steps; i++)
    n_expert_steps += plan->steps[i].kind == SOTTO_STEP_EXPERTS;
  g_assert_cmpuint (n_experts, ==, n_expert_steps);

  check.whole = whole = evaluate (backend, plan, pieces, behind, pieces->len, tokens);
  for (guint i = 1; i < pieces->len; i++)
    check_same (&check, behind, i);
  check_same (&check, in_turns, 2);
  check_same (&check, in_turns, 3);
  if (n_experts > 0)
    check_same (&check, experts, 0);
  g_test_message ("%u pieces, %u of experts", pieces->len, n_experts);
}

static void
test_random (gconstpointer name)
{
  g_autoptr (RandomPlan) plan = random_plan_new (name, SOTTO_BLOCK_Q8_0);

  /* All steps of these say that they are of layer 0. */
  check_cuts (&plan->program.plan, RANDOM_PLAN_VOCABULARY, 1);
}

/* Those that compute something: a layer may be nothing but its residual. */
static guint
count_layers (const SottoPlan *plan)
{
  guint n = 0;

  for (guint l = 0; l < plan->n_layers; l++)
    {
      gboolean has_steps = FALSE;

      for (guint i = 0; i < plan->n_steps; i++)
        has_steps |= plan->steps[i].layer == l && plan->steps[i].kind != SOTTO_STEP_EMBED && plan->steps[i].kind != SOTTO_STEP_INPUTS;
      n += has_steps;
    }
  return n;
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
  check_cuts (&program->plan, program->plan.n_vocabulary, count_layers (&program->plan));
}

/* --- Thousands of layers --- */

enum { STEPS_OF_LAYER = 8 };

/* Mixtures, of which each @n_sharers share a cache. */
static SottoPlan
make_mixtures (guint n_layers, guint n_sharers)
{
  SottoPlan plan = { .n_embedding = 32, .n_layers = n_layers, .n_caches = n_layers / n_sharers,
                     .n_steps = n_layers * STEPS_OF_LAYER + 2 };
  SottoStep *steps = g_new0 (SottoStep, plan.n_steps), *step = steps;

  *step++ = (SottoStep) { .kind = SOTTO_STEP_EMBED };
  for (guint l = 0; l < n_layers; l++)
    {
      const guint cache = l / n_sharers;
      const SottoStep layer[STEPS_OF_LAYER] = {
        { .kind = SOTTO_STEP_NORM, .norm = { .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED } },
        { .kind = SOTTO_STEP_QKV, .qkv = { .from = SOTTO_BUFFER_NORMED, .cache = cache } },
        { .kind = SOTTO_STEP_ATTEND, .attend = { .cache = cache } },
        { .kind = SOTTO_STEP_PROJECT,
          .project = { .from = SOTTO_BUFFER_ATTENDED, .to = SOTTO_BUFFER_RESIDUAL, .add = TRUE } },
        { .kind = SOTTO_STEP_NORM, .norm = { .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED } },
        { .kind = SOTTO_STEP_EXPERTS,
          .experts = { .from = SOTTO_BUFFER_NORMED, .router_from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_BRANCH } },
        { .kind = SOTTO_STEP_NORM, .norm = { .from = SOTTO_BUFFER_BRANCH, .to = SOTTO_BUFFER_BRANCH } },
        { .kind = SOTTO_STEP_ADD, .add = { .from = SOTTO_BUFFER_BRANCH, .to = SOTTO_BUFFER_RESIDUAL } },
      };

      for (guint i = 0; i < STEPS_OF_LAYER; i++)
        {
          *step = layer[i];
          step++->layer = l;
        }
    }
  *step = (SottoStep) { .kind = SOTTO_STEP_LOGITS, .layer = n_layers };
  plan.steps = steps;
  plan.caches = g_new0 (SottoCacheShape, n_layers);
  return plan;
}

/* Divides, cuts each piece out, as where its size is asked for, and shares all out by experts. Returns: what that takes */
static guint64
work_on_mixtures (guint n_layers, guint n_sharers)
{
  SottoPlan plan = make_mixtures (n_layers, n_sharers);
  guint64 before = work_done ();
  g_autoptr (GArray) pieces = sotto_plan_divide (&plan);
  g_autofree Turn *turns = g_new (Turn, pieces->len);
  Owner owners[MOST_OWNERS];
  guint n_steps = 0, n_caches = 0;
  guint64 work;

  g_assert_cmpuint (pieces->len, ==, n_layers / n_sharers * (2 * n_sharers + 1) + 2);
  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanRun run = { i, i + 1 };
      g_autoptr (SottoPlanPart) part = sotto_plan_cut (&plan, pieces, &run, 1);

      n_steps += part->plan.n_steps;
      n_caches += part->plan.n_caches;
    }
  g_assert_cmpuint (n_steps, ==, plan.n_steps + 2 * (pieces->len - 1));
  g_assert_cmpuint (n_caches, ==, n_layers);

  share_out (pieces, experts, 0, owners, turns);
  for (guint o = 0; o < MOST_OWNERS; o++)
    {
      g_autoptr (SottoPlanPart) part = sotto_plan_cut (&plan, pieces, owners[o].runs, owners[o].n_runs);

      g_assert_cmpuint (part->plan.n_caches, ==, o == 0 ? plan.n_caches : 0);
      g_free (owners[o].runs);
    }
  work = work_done () - before;
  g_free ((void *) plan.steps);
  g_free ((void *) plan.caches);
  return work;
}

/* A file says how many layers it has: four times as many must not take more than about four times as long. */
static void
test_many_layers (void)
{
  for (guint n_sharers = 1; n_sharers <= 4; n_sharers *= 4)
    {
      guint64 few = work_on_mixtures (1024, n_sharers), many = work_on_mixtures (4096, n_sharers);

      g_test_message ("1,024 layers: %" G_GUINT64_FORMAT ", 4,096: %" G_GUINT64_FORMAT, few, many);
      g_assert_cmpuint (few, >, 1024);
      g_assert_cmpuint (many, <, 5 * few);
    }
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

  g_test_add_func ("/plan-cut/many-layers", test_many_layers);
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
