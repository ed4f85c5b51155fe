/* From logits to candidates. Nothing sorts the whole vocabulary: the best logit of each block of
 * 256 lets most blocks be passed over, and top-k keeps a heap of k. */

#include "sampler/sampler-private.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK SOTTO_SAMPLER_BLOCK
#define LANES 8u

/* The best of every block. Returns: the first with the highest */
static guint
find_best_block (SottoSampler *self)
{
  guint best_block = 0;

  for (guint block = 0; block < self->n_blocks; block++)
    {
      const float *logits = self->logits + (gsize) block * BLOCK;
      float best[LANES];

      /* Lanes that the compiler can keep in one register. */
      memcpy (best, logits, sizeof best);
      for (guint i = LANES; i < BLOCK; i += LANES)
        for (guint lane = 0; lane < LANES; lane++)
          best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
      for (guint lane = 1; lane < LANES; lane++)
        best[0] = MAX (best[0], best[lane]);

      self->block_best[block] = best[0];
      if (best[0] > self->block_best[best_block])
        best_block = block;
    }

  return best_block;
}

/* The same where blocks without one of a few are -infinity already. */
static guint
find_best_block_of_few (SottoSampler *self)
{
  guint best_block = 0;

  for (guint i = 0; i < self->few->n; i++)
    if (self->few->ids[i] < self->n_vocabulary)
      {
        guint block = self->few->ids[i] / BLOCK;

        self->block_best[block] = MAX (self->block_best[block], self->logits[self->few->ids[i]]);
      }
  for (guint block = 1; block < self->n_blocks; block++)
    if (self->block_best[block] > self->block_best[best_block])
      best_block = block;

  return best_block;
}

gint32
sotto_sampler_find_best (SottoSampler *self)
{
  guint best_block = self->few != NULL ? find_best_block_of_few (self) : find_best_block (self);
  guint32 id;

  if (self->block_best[best_block] == -INFINITY)
    return -1;

  id = best_block * BLOCK;
  while (self->logits[id] != self->block_best[best_block])
    id++;
  self->candidates.best = self->logits[id];

  return (gint32) id;
}

/* What may be a candidate at all: beside an infinite logit only others of its kind. */
static inline gboolean
is_possible (float logit,
             float best)
{
  return best != INFINITY ? logit != -INFINITY : logit == INFINITY;
}

/* Infinite logits are all alike; as zeros they need no care later on. */
static void
make_finite (SottoCandidates *candidates)
{
  if (candidates->best != INFINITY)
    return;

  candidates->best = 0.0f;
  for (guint i = 0; i < candidates->n; i++)
    candidates->logits[i] = 0.0f;
}

void
sotto_sampler_take_all (SottoSampler *self)
{
  SottoCandidates *candidates = &self->candidates;
  float best = candidates->best;
  guint n = 0;

  for (guint block = 0; block < self->n_blocks; block++)
    {
      const guint32 first = block * BLOCK;
      const guint n_here = MIN (BLOCK, self->n_vocabulary - first);
      const float *restrict logits = self->logits + first;
      float *restrict chosen = candidates->logits + n;
      guint32 *restrict ids = candidates->ids + n;
      guint n_possible = 0;

      /* A grammar may leave little of a vocabulary, or all of it. */
      if (self->block_best[block] == -INFINITY)
        continue;

      for (guint i = 0; i < n_here; i++)
        {
          n_possible += is_possible (logits[i], best);
          ids[i] = first + i;
        }
      memcpy (chosen, logits, n_here * sizeof logits[0]);
      n += n_possible;
      if (n_possible == n_here)
        continue;

      n_possible = 0;
      for (guint i = 0; i < n_here; i++)
        if (is_possible (logits[i], best))
          {
            chosen[n_possible] = logits[i];
            ids[n_possible++] = first + i;
          }
    }
  candidates->n = n;
  make_finite (candidates);
}

/* --- Top-k --- */

/* A heap whose first is the one that goes last: the lowest logit, of equals the highest id. */
static inline gboolean
goes_before (const float *logits,
             guint32      a,
             guint32      b)
{
  return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
}

static void
sift_down (const float *logits,
           guint32     *heap,
           guint        n)
{
  guint32 moved = heap[0];
  guint i = 0;

  for (;;)
    {
      guint child = 2 * i + 1;

      if (child >= n)
        break;
      if (child + 1 < n && goes_before (logits, heap[child], heap[child + 1]))
        child++;
      if (!goes_before (logits, moved, heap[child]))
        break;
      heap[i] = heap[child];
      i = child;
    }
  heap[i] = moved;
}

static void
sift_up (const float *logits,
         guint32     *heap,
         guint        n)
{
  guint32 moved = heap[n - 1];
  guint i = n - 1;

  while (i > 0 && goes_before (logits, heap[(i - 1) / 2], moved))
    {
      heap[i] = heap[(i - 1) / 2];
      i = (i - 1) / 2;
    }
  heap[i] = moved;
}

static int
compare_ids (const void *a,
             const void *b)
{
  guint32 id_a = *(const guint32 *) a;
  guint32 id_b = *(const guint32 *) b;

  return (id_a > id_b) - (id_a < id_b);
}

void
sotto_sampler_take_top_k (SottoSampler *self,
                          guint         k)
{
  const float *logits = self->logits;
  guint32 *heap = self->candidates.ids;
  guint n = 0;

  for (guint32 id = 0; id < self->n_vocabulary; id++)
    {
      /* A block that has nothing better is passed over. */
      if (id % BLOCK == 0
          && (self->block_best[id / BLOCK] == -INFINITY
              || (n == k && self->block_best[id / BLOCK] <= logits[heap[0]])))
        {
          id += BLOCK - 1;
          continue;
        }
      if (!is_possible (logits[id], self->candidates.best))
        continue;

      if (n < k)
        {
          heap[n++] = id;
          sift_up (logits, heap, n);
        }
      else if (logits[id] > logits[heap[0]])
        {
          heap[0] = id;
          sift_down (logits, heap, n);
        }
    }

  qsort (heap, n, sizeof heap[0], compare_ids);
  for (guint i = 0; i < n; i++)
    self->candidates.logits[i] = logits[heap[i]];
  self->candidates.n = n;
  make_finite (&self->candidates);
}
