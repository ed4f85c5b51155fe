/* The device as the CUDA runtime drives it: memory, the stream, recordings as graphs, launches, and
 * what went wrong.
 *
 * SOTTO_CUDA_EARLY=0   kernels begin when those before them have ended, as on devices before 9.0
 * SOTTO_CUDA_HOPPER=0  a device of 9.0 does without what it alone has
 * SOTTO_CUDA_SLEEP=0   whoever waits looks again and again, however long it takes
 * SOTTO_CUDA_MULTIPROCESSORS=4  kernels are chosen as for a device of so many: a test's few blocks fill no large one, which
 *                      would take the kernels of a few blocks in place of those that are to be tried */

#include "cuda/launch.h"
#include "cuda/operations.h"

#include <stdlib.h>
#include <time.h>

/* Host memory that the device can read by itself; two halves, of which one is filled while the
 * other is sent. */
#define STAGE_BYTES (16u << 20)
/* From this one on recordings keep that kernels begin early. */
#define EARLY_DRIVER 12030
/* The runtime copies so much by itself faster. */
#define SMALL_BYTES (64u << 10)
/* Without having been asked a device gives a block 48 KiB of shared memory, in which what the kernel itself declares lies,
 * too: at most 16. Those before 7.0 have no more. */
#define UNASKED_BYTES (32u << 10)
/* Up to so much is downloaded by way of memory that the device writes by itself: a copy to any other is waited for by the driver, in
 * its own way, which is to look again and again. A token's logits are less. */
#define LANDING_BYTES (1u << 20)
/* A wait is short, or it sleeps: to be woken takes some ten microseconds, which a token of a small model on a large GPU would feel,
 * and to look again and again takes a processor, which a battery does. */
#define LOOK_NANOSECONDS 1000000

struct _SottoCudaDevice {
  int index;
  DeviceFacts facts;
  cudaStream_t stream;
  gboolean is_early;        /* kernels begin while those before them end (previous_wait()) */
  gboolean reads_pageable;  /* any memory of the host's: what copies out of such may return before it is read */
  gboolean is_recording;
  gboolean is_torn;         /* what is being recorded is good for nothing */
  guint8 *stage[2];         /* nullable */
  cudaEvent_t sent[2];
  guint next_stage;
  gboolean sleeps;          /* who waits for long */
  cudaEvent_t done;         /* nullable */
  guint8 *landing;          /* nullable */
  gboolean has_no_landing;  /* it was asked for, and there is none */
  gboolean rehearses;
  gboolean failed;
  char problem[512];
  char refusal[512];        /* "": none */
};

const guint sotto_cuda_toolkit = CUDART_VERSION;
const char sotto_cuda_architectures[] = SOTTO_CUDA_ARCHITECTURES;
const guint sotto_cuda_newest_virtual = SOTTO_CUDA_NEWEST_VIRTUAL;

/* --- What goes wrong --- */

static void
say_failure (SottoCudaDevice *self, const char *what, cudaError_t error)
{
  if (!self->failed)
    snprintf (self->problem, sizeof self->problem, "%s: %s", what, cudaGetErrorString (error));
  self->failed = TRUE;
}

/* Returns: whether it went well */
static gboolean
check (SottoCudaDevice *self, const char *what, cudaError_t error)
{
  if (error == cudaSuccess)
    return TRUE;
  cudaGetLastError ();
  say_failure (self, what, error);
  return FALSE;
}

/* Before anything is asked of the device: threads may change. */
static gboolean
enter (SottoCudaDevice *self)
{
  return !self->failed && check (self, "choosing the device", cudaSetDevice (self->index));
}

const char *
sotto_cuda_problem (SottoCudaDevice *self)
{
  return self->failed ? self->problem : NULL;
}

gboolean
device_refuse (SottoCudaDevice *self, const char *message)
{
  snprintf (self->refusal, sizeof self->refusal, "%s", message);
  return FALSE;
}

const char *
sotto_cuda_refusal (SottoCudaDevice *self)
{
  return self->refusal[0] != '\0' ? self->refusal : NULL;
}

