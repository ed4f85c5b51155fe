/* Finds accesses of two threads to the same byte, one of them a write, between which there is nothing that orders them: what a
 * device may carry out in either order, whatever order the emulation takes.
 *
 * The kernels of this module are compiled with -fsanitize=thread, which has every access of theirs call a function first; those
 * functions are here in place of the sanitizer's own. For each byte of shared and of device memory it is kept who wrote it last,
 * and two who have read it since, each with the block, the thread and how many barriers its warp had been at. Warps know of each
 * other how many of them lie before what they do (EmulationWarp.known): a block's barrier shares that among those who meet, a
 * warp's makes it one more. Shuffles, votes, reductions and ldmatrix order nothing, as the manual has it. Nothing orders blocks
 * of a launch but atomics: what is read by load_coherent() is not looked at. Launches are ordered (previous_wait()), which no
 * thread may touch device memory before. What is read or written as a whole is aligned as its type has it, which processors of the
 * host do not ask for: with -fsanitize=alignment compilers call a function where it is not. What load() reads, no thread of the launch may write, be it after a barrier: older
 * devices keep it where writes are not seen. What is asked for ahead has to be there.
 *
 * Found is what happens with the test's input, in one run, whatever values are read. Not found: of more than two readers of a
 * byte the others; a race between memory_fence() and what is read behind it.
 */

#include "faults.h"
#include "memory.h"
#include "races.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

/* Device memory lies from here on, as the ends of addresses that PIE, heap and libraries leave free. */
#define WINDOW G_GUINT64_CONSTANT (0x500000000000)
#define WINDOW_BYTES (G_GUINT64_CONSTANT (64) << 30)

/* run: 36 bits, warps' barriers: 17, thread: 10, atomic: 1; 0: nobody */
typedef guint64 Stamp;

#define RUN_SHIFT 28
#define EPOCH_SHIFT 11
#define EPOCH_MOST 0x1ffffu
#define THREAD_SHIFT 1

typedef struct {
  Stamp write;
  Stamp reads[2];
  Stamp constant;           /* the last load(), by whomever */
} Cell;

static Cell *window_cells;
static Cell *shared_cells;  /* of the one worker */

/* What tensor cores read by themselves (wgmma), or copies in bulk write over, has to be fenced by whoever wrote it, before a
 * barrier. So of shared memory it is also kept how many fences its writer had made, and of each thread at which of its warp's
 * barriers the last few were. */
#define FENCES_KEPT 8

typedef struct {
  guint64 run;
  guint32 n;
  guint32 epochs[FENCES_KEPT];
} Fences;

static guint32 *shared_fences;
static Fences fences[EMULATION_MOST_THREADS];

static Fences *
fences_of (const EmulationBlock *block, guint thread)
{
  Fences *self = &fences[thread];

  if (self->run != block->run)
    *self = Fences {block->run, 0, {}};
  return self;
}

