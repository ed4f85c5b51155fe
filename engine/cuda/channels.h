#pragma once

/* Channels of a recurrent step, each convolved over its last rows and put through SiLU. Those of the rows before this batch
 * stand at the beginning of the step's state. */

#include "cuda/device.h"

typedef struct {
  const float *mixed;       /* (n_rows, n_mixed) from the first row's first channel on */
  float *recurrent;         /* (n_conv - 1, n_channels): the rows before, oldest first */
  const float *convolution; /* (n_channels, n_conv) */
  const float *bias;        /* (nullable) (n_channels) */
  float *convolved;         /* (n_rows, n_channels) */
  guint n_rows;
  guint n_mixed;
  guint n_channels;
  guint n_conv;
} Channels;

/* A launch of its own: a thread has a channel of a row. */
gboolean launch_channels (SottoCudaDevice *self, const Channels *channels);

/* The last rows' channels for the next batch, by threads of which this one has the channels first, first + step …; a
 * channel's are moved by one thread, from the oldest on. What reads them has ended before. */
DEVICE void
channels_keep (const Channels &c, guint first, guint step)
{
  const guint n_kept = c.n_conv - 1;

  for (guint channel = first; channel < c.n_channels; channel += step)
    for (guint i = 0; i < n_kept; i++)
      c.recurrent[(gsize) i * c.n_channels + channel]
        = i + c.n_rows < n_kept ? c.recurrent[(gsize) (i + c.n_rows) * c.n_channels + channel]
                                : load (&c.mixed[(gsize) (i + c.n_rows - n_kept) * c.n_mixed + channel]);
}
