/* Gated DeltaNet (Yang et al. 2025): the step between its projections and what brings its heads back.
 *
 * Roof: memory for one row, the state is read and written once, 8 n_key n_value bytes a head (4 MB for 32 heads of 128
 * by 128); of many rows the time of a token, since they come one after the other: a barrier and n_key / 4 terms twice.
 *
 * Three kernels: channels are convolved, a thread each; then 32 columns of a head's state are a block's, in its
 * registers, and a warp has a quarter of the keys (of more than 128 an eighth, since 64 of them and what is read with them
 * are more than registers hold); then a warp norms a head's answer. Tokens come in their order whatever
 * their batch, and sums are a thread's keys in their order, then the warps in turn: the bits are the same.
 *
 * What belongs to a token as a whole stands aside of its products: with k = K rk, q = Q rq of the convolved K and Q,
 *   held = decay rk (K S),  change = beta (v - held),  S = decay S + (rk K) change
 *   answer = decay rq (Q S) + rq rk (Q K) change
 * so that both products with the old state are of one pass.
 */

#include "cuda/channels.h"
#include "cuda/operations.h"

#define N_THREADS 128
#define N_WARPS (N_THREADS / N_LANES)
#define COLUMNS N_LANES  /* of the state, of a block */
#define TOKENS 8         /* whose channels are brought together */
#define MOST_KEYS 256

typedef struct {
  SottoDeltaStep step;
  Channels channels;       /* queries, keys, values */
  const float *gate;
  const float *alpha;
  const float *beta;
  float *attended;
} DeltaArguments;

/* --- The delta rule --- */

/* What a token is beside its channels. */
typedef struct {
  float decay;
  float beta;
  float key;               /* rk */
  float query;             /* rq, over the root of n_key */
  float both;              /* rq rk (Q K) */
} Token;

typedef struct {
  guint key_head;
  guint value_head;
  guint first_column;
  float *queries;          /* (TOKENS, n_key): shared, as all below */
  float *keys;
  float *values;           /* (TOKENS, COLUMNS) */
  Token *tokens;           /* (TOKENS) */
} Head;

template <guint WARPS>
DEVICE void
bring_channels (const DeltaArguments &a, const Head &head, guint row, guint n)
{
  const guint n_threads = WARPS * N_LANES;
  const guint n_key = a.step.n_key, n_keys = a.step.n_key_heads * n_key;

  for (guint i = thread_index (); i < n * n_key; i += n_threads)
    {
      const float *channels = a.channels.convolved + (gsize) (row + i / n_key) * a.channels.n_channels
                              + head.key_head * n_key + i % n_key;

      head.queries[i] = load (channels);
      head.keys[i] = load (channels + n_keys);
    }
  for (guint i = thread_index (); i < n * COLUMNS; i += n_threads)
    {
      const guint column = head.first_column + i % COLUMNS;
      const float *channels = a.channels.convolved + (gsize) (row + i / COLUMNS) * a.channels.n_channels + 2 * n_keys
                              + head.value_head * a.step.n_value;

      head.values[i] = column < a.step.n_value ? load (channels + column) : 0.0f;
    }
}

/* Of a warp. */
DEVICE void
measure_token (const DeltaArguments &a, const Head &head, guint row, guint token)
{
  const float *query = head.queries + token * a.step.n_key, *key = head.keys + token * a.step.n_key;
  const gsize at = (gsize) row * a.step.n_value_heads + head.value_head;
  float queries = 0.0f, keys = 0.0f, both = 0.0f;

  for (guint i = lane_index (); i < a.step.n_key; i += N_LANES)
    {
      queries = fused (query[i], query[i], queries);
      keys = fused (key[i], key[i], keys);
      both = fused (query[i], key[i], both);
    }
  queries = warp_sum (queries);
  keys = warp_sum (keys);
  both = warp_sum (both);
  if (lane_index () == 0)
    {
      Token t;
      const float softplus
        = sotto_softplus (load (&a.alpha[at]) + load (&a.step.step_bias[head.value_head]));

      t.decay = sotto_exp (load (&a.step.rates[head.value_head]) * softplus);
      t.beta = sotto_sigmoid (load (&a.beta[at]));
      t.key = 1.0f / sqrtf (keys + a.step.epsilon);
      t.query = 1.0f / sqrtf ((queries + a.step.epsilon) * (float) a.step.n_key);
      t.both = t.key * t.query * both;
      head.tokens[token] = t;
    }
}

