#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoLogitBias:
 * @bias: added to the token's logit; -infinity: never
 */
typedef struct {
  gint32 token;
  float bias;
} SottoLogitBias;

/**
 * SottoSamplerSettings:
 * @temperature: 0: greedy (the highest logit; of equals the lowest id)
 * @top_k: 0: off
 * @top_p: 1: off (Holtzman et al. 2019)
 * @min_p: 0: off (Nguyen et al. 2024)
 * @repetition_penalty: 1: off (Keskar et al. 2019: logits of tokens seen are divided by it when
 *   positive, multiplied when negative)
 * @repetition_window: how many of the last tokens count as seen, for these three penalties
 * @seed: same seed, same tokens
 * @frequency_penalty: 0: off; taken off a token's logit as often as it was seen
 * @presence_penalty: 0: off; taken off once if it was seen
 * @typical_p: 0 or 1: off (Meister et al. 2022)
 * @xtc_probability: 0: off; how often XTC acts ("exclude top choices", P. E. Weidmann 2024)
 * @xtc_threshold: from what probability a token is a top choice; above 0.5: off
 * @dry_multiplier: 0: off ("don't repeat yourself", P. E. Weidmann 2024)
 * @dry_base: the penalty grows by this factor a token of the repetition; below 1: DRY is off
 * @dry_allowed_length: repetitions shorter than this are let pass
 * @dry_window: how many of the last tokens are searched; 0: as many as can be, which is
 *   %SOTTO_SAMPLER_DRY_LIMIT
 * @dry_breakers: (nullable) (array zero-terminated=1): texts across which nothing counts as
 *   repeated; %NULL: newline, colon, double quote, asterisk; empty: none
 * @mirostat_tau: 0: off; the surprise aimed at, in bits (Basu et al. 2021, version 2)
 * @mirostat_eta: how fast mirostat learns
 * @logit_bias: (nullable) (array length=n_logit_bias)
 *
 * Applied in this order, that of llama.cpp: logit bias, penalties, DRY, top-k, typical, top-p,
 * min-p, XTC, temperature, draw. With mirostat the order is logit bias, penalties, DRY,
 * temperature, mirostat, draw. At temperature 0 only bias, penalties and DRY matter.
 *
 * Top-k and top-p take the higher logits, of equals the lower ids. Top-p keeps the smallest such
 * set whose probability, among what is left, reaches it, and at least one; typical does so by how
 * far a token's surprise lies from the mean surprise. Min-p keeps what is at least that times as
 * probable as the best. XTC, when it acts, leaves out all top choices but the least probable. The
 * draw goes through what is left in the order of ids, so that two logits which nearly agree don't
 * change the outcome by changing places.
 *
 * DRY: where the end of the timeline, of the longest length n, stood before, the token that
 * followed there loses multiplier × base^(n - allowed length). Nothing reaches back across a
 * breaker, and a token with a breaker in it is never penalised.
 *
 * Values that make no sense mean "off"; a temperature that is no positive number is greedy.
 *
 * A plain struct: whoever fills one in keeps what its pointers point to. Who keeps one copies it
 * with sotto_sampler_settings_copy(), and only such a copy is cleared.
 */
typedef struct {
  float temperature;
  guint top_k;
  float top_p;
  float min_p;
  float repetition_penalty;
  guint repetition_window;
  guint64 seed;

  float frequency_penalty;
  float presence_penalty;
  float typical_p;
  float xtc_probability;
  float xtc_threshold;

  float dry_multiplier;
  float dry_base;
  guint dry_allowed_length;
  guint dry_window;
  const char *const *dry_breakers;

  float mirostat_tau;
  float mirostat_eta;

  const SottoLogitBias *logit_bias;
  guint n_logit_bias;
} SottoSamplerSettings;

#define SOTTO_SAMPLER_DEFAULTS                                                                   \
  { .temperature = 0.7f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f,                            \
    .repetition_penalty = 1.0f, .repetition_window = 64, .xtc_threshold = 0.1f,                  \
    .dry_base = 1.75f, .dry_allowed_length = 2, .mirostat_eta = 0.1f }

/**
 * SOTTO_SAMPLER_DRY_LIMIT:
 *
 * The longest timeline, in tokens, that DRY looks back on.
 */
#define SOTTO_SAMPLER_DRY_LIMIT (1u << 17)

/**
 * sotto_sampler_settings_copy:
 * @copy: (out caller-allocates): cleared with sotto_sampler_settings_clear()
 *
 * Copies with all that the pointers point to.
 */
void sotto_sampler_settings_copy (const SottoSamplerSettings *self, SottoSamplerSettings *copy);

/**
 * sotto_sampler_settings_clear:
 *
 * Frees what belongs to a copy, and makes all of it zero; of zeros it frees nothing.
 */
void sotto_sampler_settings_clear (SottoSamplerSettings *self);

/**
 * sotto_sampler_settings_get_breakers:
 *
 * Returns: (transfer none) (array zero-terminated=1): those that DRY heeds
 */
const char *const *sotto_sampler_settings_get_breakers (const SottoSamplerSettings *self);

/**
 * SottoSampler:
 *
 * Draws tokens from logits. Owns its random generator (PCG32, O'Neill 2014, ours so that a seed
 * means the same everywhere) and its scratch. One thread at a time.
 */
typedef struct _SottoSampler SottoSampler;

/**
 * SottoTokenTextFunc:
 * @text: to append the bytes to that @token stands for
 */
typedef void (*SottoTokenTextFunc) (gint32 token, GString *text, gpointer user_data);

/**
 * sotto_sampler_new:
 * @settings: copied
 * @n_vocabulary: how many logits there will be
 * @text_func: (nullable) (scope forever): for DRY to find its breakers; %NULL: it finds none
 *
 * Returns: (transfer full) (nullable): %NULL: no memory for 20 bytes a token, of the vocabulary
 *   and with DRY of the timeline
 */
SottoSampler *sotto_sampler_new (const SottoSamplerSettings *settings,
                                 guint                       n_vocabulary,
                                 SottoTokenTextFunc          text_func,
                                 gpointer                    user_data);
void sotto_sampler_free (SottoSampler *self);

/**
 * sotto_sampler_draw:
 * @logits: (n_vocabulary), left unchanged
 * @recent: (nullable): the timeline, newest last, for penalties and DRY
 *
 * A token that must not come, as a grammar has it, has the logit -infinity; nothing changes that.
 *
 * Returns: a token id; -1: there is nothing to draw from, all are -infinity. NaN logits count as
 *   -infinity.
 */
gint32 sotto_sampler_draw (SottoSampler *self,
                           const float  *logits,
                           const gint32 *recent,
                           guint         n_recent);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SottoSamplerSettings, sotto_sampler_settings_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSampler, sotto_sampler_free)

G_END_DECLS
