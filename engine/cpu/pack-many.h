#pragma once

#include "cpu/round-block.h"

/* Activations of many tokens (SOTTO_FORM_MANY), over lanes; read by template-panel.h and template-byte-panel.h.
 *
 * Steps of 15 bits, blocks of 32 share a scale. Products of a block are summed exactly in int32, and
 * a row's sum is eight chains of fused multiply-adds, chain c taking the blocks c, c + 8, c + 16 … in
 * order, then ((c0 + c4) + (c2 + c6)) + ((c1 + c5) + (c3 + c7)). A block's step is its product with
 * the scale, then its offset; where halves of 16 have their own scales (NVFP4) or offsets (Q2_K),
 * those of the first half, then of the second.
 *
 * 15 bits, not 16: scales of 16 columns are multiplied into the integers, and a block of Q6_K
 * reaches 32 * 4096 * 16383 < 2^31. */

#define STEPS_HIGHEST 16383
#define STEPS_BLOCK ROUND_BLOCK
#define STEPS_GROUP 8 /* blocks */

/* Rows in this form. A row is padded to groups; the scales, totals and sums of blocks behind its end
 * are zero. */
typedef struct {
  guint n_columns;
  gsize column_stride;      /* steps from row to row */
  gsize block_stride;       /* blocks from row to row */
  gint16 *steps;            /* value / scale, rounded */
  float *scales;
  gint32 *totals;           /* sum of the block's steps */
  float *sums;              /* scale * total */
} Steps;

#define STEPS_GROUP_BYTES (STEPS_GROUP * (STEPS_BLOCK * 2 + 3 * 4))

/* The row that begins at packed, and those behind it at stride bytes from each other. */
static inline Steps
steps_at (const guint8 *packed, gsize stride, guint n_columns)
{
  gsize n_blocks = (gsize) (n_columns + STEPS_BLOCK * STEPS_GROUP - 1)
                   / (STEPS_BLOCK * STEPS_GROUP) * STEPS_GROUP;
  float *behind = (float *) (gpointer) (packed + n_blocks * STEPS_BLOCK * sizeof (gint16));

  return (Steps){
    .n_columns = n_columns,
    .column_stride = stride / sizeof (gint16),
    .block_stride = stride / sizeof (float),
    .steps = (gint16 *) (gpointer) packed,
    .scales = behind,
    .totals = (gint32 *) (gpointer) (behind + n_blocks),
    .sums = behind + 2 * n_blocks,
  };
}

/* The 32 columns at x as block b of the row. */
static inline void
pack_block (const float *x, guint b, const Steps *to)
{
  Lanes low = lanes_load (x);
  Lanes high = lanes_load (x + LANES);

  to->scales[b] = round_block (STEPS_HIGHEST, &low, &high, to->steps + b * STEPS_BLOCK);
  to->totals[b] = (gint32) lanes_sum (lanes_add (low, high)); /* integers below 2^24: exact */
  to->sums[b] = to->scales[b] * (float) to->totals[b];
}

static void
pack_many (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  Steps to = steps_at (packed, 0, n_columns);
  guint end = (first + n) / STEPS_BLOCK;
  guint b;

  for (b = first / STEPS_BLOCK; b < end; b++)
    pack_block (x + b * STEPS_BLOCK, b, &to);
  if (first + n < n_columns)
    return;
  if (n_columns % STEPS_BLOCK > 0)
    {
      float part[STEPS_BLOCK] = { 0 };

      memcpy (part, x + b * STEPS_BLOCK, (n_columns % STEPS_BLOCK) * sizeof *part);
      pack_block (part, b, &to);
      b++;
    }
  for (; b % STEPS_GROUP > 0; b++)
    {
      to.scales[b] = to.sums[b] = 0.0f;
      to.totals[b] = 0;
    }
}
