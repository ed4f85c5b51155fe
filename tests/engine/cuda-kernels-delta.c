#include "cuda-kernels.h"

#include <math.h>
#include <string.h>

/* Gated DeltaNet against double, by its definition: what is attended, and what the sequence keeps. */

typedef struct {
  guint n_rows;
  guint n_key_heads;
  guint n_value_heads;
  guint n_key;
  guint n_value;
  guint n_conv;
  gboolean interleaved;
  SottoNormKind norm;
  gboolean has_bias;
} Case;

static const Case cases[] = {
  { 1, 2, 4, 128, 128, 4, FALSE, SOTTO_NORM_RMS, FALSE },
  { 3, 2, 2, 64, 64, 4, FALSE, SOTTO_NORM_RMS, FALSE },
  { 2, 2, 6, 48, 40, 4, TRUE, SOTTO_NORM_RMS, FALSE },
  { 1, 1, 1, 256, 33, 2, FALSE, SOTTO_NORM_RMS, FALSE },
  { 1, 1, 3, 130, 20, 6, TRUE, SOTTO_NORM_NONE, FALSE },
  { 19, 2, 4, 32, 36, 4, TRUE, SOTTO_NORM_RMS, FALSE },
  { 35, 1, 2, 20, 24, 1, FALSE, SOTTO_NORM_LAYER, TRUE },
  { 9, 1, 2, 7, 5, 3, FALSE, SOTTO_NORM_RMS, TRUE },
};

typedef struct {
  const Case *shape;
  SottoDeltaStep step;      /* host memory */
  const float *mixed, *gate, *alpha, *beta, *recurrent;
  guint n_first;            /* rows of the first of two batches; 0: there is one */
} Input;

static guint
n_channels (const Case *c)
{
  return 2 * c->n_key_heads * c->n_key + c->n_value_heads * c->n_value;
}

static gsize
n_recurrent (const Case *c)
{
  return (gsize) (c->n_conv - 1) * n_channels (c) + (gsize) c->n_value_heads * c->n_key * c->n_value;
}

static gsize
n_attended (const Case *c)
{
  return (gsize) c->n_rows * c->n_value_heads * c->n_value;
}

/* --- By the definition --- */

static double
sigmoid (double x)
{
  return 1.0 / (1.0 + exp (-x));
}

/* The channel as it was @back tokens before @row. */
static double
channel_of (const Input *in, guint row, guint back, guint channel)
{
  const guint n = n_channels (in->shape);

  return row >= back ? (double) in->mixed[(gsize) (row - back) * n + channel]
                     : (double) in->recurrent[(gsize) (in->shape->n_conv - 1 + row - back) * n + channel];
}

static double
convolved (const Input *in, guint row, guint channel)
{
  const guint n = in->shape->n_conv;
  double sum = 0.0;

  for (guint tap = 0; tap < n; tap++)
    sum += (double) in->step.convolution[(gsize) channel * n + tap] * channel_of (in, row, n - 1 - tap, channel);
  return sum * sigmoid (sum);
}

static void
to_unit (const Input *in, double *x)
{
  double sum = (double) in->step.epsilon;

  for (guint i = 0; i < in->shape->n_key; i++)
    sum += x[i] * x[i];
  for (guint i = 0; i < in->shape->n_key; i++)
    x[i] /= sqrt (sum);
}

/* The state's columns are independent of each other. */
static void
expect_answer (const Input *in, guint row, guint head, double *state, double *y)
{
  const Case *c = in->shape;
  const guint key_head = c->interleaved ? head % c->n_key_heads : head / (c->n_value_heads / c->n_key_heads);
  const gsize at = (gsize) row * c->n_value_heads + head;
  const double decay = exp ((double) in->step.rates[head]
                            * log1p (exp ((double) in->alpha[at] + (double) in->step.step_bias[head])));
  g_autofree double *q = g_new (double, c->n_key);
  g_autofree double *k = g_new (double, c->n_key);

  for (guint i = 0; i < c->n_key; i++)
    {
      q[i] = convolved (in, row, key_head * c->n_key + i);
      k[i] = convolved (in, row, (c->n_key_heads + key_head) * c->n_key + i);
    }
  to_unit (in, q);
  to_unit (in, k);
  for (guint j = 0; j < c->n_value; j++)
    {
      double held = 0.0, v = convolved (in, row, 2 * c->n_key_heads * c->n_key + head * c->n_value + j);

      for (guint i = 0; i < c->n_key; i++)
        held += k[i] * decay * state[i * c->n_value + j];
      y[j] = 0.0;
      for (guint i = 0; i < c->n_key; i++)
        {
          double *s = &state[i * c->n_value + j];

          *s = decay * *s + k[i] * sigmoid ((double) in->beta[at]) * (v - held);
          y[j] += q[i] * *s / sqrt (c->n_key);
        }
    }
}

