/* Graphs and launches of the emulated runtime. */

#include "runtime-private.h"

/* --- Graphs --- */

cudaError_t
cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode)
{
  const cudaError_t error = runtime_check_stream (stream);

  MAY_FAIL (cudaErrorNotSupported);
  if (error != cudaSuccess || stream->capture != NULL)
    return runtime_say (error != cudaSuccess ? error : cudaErrorInvalidValue);
  stream->capture = g_ptr_array_new_with_free_func (runtime_operation_free);
  stream->is_invalid = FALSE;
  runtime_capturing = stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph)
{
  const gboolean fails = runtime_is_asked_to_fail (__func__) || stream->is_invalid;

  if (runtime_capturing != stream)
    return runtime_say (cudaErrorInvalidValue);
  runtime_capturing = NULL;
  if (fails)
    {
      g_clear_pointer (&stream->capture, g_ptr_array_unref);
      return runtime_say (cudaErrorStreamCaptureInvalidated);
    }
  *graph = g_new (struct RuntimeGraph, 1);
  (*graph)->operations = static_cast<GPtrArray *> (g_steal_pointer (&stream->capture));
  runtime_left++;
  return cudaSuccess;
}

cudaError_t
cudaGraphInstantiate (cudaGraphExec_t *executable, cudaGraph_t graph, guint64)
{
  MAY_FAIL (cudaErrorMemoryAllocation);
  *executable = g_new (struct RuntimeGraph, 1);
  (*executable)->operations = g_ptr_array_new_with_free_func (runtime_operation_free);
  for (guint i = 0; i < graph->operations->len; i++)
    g_ptr_array_add ((*executable)->operations,
                     runtime_operation_copy (static_cast<const Operation *> (g_ptr_array_index (graph->operations, i))));
  runtime_left++;
  return cudaSuccess;
}

cudaError_t
cudaGraphDestroy (cudaGraph_t graph)
{
  g_ptr_array_unref (graph->operations);
  g_free (graph);
  runtime_left--;
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
  const cudaError_t error = runtime_check_stream (stream);

  MAY_FAIL (cudaErrorMemoryAllocation);
  if (error != cudaSuccess)
    return runtime_say (error);
  for (guint i = 0; i < executable->operations->len; i++)
    runtime_put (stream, runtime_operation_copy (static_cast<const Operation *> (g_ptr_array_index (executable->operations, i))));
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
  g_mutex_lock (&runtime_mutex);
  if (runtime_kernels == NULL)
    runtime_kernels = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  if (!g_hash_table_contains (runtime_kernels, kernel))
    {
      const Kernel known = {name, invoke, n_bytes, EMULATION_STATIC_BYTES};

      g_hash_table_insert (runtime_kernels, (gpointer) kernel, g_memdup2 (&known, sizeof known));
    }
  g_mutex_unlock (&runtime_mutex);
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
  if (runtime_devices[runtime_current].pool == NULL || (gsize) value > runtime_devices[runtime_current].pool->shared_bytes)
    return runtime_say (cudaErrorInvalidValue);
  static_cast<Kernel *> (g_hash_table_lookup (runtime_kernels, kernel))->dynamic_bytes = (gsize) value;
  return cudaSuccess;
}

static cudaError_t
check_launch (const cudaLaunchConfig_t *config, const Kernel *kernel)
{
  const guint architecture = runtime_devices[runtime_current].pool->architecture;
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
  const Kernel *known = static_cast<const Kernel *> (g_hash_table_lookup (runtime_kernels, kernel));
  cudaError_t error = runtime_check_stream (config->stream);
  Operation *operation;

  MAY_FAIL (cudaErrorLaunchOutOfResources);
  if (error == cudaSuccess)
    error = check_launch (config, known);
  if (error != cudaSuccess)
    return runtime_say (error);
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
  return runtime_put (config->stream, operation);
}

