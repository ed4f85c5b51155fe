#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_answer_json_lay_out:
 * @text: one JSON value, or its beginning
 * @is_cut: nothing more comes: what is open is closed
 *
 * A value on as many lines as it has parts, two spaces for each level; strings and numbers are the bytes that they were. Of a
 * beginning it is the beginning of what it is for all of it.
 *
 * What is closed is JSON again: a string ends where it was cut off, and a number or a word that may have gone on is left out, with
 * the name before it, as half a number is another number. Where nothing is left it is null.
 *
 * Returns: (transfer full) (nullable): UTF-8; %NULL: it does not begin as JSON does
 */
char *sotto_answer_json_lay_out (const char *text, gboolean is_cut);

G_END_DECLS
