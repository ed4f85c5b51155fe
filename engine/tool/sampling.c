/* The options that say how tokens are drawn. */

#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
tool_sampling_init (ToolSampling *self)
{
  const SottoSamplerSettings defaults = SOTTO_SAMPLER_DEFAULTS;

  *self = (ToolSampling) {
    .temperature = defaults.temperature,
    .top_k = defaults.top_k,
    .top_p = defaults.top_p,
    .min_p = defaults.min_p,
    .repetition_penalty = defaults.repetition_penalty,
    .repetition_window = defaults.repetition_window,
    .typical_p = 1.0,
    .xtc_threshold = defaults.xtc_threshold,
    .dry_base = defaults.dry_base,
    .dry_allowed_length = defaults.dry_allowed_length,
    .mirostat_eta = defaults.mirostat_eta,
  };
}

void
tool_sampling_clear (ToolSampling *self)
{
  g_strfreev (self->dry_breakers);
  g_strfreev (self->logit_bias);
  g_free (self->parsed_bias);
}

/* "TOKEN=BIAS", the bias being a number or "-inf". */
static gboolean
parse_bias (const char      *text,
            SottoLogitBias  *bias,
            GError         **error)
{
  char *end = NULL;
  gint64 token = g_ascii_strtoll (text, &end, 10);
  const char *number = end;
  double amount;

  if (end == text || *end != '=' || token < 0 || token > G_MAXINT32)
    return tool_misuse (error, "--logit-bias is TOKEN=BIAS, not \"%s\"", text);

  number++;
  amount = g_ascii_strtod (number, &end);
  if (end == number || *end != '\0' || isnan (amount))
    return tool_misuse (error, "--logit-bias is TOKEN=BIAS, not \"%s\"", text);

  *bias = (SottoLogitBias) { (gint32) token, (float) amount };

  return TRUE;
}

/**
 * tool_sampling_fill:
 * @settings: points into @self afterwards
 */
gboolean
tool_sampling_fill (ToolSampling          *self,
                    SottoSamplerSettings  *settings,
                    GError               **error)
{
  guint n_bias = self->logit_bias != NULL ? g_strv_length (self->logit_bias) : 0;

  if (!isfinite (self->temperature) || self->temperature < 0.0)
    return tool_misuse (error, "--temperature is 0 or more");
  if (self->top_k < 0 || self->repetition_window < 0 || self->dry_allowed_length < 0 ||
      self->dry_window < 0)
    return tool_misuse (error, "--top-k, --repetition-window, --dry-allowed-length and "
                               "--dry-window are not negative");

  g_free (self->parsed_bias);
  self->parsed_bias = g_new0 (SottoLogitBias, n_bias + 1);
  for (guint i = 0; i < n_bias; i++)
    if (!parse_bias (self->logit_bias[i], &self->parsed_bias[i], error))
      return FALSE;

  *settings = (SottoSamplerSettings) {
    .temperature = self->temperature,
    .top_k = self->top_k,
    .top_p = self->top_p,
    .min_p = self->min_p,
    .repetition_penalty = self->repetition_penalty,
    .repetition_window = self->repetition_window,
    .seed = self->seed,
    .frequency_penalty = self->frequency_penalty,
    .presence_penalty = self->presence_penalty,
    .typical_p = self->typical_p,
    .xtc_probability = self->xtc_probability,
    .xtc_threshold = self->xtc_threshold,
    .dry_multiplier = self->dry_multiplier,
    .dry_base = self->dry_base,
    .dry_allowed_length = self->dry_allowed_length,
    .dry_window = self->dry_window,
    .dry_breakers = (const char *const *) self->dry_breakers,
    .mirostat_tau = self->mirostat_tau,
    .mirostat_eta = self->mirostat_eta,
    .logit_bias = self->parsed_bias,
    .n_logit_bias = n_bias,
  };

  return TRUE;
}
