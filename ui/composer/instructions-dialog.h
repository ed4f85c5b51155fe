#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Shows what the model is told first in @conversation, to be changed; and what the person has saved, to be told it. */
void sotto_instructions_dialog_present (GtkWidget *parent, SottoApp *app, SottoConversation *conversation);

G_END_DECLS
