#pragma once

#include "sotto-best.h"

#include <math.h>

G_BEGIN_DECLS

/* What is left of a vocabulary on the way through the steps, always in the order of ids. */
typedef struct {
  guint n;
  float *logits;             /* (n); finite */
  guint32 *ids;              /* (n) */
  float best;                /* the highest of logits */
  float *weights;            /* (n): e^(logit - best), over temperature: 1 of the best */
} SottoCandidates;

/* A candidate with a place in some ranking. */
typedef struct {
  double rank;               /* the lower the sooner */
  guint32 index;             /* among the candidates; of equals, the lower */
} SottoRanked;

/* How many logits are looked at together. */
#define SOTTO_SAMPLER_BLOCK 256u

struct _SottoSampler {
  SottoSamplerSettings settings; /* owned */
  guint n_vocabulary;
  guint n_blocks;
  SottoTokenTextFunc text_func;
  gpointer text_data;

  guint64 state;             /* of PCG32 */
  double mirostat_limit;     /* "mu": more surprising tokens are left out, in bits */
  double min_p_distance;     /* -ln min_p */

  /* Scratch */
  float *logits;             /* (n_blocks, BLOCK): penalised; NaN and what is behind as -infinity */
  float *block_best;         /* (n_blocks): the highest of each block */
  gboolean is_clear;         /* of both all is -infinity, but for what is placed for a draw from a few */
  const SottoBest *few;      /* (nullable): during such a draw */
  SottoCandidates candidates; /* (n_vocabulary) */
  SottoRanked *ranked;       /* (n_vocabulary) */
  guint32 *seen;             /* (n_vocabulary): how often, how long: 0 between steps */
  guint8 *breaks;            /* (n_vocabulary): what DRY knows of a token's text */
  guint32 *matches;          /* (SOTTO_SAMPLER_DRY_LIMIT) */
  GString *text;             /* (nullable): of tokens, for breakers */
};

/* --- penalties.c: on self->logits --- */

void sotto_sampler_add_bias (SottoSampler *self);
gboolean sotto_sampler_penalises (const SottoSamplerSettings *settings);
void sotto_sampler_penalise (SottoSampler *self, const gint32 *recent, guint n_recent);

/* --- dry.c --- */

gboolean sotto_sampler_uses_dry (const SottoSamplerSettings *settings);
void sotto_sampler_apply_dry (SottoSampler *self, const gint32 *recent, guint n_recent);

/* --- candidates.c: self->logits to self->candidates --- */

/* Returns: the highest of self->logits (of equals the lowest id); -1: all are -infinity */
gint32 sotto_sampler_find_best (SottoSampler *self);
void sotto_sampler_take_all (SottoSampler *self);
void sotto_sampler_take_top_k (SottoSampler *self, guint k);

/* --- truncate.c: fewer candidates --- */

/* Sets the weights for @temperature. Returns: their sum */
double sotto_sampler_weigh (SottoSampler *self, double temperature);

void sotto_sampler_keep_typical (SottoSampler *self, double p);
void sotto_sampler_keep_top_p (SottoSampler *self, double p);
void sotto_sampler_keep_min_p (SottoSampler *self);
void sotto_sampler_exclude_top (SottoSampler *self, double threshold);

/* Leaves out what surprises more than mirostat_limit. Returns: the sum of the weights left */
double sotto_sampler_keep_unsurprising (SottoSampler *self, double total);

/* Returns: which candidate it is at which the sum of weights gets above @target */
guint sotto_sampler_find_target (const SottoSampler *self, double target);

/* --- random.c --- */

void sotto_sampler_seed (guint64 *state, guint64 seed);

/* Returns: evenly from 0 to below 1, a multiple of 2^-32 */
double sotto_sampler_random (guint64 *state);

/* --- sotto-sampler.c --- */

gboolean sotto_sampler_uses_mirostat (const SottoSamplerSettings *settings);

/* A draw from what is in self->logits. */
gint32 sotto_sampler_draw_placed (SottoSampler *self, const gint32 *recent, guint n_recent);

/* Everything but the draw: candidates and their weights are there. For tests too. Returns: the sum
 * of the weights; 0: there is nothing to draw from, or one token only: @only, -1 for none. */
double sotto_sampler_prepare (SottoSampler *self,
                              const float  *logits,
                              const gint32 *recent,
                              guint         n_recent,
                              gint32       *only);

static inline gboolean
sotto_sampler_is_share (float p)
{
  return p > 0.0f && p < 1.0f;
}

G_END_DECLS
