#include "cuda-plain-private.h"

#include "cpu/router.h"

#include <math.h>
#include <string.h>

/* Operations of the plain module that know heads, caches, experts and recurrent states. */

/* --- Caches, of F32 and F16 --- */

static float
read_cache (const SottoCudaCache *cache, gboolean is_value, guint head, guint position, guint i)
{
  gboolean of_keys = !is_value || cache->n_value == 0;
  gsize row = (gsize) head * cache->capacity + position % cache->capacity;
  const guint8 *at = of_keys ? cache->keys + row * cache->key_bytes
                             : cache->values + row * cache->value_bytes;

  return cache->type == SOTTO_KV_F32 ? ((const float *) (const void *) at)[i]
                                     : sotto_half_to_float (((const guint16 *) (const void *) at)[i]);
}

static void
write_cache (const SottoCudaCache *cache, gboolean is_value, guint head, guint position, const float *x, guint n)
{
  gsize row = (gsize) head * cache->capacity + position % cache->capacity;
  guint8 *at = is_value ? cache->values + row * cache->value_bytes : cache->keys + row * cache->key_bytes;

  g_assert_cmpuint (n, ==, is_value ? cache->n_value : cache->n_key);
  g_assert_true (cache->type == SOTTO_KV_F32 || cache->type == SOTTO_KV_F16);
  for (guint i = 0; i < n; i++)
    if (cache->type == SOTTO_KV_F32)
      ((float *) (void *) at)[i] = x[i];
    else
      ((guint16 *) (void *) at)[i] = sotto_float_to_half (x[i]);
}

static void
turn (const SottoRope *rope, gboolean is_long, guint position, const SottoSpot *spot, float *head)
{
  gboolean takes_long = is_long && rope->long_frequencies != NULL;
  double scale = (double) (takes_long ? rope->long_scale : rope->scale);

  for (guint i = 0; i < rope->n_pairs; i++)
    {
      gboolean neox = rope->kind == SOTTO_ROPE_NEOX;
      float *a = head + rope->first + (neox ? i : 2 * i);
      float *b = a + (neox ? rope->n_pairs : 1);
      guint at = rope->axes != NULL && spot != NULL ? spot->at[rope->axes[i]] : position;
      double angle = at * (takes_long ? rope->long_frequencies : rope->frequencies)[i];
      double x = (double) *a, y = (double) *b;

      *a = (float) ((x * cos (angle) - y * sin (angle)) * scale);
      *b = (float) ((x * sin (angle) + y * cos (angle)) * scale);
    }
}

void
cuda_plain_heads (const SottoCudaHeads *a)
{
  g_autofree float *head = g_new (float, a->n_head);

  for (guint r = 0; r < a->n_rows; r++)
    for (guint h = 0; h < a->n_heads; h++)
      {
        float *source = a->heads + r * a->stride + h * a->step;

        memcpy (head, source, a->n_head * sizeof *head);
        if (!a->turns_first)
          cuda_plain_norm_row (&a->norm, h * a->weight_step, head, a->n_head, head);
        if (a->rope != NULL)
          turn (a->rope, a->is_long, *a->position + r, a->spots != NULL ? &a->spots[r] : NULL, head);
        if (a->turns_first)
          cuda_plain_norm_row (&a->norm, h * a->weight_step, head, a->n_head, head);
        if (a->cache != NULL)
          write_cache (a->cache, a->is_value, h, *a->position + r, head, a->n_head);
        else
          memcpy (source, head, a->n_head * sizeof *head);
      }
}

static double
score (const SottoCudaAttend *a, const float *query, guint head, guint position, guint key)
{
  const SottoAttendStep *step = a->step;
  double sharp = step->temperature_span == 0
                   ? 1
                   : 1 + (double) step->temperature * log (1 + floor (position / step->temperature_span));
  double sum = 0;

  for (guint i = 0; i < a->cache->n_key; i++)
    sum += (double) query[i]
           * (double) read_cache (a->cache, FALSE, head / (step->n_heads / a->cache->n_heads), key, i);
  sum *= (double) step->scale * sharp;
  if (step->soft_cap > 0)
    sum = (double) step->soft_cap * tanh (sum / (double) step->soft_cap);
  return sum + (step->slopes != NULL ? (double) step->slopes[head] * ((double) key - position) : 0);
}

