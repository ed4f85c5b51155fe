#include "picture.h"

#include <string.h>

#include "formats.h"

/* Which format a file is in, by its first bytes, as app/document/document-kind.c knows them. */

typedef struct {
  const char *begin;
  gsize length;
  SottoPageStreamRefusal (*read) (const guint8 *data, gsize length, SottoPicture *picture);
} Format;

static const Format formats[] = {
  { "\x89PNG\r\n\x1a\n", 8, sotto_png_read },
  { "\xff\xd8\xff", 3, sotto_jpeg_read },
  { "GIF87a", 6, sotto_gif_read },
  { "GIF89a", 6, sotto_gif_read },
  { "RIFF", 4, sotto_webp_read },
  { "II*\0", 4, sotto_tiff_read },
  { "MM\0*", 4, sotto_tiff_read },
  { "BM", 2, sotto_bmp_read },
};

SottoPageStreamRefusal
sotto_picture_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  *picture = (SottoPicture) { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (length >= formats[i].length && memcmp (data, formats[i].begin, formats[i].length) == 0)
      return formats[i].read (data, length, picture);
  return SOTTO_PAGE_STREAM_FOREIGN;
}
