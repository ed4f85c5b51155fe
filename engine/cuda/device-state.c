#include "cuda/device-state.h"

#include "sotto-error.h"

#include <string.h>

/* Before it is known how long they take: about a layer's. */
#define FIRST_STEPS 8

/* Multiplications of one operation of attention: half a second of a GPU that does 1e12 operations a second, as a small one
 * without tensor cores may. A display's driver ends what takes seconds, and a cancel has to wait for it. A model of 8B comes to
 * so many with 512 rows and 65,536 positions. */
#define ATTEND_MOST ((guint64) 1 << 38)

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
  self->steps_per_look = FIRST_STEPS;
  self->attend_most = ATTEND_MOST;
  self->recordings = g_new0 (void *, plan->n_steps);
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
sotto_cuda_state_forget (SottoCudaState *self)
{
  for (guint i = 0; i < self->plan->n_steps; i++)
    if (self->recordings[i] != NULL)
      self->module->forget (self->device, g_steal_pointer (&self->recordings[i]));
}

void
sotto_cuda_state_free (SottoCudaState *self)
{
  sotto_cuda_state_forget (self);
  g_free (self->recordings);
  if (self->block != NULL)
    self->module->release (self->device, self->block);
  sotto_cuda_caches_clear (&self->caches);
  sotto_cuda_state_clear_best (self);
  g_clear_pointer (&self->operands, sotto_cuda_plan_free);
  g_free (self->staged);
  g_free (self->output);
  g_free (self);
}

void
sotto_cuda_state_wipe (SottoCudaState *self)
{
  sotto_cuda_caches_wipe (&self->caches);
  if (self->block != NULL)
    self->module->clear (self->device, self->block, self->block_bytes);
  if (self->staged != NULL)
    memset (self->staged, 0, sotto_cuda_header_words (self->plan, self->n_rows) * sizeof *self->staged);
  if (self->output != NULL)
    memset (self->output, 0, self->n_output * sizeof *self->output);
  sotto_cuda_state_clear_best (self);
  self->n_logits = 0;
  self->stays = FALSE;
}

/* --- A batch in, a batch out --- */

/* The last step of the batch's stretch. */
static const SottoStep *
get_end (const SottoCudaState *self, const SottoBatch *batch)
{
  return &self->plan->steps[sotto_batch_end (batch, self->plan) - 1];
}

static gboolean
is_last (const SottoCudaState *self, const SottoBatch *batch)
{
  return sotto_batch_end (batch, self->plan) == self->plan->n_steps;
}

/* Rows of logits or of another output that the whole batch leaves in the end: of all stretches the same. */
static guint
count_outputs (const SottoCudaState *self, const SottoBatch *batch)
{
  gboolean has_logits = self->plan->steps[self->plan->n_steps - 1].kind == SOTTO_STEP_LOGITS;

  return has_logits && batch->all_logits ? batch->n_tokens : 1;
}

