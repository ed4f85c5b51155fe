/* Text to tokens and back.
 *
 * Special tokens are found by their text (special.c); what lies between them is the matter of the
 * kind of tokenizer that the file names (tokenizer-kind.h).
 *
 * What a person typed can never become a control token. Three things together make it so:
 * special.c takes a control token only where all its bytes are trusted; the vocabulary's way
 * from bytes to tokens, which is the only one the kinds have, does not lead to control tokens; and
 * a token whose text is known to steer models is a control token here even where the file forgot
 * to say so (known-tokens.c). The one token that a kind may take besides stands for what the
 * vocabulary lacks, and only where it says nothing else. */

#include "text/tokenizer.h"

#include <string.h>

#include "sotto-error.h"
#include "text/known-tokens.h"
#include "text/special.h"
#include "text/tokenizer-kind.h"
#include "text/unicode.h"

static const SottoTokenizerKind *const kinds[] = {
  &sotto_tokenizer_bpe,
  &sotto_tokenizer_sentencepiece,
  &sotto_tokenizer_wordpiece,
  &sotto_tokenizer_unigram,
  &sotto_tokenizer_rwkv,
};

/* What a token is besides its kind. */
enum {
  ENDS = 1 << 0,             /* ends a turn */
  STRIPS_LEFT = 1 << 1,      /* takes the white space before it along */
  STRIPS_RIGHT = 1 << 2,     /* … and behind it */
};

struct _SottoTokenizer {
  const SottoTokenizerKind *kind;   /* NULL: the file has no vocabulary */
  gpointer part;                    /* the kind's own */
  SottoTokenizerRules rules;
  SottoVocabulary vocabulary;
  SottoSpecials specials;
  guint8 *traits;                   /* (n_tokens) */
  gboolean has_chat_tokens;
};

/* --- Loading --- */

static gboolean
set_unknown (GError    **error,
             SottoGguf  *gguf,
             const char *name)
{
  SottoErrorArguments arguments = { .path = sotto_gguf_get_path (gguf), .subject = name };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_TOKENIZER, &arguments,
                          "%s: unknown tokenizer \"%s\"", arguments.path, name);

  return FALSE;
}

