/* The kernels on floats, written over Lanes: a tier's file includes its lanes-*.h, then this.
 *
 * Sums keep sixteen partial sums, by column modulo 16, added in lanes_sum()'s order. */

#include "cpu/template-math.h"
#include "cpu/template-float-few.h"

/* Inlined for each activation, so that there is nothing to decide per element. */
G_ALWAYS_INLINE static inline Lanes
lanes_activate (SottoActivation activation, Lanes x)
{
  Lanes inner = x;

  switch (activation)
    {
    case SOTTO_ACTIVATION_GELU:
      {
        Lanes cube = lanes_multiply (
          lanes_multiply (lanes_multiply (lanes_all (SOTTO_GELU_CUBIC), x), x), x);

        inner = lanes_multiply (lanes_add (x, cube), lanes_all (SOTTO_GELU_LINEAR));
        return lanes_divide (x, lanes_sigmoid_divisor (inner));
      }
    case SOTTO_ACTIVATION_SILU:
      return lanes_divide (x, lanes_sigmoid_divisor (inner));
    case SOTTO_ACTIVATION_CLAMPED:
      x = lanes_minimum (lanes_all (SOTTO_CLAMPED_HIGHEST), x);
      inner = lanes_multiply (x, lanes_all (SOTTO_CLAMPED_SLOPE));
      return lanes_divide (x, lanes_sigmoid_divisor (inner));
    case SOTTO_ACTIVATION_GELU_ERF:
      inner = lanes_erf (lanes_multiply (x, lanes_all (SOTTO_HALF_ROOT)));
      return lanes_multiply (lanes_multiply (lanes_all (0.5f), x),
                             lanes_add (lanes_all (1.0f), inner));
    case SOTTO_ACTIVATION_RELU_SQUARED:
      inner = lanes_select_below (x, 0.0f, lanes_all (0.0f), x);
      return lanes_multiply (inner, inner);
    case SOTTO_ACTIVATION_NONE:
    case SOTTO_ACTIVATION_XIELU:
    default:
      return x;
    }
}

/* y = x times scale, times weight, plus bias, where there are any; x and y may be the same. */
G_ALWAYS_INLINE static inline void
norm_scale (const float *x,
            float        scale,
            const float *weight,
            const float *bias,
            guint        n,
            float       *y)
{
  for (guint i = 0; i < n; i += LANES)
    {
      Lanes v = lanes_multiply (lanes_load_up_to (x + i, n - i), lanes_all (scale));

      if (weight != NULL)
        v = lanes_multiply (v, lanes_load_up_to (weight + i, n - i));
      if (bias != NULL)
        v = lanes_add (v, lanes_load_up_to (bias + i, n - i));
      lanes_store_up_to (y + i, n - i, v);
    }
}

static void
kernel_norm (SottoNormKind kind,
             const float  *x,
             const float  *weight,
             const float  *bias,
             float         epsilon,
             guint         n,
             float        *y)
{
  Lanes sum = lanes_all (0.0f);
  float scale = 1.0f;

  if (kind == SOTTO_NORM_LAYER)
    {
      Lanes mean;

      for (guint i = 0; i < n; i += LANES)
        sum = lanes_add (sum, lanes_load_up_to (x + i, n - i));
      mean = lanes_all (lanes_sum (sum) / (float) n);
      for (guint i = 0; i < n; i += LANES)
        lanes_store_up_to (y + i, n - i, lanes_subtract (lanes_load_up_to (x + i, n - i), mean));
      x = y;
    }
  if (kind != SOTTO_NORM_NONE)
    {
      sum = lanes_all (0.0f);
      for (guint i = 0; i < n; i += LANES)
        {
          Lanes v = lanes_load_up_to (x + i, n - i);

          sum = lanes_add (sum, lanes_multiply (v, v));
        }
      scale = 1.0f / sqrtf (lanes_sum (sum) / (float) n + epsilon);
    }
  norm_scale (x, scale, weight, bias, n, y);
}

