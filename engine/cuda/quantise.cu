/* Rows of floats in the forms that products read (SottoCudaOperand): int8 in pairs for a few rows, halves for many.
 *
 * Roof: memory; 4 bytes are read and about 2.3 written an element. A row of 4,096 is 26 KB, 8 ns of an H100's bandwidth, so
 * that it is the launch that costs: what an activation leaves is quantised in its launch (gate.cu).
 *
 * 15.99 bits, and as exact as the sums are: |256 high + low| is at most 32,512 = 256 * 127, so that high stays an int8.
 */

#include "cuda/quantise.h"
#include "cuda/halves.h"
#include "cuda/operations.h"

#define N_THREADS 128
/* The exponent that halves get: half of what they hold, so that no rounding leaves them. */
#define HALF_EXPONENT 14

/* A warp makes a block. */
KERNEL (N_THREADS)
quantise_few_kernel (const SottoCudaOperand a)
{
  previous_wait ();

  const guint n_blocks = a.n_columns_padded / QUANTISE_BLOCK;
  const guint index = block_index () * (N_THREADS / N_LANES) + warp_index ();
  const bool is_there = index < a.n_rows * n_blocks;
  const guint column = index % n_blocks * QUANTISE_BLOCK + lane_index ();
  float x = 0.0f;

  if (is_there && column < a.n_columns)
    x = a.values[index / n_blocks * a.values_stride + column];
  quantise_block (a, index, is_there, x);
}

/* A block makes a row: its power of two, then its halves. */
KERNEL (N_THREADS)
quantise_many_kernel (const SottoCudaOperand a)
{
  previous_wait ();

  const guint row = block_index ();
  const float *x = a.values + row * a.values_stride;
  float highest = 0.0f;
  guint exponent;
  float times;

  for (guint i = thread_index (); i < a.n_columns; i += N_THREADS)
    highest = fmaxf (highest, fabsf (x[i]));
  highest = block_max (highest);
  /* highest * times lies between 2^14 and 2^15; times is a normal number, and so is its inverse */
  exponent = to_bits (highest) >> 23 & 255;
  exponent = exponent < 16 ? 16 : exponent > 240 ? 240 : exponent;
  times = from_bits<float> ((2 * 127 + HALF_EXPONENT - exponent) << 23);
  for (guint i = thread_index (); i < a.n_columns_padded; i += N_THREADS)
    a.halves[(gsize) chunk_of_operand (a, row, i / CHUNK) * CHUNK + i % CHUNK]
      = i < a.n_columns ? float_to_half (x[i] * times).bits : (guint16) 0;
  if (thread_index () == 0)
    a.row_scales[row] = from_bits<float> ((exponent - HALF_EXPONENT) << 23);
}

gboolean
sotto_cuda_quantise (SottoCudaDevice *self, const SottoCudaOperand *operand)
{
  const guint n_blocks = operand->n_columns_padded / QUANTISE_BLOCK;
  Shape shape = {};

  shape.n_threads = N_THREADS;
  if (operand->high == NULL)
    {
      shape.n_blocks = operand->n_rows;
      return launch (self, "quantise to halves", shape, quantise_many_kernel, *operand);
    }
  shape.n_blocks = ceil_divide ((gsize) operand->n_rows * n_blocks, N_THREADS / N_LANES);
  return launch (self, "quantise", shape, quantise_few_kernel, *operand);
}
