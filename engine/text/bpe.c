/* Byte-pair encoding (Sennrich et al. 2016), the "gpt2" and "gemma4" tokenizers of GGUF files.
 *
 * Text is cut into words (pretokenize.c), and inside each the pair of lowest rank is merged, of
 * equals the leftmost, until none is left. Merges are a flat table from pairs of tokens to rank
 * and result. A short word is merged by looking for the lowest rank again and again, in arrays on
 * the stack; a long one in merge.c.
 *
 * A byte that has no token is left out, as the models' own tokenizers do: an unknown token that
 * stood for it would often be a control token, and then typed text could make one. */

#include "text/tokenizer-kind.h"

#include <string.h>

#include "sotto-error.h"
#include "text/merge.h"
#include "text/pretokenize.h"
#include "text/unicode-normal.h"
#include "text/unicode.h"

#define KEY_MERGES "tokenizer.ggml.merges"

/* Up to here the search beats the heap. */
#define SHORT_WORD 48

typedef struct {
  guint32 left;
  guint32 right;
  guint32 rank;              /* lower goes first */
  guint32 merged;            /* SOTTO_NO_TOKEN: the slot is free */
} Merge;

typedef struct {
  const SottoPretokenizer *pretokenizer;
  const SottoVocabulary *vocabulary;
  Merge *merges;             /* open addressing; a power of two, at most two thirds taken */
  guint n_merge_bits;
  guint64 seed;
} Bpe;

/* --- The table --- */