G_ALWAYS_INLINE static inline void
gate_all (SottoActivation activation, const float *gate, const float *up, guint n, float *y)
{
  for (guint i = 0; i < n; i += LANES)
    {
      Lanes v = lanes_activate (activation, lanes_load_up_to (gate + i, n - i));

      if (up != NULL)
        {
          Lanes u = lanes_load_up_to (up + i, n - i);

          if (activation == SOTTO_ACTIVATION_CLAMPED)
            u = lanes_add (lanes_clamp (u, SOTTO_CLAMPED_HIGHEST), lanes_all (1.0f));
          v = lanes_multiply (v, u);
        }
      lanes_store_up_to (y + i, n - i, v);
    }
}

static void
kernel_gate (SottoActivation activation, const float *gate, const float *up, guint n, float *y)
{
  switch (activation)
    {
    case SOTTO_ACTIVATION_SILU:
      gate_all (SOTTO_ACTIVATION_SILU, gate, up, n, y);
      break;
    case SOTTO_ACTIVATION_GELU:
      gate_all (SOTTO_ACTIVATION_GELU, gate, up, n, y);
      break;
    case SOTTO_ACTIVATION_GELU_ERF:
      gate_all (SOTTO_ACTIVATION_GELU_ERF, gate, up, n, y);
      break;
    case SOTTO_ACTIVATION_RELU_SQUARED:
      gate_all (SOTTO_ACTIVATION_RELU_SQUARED, gate, up, n, y);
      break;
    case SOTTO_ACTIVATION_CLAMPED:
      gate_all (SOTTO_ACTIVATION_CLAMPED, gate, up, n, y);
      break;
    case SOTTO_ACTIVATION_NONE:
    case SOTTO_ACTIVATION_XIELU:
    default:
      gate_all (SOTTO_ACTIVATION_NONE, gate, up, n, y);
      break;
    }
}

static void
kernel_xielu (const SottoXielu *shape, guint n, float *y)
{
  for (guint i = 0; i < n; i += LANES)
    {
      Lanes x = lanes_load_up_to (y + i, n - i);
      Lanes above = lanes_multiply (lanes_multiply (lanes_all (shape->positive), x), x);
      Lanes below = lanes_exp (lanes_minimum (x, lanes_all (shape->least)));

      below = lanes_subtract (lanes_subtract (below, lanes_all (1.0f)), x);
      below = lanes_multiply (lanes_all (shape->negative), below);
      /* -x < 0 where x is above it */
      above = lanes_select_below (lanes_subtract (lanes_all (-0.0f), x), 0.0f, above, below);
      lanes_store_up_to (y + i, n - i, lanes_add (above, lanes_multiply (lanes_all (shape->beta), x)));
    }
}

static void
kernel_sigmoid (const float *gates, guint n, float *y)
{
  for (guint i = 0; i < n; i += LANES)
    lanes_store_up_to (y + i, n - i,
                       lanes_divide (lanes_load_up_to (y + i, n - i),
                                     lanes_sigmoid_divisor (lanes_load_up_to (gates + i, n - i))));
}

static void
kernel_cap (float cap, guint n, float *y)
{
  for (guint i = 0; i < n; i += LANES)
    {
      Lanes v = lanes_divide (lanes_load_up_to (y + i, n - i), lanes_all (cap));

      lanes_store_up_to (y + i, n - i, lanes_multiply (lanes_all (cap), lanes_tanh (v)));
    }
}

static void
kernel_add (const float *x, float scale, guint n, float *y)
{
  for (guint i = 0; i < n; i++)
    y[i] += scale * x[i];
}

static void
kernel_scale (float scale, guint n, float *y)
{
  for (guint i = 0; i < n; i++)
    y[i] *= scale;
}

G_ALWAYS_INLINE static inline void
convolve_rows (SottoActivation     activation,
               const float *const *rows,
               const float        *weights,
               const float        *bias,
               guint               n_taps,
               guint               n,
               float              *y)
{
  for (guint i = 0; i < n; i += LANES)
    {
      Lanes sum = lanes_all (0.0f);

      for (guint tap = 0; tap < n_taps; tap++)
        sum = lanes_add (sum, lanes_multiply (lanes_load_up_to (weights + (gsize) tap * n + i, n - i),
                                              lanes_load_up_to (rows[tap] + i, n - i)));
      if (bias != NULL)
        sum = lanes_add (sum, lanes_load_up_to (bias + i, n - i));
      lanes_store_up_to (y + i, n - i, lanes_activate (activation, sum));
    }
}

