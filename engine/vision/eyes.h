#pragma once

#include "family/tensors.h"
#include "vision/kind.h"

G_BEGIN_DECLS

/* What is encoded at once, in patches: a square, or a picture as it is. */
typedef struct {
  guint width;              /* pixels: sides of squares need not be whole patches */
  guint n_across;
  guint n_down;
  guint n_patches;
  guint n_tokens;           /* rows of the encoder: patches, behind a row for the whole where there is one */
  guint n_rows;             /* of it, merged */
} SottoVisionFrame;

/* All numbers of a vision file, checked: whoever uses them trusts them. */
typedef struct {
  guint image_size;         /* pixels of a square's side; of WHOLE that of the table of positions */
  guint patch_size;
  guint n_side;             /* patches of it */
  SottoVisionFrame frame;   /* a square; of WHOLE as much as there can be, with no sides */
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
  guint n_merged;           /* floats of such a row */
  guint n_output;           /* floats of the model's */

  guint window;             /* merged rows of the side of what a layer looks into; 0: all */
  guint full_every;         /* but every so many layers, which look at all */

  guint longest;            /* LONGEST: pixels that the longer side is made */
  guint min_tiles;          /* ASPECT */
  guint max_tiles;
} SottoVisionSizes;

/* A further projector, of rows as they are behind a layer. */
typedef struct {
  guint layer;
  SottoPlan plan;
  GArray *steps;            /* (element-type SottoStep) */
} SottoVisionDeep;

/* The plans of an encoder and of what comes behind it: immutable, and their weights lie in the file. */
typedef struct {
  SottoPlan encoder;        /* from patches (TAKE) to rows (HAND), in stretches */
  SottoPlan projector;      /* from merged rows to the model's */
  GArray *deep;             /* (element-type SottoVisionDeep): for the model's first layers, by layer */
  const float *positions;   /* (nullable) (n_side, n_side, n_embedding): of WHOLE, added to patches when they are rows */
  SottoCacheShape cache;    /* one for all layers, since each is read before the next is written */
  GArray *encoder_steps;    /* (element-type SottoStep) */
  GArray *projector_steps;
  GArray *stretches;        /* (element-type guint): where each ends that is carried out in one go: the beginning, and each layer */
} SottoVisionPlans;

/* sizes.c: reads the keys; of tensors only shapes. FALSE with MALFORMED or TENSOR. */
gboolean sotto_vision_sizes_read (SottoVisionSizes *self, const SottoVisionKind *kind, const SottoTensors *tensors);

/* plans.c: finds the tensors and writes the steps. FALSE with TENSOR or BLOCK_TYPE. */
gboolean sotto_vision_plans_init (SottoVisionPlans       *self,
                                  const SottoVisionKind  *kind,
                                  const SottoVisionSizes *sizes,
                                  SottoTensors           *tensors);
void sotto_vision_plans_clear (SottoVisionPlans *self);

/* Whether @layer looks into windows alone. */
static inline gboolean
sotto_vision_is_windowed (const SottoVisionSizes *self, guint layer)
{
  return self->window > 0 && (layer + 1) % self->full_every != 0;
}

/* patches.c: what goes into an encoder, and what comes out of it, brought into another order. */

/* Where patches are among the encoder's rows. @rows: (out) (frame->n_patches): that of each patch, row by row. @ends: (element-type
 * guint): takes where each window ends, of which one follows the other */
void sotto_vision_order (const SottoVisionSizes *sizes, const SottoVisionFrame *frame, guint *rows, GArray *ends);

/* @pixels: of the frame, (…, …, 3); @rows: as above; @out: (n_tokens, n_patch) */
void sotto_vision_cut_patches (const SottoVisionSizes *sizes,
                               const SottoVisionFrame *frame,
                               const guint *rows,
                               const guint8 *pixels,
                               float *out);

/* @table: (n_side, n_side, n_embedding): stretched over the frame, and added. @out: (n_tokens, n_embedding) */
void sotto_vision_add_positions (const SottoVisionSizes *sizes,
                                 const SottoVisionFrame *frame,
                                 const guint *rows,
                                 const float *table,
                                 float *out);

/* @encoded: (n_tokens, n_embedding); @out: (n_rows, n_merged) */
void sotto_vision_merge (const SottoVisionSizes *sizes,
                         const SottoVisionFrame *frame,
                         SottoMerge merge,
                         const guint *rows,
                         const float *encoded,
                         float *out);

G_END_DECLS
