/* How pictures become squares. Sizes are found as the authors' code finds them, in doubles cut off to integers, for a tile more or
 * less is another prompt. */

#include "vision/squares.h"

#include "sotto-error.h"

#include <math.h>
#include <string.h>

#define LONGEST_MOST 4096 /* pixels; Idefics 3's MAX_IMAGE_SIZE */

/* --- Grids --- */

static guint
round_up (guint n, guint to)
{
  return (n + to - 1) / to * to;
}

/* The longer side becomes that of the file; the other is made even by it. */
static void
scale_to_longest (guint longest, guint *width, guint *height)
{
  double aspect = (double) *width / *height;
  guint *longer = *width >= *height ? width : height;
  guint *shorter = *width >= *height ? height : width;
  guint other;

  *longer = longest;
  other = (guint) (shorter == height ? longest / aspect : longest * aspect);
  *shorter = MAX (other + other % 2, 1);
}

static void
scale_below (guint most, guint *width, guint *height)
{
  double aspect = (double) *width / *height;

  if (MAX (*width, *height) <= most)
    return;
  if (*width >= *height)
    {
      *width = most;
      *height = MAX ((guint) (most / aspect), 1);
    }
  else
    {
      *height = most;
      *width = MAX ((guint) (most * aspect), 1);
    }
}

static SottoGrid
find_by_longest (const SottoVisionSizes *sizes, guint width, guint height)
{
  SottoGrid self = { .n_squares = 1 };
  guint side = sizes->image_size;
  double aspect;

  scale_to_longest (sizes->longest, &width, &height);
  scale_below (LONGEST_MOST, &width, &height);
  self.width = width;
  self.height = height;

  aspect = (double) width / height;
  if (width >= height)
    {
      width = round_up (width, side);
      height = round_up (MAX ((guint) (width / aspect), 1), side);
    }
  else
    {
      height = round_up (height, side);
      width = round_up (MAX ((guint) (height * aspect), 1), side);
    }
  if (width > side || height > side)
    {
      self.n_columns = width / side;
      self.n_rows = height / side;
      self.n_squares += self.n_columns * self.n_rows;
    }
  return self;
}

/* Among grids as near to the picture's shape the larger one, unless it has more than twice the picture's pixels. */
static SottoGrid
find_by_aspect (const SottoVisionSizes *sizes, guint width, guint height)
{
  SottoGrid self = { .n_columns = 1, .n_rows = 1, .n_squares = 1, .width = width, .height = height };
  double aspect = (double) width / height;
  double area = (double) width * height;
  double least = G_MAXDOUBLE;

  for (guint n = sizes->min_tiles; n <= sizes->max_tiles; n++)
    for (guint columns = 1; columns <= n; columns++)
      {
        double distance = fabs (aspect - (double) columns / (n / columns));
        double pixels = (double) sizes->image_size * sizes->image_size * n;

        if (n % columns != 0 || distance > least || (distance >= least && area <= 0.5 * pixels))
          continue;
        least = distance;
        self.n_columns = columns;
        self.n_rows = n / columns;
      }
  self.n_squares = self.n_columns * self.n_rows;
  if (self.n_squares > 1)
    self.n_squares++;
  else
    self.n_columns = self.n_rows = 0;
  return self;
}

/* Of pictures that are not cut, in merged patches */
static SottoGrid
make_whole (const SottoVisionSizes *sizes, guint across, guint down)
{
  const guint side = sizes->patch_size * sizes->scale;
  SottoGrid self = { .n_squares = 1, .width = across * side, .height = down * side };

  self.frame = (SottoVisionFrame) { .width = self.width, .n_across = across * sizes->scale, .n_down = down * sizes->scale,
                                    .n_rows = across * down };
  self.frame.n_patches = self.frame.n_tokens = self.frame.n_across * self.frame.n_down;
  return self;
}

/* Qwen's smart_resize (), whose halves are rounded to the even side, but for two things: what is more than 200 times as long as
 * wide goes the same way, and no picture has more rows than the kind allows, however thin it is. */
static SottoGrid
find_whole (const SottoVisionSizes *sizes, const SottoVisionKind *kind, guint width, guint height)
{
  const guint side = sizes->patch_size * sizes->scale;
  const double area = (double) width * height;
  const double least = (double) kind->least_rows * side * side;
  const double most = (double) kind->most_rows * side * side;
  double across = rint ((double) width / side);
  double down = rint ((double) height / side);
  double shrink = sqrt (area / most);
  double stretch = sqrt (least / area);

  if (across * down > kind->most_rows)
    {
      across = MAX (floor (width / shrink / side), 1);
      down = MAX (floor (height / shrink / side), 1);
    }
  else if (across * down < kind->least_rows)
    {
      across = ceil (width * stretch / side);
      down = ceil (height * stretch / side);
    }
  if (across * down > kind->most_rows && across > down)
    across = floor (kind->most_rows / down);
  else if (across * down > kind->most_rows)
    down = floor (kind->most_rows / across);

  return make_whole (sizes, (guint) across, (guint) down);
}

/* Pixtral's sizes; and smaller, while there are more rows than the kind allows. */
static SottoGrid
find_below (const SottoVisionSizes *sizes, const SottoVisionKind *kind, guint width, guint height)
{
  const guint side = sizes->patch_size * sizes->scale;
  double ratio = MAX (MAX ((double) height, (double) width) / sizes->image_size, 1.0);
  guint across = G_MAXUINT;
  guint down = 1;

  for (; across > kind->most_rows / down; ratio *= 1.01)
    {
      across = (MAX ((guint) floor (width / ratio), 1) - 1) / side + 1;
      down = (MAX ((guint) floor (height / ratio), 1) - 1) / side + 1;
    }
  return make_whole (sizes, across, down);
}

