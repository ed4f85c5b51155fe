/* Text to tokens and back.
 *
 * Encoding goes through three sieves: special tokens are found by their text (special.c), what
 * lies between them is cut into words (pretokenize.c), and words are merged from bytes (bpe.c).
 *
 * What a person typed can never become a control token. Three things together make it so:
 * special.c takes a control token only where all its bytes are trusted; the vocabulary's way
 * from bytes to tokens, on which bpe.c builds its merges, does not lead to control tokens; and a
 * token whose text is known to steer models is a control token here even where the file forgot
 * to say so. */

#include "text/tokenizer.h"

#include <string.h>

#include "sotto-error.h"
#include "text/bpe.h"
#include "text/pretokenize.h"
#include "text/special.h"
#include "text/vocabulary.h"

struct _SottoTokenizer {
  const SottoPretokenizer *pretokenizer;
  SottoVocabulary vocabulary;
  SottoSpecials specials;
  SottoBpe bpe;
  guint8 *ends;              /* (n_tokens): whether it ends a turn */
  gint32 bos;
  gint32 eos;
  gboolean add_bos;
  gboolean has_chat_tokens;
};

/* --- Tokens known by their text --- */

enum {
  ENDS = 1 << 0,             /* ends a turn */
  CHAT = 1 << 1,             /* marks turns of a chat */
  SURE = 1 << 2,             /* nothing else is written so: control, whatever the file says */
};

static const struct {
  const char *text;
  guint flags;
} known_tokens[] = {
  { "<|im_start|>", CHAT | SURE },
  { "<|im_end|>", CHAT | ENDS | SURE },
  { "<|start_header_id|>", CHAT | SURE },
  { "<|end_header_id|>", CHAT | SURE },
  { "<|eot_id|>", CHAT | ENDS | SURE },
  { "<|eom_id|>", CHAT | ENDS | SURE },
  { "<|header_start|>", CHAT | SURE },
  { "<|header_end|>", CHAT | SURE },
  { "<|eot|>", CHAT | ENDS | SURE },
  { "<|eom|>", CHAT | ENDS | SURE },
  { "<start_of_turn>", CHAT | SURE },
  { "<end_of_turn>", CHAT | ENDS | SURE },
  { "<|turn>", CHAT },
  { "<turn|>", CHAT | ENDS },
  { "<|START_OF_TURN_TOKEN|>", CHAT | SURE },
  { "<|END_OF_TURN_TOKEN|>", CHAT | ENDS | SURE },
  { "<|start_of_role|>", CHAT | SURE },
  { "<|end_of_role|>", CHAT | SURE },
  { "<|system|>", CHAT },
  { "<|user|>", CHAT },
  { "<|assistant|>", CHAT },
  { "<|observation|>", CHAT },
  { "<|end|>", CHAT | ENDS | SURE },
  { "<|start|>", CHAT },
  { "<|message|>", CHAT },
  { "<|return|>", CHAT | ENDS },
  { "<|call|>", CHAT | ENDS },
  { "<｜User｜>", CHAT | SURE },
  { "<｜Assistant｜>", CHAT | SURE },
  { "<｜begin▁of▁sentence｜>", SURE },
  { "<｜end▁of▁sentence｜>", ENDS | SURE },
  { "[INST]", CHAT },
  { "[/INST]", CHAT },
  { "[EOT]", CHAT | ENDS },
  { "[EOS]", ENDS },
  { "<EOT>", ENDS },
  { "<eos>", ENDS },
  { "</s>", ENDS },
  { "<|begin_of_text|>", SURE },
  { "<|end_of_text|>", ENDS | SURE },
  { "<|startoftext|>", SURE },
  { "<|endoftext|>", ENDS | SURE },
  { "<end_of_utterance>", CHAT | ENDS | SURE },
  { "<|fim_prefix|>", SURE },
  { "<|fim_middle|>", SURE },
  { "<|fim_suffix|>", SURE },
  { "<|fim_pad|>", ENDS | SURE },
  { "<|repo_name|>", ENDS | SURE },
  { "<|file_sep|>", ENDS | SURE },
};

