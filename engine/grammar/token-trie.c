/* Sorts a vocabulary by its bytes and makes a tree of it.
 *
 * The tree is two: tokens of safe characters (most of a vocabulary), and the others. Inside a
 * string of any length all of the first are allowed, and nobody walks them.
 *
 * A vocabulary is held as long as its model is, so a tree is packed: nodes of variable length in
 * one block, each before what is below it, and bytes that only one way leads on from are one node
 * (a Patricia tree, Morrison 1968). Of a node:
 *
 *   1 byte     the label's length (at most 31: a longer one is several nodes), SOTTO_TRIE_TOKEN,
 *              SOTTO_TRIE_INNER where something is below, SOTTO_TRIE_DEEP
 *   1 or 2     bytes on the way to it; two with SOTTO_TRIE_DEEP
 *   INNER only: the bytes of all that is below; the tokens here and below (numbers of seven bits a
 *              byte); and the most characters that one has below
 *   n          the label
 *
 * What a node says of those below it is known when these are written, so the block is written from
 * its end to its beginning. */

#include "token-trie.h"

#include <string.h>

#include "cpu/pages.h"
#include "machine.h"
#include "sotto-error.h"
#include "text/unicode.h"

#define LONGEST_HEAD 16u /* of a node, without its label */

/* Tokens that are sorted by comparing them with each other. */
#define FEW 12u

/* What is needed while a tree is made: all tokens' bytes. */
typedef struct {
  SottoTokenTrie *trie;
  guint8 *bytes;             /* (n_bytes) */
  gsize n_bytes;
  guint32 *offsets;          /* (n_tokens + 1) */
} Maker;

