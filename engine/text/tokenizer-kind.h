#pragma once

#include "text/vocabulary.h"

G_BEGIN_DECLS

/* What a kind of tokenizer has to do; the rest (special tokens, trust, what tokens are) is the
 * same for all and stands in tokenizer.c. Private to the tokenizer. */

/* What holds where the file does not say, then what holds. Tokens: -1 is none. */
typedef struct {
  gint32 bos;
  gint32 eos;
  gint32 separator;          /* ends a text for an embedding */
  gint32 unknown;            /* stands for what the vocabulary lacks */
  gboolean add_bos;
  gboolean add_eos;
  gboolean add_separator;
  gboolean space_prefix;     /* a space is put before text, and taken off when it comes back */
} SottoTokenizerRules;

/* A fragment of text between special tokens. */
typedef struct {
  const guint8 *text;
  gsize length;
  gboolean is_first;         /* it begins the text, or a special token stands before it */
} SottoFragment;

typedef struct {
  const char *models;        /* of tokenizer.ggml.model, between spaces */
  SottoTokenizerRules rules; /* what holds where the file does not say */

  /* Reads what says how the vocabulary is written, and what holds where the file does not say.
   * Returns: (transfer full): the tokenizer's own part, or %NULL with TOKENIZER, MALFORMED or
   * MEMORY. */
  gpointer (*open) (SottoGguf            *gguf,
                    SottoVocabularyForm  *form,
                    SottoTokenizerRules  *rules,
                    GError              **error);

  /* Builds the rest on the vocabulary, whose kinds and index are settled; both are kept, not
   * owned. Returns: %FALSE with MALFORMED or MEMORY. */
  gboolean (*build) (gpointer                    self,
                     SottoVocabulary            *vocabulary,
                     const SottoTokenizerRules  *rules,
                     SottoGguf                  *gguf,
                     GError                    **error);

  /* Appends the tokens of a fragment; text is no way to control tokens here. Any thread. */
  void (*encode) (gconstpointer        self,
                  const SottoFragment *fragment,
                  GArray              *ids);

  void (*free) (gpointer self);
} SottoTokenizerKind;

extern const SottoTokenizerKind sotto_tokenizer_bpe;
extern const SottoTokenizerKind sotto_tokenizer_sentencepiece;
extern const SottoTokenizerKind sotto_tokenizer_wordpiece;
extern const SottoTokenizerKind sotto_tokenizer_unigram;
extern const SottoTokenizerKind sotto_tokenizer_rwkv;

static inline void
sotto_append_token (GArray  *ids,
                    guint32  id)
{
  gint32 value = id;

  if (id != SOTTO_NO_TOKEN)
    g_array_append_val (ids, value);
}

/* For what no token stands for: the unknown one, one for a run of it. */
static inline void
sotto_append_unknown (GArray                    *ids,
                      gsize                      first,
                      const SottoTokenizerRules *rules)
{
  if (rules->unknown >= 0 &&
      (ids->len == first || g_array_index (ids, gint32, ids->len - 1) != rules->unknown))
    g_array_append_val (ids, rules->unknown);
}

/* U+2581 in a text is the space that it stands for in vocabularies that are written so.
 * Returns: @text, or a copy in @copy */
const guint8 *sotto_unescape_spaces (const guint8 *text, gsize *length, guint8 **copy);

G_END_DECLS
