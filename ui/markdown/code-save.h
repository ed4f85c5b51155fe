#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Asks where, and writes @json there as a file. @widget: says so if it could not be written */
void sotto_code_save (GtkWidget *widget, const char *json);

G_END_DECLS
