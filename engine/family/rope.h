#pragma once

#include "family/sizes.h"

G_BEGIN_DECLS

/* Tensors that divide the angle of each pair; all nullable. */
typedef struct {
  const float *factors;
  const float *short_factors;
  const float *long_factors;
} SottoRopeFactors;

/* The rotary positions of a model: outside of windows and inside. */
typedef struct {
  SottoRope rope;
  SottoRope window_rope;
  guint original_context;  /* what it was trained for before its angles were stretched */
  guint long_from;         /* of the plan */
  double score_scale;      /* of all attention scores */
} SottoRopes;

/**
 * sotto_ropes_read:
 * @owner: takes what the ropes point to
 */
gboolean sotto_ropes_read (SottoRopes             *self,
                           const SottoSizes       *sizes,
                           const SottoRopeFactors *factors,
                           const SottoKeys        *keys,
                           GPtrArray              *owner);

G_END_DECLS
