#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Words that were looked for, marked where they stand in a message: in its labels and its text views. */

/**
 * sotto_find_fold:
 * @offsets: (out) (optional) (element-type gsize): for each byte of what is returned, and for its end, where in @text the
 *   character begins that it comes from
 *
 * Case and accents aside: "Zażółć" becomes "zazolc".
 *
 * Returns: (transfer full)
 */
char *sotto_find_fold (const char *text, GArray **offsets);

/**
 * sotto_find_mark:
 * @words: (nullable): what is marked everywhere in and below @widget, case and accents aside; %NULL: nothing is any more
 *
 * Returns: (transfer none) (nullable): the first widget in sight with such words
 */
GtkWidget *sotto_find_mark (GtkWidget *widget, const char *words);

G_END_DECLS
