/* Finding special tokens in a text.
 *
 * The tokens stand in one list sorted by their bytes, which is a trie without the nodes: those
 * that agree with the text so far are a range of it, and each further byte narrows the range by
 * binary search.
 *
 * Of those that begin at a place the longest wins, and the leftmost place comes first, as with
 * the tokenizers that the models were trained with. */

#include "text/special.h"

#include <stdlib.h>
#include <string.h>

#include "sotto-error.h"

/* Longer ones are not recognised: this bounds what a byte of text can cost. */
#define LONGEST_SPECIAL 512

static int
compare_tokens (const void *a,
                const void *b,
                void       *user_data)
{
  const SottoVocabulary *vocabulary = user_data;
  guint32 id_a = *(const guint32 *) a;
  guint32 id_b = *(const guint32 *) b;
  gsize n_a;
  gsize n_b;
  const guint8 *bytes_a = sotto_vocabulary_get (vocabulary, id_a, &n_a);
  const guint8 *bytes_b = sotto_vocabulary_get (vocabulary, id_b, &n_b);
  int order = memcmp (bytes_a, bytes_b, MIN (n_a, n_b));

  if (order == 0)
    order = (n_a > n_b) - (n_a < n_b);
  if (order == 0)
    order = (id_a > id_b) - (id_a < id_b);

  return order;
}

static gboolean
is_special (const SottoVocabulary *vocabulary,
            guint32                id)
{
  SottoTokenKind kind = vocabulary->kinds[id];
  gsize length;

  sotto_vocabulary_get (vocabulary, id, &length);

  return (sotto_token_kind_is_control (kind) || kind == SOTTO_TOKEN_USER_DEFINED) &&
         length > 0 && length <= LONGEST_SPECIAL;
}

gboolean
sotto_specials_init (SottoSpecials          *self,
                     const SottoVocabulary  *vocabulary,
                     GError                **error)
{
  guint n = 0;

  self->vocabulary = vocabulary;
  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    self->n_ids += is_special (vocabulary, id) ? 1 : 0;

  self->ids = g_try_malloc_n (MAX (self->n_ids, 1), sizeof self->ids[0]);
  if (self->ids == NULL)
    {
      SottoErrorArguments arguments = { .wanted = (guint64) self->n_ids * sizeof self->ids[0] };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "no memory for %u special tokens", self->n_ids);
      return FALSE;
    }

  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    if (is_special (vocabulary, id))
      self->ids[n++] = id;
  qsort_r (self->ids, n, sizeof self->ids[0], compare_tokens, (void *) vocabulary);

  n = 0;
  for (guint byte = 0; byte < 257; byte++)
    {
      while (n < self->n_ids && vocabulary->bytes[vocabulary->offsets[self->ids[n]]] < byte)
        n++;
      self->first[byte] = n;
    }

  return TRUE;
}

void
sotto_specials_clear (SottoSpecials *self)
{
  g_clear_pointer (&self->ids, g_free);
}

/* The first of the tokens from @low to @high, all of them longer than @depth, whose byte there
 * is at least @byte. */
static guint
lower_bound (const SottoSpecials *self,
             guint                low,
             guint                high,
             gsize                depth,
             guint                byte)
{
  const SottoVocabulary *vocabulary = self->vocabulary;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (vocabulary->bytes[vocabulary->offsets[self->ids[middle]] + depth] < byte)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

guint32
sotto_specials_match (const SottoSpecials *self,
                      const guint8        *at,
                      const guint8        *end,
                      const guint8        *trusted_end)
{
  guint low = self->first[*at];
  guint high = self->first[*at + 1];
  guint32 longest = SOTTO_NO_TOKEN;

  for (gsize depth = 1; low < high; depth++)
    {
      guint next = low;

      /* Those that end here come first in the range; of twins the lowest id. */
      for (; next < high; next++)
        {
          guint32 id = self->ids[next];
          gsize length;

          sotto_vocabulary_get (self->vocabulary, id, &length);
          if (length > depth)
            break;
          if (next == low && (!sotto_token_kind_is_control (self->vocabulary->kinds[id]) ||
                              at + depth <= trusted_end))
            longest = id;
        }

      if (at + depth == end)
        break;

      low = lower_bound (self, next, high, depth, at[depth]);
      high = lower_bound (self, low, high, depth, at[depth] + 1u);
    }

  return longest;
}
