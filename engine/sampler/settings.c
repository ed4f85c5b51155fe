#include "sotto-sampler.h"

void
sotto_sampler_settings_copy (const SottoSamplerSettings *self,
                             SottoSamplerSettings       *copy)
{
  *copy = *self;
  copy->dry_breakers = (const char *const *) g_strdupv ((char **) self->dry_breakers);
  copy->n_logit_bias = self->logit_bias != NULL ? self->n_logit_bias : 0;
  copy->logit_bias = NULL;
  if (copy->n_logit_bias > 0)
    copy->logit_bias = g_memdup2 (self->logit_bias, self->n_logit_bias * sizeof *self->logit_bias);
}

void
sotto_sampler_settings_clear (SottoSamplerSettings *self)
{
  g_strfreev ((char **) self->dry_breakers);
  g_free ((gpointer) self->logit_bias);
  *self = (SottoSamplerSettings) { 0 };
}

const char *const *
sotto_sampler_settings_get_breakers (const SottoSamplerSettings *self)
{
  static const char *const usual[] = { "\n", ":", "\"", "*", NULL };

  return self->dry_breakers != NULL ? self->dry_breakers : usual;
}
