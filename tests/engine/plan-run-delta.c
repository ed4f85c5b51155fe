/* DELTA, CONVOLVE and SCAN, as plan.h says them. */

#include "plan-run-private.h"

#include <math.h>

static double
length_factor (const double *x, guint n, float epsilon)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += x[i] * x[i];
  return 1 / sqrt (sum + (double) epsilon);
}

/* One token of one value head: @q and @k of unit length, @state (n_key, n_value) */
static void
delta_head (const SottoDeltaStep *step,
            const double *q,
            const double *k,
            const double *v,
            double decay,
            double beta,
            double *state,
            double *out)
{
  guint n = step->n_value;
  double scale = sqrt (step->n_key);

  for (guint j = 0; j < n; j++)
    {
      double answer = 0, difference;

      for (guint i = 0; i < step->n_key; i++)
        answer += k[i] * (state[i * n + j] *= decay);
      difference = beta * (v[j] - answer);
      out[j] = 0;
      for (guint i = 0; i < step->n_key; i++)
        {
          state[i * n + j] += k[i] * difference;
          out[j] += q[i] * state[i * n + j] / scale;
        }
    }
}

static void
convolve (const SottoDeltaStep *step, const double *mixed, guint t, double *out)
{
  guint n = step->mixed.n_rows;

  for (guint c = 0; c < n; c++)
    {
      double sum = 0;

      for (guint i = 0; i < step->n_conv; i++)
        if (t + i + 1 >= step->n_conv)
          sum += (double) step->convolution[c * step->n_conv + i]
                 * mixed[(gsize) (t + i + 1 - step->n_conv) * n + c];
      out[c] = sum * plain_sigmoid (sum);
    }
}

void
plain_run_delta (PlainRun *self, const SottoDeltaStep *step)
{
  guint n_key = step->n_key, n_value = step->n_value, n_heads = step->n_value_heads;
  g_autofree double *mixed = plain_project (self, &step->mixed, step->from);
  g_autofree double *gate = plain_project (self, &step->gate, step->from);
  g_autofree double *alpha = plain_project (self, &step->alpha, step->from);
  g_autofree double *beta = plain_project (self, &step->beta, step->from);
  g_autofree double *row = g_new (double, step->mixed.n_rows);
  g_autofree double *states = g_new0 (double, (gsize) n_heads * n_key * n_value);
  double *attended = g_new (double, (gsize) self->n * n_heads * n_value);

  for (guint t = 0; t < self->n; t++)
    {
      double *keys = row + step->n_key_heads * n_key, *values = keys + step->n_key_heads * n_key;

      convolve (step, mixed, t, row);
      for (guint h = 0; h < 2 * step->n_key_heads; h++)
        {
          double factor = length_factor (row + h * n_key, n_key, step->epsilon);

          for (guint i = 0; i < n_key; i++)
            row[h * n_key + i] *= factor;
        }
      for (guint h = 0; h < n_heads; h++)
        {
          guint key = step->interleaved ? h % step->n_key_heads : h / (n_heads / step->n_key_heads);
          double a = alpha[t * n_heads + h] + (double) step->step_bias[h];
          double decay = exp ((double) step->rates[h] * log1p (exp (a)));
          double *out = attended + ((gsize) t * n_heads + h) * n_value;
          const double *z = gate + ((gsize) t * n_heads + h) * n_value;

          delta_head (step, row + key * n_key, keys + key * n_key, values + h * n_value, decay,
                      plain_sigmoid (beta[t * n_heads + h]), states + (gsize) h * n_key * n_value, out);
          plain_norm (&step->norm, 0, n_value, out);
          for (guint i = 0; i < n_value; i++)
            out[i] *= z[i] * plain_sigmoid (z[i]);
        }
    }
  plain_put (self, SOTTO_BUFFER_ATTENDED, attended, n_heads * n_value, 1, FALSE);
}

