/* The unigram language model (Kudo 2018), the "t5" tokenizer of GGUF files.
 *
 * Text is normalised by a table of the file's (charsmap.c) and its spaces are brought in order;
 * then, of all ways to write it in tokens, the one whose scores add up to the most is taken
 * (Viterbi). A character that no token stands for costs more than any token and is unknown; the
 * unknown ones of a run are one token. */

#include "text/tokenizer-kind.h"

#include <math.h>
#include <string.h>

#include "text/charsmap.h"
#include "text/unicode.h"

#define UNKNOWN_PENALTY 10.0

typedef struct {
  const SottoVocabulary *vocabulary;
  const SottoTokenizerRules *rules;
  SottoCharsmap charsmap;
  float *scores;             /* (n_tokens) */
  double unknown_score;
  gboolean merge_spaces;
} Unigram;

/* The best way to write the text up to here. */
typedef struct {
  double score;
  gsize from;                /* where its last token begins */
  guint32 id;                /* SOTTO_NO_TOKEN: an unknown character */
} Best;

static void
unigram_free (gpointer data)
{
  Unigram *self = data;

  sotto_charsmap_clear (&self->charsmap);
  g_free (self->scores);
  g_free (self);
}

static gpointer
unigram_open (SottoGguf            *gguf,
              SottoVocabularyForm  *form,
              SottoTokenizerRules  *rules,
              GError              **error)
{
  Unigram *self = g_new0 (Unigram, 1);

  *form = SOTTO_VOCABULARY_ESCAPED;
  rules->space_prefix = sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_space_prefix",
                                             rules->space_prefix);
  self->merge_spaces = sotto_gguf_get_bool (gguf, "tokenizer.ggml.remove_extra_whitespaces", FALSE);
  if (!sotto_charsmap_init (&self->charsmap, gguf, error))
    g_clear_pointer (&self, unigram_free);

  return self;
}

static gboolean
unigram_build (gpointer                    data,
               SottoVocabulary            *vocabulary,
               const SottoTokenizerRules  *rules,
               SottoGguf                  *gguf,
               GError                    **error)
{
  Unigram *self = data;
  float lowest = 0;

  self->vocabulary = vocabulary;
  self->rules = rules;
  self->scores = sotto_vocabulary_read_scores (vocabulary, gguf, error);
  if (self->scores == NULL)
    return FALSE;

  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    if (vocabulary->kinds[id] == SOTTO_TOKEN_NORMAL)
      lowest = MIN (lowest, self->scores[id]);
  self->unknown_score = (double) lowest - UNKNOWN_PENALTY;

  return TRUE;
}

/* --- Normalising --- */

typedef struct {
  const Unigram *tokenizer;
  GByteArray *out;
  gboolean in_word;
} Spaces;

static void
add_bytes (Spaces       *spaces,
           const guint8 *bytes,
           gsize         length)
{
  gboolean merges = spaces->tokenizer->merge_spaces;

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_space = bytes[i] == ' ';

      /* Of the spaces before a word the last one stays; the first word's is the prefix. */
      if (!is_space && merges && !spaces->in_word &&
          (spaces->out->len > 0 && spaces->out->data[spaces->out->len - 1] != ' '))
        g_byte_array_append (spaces->out, (const guint8 *) " ", 1);
      if (!is_space || !merges)
        g_byte_array_append (spaces->out, bytes + i, 1);
      spaces->in_word = !is_space;
    }
}

static GByteArray *
normalise (const Unigram       *self,
           const SottoFragment *fragment)
{
  const guint8 *at = fragment->text;
  const guint8 *end = at + fragment->length;
  GByteArray *out = g_byte_array_new ();
  Spaces spaces = { self, out, FALSE };

  if (self->rules->space_prefix && fragment->is_first)
    g_byte_array_append (out, (const guint8 *) " ", 1);

  while (at < end)
    {
      const char *replacement;
      gunichar c;
      gsize n = sotto_charsmap_match (&self->charsmap, at, end, &replacement);

      if (n > 0)
        {
          add_bytes (&spaces, (const guint8 *) replacement, strlen (replacement));
          at += n;
          continue;
        }

      n = sotto_utf8_decode (at, end, &c);
      if (c <= 0x10ffff)
        add_bytes (&spaces, at, n);
      else
        add_bytes (&spaces, (const guint8 *) "\xef\xbf\xbd", 3);
      at += n;
    }

  /* Nothing but spaces was nothing. */
  if (self->merge_spaces && out->len == 1 && out->data[0] == ' ')
    g_byte_array_set_size (out, 0);

  return out;
}

