#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoGpu:
 * @name: as its maker calls it
 * @major: compute capability: 8.9 is 8
 * @minor: and 9
 * @memory: bytes
 * @memory_free: bytes, when it was asked
 */
typedef struct {
  char *name;
  guint major;
  guint minor;
  guint64 memory;
  guint64 memory_free;
} SottoGpu;

/**
 * sotto_gpus_list:
 *
 * The GPUs that this engine can use, but for those that do not open or compute what is wrong. Any thread; may take a second,
 * since the driver starts.
 *
 * Returns: (transfer full) (element-type SottoGpu): at least one; or %NULL with %SOTTO_ENGINE_ERROR_GPU: why there is
 *   none, or BACKEND: why none opens
 */
GPtrArray *sotto_gpus_list (GError **error);

void sotto_gpu_free (SottoGpu *self);

G_END_DECLS
