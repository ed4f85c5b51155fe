#include "sotto-image.h"

#include "sotto-error.h"

struct _SottoImage {
  gatomicrefcount ref_count;
  GBytes *pixels;
  guint width;
  guint height;
  char *hash;
};

/* Taken at once, by whoever brings the picture: 20 ms for what a model looks at. */
static char *
take_hash (GBytes *pixels, guint width, guint height)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint32 sides[] = { GUINT32_TO_LE (width), GUINT32_TO_LE (height) };
  gsize length;
  const guint8 *data = g_bytes_get_data (pixels, &length);

  g_checksum_update (checksum, (const guint8 *) sides, sizeof sides);
  g_checksum_update (checksum, data, (gssize) length);
  return g_strdup (g_checksum_get_string (checksum));
}

SottoImage *
sotto_image_new (GBytes *pixels, guint width, guint height, GError **error)
{
  SottoImage *self;

  if (width == 0 || height == 0 || width > SOTTO_IMAGE_MAX_SIDE || height > SOTTO_IMAGE_MAX_SIDE
      || g_bytes_get_size (pixels) != (gsize) width * height * 3)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &(SottoErrorArguments) { .subject = "image" },
                              "%" G_GSIZE_FORMAT " bytes are no image of %u times %u pixels", g_bytes_get_size (pixels),
                              width, height);
      return NULL;
    }

  self = g_new0 (SottoImage, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->pixels = g_bytes_ref (pixels);
  self->width = width;
  self->height = height;
  self->hash = take_hash (pixels, width, height);
  return self;
}

SottoImage *
sotto_image_ref (SottoImage *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
sotto_image_unref (SottoImage *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_bytes_unref (self->pixels);
  g_free (self->hash);
  g_free (self);
}

guint
sotto_image_get_width (const SottoImage *self)
{
  return self->width;
}

guint
sotto_image_get_height (const SottoImage *self)
{
  return self->height;
}

GBytes *
sotto_image_get_pixels (const SottoImage *self)
{
  return self->pixels;
}

const char *
sotto_image_get_hash (const SottoImage *self)
{
  return self->hash;
}
