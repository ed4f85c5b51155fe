#pragma once

#include "format/gguf.h"

G_BEGIN_DECLS

/* Text to token ids and back. Immutable after loading; any thread. */
typedef struct _SottoTokenizer SottoTokenizer;

/**
 * SottoSpan:
 * @text: bytes, not terminated
 * @trusted: the template's own text, in which control tokens are recognised
 *
 * A prompt is a sequence of spans. They are tokenised as one text (a merge or a pre-token may reach
 * over a border), but a control token is only recognised where all its bytes are trusted.
 */
typedef struct {
  const char *text;
  gsize length;
  gboolean trusted;
} SottoSpan;

/**
 * sotto_tokenizer_new:
 *
 * Reads tokenizer.ggml.* of @gguf. Returns: %NULL with TOKENIZER or MALFORMED.
 */
SottoTokenizer *sotto_tokenizer_new (SottoGguf *gguf, GError **error);
void sotto_tokenizer_free (SottoTokenizer *self);

guint sotto_tokenizer_get_n_tokens (const SottoTokenizer *self);

/**
 * sotto_tokenizer_encode:
 * @ids: (element-type gint32): appended to; neither BOS nor EOS is added
 *
 * Broken UTF-8 keeps its bytes where the vocabulary has tokens for bytes.
 */
void sotto_tokenizer_encode (const SottoTokenizer *self,
                             const SottoSpan      *spans,
                             gsize                 n_spans,
                             GArray               *ids);

/**
 * sotto_tokenizer_add_ends:
 *
 * Puts around the tokens of a whole text what the model was trained to see there: BOS, a separator,
 * EOS, as the file says. For embeddings; templates write their own.
 */
void sotto_tokenizer_add_ends (const SottoTokenizer *self, GArray *ids);

/**
 * sotto_tokenizer_append_text:
 * @special: whether control tokens have a text (else they have none)
 *
 * Appends the bytes of @id; they may be a part of a character. An id out of range has no text.
 */
void sotto_tokenizer_append_text (const SottoTokenizer *self,
                                  gint32                id,
                                  gboolean              special,
                                  GString              *out);

/**
 * sotto_tokenizer_decode:
 * @special: whether control tokens have a text
 * @is_first: (inout): %TRUE before the first token of a text; the caller keeps it from one token to
 *   the next
 *
 * As sotto_tokenizer_append_text(), but without the space that some tokenizers put before a text
 * and behind special tokens: what was encoded comes back as it was.
 */
void sotto_tokenizer_decode (const SottoTokenizer *self,
                             gint32                id,
                             gboolean              special,
                             gboolean             *is_first,
                             GString              *out);

gint32 sotto_tokenizer_get_bos (const SottoTokenizer *self);       /* -1: none */
gint32 sotto_tokenizer_get_eos (const SottoTokenizer *self);       /* -1: none */
gboolean sotto_tokenizer_get_add_bos (const SottoTokenizer *self);
/* The token that text becomes where the vocabulary lacks it; -1: none. It may be a control token,
 * the only one that text leads to, and says nothing but that something was there. */
gint32 sotto_tokenizer_get_unknown (const SottoTokenizer *self);
/* The control or user-defined token with this text; -1: none */
gint32 sotto_tokenizer_find_control (const SottoTokenizer *self, const char *text);
/* EOS, EOT, EOM, <|im_end|> … */
gboolean sotto_tokenizer_is_end (const SottoTokenizer *self, gint32 id);
gboolean sotto_tokenizer_is_control (const SottoTokenizer *self, gint32 id);
/* The text of a token as the file writes it, for bos_token and eos_token of templates; (transfer
 * full) */
char *sotto_tokenizer_dup_piece (const SottoTokenizer *self, gint32 id);
/* Whether the vocabulary has control tokens that mark turns of a chat. */
gboolean sotto_tokenizer_has_chat_tokens (const SottoTokenizer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoTokenizer, sotto_tokenizer_free)

/* Joins the bytes of tokens to whole characters: hands out what is complete, keeps a begun
 * character, turns what can no longer become one into U+FFFD. */
typedef struct {
  char pending[4];
  guint n_pending;
} SottoUtf8Stream;

void sotto_utf8_stream_push (SottoUtf8Stream *self, const char *bytes, gsize length, GString *out);
void sotto_utf8_stream_finish (SottoUtf8Stream *self, GString *out);

G_END_DECLS
