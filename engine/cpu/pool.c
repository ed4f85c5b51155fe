#include "cpu/pool.h"

#include "cpu/gate.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_THREADS 256

/* Below the window's threads, above what runs only when nothing else does. */
#define NICENESS 5

typedef struct {
  SottoPool *pool;
  GThread *thread;
  guint lane;
  guint seen;                  /* the start gate's count when the thread was made */
} Worker;

/* What is taken of one lane's part of a phase: by itself from the front (the low half), by others who have
 * done their own from the back. A cache line each, so that lanes don't wait for each other's counts. */
typedef struct {
  _Alignas (64) atomic_uint_fast64_t taken;
} Part;

#define FROM_BACK (G_GUINT64_CONSTANT (1) << 32)

struct _SottoPool {
  /* Any thread */
  atomic_uint n_wanted;

  /* The thread that runs */
  guint n_lanes;
  Worker workers[MAX_THREADS]; /* by lane; [0] is the caller and unused */

  /* Written before the start gate opens */
  guint n_last;                /* lanes from this one on end */
  SottoPoolFunc func;
  gpointer data;
  SottoCancel *cancel;

  /* All lanes */
  SottoGate start;
  SottoGate barrier;
  atomic_uint n_arrived;
  atomic_int stopped;          /* changes only inside a barrier */
  Part parts[MAX_THREADS];     /* by lane */
};

static gpointer
work (gpointer data)
{
  Worker *self = data;
  SottoPool *pool = self->pool;

  /* Linux gives each thread a priority of its own. Refused or not, the work is the same. */
  (void) setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), NICENESS);
  for (;;)
    {
      gboolean is_last;

      sotto_gate_wait (&pool->start, self->seen++);
      is_last = self->lane >= pool->n_last;
      if (pool->func != NULL)
        pool->func (pool, self->lane, pool->data);
      sotto_pool_barrier (pool);
      if (is_last)
        return NULL;
    }
}

/* Ends the threads of the lanes from n_lanes on: a run without work, that they leave for good. */
static void
end_threads (SottoPool *self, guint n_lanes)
{
  if (n_lanes >= self->n_lanes)
    return;
  self->n_last = n_lanes;
  sotto_pool_run (self, NULL, NULL, NULL);
  while (self->n_lanes > n_lanes)
    g_thread_join (g_steal_pointer (&self->workers[--self->n_lanes].thread));
}

SottoPool *
sotto_pool_new (guint n_threads)
{
  SottoPool *self = g_aligned_alloc0 (1, sizeof *self, G_ALIGNOF (SottoPool));

  self->n_lanes = 1;
  self->n_last = MAX_THREADS;
  sotto_gate_init (&self->start);
  sotto_gate_init (&self->barrier);
  sotto_pool_set_threads (self, n_threads);
  return self;
}

void
sotto_pool_free (SottoPool *self)
{
  end_threads (self, 1);
  sotto_gate_clear (&self->start);
  sotto_gate_clear (&self->barrier);
  g_aligned_free (self);
}

void
sotto_pool_set_threads (SottoPool *self, guint n_threads)
{
  if (n_threads == 0)
    n_threads = sotto_cpu_count_cores ();
  atomic_store (&self->n_wanted, MIN (n_threads, MAX_THREADS));
}

guint
sotto_pool_get_threads (const SottoPool *self)
{
  return atomic_load (&self->n_wanted);
}

guint
sotto_pool_prepare (SottoPool *self)
{
  guint n_wanted = atomic_load (&self->n_wanted);

  end_threads (self, n_wanted);
  self->n_last = MAX_THREADS;
  while (self->n_lanes < n_wanted)
    {
      Worker *worker = &self->workers[self->n_lanes];
      g_autofree char *name = g_strdup_printf ("sotto-cpu-%u", self->n_lanes);

      worker->pool = self;
      worker->lane = self->n_lanes;
      worker->seen = sotto_gate_get_count (&self->start);
      worker->thread = g_thread_try_new (name, work, worker, NULL);
      if (worker->thread == NULL)
        break;
      self->n_lanes++;
    }
  return self->n_lanes;
}

