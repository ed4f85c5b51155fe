#include "cuda/walk.h"

/* QKV and ATTEND as operations: products of one operand, norms of heads, heads turned (and put into the cache), attention. */

typedef struct {
  SottoCudaWalk *walk;
  const SottoQkvStep *step;
  const SottoCudaCache *cache;
  float *queries, *keys, *values;
  gsize n_queries, n_keys, n_values; /* elements of a row */
  SottoCudaHeads heads[3]; /* what becomes of them, to be done in one go */
  guint n_heads;
} Qkv;

static gboolean
is_normed (const SottoNorm *norm)
{
  return norm->kind != SOTTO_NORM_NONE || norm->weight != NULL || norm->bias != NULL;
}

/* All heads together; heads by themselves are normed where they are turned. */
static gboolean
norm_row (const Qkv *self, const SottoNorm *norm, float *rows, gsize n)
{
  return self->step->span != SOTTO_SPAN_ROW || !is_normed (norm)
         || sotto_walk_norm (self->walk, norm, rows, rows, self->walk->n_rows, (guint) n, FALSE);
}

/* Brought within the clamp, where there is one. */
static gboolean
clamp (const Qkv *self, float *y, gsize n_columns)
{
  SottoCudaCap arguments = { .y = y, .n = self->walk->n_rows * n_columns, .scale = 1.0f,
                             .limit = self->step->clamp };

  return self->step->clamp <= 0.0f || SOTTO_WALK_DO (self->walk, cap, &arguments);
}

/* Normed by @norm (nullable) and turned, in place or on the way into the cache: with the others, by do_heads(). */
static void
add_heads (Qkv *self, const SottoNorm *norm, float *heads, guint n_heads, guint n_head, gboolean is_kept, gboolean is_value)
{
  SottoCudaWalk *walk = self->walk;
  SottoCudaHeads arguments = { .heads = heads,
                               .stride = (gsize) n_heads * n_head,
                               .step = n_head,
                               .n_rows = walk->n_rows,
                               .n_heads = n_heads,
                               .n_head = n_head,
                               .weight_step = !is_value && self->step->span == SOTTO_SPAN_HEADS ? n_head : 0,
                               .rope = is_value ? NULL : self->step->rope,
                               .turns_first = !is_value && self->step->turns_first,
                               .is_long = walk->is_long,
                               .position = walk->position,
                               .spots = walk->spots,
                               .cache = is_kept ? self->cache : NULL,
                               .is_value = is_value };

  if (norm != NULL)
    arguments.norm = *norm;
  if (arguments.rope != NULL || is_kept || is_normed (&arguments.norm))
    self->heads[self->n_heads++] = arguments;
}

static gboolean
do_heads (Qkv *self)
{
  for (guint i = 0; i + 1 < self->n_heads; i++)
    self->heads[i].next = &self->heads[i + 1];
  return self->n_heads == 0 || SOTTO_WALK_DO (self->walk, heads, self->heads);
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

/* The norm of heads by themselves; (nullable) */
static const SottoNorm *
norm_of_heads (const Qkv *self, const SottoNorm *norm)
{
  return self->step->span == SOTTO_SPAN_ROW ? NULL : norm;
}

static gboolean
finish_queries (Qkv *self)
{
  const SottoQkvStep *step = self->step;

  if (!clamp (self, self->queries, self->n_queries) || !norm_row (self, &step->query_norm, self->queries, self->n_queries))
    return FALSE;
  add_heads (self, norm_of_heads (self, &step->query_norm), self->queries, step->n_heads, step->n_key, FALSE, FALSE);
  return TRUE;
}

/* Values that are the keys are taken before those are normed: what is put into the cache stays as it was. */
static gboolean
finish_keys_and_values (Qkv *self)
{
  const SottoQkvStep *step = self->step;
  guint n_heads = self->cache->n_heads;
  gboolean has_value = sotto_weight_is_there (&step->value);

  if (!clamp (self, self->keys, self->n_keys) || (has_value && !clamp (self, self->values, self->n_values)))
    return FALSE;
  add_heads (self, &step->value_norm, has_value ? self->values : self->keys, n_heads, self->cache->n_value, TRUE, TRUE);
  /* But a row is normed in place. */
  if (!has_value && step->span == SOTTO_SPAN_ROW && is_normed (&step->key_norm))
    {
      if (!do_heads (self))
        return FALSE;
      self->n_heads = 0;
    }
  if (!norm_row (self, &step->key_norm, self->keys, self->n_keys))
    return FALSE;
  add_heads (self, norm_of_heads (self, &step->key_norm), self->keys, n_heads, step->n_key, TRUE, FALSE);
  return TRUE;
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
         && project (&self) && finish_queries (&self) && (!has_key || finish_keys_and_values (&self))
         && do_heads (&self);
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
  if (self->attend_most == 0 || step->mask != SOTTO_MASK_CAUSAL || n >= self->n_rows)
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

static gboolean
attend (SottoCudaWalk *self, const SottoAttendStep *step)
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
  if (sotto_walk_is_few (self) && is_latent)
    arguments.operand = sotto_walk_announce (self, rows, self->n_rows * step->n_heads, n_value);
  else if (sotto_walk_is_few (self) && sotto_walk_is_read_next (self, SOTTO_BUFFER_ATTENDED))
    arguments.operand = sotto_walk_announce (self, rows, self->n_rows, n_attended);
  if (!attend_in_parts (self, &arguments, n_value, at_once))
    return FALSE;
  if (!is_latent)
    return TRUE;

  /* From the latent space: each head is a row, and has its matrix. */
  return sotto_walk_quantise (self, rows, n_value, self->n_rows * step->n_heads, n_value)
         && sotto_walk_multiply (self, &step->value_up, attended, step->value_up.n_rows,
                                 &(SottoWalkProduct) { .scale = 1.0f });
}

gboolean
sotto_walk_attend (SottoCudaWalk *self, const SottoAttendStep *step)
{
  SottoAttendStep own = *step;

  /* The plan's own step outlives a recording, as this one does not. */
  if (!self->together || self->n_rows == 1 || step->mask != SOTTO_MASK_CAUSAL)
    return attend (self, step);
  own.mask = SOTTO_MASK_TOGETHER;
  return attend (self, &own);
}
