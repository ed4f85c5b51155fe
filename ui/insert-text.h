#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Text that comes into a view all at once. */

/**
 * sotto_insert_text:
 *
 * Puts @text in the place of what is selected, as a paragraph of its own that one action takes back, and goes there.
 */
void sotto_insert_text (GtkTextView *view, const char *text);

/**
 * sotto_insert_text_follow:
 *
 * Shows the cursor of @view once it has grown to what was put in: before, it would be scrolled to what is in sight anyway.
 */
void sotto_insert_text_follow (GtkTextView *view);

G_END_DECLS
