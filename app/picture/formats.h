#pragma once

#include "canvas.h"

/* The formats: each takes a file that begins as one of its kind, and gives its first picture, as sotto_picture_read() does. */

SottoPageStreamRefusal sotto_bmp_read (const guint8 *data, gsize length, SottoPicture *picture);
SottoPageStreamRefusal sotto_gif_read (const guint8 *data, gsize length, SottoPicture *picture);
SottoPageStreamRefusal sotto_jpeg_read (const guint8 *data, gsize length, SottoPicture *picture);
SottoPageStreamRefusal sotto_png_read (const guint8 *data, gsize length, SottoPicture *picture);
SottoPageStreamRefusal sotto_tiff_read (const guint8 *data, gsize length, SottoPicture *picture);
SottoPageStreamRefusal sotto_webp_read (const guint8 *data, gsize length, SottoPicture *picture);

/**
 * sotto_exif_find_orientation:
 * @data: what a camera has written of a picture, from its byte order on ("II" or "MM"), with or without "Exif" before it
 *
 * Nothing else in it is looked at.
 *
 * Returns: from 1 to 8; 1 where it does not say
 */
guint sotto_exif_find_orientation (const guint8 *data, gsize length);
