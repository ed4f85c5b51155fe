#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * sotto_search_tokenizer_register:
 *
 * Makes the tokenizer "sotto" known to a connection; the schema's indexes need it.
 */
gboolean sotto_search_tokenizer_register (SottoDatabase *database, GError **error);

G_END_DECLS
