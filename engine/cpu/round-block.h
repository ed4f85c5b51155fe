#pragma once

#include "cpu/kernels.h"

/* A block of 32 columns of activations as integers, over lanes; what pack-few.h and pack-many.h begin with. */

#define ROUND_BLOCK 32

/* A block whose highest magnitude is below this is taken as zeros: the inverse of its scale would
 * not be finite. */
#define ROUND_SMALLEST 1e-30f

/* The block's steps, of which its highest magnitude has most. Leaves them in low and high, too, as floats. Returns
 * their scale. */
static inline float
round_block (float most, Lanes *low, Lanes *high, gint16 steps[ROUND_BLOCK])
{
  float highest = lanes_highest (lanes_maximum (lanes_absolute (*low), lanes_absolute (*high)));
  Lanes inverse = lanes_all (highest < ROUND_SMALLEST ? 0.0f : most / highest);
  Lanes rounder = lanes_all (SOTTO_ROUNDER);

  *low = lanes_subtract (lanes_add (lanes_multiply (*low, inverse), rounder), rounder);
  *high = lanes_subtract (lanes_add (lanes_multiply (*high, inverse), rounder), rounder);
  lanes_store_steps (steps, *low);
  lanes_store_steps (steps + LANES, *high);
  return highest < ROUND_SMALLEST ? 0.0f : highest / most;
}
