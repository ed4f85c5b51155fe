#include "cuda/backend-cuda.h"

#include "cuda/backend-device.h"
#include "cuda/caches.h"
#include "cuda/loader.h"
#include "cuda/place.h"
#include "cuda/split-state.h"
#include "cuda/weights.h"
#include "sotto-error.h"

/* GPUs and the CPU as one backend. */

/* What is left to others of a device's free memory: the desktop, and what the driver takes for itself as it goes. */
#define HEADROOM ((guint64) 192 << 20)
#define HEADROOM_SHARE 50 /* and a fiftieth */

/* How often a placement is tried again, each time with an eighth less, when what was free is not any more. */
#define MOST_TRIES 4

typedef struct {
  SottoBackend parent;
  SottoBackend *cpu;
  SottoGpuUse use;         /* of the next state */
  gint n_layers;

  /* Looked for once */
  gboolean has_looked;
  GError *reason;          /* (nullable): why there are none */
  SottoCudaLibrary *library;
  SottoBackend **devices;  /* (n_devices) */
  guint n_devices;
  char *name;
} CudaBackend;

static SottoSplitState *
get_state (SottoState *state)
{
  return (SottoSplitState *) state;
}

static const SottoSplitState *
peek_state (const SottoState *state)
{
  return (const SottoSplitState *) state;
}

/* --- Devices --- */

static gboolean
open_devices (CudaBackend *self, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);

  if (self->library == NULL)
    self->library = sotto_cuda_library_open (error);
  if (self->library == NULL)
    return FALSE;
  self->devices = g_new0 (SottoBackend *, self->library->n_devices);
  for (guint i = 0; i < self->library->n_devices; i++)
    {
      const SottoCudaUsable *usable = &self->library->devices[i];
      g_autoptr (GError) own = NULL;
      SottoBackend *device = sotto_backend_new_device_checked (self->library->module, usable->index, &usable->info, &own);

      if (device == NULL)
        {
          if (error != NULL && *error == NULL)
            g_propagate_error (error, g_steal_pointer (&own));
          continue;
        }
      self->devices[self->n_devices++] = device;
      g_string_append_printf (name, "%s%s", name->len > 0 ? " + " : "cuda-", sotto_backend_get_name (device));
    }
  if (self->n_devices == 0)
    return FALSE;
  if (error != NULL)
    g_clear_error (error);
  self->name = g_string_free (g_steal_pointer (&name), FALSE);
  return TRUE;
}

static void
look (CudaBackend *self)
{
  if (!self->has_looked)
    open_devices (self, &self->reason);
  self->has_looked = TRUE;
}

static guint64
measure_room (SottoBackend *device)
{
  guint64 n_free, n_all, headroom;

  if (sotto_backend_device_is_lost (device) || !sotto_backend_device_measure (device, &n_free, &n_all))
    return 0;
  headroom = HEADROOM + n_free / HEADROOM_SHARE;
  return n_free > headroom ? n_free - headroom : 0;
}

/* --- Placing --- */

/* Bytes of the embedding table that the output reads as well. */
static guint64
measure_shared (const SottoPlan *plan)
{
  const SottoStep *first = &plan->steps[0], *last = &plan->steps[plan->n_steps - 1];

  if (first->kind != SOTTO_STEP_EMBED || last->kind != SOTTO_STEP_LOGITS
      || first->embed.table.data != last->logits.weight.data
      || first->embed.table.n_rows != last->logits.weight.n_rows)
    return 0;
  return sotto_cuda_weight_measure (&first->embed.table);
}

/* Bytes of a step's weights that one token reads: of experts those that it is sent to, of tables a row. */
static guint64
measure_read (const SottoPlan *plan, guint index)
{
  const SottoStep *step = &plan->steps[index];
  guint64 all = sotto_cuda_plan_measure (plan, index, index + 1), chosen;

  if (step->kind == SOTTO_STEP_EMBED)
    return 0;
  if (step->kind == SOTTO_STEP_INPUTS)
    return sotto_cuda_weight_measure (&step->inputs.projection);
  if (step->kind != SOTTO_STEP_EXPERTS)
    return all;
  chosen = sotto_cuda_weight_measure (&step->experts.gate) + sotto_cuda_weight_measure (&step->experts.up)
           + sotto_cuda_weight_measure (&step->experts.down);
  return all - chosen + chosen / step->experts.n_experts * step->experts.n_used;
}