static void
attend_head (const SottoCudaAttend *a, guint row, guint head)
{
  const SottoAttendStep *step = a->step;
  const SottoCudaCache *cache = a->cache;
  guint n_value = cache->n_value > 0 ? cache->n_value : cache->n_latent;
  guint position = *a->position + row;
  gboolean is_causal = step->mask == SOTTO_MASK_CAUSAL;
  gboolean is_together = step->mask == SOTTO_MASK_TOGETHER;
  guint end = is_causal ? position + 1 : *a->position + a->n_rows;
  guint first = step->window > 0 && position >= step->window ? position - step->window + 1 : 0;
  gsize at = (gsize) row * step->n_heads + head;
  const float *query = a->queries + at * cache->n_key;
  float *y = a->attended + at * n_value;
  double highest = step->sinks != NULL ? (double) step->sinks[head] : -INFINITY;
  double sum = 0;

  if (!is_causal && !is_together && step->window > 0)
    end = MIN (end, position + step->window);
  g_assert_cmpuint (end, <=, a->n_positions_most);
  for (guint key = first; key < end; key++)
    {
      a->partials[key] = (float) score (a, query, head, position, key);
      highest = MAX (highest, (double) a->partials[key]);
    }
  for (guint key = first; key < end; key++)
    sum += exp ((double) a->partials[key] - highest);
  if (step->sinks != NULL)
    sum += exp ((double) step->sinks[head] - highest);
  for (guint i = 0; i < n_value; i++)
    {
      double value = 0;

      for (guint key = first; key < end; key++)
        value += exp ((double) a->partials[key] - highest)
                 * (double) read_cache (cache, TRUE, head / (step->n_heads / cache->n_heads), key, i);
      if (a->gates != NULL)
        value /= 1 + exp (-(double) a->gates[at * n_value + i]);
      y[i] = (float) (value / sum);
    }
}

void
cuda_plain_attend (const SottoCudaAttend *a)
{
  guint n_value = a->cache->n_value > 0 ? a->cache->n_value : a->cache->n_latent;

  for (guint r = 0; r < a->n_rows; r++)
    for (guint h = 0; h < a->step->n_heads; h++)
      attend_head (a, r, h);
  if (a->operand.high == NULL)
    return;
  g_assert_true (a->operand.values == a->attended);
  g_assert_cmpuint (a->operand.n_rows * a->operand.n_columns, ==, a->n_rows * a->step->n_heads * n_value);
  cuda_plain_quantise (&a->operand);
}

/* --- Experts --- */

/* By the CPU's own rules: what is tested with this is who calls it. */
void
cuda_plain_route (const SottoCudaRoute *a)
{
  const SottoExpertsStep *step = a->step;
  g_autofree float *memory = g_new (float, 4 * step->n_experts);
  g_autofree SottoChoice *choices = g_new (SottoChoice, step->n_used);
  guint n = 0;

  for (guint r = 0; r < a->n_rows; r++)
    {
      sotto_route (step, a->logits + (gsize) r * step->n_experts, memory, choices);
      for (guint i = 0; i < step->n_used; i++)
        {
          a->experts[r * step->n_used + i] = choices[i].expert;
          a->weights[r * step->n_used + i] = choices[i].weight;
        }
    }
  for (guint e = 0; a->order != NULL && e < step->n_experts; e++)
    {
      a->starts[e] = n;
      for (guint i = 0; i < a->n_rows * step->n_used; i++)
        if (a->experts[i] == e)
          a->order[n++] = i;
      a->starts[e + 1] = n;
    }
}

void
cuda_plain_combine (const SottoCudaCombine *a)
{
  for (guint r = 0; r < a->n_rows; r++)
    for (guint i = 0; i < a->n_columns; i++)
      {
        float *to = a->to + (gsize) r * a->n_columns + i;
        float sum = 0;

        for (guint u = 0; u < a->n_used; u++)
          sum += a->weights[r * a->n_used + u] * a->rows[((gsize) r * a->n_used + u) * a->n_columns + i];
        *to = sum + (a->add ? *to : 0);
      }
  for (guint r = 0; a->normed != NULL && r < a->n_rows; r++)
    cuda_plain_norm_row (&a->after, 0, a->to + (gsize) r * a->n_columns, a->n_columns,
                         a->normed + (gsize) r * a->n_columns);
  if (a->operand.high == NULL)
    return;
  g_assert_true (a->operand.values == a->normed);
  cuda_plain_quantise (&a->operand);
}

/* --- Gated DeltaNet --- */

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

