#pragma once

#include "cpu/round-block.h"

/* Activations of many tokens (SOTTO_FORM_MANY), over lanes; read by template-panel.h and template-byte-panel.h.
 *
 * Blocks of 32 columns share a scale, and are integers of 8 bits. A few columns of a model may be far larger than all
 * others, and what is lost by rounding them is most of what is lost at all: a block whose highest magnitude is more than
 * STEPS_APART times the mean of those of its group of 256 columns is fine, and has 15 bits. Both are steps, of which
 * the highest magnitude has STEPS_HIGHEST; where a block is not fine they are multiples of 128. They are split in two
 * planes of bytes, 128 * high + low, and low ones are multiplied only where there is a fine block among the tokens of a
 * tile: elsewhere they are zeros, and whether they are multiplied changes no bit.
 *
 * Products of steps and a block are summed exactly in int32: one of codes of 8 bits reaches 32 * 128 * 16256 < 2^31. To
 * a token's sum with a row come, in the order of blocks, the second and third with fused multiply-adds,
 *
 *   t = integer * scale of the steps; s += t * scale of the weights; s += offset * the sum of the block's columns
 *
 * where halves of 16 have their own scales or offsets those of the first half, then of the second. Scales of steps have
 * 16 bits, so that t needs no conversion where products are below 2^22, as those of high bytes are: an integer on top of
 * STEPS_FLOAT, which is that many as a float's bits, is a float, from which its scale takes STEPS_FLOAT times itself. */

#define STEPS_HIGHEST (127 * 128)
#define STEPS_BLOCK ROUND_BLOCK
#define STEPS_GROUP 8 /* blocks */
#define STEPS_COLUMNS (STEPS_GROUP * STEPS_BLOCK)
#define STEPS_APART 2.5f
#define STEPS_FLOAT 12582912.0f /* 3 * 2^22 */
#define STEPS_FLOAT_BITS 0x4b400000

G_STATIC_ASSERT (STEPS_COLUMNS == SOTTO_PACK_COLUMNS);

/* A block, in a line of its own. */
typedef struct {
  gint8 high[STEPS_BLOCK];
  float scale;                    /* of 128 steps */
  float total;                    /* the sum of the columns that the steps stand for */
  guint32 fine;                   /* of the first block of a group: bit b is whether its block b is fine */
  float minus;                    /* -STEPS_FLOAT * scale, exactly */
  gint32 zero;                    /* -128 times the sum of the high bytes, */
  gint32 half_zeros[2];           /* of those of each half, all three on top of STEPS_FLOAT_BITS */
  gint16 low_sums[2];             /* of the low bytes of each half */
} StepsBlock;

G_STATIC_ASSERT (sizeof (StepsBlock) == 64);

#define STEPS_GROUP_BYTES (STEPS_GROUP * (sizeof (StepsBlock) + STEPS_BLOCK))

/* Rows in this form, padded to groups with zeros. */
typedef struct {
  gsize stride;                   /* bytes from row to row, of both: */
  StepsBlock *blocks;
  gint8 *low;
} Steps;

/* The row that begins at packed, and those behind it at stride bytes from each other. */
static inline Steps
steps_at (guint8 *packed, gsize stride, guint n_columns)
{
  gsize n_blocks = (n_columns + STEPS_COLUMNS - 1) / STEPS_COLUMNS * STEPS_GROUP;
  StepsBlock *blocks = (StepsBlock *) (gpointer) packed;

  return (Steps) { stride, blocks, (gint8 *) (blocks + n_blocks) };
}

static inline const StepsBlock *
steps_block (const Steps *self, gsize token, gsize block)
{
  return (const StepsBlock *) ((const guint8 *) self->blocks + token * self->stride) + block;
}

static inline const gint8 *
steps_low_bytes (const Steps *self, gsize token, gsize block)
{
  return self->low + token * self->stride + block * STEPS_BLOCK;
}

/* The sum of the columns of a half */
static inline float
steps_half_total (const StepsBlock *block, guint half)
{
  return (float) (STEPS_FLOAT_BITS - block->half_zeros[half] + block->low_sums[half]) * (block->scale * (1.0f / 128));
}

/* Up to the next number of 16 bits */
static inline float
steps_scale (float highest)
{
  float scale = round_scale (STEPS_HIGHEST / 128, highest);
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
pack_block (const float *x, float highest, gboolean is_fine, StepsBlock *block, gint8 *low)
{
  float scale = steps_scale (highest);
  Lanes inverse = lanes_all (scale > 0 ? (is_fine ? 128 : 1) / scale : 0);
  Lanes unit = lanes_all (is_fine ? 1 : 128);
  Lanes halves[2];
  float sums[2];

  for (guint half = 0; half < 2; half++)
    {
      gint16 steps[LANES];

      halves[half] = lanes_multiply (round_lanes (lanes_load (x + half * LANES), inverse), unit);
      lanes_store_steps (steps, halves[half]);
      round_split (steps, block->high + half * LANES, low + half * LANES);
    }
  lanes_sum_two (halves[0], halves[1], sums); /* integers below 2^24 */
  if (!isfinite (sums[0] + sums[1]))
    {
      /* Bytes cannot say so, but then no product is a number. */
      scale = sums[0] + sums[1];
      sums[0] = sums[1] = 0;
    }
  for (guint half = 0; half < 2; half++)
    {
      gint32 low_sum = 0;

      for (guint i = 0; i < LANES && is_fine; i++)
        low_sum += low[half * LANES + i];
      block->low_sums[half] = (gint16) low_sum;
      block->half_zeros[half] = STEPS_FLOAT_BITS - ((gint32) sums[half] - low_sum);
    }
  block->zero = block->half_zeros[0] + (block->half_zeros[1] - STEPS_FLOAT_BITS);
  block->scale = scale;
  block->minus = -STEPS_FLOAT * scale;
  block->total = (sums[0] + sums[1]) * (scale * (1.0f / 128));
  block->fine = 0;
}

/* x: (STEPS_COLUMNS), of which n_blocks are there, the others zeros */
static inline void
pack_steps (const float *x, guint group, guint n_blocks, const Steps *to)
{
  float highest[STEPS_GROUP];
  float limit = 0;
  guint32 fine = 0;

  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      const float *block = x + b * STEPS_BLOCK;

      highest[b] = round_highest (lanes_load (block), lanes_load (block + LANES));
      limit += highest[b];
    }
  limit *= STEPS_APART / (float) n_blocks;
  for (guint b = 0; b < STEPS_GROUP; b++)
    {
      gsize block = group * STEPS_GROUP + b;
      gboolean is_fine = highest[b] > limit;

      fine |= (guint32) is_fine << b;
      pack_block (x + b * STEPS_BLOCK, highest[b], is_fine, to->blocks + block, to->low + block * STEPS_BLOCK);
    }
  to->blocks[group * STEPS_GROUP].fine = fine;
}

static void
pack_many (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  Steps to = steps_at (packed, 0, n_columns);

  for (guint column = first; column < first + n; column += STEPS_COLUMNS)
    if (n_columns - column >= STEPS_COLUMNS)
      pack_steps (x + column, column / STEPS_COLUMNS, STEPS_GROUP, &to);
    else
      {
        float part[STEPS_COLUMNS] = { 0 };

        memcpy (part, x + column, (n_columns - column) * sizeof *part);
        pack_steps (part, column / STEPS_COLUMNS, (n_columns - column + STEPS_BLOCK - 1) / STEPS_BLOCK, &to);
      }
}
