#include "cpu/kernels.h"

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

gsize
sotto_activations_layout (SottoActivations *self, guint n_columns, guint n_tokens, guint8 *base)
{
  gsize column_stride = round_up (n_columns, SOTTO_STEPS_BLOCK);
  gsize block_stride = round_up (column_stride / SOTTO_STEPS_BLOCK, SOTTO_STEPS_GROUP);
  gsize values_bytes = round_up (n_tokens * column_stride * sizeof (float), 64);
  gsize steps_bytes = round_up (n_tokens * column_stride * sizeof (gint16), 64);
  gsize scales_bytes = round_up (n_tokens * block_stride * sizeof (float), 64);

  if (base != NULL)
    {
      self->n_columns = n_columns;
      self->column_stride = column_stride;
      self->block_stride = block_stride;
      self->values = (float *) base;
      self->steps = (gint16 *) (base + values_bytes);
      self->scales = (float *) (base + values_bytes + steps_bytes);
      self->totals = (gint32 *) (base + values_bytes + steps_bytes + scales_bytes);
      self->sums = (float *) (base + values_bytes + steps_bytes + 2 * scales_bytes);
      for (guint t = 0; t < n_tokens; t++)
        for (gsize b = column_stride / SOTTO_STEPS_BLOCK; b < block_stride; b++)
          {
            self->scales[t * block_stride + b] = self->sums[t * block_stride + b] = 0.0f;
            self->totals[t * block_stride + b] = 0;
          }
    }
  return values_bytes + steps_bytes + 3 * scales_bytes;
}

/* The widest panel of a fast tier: 32 rows of floats. One of 16-bit weights is smaller, with two
 * scales and two offsets per block and row, and the half sums of some tokens, behind it. Attention
 * wants a tile of keys and values as floats, and room for what is added to SOTTO_KEY_TILE keys; the
 * reference tier a row of floats. */
gsize
sotto_kernels_scratch (guint n_columns, guint n_head)
{
  gsize columns = round_up (n_columns, SOTTO_STEPS_BLOCK * SOTTO_STEPS_GROUP);
  gsize panel = 32 * columns * sizeof (float);
  gsize attention =
    (gsize) (2 * SOTTO_ATTEND_TILE + SOTTO_KEY_TILE) * round_up (n_head, 32) * sizeof (float);

  return round_up (MAX (panel, attention), 64);
}
