/* A picture's file, as anybody may have made it, in any of the formats that are read.
 *
 * Asked for: no crash, no end of memory, and either a reason or as many pixels as its sides say. A number at the beginning of a format
 * is quickly lost, so an input that begins with '@' and a letter has that format's own beginning put in front. */

#include "picture.h"

#include <string.h>

#define LONGEST_INPUT (64 * 1024)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct {
  char letter;
  const char *begin;
  gsize length;
} Beginning;

static const Beginning beginnings[] = {
  { 'p', "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16 },
  { 'j', "\xff\xd8\xff", 3 },
  { 'g', "GIF89a", 6 },
  { 'w', "RIFF\xff\xff\0\0WEBPVP8X\n\0\0\0", 20 },
  { 't', "II*\0\x08\0\0\0", 8 },
  { 'b', "BM", 2 },
};

static GBytes *
put_beginning (const guint8 *data, gsize size)
{
  GByteArray *file = g_byte_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (data[1] == beginnings[i].letter)
      g_byte_array_append (file, (const guint8 *) beginnings[i].begin, (guint) beginnings[i].length);
  g_byte_array_append (file, data + 2, (guint) size - 2);
  return g_byte_array_free_to_bytes (file);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) file = size >= 2 && size < LONGEST_INPUT && data[0] == '@' ? put_beginning (data, size) : g_bytes_new (data, size);
  SottoPicture picture = { 0 };
  SottoPageStreamRefusal why;
  gsize length;
  const guint8 *begin;
  guint sum = 0;

  if (size >= LONGEST_INPUT)
    return 0;
  begin = g_bytes_get_data (file, &length);
  why = sotto_picture_read (begin, length, &picture);
  g_assert_true ((why == SOTTO_PAGE_STREAM_NONE) == (picture.pixels != NULL));
  if (picture.pixels == NULL)
    return 0;
  g_assert_cmpuint (picture.width, <=, SOTTO_PAGE_STREAM_MAX_SIDE);
  g_assert_cmpuint (picture.height, <=, SOTTO_PAGE_STREAM_MAX_SIDE);
  for (gsize i = 0; i < (gsize) picture.width * picture.height * 3; i++)
    sum += picture.pixels[i];
  g_assert_cmpuint (sum, <=, 255u * 3 * picture.width * picture.height);
  g_free (picture.pixels);
  return 0;
}
