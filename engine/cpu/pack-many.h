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

/* A number of each block of a group. */
typedef float StepsFloats __attribute__ ((vector_size (STEPS_GROUP * sizeof (float))));
typedef gint32 StepsInts __attribute__ ((vector_size (STEPS_GROUP * sizeof (gint32))));

/* Eight blocks on their way to steps. */
typedef struct {
  const float *columns[STEPS_GROUP];
  StepsFloats highest;
  float others[STEPS_GROUP][STEPS_BLOCK]; /* the columns of a block of which one stands out, with a zero in its place */
} StepsWork;

static inline void
find_highest (StepsWork *work)
{
  Lanes most[STEPS_GROUP];

  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      const float *x = work->columns[b];

      most[b] = lanes_maximum (lanes_absolute (lanes_load (x)), lanes_absolute (lanes_load (x + LANES)));
    }
  lanes_fold_eight (most, lanes_maximum, (float *) &work->highest);
}

/* Takes the first of the columns with a block's highest magnitude out of it. Returns: which one */
static inline guint
take_outlier (StepsWork *work, guint b)
{
  const float *x = work->columns[b];
  float *others = work->others[b];
  guint place = 0;

  while (place < STEPS_BLOCK - 1 && fabsf (x[place]) != work->highest[b])
    place++;
  memcpy (others, x, sizeof work->others[b]);
  others[place] = 0;
  work->columns[b] = others;
  work->highest[b] = round_highest (lanes_load (others), lanes_load (others + LANES));
  return place;
}

static inline StepsFloats
steps_keep (StepsInts where, StepsFloats x)
{
  return (StepsFloats) (where & (StepsInts) x);
}

/* Up to the next numbers of 16 bits */
static inline StepsFloats
steps_scales (StepsFloats highest)
{
  StepsInts up = ((StepsInts) (highest / STEPS_HIGHEST) + 0xff) & ~0xff;

  return steps_keep (highest >= ROUND_SMALLEST, (StepsFloats) up);
}

static inline StepsInts
steps_zeros (StepsInts is_number, StepsFloats sum)
{
  return STEPS_FLOAT_BITS - 128 * __builtin_convertvector (steps_keep (is_number, sum), StepsInts);
}

/* What products need of blocks beside their steps. sums: of the halves' steps, which are whole numbers, or no numbers where
 * a column is none: bytes cannot say so, but then no product is a number. */
static inline void
finish_steps (StepsFloats scales, const StepsFloats sums[2], StepsBlock *blocks)
{
  StepsFloats sum = sums[0] + sums[1];
  StepsInts is_number = sum - sum == 0;
  StepsInts zeros = steps_zeros (is_number, sum);
  StepsInts half_zeros[2] = { steps_zeros (is_number, sums[0]), steps_zeros (is_number, sums[1]) };
  StepsFloats totals;
  StepsFloats minus;

  scales = steps_keep (is_number, scales) + steps_keep (~is_number, sum);
  totals = sum * scales;
  minus = -STEPS_FLOAT * scales;
  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      StepsBlock *block = blocks + b;

      block->scale = scales[b];
      block->total = totals[b];
      block->minus = minus[b];
      block->zero = zeros[b];
      for (guint half = 0; half < 2; half++)
        block->half_zeros[half] = half_zeros[half][b];
      block->first_outlier = block->end_outlier = 0;
    }
}

/* The blocks but for what stands out. */
static inline void
round_steps (const StepsWork *work, StepsBlock *blocks)
{
  StepsFloats scales = steps_scales (work->highest);
  StepsFloats inverses = steps_keep (scales > 0, 1 / scales);
  Lanes halves[2][STEPS_GROUP];
  StepsFloats sums[2];

  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      for (guint half = 0; half < 2; half++)
        halves[half][b] = round_lanes (lanes_load (work->columns[b] + half * LANES), lanes_all (inverses[b]));
      lanes_store_bytes (blocks[b].steps, halves[0][b], halves[1][b]);
    }
  for (guint half = 0; half < 2; half++)
    lanes_fold_eight (halves[half], lanes_add, (float *) (sums + half));
  finish_steps (scales, sums, blocks);
}

/* x: (STEPS_COLUMNS) from first_column on, of which n_blocks are there, the others zeros. Returns: behind the outliers */
static inline StepsOutlier *
pack_steps (const float *x, guint first_column, guint n_blocks, StepsBlock *blocks, StepsOutlier *outliers)
{
  StepsWork work;
  float limit = 0;

  for (guint b = 0; b < STEPS_GROUP; b++)
    work.columns[b] = x + b * STEPS_BLOCK;
  find_highest (&work);
  for (guint b = 0; b < STEPS_GROUP; b++)
    limit += work.highest[b];
  limit *= STEPS_APART / (float) n_blocks;
  for (guint b = 0; b < STEPS_GROUP; b++)
    if (work.highest[b] > limit)
      {
        guint column = b * STEPS_BLOCK + take_outlier (&work, b);

        *outliers++ = (StepsOutlier) { x[column], first_column + column };
      }
  round_steps (&work, blocks);
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
