#pragma once

#include "document/document.h"

G_BEGIN_DECLS

/* What a document is made of, for passages.c */

typedef enum {
  SOTTO_UNIT_HEADING,
  SOTTO_UNIT_PARAGRAPH,
  SOTTO_UNIT_ROW, /* of a table, an item of a list, a line of code */
} SottoUnitKind;

/**
 * SottoUnit:
 * @level: of a heading, from 1; the lower, the more it is about
 * @page: where it stands
 * @text: without an end of line at its end
 * @goes_on: it belongs to the unit before it: the next row, or the rest of a paragraph that a page's end has cut
 * @head: (nullable): of a row: what its table's columns are called; borrowed from the table's first row
 */
typedef struct {
  SottoUnitKind kind;
  guint level;
  guint page;
  char *text;
  gboolean goes_on;
  const char *head;
} SottoUnit;

/* Returns: (transfer full) (element-type SottoUnit) */
GPtrArray *sotto_passages_create_units (const GPtrArray *pages);

/* --- passages-lines.c --- */

/**
 * sotto_passages_split_pages:
 *
 * Returns: (transfer full) (element-type GPtrArray of utf8): the lines of each page without blanks at their ends, and without
 *   those that stand at the same place of the pages beside
 */
GPtrArray *sotto_passages_split_pages (const GPtrArray *pages);

/* --- passages-sentences.c --- */

/**
 * sotto_passages_find_cut:
 * @text: (array length=length)
 * @wanted: bytes
 * @most: bytes, less than @length
 *
 * Returns: where @text is best cut: behind a sentence near @wanted if there is one, else a line, a word, a letter; 1…@most
 */
gsize sotto_passages_find_cut (const char *text, gsize length, gsize wanted, gsize most);

/* Where the last sentence (or what there is of one) begins that ends at @end and has at most @most bytes; @end: none does */
gsize sotto_passages_find_last_sentence (const char *text, gsize end, gsize most);

/* Whether @text ends with what ends a sentence, in any script */
gboolean sotto_passages_ends_sentence (const char *text);

G_END_DECLS
