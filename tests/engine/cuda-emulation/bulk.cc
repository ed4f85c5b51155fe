/* Copies in bulk: begun by one thread, counted in bytes by an arrival in shared memory, and there, as late as may be, when
 * somebody waits for it. Until then what they write holds no numbers.
 *
 * An arrival (an mbarrier) has phases. One ends when so many threads have come as it was made for, and all bytes that were
 * expected have: then its parity changes, and the next begins. Who waits names the parity of the phase that is to have ended.
 */

#include "grid.h"
#include "races.h"

#define MOST_COPIES 256
#define NOBODY 0xffff       /* what memory that nobody wrote holds */

typedef struct {
  guint16 n;                /* threads of a phase */
  guint16 n_left;           /* that have not come; the highest bit is the parity */
  gint32 n_bytes;           /* expected, less those that are there */
} Arrival;

#define PARITY 0x8000
/* Of bytes a phase counts so many (PTX ISA, range of an mbarrier's tx-count). */
#define MOST_BYTES ((1 << 20) - 1)

static_assert (sizeof (Arrival) == sizeof (guint64), "as large as an mbarrier");

typedef struct {
  guint8 *to;
  const guint8 *from;
  guint n_bytes;
  Arrival *arrival;
} Copy;

struct EmulationBulk {
  EmulationBulk *next;      /* of the unused ones */
  guint n;
  Copy copies[MOST_COPIES];
};

static guint
parity_of (const Arrival *self)
{
  return (self->n_left & PARITY) != 0;
}

static Arrival *
find_arrival (const void *p, EmulationSite site)
{
  Arrival *self = static_cast<Arrival *> (const_cast<void *> (p));

  emulation_need_hopper ("an arrival", site);
  if ((guintptr) p % sizeof *self != 0 || !emulation_is_shared (p))
    emulation_fail (site, "an arrival at %p, which is not in shared memory or not aligned", p);
  if (self->n == NOBODY || self->n == 0)
    emulation_fail (site, "an arrival that nobody has made");
  return self;
}

/* Those of an arrival; what they bring whoever waits sees. */
static void
land (Arrival *arrival)
{
  EmulationBulk *self = emulation_thread->block->bulk;
  guint n = 0;

  for (guint i = 0; self != NULL && i < self->n; i++)
    {
      const Copy *copy = &self->copies[i];

      if (copy->arrival != arrival)
        {
          self->copies[n++] = *copy;
          continue;
        }
      memcpy (copy->to, copy->from, copy->n_bytes);
      arrival->n_bytes -= (gint32) copy->n_bytes;
      if (emulation_races.settle != NULL)
        emulation_races.settle (copy->to, copy->n_bytes);
    }
  if (self != NULL)
    self->n = n;
}

/* Ends the phase, if it can be. */
static void
end_phase (Arrival *self, EmulationSite site)
{
  if ((self->n_left & ~PARITY) > 0)
    return;
  land (self);
  if (self->n_bytes < 0)
    emulation_fail (site, "%d more bytes have come than were expected", -self->n_bytes);
  if (self->n_bytes == 0)
    self->n_left = (guint16) (self->n | (parity_of (self) ? 0 : PARITY));
}

/* Something has come: who waits for it may go on. */
static void
wake (Arrival *arrival, EmulationSite site)
{
  EmulationBlock *block = emulation_thread->block;

  for (guint i = 0; i < block->n_warps; i++)
    {
      EmulationWarp *warp = &block->warps[i];

      if (warp->waits_for != EMULATION_BULK || warp->arrival != arrival)
        continue;
      if (parity_of (arrival) == warp->parity)
        end_phase (arrival, site);
      if (parity_of (arrival) != warp->parity)
        warp->waits_for = -1;
    }
}

