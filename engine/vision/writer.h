#pragma once

#include "vision/eyes.h"

G_BEGIN_DECLS

/* Tensors found and steps written: what plans.c and projectors.c share. */
typedef struct {
  SottoVisionPlans *plans;
  const SottoVisionKind *kind;
  const SottoVisionSizes *sizes;
  SottoTensors *tensors;
  const SottoRope *rope;    /* (nullable) */
  GArray *steps;            /* where steps go */
  guint layer;
} SottoVisionWriter;

/* Valid until the next one. */
SottoStep *sotto_vision_add (SottoVisionWriter *self, SottoStepKind kind);

/* (nullable) */
const SottoGgufTensor *sotto_vision_lookup (const SottoVisionWriter *self, const char *name);

/* NULL with TENSOR */
const SottoGgufTensor *sotto_vision_require (const SottoVisionWriter *self, const char *name);

/* (nullable) floats: none where the file has none */
gboolean sotto_vision_find_vector (SottoVisionWriter *self, const char *name, guint n, const float **out);

/* @base.weight and, if it is there, @base.bias */
gboolean sotto_vision_find_matrix (SottoVisionWriter *self, const char *base, guint columns, guint rows, SottoWeight *out);

/* Likewise; NONE where the file has no weight */
gboolean sotto_vision_find_norm (SottoVisionWriter  *self,
                                 const char         *base,
                                 SottoNormKind       kind,
                                 float               epsilon,
                                 guint               n,
                                 SottoNorm          *out);

static inline gboolean
sotto_vision_has_norm (const SottoNorm *norm)
{
  return norm->weight != NULL;
}

/* The end of a stretch or a plan: these rows are its output. @n_columns: 0: n_embedding */
void sotto_vision_hand (SottoVisionWriter *self, SottoBuffer buffer, guint n_columns);

/* projectors.c: into @plans, from merged rows to the model's. FALSE with TENSOR or BLOCK_TYPE. */
gboolean sotto_vision_add_projectors (SottoVisionWriter *self);

G_END_DECLS
