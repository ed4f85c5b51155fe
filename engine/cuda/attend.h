#pragma once

/* What the kernels of attention share: what a query sees, what its scores become, and how a result is finished. */

#include "cuda/operations.h"
#include "cuda/spread.h"

#define CACHE_BLOCK 32   /* elements of a cache that share a scale */
#define MOST_CHUNKS 64
#define NO_SCORE (-INFINITY)

typedef struct {
  const float *queries;
  const float *gates;
  float *attended;
  const guint32 *position;
  float *partials;         /* (n_rows, n_heads, n_chunks, n_value + 2): values, the highest score, the sum */
  SottoCudaCache cache;
  SottoAttendStep step;
  guint n_rows;
  guint group;             /* heads of Q that share one of K and V */
  guint n_value;
  guint chunk;             /* positions; they begin at multiples of it */
  guint n_chunks;          /* at most; 1: a block sees all, and nothing is merged */
  guint key_spread, value_spread;
} AttendArguments;

/* A query: a row's head. */
typedef struct {
  guint row;
  guint head;
  guint position;
  guint first, end;        /* positions it sees */
} Query;

DEVICE guint
first_seen (const AttendArguments &a, guint position)
{
  return a.step.window > 0 && position >= a.step.window ? position - a.step.window + 1 : 0;
}

/* begin: the position of the first row */
DEVICE guint
end_seen (const AttendArguments &a, guint begin, guint position)
{
  const guint all = begin + a.n_rows;

  if (a.step.mask == SOTTO_MASK_CAUSAL)
    return position + 1;
  return a.step.window > 0 && position + a.step.window < all ? position + a.step.window : all;
}

/* How much sharper attention is at a position far along. */
DEVICE float
sharpen (const AttendArguments &a, guint position)
{
  if (a.step.temperature_span == 0)
    return 1.0f;
  return 1.0f + a.step.temperature * (float) sotto_log (1.0 + position / a.step.temperature_span);
}

/* What a score counts beside the highest; nothing counts where there is none. */
DEVICE float
count_score (float score, float highest)
{
  return score == NO_SCORE ? 0.0f : sotto_exp (score - highest);
}

/* Of a block: the values of rows in shared memory, weighted by their scores, divided by the sums of those, turned back,
 * gated, written. A sink is a score more, whose value is zero (Xiao et al. 2024). query (i), highest (i) and sum (i)
 * are the same in all threads. */
template <typename QueryOf, typename HighestOf, typename SumOf>
DEVICE void
finish_rows (const AttendArguments &a, float *values, guint n, guint stride, QueryOf query, HighestOf highest, SumOf sum)
{
  for (guint i = 0; i < n; i++)
    {
      float factor = 1.0f / sum (i);

      if (a.step.sinks != NULL)
        {
          const float sink = load (&a.step.sinks[query (i).head]);
          const float most = highest (i) > sink ? highest (i) : sink;
          const float weight = count_score (highest (i), most);

          factor = weight / (sum (i) * weight + sotto_exp (sink - most));
        }
      for (guint d = thread_index (); d < a.n_value; d += n_threads ())
        values[i * stride + d] *= factor;
    }
  block_spread (values, n, stride, a.n_value, a.value_spread);
  for (guint i = 0; i < n; i++)
    {
      const gsize at = ((gsize) query (i).row * a.step.n_heads + query (i).head) * a.n_value;

      for (guint d = thread_index (); d < a.n_value; d += n_threads ())
        a.attended[at + d] = a.gates != NULL ? values[i * stride + d] * sotto_sigmoid (load (&a.gates[at + d]))
                                             : values[i * stride + d];
    }
}

/* attend-merge.cu */
gboolean attend_merge (SottoCudaDevice *self, const AttendArguments *arguments);
