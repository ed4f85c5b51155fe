/* A picture as a PNG file (ISO/IEC 15948):
 *
 *   89 P N G 0D 0A 1A 0A  CHUNK IHDR  CHUNK IDAT  CHUNK IEND
 *
 *   CHUNK  length (of the data), four letters, data, CRC-32 (of letters and data); numbers begin with their highest byte
 *   IHDR   width, height, 8 bits each, colour type 2 (RGB), deflate, the five filters, not interlaced
 *   IDAT   zlib (RFC 1950) of the rows, each behind the number of its filter
 *
 * Nothing that a camera or a program wrote into the file that it comes from is in it. */
#include "transfer/png-write.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_OF_PIXEL 3
#define N_FILTERS 5

/* --- Chunks --- */

static guint32
add_to_crc (guint32 crc, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      crc ^= data[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
  return crc;
}

static void
append_number (GByteArray *file, guint32 number)
{
  const guint32 big = GUINT32_TO_BE (number);

  g_byte_array_append (file, (const guint8 *) &big, sizeof big);
}

static void
append_chunk (GByteArray *file, const char *letters, const guint8 *data, gsize length)
{
  guint32 crc = add_to_crc (0xffffffffu, (const guint8 *) letters, 4);

  append_number (file, (guint32) length);
  g_byte_array_append (file, (const guint8 *) letters, 4);
  if (length > 0)
    g_byte_array_append (file, data, (guint) length);
  append_number (file, ~add_to_crc (crc, data, length));
}

/* --- Rows --- */

/* Of left, above and above left the one that is nearest to what these three make of the byte (section 9.4) */
static int
paeth (int left, int above, int corner)
{
  const int guess = left + above - corner;
  const int to_left = abs (guess - left);
  const int to_above = abs (guess - above);
  const int to_corner = abs (guess - corner);

  if (to_left <= to_above && to_left <= to_corner)
    return left;
  return to_above <= to_corner ? above : corner;
}

/* @above: (nullable): there is no row above. Returns: how much is left of the row, by which filters are compared */
static guint64
filter_row (guint filter, const guint8 *row, const guint8 *above, gsize length, guint8 *out)
{
  guint64 sum = 0;

  for (gsize i = 0; i < length; i++)
    {
      const int left = i >= BYTES_OF_PIXEL ? row[i - BYTES_OF_PIXEL] : 0;
      const int up = above != NULL ? above[i] : 0;
      const int corner = above != NULL && i >= BYTES_OF_PIXEL ? above[i - BYTES_OF_PIXEL] : 0;
      const int guesses[N_FILTERS] = { 0, left, up, (left + up) / 2, paeth (left, up, corner) };

      out[i] = (guint8) (row[i] - guesses[filter]);
      sum += (guint64) abs ((gint8) out[i]);
    }
  return sum;
}

/* Each with the filter that leaves the smallest numbers of it */
static guint8 *
filter_rows (const SottoPixels *pixels, gsize *length)
{
  const gsize stride = BYTES_OF_PIXEL * (gsize) pixels->width;
  const guint8 *rows = g_bytes_get_data (pixels->bytes, NULL);
  g_autofree guint8 *tried = g_try_malloc (stride);
  guint8 *all;

  *length = (stride + 1) * pixels->height;
  all = g_try_malloc (*length);
  for (guint y = 0; all != NULL && tried != NULL && y < pixels->height; y++)
    {
      const guint8 *row = rows + y * stride;
      guint8 *out = all + y * (stride + 1);
      guint64 best = G_MAXUINT64;

      for (guint8 filter = 0; filter < N_FILTERS; filter++)
        {
          const guint64 left = filter_row (filter, row, y > 0 ? row - stride : NULL, stride, tried);

          if (left >= best)
            continue;
          best = left;
          out[0] = filter;
          memcpy (out + 1, tried, stride);
        }
    }
  if (tried == NULL)
    g_clear_pointer (&all, g_free);
  return all;
}

GBytes *
sotto_png_write (const SottoPixels *pixels)
{
  static const guint8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  const guint32 width = GUINT32_TO_BE (pixels->width);
  const guint32 height = GUINT32_TO_BE (pixels->height);
  guint8 head[13] = { [8] = 8, [9] = 2 };
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9);
  gsize length;
  g_autofree guint8 *rows = filter_rows (pixels, &length);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GBytes) packed = NULL;
  GByteArray *file;

  if (rows == NULL)
    return NULL;
  plain = g_bytes_new_take (g_steal_pointer (&rows), length);
  packed = g_converter_convert_bytes (G_CONVERTER (compressor), plain, NULL);
  if (packed == NULL)
    return NULL;

  memcpy (head, &width, sizeof width);
  memcpy (head + 4, &height, sizeof height);
  file = g_byte_array_new ();
  g_byte_array_append (file, signature, sizeof signature);
  append_chunk (file, "IHDR", head, sizeof head);
  append_chunk (file, "IDAT", g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
  append_chunk (file, "IEND", NULL, 0);
  return g_byte_array_free_to_bytes (file);
}
