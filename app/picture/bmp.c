#include "formats.h"

#include <string.h>

/* BMP, as Microsoft describes it (BITMAPFILEHEADER, BITMAPINFOHEADER), least significant byte first:
 *
 *   0   "BM"; 10 where the pixels begin
 *   14  length of the second header, 12 in OS/2's form: width and height in 2 bytes each, 1 plane, bits of a pixel
 *       or 40 and more: width, height (negative: from the top), planes, bits, compression, …, 46 colours, 54 masks
 *   behind it the colours of the palette, in 4 bytes, or 3 in OS/2's form: blue, green, red
 *   rows from the bottom, each filled up to 4 bytes
 *
 * Compressed ones, which hardly anybody writes, are refused. */

#define PLAIN 0
#define MASKED 3
#define MASKED_WITH_ALPHA 6

typedef struct {
  const guint8 *data;
  gsize length;
  guint width;
  guint height;
  gboolean is_from_top;
  guint n_bits;
  gsize pixels;      /* where they begin */
  gsize row;         /* bytes of one */
  guint8 palette[256][3];
  guint n_colours;
  guint32 masks[4];  /* of red, green, blue, alpha */
} Bmp;

static guint32
get_number (const Bmp *bmp, gsize at, guint n_bytes)
{
  guint32 number = 0;

  if (at > bmp->length || bmp->length - at < n_bytes)
    return 0;
  for (guint i = 0; i < n_bytes; i++)
    number |= (guint32) bmp->data[at + i] << 8 * i;
  return number;
}

static void
read_palette (Bmp *bmp, gsize at, guint n, guint n_bytes)
{
  bmp->n_colours = MIN (n, 256);
  for (guint i = 0; i < bmp->n_colours; i++)
    for (guint c = 0; c < 3; c++)
      bmp->palette[i][c] = (guint8) get_number (bmp, at + (gsize) i * n_bytes + 2 - c, 1);
}

/* Where nothing is said of bits */
static void
set_usual_masks (Bmp *bmp)
{
  static const guint32 of_16[] = { 0x7c00, 0x03e0, 0x001f, 0 };
  static const guint32 of_32[] = { 0xff0000, 0x00ff00, 0x0000ff, 0 };

  memcpy (bmp->masks, bmp->n_bits == 16 ? of_16 : of_32, sizeof bmp->masks);
}

static SottoPageStreamRefusal
read_head (Bmp *bmp)
{
  const guint32 head = get_number (bmp, 14, 4);
  const gboolean is_old = head == 12;
  const gint32 height = is_old ? (gint32) get_number (bmp, 20, 2) : (gint32) get_number (bmp, 22, 4);
  const guint32 compression = is_old ? PLAIN : get_number (bmp, 30, 4);
  const guint32 n_colours = is_old ? 0 : get_number (bmp, 46, 4);

  if (bmp->length < 26 || (!is_old && (head < 40 || bmp->length < 54)) || height == G_MININT32)
    return SOTTO_PAGE_STREAM_DAMAGED;
  bmp->width = get_number (bmp, 18, is_old ? 2 : 4);
  bmp->height = (guint) ABS (height);
  bmp->is_from_top = height < 0;
  bmp->n_bits = get_number (bmp, is_old ? 24 : 28, 2);
  bmp->pixels = get_number (bmp, 10, 4);
  if (compression != PLAIN && compression != MASKED && compression != MASKED_WITH_ALPHA)
    return SOTTO_PAGE_STREAM_FOREIGN;
  switch (bmp->n_bits)
    {
    case 1:
    case 4:
    case 8:
      read_palette (bmp, 14 + (gsize) head, n_colours > 0 ? n_colours : 1u << bmp->n_bits, is_old ? 3 : 4);
      return SOTTO_PAGE_STREAM_NONE;
    case 16:
    case 32:
      set_usual_masks (bmp);
      for (guint i = 0; compression != PLAIN && i < 4; i++)
        bmp->masks[i] = i < 3 || head >= 56 || compression == MASKED_WITH_ALPHA ? get_number (bmp, 54 + i * 4, 4) : 0;
      return SOTTO_PAGE_STREAM_NONE;
    case 24:
      return SOTTO_PAGE_STREAM_NONE;
    default:
      return SOTTO_PAGE_STREAM_DAMAGED;
    }
}

/* What @mask says of @value, from 0 to 255; a mask of nothing is @otherwise. */
static guint8
take_masked (guint32 value, guint32 mask, guint8 otherwise)
{
  guint shift;
  guint64 most;

  if (mask == 0)
    return otherwise;
  shift = (guint) g_bit_nth_lsf (mask, -1);
  most = mask >> shift;
  return (guint8) (((guint64) ((value & mask) >> shift) * 255 + most / 2) / most);
}

static void
take_pixel (const Bmp *bmp, const guint8 *row, guint x, guint8 *to)
{
  guint32 value = 0;

  if (bmp->n_bits == 24)
    {
      for (guint c = 0; c < 3; c++)
        to[c] = row[(gsize) x * 3 + 2 - c];
      to[3] = 255;
    }
  else if (bmp->n_bits <= 8)
    {
      const gsize bit = (gsize) x * bmp->n_bits;

      value = row[bit / 8] >> (8 - bmp->n_bits - bit % 8) & ((1u << bmp->n_bits) - 1);
      memset (to, 0, 3);
      if (value < bmp->n_colours)
        memcpy (to, bmp->palette[value], 3);
      to[3] = 255;
    }
  else
    {
      for (guint i = 0; i < bmp->n_bits / 8; i++)
        value |= (guint32) row[(gsize) x * bmp->n_bits / 8 + i] << 8 * i;
      for (guint c = 0; c < 4; c++)
        to[c] = take_masked (value, bmp->masks[c], c == 3 ? 255 : 0);
    }
}

SottoPageStreamRefusal
sotto_bmp_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  Bmp bmp = { data, length, 0 };
  SottoPageStreamRefusal why = read_head (&bmp);
  g_autoptr (SottoCanvas) canvas = NULL;
  g_autofree guint8 *line = NULL;

  if (why != SOTTO_PAGE_STREAM_NONE)
    return why;
  canvas = sotto_canvas_new (bmp.width, bmp.height, &why);
  if (canvas == NULL)
    return why;
  bmp.row = ((gsize) bmp.width * bmp.n_bits + 31) / 32 * 4;
  if (bmp.pixels > length || (length - bmp.pixels) / bmp.row < bmp.height)
    return SOTTO_PAGE_STREAM_DAMAGED;
  line = g_malloc ((gsize) bmp.width * 4);
  for (guint y = 0; y < bmp.height; y++)
    {
      const guint8 *row = data + bmp.pixels + bmp.row * (bmp.is_from_top ? y : bmp.height - 1 - y);

      for (guint x = 0; x < bmp.width; x++)
        take_pixel (&bmp, row, x, line + (gsize) x * 4);
      sotto_canvas_take_row (canvas, line);
    }
  return sotto_canvas_finish (canvas, 1, picture);
}
