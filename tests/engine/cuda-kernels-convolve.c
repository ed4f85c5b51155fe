#include "cuda-kernels.h"

#include <string.h>

/* A short convolution between two gates against double, by its definition: what is attended, and what the sequence keeps. */

typedef struct {
  guint n_rows;
  guint n_channels;
  guint n_conv;
  gboolean has_bias;
} Case;

static const Case cases[] = {
  { 1, 2048, 3, FALSE },
  { 1, 33, 4, TRUE },
  { 2, 160, 3, FALSE },
  { 8, 130, 4, TRUE },
  { 9, 64, 2, FALSE },
  { 33, 200, 3, TRUE },
  { 3, 7, 12, TRUE },
  { 19, 40, 16, FALSE },
};

typedef struct {
  const Case *shape;
  SottoConvolveStep step;   /* host memory */
  const float *mixed, *recurrent;
  guint n_first;            /* rows of the first of two batches; 0: there is one */
} Input;

static gsize
n_attended (const Case *c)
{
  return (gsize) c->n_rows * c->n_channels;
}

static gsize
n_recurrent (const Case *c)
{
  return (gsize) (c->n_conv - 1) * c->n_channels;
}

/* @row counts from the first that the sequence has kept. */
static double
gated_of (const Input *in, guint row, guint channel)
{
  const Case *c = in->shape;
  const guint n_kept = c->n_conv - 1;
  const float *mixed = in->mixed + ((gsize) row - n_kept) * 3 * c->n_channels + channel;

  return row < n_kept ? (double) in->recurrent[(gsize) row * c->n_channels + channel]
                      : (double) mixed[0] * (double) mixed[2 * (gsize) c->n_channels];
}

/* What was attended, and behind it what is kept. */
static double *
expect (const Input *in)
{
  const Case *c = in->shape;
  double *right = g_new (double, n_attended (c) + n_recurrent (c));

  for (guint channel = 0; channel < c->n_channels; channel++)
    {
      for (guint row = 0; row < c->n_rows; row++)
        {
          double sum = in->step.bias != NULL ? (double) in->step.bias[channel] : 0.0;

          for (guint tap = 0; tap < c->n_conv; tap++)
            sum += (double) in->step.convolution[(gsize) channel * c->n_conv + tap] * gated_of (in, row + tap, channel);
          right[(gsize) row * c->n_channels + channel]
            = (double) in->mixed[((gsize) row * 3 + 1) * c->n_channels + channel] * sum;
        }
      for (guint i = 0; i + 1 < c->n_conv; i++)
        right[n_attended (c) + (gsize) i * c->n_channels + channel] = gated_of (in, c->n_rows + i, channel);
    }
  return right;
}

static const float *
put (CudaModule *self, const float *floats, gsize n)
{
  return cuda_put (self, floats, n * sizeof (float));
}

static float *
run (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  SottoConvolveStep step = in->step;
  float *both = g_new (float, n_attended (c) + n_recurrent (c));
  float *attended = cuda_put (self, NULL, n_attended (c) * sizeof (float));
  float *recurrent = cuda_put (self, in->recurrent, n_recurrent (c) * sizeof (float));
  g_autofree float *first = NULL, *second = NULL;

  step.convolution = put (self, step.convolution, (gsize) c->n_channels * c->n_conv);
  step.bias = step.bias != NULL ? put (self, step.bias, c->n_channels) : NULL;
  for (guint row = 0, n_rows = in->n_first > 0 ? in->n_first : c->n_rows; row < c->n_rows;
       row += n_rows, n_rows = c->n_rows - row)
    {
      const gsize at = (gsize) row * c->n_channels;
      SottoCudaConvolve arguments = { .step = &step, .n_rows = n_rows, .recurrent = recurrent,
                                      .attended = attended + at };

      arguments.mixed = put (self, in->mixed + 3 * at, 3 * (gsize) n_rows * c->n_channels);
      cuda_check (self, self->module->convolve (self->device, &arguments));
    }
  first = cuda_get (self, attended, n_attended (c) * sizeof (float));
  second = cuda_get (self, recurrent, n_recurrent (c) * sizeof (float));
  memcpy (both, first, n_attended (c) * sizeof (float));
  memcpy (both + n_attended (c), second, n_recurrent (c) * sizeof (float));
  return both;
}

static void
check (CudaModule *self, guint index)
{
  const Case *c = &cases[index];
  const gsize n = n_attended (c) + n_recurrent (c);
  g_autofree float *mixed = cuda_random_floats (3 * n_attended (c));
  g_autofree float *recurrent = cuda_random_floats (n_recurrent (c));
  g_autofree float *convolution = cuda_random_floats ((gsize) c->n_channels * c->n_conv);
  g_autofree float *bias = cuda_random_floats (c->n_channels);
  g_autofree char *what = g_strdup_printf ("convolution %u", index);
  Input in = { .shape = c,
               .step = { .n_channels = c->n_channels, .n_conv = c->n_conv, .convolution = convolution,
                         .bias = c->has_bias ? bias : NULL },
               .mixed = mixed, .recurrent = recurrent };
  g_autofree double *right = expect (&in);

  cuda_check_batches (self, what, run, &in, &in.n_first, c->n_rows, right, n, 1e-5, 2e-6);
}

static void
test_convolve (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (self, i);
}

void
cuda_kernels_add_convolve (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/convolve", test_convolve);
}
