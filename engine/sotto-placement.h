#pragma once

#include "sotto-session.h"

G_BEGIN_DECLS

/**
 * SottoPlacement:
 * @gpus: (nullable): the names of the GPUs that compute some of it, with " + " between; %NULL: the CPU computes all
 * @n_layers: of the model
 * @n_gpu_layers: of those, on GPUs
 * @n_expert_layers: of the layers on GPUs, those whose experts the CPU computes
 * @n_threads: of the CPU, at most, for what is left to it
 * @memory: what the session takes, wherever that is
 * @gpu_memory: bytes of these GPUs
 * @gpu_memory_free: bytes, when it was asked
 * @reason: (nullable): %SOTTO_ENGINE_ERROR_GPU or BACKEND: why no GPU is used, where one was looked for
 *
 * Where a session is computed, for people to look at.
 */
typedef struct {
  char *gpus;
  guint n_layers;
  guint n_gpu_layers;
  guint n_expert_layers;
  guint n_threads;
  SottoMemory memory;
  guint64 gpu_memory;
  guint64 gpu_memory_free;
  GError *reason;
} SottoPlacement;

/**
 * sotto_session_get_placement:
 *
 * Returns: (transfer full): as it is now; the session's thread
 */
SottoPlacement *sotto_session_get_placement (const SottoSession *session);

SottoPlacement *sotto_placement_copy (const SottoPlacement *self);
void sotto_placement_free (SottoPlacement *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPlacement, sotto_placement_free)

G_END_DECLS
