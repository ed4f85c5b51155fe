#include "cpu/cache-layout.h"
#include "cpu/cache.h"
#include "cpu/exact-math.h"
#include "cpu/kernels.h"
#include "random-weight.h"
#include "sotto-error.h"

#include <stdlib.h>

/* Every tier against arithmetic in double on random input, at every class of shape: one row, odd
 * numbers of blocks, rows and tokens that leave tails, few and many tokens. With -m perf also a
 * benchmark. */

static const char *const tiers[] = { "reference", "avx2", "avx512" };

/* --- Random input --- */

typedef struct {
  SottoActivations x;
  guint8 *memory;
} Input;

static Input
random_input (const SottoKernels *kernels, guint n_tokens, guint n_columns, GRand *rand)
{
  Input input = { 0 };
  gsize bytes = sotto_activations_layout (&input.x, n_columns, n_tokens, NULL);

  input.memory = aligned_alloc (64, bytes);
  memset (input.memory, 0xff, bytes);
  sotto_activations_layout (&input.x, n_columns, n_tokens, input.memory);
  for (guint t = 0; t < n_tokens; t++)
    {
      float *values = input.x.values + t * input.x.column_stride;

      for (guint i = 0; i < n_columns; i++)
        values[i] = random_float (rand) * (i % 97 == 5 ? 30.0f : 1.0f);
      if (t % 5 == 4) /* a block of zeros */
        memset (values, 0, MIN (n_columns, 32) * sizeof *values);
      kernels->quantise (values, n_columns, input.x.steps + t * input.x.column_stride,
                         input.x.scales + t * input.x.block_stride,
                         input.x.totals + t * input.x.block_stride,
                         input.x.sums + t * input.x.block_stride);
    }
  return input;
}

/* --- Products --- */

/* The error allowed: half a step of the activations on every weight where they are in steps, and
 * the rounding of float sums. */
static void
check_product (const SottoWeight *weight,
               const Input *input,
               guint t,
               guint r,
               gboolean in_steps,
               float y)
{
  const SottoBlockInfo *info = sotto_block_info (weight->type);
  const float *values = input->x.values + t * input->x.column_stride;
  g_autofree float *row = g_new (float, weight->n_columns);
  double exact = 0;
  double magnitude = 0;
  double steps = 0;

  info->dequantise ((const guint8 *) weight->data + r * weight->row_bytes, row, weight->n_columns);
  for (guint first = 0; first < weight->n_columns; first += 32)
    {
      guint end = MIN (first + 32, weight->n_columns);
      double highest = 0;

      for (guint i = first; i < end; i++)
        highest = MAX (highest, fabs ((double) values[i]));
      for (guint i = first; i < end; i++)
        {
          exact += (double) row[i] * (double) values[i];
          magnitude += fabs ((double) row[i] * (double) values[i]);
          steps += fabs ((double) row[i]) * highest / SOTTO_STEPS_HIGHEST / 2;
        }
    }
  g_assert_cmpfloat (fabs ((double) y - exact), <=,
                     (in_steps ? 1.001 * steps : 0) + 4e-6 * magnitude + 1e-20);
}

static void
check_shape (const SottoKernels *kernels,
             SottoBlockType type,
             guint n_rows,
             guint n_columns,
             guint n_tokens,
             GRand *rand)
{
  SottoWeight weight = random_weight_new (type, n_rows, n_columns, rand);
  Input input = random_input (kernels, n_tokens, n_columns, rand);
  gsize stride = n_rows + 3;
  g_autofree float *batch = g_new (float, n_tokens * stride);
  g_autofree float *single = g_new (float, n_rows);
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

  for (gsize i = 0; i < n_tokens * stride; i++)
    batch[i] = -12345.0f;
  kernels->multiply[type] (&weight, 0, n_rows, &input.x, 0, n_tokens, batch, stride, scratch);
  for (guint t = 0; t < n_tokens; t++)
    {
      guint middle = n_rows / 2;

      for (guint r = 0; r < n_rows; r += n_tokens > 64 ? 7 : 1)
        check_product (&weight, &input, t, r, kernels->takes_steps[type], batch[t * stride + r]);
      /* nothing beside what was asked for */
      for (guint i = n_rows; i < stride; i++)
        g_assert_cmpfloat (batch[t * stride + i], ==, -12345.0f);
      /* the same to the bit alone, and in two stretches of rows */
      kernels->multiply[type] (&weight, 0, middle, &input.x, t, 1, single, n_rows, scratch);
      kernels->multiply[type](&weight, middle, n_rows - middle, &input.x, t, 1, single + middle,
                              n_rows, scratch);
      g_assert_cmpmem (single, n_rows * sizeof *single, batch + t * stride, n_rows * sizeof *batch);
    }
  free (scratch);
  free (input.memory);
  random_weight_clear (&weight);
}

