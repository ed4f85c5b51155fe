#include "backend.h"
#include "sotto-error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The CPU backend behind its border: a small random program against the same mathematics in double;
 * the same bits whatever the batch and the number of threads; cancelling, saving, refusing. */

static const char *const tiers[] = { "reference", "avx2", "avx512" };

/* --- A random program --- */

enum
{
  N_LAYERS = 2,
  N_EMBEDDING = 64,
  N_HEADS = 6,
  N_KV_HEADS = 2,
  N_HEAD = 32,
  N_FEED = 96,
  N_VOCABULARY = 100
};

typedef struct {
  SottoNorm attention_norm;
  SottoNorm feed_norm;
  SottoWeight query;
  SottoWeight key;
  SottoWeight value;
  SottoWeight output;
  SottoWeight gate;
  SottoWeight up;
  SottoWeight down;
} Layer;

typedef struct {
  SottoShape shape;
  SottoActivation activation;
  SottoWeight table;
  SottoWeight head;
  SottoNorm final_norm;
  Layer layers[N_LAYERS];
  GPtrArray *memory;
  guint n_repeats;       /* walks over the layers */
  SottoCancel *cancel;   /* (nullable): raised by lane after lane within the walk */
} Program;

static float *
random_floats (Program *self, GRand *rand, gsize n, double size, double middle)
{
  float *floats = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    floats[i] = (float) (middle + g_rand_double_range (rand, -size, size));
  g_ptr_array_add (self->memory, floats);
  return floats;
}

static SottoNorm
random_norm (Program *self, GRand *rand, guint n)
{
  SottoNorm norm = { random_floats (self, rand, n, 0.2, 1.0), 1e-5f };

  return norm;
}

static SottoWeight
random_weight (Program *self,
               GRand *rand,
               SottoBlockType type,
               guint n_rows,
               guint n_columns,
               gboolean bias)
{
  const SottoBlockInfo *info = sotto_block_info (type);
  SottoWeight weight = { .type = type, .n_columns = n_columns, .n_rows = n_rows };
  gsize n_blocks = (gsize) n_rows * n_columns / info->n_elements;
  guint8 *data;

  weight.row_bytes = n_columns / info->n_elements * info->n_bytes;
  weight.bias = bias ? random_floats (self, rand, n_rows, 0.1, 0.0) : NULL;
  if (type == SOTTO_BLOCK_F32)
    {
      weight.data = random_floats (self, rand, (gsize) n_rows * n_columns, 0.25, 0.0);
      return weight;
    }
  data = g_malloc (n_blocks * info->n_bytes);
  for (gsize i = 0; i < n_blocks * info->n_bytes; i++)
    data[i] = (guint8) g_rand_int (rand);
  for (gsize i = 0; i < n_blocks; i++)
    {
      guint16 scale = sotto_float_to_half (type == SOTTO_BLOCK_Q8_0 ? 0.002f : 0.03f);

      memcpy (data + i * info->n_bytes, &scale, sizeof scale);
    }
  g_ptr_array_add (self->memory, data);
  weight.data = data;
  return weight;
}

