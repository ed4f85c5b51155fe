#pragma once

#include <cmark-gfm.h>
#include <glib.h>

G_BEGIN_DECLS

/* A formula as a node of CommonMark. To all who do not ask, it is code. */

/**
 * SottoMarkdownFormula:
 * @source: with its delimiters
 * @inner: what is to be read as mathematics
 * @is_display: whether it stands for itself
 */
typedef struct {
  char *source;
  char *inner;
  gboolean is_display;
} SottoMarkdownFormula;

void sotto_markdown_formula_clear (SottoMarkdownFormula *formula);

/* @type: CMARK_NODE_CODE or CMARK_NODE_CODE_BLOCK. Returns: (transfer full): with a copy of @formula */
cmark_node *sotto_markdown_formula_to_node (cmark_node_type type, const SottoMarkdownFormula *formula);

/* Returns: (nullable) (transfer none): the formula that @node is */
const SottoMarkdownFormula *sotto_markdown_formula_of_node (cmark_node *node);

/**
 * sotto_markdown_formula_divide:
 * @paragraph: a paragraph, which may be freed
 *
 * Puts each formula in it that stands for itself between two paragraphs, with the full stop behind it.
 */
void sotto_markdown_formula_divide (cmark_node *paragraph);

G_END_DECLS