static Merge *
find_merge (const Bpe *self,
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
read_merge (const SottoVocabulary *vocabulary,
            SottoGgufString        text,
            guint8                *bytes,
            guint32                guess,
            Merge                 *merge)
{
  const char *space;
  gssize n_left;
  gssize n_right;
  gsize n_guess;

  /* Neither part is longer than a token, in bytes; written it takes up to three times as many. */
  if (text.length < 3 || text.length > 3 * (gsize) vocabulary->longest + 1)
    return FALSE;

  /* From the second byte on: the left part is never empty. */
  space = memchr (text.data + 1, ' ', text.length - 1);
  if (space == NULL)
    return FALSE;

  n_left = sotto_vocabulary_decode (vocabulary, text.data, space - text.data, bytes);
  if (n_left < 1)
    return FALSE;
  n_right = sotto_vocabulary_decode (vocabulary, space + 1, text.data + text.length - space - 1,
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

/* A merge whose parts or result are no tokens is passed over, since no text leads to it. */
static gboolean
read_merges (Bpe                    *self,
             const SottoVocabulary  *vocabulary,
             SottoGguf              *gguf,
             GError                **error)
{
  const SottoGgufValue *merges = sotto_gguf_lookup (gguf, KEY_MERGES);
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = KEY_MERGES };
  g_autofree guint8 *bytes = NULL;
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
  bytes = g_try_malloc (3 * (gsize) vocabulary->longest + 2);
  if (self->merges == NULL || bytes == NULL)
    {
      arguments.wanted = n_slots * sizeof self->merges[0];
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "%s: no memory for %" G_GUINT64_FORMAT " merges",
                              arguments.path, merges->n_elements);
      return FALSE;
    }
  memset (self->merges, 0xff, n_slots * sizeof self->merges[0]);

  for (guint32 rank = 0; rank < merges->n_elements; rank++)
    {
      Merge merge = { .rank = rank };
      Merge *slot;

      if (!read_merge (vocabulary, sotto_gguf_value_string (merges, rank), bytes, guess, &merge))
        continue;

      guess = merge.merged + 1;
      slot = find_merge (self, merge.left, merge.right);
      if (slot->merged == SOTTO_NO_TOKEN)
        *slot = merge;
    }

  return TRUE;
}

/* --- Merging --- */

/* The merge of the tokens at @left and @right as a symbol's rank and result. */
static inline void
look_up_pair (const Bpe *self,
              guint32         left,
              guint32         right,
              guint32        *rank,
              guint32        *merged)
{
  const Merge *merge = find_merge (self, left, right);

  *merged = merge->merged;
  *rank = merge->merged == SOTTO_NO_TOKEN ? SOTTO_NO_RANK : merge->rank;
}

static void
encode_short (const Bpe *self,
              const guint8   *word,
              guint           length,
              GArray         *ids)
{
  guint32 symbols[SHORT_WORD];
  guint32 ranks[SHORT_WORD];    /* of a symbol with the one behind it */
  guint32 merged[SHORT_WORD];
  guint n = length;

  for (guint i = 0; i < n; i++)
    symbols[i] = self->vocabulary->byte_ids[word[i]];
  for (guint i = 0; i + 1 < n; i++)
    look_up_pair (self, symbols[i], symbols[i + 1], &ranks[i], &merged[i]);

  while (n > 1)
    {
      guint best = 0;

      for (guint i = 1; i + 1 < n; i++)
        if (ranks[i] < ranks[best])
          best = i;
      if (ranks[best] == SOTTO_NO_RANK)
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
    sotto_append_token (ids, symbols[i]);
}

static guint32
rank_pair (gconstpointer      data,
           const SottoSymbol *left,
           const SottoSymbol *right,
           guint32           *merged)
{
  guint32 rank;

  look_up_pair (data, left->id, right->id, &rank, merged);

  return rank;
}

/* The symbols that a word begins with: its bytes, or, where the vocabulary is written in
 * characters, those, with bytes for what is none of its characters. */
static guint32
begin_symbols (const Bpe    *self,
               const guint8 *word,
               guint32       length,
               SottoSymbol  *symbols)
{
  const SottoVocabulary *vocabulary = self->vocabulary;
  guint32 n = 0;

  for (guint32 at = 0; at < length;)
    {
      guint32 n_bytes = 1;
      guint32 id = SOTTO_NO_TOKEN;

      if (vocabulary->form == SOTTO_VOCABULARY_ESCAPED)
        {
          gunichar c;

          n_bytes = sotto_utf8_decode (word + at, word + length, &c);
          id = sotto_vocabulary_find (vocabulary, word + at, n_bytes);
        }
      if (id == SOTTO_NO_TOKEN)
        {
          n_bytes = 1;
          id = vocabulary->byte_ids[word[at]];
        }
      symbols[n].id = id;
      symbols[n].start = at;
      symbols[n++].length = n_bytes;
      at += n_bytes;
    }

  return n;
}

static void
encode_long (const Bpe    *self,
             const guint8 *word,
             guint32       length,
             GArray       *ids)
{
  g_autofree SottoSymbol *symbols = g_try_new (SottoSymbol, length);
  guint32 n;

  if (symbols == NULL)
    {
      /* Without memory the bytes themselves still say the same text. */
      for (guint32 i = 0; i < length; i++)
        sotto_append_token (ids, self->vocabulary->byte_ids[word[i]]);
      return;
    }

  n = begin_symbols (self, word, length, symbols);
  sotto_merge_symbols (symbols, n, rank_pair, self);
  for (guint32 i = 0; i != SOTTO_NO_SYMBOL; i = symbols[i].next)
    sotto_append_token (ids, symbols[i].id);
}

static gboolean
is_newlines (const guint8 *word,
             gsize         length)
{
  for (gsize i = 0; i < length; i++)
    if (word[i] != '\n')
      return FALSE;

  return TRUE;
}

typedef struct {
  const Bpe *bpe;
  GArray *ids;
} Encoding;

static void
encode_word (const guint8 *word,
             gsize         length,
             gpointer      user_data)
{
  Encoding *encoding = user_data;
  const Bpe *self = encoding->bpe;
  gboolean is_whole = self->pretokenizer->whole_words ||
                      (self->pretokenizer->whole_newlines && is_newlines (word, length));
  guint32 id = is_whole ? sotto_vocabulary_find (self->vocabulary, word, length) : SOTTO_NO_TOKEN;

  if (id != SOTTO_NO_TOKEN)
    {
      sotto_append_token (encoding->ids, id);
      return;
    }

  if (length <= SHORT_WORD && self->vocabulary->form == SOTTO_VOCABULARY_ALPHABET)
    {
      encode_short (self, word, length, encoding->ids);
      return;
    }

  while (length > 0)
    {
      guint32 n = MIN (length, SOTTO_LONGEST_WORD);

      encode_long (self, word, n, encoding->ids);
      word += n;
      length -= n;
    }
}

/* --- The kind --- */

static gpointer
bpe_open (SottoGguf            *gguf,
          SottoVocabularyForm  *form,
          SottoTokenizerRules  *rules,
          GError              **error)
{
  g_autofree char *model = sotto_gguf_dup_string (gguf, "tokenizer.ggml.model");
  g_autofree char *pre = sotto_gguf_dup_string (gguf, "tokenizer.ggml.pre");
  const SottoPretokenizer *pretokenizer;
  Bpe *self;

  /* Files from before the key was invented have none; "gemma4" names both at once. */
  if (g_strcmp0 (model, "gemma4") == 0)
    g_set_str (&pre, "gemma4");
  else if (pre == NULL)
    pre = g_strdup ("default");

  pretokenizer = sotto_pretokenizer_lookup (pre);
  if (pretokenizer == NULL)
    {
      SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = pre };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_TOKENIZER, &arguments,
                              "%s: unknown pre-tokenizer \"%s\"", arguments.path, pre);
      return NULL;
    }

  *form = pretokenizer->characters ? SOTTO_VOCABULARY_ESCAPED : SOTTO_VOCABULARY_ALPHABET;
  rules->add_bos = pretokenizer->add_bos;
  rules->add_separator = pretokenizer->add_separator;

  self = g_new0 (Bpe, 1);
  self->pretokenizer = pretokenizer;

  return self;
}