static const guint8 *
bytes_of (const Maker *self,
          guint32      token,
          guint       *length)
{
  *length = self->offsets[token + 1] - self->offsets[token];

  return self->bytes + self->offsets[token];
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

/* --- Sorting --- */

/* Which come first at @depth: 0: those that end there; else the byte's, plus one. */
static guint
find_bucket (const Maker *self,
             guint32      token,
             guint        depth)
{
  guint length;
  const guint8 *bytes = bytes_of (self, token, &length);

  return depth < length ? bytes[depth] + 1u : 0;
}

static gboolean
comes_before (const Maker *self,
              guint32      a,
              guint32      b,
              guint        depth)
{
  guint length_a, length_b;
  const guint8 *x = bytes_of (self, a, &length_a) + depth;
  const guint8 *y = bytes_of (self, b, &length_b) + depth;
  int order = memcmp (x, y, MIN (length_a, length_b) - depth);

  if (order == 0 && length_a != length_b)
    order = length_a < length_b ? -1 : 1;

  return order != 0 ? order < 0 : a < b;
}

static void
sort_few (const Maker *self,
          guint32     *tokens,
          guint        n,
          guint        depth)
{
  for (guint i = 1; i < n; i++)
    {
      guint32 token = tokens[i];
      guint k = i;

      for (; k > 0 && comes_before (self, token, tokens[k - 1], depth); k--)
        tokens[k] = tokens[k - 1];
      tokens[k] = token;
    }
}

/* Tokens whose first @depth bytes are the same, byte by byte and in place ("American flag sort", P. McIlroy and
 * others 1993). The largest bucket is gone on with, the others, of half as many at most, are called for. */
static void
sort_tokens (const Maker *self,
             guint32     *tokens,
             guint        n,
             guint        depth)
{
  while (n > FEW)
    {
      guint32 ends[257] = { 0 };
      guint32 next[257];
      guint32 begin = 0;
      guint largest = 1;

      for (guint i = 0; i < n; i++)
        ends[find_bucket (self, tokens[i], depth)]++;
      for (guint b = 0; b < 257; b++)
        {
          if (b > 1 && ends[b] > ends[largest])
            largest = b;
          next[b] = begin;
          begin += ends[b];
        }
      for (guint b = 0; b < 257; b++)
        ends[b] += next[b];

      for (guint b = 0; b < 257; b++)
        while (next[b] < ends[b])
          {
            guint32 token = tokens[next[b]];
            guint to;

            while ((to = find_bucket (self, token, depth)) != b)
              {
                guint32 other = tokens[next[to]];

                tokens[next[to]++] = token;
                token = other;
              }
            tokens[next[b]++] = token;
          }

      begin = ends[0];
      for (guint b = 1; b < 257; begin = ends[b++])
        if (b != largest && ends[b] - begin > 1)
          sort_tokens (self, tokens + begin, ends[b] - begin, depth + 1);
      begin = ends[largest - 1];
      tokens += begin;
      n = ends[largest] - begin;
      depth++;
    }
  sort_few (self, tokens, n, depth);
}

/* --- Writing --- */

/* One half, written from its end; without memory it is only measured. */
typedef struct {
  const Maker *maker;
  const guint32 *tokens;     /* of the half, sorted */
  guint8 *end;               /* (nullable) */
  gsize n_bytes;             /* before the end, so far */
} Writer;

static void
put (Writer       *self,
     const guint8 *bytes,
     guint         n)
{
  self->n_bytes += n;
  if (self->end != NULL)
    memcpy (self->end - self->n_bytes, bytes, n);
}

static guint
add_number (guint8  *head,
            guint    n,
            guint32  number)
{
  for (; number >= 0x80; number >>= 7)
    head[n++] = (number & 0x7f) | 0x80;
  head[n++] = (guint8) number;

  return n;
}

static void
put_head (Writer              *self,
          const SottoTrieNode *node,
          guint32              n_below)
{
  guint8 head[LONGEST_HEAD];
  gboolean is_deep = node->depth > G_MAXUINT8;
  guint n = 0;

  head[n++] = node->n_label | (node->is_token ? SOTTO_TRIE_TOKEN : 0)
              | (n_below > 0 ? SOTTO_TRIE_INNER : 0) | (is_deep ? SOTTO_TRIE_DEEP : 0);
  head[n++] = node->depth & 0xff;
  if (is_deep)
    head[n++] = (guint8) (node->depth >> 8);
  if (n_below > 0)
    {
      n = add_number (head, n, n_below);
      n = add_number (head, n, node->n_ranks);
      head[n++] = node->n_chars;
    }
  put (self, head, n);
}

static guint
count_characters (const guint8 *bytes,
                  guint         n)
{
  guint n_chars = 0;

  for (guint i = 0; i < n; i++)
    n_chars += (bytes[i] & 0xc0) != 0x80;

  return n_chars;
}

static guint write_below (Writer *self, guint first, guint end, guint depth);

/* A node for tokens that go on by the same byte behind their first @depth, and all that is below. Returns: the most
 * characters that one has from there on */
static guint
write_node (Writer *self,
            guint   first,
            guint   end,
            guint   depth)
{
  guint length, length_last;
  const guint8 *bytes = bytes_of (self->maker, self->tokens[first], &length);
  const guint8 *last = bytes_of (self->maker, self->tokens[end - 1], &length_last);
  guint longest = MIN (MIN (length, length_last), depth + SOTTO_TRIE_LABEL);
  SottoTrieNode node = { .depth = depth, .n_label = 1, .n_ranks = end - first };
  gsize behind = self->n_bytes;
  guint below;

  while (depth + node.n_label < longest && bytes[depth + node.n_label] == last[depth + node.n_label])
    node.n_label++;
  node.is_token = length == depth + node.n_label;
  below = write_below (self, first + (node.is_token ? 1 : 0), end, depth + node.n_label);
  node.n_chars = (guint8) MIN (below, SOTTO_RUN_ENDLESS);
  behind = self->n_bytes - behind;
  put (self, bytes + depth, node.n_label);
  put_head (self, &node, (guint32) behind);

  return below + count_characters (bytes + depth, node.n_label);
}

/* Tokens whose first @depth bytes are the same, from the last to the first; those that end there are the first. */
static guint
write_below (Writer *self,
             guint   first,
             guint   end,
             guint   depth)
{
  guint most = 0;

  while (end > first)
    {
      guint bucket = find_bucket (self->maker, self->tokens[end - 1], depth);
      guint begin = end - 1;
      guint chars;

      if (bucket == 0)
        {
          put_head (self, &(SottoTrieNode) { .depth = depth, .is_token = TRUE }, 0);
          end--;
          continue;
        }
      while (begin > first && find_bucket (self->maker, self->tokens[begin - 1], depth) == bucket)
        begin--;
      chars = write_node (self, begin, end, depth);
      most = MAX (most, chars);
      end = begin;
    }

  return most;
}

static gboolean
make_half (SottoTrieHalf *self,
           const Maker   *maker,
           guint32       *tokens,
           guint          n)
{
  Writer measured = { .maker = maker, .tokens = tokens };
  Writer writer = measured;

  sort_tokens (maker, tokens, n, 0);
  write_below (&measured, 0, n, 0);
  self->nodes = g_try_malloc (measured.n_bytes + 1);
  if (self->nodes == NULL || measured.n_bytes > G_MAXUINT32)
    return FALSE;

  self->n_bytes = measured.n_bytes;
  self->first_rank = (guint32) (tokens - maker->trie->tokens);
  writer.end = self->nodes + self->n_bytes;
  write_below (&writer, 0, n, 0);

  return TRUE;
}

/* --- Making --- */

static gboolean
is_line_ends (const guint8 *bytes,
              guint         length)
{
  return length > 0 && length <= 2 && bytes[0] == '\n' && bytes[length - 1] == '\n';
}

/* Takes memory for all tokens' bytes. */
static gboolean
take_bytes (Maker *self,
            gsize  n_bytes)
{
  self->offsets[self->trie->n_tokens] = (guint32) n_bytes;
  self->n_bytes = n_bytes + 1;
  self->bytes = n_bytes < G_MAXUINT32 ? sotto_pages_take (self->n_bytes) : NULL;

  return self->bytes != NULL;
}

/* Reads all tokens, once for their lengths and once for their bytes. The memory goes back to the system: in a heap it
 * would stay, between what is kept. */
static gboolean
read_tokens (Maker        *self,
             SottoCancel  *cancel,
             GError      **error)
{
  SottoTokenTrie *trie = self->trie;
  const SottoTokenSource *source = &trie->source;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize n_bytes = 0;

  for (guint i = 0; i < 2 * trie->n_tokens; i++)
    {
      guint token = i % trie->n_tokens;

      if (i % 8192 == 0 && !sotto_cancel_check (cancel, error))
        return FALSE;
      if (i == trie->n_tokens && !take_bytes (self, n_bytes))
        return FALSE;
      g_string_truncate (text, 0);
      source->append_text (source->user_data, token, text);
      if (i < trie->n_tokens)
        {
          self->offsets[token] = (guint32) n_bytes;
          n_bytes += text->len;
          if (source->is_end (source->user_data, token))
            g_array_append_val (trie->ends, token);
        }
      else
        {
          memcpy (self->bytes + self->offsets[token], text->str, text->len);
        }
    }

  return TRUE;
}

static void
add_long (SottoTokenTrie *self,
          guint32         token,
          const guint8   *bytes,
          guint           length)
{
  guint32 end = self->long_bytes->len + length;

  g_array_append_val (self->longs, token);
  g_string_append_len (self->long_bytes, (const char *) bytes, length);
  g_array_append_val (self->long_offsets, end);
}

/* Lists the tokens that take part: safe ones from the beginning, the others behind them. Returns: how many are safe */
static guint
list_tokens (const Maker *self)
{
  SottoTokenTrie *trie = self->trie;
  guint n_safe = 0;
  guint n_rest = 0;

  for (guint32 i = 0; i < trie->n_tokens; i++)
    {
      guint length;
      const guint8 *bytes = bytes_of (self, i, &length);

      if (is_line_ends (bytes, length))
        g_array_append_val (trie->line_ends, i);
      if (length == 0 || length > SOTTO_TRIE_MOST_DEPTH)
        continue;
      if (length > SOTTO_MACHINE_HORIZON)
        add_long (trie, i, bytes, length);
      if (count_safe (bytes, length) >= 0)
        {
          trie->safe[i / 64] |= (guint64) 1 << i % 64;
          trie->tokens[n_safe++] = i;
        }
      else
        {
          trie->tokens[trie->n_tokens - ++n_rest] = i;
        }
    }
  memmove (trie->tokens + n_safe, trie->tokens + trie->n_tokens - n_rest, n_rest * sizeof *trie->tokens);
  trie->n_ranks = n_safe + n_rest;

  return n_safe;
}

static gboolean
make (SottoTokenTrie  *self,
      SottoCancel     *cancel,
      GError         **error)
{
  gsize offsets_bytes = ((gsize) self->n_tokens + 1) * sizeof (guint32);
  Maker maker = { .trie = self, .offsets = sotto_pages_take (offsets_bytes) };
  gboolean is_made = FALSE;

  if (maker.offsets != NULL && read_tokens (&maker, cancel, error))
    {
      guint n_safe = list_tokens (&maker);

      is_made = make_half (&self->halves[SOTTO_TRIE_SAFE], &maker, self->tokens, n_safe) &&
                make_half (&self->halves[SOTTO_TRIE_REST], &maker, self->tokens + n_safe, self->n_ranks - n_safe);
    }
  sotto_pages_give_back (maker.bytes, maker.n_bytes);
  sotto_pages_give_back (maker.offsets, offsets_bytes);

  return is_made;
}

SottoTokenTrie *
sotto_token_trie_new (const SottoTokenSource  *source,
                      SottoCancel             *cancel,
                      GError                 **error)
{
  g_autoptr (SottoTokenTrie) self = g_new0 (SottoTokenTrie, 1);
  GError *own = NULL;

  g_atomic_ref_count_init (&self->references);
  self->source = *source;
  self->n_tokens = source->n_tokens;
  self->n_words = (source->n_tokens + 63) / 64;
  self->ends = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->line_ends = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->longs = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->long_offsets = g_array_new (FALSE, TRUE, sizeof (guint32));
  self->long_bytes = g_string_new (NULL);
  g_array_set_size (self->long_offsets, 1);
  self->tokens = g_try_new (guint32, (gsize) self->n_tokens + 1);
  self->safe = g_try_new0 (guint64, (gsize) self->n_words + 1);
  if (self->tokens != NULL && self->safe != NULL && make (self, cancel, &own))
    return g_steal_pointer (&self);

  if (own != NULL)
    g_propagate_error (error, own);
  else
    sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                            &(SottoErrorArguments) { NULL, NULL, self->n_tokens * (guint64) 32, 0 },
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
  g_array_unref (self->line_ends);
  g_array_unref (self->longs);
  g_array_unref (self->long_offsets);
  g_string_free (self->long_bytes, TRUE);
  g_free (self->tokens);
  g_free (self->safe);
  g_free (self);
}
