#include "plan-run.h"

#include <math.h>
#include <string.h>

typedef struct {
  guint n_heads;
  guint n_key;
  guint n_value;
  double *keys;                    /* (n_tokens, n_heads, n_key) */
  double *values;                  /* (n_tokens, n_heads, n_value) */
} Cache;

typedef struct {
  const SottoPlan *plan;
  const gint32 *tokens;
  guint n;                         /* tokens */
  gboolean is_long;
  double *buffers[SOTTO_N_BUFFERS]; /* (n, widths) */
  guint widths[SOTTO_N_BUFFERS];
  Cache *caches;
  double *queries;                 /* (n, n_heads, n_query) of the last QKV */
  guint n_query;
  double *gates;                   /* NULL: none */
  double *inputs;                  /* (n, n_layers * n_input) */
  guint n_inputs;
  double *output;
} Run;

/* --- Pieces --- */

/* y[row] of one vector; the row's length is the weight's. */
static double
multiply_row (const SottoWeight *w, guint row, const double *x)
{
  g_autofree float *values = g_new (float, w->n_columns);
  double sum = 0;

  sotto_block_info (w->type)->dequantise (
      (const guint8 *) w->data + row * w->row_bytes, values, w->n_columns);
  for (guint i = 0; i < w->n_columns; i++)
    sum += (double) values[i] * x[i];
  if (w->scales != NULL)
    sum *= (double) w->scales[0];
  return w->bias != NULL ? sum + (double) w->bias[row] : sum;
}

static void
multiply (const SottoWeight *w, const double *x, double *y)
{
  for (guint row = 0; row < w->n_rows; row++)
    y[row] = multiply_row (w, row, x);
}

/* (n, n_rows): the weight times every token's row of a buffer */
static double *
project (const Run *self, const SottoWeight *w, SottoBuffer from)
{
  double *y = g_new (double, (gsize) self->n * w->n_rows);

  g_assert_cmpuint (self->widths[from], ==, w->n_columns);
  for (guint t = 0; t < self->n; t++)
    multiply (w, self->buffers[from] + (gsize) t * w->n_columns, y + (gsize) t * w->n_rows);
  return y;
}

static void
add_table_row (const SottoWeight *w, guint row, double scale, double *y)
{
  g_autofree float *values = g_new (float, w->n_columns);

  sotto_block_info (w->type)->dequantise (
      (const guint8 *) w->data + row * w->row_bytes, values, w->n_columns);
  for (guint i = 0; i < w->n_columns; i++)
    y[i] += scale * (double) values[i];
}

/* @offset: where the norm's weights begin for this piece */
static void
norm (const SottoNorm *self, guint offset, guint n, double *x)
{
  double mean = 0, square = 0, factor;

  if (self->kind == SOTTO_NORM_NONE)
    return;
  for (guint i = 0; self->kind == SOTTO_NORM_LAYER && i < n; i++)
    mean += x[i] / n;
  for (guint i = 0; i < n; i++)
    square += (x[i] - mean) * (x[i] - mean) / n;
  factor = 1 / sqrt (square + (double) self->epsilon);
  for (guint i = 0; i < n; i++)
    x[i] = (x[i] - mean) * factor * (self->weight != NULL ? (double) self->weight[offset + i] : 1)
           + (self->bias != NULL ? (double) self->bias[offset + i] : 0);
}

static void
norm_heads (const SottoNorm *self, SottoNormSpan span, guint n_heads, guint n_head, double *x)
{
  if (span == SOTTO_SPAN_ROW)
    norm (self, 0, n_heads * n_head, x);
  for (guint h = 0; span != SOTTO_SPAN_ROW && h < n_heads; h++)
    norm (self, span == SOTTO_SPAN_HEADS ? h * n_head : 0, n_head, x + h * n_head);
}