typedef struct {
  const char *tier;
  SottoBlockType type;
} Case;

static gboolean
init_or_skip (SottoKernels *kernels, const char *tier)
{
  g_autoptr (GError) error = NULL;

  if (!sotto_cpu_has (tier))
    {
      g_autofree char *reason = g_strdup_printf ("this CPU does not have %s", tier);

      g_test_skip (reason);
      return FALSE;
    }
  g_assert_true (sotto_kernels_init (kernels, tier, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kernels->name, ==, tier);
  return TRUE;
}

static void
test_multiply (gconstpointer data)
{
  static const guint rows[] = { 1, 2, 7, 31, 32, 33, 70 };
  static const guint blocks[] = { 1, 2, 3, 7, 8, 9, 15, 17, 28 };
  static const guint tokens[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 33 };
  const Case *test = data;
  guint n_elements = MAX (sotto_block_info (test->type)->n_elements, 32);
  g_autoptr (GRand) rand = g_rand_new_with_seed (test->type + 1);
  SottoKernels kernels;

  if (!init_or_skip (&kernels, test->tier))
    return;
  for (guint r = 0; r < G_N_ELEMENTS (rows); r++)
    for (guint t = 0; t < G_N_ELEMENTS (tokens); t++)
      check_shape (&kernels, test->type, rows[r],
                   n_elements * blocks[(r + t) % (n_elements == 256 ? 3 : 9)], tokens[t], rand);
  for (guint b = 0; b < (n_elements == 256 ? 3 : G_N_ELEMENTS (blocks)); b++)
    check_shape (&kernels, test->type, 5, n_elements * blocks[b], 11, rand);
  check_shape (&kernels, test->type, 37, n_elements * (n_elements == 256 ? 2 : 5), 512, rand);
  if (n_elements == 32 && sotto_block_info (test->type)->n_elements == 1)
    for (guint n_columns = 1; n_columns < 40; n_columns += 3)
      {
        check_shape (&kernels, test->type, 6, n_columns, 5, rand);
        check_shape (&kernels, test->type, 39, n_columns + 512, 23, rand);
      }
}

/* Weights and activations at the ends of their ranges: no sum of integers may overflow. */
static void
test_extremes (gconstpointer data)
{
  const Case *test = data;
  const SottoBlockInfo *info = sotto_block_info (test->type);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint n_columns = 512;
  SottoKernels kernels;

  if (!init_or_skip (&kernels, test->tier))
    return;
  for (guint pattern = 0; pattern < 4; pattern++)
    {
      static const guint8 bytes[] = { 0x00, 0xff, 0x80, 0x7f };
      SottoWeight weight = random_weight_new (test->type, 40, n_columns, rand);
      Input input = random_input (&kernels, 8, n_columns, rand);
      void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));
      float y[8][40];

      for (gsize i = 0; i < 40 * n_columns / info->n_elements && info->n_elements > 1; i++)
        {
          guint8 *block = (guint8 *) weight.data + i * info->n_bytes;

          memset (block, bytes[pattern], info->n_bytes);
          if (test->type == SOTTO_BLOCK_Q6_K)
            memset (block + 192, 0x80, 16); /* the largest factors */
          put_scales (test->type, block, rand);
        }
      for (guint t = 0; t < 8; t++)
        {
          for (guint i = 0; i < n_columns; i++)
            input.x.values[t * input.x.column_stride + i] = t % 2 == 0 ? 3.0f : -3.0f;
          kernels.quantise (
            input.x.values + t * input.x.column_stride, n_columns,
            input.x.steps + t * input.x.column_stride, input.x.scales + t * input.x.block_stride,
            input.x.totals + t * input.x.block_stride, input.x.sums + t * input.x.block_stride);
        }
      for (guint n = 1; n <= 8; n += 7)
        {
          kernels.multiply[test->type] (&weight, 0, 40, &input.x, 0, n, &y[0][0], 40, scratch);
          for (guint t = 0; t < n; t++)
            for (guint r = 0; r < 40; r++)
              check_product (&weight, &input, t, r, kernels.takes_steps[test->type], y[t][r]);
        }
      free (scratch);
      free (input.memory);
      random_weight_clear (&weight);
    }
}

