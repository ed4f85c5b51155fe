#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Shows over @parent what is private and how, what a person can do to see it, and where things lie. */
void sotto_privacy_dialog_present (GtkWidget *parent, SottoApp *app);

G_END_DECLS
