#pragma once

#include "format/gguf.h"

G_BEGIN_DECLS

/* SentencePiece's precompiled normaliser: which sequences of bytes are replaced by which. Private
 * to the tokenizer. */

typedef struct {
  guint32 *units;            /* (n_units): a double array, see charsmap.c */
  gsize n_units;
  char *replacements;        /* (n_replacements): strings, each with its NUL; the last byte is one */
  gsize n_replacements;
} SottoCharsmap;

/* Reads tokenizer.ggml.precompiled_charsmap, which a file need not have. Returns: %FALSE with
 * MALFORMED or MEMORY. */
gboolean sotto_charsmap_init (SottoCharsmap *self, SottoGguf *gguf, GError **error);
void sotto_charsmap_clear (SottoCharsmap *self);

/**
 * sotto_charsmap_match:
 * @replacement: (out): what stands for it instead
 *
 * Returns: how many bytes at @at are replaced, the most that are; 0: none
 */
gsize sotto_charsmap_match (const SottoCharsmap  *self,
                            const guint8         *at,
                            const guint8         *end,
                            const char          **replacement);

G_END_DECLS
