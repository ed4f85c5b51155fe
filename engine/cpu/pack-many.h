#pragma once

#include "cpu/round-block.h"

#include <math.h>

/* Activations of many tokens (SOTTO_FORM_MANY), over lanes; read by template-panel.h and template-byte-panel.h.
 *
 * Blocks of 32 columns share a scale, and are steps of 8 bits, of which the highest magnitude has STEPS_HIGHEST. A few
 * columns of a model may be far larger than all others, and what they cost the precision of their neighbours is most of what is
 * lost at all: where a block's highest magnitude is more than STEPS_APART times the mean of those of its group of 256
 * columns, that column stands out. It is no step then, but a float beside them (as outliers in LLM.int8(), T. Dettmers
 * and others 2022, but one of a block at most, whichever column it is).
 *
 * Products of steps and a block are summed exactly in int32. To a token's sum with a row come, in the order of blocks,
 * the second and third with fused multiply-adds,
 *
 *   t = integer * scale of the steps; s += t * scale of the weights; s += offset * the sum of the block's columns
 *
 * where halves of 16 have their own scales or offsets those of the first half, then of the second; and in a sum of its own,
 * in their order, what stands out, with the weight as a float: code * scale, with an offset in a fused multiply-add,
 *
 *   o += weight * column
 *
 * At last y = s + o. Scales of steps have 16 bits, so that t needs no conversion: an integer on top of STEPS_FLOAT, which is
 * that many as a float's bits, is a float, from which its scale takes STEPS_FLOAT times itself. */

#define STEPS_HIGHEST 127
#define STEPS_BLOCK ROUND_BLOCK
#define STEPS_GROUP 8 /* blocks */
#define STEPS_COLUMNS (STEPS_GROUP * STEPS_BLOCK)
#define STEPS_APART 2.0f
#define STEPS_FLOAT 12582912.0f /* 3 * 2^22 */
#define STEPS_FLOAT_BITS 0x4b400000

G_STATIC_ASSERT (STEPS_COLUMNS == SOTTO_PACK_COLUMNS);

/* A block, in a line of its own. */
typedef struct {
  gint8 steps[STEPS_BLOCK];
  float scale;
  float total;                    /* the sum of the columns that the steps stand for */
  float minus;                    /* -STEPS_FLOAT * scale, exactly */
  gint32 zero;                    /* -128 times the sum of the steps, */
  gint32 half_zeros[2];           /* of those of each half, all three on top of STEPS_FLOAT_BITS */
  guint first_outlier;            /* of a group's first block: which ones of the row's outliers are the group's */
  guint end_outlier;
} StepsBlock;

G_STATIC_ASSERT (sizeof (StepsBlock) == 64);

/* What stands out, one of a block at most. */
typedef struct {
  float value;
  guint column;
} StepsOutlier;

#define STEPS_GROUP_BYTES (STEPS_GROUP * (sizeof (StepsBlock) + sizeof (StepsOutlier)))

/* Rows in this form, padded to groups with zeros. */
typedef struct {
  gsize stride;                   /* bytes from row to row, of both: */
  StepsBlock *blocks;
  StepsOutlier *outliers;         /* in the order of columns */
} Steps;

/* The row that begins at packed, and those behind it at stride bytes from each other. */
static inline Steps
steps_at (guint8 *packed, gsize stride, guint n_columns)
{
  gsize n_blocks = (n_columns + STEPS_COLUMNS - 1) / STEPS_COLUMNS * STEPS_GROUP;
  StepsBlock *blocks = (StepsBlock *) (gpointer) packed;

  return (Steps) { stride, blocks, (StepsOutlier *) (gpointer) (blocks + n_blocks) };
}

static inline const StepsBlock *
steps_block (const Steps *self, gsize token, gsize block)
{
  return (const StepsBlock *) ((const guint8 *) self->blocks + token * self->stride) + block;
}

/* What stands out of a token in n_blocks from a group's first one on. Returns: how many there are at *outliers */
static inline guint
steps_outliers (const Steps *self, gsize token, gsize block, guint n_blocks, const StepsOutlier **outliers)
{
  guint first = steps_block (self, token, block)->first_outlier;

  *outliers = (const StepsOutlier *) ((const guint8 *) self->outliers + token * self->stride) + first;
  return steps_block (self, token, block + (n_blocks - 1) / STEPS_GROUP * STEPS_GROUP)->end_outlier - first;
}

