#pragma once

#include "text/special.h"
#include "text/tokenizer-kind.h"
#include "text/tokenizer.h"

G_BEGIN_DECLS

/* What loading (tokenizer-load.c) and using (tokenizer.c) a tokenizer share. */

/* What a token is besides its kind. */
enum {
  SOTTO_TRAIT_ENDS = 1 << 0,             /* ends a turn */
  SOTTO_TRAIT_STRIPS_LEFT = 1 << 1,      /* takes the white space before it along */
  SOTTO_TRAIT_STRIPS_RIGHT = 1 << 2,     /* … and behind it */
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

/* Fills @self, which is all zeros. Returns: %FALSE with TOKENIZER, MALFORMED or MEMORY; what is there by
 * then is freed with @self. */
gboolean sotto_tokenizer_load (SottoTokenizer *self, SottoGguf *gguf, GError **error);

G_END_DECLS
