#include "cuda-models.h"

#include "cuda/backend-device.h"
#include "cuda/split-state.h"
#include "plan-run.h"
#include "random-plan.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

enum { N_TOKENS = 41, N_FAMILY = 16, N_REAL = 12 };

/* How far outputs may be off, of the highest: products of a few rows read 15 bits where weights are integers and floats
 * where they are floats; products of many rows read halves. */
#define NEAR_FEW 5e-4
#define NEAR_FLOATS 1e-4
#define NEAR_MANY 5e-3

/* Some models make whatever is off larger: of many rows they may be off by so many times what they are of a few, since a
 * half has 13 bits fewer than a float, up to a limit. */
#define HALVES_LACK 8192.0
#define FURTHEST 5e-2

/* Of tokens for which no model has two experts so nearly alike that halves choose the other one. */
#define SEED 4
/* And tokens for which one has, whose logits only a router of floats tells apart. */
#define ALIKE_SEED 3

/* With keys and values rounded, by how much the device may be further off than the CPU with the same type. */
#define NO_FURTHER 1.25
#define NEAR_ROUNDED 1e-5

/* The largest of Qwen 2.5's, beside the one that random plans have. */
#define ENLARGED 300.0f

/* Between them these have every kind of step and most of what steps can have. */
static const char *const quick_families[] = { "llama.gguf", "qwen2.gguf", "gemma3.gguf", "gemma3n.gguf", "gemma4.gguf", "qwen35moe.gguf", "lfm2.gguf", "granitehybrid.gguf",
  "nemotron-h-moe.gguf", "falcon-h1.gguf",   "deepseek2-v3.gguf", "gpt-oss-mxfp4.gguf", "phi3-longrope.gguf", "mpt.gguf", "nomic-bert.gguf" };

/* These have experts in all the ways in which they stand among other steps. */
static const char *const expert_families[] = { "qwen3moe.gguf", "qwen35moe.gguf", "gemma4-moe.gguf", "deepseek2-v3.gguf" };

typedef struct {
  char *path;              /* of the module */
  char *subject;           /* a random plan's name, or a model's path */
  void (*run) (const SottoCudaModule *module, const char *subject);
} Test;

static void
test_free (gpointer data)
{
  Test *self = data;

  g_free (self->path);
  g_free (self->subject);
  g_free (self);
}

/* --- Evaluating --- */

/* Of the emulation: threads in the other order, and a device without tensor cores. */
#define REVERSE "SOTTO_CUDA_EMULATION_ORDER", "reverse"
#define PLAINLY "SOTTO_CUDA_EMULATION_ARCHITECTURE", "61"

/* @variable: (nullable): has this value when the device is opened, which is when it is read */
static SottoBackend *
open_device (const SottoCudaModule *module, const char *variable, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  SottoBackend *backend;

  if (variable != NULL)
    {
      before = g_strdup (g_getenv (variable));
      g_setenv (variable, value, TRUE);
    }
  backend = sotto_backend_new_device (module, 0, "device", &error);
  if (variable != NULL && before != NULL)
    g_setenv (variable, before, TRUE);
  else if (variable != NULL)
    g_unsetenv (variable);
  g_assert_no_error (error);
  return backend;
}

/* A sequence, and in which batches it comes. */
typedef struct {
  const SottoPlan *plan;
  const gint32 *tokens;
  guint n_tokens;
  guint first;             /* tokens of the first batch; those of further ones: */
  guint n_batch;
  SottoKvType type;
} Sequence;

static gsize
count_outputs (const Sequence *self)
{
  return (gsize) (self->plan->whole_sequence ? 1 : self->n_tokens) * self->plan->n_output;
}

