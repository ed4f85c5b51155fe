/* The highest of a row of logits: their ids and values, in no order.
 *
 * Roof: launches. Logits are read twice, 1.2 MB of 150,000, from a cache of the second level; to bring them all to the
 * host takes 11 us on PCIe 5 and 50 us on 3, and going through them there another 100 us.
 *
 * Two grids. The first counts logits by the first 13 bits of a number that grows with them (sixteen steps from one
 * power of two to the next); the second looks from the top where enough have been counted, and takes all from that
 * step on: the highest that were asked for, and what shares a step with the last of them. Counts are integers, so that
 * the outcome is the same in any order; the order in which they are put down is not, and left to the host.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

#define N_THREADS 256
/* Of a thread. */
#define N_ELEMENTS 16
#define N_STEPS SOTTO_CUDA_BEST_COUNTS
#define STEPS_OF_THREAD (N_STEPS / N_THREADS)
#define STEP_SHIFT 19

static_assert (N_STEPS == 1u << (32 - STEP_SHIFT), "a count for every step");

/* Of a logit that can be taken: a step, higher where it is higher. Zeros are alike. */
DEVICE guint
step_of (float logit)
{
  const guint32 bits = logit == 0.0f ? 0u : to_bits (logit);

  return (bits >> 31 != 0 ? ~bits : bits | 0x80000000u) >> STEP_SHIFT;
}

/* Returns: whether it may come at all */
DEVICE bool
get_step (const SottoCudaBest &a, guint id, guint *step)
{
  float logit;

  if (id >= a.n)
    return false;
  if (a.mask != NULL && (id / 32 >= a.n_mask_words || (load (&a.mask[id / 32]) >> id % 32 & 1) == 0))
    return false;
  logit = load (&a.logits[id]);
  *step = step_of (logit);
  return logit == logit && logit != -INFINITY;
}

DEVICE guint
get_id (guint element)
{
  return (block_index () * N_ELEMENTS + element) * N_THREADS + thread_index ();
}

KERNEL (N_THREADS)
best_count_kernel (const SottoCudaBest a)
{
  previous_wait ();

  SHARED (guint32, counts, [N_STEPS]);

  for (guint i = thread_index (); i < N_STEPS; i += N_THREADS)
    counts[i] = 0;
  block_barrier ();
  for (guint j = 0; j < N_ELEMENTS; j++)
    {
      guint step;

      if (get_step (a, get_id (j), &step))
        atomic_add (&counts[step], 1);
    }
  block_barrier ();
  for (guint i = thread_index (); i < N_STEPS; i += N_THREADS)
    if (counts[i] > 0)
      atomic_add (&a.counts[i], counts[i]);
}

/* How many are in the threads' steps before this one's, by sums of warps. */
DEVICE guint
count_before (guint sum)
{
  SHARED (guint32, sums, [N_THREADS / N_LANES]);
  guint before = 0, all = sum;

  for (guint distance = 1; distance < N_LANES; distance *= 2)
    {
      const guint other = warp_shuffle (all, lane_index () >= distance ? lane_index () - distance : 0);

      all += lane_index () >= distance ? other : 0;
    }
  if (lane_index () == N_LANES - 1)
    sums[warp_index ()] = all;
  block_barrier ();
  for (guint i = 0; i < warp_index (); i++)
    before += sums[i];
  return before + all - sum;
}

KERNEL (N_THREADS)
best_take_kernel (const SottoCudaBest a)
{
  previous_wait ();

  SHARED (guint32, lowest, [1]);
  /* The first thread has the highest steps. */
  const guint end = N_STEPS - thread_index () * STEPS_OF_THREAD;
  guint sum = 0, before;

  if (thread_index () == 0)
    lowest[0] = 0;
  for (guint i = 1; i <= STEPS_OF_THREAD; i++)
    sum += load_coherent (&a.counts[end - i]);
  before = count_before (sum);
  if (before < a.n_best && before + sum >= a.n_best)
    {
      guint step = end;

      while (before < a.n_best)
        before += load_coherent (&a.counts[--step]);
      lowest[0] = step;
    }
  block_barrier ();

  for (guint j = 0; j < N_ELEMENTS; j++)
    {
      const guint id = get_id (j);
      guint step;

      if (get_step (a, id, &step) && step >= lowest[0])
        {
          const guint place = atomic_add (&a.found[0], 1);

          if (place < a.n_most)
            {
              a.found[1 + 2 * place] = id;
              a.found[2 + 2 * place] = to_bits (load (&a.logits[id]));
            }
        }
    }
}

gboolean
sotto_cuda_best (SottoCudaDevice *self, const SottoCudaBest *arguments)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->n, N_THREADS * N_ELEMENTS);
  shape.n_threads = N_THREADS;
  return sotto_cuda_clear (self, arguments->counts, N_STEPS * sizeof (guint32))
         && sotto_cuda_clear (self, arguments->found, sizeof (guint32))
         && launch (self, "best, counting", shape, best_count_kernel, *arguments)
         && launch (self, "best, taking", shape, best_take_kernel, *arguments);
}
