#pragma once

#include "machine.h"

G_BEGIN_DECLS

typedef struct {
  SottoEdge edge;
  guint32 from;
  guint32 kind;
} NewEdge;

/* machine-run.c: how many safe characters can follow each state, whichever they are. */
void sotto_machine_find_runs (SottoMachine *self);

G_END_DECLS
