/* Logit bias, and the penalties on tokens seen lately: repetition (Keskar et al. 2019: "CTRL"),
 * frequency and presence. What must not come (-infinity) stays so. */

#include "sampler/sampler-private.h"

void
sotto_sampler_add_bias (SottoSampler *self)
{
  for (guint i = 0; i < self->settings.n_logit_bias; i++)
    {
      const SottoLogitBias *bias = &self->settings.logit_bias[i];
      float *logit;

      if (bias->token < 0 || (guint) bias->token >= self->n_vocabulary || isnan (bias->bias))
        continue;

      logit = &self->logits[bias->token];
      /* Also where +infinity and -infinity meet. */
      if (*logit == -INFINITY || bias->bias == -INFINITY)
        *logit = -INFINITY;
      else
        *logit += bias->bias;
    }
}

/* Takes the penalties off the logit of a token that was seen @n times. */
static float
penalised (const SottoSamplerSettings *settings,
           float                       logit,
           guint                       n)
{
  float repetition = settings->repetition_penalty;

  if (repetition > 0.0f && isfinite (repetition))
    logit = logit > 0.0f ? logit / repetition : logit * repetition;
  if (isfinite (settings->frequency_penalty))
    logit -= n * settings->frequency_penalty;
  if (isfinite (settings->presence_penalty))
    logit -= settings->presence_penalty;

  return isnan (logit) ? -INFINITY : logit;
}

gboolean
sotto_sampler_penalises (const SottoSamplerSettings *settings)
{
  return (settings->repetition_penalty != 1.0f && settings->repetition_penalty > 0.0f)
         || settings->frequency_penalty != 0.0f || settings->presence_penalty != 0.0f;
}

void
sotto_sampler_penalise (SottoSampler *self,
                        const gint32 *recent,
                        guint         n_recent)
{
  const SottoSamplerSettings *settings = &self->settings;
  guint first = n_recent - MIN (n_recent, settings->repetition_window);

  if (!sotto_sampler_penalises (settings))
    return;

  for (guint i = first; i < n_recent; i++)
    if (recent[i] >= 0 && (guint) recent[i] < self->n_vocabulary)
      self->seen[recent[i]]++;

  /* Each once, however often it was seen. */
  for (guint i = first; i < n_recent; i++)
    {
      gint32 id = recent[i];

      if (id < 0 || (guint) id >= self->n_vocabulary || self->seen[id] == 0)
        continue;
      self->logits[id] = penalised (settings, self->logits[id], self->seen[id]);
      self->seen[id] = 0;
    }
}
