#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * sotto_toast_new:
 *
 * A toast for whole sentences, which take their time.
 *
 * Returns: (transfer full)
 */
AdwToast *sotto_toast_new (const char *words);

/* Gives @toast, which is about to be added to @overlay, a title that takes more lines where it has no room in one. */
void sotto_toast_wrap (AdwToast *toast, GtkWidget *overlay);

/* In the place of adw_toast_set_title(), which would take that away again */
void sotto_toast_set_title (AdwToast *toast, const char *title);

G_END_DECLS