static guint
find_known_flags (const guint8 *bytes,
                  gsize         length)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_tokens); i++)
    if (strlen (known_tokens[i].text) == length &&
        memcmp (known_tokens[i].text, bytes, length) == 0)
      return known_tokens[i].flags;

  return 0;
}

/* --- Loading --- */

static gboolean
set_unknown (GError    **error,
             SottoGguf  *gguf,
             const char *what,
             const char *name)
{
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = name };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_TOKENIZER, &arguments,
                          "%s: unknown %s \"%s\"", arguments.path, what, name);

  return FALSE;
}

/* A token number of the metadata; -1 where there is none. */
static gboolean
read_token_id (const SottoTokenizer  *self,
               SottoGguf             *gguf,
               const char            *key,
               gint32                *id,
               GError               **error)
{
  guint64 value = sotto_gguf_get_uint (gguf, key, G_MAXUINT64);

  /* Converters write 2^32 - 1 for none. */
  *id = -1;
  if (value == G_MAXUINT64 || value == G_MAXUINT32)
    return TRUE;

  if (value >= self->vocabulary.n_tokens)
    {
      SottoErrorArguments arguments = {
        .path = sotto_gguf_get_path (gguf), .subject = key, .wanted = value,
      };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED, &arguments,
                              "%s: %s is %" G_GUINT64_FORMAT ", but there are only %u tokens",
                              arguments.path, key, value, self->vocabulary.n_tokens);
      return FALSE;
    }

  *id = value;

  return TRUE;
}

/* "<s>" and the like: no word of a language. */
static gboolean
is_marked_up (const guint8 *bytes,
              gsize         length)
{
  return length >= 3 && ((bytes[0] == '<' && bytes[length - 1] == '>') ||
                         (bytes[0] == '[' && bytes[length - 1] == ']'));
}

/* Tokens of the metadata and those known by their text: which are control tokens, which end a
 * turn. */
static gboolean
read_special_tokens (SottoTokenizer  *self,
                     SottoGguf       *gguf,
                     GError         **error)
{
  static const char *const end_keys[] = {
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id",
  };
  SottoVocabulary *vocabulary = &self->vocabulary;
  gint32 named[1 + G_N_ELEMENTS (end_keys)];

  if (!read_token_id (self, gguf, "tokenizer.ggml.bos_token_id", &self->bos, error))
    return FALSE;

  named[0] = self->bos;
  for (guint i = 0; i < G_N_ELEMENTS (end_keys); i++)
    {
      if (!read_token_id (self, gguf, end_keys[i], &named[1 + i], error))
        return FALSE;
      if (named[1 + i] >= 0)
        self->ends[named[1 + i]] = TRUE;
    }
  self->eos = named[1];

  for (guint i = 0; i < G_N_ELEMENTS (named); i++)
    if (named[i] >= 0)
      {
        gsize length;
        const guint8 *bytes = sotto_vocabulary_get (vocabulary, named[i], &length);

        if (is_marked_up (bytes, length))
          vocabulary->kinds[named[i]] = SOTTO_TOKEN_CONTROL;
      }

  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    {
      gsize length;
      const guint8 *bytes = sotto_vocabulary_get (vocabulary, id, &length);
      guint flags;

      /* All known ones begin so. */
      if (length < 3 || (*bytes != '<' && *bytes != '['))
        continue;

      flags = find_known_flags (bytes, length);
      if (flags & SURE)
        vocabulary->kinds[id] = SOTTO_TOKEN_CONTROL;
      if (vocabulary->kinds[id] != SOTTO_TOKEN_CONTROL)
        continue;
      if (flags & ENDS)
        self->ends[id] = TRUE;
      if (flags & CHAT)
        self->has_chat_tokens = TRUE;
    }

  return TRUE;
}

