#pragma once

#include <sotto-history.h>

#include "document/document.h"

G_BEGIN_DECLS

/* How much of a document is found at once, and given to a model: bytes that a passage is meant to have, and that none
 * is longer than. */
#define SOTTO_PASSAGE_BYTES 900
#define SOTTO_PASSAGE_MOST_BYTES 1400

/**
 * sotto_passages_cut:
 * @pages: (element-type SottoDocumentPage): in order
 *
 * Cuts a document into passages: where a section ends rather than a paragraph, a paragraph rather than a sentence, and never
 * in the midst of a row of a table or an item of a list that is no longer than a passage. A passage that begins within a
 * section has its headings once more, and one within a table the first row. Only where a paragraph had to be cut the end of
 * one passage is the beginning of the next, too. What stands on top or at the bottom of page after page is left out.
 *
 * Any thread. Time: linear.
 *
 * Returns: (transfer full) (element-type SottoHistoryPassage): in their order; empty if there are no words
 */
GPtrArray *sotto_passages_cut (const GPtrArray *pages);

G_END_DECLS