void
emulation_bulk_init (void *p, guint n, EmulationSite site)
{
  Arrival *self = static_cast<Arrival *> (p);

  emulation_need_hopper ("bulk_init", site);
  if ((guintptr) p % sizeof *self != 0 || !emulation_is_shared (p) || n == 0 || n >= PARITY)
    emulation_fail (site, "an arrival of %u threads at %p", n, p);
  *self = Arrival {(guint16) n, (guint16) n, 0};
  if (emulation_races.touch != NULL)
    emulation_races.touch (p, sizeof *self, TRUE);
}

void
emulation_bulk_expect (void *p, guint n_bytes, EmulationSite site)
{
  Arrival *self = find_arrival (p, site);

  if (emulation_races.touch != NULL)
    emulation_races.touch (p, sizeof *self, FALSE);
  if ((self->n_left & ~PARITY) == 0)
    emulation_fail (site, "more threads come than the arrival was made for");
  if (n_bytes > MOST_BYTES || self->n_bytes + (gint32) n_bytes > MOST_BYTES)
    emulation_fail (site, "no phase counts more than %d bytes", MOST_BYTES);
  self->n_left--;
  self->n_bytes += (gint32) n_bytes;
  wake (self, site);
}

void
emulation_bulk_copy (void *shared, const void *global, guint n_bytes, void *p, EmulationSite site)
{
  EmulationBlock *block = emulation_thread->block;
  EmulationWorker *worker = block->worker;
  Arrival *arrival = find_arrival (p, site);
  EmulationBulk *self = block->bulk;

  if (((guintptr) shared | (guintptr) global | n_bytes) % 16 != 0 || n_bytes == 0)
    emulation_fail (site, "bulk copy of %u bytes, not aligned to 16", n_bytes);
  if (!emulation_is_shared (shared))
    emulation_fail (site, "bulk copy to what is not shared memory");
  if (self == NULL)
    {
      self = worker->free_bulk;
      if (self == NULL)
        self = g_new0 (EmulationBulk, 1);
      else
        worker->free_bulk = self->next;
      self->n = 0;
      block->bulk = self;
    }
  if (self->n == MOST_COPIES)
    emulation_fail (site, "more than %d bulk copies under way", MOST_COPIES);
  self->copies[self->n++] = Copy {static_cast<guint8 *> (shared), static_cast<const guint8 *> (global), n_bytes, arrival};
  /* It may land at once. */
  if (emulation_races.touch != NULL)
    {
      emulation_races.touch (p, sizeof *arrival, FALSE);
      emulation_races.touch (global, n_bytes, FALSE);
      emulation_races.touch_by_proxy (shared, n_bytes, TRUE, site);
    }
  memset (shared, 0xff, n_bytes);
  wake (arrival, site);
}

void
emulation_bulk_wait (const void *p, guint parity, EmulationSite site)
{
  EmulationWarp *warp = emulation_thread->warp;
  Arrival *self = find_arrival (p, site);

  if (emulation_races.touch != NULL)
    emulation_races.touch (p, sizeof *self, FALSE);
  if (parity > 1)
    emulation_fail (site, "there is no parity %u", parity);
  if (parity_of (self) == parity)
    end_phase (self, site);
  warp->arrival = self;
  warp->parity = parity;
  emulation_sleep (parity_of (self) != parity, site);
}

void
emulation_bulk_describe (const EmulationWarp *warp, char *words, gsize n)
{
  const Arrival *self = static_cast<const Arrival *> (warp->arrival);

  g_snprintf (words, n, "%d threads have not come and %d bytes are not there", self->n_left & ~PARITY, self->n_bytes);
}

gboolean
emulation_bulk_drop (EmulationBlock *block)
{
  EmulationBulk *self = block->bulk;

  if (self == NULL)
    return FALSE;
  block->bulk = NULL;
  self->next = block->worker->free_bulk;
  block->worker->free_bulk = self;
  return self->n > 0;
}

void
emulation_bulk_free (EmulationWorker *worker)
{
  while (worker->free_bulk != NULL)
    {
      EmulationBulk *next = worker->free_bulk->next;

      g_free (worker->free_bulk);
      worker->free_bulk = next;
    }
}
