#include "formats.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* JPEG, by libjpeg. A very large one is decoded at a half, a quarter or an eighth of its sides, which its transform can do by
 * itself, as long as twice of what is wanted is left. */

/* A progressive picture is held as coefficients; what else has no room goes no further. */
#define MAX_MEMORY (768L * 1024 * 1024)

typedef struct {
  struct jpeg_error_mgr manager; /* first: libjpeg knows it by its address */
  jmp_buf way_out;
} Errors;

static void
on_error (j_common_ptr jpeg)
{
  longjmp (((Errors *) jpeg->err)->way_out, 1);
}

/* What is cut off is grey from there on; nobody who asks about it would see why. */
static void
on_message (j_common_ptr jpeg, int level)
{
  if (level < 0)
    jpeg->err->num_warnings++;
  if (jpeg->err->msg_code == JWRN_JPEG_EOF)
    on_error (jpeg);
}

static guint
find_orientation (const struct jpeg_decompress_struct *jpeg)
{
  for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker != NULL; marker = marker->next)
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length >= 6 && memcmp (marker->data, "Exif\0\0", 6) == 0)
      return sotto_exif_find_orientation (marker->data, marker->data_length);
  return 1;
}

static void
set_up (struct jpeg_decompress_struct *jpeg)
{
  const guint longest = MAX (jpeg->image_width, jpeg->image_height);

  jpeg->scale_num = 1;
  jpeg->scale_denom = 1;
  while (jpeg->scale_denom < 8 && longest / (jpeg->scale_denom * 2) >= SOTTO_PAGE_STREAM_MAX_SIDE * 2)
    jpeg->scale_denom *= 2;
  jpeg->out_color_space = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
}

/* Inks, which Adobe's programs write the other way around, and all others after them */
static void
take_inks (const guint8 *from, guint width, gboolean is_inverted, guint8 *to)
{
  for (guint x = 0; x < width; x++)
    {
      const guint black = is_inverted ? from[x * 4 + 3] : 255u - from[x * 4 + 3];

      for (guint c = 0; c < 3; c++)
        {
          const guint light = is_inverted ? from[x * 4 + c] : 255u - from[x * 4 + c];

          to[x * 4 + c] = (guint8) ((light * black + 127) / 255);
        }
      to[x * 4 + 3] = 255;
    }
}

static void
take_colours (const guint8 *from, guint width, guint8 *to)
{
  for (guint x = 0; x < width; x++)
    {
      memcpy (to + (gsize) x * 4, from + (gsize) x * 3, 3);
      to[x * 4 + 3] = 255;
    }
}

typedef struct {
  SottoCanvas *canvas;
  guint8 *from;
  guint8 *to;
  SottoPageStreamRefusal why;
} Work;

static void
read_rows (struct jpeg_decompress_struct *jpeg, Work *work)
{
  work->canvas = sotto_canvas_new (jpeg->image_width, jpeg->image_height, &work->why);
  if (work->canvas == NULL)
    return;
  work->why = SOTTO_PAGE_STREAM_DAMAGED;
  set_up (jpeg);
  jpeg_start_decompress (jpeg);
  if (jpeg->scale_denom > 1)
    {
      sotto_canvas_free (work->canvas);
      work->canvas = sotto_canvas_new (jpeg->output_width, jpeg->output_height, &work->why);
      if (work->canvas == NULL)
        return;
      work->why = SOTTO_PAGE_STREAM_DAMAGED;
    }
  work->from = g_malloc ((gsize) jpeg->output_width * 4);
  work->to = g_malloc ((gsize) jpeg->output_width * 4);
  while (jpeg->output_scanline < jpeg->output_height)
    {
      if (jpeg_read_scanlines (jpeg, &work->from, 1) != 1)
        return;
      if (jpeg->out_color_space == JCS_CMYK)
        take_inks (work->from, jpeg->output_width, jpeg->saw_Adobe_marker, work->to);
      else
        take_colours (work->from, jpeg->output_width, work->to);
      sotto_canvas_take_row (work->canvas, work->to);
    }
  work->why = SOTTO_PAGE_STREAM_NONE;
}

SottoPageStreamRefusal
sotto_jpeg_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  struct jpeg_decompress_struct jpeg = { 0 };
  Errors errors = { 0 };
  Work *work = g_new0 (Work, 1);
  SottoPageStreamRefusal why;

  work->why = SOTTO_PAGE_STREAM_DAMAGED;
  jpeg.err = jpeg_std_error (&errors.manager);
  errors.manager.error_exit = on_error;
  errors.manager.emit_message = on_message;
  if (setjmp (errors.way_out) == 0)
    {
      jpeg_create_decompress (&jpeg);
      jpeg.mem->max_memory_to_use = MAX_MEMORY;
      jpeg_mem_src (&jpeg, data, length);
      jpeg_save_markers (&jpeg, JPEG_APP0 + 1, 0xffff);
      jpeg_read_header (&jpeg, TRUE);
      read_rows (&jpeg, work);
      if (work->why == SOTTO_PAGE_STREAM_NONE)
        work->why = sotto_canvas_finish (work->canvas, find_orientation (&jpeg), picture);
    }
  why = work->why;
  jpeg_destroy_decompress (&jpeg);
  sotto_canvas_free (work->canvas);
  g_free (work->from);
  g_free (work->to);
  g_free (work);
  return why;
}
