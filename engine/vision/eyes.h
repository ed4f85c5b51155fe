#pragma once

#include "family/tensors.h"
#include "vision/kind.h"

G_BEGIN_DECLS

/* All numbers of a vision file, checked: whoever uses them trusts them. */
typedef struct {
  guint image_size;         /* pixels of a square's side */
  guint patch_size;
  guint n_side;             /* patches of it */
  guint n_patches;          /* of a square */
  guint n_tokens;           /* rows of the encoder: patches, behind a row for the whole where there is one */
  guint n_patch;            /* floats of a patch */
  guint n_embedding;        /* of the encoder's rows */
  guint n_feed_forward;
  guint n_heads;
  guint n_layers;
  float epsilon;
  SottoActivation activation;
  gboolean is_quick;        /* x sigmoid (1.702 x) in place of a GELU */
  float mean[3];
  float deviation[3];

  guint scale;              /* sides of the squares of rows that are merged; 1 */
  guint n_rows;             /* of a square, merged */
  guint n_merged;           /* floats of such a row */
  guint n_output;           /* floats of the model's */

  guint longest;            /* LONGEST: pixels that the longer side is made */
  guint min_tiles;          /* ASPECT */
  guint max_tiles;
} SottoVisionSizes;

/* The plans of an encoder and of what comes behind it: immutable, and their weights lie in the file. */
typedef struct {
  SottoPlan encoder;        /* from patches (TAKE) to rows (HAND), in stretches */
  SottoPlan projector;      /* from merged rows to the model's */
  SottoCacheShape cache;    /* one for all layers, since each is read before the next is written */
  GArray *encoder_steps;    /* (element-type SottoStep) */
  GArray *projector_steps;
  GArray *stretches;        /* (element-type guint): where each ends that is carried out in one go: layers, and the ends */
} SottoVisionPlans;

/* sizes.c: reads the keys; of tensors only shapes. FALSE with MALFORMED or TENSOR. */
gboolean sotto_vision_sizes_read (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoTensors *tensors);

/* plans.c: finds the tensors and writes the steps. FALSE with TENSOR or BLOCK_TYPE. */
gboolean sotto_vision_plans_init (SottoVisionPlans       *self,
                                  const SottoVisionKind  *kind,
                                  const SottoVisionSizes *sizes,
                                  SottoTensors           *tensors);
void sotto_vision_plans_clear (SottoVisionPlans *self);

/* patches.c: what goes into an encoder, and what comes out of it, brought into another order. */

/* @square: (image_size, image_size, 3); @out: (n_tokens, n_patch) */
void sotto_vision_cut_patches (const SottoVisionSizes *sizes, const guint8 *square, float *out);

/* @rows: (n_tokens, n_embedding); @out: (n_rows, n_merged) */
void sotto_vision_merge (const SottoVisionSizes *sizes, SottoMerge merge, const float *rows, float *out);

G_END_DECLS
