/* Byte-pair encoding (Sennrich et al. 2016), the "gpt2" and "gemma4" tokenizers of GGUF files.
 *
 * Text is cut into words (pretokenize.c), and inside each the pair of lowest rank is merged, of
 * equals the leftmost, until none is left. A pair of neighbours is looked up by the bytes that it
 * has together: what it would make is a token of the vocabulary, and of each token it is known from
 * which lengths of its left part it is made, and with which rank. So a merge is read without looking
 * for its parts, which halves what opening a large vocabulary takes. A short word is merged by
 * looking for the lowest rank again and again, in arrays on the stack; a long one in merge.c.
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

/* One way to make a token. */
typedef struct {
  guint32 n_left;            /* bytes of its left part */
  guint32 next;              /* rank of the next way to make the same; SOTTO_NO_RANK: there is none */
} Merge;

typedef struct {
  const SottoPretokenizer *pretokenizer;
  const SottoVocabulary *vocabulary;
  guint32 *first_ranks;      /* (n_tokens): of the first way to make each; SOTTO_NO_RANK: text begins with it */
  Merge *merges;             /* (n_merges), by rank: lower goes first */
} Bpe;

/* --- The merges --- */

static gboolean
is_text_of (const SottoVocabulary *vocabulary,
            guint32                id,
            const guint8          *bytes,
            gsize                  length)
{
  const guint8 *found;
  gsize n;

  if (id >= vocabulary->n_tokens || vocabulary->kinds[id] != SOTTO_TOKEN_NORMAL)
    return FALSE;
  found = sotto_vocabulary_get (vocabulary, id, &n);

  return n == length && memcmp (found, bytes, n) == 0;
}

/* Reads a merge as the file writes it, "Ġt he". @bytes: room for the longest token and more.
 * @last: what the merge before made. Returns: what it makes, or %SOTTO_NO_TOKEN */
static guint32
read_merge (const SottoVocabulary *vocabulary,
            SottoGgufString        text,
            guint8                *bytes,
            guint32                last,
            guint32               *n_left)
{
  const char *space;
  gssize n;
  gssize n_right;

  /* Neither part is longer than a token, in bytes; written it takes up to three times as many. */
  if (text.length < 3 || text.length > 3 * (gsize) vocabulary->longest + 1)
    return SOTTO_NO_TOKEN;

  /* From the second byte on: the left part is never empty. */
  space = memchr (text.data + 1, ' ', text.length - 1);
  if (space == NULL)
    return SOTTO_NO_TOKEN;

  n = sotto_vocabulary_decode (vocabulary, text.data, space - text.data, bytes);
  if (n < 1)
    return SOTTO_NO_TOKEN;
  n_right = sotto_vocabulary_decode (vocabulary, space + 1, text.data + text.length - space - 1,
                                     bytes + n);
  if (n_right < 1)
    return SOTTO_NO_TOKEN;

  /* Most vocabularies list the results of merges in order, which saves looking for them. */
  *n_left = n;
  if (!vocabulary->has_twins && is_text_of (vocabulary, last + 1, bytes, n + n_right))
    return last + 1;
  if (!vocabulary->has_twins && is_text_of (vocabulary, last, bytes, n + n_right))
    return last;

  return sotto_vocabulary_find (vocabulary, bytes, n + n_right);
}

/* Of two merges that say the same the first counts. Walking there takes no more steps than the result
 * has bytes. */
static void
add_merge (Bpe     *self,
           guint32  rank,
           guint32  result,
           guint32  n_left)
{
  guint32 *link = &self->first_ranks[result];

  for (; *link != SOTTO_NO_RANK; link = &self->merges[*link].next)
    if (self->merges[*link].n_left == n_left)
      return;

  *link = rank;
  self->merges[rank] = (Merge) { n_left, SOTTO_NO_RANK };
}

/* A merge whose result is no token is passed over, since no text leads to it; nor does any to one
 * whose parts are none. */
static gboolean
read_merges (Bpe                    *self,
             const SottoVocabulary  *vocabulary,
             SottoGguf              *gguf,
             GError                **error)
{
  const SottoGgufValue *merges = sotto_gguf_lookup (gguf, KEY_MERGES);
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = KEY_MERGES };
  g_autofree guint8 *bytes = NULL;
  guint32 last = 0;

  if (merges == NULL || merges->type != SOTTO_GGUF_ARRAY ||
      merges->element_type != SOTTO_GGUF_STRING || merges->n_elements > G_MAXINT32 / 4)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED, &arguments,
                              "%s: " KEY_MERGES " is missing or is no list of merges",
                              arguments.path);
      return FALSE;
    }

  self->first_ranks = g_try_new (guint32, vocabulary->n_tokens);
  self->merges = g_try_new (Merge, MAX (merges->n_elements, 1));
  bytes = g_try_malloc (3 * (gsize) vocabulary->longest + 2);
  if (self->first_ranks == NULL || self->merges == NULL || bytes == NULL)
    {
      arguments.wanted = merges->n_elements * sizeof self->merges[0];
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "%s: no memory for %" G_GUINT64_FORMAT " merges",
                              arguments.path, merges->n_elements);
      return FALSE;
    }
  memset (self->first_ranks, 0xff, vocabulary->n_tokens * sizeof self->first_ranks[0]);

  for (guint32 rank = 0; rank < merges->n_elements; rank++)
    {
      guint32 n_left;
      guint32 result = read_merge (vocabulary, sotto_gguf_value_string (merges, rank), bytes, last,
                                   &n_left);

      if (result == SOTTO_NO_TOKEN)
        continue;
      add_merge (self, rank, result, n_left);
      last = result;
    }

  return TRUE;
}

