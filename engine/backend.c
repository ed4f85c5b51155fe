#include "backend.h"

#include "cpu/pool.h"
#include "cuda/backend-cuda.h"
#include "cuda/place.h"
#include "sotto-error.h"

/* The public functions of a backend, handed to its class. */

static gint
count_layers (guint n_gpu_layers)
{
  return n_gpu_layers > 0 ? (gint) MIN (n_gpu_layers, G_MAXINT) : SOTTO_PLACE_AS_FITS;
}

SottoBackend *
sotto_backend_new (const SottoBackendOptions *options, GError **error)
{
  SottoBackend *cpu = sotto_backend_new_cpu (options->n_threads, options->tier, error);

  if (cpu == NULL || options->gpu == SOTTO_GPU_NEVER)
    return cpu;
  return sotto_backend_new_cuda (cpu, options->gpu == SOTTO_GPU_ALWAYS, count_layers (options->n_gpu_layers),
                                 error);
}

void
sotto_backend_set_gpu (SottoBackend *self, SottoGpuUse gpu, guint n_gpu_layers)
{
  sotto_backend_cuda_set_use (self, gpu, count_layers (n_gpu_layers));
}

const GError *
sotto_backend_get_gpu_error (const SottoBackend *self)
{
  return sotto_backend_cuda_get_reason (self);
}

void
sotto_backend_free (SottoBackend *self)
{
  if (self != NULL)
    self->klass->free (self);
}

void
sotto_backend_set_threads (SottoBackend *self, guint n_threads)
{
  self->klass->set_threads (self, n_threads);
}

guint
sotto_backend_get_threads (const SottoBackend *self)
{
  return self->klass->get_threads (self);
}

guint
sotto_backend_count_cores (void)
{
  return sotto_cpu_count_cores ();
}

const char *
sotto_backend_get_name (const SottoBackend *self)
{
  return self->klass->get_name (self);
}

static gboolean
refuse (const char *subject, GError **error)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND,
                          &(SottoErrorArguments) { .subject = subject }, "%s", subject);
  return FALSE;
}

gboolean
sotto_plan_takes_rows (const SottoPlan *plan)
{
  for (guint i = 0; i < plan->n_steps; i++)
    if (plan->steps[i].kind == SOTTO_STEP_INPUTS)
      return FALSE;
  return TRUE;
}

SottoBackend *
sotto_backend_get_cpu (SottoBackend *self)
{
  SottoBackend *cpu = sotto_backend_cuda_get_cpu (self);

  return cpu != NULL ? cpu : self;
}

gboolean
sotto_batch_check (const SottoBatch *batch, const SottoPlan *plan, guint n_context, GError **error)
{
  if (batch->n_tokens == 0 || (batch->n_tokens > SOTTO_MAX_BATCH && !plan->whole_sequence))
    return refuse ("the batch is empty or too large", error);
  if (plan->whole_sequence && batch->position > 0)
    return refuse ("the batch is not a whole sequence", error);
  if (batch->position > n_context || batch->n_tokens > n_context - batch->position)
    return refuse ("the batch does not fit the KV cache", error);
  if (batch->rows != NULL && (batch->tokens != NULL || !sotto_plan_takes_rows (plan)))
    return refuse ("the batch has rows beside tokens, or the plan takes none", error);
  if (batch->spots != NULL && !plan->has_axes)
    return refuse ("the batch has positions on several axes, and the plan on one", error);
  if (batch->rows == NULL && batch->tokens == NULL && plan->steps[0].kind == SOTTO_STEP_EMBED)
    return refuse ("the batch has neither tokens nor rows", error);
  for (guint i = 0; i < batch->n_tokens && batch->tokens != NULL; i++)
    if (batch->tokens[i] < 0 || (guint) batch->tokens[i] >= plan->n_vocabulary)
      return refuse ("a token is not of the vocabulary", error);
  return TRUE;
}
