/* Every allocation has pages of its own, and ends with one: what lies behind can't be touched. What
 * little lies between the allocation and the page's borders is painted, and looked at when the
 * device is waited for. */

#include "memory.h"
#include "faults.h"
#include "races.h"

#include <stdio.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096
#define PAINT 0xa5

/* What kernels may rely on. */
#define ALIGNMENT 16

typedef struct {
  guint8 *pages;            /* between two that can't be touched */
  gsize n_page_bytes;
  guint8 *memory;
  gsize n_bytes;
} Allocation;

struct EmulationMemory {
  GArray *allocations;
  guint64 n_all;
  guint64 n_used;
  gboolean is_open;
};

/* For messages about faults, whichever device they belong to. */
static GPtrArray *memories;
static GMutex memories_mutex;

EmulationMemory *
emulation_memory_new (guint64 n_bytes)
{
  EmulationMemory *self = g_new0 (EmulationMemory, 1);

  self->allocations = g_array_new (FALSE, FALSE, sizeof (Allocation));
  self->n_all = n_bytes;
  g_mutex_lock (&memories_mutex);
  if (memories == NULL)
    memories = g_ptr_array_new ();
  g_ptr_array_add (memories, self);
  g_mutex_unlock (&memories_mutex);
  return self;
}

static void
unmap (const Allocation *allocation)
{
  munmap (allocation->pages - PAGE_BYTES, allocation->n_page_bytes + 2 * PAGE_BYTES);
  if (emulation_races.forget != NULL)
    emulation_races.forget (allocation->pages, allocation->n_page_bytes);
}

void
emulation_memory_free (EmulationMemory *self)
{
  for (guint i = 0; i < self->allocations->len; i++)
    unmap (&g_array_index (self->allocations, Allocation, i));
  g_array_unref (self->allocations);
  g_mutex_lock (&memories_mutex);
  g_ptr_array_remove (memories, self);
  if (memories->len == 0)
    g_clear_pointer (&memories, g_ptr_array_unref);
  g_mutex_unlock (&memories_mutex);
  g_free (self);
}