static void
turn (const Run *self, const SottoRope *rope, guint position, double *head)
{
  const double *frequencies =
      self->is_long && rope->long_frequencies ? rope->long_frequencies : rope->frequencies;
  double scale = (double) (self->is_long ? rope->long_scale : rope->scale);

  for (guint i = 0; i < rope->n_pairs; i++)
    {
      double *a = head + rope->first + (rope->kind == SOTTO_ROPE_NEOX ? i : 2 * i);
      double *b = a + (rope->kind == SOTTO_ROPE_NEOX ? rope->n_pairs : 1);
      double angle = position * frequencies[i], x = *a, y = *b;

      *a = (x * cos (angle) - y * sin (angle)) * scale;
      *b = (x * sin (angle) + y * cos (angle)) * scale;
    }
}

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

static double
activate (SottoActivation kind, double x)
{
  switch (kind)
    {
    case SOTTO_ACTIVATION_SILU:
      return x * sigmoid (x);
    case SOTTO_ACTIVATION_GELU:
      return 0.5 * x * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
    case SOTTO_ACTIVATION_GELU_ERF:
      return 0.5 * x * (1 + erf (x / sqrt (2)));
    case SOTTO_ACTIVATION_RELU_SQUARED:
      return x > 0 ? x * x : 0;
    case SOTTO_ACTIVATION_NONE:
    case SOTTO_ACTIVATION_CLAMPED:
    default:
      return x;
    }
}

static double
combine (SottoActivation kind, double gate, double up)
{
  if (kind != SOTTO_ACTIVATION_CLAMPED)
    return activate (kind, gate) * up;

  gate = MIN (gate, 7);
  return gate * sigmoid (1.702 * gate) * (CLAMP (up, -7, 7) + 1);
}

/* A buffer takes what was computed, or it is added there. */
static void
put (Run *self, SottoBuffer to, double *values, guint width, double scale, gboolean add)
{
  for (gsize i = 0; i < (gsize) self->n * width; i++)
    values[i] = scale * values[i] + (add ? self->buffers[to][i] : 0);
  g_free (self->buffers[to]);
  self->buffers[to] = values;
  self->widths[to] = width;
}

/* --- Steps --- */

static void
run_embed (Run *self, const SottoEmbedStep *step)
{
  guint n = step->table.n_columns;
  double *x = g_new0 (double, (gsize) self->n * n);

  for (guint t = 0; t < self->n; t++)
    {
      add_table_row (
          &step->table, (guint) self->tokens[t], (double) step->scale, x + (gsize) t * n);
      if (sotto_weight_is_there (&step->positions))
        add_table_row (&step->positions, t, 1, x + (gsize) t * n);
      for (guint i = 0; step->addend != NULL && i < n; i++)
        x[(gsize) t * n + i] += (double) step->addend[i];
    }
  put (self, SOTTO_BUFFER_RESIDUAL, x, n, 1, FALSE);
}

static void
run_inputs (Run *self, const SottoInputsStep *step)
{
  guint n = step->projection.n_rows;
  double *x = project (self, &step->projection, SOTTO_BUFFER_RESIDUAL);

  for (guint t = 0; t < self->n; t++)
    {
      double *row = x + (gsize) t * n;

      for (guint i = 0; i < n; i++)
        row[i] *= (double) step->projection_scale;
      for (guint i = 0; i < n; i += step->n_input)
        norm (&step->norm, 0, step->n_input, row + i);
      add_table_row (&step->table, (guint) self->tokens[t], (double) step->table_scale, row);
      for (guint i = 0; i < n; i++)
        row[i] *= (double) step->scale;
    }
  self->inputs = x;
  self->n_inputs = n;
}

static void
run_norm (Run *self, const SottoNormStep *step)
{
  guint n = self->widths[step->from];
  double *x = g_memdup2 (self->buffers[step->from], (gsize) self->n * n * sizeof (double));

  for (guint t = 0; t < self->n; t++)
    norm (&step->norm, 0, n, x + (gsize) t * n);
  put (self, step->to, x, n, 1, FALSE);
}

