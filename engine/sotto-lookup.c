#include "sotto-lookup.h"

/* Chains are followed so far, and matches measured so far: what is common stands everywhere, and longer does not
 * say more. */
#define MOST_CANDIDATES 64u
#define MOST_MATCH 64u

struct _SottoLookup {
  gint32 *tokens;      /* (n_most) */
  guint32 *heads;      /* (1 << bits): by hash, the last token of the latest pair, plus one; 0: none */
  guint32 *before;     /* (n_most): of the pair that ends at each token, the one before with its hash, likewise */
  guint32 *latest;     /* (1 << bits): by a token's hash, its latest place, plus one; 0: none */
  guint8 *records;     /* (1 << bits): SottoLookupRecord, likewise */
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
  self->latest = g_try_new0 (guint32, (gsize) 1 << self->bits);
  self->records = g_try_new0 (guint8, (gsize) 1 << self->bits);
  if (self->tokens == NULL || self->before == NULL || self->heads == NULL || self->latest == NULL
      || self->records == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_lookup_free (SottoLookup *self)
{
  g_free (self->tokens);
  g_free (self->before);
  g_free (self->heads);
  g_free (self->latest);
  g_free (self->records);
  g_free (self);
}

/* The upper bits of a product with 2^64 over the golden ratio depend on all bits (D. Knuth, The Art of Computer
 * Programming 3, section 6.4). */
static guint
hash (const SottoLookup *self,
      guint64            key)
{
  return (guint) (key * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> (64 - self->bits));
}

static guint
hash_token (const SottoLookup *self,
            gint32             token)
{
  return hash (self, (guint32) token);
}

/* Of the pair that ends at @last. */
static guint32 *
find_head (SottoLookup *self,
           guint        last)
{
  return &self->heads[hash (self, (guint64) (guint32) self->tokens[last - 1] << 32 | (guint32) self->tokens[last])];
}

/* How many tokens up to @last and up to the sequence's end are the same. */
static guint
count_match (const SottoLookup *self,
             guint              last)
{
  guint most = MIN (last + 1, MOST_MATCH);
  guint n = 0;

  while (n < most && self->tokens[last - n] == self->tokens[self->n_tokens - 1 - n] && self->tokens[last - n] >= 0)
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

/* Where the end's last token stood before, if it stood there with another one before it each time. */
static void
find_latest (SottoLookup *self,
             guint32      place)
{
  if (self->n_match == 0 && place > 0 && self->tokens[place - 1] == self->tokens[self->n_tokens - 1])
    {
      self->n_match = 1;
      self->source = place;
    }
}

/* What was proposed behind the last token is right or not. */
static void
record (SottoLookup *self,
        gboolean     is_right)
{
  guint8 *of_token = &self->records[hash_token (self, self->tokens[self->n_tokens - 1])];

  if (!is_right)
    *of_token = SOTTO_LOOKUP_WRONG;
  else
    *of_token = *of_token >= SOTTO_LOOKUP_RIGHT ? SOTTO_LOOKUP_RIGHT_AGAIN : SOTTO_LOOKUP_RIGHT;
}

void
sotto_lookup_append (SottoLookup *self,
                     gint32       token)
{
  guint32 *latest;
  guint last = self->n_tokens;

  if (last >= self->n_most)
    {
      self->source = self->n_match = 0;
      return;
    }

  if (self->source > 0)
    record (self, self->tokens[self->source] == token);
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
  if (token < 0)
    {
      /* In place of tokens, and nothing a reply may say: it is in no chain, and what comes behind it goes on from nothing. */
      self->source = self->n_match = 0;
      self->before[last] = 0;
      return;
    }
  latest = &self->latest[hash_token (self, token)];
  self->before[last] = 0;
  if (last > 0 && self->tokens[last - 1] >= 0)
    {
      guint32 *head = find_head (self, last);

      if (self->source == 0)
        find_source (self, *head);
      self->before[last] = *head;
      *head = last + 1;
    }
  find_latest (self, *latest);
  *latest = last + 1;
}

void
sotto_lookup_begin_copy (SottoLookup *self)
{
  for (gsize i = 0; i < (gsize) 1 << self->bits; i++)
    if (self->records[i] == SOTTO_LOOKUP_WRONG)
      self->records[i] = SOTTO_LOOKUP_UNKNOWN;
}

guint
sotto_lookup_get_match (const SottoLookup *self)
{
  return self->n_match;
}

guint
sotto_lookup_propose (const SottoLookup *self,
                      gint32            *tokens,
                      SottoLookupRecord *records,
                      guint              n_tokens)
{
  gint32 before = self->tokens[self->n_tokens - 1];

  for (guint i = 0; i < n_tokens; i++)
    {
      guint from = self->source + i;

      tokens[i] = from < self->n_tokens ? self->tokens[from] : tokens[from - self->n_tokens];
      if (tokens[i] < 0)
        return i;
      records[i] = self->records[hash_token (self, before)];
      before = tokens[i];
    }

  return n_tokens;
}
