/* Roof: memory, 8 bytes a channel and row, since what a tap reads the rows beside have read as well; of one row it is the
 * launch that costs. */

#include "cuda/channels.h"

#define N_THREADS 128

/* A channel of the token @back before @row. */
DEVICE float
channel_of (const Channels &c, guint row, guint back, guint channel)
{
  if (row >= back)
    return load (&c.mixed[(gsize) (row - back) * c.n_mixed + channel]);
  return load (&c.recurrent[(gsize) (c.n_conv - 1 + row - back) * c.n_channels + channel]);
}

KERNEL (N_THREADS)
channels_kernel (const Channels c)
{
  previous_wait ();

  const guint channel = block_index () * N_THREADS + thread_index ();
  const guint row = block_index_y ();
  float sum = 0.0f;

  if (channel >= c.n_channels)
    return;
  for (guint tap = 0; tap < c.n_conv; tap++)
    sum = fused (load (&c.convolution[(gsize) channel * c.n_conv + tap]), channel_of (c, row, c.n_conv - 1 - tap, channel),
                 sum);
  if (c.bias != NULL)
    sum += load (&c.bias[channel]);
  c.convolved[(gsize) row * c.n_channels + channel] = sotto_silu (sum);
}

gboolean
launch_channels (SottoCudaDevice *self, const Channels *channels)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (channels->n_channels, N_THREADS);
  shape.n_blocks_y = channels->n_rows;
  shape.n_threads = N_THREADS;
  return launch (self, "convolution", shape, channels_kernel, *channels);
}
