#include "cuda/check.h"

#include "sotto-error.h"

#include <math.h>
#include <string.h>

/* A device that is about to be used carries out a small model first, so that one that computes what is wrong (a driver's fault,
 * ours on an architecture that nobody has tried, memory that is broken) is not asked for replies that nobody can tell from a bad
 * model's.
 *
 * One layer of attention and one of feeding forward, of 64 columns: a prompt's rows, which go by halves and tensor cores; a few
 * rows; a token by itself, a token whose walk is recorded and repeated, and one more repetition; and the choice of the highest
 * logits. Weights are of three types, since products of integers and of floats are different kernels. The output has as many
 * rows as it takes for large squares (multiply-many.cu); they are the same few over and over, so that the CPU has little to do.
 * The context is such that attention is cut into chunks which are put together.
 *
 * A device of 9.0 has a way of its own with many rows (multiply-hopper.cu): two prompts more, of a model that is nothing but an
 * output, of as many columns as it takes for all stages of that, and of so many rows that blocks of either size are used. All rows
 * of a token are the same there.
 *
 * What comes out is held against the CPU's reference tier, far looser than what the tests of kernels hold: a kernel that is wrong
 * is so in the first digit. Not tried: most types of weights, experts, latent attention, delta rules, caches of integers.
 *
 * SOTTO_CUDA_CHECK=0   nothing is tried, and all devices are taken: to find out what is wrong with one
 *
 * Cost: 78 launches, 36 of them of recordings, less than a megabyte up and three down, and some 5 ms of the CPU's; of 9.0 six
 * launches more, two megabytes up and fourteen down, and a ms.
 */

#define N_EMBEDDING 64
#define N_HEADS 4
#define N_HEAD 64
#define N_HIDDEN 256
#define N_TABLE 32
#define N_OUTPUT 128       /* rows of the output that differ */
#define N_CONTEXT 512
#define N_PROMPT 66        /* more than a small square has rows */
#define N_FEW 3
#define N_MANY_COLUMNS 512 /* of the model that is an output */
#define N_MANY 260         /* rows of its prompts */
#define N_LESS 140

/* Of the highest logit of its row. What halves lose is a tenth of that. */
#define TOLERANCE 0.02

enum { EMBED, NORM_1, QKV, ATTEND, ATTENDED, NORM_2, FEED, FED, LOGITS, N_STEPS };
enum { MANY_EMBED, MANY_LOGITS, N_MANY_STEPS };

typedef struct {
  GRand *rand;
  GPtrArray *memory;
  double frequencies[N_HEAD / 2];
  SottoRope rope;
  SottoCacheShape cache;
  SottoStep steps[N_STEPS];
  SottoPlan plan;
} Model;

/* --- The model --- */

static float *
make_floats (Model *self, gsize n, double lowest, double highest)
{
  float *floats = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    floats[i] = (float) g_rand_double_range (self->rand, lowest, highest);
  g_ptr_array_add (self->memory, floats);
  return floats;
}

/* Blocks of bytes, as they come; what scales them is in the first halves. */
static void
fill_blocks (Model *self, SottoBlockType type, guint8 *data, gsize n_blocks)
{
  const SottoBlockInfo *info = sotto_block_info (type);

  for (gsize i = 0; i < n_blocks; i++)
    {
      guint8 *block = data + i * info->n_bytes;
      const guint16 scales[2] = { sotto_float_to_half (type == SOTTO_BLOCK_Q4_K ? 0.001f : 0.002f),
                                  sotto_float_to_half (0.0075f) };

      for (gsize j = 0; j < info->n_bytes; j++)
        block[j] = (guint8) g_rand_int (self->rand);
      memcpy (block, scales, type == SOTTO_BLOCK_Q4_K ? sizeof scales : sizeof scales[0]);
    }
}

/* Of @n_different rows, over and over. */
static SottoWeight
make_weight (Model *self, SottoBlockType type, guint n_rows, guint n_different, guint n_columns)
{
  const SottoBlockInfo *info = sotto_block_info (type);
  SottoWeight weight = { .type = type, .n_columns = n_columns, .n_rows = n_rows, .n_matrices = 1 };
  guint8 *data;

  weight.row_bytes = n_columns / info->n_elements * info->n_bytes;
  weight.matrix_bytes = n_rows * weight.row_bytes;
  data = g_malloc (weight.matrix_bytes);
  g_ptr_array_add (self->memory, data);
  weight.data = data;
  if (type == SOTTO_BLOCK_F16)
    for (gsize i = 0; i < (gsize) n_different * n_columns; i++)
      ((guint16 *) (void *) data)[i] = sotto_float_to_half ((float) g_rand_double_range (self->rand, -0.25, 0.25));
  else
    fill_blocks (self, type, data, (gsize) n_different * n_columns / info->n_elements);
  for (guint row = n_different; row < n_rows; row++)
    memcpy (data + row * weight.row_bytes, data + row % n_different * weight.row_bytes, weight.row_bytes);
  return weight;
}

