/* Drawing from the few highest logits.
 *
 * Penalties and biases that only lower logits change the places of as many tokens as they touch: whoever is among
 * the k highest afterwards was among the k + m highest before, if m are touched. The others are taken for
 * impossible, which is what they are once top-k has been. */

#include "sotto-best.h"

#include "sampler/sampler-private.h"

/* Whether a penalty is a reward. */
static gboolean
raises (const SottoSamplerSettings *settings)
{
  return (settings->repetition_penalty > 0.0f && settings->repetition_penalty < 1.0f)
         || settings->frequency_penalty < 0.0f || settings->presence_penalty < 0.0f;
}

guint
sotto_sampler_count_best (const SottoSampler *self, guint n_recent)
{
  const SottoSamplerSettings *settings = &self->settings;
  guint n = 1;

  if (settings->temperature > 0.0f)
    {
      if (sotto_sampler_uses_mirostat (settings) || settings->top_k >= self->n_vocabulary)
        return 0;
      n = settings->top_k;
    }
  if (n == 0 || n > SOTTO_MOST_BEST || settings->n_logit_bias > SOTTO_MOST_BEST || sotto_sampler_uses_dry (settings))
    return 0;

  if (sotto_sampler_penalises (settings))
    {
      if (raises (settings))
        return 0;
      n += MIN (MIN (n_recent, settings->repetition_window), SOTTO_MOST_BEST);
    }
  for (guint i = 0; i < settings->n_logit_bias; i++)
    {
      if (settings->logit_bias[i].bias > 0.0f)
        return 0;
      n++;
    }

  return n <= SOTTO_MOST_BEST ? n : 0;
}

/* Makes all logits impossible; quick where they are already. */
static void
clear_all (SottoSampler *self)
{
  if (self->is_clear)
    return;
  for (guint i = 0; i < self->n_blocks * SOTTO_SAMPLER_BLOCK; i++)
    self->logits[i] = -INFINITY;
  for (guint i = 0; i < self->n_blocks; i++)
    self->block_best[i] = -INFINITY;
  self->is_clear = TRUE;
}

gint32
sotto_sampler_draw_best (SottoSampler    *self,
                         const SottoBest *best,
                         const gint32    *recent,
                         guint            n_recent)
{
  gint32 token;

  clear_all (self);
  for (guint i = 0; i < best->n; i++)
    if (best->ids[i] < self->n_vocabulary && best->logits[i] == best->logits[i])
      self->logits[best->ids[i]] = best->logits[i];

  self->few = best;
  token = sotto_sampler_draw_placed (self, recent, n_recent);
  self->few = NULL;

  for (guint i = 0; i < best->n; i++)
    if (best->ids[i] < self->n_vocabulary)
      {
        self->logits[best->ids[i]] = -INFINITY;
        self->block_best[best->ids[i] / SOTTO_SAMPLER_BLOCK] = -INFINITY;
      }

  return token;
}
