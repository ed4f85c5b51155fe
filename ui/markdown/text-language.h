#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_text_language:
 *
 * A guess at the language in which most of @text is: by its script, and where many languages share that, by small words.
 *
 * Returns: (transfer none) (nullable): a code such as "de"; %NULL: nothing speaks for one
 */
const char *sotto_text_language (const char *text, gsize length);

G_END_DECLS
