#pragma once

#include "app.h"

G_BEGIN_DECLS

/**
 * SottoLowMemory:
 *
 * Gives memory back when the desktop says that the computer has too little of it, by how much that is:
 *
 *   low       pages of the history that stay decrypted
 *   medium    also timelines that were left, and the model that makes vectors, unless it does
 *   critical  also the models that write, unless one of them does
 *
 * All of it comes back by itself when it is asked for, and nothing of it is lost.
 */
typedef struct _SottoLowMemory SottoLowMemory;

/* Returns: (transfer full): listening; @app: (transfer none): outlives it */
SottoLowMemory *sotto_low_memory_new (SottoApp *app);
void sotto_low_memory_free (SottoLowMemory *self);

G_END_DECLS
