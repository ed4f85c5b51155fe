#pragma once

#include <glib.h>
#include <string.h>

/* Blocks, warps and threads as the emulation runs them.
 *
 * A worker (a thread of the host) runs one block at a time, its threads one after the other: each
 * until it meets others at a collective, or ends. The lanes of a warp take turns in a ring, so that
 * after one round of arrivals all are there and the first goes on; the warps of a block change at
 * barriers. What a lane leaves for the others stands in one of two sets of slots, used in turn:
 * nobody is a whole round ahead.
 */

#define EMULATION_MOST_THREADS 1024
#define EMULATION_LANES 32
#define EMULATION_SLOT_WORDS 16
#define EMULATION_BULK 16   /* what a warp waits for that is no barrier */

/* Where in the source something is asked for. */
typedef struct EmulationSite {
  const char *file;
  int line;

  static constexpr EmulationSite
  here (const char *file = __builtin_FILE (), int line = __builtin_LINE ())
  {
    return EmulationSite {file, line};
  }
} EmulationSite;

#define AT_SITE EmulationSite site = EmulationSite::here ()

typedef struct EmulationBlock EmulationBlock;
typedef struct EmulationCopies EmulationCopies;
typedef struct EmulationBulk EmulationBulk;
typedef struct EmulationQuad EmulationQuad;

/* Lane by lane, side by side. */
typedef union {
  guint32 words[EMULATION_LANES];
  float floats[EMULATION_LANES];
  guint64 doubles[EMULATION_LANES];
  guint32 many[EMULATION_LANES][EMULATION_SLOT_WORDS];
  const void *pointers[EMULATION_LANES];
} EmulationSlots;

typedef struct {
  guint n_arrived;
  guint n_ended;
  guint turn;               /* which slots are in use */
  gint waits_for;           /* a barrier, EMULATION_BULK, or -1 */
  const void *arrival;      /* of that what, and */
  guint parity;
  EmulationQuad *quad;      /* products begun and not waited for; nullable */
  const char *what;         /* the collective under way, or the last */
  EmulationSite site;
  guint32 known[EMULATION_MOST_THREADS / EMULATION_LANES]; /* barriers of each warp that lie before what this one does */
  EmulationSlots slots[2];
} EmulationWarp;

typedef struct {
  void *sp;                 /* where it goes on; NULL: has not begun, or has ended */
  EmulationWarp *warp;
  EmulationBlock *block;
  guint index;              /* in its block */
  guint lane;
  guint next;               /* of the ring */
  gboolean waited;          /* previous_wait() was called */
  EmulationCopies *copies;  /* those begun and not yet there; nullable */
  guint8 *stack;
  void *asan_stack;
} EmulationThread;

typedef struct {
  guint n_expected;
  guint n_arrived;
  EmulationSite site;
} EmulationBarrier;

typedef struct {
  const void *key;
  const char *name;
  guint8 *memory;
  gsize n_bytes;
} EmulationArray;

struct EmulationBlock {
  guint n_threads;
  guint n_warps;
  guint index[3];
  guint n_blocks[3];
  gboolean reverse;
  guint architecture;
  guint64 run;              /* a number that no other block has, of any launch; a launch's lie together */
  struct EmulationWorker *worker;
  EmulationBarrier barriers[16];
  EmulationArray arrays[16];
  guint n_arrays;
  gsize n_static;           /* bytes of shared memory used by arrays, and by what lies between them here */
  gsize n_declared;         /* those of the arrays alone, as a device has them */
  gsize n_dynamic;
  guint8 *dynamic;
  EmulationBulk *bulk;      /* copies begun and not yet there; nullable */
  EmulationThread threads[EMULATION_MOST_THREADS];
  EmulationWarp warps[EMULATION_MOST_THREADS / EMULATION_LANES];
};

/* The thread that this thread of the host is running; NULL: none */
extern "C" __thread EmulationThread *emulation_thread __attribute__ ((tls_model ("initial-exec")));