static SottoWeight
make_rows (Model *self, SottoBlockType type, guint n_rows, guint n_columns)
{
  return make_weight (self, type, n_rows, n_rows, n_columns);
}

static SottoNorm
make_norm (Model *self, guint n)
{
  return (SottoNorm) { SOTTO_NORM_RMS, make_floats (self, n, 0.8, 1.2), NULL, 1e-5f };
}

static void
make_steps (Model *self, guint n_output)
{
  SottoStep *steps = self->steps;
  const SottoBuffer residual = SOTTO_BUFFER_RESIDUAL, normed = SOTTO_BUFFER_NORMED;

  steps[EMBED].kind = SOTTO_STEP_EMBED;
  steps[EMBED].embed.table = make_rows (self, SOTTO_BLOCK_F16, N_TABLE, N_EMBEDDING);
  steps[EMBED].embed.scale = 4.0f;
  steps[NORM_1].kind = steps[NORM_2].kind = SOTTO_STEP_NORM;
  steps[NORM_1].norm = (SottoNormStep) { make_norm (self, N_EMBEDDING), residual, normed };
  steps[NORM_2].norm = (SottoNormStep) { make_norm (self, N_EMBEDDING), residual, normed };
  steps[QKV].kind = SOTTO_STEP_QKV;
  steps[QKV].qkv = (SottoQkvStep) { .from = normed, .n_heads = N_HEADS, .n_key = N_HEAD, .query_stride = N_HEAD,
                                    .query = make_rows (self, SOTTO_BLOCK_Q8_0, N_HEADS * N_HEAD, N_EMBEDDING),
                                    .key = make_rows (self, SOTTO_BLOCK_Q8_0, N_HEAD, N_EMBEDDING),
                                    .value = make_rows (self, SOTTO_BLOCK_F16, N_HEAD, N_EMBEDDING),
                                    .rope = &self->rope };
  steps[ATTEND].kind = SOTTO_STEP_ATTEND;
  steps[ATTEND].attend = (SottoAttendStep) { .n_heads = N_HEADS, .scale = 0.125f, .temperature_span = 1 };
  steps[ATTENDED].kind = steps[FED].kind = SOTTO_STEP_PROJECT;
  steps[ATTENDED].project = (SottoProjectStep) { SOTTO_BUFFER_ATTENDED, residual,
                                                 make_rows (self, SOTTO_BLOCK_Q4_K, N_EMBEDDING, N_HEADS * N_HEAD), 1.0f, TRUE };
  steps[FEED].kind = SOTTO_STEP_FEED;
  steps[FEED].feed = (SottoFeedStep) { .from = normed, .activation = SOTTO_ACTIVATION_SILU,
                                       .gate = make_rows (self, SOTTO_BLOCK_Q8_0, N_HIDDEN, N_EMBEDDING),
                                       .up = make_rows (self, SOTTO_BLOCK_Q8_0, N_HIDDEN, N_EMBEDDING) };
  steps[FED].project = (SottoProjectStep) { SOTTO_BUFFER_HIDDEN, residual,
                                            make_rows (self, SOTTO_BLOCK_Q4_K, N_EMBEDDING, N_HIDDEN), 1.0f, TRUE };
  steps[LOGITS].kind = SOTTO_STEP_LOGITS;
  steps[LOGITS].logits = (SottoLogitsStep) { .norm = make_norm (self, N_EMBEDDING),
                                             .weight = make_weight (self, SOTTO_BLOCK_Q8_0, n_output, N_OUTPUT, N_EMBEDDING),
                                             .scale = 1.0f };
}

static void
model_begin (Model *self)
{
  *self = (Model) { .rand = g_rand_new_with_seed (1), .memory = g_ptr_array_new_with_free_func (g_free),
                    .cache = { 1, N_HEAD, N_HEAD, 0, 0 } };
}

static void
model_init (Model *self, guint n_output)
{
  model_begin (self);
  for (guint i = 0; i < N_HEAD / 2; i++)
    self->frequencies[i] = pow (10000.0, -2.0 * i / N_HEAD);
  self->rope = (SottoRope) { SOTTO_ROPE_NEOX, N_HEAD / 2, 0, self->frequencies, NULL, 1.0f, 1.0f };
  make_steps (self, n_output);
  self->plan = (SottoPlan) { .n_embedding = N_EMBEDDING, .n_vocabulary = N_TABLE, .n_layers = 1, .n_output = n_output,
                             .caches = &self->cache, .n_caches = 1, .steps = self->steps, .n_steps = N_STEPS };
}