/* Of caches a token reads half, on the average of a sequence that fills them. */
static SottoPlacePiece *
measure_pieces (const SottoPlan *plan, GArray *pieces, guint n_context, SottoKvType kv_type)
{
  SottoPlacePiece *sizes = g_new0 (SottoPlacePiece, pieces->len);

  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);
      const SottoPlanRun run = { i, i + 1 };
      g_autoptr (SottoPlanPart) part = sotto_plan_cut (plan, pieces, &run, 1);
      gsize kept = sotto_cuda_caches_measure (&part->plan, n_context, kv_type);

      sizes[i].weights = sotto_cuda_plan_measure (plan, piece->first_step, piece->end_step);
      sizes[i].kept = MIN (kept, G_MAXINT64 / pieces->len);
      sizes[i].read = sizes[i].kept / 2;
      for (guint s = piece->first_step; s < piece->end_step; s++)
        sizes[i].read += measure_read (plan, s);
      sizes[i].n_layers = piece->n_layers;
      sizes[i].is_experts = piece->is_experts;
      sizes[i].continues = piece->continues;
    }
  return sizes;
}

static gboolean
are_all_lost (const CudaBackend *self)
{
  for (guint i = 0; i < self->n_devices; i++)
    if (!sotto_backend_device_is_lost (self->devices[i]))
      return FALSE;
  return self->n_devices > 0;
}

/* Which devices have kernels for all of the plan, whatever memory they have. NULL, with why: none has, or all are lost */
static gboolean *
find_able (const CudaBackend *self,
           const SottoPlan   *plan,
           guint              n_context,
           SottoKvType        kv_type,
           GError           **error)
{
  g_autofree gboolean *able = g_new0 (gboolean, self->n_devices + 1);
  g_autofree char *first = NULL;
  gboolean is_some = FALSE;

  for (guint i = 0; i < self->n_devices; i++)
    {
      g_autofree char *refusal = NULL;

      if (sotto_backend_device_is_lost (self->devices[i]))
        continue;
      refusal = sotto_backend_device_rehearse (self->devices[i], plan, n_context, kv_type);
      able[i] = refusal == NULL;
      is_some |= able[i];
      if (first == NULL)
        first = g_steal_pointer (&refusal);
    }
  if (is_some || self->n_devices == 0)
    return g_steal_pointer (&able);

  if (are_all_lost (self))
    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &(SottoErrorArguments) { .subject = "lost" },
                            "the GPU has failed and is not used again before the program is started anew");
  else
    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &(SottoErrorArguments) { .subject = "model" },
                            "the model cannot be run on the GPU (%s); let the CPU compute it", first);
  return NULL;
}

/* Where the pieces go; @eighths of what is free of the devices that are @able. Returns: (nullable) */
static guint *
place (const CudaBackend *self,
       const SottoPlan   *plan,
       const gboolean    *able,
       GArray            *pieces,
       guint              n_context,
       SottoKvType        kv_type,
       guint              eighths,
       GError           **error)
{
  g_autofree SottoPlacePiece *sizes = measure_pieces (plan, pieces, n_context, kv_type);
  g_autofree guint64 *rooms = g_new0 (guint64, self->n_devices + 1);
  g_autofree guint *where = g_new (guint, pieces->len);
  SottoPlaceWish wish = { .pieces = sizes, .n_pieces = pieces->len, .shared = measure_shared (plan),
                          .rooms = rooms, .n_devices = self->n_devices, .n_layers = self->n_layers };

  for (guint i = 0; i < self->n_devices; i++)
    {
      rooms[i] = able[i] ? measure_room (self->devices[i]) / 8 * eighths : 0;
      if (i == 0)
        wish.scratch = sotto_backend_device_scratch (self->devices[0], plan, n_context, kv_type);
    }
  return sotto_place (&wish, where, error) ? g_steal_pointer (&where) : NULL;
}

static SottoSplitState *
make_state (CudaBackend         *self,
            const SottoPlan     *plan,
            GArray              *pieces,
            const guint         *where,
            guint                n_context,
            SottoKvType          kv_type,
            const SottoLoading  *loading,
            GError             **error)
{
  SottoSplit split = { plan, pieces, where, self->cpu, self->devices };

  return sotto_split_state_new (&split, n_context, kv_type, loading, error);
}

/* Whether trying it with less, or without a GPU, may help. */
static gboolean
may_fall_back (const CudaBackend *self, const GError *error)
{
  return self->n_layers < 0
         && (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY)
             || g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND));
}

