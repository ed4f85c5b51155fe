#pragma once

#include <cmark-gfm.h>
#include <glib.h>

G_BEGIN_DECLS

/* CommonMark with GitHub's tables, strikethrough, task lists and bare links; and its inlines (emphasis, code, links …) as Pango
 * markup for a #GtkLabel. */

/* Returns: (transfer full): to be freed with cmark_node_free() */
cmark_node *sotto_markdown_parse (const char *text, gsize length);

/**
 * sotto_markdown_inlines_to_markup:
 * @block: a node whose children are inlines
 *
 * Links keep their address as title, so that a label's tooltip shows where they go; only http, https and
 * mailto become links, anything else is shown with its address as text. Images are never fetched: their
 * description stands as a link. HTML is shown as it was written.
 *
 * Returns: (transfer full): valid markup
 */
char *sotto_markdown_inlines_to_markup (cmark_node *block);

/**
 * sotto_markdown_append_escaped:
 *
 * Appends @text (UTF-8, @length bytes or -1) to @markup with <, > and & escaped, and with characters that are invisible
 * or turn the reading order (zero-width spaces, bidirectional controls) shown by their code point.
 */
void sotto_markdown_append_escaped (GString *markup, const char *text, gssize length);

G_END_DECLS
