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

/* Uses a model file where it lies, or imports exported conversations (.sotto, .json). */
void sotto_window_open_file (SottoWindow *self, GFile *file);

/* For what happens in it */
SottoApp *sotto_window_get_app (SottoWindow *self);

/* A handler: @button, which opens the menu of the conversation that is shown, has become active or not.
 * @menu: where it can be moved to */
void sotto_window_fill_group_menu (GtkMenuButton *button, GParamSpec *pspec, GMenu *menu);

/* Shows a new conversation, if the one that was shown is no longer in the list. */
void sotto_window_leave_deleted (SottoWindow *self);

/* @toast: (transfer full) */
void sotto_window_add_toast (SottoWindow *self, AdwToast *toast);

/* What went wrong, as a toast */
void sotto_window_add_problem (SottoWindow *self, SottoProblem *problem);

G_END_DECLS
