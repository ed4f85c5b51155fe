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

#include "faults.h"
#include "runtime-private.h"

GMutex runtime_mutex;
Device runtime_devices[MOST_DEVICES];
GHashTable *runtime_kernels;
__thread int runtime_current;
__thread cudaStream_t runtime_capturing;
static __thread cudaError_t last;

/* What is there and has not been given back, and errors that nobody has fetched: for tests. */
extern "C" __attribute__ ((visibility ("default"))) guint sotto_cuda_runtime_left (void);
extern "C" __attribute__ ((visibility ("default"))) cudaError_t sotto_cuda_runtime_error (void);

guint runtime_left;

guint
sotto_cuda_runtime_left (void)
{
  return runtime_left;
}

cudaError_t
sotto_cuda_runtime_error (void)
{
  return last;
}

guint64
runtime_setting (const char *name, guint64 otherwise)
{
  const char *value = g_getenv (name);

  return value != NULL ? g_ascii_strtoull (value, NULL, 0) : otherwise;
}

/* --- Errors --- */

cudaError_t
runtime_say (cudaError_t error)
{
  if (error != cudaSuccess)
    last = error;
  return error;
}

bool
runtime_is_asked_to_fail (const char *function)
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

const char *
cudaGetErrorString (cudaError_t error)
{
  switch (error)
    {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorNotReady: return "device not ready";
    case cudaErrorNotSupported: return "operation not supported";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is runtime_capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorLaunchFailure: return runtime_devices[runtime_current].problem;
    default: return "invalid argument";
    }
}

cudaError_t
cudaGetLastError (void)
{
  const cudaError_t error = last;

  last = cudaSuccess;
  return runtime_devices[runtime_current].failed ? cudaErrorLaunchFailure : error;
}

/* --- What is on streams --- */

void
runtime_operation_free (void *data)
{
  Operation *self = static_cast<Operation *> (data);

  g_free (self->launch.name);
  g_free (self->launch.arguments);
  g_free (self->own);
  g_free (self);
}

