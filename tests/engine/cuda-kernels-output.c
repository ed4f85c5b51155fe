#include "cuda-kernels.h"

#include <math.h>

typedef struct {
  SottoCudaCap cap;
  SottoCudaPool pool;
  const float *x;
} Input;

static float *
run_cap (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  SottoCudaCap arguments = in->cap;

  arguments.y = cuda_put (self, in->x, arguments.n * sizeof (float));
  cuda_check (self, self->module->cap (self->device, &arguments));
  return cuda_get (self, arguments.y, arguments.n * sizeof (float));
}

static void
test_cap (CudaModule *self)
{
  static const SottoCudaCap cases[] = {
    { .n = 5000, .scale = 0.5f, .soft_cap = 30.0f },
    { .n = 1, .scale = 1.0f, .limit = 8.0f },
    { .n = 1025, .scale = 1.0f, .limit = 8.0f },
    { .n = 77, .scale = 3.0f, .soft_cap = 50.0f, .limit = 20.0f },
    { .n = 300, .scale = 0.0625f },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const SottoCudaCap *c = &cases[i];
      g_autofree float *x = cuda_random_floats (c->n);
      g_autofree double *right = g_new (double, c->n);
      g_autofree float *got = NULL;

      for (gsize j = 0; j < c->n; j++)
        {
          x[j] *= 60.0f;
          right[j] = (double) c->scale * (double) x[j];
          if (c->soft_cap > 0.0f)
            right[j] = (double) c->soft_cap * tanh (right[j] / (double) c->soft_cap);
          if (c->limit > 0.0f)
            right[j] = CLAMP (right[j], -(double) c->limit, (double) c->limit);
        }
      got = cuda_run_both (self, run_cap, &(Input) { .cap = *c, .x = x }, c->n);
      cuda_assert_near ("cap", got, right, c->n, 1e-6, 1e-6);
    }
}

static float *
run_pool (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  SottoCudaPool arguments = in->pool;

  arguments.x = cuda_put (self, in->x, arguments.n_rows * arguments.n_columns * sizeof (float));
  arguments.y = cuda_put (self, NULL, arguments.n_columns * sizeof (float));
  cuda_check (self, self->module->pool (self->device, &arguments));
  return cuda_get (self, arguments.y, arguments.n_columns * sizeof (float));
}

static void
test_pool (CudaModule *self)
{
  for (guint i = 0; i < 6; i++)
    {
      const SottoCudaPool c = { .pooling = (SottoPooling) (i % 3), .n_rows = i < 3 ? 1 : 37,
                                .n_columns = i < 3 ? 64 : 385 };
      g_autofree float *x = cuda_random_floats (c.n_rows * c.n_columns);
      g_autofree double *right = g_new0 (double, c.n_columns);
      g_autofree float *got = NULL;

      for (guint r = 0; r < c.n_rows; r++)
        for (guint j = 0; j < c.n_columns; j++)
          {
            const double value = (double) x[r * c.n_columns + j];

            if (c.pooling == SOTTO_POOLING_MEAN)
              right[j] += value / c.n_rows;
            else if (r == (c.pooling == SOTTO_POOLING_FIRST ? 0 : c.n_rows - 1))
              right[j] = value;
          }
      got = cuda_run_both (self, run_pool, &(Input) { .pool = c, .x = x }, c.n_columns);
      cuda_assert_near ("pool", got, right, c.n_columns, 1e-6, 1e-6);
    }
}

void
cuda_kernels_add_output (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/cap", test_cap);
  cuda_test_add (argc, argv, "/pool", test_pool);
}
