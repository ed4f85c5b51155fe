#include "sotto-lookup.h"

/* Chains are followed so far, and matches measured so far: what is common stands everywhere, and longer does not
 * say more. */
#define MOST_CANDIDATES 64u
#define MOST_MATCH 64u

struct _SottoLookup {
  gint32 *tokens;      /* (n_most) */
  guint32 *heads;      /* (1 << bits): by hash, the last token of the latest pair, plus one; 0: none */
  guint32 *before;     /* (n_most): of the pair that ends at each token, the one before with its hash, likewise */
  guint n_most;
  guint n_tokens;
  guint bits;

  /* The place that is read on from; 0: none, for the first token follows nothing. */
  guint source;
  guint n_match;
};

SottoLookup *
sotto_lookup_new (guint n_most)
{
  g_autoptr (SottoLookup) self = g_new0 (SottoLookup, 1);

  self->n_most = MIN (n_most, G_MAXINT32);
  self->bits = MAX (g_bit_storage (self->n_most), 4);
  self->tokens = g_try_new (gint32, self->n_most);
  self->before = g_try_new (guint32, self->n_most);
  self->heads = g_try_new0 (guint32, (gsize) 1 << self->bits);
  if (self->tokens == NULL || self->before == NULL || self->heads == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_lookup_free (SottoLookup *self)
{
  g_free (self->tokens);
  g_free (self->before);
  g_free (self->heads);
  g_free (self);
}

/* Of the pair that ends at @last: the upper bits of its product with 2^64 over the golden ratio depend on all bits
 * (D. Knuth, The Art of Computer Programming 3, section 6.4). */
static guint32 *
find_head (SottoLookup *self,
           guint        last)
{
  guint64 pair = (guint64) (guint32) self->tokens[last - 1] << 32 | (guint32) self->tokens[last];

  return &self->heads[pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> (64 - self->bits)];
}

/* How many tokens up to @last and up to the sequence's end are the same. */
static guint
count_match (const SottoLookup *self,
             guint              last)
{
  guint most = MIN (last + 1, MOST_MATCH);
  guint n = 0;

  while (n < most && self->tokens[last - n] == self->tokens[self->n_tokens - 1 - n])
    n++;

  return n;
}

/* The longest match, of equals the latest. Before the end's own pair is in its chain. */
static void
find_source (SottoLookup *self,
             guint32      candidate)
{
  for (guint i = 0; i < MOST_CANDIDATES && candidate > 0 && self->n_match < MOST_MATCH; i++)
    {
      guint n = count_match (self, candidate - 1);

      if (n >= 2 && n > self->n_match)
        {
          self->n_match = n;
          self->source = candidate;
        }
      candidate = self->before[candidate - 1];
    }
}

void
sotto_lookup_append (SottoLookup *self,
                     gint32       token)
{
  guint32 *head;
  guint last = self->n_tokens;

  if (last >= self->n_most)
    {
      self->source = self->n_match = 0;
      return;
    }

  if (self->source > 0 && self->tokens[self->source] == token)
    {
      self->source++;
      self->n_match++;
    }
  else
    {
      self->source = self->n_match = 0;
    }

  self->tokens[self->n_tokens++] = token;
  if (last == 0)
    return;

  head = find_head (self, last);
  if (self->source == 0)
    find_source (self, *head);
  self->before[last] = *head;
  *head = last + 1;
}

guint
sotto_lookup_get_match (const SottoLookup *self)
{
  return self->n_match;
}

void
sotto_lookup_propose (const SottoLookup *self,
                      gint32            *tokens,
                      guint              n_tokens)
{
  for (guint i = 0; i < n_tokens; i++)
    {
      guint from = self->source + i;

      tokens[i] = from < self->n_tokens ? self->tokens[from] : tokens[from - self->n_tokens];
    }
}