static gboolean
bpe_build (gpointer                    data,
           SottoVocabulary            *vocabulary,
           const SottoTokenizerRules  *rules,
           SottoGguf                  *gguf,
           GError                    **error)
{
  Bpe *self = data;

  self->vocabulary = vocabulary;
  if (!read_merges (self, vocabulary, gguf, error))
    return FALSE;

  /* Only loading needs the way back where words are always merged from bytes. */
  if (!self->pretokenizer->whole_words && vocabulary->form == SOTTO_VOCABULARY_ALPHABET)
    sotto_vocabulary_drop_index (vocabulary);

  return TRUE;
}

static void
bpe_encode (gconstpointer        data,
            const SottoFragment *fragment,
            GArray              *ids)
{
  const Bpe *self = data;
  Encoding encoding = { self, ids };
  g_autofree guint8 *unescaped = NULL;
  g_autoptr (GByteArray) composed = NULL;
  const guint8 *text = fragment->text;
  gsize length = fragment->length;

  if (self->pretokenizer->characters)
    text = sotto_unescape_spaces (text, &length, &unescaped);
  if (self->pretokenizer->composes && !sotto_unicode_is_composed (text, length))
    {
      composed = sotto_unicode_compose (text, length);
      text = composed->data;
      length = composed->len;
    }

  sotto_pretokenizer_split (self->pretokenizer, text, length, encode_word, &encoding);
}

static void
bpe_free (gpointer data)
{
  Bpe *self = data;

  g_free (self->merges);
  g_free (self);
}

const SottoTokenizerKind sotto_tokenizer_bpe = {
  .models = " gpt2 gemma4 ",
  .rules = { .bos = -1, .eos = -1, .separator = -1, .unknown = -1 },
  .open = bpe_open,
  .build = bpe_build,
  .encode = bpe_encode,
  .free = bpe_free,
};
