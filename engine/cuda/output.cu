/* What a plan ends with: capped logits (and clamped projections), and rows pooled to one.
 *
 * Roof: memory, 8 bytes an element to cap, 4 to pool. Of a pooled row each column is a thread's, whose sum follows the
 * rows: as many are in flight as there are columns, which for 8,192 rows of 1,024 takes about 100 us, once a text.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

#define N_THREADS 256
/* Of a thread. */
#define N_ELEMENTS 4

KERNEL (N_THREADS)
cap_kernel (const SottoCudaCap a)
{
  previous_wait ();

UNROLL
  for (guint j = 0; j < N_ELEMENTS; j++)
    {
      const gsize i = ((gsize) block_index () * N_ELEMENTS + j) * N_THREADS + thread_index ();
      float y;

      if (i >= a.n)
        break;
      y = a.scale * a.y[i];
      if (a.soft_cap > 0.0f)
        y = a.soft_cap * sotto_tanh (y / a.soft_cap);
      if (a.limit > 0.0f)
        y = y > a.limit ? a.limit : y < -a.limit ? -a.limit : y;
      a.y[i] = y;
    }
}

gboolean
sotto_cuda_cap (SottoCudaDevice *self, const SottoCudaCap *arguments)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->n, N_THREADS * N_ELEMENTS);
  shape.n_threads = N_THREADS;
  return launch (self, "cap", shape, cap_kernel, *arguments);
}

KERNEL (N_THREADS)
pool_kernel (const SottoCudaPool a)
{
  previous_wait ();

  const guint column = block_index () * N_THREADS + thread_index ();
  const guint begin = a.pooling == SOTTO_POOLING_LAST ? a.n_rows - 1 : 0;
  const guint end = a.pooling == SOTTO_POOLING_FIRST ? 1 : a.n_rows;
  float sum = 0.0f;

  if (column >= a.n_columns)
    return;
  for (guint row = begin; row < end; row++)
    sum += load (&a.x[(gsize) row * a.n_columns + column]);
  a.y[column] = a.pooling == SOTTO_POOLING_MEAN ? sum * (1.0f / (float) a.n_rows) : sum;
}

gboolean
sotto_cuda_pool (SottoCudaDevice *self, const SottoCudaPool *arguments)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->n_columns, N_THREADS);
  shape.n_threads = N_THREADS;
  return launch (self, "pool", shape, pool_kernel, *arguments);
}
