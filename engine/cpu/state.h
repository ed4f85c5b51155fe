#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* Tokens of a batch that still split their attention over chunks of keys: few queries, so the keys
 * are the work. */
#define SOTTO_SPLIT_TOKENS 8

/* Rows of a projection that one unit of work computes: the panel of the fast tiers. */
#define SOTTO_UNIT_ROWS 32

/* Memory that one lane works in. */
typedef struct {
  SottoActivations own;     /* (1, widest input): what every lane norms for itself in decode */
  float *tiles[2];          /* (n_tokens, a head or a unit of rows) */
  SottoPartial partials[2 * SOTTO_ATTEND_QUERIES];
  float *partial_values;    /* (2 * SOTTO_ATTEND_QUERIES, value_stride) */
  void *scratch;            /* sotto_kernels_scratch() */
} SottoLaneMemory;

/* The KV cache and the scratch of one session.
 *
 * keys:   (n_layers, n_kv_heads, n_context / 16, n_head_key, 16)
 * values: (n_layers, n_kv_heads, n_context, value_stride)
 */
struct _SottoState {
  const SottoShape *shape;
  SottoKvType kv_type;
  guint n_context;          /* a multiple of SOTTO_ATTEND_CHUNK */
  guint value_stride;
  gsize element_bytes;

  /* The cache */
  void *cache;
  gsize cache_bytes;
  guint8 *keys;
  guint8 *values;

  /* Scratch: one block, cut up by sotto_state_reserve() */
  void *block;
  gsize block_bytes;
  guint n_tokens;           /* capacities */
  guint n_lanes;
  guint n_logits;
  float *residual;          /* (n_tokens, n_embedding) */
  float *queries;           /* (n_tokens, n_heads * n_head_key) */
  float *cosines;           /* (n_tokens, n_rope / 2) */
  float *sines;
  SottoActivations normed;  /* n_embedding */
  SottoActivations attended; /* n_heads * n_head_value */
  SottoActivations hidden;  /* n_feed_forward */
  float *partials;          /* (SOTTO_SPLIT_TOKENS, n_heads, chunks, 2 + value_stride) */
  float *logits;            /* (n_logits, n_vocabulary) */
  SottoLaneMemory *lanes;   /* (n_lanes) */
};

SottoState *
sotto_state_new (const SottoShape *shape, guint n_context, SottoKvType kv_type, GError **error);
void sotto_state_free (SottoState *self);

/**
 * sotto_state_reserve:
 *
 * Makes the scratch large enough; what was in it is gone when it had to grow.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY, the state unchanged
 */
gboolean sotto_state_reserve (SottoState *self,
                              guint n_tokens,
                              guint n_lanes,
                              guint n_logits,
                              GError **error);

/* Bytes of the cache and of the scratch, without making them. */
gsize sotto_state_cache_bytes (const SottoShape *shape, guint n_context, SottoKvType kv_type);
gsize
sotto_state_scratch_bytes (const SottoShape *shape, guint n_context, guint n_tokens, guint n_lanes);

/* Address of a head's part of the cache. */
guint8 *sotto_state_keys (const SottoState *self, guint layer, guint kv_head);
guint8 *sotto_state_values (const SottoState *self, guint layer, guint kv_head);

/* The backend class's functions of that name: for each layer, K and V head, the keys by position,
 * then the values. */
gsize sotto_state_kv_bytes (const SottoState *self, guint n_positions);
void sotto_state_kv_store (const SottoState *self, guint n_positions, guint8 *target);
void sotto_state_kv_load (SottoState *self, guint n_positions, const guint8 *source);

G_END_DECLS
