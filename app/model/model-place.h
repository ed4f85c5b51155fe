#pragma once

#include <sotto-engine.h>

#include "settings.h"
#include "kinds.h"

G_BEGIN_DECLS

/* Where the person wants a model computed. The setting "model-places" holds a string for each model that is not left
 * to Sotto: "cpu PATH", "gpu PATH", or "20 PATH" for so many layers on GPUs. */

/**
 * sotto_model_place_get:
 * @n_layers: (out): on GPUs, where it is LAYERS; else 0
 */
SottoModelPlace sotto_model_place_get (SottoSettings *settings, const char *path, guint *n_layers);

/**
 * sotto_model_place_set:
 *
 * A path that is not UTF-8 cannot be kept, and nothing is.
 */
void sotto_model_place_set (SottoSettings   *settings,
                            const char      *path,
                            SottoModelPlace  place,
                            guint            n_layers);

/**
 * sotto_model_place_apply:
 *
 * Tells @worker where @path is to be computed from its next request on.
 */
void sotto_model_place_apply (SottoSettings *settings, SottoWorker *worker, const char *path);

/**
 * sotto_model_place_shorten:
 * @gpus: as the engine calls them: "NVIDIA GeForce RTX 4090 + NVIDIA GeForce RTX 3060"
 *
 * Returns: (transfer full): "RTX 4090 + RTX 3060": what is left without maker and make
 */
char *sotto_model_place_shorten (const char *gpus);

/**
 * sotto_model_place_describe:
 *
 * Returns: (transfer full): "CPU, 8 threads", "NVIDIA H100", or both with their layers
 */
char *sotto_model_place_describe (const SottoPlacement *placement);

/**
 * sotto_model_place_describe_memory:
 *
 * Returns: (transfer full): what it takes and what is left there: "612 MB used, 14.2 GB free"
 */
char *sotto_model_place_describe_memory (const SottoPlacement *placement);

G_END_DECLS
