#include "cpu/lane.h"

#include "sotto-error.h"

/* The CPU as a backend: a table of kernels, a pool of threads, and states. */

typedef struct {
  SottoBackend parent;
  SottoKernels kernels;
  SottoPool *pool;
  GPtrArray *arranged;      /* (element-type SottoArranged): one a plan that states are made of */
  char *name;
} CpuBackend;

/* What a run hands to its lanes. */
typedef struct {
  CpuBackend *backend;
  SottoState *state;
  const SottoBatch *batch;
  guint n_lanes;
} Run;

static void
cpu_free (SottoBackend *backend)
{
  CpuBackend *self = (CpuBackend *) backend;

  sotto_pool_free (self->pool);
  g_ptr_array_unref (self->arranged);
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

/* --- States --- */

static SottoArranged *
hold_arranged (CpuBackend *self, const SottoPlan *plan, const SottoLoading *loading, GError **error)
{
  SottoArranged *arranged;

  for (guint i = 0; i < self->arranged->len; i++)
    {
      arranged = g_ptr_array_index (self->arranged, i);
      if (arranged->source == plan)
        {
          arranged->n_users++;
          return arranged;
        }
    }
  arranged = sotto_arranged_new (plan, &self->kernels, self->pool, loading, error);
  if (arranged == NULL)
    return NULL;

  arranged->n_users = 1;
  g_ptr_array_add (self->arranged, arranged);
  return arranged;
}

static void
cpu_state_free (SottoBackend *backend, SottoState *state)
{
  if (state == NULL)
    return;
  sotto_caches_clear (&state->caches);
  sotto_scratch_clear (&state->scratch);
  if (state->arranged != NULL && --state->arranged->n_users == 0)
    g_ptr_array_remove_fast (((CpuBackend *) backend)->arranged, state->arranged);
  g_free (state);
}

static SottoState *
cpu_state_new (SottoBackend       *backend,
               const SottoPlan    *plan,
               guint               n_context,
               SottoKvType         kv_type,
               const SottoLoading *loading,
               GError            **error)
{
  CpuBackend *self = (CpuBackend *) backend;
  SottoState *state = g_new0 (SottoState, 1);

  if (!sotto_caches_init (&state->caches, plan, n_context, kv_type, error))
    {
      g_free (state);
      return NULL;
    }
  state->n_context = n_context;
  state->arranged = hold_arranged (self, plan, loading, error);
  if (state->arranged == NULL)
    {
      cpu_state_free (backend, state);
      return NULL;
    }
  sotto_scratch_init (&state->scratch, &self->kernels, &state->arranged->plan, n_context);
  return state;
}

static void
cpu_state_measure (SottoBackend     *backend G_GNUC_UNUSED,
                   const SottoState *state,
                   guint64          *kv_cache,
                   guint64          *scratch)
{
  *kv_cache = state->caches.n_bytes;
  *scratch = state->scratch.block_bytes;
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
    .memory = &run->state->scratch.lanes[index],
  };

  sotto_lane_walk (&lane, run->state->scratch.plan);
}

static gboolean
run_part (CpuBackend        *self,
          SottoState        *state,
          const SottoBatch  *batch,
          SottoCancel       *cancel,
          GError           **error)
{
  const SottoPlan *plan = state->scratch.plan;
  Run run = { self, state, batch, sotto_pool_prepare (self->pool) };

  if (!sotto_batch_check (batch, plan, state->n_context, error)
      || !sotto_scratch_reserve (&state->scratch, batch->n_tokens, run.n_lanes,
                                 batch->all_logits ? batch->n_tokens : 1, error))
    return FALSE;
  if (batch->first_step == 0)
    sotto_caches_begin (&state->caches, batch->position, batch->n_tokens);
  if (!sotto_pool_run (self->pool, cancel, walk_lane, &run))
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CANCELLED, NULL, "cancelled");
      return FALSE;
    }
  if (sotto_batch_end (batch, plan) == plan->n_steps)
    sotto_caches_advance (&state->caches, batch->position, batch->n_tokens);
  return TRUE;
}

/* In how many parts a batch is computed that would take much scratch otherwise: each has many tokens, so what they give
 * is the same. */
static guint
count_parts (CpuBackend *self, SottoState *state, const SottoBatch *batch)
{
  const SottoPlan *plan = state->scratch.plan;
  gboolean is_whole = batch->first_step == 0 && sotto_batch_end (batch, plan) == plan->n_steps && !plan->whole_sequence;

  if (!is_whole || batch->all_logits || batch->together || batch->n_tokens <= SOTTO_LEAST_PART)
    return 1;
  return sotto_scratch_is_large (&state->scratch, batch->n_tokens, sotto_pool_prepare (self->pool)) ? 2 : 1;
}

