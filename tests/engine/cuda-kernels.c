#include "cuda-kernels.h"

#include <math.h>

float *
cuda_random_floats (gsize n)
{
  float *floats = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    floats[i] = (float) g_test_rand_double_range (-1, 1);
  return floats;
}

void
cuda_assert_near (const char *what, const float *got, const double *right, gsize n, double relative, double absolute)
{
  for (gsize i = 0; i < n; i++)
    {
      double distance = fabs ((double) got[i] - right[i]);

      /* NaN is in no order. */
      if (distance <= absolute + relative * fabs (right[i]))
        continue;
      g_test_message ("%s, element %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ": %.9g, not %.9g", what, i, n,
                      (double) got[i], right[i]);
      g_assert_not_reached ();
    }
}

float *
cuda_run_both (CudaModule *self, CudaRun run, gconstpointer data, gsize n)
{
  g_autofree float *other = NULL;
  float *first = run (self, data);

  if (!self->is_emulated)
    {
      other = run (self, data);
      g_assert_cmpmem (first, n * sizeof (float), other, n * sizeof (float));
      return first;
    }
  g_setenv ("SOTTO_CUDA_EMULATION_ORDER", "reverse", TRUE);
  cuda_reopen (self);
  other = run (self, data);
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  cuda_reopen (self);
  g_assert_cmpmem (first, n * sizeof (float), other, n * sizeof (float));
  return first;
}

void
cuda_check_batches (CudaModule *self, const char *what, CudaRun run, gconstpointer data, guint *n_first, guint n_rows,
                    const double *right, gsize n, double relative, double absolute)
{
  g_autofree float *whole = cuda_run_both (self, run, data, n);
  g_autofree float *parts = NULL;

  cuda_assert_near (what, whole, right, n, relative, absolute);
  if (n_rows < 2)
    return;
  *n_first = n_rows < 4 ? 1 : n_rows - 2;
  parts = run (self, data);
  g_assert_cmpmem (whole, n * sizeof (float), parts, n * sizeof (float));
}

void
cuda_kernels_add (int argc, char **argv)
{
  g_setenv ("SOTTO_CUDA_MULTIPROCESSORS", CUDA_KERNELS_MULTIPROCESSORS, TRUE);
  cuda_kernels_add_attend (argc, argv);
  cuda_kernels_add_best (argc, argv);
  cuda_kernels_add_convolve (argc, argv);
  cuda_kernels_add_delta (argc, argv);
  cuda_kernels_add_embed (argc, argv);
  cuda_kernels_add_heads (argc, argv);
  cuda_kernels_add_output (argc, argv);
  cuda_kernels_add_route (argc, argv);
  cuda_kernels_add_scan (argc, argv);
  cuda_kernels_add_streams (argc, argv);
  cuda_kernels_add_norm (argc, argv);
  cuda_kernels_add_gate (argc, argv);
  cuda_kernels_add_multiply (argc, argv);
}
