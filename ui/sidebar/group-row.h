#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* A group in the sidebar: whether it is open, its name, how many conversations are in it, and a menu. A conversation that is dropped on it
 * joins it. */
#define SOTTO_TYPE_GROUP_ROW (sotto_group_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoGroupRow, sotto_group_row, SOTTO, GROUP_ROW, GtkWidget)

/* @group: (nullable) */
void sotto_group_row_set_group (SottoGroupRow *self, SottoGroup *group);

/* Returns: (transfer none) (nullable) */
SottoGroup *sotto_group_row_get_group (SottoGroupRow *self);
void sotto_group_row_open_menu (SottoGroupRow *self);

/* Returns: (transfer full): the group's name and number of conversations, for who hears it */
char *sotto_group_row_describe (SottoGroup *group);

G_END_DECLS
