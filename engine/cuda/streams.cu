/* Several residuals of a token (SottoStreamsStep), one made as large as another, and gates of which most are cut off.
 *
 * Roof: memory. Four residuals of 2,048 columns are read and written once, 64 KB a row, or 20 ns of an H100's bandwidth: of few
 * rows it is the launch that costs. A row is a block's, a thread has the same columns in all of it, so that nobody waits
 * but for sums; these are a thread's columns in their order, then the warp, then the warps.
 */

#include "cuda/norm.h"
#include "cuda/operations.h"

#define N_THREADS 256

DEVICE float
sum_of_row (float x)
{
  return block_sum (x);
}

DEVICE float
square_of_row (const float *x, guint n)
{
  float sum = 0.0f;

  for (guint i = thread_index (); i < n; i += n_threads ())
    sum = fused (x[i], x[i], sum);
  return block_sum (sum) / (float) n;
}

/* --- As large as another --- */

KERNEL (N_THREADS)
match_kernel (const SottoCudaMatch a)
{
  previous_wait ();

  const gsize row = (gsize) block_index () * a.n_columns;
  const float wanted = sqrtf (square_of_row (a.like + row, a.n_columns));
  const float square = square_of_row (a.from + row, a.n_columns);
  const float factor = wanted / sqrtf (square > a.least ? square : a.least);

  for (guint i = thread_index (); i < a.n_columns; i += n_threads ())
    a.to[row + i] = factor * a.from[row + i];
}

/* --- Residuals told from the first --- */

typedef struct {
  SottoStreamsStep step;
  float *streams[SOTTO_MAX_STREAMS];
  float *kept;
  guint n_columns;
} MixArguments;

/* Of each residual the number that the coefficients are multiplied with, in every thread. Loops over residuals are as long as they
 * may be, here and below: what is indexed by a number that the compiler does not know lies in memory. */
DEVICE void
measure_streams (const MixArguments &a, const float *first, float *mixed)
{
  const guint n = a.n_columns;
  float mean, factor;

  norm_measure (a.step.norm, first, n, thread_index (), n, n_threads (), [] (float sum) { return sum_of_row (sum); }, &mean,
                &factor);
  UNROLL
  for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
    {
      float sum = 0.0f;

      mixed[k] = 0.0f;
      if (k >= a.step.n_streams)
        continue;
      for (guint i = thread_index (); i < n; i += n_threads ())
        sum = fused (load (&a.step.router[(gsize) k * n + i]),
                     norm_element (a.step.norm, first[i], mean, factor, norm_weight (a.step.norm, i), i), sum);
      mixed[k] = sotto_tanh (a.step.scale * block_sum (sum));
    }
}

DEVICE float
get_coefficient (const MixArguments &a, const float *mixed, guint row)
{
  float sum = 0.0f;

  UNROLL
  for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
    if (k < a.step.n_streams)
      sum = fused (load (&a.step.coefficients[row * a.step.n_streams + k]), mixed[k], sum);
  return sum;
}

KERNEL (N_THREADS)
predict_kernel (const MixArguments a)
{
  previous_wait ();

  const guint n_streams = a.step.n_streams;
  const gsize row = (gsize) block_index () * a.n_columns;
  float mixed[SOTTO_MAX_STREAMS], coefficients[SOTTO_MAX_STREAMS][SOTTO_MAX_STREAMS];

  measure_streams (a, a.streams[0] + row, mixed);
  UNROLL
  for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
    UNROLL
    for (guint j = 0; j < SOTTO_MAX_STREAMS; j++)
      coefficients[k][j] = k < n_streams && j < n_streams ? get_coefficient (a, mixed, k * n_streams + j) : 0.0f;
  for (guint i = thread_index (); i < a.n_columns; i += n_threads ())
    {
      float before[SOTTO_MAX_STREAMS];

      UNROLL
      for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
        before[k] = k < n_streams ? a.streams[k][row + i] : 0.0f;
      UNROLL
      for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
        {
          float value = before[k];

          if (k >= n_streams)
            continue;
          UNROLL
          for (guint j = 0; j < SOTTO_MAX_STREAMS; j++)
            if (j < n_streams)
              value = fused (coefficients[k][j], before[j], value);
          a.streams[k][row + i] = value;
          if (k == 0)
            a.kept[row + i] = value;
        }
    }
}

KERNEL (N_THREADS)
correct_kernel (const MixArguments a)
{
  previous_wait ();

  const gsize row = (gsize) block_index () * a.n_columns;
  float mixed[SOTTO_MAX_STREAMS];

  measure_streams (a, a.streams[0] + row, mixed);
  for (guint i = thread_index (); i < a.n_columns; i += n_threads ())
    {
      const float kept = a.kept[row + i];
      const float change = a.streams[0][row + i] - kept;

      UNROLL
      for (guint k = 0; k < SOTTO_MAX_STREAMS; k++)
        if (k < a.step.n_streams)
          a.streams[k][row + i]
            = fused (1.0f + get_coefficient (a, mixed, k), change, k == 0 ? kept : a.streams[k][row + i]);
    }
}

/* --- What is cut off --- */

KERNEL (N_THREADS)
cut_kernel (const SottoCudaCut a)
{
  previous_wait ();

  float *row = a.rows + (gsize) block_index () * a.n_columns;
  const guint n = a.n_columns;
  float sum = 0.0f, squares = 0.0f;
  float mean, cutoff;

  for (guint i = thread_index (); i < n; i += n_threads ())
    sum += row[i];
  mean = block_sum (sum) / (float) n;
  for (guint i = thread_index (); i < n; i += n_threads ())
    squares = fused (row[i] - mean, row[i] - mean, squares);
  cutoff = mean + a.cutoff * sqrtf (block_sum (squares) / (float) n);
  for (guint i = thread_index (); i < n; i += n_threads ())
    row[i] = row[i] > cutoff ? row[i] - cutoff : 0.0f;
}

/* --- Operations --- */

static Shape
shape_of_rows (guint n_rows)
{
  Shape shape = {};

  shape.n_blocks = n_rows;
  shape.n_threads = N_THREADS;
  return shape;
}

gboolean
sotto_cuda_match (SottoCudaDevice *self, const SottoCudaMatch *arguments)
{
  return launch (self, "match", shape_of_rows (arguments->n_rows), match_kernel, *arguments);
}

gboolean
sotto_cuda_mix (SottoCudaDevice *self, const SottoCudaMix *arguments)
{
  const Shape shape = shape_of_rows (arguments->n_rows);
  MixArguments a = {};

  a.step = *arguments->step;
  a.kept = arguments->kept;
  a.n_columns = arguments->n_columns;
  for (guint i = 0; i < a.step.n_streams; i++)
    a.streams[i] = arguments->streams[i];
  return arguments->corrects ? launch (self, "correct", shape, correct_kernel, a)
                             : launch (self, "predict", shape, predict_kernel, a);
}

gboolean
sotto_cuda_cut (SottoCudaDevice *self, const SottoCudaCut *arguments)
{
  return launch (self, "cut", shape_of_rows (arguments->n_rows), cut_kernel, *arguments);
}
