#pragma once

#include "format/gguf.h"

G_BEGIN_DECLS

/* The tokens of a vocabulary: the bytes and the kind of each, and the way back from bytes to the
 * token. However the file writes its tokens, here they are the bytes they stand for, so that all
 * kinds of tokenizers work on the text as it is. Private to the tokenizer. */

#define SOTTO_NO_TOKEN G_MAXUINT32

/* How SentencePiece writes a space: U+2581. */
#define SOTTO_ESCAPED_SPACE "\xe2\x96\x81"

/* tokenizer.ggml.token_type */
typedef enum {
  SOTTO_TOKEN_NORMAL = 1,
  SOTTO_TOKEN_UNKNOWN = 2,
  SOTTO_TOKEN_CONTROL = 3,
  SOTTO_TOKEN_USER_DEFINED = 4,
  SOTTO_TOKEN_UNUSED = 5,
  SOTTO_TOKEN_BYTE = 6,

  /* Ours: NORMAL or BYTE, but written with characters outside of the alphabet: no text leads to
   * it. */
  SOTTO_TOKEN_RAW = 7,
} SottoTokenKind;

/* How the file writes tokens that stand for text. */
typedef enum {
  SOTTO_VOCABULARY_ALPHABET, /* each byte as a printable character (Radford et al. 2019) */
  SOTTO_VOCABULARY_ESCAPED,  /* as text, with U+2581 for a space and <0x0A> for a byte (SentencePiece) */
  SOTTO_VOCABULARY_QUOTED,   /* as text, with \n, \x0a … for what does not print (RWKV) */
} SottoVocabularyForm;

/* Byte-level vocabularies write each byte as a printable character: those of Latin-1 that print
 * stand for themselves, the others for U+0100 onwards in order. */
typedef struct {
  gint16 bytes[0x144];       /* character to byte; -1: stands for none */
} SottoByteAlphabet;

typedef struct {
  SottoVocabularyForm form;
  SottoByteAlphabet alphabet;
  guint n_tokens;
  guint32 *offsets;          /* (n_tokens + 1): where each begins in bytes */
  guint8 *bytes;             /* NORMAL: what it stands for; CONTROL …: as the file writes it */
  guint8 *kinds;             /* (n_tokens): SottoTokenKind */
  guint longest;             /* bytes of the longest token */
  guint32 byte_ids[256];     /* the token of each byte; SOTTO_NO_TOKEN: there is none */

  /* Open addressing, keyed by bytes; a power of two of slots, at most two thirds of them taken.
   * Each is the hash's upper half and the token's number plus one; 0: free. */
  guint64 *slots;
  guint n_slot_bits;
  guint64 seed;              /* random: no file can aim at collisions; results don't show it */
  gboolean has_twins;        /* two tokens have the same bytes */
  guint16 *lengths;          /* (n_lengths): which lengths tokens have, ascending; up to 512 */
  guint n_lengths;
} SottoVocabulary;

/* Reads tokenizer.ggml.tokens and token_type. Returns: %FALSE with MALFORMED or MEMORY. */
gboolean sotto_vocabulary_init (SottoVocabulary      *self,
                                SottoGguf            *gguf,
                                SottoVocabularyForm   form,
                                GError              **error);
void sotto_vocabulary_clear (SottoVocabulary *self);

/* Makes the way back; after that the kinds are settled. Returns: %FALSE with MEMORY. */
gboolean sotto_vocabulary_build_index (SottoVocabulary *self, GError **error);

static inline const guint8 *
sotto_vocabulary_get (const SottoVocabulary *self,
                      guint32                id,
                      gsize                 *length)
{
  *length = self->offsets[id + 1] - self->offsets[id];

  return self->bytes + self->offsets[id];
}

/**
 * sotto_vocabulary_find:
 *
 * Never finds a CONTROL or UNKNOWN token: text is no way to those.
 *
 * Returns: the token with these bytes (the lowest, if several have them), or %SOTTO_NO_TOKEN
 */
guint32 sotto_vocabulary_find (const SottoVocabulary *self, const guint8 *bytes, gsize length);

/**
 * sotto_vocabulary_find_longest:
 * @at: the first byte
 * @end: behind the last
 * @length: (out): bytes of the token
 *
 * Tokens of more than 512 bytes are not found: this bounds what a byte of text can cost.
 *
 * Returns: the longest token that @at begins with, or %SOTTO_NO_TOKEN
 */
guint32 sotto_vocabulary_find_longest (const SottoVocabulary *self,
                                       const guint8          *at,
                                       const guint8          *end,
                                       gsize                 *length);

/**
 * sotto_vocabulary_decode:
 * @text: a token, or a part of one, as the file writes it
 * @out: room for @length bytes
 *
 * Returns: how many bytes it stands for, or -1 if it has a character that stands for none
 */
gssize sotto_vocabulary_decode (const SottoVocabulary *self,
                                const char            *text,
                                gsize                  length,
                                guint8                *out);

/* Appends @bytes as the file would write them. */
void sotto_vocabulary_encode (const SottoVocabulary *self,
                              const guint8          *bytes,
                              gsize                  length,
                              GString               *out);

/* The score of each token, (n_tokens) of tokenizer.ggml.scores; 0 where the file has none.
 * Returns: (transfer full): %NULL with MALFORMED or MEMORY. */
float *sotto_vocabulary_read_scores (const SottoVocabulary  *self,
                                     SottoGguf              *gguf,
                                     GError                **error);

G_END_DECLS
