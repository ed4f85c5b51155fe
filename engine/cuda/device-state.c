#include "cuda/device-state.h"

#include "sotto-error.h"

#include <string.h>

/* --- Life --- */

SottoCudaState *
sotto_cuda_state_new (SottoCudaWeights       *weights,
                      const SottoCudaModule  *module,
                      SottoCudaDevice        *device,
                      const SottoPlan        *plan,
                      guint                   n_context,
                      SottoKvType             kv_type,
                      const SottoLoading     *loading,
                      GError                **error)
{
  SottoCudaState *self = g_new0 (SottoCudaState, 1);

  self->module = module;
  self->device = device;
  self->plan = plan;
  self->n_context = n_context;
  /* The caches first: whether they fit is known at once, bringing the weights takes its time. */
  if (!sotto_cuda_caches_init (&self->caches, module, device, plan, n_context, kv_type, error)
      || (self->operands = sotto_cuda_plan_new (weights, plan, loading, error)) == NULL
      || !sotto_cuda_state_reserve (self, sotto_cuda_scratch_rows (plan, n_context), 1, error))
    {
      sotto_cuda_state_free (self);
      return NULL;
    }
  return self;
}

void
sotto_cuda_state_free (SottoCudaState *self)
{
  if (self->recording != NULL)
    self->module->forget (self->device, self->recording);
  if (self->block != NULL)
    self->module->release (self->device, self->block);
  sotto_cuda_caches_clear (&self->caches);
  sotto_cuda_state_clear_best (self);
  g_clear_pointer (&self->operands, sotto_cuda_plan_free);
  g_free (self->staged);
  g_free (self->output);
  g_free (self);
}

/* --- A batch in, a batch out --- */

static const SottoStep *
get_end (const SottoCudaState *self)
{
  return &self->plan->steps[self->plan->n_steps - 1];
}

/* Floats that the batch leaves. */
static gsize
count_output (const SottoCudaState *self, const SottoBatch *batch)
{
  SottoStepKind kind = get_end (self)->kind;
  gboolean of_all = kind == SOTTO_STEP_HAND || (kind == SOTTO_STEP_LOGITS && batch->all_logits);

  return (gsize) (of_all ? batch->n_tokens : 1) * self->plan->n_output;
}

static gboolean
reserve_output (SottoCudaState *self, gsize n, GError **error)
{
  float *output;

  if (n <= self->n_output)
    return TRUE;
  output = g_try_new (float, n);
  if (output == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .wanted = n * sizeof *output },
                              "no memory for the output: %" G_GSIZE_FORMAT " bytes", n * sizeof *output);
      return FALSE;
    }
  g_free (self->output);
  self->output = output;
  self->n_output = n;
  return TRUE;
}

/* The header, and the rows of a plan that others have begun. */
static gboolean
bring (SottoCudaState *self, const SottoBatch *batch)
{
  const SottoStep *begin = &self->plan->steps[0];
  gsize n_tokens = batch->n_tokens;
  gsize n_rows = n_tokens * self->plan->n_embedding;

  self->staged[0] = batch->position;
  memcpy (self->staged + 1, batch->tokens, n_tokens * sizeof *batch->tokens);
  if (!self->module->upload (self->device, self->header, self->staged, (n_tokens + 1) * sizeof (guint32)))
    return FALSE;
  if (begin->kind != SOTTO_STEP_TAKE)
    return TRUE;
  return self->module->upload (self->device, self->scratch.base[SOTTO_ROWS_BUFFERS + SOTTO_BUFFER_RESIDUAL],
                               batch->handed, n_rows * sizeof (float))
         && (begin->hand.n_inputs == 0
             || self->module->upload (self->device, self->scratch.base[SOTTO_ROWS_INPUTS],
                                      batch->handed + n_rows,
                                      n_tokens * begin->hand.n_inputs * sizeof (float)));
}

static gboolean
fetch (SottoCudaState *self, const SottoBatch *batch)
{
  const SottoStep *end = get_end (self);
  gsize n_rows = (gsize) batch->n_tokens * self->plan->n_embedding;

  if (end->kind != SOTTO_STEP_HAND)
    return self->module->download (self->device, self->output, self->scratch.base[SOTTO_ROWS_OUTPUT],
                                   count_output (self, batch) * sizeof (float));
  return self->module->download (self->device, self->output,
                                 self->scratch.base[SOTTO_ROWS_BUFFERS + SOTTO_BUFFER_RESIDUAL],
                                 n_rows * sizeof (float))
         && (end->hand.n_inputs == 0
             || self->module->download (self->device, self->output + n_rows,
                                        self->scratch.base[SOTTO_ROWS_INPUTS],
                                        (gsize) batch->n_tokens * end->hand.n_inputs * sizeof (float)));
}

