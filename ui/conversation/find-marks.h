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
 * sotto_find_list_needles:
 * @words: as a person types them into a search
 *
 * Returns: (transfer full): what to look for, the best first: all of them together, without the quotation marks of a search, and
 *   then, where there are several, each
 */
char **sotto_find_list_needles (const char *words);

/* Where words stand in what is shown */
typedef struct {
  GtkWidget *widget;  /* (unowned): a #GtkLabel or a #GtkTextView */
  gsize offset;       /* of its text: bytes in a label, characters in a text view */
} SottoFoundPlace;

/**
 * sotto_find_mark:
 * @words: (nullable): what is marked everywhere in and below @widget, case and accents aside; %NULL: nothing is any more
 * @wanted: which of the places in sight, counted from 0, is marked as the one that is shown; there is none after the last
 * @place: (out) (optional): that one, where there are any
 *
 * Returns: how many places are in sight
 */
guint sotto_find_mark (GtkWidget *widget, const char *words, guint wanted, SottoFoundPlace *place);

/* The same with nothing but the wanted place marked, more quietly, as it may be a whole sentence; and none if there is none */
void sotto_find_mark_one (GtkWidget *widget, const char *words, guint wanted);

/**
 * sotto_found_place_get_bounds:
 * @bounds: (out): the line in which it stands, as wide as its widget
 *
 * Returns: whether it is in @ancestor
 */
gboolean sotto_found_place_get_bounds (const SottoFoundPlace *place, GtkWidget *ancestor, graphene_rect_t *bounds);

G_END_DECLS
