#pragma once

#include "sotto-event-queue.h"
#include "sotto-model.h"
#include "sotto-residents.h"

G_BEGIN_DECLS

/* What a prompt's pictures are for a model: looked at when their rows are to be evaluated, one after the other. Belongs to the
 * worker's thread, and to one request. */
typedef struct _SottoLooking SottoLooking;

/* @prompt, @residents, @resident, @backend (the CPU's): borrowed. @residents: whose budget has room for it, or not. @id: of the request,
 * whose LOOKING go to @events */
SottoLooking *sotto_looking_new (const SottoPrompt *prompt,
                                 SottoResidents    *residents,
                                 SottoResident     *resident,
                                 SottoBackend      *backend,
                                 guint64            id,
                                 SottoEventQueue   *events);
void sotto_looking_free (SottoLooking *self);

/* Good as long as @self. */
const SottoRows *sotto_looking_get_rows (const SottoLooking *self);

/* How long it has looked so far. */
gint64 sotto_looking_get_us (const SottoLooking *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoLooking, sotto_looking_free)

G_END_DECLS