/* The one that is nothing but an output. */
static void
model_init_many (Model *self, guint n_output)
{
  SottoStep *steps = self->steps;

  model_begin (self);
  steps[MANY_EMBED].kind = SOTTO_STEP_EMBED;
  steps[MANY_EMBED].embed.table = make_rows (self, SOTTO_BLOCK_F16, N_TABLE, N_MANY_COLUMNS);
  steps[MANY_EMBED].embed.scale = 4.0f;
  steps[MANY_LOGITS].kind = SOTTO_STEP_LOGITS;
  steps[MANY_LOGITS].logits
    = (SottoLogitsStep) { .norm = make_norm (self, N_MANY_COLUMNS),
                          .weight = make_weight (self, SOTTO_BLOCK_Q4_K, n_output, N_OUTPUT, N_MANY_COLUMNS), .scale = 1.0f };
  self->plan = (SottoPlan) { .n_embedding = N_MANY_COLUMNS, .n_vocabulary = N_TABLE, .n_layers = 1, .n_output = n_output,
                             .caches = &self->cache, .n_caches = 1, .steps = steps, .n_steps = N_MANY_STEPS };
}

static void
model_clear (Model *self)
{
  g_ptr_array_unref (self->memory);
  g_rand_free (self->rand);
}

/* The same with no output row twice. */
static SottoPlan
shorten (const Model *self, SottoStep *steps)
{
  SottoPlan plan = self->plan;
  SottoWeight *weight = &steps[plan.n_steps - 1].logits.weight;

  memcpy (steps, self->steps, sizeof self->steps);
  weight->n_rows = N_OUTPUT;
  weight->matrix_bytes = N_OUTPUT * weight->row_bytes;
  plan.n_output = N_OUTPUT;
  plan.steps = steps;
  return plan;
}

/* --- What it leaves --- */

typedef struct {
  SottoBackend *backend;
  SottoState *state;
} Side;

static gboolean
side_init (Side *self, SottoBackend *backend, const SottoPlan *plan, GError **error)
{
  self->backend = backend;
  self->state = backend->klass->state_new (backend, plan, N_CONTEXT, SOTTO_KV_F16, NULL, error);
  return self->state != NULL;
}

static void
side_clear (Side *self)
{
  if (self->state != NULL)
    self->backend->klass->state_free (self->backend, self->state);
}

static const float *
run (Side *self, const SottoBatch *batch, GError **error)
{
  if (!self->backend->klass->run (self->backend, self->state, batch, NULL, error))
    return NULL;
  return self->backend->klass->get_output (self->backend, self->state);
}

static double
find_highest (const float *row, guint n)
{
  double highest = 0.0;

  for (guint i = 0; i < n; i++)
    highest = MAX (highest, fabs ((double) row[i]));
  return highest;
}

/* NaN is near nothing. */
static gboolean
is_near (double got, double right, double highest)
{
  return fabs (got - right) <= TOLERANCE * highest;
}

static gboolean
are_near (const float *got, guint n_output, const float *right, guint n_rows)
{
  for (guint row = 0; row < n_rows; row++)
    {
      const double highest = find_highest (right + row * N_OUTPUT, N_OUTPUT);

      for (guint i = 0; i < n_output; i++)
        if (!is_near ((double) got[(gsize) row * n_output + i], (double) right[row * N_OUTPUT + i % N_OUTPUT], highest))
          return FALSE;
    }
  return TRUE;
}

/* The highest of the first rows of the output, of which none comes twice. */
static gboolean
has_best (Side *self, const float *right, gboolean *is_right, GError **error)
{
  const guint64 mask[N_OUTPUT / 64] = { G_MAXUINT64, G_MAXUINT64 };
  const SottoBestWish wish = { .n_best = 8, .mask = mask, .n_mask_words = G_N_ELEMENTS (mask) };
  const double highest = find_highest (right, N_OUTPUT);
  double most = -INFINITY, found = -INFINITY;
  GError *own = NULL;
  SottoBest best;

  if (!self->backend->klass->select (self->backend, self->state, 0, &wish, &best, &own))
    {
      if (own != NULL)
        g_propagate_error (error, own);
      *is_right = own == NULL;
      return own == NULL;
    }
  *is_right = best.n >= wish.n_best;
  for (guint i = 0; i < best.n && *is_right; i++)
    {
      *is_right = best.ids[i] < N_OUTPUT && is_near ((double) best.logits[i], (double) right[best.ids[i]], highest);
      found = MAX (found, (double) best.logits[i]);
    }
  for (guint i = 0; i < N_OUTPUT; i++)
    most = MAX (most, (double) right[i]);
  *is_right = *is_right && is_near (found, most, highest);
  return TRUE;
}

