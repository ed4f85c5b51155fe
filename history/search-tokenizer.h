#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * sotto_search_get_api:
 *
 * Returns: (transfer none): what FTS5 offers to tokenizers and functions of a connection, or %NULL with an error
 */
fts5_api *sotto_search_get_api (SottoDatabase *database, GError **error);

/**
 * sotto_search_tokenizer_register:
 *
 * Makes the tokenizer "sotto" known to a connection; the schema's indexes need it.
 */
gboolean sotto_search_tokenizer_register (SottoDatabase *database, GError **error);

G_END_DECLS
