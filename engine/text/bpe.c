/* Byte-pair encoding.
 *
 * Merges are a flat table from pairs of tokens to rank and result. A short word is merged by
 * looking for the lowest rank again and again, in arrays on the stack; a long one with a heap
 * and a linked list, so that a megabyte without a space takes no longer than a megabyte of
 * prose. */

#include "text/bpe.h"

#include <string.h>

#include "sotto-error.h"

#define KEY_MERGES "tokenizer.ggml.merges"

/* Up to here the search beats the heap. */
#define SHORT_WORD 48

/* Positions in a word are 32 bits; nobody sees the seam in a word of half a gigabyte. */
#define LONGEST_WORD (1u << 29)

#define NO_RANK G_MAXUINT32
#define NO_POSITION G_MAXUINT32

/* --- The table --- */

static SottoMerge *
find_merge (const SottoBpe *self,
            guint32         left,
            guint32         right)
{
  guint32 mask = (1u << self->n_merge_bits) - 1;
  guint64 hash = ((guint64) left << 32 | right) ^ self->seed;
  guint32 i;

  hash *= G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  hash ^= hash >> 32;
  hash *= G_GUINT64_CONSTANT (0xd6e8feb86659fd93);
  i = hash >> (64 - self->n_merge_bits);

  while (self->merges[i].merged != SOTTO_NO_TOKEN &&
         (self->merges[i].left != left || self->merges[i].right != right))
    i = (i + 1) & mask;

  return &self->merges[i];
}

/* The parts and the result of a merge as the file writes it, "Ġt he". @bytes: room for the
 * longest token. */
static gboolean
read_merge (const SottoVocabulary   *vocabulary,
            const SottoByteAlphabet *alphabet,
            SottoGgufString          text,
            guint8                  *bytes,
            guint32                  guess,
            SottoMerge              *merge)
{
  const char *space;
  gssize n_left;
  gssize n_right;
  gsize n_guess;

  /* Neither part is longer than a token, in bytes; in the alphabet a byte takes up to two. */
  if (text.length < 3 || text.length > 2 * (gsize) vocabulary->longest + 1)
    return FALSE;

  /* From the second byte on: the left part is never empty. */
  space = memchr (text.data + 1, ' ', text.length - 1);
  if (space == NULL)
    return FALSE;

  n_left = sotto_byte_alphabet_decode (alphabet, text.data, space - text.data, bytes);
  if (n_left < 1)
    return FALSE;
  n_right = sotto_byte_alphabet_decode (alphabet, space + 1, text.data + text.length - space - 1,
                                        bytes + n_left);
  if (n_right < 1)
    return FALSE;

  merge->left = sotto_vocabulary_find (vocabulary, bytes, n_left);
  merge->right = sotto_vocabulary_find (vocabulary, bytes + n_left, n_right);

  /* Most vocabularies list the results of merges in order, which saves looking for them. */
  if (!vocabulary->has_twins && guess < vocabulary->n_tokens &&
      vocabulary->kinds[guess] == SOTTO_TOKEN_NORMAL)
    {
      const guint8 *expected = sotto_vocabulary_get (vocabulary, guess, &n_guess);

      if (n_guess == (gsize) (n_left + n_right) && memcmp (expected, bytes, n_guess) == 0)
        {
          merge->merged = guess;
          return merge->left != SOTTO_NO_TOKEN && merge->right != SOTTO_NO_TOKEN;
        }
    }

  merge->merged = sotto_vocabulary_find (vocabulary, bytes, n_left + n_right);

  return merge->left != SOTTO_NO_TOKEN && merge->right != SOTTO_NO_TOKEN &&
         merge->merged != SOTTO_NO_TOKEN;
}

