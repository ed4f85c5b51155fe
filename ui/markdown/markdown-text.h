#pragma once

#include <cmark-gfm.h>
#include <glib.h>
#include <sotto-app.h>

G_BEGIN_DECLS

/* The inlines of CommonMark (emphasis, code, links …) and formulas as Pango markup for a #GtkLabel. */

/**
 * SottoMarkdownFormulaFunc:
 * @inner: what is to be read as mathematics
 * @source: that with its delimiters
 */
typedef void (*SottoMarkdownFormulaFunc) (GString *markup, const char *inner, const char *source, gpointer user_data);

/* Appends text as code. */
void sotto_markdown_append_code (GString *markup, const char *text);

/**
 * sotto_markdown_inlines_to_markup:
 * @block: a node whose children are inlines
 *
 * Links keep their address as title, so that a label's tooltip shows where they go; only http, https and
 * mailto become links, anything else is shown with its address as text. Images are never fetched: their
 * description stands as a link. HTML is shown as it was written.
 *
 * A formula is asked of @formula, which appends valid markup; without one, its source stands there as code.
 *
 * Returns: (transfer full): valid markup
 */
char *sotto_markdown_inlines_to_markup (cmark_node *block, SottoMarkdownFormulaFunc formula, gpointer user_data);

/**
 * sotto_markdown_append_escaped:
 *
 * Appends @text (UTF-8, @length bytes or -1) to @markup with <, > and & escaped, and with characters that are invisible
 * or turn the reading order (zero-width spaces, bidirectional controls) shown by their code point.
 */
void sotto_markdown_append_escaped (GString *markup, const char *text, gssize length);

G_END_DECLS
