/* Drawing tokens from logits: the order of the steps, and the draw.
 *
 * A draw has to be quick among 150,000 logits and the same everywhere. Quick: nothing sorts the
 * whole vocabulary (sampler/candidates.c, sampler/truncate.c). The same: sums are doubles in a
 * fixed order, the exponential is ours, and so is the random generator. */

#include "sampler/exponential.h"
#include "sampler/sampler-private.h"

/* --- Making and freeing --- */

/* Both have to make sense; at a threshold above one half there can be no two top choices. */
static gboolean
uses_xtc (const SottoSamplerSettings *settings)
{
  return settings->xtc_probability > 0.0f && settings->xtc_threshold > 0.0f &&
         settings->xtc_threshold <= 0.5f;
}

gboolean
sotto_sampler_uses_mirostat (const SottoSamplerSettings *settings)
{
  return settings->mirostat_tau > 0.0f && isfinite (settings->mirostat_tau) &&
         isfinite (settings->mirostat_eta);
}

static gboolean
allocate (SottoSampler *self)
{
  const SottoSamplerSettings *settings = &self->settings;
  gboolean ranks = sotto_sampler_is_share (settings->typical_p) || settings->top_p < 1.0f;
  gsize n = MAX (self->n_vocabulary, 1);

  self->logits = g_try_new (float, (gsize) self->n_blocks * SOTTO_SAMPLER_BLOCK);
  self->block_best = g_try_new (float, self->n_blocks);
  self->candidates.logits = g_try_new (float, n);
  self->candidates.ids = g_try_new (guint32, n);
  self->candidates.weights = g_try_new (float, n);
  self->seen = g_try_new0 (guint32, n);
  if (self->logits == NULL || self->block_best == NULL || self->candidates.logits == NULL ||
      self->candidates.ids == NULL || self->candidates.weights == NULL || self->seen == NULL)
    return FALSE;

  if (ranks && (self->ranked = g_try_new (SottoRanked, n)) == NULL)
    return FALSE;

  if (sotto_sampler_uses_dry (settings))
    {
      self->text = g_string_new (NULL);
      self->breaks = g_try_new0 (guint8, n);
      self->matches = g_try_new (guint32, SOTTO_SAMPLER_DRY_LIMIT);
      if (self->breaks == NULL || self->matches == NULL)
        return FALSE;
    }

  return TRUE;
}

SottoSampler *
sotto_sampler_new (const SottoSamplerSettings *settings,
                   guint                       n_vocabulary,
                   SottoTokenTextFunc          text_func,
                   gpointer                    user_data)
{
  g_autoptr (SottoSampler) self = g_new0 (SottoSampler, 1);

  sotto_sampler_settings_copy (settings, &self->settings);
  self->n_vocabulary = n_vocabulary;
  self->n_blocks = n_vocabulary / SOTTO_SAMPLER_BLOCK + 1;
  self->text_func = text_func;
  self->text_data = user_data;
  if (!allocate (self))
    return NULL;

  for (guint i = n_vocabulary; i < self->n_blocks * SOTTO_SAMPLER_BLOCK; i++)
    self->logits[i] = -INFINITY;

  sotto_sampler_seed (&self->state, settings->seed);
  self->mirostat_limit = 2.0 * settings->mirostat_tau;
  if (settings->min_p > 0.0f)
    self->min_p_distance = isnormal (settings->min_p) && settings->min_p < 1.0f
                           ? -sotto_log (settings->min_p) : 0.0;

  return g_steal_pointer (&self);
}

void
sotto_sampler_free (SottoSampler *self)
{
  sotto_sampler_settings_clear (&self->settings);
  g_free (self->logits);
  g_free (self->block_best);
  g_free (self->candidates.logits);
  g_free (self->candidates.ids);
  g_free (self->candidates.weights);
  g_free (self->ranked);
  g_free (self->seen);
  g_free (self->breaks);
  g_free (self->matches);
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_free (self);
}

/* --- The steps --- */

static void
place_all (SottoSampler *self,
           const float  *logits)
{
  for (guint i = 0; i < self->n_vocabulary; i++)
    self->logits[i] = logits[i] == logits[i] ? logits[i] : -INFINITY;
  self->is_clear = FALSE;
}

/* From self->logits on. */
static double
prepare (SottoSampler *self,
         const gint32 *recent,
         guint         n_recent,
         gint32       *only)
{
  const SottoSamplerSettings *settings = &self->settings;
  gint32 best;
  double total;

  sotto_sampler_add_bias (self);
  sotto_sampler_penalise (self, recent, n_recent);
  sotto_sampler_apply_dry (self, recent, n_recent);

  *only = best = sotto_sampler_find_best (self);
  if (best < 0 || !(settings->temperature > 0.0f))
    return 0.0;

  if (sotto_sampler_uses_mirostat (settings))
    {
      sotto_sampler_take_all (self);
      total = sotto_sampler_weigh (self, settings->temperature);

      return sotto_sampler_keep_unsurprising (self, total);
    }

  if (settings->top_k > 0 && settings->top_k < self->n_vocabulary)
    sotto_sampler_take_top_k (self, settings->top_k);
  else
    sotto_sampler_take_all (self);
  if (sotto_sampler_is_share (settings->typical_p))
    sotto_sampler_keep_typical (self, settings->typical_p);
  if (settings->top_p < 1.0f)
    sotto_sampler_keep_top_p (self, settings->top_p);
  if (settings->min_p > 0.0f)
    sotto_sampler_keep_min_p (self);
  if (uses_xtc (settings) && sotto_sampler_random (&self->state) < settings->xtc_probability)
    sotto_sampler_exclude_top (self, settings->xtc_threshold);

  return sotto_sampler_weigh (self, settings->temperature);
}

double
sotto_sampler_prepare (SottoSampler *self,
                       const float  *logits,
                       const gint32 *recent,
                       guint         n_recent,
                       gint32       *only)
{
  place_all (self, logits);

  return prepare (self, recent, n_recent, only);
}

gint32
sotto_sampler_draw_placed (SottoSampler *self,
                           const gint32 *recent,
                           guint         n_recent)
{
  const SottoSamplerSettings *settings = &self->settings;
  gint32 only;
  double total = prepare (self, recent, n_recent, &only);
  guint chosen;

  if (!(total > 0.0))
    return only;

  chosen = sotto_sampler_find_target (self, sotto_sampler_random (&self->state) * total);
  if (sotto_sampler_uses_mirostat (settings))
    {
      double surprise = -sotto_log (self->candidates.weights[chosen] / total) * 1.4426950408889634;

      self->mirostat_limit -= settings->mirostat_eta * (surprise - settings->mirostat_tau);
    }

  return self->candidates.ids[chosen];
}

gint32
sotto_sampler_draw (SottoSampler *self,
                    const float  *logits,
                    const gint32 *recent,
                    guint         n_recent)
{
  if (self->n_vocabulary == 0)
    return -1;

  place_all (self, logits);

  return sotto_sampler_draw_placed (self, recent, n_recent);
}