void
sotto_cuda_rehearse (SottoCudaDevice *self, gboolean begins)
{
  self->rehearses = begins;
  self->refusal[0] = '\0';
}

gboolean
sotto_cuda_forgo (SottoCudaDevice *self)
{
  const gboolean had = self->facts.has_hopper;

  self->facts.has_hopper = FALSE;
  return had;
}

/* What the runtime says of one launch, of which nothing has begun; all else is of the device. */
static gboolean
is_of_launch (cudaError_t error)
{
  return error == cudaErrorInvalidValue || error == cudaErrorInvalidConfiguration
         || error == cudaErrorLaunchOutOfResources || error == cudaErrorMemoryAllocation
         || error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction;
}

/* Returns: whether the launch went well. One that cannot be recorded is carried out when nothing is. */
static gboolean
check_launch (SottoCudaDevice *self, const char *name, cudaError_t error)
{
  if (error != cudaSuccess && self->is_recording)
    {
      cudaGetLastError ();
      self->is_torn = TRUE;
      return TRUE;
    }
  if (error == cudaSuccess || !is_of_launch (error))
    return check (self, name, error);
  cudaGetLastError ();
  snprintf (self->refusal, sizeof self->refusal, "kernel %s: %s", name, cudaGetErrorString (error));
  return FALSE;
}

const DeviceFacts *
device_facts (SottoCudaDevice *self)
{
  return &self->facts;
}

/* --- Devices --- */

static void
say (char *message, cudaError_t error)
{
  snprintf (message, 256, "%s", cudaGetErrorString (error));
}

guint
sotto_cuda_driver (void)
{
  int driver = 0;

  if (cudaDriverGetVersion (&driver) != cudaSuccess)
    cudaGetLastError ();
  return (guint) driver;
}

gboolean
sotto_cuda_list (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message)
{
  int n_there = 0;
  cudaError_t error = cudaGetDeviceCount (&n_there);

  *n = 0;
  if (error != cudaSuccess)
    {
      cudaGetLastError ();
      say (message, error);
      return FALSE;
    }
  for (int i = 0; i < n_there && *n < n_most; i++)
    {
      SottoCudaDeviceInfo *info = &devices[*n];
      cudaDeviceProp properties;

      memset (info, 0, sizeof *info);
      (*n)++;
      error = cudaGetDeviceProperties (&properties, i);
      if (error != cudaSuccess)
        {
          cudaGetLastError ();
          say (message, error);
          continue;
        }
      memcpy (info->name, properties.name, sizeof info->name - 1);
      info->major = (guint) properties.major;
      info->minor = (guint) properties.minor;
      info->n_multiprocessors = (guint) properties.multiProcessorCount;
      info->memory = properties.totalGlobalMem;
    }
  return TRUE;
}

/* Whether a variable does not say no. */
static gboolean
is_wanted (const char *variable)
{
  const char *asked = getenv (variable);

  return asked == NULL || strcmp (asked, "0") != 0;
}

/* So many multiprocessors that kernels are chosen for. */
static guint
reckon_with (guint n_there)
{
  const char *asked = getenv ("SOTTO_CUDA_MULTIPROCESSORS");
  const int n = asked != NULL ? atoi (asked) : 0;

  return n > 0 ? (guint) n : n_there;
}

static cudaError_t
open_device (SottoCudaDevice *self)
{
  int major = 0, minor = 0, n_multiprocessors = 0, shared_bytes = 0, unasked_bytes = 0, reads_pageable = 0;
  cudaError_t error = cudaSetDevice (self->index);

  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&major, cudaDevAttrComputeCapabilityMajor, self->index);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&minor, cudaDevAttrComputeCapabilityMinor, self->index);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&n_multiprocessors, cudaDevAttrMultiProcessorCount, self->index);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, self->index);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&unasked_bytes, cudaDevAttrMaxSharedMemoryPerBlock, self->index);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute (&reads_pageable, cudaDevAttrPageableMemoryAccess, self->index);
  if (error == cudaSuccess)
    error = cudaStreamCreateWithFlags (&self->stream, cudaStreamNonBlocking);
  self->facts.architecture = (guint) (10 * major + minor);
  self->facts.n_multiprocessors = reckon_with ((guint) n_multiprocessors);
  self->facts.shared_bytes = (gsize) (shared_bytes > unasked_bytes ? shared_bytes : unasked_bytes);
  self->reads_pageable = reads_pageable != 0;
  self->is_early = self->facts.architecture >= 90 && sotto_cuda_driver () >= EARLY_DRIVER
                   && is_wanted ("SOTTO_CUDA_EARLY");
  self->sleeps = is_wanted ("SOTTO_CUDA_SLEEP");
  self->facts.has_hopper = SOTTO_CUDA_HOPPER && self->facts.architecture == 90 && is_wanted ("SOTTO_CUDA_HOPPER");
  return error;
}

