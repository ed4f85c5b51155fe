#include "cuda/walk.h"

/* QKV and ATTEND as operations: products of one operand, norms of heads, heads turned (and put into the cache), attention. */

typedef struct {
  SottoCudaWalk *walk;
  const SottoQkvStep *step;
  const SottoCudaCache *cache;
  float *queries, *keys, *values;
  gsize n_queries, n_keys, n_values; /* elements of a row */
} Qkv;

static gboolean
is_normed (const SottoNorm *norm)
{
  return norm->kind != SOTTO_NORM_NONE || norm->weight != NULL || norm->bias != NULL;
}

static gboolean
norm_heads (const Qkv *self, const SottoNorm *norm, SottoNormSpan span, const float *x, float *y,
            guint n_heads, guint n_head)
{
  gboolean is_row = span == SOTTO_SPAN_ROW;
  gsize stride = (gsize) n_heads * n_head;
  SottoCudaNorm arguments = { .norm = *norm, .x = x, .y = y, .x_stride = stride, .y_stride = stride,
                              .x_step = n_head, .y_step = n_head, .n_rows = self->walk->n_rows,
                              .n_pieces = is_row ? 1 : n_heads,
                              .n_columns = is_row ? (guint) stride : n_head,
                              .weight_step = span == SOTTO_SPAN_HEADS ? n_head : 0 };

  sotto_walk_touch (self->walk, y);
  return (x == y && !is_normed (norm)) || SOTTO_WALK_DO (self->walk, norm, &arguments);
}

/* Brought within the clamp, where there is one. */
static gboolean
clamp (const Qkv *self, float *y, gsize n_columns)
{
  SottoCudaCap arguments = { .y = y, .n = self->walk->n_rows * n_columns, .scale = 1.0f,
                             .limit = self->step->clamp };

  return self->step->clamp <= 0.0f || SOTTO_WALK_DO (self->walk, cap, &arguments);
}

/* Turned in place, or put into the cache. */
static gboolean
finish_heads (const Qkv *self, float *heads, guint n_heads, guint n_head, gboolean is_kept, gboolean is_value)
{
  SottoCudaWalk *walk = self->walk;
  SottoCudaHeads arguments = { .heads = heads,
                               .stride = (gsize) n_heads * n_head,
                               .step = n_head,
                               .n_rows = walk->n_rows,
                               .n_heads = n_heads,
                               .n_head = n_head,
                               .rope = is_value ? NULL : self->step->rope,
                               .is_long = walk->is_long,
                               .position = walk->position,
                               .cache = is_kept ? self->cache : NULL,
                               .is_value = is_value };

  return (arguments.rope == NULL && !is_kept) || SOTTO_WALK_DO (walk, heads, &arguments);
}

/* --- Products --- */

/* n_key rows of every head, dense. Of a stack (weights.h) each head is a matrix; else rows of other things may lie
 * between heads, and are left behind. */
static gboolean
multiply_queries (const Qkv *self, const SottoWeight *weight, float *y, gboolean with_next)
{
  const SottoQkvStep *step = self->step;
  gsize n = self->n_queries;
  SottoWalkProduct product = { .scale = 1.0f };
  float *wide;

  if (weight->n_matrices > 1)
    {
      product.rows_per_x = step->n_heads;
      return sotto_walk_multiply (self->walk, weight, y, step->n_key, &product);
    }
  if (step->query_stride == step->n_key)
    {
      product.with_next = with_next;
      return sotto_walk_multiply (self->walk, weight, y, n, &product);
    }

  wide = sotto_walk_take_floats (self->walk, self->walk->n_rows, weight->n_rows);
  return sotto_walk_multiply (self->walk, weight, wide, weight->n_rows, &product)
         && sotto_walk_copy (self->walk,
                             &(SottoWalkCopy) { .x = wide, .y = y, .x_stride = weight->n_rows,
                                                .y_stride = n, .x_step = step->query_stride,
                                                .y_step = step->n_key, .n_pieces = step->n_heads,
                                                .n = step->n_key });
}

/* Q, K and V in one go. */
static gboolean
project (const Qkv *self)
{
  const SottoQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  gboolean has_key = sotto_weight_is_there (&step->key), has_value = sotto_weight_is_there (&step->value);
  SottoWalkProduct product = { .scale = 1.0f, .with_next = has_value };

  if (sotto_weight_is_there (&step->gate)
      && !multiply_queries (self, &step->gate, sotto_walk_rows (walk, SOTTO_ROWS_GATES, self->n_queries), FALSE))
    return FALSE;
  if (!multiply_queries (self, &step->query, self->queries, has_key))
    return FALSE;
  if (!has_key)
    return TRUE;
  if (!sotto_walk_multiply (walk, &step->key, self->keys, self->n_keys, &product))
    return FALSE;
  product.with_next = FALSE;
  return !has_value || sotto_walk_multiply (walk, &step->value, self->values, self->n_values, &product);
}

/* --- What they become --- */

static gboolean
finish_queries (const Qkv *self)
{
  const SottoQkvStep *step = self->step;

  return clamp (self, self->queries, self->n_queries)
         && norm_heads (self, &step->query_norm, step->span, self->queries, self->queries, step->n_heads, step->n_key)
         && finish_heads (self, self->queries, step->n_heads, step->n_key, FALSE, FALSE);
}

