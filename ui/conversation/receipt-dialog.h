#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Shows how a reply was made: all that is needed to have the same answer again. */
void sotto_receipt_dialog_present (GtkWidget *parent, SottoMessage *message);

G_END_DECLS
