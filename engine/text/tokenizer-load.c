/* Loading a tokenizer: which kind it is, its vocabulary, and what its tokens are besides, from the file
 * and from what is known of their texts. */

#include <string.h>

#include "sotto-error.h"
#include "text/known-tokens.h"
#include "text/tokenizer-private.h"

static const SottoTokenizerKind *const kinds[] = {
  &sotto_tokenizer_bpe,
  &sotto_tokenizer_sentencepiece,
  &sotto_tokenizer_wordpiece,
  &sotto_tokenizer_unigram,
  &sotto_tokenizer_rwkv,
};

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
    { "tokenizer.ggml.eos_token_id", &rules->eos, SOTTO_TRAIT_ENDS },
    { "tokenizer.ggml.eot_token_id", &eot, SOTTO_TRAIT_ENDS },
    { "tokenizer.ggml.eom_token_id", &eom, SOTTO_TRAIT_ENDS },
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
  /* Elsewhere </s> is HTML: Gemma has a token for it. */
  gboolean has_s = self->rules.bos >= 0 && has_text (vocabulary, self->rules.bos, "<s>");
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
      if (has_s && has_text (vocabulary, id, "</s>"))
        flags |= SOTTO_KNOWN_SURE;
      if ((flags & SOTTO_KNOWN_SURE) && vocabulary->kinds[id] != SOTTO_TOKEN_UNKNOWN)
        vocabulary->kinds[id] = SOTTO_TOKEN_CONTROL;
      if (!sotto_token_kind_is_control (vocabulary->kinds[id]))
        continue;
      if (flags & SOTTO_KNOWN_ENDS)
        self->traits[id] |= SOTTO_TRAIT_ENDS;
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
    self->traits[end] &= ~SOTTO_TRAIT_ENDS;
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
        self->traits[id] |= SOTTO_TRAIT_STRIPS_RIGHT;
      if (masks_left && (has_text (vocabulary, id, "<mask>") || has_text (vocabulary, id, "[MASK]")))
        self->traits[id] |= SOTTO_TRAIT_STRIPS_LEFT;
    }
}

/* The token for what the vocabulary lacks must say nothing else: text leads to it. */
static void
settle_unknown (SottoTokenizer *self)
{
  SottoTokenizerRules *rules = &self->rules;

  if (rules->unknown >= 0 &&
      (rules->unknown == rules->bos || rules->unknown == rules->eos ||
       rules->unknown == rules->separator || (self->traits[rules->unknown] & SOTTO_TRAIT_ENDS) != 0))
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

gboolean
sotto_tokenizer_load (SottoTokenizer  *self,
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
