#pragma once

#include "family/family.h"

G_BEGIN_DECLS

typedef struct {
  SottoNorm attention_norm;
  SottoWeight query;
  SottoWeight key;
  SottoWeight value;
  SottoWeight attention_output;
  SottoNorm feed_forward_norm;
  SottoWeight gate;
  SottoWeight up;
  SottoWeight down;
} SottoLayer;

/* What a file and its family's descriptor come to: every size known, every tensor found and of the
 * right shape. Immutable; keeps the file alive, in which the weights lie. */
typedef struct {
  const SottoFamily *family;
  SottoShape shape;
  guint n_context_trained;

  SottoWeight embedding;
  float embedding_scale;
  SottoLayer *layers;          /* (shape.n_layers) */
  SottoActivation activation;
  SottoNorm output_norm;
  SottoWeight output;

  /* Owned */
  SottoGguf *gguf;
  double *rope_frequencies;    /* shape.rope_frequencies */
  GPtrArray *vectors;          /* norms and biases that the file does not hold as F32 */
} SottoProgram;

/**
 * sotto_program_new:
 *
 * Returns: (transfer full): or %NULL with FAMILY (names those that are known), MALFORMED (a key of the
 *   metadata is missing or makes no sense), TENSOR (one is missing, has a wrong shape, or is none of
 *   the family's) or BLOCK_TYPE
 */
SottoProgram *sotto_program_new (SottoGguf *gguf, GError **error);
void sotto_program_free (SottoProgram *self);

/**
 * sotto_program_walk:
 * @program: a #SottoProgram
 *
 * The forward pass; a #SottoWalk.
 */
void sotto_program_walk (const SottoOperations *operations, SottoLane *lane, gconstpointer program);

/* hyperparameters.c: fills shape, frequencies and sizes from the metadata. */
gboolean sotto_program_read_sizes (SottoProgram *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoProgram, sotto_program_free)

G_END_DECLS
