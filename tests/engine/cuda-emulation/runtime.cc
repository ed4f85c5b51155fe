/* The CUDA runtime over emulated devices, as late and as strict as its manual allows (CUDA Runtime API: stream management, memory
 * management, API synchronization behavior, graphs).
 *
 * What is put on a stream happens when somebody waits for it and not before, so that whoever reuses memory too early is found out:
 * copies out of pinned memory read it then. Out of other memory they have read it when they return, but not on a device that reads
 * all of the host's. A stream belongs to a device, which has to be the calling thread's. While a stream is captured its thread may
 * not allocate, release or wait; what it does to the stream is noted. A launch has what was asked for it: more than 48 KB of
 * shared memory by an attribute, an early begin from 9.0 on. A kernel that fails takes its device with it.
 *
 * SOTTO_CUDA_EMULATION_ARCHITECTURE, _DEVICES, _MEMORY, _ORDER   as module-emulated.cc has them
 * SOTTO_CUDA_RUNTIME_PAGEABLE=1          devices read all of the host's memory
 * SOTTO_CUDA_RUNTIME_FAILS=cudaMalloc:3  the third call from now on of this function fails; without a number all do
 * SOTTO_CUDA_RUNTIME_DRIVER=12020        what the driver runs (13000)
 */

#include "cuda/launch.h"
#include "faults.h"
#include "memory.h"
#include "runtime.h"

#include <stdlib.h>

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

static GMutex mutex;
static Device devices[MOST_DEVICES];
static GHashTable *kernels; /* address → Kernel */
static GHashTable *pinned;  /* address → bytes */
static __thread int current;
static __thread cudaStream_t capturing;
static __thread cudaError_t last;

/* What is there and has not been given back, and errors that nobody has fetched: for tests. */
extern "C" __attribute__ ((visibility ("default"))) guint sotto_cuda_runtime_left (void);
extern "C" __attribute__ ((visibility ("default"))) cudaError_t sotto_cuda_runtime_error (void);

static guint n_left;

guint
sotto_cuda_runtime_left (void)
{
  return n_left;
}

cudaError_t
sotto_cuda_runtime_error (void)
{
  return last;
}

static guint64
setting (const char *name, guint64 otherwise)
{
  const char *value = g_getenv (name);

  return value != NULL ? g_ascii_strtoull (value, NULL, 0) : otherwise;
}

/* --- Errors --- */

static cudaError_t
say (cudaError_t error)
{
  if (error != cudaSuccess)
    last = error;
  return error;
}

static bool
is_asked_to_fail (const char *function)
{
  static char counted[64];
  static guint64 n_calls;
  const char *asked = g_getenv ("SOTTO_CUDA_RUNTIME_FAILS");
  const char *colon = asked != NULL ? strchr (asked, ':') : NULL;
  const gsize n = colon != NULL ? (gsize) (colon - asked) : asked != NULL ? strlen (asked) : 0;

  if (asked == NULL || strlen (function) != n || strncmp (asked, function, n) != 0)
    return false;
  if (colon == NULL)
    return true;
  if (strcmp (counted, asked) != 0)
    {
      g_strlcpy (counted, asked, sizeof counted);
      n_calls = 0;
    }
  return ++n_calls == g_ascii_strtoull (colon + 1, NULL, 10);
}

#define MAY_FAIL(error)                     \
  if (is_asked_to_fail (__func__)) \
    return say (error)

/* What a thread may not do while it captures. */
#define NOT_CAPTURING                                      \
  if (capturing != NULL)                                   \
    {                                                      \
      capturing->is_invalid = TRUE;                        \
      return say (cudaErrorStreamCaptureUnsupported);      \
    }

const char *
cudaGetErrorString (cudaError_t error)
{
  switch (error)
    {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorNotSupported: return "operation not supported";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorLaunchFailure: return devices[current].problem;
    default: return "invalid argument";
    }
}

cudaError_t
cudaGetLastError (void)
{
  const cudaError_t error = last;

  last = cudaSuccess;
  return devices[current].failed ? cudaErrorLaunchFailure : error;
}

/* --- What is on streams --- */

static void
operation_free (void *data)
{
  Operation *self = static_cast<Operation *> (data);

  g_free (self->launch.name);
  g_free (self->launch.arguments);
  g_free (self->own);
  g_free (self);
}

