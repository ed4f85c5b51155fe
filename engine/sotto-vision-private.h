#pragma once

#include "sotto-vision.h"
#include "vision/squares.h"

G_BEGIN_DECLS

struct _SottoVision {
  gatomicrefcount references;

  SottoGguf *gguf;
  const SottoVisionKind *kind;
  SottoVisionSizes sizes;
  SottoVisionPlans plans;
  GPtrArray *memory;            /* what the plans use that does not lie in the file as they want it */

  SottoVisionInfo info;
};

/**
 * sotto_vision_new:
 *
 * The same as sotto_vision_open() for a file that is open already, or in memory.
 *
 * Returns: (transfer full): or %NULL with an error
 */
SottoVision *sotto_vision_new (SottoGguf *gguf, GError **error);

G_END_DECLS
