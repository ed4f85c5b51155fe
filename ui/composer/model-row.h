#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoModelRow:
 *
 * A model in the list of the picker: its name, its size, and what to expect of it or, where it cannot be used, why. Such a
 * row can be read and gone to like the others, but not chosen.
 */
#define SOTTO_TYPE_MODEL_ROW (sotto_model_row_get_type ())
G_DECLARE_FINAL_TYPE (SottoModelRow, sotto_model_row, SOTTO, MODEL_ROW, GtkListBoxRow)

GtkWidget *sotto_model_row_new (SottoModelEntry *entry);
SottoModelEntry *sotto_model_row_get_entry (SottoModelRow *self);

/* Whether it is the model of the conversation. */
void sotto_model_row_set_chosen (SottoModelRow *self, gboolean is_chosen);

G_END_DECLS