static Operation *
operation_copy (const Operation *self)
{
  Operation *copy = static_cast<Operation *> (g_memdup2 (self, sizeof *self));
  const Kernel *kernel = self->launch.name != NULL
                           ? static_cast<const Kernel *> (g_hash_table_lookup (kernels, self->launch.kernel)) : NULL;

  if (kernel != NULL)
    {
      copy->launch.name = g_strdup (self->launch.name);
      copy->launch.arguments = static_cast<guint8 *> (g_memdup2 (self->launch.arguments, kernel->n_bytes));
    }
  return copy;
}

static gboolean
carry_out (Device *device, Operation *operation)
{
  emulation_memory_open (device->memory);
  if (operation->launch.name == NULL)
    {
      if (operation->from != NULL)
        memmove (operation->to, operation->from, operation->n_bytes);
      else
        memset (operation->to, operation->value, operation->n_bytes);
      return TRUE;
    }
  device->pool->shut = g_hash_table_add (device->begun, (gpointer) operation->launch.kernel) ? device->memory : NULL;
  if (device->pool->shut != NULL)
    emulation_memory_shut (device->memory);
  if (emulation_pool_run (device->pool, &operation->launch))
    return TRUE;
  g_strlcpy (device->problem, device->pool->problem, sizeof device->problem);
  return FALSE;
}

/* Until so many are done. */
static cudaError_t
carry_out_until (cudaStream_t stream, guint64 n)
{
  Device *device = &devices[stream->device];

  while (stream->n_done < n && !device->failed)
    {
      Operation *operation = static_cast<Operation *> (g_queue_pop_head (stream->pending));

      device->failed = !carry_out (device, operation);
      operation_free (operation);
      stream->n_done++;
    }
  if (!device->failed && !emulation_memory_check (device->memory, device->problem))
    device->failed = TRUE;
  emulation_memory_shut (device->memory);
  return say (device->failed ? cudaErrorLaunchFailure : cudaSuccess);
}

/* Takes it over. */
static cudaError_t
put (cudaStream_t stream, Operation *operation)
{
  if (stream->capture != NULL)
    {
      g_ptr_array_add (stream->capture, operation);
      return cudaSuccess;
    }
  g_queue_push_tail (stream->pending, operation);
  stream->n_put++;
  return cudaSuccess;
}

static cudaError_t
check_stream (cudaStream_t stream)
{
  if (devices[stream->device].failed)
    return cudaErrorLaunchFailure;
  return stream->device == current ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t
cudaStreamCreateWithFlags (cudaStream_t *stream, guint flags)
{
  Device *device = &devices[current];

  MAY_FAIL (cudaErrorMemoryAllocation);
  if (device->failed && device->pool != NULL)
    return say (cudaErrorLaunchFailure);
  g_mutex_lock (&mutex);
  if (device->pool == NULL)
    {
      const guint architecture = (guint) setting ("SOTTO_CUDA_EMULATION_ARCHITECTURE", 90);

      device->failed = FALSE;
      device->begun = g_hash_table_new (NULL, NULL);
      device->streams = g_ptr_array_new ();
      device->memory = emulation_memory_new (setting ("SOTTO_CUDA_EMULATION_MEMORY", G_GUINT64_CONSTANT (4) << 30));
      device->pool = emulation_pool_new (MIN (g_get_num_processors (), 4));
      device->pool->reverse = g_strcmp0 (g_getenv ("SOTTO_CUDA_EMULATION_ORDER"), "reverse") == 0;
      device->pool->architecture = architecture;
      device->pool->shared_bytes = emulation_shared_limit (architecture);
      emulation_faults_install ();
    }
  n_left++;
  *stream = g_new0 (struct RuntimeStream, 1);
  (*stream)->device = current;
  (*stream)->pending = g_queue_new ();
  g_ptr_array_add (device->streams, *stream);
  g_mutex_unlock (&mutex);
  return flags == cudaStreamNonBlocking ? cudaSuccess : say (cudaErrorInvalidValue);
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  Device *device = &devices[stream->device];

  g_mutex_lock (&mutex);
  carry_out_until (stream, stream->n_put);
  g_ptr_array_remove (device->streams, stream);
  g_queue_free_full (stream->pending, operation_free);
  g_free (stream);
  n_left--;
  if (device->streams->len == 0)
    {
      emulation_faults_remove ();
      g_ptr_array_unref (device->streams);
      g_hash_table_unref (device->begun);
      emulation_pool_free (device->pool);
      emulation_memory_free (device->memory);
      device->pool = NULL;
    }
  g_mutex_unlock (&mutex);
  return cudaSuccess;
}

cudaError_t
cudaStreamSynchronize (cudaStream_t stream)
{
  const cudaError_t error = check_stream (stream);

  MAY_FAIL (cudaErrorLaunchFailure);
  NOT_CAPTURING
  return error != cudaSuccess ? say (error) : carry_out_until (stream, stream->n_put);
}

/* --- Events --- */

cudaError_t
cudaEventCreateWithFlags (cudaEvent_t *event, guint)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  *event = g_new0 (struct RuntimeEvent, 1);
  n_left++;
  return cudaSuccess;
}

