/* Plans that no kernel does are found out before they are placed: they go to the CPU, or are refused in words where a GPU is
 * demanded. A launch that is refused nonetheless fails a run, and the device goes on. Working memory does for any batch, and
 * attention that would take too long at once is cut. */

#include "cuda/backend-cuda.h"
#include "cuda/backend-device.h"
#include "cuda/device-state.h"
#include "random-plan.h"
#include "sotto-error.h"
#include "sotto-placement.h"

#include <string.h>

enum { N_CONTEXT = 41, N_TOKENS = 12 };

/* --- Plans that are too much --- */

static SottoStep *
find_step (RandomPlan *self, SottoStepKind kind)
{
  for (guint i = 0; i < self->steps->len; i++)
    if (g_array_index (self->steps, SottoStep, i).kind == kind)
      return &g_array_index (self->steps, SottoStep, i);
  g_assert_not_reached ();
}

/* One past what attention keeps in registers. */
static void
lengthen_keys (RandomPlan *self)
{
  g_array_index (self->caches, SottoCacheShape, 0).n_key = 1056;
  find_step (self, SOTTO_STEP_QKV)->qkv.n_key = 1056;
  find_step (self, SOTTO_STEP_QKV)->qkv.query_stride = 1056;
}

static void
lengthen_values (RandomPlan *self)
{
  g_array_index (self->caches, SottoCacheShape, 0).n_value = 1056;
}

/* More than a grid has in its second direction. */
static void
multiply_heads (RandomPlan *self)
{
  g_array_index (self->caches, SottoCacheShape, 0).n_heads = 66000;
  find_step (self, SOTTO_STEP_ATTEND)->attend.n_heads = 66000;
}

static void
lengthen_rope (RandomPlan *self)
{
  SottoRope *rope = g_memdup2 (find_step (self, SOTTO_STEP_QKV)->qkv.rope, sizeof *rope);

  g_ptr_array_add (self->memory, rope);
  rope->n_pairs = 40000;
  find_step (self, SOTTO_STEP_QKV)->qkv.rope = rope;
}

static void
lengthen_delta (RandomPlan *self)
{
  find_step (self, SOTTO_STEP_DELTA)->delta.n_key = 288;
}

static void
lengthen_scan (RandomPlan *self)
{
  find_step (self, SOTTO_STEP_SCAN)->scan.n_key = 288;
}

static void
multiply_experts (RandomPlan *self)
{
  find_step (self, SOTTO_STEP_EXPERTS)->experts.n_experts = 1056;
}

static void
leave (RandomPlan *self G_GNUC_UNUSED)
{
}

typedef struct {
  const char *name;
  const char *plan;
  void (*change) (RandomPlan *self);
  guint n_context;
  const char *words;       /* in what the device says */
} Case;

static const Case cases[] = {
  { "keys", "grouped", lengthen_keys, N_CONTEXT, "attention" },
  { "values", "grouped", lengthen_values, N_CONTEXT, "attention" },
  { "heads", "grouped", multiply_heads, 2, "no launch has" },
  { "rope", "grouped", lengthen_rope, N_CONTEXT, "heads are too long" },
  { "delta", "delta", lengthen_delta, N_CONTEXT, "delta rule" },
  { "scan", "scan", lengthen_scan, N_CONTEXT, "too large for the scan" },
  { "experts", "experts", multiply_experts, N_CONTEXT, "too many experts" },
  { "rows", "embedding", leave, 70000, "no launch has" },
};

/* --- Asking --- */

static SottoCudaLibrary *
open_library (void)
{
  g_autoptr (GError) error = NULL;
  SottoCudaLibrary *library = sotto_cuda_library_open (&error);

  g_assert_no_error (error);
  return library;
}

static SottoBackend *
open_device (const SottoCudaLibrary *library)
{
  g_autoptr (GError) error = NULL;
  SottoBackend *backend = sotto_backend_new_device (library->module, 0, "device", &error);

  g_assert_no_error (error);
  return backend;
}

static void
test_refused (gconstpointer data)
{
  const Case *of = data;
  g_autoptr (SottoCudaLibrary) library = open_library ();
  g_autoptr (SottoBackend) device = open_device (library);
  g_autoptr (RandomPlan) random = random_plan_new (of->plan, SOTTO_BLOCK_Q8_0);
  g_autofree char *before = NULL;
  g_autofree char *refusal = NULL;

  before = sotto_backend_device_rehearse (device, &random->program.plan, 2, SOTTO_KV_F16);
  g_assert_cmpstr (before, ==, NULL);
  of->change (random);
  refusal = sotto_backend_device_rehearse (device, &random->program.plan, of->n_context, SOTTO_KV_F16);
  g_test_message ("%s", refusal);
  g_assert_nonnull (refusal);
  g_assert_nonnull (strstr (refusal, of->words));
  g_assert_false (sotto_backend_device_is_lost (device));
}