/* K keys of a thread: its warp's first, the warp's next … */
template <guint K, guint WARPS>
KERNEL (WARPS * N_LANES)
delta_kernel (const DeltaArguments a)
{
  previous_wait ();

  SHARED (float, queries, [TOKENS * WARPS * K]);
  SHARED (float, keys, [TOKENS * WARPS * K]);
  SHARED (float, values, [TOKENS * COLUMNS]);
  SHARED (Token, tokens, [TOKENS]);
  /* By turns, so that the next token's come while the last one's are still read. */
  SHARED (Floats2, products, [2][WARPS][COLUMNS]);
  const guint n_key = a.step.n_key, n_value = a.step.n_value;
  const guint first_key = warp_index () * K;
  const guint value_head = block_index_y ();
  const guint key_head = a.step.interleaved ? value_head % a.step.n_key_heads
                                            : value_head / (a.step.n_value_heads / a.step.n_key_heads);
  const Head head = {key_head, value_head, block_index () * COLUMNS, queries, keys, values, tokens};
  const guint column = head.first_column + lane_index ();
  float *matrix = a.channels.recurrent + (gsize) (a.step.n_conv - 1) * a.channels.n_channels
                  + (gsize) value_head * n_key * n_value + column;
  float state[K];

UNROLL
  for (guint i = 0; i < K; i++)
    state[i] = first_key + i < n_key && column < n_value ? matrix[(gsize) (first_key + i) * n_value] : 0.0f;
  for (guint row = 0; row < a.channels.n_rows; row++)
    {
      const guint token = row % TOKENS;
      const float *query = queries + token * n_key + first_key, *key = keys + token * n_key + first_key;
      Floats2 sums = {0.0f, 0.0f};
      float change;

      if (token == 0)
        {
          const guint n = a.channels.n_rows - row < TOKENS ? a.channels.n_rows - row : TOKENS;

          block_barrier ();
          bring_channels<WARPS> (a, head, row, n);
          block_barrier ();
          for (guint i = warp_index (); i < n; i += WARPS)
            measure_token (a, head, row + i, i);
          block_barrier ();
        }
UNROLL
      for (guint i = 0; i < K; i++)
        if (first_key + i < n_key)
          {
            sums.x = fused (key[i], state[i], sums.x);
            sums.y = fused (query[i], state[i], sums.y);
          }
      products[row % 2][warp_index ()][lane_index ()] = sums;
      block_barrier ();
      sums = products[row % 2][0][lane_index ()];
UNROLL
      for (guint i = 1; i < WARPS; i++)
        {
          sums.x += products[row % 2][i][lane_index ()].x;
          sums.y += products[row % 2][i][lane_index ()].y;
        }
      change = tokens[token].beta
               * (values[token * COLUMNS + lane_index ()] - tokens[token].decay * tokens[token].key * sums.x);
UNROLL
      for (guint i = 0; i < K; i++)
        if (first_key + i < n_key)
          state[i] = fused (tokens[token].key * key[i], change, tokens[token].decay * state[i]);
      if (warp_index () == 0 && column < n_value)
        a.attended[((gsize) row * a.step.n_value_heads + value_head) * n_value + column]
          = fused (tokens[token].both, change, tokens[token].decay * tokens[token].query * sums.y);
    }
UNROLL
  for (guint i = 0; i < K; i++)
    if (first_key + i < n_key && column < n_value)
      matrix[(gsize) (first_key + i) * n_value] = state[i];
  channels_keep (a.channels, (block_index_y () * n_blocks () + block_index ()) * WARPS * N_LANES + thread_index (),
                 n_blocks () * n_blocks_y () * WARPS * N_LANES);
}