cudaError_t
cudaEventDestroy (cudaEvent_t event)
{
  g_free (event);
  n_left--;
  return cudaSuccess;
}

cudaError_t
cudaEventRecord (cudaEvent_t event, cudaStream_t stream)
{
  const cudaError_t error = check_stream (stream);

  MAY_FAIL (cudaErrorInvalidResourceHandle);
  if (error != cudaSuccess)
    return say (error);
  event->stream = stream;
  event->n_put = stream->n_put;
  return cudaSuccess;
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  NOT_CAPTURING
  return event->stream != NULL ? carry_out_until (event->stream, event->n_put) : cudaSuccess;
}

/* --- Memory --- */

cudaError_t
cudaMemGetInfo (size_t *n_free, size_t *n_all)
{
  Device *device = &devices[current];

  if (device->pool == NULL || device->failed)
    return say (cudaErrorInvalidValue);
  *n_free = emulation_memory_left (device->memory);
  *n_all = emulation_memory_all (device->memory);
  return cudaSuccess;
}

cudaError_t
cudaMalloc (void **memory, size_t n_bytes)
{
  Device *device = &devices[current];

  MAY_FAIL (cudaErrorMemoryAllocation);
  NOT_CAPTURING
  if (device->pool == NULL || device->failed)
    return say (cudaErrorLaunchFailure);
  *memory = emulation_memory_allocate (device->memory, n_bytes);
  return *memory != NULL ? cudaSuccess : say (cudaErrorMemoryAllocation);
}

cudaError_t
cudaFree (void *memory)
{
  Device *device = &devices[current];

  NOT_CAPTURING
  if (memory == NULL || device->pool == NULL)
    return cudaSuccess;
  /* It waits for whatever the device has to do. */
  for (guint i = 0; i < device->streams->len; i++)
    {
      cudaStream_t stream = static_cast<cudaStream_t> (g_ptr_array_index (device->streams, i));

      if (carry_out_until (stream, stream->n_put) != cudaSuccess)
        return cudaErrorLaunchFailure;
    }
  return emulation_memory_release (device->memory, memory, device->problem) ? cudaSuccess : say (cudaErrorInvalidValue);
}

cudaError_t
cudaMallocHost (void **memory, size_t n_bytes)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  NOT_CAPTURING
  *memory = g_malloc (n_bytes);
  g_mutex_lock (&mutex);
  if (pinned == NULL)
    pinned = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (pinned, *memory, GSIZE_TO_POINTER (n_bytes));
  n_left++;
  g_mutex_unlock (&mutex);
  return cudaSuccess;
}

cudaError_t
cudaFreeHost (void *memory)
{
  NOT_CAPTURING
  g_mutex_lock (&mutex);
  n_left--;
  g_hash_table_remove (pinned, memory);
  g_mutex_unlock (&mutex);
  g_free (memory);
  return cudaSuccess;
}

/* Whether a copy out of there reads it when its turn comes. */
static bool
is_read_late (const void *memory)
{
  return setting ("SOTTO_CUDA_RUNTIME_PAGEABLE", 0) != 0 || (pinned != NULL && g_hash_table_contains (pinned, memory));
}

cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  EmulationMemory *memory = devices[stream->device].memory;
  cudaError_t error = check_stream (stream);
  Operation *operation;

  MAY_FAIL (cudaErrorInvalidValue);
  if (error == cudaSuccess
      && ((kind != cudaMemcpyDeviceToHost && !emulation_memory_holds (memory, to, n_bytes))
          || (kind != cudaMemcpyHostToDevice && !emulation_memory_holds (memory, from, n_bytes))))
    error = cudaErrorInvalidValue;
  if (error == cudaSuccess && stream->capture != NULL && kind != cudaMemcpyDeviceToDevice)
    {
      stream->is_invalid = TRUE;
      error = cudaErrorStreamCaptureUnsupported;
    }
  if (error != cudaSuccess)
    return say (error);
  operation = g_new0 (Operation, 1);
  operation->to = to;
  operation->from = from;
  operation->n_bytes = n_bytes;
  if (kind == cudaMemcpyHostToDevice && !is_read_late (from))
    operation->from = operation->own = static_cast<guint8 *> (g_memdup2 (from, n_bytes));
  return n_bytes > 0 ? put (stream, operation) : (operation_free (operation), cudaSuccess);
}

