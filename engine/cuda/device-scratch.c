#include "cuda/device-state.h"

#include "sotto-error.h"

/* Working memory: how much is found out by walks that only measure. */

/* Any address that nobody reads. */
#define NOWHERE ((guint8 *) (gsize) 0x10000)

/* The shortest sequences that walks are made for. */
#define LEAST_REACH 512

guint
sotto_cuda_scratch_rows (const SottoPlan *plan, guint n_context)
{
  return plan->whole_sequence ? n_context : MIN (n_context, SOTTO_MAX_BATCH);
}

static guint
round_up_to_chunk (guint n)
{
  return n > G_MAXUINT - SOTTO_CACHE_CHUNK ? n : (n + SOTTO_CACHE_CHUNK - 1) / SOTTO_CACHE_CHUNK * SOTTO_CACHE_CHUNK;
}

guint
sotto_cuda_state_reach (const SottoCudaState *self, guint position, guint n_rows)
{
  guint most = round_up_to_chunk (self->n_context);
  guint end = position + n_rows;
  guint reach = LEAST_REACH;

  if (n_rows > SOTTO_CUDA_FEW)
    return MIN (round_up_to_chunk (end), most);
  while (reach < end && reach < most)
    reach *= 2;
  return MIN (reach, most);
}

gsize
sotto_cuda_scratch_measure (const SottoCudaModule *module,
                            const SottoPlan       *plan,
                            const SottoStep       *steps,
                            const SottoCudaCache  *caches,
                            guint                  n_context,
                            guint                  n_rows,
                            guint                  n_outputs,
                            SottoCudaScratch      *scratch)
{
  const guint tried[] = { n_rows, MIN (n_rows, SOTTO_CUDA_FEW), n_outputs };
  gsize n_bytes = 0;

  *scratch = (SottoCudaScratch) { 0 };
  for (guint i = 0; i < SOTTO_N_ROWS; i++)
    scratch->base[i] = NOWHERE;
  for (guint i = 0; i < G_N_ELEMENTS (tried); i++)
    {
      SottoCudaWalk walk = { .module = module, .measures = TRUE, .plan = plan, .steps = steps,
                             .end_step = plan->n_steps, .caches = caches, .scratch = scratch, .n_rows = tried[i],
                             .n_positions_most = round_up_to_chunk (n_context),
                             .all_logits = tried[i] <= n_outputs };

      sotto_cuda_walk (&walk);
    }
  for (guint i = 0; i < SOTTO_N_ROWS; i++)
    n_bytes += scratch->bytes[i];
  return n_bytes;
}

gboolean
sotto_cuda_scratch_rehearse (const SottoCudaModule *module,
                             SottoCudaDevice       *device,
                             const SottoPlan       *plan,
                             const SottoStep       *steps,
                             const SottoCudaCache  *caches,
                             guint                  n_context)
{
  /* A kernel of many rows may take what the one for a few does not, and the other way; the fewest of many and the most of a
   * few are where they part. */
  const guint most = sotto_cuda_scratch_rows (plan, n_context);
  const guint tried[] = { most, MIN (most, SOTTO_CUDA_FEW + 1), MIN (most, SOTTO_CUDA_FEW), 1 };
  gboolean does_all = TRUE;

  module->rehearse (device, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (tried) && does_all; i++)
    {
      SottoCudaScratch scratch = { 0 };
      SottoCudaWalk walk = { .module = module, .device = device, .measures = TRUE, .rehearses = TRUE, .plan = plan,
                             .steps = steps, .end_step = plan->n_steps, .caches = caches, .scratch = &scratch,
                             .n_rows = tried[i], .n_positions_most = round_up_to_chunk (n_context),
                             .all_logits = !plan->whole_sequence };

      for (guint piece = 0; piece < SOTTO_N_ROWS; piece++)
        scratch.base[piece] = NOWHERE;
      does_all = sotto_cuda_walk (&walk);
    }
  return does_all;
}

static void
cut_up (SottoCudaScratch *self, guint8 *base)
{
  for (guint i = 0; i < SOTTO_N_ROWS; i++)
    {
      self->base[i] = base;
      base += self->bytes[i];
    }
}

static gboolean
refuse (const SottoCudaState *self, gsize n_bytes, GError **error)
{
  const char *problem = self->module->problem (self->device);
  SottoErrorArguments arguments = { .wanted = n_bytes, .subject = problem };
  guint64 all;

  if (problem == NULL)
    self->module->measure (self->device, &arguments.available, &all);
  sotto_engine_set_error (error, problem != NULL ? SOTTO_ENGINE_ERROR_BACKEND : SOTTO_ENGINE_ERROR_MEMORY,
                          &arguments, "%s: %" G_GSIZE_FORMAT " bytes",
                          problem != NULL ? problem : "no memory for the scratch on the GPU", n_bytes);
  return FALSE;
}

gboolean
sotto_cuda_state_reserve (SottoCudaState *self, guint n_rows, guint n_outputs, GError **error)
{
  SottoCudaScratch scratch;
  gsize header_bytes, n_bytes;
  guint32 *staged;
  guint8 *block;

  if (n_rows <= self->n_rows && n_outputs <= self->n_outputs)
    return TRUE;
  n_rows = MAX (n_rows, self->n_rows);
  n_outputs = MAX (n_outputs, self->n_outputs);
  header_bytes = (sotto_cuda_header_words (self->plan, n_rows) + 63) / 64 * 64 * sizeof (guint32);
  n_bytes = header_bytes
            + sotto_cuda_scratch_measure (self->module, self->plan, self->operands->steps,
                                          self->caches.caches, self->n_context, n_rows, n_outputs,
                                          &scratch);
  staged = g_try_new (guint32, sotto_cuda_header_words (self->plan, n_rows));
  block = staged != NULL ? self->module->allocate (self->device, n_bytes) : NULL;
  if (block == NULL)
    {
      g_free (staged);
      return refuse (self, n_bytes, error);
    }

  sotto_cuda_state_forget (self);
  if (self->block != NULL)
    self->module->release (self->device, self->block);
  g_free (self->staged);
  self->n_alike = 0;
  self->staged = staged;
  self->block = block;
  self->block_bytes = n_bytes;
  self->n_rows = n_rows;
  self->n_outputs = n_outputs;
  self->scratch = scratch;
  self->header = (guint32 *) (void *) block;
  cut_up (&self->scratch, block + header_bytes);
  return TRUE;
}
