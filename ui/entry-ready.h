#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Keys go to a widget that is realized, and what stands in a search bar is not before the bar has been in sight: what a fast
 * hand types behind the key that opens it would be lost. */
static inline void
sotto_entry_make_ready (GtkEditable *entry)
{
  gtk_widget_realize (GTK_WIDGET (gtk_editable_get_delegate (entry)));
}

G_END_DECLS