/* AVX2 and AVX-512 do the same operations in the same order. */
static void
test_tiers_agree (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (99);
  SottoKernels narrow;
  SottoKernels wide;

  if (!init_or_skip (&narrow, "avx2") || !init_or_skip (&wide, "avx512"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    for (guint n_tokens = 1; n_tokens < 30; n_tokens += 9)
      {
        guint n_rows = 45;
        guint n_elements = sotto_block_info (random_weight_types[i])->n_elements;
        guint n_columns = n_elements == 256 ? 768 : n_elements == 64 ? 64 * 9 : 32 * 19;
        SottoWeight weight = random_weight_new (random_weight_types[i], n_rows, n_columns, rand);
        Input input = random_input (&narrow, n_tokens, n_columns, rand);
        Input copy = random_input (&wide, n_tokens, n_columns, rand);
        g_autofree float *a = g_new (float, n_rows * n_tokens);
        g_autofree float *b = g_new (float, n_rows * n_tokens);
        void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));

        memcpy (copy.x.values, input.x.values, n_tokens * input.x.column_stride * sizeof (float));
        for (guint t = 0; t < n_tokens; t++)
          wide.quantise (
            copy.x.values + t * copy.x.column_stride, n_columns,
            copy.x.steps + t * copy.x.column_stride, copy.x.scales + t * copy.x.block_stride,
            copy.x.totals + t * copy.x.block_stride, copy.x.sums + t * copy.x.block_stride);
        g_assert_cmpmem (input.x.steps, n_tokens * n_columns * 2, copy.x.steps,
                         n_tokens * n_columns * 2);
        narrow.multiply[random_weight_types[i]] (&weight, 0, n_rows, &input.x, 0, n_tokens, a, n_rows, scratch);
        wide.multiply[random_weight_types[i]] (&weight, 0, n_rows, &copy.x, 0, n_tokens, b, n_rows, scratch);
        g_assert_cmpmem (a, n_rows * n_tokens * sizeof *a, b, n_rows * n_tokens * sizeof *b);
        free (scratch);
        free (input.memory);
        free (copy.memory);
        random_weight_clear (&weight);
      }
}

/* --- Norm, gate, RoPE, conversions --- */

/* In place or not, with and without weight and bias. */
static void
test_norm (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  SottoKernels kernels;
  float x[1030];
  float weight[1030];
  float bias[1030];
  float y[1030];

  if (!init_or_skip (&kernels, data))
    return;
  for (guint n = 1; n < G_N_ELEMENTS (x); n = n * 2 + (n % 3))
    for (guint way = 0; way < 12; way++)
      {
        SottoNormKind kind = (SottoNormKind) (way % 3);
        const float *weights = way / 3 >= 1 ? weight : NULL;
        const float *biases = way / 3 >= 2 ? bias : NULL;
        double mean = 0;
        double squares = 0;
        double scale = 1;

        for (guint i = 0; i < n; i++)
          {
            x[i] = 5 * random_float (rand);
            weight[i] = random_float (rand);
            bias[i] = random_float (rand);
            mean += kind == SOTTO_NORM_LAYER ? (double) x[i] / n : 0;
          }
        for (guint i = 0; i < n; i++)
          squares += ((double) x[i] - mean) * ((double) x[i] - mean) / n;
        if (kind != SOTTO_NORM_NONE)
          scale = 1 / sqrt (squares + 1e-5);
        memcpy (y, x, sizeof y);
        kernels.norm (kind, way / 3 == 3 ? y : x, weights, biases, 1e-5f, n, y);
        for (guint i = 0; i < n; i++)
          {
            double exact = ((double) x[i] - mean) * scale * (weights ? (double) weight[i] : 1)
                           + (biases ? (double) bias[i] : 0);

            g_assert_cmpfloat (fabs ((double) y[i] - exact), <=, n == 1 ? 1e-2 : 4e-6 * (1 + fabs (exact)));
          }
      }
}

static float
activate (SottoActivation kind, float x)
{
  return kind == SOTTO_ACTIVATION_SILU           ? sotto_silu (x)
         : kind == SOTTO_ACTIVATION_GELU         ? sotto_gelu (x)
         : kind == SOTTO_ACTIVATION_GELU_ERF     ? sotto_gelu_erf (x)
         : kind == SOTTO_ACTIVATION_RELU_SQUARED ? sotto_relu_squared (x)
                                                 : x;
}