/* Outputs of all tokens; of a whole sequence one. */
static float *
evaluate (SottoBackend *backend, const Sequence *self)
{
  const SottoPlan *plan = self->plan;
  g_autoptr (GError) error = NULL;
  float *output = g_new (float, count_outputs (self));
  SottoState *state = backend->klass->state_new (backend, plan, self->n_tokens, self->type, NULL, &error);

  g_assert_no_error (error);
  for (guint done = 0, n; done < self->n_tokens; done += n)
    {
      SottoBatch batch = { .tokens = self->tokens + done, .position = done };
      gboolean is_whole = plan->whole_sequence;

      n = is_whole ? self->n_tokens : MIN (done == 0 ? self->first : self->n_batch, self->n_tokens - done);
      batch.n_tokens = n;
      batch.all_logits = !is_whole && n > 1;
      backend->klass->run (backend, state, &batch, NULL, &error);
      g_assert_no_error (error);
      memcpy (output + (is_whole ? 0 : (gsize) done * plan->n_output), backend->klass->get_output (backend, state),
              (is_whole ? 1 : n) * (gsize) plan->n_output * sizeof *output);
    }
  backend->klass->state_free (backend, state);
  return output;
}

static gint32 *
random_tokens (guint32 seed, guint n, guint n_vocabulary)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  gint32 *tokens = g_new (gint32, n);

  for (guint i = 0; i < n; i++)
    tokens[i] = g_rand_int_range (rand, 0, (gint32) n_vocabulary);
  return tokens;
}

/* Returns: how far it is off */
static double
assert_near (const char *how, const double *expected, const float *got, gsize n, double bound)
{
  double worst = 0, highest = 1e-3;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (got[i]));
      worst = MAX (worst, fabs (expected[i] - (double) got[i]));
      highest = MAX (highest, fabs (expected[i]));
    }
  g_test_message ("%s: off by %.2e of the highest", how, worst / highest);
  if (!(worst / highest < bound))
    g_test_fail_printf ("%s: off by %.2e of the highest, above %.2e", how, worst / highest, bound);
  return worst / highest;
}

static void
assert_same (const char *how, const float *one, const float *other, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (memcmp (one + i, other + i, sizeof *one) != 0)
      {
        g_test_fail_printf ("%s: output %" G_GSIZE_FORMAT " is %.9g, not %.9g", how, i, (double) other[i],
                            (double) one[i]);
        return;
      }
}

/* --- Random plans --- */

/* A few rows give the same bits in whatever batches; and all do, whichever thread comes first. */
static void
check_plan (const SottoCudaModule *module, const RandomPlan *random, guint n_tokens, double near_few)
{
  const SottoPlan *plan = &random->program.plan;
  g_autofree gint32 *tokens = random_tokens (SEED, n_tokens, RANDOM_PLAN_VOCABULARY);
  g_autofree double *expected = plan_run (&random->program, tokens, n_tokens);
  Sequence sequence = { plan, tokens, n_tokens, n_tokens, n_tokens, SOTTO_KV_F32 };
  gboolean is_few = n_tokens <= SOTTO_CUDA_FEW;
  g_autoptr (SottoBackend) backend = open_device (module, NULL, NULL);
  g_autofree float *whole = evaluate (backend, &sequence);
  g_autofree float *turned = NULL;
  g_autofree float *ones = NULL, *eights = NULL;
  gsize n = count_outputs (&sequence);

  assert_near ("all at once", expected, whole, n, is_few ? near_few : NEAR_MANY);
  {
    g_autoptr (SottoBackend) plain = open_device (module, PLAINLY);
    g_autofree float *other = evaluate (plain, &sequence);

    assert_near ("all at once without tensor cores", expected, other, n, is_few ? near_few : NEAR_MANY);
  }
  {
    g_autoptr (SottoBackend) reverse = open_device (module, REVERSE);

    turned = evaluate (reverse, &sequence);
    assert_same ("threads in reverse", whole, turned, n);
  }
  if (plan->whole_sequence)
    return;

  sequence.first = sequence.n_batch = 1;
  ones = evaluate (backend, &sequence);
  assert_near ("one by one", expected, ones, n, near_few);
  sequence.first = 5;
  sequence.n_batch = SOTTO_CUDA_FEW;
  eights = evaluate (backend, &sequence);
  assert_same ("eight by eight", ones, eights, n);
}

static void
test_plan (const SottoCudaModule *module, const char *name)
{
  g_autoptr (RandomPlan) quantised = random_plan_new (name, SOTTO_BLOCK_Q8_0);
  g_autoptr (RandomPlan) floats = random_plan_new (name, SOTTO_BLOCK_F32);

  check_plan (module, quantised, N_TOKENS, NEAR_FEW);
  check_plan (module, floats, SOTTO_CUDA_FEW, NEAR_FLOATS);
}

