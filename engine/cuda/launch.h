#pragma once

/* What every device asks of a launch, whatever the kernel: for module.cu and for the emulation of it. A kernel's own limits
 * stand in its launcher, which calls device_refuse(). */

#include "cuda/device.h"

#include <stdio.h>

/* CUDA C++ Programming Guide, technical specifications: the same for all. */
#define LAUNCH_MOST_THREADS 1024
#define LAUNCH_MOST_BLOCKS 0x7fffffffu
#define LAUNCH_MOST_BLOCKS_YZ 0xffffu
#define LAUNCH_MOST_BYTES 4096      /* of arguments */

/* @n_shared: bytes of shared memory that the kernel has beside shape's. Returns: FALSE, with words in @message, where no such
 * device takes it */
static inline gboolean
launch_is_possible (const char        *name,
                    const Shape       *shape,
                    const DeviceFacts *facts,
                    gsize              n_shared,
                    gsize              n_bytes,
                    char              *message,
                    gsize              n_message)
{
  if (shape->n_threads > 0 && shape->n_threads % N_LANES == 0 && shape->n_threads <= LAUNCH_MOST_THREADS
      && shape->n_blocks <= LAUNCH_MOST_BLOCKS && shape->n_blocks_y <= LAUNCH_MOST_BLOCKS_YZ
      && shape->n_blocks_z <= LAUNCH_MOST_BLOCKS_YZ && shape->shared_bytes + n_shared <= facts->shared_bytes
      && n_bytes <= LAUNCH_MOST_BYTES)
    return TRUE;
  snprintf (message, n_message,
            "kernel %s: no launch has %u threads, %u by %u by %u blocks, %zu bytes of shared memory and %zu of arguments",
            name, shape->n_threads, shape->n_blocks, shape->n_blocks_y, shape->n_blocks_z,
            (size_t) (shape->shared_bytes + n_shared), (size_t) n_bytes);
  return FALSE;
}
