#pragma once

#include <glib.h>
#include <stdatomic.h>

G_BEGIN_DECLS

/* A door for several threads: they wait until its count changes. They look for some tens of microseconds
 * without giving up the processor, since in the middle of a layer the others are nearly there, and
 * then sleep, so that a busy machine does not crawl and an idle one rests. */
typedef struct {
  atomic_uint count;
  atomic_uint n_sleeping;
  GMutex mutex;
  GCond cond;
} SottoGate;

void sotto_gate_init (SottoGate *self);
void sotto_gate_clear (SottoGate *self);

/* What sotto_gate_wait() is to be given, read before anybody can open the gate. */
guint sotto_gate_get_count (SottoGate *self);

/* Opens it for all who wait for the count to leave its present value. */
void sotto_gate_open (SottoGate *self);

/* Returns once the count is no longer @count. */
void sotto_gate_wait (SottoGate *self, guint count);

G_END_DECLS
