/* SentencePiece's BPE (Kudo and Richardson 2018), the "llama" tokenizer of GGUF files.
 *
 * There are no merges in the file: two neighbours may merge where their text together is a token,
 * and the token of the highest score goes first, of equals the leftmost. Text is not cut into
 * words before; a space is a letter like others, and one is put before a text where the model was
 * trained so. What no token stands for becomes the tokens of its bytes. */

#include "text/tokenizer-kind.h"

#include <string.h>

#include "sotto-error.h"
#include "text/merge.h"
#include "text/unicode.h"

typedef struct {
  const SottoVocabulary *vocabulary;
  const SottoTokenizerRules *rules;
  guint32 *ranks;            /* (n_tokens): lower for higher scores */
} SentencePiece;

/* What pairs are looked up in. */
typedef struct {
  const SentencePiece *tokenizer;
  const guint8 *text;
} Word;

static gpointer
sentencepiece_open (SottoGguf            *gguf,
                    SottoVocabularyForm  *form,
                    SottoTokenizerRules  *rules,
                    GError              **error)
{
  *form = SOTTO_VOCABULARY_ESCAPED;
  rules->space_prefix = sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_space_prefix",
                                             rules->space_prefix);

  return g_new0 (SentencePiece, 1);
}

static void
sentencepiece_free (gpointer data)
{
  SentencePiece *self = data;

  g_free (self->ranks);
  g_free (self);
}

/* Orders finite numbers downwards: the bits of a float order like a signed magnitude. */
static guint32
score_to_rank (float score)
{
  float positive_zero = score + 0.0f;
  guint32 bits;

  memcpy (&bits, &positive_zero, sizeof bits);
  bits = bits & 0x80000000 ? ~bits : bits | 0x80000000;

  return ~bits;
}

static gboolean
sentencepiece_build (gpointer                    data,
                     SottoVocabulary            *vocabulary,
                     const SottoTokenizerRules  *rules,
                     SottoGguf                  *gguf,
                     GError                    **error)
{
  SentencePiece *self = data;
  g_autofree float *scores = sotto_vocabulary_read_scores (vocabulary, gguf, error);

  if (scores == NULL)
    return FALSE;

  self->vocabulary = vocabulary;
  self->rules = rules;
  self->ranks = g_try_new (guint32, vocabulary->n_tokens);
  if (self->ranks == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                              &(SottoErrorArguments) { .wanted = vocabulary->n_tokens * 4ull },
                              "no memory for %u scores", vocabulary->n_tokens);
      return FALSE;
    }

  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    self->ranks[id] = score_to_rank (scores[id]);

  return TRUE;
}

static guint32
look_up_pair (gconstpointer      data,
              const SottoSymbol *left,
              const SottoSymbol *right,
              guint32           *merged)
{
  const Word *word = data;
  const SentencePiece *self = word->tokenizer;

  *merged = sotto_vocabulary_find (self->vocabulary, word->text + left->start,
                                   left->length + right->length);

  return *merged == SOTTO_NO_TOKEN ? SOTTO_NO_RANK : self->ranks[*merged];
}

static void
append_symbol (const SentencePiece *self,
               const SottoSymbol   *symbol,
               const guint8        *text,
               gsize                first,
               GArray              *ids)
{
  if (symbol->id != SOTTO_NO_TOKEN)
    {
      sotto_append_token (ids, symbol->id);
      return;
    }

  for (guint32 i = 0; i < symbol->length; i++)
    {
      guint32 id = self->vocabulary->byte_ids[text[symbol->start + i]];

      if (id != SOTTO_NO_TOKEN)
        sotto_append_token (ids, id);
      else
        sotto_append_unknown (ids, first, self->rules);
    }
}

/* At most SOTTO_LONGEST_WORD bytes. */
static void
encode_word (const SentencePiece *self,
             const guint8        *text,
             guint32              length,
             GArray              *ids)
{
  g_autofree SottoSymbol *symbols = g_try_new (SottoSymbol, length);
  Word word = { self, text };
  gsize first = ids->len;
  guint32 n = 0;

  if (symbols == NULL)
    {
      /* Without memory the bytes themselves still say the same text. */
      for (guint32 i = 0; i < length; i++)
        append_symbol (self, &(SottoSymbol) { SOTTO_NO_TOKEN, i, 1, 0, 0, 0, 0 }, text, first, ids);
      return;
    }

  for (guint32 at = 0; at < length; n++)
    {
      gunichar c;

      symbols[n].start = at;
      symbols[n].length = sotto_utf8_decode (text + at, text + length, &c);
      symbols[n].id = sotto_vocabulary_find (self->vocabulary, text + at, symbols[n].length);
      at += symbols[n].length;
    }

  sotto_merge_symbols (symbols, n, look_up_pair, &word);
  for (guint32 i = 0; i != SOTTO_NO_SYMBOL; i = symbols[i].next)
    append_symbol (self, &symbols[i], text, first, ids);
}

static void
sentencepiece_encode (gconstpointer        data,
                      const SottoFragment *fragment,
                      GArray              *ids)
{
  const SentencePiece *self = data;
  gboolean prefix = self->rules->space_prefix && fragment->is_first;
  g_autofree guint8 *copy = NULL;
  g_autofree guint8 *prefixed = NULL;
  gsize length = fragment->length;
  const guint8 *text = sotto_unescape_spaces (fragment->text, &length, &copy);

  if (prefix)
    {
      prefixed = g_try_malloc (length + 1);
      if (prefixed != NULL)
        {
          *prefixed = ' ';
          memcpy (prefixed + 1, text, length);
          text = prefixed;
          length++;
        }
    }

  while (length > 0)
    {
      guint32 n = MIN (length, SOTTO_LONGEST_WORD);

      encode_word (self, text, n, ids);
      text += n;
      length -= n;
    }
}

const SottoTokenizerKind sotto_tokenizer_sentencepiece = {
  .models = " llama ",
  .rules = {
    .bos = 1, .eos = 2, .separator = -1, .unknown = 0,
    .add_bos = TRUE, .space_prefix = TRUE,
  },
  .open = sentencepiece_open,
  .build = sentencepiece_build,
  .encode = sentencepiece_encode,
  .free = sentencepiece_free,
};