static SottoGrid
find_squares (const SottoVisionSizes *sizes, const SottoVisionKind *kind, guint width, guint height)
{
  switch (kind->fit)
    {
    case SOTTO_FIT_LONGEST:
      return find_by_longest (sizes, width, height);
    case SOTTO_FIT_ASPECT:
      return find_by_aspect (sizes, width, height);
    case SOTTO_FIT_STRETCH:
    case SOTTO_FIT_PAD:
    case SOTTO_FIT_WHOLE:
    case SOTTO_FIT_BELOW:
    default:
      return (SottoGrid) { .n_squares = 1, .width = width, .height = height };
    }
}

SottoGrid
sotto_grid_find (const SottoVisionSizes *sizes, const SottoVisionKind *kind, guint width, guint height)
{
  SottoGrid self;

  if (kind->fit == SOTTO_FIT_WHOLE)
    return find_whole (sizes, kind, width, height);
  if (kind->fit == SOTTO_FIT_BELOW)
    return find_below (sizes, kind, width, height);
  self = find_squares (sizes, kind, width, height);
  self.frame = sizes->frame;
  return self;
}

/* --- Pixels --- */

/* A picture on its way. */
typedef struct {
  guint8 *pixels;           /* (nullable): owned; else they are the picture's own */
  const guint8 *data;
  guint width;
  guint height;
} Picture;

typedef struct {
  SottoFilter filter;
  SottoCancel *cancel;
  GError **error;
} Means;

static gboolean
fail (const Means *means, gsize n_bytes)
{
  if (sotto_cancel_check (means->cancel, means->error))
    sotto_engine_set_error (means->error, SOTTO_ENGINE_ERROR_MEMORY, &(SottoErrorArguments) { .wanted = n_bytes },
                            "no memory for a picture: %" G_GSIZE_FORMAT " bytes", n_bytes);
  return FALSE;
}

static gboolean
hold (Picture *self, guint8 *pixels, guint width, guint height, const Means *means)
{
  if (pixels == NULL)
    return fail (means, (gsize) width * height * 3);
  g_free (self->pixels);
  *self = (Picture) { pixels, pixels, width, height };
  return TRUE;
}

static gboolean
resize (Picture *self, guint width, guint height, const Means *means)
{
  return hold (self, sotto_resize (self->data, self->width, self->height, width, height, means->filter, means->cancel), width,
               height, means);
}

static gboolean
pad (Picture *self, const SottoVisionSizes *sizes, const Means *means)
{
  guint side = MAX (self->width, self->height);
  guint8 color[3];

  if (self->width == self->height)
    return TRUE;
  for (guint i = 0; i < 3; i++)
    color[i] = (guint8) MIN (sizes->mean[i] * 255.0f, 255.0f);
  return hold (self, sotto_resize_pad (self->data, self->width, self->height, side, color), side, side, means);
}

static void
crop (const Picture *picture, guint left, guint top, guint side, guint8 *out)
{
  for (guint y = 0; y < side; y++)
    memcpy (out + (gsize) y * side * 3, picture->data + ((gsize) (top + y) * picture->width + left) * 3, (gsize) side * 3);
}

/* Idefics 3 makes the whole out of what the tiles are cut from, InternVL out of the picture. */
static gboolean
cut (const SottoGrid *self, const SottoVisionSizes *sizes, SottoFit fit, const Means *means, Picture *picture, guint8 *out)
{
  const guint side = sizes->image_size;
  const gsize n_bytes = (gsize) side * side * 3;
  Picture tiled = { NULL, picture->data, picture->width, picture->height };
  Picture *source = fit == SOTTO_FIT_LONGEST ? picture : &tiled;
  gboolean is_cut = self->n_columns == 0 || resize (source, self->n_columns * side, self->n_rows * side, means);

  for (guint i = 0; is_cut && i < self->n_columns * self->n_rows; i++)
    crop (source, i % self->n_columns * side, i / self->n_columns * side, side, out + i * n_bytes);
  g_free (tiled.pixels);
  if (!is_cut || !resize (picture, side, side, means))
    return FALSE;
  memcpy (out + (self->n_squares - 1) * n_bytes, picture->data, n_bytes);
  return TRUE;
}

guint8 *
sotto_grid_cut (const SottoGrid        *self,
                const SottoVisionSizes *sizes,
                const SottoVisionKind  *kind,
                const SottoImage       *image,
                SottoCancel            *cancel,
                GError                **error)
{
  const gboolean is_whole = sotto_vision_kind_is_whole (kind);
  const gsize n_bytes = is_whole ? (gsize) self->width * self->height * 3
                                 : (gsize) self->n_squares * sizes->image_size * sizes->image_size * 3;
  Means means = { kind->filter, cancel, error };
  Picture picture = { .data = g_bytes_get_data (sotto_image_get_pixels (image), NULL),
                      .width = sotto_image_get_width (image),
                      .height = sotto_image_get_height (image) };
  g_autofree guint8 *out = NULL;
  gboolean is_cut;

  if (is_whole)
    return resize (&picture, self->width, self->height, &means) ? picture.pixels : NULL;

  out = g_try_malloc (n_bytes);
  if (out == NULL)
    {
      fail (&means, n_bytes);
      return NULL;
    }
  is_cut = (kind->fit != SOTTO_FIT_PAD || pad (&picture, sizes, &means))
           && (kind->fit != SOTTO_FIT_LONGEST || resize (&picture, self->width, self->height, &means))
           && cut (self, sizes, kind->fit, &means, &picture, out);
  g_free (picture.pixels);
  return is_cut ? g_steal_pointer (&out) : NULL;
}
