/* The CUDA backend over a module in plain C (cuda-plain.c): what the host does, apart from any kernel. Random plans of every
 * kind of step against the same mathematics in double, in prefill, decode, going back and being stored; cut between
 * device and CPU; short of memory; failing in the middle. */

#include "cuda-plain.h"
#include "cuda/backend-device.h"
#include "cuda/device-state.h"
#include "cuda/loader.h"
#include "cuda/split-state.h"
#include "plan-run.h"
#include "random-plan.h"
#include "sotto-error.h"

#include <math.h>
#include <string.h>

enum { N_TOKENS = 41, N_FAMILY = 16 };

static gint32 *
random_tokens (guint n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (n);
  gint32 *tokens = g_new (gint32, n);

  for (guint i = 0; i < n; i++)
    tokens[i] = g_rand_int_range (rand, 0, RANDOM_PLAN_VOCABULARY);
  return tokens;
}

static SottoBackend *
open_plain (void)
{
  g_autoptr (GError) error = NULL;
  SottoBackend *backend = sotto_backend_new_device (cuda_plain_module (), 0, "plain", &error);

  g_assert_no_error (error);
  return backend;
}

static SottoState *
new_state (SottoBackend *backend, const SottoPlan *plan, guint n_context)
{
  g_autoptr (GError) error = NULL;
  SottoState *state = backend->klass->state_new (backend, plan, n_context, SOTTO_KV_F32, NULL, &error);

  g_assert_no_error (error);
  return state;
}

/* Outputs of all tokens from @done on, in batches of n_batch; of a whole sequence one. */
static void
evaluate (SottoBackend *backend, SottoState *state, const SottoPlan *plan, const gint32 *tokens, guint done,
          guint n_batch, float *output)
{
  guint n = plan->n_output;

  if (plan->whole_sequence)
    n_batch = N_TOKENS;
  for (; done < N_TOKENS; done += n_batch)
    {
      g_autoptr (GError) error = NULL;
      SottoBatch batch = { .tokens = tokens + done, .n_tokens = MIN (n_batch, N_TOKENS - done),
                           .position = done, .all_logits = !plan->whole_sequence && n_batch > 1 };

      g_assert_true (backend->klass->run (backend, state, &batch, NULL, &error));
      g_assert_no_error (error);
      memcpy (plan->whole_sequence ? output : output + (gsize) done * n,
              backend->klass->get_output (backend, state),
              (plan->whole_sequence ? 1 : batch.n_tokens) * n * sizeof *output);
    }
}

static gsize
count_outputs (const SottoPlan *plan)
{
  return (gsize) (plan->whole_sequence ? 1 : N_TOKENS) * plan->n_output;
}

static void
assert_near (const double *expected, const float *got, gsize n)
{
  double worst = 0, highest = 1e-3;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (got[i]));
      worst = MAX (worst, fabs (expected[i] - (double) got[i]));
      highest = MAX (highest, fabs (expected[i]));
    }
  g_test_message ("off by %.2e at most, of %.1f", worst, highest);
  g_assert_cmpfloat (worst / highest, <, 3e-5);
}

static void
test_plan (gconstpointer name)
{
  static const guint batches[] = { N_TOKENS, 1, 8, 19 };
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autofree double *expected = plan_run (&random->program, tokens, N_TOKENS);
  g_autofree float *output = g_new (float, count_outputs (plan));
  g_autoptr (SottoBackend) backend = open_plain ();

  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      SottoState *state = new_state (backend, plan, N_TOKENS);

      evaluate (backend, state, plan, tokens, 0, batches[i], output);
      assert_near (expected, output, count_outputs (plan));
      backend->klass->state_free (backend, state);
    }
  g_assert_true (plan->whole_sequence || cuda_plain.n_repetitions > N_TOKENS / 2);
  g_assert_cmpuint (cuda_plain.n_recordings, <=, 1);
  g_assert_cmpuint (cuda_plain.used, ==, 0);
}

