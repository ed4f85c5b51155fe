#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "conversation/attachment.h"

G_BEGIN_DECLS

/**
 * SottoPixels:
 * @bytes: rows of RGB, 8 bits each, without gaps; wiped where they were made for this
 * @width, @height: of these
 * @full_width, @full_height: of the picture
 *
 * A picture that is attached as it is shown: no larger than there is room for, so that whoever shows many holds little.
 */
typedef struct {
  GBytes *bytes;
  guint width;
  guint height;
  guint full_width;
  guint full_height;
} SottoPixels;

void sotto_pixels_free (SottoPixels *self);

/**
 * sotto_pixels_load_async:
 * @attachment: a picture
 * @width, @height: the room that there is; 0: as large as the picture is
 * @covers: it fills the room, and what is over is cut off on both sides; else all of it is there
 *
 * Decodes @attachment unless it is decoded, and makes it smaller, both elsewhere. Never makes it larger. Main context.
 */
void sotto_pixels_load_async (SottoAttachment     *attachment,
                              guint                width,
                              guint                height,
                              gboolean             covers,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);

/* Returns: (transfer full): or %NULL with the errors of sotto_picture_decode_finish() */
SottoPixels *sotto_pixels_load_finish (SottoAttachment *attachment, GAsyncResult *result, GError **error);

/**
 * sotto_pixels_get_sides:
 *
 * Returns: whether @attachment has been decoded once, and so @width and @height are known
 */
gboolean sotto_pixels_get_sides (SottoAttachment *attachment, guint *width, guint *height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPixels, sotto_pixels_free)

G_END_DECLS
