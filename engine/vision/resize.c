/* Pillow's resampling: a pixel is a weighted sum of those that a filter sees, which is as wide as the pixels are brought together
 * (so that shrinking does not alias). First along rows, then along columns, each rounded to 8 bits; weights are integers of
 * 22 bits behind the point. Filters: triangle; cubic convolution with a = -0.5 (Keys 1981); sinc windowed by sinc (Lanczos 1956,
 * Duchon 1979), three lobes. */

#include "vision/resize.h"

#include "cpu/exact-math.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 22
#define CHANNELS 3

/* The weights of every pixel along one side. */
typedef struct {
  guint n;                  /* pixels that come out */
  guint n_taps;             /* most that one of them sees */
  guint *first;             /* (n): the first that it sees */
  guint *n_seen;            /* (n) */
  gint32 *weights;          /* (n, n_taps) */
} Weights;

static void
weights_clear (Weights *self)
{
  g_free (self->first);
  g_free (self->n_seen);
  g_free (self->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Weights, weights_clear)

/* --- Filters --- */

static double
triangle (double x)
{
  return MAX (1.0 - fabs (x), 0.0);
}

static double
cubic (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * a : 0.0;
}

static double
sinc (double x)
{
  double sine;
  double cosine;

  if (x == 0.0)
    return 1.0;
  sotto_sincos (x * G_PI, &sine, &cosine);
  return sine / (x * G_PI);
}

static double
lanczos (double x)
{
  return x >= -3.0 && x < 3.0 ? sinc (x) * sinc (x / 3.0) : 0.0;
}

static const struct {
  double (*at) (double x);
  double support;
} filters[] = {
  [SOTTO_FILTER_BILINEAR] = { triangle, 1.0 },
  [SOTTO_FILTER_BICUBIC] = { cubic, 2.0 },
  [SOTTO_FILTER_LANCZOS] = { lanczos, 3.0 },
};

/* --- Weights --- */

static gint32
round_weight (double x)
{
  double scaled = x * (1 << WEIGHT_BITS);

  return (gint32) (scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
}

static void
weigh (Weights *self, guint i, guint from, double scale, SottoFilter filter, double *exact)
{
  double widened = MAX (scale, 1.0);
  double support = filters[filter].support * widened;
  double center = (i + 0.5) * scale;
  gint first = MAX ((gint) (center - support + 0.5), 0);
  gint end = MIN ((gint) (center + support + 0.5), (gint) from);
  double sum = 0.0;

  for (gint x = first; x < end; x++)
    sum += exact[x - first] = filters[filter].at ((x - center + 0.5) * (1.0 / widened));
  self->first[i] = (guint) first;
  self->n_seen[i] = (guint) MAX (end - first, 0);
  for (guint tap = 0; tap < self->n_seen[i]; tap++)
    self->weights[(gsize) i * self->n_taps + tap] = round_weight (sum != 0.0 ? exact[tap] / sum : exact[tap]);
}

static gboolean
weights_init (Weights *self, guint from, guint to, SottoFilter filter)
{
  double scale = (double) from / to;
  g_autofree double *exact = NULL;

  self->n = to;
  self->n_taps = 2 * (guint) ceil (filters[filter].support * MAX (scale, 1.0)) + 1;
  self->first = g_try_new (guint, to);
  self->n_seen = g_try_new (guint, to);
  self->weights = g_try_new (gint32, (gsize) to * self->n_taps);
  exact = g_try_new (double, self->n_taps);
  if (self->first == NULL || self->n_seen == NULL || self->weights == NULL || exact == NULL)
    return FALSE;

  for (guint i = 0; i < to; i++)
    weigh (self, i, from, scale, filter, exact);
  return TRUE;
}

/* --- Sums --- */

static guint8
round_sum (gint32 sum)
{
  return (guint8) CLAMP (sum >> WEIGHT_BITS, 0, 255);
}

/* @stride: bytes from one of the pixels that are summed to the next. */
static void
sum_pixel (const Weights *weights, guint i, const guint8 *pixels, gsize stride, guint8 *out)
{
  const gint32 *weight = weights->weights + (gsize) i * weights->n_taps;
  const guint8 *pixel = pixels + weights->first[i] * stride;
  gint32 sums[CHANNELS];

  for (guint c = 0; c < CHANNELS; c++)
    sums[c] = 1 << (WEIGHT_BITS - 1);
  for (guint tap = 0; tap < weights->n_seen[i]; tap++, pixel += stride)
    for (guint c = 0; c < CHANNELS; c++)
      sums[c] += pixel[c] * weight[tap];
  for (guint c = 0; c < CHANNELS; c++)
    out[c] = round_sum (sums[c]);
}

static guint8 *
resize_rows (const guint8 *pixels, guint width, guint height, guint to, SottoFilter filter, SottoCancel *cancel)
{
  g_auto (Weights) weights = { 0 };
  guint8 *out = g_try_malloc ((gsize) to * height * CHANNELS);

  if (out == NULL || !weights_init (&weights, width, to, filter))
    {
      g_free (out);
      return NULL;
    }
  for (guint y = 0; y < height && !sotto_cancel_is_raised (cancel); y++)
    for (guint x = 0; x < to; x++)
      sum_pixel (&weights, x, pixels + (gsize) y * width * CHANNELS, CHANNELS,
                 out + ((gsize) y * to + x) * CHANNELS);
  return out;
}

static guint8 *
resize_columns (const guint8 *pixels, guint width, guint height, guint to, SottoFilter filter, SottoCancel *cancel)
{
  g_auto (Weights) weights = { 0 };
  guint8 *out = g_try_malloc ((gsize) width * to * CHANNELS);

  if (out == NULL || !weights_init (&weights, height, to, filter))
    {
      g_free (out);
      return NULL;
    }
  for (guint y = 0; y < to && !sotto_cancel_is_raised (cancel); y++)
    for (guint x = 0; x < width; x++)
      sum_pixel (&weights, y, pixels + (gsize) x * CHANNELS, (gsize) width * CHANNELS,
                 out + ((gsize) y * width + x) * CHANNELS);
  return out;
}

static guint8 *
copy (const guint8 *pixels, guint width, guint height)
{
  gsize n_bytes = (gsize) width * height * CHANNELS;
  guint8 *out = g_try_malloc (n_bytes);

  if (out != NULL)
    memcpy (out, pixels, n_bytes);
  return out;
}

guint8 *
sotto_resize (const guint8 *pixels,
              guint         width,
              guint         height,
              guint         to_width,
              guint         to_height,
              SottoFilter   filter,
              SottoCancel  *cancel)
{
  g_autofree guint8 *wide = NULL;
  g_autofree guint8 *out = NULL;

  if (width != to_width)
    {
      wide = resize_rows (pixels, width, height, to_width, filter, cancel);
      if (wide == NULL)
        return NULL;
      pixels = wide;
    }
  if (height != to_height)
    out = resize_columns (pixels, to_width, height, to_height, filter, cancel);
  else
    out = wide != NULL ? g_steal_pointer (&wide) : copy (pixels, width, height);
  return sotto_cancel_is_raised (cancel) ? NULL : g_steal_pointer (&out);
}

guint8 *
sotto_resize_pad (const guint8 *pixels, guint width, guint height, guint side, const guint8 color[3])
{
  guint8 *out = g_try_malloc ((gsize) side * side * CHANNELS);
  gsize left = (side - width) / 2;
  gsize top = (side - height) / 2;

  if (out == NULL)
    return NULL;
  for (gsize i = 0; i < (gsize) side * side; i++)
    memcpy (out + i * CHANNELS, color, CHANNELS);
  for (gsize y = 0; y < height; y++)
    memcpy (out + ((top + y) * side + left) * CHANNELS, pixels + y * width * CHANNELS, (gsize) width * CHANNELS);
  return out;
}
