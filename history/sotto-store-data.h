#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/* The bytes of parts, which are megabytes where texts are kilobytes: messages are read without them, and whoever shows one reads
 * those that it needs. */

/**
 * sotto_history_hash_data:
 *
 * Some milliseconds for a photograph; any thread.
 *
 * Returns: (transfer full): what a history finds @data by: SottoHistoryPart.hash
 */
GBytes *sotto_history_hash_data (GBytes *data);

/**
 * sotto_store_load_data_async:
 * @hash: of a part
 *
 * Reads the bytes that are kept under @hash. _NOT_FOUND: there are none, or no more; _CORRUPT_DATABASE: they are others.
 */
void sotto_store_load_data_async (SottoStore          *self,
                                  GBytes              *hash,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/* Returns: (transfer full) */
GBytes *sotto_store_load_data_finish (SottoStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