/* --- Merging --- */

/* Bytes that no token stands for, and tokens of bytes that stand beside those of text, do not merge. */
static inline gboolean
may_merge (const Bpe *self,
           guint32    id)
{
  return id != SOTTO_NO_TOKEN && (self->vocabulary->form != SOTTO_VOCABULARY_ESCAPED ||
                                  self->vocabulary->kinds[id] != SOTTO_TOKEN_BYTE);
}

/* The merge of two tokens whose text, @n_left and @n_right bytes, stands at @bytes. Returns: its
 * rank, or %SOTTO_NO_RANK. @merged: (out): what it makes */
static inline guint32
look_up_pair (const Bpe    *self,
              guint32       left,
              guint32       right,
              const guint8 *bytes,
              guint32       n_left,
              guint32       n_right,
              guint32      *merged)
{
  guint32 rank;

  if (!may_merge (self, left) || !may_merge (self, right))
    return SOTTO_NO_RANK;

  *merged = sotto_vocabulary_find (self->vocabulary, bytes, n_left + n_right);
  if (*merged == SOTTO_NO_TOKEN)
    return SOTTO_NO_RANK;

  rank = self->first_ranks[*merged];
  while (rank != SOTTO_NO_RANK && self->merges[rank].n_left != n_left)
    rank = self->merges[rank].next;

  return rank;
}

/* A word of at most SHORT_WORD bytes on its way to tokens. */
typedef struct {
  const guint8 *text;
  guint n;
  guint32 symbols[SHORT_WORD];
  guint8 starts[SHORT_WORD + 1];
  guint32 ranks[SHORT_WORD];    /* of a symbol with the one behind it */
  guint32 merged[SHORT_WORD];
} ShortWord;

static void
rank_symbol (const Bpe *self,
             ShortWord *word,
             guint      i)
{
  const guint8 *starts = word->starts + i;

  word->ranks[i] = look_up_pair (self, word->symbols[i], word->symbols[i + 1],
                                 word->text + starts[0], starts[1] - starts[0],
                                 starts[2] - starts[1], &word->merged[i]);
}

/* Puts what it makes with the one behind it in its place. */
static void
merge_symbol (ShortWord *word,
              guint      i)
{
  word->symbols[i] = word->merged[i];
  word->n--;
  for (guint j = i + 1; j < word->n; j++)
    {
      word->symbols[j] = word->symbols[j + 1];
      word->starts[j] = word->starts[j + 1];
      word->ranks[j] = word->ranks[j + 1];
      word->merged[j] = word->merged[j + 1];
    }
  word->starts[word->n] = word->starts[word->n + 1];
}

static void
encode_short (const Bpe    *self,
              const guint8 *text,
              guint         length,
              GArray       *ids)
{
  ShortWord word = { .text = text, .n = length };

  for (guint i = 0; i < length; i++)
    {
      word.symbols[i] = self->vocabulary->byte_ids[text[i]];
      word.starts[i] = i;
    }
  word.starts[length] = length;
  for (guint i = 0; i + 1 < length; i++)
    rank_symbol (self, &word, i);

  while (word.n > 1)
    {
      guint best = 0;

      for (guint i = 1; i + 1 < word.n; i++)
        if (word.ranks[i] < word.ranks[best])
          best = i;
      if (word.ranks[best] == SOTTO_NO_RANK)
        break;

      merge_symbol (&word, best);
      if (best + 1 < word.n)
        rank_symbol (self, &word, best);
      if (best > 0)
        rank_symbol (self, &word, best - 1);
    }

  for (guint i = 0; i < word.n; i++)
    sotto_append_token (ids, word.symbols[i]);
}

/* What pairs are looked up in. */
typedef struct {
  const Bpe *bpe;
  const guint8 *text;
} LongWord;

static guint32
rank_pair (gconstpointer      data,
           const SottoSymbol *left,
           const SottoSymbol *right,
           guint32           *merged)
{
  const LongWord *word = data;

  return look_up_pair (word->bpe, left->id, right->id, word->text + left->start, left->length,
                       right->length, merged);
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
  LongWord long_word = { self, word };
  guint32 n;

  if (symbols == NULL)
    {
      /* Without memory the bytes themselves still say the same text. */
      for (guint32 i = 0; i < length; i++)
        sotto_append_token (ids, self->vocabulary->byte_ids[word[i]]);
      return;
    }

  n = begin_symbols (self, word, length, symbols);
  sotto_merge_symbols (symbols, n, rank_pair, &long_word);
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

  return read_merges (self, vocabulary, gguf, error);
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

  g_free (self->first_ranks);
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