static void
kernel_convolve (SottoActivation     activation,
                 const float *const *rows,
                 const float        *weights,
                 const float        *bias,
                 guint               n_taps,
                 guint               n,
                 float              *y)
{
  if (activation == SOTTO_ACTIVATION_SILU)
    convolve_rows (SOTTO_ACTIVATION_SILU, rows, weights, bias, n_taps, n, y);
  else
    convolve_rows (SOTTO_ACTIVATION_NONE, rows, weights, bias, n_taps, n, y);
}

/* --- Recurrent states --- */

/* Columns first … first + 16 * width - 1 of the state: they do not depend on each other, so that their sums stay in
 * registers, which follow the key's elements. state = decay * state + key * values; answer = query * state. */
G_ALWAYS_INLINE static inline void
renew_columns (const float *query,
               const float *key,
               const Lanes  values[4],
               float        decay,
               guint        n_key,
               guint        n_value,
               guint        first,
               guint        width,
               float       *state,
               float       *answer)
{
  Lanes sums[4];
  guint n = n_value - first;

  for (guint j = 0; j < width; j++)
    sums[j] = lanes_all (0.0f);
  for (guint i = 0; i < n_key; i++)
    {
      float *row = state + (gsize) i * n_value + first;
      Lanes k = lanes_all (key[i]);
      Lanes q = lanes_all (query[i]);

      for (guint j = 0; j < width; j++)
        {
          Lanes v = lanes_load_up_to (row + j * LANES, n - j * LANES);

          v = lanes_fma (k, values[j], lanes_multiply (lanes_all (decay), v));
          sums[j] = lanes_fma (q, v, sums[j]);
          lanes_store_up_to (row + j * LANES, n - j * LANES, v);
        }
    }
  for (guint j = 0; j < width; j++)
    lanes_store_up_to (answer + first + j * LANES, n - j * LANES, sums[j]);
}

/* The delta rule. What the state says at key is asked before it decays, the decay multiplied in behind. */
G_ALWAYS_INLINE static inline void
delta_columns (const float *query,
               const float *key,
               const float *value,
               float        decay,
               float        beta,
               guint        n_key,
               guint        n_value,
               guint        first,
               guint        width,
               float       *state,
               float       *answer)
{
  Lanes said[4];
  guint n = n_value - first;

  for (guint j = 0; j < width; j++)
    said[j] = lanes_all (0.0f);
  for (guint i = 0; i < n_key; i++)
    {
      const float *row = state + (gsize) i * n_value + first;
      Lanes k = lanes_all (key[i]);

      for (guint j = 0; j < width; j++)
        said[j] = lanes_fma (k, lanes_load_up_to (row + j * LANES, n - j * LANES), said[j]);
    }
  for (guint j = 0; j < width; j++)
    {
      Lanes v = lanes_load_up_to (value + first + j * LANES, n - j * LANES);

      said[j] = lanes_subtract (v, lanes_multiply (lanes_all (decay), said[j]));
      said[j] = lanes_multiply (lanes_all (beta), said[j]);
    }
  renew_columns (query, key, said, decay, n_key, n_value, first, width, state, answer);
}

static void
kernel_delta (const float *query,
              const float *key,
              const float *value,
              float        decay,
              float        beta,
              guint        n_key,
              guint        n_value,
              float       *state,
              float       *answer)
{
  guint first = 0;

  for (; first + 4 * LANES <= n_value; first += 4 * LANES)
    delta_columns (query, key, value, decay, beta, n_key, n_value, first, 4, state, answer);
  for (; first < n_value; first += LANES)
    delta_columns (query, key, value, decay, beta, n_key, n_value, first, 1, state, answer);
}

