/* Norms, the sum of a residual and the norm of a branch or what experts leave, and what products read of either.
 *
 * Roof: memory. A piece of n columns is read once from memory (its second and third reading hit L1)
 * and written once: 8 n bytes and 4 n of weights, which all pieces share. For one row of 4,096 that
 * is 48 KB, or 16 ns of an H100's bandwidth: what it takes is the launch and the latencies of a chain. So of a few rows
 * the sum, its norm and what products read of it are made in one launch.
 *
 * A piece belongs to a block, or to a warp where it is short. A thread sums its columns in their
 * order, then the warp as a butterfly, then the warps in their order: the same bits whatever else
 * runs, and in whichever of the kernels.
 */

#include "cuda/norm.h"
#include "cuda/operations.h"
#include "cuda/quantise.h"

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

  norm_measure (a.norm, x, a.n_columns, first, n, step, [] (float sum) { return sum_of_piece<IS_SHORT> (sum); }, &mean,
                &factor);
  for (guint i = first; i < n; i += step)
    {
      float value = norm_element (a.norm, x[i], mean, factor, norm_weight (a.norm, weight + i), weight + i);

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

/* --- With what products read --- */

#define N_MOST_THREADS 1024
/* Columns of a thread of which all that is read lies in registers before it is needed. */
#define N_OWN 4
/* Experts whose rows are on their way at once. */
#define N_AHEAD 8

typedef struct {
  const float *x;           /* the row that is normed; of an addition the branch */
  gsize x_stride;
  SottoNorm branch;
  float *to;                /* nullable: of an addition, whose sum is normed */
  float scale;
  float scale_after;
  const float *rows;        /* nullable: of experts, whose sum is the branch */
  const float *weights;
  guint n_used;
  bool adds;                /* what they leave, or is it */
  SottoNorm norm;
  float *y;
  gsize y_stride;
  guint n_columns;
  SottoCudaOperand operand; /* of y */
} RowArguments;

/* As the other kernel sums: the first N warps have part in it. */
template <guint N>
DEVICE float
sum_of_first (float x)
{
  SHARED (float, sums, [N]);
  float sum;

  block_barrier ();
  if (warp_index () < N)
    {
      sum = warp_sum (x);
      if (lane_index () == 0)
        sums[warp_index ()] = sum;
    }
  block_barrier ();
  sum = sums[0];
UNROLL
  for (guint i = 1; i < N; i++)
    sum += sums[i];
  return sum;
}

template <guint N>
DEVICE void
measure_row (const SottoNorm &norm, const float *row, guint n, float *mean, float *factor)
{
  norm_measure (norm, row, n, warp_index () < N ? thread_index () : n, n, N * N_LANES,
                [] (float sum) { return sum_of_first<N> (sum); }, mean, factor);
}

/* A thread's column of those that it has, and beyond the last of them nothing. */
DEVICE guint
own_column (guint k)
{
  return thread_index () + k * n_threads ();
}

DEVICE void
load_weights (const SottoNorm &norm, guint n, float *weights)
{
UNROLL
  for (guint k = 0; k < N_OWN; k++)
    weights[k] = own_column (k) < n ? norm_weight (norm, own_column (k)) : 1.0f;
}

DEVICE void
prefetch_weights (const SottoNorm &norm, guint n)
{
  const guint i = thread_index () * N_LANES;

  if (AT_LEAST (900) && norm.weight != NULL && i < n)
    prefetch (norm.weight + i);
}

/* A warp's 32 columns of the row, of which @weight is the thread's; whole warps come here. */
DEVICE void
leave_column (const RowArguments &a, const float *row, guint i, float mean, float factor, float weight)
{
  const guint n_blocks = a.operand.n_columns_padded / QUANTISE_BLOCK;
  float value = 0.0f;

  if (i < a.n_columns)
    {
      value = norm_element (a.norm, row[i], mean, factor, weight, i);
      a.y[block_index () * a.y_stride + i] = value;
    }
  quantise_block (a.operand, block_index () * n_blocks + i / QUANTISE_BLOCK, true, value);
}

/* What the experts leave of the block's row, as combine_kernel (route.cu) sums it. */
DEVICE void
combine_row (const RowArguments &a, float *row)
{
  const float *rows = a.rows + (gsize) block_index () * a.n_used * a.n_columns;
  float *to = a.to + (gsize) block_index () * a.n_columns;

  for (guint i = thread_index (); i < a.n_columns; i += n_threads ())
    {
      const float before = a.adds ? to[i] : 0.0f;
      float sum = 0.0f;

      for (guint first = 0; first < a.n_used; first += N_AHEAD)
        {
          float coming[N_AHEAD];

UNROLL
          for (guint k = 0; k < N_AHEAD; k++)
            coming[k] = first + k < a.n_used ? rows[(gsize) (first + k) * a.n_columns + i] : 0.0f;
UNROLL
          for (guint k = 0; k < N_AHEAD; k++)
            if (first + k < a.n_used)
              sum += load (&a.weights[block_index () * a.n_used + first + k]) * coming[k];
        }
      to[i] = row[i] = a.adds ? before + sum : sum;
    }
}

/* A block has a row, in shared memory; its first N warps measure it, all do what is left. */
template <guint N>
KERNEL (N_MOST_THREADS)
norm_and_quantise_kernel (const RowArguments a)
{
  prefetch_weights (a.branch, a.n_columns);
  prefetch_weights (a.norm, a.n_columns);
  previous_wait ();

  SHARED_DYNAMIC (float, row);
  const guint n = a.n_columns;
  const float *x = a.x + block_index () * a.x_stride;
  float weights[N_OWN];
  float mean, factor;

  if (a.rows != NULL)
    combine_row (a, row);
  else
    for (guint i = thread_index (); i < n; i += n_threads ())
      row[i] = x[i];
  if (a.to != NULL && a.rows == NULL)
    {
      float *to = a.to + (gsize) block_index () * n;
      float sums[N_OWN];

      load_weights (a.branch, n, weights);
UNROLL
      for (guint k = 0; k < N_OWN; k++)
        sums[k] = own_column (k) < n ? to[own_column (k)] : 0.0f;
      block_barrier ();
      measure_row<N> (a.branch, row, n, &mean, &factor);
      /* Where nothing is measured nobody has met. */
      block_barrier ();
UNROLL
      for (guint k = 0; k < N_OWN; k++)
        if (own_column (k) < n)
          {
            const guint i = own_column (k);
            const float value = norm_element (a.branch, row[i], mean, factor, weights[k], i);

            to[i] = row[i] = (sums[k] + a.scale * value) * a.scale_after;
          }
      for (guint i = own_column (N_OWN); i < n; i += n_threads ())
        {
          const float value = norm_element (a.branch, row[i], mean, factor, norm_weight (a.branch, i), i);

          to[i] = row[i] = (to[i] + a.scale * value) * a.scale_after;
        }
    }
  load_weights (a.norm, n, weights);
  block_barrier ();
  measure_row<N> (a.norm, row, n, &mean, &factor);
UNROLL
  for (guint k = 0; k < N_OWN; k++)
    if (own_column (k) < a.operand.n_columns_padded)
      leave_column (a, row, own_column (k), mean, factor, weights[k]);
  for (guint i = own_column (N_OWN); i < a.operand.n_columns_padded; i += n_threads ())
    leave_column (a, row, i, mean, factor, i < n ? norm_weight (a.norm, i) : 1.0f);
}

static gboolean
row_fits (SottoCudaDevice *self, guint n_columns)
{
  /* With room for what is summed. */
  return n_columns * sizeof (float) + 1024 <= device_facts (self)->shared_bytes;
}

static gboolean
launch_row (SottoCudaDevice *self, const RowArguments *arguments)
{
  const guint padded = arguments->operand.n_columns_padded;
  const char *name = arguments->rows != NULL ? "combine, norm and quantise"
                     : arguments->to != NULL ? "add, norm and quantise" : "norm and quantise";
  Shape shape = {};

  shape.n_blocks = arguments->operand.n_rows;
  shape.n_threads = padded < N_MOST_THREADS ? padded : N_MOST_THREADS;
  shape.shared_bytes = arguments->n_columns * sizeof (float);
  return arguments->n_columns > SHORT_COLUMNS
           ? launch (self, name, shape, norm_and_quantise_kernel<N_THREADS / N_LANES>, *arguments)
           : launch (self, name, shape, norm_and_quantise_kernel<1>, *arguments);
}

/* --- Operations --- */

gboolean
sotto_cuda_norm (SottoCudaDevice *self, const SottoCudaNorm *arguments)
{
  NormArguments a = {};
  RowArguments row = {};

  if (arguments->operand.high != NULL && arguments->n_pieces == 1 && row_fits (self, arguments->n_columns))
    {
      row.x = arguments->x;
      row.x_stride = arguments->x_stride;
      row.norm = arguments->norm;
      row.y = arguments->y;
      row.y_stride = arguments->y_stride;
      row.n_columns = arguments->n_columns;
      row.operand = arguments->operand;
      return launch_row (self, &row);
    }
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
  return launch_norm (self, &a)
         && (arguments->operand.high == NULL || sotto_cuda_quantise (self, &arguments->operand));
}

/* What rows have become, in a launch of its own. */
static gboolean
norm_after (SottoCudaDevice *self, const SottoNorm *after, const float *rows, guint n_rows, guint n_columns, float *normed,
            const SottoCudaOperand *operand)
{
  SottoCudaNorm norm = {};

  if (normed == NULL)
    return TRUE;
  norm.norm = *after;
  norm.x = rows;
  norm.y = normed;
  norm.x_stride = norm.y_stride = norm.n_columns = n_columns;
  norm.n_rows = n_rows;
  norm.n_pieces = 1;
  norm.operand = *operand;
  return sotto_cuda_norm (self, &norm);
}

gboolean
sotto_cuda_add (SottoCudaDevice *self, const SottoCudaAdd *arguments)
{
  NormArguments a = {};
  RowArguments row = {};

  if (arguments->operand.high != NULL && arguments->normed != NULL && row_fits (self, arguments->n_columns))
    {
      row.x = arguments->from;
      row.x_stride = row.y_stride = row.n_columns = arguments->n_columns;
      row.branch = arguments->norm;
      row.to = arguments->to;
      row.scale = arguments->scale;
      row.scale_after = arguments->scale_after;
      row.norm = arguments->after;
      row.y = arguments->normed;
      row.operand = arguments->operand;
      return launch_row (self, &row);
    }
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
  return launch_norm (self, &a)
         && norm_after (self, &arguments->after, arguments->to, arguments->n_rows, arguments->n_columns, arguments->normed,
                        &arguments->operand);
}

gboolean
sotto_cuda_combine (SottoCudaDevice *self, const SottoCudaCombine *arguments)
{
  RowArguments row = {};

  if (arguments->operand.high != NULL && arguments->normed != NULL && row_fits (self, arguments->n_columns))
    {
      row.x = row.rows = arguments->rows;
      row.weights = arguments->weights;
      row.n_used = arguments->n_used;
      row.adds = arguments->add;
      row.y_stride = row.n_columns = arguments->n_columns;
      row.to = arguments->to;
      row.norm = arguments->after;
      row.y = arguments->normed;
      row.operand = arguments->operand;
      return launch_row (self, &row);
    }
  return combine_experts (self, arguments)
         && norm_after (self, &arguments->after, arguments->to, arguments->n_rows, arguments->n_columns, arguments->normed,
                        &arguments->operand);
}