SottoCudaDevice *
sotto_cuda_open (guint index, char *message)
{
  SottoCudaDevice *self = (SottoCudaDevice *) calloc (1, sizeof (SottoCudaDevice));
  cudaError_t error;

  if (self == NULL)
    {
      say (message, cudaErrorMemoryAllocation);
      return NULL;
    }
  self->index = (int) index;
  error = open_device (self);
  if (error == cudaSuccess)
    return self;
  cudaGetLastError ();
  say (message, error);
  free (self);
  return NULL;
}

void
sotto_cuda_close (SottoCudaDevice *self)
{
  cudaSetDevice (self->index);
  cudaStreamSynchronize (self->stream);
  for (int i = 0; i < 2; i++)
    if (self->stage[i] != NULL)
      {
        /* What had been read of a conversation may have come back this way. */
        memset (self->stage[i], 0, STAGE_BYTES);
        cudaFreeHost (self->stage[i]);
        cudaEventDestroy (self->sent[i]);
      }
  if (self->landing != NULL)
    cudaFreeHost (self->landing);
  if (self->done != NULL)
    cudaEventDestroy (self->done);
  cudaStreamDestroy (self->stream);
  cudaGetLastError ();
  free (self);
}

/* --- Memory --- */

gboolean
sotto_cuda_measure (SottoCudaDevice *self, guint64 *free_bytes, guint64 *all)
{
  size_t n_free = 0, n_all = 0;

  if (!enter (self) || !check (self, "asking for free memory", cudaMemGetInfo (&n_free, &n_all)))
    return FALSE;
  *free_bytes = n_free;
  *all = n_all;
  return TRUE;
}

void *
sotto_cuda_allocate (SottoCudaDevice *self, gsize n_bytes)
{
  void *memory = NULL;
  cudaError_t error;

  if (!enter (self))
    return NULL;
  error = cudaMalloc (&memory, n_bytes > 0 ? n_bytes : 1);
  if (error == cudaErrorMemoryAllocation)
    {
      cudaGetLastError ();
      return NULL;
    }
  return check (self, "allocating memory", error) ? memory : NULL;
}

void
sotto_cuda_release (SottoCudaDevice *self, void *memory)
{
  if (cudaSetDevice (self->index) == cudaSuccess)
    cudaFree (memory);
  cudaGetLastError ();
}

gboolean
sotto_cuda_clear (SottoCudaDevice *self, void *target, gsize n_bytes)
{
  return enter (self) && check (self, "clearing memory", cudaMemsetAsync (target, 0, n_bytes, self->stream));
}

gboolean
sotto_cuda_copy (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  return enter (self)
         && check (self, "copying memory",
                   cudaMemcpyAsync (target, source, n_bytes, cudaMemcpyDeviceToDevice, self->stream));
}

/* Returns: FALSE where there is no such memory, which only makes uploads slower */
static gboolean
make_stage (SottoCudaDevice *self, guint i)
{
  if (self->stage[i] != NULL)
    return TRUE;
  if (cudaMallocHost ((void **) &self->stage[i], STAGE_BYTES) == cudaSuccess)
    {
      if (cudaEventCreateWithFlags (&self->sent[i], cudaEventDisableTiming) == cudaSuccess)
        return TRUE;
      cudaFreeHost (self->stage[i]);
    }
  cudaGetLastError ();
  self->stage[i] = NULL;
  return FALSE;
}

