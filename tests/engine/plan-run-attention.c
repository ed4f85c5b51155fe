/* QKV, LATENT_QKV and ATTEND, as plan.h says them. */

#include "plan-run-private.h"

#include <math.h>
#include <string.h>

static void
prepare_cache (PlainRun *self, guint index)
{
  const SottoCacheShape *shape = &self->plan->caches[index];
  PlainCache *cache = &self->caches[index];

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
clamp (const SottoQkvStep *step, gsize n, double *x)
{
  double most = (double) step->clamp;

  for (gsize i = 0; most > 0 && i < n; i++)
    x[i] = CLAMP (x[i], -most, most);
}

/* Of token t. */
static void
finish_heads (
  const PlainRun *self, const SottoQkvStep *step, const SottoNorm *norm, guint n_heads, guint t, double *heads)
{
  if (!step->turns_first)
    plain_norm_heads (norm, step->span, n_heads, step->n_key, heads);
  for (guint h = 0; step->rope != NULL && h < n_heads; h++)
    plain_turn (self, step->rope, t, heads + h * step->n_key);
  if (step->turns_first)
    plain_norm_heads (norm, step->span, n_heads, step->n_key, heads);
}

void
plain_run_qkv (PlainRun *self, const SottoQkvStep *step)
{
  PlainCache *cache = &self->caches[step->cache];
  guint n_key = step->n_key;
  g_autofree double *query = plain_project (self, &step->query, step->from);
  g_autofree double *gate =
      sotto_weight_is_there (&step->gate) ? plain_project (self, &step->gate, step->from) : NULL;

  g_clear_pointer (&self->queries, g_free);
  g_clear_pointer (&self->gates, g_free);
  self->n_query = n_key;
  self->queries = g_new (double, (gsize) self->n * step->n_heads * n_key);
  clamp (step, (gsize) self->n * step->query.n_rows, query);
  self->gates = gate != NULL ? g_new (double, (gsize) self->n * step->n_heads * n_key) : NULL;
  for (guint t = 0; t < self->n; t++)
    {
      double *q = self->queries + (gsize) t * step->n_heads * n_key;

      gather (query + (gsize) t * step->query.n_rows, step->query_stride, step->n_heads, n_key, q);
      if (gate != NULL)
        gather (gate + (gsize) t * step->query.n_rows, step->query_stride, step->n_heads, n_key,
                self->gates + (gsize) t * step->n_heads * n_key);
      finish_heads (self, step, &step->query_norm, step->n_heads, t, q);
    }

  if (!sotto_weight_is_there (&step->key))
    return;

  prepare_cache (self, step->cache);
  for (guint t = 0; t < self->n; t++)
    {
      const double *x = self->buffers[step->from] + (gsize) t * step->key.n_columns;
      double *k = cache->keys + (gsize) t * cache->n_heads * n_key;
      double *v = cache->values + (gsize) t * cache->n_heads * cache->n_value;

      plain_multiply (&step->key, x, k);
      plain_multiply (sotto_weight_is_there (&step->value) ? &step->value : &step->key, x, v);
      clamp (step, (gsize) cache->n_heads * n_key, k);
      clamp (step, (gsize) cache->n_heads * cache->n_value, v);
      finish_heads (self, step, &step->key_norm, cache->n_heads, t, k);
      plain_norm_heads (&step->value_norm, SOTTO_SPAN_HEAD, cache->n_heads, cache->n_value, v);
    }
}

static void
latent_query (const PlainRun *self, const SottoLatentQkvStep *step, guint t, double *q)
{
  const double *x = self->buffers[step->from] + (gsize) t * step->latent.n_columns;
  guint n_head = step->n_plain + step->n_turned;
  g_autofree double *down = g_new (double, step->query_up.n_columns);
  g_autofree double *up = g_new (double, step->query_up.n_rows);

  if (sotto_weight_is_there (&step->query_down))
    {
      plain_multiply (&step->query_down, x, down);
      plain_norm (&step->query_norm, 0, step->query_down.n_rows, down);
      x = down;
    }
  plain_multiply (&step->query_up, x, up);

  for (guint h = 0; h < step->n_heads; h++)
    {
      double *head = q + h * self->n_query;

      plain_turn (self, step->rope, t, up + h * n_head + step->n_plain);
      if (sotto_weight_is_there (&step->key_up))
        {
          SottoWeight w = sotto_weight_at (&step->key_up, h);

          plain_multiply (&w, up + h * n_head, head);
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

void
plain_run_latent_qkv (PlainRun *self, const SottoLatentQkvStep *step)
{
  PlainCache *cache = &self->caches[step->cache];
  gboolean absorbed = sotto_weight_is_there (&step->key_up);
  g_autofree double *latents = plain_project (self, &step->latent, step->from);
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
      plain_norm (&step->latent_norm, 0, step->n_latent, row);
      plain_turn (self, step->rope, t, row + step->n_latent);
      if (absorbed)
        {
          memcpy (k, row, n_row * sizeof *k);
          memcpy (v, row, step->n_latent * sizeof *v);
          continue;
        }
      plain_multiply (&step->key_value_up, row, up);
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
is_seen (const PlainRun *self, const SottoAttendStep *step, guint query, guint key)
{
  guint distance = query > key ? query - key : key - query;

  /* A window counts for earlier ones alone (transformers, create_masks_for_vision_model). */
  if (self->rows.together && query >= self->rows.first && key > query && key < self->rows.end)
    return TRUE;
  return (step->mask == SOTTO_MASK_ALL || key <= query)
         && (step->window == 0 || distance < step->window);
}

static void
attend_head (const PlainRun *self, const SottoAttendStep *step, guint t, guint head, double *out)
{
  const PlainCache *cache = &self->caches[step->cache];
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
      double score = 0, share;

      if (!is_seen (self, step, t, p))
        continue;
      for (guint i = 0; i < cache->n_key; i++)
        score += q[i] * k[i];
      score *= scale;
      if (step->soft_cap > 0)
        score = (double) step->soft_cap * tanh (score / (double) step->soft_cap);
      if (step->slopes != NULL)
        score += (double) step->slopes[head] * ((double) p - t);
      share = exp (score);
      sum += share;
      for (guint i = 0; i < cache->n_value; i++)
        out[i] += share * v[i];
    }
  for (guint i = 0; i < cache->n_value; i++)
    out[i] /= sum;
}

void
plain_run_attend (PlainRun *self, const SottoAttendStep *step)
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
          plain_multiply (&w, head, out);
        else
          memcpy (out, head, n_value * sizeof *out);
        for (guint i = 0; step->gated && i < n_value; i++)
          out[i] *= plain_sigmoid (self->gates[((gsize) t * step->n_heads + h) * n_value + i]);
      }
  plain_put (self, SOTTO_BUFFER_ATTENDED, attended, step->n_heads * n_value, 1, FALSE);
}
