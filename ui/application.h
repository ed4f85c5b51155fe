#pragma once

#include <adwaita.h>

#include "global-shortcut.h"
#include "sotto-app.h"

G_BEGIN_DECLS

/* The process as the desktop sees it: one window, the keys, files and searches from elsewhere, the way out. */
#define SOTTO_TYPE_APPLICATION (sotto_application_get_type ())
G_DECLARE_FINAL_TYPE (SottoApplication, sotto_application, SOTTO, APPLICATION, AdwApplication)

SottoApp *sotto_application_get_app (SottoApplication *self);
SottoGlobalShortcut *sotto_application_get_global_shortcut (SottoApplication *self);

/* For a window that a person closes. Returns: whether it was only hidden, until replies have ended */
gboolean sotto_application_take_window (SottoApplication *self, GtkWindow *window);

/* The window that was to be closed stays: it was not the end. */
void sotto_application_stay (SottoApplication *self);

G_END_DECLS