/* What does run is not refused, on the oldest of devices either. */
static void
test_taken (void)
{
  static const char *const architectures[] = { "61", "75", "90" };

  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      g_autoptr (SottoCudaLibrary) library = open_library ();
      g_autoptr (SottoBackend) device = NULL;

      g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", architectures[i], TRUE);
      device = open_device (library);
      g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
      for (const char *const *name = random_plan_names; *name != NULL; name++)
        for (SottoKvType type = SOTTO_KV_F16; type <= SOTTO_KV_Q4_0; type++)
          {
            g_autoptr (RandomPlan) random = random_plan_new (*name, SOTTO_BLOCK_Q8_0);
            g_autofree char *refusal = sotto_backend_device_rehearse (device, &random->program.plan, N_CONTEXT, type);

            g_assert_cmpstr (refusal, ==, NULL);
          }
    }
}

/* Working memory that was measured for most rows and positions does for fewer of both, whose attention is cut otherwise. */
static void
test_room (void)
{
  enum { LONGEST = 2816, SHORTER = 256 };
  static const guint n_heads[][2] = { { 6, 2 }, { 32, 8 }, { 16, 16 }, { 16, 1 } };
  g_autoptr (SottoCudaLibrary) library = open_library ();

  for (guint i = 0; i < G_N_ELEMENTS (n_heads); i++)
    for (SottoKvType type = SOTTO_KV_F16; type <= SOTTO_KV_F32; type++)
      {
        g_autoptr (RandomPlan) random = random_plan_new ("grouped", SOTTO_BLOCK_F32);
        const SottoPlan *plan = &random->program.plan;
        g_autofree SottoCudaCache *caches = NULL;
        SottoCudaScratch most, scratch;

        g_array_index (random->caches, SottoCacheShape, 0).n_heads = n_heads[i][1];
        find_step (random, SOTTO_STEP_ATTEND)->attend.n_heads = n_heads[i][0];
        caches = sotto_cuda_caches_describe (plan, LONGEST, type);
        sotto_cuda_scratch_measure (library->module, plan, plan->steps, caches, LONGEST, SOTTO_MAX_BATCH, 1, &most);
        for (guint rows = 1; rows <= SOTTO_MAX_BATCH; rows += rows < 32 ? 1 : 31)
          for (guint positions = SHORTER; positions <= LONGEST; positions += SHORTER)
            {
              sotto_cuda_scratch_measure (library->module, plan, plan->steps, caches, positions, rows, 1, &scratch);
              for (guint piece = 0; piece < SOTTO_N_ROWS; piece++)
                g_assert_cmpuint (scratch.bytes[piece], <=, most.bytes[piece]);
            }
      }
}

/* --- Placing --- */

static SottoBackend *
open_backend (SottoGpuUse use, gint n_layers)
{
  g_autoptr (GError) error = NULL;
  SottoBackend *cpu = sotto_backend_new_cpu (2, "reference", NULL);
  SottoBackend *backend = sotto_backend_new_cuda_of (cpu, open_library (), n_layers, &error);

  g_assert_no_error (error);
  sotto_backend_cuda_set_use (backend, use, n_layers);
  return backend;
}

static void
test_placed (gconstpointer data)
{
  static const struct {
    SottoGpuUse use;
    gint n_layers;
    gboolean is_refused;
  } wishes[] = { { SOTTO_GPU_AUTOMATIC, -1, FALSE },
                 { SOTTO_GPU_NEVER, -1, FALSE },
                 { SOTTO_GPU_ALWAYS, -1, TRUE },
                 { SOTTO_GPU_ALWAYS, 1, TRUE },
                 { SOTTO_GPU_AUTOMATIC, 1, TRUE } };
  const Case *of = data;
  g_autoptr (RandomPlan) random = random_plan_new (of->plan, SOTTO_BLOCK_F32);
  const SottoPlan *plan = &random->program.plan;

  of->change (random);
  for (guint i = 0; i < G_N_ELEMENTS (wishes); i++)
    {
      g_autoptr (SottoBackend) backend = open_backend (wishes[i].use, wishes[i].n_layers);
      g_autoptr (SottoPlacement) placement = g_new0 (SottoPlacement, 1);
      g_autoptr (GError) error = NULL;
      SottoState *state;

      g_test_message ("wish %u", i);
      g_assert_true (backend->klass->has_room (backend, plan, of->n_context, SOTTO_KV_F16));
      state = backend->klass->state_new (backend, plan, of->n_context, SOTTO_KV_F16, NULL, &error);
      if (wishes[i].is_refused)
        {
          g_assert_null (state);
          g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
          g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "model");
          g_assert_nonnull (strstr (error->message, of->words));
          g_assert_nonnull (strstr (error->message, "CPU"));
          continue;
        }
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (backend->klass->state_describe (backend, state), "cpu"));
      backend->klass->state_place (backend, state, placement);
      g_assert_null (placement->gpus);
      if (wishes[i].use == SOTTO_GPU_NEVER)
        g_assert_no_error (placement->reason);
      else
        g_assert_error (placement->reason, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
      backend->klass->state_free (backend, state);
    }
}