/* The source may change when this returns: the runtime promises that of memory which it has to take elsewhere first, which is
 * not so where a device reads all of the host's (with Linux' heterogeneous memory, or a processor of NVIDIA's own). */
gboolean
sotto_cuda_upload (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  guint8 *to = (guint8 *) target;
  const guint8 *from = (const guint8 *) source;

  if (self->is_recording)
    return device_refuse (self, "an upload can't be recorded");
  if (!enter (self))
    return FALSE;
  while (n_bytes > 0)
    {
      guint i = self->next_stage;
      gsize n = n_bytes < STAGE_BYTES ? n_bytes : STAGE_BYTES;
      const void *chunk = from;

      if ((n > SMALL_BYTES || self->reads_pageable) && make_stage (self, i))
        {
          if (!check (self, "waiting for an upload", cudaEventSynchronize (self->sent[i])))
            return FALSE;
          memcpy (self->stage[i], from, n);
          chunk = self->stage[i];
        }
      if (!check (self, "uploading", cudaMemcpyAsync (to, chunk, n, cudaMemcpyHostToDevice, self->stream)))
        return FALSE;
      if (chunk == self->stage[i])
        {
          if (!check (self, "uploading", cudaEventRecord (self->sent[i], self->stream)))
            return FALSE;
          self->next_stage = i ^ 1;
        }
      else if (self->reads_pageable && !check (self, "uploading", cudaStreamSynchronize (self->stream)))
        return FALSE;
      to += n;
      from += n;
      n_bytes -= n;
    }
  return TRUE;
}

static gint64
tell_nanoseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Waits for all that was put on the stream. */
static cudaError_t
finish (SottoCudaDevice *self)
{
  const gint64 ends = tell_nanoseconds () + LOOK_NANOSECONDS;
  cudaError_t error;

  if (self->sleeps && self->done == NULL
      && cudaEventCreateWithFlags (&self->done, cudaEventDisableTiming | cudaEventBlockingSync) != cudaSuccess)
    {
      cudaGetLastError ();
      self->done = NULL;
    }
  if (!self->sleeps || self->done == NULL)
    return cudaStreamSynchronize (self->stream);
  error = cudaEventRecord (self->done, self->stream);
  if (error != cudaSuccess)
    return error;
  while ((error = cudaEventQuery (self->done)) == cudaErrorNotReady)
    {
      cudaGetLastError ();
      if (tell_nanoseconds () > ends)
        return cudaEventSynchronize (self->done);
    }
  return error;
}

gboolean
sotto_cuda_download (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  void *landing = target;

  if (self->is_recording)
    return device_refuse (self, "a download can't be recorded");
  if (!enter (self))
    return FALSE;
  if (self->landing == NULL && !self->has_no_landing
      && cudaMallocHost ((void **) &self->landing, LANDING_BYTES) != cudaSuccess)
    {
      cudaGetLastError ();
      self->landing = NULL;
      self->has_no_landing = TRUE;
    }
  if (self->landing != NULL && n_bytes <= LANDING_BYTES)
    landing = self->landing;
  else if (!check (self, "computing", finish (self)))
    return FALSE;
  if (!check (self, "downloading", cudaMemcpyAsync (landing, source, n_bytes, cudaMemcpyDeviceToHost, self->stream))
      || !check (self, "computing", finish (self)))
    return FALSE;
  /* What was said to a model lies nowhere that nobody wipes. */
  if (landing != target)
    {
      memcpy (target, landing, n_bytes);
      memset (landing, 0, n_bytes);
    }
  return TRUE;
}

gboolean
sotto_cuda_wait (SottoCudaDevice *self)
{
  if (self->is_recording)
    return device_refuse (self, "a recording can't be waited for");
  return enter (self) && check (self, "computing", finish (self));
}

/* --- Recordings --- */

gboolean
sotto_cuda_record (SottoCudaDevice *self)
{
  if (!enter (self))
    return FALSE;
  if (cudaStreamBeginCapture (self->stream, cudaStreamCaptureModeThreadLocal) != cudaSuccess)
    {
      cudaGetLastError ();
      return FALSE;
    }
  self->is_recording = TRUE;
  self->is_torn = FALSE;
  return TRUE;
}

