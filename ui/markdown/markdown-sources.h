#pragma once

#include <cmark-gfm.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Numbers in a reply that name a passage it was given: "[1]", "[1, 3]". */

/**
 * sotto_markdown_link_sources:
 * @document: what CommonMark made of the reply
 * @titles: of the passages, in the order of their numbers
 *
 * Makes each number that has a passage a link to it, unless it stands in code, in a formula or in another link.
 */
void sotto_markdown_link_sources (cmark_node *document, const char *const *titles);

/* Whether @node is such a link */
gboolean sotto_markdown_is_source (cmark_node *node);

/* Returns: the number to which @address leads; 0: it leads elsewhere */
guint sotto_markdown_parse_source (const char *address);

/**
 * sotto_markdown_activate_source:
 * @label: in which a link to @number was followed
 *
 * Activates "message.source" with the number and where it stands: x, y, width and height in the window.
 */
void sotto_markdown_activate_source (GtkWidget *label, guint number);

G_END_DECLS
