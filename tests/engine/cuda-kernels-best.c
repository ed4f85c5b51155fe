#include "cuda-kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The highest logits against a sort of all. */

typedef struct {
  guint32 id;
  float logit;
} Found;

typedef struct {
  SottoCudaBest best;      /* without memory */
  const float *logits;
  const guint32 *mask;
} Input;

static int
compare_ids (const void *a, const void *b)
{
  const Found *x = a, *y = b;

  return (x->id > y->id) - (x->id < y->id);
}

static int
compare_logits (const void *a, const void *b)
{
  const Found *x = a, *y = b;

  return x->logit != y->logit ? (x->logit < y->logit ? 1 : -1) : compare_ids (a, b);
}

/* How many there are, then pairs in the order of ids; zeros behind them, or where it is open which of them are there. */
static float *
run_best (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  SottoCudaBest arguments = in->best;
  gsize n_bytes = (1 + 2 * (gsize) arguments.n_most) * sizeof (guint32);
  guint32 *found;
  guint n;

  arguments.logits = cuda_put (self, in->logits, arguments.n * sizeof (float));
  if (in->mask != NULL)
    arguments.mask = cuda_put (self, in->mask, arguments.n_mask_words * sizeof (guint32));
  arguments.counts = cuda_put (self, NULL, SOTTO_CUDA_BEST_COUNTS * sizeof (guint32));
  arguments.found = cuda_put (self, NULL, n_bytes);
  cuda_check (self, self->module->best (self->device, &arguments));
  found = cuda_get (self, arguments.found, n_bytes);
  n = found[0] <= arguments.n_most ? found[0] : 0;
  qsort (found + 1, n, sizeof (Found), compare_ids);
  memset (found + 1 + 2 * n, 0, (arguments.n_most - n) * sizeof (Found));
  return (float *) found;
}

static gboolean
may_come (const Input *in, guint id)
{
  if (in->mask != NULL && (id / 32 >= in->best.n_mask_words || (in->mask[id / 32] >> id % 32 & 1) == 0))
    return FALSE;
  return in->logits[id] > -INFINITY;
}

static void
check (CudaModule *self, const Input *in)
{
  g_autofree Found *all = g_new (Found, in->best.n);
  g_autofree float *got = cuda_run_both (self, run_best, in, 1 + 2 * in->best.n_most);
  Found *found = (Found *) (got + 1);
  guint32 n_found;
  guint n = 0, n_near = 0, n_wanted;
  float lowest;

  memcpy (&n_found, got, sizeof n_found);
  for (guint i = 0; i < in->best.n; i++)
    if (may_come (in, i))
      all[n++] = (Found) { i, in->logits[i] };
  qsort (all, n, sizeof *all, compare_logits);
  n_wanted = MIN (n, in->best.n_best);

  /* A step has an eighth of its numbers at most. */
  lowest = n_wanted > 0 ? all[n_wanted - 1].logit : 0.0f;
  if (isfinite (lowest))
    lowest -= fabsf (lowest) / 8.0f;
  while (n_near < n && all[n_near].logit >= lowest)
    n_near++;

  g_assert_cmpuint (n_found, >=, n_wanted);
  g_assert_cmpuint (n_found, <=, n_near);
  if (n_found > in->best.n_most)
    return;
  for (guint i = 0; i < n_found; i++)
    {
      g_assert_true (may_come (in, found[i].id));
      g_assert_cmpmem (&found[i].logit, sizeof (float), &in->logits[found[i].id], sizeof (float));
      g_assert_cmpfloat (found[i].logit, >=, lowest);
    }
  for (guint i = 0; i < n_wanted; i++)
    g_assert_nonnull (bsearch (&all[i], found, n_found, sizeof *found, compare_ids));
}

static void
test_best (CudaModule *self)
{
  static const struct {
    guint n, n_best, n_most;
    float scale, shift;
    guint kind;            /* 1: coarse; 2: some are impossible; 3: all alike; 4: infinite ones; 5: nothing is possible */
    guint n_mask_words;
  } cases[] = {
    { 1, 1, 4, 1, 0, 0, 0 },
    { 31, 40, 64, 5, 0, 0, 0 },                 /* fewer than wanted */
    { 4096, 1, 2048, 12, 0, 0, 0 },
    { 4097, 40, 2048, 12, -30, 0, 0 },          /* all below zero */
    { 20011, 104, 2048, 12, 0, 1, 0 },
    { 20011, 104, 2048, 12, 0, 2, 0 },
    { 20011, 40, 2048, 12, 0, 0, 626 },
    { 20011, 40, 2048, 12, 0, 2, 300 },         /* the mask ends before the logits */
    { 20011, 40, 2048, 12, 0, 3, 0 },           /* too many alike */
    { 5000, 700, 2048, 12, 0, 4, 0 },
    { 5000, 40, 2048, 12, 0, 5, 0 },
    { 5000, 1024, 4096, 1e-3f, 0, 1, 0 },       /* most are zero, of both signs */
    { 9000, 1024, 4096, 1e30f, 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint n = cases[i].n;
      g_autofree float *logits = cuda_random_floats (n);
      g_autofree guint32 *mask = g_new (guint32, cases[i].n_mask_words + 1);
      Input in = { .best = { .n = n, .n_best = cases[i].n_best, .n_most = cases[i].n_most,
                             .n_mask_words = cases[i].n_mask_words },
                   .logits = logits, .mask = cases[i].n_mask_words > 0 ? mask : NULL };

      g_test_message ("case %u", i);
      for (guint j = 0; j < n; j++)
        {
          logits[j] = cases[i].scale * logits[j] * fabsf (logits[j]) + cases[i].shift;
          if (cases[i].kind == 1)
            logits[j] = roundf (logits[j] * 4.0f) / 4.0f;
          if (cases[i].kind == 2 && g_test_rand_int_range (0, 2) == 0)
            logits[j] = g_test_rand_int_range (0, 2) == 0 ? NAN : -INFINITY;
          if (cases[i].kind == 3)
            logits[j] = 3.5f;
          if (cases[i].kind == 4 && g_test_rand_int_range (0, 500) == 0)
            logits[j] = INFINITY;
          if (cases[i].kind == 5)
            logits[j] = -INFINITY;
        }
      for (guint j = 0; j < cases[i].n_mask_words; j++)
        mask[j] = j % 5 == 0 ? 0 : (guint32) g_test_rand_int () & (guint32) g_test_rand_int ();
      check (self, &in);
    }
}

void
cuda_kernels_add_best (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/best", test_best);
}
