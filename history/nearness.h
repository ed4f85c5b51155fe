#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * SottoNearness:
 * @row: of what the vector is of
 * @cosine: between what it and the question are about
 * @value: how much nearer it is than what has nothing to do with the question; above 0
 */
typedef struct {
  gint64 row;
  float cosine;
  double value;
} SottoNearness;

/**
 * SottoNearing:
 *
 * A question that is compared with the vectors of all that may answer it.
 */
typedef struct _SottoNearing SottoNearing;

/**
 * sotto_nearing_new:
 * @embedder: (nullable): whose vector it is; where it is not the history's nothing is compared
 * @vector: (nullable): of a question: floats, of length 1
 * @n_all: how many vectors there are to compare it with, about
 *
 * Returns: (transfer full): free with sotto_nearing_free(); or %NULL with an error
 */
SottoNearing *sotto_nearing_new (SottoDatabase  *database,
                                 const char     *embedder,
                                 GBytes         *vector,
                                 gint64          n_all,
                                 GError        **error);
void sotto_nearing_free (SottoNearing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoNearing, sotto_nearing_free)

/* Whether there is anything to compare; if not, rows need not be looked up */
gboolean sotto_nearing_is_needed (const SottoNearing *self);

/**
 * sotto_nearing_compare:
 * @rows: (nullable): columns: row, embedder, vector; %NULL: they could not be looked up, and @error is set
 *
 * Looks at all of @rows, among which vectors of other embedders may be. When the database's cancellable is cancelled it stops at
 * once.
 */
gboolean sotto_nearing_compare (SottoNearing *self, sqlite3_stmt *rows, GError **error);

/**
 * sotto_nearing_end:
 *
 * Returns: (transfer full) (element-type SottoNearness): the nearest first, none that fits too little; empty, too, if there was
 *   nothing to compare
 */
GArray *sotto_nearing_end (SottoNearing *self);

G_END_DECLS
