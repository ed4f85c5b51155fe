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

/* Raises a cancel at an upload, which is where rows come back to the device. */
static struct {
  const SottoCudaModule *module;
  SottoCancel *cancel;
  guint at;                /* from 1 on; 0: never */
} interception;

static gboolean
intercept_upload (SottoCudaDevice *device, void *target, const void *source, gsize n_bytes)
{
  if (interception.at > 0 && --interception.at == 0)
    sotto_cancel_raise (interception.cancel);
  return interception.module->upload (device, target, source, n_bytes);
}

static SottoBackend *
open_backend (guint64 memory, guint n_devices, gint n_layers)
{
  static SottoCudaModule own;
  const SottoCudaModule *module = &own;
  g_autoptr (GError) error = NULL;
  SottoCudaLibrary *library;
  SottoBackend *backend;

  interception.module = cuda_plain_module ();
  own = *interception.module;
  own.upload = intercept_upload;
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
run_until (SottoBackend *backend, SottoState *state, guint position, guint n, SottoCancel *cancel, GError **error)
{
  gint32 tokens[N_TOKENS];
  SottoBatch batch = { .tokens = tokens + position, .n_tokens = n, .position = position };

  for (gint i = 0; i < N_TOKENS; i++)
    tokens[i] = 7 * i % 23 + 1;
  return backend->klass->run (backend, state, &batch, cancel, error);
}

static gboolean
run (SottoBackend *backend, SottoState *state, guint position, guint n, GError **error)
{
  return run_until (backend, state, position, n, NULL, error);
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
  g_autoptr (SottoPlacement) placement = g_new0 (SottoPlacement, 1);
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
  backend->klass->state_place (backend, state, placement);
  g_assert_error (placement->reason, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
  g_assert_cmpstr (sotto_engine_error_get_arguments (placement->reason)->subject, ==, "lost");
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

/* --- Experts on the CPU --- */

enum { EMBEDDING = 256, HEADS = 64, HEAD = 32, EXPERTS = 8, HIDDEN = 512, LAYERS = 2, VOCABULARY = 40 };

#define EXPERT_BYTES ((guint64) 3 * EXPERTS * HIDDEN * EMBEDDING * sizeof (float))

/* A mixture with so much beside its experts that the CPU had better leave that to a GPU: 8 MB a layer. */
typedef struct {
  SottoPlan plan;
  SottoStep steps[2 + 6 * LAYERS];
  SottoCacheShape caches[LAYERS];
  GPtrArray *memory;
  guint32 seed;
} Mixture;

static SottoWeight
weight_of (Mixture *self, guint n_matrices, guint n_rows, guint n_columns)
{
  gsize n = (gsize) n_matrices * n_rows * n_columns;
  float *data = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    {
      self->seed = self->seed * 1664525 + 1013904223;
      data[i] = (float) ((double) (self->seed >> 8) / (1 << 24) - 0.5) * 0.2f;
    }
  g_ptr_array_add (self->memory, data);
  return (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = n_columns, .n_rows = n_rows, .n_matrices = n_matrices,
                         .row_bytes = n_columns * sizeof (float),
                         .matrix_bytes = (gsize) n_rows * n_columns * sizeof (float), .data = data };
}

static SottoStep *
add_layer (Mixture *self, guint layer, SottoStep *step)
{
  const SottoStep norm = { SOTTO_STEP_NORM, layer, .norm = { { SOTTO_NORM_RMS, NULL, NULL, 1e-6f },
                                                             SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED } };

  self->caches[layer] = (SottoCacheShape) { HEADS, HEAD, HEAD, 0, 0 };
  *step++ = norm;
  *step++ = (SottoStep) { SOTTO_STEP_QKV, layer, .qkv = { .from = SOTTO_BUFFER_NORMED, .n_heads = HEADS, .n_key = HEAD,
      .query_stride = HEAD, .query = weight_of (self, 1, HEADS * HEAD, EMBEDDING),
      .key = weight_of (self, 1, HEADS * HEAD, EMBEDDING), .value = weight_of (self, 1, HEADS * HEAD, EMBEDDING),
      .cache = layer } };
  *step++ = (SottoStep) { SOTTO_STEP_ATTEND, layer, .attend = { .cache = layer, .n_heads = HEADS, .scale = 0.2f } };
  *step++ = (SottoStep) { SOTTO_STEP_PROJECT, layer, .project = { SOTTO_BUFFER_ATTENDED, SOTTO_BUFFER_RESIDUAL,
      weight_of (self, 1, EMBEDDING, HEADS * HEAD), 1.0f, TRUE } };
  *step++ = norm;
  *step++ = (SottoStep) { SOTTO_STEP_EXPERTS, layer, .experts = { .from = SOTTO_BUFFER_NORMED,
      .router_from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_RESIDUAL, .add = TRUE, .n_experts = EXPERTS, .n_used = 2,
      .n_groups = 1, .n_groups_used = 1, .n_group_best = 1, .normalised = TRUE, .scale = 1.0f,
      .activation = SOTTO_ACTIVATION_SILU, .router = weight_of (self, 1, EXPERTS, EMBEDDING),
      .gate = weight_of (self, EXPERTS, HIDDEN, EMBEDDING), .up = weight_of (self, EXPERTS, HIDDEN, EMBEDDING),
      .down = weight_of (self, EXPERTS, EMBEDDING, HIDDEN) } };
  return step;
}

static void
mixture_init (Mixture *self)
{
  SottoStep *step = self->steps;

  *self = (Mixture) { .memory = g_ptr_array_new_with_free_func (g_free), .seed = 1 };
  *step++ = (SottoStep) { SOTTO_STEP_EMBED, 0, .embed = { .table = weight_of (self, 1, VOCABULARY, EMBEDDING),
                                                          .scale = 10.0f } };
  for (guint layer = 0; layer < LAYERS; layer++)
    step = add_layer (self, layer, step);
  *step++ = (SottoStep) { SOTTO_STEP_LOGITS, LAYERS - 1, .logits = { { SOTTO_NORM_RMS, NULL, NULL, 1e-6f },
      weight_of (self, 1, VOCABULARY, EMBEDDING), 1.0f, 0.0f } };
  self->plan = (SottoPlan) { .n_embedding = EMBEDDING, .n_vocabulary = VOCABULARY, .n_layers = LAYERS,
                             .n_output = VOCABULARY, .caches = self->caches, .n_caches = LAYERS, .steps = self->steps,
                             .n_steps = (guint) (step - self->steps) };
}

static void
mixture_clear (Mixture *self)
{
  g_ptr_array_unref (self->memory);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mixture, mixture_clear)

/* Bytes of a device that all of the plan fits, what is left to others aside. */
static guint64
measure_all (const SottoPlan *plan)
{
  g_autoptr (SottoBackend) backend = open_backend (0, 1, SOTTO_PLACE_AS_FITS);
  SottoState *state = new_state (backend, plan, NULL);
  guint64 used = cuda_plain.used;

  g_assert_cmpstr (backend->klass->state_describe (backend, state), ==, "plain");
  backend->klass->state_free (backend, state);
  return used;
}

/* A backend on a device that lacks so many layers' experts of having room for all. */
static SottoBackend *
open_lacking (const SottoPlan *plan, double n_experts)
{
  guint64 room = measure_all (plan) - (guint64) (n_experts * (double) EXPERT_BYTES);

  return open_backend ((HEADROOM + room) * 50 / 49 + 1000, 1, SOTTO_PLACE_AS_FITS);
}

static void
test_experts (void)
{
  static const struct {
    double lacking;
    guint n_experts, n_layers;
    const char *description;
  } cases[] = {
    { 0.5, 1, 2, "plain (layers 1-2), cpu-reference (experts of layers 1-1)" },
    { 1.5, 2, 2, "plain (layers 1-2), cpu-reference (experts of layers 1-2)" },
    { 2.5, 1, 1, "cpu-reference (layers 1-1, experts of layers 2-2), plain (layers 2-2)" },
  };
  g_auto (Mixture) mixture = { { 0 } };
  const SottoPlan *plan = &mixture.plan;
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  g_autofree float *expected = NULL;

  mixture_init (&mixture);
  expected = evaluate (cpu, plan, new_state (cpu, plan, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SottoBackend) backend = open_lacking (plan, cases[i].lacking);
      SottoState *state = new_state (backend, plan, NULL);
      SottoPlacement placement = { 0 };
      g_autofree float *got = NULL;

      g_test_message ("%s", backend->klass->state_describe (backend, state));
      backend->klass->state_place (backend, state, &placement);
      g_free (placement.gpus);
      g_assert_cmpstr (backend->klass->state_describe (backend, state), ==, cases[i].description);
      g_assert_cmpuint (placement.n_gpu_layers, ==, cases[i].n_layers);
      g_assert_cmpuint (placement.n_expert_layers, ==, cases[i].n_experts);
      g_assert_false (backend->klass->has_room (backend, plan, N_TOKENS, SOTTO_KV_F32));
      got = evaluate (backend, plan, state);
      assert_near (expected, got, plan->n_output);
    }
}

/* Stored by one state of such a placement, loaded by another, which goes on as the first one does. */
static void
test_experts_stored (void)
{
  g_auto (Mixture) mixture = { { 0 } };
  const SottoPlan *plan = &mixture.plan;
  g_autoptr (SottoBackend) backend = NULL;
  g_autofree guint8 *bytes = NULL;
  SottoState *states[2];
  gsize n_bytes;

  mixture_init (&mixture);
  backend = open_lacking (plan, 2.5);
  for (guint i = 0; i < 2; i++)
    {
      /* Only one has the room. */
      cuda_plain.memory += i * cuda_plain.used;
      states[i] = new_state (backend, plan, NULL);
      g_assert_cmpstr (backend->klass->state_describe (backend, states[i]), ==,
                       "cpu-reference (layers 1-1, experts of layers 2-2), plain (layers 2-2)");
    }
  g_assert_cmpuint (backend->klass->state_form (backend, states[0]), ==,
                    backend->klass->state_form (backend, states[1]));
  g_assert_true (run (backend, states[0], 0, N_FIRST, NULL));
  n_bytes = backend->klass->state_bytes (backend, states[0], N_FIRST);
  /* Keys and values of both layers, wherever these are. */
  g_assert_cmpuint (n_bytes, >=, LAYERS * N_FIRST * 2 * HEADS * HEAD * sizeof (float));
  bytes = g_malloc (n_bytes);
  backend->klass->state_store (backend, states[0], N_FIRST, bytes, NULL);
  backend->klass->state_load (backend, states[1], N_FIRST, bytes, NULL);
  g_assert_true (backend->klass->state_serves (backend, states[1], N_FIRST));
  for (guint i = N_FIRST; i < N_TOKENS; i++)
    for (guint k = 0; k < 2; k++)
      g_assert_true (run (backend, states[k], i, 1, NULL));
  g_assert_cmpmem (backend->klass->get_output (backend, states[0]), plan->n_output * sizeof (float),
                   backend->klass->get_output (backend, states[1]), plan->n_output * sizeof (float));
  for (guint i = 0; i < 2; i++)
    backend->klass->state_free (backend, states[i]);
}

/* In whichever stretch of a token the device is lost, it is an error, and the next state does without. */
static void
test_experts_lost (void)
{
  g_auto (Mixture) mixture = { { 0 } };
  const SottoPlan *plan = &mixture.plan;
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  g_autofree float *expected = NULL;
  guint n_token;

  mixture_init (&mixture);
  expected = evaluate (cpu, plan, new_state (cpu, plan, NULL));
  {
    g_autoptr (SottoBackend) backend = open_lacking (plan, 1.5);
    SottoState *state = new_state (backend, plan, NULL);

    g_assert_true (run (backend, state, 0, N_FIRST, NULL));
    n_token = cuda_plain.n_operations;
    g_assert_true (run (backend, state, N_FIRST, 1, NULL));
    n_token = cuda_plain.n_operations - n_token;
    backend->klass->state_free (backend, state);
  }
  for (guint at = 1; at <= n_token; at += n_token / 5)
    {
      g_autoptr (SottoBackend) backend = open_lacking (plan, 1.5);
      SottoState *state = new_state (backend, plan, NULL);
      g_autoptr (GError) error = NULL;
      g_autofree float *got = NULL;

      g_assert_true (run (backend, state, 0, N_FIRST, NULL));
      cuda_plain.fail_at = cuda_plain.n_operations + at;
      g_assert_false (run (backend, state, N_FIRST, 1, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
      g_assert_false (backend->klass->state_serves (backend, state, N_FIRST + 1));
      backend->klass->state_free (backend, state);

      state = new_state (backend, plan, NULL);
      g_assert_cmpstr (backend->klass->state_describe (backend, state), ==, "cpu-reference");
      got = evaluate (backend, plan, state);
      assert_near (expected, got, plan->n_output);
    }
}

/* Between two stretches of a token and of a prompt; what was there before still is, and goes on. */
static void
test_experts_cancelled (void)
{
  g_auto (Mixture) mixture = { { 0 } };
  const SottoPlan *plan = &mixture.plan;
  g_autoptr (SottoBackend) backend = NULL;
  g_autofree float *expected = NULL;
  g_autoptr (GError) error = NULL;
  SottoState *state;

  mixture_init (&mixture);
  backend = open_lacking (plan, 1.5);
  expected = evaluate (backend, plan, new_state (backend, plan, NULL));
  state = new_state (backend, plan, NULL);
  for (guint position = 0; position <= N_FIRST; position += N_FIRST)
    {
      g_autoptr (SottoCancel) cancel = sotto_cancel_new ();

      g_assert_true (position == 0 || run (backend, state, 0, position, NULL));
      /* The first upload is of the tokens; with the second the rows of the first layer come back. */
      interception.cancel = cancel;
      interception.at = 2;
      g_assert_false (run_until (backend, state, position, position == 0 ? N_FIRST : 1, cancel, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_cmpuint (interception.at, ==, 0);
      g_assert_true (backend->klass->state_serves (backend, state, position));
      g_assert_false (backend->klass->state_serves (backend, state, position + 1));
    }
  {
    gsize n_bytes = plan->n_output * sizeof (float);

    for (guint i = N_FIRST; i < N_TOKENS; i++)
      g_assert_true (run (backend, state, i, 1, NULL));
    g_assert_cmpmem (expected, n_bytes, backend->klass->get_output (backend, state), n_bytes);
  }
  backend->klass->state_free (backend, state);
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
  g_test_add_func ("/cuda-split/experts", test_experts);
  g_test_add_func ("/cuda-split/experts/stored", test_experts_stored);
  g_test_add_func ("/cuda-split/experts/lost", test_experts_lost);
  g_test_add_func ("/cuda-split/experts/cancelled", test_experts_cancelled);
  return g_test_run ();
}
