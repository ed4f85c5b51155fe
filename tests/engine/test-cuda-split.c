/* GPUs and the CPU as one backend, over a module in plain C: whatever the memory, a model runs and its answer is the same;
 * what is demanded and does not fit is refused with numbers; a device that is lost is done without. */

#include "cuda-plain.h"
#include "cuda/backend-cuda.h"
#include "cuda/place.h"
#include "family/program.h"
#include "sotto-error.h"

#include <math.h>
#include <string.h>

enum { N_TOKENS = 14, N_FIRST = 11 };

/* What the backend leaves to others of a device. */
#define HEADROOM ((guint64) 192 << 20)

static SottoBackend *
open_backend (guint64 memory, guint n_devices, gint n_layers)
{
  g_autoptr (GError) error = NULL;
  const SottoCudaModule *module = cuda_plain_module ();
  SottoCudaLibrary *library;
  SottoBackend *backend;

  cuda_plain.memory = memory;
  cuda_plain.n_listed = n_devices;
  library = sotto_cuda_choose (&module, NULL, 1, &error);
  g_assert_no_error (error);
  backend = sotto_backend_new_cuda_of (sotto_backend_new_cpu (2, "reference", NULL), library, n_layers, &error);
  g_assert_no_error (error);
  return backend;
}

static SottoProgram *
open_program (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  SottoProgram *program;

  g_assert_no_error (error);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  return program;
}

static gboolean
run (SottoBackend *backend, SottoState *state, guint position, guint n, GError **error)
{
  gint32 tokens[N_TOKENS];
  SottoBatch batch = { .tokens = tokens + position, .n_tokens = n, .position = position };

  for (gint i = 0; i < N_TOKENS; i++)
    tokens[i] = 7 * i % 23 + 1;
  return backend->klass->run (backend, state, &batch, NULL, error);
}

/* The output of the last of N_TOKENS; state is freed. */
static float *
evaluate (SottoBackend *backend, const SottoPlan *plan, SottoState *state)
{
  g_autoptr (GError) error = NULL;
  float *output;

  g_assert_nonnull (state);
  g_assert_true (run (backend, state, 0, N_FIRST, &error));
  for (guint i = N_FIRST; i < N_TOKENS; i++)
    g_assert_true (run (backend, state, i, 1, &error));
  g_assert_no_error (error);
  output = g_memdup2 (backend->klass->get_output (backend, state), plan->n_output * sizeof *output);
  backend->klass->state_free (backend, state);
  return output;
}

static SottoState *
new_state (SottoBackend *backend, const SottoPlan *plan, GError **error)
{
  return backend->klass->state_new (backend, plan, N_TOKENS, SOTTO_KV_F32, NULL, error);
}

static void
assert_near (const float *expected, const float *got, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (fabsf (expected[i] - got[i]), <, 1e-3f);
}

/* From too little memory for a layer to more than enough, on one device and on two. */
static void
test_memory (gconstpointer name)
{
  g_autoptr (SottoProgram) program = open_program (name);
  const SottoPlan *plan = &program->plan;
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  g_autofree float *expected = evaluate (cpu, plan, new_state (cpu, plan, NULL));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint64 least = HEADROOM + HEADROOM / 49, step;

  {
    g_autoptr (SottoBackend) all = open_backend (0, 1, SOTTO_PLACE_AS_FITS);
    SottoState *state = new_state (all, plan, NULL);

    g_assert_cmpstr (all->klass->state_describe (all, state), ==, "plain");
    step = cuda_plain.used / 8;
    all->klass->state_free (all, state);
  }
  for (guint n_devices = 1; n_devices <= 2; n_devices++)
    for (guint i = 0; i < 12; i++)
      {
        g_autoptr (SottoBackend) backend = open_backend (least + i * step, n_devices, SOTTO_PLACE_AS_FITS);
        g_autoptr (GError) error = NULL;
        SottoState *state = new_state (backend, plan, &error);
        g_autofree float *got = NULL;

        g_assert_no_error (error);
        g_test_message ("%u: %s", i, backend->klass->state_describe (backend, state));
        g_hash_table_add (seen, g_strdup (backend->klass->state_describe (backend, state)));
        got = evaluate (backend, plan, state);
        assert_near (expected, got, plan->n_output);
        g_assert_cmpuint (cuda_plain.used, ==, 0);
      }
  g_assert_true (g_hash_table_contains (seen, "plain"));
  g_assert_true (g_hash_table_contains (seen, "cpu-reference"));
  g_assert_cmpuint (g_hash_table_size (seen), >=, 4);
}

