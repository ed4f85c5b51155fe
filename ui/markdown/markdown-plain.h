#pragma once

#include <cmark-gfm.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The labels that Markdown is made of, and text that is too long, too deep or too strange to be more than text. */

/* A paragraph's label: wraps, can be selected, opens links on a click. */
GtkWidget *sotto_markdown_label_new (void);
GtkWidget *sotto_markdown_label_new_with_role (GtkAccessibleRole role);

/* Changes @label if that changes anything. */
void sotto_markdown_label_set_markup (GtkWidget *label, const char *markup);

/**
 * sotto_markdown_is_long:
 *
 * Returns: whether the text of @node would take longer than a frame to lay out as one label
 */
gboolean sotto_markdown_is_long (cmark_node *node);

/* Returns: (transfer full): the text of @node without its marks */
char *sotto_markdown_get_plain (cmark_node *node);

/**
 * sotto_markdown_direct:
 * @block: what shows a paragraph, a list, a table…
 *
 * Makes it go the way of its first words, whatever the window's: an answer in Arabic begins on the right also where the desktop
 * speaks English. Code goes from left to right.
 */
void sotto_markdown_direct (GtkWidget *block);

/* A box of labels that shows text of any length as it is. */
GtkWidget *sotto_markdown_plain_new (void);
void sotto_markdown_plain_set_text (GtkWidget *plain, const char *text);

/* Appends it to what a text view shows, in lines that are laid out one by one. */
void sotto_markdown_plain_append_to_buffer (GtkTextBuffer *buffer, const char *text);

/* Returns: whether the text is so long that it stands in a view of bounded height, which has no width of its own */
gboolean sotto_markdown_plain_is_view (GtkWidget *plain);

G_END_DECLS