static gboolean
load (SottoTokenizer  *self,
      SottoGguf       *gguf,
      GError         **error)
{
  g_autofree char *model = sotto_gguf_dup_string (gguf, "tokenizer.ggml.model");
  g_autofree char *pre = sotto_gguf_dup_string (gguf, "tokenizer.ggml.pre");

  if (model == NULL || strcmp (model, "gpt2") != 0)
    return set_unknown (error, gguf, "tokenizer", model != NULL ? model : "");

  /* Files from before the key was invented have none. */
  self->pretokenizer = sotto_pretokenizer_lookup (pre != NULL ? pre : "default");
  if (self->pretokenizer == NULL)
    return set_unknown (error, gguf, "pre-tokenizer", pre);

  if (!sotto_vocabulary_init (&self->vocabulary, gguf, error))
    return FALSE;

  self->ends = g_try_malloc0 (self->vocabulary.n_tokens);
  if (self->ends == NULL)
    {
      SottoErrorArguments arguments = { .wanted = self->vocabulary.n_tokens };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "no memory for %u tokens", self->vocabulary.n_tokens);
      return FALSE;
    }

  self->add_bos = sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_bos_token",
                                       self->pretokenizer->add_bos);

  if (!read_special_tokens (self, gguf, error) ||
      !sotto_vocabulary_build_index (&self->vocabulary, error) ||
      !sotto_specials_init (&self->specials, &self->vocabulary, error) ||
      !sotto_bpe_init (&self->bpe, &self->vocabulary, gguf, error))
    return FALSE;

  if (!self->pretokenizer->whole_words)
    sotto_vocabulary_drop_index (&self->vocabulary);

  return TRUE;
}

