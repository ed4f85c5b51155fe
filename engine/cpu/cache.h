#pragma once

#include "cache-rules.h"
#include "cpu/kernels.h"

G_BEGIN_DECLS

/* What a sequence keeps between batches on the CPU: KV caches and recurrent states.
 *
 * What they hold is said by cache-rules.h. A chunk of keys never wraps around a ring. Keys of a head lie in tiles of
 * SOTTO_KEY_TILE positions, values by position; cache-layout.h has their forms.
 */
typedef struct {
  const SottoCacheShape *shape;
  SottoKvType type;
  guint capacity;          /* positions */
  const SottoQkvStep *lifted; /* whose bias the keys are without (key-bias.h); NULL: none */
  float *turns;            /* its tables */
  guint key_spread;        /* elements that are spread over each other; 1: they are as they came */
  guint value_spread;
  gsize key_tile_bytes;    /* of one head's tile of keys */
  gsize value_bytes;       /* of one head's row of V; 0: the keys hold the values */
  guint8 *keys;            /* (n_heads, capacity / SOTTO_KEY_TILE, key_tile_bytes) */
  guint8 *values;          /* (n_heads, capacity, value_bytes) */
} SottoCache;

typedef struct {
  const SottoPlan *plan;
  SottoCache *caches;      /* (plan->n_caches) */
  float **recurrents;      /* (plan->n_recurrents) */

  SottoHeld held;

  void *memory;
  gsize n_bytes;
} SottoCaches;

/* Bytes they take; G_MAXSIZE: more than can be addressed. */
gsize sotto_caches_measure (const SottoPlan *plan, guint n_context, SottoKvType type);

/* Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY */
gboolean sotto_caches_init (SottoCaches      *self,
                            const SottoPlan  *plan,
                            guint             n_context,
                            SottoKvType       type,
                            GError          **error);
void sotto_caches_clear (SottoCaches *self);

/* Around a batch of @n_tokens from @position on; without advance the batch has failed. */
void sotto_caches_begin (SottoCaches *self, guint position, guint n_tokens);
void sotto_caches_advance (SottoCaches *self, guint position, guint n_tokens);

/* The backend class's functions of that name. */
gboolean sotto_caches_serve (const SottoCaches *self, guint position);
gsize sotto_caches_checkpoint_bytes (const SottoCaches *self, guint position);
void sotto_caches_checkpoint_store (const SottoCaches *self, guint position, guint8 *target);
void sotto_caches_checkpoint_load (SottoCaches *self, guint position, const guint8 *source);
gsize sotto_caches_state_bytes (const SottoCaches *self, guint position);
gboolean sotto_caches_state_store (const SottoCaches *self, guint position, guint8 *target, SottoCancel *cancel);
gboolean sotto_caches_state_load (SottoCaches *self, guint position, const guint8 *source, SottoCancel *cancel);
void sotto_caches_wipe (SottoCaches *self);

/* Tile of keys, and row of values, that @position lies in. */
static inline guint8 *
sotto_cache_key_tile (const SottoCache *self, guint head, guint position)
{
  gsize slot = position % self->capacity;

  return self->keys
         + ((gsize) head * (self->capacity / SOTTO_KEY_TILE) + slot / SOTTO_KEY_TILE)
             * self->key_tile_bytes;
}

static inline guint8 *
sotto_cache_value_row (const SottoCache *self, guint head, guint position)
{
  return self->values
         + ((gsize) head * self->capacity + position % self->capacity) * self->value_bytes;
}

G_END_DECLS