extern "C" {

/* Saves where the caller stands to *from and goes on at to. */
void emulation_switch (void **from, void *to);

/* Gives the processor to @next, which may not have begun yet. */
void emulation_go (EmulationThread *next);

/* Ends the block: the launch has failed. */
[[noreturn]] void emulation_fail (EmulationSite site, const char *format, ...) G_GNUC_PRINTF (2, 3);
[[noreturn]] void emulation_diverged (const char *what, EmulationSite site);

/* After all lanes have arrived at a barrier, and the caller as the last one. */
void emulation_wait (guint barrier, guint n_expected, EmulationSite site);

void *emulation_shared (const void *key, const char *name, gsize n_bytes, gsize alignment);
void *emulation_shared_dynamic (void);
void *emulation_shared_tiles (EmulationSite site);

/* Of a module that looks for races (races.cc): load() takes this for what the kernel doesn't write. */
void emulation_constant (const void *p, gsize n_bytes);
void emulation_prefetch (const void *p, EmulationSite site);

gboolean emulation_is_shared (const void *p);

void emulation_previous_wait (void);

void emulation_copy_begin (void *shared, const void *global, guint n_bytes, EmulationSite site);
void emulation_copy_commit (void);
void emulation_copy_wait (guint n_left);

/* All lanes have arrived, and the caller as the last one: their warp goes on at once, or when somebody wakes it. */
void emulation_sleep (gboolean goes_on, EmulationSite site);

/* bulk.cc; the last by the last lane of a warp. */
void emulation_bulk_init (void *arrival, guint n, EmulationSite site);
void emulation_bulk_expect (void *arrival, guint n_bytes, EmulationSite site);
void emulation_bulk_copy (void *shared, const void *global, guint n_bytes, void *arrival, EmulationSite site);
void emulation_bulk_wait (const void *arrival, guint parity, EmulationSite site);

/* quad.cc; what begins, multiplies, commits and waits by the last lane of a warp, for all of it. */
guint64 emulation_quad_matrix (const void *first, guint leading, guint stride, guint mode, EmulationSite site);
void emulation_quad_begin (EmulationSite site);
void emulation_quad_multiply (float *const *sums, guint n_sums, guint64 a, guint64 b, gboolean adds, EmulationSite site);
void emulation_quad_commit (EmulationSite site);
void emulation_quad_wait (guint n_left, EmulationSite site);
void emulation_proxy_fence (void);

}

/* For what older devices don't have. */
static inline void
emulation_need (guint architecture, const char *what, EmulationSite site)
{
  if (emulation_thread->block->architecture < architecture)
    emulation_fail (site, "%s is of %u.%u, and the device of %u.%u", what, architecture / 10, architecture % 10,
                    emulation_thread->block->architecture / 10, emulation_thread->block->architecture % 10);
}

/* For what one kind alone has. */
static inline void
emulation_need_hopper (const char *what, EmulationSite site)
{
  if (emulation_thread->block->architecture != 90)
    emulation_fail (site, "%s is of 9.0 alone", what);
}

/* Arrives at a collective: what is left in slots of the turn returned, all will find after
 * meet(). */
static inline EmulationSlots *
emulation_arrive (const char *what, EmulationSite site)
{
  EmulationWarp *warp = emulation_thread->warp;

  if (warp->n_arrived == 0)
    {
      warp->what = what;
      warp->site = site;
      if (warp->n_ended > 0)
        emulation_diverged (what, site);
    }
  else if (warp->site.line != site.line || warp->what != what)
    emulation_diverged (what, site);
  return &warp->slots[warp->turn];
}

/* Returns: whether the caller is the last: it has to compute what all then find in the slots. */
static inline gboolean
emulation_is_last (void)
{
  EmulationWarp *warp = emulation_thread->warp;

  if (++warp->n_arrived < EMULATION_LANES)
    return FALSE;
  warp->n_arrived = 0;
  warp->turn ^= 1;
  return TRUE;
}

/* What lanes of the warp did before is seen by all of it from now on. Shuffles and votes don't promise that. */
static inline void
emulation_order (void)
{
  EmulationThread *self = emulation_thread;

  self->warp->known[self->index / EMULATION_LANES]++;
}

/* Lets the others come; returns when all were there. */
static inline void
emulation_meet (void)
{
  EmulationThread *self = emulation_thread;
  EmulationThread *next = &self->block->threads[self->next];

#ifndef __SANITIZE_ADDRESS__
  if (next->sp != NULL)
    {
      emulation_thread = next;
      emulation_switch (&self->sp, next->sp);
      return;
    }
#endif
  emulation_go (next);
}
