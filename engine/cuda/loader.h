#pragma once

#include "cuda/module.h"

G_BEGIN_DECLS

/* Modules of kernels: finding them, and taking the one that driver and GPUs can run.
 *
 * They are named sotto-cuda-*.so and lie in LIBDIR/sotto, or in a build's own folder where the program runs in one;
 * $SOTTO_CUDA_MODULE names others instead, by their paths with ':' between (nothing: none is looked for). $SOTTO_CUDA_DEV is looked
 * at in place of /dev for what of a driver is loaded, where it finds no GPU. A
 * module that was opened stays in the process: the driver's own threads and exit handlers may be in it.
 */

/* A GPU that the module can run on. */
typedef struct {
  guint index;             /* for SottoCudaModule.open */
  SottoCudaDeviceInfo info;
} SottoCudaUsable;

typedef struct {
  const SottoCudaModule *module;
  char *path;              /* (nullable): of the module */
  SottoCudaUsable *devices; /* (n_devices), at least one */
  guint n_devices;
} SottoCudaLibrary;

/**
 * sotto_cuda_library_open:
 *
 * Opens every module that it finds, asks each for the GPUs, and takes the one that runs on most of them; of those alike
 * the one of the newest toolkit. May take a second: the driver starts.
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_GPU: why no GPU is used
 */
SottoCudaLibrary *sotto_cuda_library_open (GError **error);
void sotto_cuda_library_free (SottoCudaLibrary *self);

/**
 * sotto_cuda_choose:
 * @modules: (array length=n_modules): of the right ABI; @paths: (nullable): theirs
 *
 * The same among modules that are open.
 */
SottoCudaLibrary *sotto_cuda_choose (const SottoCudaModule *const *modules,
                                     const char *const            *paths,
                                     guint                         n_modules,
                                     GError                      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoCudaLibrary, sotto_cuda_library_free)

G_END_DECLS
