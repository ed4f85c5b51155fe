#pragma once

#include "text/vocabulary.h"

G_BEGIN_DECLS

/* Byte-pair encoding (Sennrich et al. 2016): the merges of a vocabulary. Private to the
 * tokenizer. */

typedef struct {
  guint32 left;
  guint32 right;
  guint32 rank;              /* lower goes first */
  guint32 merged;            /* SOTTO_NO_TOKEN: the slot is free */
} SottoMerge;

typedef struct {
  guint32 byte_ids[256];     /* the token of each byte; SOTTO_NO_TOKEN: the vocabulary lacks it */
  SottoMerge *merges;        /* open addressing; a power of two, at most two thirds taken */
  guint n_merge_bits;
  guint64 seed;
} SottoBpe;

/* Reads tokenizer.ggml.merges. A merge whose parts or result are no tokens is passed over, since
 * no text leads to it. Returns: %FALSE with MALFORMED or MEMORY. */
gboolean sotto_bpe_init (SottoBpe               *self,
                         const SottoVocabulary  *vocabulary,
                         SottoGguf              *gguf,
                         GError                **error);
void sotto_bpe_clear (SottoBpe *self);

/**
 * sotto_bpe_encode:
 * @word: bytes
 * @ids: (element-type gint32): appended to
 *
 * Always merges the pair of lowest rank, of equals the leftmost. Time grows with n log n.
 *
 * A byte that has no token is left out, as the models' own tokenizers do: an unknown token that
 * stood for it would often be a control token, and then typed text could make one.
 */
void sotto_bpe_encode (const SottoBpe *self,
                       const guint8   *word,
                       gsize           length,
                       GArray         *ids);

G_END_DECLS
