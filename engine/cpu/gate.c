#include "cpu/gate.h"

/* About 40 microseconds on the machines at hand: what it takes to sleep and to be woken up again. A barrier in
 * decode takes one or two, but more where a phase cannot be shared out evenly. */
#define SPINS 1000

void
sotto_gate_init (SottoGate *self)
{
  atomic_init (&self->count, 0);
  atomic_init (&self->n_sleeping, 0);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
}

void
sotto_gate_clear (SottoGate *self)
{
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
}

guint
sotto_gate_get_count (SottoGate *self)
{
  return atomic_load_explicit (&self->count, memory_order_acquire);
}

/* One side writes count and then reads n_sleeping, the other writes n_sleeping and then reads
 * count; both in the single order of all sequentially consistent operations, so that at least one
 * of them sees the other. */
void
sotto_gate_open (SottoGate *self)
{
  atomic_fetch_add (&self->count, 1);
  if (atomic_load (&self->n_sleeping) == 0)
    return;
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static inline void
rest_briefly (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile ("yield");
#endif
}

void
sotto_gate_wait (SottoGate *self, guint count)
{
  for (guint i = 0; i < SPINS; i++)
    {
      if (atomic_load_explicit (&self->count, memory_order_acquire) != count)
        return;
      rest_briefly ();
    }
  g_mutex_lock (&self->mutex);
  atomic_fetch_add (&self->n_sleeping, 1);
  while (atomic_load (&self->count) == count)
    g_cond_wait (&self->cond, &self->mutex);
  atomic_fetch_sub (&self->n_sleeping, 1);
  g_mutex_unlock (&self->mutex);
}
