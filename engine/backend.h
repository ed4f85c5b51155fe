#pragma once

#include "format/block.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* The border between model families and arithmetic.
 *
 * A family's forward program (family/forward.c) is a walk over layers that calls the operations below; a backend
 * implements them. The operations are cut where fusing pays: a norm is quantised once and shared by the
 * projections behind it, gate and up and activation are one, a projection adds to the residual.
 *
 * On the CPU every thread of the pool walks the whole program, each doing its share of every operation
 * (a lane); the operations synchronise among themselves. A GPU backend has one lane. An operation's result
 * is complete for the operation after it: the callee puts the barriers where they are needed.
 *
 * Results must not depend on the number of lanes, and a token's result not on the other tokens of its batch.
 */

/* A matrix of weights, (n_rows, n_columns): y[row] = sum over columns of w[row][column] * x[column]. */
typedef struct {
  SottoBlockType type;
  guint n_columns;
  guint n_rows;
  gsize row_bytes;
  const void *data;      /* row-major, in the mapping; any alignment the file has (at least 4) */
  const float *bias;     /* (nullable) (n_rows) */
} SottoWeight;

typedef struct {
  const float *weight;   /* (n_embedding) */
  float epsilon;
} SottoNorm;             /* root mean square: x / sqrt (mean (x²) + epsilon) * weight (Zhang & Sennrich 2019) */

typedef enum {
  SOTTO_ROPE_NORMAL,     /* pairs (2i, 2i+1) */
  SOTTO_ROPE_NEOX,       /* pairs (i, i + n/2) */
} SottoRopeKind;

typedef enum {
  SOTTO_ACTIVATION_SILU,
  SOTTO_ACTIVATION_GELU,
} SottoActivation;

/* Sizes that hold for the whole program. */
typedef struct {
  guint n_embedding;
  guint n_heads;
  guint n_kv_heads;
  guint n_head_key;      /* elements of a head of Q and K */
  guint n_head_value;    /* elements of a head of V */
  guint n_feed_forward;
  guint n_vocabulary;
  guint n_layers;
  guint n_rope;          /* elements of a head that are turned */
  SottoRopeKind rope_kind;
  /* (n_rope / 2): angle of pair i at position p is p * rope_frequencies[i]; in double, since p is large */
  const double *rope_frequencies;
  float rope_scale;      /* multiplies the turned values (YaRN); 1 */
  float attention_scale; /* multiplies q·k */
} SottoShape;

/* The tokens that are evaluated together; at most SOTTO_MAX_BATCH. */
#define SOTTO_MAX_BATCH 512

typedef struct {
  const gint32 *tokens;
  guint n_tokens;
  guint position;        /* of the first; the KV cache holds this many before */
  gboolean all_logits;   /* FALSE: of the last token only */
} SottoBatch;

typedef struct _SottoLane SottoLane; /* a backend's own, one a thread */

/* A KV cache and the scratch of one session, in the backend's memory; shape is kept, not copied. */
typedef struct _SottoState SottoState;

typedef struct {
  /* residual[t] = scale * table[token t] */
  void (*embed) (SottoLane *lane, const SottoWeight *table, float scale);

  /* Q, K, V = projections of norm (residual), biases added; Q and K turned by RoPE; K and V appended to
   * the layer's cache at the tokens' positions */
  void (*query_key_value) (SottoLane         *lane,
                           guint              layer,
                           const SottoNorm   *norm,
                           const SottoWeight *query,
                           const SottoWeight *key,
                           const SottoWeight *value);

  /* attention = softmax (Q Kᵀ * attention_scale, causal) V; residual += output (attention) */
  void (*attend_project) (SottoLane *lane, guint layer, const SottoWeight *output);

  /* h = norm (residual); residual += down (activation (gate h) * up h) */
  void (*gated_feed_forward) (SottoLane         *lane,
                              const SottoNorm   *norm,
                              SottoActivation    activation,
                              const SottoWeight *gate,
                              const SottoWeight *up,
                              const SottoWeight *down);

  /* logits = output (norm (residual)) of the last token, or of all */
  void (*logits) (SottoLane *lane, const SottoNorm *norm, const SottoWeight *output);

  /* Whether to stop: every lane gets the same answer at the same call. */
  gboolean (*is_cancelled) (SottoLane *lane);
} SottoOperations;

typedef void (*SottoWalk) (const SottoOperations *operations, SottoLane *lane, gconstpointer program);

typedef struct {
  void (*free) (SottoBackend *self);
  void (*set_threads) (SottoBackend *self, guint n_threads);
  guint (*get_threads) (const SottoBackend *self);
  const char *(*get_name) (const SottoBackend *self);

  /* NULL with MEMORY. n_context: positions of the cache. */
  SottoState *(*state_new) (SottoBackend      *self,
                            const SottoShape  *shape,
                            guint              n_context,
                            SottoKvType        kv_type,
                            GError           **error);
  void (*state_free) (SottoBackend *self, SottoState *state);
  void (*state_measure) (SottoBackend *self, const SottoState *state, guint64 *kv_cache, guint64 *scratch);

  /* Runs walk on every lane; afterwards the logits are there. FALSE: CANCELLED (the cache holds
   * nothing of use from batch->position on), BACKEND or MEMORY. */
  gboolean (*run) (SottoBackend      *self,
                   SottoState        *state,
                   const SottoBatch  *batch,
                   SottoWalk          walk,
                   gconstpointer      program,
                   SottoCancel       *cancel,
                   GError           **error);

  /* (n_vocabulary), or (n_tokens, n_vocabulary) after all_logits; host memory; valid until the next run */
  float *(*get_logits) (SottoBackend *self, SottoState *state);

  /* Bytes of the cache of positions 0 … n_positions - 1, in an order of the backend's own that depends only
   * on shape and KV type; load is its inverse. */
  gsize (*kv_bytes) (SottoBackend *self, const SottoState *state, guint n_positions);
  void (*kv_store) (SottoBackend *self, const SottoState *state, guint n_positions, guint8 *target);
  void (*kv_load) (SottoBackend *self, SottoState *state, guint n_positions, const guint8 *source);
} SottoBackendClass;

/* The first member of every backend's struct. */
struct _SottoBackend {
  const SottoBackendClass *klass;
};

/* Bytes a state would take, without making it. */
void sotto_backend_estimate (const SottoShape *shape,
                             guint             n_context,
                             SottoKvType       kv_type,
                             guint64          *kv_cache,
                             guint64          *scratch);

G_END_DECLS
