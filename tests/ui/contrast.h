#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * contrast_find_weak:
 * @root: a widget in sight; it and what lies in it is looked at
 * @n_measured: (out): how many texts and icons were measured
 *
 * Renders the window and measures, by WCAG 2.1, how the texts and icons on it stand out from what they stand on: texts need 4.5
 * (1.4.3), icons 3 (1.4.11). What cannot be pressed now, is cut off or too small to measure is left out.
 *
 * Returns: (transfer full) (array zero-terminated=1): those that need more, in words
 */
char **contrast_find_weak (GtkWidget *root, guint *n_measured);

G_END_DECLS
