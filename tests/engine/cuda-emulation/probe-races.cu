/* Kernels that leave it to chance who comes first, each in one way, for races.cc to find; see probe.h. Never run on a device. */

#include "cuda/device.h"
#include "probe.h"

#define N 64

/* In shared memory. Returns: what the thread read there */
DEVICE float
race_of_block (const ProbeRacing &p)
{
  SHARED (Words4, words, [N / 4]);
  float *tile = reinterpret_cast<float *> (words);
  const guint i = thread_index ();
  float x = load (&p.x[i]);

  if (p.race == PROBE_RACE_COPY_NOT_MET)
    {
      async_copy_4 (&tile[i], &p.x[i]);
      async_commit ();
      async_wait<0> ();
      return tile[i ^ 1];
    }
  tile[i] = x;
  switch (p.race)
    {
    case PROBE_RACE_NO_WARP_BARRIER:
      return tile[i ^ 1];
    case PROBE_RACE_SHUFFLE_FOR_BARRIER:
      x = warp_shuffle (x, 0);
      return tile[i ^ 1] + x;
    case PROBE_RACE_WARP_FOR_BLOCK:
      warp_barrier ();
      return tile[(i + N / 2) % N];
    case PROBE_RACE_SOME_OF_THEM:
      block_barrier_some (1 + warp_index (), N_LANES);
      return tile[(i + N / 2) % N];
    case PROBE_RACE_MATRIX:
      {
        guint32 r[4];

        matrix_load_4 (r, &tile[4 * (i % (N / 4))]);
        return from_bits<float> (r[0]);
      }
    default:
      break;
    }
  block_barrier ();
  if (p.race == PROBE_RACE_SHARED_ASKEW)
    *reinterpret_cast<Floats2 *> (&tile[2 * (i % 16) + 1]) = {x, x};
  x = tile[(i + N / 2) % N];
  if (p.race == PROBE_RACE_READ_AND_OVERWRITTEN)
    tile[i] = 0.0f;
  if (p.race == PROBE_RACE_COPY_OVER_READ)
    {
      async_copy_4 (&tile[i], &p.x[i]);
      async_commit ();
      async_wait<0> ();
    }
  /* Right: all, then each half of the block by a barrier of its own, then each warp. */
  block_barrier ();
  tile[i] = x;
  block_barrier_some (1 + warp_index (), N_LANES);
  x = tile[i ^ 1];
  warp_barrier ();
  tile[i ^ 2] = x;
  warp_barrier ();
  return tile[i ^ 3];
}

KERNEL (N)
probe_race_kernel (const ProbeRacing p)
{
  const guint i = thread_index (), at = block_index () * N + i;
  float early = 0.0f;

  if (p.race == PROBE_RACE_BEFORE_WAIT && i == 40)
    early = p.x[i];
  if (p.race == PROBE_RACE_PREFETCH)
    prefetch (p.x + i + 1);
  previous_wait ();

  if (p.race == PROBE_RACE_BLOCKS)
    p.y[i] = 0.0f;
  else
    p.y[at] = race_of_block (p) + early;
  if (p.race == PROBE_RACE_ASKEW)
    {
      const Floats4 four = *reinterpret_cast<const Floats4 *> (&p.x[i % 32 + 1]);

      p.y[at] = four.x + four.w;
    }
  if (p.race == PROBE_RACE_CONSTANT_READ)
    p.y[at] = load (&p.y[at]);
  if (p.race == PROBE_RACE_CONSTANT_WRITTEN)
    *const_cast<float *> (&p.x[i]) = 0.0f;
  memory_fence ();
  block_barrier ();
  if (i == 0)
    atomic_add (p.counter, 1);
  if (p.race == PROBE_RACE_BLOCKS_PLAINLY)
    p.y[at] = p.y[(at + N) % (3 * N)];
  else if (p.race == PROBE_RACE_NONE)
    p.y[at] = load_coherent (&p.y[(at + N) % (3 * N)]);
}

extern "C" __attribute__ ((visibility ("default"))) gboolean
probe_race (SottoCudaDevice *device, const ProbeRacing *arguments)
{
  Shape shape = {3, 0, 0, N};

  return launch (device, "probe_race", shape, probe_race_kernel, *arguments);
}
