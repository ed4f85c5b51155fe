#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoWindow:
 *
 * The window: conversations on the left, one of them on the right; or, as long as the history is not
 * open, the page that says why.
 */
#define SOTTO_TYPE_WINDOW (sotto_window_get_type ())
G_DECLARE_FINAL_TYPE (SottoWindow, sotto_window, SOTTO, WINDOW, AdwApplicationWindow)

GtkWindow *sotto_window_new (GtkApplication *application, SottoApp *app);

G_END_DECLS
