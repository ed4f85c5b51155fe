#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Offers the recovery code, once, after the history was made. */
void sotto_recovery_dialog_present (GtkWidget *parent, SottoApp *app);

G_END_DECLS
