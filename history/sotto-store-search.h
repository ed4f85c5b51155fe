#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/**
 * sotto_store_search_async:
 * @text: what the person typed; every word must be found. No character has a special meaning
 * @limit: most hits, 1…1000
 *
 * Searches titles and messages (also those not on an active path) of conversations that are not
 * deleted: by beginnings of words with diacritics and case folded, and by any three characters or
 * more in a row, which finds parts of words and scripts that don't separate words. One or two
 * characters of such a script are found by reading through. Best hits first. Cancelling stops it
 * at once.
 */
void sotto_store_search_async (SottoStore          *self,
                               const char          *text,
                               guint                limit,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data);

/**
 * sotto_store_search_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryHit): empty if nothing was found or @text
 *   holds nothing to search for
 */
GPtrArray *sotto_store_search_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
