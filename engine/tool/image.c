/* Pictures for `generate`: portable pixmaps, since the engine reads no picture formats.
 *
 * Of the format (netpbm, ppm(5)) this is the form that programs write: "P6", width, height and the highest value, 255, as decimal
 * numbers with white space between them and perhaps comments, one byte of white space, and rows of three bytes a pixel. What
 * stands behind the last is not looked at. */

#include "tool.h"

#include <string.h>

typedef struct {
  const guint8 *at;
  const guint8 *end;
} Reader;

static void
skip_space (Reader *self)
{
  gboolean is_comment = FALSE;

  for (; self->at < self->end && (is_comment || g_ascii_isspace (*self->at) || *self->at == '#'); self->at++)
    is_comment = *self->at == '#' || (is_comment && *self->at != '\n');
}

/* 0: there is no number, or none that a side may be. */
static guint
read_number (Reader *self)
{
  guint number = 0;

  skip_space (self);
  for (; self->at < self->end && g_ascii_isdigit (*self->at) && number <= SOTTO_IMAGE_MAX_SIDE; self->at++)
    number = 10 * number + (guint) (*self->at - '0');

  return number;
}

static SottoImage *
refuse (const char  *path,
        const char  *reason,
        GError     **error)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST, "%s: %s", name, reason);

  return NULL;
}

SottoImage *
tool_read_image (const char  *path,
                 GError     **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) pixels = NULL;
  Reader reader;
  guint width, height, highest;
  gsize length, n_bytes;

  if (file == NULL)
    return NULL;

  bytes = g_mapped_file_get_bytes (file);
  reader.at = g_bytes_get_data (bytes, &length);
  reader.end = reader.at + length;
  if (length < 2 || memcmp (reader.at, "P6", 2) != 0)
    return refuse (path, "not a portable pixmap (P6)", error);

  reader.at += 2;
  width = read_number (&reader);
  height = read_number (&reader);
  highest = read_number (&reader);
  n_bytes = (gsize) width * height * 3;
  if (width > SOTTO_IMAGE_MAX_SIDE || height > SOTTO_IMAGE_MAX_SIDE || highest != 255
      || (gsize) (reader.end - reader.at) < n_bytes + 1)
    return refuse (path, "a portable pixmap that is cut off, too large or not of 255 steps", error);

  /* A copy: the file may change. */
  pixels = g_bytes_new (reader.at + 1, n_bytes);

  return sotto_image_new (pixels, width, height, error);
}
