#pragma once

#include "cuda/module.h"

G_BEGIN_DECLS

/* A module of "kernels" in plain C on the host's memory, in double where it matters: what module.h says, and nothing that
 * makes it fast. With it the backend is tested apart from the kernels. It is a table, not a file to be opened. */

typedef struct {
  guint64 memory;          /* bytes that a device has; 0: no limit */
  guint fail_at;           /* the operation that fails, from 1 on; 0: none */
  gboolean cannot_record;
  gboolean tears_recordings; /* begins them, and has none in the end */
  const char *refuses;     /* (nullable): what rehearsals say */
  guint n_listed;          /* devices; 0: one */

  /* What happened */
  guint64 used;            /* bytes, on all of them */
  guint n_operations;      /* carried out, in repetitions too */
  guint n_recordings;
  guint n_repetitions;
  guint n_devices;         /* open */
} CudaPlain;

/* Shared by all devices of it; tests run one after the other. */
extern CudaPlain cuda_plain;

/* Sets everything back. Returns: the module */
const SottoCudaModule *cuda_plain_module (void);

G_END_DECLS
