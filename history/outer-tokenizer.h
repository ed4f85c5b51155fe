#pragma once

#include "database.h"

G_BEGIN_DECLS

/* A tokenizer of FTS5 that stands around another, which is named by its first argument and gets the rest, and changes what
 * that one gives out. */
typedef struct {
  fts5_tokenizer inner;
  Fts5Tokenizer *tokenizer;
} SottoOuterTokenizer;

/* What FTS5 wants to be called with each token: a function with its context first */
typedef int (*SottoOnToken) (void *context, int flags, const char *token, int size, int from, int to);

typedef int (*SottoTokenize) (Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int size,
                              SottoOnToken on_token);

/**
 * sotto_fts5_get_api:
 *
 * Returns: (transfer none): what FTS5 offers to tokenizers and functions of a connection, or %NULL with an error
 */
fts5_api *sotto_fts5_get_api (SottoDatabase *database, GError **error);

/* As xCreate and xDelete of FTS5; @context: the fts5_api */
int sotto_outer_tokenizer_create (void *context, const char **words, int n_words, Fts5Tokenizer **made);
void sotto_outer_tokenizer_delete (Fts5Tokenizer *tokenizer);

/* Hands @text to the tokenizer inside. */
int sotto_outer_tokenizer_pass (Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int size,
                                SottoOnToken on_token);

/* Makes it known to a connection as @name. @tokenize: goes through sotto_outer_tokenizer_pass() */
gboolean sotto_outer_tokenizer_register (SottoDatabase *database, const char *name, SottoTokenize tokenize, GError **error);

/* Whether nothing of @token is more than one byte long */
gboolean sotto_token_is_ascii (const char *token, int size);

G_END_DECLS
