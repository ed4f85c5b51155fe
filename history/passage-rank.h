#pragma once

#include "database.h"
#include "sotto-history.h"

G_BEGIN_DECLS

/**
 * SottoCandidate:
 * @row: a passage's
 * @score: how well it fits; 0 and more
 * @found: what the words weigh that it has, each once
 * @n_words: how many words of the question it has
 * @found_by: what has given it its score
 */
typedef struct {
  gint64 row;
  double score;
  double found;
  guint n_words;
  SottoHistoryFound found_by;
} SottoCandidate;

/**
 * sotto_passage_rank_register:
 *
 * Makes the function known to a connection that counts how often a row has what was asked for.
 */
gboolean sotto_passage_rank_register (SottoDatabase *database, GError **error);

/**
 * sotto_passage_rank:
 * @folders: (element-type gint64): rows
 * @words: (element-type SottoPassageWord)
 * @n_passages: how many there are in the folders
 * @asked: (out): what of @found a passage has that answers all of the question, about
 *
 * Returns: (transfer full) (element-type SottoCandidate): the best first, none that fits too little; or %NULL with an error
 */
GArray *sotto_passage_rank (SottoDatabase  *database,
                            GArray         *folders,
                            GPtrArray      *words,
                            gint64          n_passages,
                    double         *asked,
                            GError        **error);

G_END_DECLS