static double
measure_off (const double *expected, const float *got, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (expected[i] - (double) got[i]) * (expected[i] - (double) got[i]);
  return sqrt (sum / (double) n);
}

/* The device's rounded keys and values cost no more than the CPU's. */
static void
check_kv (const SottoCudaModule *module, const RandomPlan *random)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_Q8_0, SOTTO_KV_Q4_0 };
  const SottoPlan *plan = &random->program.plan;
  guint n_tokens = plan->whole_sequence ? SOTTO_CUDA_FEW : N_TOKENS;
  g_autofree gint32 *tokens = random_tokens (SEED, n_tokens, RANDOM_PLAN_VOCABULARY);
  g_autofree double *expected = plan_run (&random->program, tokens, n_tokens);
  Sequence sequence = { plan, tokens, n_tokens, SOTTO_CUDA_FEW, SOTTO_CUDA_FEW, SOTTO_KV_F32 };
  g_autoptr (SottoBackend) backend = open_device (module, NULL, NULL);
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  gsize n = count_outputs (&sequence);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree float *got = NULL, *of_cpu = NULL;
      double off, off_cpu;

      sequence.type = types[i];
      got = evaluate (backend, &sequence);
      of_cpu = evaluate (cpu, &sequence);
      off = measure_off (expected, got, n);
      off_cpu = measure_off (expected, of_cpu, n);
      g_test_message ("type %u: %.2e off, the CPU %.2e", types[i], off, off_cpu);
      if (!(off < NO_FURTHER * off_cpu + NEAR_ROUNDED))
        g_test_fail_printf ("type %u: %.2e off, the CPU %.2e", types[i], off, off_cpu);
    }
}

static void
test_kv (const SottoCudaModule *module, const char *name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_F32);

  check_kv (module, random);
}

/* Keys with a bias as large as Qwen 2.5's. */
static void
test_key_bias (const SottoCudaModule *module, const char *name)
{
  g_autoptr (RandomPlan) random = random_plan_new (name, SOTTO_BLOCK_F32);
  guint n_enlarged = 0;

  for (guint i = 0; i < random->steps->len; i++)
    {
      const SottoStep *step = &g_array_index (random->steps, SottoStep, i);

      if (step->kind != SOTTO_STEP_QKV || step->qkv.key.bias == NULL)
        continue;
      for (guint k = 0; k < step->qkv.key.n_rows; k++)
        ((float *) step->qkv.key.bias)[k] *= ENLARGED;
      n_enlarged++;
    }
  g_assert_cmpuint (n_enlarged, >, 0);
  check_kv (module, random);
}

/* --- Models --- */

static SottoProgram *
open_program (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  SottoProgram *program;

  g_assert_no_error (error);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  return program;
}

/* A prefill of a few rows and decoding that is recorded; the same whichever thread comes first; a prefill of many. */
static void
test_family (const SottoCudaModule *module, const char *path)
{
  g_autoptr (SottoProgram) program = open_program (path);
  const SottoPlan *plan = &program->plan;
  g_autofree gint32 *tokens = random_tokens (SEED, N_FAMILY, plan->n_vocabulary);
  g_autofree double *expected = plan_run (program, tokens, N_FAMILY);
  Sequence sequence = { plan, tokens, N_FAMILY, 7, 1, SOTTO_KV_F32 };
  g_autoptr (SottoBackend) backend = open_device (module, NULL, NULL);
  g_autofree float *one = evaluate (backend, &sequence);
  g_autofree float *many = NULL;
  gsize n = count_outputs (&sequence);
  double bound = NEAR_MANY;

  {
    g_autoptr (SottoBackend) reverse = open_device (module, REVERSE);
    g_autofree float *other = evaluate (reverse, &sequence);

    assert_same ("threads in reverse", one, other, n);
  }
  if (!plan->whole_sequence)
    {
      double off = assert_near ("few rows", expected, one, n, strstr (path, "mxfp4") != NULL ? NEAR_FEW : NEAR_FLOATS);

      bound = CLAMP (HALVES_LACK * off, NEAR_MANY, FURTHEST);
    }
  sequence.first = N_FAMILY;
  many = evaluate (backend, &sequence);
  assert_near ("many rows", expected, many, n, bound);
}

