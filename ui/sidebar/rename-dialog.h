#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Asks for another title of @conversation. */
void sotto_rename_dialog_present (GtkWidget *parent, SottoConversation *conversation);

G_END_DECLS
