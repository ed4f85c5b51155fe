#pragma once

#include "sotto-event-queue.h"
#include "sotto-model.h"

G_BEGIN_DECLS

/**
 * SottoHasher:
 *
 * Takes the hashes of a worker's models, in a thread of its own of low priority that reads the mapping and nothing else. A hash that is
 * known by the file's stamp, from this worker or from before, is not taken again. All functions may be called from any thread.
 */
typedef struct _SottoHasher SottoHasher;

/* @events: where HASHED goes; it must outlive the hasher */
SottoHasher *sotto_hasher_new (SottoEventQueue *events, GError **error);

/**
 * sotto_hasher_free:
 *
 * Returns when the thread has ended, within some ms of sotto_hasher_stop().
 */
void sotto_hasher_free (SottoHasher *self);

/* What is under way ends, and nothing more is taken. */
void sotto_hasher_stop (SottoHasher *self);

/* As sotto_worker_tell_hash() */
void sotto_hasher_tell (SottoHasher *self, const char *stamp, const char *hash);

/* Gives @model its hash, at once where it is known; then it is HASHED. */
void sotto_hasher_begin (SottoHasher *self, SottoModel *model);

/* While a request runs the thread rests most of the time. */
void sotto_hasher_set_resting (SottoHasher *self, gboolean is_resting);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHasher, sotto_hasher_free)

G_END_DECLS
