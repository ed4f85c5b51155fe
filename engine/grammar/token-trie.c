/* Sorts a vocabulary by its bytes and makes a tree of it.
 *
 * The tree is two: tokens of safe characters (most of a vocabulary), and the others. Inside a
 * string of any length all of the first are allowed, and nobody walks them. */

#include "token-trie.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "sotto-error.h"
#include "text/unicode.h"

typedef struct {
  guint64 key;               /* the first eight bytes, big-endian: most comparisons end there */
  guint32 token;
  guint32 length;
  const guint8 *bytes;
  guint32 half;
} Entry;

static int
compare_entries (const void *a,
                 const void *b)
{
  const Entry *x = a;
  const Entry *y = b;
  int order;

  if (x->half != y->half)
    return x->half < y->half ? -1 : 1;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  order = memcmp (x->bytes, y->bytes, MIN (x->length, y->length));
  if (order != 0)
    return order;
  if (x->length != y->length)
    return x->length < y->length ? -1 : 1;

  return (x->token > y->token) - (x->token < y->token);
}

/* How many characters, or -1 if they are not all safe. */
static gint
count_safe (const guint8 *bytes,
            gsize         length)
{
  const guint8 *end = bytes + length;
  gint n = 0;

  while (bytes < end)
    {
      gunichar c;

      bytes += sotto_utf8_decode (bytes, end, &c);
      if (c > 0x10ffff || c < 0x20 || c == '"' || c == '\\')
        return -1;
      n++;
    }

  return n;
}

static gboolean
read_tokens (SottoTokenTrie         *self,
             const SottoTokenSource *source,
             SottoCancel            *cancel,
             GError                **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < self->n_tokens; i++)
    {
      self->offsets[i] = all->len;
      source->append_text (source->user_data, i, all);
      if (source->is_end (source->user_data, i))
        g_array_append_val (self->ends, i);
      if (i % 8192 == 0 && !sotto_cancel_check (cancel, error))
        return FALSE;
    }
  self->offsets[self->n_tokens] = all->len;
  self->bytes = (guint8 *) g_string_free (g_steal_pointer (&all), FALSE);

  return TRUE;
}

/* Makes the nodes of one half out of its entries, which have the ranks from @rank on. */
static gboolean
make_half (SottoTrieHalf *self,
           const Entry   *entries,
           guint          n,
           guint32        rank,
           gboolean       safe)
{
  guint32 open[SOTTO_TRIE_MOST_DEPTH + 1];
  guint depth = 0;
  gsize n_nodes = 1;
  gsize at = 0;

  for (guint i = 0; i < n; i++)
    {
      guint common = 0;

      while (i > 0 && common < MIN (entries[i].length, entries[i - 1].length) &&
             entries[i].bytes[common] == entries[i - 1].bytes[common])
        common++;
      n_nodes += entries[i].length - common;
    }
  self->nodes = g_try_new0 (SottoTrieNode, n_nodes);
  if (self->nodes == NULL)
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      const Entry *entry = &entries[i];
      guint common = 0;

      while (common < MIN (depth, entry->length) &&
             self->nodes[open[common]].byte == entry->bytes[common])
        common++;
      while (depth > common)
        self->nodes[open[--depth]].end = at;
      for (; depth < entry->length; depth++)
        {
          open[depth] = at;
          self->nodes[at] = (SottoTrieNode) { 0, rank + i, depth + 1, entry->bytes[depth], 0 };
          at++;
        }
      /* Characters behind each node of the way: their first bytes are counted. */
      for (guint d = depth, n_chars = 0; safe && d-- > 0;)
        {
          SottoTrieNode *node = &self->nodes[open[d]];

          node->n_chars = MAX (node->n_chars, MIN (n_chars, SOTTO_RUN_ENDLESS));
          n_chars += (entry->bytes[d] & 0xc0) != 0x80;
        }
    }
  while (depth > 0)
    self->nodes[open[--depth]].end = at;
  self->nodes[at].first_rank = rank + n;
  self->n_nodes = at;

  return TRUE;
}

static gboolean
make_nodes (SottoTokenTrie *self)
{
  g_autofree Entry *entries = g_try_new (Entry, (gsize) self->n_tokens + 1);
  guint counts[SOTTO_TRIE_N_HALVES] = { 0 };
  guint n = 0;

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < self->n_tokens; i++)
    {
      Entry entry = {
        0, i, self->offsets[i + 1] - self->offsets[i], self->bytes + self->offsets[i], 0,
      };

      if (entry.length == 0 || entry.length > SOTTO_TRIE_MOST_DEPTH)
        continue;
      if (entry.length > SOTTO_MACHINE_HORIZON)
        g_array_append_val (self->longs, i);
      entry.half = count_safe (entry.bytes, entry.length) < 0 ? SOTTO_TRIE_REST : SOTTO_TRIE_SAFE;
      for (guint k = 0; k < 8; k++)
        entry.key = entry.key << 8 | (k < entry.length ? entry.bytes[k] : 0);
      if (entry.half == SOTTO_TRIE_SAFE)
        self->safe[i / 64] |= (guint64) 1 << i % 64;
      counts[entry.half]++;
      entries[n++] = entry;
    }
  qsort (entries, n, sizeof *entries, compare_entries);

  for (guint i = 0; i < n; i++)
    self->tokens[i] = entries[i].token;
  self->n_ranks = n;

  return make_half (&self->halves[SOTTO_TRIE_SAFE], entries, counts[SOTTO_TRIE_SAFE], 0, TRUE) &&
         make_half (&self->halves[SOTTO_TRIE_REST], entries + counts[SOTTO_TRIE_SAFE],
                    counts[SOTTO_TRIE_REST], counts[SOTTO_TRIE_SAFE], FALSE);
}

SottoTokenTrie *
sotto_token_trie_new (const SottoTokenSource  *source,
                      SottoCancel             *cancel,
                      GError                 **error)
{
  g_autoptr (SottoTokenTrie) self = g_new0 (SottoTokenTrie, 1);

  g_atomic_ref_count_init (&self->references);
  self->n_tokens = source->n_tokens;
  self->n_words = (source->n_tokens + 63) / 64;
  self->ends = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->longs = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->tokens = g_try_new (guint32, (gsize) self->n_tokens + 1);
  self->offsets = g_try_new0 (guint32, (gsize) self->n_tokens + 1);
  self->safe = g_try_new0 (guint64, (gsize) self->n_words + 1);
  if (self->tokens != NULL && self->offsets != NULL && self->safe != NULL)
    {
      if (!read_tokens (self, source, cancel, error))
        return NULL;
      if (make_nodes (self))
        return g_steal_pointer (&self);
    }

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                          &(SottoErrorArguments) { NULL, NULL, self->n_tokens * (guint64) 64, 0 },
                          "No memory to sort a vocabulary of %u tokens", self->n_tokens);

  return NULL;
}

SottoTokenTrie *
sotto_token_trie_ref (SottoTokenTrie *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

void
sotto_token_trie_unref (SottoTokenTrie *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  for (guint i = 0; i < SOTTO_TRIE_N_HALVES; i++)
    g_free (self->halves[i].nodes);
  g_array_unref (self->ends);
  g_array_unref (self->longs);
  g_free (self->tokens);
  g_free (self->offsets);
  g_free (self->safe);
  g_free (self->bytes);
  g_free (self);
}
