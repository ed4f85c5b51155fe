#pragma once

#include "backend.h"
#include "cpu/kernels.h"

G_BEGIN_DECLS

/* What a sequence keeps between batches on the CPU: KV caches and recurrent states.
 *
 * A cache holds capacity positions, a multiple of SOTTO_ATTEND_CHUNK: position p lies in slot p %
 * capacity. Those of a window are rings; a chunk of keys never wraps around. Per head, keys lie in
 * tiles of SOTTO_KEY_TILE positions, values by position (kernels.h has the layouts by KV type).
 */
typedef struct {
  const SottoCacheShape *shape;
  guint capacity;          /* positions */
  guint value_stride;      /* elements of a row of V, with padding */
  gsize key_bytes;         /* of one head's tile of SOTTO_KEY_TILE keys */
  gsize value_bytes;       /* of one head's row of V */
  guint8 *keys;            /* (n_heads, capacity / SOTTO_KEY_TILE, key_bytes) */
  guint8 *values;          /* (n_heads, capacity, value_bytes); NULL: the keys hold them */
} SottoCache;

typedef struct {
  const SottoPlan *plan;
  SottoKvType kv_type;
  guint n_context;
  guint position;          /* tokens that the recurrent states have seen, and the rings end with */
  guint oldest;            /* the rings hold positions from this one on */
  SottoCache *caches;      /* (plan->n_caches) */
  float **recurrents;      /* (plan->n_recurrents) */
  void *memory;
  gsize n_bytes;
} SottoCaches;

/* Bytes they take; G_MAXSIZE: more than can be addressed. */
gsize sotto_caches_measure (const SottoPlan *plan, guint n_context, SottoKvType kv_type);

/* Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY */
gboolean sotto_caches_init (SottoCaches      *self,
                            const SottoPlan  *plan,
                            guint             n_context,
                            SottoKvType       kv_type,
                            GError          **error);
void sotto_caches_clear (SottoCaches *self);

/* Before and after a batch: begin forgets what a sequence had before @position 0, advance says
 * that the tokens joined, fail that what forgets is lost where the batch may have touched it. */
void sotto_caches_begin (SottoCaches *self, guint position);
void sotto_caches_advance (SottoCaches *self, guint position, guint n_tokens);
void sotto_caches_fail (SottoCaches *self, guint position);

/* The backend class's functions of that name. */
gboolean sotto_caches_serve (const SottoCaches *self, guint position);
gsize sotto_caches_checkpoint_bytes (const SottoCaches *self);
void sotto_caches_checkpoint_store (const SottoCaches *self, guint8 *target);
void sotto_caches_checkpoint_load (SottoCaches *self, guint position, const guint8 *source);
gsize sotto_caches_state_bytes (const SottoCaches *self, guint position);
void sotto_caches_state_store (const SottoCaches *self, guint8 *target);
void sotto_caches_state_load (SottoCaches *self, guint position, const guint8 *source);

/* One head's row of K or V into the cache, in its type. @scratch: as many floats as the row, rounded up
 * to 32, and as many again. */
void sotto_cache_put_key (const SottoCaches   *self,
                          guint                cache,
                          guint                head,
                          guint                position,
                          const float         *key,
                          const SottoKernels  *kernels,
                          void                *scratch);
void sotto_cache_put_value (const SottoCaches   *self,
                            guint                cache,
                            guint                head,
                            guint                position,
                            const float         *value,
                            const SottoKernels  *kernels,
                            void                *scratch);

G_END_DECLS
