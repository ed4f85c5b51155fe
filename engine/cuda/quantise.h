#pragma once

/* A few rows as pairs of int8, block by block (quantise.cu says what bounds it): for whoever has the elements already. */

#include "cuda/device.h"

#define QUANTISE_BLOCK 32
#define QUANTISE_HIGHEST 32512

/* By a whole warp, each lane with its element x of the block: where it lies in the operand, block after block of row after
 * row, or that there is no such block. */
DEVICE void
quantise_block (const SottoCudaOperand &a, guint index, bool is_there, float x)
{
  /* Bits of floats without a sign are in the floats' order, and what is no number is above: it makes the scale none. */
  const float highest = from_bits<float> (warp_max (to_bits (fabsf (x))));
  const float scale = highest / QUANTISE_HIGHEST;
  /* A scale that is hardly a number any more may be far from what it should be. */
  int step = scale > 0.0f ? round_to_int (fminf (fmaxf (x / scale, -QUANTISE_HIGHEST), QUANTISE_HIGHEST)) : 0;
  const int high = (step + 128) >> 8;

  if (is_there)
    {
      const gsize at = (gsize) index * QUANTISE_BLOCK + lane_index ();

      a.high[at] = (gint8) high;
      a.low[at] = (gint8) (step - 256 * high);
    }
  step = warp_sum (step);
  if (is_there && lane_index () == 0)
    {
      a.scales[index] = scale;
      a.sums[index] = scale * (float) step;
    }
}
