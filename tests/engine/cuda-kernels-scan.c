#include "cuda-kernels.h"

#include <math.h>
#include <string.h>

/* Mamba-2 against double, by its definition: what is attended, and what the sequence keeps. */

typedef struct {
  guint n_rows;
  guint n_heads;
  guint n_groups;
  guint n_key;
  guint n_value;
  guint n_conv;
  gboolean has_bias;
} Case;

static const Case cases[] = {
  { 1, 4, 1, 128, 64, 4, TRUE },
  { 3, 4, 2, 64, 32, 4, TRUE },
  { 2, 2, 2, 48, 40, 4, FALSE },
  { 1, 2, 1, 256, 33, 2, TRUE },
  { 1, 3, 1, 130, 20, 6, FALSE },
  { 35, 4, 2, 32, 36, 4, TRUE },
  { 67, 2, 1, 16, 5, 3, FALSE },
  { 9, 6, 3, 7, 5, 12, TRUE },
};

typedef struct {
  const Case *shape;
  SottoScanStep step;       /* host memory */
  const float *mixed, *recurrent;
  guint n_first;            /* rows of the first of two batches; 0: there is one */
} Input;

static guint
n_values (const Case *c)
{
  return c->n_heads * c->n_value;
}

static guint
n_channels (const Case *c)
{
  return n_values (c) + 2 * c->n_groups * c->n_key;
}

static guint
n_mixed (const Case *c)
{
  return n_values (c) + n_channels (c) + c->n_heads;
}

static gsize
n_recurrent (const Case *c)
{
  return (gsize) (c->n_conv - 1) * n_channels (c) + (gsize) n_values (c) * c->n_key;
}

static gsize
n_attended (const Case *c)
{
  return (gsize) c->n_rows * n_values (c);
}

/* --- By the definition --- */

static double
sigmoid (double x)
{
  return 1.0 / (1.0 + exp (-x));
}

/* @row counts from the first that the sequence has kept. */
static double
channel_of (const Input *in, guint row, guint channel)
{
  const Case *c = in->shape;
  const guint n_kept = c->n_conv - 1;

  return row < n_kept ? (double) in->recurrent[(gsize) row * n_channels (c) + channel]
                      : (double) in->mixed[(gsize) (row - n_kept) * n_mixed (c) + n_values (c) + channel];
}

static double
convolved (const Input *in, guint row, guint channel)
{
  const guint n = in->shape->n_conv;
  double sum = in->step.bias != NULL ? (double) in->step.bias[channel] : 0.0;

  for (guint tap = 0; tap < n; tap++)
    sum += (double) in->step.convolution[(gsize) channel * n + tap] * channel_of (in, row + tap, channel);
  return sum * sigmoid (sum);
}

/* The state's columns are independent of each other. */
static void
expect_head (const Input *in, guint row, guint head, double *state, double *y)
{
  const Case *c = in->shape;
  const float *mixed = in->mixed + (gsize) row * n_mixed (c);
  const guint key = n_values (c) + head / (c->n_heads / c->n_groups) * c->n_key;
  const double time
    = log1p (exp ((double) mixed[n_mixed (c) - c->n_heads + head] + (double) in->step.step_bias[head]));
  const double decay = exp ((double) in->step.rates[head] * time);

  for (guint j = 0; j < c->n_value; j++)
    {
      const double x = convolved (in, row, head * c->n_value + j), z = (double) mixed[head * c->n_value + j];

      y[j] = (double) in->step.skips[head] * x;
      for (guint i = 0; i < c->n_key; i++)
        {
          double *s = &state[i * c->n_value + j];

          *s = decay * *s + convolved (in, row, key + i) * time * x;
          y[j] += convolved (in, row, key + c->n_groups * c->n_key + i) * *s;
        }
      y[j] *= z * sigmoid (z);
    }
}

