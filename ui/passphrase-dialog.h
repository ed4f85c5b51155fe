#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * sotto_passphrase_dialog_present:
 * @on_set: (nullable): called when the history is protected by what was entered, with @user_data and
 *   @app, and only as long as @user_data lives
 *
 * Asks for a passphrase, twice, and protects the history by it. What goes wrong is said in the
 * dialog, which then stays.
 */
void sotto_passphrase_dialog_present (GtkWidget *parent,
                                      SottoApp  *app,
                                      GCallback  on_set,
                                      GObject   *user_data);

G_END_DECLS