/* Floats that the stretch leaves. */
static gsize
count_output (const SottoCudaState *self, const SottoBatch *batch)
{
  const SottoStep *end = get_end (self, batch);

  return end->kind == SOTTO_STEP_HAND
           ? (gsize) batch->n_tokens * sotto_hand_floats (self->plan, &end->hand)
           : (gsize) count_outputs (self, batch) * self->plan->n_output;
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

/* The rows that TAKE and HAND carry, one kind behind the other. */
static gboolean
move (SottoCudaState *self, const SottoStep *step, const SottoBatch *batch)
{
  const gboolean is_take = step->kind == SOTTO_STEP_TAKE;
  const float *from = batch->handed;
  float *to = self->output;

  for (guint i = 0; i <= SOTTO_N_BUFFERS; i++)
    {
      gboolean is_inputs = i == SOTTO_N_BUFFERS;
      guint width = is_inputs ? step->hand.n_inputs : (step->hand.buffers >> i & 1) * self->plan->n_embedding;
      void *rows = self->scratch.base[is_inputs ? SOTTO_ROWS_INPUTS : SOTTO_ROWS_BUFFERS + i];
      gsize n = (gsize) batch->n_tokens * width;

      if (n == 0)
        continue;
      if (is_take ? !self->module->upload (self->device, rows, from, n * sizeof (float))
                  : !self->module->download (self->device, to, rows, n * sizeof (float)))
        return FALSE;
      from += is_take ? n : 0;
      to += is_take ? 0 : n;
    }
  return TRUE;
}

/* Of tokens that have none, too: so a recording of one token's walk serves behind pictures. */
static void
stage_spots (SottoCudaState *self, const SottoBatch *batch)
{
  guint32 *words = self->staged + sotto_cuda_header_spots (batch->n_tokens);

  for (guint t = 0; t < batch->n_tokens; t++)
    for (guint axis = 0; axis < SOTTO_N_AXES; axis++)
      *words++ = batch->spots != NULL ? batch->spots[t].at[axis] : batch->position + t;
}

/* The header, which stays for all stretches of the batch, and the rows of a stretch that others have begun. */
static gboolean
bring (SottoCudaState *self, const SottoBatch *batch)
{
  const SottoStep *begin = &self->plan->steps[batch->first_step];

  if (batch->first_step == 0)
    {
      self->staged[0] = batch->position;
      if (batch->tokens != NULL)
        memcpy (self->staged + 1, batch->tokens, batch->n_tokens * sizeof *batch->tokens);
      else
        memset (self->staged + 1, 0, batch->n_tokens * sizeof *self->staged);
      for (guint row = SOTTO_WALK_ATTEND_ROWS; row <= batch->n_tokens; row += SOTTO_WALK_ATTEND_ROWS)
        self->staged[batch->n_tokens + row / SOTTO_WALK_ATTEND_ROWS] = batch->position + row;
      if (self->plan->has_axes)
        stage_spots (self, batch);
      if (!self->module->upload (self->device, self->header, self->staged,
                                 sotto_cuda_header_words (self->plan, batch->n_tokens) * sizeof (guint32)))
        return FALSE;
    }
  if (begin->kind == SOTTO_STEP_EMBED && batch->rows != NULL
      && !self->module->upload (self->device, self->scratch.base[SOTTO_ROWS_BUFFERS + SOTTO_BUFFER_RESIDUAL], batch->rows,
                                (gsize) batch->n_tokens * self->plan->n_embedding * sizeof (float)))
    return FALSE;
  return begin->kind != SOTTO_STEP_TAKE || move (self, begin, batch);
}

static gboolean
fetch (SottoCudaState *self, const SottoBatch *batch)
{
  const SottoStep *end = get_end (self, batch);

  return end->kind == SOTTO_STEP_HAND
           ? move (self, end, batch)
           : self->module->download (self->device, self->output, self->scratch.base[SOTTO_ROWS_OUTPUT],
                                     count_output (self, batch) * sizeof (float));
}

/* --- Walks --- */

static gboolean
walk (SottoCudaState *self, const SottoBatch *batch, guint reach, SottoCancel *cancel)
{
  SottoCudaWalk walking = { .module = self->module,
                            .device = self->device,
                            .plan = self->plan,
                            .steps = self->operands->steps,
                            .first_step = batch->first_step,
                            .end_step = sotto_batch_end (batch, self->plan),
                            .caches = self->caches.caches,
                            .recurrents = self->caches.recurrents,
                            .scratch = &self->scratch,
                            .tokens = (const gint32 *) (self->header + 1),
                            .position = self->header,
                            .later = self->header + 1 + batch->n_tokens,
                            .rows = batch->rows,
                            .part_step = batch->part_step,
                            .attend_most = self->attend_most,
                            .n_rows = batch->n_tokens,
                            .n_positions_most = reach,
                            .has_rows = batch->rows != NULL,
                            .together = batch->together,
                            .all_logits = batch->all_logits,
                            .is_long = batch->is_long,
                            .cancel = cancel,
                            .steps_per_look = &self->steps_per_look };

  if (self->plan->has_axes)
    walking.spots = (const SottoSpot *) (self->header + sotto_cuda_header_spots (batch->n_tokens));
  return sotto_cuda_walk (&walking);
}

/* Looks, once a token, whether its walks are like those of the token before. */
static void
compare_token (SottoCudaState *self, const SottoBatch *batch, guint reach)
{
  gboolean is_alike = self->recorded_most == reach && self->recorded_long == batch->is_long;

  if (!is_alike)
    sotto_cuda_state_forget (self);
  self->n_alike = is_alike ? MIN (self->n_alike + 1, 2) : 0;
  self->recorded_most = reach;
  self->recorded_long = batch->is_long;
}

/* A recording for which there is no memory any more is done without, as one is that could not be made. */
static gboolean
repeat (SottoCudaState *self, const SottoBatch *batch, guint reach)
{
  void **recording = &self->recordings[batch->first_step];

  if (self->module->repeat (self->device, *recording))
    return TRUE;
  if (self->module->problem (self->device) != NULL)
    return FALSE;
  self->module->forget (self->device, g_steal_pointer (recording));
  return walk (self, batch, reach, NULL);
}

/* One token: its walk is recorded when another one like it comes, and then repeated. The first of each kind is not, so
 * that what a device does at the first launch of an operation stays out of the recording. */
static gboolean
walk_token (SottoCudaState *self, const SottoBatch *batch, guint reach)
{
  void **recording = &self->recordings[batch->first_step];

  if (batch->first_step == 0)
    compare_token (self, batch, reach);
  if (*recording != NULL)
    return repeat (self, batch, reach);
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
  *recording = self->module->recorded (self->device);
  return *recording != NULL ? repeat (self, batch, reach) : walk (self, batch, reach, NULL);
}

gboolean
sotto_cuda_state_fail (const SottoCudaState *self, SottoCancel *cancel, GError **error)
{
  const char *problem;

  if (self->module->problem (self->device) == NULL && !sotto_cancel_check (cancel, error))
    return FALSE;
  problem = sotto_cuda_module_explain (self->module, self->device);
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
  gboolean has_logits = get_end (self, batch)->kind == SOTTO_STEP_LOGITS;
  guint n_outputs = count_outputs (self, batch);
  gboolean stays = has_logits && batch->stays;
  gint64 begun = g_get_monotonic_time ();
  guint reach;

  self->n_logits = 0;
  self->stays = FALSE;

  if (!sotto_batch_check (batch, self->plan, self->n_context, error)
      || !sotto_cancel_check (cancel, error)
      || !sotto_cuda_state_reserve (self, batch->n_tokens, n_outputs, error)
      || !reserve_output (self, count_output (self, batch), error))
    return FALSE;

  reach = sotto_cuda_state_reach (self, batch->position, batch->n_tokens);
  if ((batch->first_step == 0
       && !sotto_cuda_caches_begin (&self->caches, batch->position, batch->n_tokens))
      || !bring (self, batch)
      || !(batch->n_tokens == 1 && n_outputs == 1 && batch->tokens != NULL && !self->plan->whole_sequence
             ? walk_token (self, batch, reach)
             : walk (self, batch, reach, cancel))
      || (!stays && !fetch (self, batch)))
    return sotto_cuda_state_fail (self, cancel, error);
  /* Where the stretch was shorter than what is waited for. */
  if (batch->n_tokens > SOTTO_CUDA_FEW && !stays)
    self->steps_per_look = MIN (self->steps_per_look,
                                sotto_cuda_walk_pace (sotto_batch_end (batch, self->plan) - batch->first_step,
                                                      g_get_monotonic_time () - begun));
  if (is_last (self, batch))
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
