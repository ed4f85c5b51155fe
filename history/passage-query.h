#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * SottoPassageWord:
 * @text: as the index has it
 * @exact: FTS5 expression for the word
 * @forms: (nullable): FTS5 expression for what begins as it does; %NULL: the word is too short for that
 * @value: from 0 to 1: less than 1 for a short word
 */
typedef struct {
  char *text;
  char *exact;
  char *forms;
  double value;
} SottoPassageWord;

/**
 * sotto_passage_query_parse:
 * @question: as a person asks it; no character has a special meaning
 *
 * Takes a question apart. A word counts once; of a long text its beginning and its end are taken.
 *
 * Returns: (transfer full) (element-type SottoPassageWord): in their order, or %NULL with an error
 */
GPtrArray *sotto_passage_query_parse (SottoDatabase *database, const char *question, GError **error);

G_END_DECLS
