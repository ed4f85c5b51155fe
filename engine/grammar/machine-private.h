#pragma once

#include "machine.h"

G_BEGIN_DECLS

typedef struct {
  SottoMachineEdge edge;
  guint32 from;
  guint32 kind;
} NewEdge;

/* machine-run.c: how many safe characters can follow each state, whichever they are. */
void sotto_machine_find_runs (SottoMachine *self);

/* machine-alike.c: gives states the same number from which the same can be read for
 * SOTTO_MACHINE_HORIZON bytes; none where the machine is too large. */
void sotto_machine_find_alike (SottoMachine *self);

G_END_DECLS
