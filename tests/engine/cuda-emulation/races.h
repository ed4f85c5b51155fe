#pragma once

#include "grid.h"

/* Who looks for races (races.cc), in a module that has one; all NULL in others. */
typedef struct {
  /* What the thread that runs touches beside its own instructions. */
  void (*touch) (const void *memory, gsize n_bytes, gboolean writes);
  /* What tensor cores read by themselves, or copies in bulk are to write: what threads wrote there they have fenced. */
  void (*touch_by_proxy) (const void *memory, gsize n_bytes, gboolean writes, EmulationSite site);
  void (*fence) (void);
  /* Shared memory that was written and waited for: who wrote it does not matter any more. */
  void (*settle) (const void *memory, gsize n_bytes);
  void (*forget) (const void *pages, gsize n_bytes);
  guint8 *next;             /* where the next allocation is wanted */
} EmulationRaces;

extern EmulationRaces emulation_races;