static Program *
program_new (SottoBlockType type, SottoRopeKind rope_kind, SottoActivation activation)
{
  Program *self = g_new0 (Program, 1);
  g_autoptr (GRand) rand = g_rand_new_with_seed (type * 4 + rope_kind * 2 + activation);
  double *frequencies = g_new (double, N_HEAD / 2);

  self->memory = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->memory, frequencies);
  for (guint i = 0; i < N_HEAD / 2; i++)
    frequencies[i] = pow (10000.0, -2.0 * i / N_HEAD);
  self->shape = (SottoShape){
    .n_embedding = N_EMBEDDING,
    .n_heads = N_HEADS,
    .n_kv_heads = N_KV_HEADS,
    .n_head_key = N_HEAD,
    .n_head_value = N_HEAD,
    .n_feed_forward = N_FEED,
    .n_vocabulary = N_VOCABULARY,
    .n_layers = N_LAYERS,
    .n_rope = N_HEAD,
    .rope_kind = rope_kind,
    .rope_frequencies = frequencies,
    .rope_scale = 1.0f,
    .attention_scale = 1.0f / sqrtf (N_HEAD),
  };
  self->activation = activation;
  self->n_repeats = 1;
  self->table = random_weight (self, rand, type, N_VOCABULARY, N_EMBEDDING, FALSE);
  self->head = random_weight (self, rand, type, N_VOCABULARY, N_EMBEDDING, FALSE);
  self->final_norm = random_norm (self, rand, N_EMBEDDING);
  for (guint i = 0; i < N_LAYERS; i++)
    {
      Layer *layer = &self->layers[i];

      layer->attention_norm = random_norm (self, rand, N_EMBEDDING);
      layer->feed_norm = random_norm (self, rand, N_EMBEDDING);
      layer->query = random_weight (self, rand, type, N_HEADS * N_HEAD, N_EMBEDDING, TRUE);
      layer->key = random_weight (self, rand, type, N_KV_HEADS * N_HEAD, N_EMBEDDING, TRUE);
      layer->value = random_weight (self, rand, type, N_KV_HEADS * N_HEAD, N_EMBEDDING, FALSE);
      layer->output = random_weight (self, rand, type, N_EMBEDDING, N_HEADS * N_HEAD, FALSE);
      layer->gate = random_weight (self, rand, type, N_FEED, N_EMBEDDING, FALSE);
      layer->up = random_weight (self, rand, type, N_FEED, N_EMBEDDING, FALSE);
      layer->down = random_weight (self, rand, type, N_EMBEDDING, N_FEED, TRUE);
    }
  return self;
}

static void
program_free (Program *self)
{
  g_ptr_array_unref (self->memory);
  g_free (self);
}

static void
walk (const SottoOperations *operations, SottoLane *lane, gconstpointer data)
{
  const Program *self = data;

  operations->embed (lane, &self->table, 1.5f);
  for (guint repeat = 0; repeat < self->n_repeats; repeat++)
    for (guint i = 0; i < N_LAYERS; i++)
      {
        const Layer *layer = &self->layers[i];

        if (operations->is_cancelled (lane))
          return;
        operations->query_key_value (lane, i, &layer->attention_norm, &layer->query, &layer->key,
                                     &layer->value);
        if (self->cancel != NULL && repeat == 1)
          sotto_cancel_raise (self->cancel);
        operations->attend_project (lane, i, &layer->output);
        operations->gated_feed_forward (lane, &layer->feed_norm, self->activation, &layer->gate,
                                        &layer->up, &layer->down);
      }
  operations->logits (lane, &self->final_norm, &self->head);
}

/* Evaluates n_tokens from position first on in batches of n_batch; logits of all into target. */
static void
evaluate (SottoBackend  *backend,
          SottoState    *state,
          const Program *program,
          const gint32  *tokens,
          guint          first,
          guint          n_tokens,
          guint          n_batch,
          float         *target)
{
  for (guint done = 0; done < n_tokens; done += n_batch)
    {
      g_autoptr (GError) error = NULL;
      SottoBatch batch = { tokens + done, MIN (n_batch, n_tokens - done), first + done, TRUE };

      g_assert_true (backend->klass->run (backend, state, &batch, walk, program, NULL, &error));
      g_assert_no_error (error);
      memcpy (target + (gsize) done * N_VOCABULARY, backend->klass->get_logits (backend, state),
              (gsize) batch.n_tokens * N_VOCABULARY * sizeof (float));
    }
}

static gint32 *
random_tokens (guint n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (n);
  gint32 *tokens = g_new (gint32, n);

  for (guint i = 0; i < n; i++)
    tokens[i] = g_rand_int_range (rand, 0, N_VOCABULARY);
  return tokens;
}

static SottoBackend *
backend_or_skip (const char *tier, guint n_threads)
{
  g_autoptr (GError) error = NULL;
  SottoBackend *backend = sotto_backend_new_cpu (n_threads, tier, &error);

  if (backend == NULL)
    {
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
      g_test_skip (error->message);
    }
  return backend;
}

