#pragma once

#include <gtk/gtk.h>
#include <sotto-app.h>

G_BEGIN_DECLS

/* What something that could not be saved would be lost with */
typedef enum {
  SOTTO_LEAVING_CLOSE,
  SOTTO_LEAVING_LOCK,
} SottoLeaving;

/**
 * sotto_unsaved_ask_async:
 * @parent: the window, or something in it
 *
 * Saves what waits to be saved, and asks where that was in vain. Call it where sotto_app_is_unsaved(); a program that is ended
 * by the session asks nobody.
 */
void sotto_unsaved_ask_async (GtkWidget *parent, SottoApp *app, SottoLeaving leaving, GAsyncReadyCallback callback, gpointer user_data);

/* Returns: whether nothing would be lost, or a person has said that it may be */
gboolean sotto_unsaved_ask_finish (GtkWidget *parent, GAsyncResult *result);

G_END_DECLS