/* The sum of the columns of a half */
static inline float
steps_half_total (const StepsBlock *block, guint half)
{
  return (float) ((STEPS_FLOAT_BITS - block->half_zeros[half]) / 128) * block->scale;
}

/* Up to the next number of 16 bits */
static inline float
steps_scale (float highest)
{
  float scale = round_scale (STEPS_HIGHEST, highest);
  guint32 bits;

  if (!isfinite (scale))
    return scale;
  memcpy (&bits, &scale, sizeof bits);
  bits = (bits + 0xff) & ~0xffu;
  memcpy (&scale, &bits, sizeof bits);
  return scale;
}

/* x: (STEPS_BLOCK) */
static inline void
pack_block (const float *x, float highest, StepsBlock *block)
{
  float scale = steps_scale (highest);
  Lanes inverse = lanes_all (scale > 0 ? 1 / scale : 0);
  gint16 steps[STEPS_BLOCK];
  float sums[2];
  Lanes halves[2];

  for (guint half = 0; half < 2; half++)
    {
      halves[half] = round_lanes (lanes_load (x + half * LANES), inverse);
      lanes_store_steps (steps + half * LANES, halves[half]);
    }
  round_bytes (steps, block->steps);
  lanes_sum_two (halves[0], halves[1], sums); /* integers */
  if (!isfinite (sums[0] + sums[1]))
    {
      /* Bytes cannot say so, but then no product is a number. */
      scale = sums[0] + sums[1];
      sums[0] = sums[1] = 0;
    }
  for (guint half = 0; half < 2; half++)
    block->half_zeros[half] = STEPS_FLOAT_BITS - 128 * (gint32) sums[half];
  block->zero = block->half_zeros[0] + (block->half_zeros[1] - STEPS_FLOAT_BITS);
  block->scale = scale;
  block->minus = -STEPS_FLOAT * scale;
  block->total = (sums[0] + sums[1]) * scale;
  block->first_outlier = block->end_outlier = 0;
}

/* The same, but for the first of the columns that have the highest magnitude. Returns: which one, and it stands out */
static inline guint
pack_block_beside (const float *x, float highest, StepsBlock *block)
{
  float others[STEPS_BLOCK];
  guint place = 0;

  while (place < STEPS_BLOCK - 1 && fabsf (x[place]) != highest)
    place++;
  memcpy (others, x, sizeof others);
  others[place] = 0;
  pack_block (others, round_highest (lanes_load (others), lanes_load (others + LANES)), block);
  return place;
}

/* x: (STEPS_COLUMNS) from first_column on, of which n_blocks are there, the others zeros. Returns: behind the outliers */
static inline StepsOutlier *
pack_steps (const float *x, guint first_column, guint n_blocks, StepsBlock *blocks, StepsOutlier *outliers)
{
  float highest[STEPS_GROUP];
  float limit = 0;

  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      const float *block = x + b * STEPS_BLOCK;

      highest[b] = round_highest (lanes_load (block), lanes_load (block + LANES));
      limit += highest[b];
    }
  limit *= STEPS_APART / (float) n_blocks;
  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      const float *block = x + b * STEPS_BLOCK;

      if (highest[b] > limit)
        {
          guint place = pack_block_beside (block, highest[b], blocks + b);

          *outliers++ = (StepsOutlier) { block[place], first_column + b * STEPS_BLOCK + place };
        }
      else
        {
          pack_block (block, highest[b], blocks + b);
        }
    }
  return outliers;
}

/* A whole row: from its first column on */
static void
pack_many (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  Steps to = steps_at (packed, 0, n_columns);
  StepsOutlier *end = to.outliers;

  for (guint column = first; column < first + n; column += STEPS_COLUMNS)
    {
      StepsBlock *blocks = to.blocks + column / STEPS_BLOCK;
      const StepsOutlier *own = end;

      if (n_columns - column >= STEPS_COLUMNS)
        {
          end = pack_steps (x + column, column, STEPS_GROUP, blocks, end);
        }
      else
        {
          float part[STEPS_COLUMNS] = { 0 };

          memcpy (part, x + column, (n_columns - column) * sizeof *part);
          end = pack_steps (part, column, (n_columns - column + STEPS_BLOCK - 1) / STEPS_BLOCK, blocks, end);
        }
      blocks->first_outlier = (guint) (own - to.outliers);
      blocks->end_outlier = (guint) (end - to.outliers);
    }
}