/* --- The same in double --- */

static void
multiply_double (const SottoWeight *weight, const double *x, double *y)
{
  g_autofree float *row = g_new (float, weight->n_columns);

  for (guint r = 0; r < weight->n_rows; r++)
    {
      sotto_block_info (weight->type)
        ->dequantise ((const guint8 *) weight->data + r * weight->row_bytes, row,
                      weight->n_columns);
      y[r] = weight->bias != NULL ? (double) weight->bias[r] : 0;
      for (guint i = 0; i < weight->n_columns; i++)
        y[r] += (double) row[i] * x[i];
    }
}

static void
norm_double (const SottoNorm *norm, const double *x, double *y)
{
  double squares = 0;

  for (guint i = 0; i < N_EMBEDDING; i++)
    squares += x[i] * x[i];
  for (guint i = 0; i < N_EMBEDDING; i++)
    y[i] = x[i] / sqrt (squares / N_EMBEDDING + (double) norm->epsilon) * (double) norm->weight[i];
}

static void
turn_double (const SottoShape *shape, guint position, double *head)
{
  for (guint i = 0; i < N_HEAD / 2; i++)
    {
      double angle = position * shape->rope_frequencies[i];
      guint first = shape->rope_kind == SOTTO_ROPE_NORMAL ? 2 * i : i;
      guint second = shape->rope_kind == SOTTO_ROPE_NORMAL ? 2 * i + 1 : i + N_HEAD / 2;
      double a = head[first];
      double b = head[second];

      head[first] = a * cos (angle) - b * sin (angle);
      head[second] = a * sin (angle) + b * cos (angle);
    }
}

static double
activate_double (SottoActivation activation, double x)
{
  if (activation == SOTTO_ACTIVATION_SILU)
    return x / (1 + exp (-x));
  return 0.5 * x * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
}

static void
attend_double (const Program *program,
               const double *query,
               const double *keys,
               const double *values,
               guint n,
               double *y)
{
  g_autofree double *weights = g_new (double, n);
  double sum = 0;

  for (guint p = 0; p < n; p++)
    {
      double score = 0;

      for (guint d = 0; d < N_HEAD; d++)
        score += query[d] * keys[p * N_KV_HEADS * N_HEAD + d];
      weights[p] = exp (score * (double) program->shape.attention_scale);
      sum += weights[p];
    }
  for (guint d = 0; d < N_HEAD; d++)
    {
      y[d] = 0;
      for (guint p = 0; p < n; p++)
        y[d] += weights[p] / sum * values[p * N_KV_HEADS * N_HEAD + d];
    }
}

