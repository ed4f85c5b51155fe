/* Kernels that are wrong with products by four warps and copies in bulk, each in one way, for the emulation to find; see probe.h.
 * Never run on a device. */

#include "cuda/device.h"
#include "probe.h"

#define N_THREADS 128
#define N 128
#define TILE_BYTES (N * 128)
#define HALVES (TILE_BYTES / 2)

KERNEL (N_THREADS)
probe_quad_fault_kernel (const ProbeQuadFaulty p)
{
  previous_wait ();

  SHARED (guint64, arrivals, [2]);
  SHARED_TILES (Half, tiles);
  const guint i = thread_index ();
  const ProbeQuadFault fault = p.fault;
  Half *own = tiles, *brought = tiles + HALVES;
  float sums[N / 2], early = 0.0f;

  if (i == 0)
    bulk_init (&arrivals[0], 1);
  block_barrier ();
  if (i == 0)
    {
      const int other = fault == PROBE_QUAD_TOO_FEW_BYTES    ? 16
                        : fault == PROBE_QUAD_TOO_MANY_BYTES ? -16
                        : fault == PROBE_QUAD_UNCOUNTED      ? 1 << 20
                                                             : 0;

      if (fault == PROBE_QUAD_COPIED_OVER)
        brought[HALVES - 1] = {0};
      if (fault != PROBE_QUAD_NO_EXPECT)
        bulk_expect (&arrivals[0], TILE_BYTES + other);
      if (fault == PROBE_QUAD_TWO_EXPECT)
        bulk_expect (&arrivals[0], 0);
      bulk_copy (brought, p.halves, TILE_BYTES, &arrivals[fault == PROBE_QUAD_NOT_MADE]);
    }
  for (guint k = 0; k < 64; k++)
    own[i * 64 + k] = {0x3c00};
  if (fault != PROBE_QUAD_NO_PROXY_FENCE && fault != PROBE_QUAD_LATE_PROXY_FENCE)
    proxy_fence ();
  if (fault != PROBE_QUAD_BROUGHT_LATE && fault != PROBE_QUAD_NO_BULK_WAIT)
    bulk_wait (&arrivals[0], fault == PROBE_QUAD_OTHER_PARITY);
  if (fault != PROBE_QUAD_NO_BARRIER)
    block_barrier ();
  if (fault == PROBE_QUAD_LATE_PROXY_FENCE)
    proxy_fence ();

  guint64 a = quad_matrix (own, 0, 1024, 1), b = quad_matrix (brought, 0, 1024, 1);

  a |= fault == PROBE_QUAD_OTHER_BITS ? (guint64) 1 << 53 : 0;
  a += fault == PROBE_QUAD_BEHIND_ROW ? 7 : 0;
  b += fault == PROBE_QUAD_BEHIND_SHARED ? 64 * 8 : 0;
  b += fault == PROBE_QUAD_OTHER_LANE && lane_index () == 5 ? 2 : 0;
  quad_clear (sums);
  if (fault != PROBE_QUAD_NO_BEGIN)
    quad_begin ();
  quad_multiply (sums, a, b, false);
  if (fault != PROBE_QUAD_NO_COMMIT)
    quad_commit ();
  if (fault == PROBE_QUAD_BROUGHT_LATE)
    bulk_wait (&arrivals[0], 0);
  if (fault == PROBE_QUAD_BROUGHT_OVER && i == 0)
    {
      bulk_expect (&arrivals[0], TILE_BYTES);
      bulk_copy (brought, p.halves, TILE_BYTES, &arrivals[0]);
    }
  if (fault == PROBE_QUAD_READ_EARLY)
    early = sums[5];
  if (fault == PROBE_QUAD_WRITTEN_EARLY && i == 77)
    sums[5] = 0.0f;
  if (fault == PROBE_QUAD_CHANGED_EARLY)
    {
      block_barrier ();
      own[i] = {0};
    }
  if (fault == PROBE_QUAD_WAIT_TOO_SHORT)
    quad_wait<1> (sums);
  else if (fault != PROBE_QUAD_NO_WAIT)
    quad_wait<0> (sums);
  if (fault == PROBE_QUAD_OVERWRITTEN)
    own[i ^ 32] = {0};
  if (fault == PROBE_QUAD_READ_EARLY)
    sums[5] = early;
  p.y[i] = sums[5];
}

extern "C" __attribute__ ((visibility ("default"))) gboolean
probe_quad_fault (SottoCudaDevice *device, const ProbeQuadFaulty *arguments)
{
  Shape shape = {1, 0, 0, N_THREADS};

  shape.shared_bytes = 2 * TILE_BYTES + (arguments->fault == PROBE_QUAD_ODD_TILES ? 16 : 0);
  return launch (device, "probe_quad_fault", shape, probe_quad_fault_kernel, *arguments);
}
