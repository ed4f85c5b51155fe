/* Norms, and the sum of a residual and the norm of a branch.
 *
 * Roof: memory. A piece of n columns is read once from memory (its second and third reading hit L1)
 * and written once: 8 n bytes and 4 n of weights, which all pieces share. For one row of 4,096 that
 * is 48 KB, or 16 ns of an H100's bandwidth: what it takes is the launch and two barriers, so that
 * products which quantise their rows fuse it.
 *
 * A piece belongs to a block, or to a warp where it is short. A thread sums its columns in their
 * order, then the warp as a butterfly, then the warps in their order: the same bits whatever else
 * runs.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

/* Of a block that works on one piece, and of one in which every warp has its own. */
#define N_THREADS 256
#define N_SHORT_THREADS 128
#define SHORT_COLUMNS 1024

typedef struct {
  SottoNorm norm;
  const float *x;
  const float *to;          /* nullable: of an addition */
  float *y;
  gsize x_stride, y_stride;
  gsize x_step, y_step;
  guint n_rows;
  guint n_pieces;
  guint n_columns;
  guint weight_step;
  float scale;
  float scale_after;
} NormArguments;

/* The sum over a piece's threads, in each of them. */
template <bool IS_SHORT>
DEVICE float
sum_of_piece (float x)
{
  if constexpr (IS_SHORT)
    return warp_sum (x);
  else
    return block_sum (x);
}

/* x in columns first, first + step … is (x - mean) * factor, weighted. */
template <bool IS_SHORT>
DEVICE void
measure (const NormArguments &a, const float *x, guint first, guint n, guint step, float *mean, float *factor)
{
  float sum = 0.0f;

  *mean = 0.0f;
  *factor = 1.0f;
  if (a.norm.kind == SOTTO_NORM_NONE)
    return;
  if (a.norm.kind == SOTTO_NORM_LAYER)
    {
      for (guint i = first; i < n; i += step)
        sum += x[i];
      *mean = sum_of_piece<IS_SHORT> (sum) / (float) a.n_columns;
      sum = 0.0f;
    }
  for (guint i = first; i < n; i += step)
    {
      float difference = x[i] - *mean;

      sum = fused (difference, difference, sum);
    }
  sum = sum_of_piece<IS_SHORT> (sum);
  *factor = 1.0f / sqrtf (sum / (float) a.n_columns + a.norm.epsilon);
}

template <bool IS_SHORT>
KERNEL (N_THREADS)
norm_kernel (const NormArguments a)
{
  previous_wait ();

  const guint n_warps = n_threads () / N_LANES;
  const guint piece = IS_SHORT ? block_index () * n_warps + warp_index () : block_index ();
  const guint first = IS_SHORT ? lane_index () : thread_index ();
  const guint step = IS_SHORT ? N_LANES : n_threads ();
  /* The last block's warps may have nothing to do, and still meet the others. */
  const guint n = piece < a.n_rows * a.n_pieces ? a.n_columns : 0;
  const guint row = n > 0 ? piece / a.n_pieces : 0;
  const guint at = n > 0 ? piece % a.n_pieces : 0;
  const float *x = a.x + row * a.x_stride + at * a.x_step;
  const gsize y = row * a.y_stride + at * a.y_step;
  const guint weight = at * a.weight_step;
  float mean, factor;

  measure<IS_SHORT> (a, x, first, n, step, &mean, &factor);
  for (guint i = first; i < n; i += step)
    {
      float value = (x[i] - mean) * factor;

      if (a.norm.weight != NULL)
        value *= load (&a.norm.weight[weight + i]);
      if (a.norm.bias != NULL)
        value += load (&a.norm.bias[weight + i]);
      if (a.to != NULL)
        value = (a.to[y + i] + a.scale * value) * a.scale_after;
      a.y[y + i] = value;
    }
}

static gboolean
launch_norm (SottoCudaDevice *self, const NormArguments *arguments)
{
  const guint n = arguments->n_rows * arguments->n_pieces;
  Shape shape = {};

  if (arguments->n_columns > SHORT_COLUMNS)
    {
      shape.n_blocks = n;
      shape.n_threads = N_THREADS;
      return launch (self, "norm", shape, norm_kernel<false>, *arguments);
    }
  shape.n_blocks = ceil_divide (n, N_SHORT_THREADS / N_LANES);
  shape.n_threads = N_SHORT_THREADS;
  return launch (self, "norm of short pieces", shape, norm_kernel<true>, *arguments);
}

gboolean
sotto_cuda_norm (SottoCudaDevice *self, const SottoCudaNorm *arguments)
{
  NormArguments a = {};

  a.norm = arguments->norm;
  a.x = arguments->x;
  a.y = arguments->y;
  a.x_stride = arguments->x_stride;
  a.y_stride = arguments->y_stride;
  a.x_step = arguments->x_step;
  a.y_step = arguments->y_step;
  a.n_rows = arguments->n_rows;
  a.n_pieces = arguments->n_pieces;
  a.n_columns = arguments->n_columns;
  a.weight_step = arguments->weight_step;
  return launch_norm (self, &a);
}

gboolean
sotto_cuda_add (SottoCudaDevice *self, const SottoCudaAdd *arguments)
{
  NormArguments a = {};

  a.norm = arguments->norm;
  a.x = arguments->from;
  a.to = arguments->to;
  a.y = arguments->to;
  a.x_stride = arguments->n_columns;
  a.y_stride = arguments->n_columns;
  a.n_rows = arguments->n_rows;
  a.n_pieces = 1;
  a.n_columns = arguments->n_columns;
  a.scale = arguments->scale;
  a.scale_after = arguments->scale_after;
  return launch_norm (self, &a);
}