void *
sotto_cuda_recorded (SottoCudaDevice *self)
{
  cudaGraph_t graph = NULL;
  cudaGraphExec_t recording = NULL;
  cudaError_t error;

  if (!self->is_recording)
    return NULL;
  self->is_recording = FALSE;
  error = cudaSetDevice (self->index);
  if (error == cudaSuccess)
    error = cudaStreamEndCapture (self->stream, &graph);
  /* Where there is no memory for a graph, or an operation was none that one has, the device is as well as before; if it
   * isn't, the next operation will say so. */
  if (error == cudaSuccess && !self->failed && !self->is_torn
      && cudaGraphInstantiate (&recording, graph, 0) != cudaSuccess)
    recording = NULL;
  if (graph != NULL)
    cudaGraphDestroy (graph);
  cudaGetLastError ();
  return recording;
}

gboolean
sotto_cuda_repeat (SottoCudaDevice *self, void *recording)
{
  return enter (self)
         && check_launch (self, "of a recording", cudaGraphLaunch ((cudaGraphExec_t) recording, self->stream));
}

void
sotto_cuda_forget (SottoCudaDevice *self, void *recording)
{
  if (cudaSetDevice (self->index) == cudaSuccess)
    {
      /* It may be running. */
      cudaStreamSynchronize (self->stream);
      cudaGraphExecDestroy ((cudaGraphExec_t) recording);
    }
  cudaGetLastError ();
}

/* --- Launches --- */

/* Whether the device would take it. The runtime knows what the kernel itself has of shared memory, and with how many
 * threads its registers do; asking brings the kernel to the device. */
static gboolean
rehearse_launch (SottoCudaDevice *self, const char *name, const Shape *shape, const void *kernel, gsize n_bytes)
{
  cudaFuncAttributes of = {};
  cudaError_t error = cudaFuncGetAttributes (&of, kernel);

  if (error != cudaSuccess)
    {
      cudaGetLastError ();
      snprintf (self->refusal, sizeof self->refusal, "kernel %s: %s", name, cudaGetErrorString (error));
      return FALSE;
    }
  if (shape->n_threads > (guint) of.maxThreadsPerBlock)
    {
      snprintf (self->refusal, sizeof self->refusal, "kernel %s: its registers do for %d threads, not for %u", name,
                of.maxThreadsPerBlock, shape->n_threads);
      return FALSE;
    }
  return launch_is_possible (name, shape, &self->facts, of.sharedSizeBytes, n_bytes, self->refusal,
                             sizeof self->refusal);
}

gboolean
device_launch (SottoCudaDevice *self,
               const char      *name,
               const Shape     *shape,
               const void      *kernel,
               void           (*) (const void *, const void *),
               const void      *arguments,
               gsize            n_bytes)
{
  cudaLaunchConfig_t config = {};
  cudaLaunchAttribute early = {};
  void *pointers[] = {(void *) arguments};

  if (!enter (self))
    return FALSE;
  if (shape->n_blocks == 0)
    return TRUE;
  if (self->rehearses)
    return rehearse_launch (self, name, shape, kernel, n_bytes);
  if (!launch_is_possible (name, shape, &self->facts, 0, n_bytes, self->refusal, sizeof self->refusal))
    return FALSE;
  config.gridDim = dim3 (shape->n_blocks, shape->n_blocks_y > 0 ? shape->n_blocks_y : 1,
                         shape->n_blocks_z > 0 ? shape->n_blocks_z : 1);
  config.blockDim = dim3 (shape->n_threads);
  config.dynamicSmemBytes = shape->shared_bytes;
  config.stream = self->stream;
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  config.attrs = &early;
  config.numAttrs = self->is_early ? 1 : 0;
  if (shape->shared_bytes > UNASKED_BYTES && self->facts.architecture >= 70
      && !check_launch (self, name, cudaFuncSetAttribute (kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                          (int) shape->shared_bytes)))
    return FALSE;
  return check_launch (self, name, cudaLaunchKernelExC (&config, kernel, pointers));
}
