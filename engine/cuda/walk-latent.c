#include "cuda/walk.h"

/* LATENT_QKV as operations. Heads of Q stand as plain and turned elements side by side; absorbed, their plain ones go
 * through the matrix of their head, each head of each token a row. */

typedef struct {
  SottoCudaWalk *walk;
  const SottoLatentQkvStep *step;
  const SottoCudaCache *cache;
  guint n_head;            /* of Q before it is absorbed */
  float *latents;          /* (n_rows, n_latent): normed */
  const float *turned;     /* the part of the key that is to turn, in rows of turned_stride */
  gsize turned_stride;
} Latent;

static const SottoWalkProduct plainly = { .scale = 1.0f };

/* Turns part of heads, or puts heads into the cache. */
static gboolean
turn (const Latent *self, float *heads, gsize stride, gsize step, guint n_heads)
{
  SottoCudaHeads arguments = { .heads = heads, .stride = stride, .step = step,
                               .n_rows = self->walk->n_rows, .n_heads = n_heads,
                               .n_head = self->step->n_turned, .rope = self->step->rope,
                               .is_long = self->walk->is_long, .position = self->walk->position };

  return self->step->rope == NULL || SOTTO_WALK_DO (self->walk, heads, &arguments);
}

static gboolean
keep (const Latent *self, float *heads, gsize stride, gsize step, guint n_heads, guint n, gboolean is_value)
{
  SottoCudaHeads arguments = { .heads = heads, .stride = stride, .step = step,
                               .n_rows = self->walk->n_rows, .n_heads = n_heads, .n_head = n,
                               .position = self->walk->position, .cache = self->cache,
                               .is_value = is_value };

  return SOTTO_WALK_DO (self->walk, heads, &arguments);
}

/* --- Queries --- */

/* From rows (n_heads, n_head) to queries (n_heads, n_latent + n_turned). */
static gboolean
absorb (const Latent *self, const float *heads, float *queries)
{
  const SottoLatentQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  gsize n_key = step->n_latent + step->n_turned;
  SottoWalkCopy copy = { .x = heads + step->n_plain, .y = queries + step->n_latent,
                         .x_stride = (gsize) step->n_heads * self->n_head,
                         .y_stride = step->n_heads * n_key, .x_step = self->n_head, .y_step = n_key,
                         .n_pieces = step->n_heads, .n = step->n_turned };

  return sotto_walk_quantise (walk, heads, self->n_head, walk->n_rows * step->n_heads, step->n_plain)
         && sotto_walk_multiply (walk, &step->key_up, queries, n_key, &plainly)
         && sotto_walk_copy (walk, &copy);
}

/* The operand is what query_up reads. */
static gboolean
make_queries (const Latent *self)
{
  const SottoLatentQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  gsize n = (gsize) step->n_heads * self->n_head;
  gboolean is_absorbed = sotto_weight_is_there (&step->key_up);
  float *queries = sotto_walk_rows (walk, SOTTO_ROWS_QUERIES, (gsize) step->n_heads * self->cache->n_key);
  float *heads = is_absorbed ? sotto_walk_take_floats (walk, walk->n_rows, n) : queries;

  return sotto_walk_multiply (walk, &step->query_up, heads, n, &plainly)
         && turn (self, heads + step->n_plain, n, self->n_head, step->n_heads)
         && (!is_absorbed || absorb (self, heads, queries));
}

static gboolean
project_queries (const Latent *self, const float *x, guint n_columns)
{
  const SottoLatentQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  guint n_down = step->query_down.n_rows;
  float *down;

  if (!sotto_weight_is_there (&step->query_down))
    return make_queries (self);
  down = sotto_walk_take_floats (walk, walk->n_rows, n_down);
  return sotto_walk_quantise (walk, x, n_columns, walk->n_rows, n_columns)
         && sotto_walk_multiply (walk, &step->query_down, down, n_down, &plainly)
         && sotto_walk_norm (walk, &step->query_norm, down, down, walk->n_rows, n_down, TRUE)
         && sotto_walk_quantise (walk, down, n_down, walk->n_rows, n_down) && make_queries (self);
}

