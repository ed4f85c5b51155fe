#include "harness-pictures.h"

/* BMP, by hand: two pixels, red and blue, and two bytes that fill the row */
const guint8 two_pixels[62] = {
  'B', 'M', 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
  40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 255, 255, 0, 0, 0, 0,
};
static const guint8 red_and_blue[] = { 255, 0, 0, 0, 0, 255 };

GBytes *
create_bytes (gsize length)
{
  return g_bytes_new_static (two_pixels, length);
}

GBytes *
create_file (void)
{
  return create_bytes (sizeof two_pixels);
}

gboolean
try_attach (SottoConversation *conversation, GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_conversation_attach_bytes_async (conversation, bytes, name, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  return sotto_conversation_attach_bytes_finish (conversation, result, error);
}

void
attach (SottoConversation *conversation, const char *name)
{
  g_autoptr (GBytes) file = create_file ();
  g_autoptr (GError) error = NULL;

  g_assert_true (try_attach (conversation, file, name, &error));
  g_assert_no_error (error);
}

SottoImage *
load (SottoAttachment *picture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_attachment_load_image_async (picture, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  return sotto_attachment_load_image_finish (picture, result, error);
}

void
assert_image (SottoImage *image)
{
  gsize length;
  const guint8 *pixels = g_bytes_get_data (sotto_image_get_pixels (image), &length);

  g_assert_cmpuint (sotto_image_get_width (image), ==, 2);
  g_assert_cmpuint (sotto_image_get_height (image), ==, 1);
  g_assert_cmpmem (pixels, length, red_and_blue, sizeof red_and_blue);
}

void
assert_picture (SottoAttachment *picture, const char *name)
{
  g_autoptr (GBytes) file = create_file ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_attachment_is_picture (picture));
  g_assert_cmpstr (sotto_attachment_get_name (picture), ==, name);
  g_assert_cmpstr (sotto_attachment_get_media_type (picture), ==, "image/bmp");
  sotto_attachment_load_data_async (picture, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  data = sotto_attachment_load_data_finish (picture, result, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (data, file));
  g_assert_null (sotto_attachment_get_text (picture));
}