static void
run_add (Run *self, const SottoAddStep *step)
{
  guint n = self->widths[step->from];
  double *x = g_memdup2 (self->buffers[step->from], (gsize) self->n * n * sizeof (double));

  for (guint t = 0; t < self->n; t++)
    norm (&step->norm, 0, n, x + (gsize) t * n);
  put (self, step->to, x, n, (double) step->scale, TRUE);
  for (gsize i = 0; i < (gsize) self->n * n; i++)
    x[i] *= (double) step->scale_after;
}

static void
prepare_cache (Run *self, guint index)
{
  const SottoCacheShape *shape = &self->plan->caches[index];
  Cache *cache = &self->caches[index];

  cache->n_heads = shape->n_heads;
  cache->n_key = shape->n_key;
  cache->n_value = shape->n_value > 0 ? shape->n_value : shape->n_latent;
  cache->keys = g_new0 (double, (gsize) self->n * cache->n_heads * cache->n_key);
  cache->values = g_new0 (double, (gsize) self->n * cache->n_heads * cache->n_value);
}

/* Rows of every head out of rows with a stride. */
static void
gather (const double *from, guint stride, guint n_heads, guint n, double *to)
{
  for (guint h = 0; h < n_heads; h++)
    memcpy (to + h * n, from + h * stride, n * sizeof *to);
}

static void
run_qkv (Run *self, const SottoQkvStep *step)
{
  Cache *cache = &self->caches[step->cache];
  guint n_key = step->n_key;
  g_autofree double *query = project (self, &step->query, step->from);
  g_autofree double *gate =
      sotto_weight_is_there (&step->gate) ? project (self, &step->gate, step->from) : NULL;

  g_clear_pointer (&self->queries, g_free);
  g_clear_pointer (&self->gates, g_free);
  self->n_query = n_key;
  self->queries = g_new (double, (gsize) self->n * step->n_heads * n_key);
  self->gates = gate != NULL ? g_new (double, (gsize) self->n * step->n_heads * n_key) : NULL;
  for (guint t = 0; t < self->n; t++)
    {
      double *q = self->queries + (gsize) t * step->n_heads * n_key;

      gather (query + (gsize) t * step->query.n_rows, step->query_stride, step->n_heads, n_key, q);
      if (gate != NULL)
        gather (gate + (gsize) t * step->query.n_rows, step->query_stride, step->n_heads, n_key,
                self->gates + (gsize) t * step->n_heads * n_key);
      norm_heads (&step->query_norm, step->span, step->n_heads, n_key, q);
      for (guint h = 0; step->rope != NULL && h < step->n_heads; h++)
        turn (self, step->rope, t, q + h * n_key);
    }

  if (!sotto_weight_is_there (&step->key))
    return;

  prepare_cache (self, step->cache);
  for (guint t = 0; t < self->n; t++)
    {
      const double *x = self->buffers[step->from] + (gsize) t * step->key.n_columns;
      double *k = cache->keys + (gsize) t * cache->n_heads * n_key;
      double *v = cache->values + (gsize) t * cache->n_heads * cache->n_value;

      multiply (&step->key, x, k);
      multiply (sotto_weight_is_there (&step->value) ? &step->value : &step->key, x, v);
      norm_heads (&step->key_norm, step->span, cache->n_heads, n_key, k);
      norm_heads (&step->value_norm, SOTTO_SPAN_HEAD, cache->n_heads, cache->n_value, v);
      for (guint h = 0; step->rope != NULL && h < cache->n_heads; h++)
        turn (self, step->rope, t, k + h * n_key);
    }
}

