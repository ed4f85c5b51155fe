/* WordPiece as BERT has it (Devlin et al. 2018), the "bert" tokenizer of GGUF files.
 *
 * Text is normalised (control characters go, white space becomes spaces, on demand lower case and
 * no accents) and cut at white space, around punctuation and around each Chinese character. Of
 * each word the longest token that it begins with is taken, again and again; a word that does not
 * work out, or is longer than a hundred characters, is unknown as a whole.
 *
 * GGUF files write it the other way round than BERT: what begins a word has a space before it
 * (U+2581), what continues one has nothing instead of "##". */

#include "text/tokenizer-kind.h"

#include "text/unicode-normal.h"
#include "text/unicode.h"

#define LONGEST_WORD 100

typedef struct {
  const SottoVocabulary *vocabulary;
  const SottoTokenizerRules *rules;
  gboolean lower_case;
  gboolean strip_accents;
} WordPiece;

/* A word on its way: a space and what it consists of. */
typedef struct {
  const WordPiece *tokenizer;
  GArray *ids;
  GByteArray *bytes;
  guint n_characters;
} Word;

static gpointer
wordpiece_open (SottoGguf            *gguf,
                SottoVocabularyForm  *form,
                SottoTokenizerRules  *rules,
                GError              **error)
{
  WordPiece *self = g_new0 (WordPiece, 1);

  *form = SOTTO_VOCABULARY_ESCAPED;
  self->lower_case = sotto_gguf_get_bool (gguf, "tokenizer.ggml.normalizer.lowercase", TRUE);
  self->strip_accents = sotto_gguf_get_bool (gguf, "tokenizer.ggml.normalizer.strip_accents",
                                             self->lower_case);

  return self;
}

static gboolean
wordpiece_build (gpointer                    data,
                 SottoVocabulary            *vocabulary,
                 const SottoTokenizerRules  *rules,
                 SottoGguf                  *gguf,
                 GError                    **error)
{
  WordPiece *self = data;

  self->vocabulary = vocabulary;
  self->rules = rules;

  return TRUE;
}

/* The blocks that BERT calls Chinese. The sixth begins at U+2B920 in the tokenizers library, which
 * most models were trained with, and at U+2B820 in BERT's own. */
static gboolean
is_chinese (gunichar c)
{
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
         (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

static gboolean
is_dropped (gunichar c)
{
  return c == 0 || c == 0xfffd || c > 0x10ffff ||
         (sotto_unicode_mask (c) & (SOTTO_UNICODE_BIT (CC) | SOTTO_UNICODE_BIT (CF) |
                                    SOTTO_UNICODE_BIT (CO) | SOTTO_UNICODE_BIT (CS))) != 0;
}

/* The word is done: becomes tokens. */
static void
finish_word (Word *word)
{
  const WordPiece *self = word->tokenizer;
  const guint8 *at = word->bytes->data;
  const guint8 *end = at + word->bytes->len;
  gsize first = word->ids->len;
  gboolean is_known = word->n_characters <= LONGEST_WORD;

  if (word->n_characters == 0)
    return;

  while (is_known && at < end)
    {
      gsize length;
      guint32 id = sotto_vocabulary_find_longest (self->vocabulary, at, end, &length);

      is_known = id != SOTTO_NO_TOKEN;
      if (is_known)
        {
          sotto_append_token (word->ids, id);
          at += length;
        }
    }
  if (!is_known)
    {
      g_array_set_size (word->ids, first);
      sotto_append_unknown (word->ids, first, self->rules);
    }

  g_byte_array_set_size (word->bytes, 1);
  word->n_characters = 0;
}

static void
add_character (Word     *word,
               gunichar  c)
{
  guint32 mask = sotto_unicode_mask (c);
  gboolean stands_alone = (mask & SOTTO_UNICODE_PUNCTUATION) != 0 ||
                          (c < 0x80 && g_ascii_ispunct (c)) || is_chinese (c);
  char utf8[6];

  if (mask & SOTTO_UNICODE_SPACE)
    {
      finish_word (word);
      return;
    }

  if (stands_alone)
    finish_word (word);
  /* Beyond the longest one the word is lost anyway, but still read to its end. */
  if (word->n_characters++ <= LONGEST_WORD)
    g_byte_array_append (word->bytes, (const guint8 *) utf8, g_unichar_to_utf8 (c, utf8));
  if (stands_alone)
    finish_word (word);
}

static void
add_normalised (Word     *word,
                gunichar  c)
{
  const WordPiece *self = word->tokenizer;
  guint32 mask = sotto_unicode_mask (c);

  /* Cleaning comes first of all, so white space among the control characters stays. */
  if (self->strip_accents && (mask & SOTTO_UNICODE_BIT (MN)) != 0)
    return;

  if (self->lower_case)
    {
      add_character (word, sotto_unicode_to_lower (c));
      /* The one letter whose lower case is two characters. */
      if (c == 0x130)
        add_character (word, 0x307);
    }
  else
    {
      add_character (word, c);
    }
}

static void
wordpiece_encode (gconstpointer        data,
                  const SottoFragment *fragment,
                  GArray              *ids)
{
  const WordPiece *self = data;
  const guint8 *at = fragment->text;
  const guint8 *end = at + fragment->length;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (gunichar));
  Word word = { self, ids, bytes, 0 };

  g_byte_array_append (bytes, (const guint8 *) " ", 1);
  while (at < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (at, end, &c);

      if (c <= 0x10ffff && (c == '\t' || c == '\n' || c == '\r' ||
                            (sotto_unicode_mask (c) & SOTTO_UNICODE_SPACE) != 0))
        {
          finish_word (&word);
        }
      else if (!is_dropped (c))
        {
          /* Chinese characters get their spaces before they are taken apart. */
          gboolean alone = is_chinese (c);

          if (alone)
            finish_word (&word);
          g_array_set_size (parts, 0);
          if (self->strip_accents)
            sotto_unicode_decompose (at, n, parts);
          else
            g_array_append_val (parts, c);
          for (guint i = 0; i < parts->len; i++)
            add_normalised (&word, g_array_index (parts, gunichar, i));
          if (alone)
            finish_word (&word);
        }
      at += n;
    }
  finish_word (&word);
}

const SottoTokenizerKind sotto_tokenizer_wordpiece = {
  .models = " bert ",
  .rules = {
    .bos = 101, .eos = -1, .separator = 102, .unknown = 100,
    .add_bos = TRUE, .add_separator = TRUE, .space_prefix = TRUE,
  },
  .open = wordpiece_open,
  .build = wordpiece_build,
  .encode = wordpiece_encode,
  .free = g_free,
};
