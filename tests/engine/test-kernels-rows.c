/* Kernels that work on a row, in every tier, against arithmetic in double: norms, activations, the delta rule,
 * rotation, conversions. */

#include "cpu/exact-math.h"
#include "kernel-tier.h"
#include "random-weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

  if (!kernel_tier_init (&kernels, data))
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
  static const SottoXielu xielu = { 0.8f, 1.3f, 0.5f, -1e-6f };
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  SottoKernels kernels;
  float gate[77];
  float up[77];
  float y[77];

  if (!kernel_tier_init (&kernels, data))
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
      memcpy (y, gate, sizeof y);
      kernels.xielu (&xielu, n, y);
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, sotto_xielu (gate[i], xielu.positive, xielu.negative, xielu.beta, xielu.least));
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
  float query[KEY], key[KEY], value[MOST], answer[MOST], plain[MOST], weights[TAPS * MOST];
  const float *rows[TAPS] = { query, key, query, key };
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
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
      kernels.convolve (SOTTO_ACTIVATION_SILU, rows, weights, NULL, TAPS, n, answer);
      kernels.convolve (SOTTO_ACTIVATION_NONE, rows, weights, value, TAPS, n, plain);
      for (guint i = 0; i < n; i++)
        {
          double sum = 0;

          for (guint tap = 0; tap < TAPS; tap++)
            sum += (double) weights[tap * n + i] * (double) rows[tap][i];
          g_assert_cmpfloat (fabs ((double) answer[i] - sum / (1 + exp (-sum))), <=, 1e-6);
          g_assert_cmpfloat (fabs ((double) plain[i] - (sum + (double) value[i])), <=, 1e-6);
        }
    }
}

/* One token of Mamba-2's state. */
static void
test_scan (gconstpointer data)
{
  enum { KEY = 37, MOST = 150 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (8);
  static float state[KEY * MOST];
  static double exact_state[KEY * MOST];
  float query[KEY], key[KEY], value[MOST], answer[MOST];
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
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
      kernels.scan (query, key, value, 0.75f, KEY, n, state, answer);
      for (guint j = 0; j < n; j++)
        {
          double sum = 0;

          for (guint i = 0; i < KEY; i++)
            {
              double *exact = &exact_state[i * n + j];

              *exact = 0.75 * *exact + (double) key[i] * (double) value[j];
              sum += (double) query[i] * *exact;
              g_assert_cmpfloat (fabs ((double) state[i * n + j] - *exact), <=, 1e-6);
            }
          g_assert_cmpfloat (fabs ((double) answer[j] - sum), <=, 1e-6);
        }
    }
}

static void
test_rope (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  SottoKernels kernels;

  if (!kernel_tier_init (&kernels, data))
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

  if (!kernel_tier_init (&kernels, data))
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

  if (!kernel_tier_init (&kernels, data))
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

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "norm", test_norm },
    { "gate", test_gate },
    { "rope", test_rope },
    { "delta", test_delta },
    { "scan", test_scan },
    { "spread", test_spread },
    { "halves", test_halves },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; kernel_tiers[i] != NULL; i++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
      {
        g_autofree char *path = g_strdup_printf ("/kernels-rows/%s/%s", kernel_tiers[i], tests[t].name);

        g_test_add_data_func (path, kernel_tiers[i], tests[t].func);
      }
  return g_test_run ();
}
