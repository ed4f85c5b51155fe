/* Mamba-2 (Dao & Gu 2024): the step between its projection and what brings its heads back.
 *
 * Roof: memory for one row, the state is read and written once, 8 n_key n_value bytes a head (3 MB for 48 heads of 128 by 64);
 * of many rows the time of a token, since they come one after the other: n_key / 32 terms and a butterfly, of which a warp
 * has several columns' on their way.
 *
 * Two kernels: channels are convolved, a thread each; then a warp has some columns of a head's state in its registers, a lane
 * every 32nd of their keys. What a token is beside its channels lanes make for 32 of them at once. Tokens come in their order
 * whatever their batch, and sums are a lane's keys in their order, then the butterfly: the bits are the same. The norm of the
 * groups is norm.cu's.
 */

#include "cuda/channels.h"
#include "cuda/operations.h"

#define N_THREADS 128
#define N_WARPS (N_THREADS / N_LANES)
#define COLUMNS 4        /* of the state, of a warp */
#define MOST_KEYS 256

typedef struct {
  SottoScanStep step;
  Channels channels;       /* values, keys, queries */
  const float *mixed;      /* (n_rows, n_mixed): gates, channels, times */
  float *attended;
  guint n_values;
} ScanArguments;

/* --- The state --- */

/* What a token is beside its channels. */
typedef struct {
  float time;
  float decay;
} Token;

DEVICE Token
measure_token (const ScanArguments &a, guint row, guint head)
{
  Token t;

  t.time = sotto_softplus (load (&a.mixed[(gsize) row * a.channels.n_mixed + a.channels.n_mixed - a.step.n_heads + head])
                           + load (&a.step.step_bias[head]));
  t.decay = sotto_exp (load (&a.step.rates[head]) * t.time);
  return t;
}

/* K keys of a lane. */
template <guint K>
KERNEL (N_THREADS)
scan_kernel (const ScanArguments a)
{
  previous_wait ();

  const guint n_key = a.step.n_key, n_value = a.step.n_value;
  const guint head = block_index_y (), group = head / (a.step.n_heads / a.step.n_groups);
  const guint first = (block_index () * N_WARPS + warp_index ()) * COLUMNS;
  const float *keys = a.channels.convolved + a.n_values + group * n_key;
  const float *queries = keys + a.step.n_groups * n_key;
  const float skip = load (&a.step.skips[head]);
  float *matrix = a.channels.recurrent + (gsize) (a.step.n_conv - 1) * a.channels.n_channels
                  + (gsize) head * n_key * n_value;
  float state[K][COLUMNS];
  Token of_lane = {0.0f, 0.0f};

UNROLL
  for (guint i = 0; i < K; i++)
UNROLL
    for (guint c = 0; c < COLUMNS; c++)
      {
        const guint key = i * N_LANES + lane_index ();

        state[i][c] = key < n_key && first + c < n_value ? matrix[(gsize) key * n_value + first + c] : 0.0f;
      }
  for (guint row = 0; row < a.channels.n_rows; row++)
    {
      const guint turn = row % N_LANES;
      const float *values = a.channels.convolved + (gsize) row * a.channels.n_channels + head * n_value;
      const float *gates = a.mixed + (gsize) row * a.channels.n_mixed + head * n_value + first;
      const gsize at = (gsize) row * a.n_values + head * n_value + first;
      float x[COLUMNS], sums[COLUMNS], time, decay;

      if (turn == 0 && row + lane_index () < a.channels.n_rows)
        of_lane = measure_token (a, row + lane_index (), head);
      time = warp_shuffle (of_lane.time, turn);
      decay = warp_shuffle (of_lane.decay, turn);
UNROLL
      for (guint c = 0; c < COLUMNS; c++)
        {
          x[c] = first + c < n_value ? load (&values[first + c]) : 0.0f;
          sums[c] = 0.0f;
        }
UNROLL
      for (guint i = 0; i < K; i++)
        {
          const guint key = i * N_LANES + lane_index ();
          const gsize of_row = (gsize) row * a.channels.n_channels + key;
          const float k = key < n_key ? load (&keys[of_row]) : 0.0f;
          const float q = key < n_key ? load (&queries[of_row]) : 0.0f;

UNROLL
          for (guint c = 0; c < COLUMNS; c++)
            {
              state[i][c] = fused (k, time * x[c], decay * state[i][c]);
              sums[c] = fused (q, state[i][c], sums[c]);
            }
        }
UNROLL
      for (guint c = 0; c < COLUMNS; c++)
        {
          sums[c] = warp_sum (sums[c]);
          if (lane_index () == c && first + c < n_value)
            a.attended[at + c] = (sums[c] + skip * x[c]) * sotto_silu (load (&gates[c]));
        }
    }
UNROLL
  for (guint i = 0; i < K; i++)
UNROLL
    for (guint c = 0; c < COLUMNS; c++)
      {
        const guint key = i * N_LANES + lane_index ();

        if (key < n_key && first + c < n_value)
          matrix[(gsize) key * n_value + first + c] = state[i][c];
      }
  channels_keep (a.channels, (block_index_y () * n_blocks () + block_index ()) * N_THREADS + thread_index (),
                 n_blocks () * n_blocks_y () * N_THREADS);
}

/* --- Launching --- */

template <guint K>
static gboolean
launch_keys (SottoCudaDevice *self, const ScanArguments &a)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (a.step.n_value, N_WARPS * COLUMNS);
  shape.n_blocks_y = a.step.n_heads;
  shape.n_threads = N_THREADS;
  return launch (self, "scan", shape, scan_kernel<K>, a);
}

gboolean
sotto_cuda_scan (SottoCudaDevice *self, const SottoCudaScan *arguments)
{
  ScanArguments a = {};

  a.step = *arguments->step;
  a.mixed = arguments->mixed;
  a.attended = arguments->attended;
  a.n_values = a.step.n_heads * a.step.n_value;
  a.channels.mixed = arguments->mixed + a.n_values;
  a.channels.recurrent = arguments->recurrent;
  a.channels.convolution = a.step.convolution;
  a.channels.bias = a.step.bias;
  a.channels.convolved = arguments->convolved;
  a.channels.n_rows = arguments->n_rows;
  a.channels.n_channels = sotto_scan_channels (&a.step);
  a.channels.n_mixed = a.n_values + a.channels.n_channels + a.step.n_heads;
  a.channels.n_conv = a.step.n_conv;
  if (a.step.n_key > MOST_KEYS)
    return device_refuse (self, "states of more than " G_STRINGIFY (MOST_KEYS) " keys are too large for the scan");
  return launch_channels (self, &a.channels)
         && (a.step.n_key <= 64    ? launch_keys<2> (self, a)
             : a.step.n_key <= 128 ? launch_keys<4> (self, a)
                                   : launch_keys<MOST_KEYS / N_LANES> (self, a));
}
