#pragma once

#include "text/tokenizer.h"

G_BEGIN_DECLS

/* Tokens by their ids: (element-type gint32) */

/* Text to ids; @trusted: control tokens may come of it. (transfer full) */
GArray *token_ids_encode (SottoTokenizer *tokenizer, const char *text, gsize length, gboolean trusted);

/* As text, "1 2 3". (transfer full) */
char *token_ids_to_text (GArray *ids);

/* Whether the stream of @ids hands out whole characters only, and in the end what a single push of @whole, which is the text
 * of them all, hands out. */
gboolean token_ids_stream_well (SottoTokenizer *tokenizer, GArray *ids, GString *whole);

G_END_DECLS
