#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_message_pieces_find:
 * @text: what a message says
 * @from: where to begin: 0, or where the piece before ended
 * @start: (out): where the next piece begins
 * @length: (out): how long it is: about %SOTTO_PASSAGE_BYTES and at most %SOTTO_PASSAGE_MOST_BYTES, where it can be cut behind
 *   sentences
 *
 * Cuts what a message says as long as passages are. Blanks around a piece are in none, and neither is what has no words.
 *
 * Returns: whether there is one
 */
gboolean sotto_message_pieces_find (const char *text, gsize from, gsize *start, gsize *length);

G_END_DECLS
