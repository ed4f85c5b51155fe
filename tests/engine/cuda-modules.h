#pragma once

#include "cuda/module.h"

G_BEGIN_DECLS

/* Modules of kernels that tests are run with: those named by their paths (*.so) among a program's
 * arguments. The same test runs with the emulated one and, where there is a GPU, on it. */

typedef struct {
  const SottoCudaModule *module;
  const char *name;         /* "emulated", or the file's name */
  gboolean is_emulated;
  SottoCudaDevice *device;  /* (nullable) of the running test */
  GPtrArray *memory;        /* what the running test has allocated */
  void *handle;
} CudaModule;

/* Adds a test for each module; it skips where there is no device. After g_test_init() */
void cuda_test_add (int argc, char **argv, const char *path, void (*run) (CudaModule *self));

/* A function that the module exports; (nullable) */
typedef void (*CudaFunction) (void);
CudaFunction cuda_module_function (CudaModule *self, const char *name);

/* Device memory until the test's end, with what @source (nullable) holds. */
gpointer cuda_put (CudaModule *self, const void *source, gsize n_bytes);

/* Brings it back. Returns: (transfer full) */
gpointer cuda_get (CudaModule *self, const void *memory, gsize n_bytes);

/* Opens the device anew: after a failure, or with other variables. */
void cuda_reopen (CudaModule *self);

/* What the device says of itself must be that all is well. */
void cuda_check (CudaModule *self, gboolean done);

G_END_DECLS