/* The channels of row @row into convolved; earlier ones out of the history. */
static void
convolve (const SottoCudaDelta *a, guint row)
{
  const SottoDeltaStep *step = a->step;
  guint n = step->mixed.n_rows, n_kept = step->n_conv - 1;

  for (guint c = 0; c < n; c++)
    {
      double sum = 0;

      for (guint tap = 0; tap < step->n_conv; tap++)
        {
          guint back = n_kept - tap;
          float x = row >= back ? a->mixed[(gsize) (row - back) * n + c]
                                : a->recurrent[(gsize) (n_kept - (back - row)) * n + c];

          sum += (double) step->convolution[(gsize) c * step->n_conv + tap] * (double) x;
        }
      a->convolved[(gsize) row * n + c] = (float) (sum * sigmoid (sum));
    }
}

static void
to_length (float *x, guint n, double epsilon, double scale)
{
  double sum = epsilon;

  for (guint i = 0; i < n; i++)
    sum += (double) x[i] * (double) x[i];
  for (guint i = 0; i < n; i++)
    x[i] = (float) ((double) x[i] / sqrt (sum) * scale);
}

static void
do_head (const SottoCudaDelta *a, guint row, guint head)
{
  const SottoDeltaStep *step = a->step;
  guint n = step->mixed.n_rows, n_key = step->n_key, n_value = step->n_value;
  guint key_head = step->interleaved ? head % step->n_key_heads
                                     : head / (step->n_value_heads / step->n_key_heads);
  const float *channels = a->convolved + (gsize) row * n;
  g_autofree float *q = g_memdup2 (channels + key_head * n_key, n_key * sizeof *q);
  g_autofree float *k = g_memdup2 (channels + (step->n_key_heads + key_head) * n_key, n_key * sizeof *k);
  const float *v = channels + 2 * step->n_key_heads * n_key + head * n_value;
  float *state = a->recurrent + (gsize) (step->n_conv - 1) * n + (gsize) head * n_key * n_value;
  double x = (double) a->alpha[row * step->n_value_heads + head] + (double) step->step_bias[head];
  double decay = exp ((double) step->rates[head] * (x > 20 ? x : log1p (exp (x))));
  double beta = sigmoid ((double) a->beta[row * step->n_value_heads + head]);
  gsize at = ((gsize) row * step->n_value_heads + head) * n_value;
  float *y = a->attended + at;

  to_length (q, n_key, (double) step->epsilon, 1 / sqrt (n_key));
  to_length (k, n_key, (double) step->epsilon, 1);
  for (guint j = 0; j < n_value; j++)
    {
      double held = 0, answer = 0;

      for (guint i = 0; i < n_key; i++)
        held += (double) k[i] * (double) state[i * n_value + j] * decay;
      for (guint i = 0; i < n_key; i++)
        {
          double s = (double) state[i * n_value + j] * decay + (double) k[i] * beta * ((double) v[j] - held);

          state[i * n_value + j] = (float) s;
          answer += s * (double) q[i];
        }
      y[j] = (float) answer;
    }
  cuda_plain_norm_row (&step->norm, 0, y, n_value, y);
  for (guint j = 0; j < n_value; j++)
    y[j] = (float) ((double) y[j] * (double) a->gate[at + j] * sigmoid ((double) a->gate[at + j]));
}

void
cuda_plain_delta (const SottoCudaDelta *a)
{
  const SottoDeltaStep *step = a->step;
  guint n = step->mixed.n_rows, n_kept = step->n_conv - 1;
  g_autofree float *history = g_new (float, (gsize) n_kept * n + 1);

  for (guint r = 0; r < a->n_rows; r++)
    {
      convolve (a, r);
      for (guint head = 0; head < step->n_value_heads; head++)
        do_head (a, r, head);
    }
  for (guint i = 0; i < n_kept; i++)
    {
      guint back = n_kept - i; /* 1: the last row */

      memcpy (history + (gsize) i * n,
              a->n_rows >= back ? a->mixed + (gsize) (a->n_rows - back) * n
                                : a->recurrent + (gsize) (n_kept - (back - a->n_rows)) * n,
              n * sizeof (float));
    }
  memcpy (a->recurrent, history, (gsize) n_kept * n * sizeof (float));
}

/* --- Short convolution --- */