Operation *
runtime_operation_copy (const Operation *self)
{
  Operation *copy = static_cast<Operation *> (g_memdup2 (self, sizeof *self));
  const Kernel *kernel = self->launch.name != NULL
                           ? static_cast<const Kernel *> (g_hash_table_lookup (runtime_kernels, self->launch.kernel)) : NULL;

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
cudaError_t
runtime_carry_out_until (cudaStream_t stream, guint64 n)
{
  Device *device = &runtime_devices[stream->device];

  while (stream->n_done < n && !device->failed)
    {
      Operation *operation = static_cast<Operation *> (g_queue_pop_head (stream->pending));

      device->failed = !carry_out (device, operation);
      runtime_operation_free (operation);
      stream->n_done++;
    }
  if (!device->failed && !emulation_memory_check (device->memory, device->problem))
    device->failed = TRUE;
  emulation_memory_shut (device->memory);
  return runtime_say (device->failed ? cudaErrorLaunchFailure : cudaSuccess);
}

/* Takes it over. */
cudaError_t
runtime_put (cudaStream_t stream, Operation *operation)
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

cudaError_t
runtime_check_stream (cudaStream_t stream)
{
  if (runtime_devices[stream->device].failed)
    return cudaErrorLaunchFailure;
  return stream->device == runtime_current ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t
cudaStreamCreateWithFlags (cudaStream_t *stream, guint flags)
{
  Device *device = &runtime_devices[runtime_current];

  MAY_FAIL (cudaErrorMemoryAllocation);
  if (device->failed && device->pool != NULL)
    return runtime_say (cudaErrorLaunchFailure);
  g_mutex_lock (&runtime_mutex);
  if (device->pool == NULL)
    {
      const guint architecture = (guint) runtime_setting ("SOTTO_CUDA_EMULATION_ARCHITECTURE", 90);

      device->failed = FALSE;
      device->begun = g_hash_table_new (NULL, NULL);
      device->streams = g_ptr_array_new ();
      device->memory = emulation_memory_new (runtime_setting ("SOTTO_CUDA_EMULATION_MEMORY", G_GUINT64_CONSTANT (4) << 30));
      device->pool = emulation_pool_new (MIN (g_get_num_processors (), 4));
      device->pool->reverse = g_strcmp0 (g_getenv ("SOTTO_CUDA_EMULATION_ORDER"), "reverse") == 0;
      device->pool->architecture = architecture;
      device->pool->shared_bytes = emulation_shared_limit (architecture);
      emulation_faults_install ();
    }
  runtime_left++;
  *stream = g_new0 (struct RuntimeStream, 1);
  (*stream)->device = runtime_current;
  (*stream)->pending = g_queue_new ();
  g_ptr_array_add (device->streams, *stream);
  g_mutex_unlock (&runtime_mutex);
  return flags == cudaStreamNonBlocking ? cudaSuccess : runtime_say (cudaErrorInvalidValue);
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  Device *device = &runtime_devices[stream->device];

  g_mutex_lock (&runtime_mutex);
  runtime_carry_out_until (stream, stream->n_put);
  g_ptr_array_remove (device->streams, stream);
  g_queue_free_full (stream->pending, runtime_operation_free);
  g_free (stream);
  runtime_left--;
  if (device->streams->len == 0)
    {
      emulation_faults_remove ();
      g_ptr_array_unref (device->streams);
      g_hash_table_unref (device->begun);
      emulation_pool_free (device->pool);
      emulation_memory_free (device->memory);
      device->pool = NULL;
    }
  g_mutex_unlock (&runtime_mutex);
  return cudaSuccess;
}

cudaError_t
cudaStreamSynchronize (cudaStream_t stream)
{
  const cudaError_t error = runtime_check_stream (stream);

  MAY_FAIL (cudaErrorLaunchFailure);
  NOT_CAPTURING
  return error != cudaSuccess ? runtime_say (error) : runtime_carry_out_until (stream, stream->n_put);
}

/* --- Events --- */

cudaError_t
cudaEventCreateWithFlags (cudaEvent_t *event, guint)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  *event = g_new0 (struct RuntimeEvent, 1);
  runtime_left++;
  return cudaSuccess;
}

cudaError_t
cudaEventDestroy (cudaEvent_t event)
{
  g_free (event);
  runtime_left--;
  return cudaSuccess;
}

cudaError_t
cudaEventRecord (cudaEvent_t event, cudaStream_t stream)
{
  const cudaError_t error = runtime_check_stream (stream);

  MAY_FAIL (cudaErrorInvalidResourceHandle);
  if (error != cudaSuccess)
    return runtime_say (error);
  event->stream = stream;
  event->n_put = stream->n_put;
  return cudaSuccess;
}

/* It never is before somebody waits. That it isn't is no error, but kept like one. */
cudaError_t
cudaEventQuery (cudaEvent_t event)
{
  MAY_FAIL (cudaErrorLaunchFailure);
  NOT_CAPTURING
  if (event->stream == NULL)
    return cudaSuccess;
  if (runtime_devices[event->stream->device].failed)
    return runtime_say (cudaErrorLaunchFailure);
  return event->stream->n_done < event->n_put ? runtime_say (cudaErrorNotReady) : cudaSuccess;
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  MAY_FAIL (cudaErrorLaunchFailure);
  NOT_CAPTURING
  return event->stream != NULL ? runtime_carry_out_until (event->stream, event->n_put) : cudaSuccess;
}

/* --- Devices --- */

cudaError_t
cudaDriverGetVersion (int *version)
{
  *version = (int) runtime_setting ("SOTTO_CUDA_RUNTIME_DRIVER", 13000);
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceCount (int *n)
{
  MAY_FAIL (cudaErrorInvalidDevice);
  *n = (int) MIN (runtime_setting ("SOTTO_CUDA_EMULATION_DEVICES", 1), MOST_DEVICES);
  return cudaSuccess;
}

cudaError_t
cudaDeviceGetAttribute (int *value, cudaDeviceAttr attribute, int)
{
  const guint architecture = (guint) runtime_setting ("SOTTO_CUDA_EMULATION_ARCHITECTURE", 90);

  MAY_FAIL (cudaErrorInvalidDevice);
  switch (attribute)
    {
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = EMULATION_STATIC_BYTES; break;
    case cudaDevAttrMultiProcessorCount: *value = 4; break;
    case cudaDevAttrComputeCapabilityMajor: *value = (int) architecture / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = (int) architecture % 10; break;
    case cudaDevAttrPageableMemoryAccess: *value = runtime_setting ("SOTTO_CUDA_RUNTIME_PAGEABLE", 0) != 0; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = (int) emulation_shared_limit (architecture); break;
    default: return runtime_say (cudaErrorInvalidValue);
    }
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceProperties (cudaDeviceProp *properties, int device)
{
  MAY_FAIL (cudaErrorInvalidDevice);
  memset (properties, 0, sizeof *properties);
  g_snprintf (properties->name, sizeof properties->name, "Emulated device %d of a runtime", device);
  properties->totalGlobalMem = runtime_setting ("SOTTO_CUDA_EMULATION_MEMORY", G_GUINT64_CONSTANT (4) << 30);
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
    return runtime_say (cudaErrorInvalidDevice);
  runtime_current = device;
  return cudaSuccess;
}
