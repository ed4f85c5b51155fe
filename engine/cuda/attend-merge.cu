/* What chunks of positions gave a query, put together, and of a few rows what products read of it.
 *
 * Roof: memory, and little of it: n_value + 2 floats a chunk, of at most 64; what it takes is the launch, and what is waited
 * for: scores come at once, values of eight chunks at a time. A block has a query; its threads weigh the chunks, then each sums
 * its own values over them in their order.
 */

#include "cuda/attend.h"
#include "cuda/quantise.h"

#define N_THREADS 128
#define AHEAD 8

typedef struct {
  AttendArguments a;
  SottoCudaOperand operand; /* without high: it is not made */
} MergeArguments;

/* A head's part of what products read: whole blocks, with the last head's what fills up the row. Each thread has the elements
 * that finish_rows() had it write. */
DEVICE void
quantise_head (const MergeArguments &m, guint row, guint head)
{
  const guint n_value = m.a.n_value, n_heads = m.a.step.n_heads;
  const bool is_row = m.operand.n_columns == n_value;
  const guint first = is_row ? 0 : head * n_value;
  const guint end = first + n_value < m.operand.n_columns ? n_value : m.operand.n_columns_padded - first;
  const guint n_blocks = m.operand.n_columns_padded / QUANTISE_BLOCK;
  const guint first_block = (is_row ? row * n_heads + head : row) * n_blocks + first / QUANTISE_BLOCK;
  const float *attended = m.a.attended + ((gsize) row * n_heads + head) * n_value;

  for (guint d = thread_index (); d < end; d += N_THREADS)
    quantise_block (m.operand, first_block + d / QUANTISE_BLOCK, true, d < n_value ? attended[d] : 0.0f);
}

KERNEL (N_THREADS)
attend_merge_kernel (const MergeArguments m)
{
  previous_wait ();

  SHARED_DYNAMIC (float, values);
  SHARED (float, weights, [MOST_CHUNKS]);
  SHARED (float, sums, [MOST_CHUNKS]);
  const AttendArguments &a = m.a;
  const guint begin = load (a.position);
  const guint row = block_index_y (), head = block_index ();
  const guint position = begin + row;
  const guint before = first_seen (a, begin) / a.chunk;
  const guint first = first_seen (a, position) / a.chunk - before;
  const guint n = (end_seen (a, begin, position) - 1) / a.chunk - before + 1 - first;
  const gsize stride = a.n_value + 2;
  const float *partials = a.partials + (((gsize) row * a.step.n_heads + head) * a.n_chunks + first) * stride;
  const Query query = {row, head, position, 0, 0};
  float highest = NO_SCORE, sum = 0.0f;

  if (thread_index () < n)
    {
      weights[thread_index ()] = partials[thread_index () * stride + a.n_value];
      sums[thread_index ()] = partials[thread_index () * stride + a.n_value + 1];
    }
  block_barrier ();
  for (guint i = 0; i < n; i++)
    highest = weights[i] > highest ? weights[i] : highest;
  block_barrier ();
  if (thread_index () < n)
    weights[thread_index ()] = count_score (weights[thread_index ()], highest);
  block_barrier ();
  for (guint i = 0; i < n; i++)
    sum = fused (weights[i], sums[i], sum);
  for (guint d = thread_index (); d < a.n_value; d += n_threads ())
    {
      float value = 0.0f;

      for (guint i = 0; i < n; i += AHEAD)
        {
          float coming[AHEAD];

UNROLL
          for (guint k = 0; k < AHEAD; k++)
            coming[k] = i + k < n ? partials[(i + k) * stride + d] : 0.0f;
UNROLL
          for (guint k = 0; k < AHEAD; k++)
            if (i + k < n)
              value = fused (weights[i + k], coming[k], value);
        }
      values[d] = value;
    }
  finish_rows (a, values, 1, a.n_value, [&] (guint) { return query; }, [&] (guint) { return highest; },
               [&] (guint) { return sum; });
  if (m.operand.high != NULL)
    quantise_head (m, row, head);
}

gboolean
attend_merge (SottoCudaDevice *self, const AttendArguments *arguments, const SottoCudaOperand *operand)
{
  /* Else a block of columns would belong to two heads. */
  const gboolean is_whole = operand->n_columns == arguments->n_value || arguments->n_value % QUANTISE_BLOCK == 0;
  MergeArguments m = {};
  Shape shape = {};

  m.a = *arguments;
  if (is_whole)
    m.operand = *operand;
  shape.n_blocks = arguments->step.n_heads;
  shape.n_blocks_y = arguments->n_rows;
  shape.n_threads = N_THREADS;
  shape.shared_bytes = arguments->n_value * sizeof (float);
  return launch (self, "attention's chunks", shape, attend_merge_kernel, m)
         && (is_whole || operand->high == NULL || sotto_cuda_quantise (self, operand));
}
