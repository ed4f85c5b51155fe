#pragma once

#include "sotto-event-queue.h"
#include "sotto-residents.h"

G_BEGIN_DECLS

/* One request for vectors of texts, from its beginning to its last event. Runs in the worker's thread.
 *
 * @id: the request's
 * @place: where the model is to be computed
 * @residents: where it is found, or opened beside those that write
 */
typedef struct {
  guint64 id;
  SottoEmbed request;
  SottoCancel *cancel;
  SottoResidentPlace place;
  SottoResidents *residents;
  SottoEventQueue *events;
} SottoEmbedding;

/* Pushes (LOADING…, LOADED) and exactly one of EMBEDDED, CANCELLED, FAILED.
 *
 * Returns: (transfer none) (nullable): the model, where it was opened now */
SottoModel *sotto_embedding_run (const SottoEmbedding *self);

G_END_DECLS
