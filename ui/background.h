#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoBackground:
 *
 * What goes on while nobody looks. While a reply is being made the computer stays awake; when one
 * has ended and the window is not the active one, a notification says so; a window that is closed
 * meanwhile only hides, and really closes with the last reply. Otherwise nothing of Sotto runs
 * without a window.
 */
typedef struct _SottoBackground SottoBackground;

SottoBackground *sotto_background_new (GtkApplication *application, SottoApp *app);
void sotto_background_free (SottoBackground *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoBackground, sotto_background_free)

/**
 * sotto_background_take_window:
 * @window: that a person closes
 *
 * Returns: whether it was hidden instead, because a reply is being made; it is closed with its end
 */
gboolean sotto_background_take_window (SottoBackground *self, GtkWindow *window);

/* The person is back: what was notified is seen. Call it when @window is presented or becomes active. */
void sotto_background_give_window (SottoBackground *self, GtkWindow *window);

G_END_DECLS
