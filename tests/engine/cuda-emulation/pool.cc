/* The threads of the host among which the blocks of a launch are shared out. */

#include "grid.h"

/* Fewer threads than these are not worth waking anybody. */
#define FEW_THREADS 2048

static void
take_blocks (EmulationWorker *worker)
{
  EmulationPool *self = worker->pool;

  emulation_faults_begin (worker);
  while (!g_atomic_int_get (&self->failed))
    {
      gsize index = __atomic_fetch_add (&self->next_block, 1, __ATOMIC_RELAXED);

      if (index >= self->n_blocks)
        break;
      emulation_block_run (worker, self->reverse ? self->n_blocks - 1 - index : index);
    }
  emulation_faults_end (worker);
}

static gpointer
work (gpointer data)
{
  EmulationWorker *worker = static_cast<EmulationWorker *> (data);
  EmulationPool *self = worker->pool;
  guint n_runs = 0;

  g_mutex_lock (&self->mutex);
  for (;;)
    {
      while (self->n_runs == n_runs && !self->ends)
        g_cond_wait (&self->begun, &self->mutex);
      if (self->ends)
        break;
      n_runs = self->n_runs;
      g_mutex_unlock (&self->mutex);
      take_blocks (worker);
      g_mutex_lock (&self->mutex);
      if (--self->n_busy == 0)
        g_cond_signal (&self->done);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

gboolean
emulation_pool_run (EmulationPool *self, EmulationLaunch *launch)
{
  static guint64 next_run = 1;
  gboolean few;

  self->launch = launch;
  self->n_blocks = (gsize) launch->n_blocks[0] * launch->n_blocks[1] * launch->n_blocks[2];
  self->next_block = 0;
  launch->first_run = __atomic_fetch_add (&next_run, self->n_blocks, __ATOMIC_RELAXED);
  few = self->n_blocks == 1 || self->n_blocks * launch->n_threads <= FEW_THREADS || self->n_workers == 1;
  if (!few)
    {
      g_mutex_lock (&self->mutex);
      self->n_runs++;
      self->n_busy = self->n_workers - 1;
      g_cond_broadcast (&self->begun);
      g_mutex_unlock (&self->mutex);
    }
  take_blocks (self->workers[0]);
  if (!few)
    {
      g_mutex_lock (&self->mutex);
      while (self->n_busy > 0)
        g_cond_wait (&self->done, &self->mutex);
      g_mutex_unlock (&self->mutex);
    }
  self->launch = NULL;
  return !g_atomic_int_get (&self->failed);
}

EmulationPool *
emulation_pool_new (guint n_workers)
{
  EmulationPool *self = g_new0 (EmulationPool, 1);

  self->n_workers = CLAMP (n_workers, 1, G_N_ELEMENTS (self->workers));
  self->fill = 0xff;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->begun);
  g_cond_init (&self->done);
  for (guint i = 0; i < self->n_workers; i++)
    {
      self->workers[i] = emulation_worker_new (self);
      if (i > 0)
        self->workers[i]->thread = g_thread_new ("emulation", work, self->workers[i]);
    }
  return self;
}

void
emulation_pool_free (EmulationPool *self)
{
  g_mutex_lock (&self->mutex);
  self->ends = TRUE;
  g_cond_broadcast (&self->begun);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < self->n_workers; i++)
    {
      if (self->workers[i]->thread != NULL)
        g_thread_join (self->workers[i]->thread);
      emulation_worker_free (self->workers[i]);
    }
  g_cond_clear (&self->done);
  g_cond_clear (&self->begun);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Bytes of shared memory that a block may have (CUDA C++ Programming Guide, technical
 * specifications). */
gsize
emulation_shared_limit (guint architecture)
{
  switch (architecture)
    {
    case 61: return 48 * 1024;
    case 70: return 96 * 1024;
    case 75: return 64 * 1024;
    case 80: return 163 * 1024;
    case 86:
    case 89:
    case 120: return 99 * 1024;
    default: return 227 * 1024;
    }
}
