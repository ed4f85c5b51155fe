#include "vision-double.h"

#include "sotto-error.h"

#include <string.h>

enum { N_STEPS = 4 };

struct _SottoVision {
  gatomicrefcount references;
  SottoVisionInfo info;
};

VisionDouble vision_double;

static guint
get_width (void)
{
  return vision_double.n_embedding > 0 ? vision_double.n_embedding : 64;
}

SottoImage *
vision_double_image (guint width, guint height, guint8 value)
{
  gsize n = (gsize) width * height * 3;
  guint8 *data = g_malloc (n);
  g_autoptr (GBytes) pixels = NULL;
  g_autoptr (GError) error = NULL;
  SottoImage *image;

  memset (data, value, n);
  pixels = g_bytes_new_take (data, n);
  image = sotto_image_new (pixels, width, height, &error);
  g_assert_no_error (error);
  return image;
}

SottoVision *
sotto_vision_open (const char *path, SottoCancel *cancel G_GNUC_UNUSED, GError **error)
{
  SottoVision *self;

  if (strstr (path, "missing") != NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_OPEN, &(SottoErrorArguments) { .path = path }, "missing");
      return NULL;
    }
  vision_double.n_opened++;
  self = g_new0 (SottoVision, 1);
  g_atomic_ref_count_init (&self->references);
  self->info = (SottoVisionInfo) { .path = g_strdup (path), .kind = g_strdup ("double"), .n_embedding = get_width (),
                                   .weight_bytes = vision_double.weight_bytes > 0 ? vision_double.weight_bytes : 1000,
                                   .stamp = g_strdup (vision_double.stamp != NULL ? vision_double.stamp : "double") };
  return self;
}

SottoVision *
sotto_vision_ref (SottoVision *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_vision_unref (SottoVision *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  g_free (self->info.path);
  g_free (self->info.kind);
  g_free (self->info.stamp);
  g_free (self);
}

const SottoVisionInfo *
sotto_vision_get_info (const SottoVision *self)
{
  return &self->info;
}

gboolean
sotto_vision_fits (const SottoVision *self, const SottoModel *model G_GNUC_UNUSED)
{
  return strstr (self->info.path, "an other") == NULL;
}

static void
piece_clear (gpointer data)
{
  g_free (((SottoVisionPiece *) data)->text);
}

static void
add_text (GArray *layout, const char *text)
{
  SottoVisionPiece piece = { .text = g_strdup (text) };

  g_array_append_val (layout, piece);
}

static void
add_rows (GArray *layout, guint first, guint n, gboolean together)
{
  SottoVisionPiece piece = { .first_row = first, .n_rows = n, .together = together };

  g_array_append_val (layout, piece);
}

GArray *
sotto_vision_lay_out (const SottoVision *self G_GNUC_UNUSED, guint width, guint height)
{
  GArray *layout = g_array_new (FALSE, FALSE, sizeof (SottoVisionPiece));

  g_array_set_clear_func (layout, piece_clear);
  add_text (layout, "<|im_start|>");
  if (height == 1)
    {
      add_rows (layout, 0, width, TRUE);
    }
  else
    {
      add_rows (layout, 0, width / 2, FALSE);
      add_text (layout, "<|im_end|>\n");
      add_rows (layout, width / 2, width - width / 2, FALSE);
    }
  add_text (layout, "<|im_end|>");
  return layout;
}

guint64
sotto_vision_estimate_memory (const SottoVision *self G_GNUC_UNUSED, guint width G_GNUC_UNUSED, guint height G_GNUC_UNUSED)
{
  return vision_double.looking_bytes;
}

float *
sotto_vision_encode (SottoVision    *self G_GNUC_UNUSED,
                     SottoBackend   *backend,
                     SottoImage     *image,
                     SottoProgress   progress,
                     gpointer        user_data,
                     SottoCancel    *cancel,
                     guint          *n_rows,
                     GError        **error)
{
  guint n = sotto_image_get_width (image);
  const guint8 *pixels = g_bytes_get_data (sotto_image_get_pixels (image), NULL);
  float *rows;

  g_assert_nonnull (backend);
  for (guint i = 0; i < N_STEPS; i++)
    {
      if (progress != NULL)
        progress (i, N_STEPS, user_data);
      for (gulong us = 0; us < vision_double.step_us; us += 1000)
        {
          if (!sotto_cancel_check (cancel, error))
            return NULL;
          g_usleep (1000);
        }
    }

  if (vision_double.is_changed)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CHANGED, NULL, "changed");
      return NULL;
    }
  vision_double.n_encoded++;
  *n_rows = vision_double.is_short ? n - 1 : n;
  rows = g_new (float, (gsize) n * get_width ());
  for (guint i = 0; i < n * get_width (); i++)
    rows[i] = (float) ((pixels[i / get_width () * 3] + 7 * i) % 101) / 101.0f - 0.5f;
  return rows;
}
