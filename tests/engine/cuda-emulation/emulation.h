#pragma once

/* The names of engine/cuda/device.h where there is no nvcc: a thread of CUDA is a fiber here. */

#include "machine.h"

#define AT_LEAST(capability) (emulation_thread->block->architecture * 10 >= (capability))
#define KERNEL(n_most) static void
#define DEVICE static inline
#define TABLE static const
#define UNROLL

/* One array a block, whichever thread asks first; the address of a variable of its own says which
 * it is. */
#define SHARED(type, name, dims)                                                                     \
  static const char name##_key = 0;                                                                  \
  typedef type name##_array dims;                                                                    \
  name##_array &name = *static_cast<name##_array *> (                                                \
    emulation_shared (&name##_key, #name, sizeof (name##_array), alignof (type)))
#define SHARED_DYNAMIC(type, name) type *name = static_cast<type *> (emulation_shared_dynamic ())
#define SHARED_TILES(type, name) type *name = static_cast<type *> (emulation_shared_tiles (EmulationSite::here ()))

typedef struct alignas (8) { guint32 x, y; } Words2;
typedef struct alignas (16) { guint32 x, y, z, w; } Words4;
typedef struct alignas (8) { float x, y; } Floats2;
typedef struct alignas (16) { float x, y, z, w; } Floats4;
typedef struct { guint16 bits; } Half;

template <typename T>
static void
emulation_invoke (const void *kernel, const void *arguments)
{
  ((void (*) (T)) kernel) (*static_cast<const T *> (arguments));
}

template <typename T>
static inline void (*device_invoker ()) (const void *, const void *)
{
  return emulation_invoke<T>;
}

DEVICE guint thread_index () { return emulation_thread->index; }
DEVICE guint lane_index () { return emulation_thread->lane; }
DEVICE guint warp_index () { return emulation_thread->index / N_LANES; }
DEVICE guint n_threads () { return emulation_thread->block->n_threads; }
DEVICE guint block_index () { return emulation_thread->block->index[0]; }
DEVICE guint block_index_y () { return emulation_thread->block->index[1]; }
DEVICE guint block_index_z () { return emulation_thread->block->index[2]; }
DEVICE guint n_blocks () { return emulation_thread->block->n_blocks[0]; }
DEVICE guint n_blocks_y () { return emulation_thread->block->n_blocks[1]; }

#include "emulation-warp.h"
#include "emulation-numbers.h"
#include "emulation-memory.h"
#include "emulation-matrix.h"
#include "emulation-hopper.h"