SottoTokenizer *
sotto_tokenizer_new (SottoGguf  *gguf,
                     GError    **error)
{
  g_autoptr (SottoTokenizer) self = g_new0 (SottoTokenizer, 1);

  if (!load (self, gguf, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_tokenizer_free (SottoTokenizer *self)
{
  sotto_bpe_clear (&self->bpe);
  sotto_specials_clear (&self->specials);
  sotto_vocabulary_clear (&self->vocabulary);
  g_free (self->ends);
  g_free (self);
}

/* --- Text to tokens --- */

typedef struct {
  const SottoTokenizer *tokenizer;
  GArray *ids;
} Encoding;

static void
encode_word (const guint8 *word,
             gsize         length,
             gpointer      user_data)
{
  Encoding *encoding = user_data;
  const SottoTokenizer *self = encoding->tokenizer;

  if (self->pretokenizer->whole_words)
    {
      guint32 id = sotto_vocabulary_find (&self->vocabulary, word, length);

      if (id != SOTTO_NO_TOKEN)
        {
          gint32 value = id;

          g_array_append_val (encoding->ids, value);
          return;
        }
    }

  sotto_bpe_encode (&self->bpe, word, length, encoding->ids);
}

/* Where the trusted run ends that begins with span @index; moves @index behind it. */
static gsize
measure_run (const SottoSpan *spans,
             gsize            n_spans,
             gsize           *index)
{
  gboolean trusted = spans[*index].trusted;
  gsize length = 0;

  while (*index < n_spans && (spans[*index].trusted == trusted || spans[*index].length == 0))
    length += spans[(*index)++].length;

  return length;
}

static void
encode_text (const SottoTokenizer *self,
             const guint8         *text,
             const SottoSpan      *spans,
             gsize                 n_spans,
             GArray               *ids)
{
  Encoding encoding = { self, ids };
  const guint8 *at = text;
  const guint8 *gap = text;      /* text that no special token has taken yet */
  const guint8 *end = text;
  const guint8 *run_end = text;
  gboolean trusted = FALSE;
  gsize index = 0;

  for (gsize i = 0; i < n_spans; i++)
    end += spans[i].length;

  while (at < end)
    {
      guint32 id;
      gsize length;

      while (at >= run_end && index < n_spans)
        {
          trusted = spans[index].trusted;
          run_end += measure_run (spans, n_spans, &index);
        }

      id = sotto_specials_match (&self->specials, at, end, trusted ? run_end : at);
      if (id == SOTTO_NO_TOKEN)
        {
          at++;
          continue;
        }

      sotto_pretokenizer_split (self->pretokenizer, gap, at - gap, encode_word, &encoding);
      g_array_append_val (ids, id);
      sotto_vocabulary_get (&self->vocabulary, id, &length);
      at += length;
      gap = at;
    }

  sotto_pretokenizer_split (self->pretokenizer, gap, end - gap, encode_word, &encoding);
}

void
sotto_tokenizer_encode (const SottoTokenizer *self,
                        const SottoSpan      *spans,
                        gsize                 n_spans,
                        GArray               *ids)
{
  g_autoptr (GByteArray) joined = NULL;

  if (n_spans == 1)
    {
      encode_text (self, (const guint8 *) spans[0].text, spans, n_spans, ids);
      return;
    }

  joined = g_byte_array_new ();
  for (gsize i = 0; i < n_spans; i++)
    g_byte_array_append (joined, (const guint8 *) spans[i].text, spans[i].length);
  encode_text (self, joined->data, spans, n_spans, ids);
}

/* --- Tokens to text --- */

void
sotto_tokenizer_append_text (const SottoTokenizer *self,
                             gint32                id,
                             gboolean              special,
                             GString              *out)
{
  const SottoVocabulary *vocabulary = &self->vocabulary;
  const guint8 *bytes;
  gsize length;

  if (id < 0 || (guint32) id >= vocabulary->n_tokens)
    return;

  if (!special && (sotto_token_kind_is_control (vocabulary->kinds[id]) ||
                   vocabulary->kinds[id] == SOTTO_TOKEN_UNUSED))
    return;

  bytes = sotto_vocabulary_get (vocabulary, id, &length);
  g_string_append_len (out, (const char *) bytes, length);
}

char *
sotto_tokenizer_dup_piece (const SottoTokenizer *self,
                           gint32                id)
{
  const SottoVocabulary *vocabulary = &self->vocabulary;
  GString *piece = g_string_new (NULL);

  if (id >= 0 && (guint32) id < vocabulary->n_tokens)
    {
      SottoTokenKind kind = vocabulary->kinds[id];
      gsize length;
      const guint8 *bytes = sotto_vocabulary_get (vocabulary, id, &length);

      if (kind == SOTTO_TOKEN_NORMAL || kind == SOTTO_TOKEN_BYTE)
        for (gsize i = 0; i < length; i++)
          sotto_byte_alphabet_encode (bytes[i], piece);
      else
        g_string_append_len (piece, (const char *) bytes, length);
    }

  return g_string_free (piece, FALSE);
}

/* --- What tokens are --- */

guint
sotto_tokenizer_get_n_tokens (const SottoTokenizer *self)
{
  return self->vocabulary.n_tokens;
}

gint32
sotto_tokenizer_get_bos (const SottoTokenizer *self)
{
  return self->bos;
}

gint32
sotto_tokenizer_get_eos (const SottoTokenizer *self)
{
  return self->eos;
}

gboolean
sotto_tokenizer_get_add_bos (const SottoTokenizer *self)
{
  return self->add_bos && self->bos >= 0;
}

gboolean
sotto_tokenizer_is_end (const SottoTokenizer *self,
                        gint32                id)
{
  return id >= 0 && (guint32) id < self->vocabulary.n_tokens && self->ends[id];
}

gboolean
sotto_tokenizer_is_control (const SottoTokenizer *self,
                            gint32                id)
{
  return id >= 0 && (guint32) id < self->vocabulary.n_tokens &&
         sotto_token_kind_is_control (self->vocabulary.kinds[id]);
}

gboolean
sotto_tokenizer_has_chat_tokens (const SottoTokenizer *self)
{
  return self->has_chat_tokens;
}