/* A token number of the metadata over @id, which is checked too. */
static gboolean
read_token_id (const SottoTokenizer  *self,
               SottoGguf             *gguf,
               const char            *key,
               gint32                *id,
               GError               **error)
{
  guint64 value = sotto_gguf_get_uint (gguf, key, G_MAXUINT64);

  /* Converters write 2^32 - 1 for none. */
  if (value == G_MAXUINT32)
    {
      *id = -1;
      return TRUE;
    }

  if (value == G_MAXUINT64)
    {
      /* What holds for most of the kind holds only if it can. */
      if (*id >= 0 && (guint32) *id >= self->vocabulary.n_tokens)
        *id = -1;
      return TRUE;
    }

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

/* Tokens that the metadata names: they are control tokens if they look it. */
static gboolean
read_named_tokens (SottoTokenizer  *self,
                   SottoGguf       *gguf,
                   GError         **error)
{
  SottoTokenizerRules *rules = &self->rules;
  gint32 eot = -1;
  gint32 eom = -1;
  gint32 padding = -1;
  gint32 mask = -1;
  const struct {
    const char *key;
    gint32 *id;
    guint traits;
  } named[] = {
    { "tokenizer.ggml.cls_token_id", &rules->bos, 0 },
    { "tokenizer.ggml.bos_token_id", &rules->bos, 0 },
    { "tokenizer.ggml.eos_token_id", &rules->eos, ENDS },
    { "tokenizer.ggml.eot_token_id", &eot, ENDS },
    { "tokenizer.ggml.eom_token_id", &eom, ENDS },
    { "tokenizer.ggml.seperator_token_id", &rules->separator, 0 },
    { "tokenizer.ggml.padding_token_id", &padding, 0 },
    { "tokenizer.ggml.mask_token_id", &mask, 0 },
    { "tokenizer.ggml.unknown_token_id", &rules->unknown, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (named); i++)
    {
      const guint8 *bytes;
      gsize length;

      if (!read_token_id (self, gguf, named[i].key, named[i].id, error))
        return FALSE;
      if (*named[i].id < 0)
        continue;

      self->traits[*named[i].id] |= named[i].traits;
      bytes = sotto_vocabulary_get (&self->vocabulary, *named[i].id, &length);
      if (sotto_known_token_is_marked_up (bytes, length) &&
          self->vocabulary.kinds[*named[i].id] != SOTTO_TOKEN_UNKNOWN &&
          self->vocabulary.kinds[*named[i].id] != SOTTO_TOKEN_BYTE)
        self->vocabulary.kinds[*named[i].id] = SOTTO_TOKEN_CONTROL;
    }

  return TRUE;
}

static gboolean
has_text (const SottoVocabulary *vocabulary,
          guint32                id,
          const char            *text)
{
  gsize length;
  const guint8 *bytes = sotto_vocabulary_get (vocabulary, id, &length);

  return length == strlen (text) && memcmp (bytes, text, length) == 0;
}

/* Tokens known by their text: which are control tokens, which end a turn. */
static void
find_known_tokens (SottoTokenizer *self)
{
  SottoVocabulary *vocabulary = &self->vocabulary;
  guint32 end = SOTTO_NO_TOKEN;
  guint n_harmony = 0;

  for (guint32 id = 0; id < vocabulary->n_tokens; id++)
    {
      gsize length;
      const guint8 *bytes = sotto_vocabulary_get (vocabulary, id, &length);
      SottoKnownFlags flags;

      if (length < 3 || (*bytes != '<' && *bytes != '[' && *bytes != ']' && *bytes != '_'))
        continue;

      flags = sotto_known_token_flags (bytes, length);
      if ((flags & SOTTO_KNOWN_SURE) && vocabulary->kinds[id] != SOTTO_TOKEN_UNKNOWN)
        vocabulary->kinds[id] = SOTTO_TOKEN_CONTROL;
      if (!sotto_token_kind_is_control (vocabulary->kinds[id]))
        continue;
      if (flags & SOTTO_KNOWN_ENDS)
        self->traits[id] |= ENDS;
      if (flags & SOTTO_KNOWN_CHAT)
        self->has_chat_tokens = TRUE;
      if (has_text (vocabulary, id, "<|end|>"))
        end = id;
      if (has_text (vocabulary, id, "<|return|>") || has_text (vocabulary, id, "<|flush|>") ||
          has_text (vocabulary, id, "<|call|>") || has_text (vocabulary, id, "<|calls|>"))
        n_harmony++;
    }

  /* In gpt-oss's format and its kin that one only ends a message, of which a turn has several. */
  if (end != SOTTO_NO_TOKEN && n_harmony >= 2)
    self->traits[end] &= ~ENDS;
}

/* Which special tokens take white space along: the models' own tokenizers say so, GGUF files have
 * no word for it. */
static void
find_stripping_tokens (SottoTokenizer *self,
                       SottoGguf      *gguf)
{
  g_autofree char *name = sotto_gguf_dup_string (gguf, "general.name");
  g_autofree char *architecture = sotto_gguf_dup_string (gguf, "general.architecture");
  g_autofree char *pre = sotto_gguf_dup_string (gguf, "tokenizer.ggml.pre");
  g_autofree char *lower = g_ascii_strdown (name != NULL ? name : "", -1);
  gboolean is_phi3 = self->kind == &sotto_tokenizer_sentencepiece &&
                     (g_strcmp0 (architecture, "phi3") == 0 || strstr (lower, "phi-3") != NULL ||
                      strstr (lower, "phi3") != NULL);
  gboolean masks_left = g_strcmp0 (architecture, "nomic-bert-moe") == 0 ||
                        g_strcmp0 (architecture, "jina-bert-v3") == 0 ||
                        (pre != NULL && (g_str_has_prefix (pre, "jina-v2") ||
                                         strcmp (pre, "modern-bert") == 0));
  SottoVocabulary *vocabulary = &self->vocabulary;

  for (guint32 id = 0; (is_phi3 || masks_left) && id < vocabulary->n_tokens; id++)
    {
      SottoTokenKind kind = vocabulary->kinds[id];

      if (!sotto_token_kind_is_control (kind) && kind != SOTTO_TOKEN_USER_DEFINED)
        continue;
      if (is_phi3 && !has_text (vocabulary, id, "<unk>") && !has_text (vocabulary, id, "<s>") &&
          !has_text (vocabulary, id, "<|endoftext|>"))
        self->traits[id] |= STRIPS_RIGHT;
      if (masks_left && (has_text (vocabulary, id, "<mask>") || has_text (vocabulary, id, "[MASK]")))
        self->traits[id] |= STRIPS_LEFT;
    }
}

/* The token for what the vocabulary lacks must say nothing else: text leads to it. */
static void
settle_unknown (SottoTokenizer *self)
{
  SottoTokenizerRules *rules = &self->rules;

  if (rules->unknown >= 0 &&
      (rules->unknown == rules->bos || rules->unknown == rules->eos ||
       rules->unknown == rules->separator || (self->traits[rules->unknown] & ENDS) != 0))
    rules->unknown = -1;
}

static gboolean
load_vocabulary (SottoTokenizer       *self,
                 SottoGguf            *gguf,
                 SottoVocabularyForm   form,
                 GError              **error)
{
  if (!sotto_vocabulary_init (&self->vocabulary, gguf, form, error))
    return FALSE;

  self->traits = g_try_malloc0 (self->vocabulary.n_tokens);
  if (self->traits == NULL)
    {
      SottoErrorArguments arguments = { .wanted = self->vocabulary.n_tokens };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "no memory for %u tokens", self->vocabulary.n_tokens);
      return FALSE;
    }

  if (!read_named_tokens (self, gguf, error))
    return FALSE;
  find_known_tokens (self);
  find_stripping_tokens (self, gguf);
  settle_unknown (self);

  self->rules.add_bos = self->rules.bos >= 0 &&
    sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_bos_token", self->rules.add_bos);
  self->rules.add_eos = self->rules.eos >= 0 &&
    sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_eos_token", self->rules.add_eos);
  self->rules.add_separator = self->rules.separator >= 0 &&
    sotto_gguf_get_bool (gguf, "tokenizer.ggml.add_sep_token", self->rules.add_separator);

  return sotto_vocabulary_build_index (&self->vocabulary, error) &&
         sotto_specials_init (&self->specials, &self->vocabulary, error);
}

static gboolean
load (SottoTokenizer  *self,
      SottoGguf       *gguf,
      GError         **error)
{
  g_autofree char *model = sotto_gguf_dup_string (gguf, "tokenizer.ggml.model");
  g_autofree char *key = g_strdup_printf (" %s ", model != NULL ? model : "");
  SottoVocabularyForm form;

  if (g_strcmp0 (model, "none") == 0 || g_strcmp0 (model, "no_vocab") == 0)
    {
      self->rules = (SottoTokenizerRules) { .bos = -1, .eos = -1, .separator = -1, .unknown = -1 };
      return TRUE;
    }

  if (model == NULL || *model == '\0' || strchr (model, ' ') != NULL)
    return set_unknown (error, gguf, model != NULL ? model : "");
  for (guint i = 0; i < G_N_ELEMENTS (kinds) && self->kind == NULL; i++)
    if (strstr (kinds[i]->models, key) != NULL)
      self->kind = kinds[i];
  if (self->kind == NULL)
    return set_unknown (error, gguf, model);

  self->rules = self->kind->rules;
  self->part = self->kind->open (gguf, &form, &self->rules, error);

  return self->part != NULL && load_vocabulary (self, gguf, form, error) &&
         self->kind->build (self->part, &self->vocabulary, &self->rules, gguf, error);
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
  if (self->part != NULL)
    self->kind->free (self->part);
  sotto_specials_clear (&self->specials);
  sotto_vocabulary_clear (&self->vocabulary);
  g_free (self->traits);
  g_free (self);
}

/* --- Text to tokens --- */

const guint8 *
sotto_unescape_spaces (const guint8  *text,
                       gsize         *length,
                       guint8       **copy)
{
  const gsize n = strlen (SOTTO_ESCAPED_SPACE);
  const guint8 *end = text + *length;
  const guint8 *first = *length > 0 ? memmem (text, *length, SOTTO_ESCAPED_SPACE, n) : NULL;
  guint8 *out;

  if (first == NULL)
    return text;

  out = *copy = g_try_malloc (*length);
  if (out == NULL)
    return text;

  for (const guint8 *at = text; at < end;)
    if ((gsize) (end - at) >= n && memcmp (at, SOTTO_ESCAPED_SPACE, n) == 0)
      {
        *out++ = ' ';
        at += n;
      }
    else
      {
        *out++ = *at++;
      }
  *length = out - *copy;

  return *copy;
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

static gboolean
is_space (const guint8 *at,
          const guint8 *end,
          guint        *n)
{
  gunichar c;

  *n = sotto_utf8_decode (at, end, &c);

  return c <= 0x10ffff && (sotto_unicode_mask (c) & SOTTO_UNICODE_SPACE) != 0;
}

/* Where the white space begins that @text ends with. */
static const guint8 *
find_trailing_space (const guint8 *text,
                     const guint8 *end)
{
  const guint8 *behind = text;
  guint n;

  for (const guint8 *at = text; at < end; at += n)
    if (!is_space (at, end, &n))
      behind = at + n;

  return behind;
}

typedef struct {
  const SottoTokenizer *tokenizer;
  GArray *ids;
  const guint8 *gap;         /* text that no special token has taken yet */
  gboolean is_first;
} Encoding;

static void
encode_gap (Encoding     *encoding,
            const guint8 *end)
{
  const SottoTokenizer *self = encoding->tokenizer;
  SottoFragment fragment = { encoding->gap, end - encoding->gap, encoding->is_first };

  if (fragment.length == 0)
    return;

  self->kind->encode (self->part, &fragment, encoding->ids);
  encoding->is_first = FALSE;
}

/* Returns: where to go on */
static const guint8 *
encode_special (Encoding     *encoding,
                guint32       id,
                const guint8 *at,
                const guint8 *end)
{
  const SottoTokenizer *self = encoding->tokenizer;
  gboolean strips_left = (self->traits[id] & STRIPS_LEFT) != 0;
  gsize length;
  guint n;

  encode_gap (encoding, strips_left ? find_trailing_space (encoding->gap, at) : at);
  sotto_append_token (encoding->ids, id);
  sotto_vocabulary_get (&self->vocabulary, id, &length);
  at += length;
  while ((self->traits[id] & STRIPS_RIGHT) != 0 && at < end && is_space (at, end, &n))
    at += n;
  encoding->gap = at;
  encoding->is_first = TRUE;

  return at;
}

static void
encode_text (const SottoTokenizer *self,
             const guint8         *text,
             const SottoSpan      *spans,
             gsize                 n_spans,
             GArray               *ids)
{
  Encoding encoding = { self, ids, text, TRUE };
  const guint8 *at = text;
  const guint8 *end = text;
  const guint8 *run_end = text;
  gboolean trusted = FALSE;
  gsize index = 0;

  for (gsize i = 0; i < n_spans; i++)
    end += spans[i].length;

  while (at < end)
    {
      guint32 id;

      while (at >= run_end && index < n_spans)
        {
          trusted = spans[index].trusted;
          run_end += measure_run (spans, n_spans, &index);
        }

      id = sotto_specials_match (&self->specials, at, end, trusted ? run_end : at);
      if (id == SOTTO_NO_TOKEN)
        at++;
      else
        at = encode_special (&encoding, id, at, end);
    }

  encode_gap (&encoding, end);
}

void
sotto_tokenizer_encode (const SottoTokenizer *self,
                        const SottoSpan      *spans,
                        gsize                 n_spans,
                        GArray               *ids)
{
  g_autoptr (GByteArray) joined = NULL;

  if (self->kind == NULL)
    return;

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

void
sotto_tokenizer_add_ends (const SottoTokenizer *self,
                          GArray               *ids)
{
  const SottoTokenizerRules *rules = &self->rules;

  if (rules->add_bos)
    g_array_prepend_val (ids, rules->bos);
  if (rules->add_separator)
    g_array_append_val (ids, rules->separator);
  if (rules->add_eos && !(rules->add_separator && rules->separator == rules->eos))
    g_array_append_val (ids, rules->eos);
}

/* --- Tokens to text --- */

static gboolean
is_silent (const SottoTokenizer *self,
           gint32                id)
{
  SottoTokenKind kind = self->vocabulary.kinds[id];

  return sotto_token_kind_is_control (kind) || kind == SOTTO_TOKEN_UNUSED;
}

void
sotto_tokenizer_append_text (const SottoTokenizer *self,
                             gint32                id,
                             gboolean              special,
                             GString              *out)
{
  const guint8 *bytes;
  gsize length;

  if (id < 0 || (guint32) id >= self->vocabulary.n_tokens || (!special && is_silent (self, id)))
    return;

  bytes = sotto_vocabulary_get (&self->vocabulary, id, &length);
  g_string_append_len (out, (const char *) bytes, length);
}

void
sotto_tokenizer_decode (const SottoTokenizer *self,
                        gint32                id,
                        gboolean              special,
                        gboolean             *is_first,
                        GString              *out)
{
  const guint8 *bytes;
  gsize length;

  if (id < 0 || (guint32) id >= self->vocabulary.n_tokens)
    return;

  if (sotto_token_kind_is_control (self->vocabulary.kinds[id]) ||
      self->vocabulary.kinds[id] == SOTTO_TOKEN_USER_DEFINED)
    {
      sotto_tokenizer_append_text (self, id, special, out);
      *is_first = TRUE;
      return;
    }

  bytes = sotto_vocabulary_get (&self->vocabulary, id, &length);
  if (*is_first && self->rules.space_prefix && length > 0 && *bytes == ' ')
    {
      bytes++;
      length--;
    }
  *is_first = FALSE;
  if (special || !is_silent (self, id))
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
        sotto_vocabulary_encode (vocabulary, bytes, length, piece);
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
  return self->rules.bos;
}

gint32
sotto_tokenizer_get_eos (const SottoTokenizer *self)
{
  return self->rules.eos;
}

gboolean
sotto_tokenizer_get_add_bos (const SottoTokenizer *self)
{
  return self->rules.add_bos;
}

gint32
sotto_tokenizer_get_unknown (const SottoTokenizer *self)
{
  return self->rules.unknown;
}

gint32
sotto_tokenizer_find_control (const SottoTokenizer *self,
                              const char           *text)
{
  gsize length = strlen (text);
  const guint8 *at = (const guint8 *) text;
  guint32 id = length > 0 && self->kind != NULL
                 ? sotto_specials_match (&self->specials, at, at + length, at + length)
                 : SOTTO_NO_TOKEN;
  gsize n;

  if (id == SOTTO_NO_TOKEN)
    return -1;
  sotto_vocabulary_get (&self->vocabulary, id, &n);

  return n == length ? (gint32) id : -1;
}

gboolean
sotto_tokenizer_is_end (const SottoTokenizer *self,
                        gint32                id)
{
  return id >= 0 && (guint32) id < self->vocabulary.n_tokens && (self->traits[id] & ENDS) != 0;
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