void
plain_run_convolve (PlainRun *self, const SottoConvolveStep *step)
{
  guint n = step->n_channels;
  g_autofree double *mixed = plain_project (self, &step->mixed, step->from);
  double *attended = g_new (double, (gsize) self->n * n);

  for (guint t = 0; t < self->n; t++)
    for (guint c = 0; c < n; c++)
      {
        double sum = step->bias != NULL ? (double) step->bias[c] : 0;

        for (guint tap = 0; tap < step->n_conv; tap++)
          if (t + tap + 1 >= step->n_conv)
            {
              const double *row = mixed + (gsize) (t + tap + 1 - step->n_conv) * 3 * n;

              sum += (double) step->convolution[c * step->n_conv + tap] * row[c] * row[2 * n + c];
            }
        attended[(gsize) t * n + c] = mixed[((gsize) t * 3 + 1) * n + c] * sum;
      }
  plain_put (self, SOTTO_BUFFER_ATTENDED, attended, n, 1, FALSE);
}

/* x, B and C of token t. */
static void
convolve_scan (const SottoScanStep *step, const double *mixed, guint t, double *out)
{
  guint n = sotto_scan_channels (step), n_values = step->n_heads * step->n_value;

  for (guint c = 0; c < n; c++)
    {
      double sum = step->bias != NULL ? (double) step->bias[c] : 0;

      for (guint i = 0; i < step->n_conv; i++)
        if (t + i + 1 >= step->n_conv)
          sum += (double) step->convolution[c * step->n_conv + i]
                 * mixed[(gsize) (t + i + 1 - step->n_conv) * step->mixed.n_rows + n_values + c];
      out[c] = sum * plain_sigmoid (sum);
    }
}

/* One token of one head. */
static void
scan_head (const SottoScanStep *step, const double *row, guint head, double time, double *state, double *out)
{
  guint n_values = step->n_heads * step->n_value, group = head / (step->n_heads / step->n_groups);
  const double *x = row + head * step->n_value, *b = row + n_values + group * step->n_key;
  const double *c = b + step->n_groups * step->n_key;
  double decay = exp ((double) step->rates[head] * time);

  for (guint j = 0; j < step->n_value; j++)
    {
      out[j] = (double) step->skips[head] * x[j];
      for (guint i = 0; i < step->n_key; i++)
        {
          double *s = &state[i * step->n_value + j];

          *s = *s * decay + b[i] * time * x[j];
          out[j] += c[i] * *s;
        }
    }
}

void
plain_run_scan (PlainRun *self, const SottoScanStep *step)
{
  guint n_values = step->n_heads * step->n_value, n_group = n_values / step->n_groups, n_mixed = step->mixed.n_rows;
  g_autofree double *mixed = plain_project (self, &step->mixed, step->from);
  g_autofree double *row = g_new (double, sotto_scan_channels (step));
  g_autofree double *states = g_new0 (double, (gsize) n_values * step->n_key);
  double *attended = g_new (double, (gsize) self->n * n_values);

  for (guint t = 0; t < self->n; t++)
    {
      const double *z = mixed + (gsize) t * n_mixed, *times = z + n_mixed - step->n_heads;
      double *out = attended + (gsize) t * n_values;

      convolve_scan (step, mixed, t, row);
      for (guint h = 0; h < step->n_heads; h++)
        scan_head (step, row, h, log1p (exp (times[h] + (double) step->step_bias[h])),
                   states + (gsize) h * step->n_key * step->n_value, out + h * step->n_value);
      for (guint i = 0; i < n_values; i++)
        out[i] *= z[i] * plain_sigmoid (z[i]);
      for (guint g = 0; step->norm.kind != SOTTO_NORM_NONE && g < step->n_groups; g++)
        plain_norm (&step->norm, g * n_group, n_group, out + g * n_group);
    }
  plain_put (self, SOTTO_BUFFER_ATTENDED, attended, n_values, 1, FALSE);
}
