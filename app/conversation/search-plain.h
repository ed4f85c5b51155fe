#pragma once

#include <sotto-history.h>

G_BEGIN_DECLS

/**
 * sotto_search_find_marks:
 * @text: (inout): a snippet of a message; what stands between two cells of a table becomes a space
 * @ranges: what was found in it, which is never hidden
 *
 * Which of the text is Markdown's and not words. It is one line, cut out anywhere, so that it cannot
 * be read as a document: what may be either stays.
 *
 * Returns: (transfer full): for each byte whether it is left out
 */
gboolean *sotto_search_find_marks (char *text, const SottoHistoryRange *ranges, guint n_ranges);

G_END_DECLS
