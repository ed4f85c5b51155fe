#include "vision-fixture.h"

#include <string.h>

void
vision_fixture_read (VisionFixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) pixels = NULL;
  g_autofree char *data = NULL;
  guint32 words[6];
  gsize size, n_pixels, n_squares, n_rows;
  const char *next;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (size, >, sizeof words);
  memcpy (words, data, sizeof words);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    words[i] = GUINT32_FROM_LE (words[i]);
  self->n_squares = words[2];
  self->side = words[3];
  self->n_rows = words[4];
  self->n_columns = words[5];
  n_pixels = (gsize) words[0] * words[1] * 3;
  n_squares = (gsize) self->n_squares * self->side * self->side * 3;
  n_rows = (gsize) self->n_rows * self->n_columns * sizeof (float);
  g_assert_cmpuint (size, ==, sizeof words + n_pixels + n_squares + n_rows);

  next = data + sizeof words;
  pixels = g_bytes_new (next, n_pixels);
  self->image = sotto_image_new (pixels, words[0], words[1], &error);
  g_assert_no_error (error);
  self->squares = g_memdup2 (next + n_pixels, n_squares);
  self->rows = g_memdup2 (next + n_pixels + n_squares, n_rows);
}

void
vision_fixture_clear (VisionFixture *self)
{
  g_clear_pointer (&self->image, sotto_image_unref);
  g_clear_pointer (&self->squares, g_free);
  g_clear_pointer (&self->rows, g_free);
}

char *
vision_fixture_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "engine", "vision", name, NULL);
}

SottoImage *
vision_fixture_make_image (guint width, guint height)
{
  gsize n = (gsize) width * height * 3;
  guint8 *data = g_malloc (n);
  g_autoptr (GBytes) pixels = g_bytes_new_take (data, n);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  g_autoptr (GError) error = NULL;
  SottoImage *image;

  for (gsize i = 0; i < n; i++)
    data[i] = (guint8) g_rand_int_range (random, 0, 256);
  image = sotto_image_new (pixels, width, height, &error);
  g_assert_no_error (error);
  return image;
}
