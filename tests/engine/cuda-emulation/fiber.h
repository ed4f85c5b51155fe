#pragma once

#include "machine.h"

/* A stack on which begin() will run when it is switched to. Returns: its sp */
void *emulation_fiber_make (guint8 *bottom, gsize n_bytes, void (*begin) (void));

/* AddressSanitizer has to know on which stack we are. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define FIBER_LEAVES(keep, stack, n_bytes) __sanitizer_start_switch_fiber (keep, stack, n_bytes)
#define FIBER_IS_BACK(kept, stack, n_bytes) __sanitizer_finish_switch_fiber (kept, stack, n_bytes)
#define MEMORY_POISON(p, n_bytes) ASAN_POISON_MEMORY_REGION (p, n_bytes)
#define MEMORY_UNPOISON(p, n_bytes) ASAN_UNPOISON_MEMORY_REGION (p, n_bytes)
#else
#define FIBER_LEAVES(keep, stack, n_bytes) ((void) 0)
#define FIBER_IS_BACK(kept, stack, n_bytes) ((void) 0)
#define MEMORY_POISON(p, n_bytes) ((void) 0)
#define MEMORY_UNPOISON(p, n_bytes) ((void) 0)
#endif
