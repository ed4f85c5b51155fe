/* Kernels that are wrong, each in one way, for the emulation to find; see probe.h. Never run on a
 * device. */

#include "cuda/device.h"
#include "probe.h"

#define N 64

DEVICE float
collective_fault (ProbeFault fault, float x)
{
  switch (fault)
    {
    case PROBE_DIVERGENT_COLLECTIVE:
      if (lane_index () < 16)
        return warp_sum (x);
      return warp_max (x);
    case PROBE_EARLY_RETURN:
      return lane_index () == 7 ? x : warp_shuffle (x, lane_index ());
    case PROBE_LATE_RETURN:
      x = warp_shuffle (x, lane_index ());
      return lane_index () == 0 ? x : warp_shuffle (x, lane_index ());
    case PROBE_LONELY_BARRIER:
      if (warp_index () == 1)
        block_barrier ();
      return x;
    case PROBE_TWO_BARRIERS:
      if (warp_index () == 1)
        block_barrier ();
      else
        block_barrier ();
      return x;
    default:
      return x;
    }
}

DEVICE float
shared_fault (const ProbeFaulty &p)
{
  SHARED (float, tile, [N]);
  SHARED (float, other, [N]);
  SHARED_DYNAMIC (float, dynamic);
  const guint i = thread_index ();

  if (p.fault == PROBE_SHARED_BEHIND)
    tile[i + 1] = p.x[i];
  else if (p.fault == PROBE_DYNAMIC_BEHIND)
    {
      dynamic[i + 1] = p.x[i];
      return dynamic[i];
    }
  else if (p.fault == PROBE_NO_WAIT || p.fault == PROBE_WAIT_TOO_SHORT || p.fault == PROBE_NO_COMMIT)
    {
      async_copy_4 (&tile[i], &p.x[i]);
      if (p.fault != PROBE_NO_COMMIT)
        async_commit ();
      if (p.fault == PROBE_WAIT_TOO_SHORT)
        async_wait<1> ();
      if (p.fault == PROBE_NO_COMMIT)
        async_wait<0> ();
    }
  else if (p.fault != PROBE_UNWRITTEN_SHARED || i != 17)
    tile[i] = p.x[i];
  other[i] = 0.0f;
  if (p.fault != PROBE_NO_BARRIER)
    block_barrier ();
  /* What another warp has left. */
  return tile[(i + N / 2) % N] + other[i];
}

DEVICE float
other_fault (const ProbeFaulty &p)
{
  guint32 r[4];

  if (p.fault == PROBE_MORE_THAN_UNASKED)
    {
      SHARED (float, large, [5 * 1024]);

      large[thread_index ()] = p.x[thread_index ()];
      return large[thread_index ()];
    }
  matrix_load_4 (r, p.x + lane_index () % 16 * 4);
  return from_bits<float> (r[0]);
}

DEVICE float
deep (volatile float *x, guint depth)
{
  volatile float big[256];

  big[depth % 256] = *x;
  return depth == 0 ? *x : big[depth % 256] + deep (big, depth - 1);
}

DEVICE float
global_fault (const ProbeFaulty &p)
{
  const guint i = thread_index ();
  const guint behind = i == 33 ? p.n : i;

  switch (p.fault)
    {
    case PROBE_READ_BEHIND:
      return load (&p.x[behind]);
    case PROBE_READ_FAR:
      return load (&p.x[i == 33 ? 1 << 28 : i]);
    case PROBE_WRITE_BEHIND:
      p.y[behind] = 1.0f;
      return p.x[i];
    case PROBE_WRITE_BEFORE:
      *(p.y + i - 1) = 1.0f;
      return p.x[i];
    case PROBE_MISALIGNED:
      return load ((const Floats4 *) (p.x + (i == 33 ? 1 : 0))).x;
    case PROBE_FULL_STACK:
      {
        volatile float x = p.x[i];

        return i == 33 ? deep (&x, 1000) : x;
      }
    default:
      return p.x[i];
    }
}

KERNEL (N)
probe_fault_kernel (const ProbeFaulty p)
{
  const guint i = thread_index ();
  float x = 0.0f;

  if (p.fault == PROBE_READ_BEFORE_WAIT)
    x = *(const volatile float *) &p.x[i];
  if (p.fault == PROBE_WRITE_BEFORE_WAIT)
    p.y[i] = x;
  if (p.fault == PROBE_LOAD_BEFORE_WAIT && i == 40)
    x = load (&p.x[i]);
  if (p.fault == PROBE_NO_PREVIOUS_WAIT)
    return;
  previous_wait ();
  if (p.fault == PROBE_EARLY_RETURN && i == 40)
    return;
  if (p.fault == PROBE_MORE_THAN_UNASKED || p.fault == PROBE_MATRIX_ELSEWHERE)
    x = other_fault (p);
  else if (p.fault >= PROBE_READ_BEHIND && p.fault != PROBE_SHARED_BEHIND && p.fault != PROBE_DYNAMIC_BEHIND)
    x = global_fault (p);
  else
    {
      x = collective_fault (p.fault, p.x[i]);
      if (p.fault >= PROBE_UNWRITTEN_SHARED)
        x = shared_fault (p);
    }
  p.y[i] = x;
}

extern "C" __attribute__ ((visibility ("default"))) gboolean
probe_fault (SottoCudaDevice *device, const ProbeFaulty *arguments)
{
  Shape shape = {3, 0, 0, N};

  if (arguments->fault == PROBE_DYNAMIC_BEHIND)
    shape.shared_bytes = N * sizeof (float);
  if (arguments->fault == PROBE_MORE_THAN_UNASKED)
    shape.shared_bytes = 32 * 1024;
  if (arguments->fault == PROBE_TOO_MUCH_SHARED)
    shape.shared_bytes = 228 * 1024;
  if (arguments->fault == PROBE_ODD_BLOCK)
    shape.n_threads = N - 4;
  return launch (device, "probe_fault", shape, probe_fault_kernel, *arguments);
}