/* logits: (n_tokens, N_VOCABULARY) */
static void
evaluate_double (const Program *program, const gint32 *tokens, guint n_tokens, double *logits)
{
  enum { N_KV = N_KV_HEADS * N_HEAD };
  g_autofree double *keys = g_new (double, (gsize) N_LAYERS * n_tokens * N_KV);
  g_autofree double *values = g_new (double, (gsize) N_LAYERS * n_tokens * N_KV);

  for (guint t = 0; t < n_tokens; t++)
    {
      float row[N_EMBEDDING];
      double x[N_EMBEDDING];
      double h[N_EMBEDDING];
      double added[N_EMBEDDING];

      sotto_block_info (program->table.type)
        ->dequantise ((const guint8 *) program->table.data
                        + (guint) tokens[t] * program->table.row_bytes,
                      row, N_EMBEDDING);
      for (guint i = 0; i < N_EMBEDDING; i++)
        x[i] = 1.5 * (double) row[i];
      for (guint l = 0; l < N_LAYERS; l++)
        {
          const Layer *layer = &program->layers[l];
          double *layer_keys = keys + (gsize) l * n_tokens * N_KV;
          double *layer_values = values + (gsize) l * n_tokens * N_KV;
          double queries[N_HEADS * N_HEAD];
          double attended[N_HEADS * N_HEAD];
          double gates[N_FEED];
          double ups[N_FEED];

          norm_double (&layer->attention_norm, x, h);
          multiply_double (&layer->query, h, queries);
          multiply_double (&layer->key, h, layer_keys + t * N_KV);
          multiply_double (&layer->value, h, layer_values + t * N_KV);
          for (guint i = 0; i < N_KV_HEADS; i++)
            turn_double (&program->shape, t, layer_keys + t * N_KV + i * N_HEAD);
          for (guint i = 0; i < N_HEADS; i++)
            {
              guint kv_head = i / (N_HEADS / N_KV_HEADS);

              turn_double (&program->shape, t, queries + i * N_HEAD);
              attend_double (program, queries + i * N_HEAD, layer_keys + kv_head * N_HEAD,
                             layer_values + kv_head * N_HEAD, t + 1, attended + i * N_HEAD);
            }
          multiply_double (&layer->output, attended, added);
          for (guint i = 0; i < N_EMBEDDING; i++)
            x[i] += added[i];
          norm_double (&layer->feed_norm, x, h);
          multiply_double (&layer->gate, h, gates);
          multiply_double (&layer->up, h, ups);
          for (guint i = 0; i < N_FEED; i++)
            gates[i] = activate_double (program->activation, gates[i]) * ups[i];
          multiply_double (&layer->down, gates, added);
          for (guint i = 0; i < N_EMBEDDING; i++)
            x[i] += added[i];
        }
      norm_double (&program->final_norm, x, h);
      multiply_double (&program->head, h, logits + (gsize) t * N_VOCABULARY);
    }
}

/* --- Tests --- */

static void
check_exact (SottoBackend *backend,
             SottoBlockType type,
             SottoKvType kv_type,
             int rope,
             int activation,
             double bound)
{
  enum { N = 300 };
  g_autofree gint32 *tokens = random_tokens (N);
  g_autofree double *exact = g_new (double, N * N_VOCABULARY);
  g_autofree float *ours = g_new (float, N * N_VOCABULARY);
  Program *program = program_new (type, (SottoRopeKind) rope, (SottoActivation) activation);
  SottoState *state = backend->klass->state_new (backend, &program->shape, N, kv_type, NULL);
  double worst = 0;

  evaluate_double (program, tokens, N, exact);
  evaluate (backend, state, program, tokens, 0, 290, 290, ours);
  evaluate (backend, state, program, tokens + 290, 290, 10, 1, ours + 290 * N_VOCABULARY);
  for (guint i = 0; i < N * N_VOCABULARY; i++)
    worst = MAX (worst, fabs ((double) ours[i] - exact[i]));
  g_test_message ("%s, %s: logits are off by %.2e at most", sotto_backend_get_name (backend),
                  sotto_block_name (type), worst);
  g_assert_cmpfloat (worst, <=, bound);
  backend->klass->state_free (backend, state);
  program_free (program);
}

/* Logits here are of the size of 3. */
static void
test_exact (gconstpointer data)
{
  SottoBackend *backend = backend_or_skip (data, 2);
  gboolean steps = !g_str_equal (data, "reference");

  if (backend == NULL)
    return;
  for (int rope = 0; rope < 2; rope++)
    for (int activation = 0; activation < 2; activation++)
      check_exact (backend, SOTTO_BLOCK_F32, SOTTO_KV_F32, rope, activation, 2e-5);
  check_exact (backend, SOTTO_BLOCK_F32, SOTTO_KV_F16, 1, 0, 5e-3);
  check_exact (backend, SOTTO_BLOCK_Q8_0, SOTTO_KV_F32, 1, 0, steps ? 3e-3 : 2e-5);
  check_exact (backend, SOTTO_BLOCK_Q4_0, SOTTO_KV_F32, 0, 0, steps ? 3e-3 : 2e-5);
  sotto_backend_free (backend);
}