static void
latent_query (const Run *self, const SottoLatentQkvStep *step, guint t, double *q)
{
  const double *x = self->buffers[step->from] + (gsize) t * step->latent.n_columns;
  guint n_head = step->n_plain + step->n_turned;
  g_autofree double *down = g_new (double, step->query_up.n_columns);
  g_autofree double *up = g_new (double, step->query_up.n_rows);

  if (sotto_weight_is_there (&step->query_down))
    {
      multiply (&step->query_down, x, down);
      norm (&step->query_norm, 0, step->query_down.n_rows, down);
      x = down;
    }
  multiply (&step->query_up, x, up);

  for (guint h = 0; h < step->n_heads; h++)
    {
      double *head = q + h * self->n_query;

      turn (self, step->rope, t, up + h * n_head + step->n_plain);
      if (sotto_weight_is_there (&step->key_up))
        {
          SottoWeight w = sotto_weight_at (&step->key_up, h);

          multiply (&w, up + h * n_head, head);
          memcpy (head + step->n_latent,
                  up + h * n_head + step->n_plain,
                  step->n_turned * sizeof *head);
        }
      else
        {
          memcpy (head, up + h * n_head, n_head * sizeof *head);
        }
    }
}

static void
run_latent_qkv (Run *self, const SottoLatentQkvStep *step)
{
  Cache *cache = &self->caches[step->cache];
  gboolean absorbed = sotto_weight_is_there (&step->key_up);
  g_autofree double *latents = project (self, &step->latent, step->from);
  guint n_row = step->n_latent + step->n_turned;
  guint n_up = step->n_plain + step->n_value;
  g_autofree double *up = g_new (double, step->n_heads * n_up);

  prepare_cache (self, step->cache);
  g_clear_pointer (&self->queries, g_free);
  g_clear_pointer (&self->gates, g_free);
  self->n_query = cache->n_key;
  self->queries = g_new (double, (gsize) self->n * step->n_heads * self->n_query);
  for (guint t = 0; t < self->n; t++)
    {
      double *row = latents + (gsize) t * n_row;
      double *k = cache->keys + (gsize) t * cache->n_heads * cache->n_key;
      double *v = cache->values + (gsize) t * cache->n_heads * cache->n_value;

      latent_query (self, step, t, self->queries + (gsize) t * step->n_heads * self->n_query);
      norm (&step->latent_norm, 0, step->n_latent, row);
      turn (self, step->rope, t, row + step->n_latent);
      if (absorbed)
        {
          memcpy (k, row, n_row * sizeof *k);
          memcpy (v, row, step->n_latent * sizeof *v);
          continue;
        }
      multiply (&step->key_value_up, row, up);
      for (guint h = 0; h < step->n_heads; h++)
        {
          memcpy (k + h * cache->n_key, up + h * n_up, step->n_plain * sizeof *k);
          memcpy (k + h * cache->n_key + step->n_plain,
                  row + step->n_latent,
                  step->n_turned * sizeof *k);
          memcpy (v + h * cache->n_value, up + h * n_up + step->n_plain, step->n_value * sizeof *v);
        }
    }
}

static gboolean
is_seen (const SottoAttendStep *step, guint query, guint key)
{
  guint distance = query > key ? query - key : key - query;

  return (step->mask == SOTTO_MASK_ALL || key <= query)
         && (step->window == 0 || distance < step->window);
}

static void
attend_head (const Run *self, const SottoAttendStep *step, guint t, guint head, double *out)
{
  const Cache *cache = &self->caches[step->cache];
  guint kv = head / (step->n_heads / cache->n_heads);
  const double *q = self->queries + ((gsize) t * step->n_heads + head) * self->n_query;
  double scale = (double) step->scale
                 * (1 + (double) step->temperature * log (1 + floor (t / (double) step->temperature_span)));
  double sum = step->sinks != NULL ? exp ((double) step->sinks[head]) : 0;

  memset (out, 0, cache->n_value * sizeof *out);
  for (guint p = 0; p < self->n; p++)
    {
      const double *k = cache->keys + ((gsize) p * cache->n_heads + kv) * cache->n_key;
      const double *v = cache->values + ((gsize) p * cache->n_heads + kv) * cache->n_value;
      double score = 0;

      if (!is_seen (step, t, p))
        continue;
      for (guint i = 0; i < cache->n_key; i++)
        score += q[i] * k[i];
      score *= scale;
      if (step->soft_cap > 0)
        score = (double) step->soft_cap * tanh (score / (double) step->soft_cap);
      if (step->slopes != NULL)
        score += (double) step->slopes[head] * ((double) p - t);
      sum += exp (score);
      for (guint i = 0; i < cache->n_value; i++)
        out[i] += exp (score) * v[i];
    }
  for (guint i = 0; i < cache->n_value; i++)
    out[i] /= sum;
}