static Cell *
make_cells (guint64 n_bytes)
{
  void *cells = mmap (NULL, n_bytes * sizeof (Cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  g_assert (cells != MAP_FAILED);
  return static_cast<Cell *> (cells);
}

/* --- Who comes before whom --- */

static inline guint
warp_of (guint thread)
{
  return thread / EMULATION_LANES;
}

static inline Stamp
stamp_of (const EmulationThread *self, bool is_atomic)
{
  const guint32 epoch = self->warp->known[warp_of (self->index)];

  return self->block->run << RUN_SHIFT | (Stamp) MIN (epoch, EPOCH_MOST) << EPOCH_SHIFT
         | (Stamp) self->index << THREAD_SHIFT | (Stamp) is_atomic;
}

static inline guint
thread_of (Stamp stamp)
{
  return (guint) (stamp >> THREAD_SHIFT & (EMULATION_MOST_THREADS - 1));
}

/* Whether what @stamp says lies before what @self does now, or is forgotten. */
static inline bool
is_before (const EmulationThread *self, Stamp stamp, bool is_shared)
{
  const guint64 run = stamp >> RUN_SHIFT;
  const guint thread = thread_of (stamp);

  if (stamp == 0 || run < self->block->worker->pool->launch->first_run)
    return true;
  /* Blocks that ran here before have other shared memory. */
  if (run != self->block->run)
    return is_shared;
  return thread == self->index
         || (stamp >> EPOCH_SHIFT & EPOCH_MOST) < self->warp->known[warp_of (thread)];
}

/* --- What is wrong --- */

static void
describe (const EmulationThread *self, const guint8 *p, char *words, gsize n)
{
  const EmulationBlock *block = self->block;

  for (guint i = 0; i < block->n_arrays; i++)
    if (p >= block->arrays[i].memory && p < block->arrays[i].memory + block->arrays[i].n_bytes)
      {
        snprintf (words, n, "byte %td of shared %s", p - block->arrays[i].memory, block->arrays[i].name);
        return;
      }
  if (p >= block->dynamic && p < block->dynamic + block->n_dynamic)
    snprintf (words, n, "byte %td of dynamic shared memory", p - block->dynamic);
  else
    emulation_memory_describe (p, words, n);
}

[[noreturn]] static void
report (const EmulationThread *self, const guint8 *p, bool writes, Stamp other, bool wrote, const void *caller)
{
  char what[128], where[160] = "";
  Dl_info info;

  describe (self, p, what, sizeof what);
  /* For addr2line. */
  if (caller != NULL && dladdr (caller, &info) != 0)
    snprintf (where, sizeof where, " (%#zx)", (gsize) ((const guint8 *) caller - (const guint8 *) info.dli_fbase));
  emulation_fail (self->warp->site, "%s %s, which thread %u%s %s, with no barrier between, after %s%s",
                  writes ? "writes" : "reads", what, thread_of (other),
                  other >> RUN_SHIFT == self->block->run ? "" : " of another block", wrote ? "wrote" : "read",
                  self->warp->what, where);
}

/* Whether somebody of this launch did what @stamp says. */
static inline bool
is_of_launch (const EmulationThread *self, Stamp stamp)
{
  return stamp != 0 && stamp >> RUN_SHIFT >= self->block->worker->pool->launch->first_run;
}

[[noreturn]] static void
report_constant (const EmulationThread *self, const guint8 *p, bool writes, Stamp other)
{
  char what[128];

  describe (self, p, what, sizeof what);
  emulation_fail (self->warp->site, "%s %s, which thread %u%s %s, after %s", writes ? "writes" : "takes for constant", what,
                  thread_of (other), other >> RUN_SHIFT == self->block->run ? "" : " of another block",
                  writes ? "takes for constant" : "wrote", self->warp->what);
}

/* --- Accesses --- */

static inline void
look (const EmulationThread *self, const guint8 *p, Cell *cell, Stamp mine, bool writes, bool is_shared, const void *caller)
{
  const bool is_atomic = (mine & 1) != 0;

  if (!is_before (self, cell->write, is_shared) && !(is_atomic && (cell->write & 1) != 0))
    report (self, p, writes, cell->write, true, caller);
  if (writes)
    {
      if (!is_shared && is_of_launch (self, cell->constant))
        report_constant (self, p, true, cell->constant);
      for (guint i = 0; i < 2; i++)
        if (!is_before (self, cell->reads[i], is_shared))
          report (self, p, true, cell->reads[i], false, caller);
      cell->write = mine;
      cell->reads[0] = cell->reads[1] = 0;
    }
  else if (cell->reads[0] == mine)
    return;
  else if (is_before (self, cell->reads[0], is_shared))
    cell->reads[0] = mine;
  else
    cell->reads[1] = mine;
}

static inline void
touch (const void *memory, gsize n_bytes, bool writes, bool is_atomic, const void *caller)
{
  const EmulationThread *self = emulation_thread;
  const guint8 *p = static_cast<const guint8 *> (memory);
  gsize at;
  Cell *cells;
  bool is_shared;
  Stamp mine;

  if (self == NULL)
    return;
  at = (gsize) p - WINDOW;
  is_shared = at >= WINDOW_BYTES;
  cells = window_cells;
  if (is_shared)
    {
      at = (gsize) (p - self->block->worker->shared);
      if (at >= EMULATION_DYNAMIC_END)
        return;
      cells = shared_cells;
    }
  else if (!self->waited)
    emulation_fail (self->warp->site, "accesses memory before previous_wait, after %s", self->warp->what);
  mine = stamp_of (self, is_atomic);
  for (gsize i = 0; i < n_bytes; i++)
    look (self, p + i, &cells[at + i], mine, writes, is_shared, caller);
  for (gsize i = 0; writes && is_shared && i < n_bytes; i++)
    shared_fences[at + i] = fences_of (self->block, self->index)->n;
}

static void
note_fence (void)
{
  const EmulationThread *self = emulation_thread;
  Fences *own = fences_of (self->block, self->index);

  own->epochs[own->n++ % FENCES_KEPT] = self->warp->known[warp_of (self->index)];
}

/* Whether what a thread wrote, after so many fences, it has fenced before what @self does now. */
static bool
is_fenced (const EmulationThread *self, guint thread, guint32 n_before)
{
  const Fences *theirs = fences_of (self->block, thread);

  if (theirs->n <= n_before)
    return false;
  return thread == self->index || theirs->n - n_before > FENCES_KEPT
         || theirs->epochs[n_before % FENCES_KEPT] < self->warp->known[warp_of (thread)];
}

static void
touch_by_proxy (const void *memory, gsize n_bytes, gboolean writes, EmulationSite site)
{
  const EmulationThread *self = emulation_thread;
  const guint8 *p = static_cast<const guint8 *> (memory);
  const gsize at = (gsize) (p - self->block->worker->shared);

  if (!writes)
    touch (memory, n_bytes, false, false, NULL);
  for (gsize i = 0; i < n_bytes; i++)
    {
      const Stamp stamp = shared_cells[at + i].write;
      char what[128];

      if (stamp == 0 || stamp >> RUN_SHIFT != self->block->run
          || is_fenced (self, thread_of (stamp), shared_fences[at + i]))
        continue;
      describe (self, p + i, what, sizeof what);
      emulation_fail (site, "%s %s, which thread %u wrote, with no proxy_fence between",
                      writes ? "copies over" : "multiplies", what, thread_of (stamp));
    }
  if (writes)
    touch (memory, n_bytes, true, false, NULL);
}

static void
settle (const void *memory, gsize n_bytes)
{
  const gsize at = (gsize) (static_cast<const guint8 *> (memory) - emulation_thread->block->worker->shared);

  for (gsize i = at; i < at + n_bytes; i++)
    shared_cells[i].write = 0;
}

static void
touch_by_copy (const void *memory, gsize n_bytes, gboolean writes)
{
  touch (memory, n_bytes, writes, false, NULL);
}

void
emulation_constant (const void *memory, gsize n_bytes)
{
  const EmulationThread *self = emulation_thread;
  const gsize at = (gsize) memory - WINDOW;

  if (at >= WINDOW_BYTES)
    return;
  for (gsize i = at; i < at + n_bytes; i++)
    {
      if (is_of_launch (self, window_cells[i].write))
        report_constant (self, (const guint8 *) memory + (i - at), false, window_cells[i].write);
      window_cells[i].constant = stamp_of (self, false);
    }
}

/* Whether a device would fault is not said anywhere. */
void
emulation_prefetch (const void *p, EmulationSite site)
{
  if (!emulation_memory_is_any (p))
    emulation_fail (site, "prefetch of %p, where nothing is", p);
}

static void
forget (const void *pages, gsize n_bytes)
{
  const gsize at = (gsize) pages - WINDOW;

  if (at < WINDOW_BYTES)
    madvise (&window_cells[at], n_bytes * sizeof (Cell), MADV_DONTNEED);
}

/* --- What the compiler calls --- */

extern "C" {

#define CALLER __builtin_return_address (0)
#define ACCESS(n)                                                                            \
  void __tsan_read##n (const void *p) { touch (p, n, false, false, CALLER); }                \
  void __tsan_write##n (void *p) { touch (p, n, true, false, CALLER); }                      \
  void __tsan_unaligned_read##n (const void *p) { touch (p, n, false, false, CALLER); }      \
  void __tsan_unaligned_write##n (void *p) { touch (p, n, true, false, CALLER); }            \
  void __tsan_volatile_read##n (const void *p) { touch (p, n, false, false, CALLER); }       \
  void __tsan_volatile_write##n (void *p) { touch (p, n, true, false, CALLER); }

ACCESS (1)
ACCESS (2)
ACCESS (4)
ACCESS (8)
ACCESS (16)

void __tsan_read_range (const void *p, gsize n) { touch (p, n, false, false, CALLER); }
void __tsan_write_range (void *p, gsize n) { touch (p, n, true, false, CALLER); }
void __tsan_func_entry (const void *) {}
void __tsan_func_exit (void) {}
void __tsan_atomic_thread_fence (int) {}

guint32
__tsan_atomic32_load (const volatile guint32 *p, int)
{
  touch ((const void *) p, sizeof *p, false, true, CALLER);
  return __atomic_load_n (p, __ATOMIC_SEQ_CST);
}

guint32
__tsan_atomic32_fetch_add (volatile guint32 *p, guint32 x, int)
{
  touch ((const void *) p, sizeof *p, true, true, CALLER);
  return __atomic_fetch_add (p, x, __ATOMIC_SEQ_CST);
}

guint32
__tsan_atomic32_exchange (volatile guint32 *p, guint32 x, int)
{
  touch ((const void *) p, sizeof *p, true, true, CALLER);
  return __atomic_exchange_n (p, x, __ATOMIC_SEQ_CST);
}

int
__tsan_atomic32_compare_exchange_strong (volatile guint32 *p, guint32 *before, guint32 x, int, int)
{
  touch ((const void *) p, sizeof *p, true, true, CALLER);
  return __atomic_compare_exchange_n (p, before, x, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* @data: where in the source, and more; @p: what is not aligned as its type has it */
void
__ubsan_handle_type_mismatch_v1 (const void *data, const void *p)
{
  const EmulationThread *self = emulation_thread;
  EmulationSite site;
  char what[128];

  if (self == NULL)
    return;
  memcpy (&site.file, data, sizeof site.file);
  memcpy (&site.line, static_cast<const guint8 *> (data) + sizeof site.file, sizeof site.line);
  describe (self, static_cast<const guint8 *> (p), what, sizeof what);
  emulation_fail (site, "%s is not aligned as what it is taken for", what);
}

/* When the module is opened, once for each file. */
void
__tsan_init (void)
{
  if (window_cells != NULL)
    return;
  window_cells = make_cells (WINDOW_BYTES);
  shared_cells = make_cells (EMULATION_DYNAMIC_END);
  shared_fences = g_new0 (guint32, EMULATION_DYNAMIC_END);
  emulation_races = {touch_by_copy, touch_by_proxy, note_fence, settle, forget, (guint8 *) WINDOW};
}

}
