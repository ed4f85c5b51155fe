#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Shows the keys over @parent, a widget of the application whose keys they are. */
void sotto_shortcuts_dialog_present (GtkWidget *parent);

G_END_DECLS
