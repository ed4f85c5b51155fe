#include "cuda/backend-device.h"

#include "cuda/check.h"
#include "cuda/device-state.h"
#include "sotto-error.h"

/* One device behind the border to sessions. */

typedef struct {
  SottoBackend parent;
  const SottoCudaModule *module;
  SottoCudaDevice *device;
  SottoCudaWeights *weights;
  char *name;
} DeviceBackend;

static SottoCudaState *
get_state (SottoState *state)
{
  return (SottoCudaState *) state;
}

static const SottoCudaState *
peek_state (const SottoState *state)
{
  return (const SottoCudaState *) state;
}

static void
device_free (SottoBackend *backend)
{
  DeviceBackend *self = (DeviceBackend *) backend;

  g_clear_pointer (&self->weights, sotto_cuda_weights_free);
  if (self->device != NULL)
    self->module->close (self->device);
  g_free (self->name);
  g_free (self);
}

/* Threads are the CPU's. */
static void
device_set_threads (SottoBackend *backend G_GNUC_UNUSED, guint n_threads G_GNUC_UNUSED)
{
}

static guint
device_get_threads (const SottoBackend *backend G_GNUC_UNUSED)
{
  return 1;
}

static const char *
device_get_name (const SottoBackend *backend)
{
  return ((const DeviceBackend *) backend)->name;
}

static SottoState *
device_state_new (SottoBackend        *backend,
                  const SottoPlan     *plan,
                  guint                n_context,
                  SottoKvType          kv_type,
                  const SottoLoading  *loading,
                  GError             **error)
{
  DeviceBackend *self = (DeviceBackend *) backend;

  return (SottoState *) sotto_cuda_state_new (self->weights, self->module, self->device, plan, n_context,
                                              kv_type, loading, error);
}

static void
device_state_free (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  if (state != NULL)
    sotto_cuda_state_free (get_state (state));
}

static void
device_state_measure (SottoBackend     *backend G_GNUC_UNUSED,
                      const SottoState *state,
                      guint64          *kv_cache,
                      guint64          *scratch)
{
  *kv_cache = peek_state (state)->caches.n_bytes;
  *scratch = peek_state (state)->block_bytes;
}

static gboolean
device_run (SottoBackend      *backend G_GNUC_UNUSED,
            SottoState        *state,
            const SottoBatch  *batch,
            SottoCancel       *cancel,
            GError           **error)
{
  return sotto_cuda_state_run (get_state (state), batch, cancel, error);
}

static float *
device_get_output (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  return get_state (state)->output;
}

static gboolean
device_fetch (SottoBackend *backend G_GNUC_UNUSED, SottoState *state, GError **error)
{
  return sotto_cuda_state_fetch (get_state (state), error);
}

static gboolean
device_select (SottoBackend         *backend G_GNUC_UNUSED,
               SottoState           *state,
               guint                 row,
               const SottoBestWish  *wish,
               SottoBest            *best,
               GError              **error)
{
  return sotto_cuda_state_select (get_state (state), row, wish, best, error);
}

/* --- What a sequence keeps --- */

static gboolean
device_state_serves (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_held_serves (&peek_state (state)->caches.held, position);
}

static gsize
device_checkpoint_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_cuda_caches_move_bytes (&peek_state (state)->caches, position, TRUE);
}

static void
device_checkpoint_store (SottoBackend     *backend G_GNUC_UNUSED,
                         const SottoState *state,
                         guint             position,
                         guint8           *target)
{
  sotto_cuda_caches_move (&peek_state (state)->caches, position, TRUE, target, SOTTO_CUDA_STORE, NULL);
}

static void
device_checkpoint_load (SottoBackend  *backend G_GNUC_UNUSED,
                        SottoState    *state,
                        guint          position,
                        const guint8  *source)
{
  SottoCudaCaches *caches = &get_state (state)->caches;

  sotto_cuda_caches_move (caches, position, TRUE, (guint8 *) source, SOTTO_CUDA_LOAD, NULL);
  sotto_held_restore (&caches->held, position);
}

static gsize
device_state_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_cuda_caches_move_bytes (&peek_state (state)->caches, position, FALSE);
}

static gboolean
device_state_store (SottoBackend     *backend G_GNUC_UNUSED,
                    const SottoState *state,
                    guint             position,
                    guint8           *target,
                    SottoCancel      *cancel)
{
  return sotto_cuda_caches_move (&peek_state (state)->caches, position, FALSE, target, SOTTO_CUDA_STORE, cancel);
}

static gboolean
device_state_load (SottoBackend *backend G_GNUC_UNUSED,
                   SottoState   *state,
                   guint         position,
                   const guint8 *source,
                   SottoCancel  *cancel)
{
  SottoCudaCaches *caches = &get_state (state)->caches;
  gboolean done
    = sotto_cuda_caches_move (caches, position, FALSE, (guint8 *) source, SOTTO_CUDA_LOAD, cancel);

  sotto_held_restore (&caches->held, done ? position : 0);
  return done;
}

