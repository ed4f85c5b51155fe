#pragma once

#include "grid.h"

void emulation_faults_install (void);
void emulation_faults_remove (void);

/* Says in a few words where an address lies. */
void emulation_memory_describe (const void *address, char *words, gsize n_bytes);
