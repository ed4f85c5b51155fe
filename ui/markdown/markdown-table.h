#pragma once

#include <cmark-gfm.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A table in a message: a grid in a scroller that goes sideways. */
GtkWidget *sotto_markdown_table_new (void);

/* Makes @table show @node; labels that stay are changed in place. */
void sotto_markdown_table_update (GtkWidget *table, cmark_node *node);

G_END_DECLS
