/* Asynchronous copies: begun, committed as groups, and there only when they are waited for. */

#include "grid.h"
#include "races.h"

#define MOST_COPIES 256

typedef struct {
  guint8 *to;
  const guint8 *from;       /* NULL: zeros */
  guint n_bytes;
  guint group;
} Copy;

struct EmulationCopies {
  EmulationCopies *next;    /* of the unused ones */
  guint first;
  guint n;
  guint group;              /* that is being begun */
  Copy copies[MOST_COPIES]; /* a ring */
};

EmulationRaces emulation_races;

void
emulation_copy_begin (void *shared, const void *global, guint n_bytes, EmulationSite site)
{
  EmulationThread *thread = emulation_thread;
  EmulationWorker *worker = thread->block->worker;
  EmulationCopies *self = thread->copies;

  if (((guintptr) shared | (guintptr) global) % n_bytes != 0)
    emulation_fail (site, "async copy of %u bytes, not aligned to them", n_bytes);
  if (!emulation_is_shared (shared))
    emulation_fail (site, "async copy to what is not shared memory");
  if (self == NULL)
    {
      self = worker->free_copies;
      if (self == NULL)
        self = g_new0 (EmulationCopies, 1);
      else
        worker->free_copies = self->next;
      self->n = self->first = self->group = 0;
      thread->copies = self;
    }
  if (self->n == MOST_COPIES)
    emulation_fail (site, "more than %d async copies of a thread under way", MOST_COPIES);
  self->copies[(self->first + self->n++) % MOST_COPIES] =
    Copy {(guint8 *) shared, (const guint8 *) global, n_bytes, self->group};
  /* It may land at once. */
  if (emulation_races.touch != NULL && global != NULL)
    emulation_races.touch (global, n_bytes, FALSE);
  if (emulation_races.touch != NULL)
    emulation_races.touch (shared, n_bytes, TRUE);
}

void
emulation_copy_commit (void)
{
  if (emulation_thread->copies != NULL)
    emulation_thread->copies->group++;
}

void
emulation_copy_wait (guint n_left)
{
  EmulationCopies *self = emulation_thread->copies;

  if (self == NULL)
    return;
  /* Groups 0 … group - 1 are committed; all but the last n_left have to be there. */
  while (self->n > 0 && self->copies[self->first].group + n_left < self->group)
    {
      Copy copy = self->copies[self->first];

      self->first = (self->first + 1) % MOST_COPIES;
      self->n--;
      if (copy.from != NULL)
        memcpy (copy.to, copy.from, copy.n_bytes);
      else
        memset (copy.to, 0, copy.n_bytes);
      if (emulation_races.touch != NULL)
        emulation_races.touch (copy.to, copy.n_bytes, TRUE);
    }
}

gboolean
emulation_copies_drop (EmulationThread *thread)
{
  EmulationWorker *worker = thread->block->worker;
  EmulationCopies *self = thread->copies;

  thread->copies = NULL;
  self->next = worker->free_copies;
  worker->free_copies = self;
  return self->n > 0;
}

void
emulation_copies_free (EmulationWorker *worker)
{
  while (worker->free_copies != NULL)
    {
      EmulationCopies *next = worker->free_copies->next;

      g_free (worker->free_copies);
      worker->free_copies = next;
    }
}
