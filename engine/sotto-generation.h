#pragma once

#include "sotto-event-queue.h"
#include "sotto-residents.h"

G_BEGIN_DECLS

/* One reply, from the request to its last event. Runs in the worker's thread.
 *
 * @id: the request's
 * @place: where the model is to be computed
 * @vision: (nullable): the file that it sees with
 * @residents: where it is found, or opened
 * @loaded: called after a model was opened for it
 */
typedef struct {
  guint64 id;
  const SottoGenerate *request;
  SottoCancel *cancel;
  SottoResidentPlace place;
  const char *vision;
  SottoResidents *residents;
  SottoBackend *backend;
  SottoEventQueue *events;
} SottoGeneration;

/* Opens the request's model and tells so (LOADING…, LOADED). NULL with @error. */
SottoResident *sotto_generation_open (const SottoGeneration  *self,
                                      const char             *path,
                                      guint                   n_context,
                                      gboolean               *opened,
                                      GError                **error);

/* Pushes LOADED, of a model that is open. */
void sotto_generation_tell_loaded (const SottoGeneration *self, const SottoResident *resident);

/* Pushes PREFILL…, TEXT… and exactly one of FINISHED, CANCELLED, FAILED. */
void sotto_generation_run (const SottoGeneration *self, SottoResident *resident);

/* Pushes the event that ends a request with @error: CANCELLED or FAILED. */
void sotto_generation_fail (const SottoGeneration *self,
                            SottoReceipt          *receipt, /* (transfer full) (nullable) */
                            GError                *error);  /* (transfer full) */

G_END_DECLS
