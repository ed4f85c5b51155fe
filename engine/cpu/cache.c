#include "cpu/cache.h"

#include "cpu/cache-layout.h"
#include "cpu/key-bias.h"
#include "cpu/pages.h"
#include "sotto-error.h"

#include <string.h>

#define ALIGNMENT 64

/* More than any processor can address: refused without asking the system. */
#define BYTES_HIGHEST ((gsize) 1 << 47)
/* Up to so many are counted, so that a refusal has its number; two such sums do not wrap. */
#define BYTES_COUNTED ((gsize) 1 << 62)

G_STATIC_ASSERT (SOTTO_CACHE_CHUNK == SOTTO_ATTEND_CHUNK && SOTTO_CACHE_TILE == SOTTO_KEY_TILE);

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

/* --- Memory --- */

static void
layout (SottoCache         *self,
        const SottoPlan    *plan,
        guint               index,
        guint               n_context,
        SottoKvType         type,
        const SottoQkvStep *lifted)
{
  const SottoCacheShape *shape = &plan->caches[index];

  self->shape = shape;
  self->type = type;
  self->capacity = sotto_held_cache (plan, index, n_context).capacity;
  self->lifted = lifted;
  /* Where the values are the beginning of the keys, one width divides both. */
  self->key_spread = sotto_cache_spread (type, shape->n_key | shape->n_latent);
  self->value_spread = shape->n_value > 0 ? sotto_cache_spread (type, shape->n_value)
                                          : self->key_spread;
  self->key_tile_bytes = sotto_key_tile_bytes (type, shape->n_key);
  self->value_bytes = shape->n_value > 0 ? sotto_value_row_bytes (type, shape->n_value) : 0;
}

/* Sets the cache's pointers behind *used, which grows by what it takes, when there is a base. FALSE:
 * too much. */
static gboolean
place (SottoCache *self, guint8 *base, gsize *used)
{
  gsize n_tiles, n_rows, key_bytes, value_bytes;
  gsize turn_bytes = self->lifted != NULL ? sotto_key_bias_bytes (self->lifted) : 0;

  if (!g_size_checked_mul (&n_tiles, self->shape->n_heads, self->capacity / SOTTO_KEY_TILE)
      || !g_size_checked_mul (&n_rows, self->shape->n_heads, self->capacity)
      || !g_size_checked_mul (&key_bytes, n_tiles, self->key_tile_bytes)
      || !g_size_checked_mul (&value_bytes, n_rows, self->value_bytes)
      || key_bytes > BYTES_COUNTED || value_bytes > BYTES_COUNTED)
    return FALSE;

  if (base != NULL)
    {
      self->keys = base + *used;
      self->values = self->keys + round_up (key_bytes, ALIGNMENT);
      self->turns = (float *) (self->values + round_up (value_bytes, ALIGNMENT));
    }
  *used += round_up (key_bytes, ALIGNMENT) + round_up (value_bytes, ALIGNMENT)
           + round_up (turn_bytes, ALIGNMENT);
  return *used <= BYTES_COUNTED;
}

gsize
sotto_caches_measure (const SottoPlan *plan, guint n_context, SottoKvType type)
{
  g_autofree const SottoQkvStep **lifted = sotto_key_bias_find (plan, type);
  gsize used = ALIGNMENT;

  for (guint i = 0; i < plan->n_caches; i++)
    {
      SottoCache cache;

      layout (&cache, plan, i, n_context, type, lifted[i]);
      if (!place (&cache, NULL, &used))
        return BYTES_COUNTED;
    }
  for (guint i = 0; i < plan->n_recurrents; i++)
    {
      if (plan->recurrents[i].n_floats > BYTES_COUNTED / sizeof (float))
        return BYTES_COUNTED;
      used += round_up (plan->recurrents[i].n_floats * sizeof (float), ALIGNMENT);
      if (used > BYTES_COUNTED)
        return BYTES_COUNTED;
    }
  return used;
}

gboolean
sotto_caches_init (SottoCaches      *self,
                   const SottoPlan  *plan,
                   guint             n_context,
                   SottoKvType       type,
                   GError          **error)
{
  g_autofree const SottoQkvStep **lifted = sotto_key_bias_find (plan, type);
  gsize used = 0;
  guint8 *base;

  memset (self, 0, sizeof *self);
  self->plan = plan;
  self->n_bytes = sotto_caches_measure (plan, n_context, type);
  /* Zeros, so that what lies behind the last position is a number; the system gives them page by page. */
  self->memory = self->n_bytes > BYTES_HIGHEST ? NULL : sotto_pages_take (self->n_bytes);
  if (self->memory == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .wanted = self->n_bytes },
                              "no memory for the KV cache: %" G_GSIZE_FORMAT " bytes", self->n_bytes);
      return FALSE;
    }

  sotto_held_init (&self->held, plan, n_context);
  base = (guint8 *) round_up ((gsize) self->memory, ALIGNMENT);
  self->caches = g_new0 (SottoCache, plan->n_caches);
  self->recurrents = g_new0 (float *, plan->n_recurrents);
  for (guint i = 0; i < plan->n_caches; i++)
    {
      layout (&self->caches[i], plan, i, n_context, type, lifted[i]);
      place (&self->caches[i], base, &used);
      if (self->caches[i].lifted != NULL)
        sotto_key_bias_init (self->caches[i].lifted, self->caches[i].turns);
    }
  for (guint i = 0; i < plan->n_recurrents; i++)
    {
      self->recurrents[i] = (float *) (base + used);
      used += round_up (plan->recurrents[i].n_floats * sizeof (float), ALIGNMENT);
    }
  return TRUE;
}

