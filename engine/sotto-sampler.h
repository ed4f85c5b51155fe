#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoSamplerSettings:
 * @temperature: 0: greedy (the highest logit; of equals the lowest id)
 * @top_k: 0: off
 * @top_p: 1: off (Holtzman et al. 2019)
 * @min_p: 0: off (Nguyen et al. 2024)
 * @repetition_penalty: 1: off (Keskar et al. 2019: logits of tokens seen are divided by it when
 *   positive, multiplied when negative)
 * @repetition_window: how many of the last tokens count as seen
 * @seed: same seed, same tokens
 *
 * Applied in this order: repetition penalty, top-k, top-p, min-p, temperature, draw. Top-k and
 * top-p take the higher logits, of equals the lower ids. Top-p keeps the smallest such set whose
 * probability, among what top-k left, reaches it, and at least one; min-p keeps what is at least
 * that times as probable as the best. The draw goes through what is left in the order of ids, so
 * that two logits which nearly agree don't change the outcome by changing places.
 *
 * Values that make no sense mean "off"; a temperature that is no positive number is greedy.
 */
typedef struct {
  float temperature;
  guint top_k;
  float top_p;
  float min_p;
  float repetition_penalty;
  guint repetition_window;
  guint64 seed;
} SottoSamplerSettings;

#define SOTTO_SAMPLER_DEFAULTS { 0.7f, 40, 0.95f, 0.05f, 1.0f, 64, 0 }

/**
 * SottoSampler:
 *
 * Draws tokens from logits. Owns its random generator (PCG32, O'Neill 2014, ours so that a seed
 * means the same everywhere) and its scratch. One thread at a time.
 */
typedef struct _SottoSampler SottoSampler;

/**
 * sotto_sampler_new:
 * @settings: copied
 * @n_vocabulary: how many logits there will be
 *
 * Returns: (transfer full) (nullable): %NULL: no memory for 20 bytes a token
 */
SottoSampler *sotto_sampler_new (const SottoSamplerSettings *settings, guint n_vocabulary);
void sotto_sampler_free (SottoSampler *self);

/**
 * sotto_sampler_draw:
 * @logits: (n_vocabulary), left unchanged
 * @recent: the timeline, newest last, for the repetition penalty
 *
 * Returns: a token id. NaN logits count as -infinity.
 */
gint32 sotto_sampler_draw (SottoSampler *self,
                           const float  *logits,
                           const gint32 *recent,
                           guint         n_recent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSampler, sotto_sampler_free)

G_END_DECLS