/* --- What joins the cache --- */

/* One row a token: the latents, and the turned part of the key. */
static gboolean
append_latents (const Latent *self)
{
  const SottoLatentQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  gsize n_key = step->n_latent + step->n_turned;
  float *keys = sotto_walk_take_floats (walk, walk->n_rows, n_key);
  SottoWalkCopy latents = { .x = self->latents, .y = keys, .x_stride = step->n_latent,
                            .y_stride = n_key, .n_pieces = 1, .n = step->n_latent };
  SottoWalkCopy turned = { .x = self->turned, .y = keys + step->n_latent,
                           .x_stride = self->turned_stride, .y_stride = n_key, .n_pieces = 1,
                           .n = step->n_turned };

  return sotto_walk_copy (walk, &latents) && sotto_walk_copy (walk, &turned)
         && turn (self, keys + step->n_latent, n_key, n_key, 1)
         && keep (self, keys, n_key, n_key, 1, (guint) n_key, FALSE);
}

/* Keys and values of every head; all heads have the same turned part. */
static gboolean
append_expanded (const Latent *self)
{
  const SottoLatentQkvStep *step = self->step;
  SottoCudaWalk *walk = self->walk;
  guint n_heads = step->n_heads;
  gsize n_both = step->n_plain + step->n_value, n_key = self->n_head;
  float *both = sotto_walk_take_floats (walk, walk->n_rows, n_heads * n_both);
  float *keys = sotto_walk_take_floats (walk, walk->n_rows, n_heads * n_key);
  SottoWalkCopy plain = { .x = both, .y = keys, .x_stride = n_heads * n_both,
                          .y_stride = n_heads * n_key, .x_step = n_both, .y_step = n_key,
                          .n_pieces = n_heads, .n = step->n_plain };
  SottoWalkCopy turned = { .x = self->turned, .y = keys + step->n_plain,
                           .x_stride = self->turned_stride, .y_stride = n_heads * n_key,
                           .x_step = 0, .y_step = n_key, .n_pieces = n_heads, .n = step->n_turned };

  return sotto_walk_quantise (walk, self->latents, step->n_latent, walk->n_rows, step->n_latent)
         && sotto_walk_multiply (walk, &step->key_value_up, both, n_heads * n_both, &plainly)
         && sotto_walk_copy (walk, &plain) && sotto_walk_copy (walk, &turned)
         && turn (self, keys + step->n_plain, n_heads * n_key, n_key, n_heads)
         && keep (self, keys, n_heads * n_key, n_key, n_heads, (guint) n_key, FALSE)
         && keep (self, both + step->n_plain, n_heads * n_both, n_both, n_heads, step->n_value, TRUE);
}

gboolean
sotto_walk_latent_qkv (SottoCudaWalk *walk, const SottoLatentQkvStep *step)
{
  guint n = step->latent.n_columns;
  guint n_rows = step->latent.n_rows;
  const float *x = sotto_walk_buffer (walk, step->from, n);
  float *down = sotto_walk_take_floats (walk, walk->n_rows, n_rows);
  Latent self = { .walk = walk, .step = step, .cache = &walk->caches[step->cache],
                  .n_head = step->n_plain + step->n_turned,
                  .latents = sotto_walk_take_floats (walk, walk->n_rows, step->n_latent),
                  .turned = down + step->n_latent, .turned_stride = n_rows };
  SottoCudaNorm norm = { .norm = step->latent_norm, .x = down, .y = self.latents, .x_stride = n_rows,
                         .y_stride = step->n_latent, .n_rows = walk->n_rows, .n_pieces = 1,
                         .n_columns = step->n_latent };

  return sotto_walk_quantise (walk, x, n, walk->n_rows, n)
         && sotto_walk_multiply (walk, &step->latent, down, n_rows, &plainly)
         && SOTTO_WALK_DO (walk, norm, &norm) && project_queries (&self, x, n)
         && (sotto_weight_is_there (&step->key_up) ? append_latents (&self) : append_expanded (&self));
}