static void
run_attend (Run *self, const SottoAttendStep *step)
{
  guint n_cached = self->caches[step->cache].n_value;
  gboolean up = sotto_weight_is_there (&step->value_up);
  guint n_value = up ? step->value_up.n_rows : n_cached;
  double *attended = g_new (double, (gsize) self->n * step->n_heads * n_value);
  g_autofree double *head = g_new (double, n_cached);

  for (guint t = 0; t < self->n; t++)
    for (guint h = 0; h < step->n_heads; h++)
      {
        double *out = attended + ((gsize) t * step->n_heads + h) * n_value;
        SottoWeight w = up ? sotto_weight_at (&step->value_up, h) : step->value_up;

        attend_head (self, step, t, h, head);
        if (up)
          multiply (&w, head, out);
        else
          memcpy (out, head, n_value * sizeof *out);
        for (guint i = 0; step->gated && i < n_value; i++)
          out[i] *= sigmoid (self->gates[((gsize) t * step->n_heads + h) * n_value + i]);
      }
  put (self, SOTTO_BUFFER_ATTENDED, attended, step->n_heads * n_value, 1, FALSE);
}

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
          out[j] += q[i] * state[i * n + j] / sqrt (step->n_key);
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
      out[c] = sum * sigmoid (sum);
    }
}

static void
run_delta (Run *self, const SottoDeltaStep *step)
{
  guint n_key = step->n_key, n_value = step->n_value, n_heads = step->n_value_heads;
  g_autofree double *mixed = project (self, &step->mixed, step->from);
  g_autofree double *gate = project (self, &step->gate, step->from);
  g_autofree double *alpha = project (self, &step->alpha, step->from);
  g_autofree double *beta = project (self, &step->beta, step->from);
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
                      sigmoid (beta[t * n_heads + h]), states + (gsize) h * n_key * n_value, out);
          norm (&step->norm, 0, n_value, out);
          for (guint i = 0; i < n_value; i++)
            out[i] *= z[i] * sigmoid (z[i]);
        }
    }
  put (self, SOTTO_BUFFER_ATTENDED, attended, n_heads * n_value, 1, FALSE);
}

static void
run_feed (Run *self, const SottoFeedStep *step)
{
  gboolean has_gate = sotto_weight_is_there (&step->gate),
           has_up = sotto_weight_is_there (&step->up);
  guint n = has_up ? step->up.n_rows : step->gate.n_rows;
  double *hidden = project (self, has_up ? &step->up : &step->gate, step->from);
  g_autofree double *gate = has_gate ? project (self, &step->gate, step->from) : NULL;
  g_autofree double *switches =
      sotto_weight_is_there (&step->switch_) ? project (self, &step->switch_, step->from) : NULL;

  for (guint t = 0; t < self->n; t++)
    for (guint i = 0; i < n; i++)
      {
        double *x = &hidden[(gsize) t * n + i];

        if (!has_gate)
          *x = activate (step->activation, *x);
        else
          *x = combine (step->activation,
                        gate[(gsize) t * n + i],
                        has_up ? *x
                               : self->inputs[(gsize) t * self->n_inputs + step->first_input + i]);
        if (switches != NULL)
          *x *= sigmoid (switches[t]);
      }
  put (self, SOTTO_BUFFER_HIDDEN, hidden, n, 1, FALSE);
}

/* The best of @n by value, the first of equals, taken out of the race by @taken. */
static guint
find_best (const double *values, guint n, const gboolean *taken)
{
  guint best = n;

  for (guint i = 0; i < n; i++)
    if (!taken[i] && (best == n || values[i] > values[best]))
      best = i;
  return best;
}