/* Values that are the keys are taken before those are normed. */
static gboolean
finish_keys_and_values (const Qkv *self)
{
  const SottoQkvStep *step = self->step;
  guint n_heads = self->cache->n_heads;
  guint n_value = self->cache->n_value;
  gboolean has_value = sotto_weight_is_there (&step->value);

  return clamp (self, self->keys, self->n_keys)
         && (!has_value || clamp (self, self->values, self->n_values))
         && norm_heads (self, &step->value_norm, SOTTO_SPAN_HEAD, has_value ? self->values : self->keys, self->values,
                        n_heads, n_value)
         && finish_heads (self, self->values, n_heads, n_value, TRUE, TRUE)
         && norm_heads (self, &step->key_norm, step->span, self->keys, self->keys, n_heads, step->n_key)
         && finish_heads (self, self->keys, n_heads, step->n_key, TRUE, FALSE);
}

gboolean
sotto_walk_qkv (SottoCudaWalk *walk, const SottoQkvStep *step)
{
  const SottoCudaCache *cache = &walk->caches[step->cache];
  Qkv self = { .walk = walk, .step = step, .cache = cache, .n_queries = (gsize) step->n_heads * step->n_key,
               .n_keys = (gsize) cache->n_heads * step->n_key, .n_values = (gsize) cache->n_heads * cache->n_value };
  gboolean has_key = sotto_weight_is_there (&step->key);
  guint n = step->query.n_columns;

  self.queries = sotto_walk_rows (walk, SOTTO_ROWS_QUERIES, self.n_queries);
  if (has_key)
    {
      self.keys = sotto_walk_take_floats (walk, walk->n_rows, self.n_keys);
      self.values = sotto_walk_take_floats (walk, walk->n_rows, self.n_values);
    }
  return sotto_walk_quantise (walk, sotto_walk_buffer (walk, step->from, n), n, walk->n_rows, n)
         && project (&self) && finish_queries (&self) && (!has_key || finish_keys_and_values (&self));
}

/* --- Attention --- */

/* As many rows as do with so many products; all where each sees all, since then they have to come together. */
static guint
count_rows_at_once (const SottoCudaWalk *self, const SottoAttendStep *step, guint n_value)
{
  const SottoCudaCache *cache = &self->caches[step->cache];
  guint64 n_seen = self->n_positions_most;
  guint64 of_row, n;

  if (step->window > 0)
    n_seen = MIN (n_seen, (guint64) step->window + self->n_rows);
  of_row = MAX (n_seen * step->n_heads * (cache->n_key + n_value), 1);
  n = self->attend_most / of_row;
  if (self->attend_most == 0 || step->mask == SOTTO_MASK_ALL || n >= self->n_rows)
    return self->n_rows;
  return MAX ((guint) n / SOTTO_WALK_ATTEND_ROWS, 1) * SOTTO_WALK_ATTEND_ROWS;
}

/* Few rows would be taken by another kernel than many, and are done with those before them. */
static guint
count_part (guint n_rows, guint at_once)
{
  return n_rows < at_once + SOTTO_WALK_ATTEND_ROWS / 2 ? n_rows : at_once;
}

/* @whole: of all rows, but for where what lies between the chunks of a part goes. */
static gboolean
attend_in_parts (SottoCudaWalk *self, const SottoCudaAttend *whole, guint n_value, guint at_once)
{
  const guint n_heads = whole->step->n_heads;

  for (guint first = 0, n; first < self->n_rows; first += n)
    {
      SottoCudaAttend part = *whole;
      const gsize n_before = (gsize) first * n_heads;

      part.n_rows = n = count_part (self->n_rows - first, at_once);
      part.queries += n_before * whole->cache->n_key;
      part.gates = part.gates != NULL ? part.gates + n_before * n_value : NULL;
      part.attended += n_before * n_value;
      if (first > 0)
        part.position = self->later + first / SOTTO_WALK_ATTEND_ROWS - 1;
      if ((first > 0 && !sotto_walk_look (self)) || !SOTTO_WALK_DO (self, attend, &part))
        return FALSE;
    }
  return TRUE;
}

gboolean
sotto_walk_attend (SottoCudaWalk *self, const SottoAttendStep *step)
{
  const SottoCudaCache *cache = &self->caches[step->cache];
  guint n_value = cache->n_value > 0 ? cache->n_value : cache->n_latent;
  guint at_once = count_rows_at_once (self, step, n_value);
  gboolean is_latent = sotto_weight_is_there (&step->value_up);
  guint n_attended = step->n_heads * (is_latent ? step->value_up.n_rows : n_value);
  float *attended = sotto_walk_buffer (self, SOTTO_BUFFER_ATTENDED, n_attended);
  float *rows = is_latent ? sotto_walk_take_floats (self, (gsize) self->n_rows * step->n_heads, n_value)
                          : attended;
  SottoCudaAttend arguments = {
    .queries = sotto_walk_rows (self, SOTTO_ROWS_QUERIES, (gsize) step->n_heads * cache->n_key),
    .gates = step->gated ? sotto_walk_rows (self, SOTTO_ROWS_GATES, n_attended) : NULL,
    .attended = rows,
    .n_rows = MIN (at_once + SOTTO_WALK_ATTEND_ROWS / 2, self->n_rows),
    .position = self->position,
    .n_positions_most = self->n_positions_most,
    .cache = cache,
    .step = step,
  };
  gsize n_partial = self->module->attend_partial_floats (&arguments);

  if (n_partial > 0)
    arguments.partials = sotto_walk_take_floats (self, 1, n_partial);
  sotto_walk_touch (self, rows);
  if (!attend_in_parts (self, &arguments, n_value, at_once))
    return FALSE;
  if (!is_latent)
    return TRUE;

  /* From the latent space: each head is a row, and has its matrix. */
  return sotto_walk_quantise (self, rows, n_value, self->n_rows * step->n_heads, n_value)
         && sotto_walk_multiply (self, &step->value_up, attended, step->value_up.n_rows,
                                 &(SottoWalkProduct) { .scale = 1.0f });
}