void *
emulation_memory_allocate (EmulationMemory *self, gsize n_bytes)
{
  Allocation allocation;
  guint8 *base;
  gsize n_aligned;

  if (n_bytes > self->n_all - self->n_used)
    return NULL;
  n_aligned = (MAX (n_bytes, 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  allocation.n_page_bytes = (n_aligned + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  base = static_cast<guint8 *> (mmap (emulation_races.next, allocation.n_page_bytes + 2 * PAGE_BYTES, PROT_NONE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (base == MAP_FAILED)
    return NULL;
  if (emulation_races.next != NULL)
    emulation_races.next = base + allocation.n_page_bytes + 2 * PAGE_BYTES;
  allocation.pages = base + PAGE_BYTES;
  allocation.memory = allocation.pages + allocation.n_page_bytes - n_aligned;
  allocation.n_bytes = n_bytes;
  mprotect (allocation.pages, allocation.n_page_bytes, PROT_READ | PROT_WRITE);
  /* NaN, as in shared memory; a device's memory isn't zero either. */
  memset (allocation.pages, PAINT, (gsize) (allocation.memory - allocation.pages));
  memset (allocation.memory, 0xff, n_bytes);
  memset (allocation.memory + n_bytes, PAINT, n_aligned - n_bytes);
  if (!self->is_open)
    mprotect (allocation.pages, allocation.n_page_bytes, PROT_NONE);
  g_array_append_val (self->allocations, allocation);
  self->n_used += n_bytes;
  return allocation.memory;
}

/* The device's memory is open. */
static gboolean
check_allocation (const Allocation *allocation, char *problem)
{
  for (guint8 *p = allocation->pages; p < allocation->pages + allocation->n_page_bytes; p++)
    {
      if (p == allocation->memory)
        p += allocation->n_bytes;
      if (p == allocation->pages + allocation->n_page_bytes)
        break;
      if (*p != PAINT)
        {
          snprintf (problem, EMULATION_PROBLEM_BYTES,
                    "something wrote %" G_GSIZE_FORMAT " bytes %s an allocation of %" G_GSIZE_FORMAT " bytes",
                    (gsize) (p < allocation->memory ? allocation->memory - p
                                                    : p - allocation->memory - allocation->n_bytes),
                    p < allocation->memory ? "before" : "behind", allocation->n_bytes);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
emulation_memory_check (EmulationMemory *self, char *problem)
{
  emulation_memory_open (self);
  for (guint i = 0; i < self->allocations->len; i++)
    if (!check_allocation (&g_array_index (self->allocations, Allocation, i), problem))
      return FALSE;
  return TRUE;
}

gboolean
emulation_memory_release (EmulationMemory *self, void *memory, char *problem)
{
  for (guint i = 0; i < self->allocations->len; i++)
    {
      Allocation allocation = g_array_index (self->allocations, Allocation, i);
      gboolean is_whole;

      if (allocation.memory != memory)
        continue;
      mprotect (allocation.pages, allocation.n_page_bytes, PROT_READ | PROT_WRITE);
      is_whole = check_allocation (&allocation, problem);
      self->n_used -= allocation.n_bytes;
      unmap (&allocation);
      g_array_remove_index_fast (self->allocations, i);
      return is_whole;
    }
  snprintf (problem, EMULATION_PROBLEM_BYTES, "%p is released, and was not allocated", memory);
  return FALSE;
}

guint64
emulation_memory_all (EmulationMemory *self)
{
  return self->n_all;
}

guint64
emulation_memory_left (EmulationMemory *self)
{
  return self->n_all - self->n_used;
}

gboolean
emulation_memory_holds (EmulationMemory *self, const void *memory, gsize n_bytes)
{
  const guint8 *p = static_cast<const guint8 *> (memory);

  for (guint i = 0; i < self->allocations->len; i++)
    {
      const Allocation *allocation = &g_array_index (self->allocations, Allocation, i);

      if (p >= allocation->memory && p <= allocation->memory + allocation->n_bytes)
        return n_bytes <= (gsize) (allocation->memory + allocation->n_bytes - p);
    }
  return FALSE;
}

gboolean
emulation_memory_is_any (const void *p)
{
  gboolean is_there = FALSE;

  g_mutex_lock (&memories_mutex);
  for (guint i = 0; memories != NULL && i < memories->len && !is_there; i++)
    is_there = emulation_memory_holds (static_cast<EmulationMemory *> (g_ptr_array_index (memories, i)), p, 1);
  g_mutex_unlock (&memories_mutex);
  return is_there;
}

static void
protect_all (EmulationMemory *self, int protection)
{
  for (guint i = 0; i < self->allocations->len; i++)
    {
      const Allocation *allocation = &g_array_index (self->allocations, Allocation, i);

      mprotect (allocation->pages, allocation->n_page_bytes, protection);
    }
}

void
emulation_memory_open (EmulationMemory *self)
{
  if (!self->is_open)
    protect_all (self, PROT_READ | PROT_WRITE);
  self->is_open = TRUE;
}

void
emulation_memory_shut (EmulationMemory *self)
{
  if (self->is_open)
    protect_all (self, PROT_NONE);
  self->is_open = FALSE;
}

/* Called after a fault: nobody else holds the mutex, for kernels allocate nothing. */
void
emulation_memory_describe (const void *address, char *words, gsize n_bytes)
{
  const guint8 *p = static_cast<const guint8 *> (address);

  snprintf (words, n_bytes, "where nothing is");
  for (guint i = 0; memories != NULL && i < memories->len; i++)
    {
      EmulationMemory *self = static_cast<EmulationMemory *> (g_ptr_array_index (memories, i));

      for (guint j = 0; j < self->allocations->len; j++)
        {
          const Allocation *allocation = &g_array_index (self->allocations, Allocation, j);
          const guint8 *end = allocation->memory + allocation->n_bytes;

          if (p >= end && p < end + 2 * PAGE_BYTES)
            snprintf (words, n_bytes, "%" G_GSIZE_FORMAT " bytes behind an allocation of %" G_GSIZE_FORMAT,
                      (gsize) (p - end), allocation->n_bytes);
          else if (p < allocation->memory && p >= allocation->pages - PAGE_BYTES)
            snprintf (words, n_bytes, "%" G_GSIZE_FORMAT " bytes before an allocation of %" G_GSIZE_FORMAT,
                      (gsize) (allocation->memory - p), allocation->n_bytes);
          else if (p >= allocation->memory && p < end)
            snprintf (words, n_bytes, "%" G_GSIZE_FORMAT " bytes into an allocation of %" G_GSIZE_FORMAT,
                      (gsize) (p - allocation->memory), allocation->n_bytes);
        }
    }
}
