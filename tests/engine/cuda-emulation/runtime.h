#pragma once

#include <glib.h>
#include <string.h>

/* As much of the CUDA runtime as engine/cuda/module.cu calls, for an emulated device (runtime.cc): so that what drives devices is
 * itself carried out. Names and numbers are the runtime's. */

typedef enum {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInvalidDeviceFunction = 98,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorNotReady = 600,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorLaunchFailure = 719,
  cudaErrorNotSupported = 801,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
} cudaError_t;

typedef struct RuntimeStream *cudaStream_t;
typedef struct RuntimeEvent *cudaEvent_t;
typedef struct RuntimeGraph *cudaGraph_t;
typedef struct RuntimeGraph *cudaGraphExec_t;

typedef struct {
  char name[256];
  size_t totalGlobalMem;
  int major, minor;
  int multiProcessorCount;
} cudaDeviceProp;

typedef enum {
  cudaDevAttrMaxSharedMemoryPerBlock = 8,
  cudaDevAttrMultiProcessorCount = 16,
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76,
  cudaDevAttrPageableMemoryAccess = 88,
  cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
} cudaDeviceAttr;

typedef enum { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 } cudaMemcpyKind;
typedef enum { cudaStreamCaptureModeThreadLocal = 1 } cudaStreamCaptureMode;
typedef enum { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 } cudaFuncAttribute;
typedef enum { cudaLaunchAttributeProgrammaticStreamSerialization = 6 } cudaLaunchAttributeID;

#define cudaStreamNonBlocking 1
#define cudaEventBlockingSync 1
#define cudaEventDisableTiming 2

typedef struct dim3 {
  guint x, y, z;
  dim3 (guint x = 1, guint y = 1, guint z = 1) : x (x), y (y), z (z) {}
} dim3;

typedef struct {
  cudaLaunchAttributeID id;
  struct { int programmaticStreamSerializationAllowed; } val;
} cudaLaunchAttribute;

typedef struct {
  dim3 gridDim;
  dim3 blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute *attrs;
  guint numAttrs;
} cudaLaunchConfig_t;

typedef struct {
  size_t sharedSizeBytes;
  int maxThreadsPerBlock;
} cudaFuncAttributes;

const char *cudaGetErrorString (cudaError_t error);
cudaError_t cudaGetLastError (void);
cudaError_t cudaDriverGetVersion (int *version);
cudaError_t cudaGetDeviceCount (int *n);
cudaError_t cudaGetDeviceProperties (cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute (int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaSetDevice (int device);
cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, guint flags);
cudaError_t cudaStreamDestroy (cudaStream_t stream);
cudaError_t cudaStreamSynchronize (cudaStream_t stream);
cudaError_t cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, guint flags);
cudaError_t cudaEventDestroy (cudaEvent_t event);
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventQuery (cudaEvent_t event);
cudaError_t cudaEventSynchronize (cudaEvent_t event);
cudaError_t cudaMemGetInfo (size_t *n_free, size_t *n_all);
cudaError_t cudaMalloc (void **memory, size_t n_bytes);
cudaError_t cudaFree (void *memory);
cudaError_t cudaMallocHost (void **memory, size_t n_bytes);
cudaError_t cudaFreeHost (void *memory);
cudaError_t cudaMemcpyAsync (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync (void *to, int value, size_t n_bytes, cudaStream_t stream);
cudaError_t cudaGraphInstantiate (cudaGraphExec_t *executable, cudaGraph_t graph, guint64 flags);
cudaError_t cudaGraphDestroy (cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy (cudaGraphExec_t executable);
cudaError_t cudaGraphLaunch (cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaFuncGetAttributes (cudaFuncAttributes *attributes, const void *kernel);
cudaError_t cudaFuncSetAttribute (const void *kernel, cudaFuncAttribute attribute, int value);
cudaError_t cudaLaunchKernelExC (const cudaLaunchConfig_t *config, const void *kernel, void **arguments);
