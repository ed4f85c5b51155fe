#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * sotto_hint_set_text:
 * @widget: one of several that stand below each other, or a label that may be cut
 * @text: what its tooltip says
 *
 * Gives @widget a tooltip through which one can click, because it lies over the next of them. A label shows it only while it
 * has not the room for all of its text.
 */
void sotto_hint_set_text (GtkWidget *widget, const char *text);

G_END_DECLS