/* --- The gated norm --- */

/* Of a warp: a head's answer. The last block's warps may have nothing to do, and still meet. */
KERNEL (N_THREADS)
gate_answer_kernel (const DeltaArguments a)
{
  previous_wait ();

  const guint piece = block_index () * N_WARPS + warp_index ();
  const guint n = piece < a.channels.n_rows * a.step.n_value_heads ? a.step.n_value : 0;
  float *y = a.attended + (gsize) piece * a.step.n_value;
  const float *gate = a.gate + (gsize) piece * a.step.n_value;
  const SottoNorm &norm = a.step.norm;
  float mean = 0.0f, squares = 0.0f, factor = 1.0f;

  for (guint i = lane_index (); i < n && norm.kind == SOTTO_NORM_LAYER; i += N_LANES)
    mean += y[i];
  mean = warp_sum (mean) / (float) a.step.n_value;
  for (guint i = lane_index (); i < n; i += N_LANES)
    squares = fused (y[i] - mean, y[i] - mean, squares);
  squares = warp_sum (squares);
  if (norm.kind != SOTTO_NORM_NONE)
    factor = 1.0f / sqrtf (squares / (float) a.step.n_value + norm.epsilon);
  for (guint i = lane_index (); i < n; i += N_LANES)
    {
      float x = (y[i] - mean) * factor;

      if (norm.weight != NULL)
        x *= load (&norm.weight[i]);
      if (norm.bias != NULL)
        x += load (&norm.bias[i]);
      y[i] = x * sotto_silu (load (&gate[i]));
    }
}

/* --- Launching --- */

template <guint K, guint WARPS>
static gboolean
launch_keys (SottoCudaDevice *self, const DeltaArguments &a)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (a.step.n_value, COLUMNS);
  shape.n_blocks_y = a.step.n_value_heads;
  shape.n_threads = WARPS * N_LANES;
  return launch (self, "delta rule", shape, delta_kernel<K, WARPS>, a);
}

static gboolean
launch_delta (SottoCudaDevice *self, const DeltaArguments &a)
{
  return a.step.n_key <= 64    ? launch_keys<16, 4> (self, a)
         : a.step.n_key <= 128 ? launch_keys<32, 4> (self, a)
                               : launch_keys<MOST_KEYS / 8, 8> (self, a);
}

gboolean
sotto_cuda_delta (SottoCudaDevice *self, const SottoCudaDelta *arguments)
{
  DeltaArguments a = {};
  Shape pieces = {};

  a.step = *arguments->step;
  a.channels.mixed = arguments->mixed;
  a.channels.recurrent = arguments->recurrent;
  a.channels.convolution = a.step.convolution;
  a.channels.convolved = arguments->convolved;
  a.channels.n_rows = arguments->n_rows;
  a.channels.n_channels = (2 * a.step.n_key_heads * a.step.n_key) + a.step.n_value_heads * a.step.n_value;
  a.channels.n_mixed = a.channels.n_channels;
  a.channels.n_conv = a.step.n_conv;
  a.gate = arguments->gate;
  a.alpha = arguments->alpha;
  a.beta = arguments->beta;
  a.attended = arguments->attended;
  if (a.step.n_key > MOST_KEYS)
    return device_refuse (self, "heads of more than " G_STRINGIFY (MOST_KEYS) " elements are too large for the delta rule");
  pieces.n_blocks = ceil_divide ((gsize) a.channels.n_rows * a.step.n_value_heads, N_WARPS);
  pieces.n_threads = N_THREADS;
  return launch_channels (self, &a.channels) && launch_delta (self, a)
         && launch (self, "delta rule's norm", pieces, gate_answer_kernel, a);
}