static void
device_state_wipe (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  sotto_cuda_state_wipe (get_state (state));
}

static guint
device_state_form (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state G_GNUC_UNUSED)
{
  return 1;
}

static const SottoBackendClass device_class = {
  .free = device_free,
  .set_threads = device_set_threads,
  .get_threads = device_get_threads,
  .get_name = device_get_name,
  .state_new = device_state_new,
  .state_free = device_state_free,
  .state_measure = device_state_measure,
  .run = device_run,
  .get_output = device_get_output,
  .fetch = device_fetch,
  .select = device_select,
  .state_serves = device_state_serves,
  .checkpoint_bytes = device_checkpoint_bytes,
  .checkpoint_store = device_checkpoint_store,
  .checkpoint_load = device_checkpoint_load,
  .state_bytes = device_state_bytes,
  .state_store = device_state_store,
  .state_load = device_state_load,
  .state_wipe = device_state_wipe,
  .state_form = device_state_form,
};

/* --- Devices --- */

SottoBackend *
sotto_backend_new_device (const SottoCudaModule  *module,
                          guint                   index,
                          const char             *name,
                          GError                **error)
{
  DeviceBackend *self = g_new0 (DeviceBackend, 1);
  char message[256] = "the GPU does not open";

  self->parent.klass = &device_class;
  self->module = module;
  self->name = g_strdup (name);
  self->device = module->open (index, message);
  if (self->device == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND,
                              &(SottoErrorArguments) { .subject = message }, "%s: %s", name, message);
      device_free (&self->parent);
      return NULL;
    }
  self->weights = sotto_cuda_weights_new (module, self->device);
  return &self->parent;
}

/* What this kind of device alone has, which it can also do without: then prompts' bits are others, so that a receipt has to say
 * so. */
static gboolean
check_own_way (DeviceBackend *self, const SottoCudaDeviceInfo *info, GError **error)
{
  g_autoptr (GError) own = NULL;

  if (info->major != 9 || info->minor != 0 || sotto_cuda_check_many (&self->parent, info, &own))
    return TRUE;
  if (self->module->problem (self->device) != NULL || !self->module->forgo (self->device))
    {
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }
  g_free (self->name);
  self->name = g_strdup_printf ("%s (without wgmma)", info->name);
  return sotto_cuda_check_many (&self->parent, info, error);
}

SottoBackend *
sotto_backend_new_device_checked (const SottoCudaModule      *module,
                                  guint                       index,
                                  const SottoCudaDeviceInfo  *info,
                                  GError                    **error)
{
  SottoBackend *self = sotto_backend_new_device (module, index, info->name, error);

  if (self != NULL && !(sotto_cuda_check (self, info, error) && check_own_way ((DeviceBackend *) self, info, error)))
    g_clear_pointer (&self, sotto_backend_free);
  return self;
}

gboolean
sotto_backend_device_measure (SottoBackend *backend, guint64 *n_free, guint64 *n_all)
{
  DeviceBackend *self = (DeviceBackend *) backend;

  return self->module->measure (self->device, n_free, n_all);
}

gboolean
sotto_backend_device_is_lost (SottoBackend *backend)
{
  DeviceBackend *self = (DeviceBackend *) backend;

  return self->module->problem (self->device) != NULL;
}

/* As a state has them, but for where weights lie. */
static SottoStep *
stack_steps (const SottoPlan *plan)
{
  SottoStep *steps = g_memdup2 (plan->steps, plan->n_steps * sizeof *steps);

  for (guint i = 0; i < plan->n_steps; i++)
    sotto_cuda_step_stack (&steps[i]);
  return steps;
}

char *
sotto_backend_device_rehearse (SottoBackend    *backend,
                               const SottoPlan *plan,
                               guint            n_context,
                               SottoKvType      kv_type)
{
  DeviceBackend *self = (DeviceBackend *) backend;
  g_autofree SottoStep *steps = stack_steps (plan);
  g_autofree SottoCudaCache *caches = sotto_cuda_caches_describe (plan, n_context, kv_type);
  char *refusal = NULL;

  if (!sotto_cuda_scratch_rehearse (self->module, self->device, plan, steps, caches, n_context))
    refusal = g_strdup (sotto_cuda_module_explain (self->module, self->device));
  self->module->rehearse (self->device, FALSE);
  return refusal;
}

guint64
sotto_backend_device_scratch (SottoBackend    *backend,
                              const SottoPlan *plan,
                              guint            n_context,
                              SottoKvType      kv_type)
{
  DeviceBackend *self = (DeviceBackend *) backend;
  g_autofree SottoStep *steps = stack_steps (plan);
  g_autofree SottoCudaCache *caches = sotto_cuda_caches_describe (plan, n_context, kv_type);
  SottoCudaScratch scratch;

  return sotto_cuda_scratch_measure (self->module, plan, steps, caches, n_context,
                                     sotto_cuda_scratch_rows (plan, n_context), 1, &scratch);
}