static void
finish_answer (const Input *in, const float *gate, double *y)
{
  const SottoNorm *norm = &in->step.norm;
  const guint n = in->shape->n_value;
  double mean = 0.0, squares = 0.0;

  for (guint j = 0; j < n && norm->kind == SOTTO_NORM_LAYER; j++)
    mean += y[j] / n;
  for (guint j = 0; j < n; j++)
    squares += (y[j] - mean) * (y[j] - mean) / n;
  for (guint j = 0; j < n; j++)
    {
      if (norm->kind != SOTTO_NORM_NONE)
        y[j] = (y[j] - mean) / sqrt (squares + (double) norm->epsilon);
      y[j] = y[j] * (double) norm->weight[j] + (norm->bias != NULL ? (double) norm->bias[j] : 0.0);
      y[j] *= (double) gate[j] * sigmoid ((double) gate[j]);
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
    for (guint head = 0; head < c->n_value_heads; head++)
      {
        const gsize at = ((gsize) row * c->n_value_heads + head) * c->n_value;

        expect_answer (in, row, head, kept + n_history + (gsize) head * c->n_key * c->n_value, right + at);
        finish_answer (in, in->gate + at, right + at);
      }
  for (guint i = 0; i + 1 < c->n_conv; i++)
    for (guint channel = 0; channel < n_channels (c); channel++)
      kept[(gsize) i * n_channels (c) + channel] = channel_of (in, c->n_rows - 1, c->n_conv - 2 - i, channel);
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
  const gsize n = n_attended (c) + n_recurrent (c);
  SottoDeltaStep step = in->step;
  float *both = g_new (float, n);
  float *attended = cuda_put (self, NULL, n_attended (c) * sizeof (float));
  float *recurrent = cuda_put (self, in->recurrent, n_recurrent (c) * sizeof (float));
  g_autofree float *first = NULL, *second = NULL;

  step.convolution = put (self, step.convolution, (gsize) n_channels (c) * c->n_conv);
  step.rates = put (self, step.rates, c->n_value_heads);
  step.step_bias = put (self, step.step_bias, c->n_value_heads);
  step.norm.weight = put (self, step.norm.weight, c->n_value);
  step.norm.bias = c->has_bias ? put (self, step.norm.bias, c->n_value) : NULL;
  for (guint row = 0, n_rows = in->n_first > 0 ? in->n_first : c->n_rows; row < c->n_rows;
       row += n_rows, n_rows = c->n_rows - row)
    {
      const gsize at = (gsize) row * c->n_value_heads;
      SottoCudaDelta arguments = { .step = &step, .n_rows = n_rows, .recurrent = recurrent };

      arguments.mixed = put (self, in->mixed + (gsize) row * n_channels (c), (gsize) n_rows * n_channels (c));
      arguments.gate = put (self, in->gate + at * c->n_value, n_rows * c->n_value_heads * c->n_value);
      arguments.alpha = put (self, in->alpha + at, n_rows * c->n_value_heads);
      arguments.beta = put (self, in->beta + at, n_rows * c->n_value_heads);
      arguments.convolved = cuda_put (self, NULL, (gsize) n_rows * n_channels (c) * sizeof (float));
      arguments.attended = attended + at * c->n_value;
      cuda_check (self, self->module->delta (self->device, &arguments));
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
  g_autofree float *mixed = cuda_random_floats ((gsize) c->n_rows * n_channels (c));
  g_autofree float *gate = cuda_random_floats (n_attended (c));
  g_autofree float *alpha = cuda_random_floats (c->n_rows * c->n_value_heads);
  g_autofree float *beta = cuda_random_floats (c->n_rows * c->n_value_heads);
  g_autofree float *recurrent = cuda_random_floats (n_recurrent (c));
  g_autofree float *convolution = cuda_random_floats ((gsize) n_channels (c) * c->n_conv);
  g_autofree float *rates = cuda_random_floats (c->n_value_heads);
  g_autofree float *step_bias = cuda_random_floats (c->n_value_heads);
  g_autofree float *weight = cuda_random_floats (c->n_value);
  g_autofree float *bias = cuda_random_floats (c->n_value);
  g_autofree char *what = g_strdup_printf ("delta %u", index);
  Input in = {
    .shape = c,
    .step = { .n_key_heads = c->n_key_heads, .n_value_heads = c->n_value_heads, .n_key = c->n_key,
              .n_value = c->n_value, .n_conv = c->n_conv, .interleaved = c->interleaved, .convolution = convolution,
              .rates = rates, .step_bias = step_bias, .epsilon = 1e-3f,
              .mixed = { .n_matrices = 1, .n_rows = n_channels (c) },
              .norm = { c->norm, weight, c->has_bias ? bias : NULL, 1e-3f } },
    .mixed = mixed, .gate = gate, .alpha = alpha, .beta = beta, .recurrent = recurrent,
  };
  g_autofree double *right = NULL;

  for (guint i = 0; i < c->n_value_heads; i++)
    rates[i] = -0.01f - fabsf (rates[i]);
  right = expect (&in);
  cuda_check_batches (self, what, run, &in, &in.n_first, c->n_rows, right, n, 1e-4, 2e-5);
}

static void
test_delta (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (self, i);
}

void
cuda_kernels_add_delta (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/delta", test_delta);
}
