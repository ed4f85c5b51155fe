#pragma once

/* What the kernels of attention share: what a query sees, what its scores become, and how a result is finished. */

#include "cuda/attend-cache.h"
#include "cuda/operations.h"
#include "cuda/spread.h"

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
  if (a.step.mask == SOTTO_MASK_TOGETHER)
    return all;
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

/* Queries are numbered row by row, then head by head of the group. */
DEVICE Query
query_at (const AttendArguments &a, guint begin, guint kv_head, guint index)
{
  Query query;

  query.row = index / a.group;
  query.head = kv_head * a.group + index % a.group;
  query.position = begin + query.row;
  query.first = first_seen (a, query.position);
  query.end = end_seen (a, begin, query.position);
  return query;
}

/* A query and what is known of it on the way. */
typedef struct {
  Query query;
  float scale;
  float slope;
  float highest;
  float factor;            /* what the values so far count, now that there is a higher score */
  float sum;
} Known;

/* Before any position. */
DEVICE Known
begin_query (const AttendArguments &a, const Query &query)
{
  Known known = {};

  known.query = query;
  known.scale = a.step.scale * sharpen (a, query.position);
  known.slope = a.step.slopes != NULL ? load (&a.step.slopes[query.head]) : 0.0f;
  known.highest = NO_SCORE;
  return known;
}

DEVICE float
finish_score (const AttendArguments &a, const Known &known, guint position, float sum)
{
  float score = sum * known.scale;

  if (position < known.query.first || position >= known.query.end)
    return NO_SCORE;
  if (a.step.soft_cap > 0.0f)
    score = a.step.soft_cap * sotto_tanh (score / a.step.soft_cap);
  return score + known.slope * (float) ((gint) position - (gint) known.query.position);
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

/* What a block has to do: n queries of a head of K and V, positions first … end - 1. */
typedef struct {
  guint begin;             /* the position of the first row */
  guint kv_head;
  guint first_query;
  guint n;
  guint first, end;
} Share;

/* Chunks behind the end of a row are nobody's, also those that the grid has for a longer sequence: first >= end. */
DEVICE Share
share_of_block (const AttendArguments &a, guint n_most)
{
  const guint n_queries = a.n_rows * a.group;
  const guint begin = load (a.position);
  const guint chunk = a.n_chunks > 1 ? first_seen (a, begin) / a.chunk + block_index () : 0;
  Share share = {begin, block_index_y ()};
  Query low, high;

  /* The last rows see most: they come first, so that no multiprocessor is left with one at the end. */
  share.first_query = ((n_queries + n_most - 1) / n_most - 1 - block_index_z ()) * n_most;
  share.n = n_queries - share.first_query < n_most ? n_queries - share.first_query : n_most;
  low = query_at (a, begin, share.kv_head, share.first_query);
  high = query_at (a, begin, share.kv_head, share.first_query + share.n - 1);
  share.first = low.first > chunk * a.chunk ? low.first : chunk * a.chunk;
  share.end = a.n_chunks > 1 && high.end > (chunk + 1) * a.chunk ? (chunk + 1) * a.chunk : high.end;
  return share;
}

/* Of query @i of the block; zeros behind queries and elements. */
DEVICE float
query_element (const AttendArguments &a, const Share &share, guint i, guint element)
{
  const guint row = (share.first_query + i) / a.group;
  const guint head = share.kv_head * a.group + (share.first_query + i) % a.group;

  if (i >= share.n || element >= a.cache.n_key)
    return 0.0f;
  return load (&a.queries[((gsize) row * a.step.n_heads + head) * a.cache.n_key + element]);
}

/* Of a block: what it found, in shared memory, is the queries' result, or is kept until the other chunks are there. */
DEVICE void
leave_rows (const AttendArguments &a, const Share &share, float *values, guint stride, const Known *known)
{
  if (a.n_chunks == 1)
    {
      finish_rows (a, values, share.n, stride, [&] (guint i) { return known[i].query; },
                   [&] (guint i) { return known[i].highest; }, [&] (guint i) { return known[i].sum; });
      return;
    }
  for (guint q = 0; q < share.n; q++)
    {
      const gsize row = (gsize) known[q].query.row * a.step.n_heads + known[q].query.head;
      float *partial = a.partials + (row * a.n_chunks + block_index ()) * (a.n_value + 2);

      for (guint d = thread_index (); d < a.n_value; d += n_threads ())
        partial[d] = values[q * stride + d];
      if (thread_index () == 0)
        {
          partial[a.n_value] = known[q].highest;
          partial[a.n_value + 1] = known[q].sum;
        }
    }
}

/* attend-many.cu: so many queries of a block. What is many is said without a device, since partials are shared out so. */
#define ATTEND_MANY 64

gboolean attend_is_many (const AttendArguments *arguments);
gboolean attend_many_fits (SottoCudaDevice *self, const AttendArguments *arguments);
gboolean attend_many (SottoCudaDevice *self, const AttendArguments *arguments);

/* attend-merge.cu. @operand: SottoCudaAttend's */
gboolean attend_merge (SottoCudaDevice *self, const AttendArguments *arguments, const SottoCudaOperand *operand);
