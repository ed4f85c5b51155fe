/* Memory of the emulated runtime, and copies. */

#include "runtime-private.h"

static GHashTable *pinned;  /* address → bytes */

cudaError_t
cudaMemGetInfo (size_t *n_free, size_t *n_all)
{
  Device *device = &runtime_devices[runtime_current];

  if (device->pool == NULL || device->failed)
    return runtime_say (cudaErrorInvalidValue);
  *n_free = emulation_memory_left (device->memory);
  *n_all = emulation_memory_all (device->memory);
  return cudaSuccess;
}

cudaError_t
cudaMalloc (void **memory, size_t n_bytes)
{
  Device *device = &runtime_devices[runtime_current];

  MAY_FAIL (cudaErrorMemoryAllocation);
  NOT_CAPTURING
  if (device->pool == NULL || device->failed)
    return runtime_say (cudaErrorLaunchFailure);
  *memory = emulation_memory_allocate (device->memory, n_bytes);
  return *memory != NULL ? cudaSuccess : runtime_say (cudaErrorMemoryAllocation);
}

cudaError_t
cudaFree (void *memory)
{
  Device *device = &runtime_devices[runtime_current];

  NOT_CAPTURING
  if (memory == NULL || device->pool == NULL)
    return cudaSuccess;
  /* It waits for whatever the device has to do. */
  for (guint i = 0; i < device->streams->len; i++)
    {
      cudaStream_t stream = static_cast<cudaStream_t> (g_ptr_array_index (device->streams, i));

      if (runtime_carry_out_until (stream, stream->n_put) != cudaSuccess)
        return cudaErrorLaunchFailure;
    }
  return emulation_memory_release (device->memory, memory, device->problem) ? cudaSuccess : runtime_say (cudaErrorInvalidValue);
}

cudaError_t
cudaMallocHost (void **memory, size_t n_bytes)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  NOT_CAPTURING
  *memory = g_malloc (n_bytes);
  g_mutex_lock (&runtime_mutex);
  if (pinned == NULL)
    pinned = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (pinned, *memory, GSIZE_TO_POINTER (n_bytes));
  runtime_left++;
  g_mutex_unlock (&runtime_mutex);
  return cudaSuccess;
}

cudaError_t
cudaFreeHost (void *memory)
{
  NOT_CAPTURING
  g_mutex_lock (&runtime_mutex);
  runtime_left--;
  g_hash_table_remove (pinned, memory);
  g_mutex_unlock (&runtime_mutex);
  g_free (memory);
  return cudaSuccess;
}

/* Whether a copy out of there reads it when its turn comes. */
static bool
is_read_late (const void *memory)
{
  return runtime_setting ("SOTTO_CUDA_RUNTIME_PAGEABLE", 0) != 0 || (pinned != NULL && g_hash_table_contains (pinned, memory));
}

cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  EmulationMemory *memory = runtime_devices[stream->device].memory;
  cudaError_t error = runtime_check_stream (stream);
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
    return runtime_say (error);
  operation = g_new0 (Operation, 1);
  operation->to = to;
  operation->from = from;
  operation->n_bytes = n_bytes;
  if (kind == cudaMemcpyHostToDevice && !is_read_late (from))
    operation->from = operation->own = static_cast<guint8 *> (g_memdup2 (from, n_bytes));
  return n_bytes > 0 ? runtime_put (stream, operation) : (runtime_operation_free (operation), cudaSuccess);
}

cudaError_t
cudaMemsetAsync (void *to, int value, size_t n_bytes, cudaStream_t stream)
{
  const cudaError_t error = runtime_check_stream (stream);
  Operation *operation;

  MAY_FAIL (cudaErrorInvalidValue);
  if (error != cudaSuccess)
    return runtime_say (error);
  if (n_bytes > 0 && !emulation_memory_holds (runtime_devices[stream->device].memory, to, n_bytes))
    return runtime_say (cudaErrorInvalidValue);
  operation = g_new0 (Operation, 1);
  operation->to = to;
  operation->value = value;
  operation->n_bytes = n_bytes;
  return runtime_put (stream, operation);
}