cudaError_t
cudaMemsetAsync (void *to, int value, size_t n_bytes, cudaStream_t stream)
{
  const cudaError_t error = check_stream (stream);
  Operation *operation;

  MAY_FAIL (cudaErrorInvalidValue);
  if (error != cudaSuccess)
    return say (error);
  if (n_bytes > 0 && !emulation_memory_holds (devices[stream->device].memory, to, n_bytes))
    return say (cudaErrorInvalidValue);
  operation = g_new0 (Operation, 1);
  operation->to = to;
  operation->value = value;
  operation->n_bytes = n_bytes;
  return put (stream, operation);
}

/* --- Graphs --- */

cudaError_t
cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode)
{
  const cudaError_t error = check_stream (stream);

  MAY_FAIL (cudaErrorNotSupported);
  if (error != cudaSuccess || stream->capture != NULL)
    return say (error != cudaSuccess ? error : cudaErrorInvalidValue);
  stream->capture = g_ptr_array_new_with_free_func (operation_free);
  stream->is_invalid = FALSE;
  capturing = stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph)
{
  const gboolean fails = is_asked_to_fail (__func__) || stream->is_invalid;

  if (capturing != stream)
    return say (cudaErrorInvalidValue);
  capturing = NULL;
  if (fails)
    {
      g_clear_pointer (&stream->capture, g_ptr_array_unref);
      return say (cudaErrorStreamCaptureInvalidated);
    }
  *graph = g_new (struct RuntimeGraph, 1);
  (*graph)->operations = static_cast<GPtrArray *> (g_steal_pointer (&stream->capture));
  n_left++;
  return cudaSuccess;
}

cudaError_t
cudaGraphInstantiate (cudaGraphExec_t *executable, cudaGraph_t graph, guint64)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  *executable = g_new (struct RuntimeGraph, 1);
  (*executable)->operations = g_ptr_array_new_with_free_func (operation_free);
  for (guint i = 0; i < graph->operations->len; i++)
    g_ptr_array_add ((*executable)->operations,
                     operation_copy (static_cast<const Operation *> (g_ptr_array_index (graph->operations, i))));
  n_left++;
  return cudaSuccess;
}

cudaError_t
cudaGraphDestroy (cudaGraph_t graph)
{
  g_ptr_array_unref (graph->operations);
  g_free (graph);
  n_left--;
  return cudaSuccess;
}

cudaError_t
cudaGraphExecDestroy (cudaGraphExec_t executable)
{
  return cudaGraphDestroy (executable);
}

cudaError_t
cudaGraphLaunch (cudaGraphExec_t executable, cudaStream_t stream)
{
  const cudaError_t error = check_stream (stream);

  MAY_FAIL (cudaErrorMemoryAllocation);
  if (error != cudaSuccess)
    return say (error);
  for (guint i = 0; i < executable->operations->len; i++)
    put (stream, operation_copy (static_cast<const Operation *> (g_ptr_array_index (executable->operations, i))));
  return cudaSuccess;
}

/* --- Launches --- */

extern "C" gboolean module_launch (SottoCudaDevice *self, const char *name, const Shape *shape, const void *kernel,
                                   void (*invoke) (const void *, const void *), const void *arguments, gsize n_bytes);

/* Of kernels: an address alone does not say how it is called. */
gboolean
device_launch (SottoCudaDevice *self,
               const char      *name,
               const Shape     *shape,
               const void      *kernel,
               void           (*invoke) (const void *, const void *),
               const void      *arguments,
               gsize            n_bytes)
{
  g_mutex_lock (&mutex);
  if (kernels == NULL)
    kernels = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  if (!g_hash_table_contains (kernels, kernel))
    {
      const Kernel known = {name, invoke, n_bytes, EMULATION_STATIC_BYTES};

      g_hash_table_insert (kernels, (gpointer) kernel, g_memdup2 (&known, sizeof known));
    }
  g_mutex_unlock (&mutex);
  return module_launch (self, name, shape, kernel, invoke, arguments, n_bytes);
}

cudaError_t
cudaFuncGetAttributes (cudaFuncAttributes *attributes, const void *)
{
  MAY_FAIL (cudaErrorInvalidValue);
  *attributes = {0, LAUNCH_MOST_THREADS};
  return cudaSuccess;
}

cudaError_t
cudaFuncSetAttribute (const void *kernel, cudaFuncAttribute, int value)
{
  MAY_FAIL (cudaErrorInvalidValue);
  if (devices[current].pool == NULL || (gsize) value > devices[current].pool->shared_bytes)
    return say (cudaErrorInvalidValue);
  static_cast<Kernel *> (g_hash_table_lookup (kernels, kernel))->dynamic_bytes = (gsize) value;
  return cudaSuccess;
}