/* @wrong: (out): which batch's output is; NULL: none. Returns: FALSE where it is not known */
static gboolean
compare (Side *cpu, Side *gpu, guint n_output, const char **wrong, GError **error)
{
  static const struct {
    guint n_tokens;
    const char *name;
  } batches[] = { { N_PROMPT, "a prompt" }, { N_FEW, "a few tokens" }, { 1, "a token" }, { 1, "a recorded token" },
                  { 1, "a repeated token" } };
  gint32 tokens[N_PROMPT];
  guint position = 0;

  *wrong = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      const SottoBatch batch = { .tokens = tokens, .n_tokens = batches[i].n_tokens, .position = position,
                                 .all_logits = batches[i].n_tokens > 1 };
      const float *right, *got;
      gboolean is_right;

      for (guint t = 0; t < batch.n_tokens; t++)
        tokens[t] = (gint32) ((7 * (position + t) + 3) % N_TABLE);
      if ((right = run (cpu, &batch, error)) == NULL || (got = run (gpu, &batch, error)) == NULL)
        return FALSE;
      is_right = are_near (got, n_output, right, batch.n_tokens);
      if (is_right && i + 1 == G_N_ELEMENTS (batches) && !has_best (gpu, right, &is_right, error))
        return FALSE;
      if (!is_right)
        {
          *wrong = batches[i].name;
          return TRUE;
        }
      position += batch.n_tokens;
    }
  return TRUE;
}

/* The same of the model that is an output, of which the CPU computes each token once. */
static gboolean
compare_many (Side *cpu, Side *gpu, guint n_output, const char **wrong, GError **error)
{
  static const guint n_rows[] = { N_MANY, N_LESS };
  gint32 tokens[N_MANY];
  const float *right;
  guint position = 0;

  for (guint t = 0; t < N_MANY; t++)
    tokens[t] = (gint32) (t % N_TABLE);
  right = run (cpu, &(SottoBatch) { .tokens = tokens, .n_tokens = N_TABLE, .all_logits = TRUE }, error);
  for (guint i = 0; i < G_N_ELEMENTS (n_rows) && right != NULL; i++)
    {
      const SottoBatch batch = { .tokens = tokens, .n_tokens = n_rows[i], .position = position, .all_logits = TRUE };
      const float *got = run (gpu, &batch, error);

      if (got == NULL)
        return FALSE;
      for (guint row = 0; row < n_rows[i]; row += N_TABLE)
        if (!are_near (got + (gsize) row * n_output, n_output, right, MIN (N_TABLE, n_rows[i] - row)))
          *wrong = "many rows";
      position += n_rows[i];
    }
  return right != NULL;
}

typedef void (*ModelInit) (Model *self, guint n_output);
typedef gboolean (*Compare) (Side *cpu, Side *gpu, guint n_output, const char **wrong, GError **error);

static gboolean
try_model (SottoBackend              *device,
           const SottoCudaDeviceInfo *info,
           ModelInit                  init,
           Compare                    compare_sides,
           GError                   **error)
{
  /* As many squares of 128 rows as half of the multiprocessors, for as many prompt's rows. */
  const guint n_output = N_OUTPUT * MAX ((info->n_multiprocessors + 1) / 2, 2);
  SottoBackend *backend;
  SottoStep steps[N_STEPS];
  Side cpu = { 0 }, gpu = { 0 };
  GError *own = NULL;
  const char *wrong = NULL;
  SottoPlan plan;
  Model model;

  if (g_strcmp0 (g_getenv ("SOTTO_CUDA_CHECK"), "0") == 0)
    return TRUE;
  backend = sotto_backend_new_cpu (1, "reference", error);
  if (backend == NULL)
    return FALSE;
  init (&model, n_output);
  plan = shorten (&model, steps);
  if (side_init (&cpu, backend, &plan, &own) && side_init (&gpu, device, &model.plan, &own))
    compare_sides (&cpu, &gpu, n_output, &wrong, &own);
  side_clear (&cpu);
  side_clear (&gpu);
  sotto_backend_free (backend);
  model_clear (&model);
  if (wrong != NULL)
    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU,
                            &(SottoErrorArguments) { .subject = "wrong", .path = info->name },
                            "what %s computes is wrong: %s of a model for trial", info->name, wrong);
  if (g_error_matches (own, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY))
    g_clear_error (&own);
  if (own != NULL)
    g_propagate_error (error, own);
  return wrong == NULL && own == NULL;
}

gboolean
sotto_cuda_check (SottoBackend *device, const SottoCudaDeviceInfo *info, GError **error)
{
  return try_model (device, info, model_init, compare, error);
}

gboolean
sotto_cuda_check_many (SottoBackend *device, const SottoCudaDeviceInfo *info, GError **error)
{
  return try_model (device, info, model_init_many, compare_many, error);
}