/* --- Nonetheless --- */

static gboolean
run (SottoBackend *backend, SottoState *state, guint position, guint n_tokens, GError **error)
{
  gint32 tokens[N_TOKENS];
  SottoBatch batch = { .tokens = tokens, .n_tokens = n_tokens, .position = position };

  for (gint i = 0; i < N_TOKENS; i++)
    tokens[i] = 7 * i % 23 + 1;
  return backend->klass->run (backend, state, &batch, NULL, error);
}

/* What was never asked for: many rows, and single ones, of which the second is recorded. */
static void
test_launched (void)
{
  g_autoptr (SottoCudaLibrary) library = open_library ();
  g_autoptr (SottoBackend) device = open_device (library);
  g_autoptr (RandomPlan) wrong = random_plan_new ("grouped", SOTTO_BLOCK_Q8_0);
  g_autoptr (RandomPlan) right = random_plan_new ("grouped", SOTTO_BLOCK_Q8_0);
  static const guint batches[] = { N_TOKENS, 1, 1, 1, 1 };
  g_autoptr (GError) error = NULL;
  SottoState *state, *other;

  lengthen_values (wrong);
  state = device->klass->state_new (device, &wrong->program.plan, N_CONTEXT, SOTTO_KV_F16, NULL, &error);
  g_assert_no_error (error);
  other = device->klass->state_new (device, &right->program.plan, N_CONTEXT, SOTTO_KV_F16, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      g_assert_false (run (device, state, 0, batches[i], &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
      g_assert_nonnull (strstr (sotto_engine_error_get_arguments (error)->subject, "attention"));
      g_clear_error (&error);
      g_assert_false (sotto_backend_device_is_lost (device));
      g_assert_true (run (device, other, 0, N_TOKENS, &error));
      g_assert_no_error (error);
    }
  device->klass->state_free (device, state);
  device->klass->state_free (device, other);
}

/* Attention of many rows is the same where it is cut, as it is where a sequence is long. */
static void
test_cut (void)
{
  enum { N_MANY = 200 };
  g_autoptr (SottoCudaLibrary) library = open_library ();
  g_autoptr (SottoBackend) device = open_device (library);
  g_autoptr (RandomPlan) random = random_plan_new ("grouped", SOTTO_BLOCK_Q8_0);
  const SottoPlan *plan = &random->program.plan;
  gsize n_bytes = (gsize) N_MANY * plan->n_output * sizeof (float);
  g_autofree float *expected = NULL;
  gint32 tokens[N_MANY];

  for (gint i = 0; i < N_MANY; i++)
    tokens[i] = 7 * i % 23 + 1;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      SottoBatch batch = { .tokens = tokens, .n_tokens = N_MANY, .all_logits = TRUE };
      SottoState *state = device->klass->state_new (device, plan, N_MANY, SOTTO_KV_F16, NULL, &error);

      g_assert_no_error (error);
      ((SottoCudaState *) state)->attend_most = i;
      device->klass->run (device, state, &batch, NULL, &error);
      g_assert_no_error (error);
      if (i == 0)
        expected = g_memdup2 (device->klass->get_output (device, state), n_bytes);
      else
        g_assert_cmpmem (device->klass->get_output (device, state), n_bytes, expected, n_bytes);
      device->klass->state_free (device, state);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_setenv ("SOTTO_CUDA_MODULE", argv[1], TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *refused = g_strdup_printf ("/cuda-limits/refused/%s", cases[i].name);
      g_autofree char *placed = g_strdup_printf ("/cuda-limits/placed/%s", cases[i].name);

      g_test_add_data_func (refused, &cases[i], test_refused);
      /* The CPU's state of so many rows is large. */
      if (cases[i].n_context <= N_CONTEXT)
        g_test_add_data_func (placed, &cases[i], test_placed);
    }
  g_test_add_func ("/cuda-limits/taken", test_taken);
  g_test_add_func ("/cuda-limits/room", test_room);
  g_test_add_func ("/cuda-limits/launched", test_launched);
  g_test_add_func ("/cuda-limits/cut", test_cut);
  return g_test_run ();
}
