#pragma once

#include <glib.h>

#include "reader/page-stream.h"

/**
 * SottoPicture:
 * @width, @height: no longer than %SOTTO_PAGE_STREAM_MAX_SIDE
 * @pixels: (height, width, 3) of RGB, for g_free()
 *
 * As people see it: upright, and on white where it is transparent.
 */
typedef struct {
  guint width;
  guint height;
  guint8 *pixels;
} SottoPicture;

/**
 * sotto_picture_read:
 * @data: a file: PNG, JPEG, WebP, GIF, TIFF or BMP, which its first bytes tell
 * @picture: (out)
 *
 * Reads the first picture that there is in the file.
 *
 * Returns: %SOTTO_PAGE_STREAM_NONE, or why there is no picture
 */
SottoPageStreamRefusal sotto_picture_read (const guint8 *data, gsize length, SottoPicture *picture);
