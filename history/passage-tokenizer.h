#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * sotto_passage_tokenizer_register:
 *
 * Makes the tokenizer "pairs" known to a connection.
 */
gboolean sotto_passage_tokenizer_register (SottoDatabase *database, GError **error);

/**
 * sotto_passage_tokenize:
 *
 * Takes a text apart as the index of passages does, as of a question: pairs alone.
 *
 * Returns: (transfer full) (element-type utf8): its words in order, or %NULL with an error
 */
GPtrArray *sotto_passage_tokenize (SottoDatabase *database, const char *text, GError **error);

/**
 * sotto_passage_is_pair:
 * @word: of a text that was taken apart
 *
 * Returns: whether it is of a script that doesn't separate words
 */
gboolean sotto_passage_is_pair (const char *word);

G_END_DECLS
