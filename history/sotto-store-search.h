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

/**
 * sotto_store_search_meaning_async:
 * @embedder: the model that made @vector; when it is not the history's (sotto_store_set_embedder_async()) nothing is found
 * @vector: of what the person typed: floats, of length 1
 * @except: (array zero-terminated=1) (nullable): ids of messages that are known already, and left out
 * @limit: most hits, 1…100
 *
 * Searches what was said in conversations that are not deleted for what says the same in other words, or in another language if the
 * model knows it, as far as there are vectors: what stands out from what is merely the nearest, each message once, the nearest
 * first. Cancelling stops it at once.
 */
void sotto_store_search_meaning_async (SottoStore          *self,
                                       const char          *embedder,
                                       GBytes              *vector,
                                       const char *const   *except,
                                       guint                limit,
                                       GCancellable        *cancellable,
                                       GAsyncReadyCallback  callback,
                                       gpointer             user_data);

/**
 * sotto_store_search_meaning_finish:
 *
 * Returns: (transfer full) (element-type SottoHistoryHit): with their pieces
 */
GPtrArray *sotto_store_search_meaning_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
