#include "canvas.h"

#include <math.h>
#include <string.h>

/* Scaling down, one side after the other, by a window of Lanczos' with three lobes, stretched by as much as the picture shrinks, so
 * that every pixel counts. It is done on the values as they stand in the file, as the preprocessing of the models does it.
 *
 *   row          white under it ──► across: (out_width, 3) of float
 *                                      └─► down: added, by its weights, to those rows that it is a part of; each row
 *                                          of the picture is done when the last row of its window has come
 *
 * Windows move down with the rows, so that few rows are open at any time: a ring of them holds their sums.
 * Source: K. Turkowski, Filters for Common Resampling Tasks (1990). */

#define LOBES 3.0
#define MAX_SIDE SOTTO_PAGE_STREAM_MAX_SIDE

/* Of each place along a side: the first of those that it is made of, how many they are, and their weights */
typedef struct {
  guint n;
  guint most;      /* of any place */
  guint *first;
  guint *n_taken;
  float *weights;  /* (n, most) */
} Axis;

struct _SottoCanvas {
  guint width;     /* of what comes in */
  guint height;
  guint n_rows;    /* that have come */
  guint n_done;    /* rows of the picture */
  Axis across;
  Axis down;
  float *line;     /* (out_width, 3): the row that has come */
  float *ring;     /* (n_ring, out_width, 3) */
  guint n_ring;
  float *opaque;   /* (width, 4): the row that has come, on white; the fourth is nothing, so that four are taken at once */
  guint8 *pixels;  /* (out_height, out_width, 3) */
};

/* --- Weights --- */

static double
sinc (double x)
{
  return x == 0 ? 1 : sin (G_PI * x) / (G_PI * x);
}

static double
lanczos (double x)
{
  return x > -LOBES && x < LOBES ? sinc (x) * sinc (x / LOBES) : 0;
}

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->n_taken);
  g_free (axis->weights);
}

static void
axis_init (Axis *axis, guint n_in, guint n_out)
{
  const double scale = (double) n_in / n_out;
  const double support = LOBES * scale;

  axis->n = n_out;
  axis->most = n_in == n_out ? 1 : (guint) ceil (support) * 2 + 1;
  axis->first = g_new0 (guint, n_out);
  axis->n_taken = g_new0 (guint, n_out);
  axis->weights = g_new0 (float, (gsize) n_out * axis->most);

  for (guint i = 0; i < n_out; i++)
    {
      const double center = (i + 0.5) * scale;
      const guint begin = n_in == n_out ? i : (guint) MAX (center - support + 0.5, 0);
      const guint end = n_in == n_out ? i + 1 : (guint) MIN (center + support + 0.5, n_in);
      float *weights = axis->weights + (gsize) i * axis->most;
      double sum = 0;

      axis->first[i] = begin;
      axis->n_taken[i] = MIN (end - begin, axis->most);
      for (guint j = 0; j < axis->n_taken[i]; j++)
        sum += lanczos ((begin + j - center + 0.5) / scale);
      for (guint j = 0; j < axis->n_taken[i]; j++)
        weights[j] = n_in == n_out ? 1 : (float) (lanczos ((begin + j - center + 0.5) / scale) / sum);
    }
}

/* --- Rows --- */

