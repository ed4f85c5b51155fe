#include "cpu/lane.h"

#include "cpu/exact-math.h"
#include "sotto-error.h"

/* The CPU as a backend: a table of kernels, a pool of threads, and states. */

typedef struct {
  SottoBackend parent;
  SottoKernels kernels;
  SottoPool *pool;
  char *name;
} CpuBackend;

/* What a run hands to its lanes. */
typedef struct {
  CpuBackend *backend;
  SottoState *state;
  const SottoBatch *batch;
  SottoWalk walk;
  gconstpointer program;
  guint n_lanes;
} Run;

static void
cpu_free (SottoBackend *backend)
{
  CpuBackend *self = (CpuBackend *) backend;

  sotto_pool_free (self->pool);
  g_free (self->name);
  g_free (self);
}

static void
cpu_set_threads (SottoBackend *backend, guint n_threads)
{
  sotto_pool_set_threads (((CpuBackend *) backend)->pool, n_threads);
}

static guint
cpu_get_threads (const SottoBackend *backend)
{
  return sotto_pool_get_threads (((const CpuBackend *) backend)->pool);
}

static const char *
cpu_get_name (const SottoBackend *backend)
{
  return ((const CpuBackend *) backend)->name;
}

static SottoState *
cpu_state_new (SottoBackend      *backend G_GNUC_UNUSED,
               const SottoShape  *shape,
               guint              n_context,
               SottoKvType        kv_type,
               GError           **error)
{
  return sotto_state_new (shape, n_context, kv_type, error);
}

static void
cpu_state_free (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  if (state != NULL)
    sotto_state_free (state);
}

static void
cpu_state_measure (SottoBackend     *backend G_GNUC_UNUSED,
                   const SottoState *state,
                   guint64          *kv_cache,
                   guint64          *scratch)
{
  *kv_cache = state->cache_bytes;
  *scratch = state->block_bytes;
}

/* Cosines and sines of the batch's positions. Angles are products in double: at position 100,000 a
 * float is off by thousandths of a turn. */
static void
prepare_rope (SottoLane *lane)
{
  const SottoShape *shape = lane->state->shape;
  guint n_pairs = shape->n_rope / 2;

  for (guint t = lane->index; t < lane->batch->n_tokens; t += lane->n_lanes)
    for (guint i = 0; i < n_pairs; i++)
      {
        gsize index = (gsize) t * n_pairs + i;
        double sine;
        double cosine;

        sotto_sincos ((double) (lane->batch->position + t) * shape->rope_frequencies[i], &sine,
                      &cosine);
        lane->state->cosines[index] = (float) (cosine * (double) shape->rope_scale);
        lane->state->sines[index] = (float) (sine * (double) shape->rope_scale);
      }
}

static void
walk_lane (SottoPool *pool, guint index, gpointer data)
{
  const Run *run = data;
  SottoLane lane = {
    .pool = pool,
    .kernels = &run->backend->kernels,
    .state = run->state,
    .batch = run->batch,
    .index = index,
    .n_lanes = run->n_lanes,
    .memory = &run->state->lanes[index],
  };

  prepare_rope (&lane);
  if (sotto_pool_barrier (pool))
    run->walk (&sotto_cpu_operations, &lane, run->program);
}

static gboolean
fail_request (const char *subject, GError **error)
{
  SottoErrorArguments arguments = { .subject = subject };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND, &arguments, "%s", subject);
  return FALSE;
}

static gboolean
check_batch (const SottoState *state, const SottoBatch *batch, GError **error)
{
  if (batch->n_tokens == 0 || batch->n_tokens > SOTTO_MAX_BATCH)
    return fail_request ("the batch is empty or too large", error);
  if (batch->position > state->n_context || batch->n_tokens > state->n_context - batch->position)
    return fail_request ("the batch does not fit the KV cache", error);
  for (guint i = 0; i < batch->n_tokens; i++)
    if (batch->tokens[i] < 0 || (guint) batch->tokens[i] >= state->shape->n_vocabulary)
      return fail_request ("a token is not of the vocabulary", error);
  return TRUE;
}

static gboolean
cpu_run (SottoBackend      *backend,
         SottoState        *state,
         const SottoBatch  *batch,
         SottoWalk          walk,
         gconstpointer      program,
         SottoCancel       *cancel,
         GError           **error)
{
  CpuBackend *self = (CpuBackend *) backend;
  Run run = { self, state, batch, walk, program, sotto_pool_prepare (self->pool) };

  if (!check_batch (state, batch, error)
      || !sotto_state_reserve (state, batch->n_tokens, run.n_lanes,
                               batch->all_logits ? batch->n_tokens : 1, error))
    return FALSE;
  if (!sotto_pool_run (self->pool, cancel, walk_lane, &run))
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CANCELLED, NULL, "cancelled");
      return FALSE;
    }
  return TRUE;
}

static float *
cpu_get_logits (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  return state->logits;
}

static gsize
cpu_kv_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint n_positions)
{
  return sotto_state_kv_bytes (state, n_positions);
}

static void
cpu_kv_store (SottoBackend *backend G_GNUC_UNUSED,
              const SottoState *state,
              guint n_positions,
              guint8 *target)
{
  sotto_state_kv_store (state, n_positions, target);
}

static void
cpu_kv_load (SottoBackend *backend G_GNUC_UNUSED,
             SottoState *state,
             guint n_positions,
             const guint8 *source)
{
  sotto_state_kv_load (state, n_positions, source);
}

static const SottoBackendClass cpu_class = {
  .free = cpu_free,
  .set_threads = cpu_set_threads,
  .get_threads = cpu_get_threads,
  .get_name = cpu_get_name,
  .state_new = cpu_state_new,
  .state_free = cpu_state_free,
  .state_measure = cpu_state_measure,
  .run = cpu_run,
  .get_logits = cpu_get_logits,
  .kv_bytes = cpu_kv_bytes,
  .kv_store = cpu_kv_store,
  .kv_load = cpu_kv_load,
};

SottoBackend *
sotto_backend_new_cpu (guint n_threads, const char *tier, GError **error)
{
  CpuBackend *self = g_new0 (CpuBackend, 1);

  if (!sotto_kernels_init (&self->kernels, tier, error))
    {
      g_free (self);
      return NULL;
    }
  self->parent.klass = &cpu_class;
  self->name = g_strconcat ("cpu-", self->kernels.name, NULL);
  self->pool = sotto_pool_new (n_threads);
  return &self->parent;
}

void
sotto_backend_estimate (const SottoShape *shape,
                        guint             n_context,
                        SottoKvType       kv_type,
                        guint64          *kv_cache,
                        guint64          *scratch)
{
  *kv_cache = sotto_state_cache_bytes (shape, n_context, kv_type);
  *scratch = sotto_state_scratch_bytes (shape, n_context, SOTTO_MAX_BATCH,
                                        sotto_cpu_count_cores ());
}
