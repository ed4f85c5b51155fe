#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* Rows of channels that a convolution sees: those of this batch, and before them what the sequence has kept. */
typedef struct {
  float *kept;              /* (n_kept, n_channels): the last ones, the oldest first */
  guint n_kept;             /* tokens that the convolution sees, but for one */
  guint n_channels;
  float *rows;              /* of this batch, */
  gsize stride;             /* so many floats from token to token */
} SottoHistory;

/* The channels of the token @back before token t of the batch. */
static inline float *
sotto_history_row (const SottoHistory *self, guint t, guint back)
{
  return t >= back ? self->rows + (t - back) * self->stride
                   : self->kept + (gsize) (self->n_kept + t - back) * self->n_channels;
}

/* Keeps channels @first … @end - 1 for the next batch: from the oldest on, so that what moves up is read before it is
 * overwritten. */
static inline void
sotto_history_keep (const SottoHistory *self, guint n_tokens, gsize first, gsize end)
{
  for (guint row = 0; row < self->n_kept; row++)
    memcpy (self->kept + (gsize) row * self->n_channels + first,
            sotto_history_row (self, n_tokens - 1, self->n_kept - 1 - row) + first, (end - first) * sizeof (float));
}

G_END_DECLS