/* --- Walks --- */

static gboolean
walk (SottoCudaState *self, const SottoBatch *batch, guint reach, SottoCancel *cancel)
{
  SottoCudaWalk walking = { .module = self->module,
                            .device = self->device,
                            .plan = self->plan,
                            .steps = self->operands->steps,
                            .caches = self->caches.caches,
                            .recurrents = self->caches.recurrents,
                            .scratch = &self->scratch,
                            .tokens = (const gint32 *) (self->header + 1),
                            .position = self->header,
                            .n_rows = batch->n_tokens,
                            .n_positions_most = reach,
                            .all_logits = batch->all_logits,
                            .is_long = batch->is_long,
                            .cancel = cancel };

  return sotto_cuda_walk (&walking);
}

/* One token: its walk is recorded when another one like it comes, and then repeated. The first of each kind is not, so
 * that what a device does at the first launch of an operation stays out of the recording. */
static gboolean
walk_token (SottoCudaState *self, const SottoBatch *batch, guint reach)
{
  gboolean is_alike = self->recorded_most == reach && self->recorded_long == batch->is_long;

  if (is_alike && self->recording != NULL)
    return self->module->repeat (self->device, self->recording);

  if (self->recording != NULL)
    self->module->forget (self->device, g_steal_pointer (&self->recording));
  self->n_alike = is_alike ? self->n_alike + 1 : 0;
  self->recorded_most = reach;
  self->recorded_long = batch->is_long;
  if (self->n_alike != 1 || !self->module->record (self->device))
    return walk (self, batch, reach, NULL);

  /* Even of a walk that failed the recording must end. */
  if (!walk (self, batch, reach, NULL))
    {
      void *broken = self->module->recorded (self->device);

      if (broken != NULL)
        self->module->forget (self->device, broken);
      return FALSE;
    }
  self->recording = self->module->recorded (self->device);
  return self->recording != NULL && self->module->repeat (self->device, self->recording);
}

gboolean
sotto_cuda_state_fail (const SottoCudaState *self, SottoCancel *cancel, GError **error)
{
  const char *problem = self->module->problem (self->device);

  if (problem == NULL && !sotto_cancel_check (cancel, error))
    return FALSE;
  if (problem == NULL)
    problem = "the GPU cannot carry out a step";
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND,
                          &(SottoErrorArguments) { .subject = problem }, "%s", problem);
  return FALSE;
}

gboolean
sotto_cuda_state_run (SottoCudaState    *self,
                      const SottoBatch  *batch,
                      SottoCancel       *cancel,
                      GError           **error)
{
  gboolean has_logits = get_end (self)->kind == SOTTO_STEP_LOGITS;
  guint n_outputs = has_logits && batch->all_logits ? batch->n_tokens : 1;
  gboolean stays = has_logits && batch->stays;
  guint reach;

  self->n_logits = 0;
  self->stays = FALSE;

  if (!sotto_batch_check (batch, self->plan, self->n_context, error)
      || !sotto_cancel_check (cancel, error)
      || !sotto_cuda_state_reserve (self, batch->n_tokens, n_outputs, error)
      || !reserve_output (self, count_output (self, batch), error))
    return FALSE;

  reach = sotto_cuda_state_reach (self, batch->position, batch->n_tokens);
  if (!sotto_cuda_caches_begin (&self->caches, batch->position, batch->n_tokens)
      || !bring (self, batch)
      || !(batch->n_tokens == 1 && n_outputs == 1 && !self->plan->whole_sequence
             ? walk_token (self, batch, reach)
             : walk (self, batch, reach, cancel))
      || (!stays && !fetch (self, batch)))
    return sotto_cuda_state_fail (self, cancel, error);
  sotto_held_advance (&self->caches.held, batch->position, batch->n_tokens);
  self->n_logits = has_logits ? n_outputs : 0;
  self->stays = stays;
  return TRUE;
}

gboolean
sotto_cuda_state_fetch (SottoCudaState *self, GError **error)
{
  gsize n_bytes = (gsize) self->n_logits * self->plan->n_output * sizeof (float);

  if (!self->stays)
    return TRUE;
  self->stays = FALSE;
  return self->module->download (self->device, self->output, self->scratch.base[SOTTO_ROWS_OUTPUT], n_bytes)
         || sotto_cuda_state_fail (self, NULL, error);
}
