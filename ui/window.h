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

/* What others on the desktop ask for. Where the history is not open yet it is done as soon as it is. */
void sotto_window_open_conversation (SottoWindow *self, const char *id);
void sotto_window_search (SottoWindow *self, const char *words);

/* Adds a model file where it lies and uses it. */
void sotto_window_add_model (SottoWindow *self, GFile *file);

G_END_DECLS