gboolean
sotto_bpe_init (SottoBpe               *self,
                const SottoVocabulary  *vocabulary,
                SottoGguf              *gguf,
                GError                **error)
{
  const SottoGgufValue *merges = sotto_gguf_lookup (gguf, KEY_MERGES);
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = KEY_MERGES };
  g_autofree guint8 *bytes = NULL;
  SottoByteAlphabet alphabet;
  guint32 guess = 0;
  gsize n_slots;

  if (merges == NULL || merges->type != SOTTO_GGUF_ARRAY ||
      merges->element_type != SOTTO_GGUF_STRING || merges->n_elements > G_MAXINT32 / 4)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED, &arguments,
                              "%s: " KEY_MERGES " is missing or is no list of merges",
                              arguments.path);
      return FALSE;
    }

  self->n_merge_bits = MAX (4, g_bit_storage (merges->n_elements + merges->n_elements / 2));
  self->seed = vocabulary->seed;
  n_slots = (gsize) 1 << self->n_merge_bits;
  self->merges = g_try_malloc_n (n_slots, sizeof self->merges[0]);
  bytes = g_try_malloc (2 * (gsize) vocabulary->longest + 2);
  if (self->merges == NULL || bytes == NULL)
    {
      arguments.wanted = n_slots * sizeof self->merges[0];
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "%s: no memory for %" G_GUINT64_FORMAT " merges",
                              arguments.path, merges->n_elements);
      return FALSE;
    }
  memset (self->merges, 0xff, n_slots * sizeof self->merges[0]);

  for (guint i = 0; i < 256; i++)
    {
      guint8 byte = i;

      self->byte_ids[i] = sotto_vocabulary_find (vocabulary, &byte, 1);
    }

  sotto_byte_alphabet_init (&alphabet);
  for (guint32 rank = 0; rank < merges->n_elements; rank++)
    {
      SottoMerge merge = { .rank = rank };
      SottoMerge *slot;

      if (!read_merge (vocabulary, &alphabet, sotto_gguf_value_string (merges, rank), bytes, guess,
                       &merge))
        continue;

      guess = merge.merged + 1;
      slot = find_merge (self, merge.left, merge.right);
      if (slot->merged == SOTTO_NO_TOKEN)
        *slot = merge;
    }

  return TRUE;
}

void
sotto_bpe_clear (SottoBpe *self)
{
  g_clear_pointer (&self->merges, g_free);
}

/* --- Merging --- */

static void
append_id (GArray  *ids,
           guint32  id)
{
  gint32 value = id;

  if (id != SOTTO_NO_TOKEN)
    g_array_append_val (ids, value);
}

/* The merge of the tokens at @left and @right as a symbol's rank and result. */
static inline void
look_up_pair (const SottoBpe *self,
              guint32         left,
              guint32         right,
              guint32        *rank,
              guint32        *merged)
{
  const SottoMerge *merge = find_merge (self, left, right);

  *merged = merge->merged;
  *rank = merge->merged == SOTTO_NO_TOKEN ? NO_RANK : merge->rank;
}

static void
encode_short (const SottoBpe *self,
              const guint8   *word,
              guint           length,
              GArray         *ids)
{
  guint32 symbols[SHORT_WORD];
  guint32 ranks[SHORT_WORD];    /* of a symbol with the one behind it */
  guint32 merged[SHORT_WORD];
  guint n = length;

  for (guint i = 0; i < n; i++)
    symbols[i] = self->byte_ids[word[i]];
  for (guint i = 0; i + 1 < n; i++)
    look_up_pair (self, symbols[i], symbols[i + 1], &ranks[i], &merged[i]);

  while (n > 1)
    {
      guint best = 0;

      for (guint i = 1; i + 1 < n; i++)
        if (ranks[i] < ranks[best])
          best = i;
      if (ranks[best] == NO_RANK)
        break;

      symbols[best] = merged[best];
      n--;
      for (guint i = best + 1; i < n; i++)
        {
          symbols[i] = symbols[i + 1];
          ranks[i] = ranks[i + 1];
          merged[i] = merged[i + 1];
        }
      if (best + 1 < n)
        look_up_pair (self, symbols[best], symbols[best + 1], &ranks[best], &merged[best]);
      if (best > 0)
        look_up_pair (self, symbols[best - 1], symbols[best], &ranks[best - 1], &merged[best - 1]);
    }

  for (guint i = 0; i < n; i++)
    append_id (ids, symbols[i]);
}

typedef struct {
  guint32 id;
  guint32 rank;              /* of the merge with the next; NO_RANK: there is none */
  guint32 merged;
  guint32 previous;
  guint32 next;
} Symbol;

