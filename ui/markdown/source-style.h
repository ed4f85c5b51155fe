#pragma once

#include <gtksourceview/gtksource.h>

G_BEGIN_DECLS

/* Gives @buffer the colours of libadwaita's appearance, light or dark, and follows it as long as @buffer lives. */
void sotto_source_style_follow (GtkSourceBuffer *buffer);

G_END_DECLS
