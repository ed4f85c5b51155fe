/* DRY, "don't repeat yourself" (P. E. Weidmann 2024, text-generation-webui pull request 5677), in
 * linear time.
 *
 * For every earlier place of the timeline: how long is what stands up to there the same as the
 * timeline's end? Read backwards that is the Z-array of the timeline (Gusfield 1997): entry i holds
 * how far the tokens from the i-th newest on agree with those from the newest on. The token that
 * followed there, the one before the i-th newest, would lengthen the repetition by one.
 *
 * Breakers are texts, whatever tokens they come in: the timeline's text is searched from its end,
 * and what counts as repeated starts behind the token in which the newest breaker ends. */

#include "sampler/sampler-private.h"

#include <float.h>
#include <string.h>

/* A breaker longer than that breaks nothing. */
#define LONGEST_BREAKER 256u

/* What is known of a token's text */
enum {
  KNOWN = 1,
  HOLDS_BREAKER = 2,
  ENDS_BREAKER = 4,          /* perhaps: it has the last byte of one that is longer than a byte */
};

gboolean
sotto_sampler_uses_dry (const SottoSamplerSettings *settings)
{
  return settings->dry_multiplier > 0.0f && isfinite (settings->dry_multiplier) &&
         settings->dry_base >= 1.0f && isfinite (settings->dry_base);
}

static gboolean
has_length (const char *breaker,
            gsize      *length)
{
  *length = strlen (breaker);

  return *length > 0 && *length <= LONGEST_BREAKER;
}

static guint
look_at_token (SottoSampler *self,
               gint32        token)
{
  const char *const *breakers = sotto_sampler_settings_get_breakers (&self->settings);
  guint8 *known;

  if (token < 0 || (guint) token >= self->n_vocabulary || self->text_func == NULL)
    return 0;

  known = &self->breaks[token];
  if (*known != 0)
    return *known;

  *known = KNOWN;
  g_string_truncate (self->text, 0);
  self->text_func (token, self->text, self->text_data);
  for (guint i = 0; breakers[i] != NULL; i++)
    {
      gsize length;

      if (!has_length (breakers[i], &length))
        continue;
      if (memmem (self->text->str, self->text->len, breakers[i], length) != NULL)
        *known |= HOLDS_BREAKER;
      if (length > 1 && memchr (self->text->str, breakers[i][length - 1], self->text->len) != NULL)
        *known |= ENDS_BREAKER;
    }

  return *known;
}

/* Whether a breaker ends in the last of @tokens that began in one before. */
static gboolean
ends_breaker (SottoSampler *self,
              const gint32 *tokens,
              guint         n_tokens)
{
  const char *const *breakers = sotto_sampler_settings_get_breakers (&self->settings);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize before;

  /* Backwards, until the longest breaker could have begun. */
  for (guint i = n_tokens - 1; i-- > 0 && text->len < LONGEST_BREAKER;)
    {
      g_string_truncate (self->text, 0);
      if (tokens[i] >= 0 && (guint) tokens[i] < self->n_vocabulary)
        self->text_func (tokens[i], self->text, self->text_data);
      g_string_prepend_len (text, self->text->str, self->text->len);
    }
  before = text->len;
  self->text_func (tokens[n_tokens - 1], text, self->text_data);

  for (guint i = 0; breakers[i] != NULL; i++)
    {
      gsize length;
      gsize start;

      if (!has_length (breakers[i], &length) || text->len < length)
        continue;
      start = before >= length ? before - length + 1 : 0;
      if (memmem (text->str + start, text->len - start, breakers[i], length) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* How many tokens stand behind the newest breaker. */
static guint
count_unbroken (SottoSampler *self,
                const gint32 *tokens,
                guint         n_tokens)
{
  for (guint n = n_tokens; n > 0; n--)
    {
      guint known = look_at_token (self, tokens[n - 1]);

      /* Nothing is repeated across what is no token. */
      if (tokens[n - 1] < 0)
        return n_tokens - n;

      if ((known & HOLDS_BREAKER) != 0 ||
          ((known & ENDS_BREAKER) != 0 && ends_breaker (self, tokens, n)))
        return n_tokens - n;
    }

  return n_tokens;
}

/* The Z-array of @tokens read backwards. */
static void
find_matches (const gint32 *tokens,
              guint         n_tokens,
              guint32      *matches)
{
  const gint32 *newest = tokens + n_tokens - 1;
  guint left = 0;
  guint right = 0; /* [left, right) agrees with the start, and reaches farthest */

  matches[0] = n_tokens;
  for (guint i = 1; i < n_tokens; i++)
    {
      guint length = i < right ? MIN (right - i, matches[i - left]) : 0;

      while (i + length < n_tokens && *(newest - length) == *(newest - i - length))
        length++;
      matches[i] = length;
      if (i + length > right)
        {
          left = i;
          right = i + length;
        }
    }
}

/* multiplier × base^exponent, but for what no logit could bear. */
static float
penalty_for (const SottoSamplerSettings *settings,
             guint                       exponent)
{
  double power = 1.0;

  while (exponent-- > 0 && power * settings->dry_base <= FLT_MAX && settings->dry_base > 1.0f)
    power *= settings->dry_base;

  return (float) MIN (settings->dry_multiplier * power, FLT_MAX);
}

void
sotto_sampler_apply_dry (SottoSampler *self,
                         const gint32 *recent,
                         guint         n_recent)
{
  const SottoSamplerSettings *settings = &self->settings;
  guint shortest = MAX (settings->dry_allowed_length, 1);
  guint limit = settings->dry_window > 0 ? settings->dry_window : SOTTO_SAMPLER_DRY_LIMIT;
  guint n = MIN (n_recent, MIN (limit, SOTTO_SAMPLER_DRY_LIMIT));
  const gint32 *tokens;
  guint longest;

  if (!sotto_sampler_uses_dry (settings) || n <= shortest)
    return;

  tokens = recent + n_recent - n;
  longest = count_unbroken (self, tokens, n);
  if (longest < shortest)
    return;

  find_matches (tokens, n, self->matches);
  for (guint i = 1; i < n; i++)
    {
      gint32 next = tokens[n - i];
      guint32 length = MIN (self->matches[i], longest);

      if (length >= shortest && next >= 0 && (guint) next < self->n_vocabulary)
        self->seen[next] = MAX (self->seen[next], length);
    }

  for (guint i = 1; i < n; i++)
    {
      gint32 next = tokens[n - i];

      if (next < 0 || (guint) next >= self->n_vocabulary || self->seen[next] == 0)
        continue;
      if ((look_at_token (self, next) & HOLDS_BREAKER) == 0)
        self->logits[next] -= penalty_for (settings, self->seen[next] - settings->dry_allowed_length);
      self->seen[next] = 0;
    }
}
