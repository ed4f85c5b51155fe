#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <cmark-gfm.h>

#include "markdown/markdown-math.h"

G_BEGIN_DECLS

/* CommonMark with GitHub's tables, strikethrough, task lists and bare links, and with formulas; and what of it nobody shall be taken in
 * by. Any thread, one document each. */

/* Returns: (transfer full): to be freed with cmark_node_free() */
cmark_node *sotto_markdown_parse (const char *text, gsize length);

/**
 * sotto_markdown_parse_blocks:
 * @math: (out): what sotto_markdown_math_show() needs to put the formulas in
 *
 * The first half of sotto_markdown_parse(), in which each block still knows in which line it begins.
 */
cmark_node *sotto_markdown_parse_blocks (const char *text, gsize length, SottoMarkdownMath **math);

/* Whether @c is invisible, or turns the reading order of what stands around it */
gboolean sotto_markdown_is_treacherous (gunichar c);

/* Whether a link may lead to @address: http, https and mailto */
gboolean sotto_markdown_is_followed (const char *address);

/* Whether @html is nothing but a break of a line, the one piece of HTML that models write as a matter of course: a cell of a table
 * cannot have one otherwise */
gboolean sotto_markdown_is_break (const char *html);

G_END_DECLS
