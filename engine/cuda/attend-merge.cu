/* What chunks of positions gave a query, put together.
 *
 * Roof: memory, and little of it: n_value + 2 floats a chunk, of at most 64; what it takes is the launch. A block has a
 * query; its threads weigh the chunks, then each sums its own values over them in their order.
 */

#include "cuda/attend.h"

#define N_THREADS 128

KERNEL (N_THREADS)
attend_merge_kernel (const AttendArguments a)
{
  previous_wait ();

  SHARED_DYNAMIC (float, values);
  SHARED (float, weights, [MOST_CHUNKS]);
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

  for (guint i = 0; i < n; i++)
    {
      const float score = partials[i * stride + a.n_value];

      highest = score > highest ? score : highest;
    }
  for (guint i = thread_index (); i < n; i += n_threads ())
    weights[i] = count_score (partials[i * stride + a.n_value], highest);
  block_barrier ();
  for (guint i = 0; i < n; i++)
    sum = fused (weights[i], partials[i * stride + a.n_value + 1], sum);
  for (guint d = thread_index (); d < a.n_value; d += n_threads ())
    {
      float value = 0.0f;

      for (guint i = 0; i < n; i++)
        value = fused (weights[i], partials[i * stride + d], value);
      values[d] = value;
    }
  finish_rows (a, values, 1, a.n_value, [&] (guint) { return query; }, [&] (guint) { return highest; },
               [&] (guint) { return sum; });
}

gboolean
attend_merge (SottoCudaDevice *self, const AttendArguments *arguments)
{
  Shape shape = {};

  shape.n_blocks = arguments->step.n_heads;
  shape.n_blocks_y = arguments->n_rows;
  shape.n_threads = N_THREADS;
  shape.shared_bytes = arguments->n_value * sizeof (float);
  return launch (self, "attention's chunks", shape, attend_merge_kernel, *arguments);
}