static void
test_same_bits (gconstpointer data)
{
  enum { N = 530 };
  static const SottoBlockType types[] = { SOTTO_BLOCK_F32, SOTTO_BLOCK_Q4_0 };
  static const guint batches[] = { 512, 1, 3, 8, 9, 100 };
  SottoBackend *backend = backend_or_skip (data, 1);
  g_autofree gint32 *tokens = random_tokens (N);
  g_autofree float *first = g_new (float, N * N_VOCABULARY);
  g_autofree float *other = g_new (float, N * N_VOCABULARY);

  if (backend == NULL)
    return;
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint b = 0; b < G_N_ELEMENTS (batches); b++)
      {
        Program *program = program_new (types[t], SOTTO_ROPE_NEOX, SOTTO_ACTIVATION_SILU);
        SottoState *state = backend->klass->state_new (backend, &program->shape, N, SOTTO_KV_F16,
                                                       NULL);
        float *target = b == 0 ? first : other;

        sotto_backend_set_threads (backend, 1 + b % 4);
        evaluate (backend, state, program, tokens, 0, N, batches[b], target);
        g_assert_cmpmem (first, N * N_VOCABULARY * sizeof (float), target,
                         N * N_VOCABULARY * sizeof (float));
        backend->klass->state_free (backend, state);
        program_free (program);
      }
  sotto_backend_free (backend);
}

/* Only the last token's logits when no others are asked for, and they are the same. */
static void
test_last_logits (void)
{
  SottoBackend *backend = sotto_backend_new_cpu (2, NULL, NULL);
  Program *program = program_new (SOTTO_BLOCK_Q8_0, SOTTO_ROPE_NEOX, SOTTO_ACTIVATION_SILU);
  SottoState *state = backend->klass->state_new (backend, &program->shape, 64, SOTTO_KV_F16, NULL);
  g_autofree gint32 *tokens = random_tokens (20);
  g_autofree float *all = g_new (float, 20 * N_VOCABULARY);
  SottoBatch batch = { tokens, 20, 0, FALSE };

  evaluate (backend, state, program, tokens, 0, 20, 20, all);
  g_assert_true (backend->klass->run (backend, state, &batch, walk, program, NULL, NULL));
  g_assert_cmpmem (all + 19 * N_VOCABULARY, N_VOCABULARY * sizeof (float),
                   backend->klass->get_logits (backend, state), N_VOCABULARY * sizeof (float));
  backend->klass->state_free (backend, state);
  program_free (program);
  sotto_backend_free (backend);
}

static void
test_store_load (void)
{
  SottoBackend *backend = sotto_backend_new_cpu (2, NULL, NULL);
  Program *program = program_new (SOTTO_BLOCK_Q4_0, SOTTO_ROPE_NORMAL, SOTTO_ACTIVATION_GELU);
  g_autofree gint32 *tokens = random_tokens (50);
  float expected[N_VOCABULARY];
  float restored[N_VOCABULARY];
  float ignored[40 * N_VOCABULARY];

  for (int kv_type = SOTTO_KV_F16; kv_type <= SOTTO_KV_F32; kv_type++)
    {
      SottoState *a = backend->klass->state_new (backend, &program->shape, 64,
                                                 (SottoKvType) kv_type, NULL);
      SottoState *b = backend->klass->state_new (backend, &program->shape, 600,
                                                 (SottoKvType) kv_type, NULL);
      gsize n_bytes = backend->klass->kv_bytes (backend, a, 37);
      g_autofree guint8 *bytes = g_malloc (n_bytes);

      g_assert_cmpuint (
        n_bytes, ==, N_LAYERS * N_KV_HEADS * 37 * 2 * N_HEAD * (kv_type == SOTTO_KV_F16 ? 2 : 4));
      evaluate (backend, a, program, tokens, 0, 37, 37, ignored);
      backend->klass->kv_store (backend, a, 37, bytes);
      evaluate (backend, a, program, tokens + 37, 37, 1, 1, expected);
      backend->klass->kv_load (backend, b, 37, bytes);
      evaluate (backend, b, program, tokens + 37, 37, 1, 1, restored);
      g_assert_cmpmem (expected, sizeof expected, restored, sizeof restored);
      backend->klass->state_free (backend, a);
      backend->klass->state_free (backend, b);
    }
  program_free (program);
  sotto_backend_free (backend);
}

