#include "cuda-kernels.h"

#include <math.h>
#include <string.h>

/* Elements that are told one by one. */
#define MOST_TOLD 4

float *
cuda_random_floats (gsize n)
{
  float *floats = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    floats[i] = (float) g_test_rand_double_range (-1, 1);
  return floats;
}

/* On a GPU that is lent for minutes this is all that there will be to find a cause by: some elements, how many they are and where
 * they end; and what comes behind them is tried, too. */
static void
tell_far (const char *what, const float *got, const double *right, gsize n, gsize n_far, gsize last, gsize worst)
{
  g_test_message ("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " elements, the last %" G_GSIZE_FORMAT ", the furthest %"
                  G_GSIZE_FORMAT ": %.9g, not %.9g", what, n_far, n, last, worst, (double) got[worst], right[worst]);
  g_test_fail ();
}

void
cuda_assert_bounded (
  const char *what, const float *got, const double *right, const double *bounds, gsize n, double relative, double absolute)
{
  gsize n_far = 0, last = 0, worst = 0;
  double furthest = -1.0;

  for (gsize i = 0; i < n; i++)
    {
      const double distance = fabs ((double) got[i] - right[i]);

      /* NaN is in no order. */
      if (distance <= absolute + (bounds != NULL ? bounds[i] : 0.0) + relative * fabs (right[i]))
        continue;
      if (n_far++ < MOST_TOLD)
        g_test_message ("%s, element %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ": %.9g, not %.9g", what, i, n,
                        (double) got[i], right[i]);
      last = i;
      if (n_far == 1 || distance > furthest)
        {
          furthest = distance;
          worst = i;
        }
    }
  if (n_far > 0)
    tell_far (what, got, right, n, n_far, last, worst);
}

void
cuda_assert_near (const char *what, const float *got, const double *right, gsize n, double relative, double absolute)
{
  cuda_assert_bounded (what, got, right, NULL, n, relative, absolute);
}

/* To the bit. */
static void
assert_same (const char *how, const float *first, const float *other, gsize n)
{
  gsize n_other = 0, at = 0;

  for (gsize i = n; i > 0; i--)
    if (memcmp (&first[i - 1], &other[i - 1], sizeof *first) != 0)
      {
        n_other++;
        at = i - 1;
      }
  if (n_other == 0)
    return;
  g_test_message ("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " elements have other bits, the first %" G_GSIZE_FORMAT
                  ": %.9g, then %.9g", how, n_other, n, at, (double) first[at], (double) other[at]);
  g_test_fail ();
}

float *
cuda_run_both (CudaModule *self, CudaRun run, gconstpointer data, gsize n)
{
  g_autofree float *other = NULL;
  float *first = run (self, data);

  if (!self->is_emulated)
    {
      other = run (self, data);
      assert_same ("a second time", first, other, n);
      return first;
    }
  g_setenv ("SOTTO_CUDA_EMULATION_ORDER", "reverse", TRUE);
  cuda_reopen (self);
  other = run (self, data);
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  cuda_reopen (self);
  assert_same ("threads in the other order", first, other, n);
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
  assert_same ("in two batches", whole, parts, n);
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