static void
put_on_white (SottoCanvas *self, const guint8 *row)
{
  for (guint x = 0; x < self->width; x++)
    {
      const guint alpha = row[x * 4 + 3];

      for (guint c = 0; c < 3; c++)
        self->opaque[x * 4 + c] = alpha == 255 ? row[x * 4 + c] : (row[x * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255;
    }
}

static void
scale_across (SottoCanvas *self)
{
  for (guint x = 0; x < self->across.n; x++)
    {
      const float *from = self->opaque + (gsize) self->across.first[x] * 4;
      const float *weights = self->across.weights + (gsize) x * self->across.most;
      float sum[4] = { 0, 0, 0, 0 };

      for (guint j = 0; j < self->across.n_taken[x]; j++)
        for (guint c = 0; c < 4; c++)
          sum[c] += weights[j] * from[j * 4 + c];
      memcpy (self->line + (gsize) x * 3, sum, 3 * sizeof *sum);
    }
}

/* A row of the picture has got all that it is made of. */
static void
finish_row (SottoCanvas *self, guint y)
{
  const gsize n = (gsize) self->across.n * 3;
  float *sums = self->ring + y % self->n_ring * n;
  guint8 *to = self->pixels + y * n;

  for (gsize i = 0; i < n; i++)
    to[i] = (guint8) CLAMP (sums[i] + 0.5f, 0.0f, 255.0f);
  memset (sums, 0, n * sizeof *sums);
}

static void
add_down (SottoCanvas *self, guint row)
{
  const gsize n = (gsize) self->across.n * 3;

  for (guint y = self->n_done; y < self->down.n && self->down.first[y] <= row; y++)
    {
      const guint place = row - self->down.first[y];
      float *sums = self->ring + y % self->n_ring * n;
      float weight;

      if (place >= self->down.n_taken[y])
        continue;
      weight = self->down.weights[(gsize) y * self->down.most + place];
      for (gsize i = 0; i < n; i++)
        sums[i] += weight * self->line[i];
    }
  while (self->n_done < self->down.n && self->down.first[self->n_done] + self->down.n_taken[self->n_done] <= row + 1)
    finish_row (self, self->n_done++);
}

void
sotto_canvas_take_row (SottoCanvas *self, const guint8 *row)
{
  if (self->n_rows == self->height)
    return;
  put_on_white (self, row);
  scale_across (self);
  add_down (self, self->n_rows++);
}

/* --- The end --- */

/* Where the pixel of the picture as it is stored comes to stand: EXIF 2.32, tag 0x0112.
 *
 *   1 as it is   2 mirrored          3 turned by half       4 mirrored, turned by half
 *   5 transposed 6 turned clockwise  7 the other diagonal   8 turned anticlockwise */
static void
turn (const guint8 *from, guint width, guint height, guint orientation, guint8 *to)
{
  const gboolean is_turned = orientation >= 5;
  const guint new_width = is_turned ? height : width;
  const guint new_height = is_turned ? width : height;

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        guint to_x = is_turned ? y : x;
        guint to_y = is_turned ? x : y;

        if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7)
          to_x = new_width - 1 - to_x;
        if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8)
          to_y = new_height - 1 - to_y;
        memcpy (to + ((gsize) to_y * new_width + to_x) * 3, from + ((gsize) y * width + x) * 3, 3);
      }
}

SottoPageStreamRefusal
sotto_canvas_finish (SottoCanvas *self, guint orientation, SottoPicture *picture)
{
  const guint width = self->across.n;
  const guint height = self->down.n;

  if (self->n_rows < self->height || self->n_done < height)
    return SOTTO_PAGE_STREAM_DAMAGED;
  if (orientation < 2 || orientation > 8)
    {
      *picture = (SottoPicture) { width, height, g_steal_pointer (&self->pixels) };
      return SOTTO_PAGE_STREAM_NONE;
    }
  *picture = (SottoPicture) { orientation >= 5 ? height : width, orientation >= 5 ? width : height,
                              g_malloc ((gsize) width * height * 3) };
  turn (self->pixels, width, height, orientation, picture->pixels);
  return SOTTO_PAGE_STREAM_NONE;
}

void
sotto_canvas_free (SottoCanvas *self)
{
  if (self == NULL)
    return;
  axis_clear (&self->across);
  axis_clear (&self->down);
  g_free (self->line);
  g_free (self->ring);
  g_free (self->opaque);
  g_free (self->pixels);
  g_free (self);
}

/* How many rows are open at any time, at most */
static guint
count_open (const Axis *axis)
{
  guint most = 1;

  for (guint y = 0, done = 0; y < axis->n; y++)
    {
      while (axis->first[done] + axis->n_taken[done] <= axis->first[y])
        done++;
      most = MAX (most, y - done + 1);
    }
  return most;
}

SottoCanvas *
sotto_canvas_new (guint64 width, guint64 height, SottoPageStreamRefusal *why)
{
  const double longest = (double) MAX (width, height);
  SottoCanvas *self;
  guint out_width, out_height;

  *why = width == 0 || height == 0 ? SOTTO_PAGE_STREAM_DAMAGED : SOTTO_PAGE_STREAM_LARGE;
  if (width == 0 || height == 0 || width > SOTTO_CANVAS_MAX_SIDE || height > SOTTO_CANVAS_MAX_SIDE
      || width * height > SOTTO_CANVAS_MAX_PIXELS)
    return NULL;

  out_width = longest <= MAX_SIDE ? (guint) width : (guint) MAX ((double) width * MAX_SIDE / longest + 0.5, 1);
  out_height = longest <= MAX_SIDE ? (guint) height : (guint) MAX ((double) height * MAX_SIDE / longest + 0.5, 1);
  self = g_new0 (SottoCanvas, 1);
  self->width = (guint) width;
  self->height = (guint) height;
  axis_init (&self->across, self->width, out_width);
  axis_init (&self->down, self->height, out_height);
  self->n_ring = count_open (&self->down) + 1;
  self->line = g_new0 (float, (gsize) out_width * 3);
  self->ring = g_new0 (float, (gsize) self->n_ring * out_width * 3);
  self->opaque = g_new0 (float, (gsize) width * 4);
  self->pixels = g_new0 (guint8, (gsize) out_width * out_height * 3);
  return self;
}
