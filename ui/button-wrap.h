#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The words of @button, which has a label, take a second line where letters are large and the window is narrow: a page makes the whole
 * window as wide as they are, in sight or not. */
static inline void
sotto_button_let_wrap (GtkButton *button)
{
  GtkWidget *label = gtk_button_get_child (button);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
}

G_END_DECLS
