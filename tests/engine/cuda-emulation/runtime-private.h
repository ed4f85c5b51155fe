#pragma once

/* What the files runtime*.cc share. */

#include "cuda/launch.h"
#include "memory.h"
#include "runtime.h"

#define MOST_DEVICES 4

typedef struct {
  EmulationLaunch launch;   /* name NULL: a copy, or bytes that are all alike */
  void *to;
  const void *from;         /* NULL: value */
  guint8 *own;              /* (nullable): what from was */
  int value;
  gsize n_bytes;
} Operation;

typedef struct {
  EmulationPool *pool;      /* NULL: nobody has a stream of it */
  EmulationMemory *memory;
  GHashTable *begun;
  GPtrArray *streams;
  gboolean failed;
  char problem[EMULATION_PROBLEM_BYTES];
} Device;

struct RuntimeStream {
  int device;
  GQueue *pending;
  guint64 n_put, n_done;
  GPtrArray *capture;       /* (nullable) */
  gboolean is_invalid;      /* what is captured */
};

struct RuntimeEvent {
  cudaStream_t stream;      /* (nullable): never recorded */
  guint64 n_put;
};

struct RuntimeGraph {
  GPtrArray *operations;
};

typedef struct {
  const char *name;
  void (*invoke) (const void *, const void *);
  gsize n_bytes;
  gsize dynamic_bytes;      /* that were asked for */
} Kernel;

extern GMutex runtime_mutex;
extern Device runtime_devices[MOST_DEVICES];
extern GHashTable *runtime_kernels; /* address → Kernel */
extern guint runtime_left;
extern __thread int runtime_current;
extern __thread cudaStream_t runtime_capturing;

/* Keeps it for cudaGetLastError(). Returns: it */
cudaError_t runtime_say (cudaError_t error);
bool runtime_is_asked_to_fail (const char *function);
guint64 runtime_setting (const char *name, guint64 otherwise);

void runtime_operation_free (void *data);
Operation *runtime_operation_copy (const Operation *self);

/* Takes it over. */
cudaError_t runtime_put (cudaStream_t stream, Operation *operation);
cudaError_t runtime_check_stream (cudaStream_t stream);

/* Until so many are done. */
cudaError_t runtime_carry_out_until (cudaStream_t stream, guint64 n);

#define MAY_FAIL(error)                     \
  if (runtime_is_asked_to_fail (__func__)) \
    return runtime_say (error)

/* What a thread may not do while it captures. */
#define NOT_CAPTURING                                      \
  if (runtime_capturing != NULL)                                   \
    {                                                      \
      runtime_capturing->is_invalid = TRUE;                        \
      return runtime_say (cudaErrorStreamCaptureUnsupported);      \
    }
