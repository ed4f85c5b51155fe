#include "formats.h"

#include <png.h>
#include <string.h>

/* PNG, by libpng. Of one that moves (APNG) it is the picture that stands for it. Colours are taken as they stand: profiles and
 * gamma are left aside, as the preprocessing of the models leaves them. */

/* Of text, profiles and what else there may be beside the picture */
#define MAX_CHUNK (8 * 1024 * 1024)

typedef struct {
  const guint8 *at;
  gsize left;
} Source;

static void
take_bytes (png_structp png, png_bytep to, png_size_t length)
{
  Source *source = png_get_io_ptr (png);

  if (length > source->left)
    png_error (png, "cut off");
  memcpy (to, source->at, length);
  source->at += length;
  source->left -= length;
}

static void
on_error (png_structp png, png_const_charp message)
{
  png_longjmp (png, 1);
}

static void
on_warning (png_structp png, png_const_charp message)
{
}

/* Whatever it is: 8 bits of RGBA. Returns: how often its rows come */
static int
set_up (png_structp png, png_infop info)
{
  int n_passes;

  png_set_expand (png);
  png_set_scale_16 (png);
  png_set_gray_to_rgb (png);
  png_set_add_alpha (png, 0xff, PNG_FILLER_AFTER);
  n_passes = png_set_interlace_handling (png);
  png_read_update_info (png, info);
  return n_passes;
}

static guint
find_orientation (png_structp png, png_infop info)
{
  png_uint_32 length = 0;
  png_bytep exif = NULL;

  return png_get_eXIf_1 (png, info, &length, &exif) != 0 ? sotto_exif_find_orientation (exif, length) : 1;
}

/* What is allocated lies outside of what libpng jumps back over. */
typedef struct {
  SottoCanvas *canvas;
  guint8 *rows;     /* one, or all of them where they do not come in order */
  SottoPageStreamRefusal why;
} Work;

static void
read_rows (png_structp png, png_infop info, Work *work)
{
  const png_uint_32 width = png_get_image_width (png, info);
  const png_uint_32 height = png_get_image_height (png, info);
  const gsize row = (gsize) width * 4;
  int n_passes;

  work->canvas = sotto_canvas_new (width, height, &work->why);
  if (work->canvas == NULL)
    return;
  n_passes = set_up (png, info);
  work->why = SOTTO_PAGE_STREAM_LARGE;
  work->rows = png_get_rowbytes (png, info) == row ? g_try_malloc0 (n_passes > 1 ? row * height : row) : NULL;
  if (work->rows == NULL)
    return;
  work->why = SOTTO_PAGE_STREAM_DAMAGED;
  for (int pass = 0; pass < n_passes; pass++)
    for (png_uint_32 y = 0; y < height; y++)
      {
        guint8 *to = work->rows + (n_passes > 1 ? y * row : 0);

        png_read_row (png, to, NULL);
        if (pass == n_passes - 1)
          sotto_canvas_take_row (work->canvas, to);
      }
  work->why = SOTTO_PAGE_STREAM_NONE;
}

SottoPageStreamRefusal
sotto_png_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  Source source = { data, length };
  Work *work = g_new0 (Work, 1);
  png_structp png = png_create_read_struct (PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
  png_infop info = png != NULL ? png_create_info_struct (png) : NULL;
  SottoPageStreamRefusal why;

  work->why = SOTTO_PAGE_STREAM_DAMAGED;
  if (info != NULL && setjmp (png_jmpbuf (png)) == 0)
    {
      png_set_read_fn (png, &source, take_bytes);
      png_set_user_limits (png, G_MAXINT32, G_MAXINT32);
      png_set_chunk_malloc_max (png, MAX_CHUNK);
      png_read_info (png, info);
      read_rows (png, info, work);
      if (work->why == SOTTO_PAGE_STREAM_NONE)
        work->why = sotto_canvas_finish (work->canvas, find_orientation (png, info), picture);
    }
  why = work->why;
  png_destroy_read_struct (&png, &info, NULL);
  sotto_canvas_free (work->canvas);
  g_free (work->rows);
  g_free (work);
  return why;
}