static gboolean
cpu_run (SottoBackend      *backend,
         SottoState        *state,
         const SottoBatch  *batch,
         SottoCancel       *cancel,
         GError           **error)
{
  CpuBackend *self = (CpuBackend *) backend;
  guint n_parts = count_parts (self, state, batch);
  SottoBatch part = *batch;

  for (guint i = 0; i < n_parts; i++)
    {
      if (i > 0 && part.tokens != NULL)
        part.tokens += part.n_tokens;
      if (i > 0 && part.rows != NULL)
        part.rows += (gsize) part.n_tokens * state->scratch.plan->n_embedding;
      if (i > 0 && part.spots != NULL)
        part.spots += part.n_tokens;
      part.position += i > 0 ? part.n_tokens : 0;
      part.n_tokens = (batch->n_tokens + i) / n_parts;
      if (!run_part (self, state, &part, cancel, error))
        return FALSE;
    }
  return TRUE;
}

static float *
cpu_get_output (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  return state->scratch.output;
}

/* --- What a sequence keeps --- */

static gboolean
cpu_state_serves (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_caches_serve (&state->caches, position);
}

static gsize
cpu_checkpoint_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_caches_checkpoint_bytes (&state->caches, position);
}

static void
cpu_checkpoint_store (SottoBackend     *backend G_GNUC_UNUSED,
                      const SottoState *state,
                      guint             position,
                      guint8           *target)
{
  sotto_caches_checkpoint_store (&state->caches, position, target);
}

static void
cpu_checkpoint_load (SottoBackend  *backend G_GNUC_UNUSED,
                     SottoState    *state,
                     guint          position,
                     const guint8  *source)
{
  sotto_caches_checkpoint_load (&state->caches, position, source);
}

static gsize
cpu_state_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_caches_state_bytes (&state->caches, position);
}

static gboolean
cpu_state_store (SottoBackend     *backend G_GNUC_UNUSED,
                 const SottoState *state,
                 guint             position,
                 guint8           *target,
                 SottoCancel      *cancel)
{
  return sotto_caches_state_store (&state->caches, position, target, cancel);
}

static gboolean
cpu_state_load (SottoBackend *backend G_GNUC_UNUSED,
                SottoState   *state,
                guint         position,
                const guint8 *source,
                SottoCancel  *cancel)
{
  return sotto_caches_state_load (&state->caches, position, source, cancel);
}

static void
cpu_state_wipe (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  sotto_caches_wipe (&state->caches);
  sotto_scratch_release (&state->scratch);
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
  .get_output = cpu_get_output,
  .state_serves = cpu_state_serves,
  .checkpoint_bytes = cpu_checkpoint_bytes,
  .checkpoint_store = cpu_checkpoint_store,
  .checkpoint_load = cpu_checkpoint_load,
  .state_bytes = cpu_state_bytes,
  .state_store = cpu_state_store,
  .state_load = cpu_state_load,
  .state_wipe = cpu_state_wipe,
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
  self->arranged = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_arranged_free);
  return &self->parent;
}

/* A whole sequence may be as long as is asked: what more tokens take is a multiple of what so many do, since their own bytes
 * may be more than are counted. */
#define TOKENS_COUNTED (1u << 24)
#define BYTES_MOST (G_GUINT64_CONSTANT (1) << 62)

void
sotto_backend_estimate (const SottoPlan *plan,
                        guint            n_context,
                        SottoKvType      kv_type,
                        guint64         *kv_cache,
                        guint64         *scratch)
{
  guint n_tokens = plan->whole_sequence ? n_context : MIN (n_context, SOTTO_MAX_BATCH);
  SottoScratch measured;
  SottoKernels kernels;
  guint n_counted;

  if (!sotto_kernels_init (&kernels, NULL, NULL))
    sotto_kernels_fill_reference (&kernels);
  sotto_scratch_init (&measured, &kernels, plan, n_context);
  if (!plan->whole_sequence && n_tokens > SOTTO_LEAST_PART
      && sotto_scratch_is_large (&measured, n_tokens, sotto_cpu_count_cores ()))
    n_tokens = (n_tokens + 1) / 2;
  *kv_cache = sotto_caches_measure (plan, n_context, kv_type);
  n_counted = MIN (n_tokens, TOKENS_COUNTED);
  *scratch = sotto_scratch_measure (&measured, n_counted, sotto_cpu_count_cores (),
                                    plan->whole_sequence ? 1 : SOTTO_FEW_TOKENS);
  if (n_tokens > n_counted)
    *scratch = MIN (*scratch, BYTES_MOST / (n_tokens / n_counted + 1)) * (n_tokens / n_counted + 1);
  sotto_scratch_clear (&measured);
}