static void
test_cancel (void)
{
  SottoBackend *backend = sotto_backend_new_cpu (3, NULL, NULL);
  Program *program = program_new (SOTTO_BLOCK_Q4_0, SOTTO_ROPE_NORMAL, SOTTO_ACTIVATION_SILU);
  SottoState *state = backend->klass->state_new (backend, &program->shape, 512, SOTTO_KV_F16, NULL);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) error = NULL;
  g_autofree gint32 *tokens = random_tokens (200);
  g_autofree float *logits = g_new (float, 200 * N_VOCABULARY);
  SottoBatch batch = { tokens, 200, 0, FALSE };

  program->n_repeats = 1000000; /* would run for hours */
  program->cancel = cancel;
  g_assert_false (backend->klass->run (backend, state, &batch, walk, program, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (backend->klass->run (backend, state, &batch, walk, program, cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);

  /* and goes on as if nothing had been */
  program->n_repeats = 1;
  program->cancel = NULL;
  evaluate (backend, state, program, tokens, 0, 200, 200, logits);
  backend->klass->state_free (backend, state);
  program_free (program);
  sotto_backend_free (backend);
}

static void
check_refused (SottoBackend *backend, SottoState *state, const Program *program, SottoBatch batch)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (backend->klass->run (backend, state, &batch, walk, program, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
}

static void
test_refusals (void)
{
  SottoBackend *backend = sotto_backend_new_cpu (1, NULL, NULL);
  Program *program = program_new (SOTTO_BLOCK_F32, SOTTO_ROPE_NORMAL, SOTTO_ACTIVATION_SILU);
  SottoState *state = backend->klass->state_new (backend, &program->shape, 256, SOTTO_KV_F16, NULL);
  g_autoptr (GError) error = NULL;
  gint32 tokens[600] = { 0 };
  guint64 estimated_cache;
  guint64 estimated_scratch;
  guint64 cache;
  guint64 scratch;

  check_refused (backend, state, program, (SottoBatch) { tokens, 0, 0, FALSE });
  check_refused (backend, state, program, (SottoBatch) { tokens, 513, 0, FALSE });
  check_refused (backend, state, program, (SottoBatch) { tokens, 100, 200, FALSE });
  check_refused (backend, state, program, (SottoBatch) { tokens, 2, G_MAXUINT, FALSE });
  tokens[3] = N_VOCABULARY;
  check_refused (backend, state, program, (SottoBatch) { tokens, 5, 0, FALSE });
  tokens[3] = -1;
  check_refused (backend, state, program, (SottoBatch) { tokens, 5, 0, FALSE });

  backend->klass->state_measure (backend, state, &cache, &scratch);
  sotto_backend_estimate (&program->shape, 256, SOTTO_KV_F16, &estimated_cache, &estimated_scratch);
  g_assert_cmpuint (cache, ==, estimated_cache);
  g_assert_cmpuint (cache, >=, N_LAYERS * N_KV_HEADS * 256 * 2 * N_HEAD * 2);
  g_assert_cmpuint (scratch, <=, estimated_scratch);
  backend->klass->state_free (backend, state);

  program->shape.n_layers = 4000000;
  g_assert_null (
    backend->klass->state_new (backend, &program->shape, G_MAXUINT, SOTTO_KV_F32, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, >, 1000000000);
  program_free (program);
  sotto_backend_free (backend);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    {
      g_autofree char *exact = g_strdup_printf ("/cpu-backend/%s/exact", tiers[i]);
      g_autofree char *same = g_strdup_printf ("/cpu-backend/%s/same-bits", tiers[i]);

      g_test_add_data_func (exact, tiers[i], test_exact);
      g_test_add_data_func (same, tiers[i], test_same_bits);
    }
  g_test_add_func ("/cpu-backend/last-logits", test_last_logits);
  g_test_add_func ("/cpu-backend/store-load", test_store_load);
  g_test_add_func ("/cpu-backend/cancel", test_cancel);
  g_test_add_func ("/cpu-backend/refusals", test_refusals);
  return g_test_run ();
}
