#pragma once

#include "cpu/kernels.h"

/* Activations as integers, over lanes; what pack-few.h, by blocks of 32 columns, and pack-many.h begin with. */

#define ROUND_BLOCK 32

/* Columns whose highest magnitude is below this are taken as zeros: the inverse of their scale would
 * not be finite. */
#define ROUND_SMALLEST 1e-30f

/* How many steps a number has, and a step in numbers, where the highest magnitude has most. */
static inline float
round_inverse (float most, float highest)
{
  return highest < ROUND_SMALLEST ? 0.0f : most / highest;
}

static inline float
round_scale (float most, float highest)
{
  return highest < ROUND_SMALLEST ? 0.0f : highest / most;
}

/* Returns: the steps as floats */
static inline Lanes
round_lanes (Lanes x, Lanes inverse, gint16 steps[LANES])
{
  Lanes rounder = lanes_all (SOTTO_ROUNDER);
  Lanes rounded = lanes_subtract (lanes_add (lanes_multiply (x, inverse), rounder), rounder);

  lanes_store_steps (steps, rounded);
  return rounded;
}

/* The block's steps, of which its highest magnitude has most. Leaves them in low and high, too, as floats. Returns
 * their scale. */
static inline float
round_block (float most, Lanes *low, Lanes *high, gint16 steps[ROUND_BLOCK])
{
  float highest = lanes_highest (lanes_maximum (lanes_absolute (*low), lanes_absolute (*high)));
  Lanes inverse = lanes_all (round_inverse (most, highest));

  *low = round_lanes (*low, inverse, steps);
  *high = round_lanes (*high, inverse, steps + LANES);
  return round_scale (most, highest);
}
