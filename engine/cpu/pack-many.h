#pragma once

/* Activations of many tokens (SOTTO_FORM_MANY), over lanes; read by template-panel.h.
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
#define STEPS_BLOCK 32
#define STEPS_GROUP 8 /* blocks */

/* A block whose highest magnitude is below this is taken as zeros: the inverse of its scale would
 * not be finite. */
#define STEPS_SMALLEST 1e-30f

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

static inline void
pack_block (Lanes low, Lanes high, gint16 *steps, float *scale, gint32 *total, float *sum)
{
  float highest = lanes_highest (lanes_maximum (lanes_absolute (low), lanes_absolute (high)));
  Lanes inverse = lanes_all (highest < STEPS_SMALLEST ? 0.0f : STEPS_HIGHEST / highest);
  Lanes rounder = lanes_all (SOTTO_ROUNDER);

  *scale = highest < STEPS_SMALLEST ? 0.0f : highest / STEPS_HIGHEST;
  low = lanes_subtract (lanes_add (lanes_multiply (low, inverse), rounder), rounder);
  high = lanes_subtract (lanes_add (lanes_multiply (high, inverse), rounder), rounder);
  lanes_store_steps (steps, low);
  lanes_store_steps (steps + LANES, high);
  *total = (gint32) lanes_sum (lanes_add (low, high)); /* integers below 2^24: exact */
  *sum = *scale * (float) *total;
}

static void
pack_many (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  Steps to = steps_at (packed, 0, n_columns);
  guint end = (first + n) / STEPS_BLOCK;
  guint b;

  for (b = first / STEPS_BLOCK; b < end; b++)
    pack_block (lanes_load (x + b * 32), lanes_load (x + b * 32 + LANES), to.steps + b * 32,
                to.scales + b, to.totals + b, to.sums + b);
  if (first + n < n_columns)
    return;
  if (n_columns % STEPS_BLOCK > 0)
    {
      float part[STEPS_BLOCK] = { 0 };

      memcpy (part, x + b * 32, (n_columns % STEPS_BLOCK) * sizeof *part);
      pack_block (lanes_load (part), lanes_load (part + LANES), to.steps + b * 32, to.scales + b,
                  to.totals + b, to.sums + b);
      b++;
    }
  for (; b % STEPS_GROUP > 0; b++)
    {
      to.scales[b] = to.sums[b] = 0.0f;
      to.totals[b] = 0;
    }
}