static SottoState *
cuda_state_new (SottoBackend        *backend,
                const SottoPlan     *plan,
                guint                n_context,
                SottoKvType          kv_type,
                const SottoLoading  *loading,
                GError             **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autofree guint *nowhere = g_new (guint, pieces->len);
  g_autofree gboolean *able = NULL;
  g_autoptr (GError) reason = NULL;
  SottoSplitState *last;
  guint n_tries = 0;

  if (self->use != SOTTO_GPU_NEVER)
    {
      look (self);
      if (self->use == SOTTO_GPU_ALWAYS && self->n_devices == 0)
        {
          g_propagate_error (error, g_error_copy (self->reason));
          return NULL;
        }
      able = find_able (self, plan, n_context, kv_type, &reason);
      if (able == NULL && (self->n_layers > 0 || (self->use == SOTTO_GPU_ALWAYS && !are_all_lost (self))))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return NULL;
        }
      if (able != NULL && (self->n_devices > 0 || self->n_layers > 0))
        n_tries = MOST_TRIES;
    }
  for (guint i = 0; i < pieces->len; i++)
    nowhere[i] = SOTTO_PLACE_CPU;
  for (guint i = 0; i < n_tries; i++)
    {
      g_autoptr (GError) own = NULL;
      g_autofree guint *where = place (self, plan, able, pieces, n_context, kv_type, 8 - i, &own);
      SottoSplitState *state = where == NULL ? NULL
                                             : make_state (self, plan, pieces, where, n_context, kv_type,
                                                           loading, &own);

      if (state != NULL)
        return (SottoState *) state;
      if (!may_fall_back (self, own))
        {
          g_propagate_error (error, g_steal_pointer (&own));
          return NULL;
        }
    }
  last = make_state (self, plan, pieces, nowhere, n_context, kv_type, loading, error);
  if (last != NULL)
    last->reason = g_steal_pointer (&reason);
  return (SottoState *) last;
}

/* The embedding table, which is hardly read, does not count. */
static gboolean
cuda_has_room (SottoBackend *backend, const SottoPlan *plan, guint n_context, SottoKvType kv_type)
{
  CudaBackend *self = (CudaBackend *) backend;
  g_autoptr (GArray) pieces = sotto_plan_divide (plan);
  g_autofree gboolean *able = NULL;
  g_autofree guint *where = NULL;

  if (self->use == SOTTO_GPU_NEVER)
    return TRUE;
  look (self);
  if (self->n_devices == 0)
    return TRUE;
  able = find_able (self, plan, n_context, kv_type, NULL);
  if (able == NULL)
    return TRUE;

  where = place (self, plan, able, pieces, n_context, kv_type, 8, NULL);
  if (where == NULL || self->n_layers >= 0)
    return where != NULL;
  for (guint i = 1; i < pieces->len; i++)
    if (where[i] == SOTTO_PLACE_CPU)
      return FALSE;
  return TRUE;
}

/* --- The rest of a backend --- */

static void
cuda_free (SottoBackend *backend)
{
  CudaBackend *self = (CudaBackend *) backend;

  for (guint i = 0; i < self->n_devices; i++)
    sotto_backend_free (self->devices[i]);
  g_free (self->devices);
  g_clear_pointer (&self->library, sotto_cuda_library_free);
  g_clear_pointer (&self->cpu, sotto_backend_free);
  g_clear_error (&self->reason);
  g_free (self->name);
  g_free (self);
}

static void
cuda_set_threads (SottoBackend *backend, guint n_threads)
{
  sotto_backend_set_threads (((CudaBackend *) backend)->cpu, n_threads);
}

static guint
cuda_get_threads (const SottoBackend *backend)
{
  return sotto_backend_get_threads (((const CudaBackend *) backend)->cpu);
}

static const char *
cuda_get_name (const SottoBackend *backend)
{
  const CudaBackend *self = (const CudaBackend *) backend;

  return self->name != NULL ? self->name : sotto_backend_get_name (self->cpu);
}

static void
cuda_state_free (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  if (state != NULL)
    sotto_split_state_free (get_state (state));
}

static void
cuda_state_measure (SottoBackend     *backend G_GNUC_UNUSED,
                    const SottoState *state,
                    guint64          *kv_cache,
                    guint64          *scratch)
{
  sotto_split_state_measure (peek_state (state), kv_cache, scratch);
}

static gboolean
cuda_run (SottoBackend      *backend G_GNUC_UNUSED,
          SottoState        *state,
          const SottoBatch  *batch,
          SottoCancel       *cancel,
          GError           **error)
{
  return sotto_split_state_run (get_state (state), batch, cancel, error);
}

static float *
cuda_get_output (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  return sotto_split_state_get_output (get_state (state));
}

static gboolean
cuda_fetch (SottoBackend *backend G_GNUC_UNUSED, SottoState *state, GError **error)
{
  return sotto_split_state_fetch (get_state (state), error);
}

static gboolean
cuda_select (SottoBackend         *backend G_GNUC_UNUSED,
             SottoState           *state,
             guint                 row,
             const SottoBestWish  *wish,
             SottoBest            *best,
             GError              **error)
{
  return sotto_split_state_select (get_state (state), row, wish, best, error);
}

static gboolean
cuda_state_serves (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_split_state_serves (peek_state (state), position);
}

static gsize
cuda_checkpoint_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_split_state_checkpoint_bytes (peek_state (state), position);
}