/* All of the next phase is there to be taken. */
static void
renew_parts (SottoPool *self, guint n_lanes)
{
  for (guint i = 0; i < n_lanes; i++)
    atomic_store_explicit (&self->parts[i].taken, 0, memory_order_relaxed);
}

gboolean
sotto_pool_run (SottoPool *self, SottoCancel *cancel, SottoPoolFunc func, gpointer data)
{
  self->func = func;
  self->data = data;
  self->cancel = cancel;
  atomic_store_explicit (&self->n_arrived, 0, memory_order_relaxed);
  renew_parts (self, self->n_lanes);
  atomic_store_explicit (&self->stopped, sotto_cancel_is_raised (cancel), memory_order_relaxed);
  if (self->n_lanes > 1)
    sotto_gate_open (&self->start);
  if (func != NULL)
    func (self, 0, data);
  return sotto_pool_barrier (self);
}

/* The first or the last of the @size units of a part that nobody has taken yet: half of them, at most
 * @most and at least one. Returns how many. */
static guint
take_from (Part *part, guint size, gboolean from_back, guint most, guint *place)
{
  guint64 taken = atomic_load_explicit (&part->taken, memory_order_relaxed);
  guint n;

  do
    {
      guint front = (guint) (taken % FROM_BACK);
      guint back = (guint) (taken / FROM_BACK);

      if (front + back >= size)
        return 0;
      n = CLAMP ((size - front - back) / 2, 1, most);
      *place = from_back ? size - back - n : front;
    }
  while (!atomic_compare_exchange_weak_explicit (&part->taken, &taken,
                                                 taken + n * (from_back ? FROM_BACK : 1),
                                                 memory_order_relaxed, memory_order_relaxed));
  return n;
}

guint
sotto_pool_take_some (SottoPool *self, guint lane, guint n_units, guint most, guint *unit)
{
  guint n_lanes = self->n_lanes;

  if (sotto_pool_is_hurried (self))
    return 0;
  for (guint i = 0; i < n_lanes; i++)
    {
      guint owner = (lane + i) % n_lanes;
      guint first = (guint) ((guint64) owner * n_units / n_lanes);
      guint end = (guint) ((owner + (guint64) 1) * n_units / n_lanes);
      guint n = take_from (&self->parts[owner], end - first, owner != lane, most, unit);

      if (n > 0)
        {
          *unit += first;
          return n;
        }
    }
  return 0;
}

gboolean
sotto_pool_take (SottoPool *self, guint lane, guint n_units, guint *unit)
{
  return sotto_pool_take_some (self, lane, n_units, 1, unit) > 0;
}

gboolean
sotto_pool_is_hurried (const SottoPool *self)
{
  return sotto_pool_is_stopped (self) || sotto_cancel_is_raised (self->cancel);
}

/* The last to arrive prepares the next phase while all others wait. A lane that saw the cancel flag
 * raised arrives after it saw it, so the last one sees it too: a phase that was left early never
 * counts as done. */
gboolean
sotto_pool_barrier (SottoPool *self)
{
  guint count = sotto_gate_get_count (&self->barrier);
  guint n_lanes = self->n_lanes; /* now: behind the barrier lane 0 may change it */

  if (atomic_fetch_add_explicit (&self->n_arrived, 1, memory_order_acq_rel) + 1 < n_lanes)
    {
      sotto_gate_wait (&self->barrier, count);
      return !sotto_pool_is_stopped (self);
    }
  atomic_store_explicit (&self->n_arrived, 0, memory_order_relaxed);
  renew_parts (self, n_lanes);
  if (sotto_cancel_is_raised (self->cancel))
    atomic_store_explicit (&self->stopped, 1, memory_order_relaxed);
  if (n_lanes > 1)
    sotto_gate_open (&self->barrier);
  return !sotto_pool_is_stopped (self);
}

gboolean
sotto_pool_is_stopped (const SottoPool *self)
{
  return atomic_load_explicit (&self->stopped, memory_order_relaxed) != 0;
}
