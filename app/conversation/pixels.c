#include "config.h"

#include "conversation/pixels.h"

#include <sotto-engine.h>
#include <string.h>

#include "conversation/attachment-private.h"
#include "conversation/pixels-cache.h"

/* A picture made smaller for who looks at it: each pixel is the mean of those that it stands for. What was decoded for that alone is
 * forgotten at once, or somebody who scrolls past a hundred pictures would end up with a gigabyte; the smallest are remembered for a
 * while (pixels-cache.h). */

typedef struct {
  guint width;
  guint height;
  gboolean covers;
} Room;

void
sotto_pixels_free (SottoPixels *self)
{
  g_bytes_unref (self->bytes);
  g_free (self);
}

/* --- Sides --- */

static GQuark
get_sides_quark (void)
{
  return g_quark_from_static_string ("sotto-pixels-sides");
}

/* The picture itself may be forgotten between two looks at it; that a row keeps its height needs no more than these. */
static void
remember_sides (SottoAttachment *attachment, SottoImage *image)
{
  guint *sides = g_new (guint, 2);

  sides[0] = sotto_image_get_width (image);
  sides[1] = sotto_image_get_height (image);
  g_object_set_qdata_full (G_OBJECT (attachment), get_sides_quark (), sides, g_free);
}

gboolean
sotto_pixels_get_sides (SottoAttachment *attachment, guint *width, guint *height)
{
  const guint *sides;
  SottoImage *image;

  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (attachment), FALSE);

  image = sotto_attachment_peek_image (attachment);
  if (image != NULL)
    remember_sides (attachment, image);
  sides = g_object_get_qdata (G_OBJECT (attachment), get_sides_quark ());
  if (sides == NULL)
    return FALSE;
  *width = sides[0];
  *height = sides[1];
  return TRUE;
}

/* --- Smaller --- */

typedef struct {
  guchar *data;
  gsize size;
} Block;

static void
block_free (gpointer data)
{
  Block *block = data;

  explicit_bzero (block->data, block->size);
  g_free (block->data);
  g_free (block);
}

/* (bottom − top, right − left) pixels of rows of @stride bytes become one. */
static void
average (const guchar *pixels, gsize stride, guint left, guint right, guint top, guint bottom, guchar *out)
{
  guint64 sum[3] = { 0 };
  const guint n = (right - left) * (bottom - top);

  for (guint y = top; y < bottom; y++)
    for (const guchar *p = pixels + y * stride + 3 * (gsize) left; p < pixels + y * stride + 3 * (gsize) right; p += 3)
      {
        sum[0] += p[0];
        sum[1] += p[1];
        sum[2] += p[2];
      }
  for (guint i = 0; i < 3; i++)
    out[i] = (guchar) ((sum[i] + n / 2) / n);
}

static GBytes *
shrink (const guchar *pixels, gsize stride, guint width, guint height, guint to_width, guint to_height)
{
  Block *block = g_new (Block, 1);

  block->size = 3 * (gsize) to_width * to_height;
  block->data = g_malloc (block->size);
  for (guint y = 0; y < to_height; y++)
    for (guint x = 0; x < to_width; x++)
      average (pixels, stride, x * width / to_width, (x + 1) * width / to_width, y * height / to_height,
               (y + 1) * height / to_height, block->data + 3 * ((gsize) y * to_width + x));
  return g_bytes_new_with_free_func (block->data, block->size, block_free, block);
}

static SottoPixels *
make_pixels (SottoImage *image, const Room *room)
{
  SottoPixels *self = g_new0 (SottoPixels, 1);
  const guint full_width = sotto_image_get_width (image);
  const guint full_height = sotto_image_get_height (image);
  const guchar *pixels = g_bytes_get_data (sotto_image_get_pixels (image), NULL);
  guint width = full_width;
  guint height = full_height;
  double scale = 1;

  self->full_width = self->width = full_width;
  self->full_height = self->height = full_height;
  if (room->width > 0 && room->height > 0)
    {
      const double across = (double) room->width / full_width;
      const double down = (double) room->height / full_height;

      scale = room->covers ? MAX (across, down) : MIN (across, down);
      if (room->covers)
        {
          width = (guint) CLAMP (room->width / scale + 0.5, 1, full_width);
          height = (guint) CLAMP (room->height / scale + 0.5, 1, full_height);
        }
      scale = MIN (scale, 1);
      self->width = (guint) CLAMP (width * scale + 0.5, 1, width);
      self->height = (guint) CLAMP (height * scale + 0.5, 1, height);
    }
  if (self->width == full_width && self->height == full_height)
    {
      self->bytes = g_bytes_ref (sotto_image_get_pixels (image));
      return self;
    }
  pixels += 3 * ((gsize) ((full_height - height) / 2) * full_width + (full_width - width) / 2);
  self->bytes = shrink (pixels, 3 * (gsize) full_width, width, height, self->width, self->height);
  return self;
}

/* --- Elsewhere --- */

typedef struct {
  SottoImage *image;
  Room room;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_pointer (&work->image, sotto_image_unref);
  g_free (work);
}

static void
run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;

  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, make_pixels (work->image, &work->room), (GDestroyNotify) sotto_pixels_free);
}

/* @image: (transfer full) */
static void
take_image (GTask *task, SottoImage *image)
{
  Work *work = g_task_get_task_data (task);

  work->image = image;
  remember_sides (g_task_get_source_object (task), image);
  g_task_run_in_thread (task, run);
}

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoImage *image = sotto_attachment_decode_finish (SOTTO_ATTACHMENT (source), result, &error);

  if (image != NULL)
    take_image (task, image);
  else
    g_task_return_error (task, error);
}

void
sotto_pixels_load_async (SottoAttachment     *attachment,
                         guint                width,
                         guint                height,
                         gboolean             covers,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  SottoPixels *before;
  SottoImage *image;
  Work *work;

  g_return_if_fail (SOTTO_IS_ATTACHMENT (attachment));
  g_return_if_fail (sotto_attachment_is_picture (attachment));

  task = g_task_new (attachment, cancellable, callback, user_data);
  work = g_new0 (Work, 1);
  work->room = (Room) { width, height, covers };
  g_task_set_task_data (task, work, work_free);
  before = sotto_pixels_cache_get (attachment, width, height, covers);
  image = sotto_attachment_peek_image (attachment);
  if (before != NULL)
    g_task_return_pointer (task, before, (GDestroyNotify) sotto_pixels_free);
  else if (image != NULL)
    take_image (task, sotto_image_ref (image));
  else
    sotto_attachment_decode_async (attachment, cancellable, on_decoded, g_steal_pointer (&task));
}

SottoPixels *
sotto_pixels_load_finish (SottoAttachment *attachment, GAsyncResult *result, GError **error)
{
  const Work *work;
  SottoPixels *pixels;

  g_return_val_if_fail (g_task_is_valid (result, attachment), NULL);

  work = g_task_get_task_data (G_TASK (result));
  pixels = g_task_propagate_pointer (G_TASK (result), error);
  if (pixels != NULL && work->room.width > 0)
    sotto_pixels_cache_put (attachment, work->room.width, work->room.height, work->room.covers, pixels);
  return pixels;
}