/* Mamba-2: what joins the state is the value as it is. */
G_ALWAYS_INLINE static inline void
scan_columns (const float *query,
              const float *key,
              const float *value,
              float        decay,
              guint        n_key,
              guint        n_value,
              guint        first,
              guint        width,
              float       *state,
              float       *answer)
{
  Lanes values[4];

  for (guint j = 0; j < width; j++)
    values[j] = lanes_load_up_to (value + first + j * LANES, n_value - first - j * LANES);
  renew_columns (query, key, values, decay, n_key, n_value, first, width, state, answer);
}

static void
kernel_scan (const float *query,
             const float *key,
             const float *value,
             float        decay,
             guint        n_key,
             guint        n_value,
             float       *state,
             float       *answer)
{
  guint first = 0;

  for (; first + 4 * LANES <= n_value; first += 4 * LANES)
    scan_columns (query, key, value, decay, n_key, n_value, first, 4, state, answer);
  for (; first < n_value; first += LANES)
    scan_columns (query, key, value, decay, n_key, n_value, first, 1, state, answer);
}

/* Su et al. 2021: each pair is turned by its angle. */
static void
kernel_rope (SottoRopeKind kind, const float *cosines, const float *sines, guint n_pairs, float *x)
{
  if (kind == SOTTO_ROPE_NEOX)
    {
      for (guint i = 0; i < n_pairs; i++)
        {
          float a = x[i];
          float b = x[i + n_pairs];

          x[i] = a * cosines[i] - b * sines[i];
          x[i + n_pairs] = a * sines[i] + b * cosines[i];
        }
      return;
    }
  for (guint i = 0; i < n_pairs; i++)
    {
      float a = x[2 * i];
      float b = x[2 * i + 1];

      x[2 * i] = a * cosines[i] - b * sines[i];
      x[2 * i + 1] = a * sines[i] + b * cosines[i];
    }
}

/* The fast Walsh-Hadamard transform: sums and differences of halves, from pairs upwards. */
static void
kernel_spread (guint n, guint width, float *x)
{
  float scale = 1.0f / sqrtf ((float) width);

  for (guint half = 1; half < width; half *= 2)
    for (guint first = 0; first < n; first += 2 * half)
      {
        float *left = x + first;
        float *right = left + half;

        for (guint i = 0; i < half; i++)
          {
            float a = left[i];
            float b = right[i];

            left[i] = a + b;
            right[i] = a - b;
          }
      }
  for (guint i = 0; i < n; i++)
    x[i] *= scale;
}

static void
kernel_to_half (const float *x, guint n, guint16 *y)
{
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store_half (y + i, lanes_load (x + i));
  if (i < n)
    {
      guint16 part[LANES];

      lanes_store_half (part, lanes_load_part (x + i, n - i));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

static void
kernel_from_half (const guint16 *x, guint n, float *y)
{
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store (y + i, lanes_load_half (x + i));
  if (i < n)
    {
      guint16 half[LANES] = { 0 };
      float part[LANES];

      memcpy (half, x + i, (n - i) * sizeof *half);
      lanes_store (part, lanes_load_half (half));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

static void
fill_float_kernels (SottoKernels *kernels)
{
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    {
      kernels->multiply[form][SOTTO_BLOCK_F32] = few_multiply_f32;
      kernels->multiply[form][SOTTO_BLOCK_F16] = few_multiply_f16;
      kernels->multiply[form][SOTTO_BLOCK_BF16] = few_multiply_bf16;
    }
  kernels->norm = kernel_norm;
  kernels->gate = kernel_gate;
  kernels->xielu = kernel_xielu;
  kernels->sigmoid = kernel_sigmoid;
  kernels->cap = kernel_cap;
  kernels->add = kernel_add;
  kernels->scale = kernel_scale;
  kernels->convolve = kernel_convolve;
  kernels->delta = kernel_delta;
  kernels->scan = kernel_scan;
  kernels->rope = kernel_rope;
  kernels->spread = kernel_spread;
  kernels->to_half = kernel_to_half;
  kernels->from_half = kernel_from_half;
}
