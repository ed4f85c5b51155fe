#pragma once

#include "family/family.h"

G_BEGIN_DECLS

/* What a file and its family's descriptor come to: a plan whose every size is checked and every
 * tensor found. Immutable; keeps the file alive, in which the weights lie. */
typedef struct {
  const SottoFamily *family;
  SottoPlan plan;
  guint n_context_trained;
  guint n_context_most;        /* positions that it has a table for; 0: any number */
  gboolean is_embedding; /* its output is one vector; else it predicts tokens */
  SottoPooling pooling;

  /* Owned */
  SottoGguf *gguf;
  GArray *steps;
  GArray *caches;
  GArray *recurrents;
  GPtrArray *memory;           /* ropes, and vectors that are not in the file as they are needed */
} SottoProgram;

/**
 * sotto_program_new:
 *
 * Returns: (transfer full): or %NULL with FAMILY (names those that are known), MALFORMED (a key of
 *   the metadata is missing or makes no sense), TENSOR (one is missing, has a wrong shape, or is
 *   none of the family's) or BLOCK_TYPE
 */
SottoProgram *sotto_program_new (SottoGguf *gguf, GError **error);
void sotto_program_free (SottoProgram *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoProgram, sotto_program_free)

G_END_DECLS
