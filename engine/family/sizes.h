#pragma once

#include "family/keys.h"

G_BEGIN_DECLS

/* All numbers of a model, read from the metadata by its family's words and checked: whoever uses
 * them trusts them. */

typedef struct {
  guint parts;             /* bits 1 << SottoPart */

  guint n_heads;
  guint n_kv_heads;
  guint n_key;             /* elements of a head of Q and K */
  guint n_value;
  guint window;            /* 0: none */
  gboolean turns;
  guint cache_of;          /* the layer whose keys and values it sees, mostly itself */

  guint n_feed_forward;
  guint n_expert_feed_forward;
  guint n_shared_feed_forward;
  SottoXielu xielu;        /* where the activation is that */
  gboolean sparse;         /* of gates only those are activated that lie above their mean by */
  float cutoff;            /* so many times their deviation */
} SottoLayerSizes;

typedef struct {
  guint n_layers;
  guint
      n_layers_in_file; /* with those that predict further tokens, which are not used */
  guint n_embedding;
  guint n_vocabulary;
  guint n_context;
  float epsilon;

  SottoMask mask;
  gboolean pools;
  SottoPooling pooling;

  double embedding_scale;
  double residual_scale;
  double logit_scale;
  double logit_cap;
  double attention_scale;  /* 0: 1 / root of a head's width */
  double attention_cap;
  double alibi;
  double temperature;
  guint temperature_span;  /* 0: the original context of rotary positions */
  double clamp;            /* 0: none */

  SottoActivation activation;
  gboolean has_windows;
  gboolean parallel;       /* the feed-forward does not read attention's result */

  /* Rotary positions, outside of windows and inside */
  guint n_turned;
  guint n_window_turned;

  /* Multi-head latent attention */
  guint n_query_latent;    /* 0: queries come straight from the residual */
  guint n_latent;
  guint n_plain;

  guint n_conv;            /* tokens that a convolution sees */

  /* Gated DeltaNet, and Mamba-2, whose groups are key heads and whose heads are value heads */
  guint n_state_key;
  guint n_state_value;
  guint n_key_heads;
  guint n_value_heads;
  gboolean delta_interleaved;

  /* Experts; n_experts 0: none */
  guint n_experts;
  guint n_used;
  guint n_groups;
  guint n_groups_used;
  guint n_group_best;
  SottoScores scores;
  gboolean normalised;
  double expert_scale;

  guint n_deep;            /* layers to which rows in place of tokens have something to add */
  guint n_streams;         /* residuals of a token; 1: as usual */
  guint n_input;           /* elements of a layer's input beside the residual; 0: none */

  SottoLayerSizes *layers; /* (n_layers) */
} SottoSizes;

/**
 * sotto_sizes_read:
 * @self: zeros
 *
 * All but n_vocabulary, which is the embedding's.
 */
gboolean sotto_sizes_read (SottoSizes *self, const SottoKeys *keys);
void sotto_sizes_clear (SottoSizes *self);

/* experts.c */
gboolean sotto_sizes_read_experts (SottoSizes *self, const SottoKeys *keys);

static inline gboolean
sotto_layer_has (const SottoLayerSizes *self, SottoPart part)
{
  return (self->parts & 1u << part) != 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SottoSizes, sotto_sizes_clear)

G_END_DECLS