static void
test_gate (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  SottoKernels kernels;
  float gate[77];
  float up[77];
  float y[77];

  if (!init_or_skip (&kernels, data))
    return;
  for (guint i = 0; i < 77; i++)
    {
      gate[i] = 60 * random_float (rand);
      up[i] = random_float (rand);
    }
  for (guint n = 1; n <= 77; n += 4)
    {
      for (int kind = SOTTO_ACTIVATION_NONE; kind <= SOTTO_ACTIVATION_RELU_SQUARED; kind++)
        {
          SottoActivation activation = (SottoActivation) kind;

          kernels.gate (activation, gate, up, n, y);
          for (guint i = 0; i < n; i++)
            g_assert_cmpfloat (y[i], ==, activate (activation, gate[i]) * up[i]);
          kernels.gate (activation, gate, NULL, n, y);
          for (guint i = 0; i < n; i++)
            g_assert_cmpfloat (y[i], ==, activate (activation, gate[i]));
        }
      kernels.gate (SOTTO_ACTIVATION_CLAMPED, gate, gate, n, y);
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, sotto_clamped (gate[i], gate[i]));
      memcpy (y, up, sizeof y);
      kernels.sigmoid (gate, n, y);
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, up[i] / (1.0f + sotto_exp (-gate[i])));
      memcpy (y, gate, sizeof y);
      kernels.cap (30.0f, n, y);
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, 30.0f * sotto_tanh (gate[i] / 30.0f));
    }
}

