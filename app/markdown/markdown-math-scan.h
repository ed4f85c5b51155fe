#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoMathSpan:
 * @begin: where its first delimiter begins
 * @end: behind its last one
 * @inner_begin: what is mathematics
 * @is_display: stands for itself, not in a line
 * @is_open: is none yet, but the beginning of one, to the end of the text
 */
typedef struct {
  gsize begin;
  gsize end;
  gsize inner_begin;
  gsize inner_end;
  gboolean is_display;
  gboolean is_open;
} SottoMathSpan;

/**
 * sotto_math_scan:
 * @open: (out) (optional): where a formula begins that is not closed, but may be by more text; @length if none
 * @in_fence: (out) (optional): whether the text ends within a fenced block of code
 *
 * Finds formulas in Markdown: \(…\), \[…\], $$…$$, $…$, $`…`$ and \begin{…}…\end{…} of environments that are mathematics. Blocks of
 * code with fences and spans of code have none.
 *
 * Returns: (transfer full) (element-type SottoMathSpan)
 */
GArray *sotto_math_scan (const char *text, gsize length, gsize *open, gboolean *in_fence);

/* Returns: the end of the whitespace and of up to @n_quotes marks of quotes (and how many there were) with which a line begins */
const char *sotto_math_scan_skip_prefix (const char *line, const char *end, guint *n_quotes);

G_END_DECLS