static cudaError_t
check_launch (const cudaLaunchConfig_t *config, const Kernel *kernel)
{
  const guint architecture = devices[current].pool->architecture;
  const dim3 &grid = config->gridDim;

  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > LAUNCH_MOST_BLOCKS || grid.y > LAUNCH_MOST_BLOCKS_YZ
      || grid.z > LAUNCH_MOST_BLOCKS_YZ || config->blockDim.x == 0 || config->blockDim.x > LAUNCH_MOST_THREADS
      || config->blockDim.y != 1 || config->blockDim.z != 1)
    return cudaErrorInvalidConfiguration;
  if (config->dynamicSmemBytes > kernel->dynamic_bytes)
    return cudaErrorInvalidValue;
  for (guint i = 0; i < config->numAttrs; i++)
    if (config->attrs[i].id == cudaLaunchAttributeProgrammaticStreamSerialization && architecture < 90)
      return cudaErrorNotSupported;
  return cudaSuccess;
}

cudaError_t
cudaLaunchKernelExC (const cudaLaunchConfig_t *config, const void *kernel, void **arguments)
{
  const Kernel *known = static_cast<const Kernel *> (g_hash_table_lookup (kernels, kernel));
  cudaError_t error = check_stream (config->stream);
  Operation *operation;

  MAY_FAIL (cudaErrorLaunchOutOfResources);
  if (error == cudaSuccess)
    error = check_launch (config, known);
  if (error != cudaSuccess)
    return say (error);
  operation = g_new0 (Operation, 1);
  operation->launch.name = g_strdup (known->name);
  operation->launch.n_blocks[0] = config->gridDim.x;
  operation->launch.n_blocks[1] = config->gridDim.y;
  operation->launch.n_blocks[2] = config->gridDim.z;
  operation->launch.n_threads = config->blockDim.x;
  operation->launch.shared_bytes = config->dynamicSmemBytes;
  operation->launch.kernel = kernel;
  operation->launch.invoke = known->invoke;
  operation->launch.arguments = static_cast<guint8 *> (g_memdup2 (arguments[0], known->n_bytes));
  return put (config->stream, operation);
}

/* --- Devices --- */

cudaError_t
cudaDriverGetVersion (int *version)
{
  *version = (int) setting ("SOTTO_CUDA_RUNTIME_DRIVER", 13000);
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceCount (int *n)
{
  MAY_FAIL (cudaErrorInvalidDevice);
  *n = (int) MIN (setting ("SOTTO_CUDA_EMULATION_DEVICES", 1), MOST_DEVICES);
  return cudaSuccess;
}

cudaError_t
cudaDeviceGetAttribute (int *value, cudaDeviceAttr attribute, int)
{
  const guint architecture = (guint) setting ("SOTTO_CUDA_EMULATION_ARCHITECTURE", 90);

  MAY_FAIL (cudaErrorInvalidDevice);
  switch (attribute)
    {
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = EMULATION_STATIC_BYTES; break;
    case cudaDevAttrMultiProcessorCount: *value = 4; break;
    case cudaDevAttrComputeCapabilityMajor: *value = (int) architecture / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = (int) architecture % 10; break;
    case cudaDevAttrPageableMemoryAccess: *value = setting ("SOTTO_CUDA_RUNTIME_PAGEABLE", 0) != 0; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = (int) emulation_shared_limit (architecture); break;
    default: return say (cudaErrorInvalidValue);
    }
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceProperties (cudaDeviceProp *properties, int device)
{
  MAY_FAIL (cudaErrorInvalidDevice);
  memset (properties, 0, sizeof *properties);
  g_snprintf (properties->name, sizeof properties->name, "Emulated device %d of a runtime", device);
  properties->totalGlobalMem = setting ("SOTTO_CUDA_EMULATION_MEMORY", G_GUINT64_CONSTANT (4) << 30);
  cudaDeviceGetAttribute (&properties->major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute (&properties->minor, cudaDevAttrComputeCapabilityMinor, device);
  cudaDeviceGetAttribute (&properties->multiProcessorCount, cudaDevAttrMultiProcessorCount, device);
  return cudaSuccess;
}

cudaError_t
cudaSetDevice (int device)
{
  MAY_FAIL (cudaErrorInvalidDevice);
  if (device < 0 || device >= MOST_DEVICES)
    return say (cudaErrorInvalidDevice);
  current = device;
  return cudaSuccess;
}
