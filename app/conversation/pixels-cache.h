#pragma once

#include "conversation/pixels.h"

G_BEGIN_DECLS

/* Thumbnails that were shown a moment ago, so that who scrolls back need not wait. Main context. */

/* Of all of them together; a row of 108 pixels has 35 kB, the picture of a message alone 230 kB. */
#define SOTTO_PIXELS_CACHE_BYTES ((gsize) 16 * 1024 * 1024)

/* Keeps @pixels, made of @attachment for that room, until others need the place or @attachment is gone. */
void sotto_pixels_cache_put (SottoAttachment   *attachment,
                             guint              width,
                             guint              height,
                             gboolean           covers,
                             const SottoPixels *pixels);

/* Returns: (transfer full) (nullable): what was made for exactly that room */
SottoPixels *sotto_pixels_cache_get (SottoAttachment *attachment, guint width, guint height, gboolean covers);

/* How many bytes it keeps */
gsize sotto_pixels_cache_get_size (void);

G_END_DECLS