/* What was attended, and behind it what is kept. */
static double *
expect (const Input *in)
{
  const Case *c = in->shape;
  const gsize n_history = (gsize) (c->n_conv - 1) * n_channels (c);
  double *right = g_new (double, n_attended (c) + n_recurrent (c));
  double *kept = right + n_attended (c);

  for (gsize i = n_history; i < n_recurrent (c); i++)
    kept[i] = (double) in->recurrent[i];
  for (guint row = 0; row < c->n_rows; row++)
    for (guint head = 0; head < c->n_heads; head++)
      expect_head (in, row, head, kept + n_history + (gsize) head * c->n_key * c->n_value,
                   right + ((gsize) row * c->n_heads + head) * c->n_value);
  for (guint i = 0; i + 1 < c->n_conv; i++)
    for (guint channel = 0; channel < n_channels (c); channel++)
      kept[(gsize) i * n_channels (c) + channel] = channel_of (in, c->n_rows + i, channel);
  return right;
}

/* --- By the device --- */

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
  SottoScanStep step = in->step;
  float *both = g_new (float, n_attended (c) + n_recurrent (c));
  float *attended = cuda_put (self, NULL, n_attended (c) * sizeof (float));
  float *recurrent = cuda_put (self, in->recurrent, n_recurrent (c) * sizeof (float));
  g_autofree float *first = NULL, *second = NULL;

  step.convolution = put (self, step.convolution, (gsize) n_channels (c) * c->n_conv);
  step.bias = step.bias != NULL ? put (self, step.bias, n_channels (c)) : NULL;
  step.rates = put (self, step.rates, c->n_heads);
  step.step_bias = put (self, step.step_bias, c->n_heads);
  step.skips = put (self, step.skips, c->n_heads);
  for (guint row = 0, n_rows = in->n_first > 0 ? in->n_first : c->n_rows; row < c->n_rows;
       row += n_rows, n_rows = c->n_rows - row)
    {
      SottoCudaScan arguments = { .step = &step, .n_rows = n_rows, .recurrent = recurrent,
                                  .attended = attended + (gsize) row * n_values (c) };

      arguments.mixed = put (self, in->mixed + (gsize) row * n_mixed (c), (gsize) n_rows * n_mixed (c));
      arguments.convolved = cuda_put (self, NULL, (gsize) n_rows * n_channels (c) * sizeof (float));
      cuda_check (self, self->module->scan (self->device, &arguments));
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
  g_autofree float *mixed = cuda_random_floats ((gsize) c->n_rows * n_mixed (c));
  g_autofree float *recurrent = cuda_random_floats (n_recurrent (c));
  g_autofree float *convolution = cuda_random_floats ((gsize) n_channels (c) * c->n_conv);
  g_autofree float *bias = cuda_random_floats (n_channels (c));
  g_autofree float *rates = cuda_random_floats (c->n_heads);
  g_autofree float *step_bias = cuda_random_floats (c->n_heads);
  g_autofree float *skips = cuda_random_floats (c->n_heads);
  g_autofree char *what = g_strdup_printf ("scan %u", index);
  Input in = { .shape = c,
               .step = { .n_heads = c->n_heads, .n_groups = c->n_groups, .n_key = c->n_key, .n_value = c->n_value,
                         .n_conv = c->n_conv, .mixed = { .n_matrices = 1, .n_rows = n_mixed (c) },
                         .convolution = convolution, .bias = c->has_bias ? bias : NULL, .rates = rates,
                         .step_bias = step_bias, .skips = skips },
               .mixed = mixed, .recurrent = recurrent };
  g_autofree double *right = NULL;

  for (guint i = 0; i < c->n_heads; i++)
    rates[i] = -0.01f - fabsf (rates[i]);
  right = expect (&in);
  cuda_check_batches (self, what, run, &in, &in.n_first, c->n_rows, right, n, 1e-4, 2e-5);
}

static void
test_scan (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (self, i);
}

void
cuda_kernels_add_scan (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/scan", test_scan);
}