/* Of this model's experts two are nearly alike for these tokens: a router of halves would choose the other one. */
static void
test_router (const SottoCudaModule *module, const char *path)
{
  g_autoptr (SottoProgram) program = open_program (path);
  g_autofree gint32 *tokens = random_tokens (ALIKE_SEED, N_FAMILY, program->plan.n_vocabulary);
  g_autofree double *expected = plan_run (program, tokens, N_FAMILY);
  Sequence sequence = { &program->plan, tokens, N_FAMILY, N_FAMILY, 1, SOTTO_KV_F32 };
  g_autoptr (SottoBackend) backend = open_device (module, NULL, NULL);
  g_autofree float *many = evaluate (backend, &sequence);

  assert_near ("many rows", expected, many, count_outputs (&sequence), NEAR_MANY);
}

/* As evaluate(), on a device without the experts, which are the CPU's. */
static float *
evaluate_split (SottoBackend *device, SottoBackend *cpu, const Sequence *self)
{
  const SottoPlan *plan = self->plan;
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autofree guint *where = g_new (guint, pieces->len);
  SottoSplit split = { plan, pieces, where, cpu, &device };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoSplitState) state = NULL;
  float *output = g_new (float, count_outputs (self));

  for (guint i = 0; i < pieces->len; i++)
    where[i] = g_array_index (pieces, SottoPlanPiece, i).is_experts ? G_MAXUINT : 0;
  state = sotto_split_state_new (&split, self->n_tokens, self->type, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%s", state->description);
  g_assert_nonnull (strstr (state->description, "experts of layers"));
  for (guint done = 0, n; done < self->n_tokens; done += n)
    {
      SottoBatch batch = { .tokens = self->tokens + done, .position = done };

      n = batch.n_tokens = MIN (done == 0 ? self->first : self->n_batch, self->n_tokens - done);
      batch.all_logits = n > 1;
      sotto_split_state_run (state, &batch, NULL, &error);
      g_assert_no_error (error);
      memcpy (output + (gsize) done * plan->n_output, sotto_split_state_get_output (state),
              n * (gsize) plan->n_output * sizeof *output);
    }
  return output;
}

/* A GPU that has no room for experts: a prefill of a few rows and decoding that is recorded stretch by stretch, the same
 * in reverse; a prefill of many. */
static void
test_experts (const SottoCudaModule *module, const char *path)
{
  g_autoptr (SottoProgram) program = open_program (path);
  g_autofree gint32 *tokens = random_tokens (SEED, N_FAMILY, program->plan.n_vocabulary);
  g_autofree double *expected = plan_run (program, tokens, N_FAMILY);
  Sequence sequence = { &program->plan, tokens, N_FAMILY, 7, 1, SOTTO_KV_F32 };
  g_autoptr (SottoBackend) cpu = sotto_backend_new_cpu (2, "reference", NULL);
  g_autoptr (SottoBackend) device = open_device (module, NULL, NULL);
  g_autoptr (SottoBackend) reverse = open_device (module, REVERSE);
  g_autofree float *one = evaluate_split (device, cpu, &sequence);
  g_autofree float *other = evaluate_split (reverse, cpu, &sequence);
  g_autofree float *many = NULL;
  gsize n = count_outputs (&sequence);
  double off = assert_near ("few rows", expected, one, n, NEAR_FLOATS);

  assert_same ("threads in reverse", one, other, n);
  sequence.first = N_FAMILY;
  many = evaluate_split (device, cpu, &sequence);
  assert_near ("many rows", expected, many, n, CLAMP (HALVES_LACK * off, NEAR_MANY, FURTHEST));
}