static void
cuda_checkpoint_store (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position, guint8 *target)
{
  sotto_split_state_checkpoint_store (peek_state (state), position, target);
}

static void
cuda_checkpoint_load (SottoBackend *backend G_GNUC_UNUSED,
                      SottoState   *state,
                      guint         position,
                      const guint8 *source)
{
  sotto_split_state_checkpoint_load (get_state (state), position, source);
}

static gsize
cuda_state_bytes (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state, guint position)
{
  return sotto_split_state_bytes (peek_state (state), position);
}

static gboolean
cuda_state_store (SottoBackend     *backend G_GNUC_UNUSED,
                  const SottoState *state,
                  guint             position,
                  guint8           *target,
                  SottoCancel      *cancel)
{
  return sotto_split_state_store (peek_state (state), position, target, cancel);
}

static gboolean
cuda_state_load (SottoBackend *backend G_GNUC_UNUSED,
                 SottoState   *state,
                 guint         position,
                 const guint8 *source,
                 SottoCancel  *cancel)
{
  return sotto_split_state_load (get_state (state), position, source, cancel);
}

static void
cuda_state_wipe (SottoBackend *backend G_GNUC_UNUSED, SottoState *state)
{
  sotto_split_state_wipe (get_state (state));
}

static const char *
cuda_state_describe (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state)
{
  return peek_state (state)->description;
}

static guint
cuda_state_form (SottoBackend *backend G_GNUC_UNUSED, const SottoState *state)
{
  return peek_state (state)->form;
}

static void
cuda_state_place (SottoBackend     *backend G_GNUC_UNUSED,
                  const SottoState *state,
                  SottoPlacement   *placement)
{
  sotto_split_state_place (peek_state (state), placement);
}

static const SottoBackendClass cuda_class = {
  .free = cuda_free,
  .set_threads = cuda_set_threads,
  .get_threads = cuda_get_threads,
  .get_name = cuda_get_name,
  .state_new = cuda_state_new,
  .state_free = cuda_state_free,
  .state_measure = cuda_state_measure,
  .run = cuda_run,
  .get_output = cuda_get_output,
  .fetch = cuda_fetch,
  .select = cuda_select,
  .state_serves = cuda_state_serves,
  .checkpoint_bytes = cuda_checkpoint_bytes,
  .checkpoint_store = cuda_checkpoint_store,
  .checkpoint_load = cuda_checkpoint_load,
  .state_bytes = cuda_state_bytes,
  .state_store = cuda_state_store,
  .state_load = cuda_state_load,
  .state_wipe = cuda_state_wipe,
  .state_describe = cuda_state_describe,
  .state_form = cuda_state_form,
  .has_room = cuda_has_room,
  .state_place = cuda_state_place,
};

void
sotto_backend_cuda_set_use (SottoBackend *backend, SottoGpuUse use, gint n_layers)
{
  CudaBackend *self = (CudaBackend *) backend;

  if (backend->klass != &cuda_class)
    return;
  self->use = use;
  self->n_layers = n_layers;
}

SottoBackend *
sotto_backend_cuda_get_cpu (SottoBackend *backend)
{
  return backend->klass == &cuda_class ? ((CudaBackend *) backend)->cpu : NULL;
}

const GError *
sotto_backend_cuda_get_reason (const SottoBackend *backend)
{
  return backend->klass == &cuda_class ? ((const CudaBackend *) backend)->reason : NULL;
}

/* @library: (nullable): %NULL: still to be looked for, now or later */
static SottoBackend *
make_backend (SottoBackend      *cpu,
              SottoCudaLibrary  *library,
              gboolean           is_demanded,
              gint               n_layers,
              GError           **error)
{
  CudaBackend *self = g_new0 (CudaBackend, 1);

  self->parent.klass = &cuda_class;
  self->cpu = cpu;
  self->library = library;
  self->use = is_demanded ? SOTTO_GPU_ALWAYS : SOTTO_GPU_AUTOMATIC;
  self->n_layers = n_layers;
  if (!is_demanded)
    return &self->parent;

  look (self);
  if (self->n_devices == 0)
    {
      g_propagate_error (error, g_steal_pointer (&self->reason));
      cuda_free (&self->parent);
      return NULL;
    }
  return &self->parent;
}

SottoBackend *
sotto_backend_new_cuda (SottoBackend *cpu, gboolean is_demanded, gint n_layers, GError **error)
{
  return make_backend (cpu, NULL, is_demanded, n_layers, error);
}

SottoBackend *
sotto_backend_new_cuda_of (SottoBackend      *cpu,
                           SottoCudaLibrary  *library,
                           gint               n_layers,
                           GError           **error)
{
  return make_backend (cpu, library, TRUE, n_layers, error);
}