/* A binary heap of rank << 32 | position: lowest rank first, of equals the leftmost. An entry is
 * out of date when the symbol at its position has another rank by now; it is then passed over. */
typedef struct {
  guint64 *entries;
  gsize n;
} Heap;

static void
heap_push (Heap    *heap,
           guint64  entry)
{
  gsize i = heap->n++;

  while (i > 0 && heap->entries[(i - 1) / 2] > entry)
    {
      heap->entries[i] = heap->entries[(i - 1) / 2];
      i = (i - 1) / 2;
    }
  heap->entries[i] = entry;
}

static guint64
heap_pop (Heap *heap)
{
  guint64 first = heap->entries[0];
  guint64 last = heap->entries[--heap->n];
  gsize i = 0;

  for (;;)
    {
      gsize child = 2 * i + 1;

      if (child >= heap->n)
        break;
      if (child + 1 < heap->n && heap->entries[child + 1] < heap->entries[child])
        child++;
      if (heap->entries[child] >= last)
        break;
      heap->entries[i] = heap->entries[child];
      i = child;
    }
  heap->entries[i] = last;

  return first;
}

static void
rank_symbol (const SottoBpe *self,
             Symbol         *symbols,
             guint32         position,
             Heap           *heap)
{
  Symbol *symbol = &symbols[position];

  symbol->rank = NO_RANK;
  if (symbol->next == NO_POSITION)
    return;

  look_up_pair (self, symbol->id, symbols[symbol->next].id, &symbol->rank, &symbol->merged);
  if (symbol->rank != NO_RANK)
    heap_push (heap, (guint64) symbol->rank << 32 | position);
}

static void
merge_all (const SottoBpe *self,
           Symbol         *symbols,
           Heap           *heap)
{
  while (heap->n > 0)
    {
      guint64 entry = heap_pop (heap);
      guint32 position = entry & G_MAXUINT32;
      Symbol *symbol = &symbols[position];
      Symbol *taken;

      if (symbol->rank != entry >> 32)
        continue;

      taken = &symbols[symbol->next];
      taken->rank = NO_RANK;
      symbol->id = symbol->merged;
      symbol->next = taken->next;
      if (symbol->next != NO_POSITION)
        symbols[symbol->next].previous = position;

      rank_symbol (self, symbols, position, heap);
      if (symbol->previous != NO_POSITION)
        rank_symbol (self, symbols, symbol->previous, heap);
    }
}

static void
encode_long (const SottoBpe *self,
             const guint8   *word,
             guint32         length,
             GArray         *ids)
{
  g_autofree Symbol *symbols = g_try_malloc_n (length, sizeof (Symbol));
  /* One entry a pair at first, and at most two more with each merge. */
  g_autofree guint64 *entries = g_try_malloc_n (length, 3 * sizeof (guint64));
  Heap heap = { entries, 0 };

  if (symbols == NULL || entries == NULL)
    {
      /* Without memory the bytes themselves still say the same text. */
      for (guint32 i = 0; i < length; i++)
        append_id (ids, self->byte_ids[word[i]]);
      return;
    }

  for (guint32 i = 0; i < length; i++)
    {
      symbols[i].id = self->byte_ids[word[i]];
      symbols[i].previous = i > 0 ? i - 1 : NO_POSITION;
      symbols[i].next = i + 1 < length ? i + 1 : NO_POSITION;
    }
  for (guint32 i = 0; i < length; i++)
    rank_symbol (self, symbols, i, &heap);

  merge_all (self, symbols, &heap);

  for (guint32 i = 0; i != NO_POSITION; i = symbols[i].next)
    append_id (ids, symbols[i].id);
}

void
sotto_bpe_encode (const SottoBpe *self,
                  const guint8   *word,
                  gsize           length,
                      GArray         *ids)
{
  while (length > SHORT_WORD)
    {
      guint32 n = MIN (length, LONGEST_WORD);

      encode_long (self, word, n, ids);
      word += n;
      length -= n;
    }

  if (length > 0)
    encode_short (self, word, length, ids);
}
