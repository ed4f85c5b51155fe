#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoImage:
 *
 * A picture as models look at it: rows of RGB, 8 bits each, sRGB, the way up that people see it. Who has a file brings
 * it into this form; the engine reads no picture formats. Immutable and reference-counted; any thread.
 */
typedef struct _SottoImage SottoImage;

/* Of either side. */
#define SOTTO_IMAGE_MAX_SIDE 16384

/**
 * sotto_image_new:
 * @pixels: (height, width, 3), without gaps; referenced
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_REQUEST: a side is 0 or too long, or there are not as many
 *   bytes as pixels
 */
SottoImage *sotto_image_new (GBytes *pixels, guint width, guint height, GError **error);
SottoImage *sotto_image_ref (SottoImage *self);
void sotto_image_unref (SottoImage *self);

guint sotto_image_get_width (const SottoImage *self);
guint sotto_image_get_height (const SottoImage *self);

/* Returns: (transfer none) */
GBytes *sotto_image_get_pixels (const SottoImage *self);

/**
 * sotto_image_get_hash:
 *
 * Returns: (transfer none): SHA-256 of sides and pixels, 64 hexadecimal digits; the same picture has the same
 */
const char *sotto_image_get_hash (const SottoImage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoImage, sotto_image_unref)

G_END_DECLS
