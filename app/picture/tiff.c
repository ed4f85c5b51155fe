#include "formats.h"

#include <string.h>

#include <tiffio.h>

/* TIFF, by libtiff, which makes RGBA of what there is in it; its first page. It reads from memory: nothing is mapped or opened. */

/* What one strip or table of it may take, beside the picture */
#define MAX_MEMORY (512 * 1024 * 1024)

typedef struct {
  const guint8 *data;
  toff_t length;
  toff_t at;
} Source;

static tmsize_t
take_bytes (thandle_t handle, void *to, tmsize_t length)
{
  Source *source = handle;
  const toff_t left = source->at < source->length ? source->length - source->at : 0;
  const gsize n = (gsize) MIN ((toff_t) MAX (length, 0), left);

  if (n > 0)
    memcpy (to, source->data + source->at, n);
  source->at += n;
  return (tmsize_t) n;
}

static tmsize_t
write_nothing (thandle_t handle, void *from, tmsize_t length)
{
  return 0;
}

static toff_t
move_to (thandle_t handle, toff_t offset, int whence)
{
  Source *source = handle;

  if (whence == SEEK_CUR)
    offset += source->at;
  else if (whence == SEEK_END)
    offset += source->length;
  source->at = offset;
  return offset;
}

static int
close_nothing (thandle_t handle)
{
  return 0;
}

static toff_t
get_length (thandle_t handle)
{
  return ((Source *) handle)->length;
}

static TIFF *
open_source (Source *source)
{
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc ();
  TIFF *tiff;

  TIFFSetErrorHandler (NULL);
  TIFFSetWarningHandler (NULL);
  if (options == NULL)
    return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc (options, MAX_MEMORY);
  tiff = TIFFClientOpenExt ("", "rm", source, take_bytes, write_nothing, move_to, close_nothing, get_length, NULL, NULL, options);
  TIFFOpenOptionsFree (options);
  return tiff;
}

/* libtiff has multiplied colours with how opaque they are: white shines through as much as they are not. */
static void
put_on_white (guint32 *row, guint width)
{
  guint8 *to = (guint8 *) row;

  for (guint x = 0; x < width; x++)
    {
      const guint32 pixel = row[x];
      const guint white = 255 - TIFFGetA (pixel);

      to[x * 4] = (guint8) MIN (TIFFGetR (pixel) + white, 255);
      to[x * 4 + 1] = (guint8) MIN (TIFFGetG (pixel) + white, 255);
      to[x * 4 + 2] = (guint8) MIN (TIFFGetB (pixel) + white, 255);
      to[x * 4 + 3] = 255;
    }
}

/* Its rows as they are stored: turning it is the canvas' business. */
static gboolean
read_rows (TIFF *tiff, SottoCanvas *canvas, guint32 *pixels, guint width, guint height, SottoPageStreamRefusal *why)
{
  char message[1024] = "";
  TIFFRGBAImage image;
  gboolean done;

  *why = SOTTO_PAGE_STREAM_FOREIGN;
  if (TIFFRGBAImageOK (tiff, message) == 0 || TIFFRGBAImageBegin (&image, tiff, 1, message) == 0)
    return FALSE;
  image.req_orientation = image.orientation;
  *why = SOTTO_PAGE_STREAM_DAMAGED;
  done = TIFFRGBAImageGet (&image, pixels, width, height) != 0;
  TIFFRGBAImageEnd (&image);
  for (guint y = 0; done && y < height; y++)
    {
      put_on_white (pixels + (gsize) y * width, width);
      sotto_canvas_take_row (canvas, (const guint8 *) (pixels + (gsize) y * width));
    }
  return done;
}

SottoPageStreamRefusal
sotto_tiff_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  Source source = { data, length, 0 };
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_DAMAGED;
  TIFF *tiff = open_source (&source);
  g_autoptr (SottoCanvas) canvas = NULL;
  g_autofree guint32 *pixels = NULL;
  guint32 width = 0, height = 0;
  guint16 orientation = 1;

  if (tiff == NULL)
    return why;
  TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_ORIENTATION, &orientation);
  canvas = sotto_canvas_new (width, height, &why);
  if (canvas != NULL)
    {
      why = SOTTO_PAGE_STREAM_LARGE;
      pixels = g_try_new0 (guint32, (gsize) width * height);
    }
  if (pixels != NULL && read_rows (tiff, canvas, pixels, width, height, &why))
    why = sotto_canvas_finish (canvas, orientation, picture);
  TIFFClose (tiff);
  return why;
}