static void
test_demand (void)
{
  g_autoptr (SottoProgram) program = open_program ("llama-llama3.gguf");
  g_autoptr (SottoBackend) backend = open_backend (HEADROOM, 1, 1);
  g_autoptr (GError) error = NULL;
  const SottoErrorArguments *arguments;
  SottoState *state;

  g_assert_null (new_state (backend, &program->plan, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
  arguments = sotto_engine_error_get_arguments (error);
  g_assert_cmpuint (arguments->wanted, >, arguments->available);
  g_assert_cmpuint (cuda_plain.used, ==, 0);

  cuda_plain.memory = 0;
  state = new_state (backend, &program->plan, NULL);
  g_assert_nonnull (strstr (backend->klass->state_describe (backend, state), "plain (layers "));
  g_assert_nonnull (strstr (backend->klass->state_describe (backend, state), "cpu-reference (layers 1-"));
  g_free (evaluate (backend, &program->plan, state));
}

static void
test_lost (void)
{
  g_autoptr (SottoProgram) program = open_program ("llama-llama3.gguf");
  const SottoPlan *plan = &program->plan;
  g_autoptr (SottoBackend) backend = open_backend (0, 1, SOTTO_PLACE_AS_FITS);
  g_autoptr (GError) error = NULL;
  SottoState *state = new_state (backend, plan, NULL);

  g_assert_true (run (backend, state, 0, N_FIRST, NULL));
  g_assert_true (backend->klass->state_serves (backend, state, N_FIRST));
  cuda_plain.fail_at = cuda_plain.n_operations + 5;
  g_assert_false (run (backend, state, N_FIRST, 1, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_assert_false (backend->klass->state_serves (backend, state, N_FIRST + 1));
  backend->klass->state_free (backend, state);

  state = new_state (backend, plan, NULL);
  g_assert_cmpstr (backend->klass->state_describe (backend, state), ==, "cpu-reference");
  g_free (evaluate (backend, plan, state));
}

/* States of different placements do not take each other's bytes. */
static void
test_form (void)
{
  g_autoptr (SottoProgram) program = open_program ("llama-llama3.gguf");
  guint forms[3];

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SottoBackend) backend = open_backend (i == 0 ? HEADROOM : 0, 1, i == 2 ? 1 : SOTTO_PLACE_AS_FITS);
      SottoState *state = new_state (backend, &program->plan, NULL);

      forms[i] = backend->klass->state_form (backend, state);
      backend->klass->state_free (backend, state);
    }
  g_assert_cmpuint (forms[0], ==, 0);
  g_assert_cmpuint (forms[1], !=, 0);
  g_assert_cmpuint (forms[2], !=, 0);
  g_assert_cmpuint (forms[1], !=, forms[2]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cuda-split/memory/llama", "llama-llama3.gguf", test_memory);
  g_test_add_data_func ("/cuda-split/memory/gemma4-moe", "gemma4-moe.gguf", test_memory);
  g_test_add_data_func ("/cuda-split/memory/qwen3next", "qwen3next-old.gguf", test_memory);
  g_test_add_func ("/cuda-split/demand", test_demand);
  g_test_add_func ("/cuda-split/lost", test_lost);
  g_test_add_func ("/cuda-split/form", test_form);
  return g_test_run ();
}