void
cuda_plain_convolve (const SottoCudaConvolve *a)
{
  const SottoConvolveStep *step = a->step;
  guint n = step->n_channels, n_kept = step->n_conv - 1;
  g_autofree float *gated = g_new (float, (gsize) (n_kept + a->n_rows) * n);

  memcpy (gated, a->recurrent, (gsize) n_kept * n * sizeof (float));
  for (guint r = 0; r < a->n_rows; r++)
    for (guint c = 0; c < n; c++)
      {
        const float *mixed = a->mixed + (gsize) r * 3 * n + c;
        double sum = step->bias != NULL ? (double) step->bias[c] : 0;

        gated[(gsize) (n_kept + r) * n + c] = mixed[0] * mixed[2 * n];
        for (guint tap = 0; tap < step->n_conv; tap++)
          sum += (double) step->convolution[(gsize) c * step->n_conv + tap] * (double) gated[(gsize) (r + tap) * n + c];
        a->attended[(gsize) r * n + c] = (float) ((double) mixed[n] * sum);
      }
  memcpy (a->recurrent, gated + (gsize) a->n_rows * n, (gsize) n_kept * n * sizeof (float));
}

/* --- Mamba-2 --- */

static void
convolve_scan (const SottoCudaScan *a, guint row)
{
  const SottoScanStep *step = a->step;
  guint n = sotto_scan_channels (step), n_kept = step->n_conv - 1, n_mixed = step->mixed.n_rows;
  const float *channels = a->mixed + step->n_heads * step->n_value;

  for (guint c = 0; c < n; c++)
    {
      double sum = step->bias != NULL ? (double) step->bias[c] : 0;

      for (guint tap = 0; tap < step->n_conv; tap++)
        {
          guint back = n_kept - tap;
          float x = row >= back ? channels[(gsize) (row - back) * n_mixed + c]
                                : a->recurrent[(gsize) (n_kept - (back - row)) * n + c];

          sum += (double) step->convolution[(gsize) c * step->n_conv + tap] * (double) x;
        }
      a->convolved[(gsize) row * n + c] = (float) (sum * sigmoid (sum));
    }
}

static void
scan_head (const SottoCudaScan *a, guint row, guint head)
{
  const SottoScanStep *step = a->step;
  guint n = sotto_scan_channels (step), n_key = step->n_key, n_value = step->n_value;
  guint n_values = step->n_heads * n_value, n_mixed = step->mixed.n_rows;
  const float *x = a->convolved + (gsize) row * n + head * n_value;
  const float *b = a->convolved + (gsize) row * n + n_values + head / (step->n_heads / step->n_groups) * n_key;
  const float *c = b + step->n_groups * n_key, *z = a->mixed + (gsize) row * n_mixed + head * n_value;
  float *state = a->recurrent + (gsize) (step->n_conv - 1) * n + (gsize) head * n_key * n_value;
  double d = (double) a->mixed[(gsize) (row + 1) * n_mixed - step->n_heads + head] + (double) step->step_bias[head];
  double time = d > 20 ? d : log1p (exp (d));

  for (guint j = 0; j < n_value; j++)
    {
      double sum = (double) step->skips[head] * (double) x[j];

      for (guint i = 0; i < n_key; i++)
        {
          double s = (double) state[i * n_value + j] * exp ((double) step->rates[head] * time)
                     + (double) b[i] * time * (double) x[j];

          state[i * n_value + j] = (float) s;
          sum += (double) c[i] * s;
        }
      a->attended[(gsize) row * n_values + head * n_value + j] = (float) (sum * (double) z[j] * sigmoid ((double) z[j]));
    }
}

void
cuda_plain_scan (const SottoCudaScan *a)
{
  const SottoScanStep *step = a->step;
  guint n = sotto_scan_channels (step), n_kept = step->n_conv - 1;
  g_autofree float *history = g_new (float, (gsize) n_kept * n + 1);

  for (guint r = 0; r < a->n_rows; r++)
    {
      convolve_scan (a, r);
      for (guint head = 0; head < step->n_heads; head++)
        scan_head (a, r, head);
    }
  for (guint i = 0; i < n_kept; i++)
    {
      guint back = n_kept - i; /* 1: the last row */

      memcpy (history + (gsize) i * n,
              a->n_rows >= back ? a->mixed + (gsize) (a->n_rows - back) * step->mixed.n_rows + step->n_heads * step->n_value
                                : a->recurrent + (gsize) (n_kept - (back - a->n_rows)) * n,
              n * sizeof (float));
    }
  memcpy (a->recurrent, history, (gsize) n_kept * n * sizeof (float));
}
