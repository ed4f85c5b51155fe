#pragma once

#include <sotto-engine.h>

G_BEGIN_DECLS

/* Hashes of model files that were taken before, so that half a gigabyte is not read again at each start. They lie in
 * the user's cache folder by the files' stamps, which say nothing to others. Blocks for a small file. */

/**
 * sotto_hash_cache_tell:
 *
 * Tells @worker what is known.
 */
void sotto_hash_cache_tell (SottoWorker *worker);

/**
 * sotto_hash_cache_keep:
 * @stamp, @hash: as they came with %SOTTO_EVENT_HASHED
 *
 * Keeps them for the next start. Without a cache folder nothing is kept, which costs time only.
 */
void sotto_hash_cache_keep (const char *stamp, const char *hash);

G_END_DECLS
