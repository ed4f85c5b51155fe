#pragma once

#include "cpu/round-block.h"

/* Activations of many tokens (SOTTO_FORM_MANY), over lanes; read by template-panel.h and template-byte-panel.h.
 *
 * Steps are integers of 15 bits, groups of 256 columns share a scale. Products of steps and a block of 32 columns are
 * summed exactly in int32. Of a group, in the order of its blocks, with fused multiply-adds:
 *
 *   g += integer * scale; g += offset * the sum of the block's steps
 *
 * where halves of 16 have their own scales (NVFP4) or offsets (Q2_K), those of the first half, then of the second. Where
 * int32 holds the products of several blocks with integer scales (steps_joined()), they are summed as integers; the
 * offsets of all of them follow. Behind a group s += g * the scale of its steps.
 *
 * 15 bits, not 16: a block of Q6_K reaches 32 * 4096 * 16383 < 2^31. */

#define STEPS_HIGHEST 16383
#define STEPS_BLOCK ROUND_BLOCK
#define STEPS_GROUP 8 /* blocks */
#define STEPS_COLUMNS (STEPS_GROUP * STEPS_BLOCK)

G_STATIC_ASSERT (STEPS_COLUMNS == SOTTO_PACK_COLUMNS);

/* Blocks whose products are summed as integers, times their integer scales; rows have whole numbers of them. */
static inline guint
steps_joined (SottoBlockType type)
{
  switch ((gint) type)
    {
    case SOTTO_BLOCK_Q2_K: /* 256 * 3 * 15 * 16383 < 2^31 */
    case SOTTO_BLOCK_Q3_K: /* 256 * 4 * 32 * 16383 */
      return 8;
    case SOTTO_BLOCK_Q4_K: /* 128 * 15 * 63 * 16383 */
      return 4;
    case SOTTO_BLOCK_Q5_K: /* 64 * 31 * 63 * 16383 */
      return 2;
    default:
      return 1;
    }
}

/* Rows in this form, padded to groups with zeros. */
typedef struct {
  gsize column_stride;      /* steps from row to row */
  gsize float_stride;       /* scales and totals from row to row */
  gint16 *steps;            /* value / scale, rounded */
  float *scales;            /* of groups */
  float *totals;            /* of blocks: the sums of their steps, exactly */
} Steps;

#define STEPS_GROUP_BYTES (STEPS_COLUMNS * sizeof (gint16) + (1 + STEPS_GROUP) * sizeof (float))

/* The row that begins at packed, and those behind it at stride bytes from each other. */
static inline Steps
steps_at (const guint8 *packed, gsize stride, guint n_columns)
{
  gsize n_groups = (n_columns + STEPS_COLUMNS - 1) / STEPS_COLUMNS;
  float *behind = (float *) (gpointer) (packed + n_groups * STEPS_COLUMNS * sizeof (gint16));

  return (Steps){
    .column_stride = stride / sizeof (gint16),
    .float_stride = stride / sizeof (float),
    .steps = (gint16 *) (gpointer) packed,
    .scales = behind,
    .totals = behind + n_groups,
  };
}

/* x: (STEPS_COLUMNS) */
static inline void
pack_steps (const float *x, guint group, const Steps *to)
{
  gint16 *steps = to->steps + group * STEPS_COLUMNS;
  Lanes most = lanes_all (0.0f);
  Lanes inverse;
  float highest;

  for (guint i = 0; i < STEPS_COLUMNS; i += LANES)
    most = lanes_maximum (most, lanes_absolute (lanes_load (x + i)));
  highest = lanes_highest (most);
  inverse = lanes_all (round_inverse (STEPS_HIGHEST, highest));
  to->scales[group] = round_scale (STEPS_HIGHEST, highest);
  for (guint b = 0; b < STEPS_GROUP; b++, x += STEPS_BLOCK, steps += STEPS_BLOCK)
    {
      Lanes low = round_lanes (lanes_load (x), inverse, steps);
      Lanes high = round_lanes (lanes_load (x + LANES), inverse, steps + LANES);

      to->totals[group * STEPS_GROUP + b] = lanes_sum (lanes_add (low, high)); /* integers below 2^24 */
    }
}

static void
pack_many (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  Steps to = steps_at (packed, 0, n_columns);

  for (guint column = first; column < first + n; column += STEPS_COLUMNS)
    if (n_columns - column >= STEPS_COLUMNS)
      pack_steps (x + column, column / STEPS_COLUMNS, &to);
    else
      {
        float part[STEPS_COLUMNS] = { 0 };

        memcpy (part, x + column, (n_columns - column) * sizeof *part);
        pack_steps (part, column / STEPS_COLUMNS, &to);
      }
}
