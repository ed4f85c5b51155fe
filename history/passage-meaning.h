#pragma once

#include "nearness.h"

G_BEGIN_DECLS

/**
 * sotto_passage_rank_by_meaning:
 * @folders: (element-type gint64): rows
 * @n_passages: how many there are in the folders
 * @embedder: (nullable): whose vector it is; where it is not the history's nothing is compared
 * @vector: (nullable): of a question: floats, of length 1
 *
 * Looks at all vectors of the folders. When the database's cancellable is cancelled it stops at once.
 *
 * Returns: (transfer full) (element-type SottoNearness): the nearest first, none that fits too little; empty, too, if there is
 *   nothing to compare; or %NULL with an error
 */
GArray *sotto_passage_rank_by_meaning (SottoDatabase  *database,
                                       GArray         *folders,
                                       gint64          n_passages,
                                       const char     *embedder,
                                       GBytes         *vector,
                                       GError        **error);

G_END_DECLS