void
sotto_caches_clear (SottoCaches *self)
{
  sotto_held_clear (&self->held);
  g_clear_pointer (&self->caches, g_free);
  g_clear_pointer (&self->recurrents, g_free);
  sotto_pages_give_back (g_steal_pointer (&self->memory), self->n_bytes);
}

/* --- What is in them --- */

void
sotto_caches_begin (SottoCaches *self, guint position, guint n_tokens)
{
  for (guint i = 0; position == 0 && i < self->plan->n_recurrents; i++)
    memset (self->recurrents[i], 0, self->plan->recurrents[i].n_floats * sizeof (float));
  sotto_held_begin (&self->held, position, n_tokens);
}

void
sotto_caches_advance (SottoCaches *self, guint position, guint n_tokens)
{
  sotto_held_advance (&self->held, position, n_tokens);
}

gboolean
sotto_caches_serve (const SottoCaches *self, guint position)
{
  return sotto_held_serves (&self->held, position);
}

void
sotto_caches_wipe (SottoCaches *self)
{
  for (guint i = 0; i < self->plan->n_caches; i++)
    {
      const SottoCache *cache = &self->caches[i];
      gsize n_rows = (gsize) cache->shape->n_heads * cache->capacity;

      sotto_pages_wipe (cache->keys, n_rows / SOTTO_KEY_TILE * cache->key_tile_bytes);
      sotto_pages_wipe (cache->values, n_rows * cache->value_bytes);
    }
  for (guint i = 0; i < self->plan->n_recurrents; i++)
    sotto_pages_wipe (self->recurrents[i], self->plan->recurrents[i].n_floats * sizeof (float));
  sotto_held_restore (&self->held, 0);
}

/* --- As bytes ---
 *
 * Cache by cache: for each head the tiles of keys and the rows of values from the first tile that
 * counts to the one with the last position; then the recurrent states. Whole tiles, since that is how
 * they lie; what stands there behind the last position may be of another sequence, and is zero in the bytes. */

typedef enum { MEASURE, STORE, LOAD } Direction;

typedef struct {
  Direction direction;
  guint8 *bytes;           /* NULL: they are only counted */
  gsize n;                 /* so far */
  SottoCancel *cancel;     /* (nullable) */
} Move;

/* Returns: where it lies in the bytes */
static guint8 *
move (Move *self, void *place, gsize n)
{
  guint8 *bytes = self->bytes != NULL ? self->bytes + self->n : NULL;

  if (self->direction == STORE)
    memcpy (bytes, place, n);
  else if (self->direction == LOAD)
    memcpy (place, bytes, n);
  self->n += n;
  return bytes;
}

static gboolean
move_cache (const SottoCaches *caches, guint index, guint position, Move *moving)
{
  const SottoCache *self = &caches->caches[index];
  guint first = sotto_held_first (&caches->held.caches[index], position);

  for (guint head = 0; head < self->shape->n_heads; head++)
    {
      if (sotto_cancel_is_raised (moving->cancel))
        return FALSE;
      for (guint at = first; at < position; at += SOTTO_KEY_TILE)
        {
          guint n_rows = MIN (SOTTO_KEY_TILE, position - at);
          guint8 *tile = move (moving, sotto_cache_key_tile (self, head, at), self->key_tile_bytes);

          if (n_rows < SOTTO_KEY_TILE && moving->direction == STORE)
            sotto_cache_blank_keys (self->type, tile, self->shape->n_key, n_rows);
          if (self->value_bytes > 0)
            move (moving, sotto_cache_value_row (self, head, at), n_rows * self->value_bytes);
        }
    }
  return TRUE;
}

static gboolean
move_all (const SottoCaches *self, guint position, gboolean rings_only, Move *moving)
{
  for (guint i = 0; i < self->plan->n_caches; i++)
    if ((!rings_only || self->held.caches[i].is_ring) && !move_cache (self, i, position, moving))
      return FALSE;
  for (guint i = 0; i < self->plan->n_recurrents; i++)
    {
      if (sotto_cancel_is_raised (moving->cancel))
        return FALSE;
      move (moving, self->recurrents[i], self->plan->recurrents[i].n_floats * sizeof (float));
    }
  return TRUE;
}

gsize
sotto_caches_checkpoint_bytes (const SottoCaches *self, guint position)
{
  Move measuring = { .direction = MEASURE };

  move_all (self, position, TRUE, &measuring);
  return measuring.n;
}

void
sotto_caches_checkpoint_store (const SottoCaches *self, guint position, guint8 *target)
{
  move_all (self, position, TRUE, &(Move) { .direction = STORE, .bytes = target });
}

void
sotto_caches_checkpoint_load (SottoCaches *self, guint position, const guint8 *source)
{
  move_all (self, position, TRUE, &(Move) { .direction = LOAD, .bytes = (guint8 *) source });
  sotto_held_restore (&self->held, position);
}

gsize
sotto_caches_state_bytes (const SottoCaches *self, guint position)
{
  Move measuring = { .direction = MEASURE };

  move_all (self, position, FALSE, &measuring);
  return measuring.n;
}

gboolean
sotto_caches_state_store (const SottoCaches *self, guint position, guint8 *target, SottoCancel *cancel)
{
  return move_all (self, position, FALSE, &(Move) { .direction = STORE, .bytes = target, .cancel = cancel });
}

gboolean
sotto_caches_state_load (SottoCaches *self, guint position, const guint8 *source, SottoCancel *cancel)
{
  gboolean done = move_all (self, position, FALSE,
                            &(Move) { .direction = LOAD, .bytes = (guint8 *) source, .cancel = cancel });

  sotto_held_restore (&self->held, done ? position : 0);
  return done;
}
