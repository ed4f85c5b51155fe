/* A mapped file that shrinks must not kill the process.
 *
 * Reading a page of a mapping that lies behind the end of its file raises SIGBUS in the thread that
 * reads. A handler, installed once for the process, looks the address up in a table of guarded
 * ranges. In one of them it maps zeros over the rest of the range (what lies behind a page that is
 * gone is gone as well), marks the range as hit and returns: the read is repeated and finds zeros.
 * Whoever computes with the mapping asks for the mark afterwards and throws the result away. Every
 * other SIGBUS goes to the handler that was there before.
 *
 * A signal belongs to the process, so this is the one place in the engine with static state. The
 * table is read inside the handler, hence without locks: a slot is claimed by a flag, its end is
 * written last and cleared first, and a reader that sees the same end before and after it read the
 * start has read a pair that belongs together. A range that a thread is reading stays in the table,
 * so the handler always finds the one it is looking for.
 */

#include "format/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_SLOTS 256

typedef struct {
  atomic_bool claimed;
  atomic_bool hit;
  atomic_uintptr_t start;
  atomic_uintptr_t end;   /* 0: nothing guarded */
} Slot;

static Slot slots[N_SLOTS];
static struct sigaction previous;
static uintptr_t page_size;

static Slot *
find_slot (uintptr_t address, uintptr_t *end)
{
  for (guint i = 0; i < N_SLOTS; i++)
    {
      uintptr_t slot_end = atomic_load (&slots[i].end);
      uintptr_t slot_start = atomic_load (&slots[i].start);

      if (address < slot_end && address >= slot_start && atomic_load (&slots[i].end) == slot_end)
        {
          *end = slot_end;
          return &slots[i];
        }
    }

  return NULL;
}

static void
pass_on (int number, siginfo_t *info, void *context)
{
  if ((previous.sa_flags & SA_SIGINFO) && previous.sa_sigaction != NULL)
    {
      previous.sa_sigaction (number, info, context);
    }
  else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    {
      previous.sa_handler (number);
    }
  else if (previous.sa_handler == SIG_IGN && info->si_code <= 0)
    {
      /* Sent by a process and ignored before: ignored still. */
    }
  else
    {
      /* A fault repeats when we return, a signal that was sent has to be sent again; both then end
       * the process as they would have without us. */
      struct sigaction standard = { .sa_handler = SIG_DFL };

      sigaction (number, &standard, NULL);
      if (info->si_code <= 0)
        raise (number);
    }
}

static void
on_bus_error (int number, siginfo_t *info, void *context)
{
  int saved_errno = errno;
  uintptr_t address = (uintptr_t) info->si_addr;
  uintptr_t end = 0;
  Slot *slot = info->si_code > 0 ? find_slot (address, &end) : NULL;

  if (slot != NULL)
    {
      uintptr_t page = address & ~(page_size - 1);
      void *zeros = mmap ((void *) page, end - page, PROT_READ,
                          MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

      if (zeros != MAP_FAILED)
        {
          atomic_store (&slot->hit, true);
          errno = saved_errno;
          return;
        }
    }

  pass_on (number, info, context);
  errno = saved_errno;
}

static void
install_once (void)
{
  static gsize installed;

  if (g_once_init_enter (&installed))
    {
      struct sigaction action = { .sa_sigaction = on_bus_error,
                                  .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

      page_size = (uintptr_t) sysconf (_SC_PAGESIZE);
      sigemptyset (&action.sa_mask);
      /* The old handler has to be known before the new one can run. */
      sigaction (SIGBUS, NULL, &previous);
      sigaction (SIGBUS, &action, NULL);
      g_once_init_leave (&installed, 1);
    }
}

int
sotto_guard_add (const void *start, gsize length)
{
  install_once ();

  for (int i = 0; i < N_SLOTS; i++)
    {
      bool expected = false;

      if (atomic_compare_exchange_strong (&slots[i].claimed, &expected, true))
        {
          uintptr_t first = (uintptr_t) start;

          atomic_store (&slots[i].hit, false);
          atomic_store (&slots[i].start, first);
          atomic_store (&slots[i].end, (first + length + page_size - 1) & ~(page_size - 1));
          return i;
        }
    }

  return -1;
}

void
sotto_guard_remove (int guard)
{
  atomic_store (&slots[guard].end, 0);
  atomic_store (&slots[guard].claimed, false);
}

void
sotto_guard_give_back (const void *start, gsize length)
{
  uintptr_t first = (uintptr_t) start;
  uintptr_t end = first + length;
  uintptr_t range_end = 0;

  if (find_slot (first, &range_end) == NULL || end > range_end)
    return;

  first = (first + page_size - 1) & ~(page_size - 1);
  end &= ~(page_size - 1);
  if (end > first)
    (void) madvise ((void *) first, end - first, MADV_DONTNEED);
}

gboolean
sotto_guard_was_hit (int guard)
{
  return atomic_load (&slots[guard].hit);
}