/* Experts of the groups that are out are taken at once. */
static void
exclude_groups (const SottoExpertsStep *step, const double *scores, gboolean *taken)
{
  guint n_in_group = step->n_experts / step->n_groups;
  g_autofree double *groups = g_new0 (double, step->n_groups);
  g_autofree gboolean *kept = g_new0 (gboolean, step->n_groups);

  for (guint g = 0; g < step->n_groups; g++)
    {
      g_autofree gboolean *seen = g_new0 (gboolean, n_in_group);

      for (guint i = 0; i < step->n_group_best; i++)
        {
          guint best = find_best (scores + g * n_in_group, n_in_group, seen);

          seen[best] = TRUE;
          groups[g] += scores[g * n_in_group + best];
        }
    }
  for (guint i = 0; i < step->n_groups_used; i++)
    kept[find_best (groups, step->n_groups, kept)] = TRUE;
  for (guint e = 0; e < step->n_experts; e++)
    taken[e] = !kept[e / n_in_group];
}

/* weights[e]: 0 for those that were not chosen */
static void
route (const SottoExpertsStep *step, const double *logits, double *weights)
{
  guint n = step->n_experts;
  g_autofree double *scores = g_new (double, n);
  g_autofree double *biased = g_new (double, n);
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  double all = 0, sum = 0;

  for (guint e = 0; e < n; e++)
    all += exp (logits[e]);
  for (guint e = 0; e < n; e++)
    {
      scores[e] = step->scores == SOTTO_SCORES_SIGMOID ? sigmoid (logits[e])
                  : step->scores == SOTTO_SCORES_SOFTMAX ? exp (logits[e]) / all : logits[e];
      biased[e] = scores[e] + (step->selection_bias != NULL ? (double) step->selection_bias[e] : 0);
      weights[e] = 0;
    }
  exclude_groups (step, biased, taken);
  for (guint i = 0; i < step->n_used; i++)
    {
      guint e = find_best (biased, n, taken);

      taken[e] = TRUE;
      weights[e] = step->scores == SOTTO_SCORES_SELECTED ? exp (logits[e]) : scores[e];
      sum += weights[e];
    }
  for (guint e = 0; e < n; e++)
    weights[e] *= (double) step->scale
                  / (step->normalised || step->scores == SOTTO_SCORES_SELECTED ? sum : 1)
                  * (step->expert_scales != NULL ? (double) step->expert_scales[e] : 1);
}

static void
add_expert (const SottoExpertsStep *step, guint expert, double weight, const double *x, double *y)
{
  SottoWeight up = sotto_weight_at (&step->up, expert),
              down = sotto_weight_at (&step->down, expert);
  SottoWeight gate = step->gate;
  g_autofree double *hidden = g_new (double, up.n_rows);

  if (sotto_weight_is_there (&gate))
    gate = sotto_weight_at (&gate, expert);
  for (guint i = 0; i < up.n_rows; i++)
    hidden[i] = sotto_weight_is_there (&gate)
                ? combine (step->activation, multiply_row (&gate, i, x), multiply_row (&up, i, x))
                : activate (step->activation, multiply_row (&up, i, x));
  for (guint i = 0; i < down.n_rows; i++)
    y[i] += weight * multiply_row (&down, i, hidden);
}

static void
run_experts (Run *self, const SottoExpertsStep *step)
{
  guint n = step->down.n_rows;
  g_autofree double *logits = project (self, &step->router, step->router_from);
  g_autofree double *weights = g_new (double, step->n_experts);
  double *y = g_new0 (double, (gsize) self->n * n);

  for (guint t = 0; t < self->n; t++)
    {
      route (step, logits + (gsize) t * step->n_experts, weights);
      for (guint e = 0; e < step->n_experts; e++)
        if (weights[e] != 0)
          add_expert (
              step, e, weights[e], self->buffers[step->from] + (gsize) t * n, y + (gsize) t * n);
    }
  put (self, step->to, y, n, 1, step->add);
}

