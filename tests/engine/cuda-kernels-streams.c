#include "cuda-kernels.h"

#include <math.h>
#include <string.h>

/* Several residuals of a token, one made as large as another, and gates that are cut off, against double. */

typedef struct {
  guint n_rows;
  guint n_columns;
  guint n_streams;
} Case;

static const Case cases[] = { { 1, 2048, 4 }, { 3, 96, 3 }, { 40, 300, 2 }, { 2, 5, 4 } };

typedef struct {
  const Case *shape;
  SottoStreamsStep step;    /* host memory */
  gboolean corrects;
  const float *streams;     /* (n_streams, n_rows, n_columns), and behind them what is kept */
} Mix;

static gsize
n_stream (const Case *c)
{
  return (gsize) c->n_rows * c->n_columns;
}

static gsize
n_all (const Case *c)
{
  return (c->n_streams + 1) * n_stream (c);
}

/* --- Residuals told from the first --- */

/* What each row of the coefficients gives for a token. */
static void
expect_coefficients (const Mix *in, guint row, double *y)
{
  const Case *c = in->shape;
  const SottoStreamsStep *step = &in->step;
  const float *x = in->streams + (gsize) row * c->n_columns;
  double square = 0;

  for (guint i = 0; i < c->n_columns; i++)
    square += (double) x[i] * (double) x[i] / c->n_columns;
  for (guint k = 0; k < c->n_streams; k++)
    {
      double sum = 0;

      for (guint i = 0; i < c->n_columns; i++)
        sum += (double) step->router[k * c->n_columns + i] * (double) x[i] / sqrt (square + (double) step->norm.epsilon)
               * (double) step->norm.weight[i];
      for (guint r = 0; r < c->n_streams * (in->corrects ? 1 : c->n_streams); r++)
        y[r] = (k > 0 ? y[r] : 0)
               + (double) step->coefficients[r * c->n_streams + k] * tanh ((double) step->scale * sum);
    }
}

static double *
expect_mix (const Mix *in)
{
  const Case *c = in->shape;
  const gsize n = n_stream (c);
  const float *kept = in->streams + c->n_streams * n;
  double *right = g_new (double, n_all (c));
  double coefficients[SOTTO_MAX_STREAMS * SOTTO_MAX_STREAMS];

  for (gsize at = 0; at < n; at++)
    {
      if (at % c->n_columns == 0)
        expect_coefficients (in, (guint) (at / c->n_columns), coefficients);
      for (guint k = 0; k < c->n_streams; k++)
        {
          double y = (double) in->streams[k * n + at];

          if (in->corrects)
            y = (k == 0 ? (double) kept[at] : y) + (1 + coefficients[k]) * ((double) in->streams[at] - (double) kept[at]);
          for (guint j = 0; j < c->n_streams && !in->corrects; j++)
            y += coefficients[k * c->n_streams + j] * (double) in->streams[j * n + at];
          right[k * n + at] = y;
        }
      right[c->n_streams * n + at] = in->corrects ? (double) kept[at] : right[at];
    }
  return right;
}

static float *
run_mix (CudaModule *self, gconstpointer data)
{
  const Mix *in = data;
  const Case *c = in->shape;
  SottoStreamsStep step = in->step;
  float *all = cuda_put (self, in->streams, n_all (c) * sizeof (float));
  SottoCudaMix arguments = { .step = &step, .corrects = in->corrects, .kept = all + c->n_streams * n_stream (c),
                             .n_rows = c->n_rows, .n_columns = c->n_columns };

  step.norm.weight = cuda_put (self, step.norm.weight, c->n_columns * sizeof (float));
  step.router = cuda_put (self, step.router, (gsize) c->n_streams * c->n_columns * sizeof (float));
  step.coefficients = cuda_put (self, step.coefficients,
                                c->n_streams * c->n_streams * (in->corrects ? 1 : c->n_streams) * sizeof (float));
  for (guint k = 0; k < c->n_streams; k++)
    arguments.streams[k] = all + k * n_stream (c);
  cuda_check (self, self->module->mix (self->device, &arguments));
  return cuda_get (self, all, n_all (c) * sizeof (float));
}

