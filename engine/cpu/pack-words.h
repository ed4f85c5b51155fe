#pragma once

#include "cpu/round-block.h"

/* Activations of many tokens for weights in BF16 and F16 (SottoActivations: floats), over lanes; read by template-word-panel.h.
 *
 * Blocks of 32 columns share a scale, and are integers of 14 bits with a sign, of which the highest magnitude has
 * WORDS_HIGHEST: a line of a token, beside which the lines of the others of its set lie. Behind the lines of eight
 * blocks comes one with their scales.
 *
 * Weights are such integers, too. The products of a block are summed exactly in int32, for 32 * WORDS_HIGHEST^2 is
 * below 2^31. To a token's sum with a row comes, in the order of blocks, the second with a fused multiply-add,
 *
 *   t = integer * scale of the steps; s += t * scale of the weights */

#define WORDS_HIGHEST 8191
#define WORDS_BLOCK ROUND_BLOCK
#define WORDS_GROUP 8 /* blocks */
#define WORDS_COLUMNS (WORDS_GROUP * WORDS_BLOCK)
#define WORDS_LINE 64 /* bytes */
#define WORDS_STEP (SOTTO_FLOAT_SET * WORDS_LINE) /* bytes from line to line of a token */
#define WORDS_GROUP_LINES (WORDS_GROUP + 1)

G_STATIC_ASSERT (WORDS_COLUMNS == SOTTO_PACK_COLUMNS && WORDS_BLOCK * sizeof (gint16) == WORDS_LINE);

/* x: (WORDS_BLOCK). Returns: the scale */
static inline float
pack_word_block (const float *x, gint16 *words)
{
  Lanes low = lanes_load (x);
  Lanes high = lanes_load (x + LANES);
  float highest = round_highest (low, high);
  Lanes inverse = lanes_all (round_inverse (WORDS_HIGHEST, highest));
  float sums[2];

  low = round_lanes (low, inverse);
  high = round_lanes (high, inverse);
  lanes_store_steps (words, low);
  lanes_store_steps (words + LANES, high);
  lanes_sum_two (low, high, sums);
  /* Integers cannot say that something is no number, but with such a scale no product is one. */
  return isfinite (sums[0] + sums[1]) ? round_scale (WORDS_HIGHEST, highest) : sums[0] + sums[1];
}

/* A row, which begins in its line of a set; zeros up to a whole number of blocks. */
static void
pack_words (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  for (guint column = first; column < first + n; column += WORDS_BLOCK)
    {
      guint block = column / WORDS_BLOCK % WORDS_GROUP;
      guint8 *group = packed + (gsize) (column / WORDS_COLUMNS) * WORDS_GROUP_LINES * WORDS_STEP;
      float *scales = (float *) (gpointer) (group + WORDS_GROUP * WORDS_STEP);
      gint16 *words = (gint16 *) (gpointer) (group + block * WORDS_STEP);

      if (n_columns - column >= WORDS_BLOCK)
        scales[block] = pack_word_block (x + column, words);
      else
        {
          float part[WORDS_BLOCK] = { 0 };

          memcpy (part, x + column, (n_columns - column) * sizeof *part);
          scales[block] = pack_word_block (part, words);
        }
    }
}