/* Of a real model the CPU's plain tier stands for what is right. */
static void
test_real (const SottoCudaModule *module, const char *path)
{
  g_autoptr (SottoProgram) program = NULL;
  g_autofree gint32 *tokens = NULL;
  g_autoptr (SottoBackend) backend = NULL, cpu = NULL;
  g_autofree float *of_cpu = NULL, *few = NULL, *many = NULL;
  g_autofree double *expected = NULL;
  Sequence sequence;
  gsize n;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no such model on this machine");
      return;
    }
  program = open_program (path);
  tokens = random_tokens (SEED, N_REAL, program->plan.n_vocabulary);
  sequence = (Sequence) { &program->plan, tokens, N_REAL, 6, 1, SOTTO_KV_F16 };
  n = count_outputs (&sequence);
  cpu = sotto_backend_new_cpu (2, "reference", NULL);
  of_cpu = evaluate (cpu, &sequence);
  expected = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    expected[i] = (double) of_cpu[i];

  backend = open_device (module, NULL, NULL);
  few = evaluate (backend, &sequence);
  assert_near ("few rows", expected, few, n, NEAR_MANY / 2);
  sequence.first = N_REAL;
  many = evaluate (backend, &sequence);
  assert_near ("many rows", expected, many, n, NEAR_MANY);
}

/* --- Modules --- */

static void
run (gconstpointer data)
{
  const Test *test = data;
  void *handle = dlopen (test->path, RTLD_NOW | RTLD_LOCAL);
  SottoCudaModuleGet get = NULL;
  gpointer found = handle != NULL ? dlsym (handle, SOTTO_CUDA_MODULE_GET) : NULL;
  SottoCudaDeviceInfo info;
  char message[256] = "";
  guint n = 0;

  if (found == NULL)
    {
      g_test_fail_printf ("%s", dlerror ());
      return;
    }
  /* POSIX promises that what dlsym finds can be called; ISO C knows no such cast. */
  memcpy (&get, &found, sizeof get);
  if (!get ()->list (&info, 1, &n, message) || n == 0)
    {
      g_test_skip (message[0] == '\0' ? "there is no GPU" : message);
      return;
    }
  test->run (get (), test->subject);
}

static void
add (const char *module, const char *kind, const char *name, const char *subject,
     void (*function) (const SottoCudaModule *module, const char *subject))
{
  g_autofree char *base = g_path_get_basename (module);
  g_autofree char *path = g_strdup_printf ("/%.*s/%s/%s", (int) strlen (base) - 3, base, kind, name);
  Test *test = g_new (Test, 1);

  *test = (Test) { g_strdup (module), g_strdup (subject), function };
  g_test_add_data_func_full (path, test, run, test_free);
}

static void
add_families (const char *module, gboolean all)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "engine", "families", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      gboolean is_quick = FALSE;
      g_autofree char *path = g_build_filename (folder, name, NULL);

      for (guint i = 0; i < G_N_ELEMENTS (quick_families); i++)
        is_quick = is_quick || g_str_equal (name, quick_families[i]);
      if (g_str_has_suffix (name, ".gguf") && is_quick != all)
        add (module, "family", name, path, test_family);
    }
}

static void
add_module (const char *module, gboolean all)
{
  g_autofree char *real = g_build_filename (g_get_user_data_dir (), "sotto", "models",
                                            "SmolLM2-135M-Instruct.Q4_1.gguf", NULL);

  g_autofree char *alike = g_test_build_filename (G_TEST_DIST, "engine", "families", "glm4-flash.gguf", NULL);

  add_families (module, all);
  if (all)
    {
      add (module, "real", "smollm2", real, test_real);
      return;
    }
  for (const char *const *plan = random_plan_names; *plan != NULL; plan++)
    {
      add (module, "plan", *plan, *plan, test_plan);
      add (module, "kv", *plan, *plan, test_kv);
    }
  for (guint i = 0; i < G_N_ELEMENTS (expert_families); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", expert_families[i], NULL);

      add (module, "experts", expert_families[i], path, test_experts);
    }
  add (module, "family", "router", alike, test_router);
  add (module, "kv", "key-bias", "grouped", test_key_bias);
}

void
cuda_models_add (int argc, char **argv, gboolean all)
{
  for (int i = 1; i < argc; i++)
    if (g_str_has_suffix (argv[i], ".so"))
      add_module (argv[i], all);
}
