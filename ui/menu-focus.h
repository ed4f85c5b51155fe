#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Who opens the menu of @button by a key from elsewhere is there again when it closes; so is who opens and closes a dialog from it. */
void sotto_menu_focus_returns (GtkMenuButton *button);

G_END_DECLS
