/* Kernels that try every wrapper but mma; see probe.h. */

#include "cuda/device.h"
#include "probe.h"

#define EXPORT extern "C" __attribute__ ((visibility ("default"))) gboolean

DEVICE void
put (const ProbeWarp &p, ProbeResult which, guint32 value)
{
  p.results[which * PROBE_N_THREADS + thread_index ()] = value;
}

DEVICE void
try_warp (const ProbeWarp &p, guint32 a, guint32 b, float x)
{
  guint lane = lane_index ();
  guint64 both = a | ((guint64) b << 32);

  put (p, PROBE_SHUFFLE, warp_shuffle (a, (7 * lane + 3) % 32));
  put (p, PROBE_SHUFFLE_XOR, warp_shuffle_xor (a, 5));
  both = warp_shuffle (both, 31 - lane);
  put (p, PROBE_SHUFFLE_8, (guint32) both ^ (guint32) (both >> 32));
  put (p, PROBE_BALLOT, warp_ballot (a % 2 == 1));
  put (p, PROBE_ANY, warp_any (a % 61 == 0));
  put (p, PROBE_ALL, warp_all (a % 61 != 0));
  put (p, PROBE_SUM_FLOAT, to_bits (warp_sum (x)));
  put (p, PROBE_SUM_OF_8, warp_sum<8> (a));
  put (p, PROBE_MAX_FLOAT, to_bits (warp_max (x)));
  put (p, PROBE_MIN_OF_16, warp_min<16> (a));
}

DEVICE void
try_block (const ProbeWarp &p, guint32 a, float x)
{
  SHARED (guint32, passed, [64]);
  guint32 got = 0;

  put (p, PROBE_BLOCK_SUM, to_bits (block_sum (x)));
  put (p, PROBE_BLOCK_MAX, block_max (a));
  if (warp_index () < 2)
    {
      passed[thread_index ()] = a;
      block_barrier_some (1, 64);
      got = passed[(thread_index () + 32) % 64];
    }
  put (p, PROBE_BARRIER_SOME, got);
}

DEVICE void
try_numbers (const ProbeWarp &p, guint32 a, guint32 b, guint32 c, float x, float y, float z)
{
  put (p, PROBE_DOT4, (guint32) dot4 ((int) a, (int) b, (int) c));
  put (p, PROBE_DOT4_MIXED, (guint32) dot4_mixed (a, (int) b, (int) c));
  put (p, PROBE_SELECT_BYTES, select_bytes (a, b, c & 0x7777));
  put (p, PROBE_ROUND, (guint32) round_to_int (x));
  put (p, PROBE_TO_HALF, float_to_half (x).bits);
  put (p, PROBE_FROM_HALF, to_bits (half_to_float (Half {(guint16) a})));
  put (p, PROBE_PACK, halves_pack (x, y));
  put (p, PROBE_HALVES_FUSED, halves_fused (a, b, c));
  put (p, PROBE_HALVES_MULTIPLY, halves_multiply (a, b));
  put (p, PROBE_HALVES_ADD, halves_add (a, b));
  put (p, PROBE_BFLOAT, to_bits (bfloat_to_float ((guint16) a)));
  put (p, PROBE_FUSED, to_bits (fused (x, y, z)));
  put (p, PROBE_EXP, to_bits (sotto_exp (x)));
  put (p, PROBE_SILU, to_bits (sotto_silu (x)));
  put (p, PROBE_TANH, to_bits (sotto_tanh (x)));
  put (p, PROBE_DIVIDE, to_bits (x / y));
  put (p, PROBE_ROOT, to_bits (sqrtf (fabsf (x))));
  put (p, PROBE_MULTIPLY_ADD, to_bits (x * y + z));
}

DEVICE void
try_memory (const ProbeWarp &p)
{
  const guint index = thread_index ();
  SHARED (guint32, brought, [4][PROBE_N_THREADS]);
  SHARED (Words4, wide, [PROBE_N_THREADS / 4]);
  Words4 words = load ((const Words4 *) p.a + index / 4);
  Words4 again = load_once ((const Words4 *) p.a + index / 4);
  Words2 few = load ((const Words2 *) p.b + index / 2);

  words.x ^= words.y ^ words.z ^ words.w;
  words.x += again.x + load_coherent (&p.a[index]) + few.x + few.y;
  if (index < PROBE_N_THREADS / 4)
    async_copy_16 (&wide[index], (const Words4 *) p.c + index);
  for (guint i = 0; i < 4; i++)
    {
      async_copy_4 (&brought[i][index], &p.a[(5 * index + i) % PROBE_N_THREADS], (index + i) % 7 != 0);
      async_commit ();
    }
  async_wait<1> ();
  block_barrier ();
  words.x += wide[index / 4].x ^ wide[index / 4].w;
  put (p, PROBE_LOAD_16, words.x);
  put (p, PROBE_ASYNC, brought[0][index] + 3 * brought[1][(index + 1) % PROBE_N_THREADS] + 5 * brought[2][index]);
  async_wait<0> ();
}

KERNEL (PROBE_N_THREADS)
probe_warp_kernel (const ProbeWarp p)
{
  previous_wait ();

  const guint index = thread_index ();
  guint32 a = load (&p.a[index]), b = load (&p.b[index]), c = load (&p.c[index]);
  float x = load (&p.x[index]), y = load (&p.y[index]), z = load (&p.z[index]);

  try_warp (p, a, b, x);
  try_block (p, a, x);
  try_numbers (p, a, b, c, x, y, z);
  try_memory (p);
}

EXPORT
probe_warp (SottoCudaDevice *device, const ProbeWarp *arguments)
{
  Shape shape = {1, 0, 0, PROBE_N_THREADS, 0};

  return launch (device, "probe_warp", shape, probe_warp_kernel, *arguments);
}

KERNEL (64)
probe_atomics_kernel (const ProbeAtomics p)
{
  previous_wait ();

  SHARED (guint32, is_last, [1]);
  guint32 sum = warp_sum (thread_index () * block_index ());

  if (thread_index () == 0)
    {
      p.partials[block_index ()] = sum;
      memory_fence ();
      atomic_max (p.result + 1, block_index () + 1);
      is_last[0] = atomic_add (p.counter, 1) == n_blocks () - 1;
    }
  block_barrier ();
  if (is_last[0] && thread_index () == 0)
    {
      sum = 0;
      for (guint i = 0; i < n_blocks (); i++)
        sum += load_coherent (&p.partials[i]);
      p.result[0] = sum;
      atomic_exchange (p.counter, 0);
    }
}

EXPORT
probe_atomics (SottoCudaDevice *device, const ProbeAtomics *arguments)
{
  Shape shape = {arguments->n_blocks, 0, 0, 64, 0};

  return launch (device, "probe_atomics", shape, probe_atomics_kernel, *arguments);
}

KERNEL (1024)
probe_speed_kernel (const ProbeSpeed p)
{
  previous_wait ();

  float sum = (float) thread_index ();

  for (guint i = 0; i < p.n_collectives; i++)
    sum = warp_sum (sum) * 0.03125f;
  if (block_index () == 0)
    p.y[thread_index ()] = sum;
}

EXPORT
probe_speed (SottoCudaDevice *device, const ProbeSpeed *arguments)
{
  Shape shape = {arguments->n_blocks, 0, 0, arguments->n_threads, 0};

  return launch (device, "probe_speed", shape, probe_speed_kernel, *arguments);
}
