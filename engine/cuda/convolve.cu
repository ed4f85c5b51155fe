/* A short convolution between two gates (LFM2): the step between its projection and what brings its channels back.
 *
 * Roof: memory, 16 bytes a channel and row; for one row it is the launch that costs. A thread has a channel, and of many rows
 * the next of them: what a tap reads another thread of the block has just read. The gated channels of the last rows are kept
 * by the thread that has them all, or, where there are more rows, by a launch behind this one.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

#define N_THREADS 128
#define ROWS 8           /* of a block */

/* b * x of the token @back before @row. */
DEVICE float
gated_of (const SottoCudaConvolve &a, const SottoConvolveStep &step, guint row, guint back, guint channel)
{
  if (row < back)
    return a.recurrent[(gsize) (step.n_conv - 1 + row - back) * step.n_channels + channel];

  const float *mixed = a.mixed + (gsize) (row - back) * 3 * step.n_channels + channel;

  return load (&mixed[0]) * load (&mixed[2 * (gsize) step.n_channels]);
}

/* A channel is moved by one thread, from the oldest row on. */
DEVICE void
keep_history (const SottoCudaConvolve &a, const SottoConvolveStep &step, guint channel)
{
  const guint n_kept = step.n_conv - 1;

  for (guint i = 0; i < n_kept; i++)
    a.recurrent[(gsize) i * step.n_channels + channel] = gated_of (a, step, a.n_rows - 1, n_kept - 1 - i, channel);
}

typedef struct {
  SottoCudaConvolve a;
  SottoConvolveStep step;
  bool keeps;              /* all rows are one block's */
} ConvolveArguments;

KERNEL (N_THREADS)
short_convolution_kernel (const ConvolveArguments arguments)
{
  previous_wait ();

  const SottoCudaConvolve &a = arguments.a;
  const SottoConvolveStep &step = arguments.step;
  const guint channel = block_index () * N_THREADS + thread_index ();
  const guint first = block_index_y () * ROWS;
  const guint end = first + ROWS < a.n_rows ? first + ROWS : a.n_rows;

  if (channel >= step.n_channels)
    return;
  for (guint row = first; row < end; row++)
    {
      const float gate = load (&a.mixed[((gsize) row * 3 + 1) * step.n_channels + channel]);
      float sum = 0.0f;

      for (guint tap = 0; tap < step.n_conv; tap++)
        sum = fused (load (&step.convolution[(gsize) channel * step.n_conv + tap]),
                     gated_of (a, step, row, step.n_conv - 1 - tap, channel), sum);
      if (step.bias != NULL)
        sum += load (&step.bias[channel]);
      a.attended[(gsize) row * step.n_channels + channel] = gate * sum;
    }
  if (arguments.keeps)
    keep_history (a, step, channel);
}

KERNEL (N_THREADS)
short_history_kernel (const ConvolveArguments arguments)
{
  previous_wait ();

  const guint channel = block_index () * N_THREADS + thread_index ();

  if (channel < arguments.step.n_channels)
    keep_history (arguments.a, arguments.step, channel);
}

gboolean
sotto_cuda_convolve (SottoCudaDevice *self, const SottoCudaConvolve *arguments)
{
  ConvolveArguments both = {};
  Shape shape = {};

  both.a = *arguments;
  both.step = *arguments->step;
  both.keeps = arguments->n_rows <= ROWS;
  shape.n_blocks = ceil_divide (both.step.n_channels, N_THREADS);
  shape.n_blocks_y = ceil_divide (arguments->n_rows, ROWS);
  shape.n_threads = N_THREADS;
  if (!launch (self, "short convolution", shape, short_convolution_kernel, both))
    return FALSE;
  shape.n_blocks_y = 1;
  return both.keeps || launch (self, "short convolution's history", shape, short_history_kernel, both);
}
