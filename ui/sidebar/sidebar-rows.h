#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Gives @view, whose model is a #SottoOutline, its rows and headings, and the keys that do something with a row. */
void sotto_sidebar_rows_attach (GtkListView *view);

/* Under one heading all are equal: the order is that of the model. A #GCompareDataFunc for its items */
int sotto_sidebar_rows_compare (gconstpointer a, gconstpointer b, gpointer user_data);

G_END_DECLS
