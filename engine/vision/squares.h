#pragma once

#include "sotto-image.h"
#include "vision/eyes.h"

G_BEGIN_DECLS

/* What a picture is cut into: squares of image_size, each encoded by itself. */
typedef struct {
  guint n_columns;          /* of the grid of tiles; 0: the whole is the only square */
  guint n_rows;
  guint n_squares;          /* tiles row by row, then the whole */
  guint width;              /* LONGEST: what the picture is made before all else; WHOLE: what it is made */
  guint height;
  SottoVisionFrame frame;   /* of each square, or of the whole that is none */
} SottoGrid;

/* squares.c; quick */
SottoGrid sotto_grid_find (const SottoVisionSizes *sizes, const SottoVisionKind *kind, guint width, guint height);

/**
 * sotto_grid_cut:
 *
 * Returns: (transfer full): (n_squares, image_size, image_size, 3), or of WHOLE (height, width, 3), for g_free(); or %NULL with MEMORY or CANCELLED
 */
guint8 *sotto_grid_cut (const SottoGrid        *self,
                        const SottoVisionSizes *sizes,
                        const SottoVisionKind  *kind,
                        const SottoImage       *image,
                        SottoCancel            *cancel,
                        GError                **error);

G_END_DECLS