/* One token of the delta rule, and its convolution. */
static void
test_delta (gconstpointer data)
{
  enum { KEY = 37, MOST = 150, TAPS = 4 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  static float state[KEY * MOST];
  static double exact_state[KEY * MOST];
  float query[KEY], key[KEY], value[MOST], answer[MOST], weights[TAPS * MOST];
  const float *rows[TAPS] = { query, key, query, key };
  SottoKernels kernels;

  if (!init_or_skip (&kernels, data))
    return;
  for (guint n = 1; n <= MOST; n += 23)
    {
      for (guint i = 0; i < KEY; i++)
        {
          query[i] = 0.2f * random_float (rand);
          key[i] = 0.2f * random_float (rand);
        }
      for (guint i = 0; i < KEY * n; i++)
        exact_state[i] = (double) (state[i] = random_float (rand));
      for (guint j = 0; j < n; j++)
        value[j] = random_float (rand);
      kernels.delta (query, key, value, 0.75f, 0.5f, KEY, n, state, answer);
      for (guint j = 0; j < n; j++)
        {
          double said = 0;
          double sum = 0;

          for (guint i = 0; i < KEY; i++)
            said += (double) key[i] * (exact_state[i * n + j] *= 0.75);
          for (guint i = 0; i < KEY; i++)
            {
              exact_state[i * n + j] += (double) key[i] * 0.5 * ((double) value[j] - said);
              sum += (double) query[i] * exact_state[i * n + j];
              g_assert_cmpfloat (fabs ((double) state[i * n + j] - exact_state[i * n + j]), <=, 1e-6);
            }
          g_assert_cmpfloat (fabs ((double) answer[j] - sum), <=, 1e-6);
        }
    }
  for (guint n = 1; n <= KEY; n += 6)
    {
      for (guint i = 0; i < TAPS * n; i++)
        weights[i] = random_float (rand);
      kernels.convolve (rows, weights, TAPS, n, answer);
      for (guint i = 0; i < n; i++)
        {
          double sum = 0;

          for (guint tap = 0; tap < TAPS; tap++)
            sum += (double) weights[tap * n + i] * (double) rows[tap][i];
          g_assert_cmpfloat (fabs ((double) answer[i] - sum / (1 + exp (-sum))), <=, 1e-6);
        }
    }
}

static void
test_rope (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  SottoKernels kernels;

  if (!init_or_skip (&kernels, data))
    return;
  for (guint n_pairs = 1; n_pairs <= 64; n_pairs += 7)
    for (int kind = SOTTO_ROPE_NORMAL; kind <= SOTTO_ROPE_NEOX; kind++)
      {
        float cosines[64];
        float sines[64];
        float before[130];
        float x[130];

        for (guint i = 0; i < 130; i++)
          before[i] = x[i] = random_float (rand);
        for (guint i = 0; i < n_pairs; i++)
          {
            double angle = g_rand_double_range (rand, -3, 3);

            cosines[i] = (float) cos (angle);
            sines[i] = (float) sin (angle);
          }
        kernels.rope ((SottoRopeKind) kind, cosines, sines, n_pairs, x);
        for (guint i = 0; i < n_pairs; i++)
          {
            guint first = kind == SOTTO_ROPE_NORMAL ? 2 * i : i;
            guint second = kind == SOTTO_ROPE_NORMAL ? 2 * i + 1 : i + n_pairs;
            double c = (double) cosines[i];
            double s = (double) sines[i];
            double a = (double) before[first];
            double b = (double) before[second];

            g_assert_cmpfloat (fabs ((double) x[first] - (a * c - b * s)), <=, 2.5e-7);
            g_assert_cmpfloat (fabs ((double) x[second] - (a * s + b * c)), <=, 2.5e-7);
          }
        for (guint i = 2 * n_pairs; i < 130; i++)
          g_assert_cmpfloat (x[i], ==, before[i]);
      }
}

static gboolean
has_odd_ones (guint x)
{
  gboolean odd = FALSE;

  for (; x != 0; x >>= 1)
    odd ^= x & 1;
  return odd;
}

/* Against the matrix of Hadamard itself; twice is not at all; the same bits on every tier. */
static void
test_spread (gconstpointer data)
{
  static const guint widths[] = { 1, 2, 8, 32, 64, 128 };
  enum { N = 384 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  SottoKernels kernels;
  SottoKernels plain;
  float before[N], x[N], other[N];

  if (!init_or_skip (&kernels, data))
    return;
  sotto_kernels_fill_reference (&plain);
  for (guint w = 0; w < G_N_ELEMENTS (widths); w++)
    {
      guint width = widths[w];

      for (guint i = 0; i < N; i++)
        before[i] = x[i] = other[i] = random_float (rand);
      kernels.spread (N, width, x);
      plain.spread (N, width, other);
      g_assert_cmpmem (x, sizeof x, other, sizeof other);
      for (guint j = 0; j < N; j++)
        {
          double sum = 0;

          for (guint i = 0; i < width; i++)
            sum += (has_odd_ones (i & j % width) ? -1 : 1) * (double) before[j - j % width + i];
          g_assert_cmpfloat (fabs ((double) x[j] - sum / sqrt (width)), <=, 1e-6);
        }
      kernels.spread (N, width, x);
      for (guint i = 0; i < N; i++)
        g_assert_cmpfloat (fabsf (x[i] - before[i]), <=, 1e-6f);
    }
}

static void
test_halves (gconstpointer data)
{
  SottoKernels kernels;
  guint16 halves[0x10000];
  static float floats[0x10000];
  static guint16 back[0x10000];

  if (!init_or_skip (&kernels, data))
    return;
  for (guint i = 0; i < 0x10000; i++)
    halves[i] = (guint16) i;
  kernels.from_half (halves, 0x10000, floats);
  kernels.to_half (floats, 0x10000 - 3, back);
  for (guint i = 0; i < 0x10000 - 3; i++)
    {
      if ((i & 0x7c00) == 0x7c00 && (i & 0x3ff) != 0) /* not a number */
        continue;
      g_assert_cmpfloat (floats[i], ==, sotto_half_to_float ((guint16) i));
      g_assert_cmphex (back[i], ==, i);
    }
}

/* --- Attention --- */

enum { N_QUERIES = 7, N_POSITIONS = 1024 };

typedef struct {
  SottoKvType type;
  guint n_key;
  guint n_value;
  gboolean latent;         /* the values are the first elements of the keys */
  guint window;
  float soft_cap;
  float slope;
} Attended;

/* What a step makes of a value of Q4_0. */
static double
round_4 (float value, float step)
{
  return (double) step * CLAMP (nearbyint ((double) (value / step)), -8.0, 7.0);
}

/* The step of 32 values of Q4_0 that loses least of them. */
static float
step_4 (const float *values, guint n, float highest)
{
  static const float parts[] = { -8.0f, -8.5f, -9.0f };
  double least = G_MAXDOUBLE;
  float best = 0;

  for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
    {
      float step = sotto_half_to_float (sotto_float_to_half (highest / parts[k]));
      double lost = 0;

      for (guint i = 0; i < n; i++)
        lost += pow ((double) values[i] - round_4 (values[i], step), 2);
      if (lost < least)
        {
          least = lost;
          best = step;
        }
    }
  return best;
}

/* A row as the cache gives it back, by the definition of the type. */
static void
round_row (SottoKvType type, float *row, guint n)
{
  if (type == SOTTO_KV_F32)
    return;
  for (guint first = 0; first < n; first += 32)
    {
      float highest = 0;
      float step;

      for (guint i = first; i < MIN (first + 32, n); i++)
        if (fabsf (row[i]) > fabsf (highest))
          highest = row[i];
      step = type == SOTTO_KV_Q8_0
               ? sotto_half_to_float (sotto_float_to_half (fabsf (highest) / 127))
               : step_4 (row + first, MIN (32, n - first), highest);
      for (guint i = first; i < MIN (first + 32, n); i++)
        row[i] = type == SOTTO_KV_F16 ? sotto_half_to_float (sotto_float_to_half (row[i]))
                 : type == SOTTO_KV_Q8_0
                   ? step * CLAMP (nearbyintf (row[i] / step), -127.0f, 127.0f)
                   : (float) round_4 (row[i], step);
    }
}

/* Query @query's result in double. */
static void
attend_double (const Attended *test, const SottoQuery *query, const float *keys, const float *values, double *result)
{
  g_autofree double *weights = g_new0 (double, query->end);
  double highest = -1e300;
  double sum = 0;

  for (guint p = query->first; p < query->end; p++)
    {
      for (guint d = 0; d < test->n_key; d++)
        weights[p] += (double) query->vector[d] * (double) keys[p * test->n_key + d];
      weights[p] *= (double) query->scale;
      if (test->soft_cap > 0)
        weights[p] = (double) test->soft_cap * tanh (weights[p] / (double) test->soft_cap);
      weights[p] += (double) query->slope * ((double) p - query->position);
      highest = MAX (highest, weights[p]);
    }
  for (guint p = query->first; p < query->end; p++)
    sum += weights[p] = exp (weights[p] - highest);
  for (guint d = 0; d < test->n_value; d++)
    {
      result[d] = 0;
      for (guint p = query->first; p < query->end; p++)
        result[d] += weights[p] / sum
                     * (double) (test->latent ? keys[p * test->n_key + d] : values[p * test->n_value + d]);
    }
}

static void
check_attention (const SottoKernels *kernels, const Attended *test, guint n_keys, GRand *rand)
{
  SottoCacheShape shape = { 1, test->n_key, test->latent ? 0 : test->n_value, test->n_value, 0 };
  SottoPlan plan = { .caches = &shape, .n_caches = 1 };
  guint stride = sotto_value_stride (test->n_value);
  g_autofree float *keys = g_new (float, N_POSITIONS * test->n_key);
  g_autofree float *values = g_new (float, N_POSITIONS * test->n_value);
  g_autofree float *vectors = g_new (float, N_QUERIES * test->n_key);
  g_autofree float *results = g_new (float, 3 * N_QUERIES * stride);
  g_autofree double *exact = g_new (double, test->n_value);
  g_autofree guint16 *halves = g_new (guint16, test->n_key);
  SottoQuery queries[N_QUERIES];
  SottoPartial totals[N_QUERIES];
  SottoPartial partials[N_QUERIES];
  SottoCaches caches;
  const SottoCache *cache;
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (32, MAX (test->n_key, stride)));

  g_assert_true (sotto_caches_init (&caches, &plan, N_POSITIONS, test->type, NULL));
  cache = &caches.caches[0];
  for (guint p = 0; p < n_keys; p++)
    {
      float *key = keys + p * test->n_key;
      float *value = values + p * test->n_value;

      for (guint d = 0; d < test->n_key; d++)
        key[d] = 2 * random_float (rand);
      for (guint d = 0; d < test->n_value; d++)
        value[d] = random_float (rand);
      sotto_cache_pack_key (test->type, sotto_cache_key_tile (cache, 0, p), p % SOTTO_KEY_TILE, key,
                            test->n_key, kernels, halves);
      if (!test->latent)
        sotto_cache_pack_value (test->type, sotto_cache_value_row (cache, 0, p), value, test->n_value, kernels);
      round_row (test->type, key, test->n_key);
      round_row (test->type, value, test->n_value);
    }
  for (guint i = 0; i < N_QUERIES; i++)
    {
      guint position = n_keys > i + 1 ? n_keys - i - 1 : 0;

      queries[i] = (SottoQuery) {
        .vector = vectors + i * test->n_key,
        .position = position,
        .first = test->window > 0 && position >= test->window ? position - test->window + 1 : 0,
        .end = position + 1,
        .scale = 1.0f / sqrtf ((float) test->n_key),
        .slope = test->slope,
      };
      for (guint d = 0; d < test->n_key; d++)
        vectors[i * test->n_key + d] = 2 * random_float (rand);
      totals[i] = (SottoPartial) { -INFINITY, 0, results + i * stride };
      partials[i].value = results + (N_QUERIES + i) * stride;
      memset (totals[i].value, 0, stride * sizeof (float));
    }

  for (guint key = 0; key < n_keys; key += SOTTO_ATTEND_CHUNK)
    {
      SottoAttendKeys head = { .keys = sotto_cache_key_tile (cache, 0, key),
                               .values = test->latent ? NULL : sotto_cache_value_row (cache, 0, key),
                               .key_tile_bytes = cache->key_tile_bytes,
                               .value_bytes = cache->value_bytes,
                               .type = test->type,
                               .n_key = test->n_key,
                               .n_value = test->n_value,
                               .value_stride = stride,
                               .soft_cap = test->soft_cap };
      guint end = MIN (key + SOTTO_ATTEND_CHUNK, n_keys);

      kernels->attend (&head, key, end, N_QUERIES, queries, partials, scratch);
      for (guint i = 0; i < N_QUERIES; i++)
        if (queries[i].first < end && queries[i].end > key)
          kernels->merge (&totals[i], &partials[i], stride);
      for (guint i = 0; i < N_QUERIES; i++)
        {
          /* one query alone gives the same bits */
          SottoPartial alone = { .value = results + 2 * N_QUERIES * stride };

          kernels->attend (&head, key, end, 1, &queries[i], &alone, scratch);
          g_assert_cmpfloat (alone.sum, ==, partials[i].sum);
          g_assert_cmpmem (alone.value, stride * sizeof (float), partials[i].value, stride * sizeof (float));
        }
    }
  for (guint i = 0; i < N_QUERIES; i++)
    {
      attend_double (test, &queries[i], keys, values, exact);
      for (guint d = 0; d < test->n_value; d++)
        g_assert_cmpfloat (fabs ((double) (totals[i].value[d] / totals[i].sum) - exact[d]), <=,
                           1e-5);
    }
  sotto_caches_clear (&caches);
  free (scratch);
}

static void
test_attention (gconstpointer data)
{
  static const guint n_keys[] = { 1, 2, 15, 16, 17, 63, 64, 65, 200, 256, 257, 700 };
  static const Attended tests[] = {
    { SOTTO_KV_F16, 64, 64, FALSE, 0, 0, 0 },     { SOTTO_KV_F32, 128, 128, FALSE, 0, 0, 0 },
    { SOTTO_KV_F16, 80, 72, FALSE, 20, 0, 0 },    { SOTTO_KV_F32, 5, 3, FALSE, 300, 0, 0 },
    { SOTTO_KV_Q8_0, 64, 64, FALSE, 0, 0, 0 },    { SOTTO_KV_Q4_0, 80, 40, FALSE, 0, 0, 0 },
    { SOTTO_KV_F32, 64, 32, FALSE, 0, 2, 0 },     { SOTTO_KV_F16, 64, 32, FALSE, 0, 0, 0.25f },
    { SOTTO_KV_F16, 576, 512, TRUE, 0, 0, 0 },    { SOTTO_KV_F32, 48, 32, TRUE, 90, 0, 0 },
    { SOTTO_KV_Q8_0, 96, 64, TRUE, 70, 3, 0 },
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (6);
  SottoKernels kernels;

  if (!init_or_skip (&kernels, data))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (n_keys); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
      check_attention (&kernels, &tests[t], n_keys[i], rand);
}

/* --- Dispatch --- */

static void
test_dispatch (void)
{
  g_autoptr (GError) error = NULL;
  SottoKernels kernels;

  g_assert_false (sotto_kernels_init (&kernels, "avx1024", &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "avx1024");
  g_clear_error (&error);

  g_setenv ("SOTTO_CPU_TIER", "reference", TRUE);
  g_assert_true (sotto_kernels_init (&kernels, NULL, &error));
  g_assert_cmpstr (kernels.name, ==, "reference");
  g_unsetenv ("SOTTO_CPU_TIER");
  g_assert_true (sotto_kernels_init (&kernels, NULL, &error));
  g_assert_cmpstr (kernels.name, ==,
                   sotto_cpu_has ("avx512") ? "avx512"
                   : sotto_cpu_has ("avx2") ? "avx2"
                                            : "reference");
  for (guint i = 0; i < G_N_ELEMENTS (random_weight_types); i++)
    g_assert_nonnull (kernels.multiply[random_weight_types[i]]);
}

/* --- Benchmark --- */

static void
test_speed (gconstpointer data)
{
  const Case *test = data;
  guint n_columns = 2048;
  guint n_rows = 32768;
  guint n_tokens = 512;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree float *y = g_new (float, MAX (n_rows, n_tokens * 256));
  void *scratch = aligned_alloc (64, sotto_kernels_scratch (n_columns, 64));
  SottoWeight some;
  SottoWeight weight;
  guint8 *rows;
  SottoKernels kernels;
  double decode = 1e9;
  double prefill = 1e9;
  Input input;

  if (!init_or_skip (&kernels, test->tier))
    return;
  weight = some = random_weight_new (test->type, 256, n_columns, rand);
  rows = g_malloc (n_rows * weight.row_bytes);
  for (guint r = 0; r < n_rows; r += 256)
    memcpy (rows + r * weight.row_bytes, some.data, 256 * weight.row_bytes);
  weight.data = rows;
  weight.n_rows = n_rows;
  random_weight_clear (&some);
  input = random_input (&kernels, n_tokens, n_columns, rand);
  for (guint i = 0; i < 3; i++)
    {
      gint64 start = g_get_monotonic_time ();

      kernels.multiply[test->type] (&weight, 0, n_rows, &input.x, 0, 1, y, n_rows, scratch);
      decode = MIN (decode, (double) (g_get_monotonic_time () - start) / 1e6);
      start = g_get_monotonic_time ();
      kernels.multiply[test->type] (&weight, 0, 256, &input.x, 0, n_tokens, y, 256, scratch);
      prefill = MIN (prefill, (double) (g_get_monotonic_time () - start) / 1e6);
    }
  g_test_maximized_result (256.0 * n_columns * n_tokens / prefill / 1e9,
                           "%s %s: one token %.1f GB/s, 512 tokens %.1f GMAC/s", test->tier,
                           sotto_block_name (test->type),
                           (double) n_rows * (double) weight.row_bytes / decode / 1e9,
                           256.0 * n_columns * n_tokens / prefill / 1e9);
  g_test_message ("%s %s: one token %.1f GB/s, 512 tokens %.1f GMAC/s", test->tier,
                  sotto_block_name (test->type),
                  (double) n_rows * (double) weight.row_bytes / decode / 1e9,
                  256.0 * n_columns * n_tokens / prefill / 1e9);
  free (scratch);
  free (input.memory);
  g_free (rows);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    {
      static const struct {
        const char *name;
        GTestDataFunc func;
      } tests[] = {
        { "norm", test_norm }, { "gate", test_gate },           { "rope", test_rope },
        { "delta", test_delta }, { "spread", test_spread },     { "halves", test_halves },
        { "attention", test_attention },
      };

      for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
        {
          g_autofree char *path = g_strdup_printf ("/kernels/%s/%s", tiers[i], tests[t].name);

          g_test_add_data_func (path, tiers[i], tests[t].func);
        }
      for (guint t = 0; t < G_N_ELEMENTS (random_weight_types); t++)
        {
          static const struct {
            const char *name;
            GTestDataFunc func;
          } products[] = { { "multiply", test_multiply },
                           { "extremes", test_extremes },
                           { "speed", test_speed } };

          for (guint p = 0; p < (g_test_perf () ? 3 : 2); p++)
            {
              Case *test = g_new (Case, 1);
              g_autofree char *path = g_strdup_printf (
                "/kernels/%s/%s/%s", tiers[i], products[p].name, sotto_block_name (random_weight_types[t]));

              *test = (Case) { tiers[i], random_weight_types[t] };
              g_test_add_data_func_full (path, test, products[p].func, g_free);
            }
        }
    }
  g_test_add_func ("/kernels/tiers-agree", test_tiers_agree);
  g_test_add_func ("/kernels/dispatch", test_dispatch);
  return g_test_run ();
}
