/* Kernels that try mma and ldmatrix; see probe.h. */

#include "cuda/device.h"
#include "probe.h"

/* A row of shared memory: 16 halves or 32 bytes, and 16 bytes so that rows lie in different
 * banks. */
#define ROW_WORDS 12

/* Fragments as device.h describes them: word (row, column) of a row-major matrix of 8 words a
 * row. */
DEVICE void
gather (const guint32 *a, const guint32 *b, guint32 *fragment_a, guint32 *fragment_b)
{
  const guint group = lane_index () / 4, i = lane_index () % 4;

  for (guint r = 0; r < 4; r++)
    fragment_a[r] = a[(group + 8 * (r % 2)) * 8 + i + 4 * (r / 2)];
  for (guint r = 0; r < 2; r++)
    fragment_b[r] = b[group * 8 + i + 4 * r];
}

DEVICE void
multiply (ProbeMma kind, void *d, const guint32 *a, const guint32 *b)
{
  const guint group = lane_index () / 4, i = lane_index () % 4;
  const guint first = group * 8 + 2 * i, second = first + 64;

  if (kind == PROBE_MMA_INT8)
    {
      int *to = (int *) d;
      int sums[4] = {to[first], to[first + 1], to[second], to[second + 1]};

      mma_int8 (sums, a, b);
      to[first] = sums[0];
      to[first + 1] = sums[1];
      to[second] = sums[2];
      to[second + 1] = sums[3];
    }
  else
    {
      float *to = (float *) d;
      float sums[4] = {to[first], to[first + 1], to[second], to[second + 1]};

      if (kind == PROBE_MMA_BFLOAT)
        mma_bfloat (sums, a, b);
      else
        mma_half (sums, a, b);
      to[first] = sums[0];
      to[first + 1] = sums[1];
      to[second] = sums[2];
      to[second + 1] = sums[3];
    }
}

KERNEL (32)
probe_matrix_kernel (const ProbeMatrix p)
{
  previous_wait ();

  SHARED (Words4, left_rows, [16 * ROW_WORDS / 4]);
  SHARED (Words4, right_rows, [8 * ROW_WORDS / 4]);
  guint32 *left = (guint32 *) left_rows, *right = (guint32 *) right_rows;
  const guint lane = lane_index ();
  const guint32 *a = (const guint32 *) p.a, *b = (const guint32 *) p.b;
  guint32 fragment_a[4], fragment_b[2];

  if (p.is_direct)
    gather (a, b, fragment_a, fragment_b);
  else
    {
      for (guint i = lane; i < 128; i += N_LANES)
        left[i / 8 * ROW_WORDS + i % 8] = a[i];
      for (guint i = lane; i < 64; i += N_LANES)
        right[i / 8 * ROW_WORDS + i % 8] = b[i];
      block_barrier ();
      /* Matrices 0 and 1: the upper and lower rows of the first columns; 2 and 3: of the last. Of
       * the transpose the rows are columns. */
      if (p.kind == PROBE_MMA_HALF_TURNED)
        matrix_load_4_turned (fragment_a, &left[(lane % 8 + lane / 16 * 8) * ROW_WORDS + lane / 8 % 2 * 4]);
      else
        matrix_load_4 (fragment_a, &left[lane % 16 * ROW_WORDS + lane / 16 * 4]);
      matrix_load_2 (fragment_b, &right[lane % 8 * ROW_WORDS + lane / 8 % 2 * 4]);
    }
  multiply (p.kind, p.d, fragment_a, fragment_b);
}

extern "C" __attribute__ ((visibility ("default"))) gboolean
probe_matrix (SottoCudaDevice *device, const ProbeMatrix *arguments)
{
  Shape shape = {1, 0, 0, 32, 0};

  return launch (device, "probe_matrix", shape, probe_matrix_kernel, *arguments);
}
