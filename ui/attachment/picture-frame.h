#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoPictureFrame:
 *
 * A picture that is attached, small: decoded when the frame comes onto a window, and kept no larger than it is shown, as long
 * as the frame lives. Until then something turns in its place, which is as large as the picture will be as far as that is known.
 */
#define SOTTO_TYPE_PICTURE_FRAME (sotto_picture_frame_get_type ())
G_DECLARE_FINAL_TYPE (SottoPictureFrame, sotto_picture_frame, SOTTO, PICTURE_FRAME, GtkWidget)

/**
 * sotto_picture_frame_new:
 * @attachment: a picture
 * @width, @height: the most that it takes
 * @covers: it takes just that, and shows the middle of the picture; else all of the picture, whose sides it has
 */
GtkWidget *sotto_picture_frame_new (SottoAttachment *attachment, int width, int height, gboolean covers);

G_END_DECLS
