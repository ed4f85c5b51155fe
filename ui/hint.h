#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Makes all tooltips of this process ones through which one can click. Call once, when GTK has been initialised. */
void sotto_hint_let_clicks_through (void);

/* Gives @label a tooltip with its own text, for as long as there is not the room for all of it. */
void sotto_hint_show_whole (GtkLabel *label);

G_END_DECLS
