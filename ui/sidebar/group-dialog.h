#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Asks for the name of a new group and makes it. @conversation: (nullable): joins it then */
void sotto_group_dialog_present_new (GtkWidget *parent, SottoGroupList *groups, SottoConversation *conversation);

/* What a group is called, and what a new conversation in it begins with. What is changed holds at once. */
void sotto_group_dialog_present (GtkWidget *parent, SottoApp *app, SottoGroup *group);

G_END_DECLS
