#pragma once

#include <gtksourceview/gtksource.h>

G_BEGIN_DECLS

/* What makes a text view one in which messages are written: words that the dictionary does not know are underlined, with
 * corrections in the context menu; code has its colours; and what was pasted is in sight. */
void sotto_writing_begin (GtkSourceView *view);

/* Before @view goes */
void sotto_writing_end (GtkSourceView *view);

G_END_DECLS
