#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <cmark-gfm.h>
#include <glib.h>

G_BEGIN_DECLS

/* Formulas in Markdown. CommonMark knows none, and would take their backslashes, stars and underscores for its own marks: they
 * are found before it reads the text, and each of their lines is one mark to it. */

typedef struct _SottoMarkdownMath SottoMarkdownMath;

/**
 * sotto_markdown_math_hide:
 * @hidden: (out): @text as CommonMark is to read it, with as many lines
 *
 * Returns: (transfer full): what it takes to show the formulas again
 */
SottoMarkdownMath *sotto_markdown_math_hide (const char *text, gsize length, char **hidden);

/**
 * sotto_markdown_math_show:
 * @document: what CommonMark made of the hidden text
 *
 * Puts the formulas into @document, as code that sotto_markdown_math_get_formula() knows: CMARK_NODE_CODE in a line, and
 * CMARK_NODE_CODE_BLOCK between paragraphs. What turns out to be code, an address or HTML is as it was written.
 */
void sotto_markdown_math_show (SottoMarkdownMath *self, cmark_node *document);

void sotto_markdown_math_free (SottoMarkdownMath *self);

/**
 * sotto_markdown_math_find_open:
 *
 * Returns: where the line begins in which a formula has been opened that more text may still close; @length if there is none
 */
gsize sotto_markdown_math_find_open (const char *text, gsize length);

/**
 * sotto_markdown_math_get_formula:
 * @node: any node
 * @source: (out) (optional): the formula with what stood around it
 *
 * Returns: (nullable): what is to be read as mathematics, if @node is a formula
 */
const char *sotto_markdown_math_get_formula (cmark_node *node, const char **source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMarkdownMath, sotto_markdown_math_free)

G_END_DECLS