/* --- The best way --- */

static void
offer (Best    *best,
       double   score,
       gsize    from,
       guint32  id)
{
  if (score > best->score)
    *best = (Best) { score, from, id };
}

static void
find_best (const Unigram *self,
           const guint8  *text,
           gsize          length,
           Best          *best)
{
  const SottoVocabulary *vocabulary = self->vocabulary;

  best[0].score = 0;
  for (gsize i = 1; i <= length; i++)
    best[i].score = -HUGE_VAL;

  for (gsize at = 0; at < length;)
    {
      gunichar c;
      guint n_character = sotto_utf8_decode (text + at, text + length, &c);
      gboolean has_character = FALSE;

      for (guint i = 0; i < vocabulary->n_lengths && vocabulary->lengths[i] <= length - at; i++)
        {
          gsize n = vocabulary->lengths[i];
          guint32 id = sotto_vocabulary_find (vocabulary, text + at, n);

          if (id == SOTTO_NO_TOKEN)
            continue;
          has_character = has_character || n == n_character;
          offer (&best[at + n], best[at].score +
                 (vocabulary->kinds[id] == SOTTO_TOKEN_USER_DEFINED ? 0 : (double) self->scores[id]),
                 at, id);
        }
      if (!has_character)
        offer (&best[at + n_character], best[at].score + self->unknown_score, at, SOTTO_NO_TOKEN);
      at += n_character;
    }
}

static void
append_unknown (const Unigram *self,
                const guint8  *text,
                gsize          length,
                gsize          first,
                GArray        *ids)
{
  for (gsize i = 0; i < length; i++)
    if (self->vocabulary->byte_ids[text[i]] != SOTTO_NO_TOKEN)
      sotto_append_token (ids, self->vocabulary->byte_ids[text[i]]);
    else
      sotto_append_unknown (ids, first, self->rules);
}

static void
unigram_encode (gconstpointer        data,
                const SottoFragment *fragment,
                GArray              *ids)
{
  const Unigram *self = data;
  g_autoptr (GByteArray) normalised = normalise (self, fragment);
  g_autofree guint8 *copy = NULL;
  g_autofree Best *best = NULL;
  gsize first = ids->len;
  gsize length = normalised->len;
  const guint8 *text = sotto_unescape_spaces (normalised->data, &length, &copy);
  gsize end;

  if (length == 0)
    return;

  best = g_try_new (Best, length + 1);
  if (best == NULL)
    {
      append_unknown (self, text, length, first, ids);
      return;
    }
  find_best (self, text, length, best);

  /* The way is known from its end; turned round in place it becomes a list of where tokens end. */
  for (gsize at = length, next = 0; at > 0;)
    {
      gsize from = best[at].from;

      best[at].from = next;
      next = at;
      at = from;
      if (at == 0)
        best[0].from = next;
    }
  for (gsize at = 0; at < length; at = end)
    {
      end = best[at].from;
      if (best[end].id != SOTTO_NO_TOKEN)
        sotto_append_token (ids, best[end].id);
      else
        append_unknown (self, text + at, end - at, first, ids);
    }
}

const SottoTokenizerKind sotto_tokenizer_unigram = {
  .models = " t5 ",
  .rules = {
    .bos = -1, .eos = 1, .separator = -1, .unknown = 2,
    .add_eos = TRUE,
  },
  .open = unigram_open,
  .build = unigram_build,
  .encode = unigram_encode,
  .free = unigram_free,
};