static void
run_logits (Run *self, const SottoLogitsStep *step)
{
  guint n = self->plan->n_output;
  SottoNormStep normed = { step->norm, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED };
  double cap = (double) step->soft_cap;

  run_norm (self, &normed);
  self->output = project (self, &step->weight, SOTTO_BUFFER_NORMED);
  for (gsize i = 0; i < (gsize) self->n * n; i++)
    {
      self->output[i] *= (double) step->scale;
      if (cap > 0)
        self->output[i] = cap * tanh (self->output[i] / cap);
    }
}

static void
run_pool (Run *self, const SottoPoolStep *step)
{
  guint n = self->plan->n_embedding;
  SottoNormStep normed = { step->norm, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED };
  double *x = g_new0 (double, n);

  run_norm (self, &normed);
  for (guint t = 0; t < self->n; t++)
    for (guint i = 0; i < n; i++)
      if (step->pooling == SOTTO_POOLING_MEAN
          || t == (step->pooling == SOTTO_POOLING_FIRST ? 0 : self->n - 1))
        x[i] += self->buffers[SOTTO_BUFFER_NORMED][(gsize) t * n + i]
                / (step->pooling == SOTTO_POOLING_MEAN ? self->n : 1);
  for (guint i = 0; i < G_N_ELEMENTS (step->dense); i++)
    if (sotto_weight_is_there (&step->dense[i]))
      {
        double *y = g_new (double, step->dense[i].n_rows);

        multiply (&step->dense[i], x, y);
        g_free (x);
        x = y;
      }
  self->output = x;
}

static void
run_step (Run *self, const SottoStep *step)
{
  double *x;

  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      run_embed (self, &step->embed);
      break;
    case SOTTO_STEP_INPUTS:
      run_inputs (self, &step->inputs);
      break;
    case SOTTO_STEP_NORM:
      run_norm (self, &step->norm);
      break;
    case SOTTO_STEP_ADD:
      run_add (self, &step->add);
      break;
    case SOTTO_STEP_QKV:
      run_qkv (self, &step->qkv);
      break;
    case SOTTO_STEP_LATENT_QKV:
      run_latent_qkv (self, &step->latent_qkv);
      break;
    case SOTTO_STEP_ATTEND:
      run_attend (self, &step->attend);
      break;
    case SOTTO_STEP_DELTA:
      run_delta (self, &step->delta);
      break;
    case SOTTO_STEP_FEED:
      run_feed (self, &step->feed);
      break;
    case SOTTO_STEP_PROJECT:
      x = project (self, &step->project.weight, step->project.from);
      put (self,
           step->project.to,
           x,
           step->project.weight.n_rows,
           (double) step->project.scale,
           step->project.add);
      break;
    case SOTTO_STEP_EXPERTS:
      run_experts (self, &step->experts);
      break;
    case SOTTO_STEP_LOGITS:
      run_logits (self, &step->logits);
      break;
    case SOTTO_STEP_POOL:
      run_pool (self, &step->pool);
      break;
    case SOTTO_N_STEP_KINDS:
    default:
      g_assert_not_reached ();
    }
}

double *
plan_run (const SottoProgram *program, const gint32 *tokens, guint n_tokens)
{
  const SottoPlan *plan = &program->plan;
  g_autofree Cache *caches = g_new0 (Cache, plan->n_caches + 1);
  Run run = { .plan = plan, .tokens = tokens, .n = n_tokens, .caches = caches,
              .is_long = plan->long_from > 0 && n_tokens > plan->long_from };

  for (guint i = 0; i < plan->n_steps; i++)
    run_step (&run, &plan->steps[i]);

  for (guint i = 0; i < plan->n_caches; i++)
    {
      g_free (caches[i].keys);
      g_free (caches[i].values);
    }
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    g_free (run.buffers[i]);
  g_free (run.queries);
  g_free (run.gates);
  g_free (run.inputs);
  return run.output;
}
