#pragma once

#include "text/tokenizer.h"

G_BEGIN_DECLS

#define EVERY_TOKENIZER_KINDS 6

/* What each is called: "sentencepiece", "bpe" …; the order of every_tokenizer_new(). */
extern const char *const every_tokenizer_names[EVERY_TOKENIZER_KINDS];

/* A tokenizer of each kind, with the texts as control tokens: the token of @controls[i] is i + 1, and 0
 * stands for what is unknown. Each vocabulary does its best to lead from text to them: all their beginnings
 * are tokens, and where there are merges, they end in the control tokens. Free each; (transfer full). */
void every_tokenizer_new (const char *const *controls,
                          guint              n_controls,
                          SottoTokenizer    *tokenizers[EVERY_TOKENIZER_KINDS]);

G_END_DECLS