/* A device that cannot record, at once or when it should have done, computes the same, and is not asked for every token. */
static void
test_unrecorded (void)
{
  g_autoptr (RandomPlan) random = random_plan_new (random_plan_names[0], SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autofree double *expected = plan_run (&random->program, tokens, N_TOKENS);
  g_autofree float *output = g_new (float, count_outputs (plan));
  g_autoptr (SottoBackend) backend = open_plain ();

  for (guint i = 0; i < 2; i++)
    {
      SottoState *state = new_state (backend, plan, N_TOKENS);

      cuda_plain.cannot_record = i == 0;
      cuda_plain.tears_recordings = i == 1;
      evaluate (backend, state, plan, tokens, 0, 1, output);
      assert_near (expected, output, count_outputs (plan));
      g_assert_cmpuint (cuda_plain.n_recordings, ==, i);
      g_assert_cmpuint (cuda_plain.n_repetitions, ==, 0);
      backend->klass->state_free (backend, state);
    }
}

/* Attention of so many rows that they are cut gives the same. */
static void
test_cut (gconstpointer name)
{
  enum { N_MANY = 200, N_BEFORE = 30 };
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_MANY);
  g_autofree float *expected = NULL;
  g_autoptr (SottoBackend) backend = open_plain ();
  gsize n_bytes = (gsize) (plan->whole_sequence ? 1 : N_MANY - N_BEFORE) * plan->n_output * sizeof (float);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      SottoState *state = new_state (backend, plan, N_MANY);
      guint before = plan->whole_sequence ? 0 : N_BEFORE;
      SottoBatch first = { .tokens = tokens, .n_tokens = before };
      SottoBatch batch = { .tokens = tokens + before, .n_tokens = N_MANY - before, .position = before,
                           .all_logits = !plan->whole_sequence };
      guint n_before;

      /* All at once; as few as can be; two thirds, of six heads of 32 and 32. */
      ((SottoCudaState *) state)->attend_most = i == 0 ? 0 : i == 1 ? 1 : 128 * 6 * 64 * 256;
      if (before > 0)
        g_assert_true (backend->klass->run (backend, state, &first, NULL, &error));
      n_before = cuda_plain.n_operations;
      backend->klass->run (backend, state, &batch, NULL, &error);
      g_assert_no_error (error);
      if (expected == NULL)
        expected = g_memdup2 (backend->klass->get_output (backend, state), n_bytes);
      else
        g_assert_cmpmem (backend->klass->get_output (backend, state), n_bytes, expected, n_bytes);
      g_test_message ("%u operations", cuda_plain.n_operations - n_before);
      backend->klass->state_free (backend, state);
    }
}

/* --- Looking at the cancel flag --- */

static struct {
  const SottoCudaModule *module;
  gulong microseconds;     /* that a wait takes */
  gulong at_once;          /* that the last download takes */
  guint n_waits;
  SottoCancel *cancel;     /* raised at the second of them */
} waiting;

static gboolean
wait_long (SottoCudaDevice *device)
{
  g_usleep (waiting.microseconds);
  if (++waiting.n_waits == 2 && waiting.cancel != NULL)
    sotto_cancel_raise (waiting.cancel);
  return waiting.module->wait (device);
}

static gboolean
download_long (SottoCudaDevice *device, void *target, const void *source, gsize n_bytes)
{
  g_usleep (waiting.at_once);
  return waiting.module->download (device, target, source, n_bytes);
}

