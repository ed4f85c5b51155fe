/* Kernels that try products by four warps and copies in bulk; see probe.h. */

#include "cuda/device.h"
#include "probe.h"

#define N_THREADS 128
#define K 16               /* columns of a product */

typedef struct {
  ProbeQuad p;
  guint n_a, n_b;          /* bytes of the images, to a multiple of 1,024 */
} Arguments;

/* Where device.h says that they are. */
template <int N>
DEVICE void
leave (float *d, const float (&sums)[N / 2])
{
  const guint lane = lane_index (), row = warp_index () * 16 + lane / 4;

UNROLL
  for (guint j = 0; j < N / 8; j++)
UNROLL
    for (guint e = 0; e < 4; e++)
      d[(row + e / 2 * 8) * N + j * 8 + lane % 4 * 2 + e % 2] = sums[4 * j + e];
}

template <int N>
KERNEL (N_THREADS)
probe_quad_kernel (const Arguments a)
{
  previous_wait ();

  const ProbeQuad &p = a.p;
  SHARED (guint64, arrivals, [2]);
  SHARED_TILES (guint8, tiles);
  float sums[N / 2];

  if (thread_index () < 2)
    bulk_init (&arrivals[thread_index ()], 1);
  block_barrier ();
  /* The second half of one image by another phase of the same arrival. */
  for (guint phase = 0; phase < 2; phase++)
    {
      if (thread_index () == 0)
        {
          bulk_expect (&arrivals[0], a.n_a / 2);
          bulk_copy (tiles + phase * a.n_a / 2, p.a + phase * a.n_a / 2, a.n_a / 2, &arrivals[0]);
        }
      bulk_wait (&arrivals[0], phase);
      /* Nobody is two phases behind. */
      block_barrier ();
    }
  if (thread_index () == 0)
    bulk_expect (&arrivals[1], a.n_b);
  warp_barrier ();
  if (warp_index () == 0)
    bulk_copy (tiles + a.n_a + lane_index () * (a.n_b / N_LANES), p.b + lane_index () * (a.n_b / N_LANES), a.n_b / N_LANES, &arrivals[1]);
  bulk_wait (&arrivals[1], 0);
  block_barrier ();

  const guint64 from_a = quad_matrix (tiles + p.offset, p.leading, p.stride, p.mode) | (guint64) p.base << 49;
  const guint64 from_b = quad_matrix (tiles + a.n_a, p.leading, p.stride, p.mode);

  quad_clear (sums);
  quad_begin ();
  for (guint i = 0; i < p.n_products; i++)
    quad_multiply (sums, from_a + i * (2 * K / 16), from_b + i * (2 * K / 16), i > 0);
  quad_commit ();
  quad_wait<0> (sums);
  leave<N> (p.d, sums);
}

extern "C" __attribute__ ((visibility ("default"))) gboolean
probe_quad (SottoCudaDevice *device, const ProbeQuad *arguments)
{
  Arguments a = {*arguments, (arguments->offset + arguments->n_a + 1023) / 1024 * 1024, (arguments->n_b + 1023) / 1024 * 1024};
  Shape shape = {1, 0, 0, N_THREADS};

  shape.shared_bytes = a.n_a + a.n_b;
  return arguments->n == 256 ? launch (device, "probe_quad", shape, probe_quad_kernel<256>, a)
                             : launch (device, "probe_quad", shape, probe_quad_kernel<128>, a);
}
