#pragma once

#include "grid.h"

/* Device memory: what a kernel may touch and the host may not. */

EmulationMemory *emulation_memory_new (guint64 n_bytes);
void emulation_memory_free (EmulationMemory *self);

/* Returns: (nullable): NULL where not so much is left */
void *emulation_memory_allocate (EmulationMemory *self, gsize n_bytes);

/* Returns: FALSE where it is none of ours, or was written around it; problem says which */
gboolean emulation_memory_release (EmulationMemory *self, void *memory, char *problem);

guint64 emulation_memory_all (EmulationMemory *self);
guint64 emulation_memory_left (EmulationMemory *self);

/* Whether all bytes are of one allocation. */
gboolean emulation_memory_holds (EmulationMemory *self, const void *memory, gsize n_bytes);

/* Whether some device has an allocation there. */
gboolean emulation_memory_is_any (const void *p);

/* The device works, or is done: only then the memory can be touched, so that a host that does not
 * wait, or takes device memory for its own, is found. */
void emulation_memory_open (EmulationMemory *self);
void emulation_memory_shut (EmulationMemory *self);

/* Looks around all allocations. Returns: FALSE where something was written there; problem says
 * what */
gboolean emulation_memory_check (EmulationMemory *self, char *problem);