/* A device that is slow is waited for after fewer steps, down to each, and a cancel is seen at the next. */
static void
test_looks (void)
{
  static SottoCudaModule own;
  g_autoptr (RandomPlan) random = random_plan_new (random_plan_names[0], SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  SottoBatch batch = { .tokens = tokens, .n_tokens = N_TOKENS };
  SottoState *state;

  waiting.module = cuda_plain_module ();
  own = *waiting.module;
  own.wait = wait_long;
  own.download = download_long;
  backend = sotto_backend_new_device (&own, 0, "plain", &error);
  g_assert_no_error (error);
  state = new_state (backend, plan, N_TOKENS);
  for (guint i = 0; i < 3; i++)
    {
      /* As quick as the host is, which a busy one is not; slow, which shows in the end at the latest; as is known. */
      waiting.microseconds = i == 0 ? 0 : 30000;
      waiting.at_once = i == 1 ? 500000 : 0;
      waiting.n_waits = 0;
      g_assert_true (backend->klass->run (backend, state, &batch, NULL, &error));
      g_assert_no_error (error);
      if (i == 0)
        g_assert_cmpuint (waiting.n_waits, <=, plan->n_steps - 1);
      else if (i == 2)
        g_assert_cmpuint (waiting.n_waits, ==, plan->n_steps - 1);
    }

  waiting.n_waits = 0;
  waiting.cancel = cancel;
  g_assert_false (backend->klass->run (backend, state, &batch, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_assert_cmpuint (waiting.n_waits, ==, 2);
  waiting.cancel = NULL;
  backend->klass->state_free (backend, state);
}

/* Every family's plan: a prefill of many rows, one of few, and decoding that is recorded; where it ends in one vector, a batch. */
static void
test_family (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  g_autoptr (SottoProgram) program = sotto_program_new (gguf, &error);
  const SottoPlan *plan = &program->plan;
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autofree gint32 *tokens = g_new (gint32, N_FAMILY);
  g_autofree double *expected = NULL;
  g_autoptr (SottoBackend) backend = open_plain ();
  SottoState *state;

  g_assert_no_error (error);
  for (guint i = 0; i < N_FAMILY; i++)
    tokens[i] = g_rand_int_range (rand, 0, (gint32) plan->n_vocabulary);
  expected = plan_run (program, tokens, N_FAMILY);
  state = new_state (backend, plan, N_FAMILY);
  for (guint done = 0, n; done < N_FAMILY; done += n)
    {
      SottoBatch batch = { .tokens = tokens + done, .position = done };

      n = batch.n_tokens = program->is_embedding ? N_FAMILY : done == 0 ? 10 : done == 10 ? 2 : 1;
      g_assert_true (backend->klass->run (backend, state, &batch, NULL, &error));
      g_assert_no_error (error);
      assert_near (expected + (program->is_embedding ? 0 : (gsize) (done + n - 1) * plan->n_output),
                   backend->klass->get_output (backend, state), plan->n_output);
    }
  backend->klass->state_free (backend, state);
}

/* Stored in one state, loaded in another, which goes on. */
static void
test_stored (gconstpointer name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autofree float *whole = g_new0 (float, count_outputs (plan));
  g_autofree float *rest = g_new0 (float, count_outputs (plan));
  g_autofree guint8 *bytes = NULL;
  g_autoptr (SottoBackend) backend = open_plain ();
  SottoState *one = new_state (backend, plan, N_TOKENS);
  SottoState *other = new_state (backend, plan, N_TOKENS);
  SottoBatch batch = { .tokens = tokens, .n_tokens = 30 };
  gsize n_bytes;

  g_assert_true (backend->klass->run (backend, one, &batch, NULL, NULL));
  n_bytes = backend->klass->state_bytes (backend, one, 30);
  bytes = g_malloc (n_bytes);
  backend->klass->state_store (backend, one, 30, bytes, NULL);
  g_assert_cmpuint (backend->klass->state_bytes (backend, other, 30), ==, n_bytes);
  g_assert_false (backend->klass->state_serves (backend, other, 30));
  backend->klass->state_load (backend, other, 30, bytes, NULL);
  g_assert_true (backend->klass->state_serves (backend, other, 30));

  evaluate (backend, one, plan, tokens, 30, 1, whole);
  evaluate (backend, other, plan, tokens, 30, 1, rest);
  g_assert_cmpmem (whole, count_outputs (plan) * sizeof *whole, rest, count_outputs (plan) * sizeof *rest);
  backend->klass->state_free (backend, one);
  backend->klass->state_free (backend, other);
}

/* Wiped, a state has nothing of its sequence, and begins another like a new one. One whose loading was cancelled begins
 * anew, too. */
static void
test_wiped (gconstpointer name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autofree float *expected = g_new0 (float, count_outputs (plan));
  g_autofree float *outputs = g_new0 (float, count_outputs (plan));
  g_autofree guint8 *bytes = NULL;
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (SottoBackend) backend = open_plain ();
  SottoState *fresh = new_state (backend, plan, N_TOKENS);
  SottoState *used = new_state (backend, plan, N_TOKENS);
  gsize n_bytes;

  evaluate (backend, used, plan, tokens, 0, 10, outputs);
  n_bytes = backend->klass->state_bytes (backend, used, N_TOKENS);
  bytes = g_malloc (n_bytes);
  g_assert_true (backend->klass->state_store (backend, used, N_TOKENS, bytes, NULL));

  backend->klass->state_wipe (backend, used);
  g_assert_true (backend->klass->state_serves (backend, used, 0));
  g_assert_false (backend->klass->state_serves (backend, used, N_TOKENS));
  evaluate (backend, fresh, plan, tokens, 0, 10, expected);
  evaluate (backend, used, plan, tokens, 0, 10, outputs);
  g_assert_cmpmem (expected, count_outputs (plan) * sizeof *expected, outputs, count_outputs (plan) * sizeof *outputs);

  sotto_cancel_raise (cancel);
  g_assert_false (backend->klass->state_load (backend, used, N_TOKENS, bytes, cancel));
  g_assert_false (backend->klass->state_serves (backend, used, N_TOKENS));
  evaluate (backend, used, plan, tokens, 0, 10, outputs);
  g_assert_cmpmem (expected, count_outputs (plan) * sizeof *expected, outputs, count_outputs (plan) * sizeof *outputs);
  g_assert_false (backend->klass->state_store (backend, used, N_TOKENS, bytes, cancel));

  backend->klass->state_wipe (backend, used);
  g_assert_true (backend->klass->state_store (backend, used, N_TOKENS, bytes, NULL));
  for (gsize i = 0; i < n_bytes; i++)
    g_assert_cmpuint (bytes[i], ==, 0);
  backend->klass->state_free (backend, fresh);
  backend->klass->state_free (backend, used);
}

/* The first piece on the CPU, the last on the device; a device in the middle, or at the beginning; experts on the CPU
 * alone; each piece elsewhere than the one before. */
static void
test_split (gconstpointer name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_F32);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autofree double *expected = plan_run (&random->program, tokens, N_TOKENS);
  g_autoptr (SottoBackend) device = open_plain ();
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autofree guint *where = g_new (guint, pieces->len);
  SottoSplit split = { plan, pieces, where, cpu, &device };

  for (guint form = 0; form < 5; form++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoSplitState) state = NULL;

      for (guint i = 0; i < pieces->len; i++)
        where[i] = (form == 0 && i == 0) || (form == 1 && (i == 0 || i + 1 == pieces->len)) || (form == 2 && i > 0)
                           || (form == 3 && g_array_index (pieces, SottoPlanPiece, i).is_experts)
                           || (form == 4 && i % 2 > 0)
                     ? G_MAXUINT
                     : 0;
      state = sotto_split_state_new (&split, N_TOKENS, SOTTO_KV_F32, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s", state->description);
      for (guint done = 0, n; done < N_TOKENS; done += n)
        {
          SottoBatch batch = { .tokens = tokens + done, .position = done };
          gsize at;

          n = batch.n_tokens = plan->whole_sequence ? N_TOKENS : done == 0 ? 20 : 1;
          g_assert_true (sotto_split_state_run (state, &batch, NULL, &error));
          g_assert_no_error (error);
          at = plan->whole_sequence ? 0 : (gsize) (done + n - 1) * plan->n_output;
          assert_near (expected + at, sotto_split_state_get_output (state), plan->n_output);
        }
    }
}

/* Wherever it fails, it is an error with the device's words, and everything can be freed. */
static void
test_lost (void)
{
  g_autoptr (RandomPlan) random = random_plan_new (random_plan_names[0], SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (N_TOKENS);
  g_autoptr (SottoBackend) backend = open_plain ();
  SottoState *state = new_state (backend, plan, N_TOKENS);
  SottoBatch batch = { .tokens = tokens, .n_tokens = 20 };
  g_autoptr (GError) error = NULL;

  g_assert_true (backend->klass->run (backend, state, &batch, NULL, NULL));
  cuda_plain.fail_at = cuda_plain.n_operations + 3;
  batch.position = 20;
  g_assert_false (backend->klass->run (backend, state, &batch, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "planted");
  g_clear_error (&error);
  g_assert_false (backend->klass->run (backend, state, &batch, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_clear_error (&error);
  g_assert_true (sotto_backend_device_is_lost (backend));
  g_assert_null (backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F32, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  backend->klass->state_free (backend, state);
}

/* However little memory there is, it is an error with numbers, and nothing stays behind. */
static void
test_memory (void)
{
  g_autoptr (RandomPlan) random = random_plan_new (random_plan_names[0], SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autoptr (SottoBackend) backend = open_plain ();
  SottoState *state = new_state (backend, plan, N_TOKENS);
  guint64 all = cuda_plain.used;

  backend->klass->state_free (backend, state);
  g_assert_cmpuint (cuda_plain.used, ==, 0);
  for (guint i = 1; i < 16; i++)
    {
      g_autoptr (GError) error = NULL;

      cuda_plain.memory = all * i / 16;
      g_assert_null (backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F32, NULL, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
      g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, >,
                        sotto_engine_error_get_arguments (error)->available);
      g_assert_cmpuint (cuda_plain.used, ==, 0);
    }
  cuda_plain.memory = all;
  state = new_state (backend, plan, N_TOKENS);
  backend->klass->state_free (backend, state);
}

static void
raise_cancel (guint64 done G_GNUC_UNUSED, guint64 total G_GNUC_UNUSED, gpointer cancel)
{
  sotto_cancel_raise (cancel);
}

static void
note_progress (guint64 done, guint64 total, gpointer user_data)
{
  guint64 *last = user_data;

  g_assert_cmpuint (done, >=, last[0]);
  last[0] = done;
  last[1] = total;
}

/* Two states of one model share its weights; bringing them can be watched and stopped. */
static void
test_weights (void)
{
  g_autoptr (RandomPlan) random = random_plan_new (random_plan_names[0], SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  g_autoptr (SottoBackend) backend = open_plain ();
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  guint64 progress[2] = { 0, 0 }, one, two, kept, scratch;
  SottoLoading watched = { note_progress, progress, NULL }, stopped = { raise_cancel, cancel, cancel };
  g_autoptr (GError) error = NULL;
  SottoState *states[2];

  g_assert_null (backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F16, &stopped, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_assert_cmpuint (cuda_plain.used, ==, 0);

  states[0] = backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F16, &watched, NULL);
  g_assert_cmpuint (progress[0], ==, progress[1]);
  one = cuda_plain.used;
  states[1] = backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F16, NULL, NULL);
  two = cuda_plain.used;
  backend->klass->state_measure (backend, states[1], &kept, &scratch);
  g_assert_cmpuint (two - one, ==, kept + scratch);
  backend->klass->state_free (backend, states[0]);
  g_assert_cmpuint (cuda_plain.used, ==, one);
  backend->klass->state_free (backend, states[1]);
  g_assert_cmpuint (cuda_plain.used, ==, 0);
}

/* Not of every plan there is a state that is gone on from, and not every such state has something in it. */
static gboolean
applies (GTestDataFunc func, const char *name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;

  if (func == test_stored)
    return !plan->whole_sequence;
  if (func == test_wiped)
    return !plan->whole_sequence && plan->n_caches + plan->n_recurrents > 0;
  return TRUE;
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    GTestDataFunc func;
  } kinds[] = {
    { "plan", test_plan }, { "stored", test_stored }, { "wiped", test_wiped }, { "cut", test_cut }, { "split", test_split },
  };

  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (const char *const *plan = random_plan_names; *plan != NULL; plan++)
      {
        g_autofree char *path = g_strdup_printf ("/cuda-backend/%s/%s", kinds[i].name, *plan);

        if (applies (kinds[i].func, *plan))
          g_test_add_data_func (path, *plan, kinds[i].func);
      }
  folder = g_test_build_filename (G_TEST_DIST, "engine", "families", NULL);
  dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".gguf"))
      {
        g_autofree char *path = g_strconcat ("/cuda-backend/family/", name, NULL);

        g_test_add_data_func_full (path, g_build_filename (folder, name, NULL), test_family, g_free);
      }
  g_test_add_func ("/cuda-backend/unrecorded", test_unrecorded);
  g_test_add_func ("/cuda-backend/looks", test_looks);
  g_test_add_func ("/cuda-backend/lost", test_lost);
  g_test_add_func ("/cuda-backend/memory", test_memory);
  g_test_add_func ("/cuda-backend/weights", test_weights);
  return g_test_run ();
}
