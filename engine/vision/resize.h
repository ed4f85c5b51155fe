#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/* Pictures of RGB, 8 bits each, (height, width, 3) without gaps. */

typedef enum {
  SOTTO_FILTER_BILINEAR,
  SOTTO_FILTER_BICUBIC,
  SOTTO_FILTER_LANCZOS,
} SottoFilter;

/**
 * sotto_resize:
 *
 * What Pillow's Image.resize() gives, to the bit: most models were trained on pictures that it has resized.
 *
 * Returns: (transfer full): (@to_height, @to_width, 3), for g_free(); or %NULL: there is no memory for it, or @cancel was raised
 */
guint8 *sotto_resize (const guint8 *pixels,
                      guint         width,
                      guint         height,
                      guint         to_width,
                      guint         to_height,
                      SottoFilter   filter,
                      SottoCancel  *cancel);

/* Where a square of @color is needed, the picture stands in the midst of it. @side is the longer of its sides.
 *
 * Returns: (transfer full): (@side, @side, 3), for g_free(); or %NULL: there is no memory for it */
guint8 *sotto_resize_pad (const guint8 *pixels, guint width, guint height, guint side, const guint8 color[3]);

G_END_DECLS