static void
test_mix (CudaModule *self)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i / 2];
      g_autofree float *streams = cuda_random_floats (n_all (c));
      g_autofree float *weight = cuda_random_floats (c->n_columns);
      g_autofree float *router = cuda_random_floats ((gsize) c->n_streams * c->n_columns);
      g_autofree float *coefficients = cuda_random_floats (c->n_streams * c->n_streams * c->n_streams);
      g_autofree char *what = g_strdup_printf ("mix %u", i);
      const Mix in = { .shape = c,
                       .step = { .n_streams = c->n_streams, .norm = { SOTTO_NORM_RMS, weight, NULL, 1e-5f },
                                 .router = router, .coefficients = coefficients, .scale = 0.1f },
                       .corrects = i % 2 == 1,
                       .streams = streams };
      g_autofree double *right = expect_mix (&in);
      g_autofree float *got = cuda_run_both (self, run_mix, &in, n_all (c));

      cuda_assert_near (what, got, right, n_all (c), 1e-5, 1e-5);
    }
}

/* --- As large as another --- */

typedef struct {
  const Case *shape;
  const float *from;        /* (n_rows, n_columns), and behind it what it is made like */
} Match;

static float *
run_match (CudaModule *self, gconstpointer data)
{
  const Match *in = data;
  const gsize n = n_stream (in->shape);
  float *rows = cuda_put (self, in->from, 2 * n * sizeof (float));
  SottoCudaMatch arguments = { .from = rows, .to = rows, .like = rows + n, .least = 1e-5f,
                               .n_rows = in->shape->n_rows, .n_columns = in->shape->n_columns };

  cuda_check (self, self->module->match (self->device, &arguments));
  return cuda_get (self, rows, n * sizeof (float));
}

/* A row that is next to nothing stays so. */
static void
test_match (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      const gsize n = n_stream (c);
      g_autofree float *from = cuda_random_floats (2 * n);
      g_autofree double *right = g_new (double, n);
      g_autofree float *got = NULL;
      const Match in = { c, from };

      for (guint k = 0; k < c->n_columns && c->n_rows > 1; k++)
        from[k] *= 1e-4f;
      for (guint row = 0; row < c->n_rows; row++)
        {
          double square = 0, wanted = 0;

          for (gsize k = (gsize) row * c->n_columns; k < (row + 1) * (gsize) c->n_columns; k++)
            {
              square += (double) from[k] * (double) from[k] / c->n_columns;
              wanted += (double) from[n + k] * (double) from[n + k] / c->n_columns;
            }
          for (gsize k = (gsize) row * c->n_columns; k < (row + 1) * (gsize) c->n_columns; k++)
            right[k] = (double) from[k] * sqrt (wanted / MAX (square, (double) 1e-5f));
        }
      got = cuda_run_both (self, run_match, &in, n);
      cuda_assert_near ("match", got, right, n, 1e-5, 1e-6);
    }
}

/* --- What is cut off --- */

typedef struct {
  const Case *shape;
  float cutoff;
  const float *rows;
} Cutting;

static float *
run_cut (CudaModule *self, gconstpointer data)
{
  const Cutting *in = data;
  const gsize n = n_stream (in->shape);
  float *rows = cuda_put (self, in->rows, n * sizeof (float));
  SottoCudaCut arguments = { rows, in->cutoff, in->shape->n_rows, in->shape->n_columns };

  cuda_check (self, self->module->cut (self->device, &arguments));
  return cuda_get (self, rows, n * sizeof (float));
}

static void
test_cut (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      const gsize n = n_stream (c);
      g_autofree float *rows = cuda_random_floats (n);
      g_autofree double *right = g_new (double, n);
      g_autofree float *got = NULL;
      const Cutting in = { c, i % 2 == 0 ? 1.25f : -0.5f, rows };

      for (guint row = 0; row < c->n_rows; row++)
        {
          const float *x = rows + (gsize) row * c->n_columns;
          double mean = 0, variance = 0;

          for (guint k = 0; k < c->n_columns; k++)
            mean += (double) x[k] / c->n_columns;
          for (guint k = 0; k < c->n_columns; k++)
            variance += ((double) x[k] - mean) * ((double) x[k] - mean) / c->n_columns;
          for (guint k = 0; k < c->n_columns; k++)
            right[(gsize) row * c->n_columns + k]
              = MAX ((double) x[k] - (mean + (double) in.cutoff * sqrt (variance)), 0);
        }
      got = cuda_run_both (self, run_cut, &in, n);
      cuda_assert_near ("cut", got, right, n, 1e-5, 1e-6);
    }
}

void
cuda_kernels_add_streams (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/streams/mix", test_mix);
  cuda_test_add (argc, argv, "/streams/match", test_match);
  cuda_test_add (argc, argv, "/streams/cut", test_cut);
}
