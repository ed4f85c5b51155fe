/* One block: its threads in turn, its barriers, and what is wrong with it. */

#include "fiber.h"
#include "grid.h"
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#define STACK_BYTES EMULATION_STACK_BYTES
#define PAGE_BYTES 4096

__thread EmulationThread *emulation_thread;

/* --- Failures --- */

[[noreturn]] static void
fail (EmulationSite site, const char *format, va_list args)
{
  EmulationThread *thread = emulation_thread;
  EmulationBlock *block = thread->block;
  EmulationPool *pool = block->worker->pool;
  const char *file = strrchr (site.file, '/');
  char words[256], where[128] = "";

  vsnprintf (words, sizeof words, format, args);
  if (site.line > 0)
    snprintf (where, sizeof where, " %s:%d:", file != NULL ? file + 1 : site.file, site.line);
  g_mutex_lock (&pool->mutex);
  if (!g_atomic_int_get (&pool->failed))
    {
      snprintf (pool->problem, sizeof pool->problem, "kernel %s, block (%u, %u, %u), thread %u:%s %s",
                pool->launch->name, block->index[0], block->index[1], block->index[2], thread->index, where, words);
      g_atomic_int_set (&pool->failed, 1);
    }
  g_mutex_unlock (&pool->mutex);
  emulation_leave (block->worker);
}

[[noreturn]] void
emulation_fail (EmulationSite site, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail (site, format, args);
}

void
emulation_leave (EmulationWorker *self)
{
  void *nowhere;

  emulation_thread = NULL;
  FIBER_LEAVES (NULL, self->own_stack, self->own_stack_bytes);
  emulation_switch (&nowhere, self->sp);
  __builtin_unreachable ();
}

void
emulation_diverged (const char *what, EmulationSite site)
{
  EmulationWarp *warp = emulation_thread->warp;

  if (warp->n_arrived == 0)
    emulation_fail (site, "%s: %u lanes of the warp have ended before", what, warp->n_ended);
  emulation_fail (site, "%s, but %u lanes of the warp are at %s in line %d", what, warp->n_arrived, warp->what,
                  warp->site.line);
}

/* --- Threads --- */

static EmulationThread *
first_lane (EmulationBlock *block, guint warp)
{
  return &block->threads[warp * EMULATION_LANES + (block->reverse ? EMULATION_LANES - 1 : 0)];
}

static inline bool
is_last_lane (const EmulationThread *thread)
{
  return thread->lane == (thread->block->reverse ? 0 : EMULATION_LANES - 1);
}

/* The next warp that has something to do, in turn; a warp that has not begun is one of them. */
static EmulationThread *
next_warp (EmulationBlock *block, guint warp)
{
  for (guint i = 1; i <= block->n_warps; i++)
    {
      guint other = (block->reverse ? warp + block->n_warps - i : warp + i) % block->n_warps;

      if (block->warps[other].n_ended == 0 && block->warps[other].waits_for < 0)
        return first_lane (block, other);
    }
  return NULL;
}

/* Nothing goes on: somebody waits at a barrier. */
[[noreturn]] static void
stuck (EmulationBlock *block)
{
  for (guint i = 0; i < block->n_warps; i++)
    {
      EmulationWarp *warp = &block->warps[i];

      if (warp->waits_for == EMULATION_BULK)
        {
          char words[128];

          emulation_bulk_describe (warp, words, sizeof words);
          emulation_thread = first_lane (block, i);
          emulation_fail (warp->site, "%s: %s", warp->what, words);
        }
      if (warp->waits_for >= 0)
        {
          const EmulationBarrier *barrier = &block->barriers[warp->waits_for];

          emulation_thread = first_lane (block, i);
          emulation_fail (warp->site, "%s %d waits for %u threads, and only %u come", warp->what, warp->waits_for,
                          barrier->n_expected, barrier->n_arrived);
        }
    }
  g_assert_not_reached ();
}

/* What a thread does at its end. Returns: the thread that is to run on this stack now */
static EmulationThread *
end_thread (void)
{
  EmulationThread *self = emulation_thread;
  EmulationBlock *block = self->block;
  EmulationWorker *worker = block->worker;
  EmulationWarp *warp = self->warp;
  EmulationThread *next;
  void *nowhere;

  if (warp->n_arrived > 0)
    emulation_fail (warp->site, "ends while %u lanes of its warp wait at %s", warp->n_arrived, warp->what);
  if (self->copies != NULL && emulation_copies_drop (self))
    emulation_fail (warp->site, "ends without having waited for its async copies");
  if (!self->waited)
    emulation_fail (warp->site, "ends without previous_wait");
  if (emulation_quad_drop (worker, warp))
    emulation_fail (warp->site, "ends without having waited for its products");
  self->sp = NULL;
  warp->n_ended++;
  if (!is_last_lane (self))
    next = &block->threads[self->next];
  else
    {
      next = next_warp (block, self->index / EMULATION_LANES);
      if (next == NULL)
        {
          for (guint i = 0; i < block->n_warps; i++)
            if (block->warps[i].n_ended == 0)
              stuck (block);
          if (emulation_bulk_drop (block))
            emulation_fail (warp->site, "ends without having waited for its bulk copies");
          worker->free_stacks[worker->n_free_stacks++] = self->stack;
          emulation_leave (worker);
        }
    }
  emulation_thread = next;
  if (next->sp == NULL)
    {
      next->stack = self->stack;
      return next;
    }
  worker->free_stacks[worker->n_free_stacks++] = self->stack;
  FIBER_LEAVES (NULL, next->stack, STACK_BYTES);
  emulation_switch (&nowhere, next->sp);
  __builtin_unreachable ();
}

static void
run_threads (void)
{
  EmulationWorker *worker = emulation_thread->block->worker;
  const EmulationLaunch *launch = worker->pool->launch;

  FIBER_IS_BACK (NULL, NULL, NULL);
  do
    launch->invoke (launch->kernel, launch->arguments);
  while (end_thread () != NULL);
}

static void *
begin_stack (EmulationWorker *worker, EmulationThread *thread)
{
  guint8 *stack = worker->free_stacks[--worker->n_free_stacks];
  gsize colour = (gsize) thread->index % 31 * 128;

  /* All stacks begin at the same line of the cache otherwise. */
  thread->stack = stack;
  MEMORY_UNPOISON (stack + PAGE_BYTES, STACK_BYTES - PAGE_BYTES);
  return emulation_fiber_make (stack + PAGE_BYTES, STACK_BYTES - PAGE_BYTES - colour, run_threads);
}

void
emulation_go (EmulationThread *next)
{
  EmulationThread *self = emulation_thread;
  void *sp = next->sp;

  if (next == self)
    return;
  emulation_thread = next;
  if (sp == NULL)
    sp = begin_stack (self->block->worker, next);
  FIBER_LEAVES (&self->asan_stack, next->stack, STACK_BYTES);
  emulation_switch (&self->sp, sp);
  FIBER_IS_BACK (self->asan_stack, NULL, NULL);
}

/* --- Barriers --- */

/* What each of the warps that meet knows, all know; and what each did until now. */
static void
share_known (EmulationBlock *block, guint id, EmulationWarp *last)
{
  guint32 most[G_N_ELEMENTS (last->known)] = {};

  for (guint i = 0; i < block->n_warps; i++)
    {
      EmulationWarp *warp = &block->warps[i];

      if (warp != last && warp->waits_for != (gint) id)
        continue;
      warp->known[i]++;
      for (guint j = 0; j < block->n_warps; j++)
        most[j] = MAX (most[j], warp->known[j]);
    }
  for (guint i = 0; i < block->n_warps; i++)
    if (&block->warps[i] == last || block->warps[i].waits_for == (gint) id)
      memcpy (block->warps[i].known, most, sizeof most);
}

void
emulation_wait (guint id, guint n_expected, EmulationSite site)
{
  EmulationThread *self = emulation_thread;
  EmulationBlock *block = self->block;
  EmulationBarrier *barrier = &block->barriers[id % G_N_ELEMENTS (block->barriers)];
  guint warp = self->index / EMULATION_LANES;
  EmulationThread *next;

  if (id >= G_N_ELEMENTS (block->barriers) || n_expected % EMULATION_LANES != 0 || n_expected > block->n_threads)
    emulation_fail (site, "there is no barrier %u of %u threads", id, n_expected);
  if (barrier->n_arrived > 0 && (barrier->n_expected != n_expected || (id == 0 && barrier->site.line != site.line)))
    emulation_fail (site, "other warps are at the same barrier in line %d", barrier->site.line);
  barrier->n_expected = n_expected;
  barrier->site = site;
  barrier->n_arrived += EMULATION_LANES;
  if (barrier->n_arrived == n_expected)
    {
      barrier->n_arrived = 0;
      share_known (block, id, self->warp);
      for (guint i = 0; i < block->n_warps; i++)
        if (block->warps[i].waits_for == (gint) id)
          block->warps[i].waits_for = -1;
      next = first_lane (block, warp);
    }
  else
    {
      self->warp->waits_for = (gint) id;
      next = next_warp (block, warp);
      if (next == NULL)
        stuck (block);
    }
  emulation_go (next);
}

void
emulation_sleep (gboolean goes_on, EmulationSite site)
{
  EmulationThread *self = emulation_thread;
  EmulationBlock *block = self->block;
  const guint warp = self->index / EMULATION_LANES;
  EmulationThread *next = first_lane (block, warp);

  if (!goes_on)
    {
      self->warp->waits_for = EMULATION_BULK;
      self->warp->site = site;
      next = next_warp (block, warp);
      if (next == NULL)
        stuck (block);
    }
  emulation_go (next);
}

/* --- The kernels before --- */

void
emulation_previous_wait (void)
{
  EmulationPool *pool = emulation_thread->block->worker->pool;

  emulation_thread->waited = TRUE;
  if (pool->shut == NULL)
    return;
  g_mutex_lock (&pool->mutex);
  emulation_memory_open (pool->shut);
  g_mutex_unlock (&pool->mutex);
}

/* --- Shared memory --- */

/* Between arrays, and behind the last: what is written there was written behind an array's end. */
#define FENCE_BYTES 64
#define FENCE 0xa5

/* Of a launch that asks for much, what the device has; else what it gives without having been asked. */
static gsize
shared_limit (const EmulationBlock *block)
{
  return block->n_dynamic > EMULATION_UNASKED_BYTES ? block->worker->pool->shared_bytes : EMULATION_STATIC_BYTES;
}

void *
emulation_shared (const void *key, const char *name, gsize n_bytes, gsize alignment)
{
  EmulationBlock *block = emulation_thread->block;
  EmulationArray *array;
  /* Aligned to no more than the type asks for, as nvcc may lay it. */
  gsize offset = (block->n_static + 127) / 128 * 128 + alignment % 128;

  for (guint i = 0; i < block->n_arrays; i++)
    if (block->arrays[i].key == key)
      return block->arrays[i].memory;
  if (block->n_arrays == G_N_ELEMENTS (block->arrays) || offset + n_bytes > EMULATION_STATIC_BYTES)
    emulation_fail (EmulationSite {"SHARED", 0}, "%s: more than %d bytes of shared arrays, or too many", name,
                    EMULATION_STATIC_BYTES);
  block->n_declared = (block->n_declared + alignment - 1) / alignment * alignment + n_bytes;
  if (block->n_declared + block->n_dynamic > shared_limit (block))
    emulation_fail (EmulationSite {"SHARED", 0},
                    "%s: %" G_GSIZE_FORMAT " bytes of shared arrays and %" G_GSIZE_FORMAT " of the launch are more than %"
                    G_GSIZE_FORMAT, name, block->n_declared, block->n_dynamic, shared_limit (block));
  array = &block->arrays[block->n_arrays++];
  array->key = key;
  array->name = name;
  array->n_bytes = n_bytes;
  array->memory = block->worker->shared + offset;
  block->n_static = offset + n_bytes + FENCE_BYTES;
  MEMORY_UNPOISON (array->memory, n_bytes);
  memset (array->memory, block->worker->pool->fill, n_bytes);
#ifndef __SANITIZE_ADDRESS__
  memset (array->memory + n_bytes, FENCE, FENCE_BYTES);
#endif
  return array->memory;
}

void *
emulation_shared_dynamic (void)
{
  return emulation_thread->block->dynamic;
}

gboolean
emulation_is_shared (const void *p)
{
  const guint8 *shared = emulation_thread->block->worker->shared;

  return (const guint8 *) p >= shared && (const guint8 *) p < shared + EMULATION_DYNAMIC_END;
}

void *
emulation_shared_tiles (EmulationSite site)
{
  const EmulationBlock *block = emulation_thread->block;

  if (block->n_dynamic % 1024 != 0)
    emulation_fail (site, "tiles of %" G_GSIZE_FORMAT " bytes, which are no multiple of 1,024", block->n_dynamic);
  return block->dynamic;
}

static void
begin_shared (EmulationBlock *block, const EmulationLaunch *launch)
{
  EmulationWorker *worker = block->worker;
  gsize n_padded = (launch->shared_bytes + 15) / 16 * 16;

  block->n_arrays = 0;
  block->n_static = block->n_declared = 0;
  block->n_dynamic = launch->shared_bytes;
  block->dynamic = worker->shared + EMULATION_DYNAMIC_END - n_padded;
  MEMORY_POISON (worker->shared, EMULATION_DYNAMIC_END);
  MEMORY_UNPOISON (block->dynamic, block->n_dynamic);
  memset (block->dynamic, worker->pool->fill, block->n_dynamic);
}

/* The fences behind static arrays; dynamic memory ends at a page that can't be touched. */
static void
check_shared (EmulationBlock *block)
{
#ifndef __SANITIZE_ADDRESS__
  for (guint i = 0; i < block->n_arrays; i++)
    for (gsize j = 0; j < FENCE_BYTES; j++)
      if (block->arrays[i].memory[block->arrays[i].n_bytes + j] != FENCE)
        {
          EmulationPool *pool = block->worker->pool;

          g_mutex_lock (&pool->mutex);
          if (!g_atomic_int_get (&pool->failed))
            snprintf (pool->problem, sizeof pool->problem,
                      "kernel %s, block (%u, %u, %u): wrote %" G_GSIZE_FORMAT " bytes behind the end of shared %s",
                      pool->launch->name, block->index[0], block->index[1], block->index[2], j,
                      block->arrays[i].name);
          g_atomic_int_set (&pool->failed, 1);
          g_mutex_unlock (&pool->mutex);
          return;
        }
#endif
}

/* --- The whole --- */

static void
begin_block (EmulationBlock *block, const EmulationLaunch *launch, gsize index)
{
  block->run = launch->first_run + index;
  block->n_threads = launch->n_threads;
  block->n_warps = launch->n_threads / EMULATION_LANES;
  memcpy (block->n_blocks, launch->n_blocks, sizeof block->n_blocks);
  block->index[0] = (guint) (index % launch->n_blocks[0]);
  block->index[1] = (guint) (index / launch->n_blocks[0] % launch->n_blocks[1]);
  block->index[2] = (guint) (index / launch->n_blocks[0] / launch->n_blocks[1]);
  memset (block->barriers, 0, sizeof block->barriers);
  for (guint i = 0; i < block->n_warps; i++)
    {
      block->warps[i].n_arrived = 0;
      block->warps[i].n_ended = 0;
      block->warps[i].turn = 0;
      block->warps[i].waits_for = -1;
      block->warps[i].quad = NULL;
      memset (block->warps[i].known, 0, sizeof block->warps[i].known);
      block->warps[i].what = "its beginning";
      block->warps[i].site = EmulationSite {launch->name, 0};
    }
  for (guint i = 0; i < block->n_threads; i++)
    {
      block->threads[i].sp = NULL;
      block->threads[i].waited = FALSE;
      block->threads[i].copies = NULL;
    }
  block->bulk = NULL;
  begin_shared (block, launch);
}

/* What stays from block to block. */
static void
place_threads (EmulationBlock *block, gboolean reverse)
{
  block->reverse = reverse;
  for (guint i = 0; i < EMULATION_MOST_THREADS; i++)
    {
      EmulationThread *thread = &block->threads[i];
      guint lane = i % EMULATION_LANES;

      thread->warp = &block->warps[i / EMULATION_LANES];
      thread->block = block;
      thread->index = i;
      thread->lane = lane;
      thread->next = i - lane + (lane + (reverse ? EMULATION_LANES - 1 : 1)) % EMULATION_LANES;
    }
}

static void
free_all_stacks (EmulationWorker *self)
{
  self->n_free_stacks = 0;
  for (guint i = EMULATION_MOST_THREADS; i > 0; i--)
    self->free_stacks[self->n_free_stacks++] = self->stacks + (gsize) (i - 1) * STACK_BYTES;
}

void
emulation_block_run (EmulationWorker *self, gsize index)
{
  EmulationBlock *block = &self->block;
  EmulationThread *first;

  if (block->worker == NULL)
    {
      block->worker = self;
      block->architecture = self->pool->architecture;
      place_threads (block, self->pool->reverse);
      free_all_stacks (self);
    }
  begin_block (block, self->pool->launch, index);
  first = first_lane (block, block->reverse ? block->n_warps - 1 : 0);
  emulation_thread = first;
  first->stack = NULL;
  {
    void *sp = begin_stack (self, first);

    FIBER_LEAVES (&self->asan_stack, first->stack, STACK_BYTES);
    emulation_switch (&self->sp, sp);
    FIBER_IS_BACK (self->asan_stack, NULL, NULL);
  }
  emulation_thread = NULL;
  /* They are all given back, unless the block was given up. */
  if (self->n_free_stacks != EMULATION_MOST_THREADS)
    free_all_stacks (self);
  if (g_atomic_int_get (&self->pool->failed))
    {
      for (guint i = 0; i < block->n_threads; i++)
        if (block->threads[i].copies != NULL)
          emulation_copies_drop (&block->threads[i]);
      for (guint i = 0; i < block->n_warps; i++)
        emulation_quad_drop (self, &block->warps[i]);
      emulation_bulk_drop (block);
    }
  check_shared (block);
}

EmulationWorker *
emulation_worker_new (EmulationPool *pool)
{
  EmulationWorker *self = g_new0 (EmulationWorker, 1);
  gsize n_shared = EMULATION_DYNAMIC_END + PAGE_BYTES;
  gsize n_stacks = (gsize) EMULATION_MOST_THREADS * STACK_BYTES;

  self->pool = pool;
  self->shared = static_cast<guint8 *> (mmap (NULL, n_shared, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  self->stacks = static_cast<guint8 *> (mmap (NULL, n_stacks, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  g_assert (self->shared != MAP_FAILED && self->stacks != MAP_FAILED);
  mprotect (self->shared + n_shared - PAGE_BYTES, PAGE_BYTES, PROT_NONE);
  for (gsize i = 0; i < EMULATION_MOST_THREADS; i++)
    mprotect (self->stacks + i * STACK_BYTES, PAGE_BYTES, PROT_NONE);
  return self;
}

void
emulation_worker_free (EmulationWorker *self)
{
  MEMORY_UNPOISON (self->stacks, (gsize) EMULATION_MOST_THREADS * STACK_BYTES);
  MEMORY_UNPOISON (self->shared, EMULATION_DYNAMIC_END);
  munmap (self->stacks, (gsize) EMULATION_MOST_THREADS * STACK_BYTES);
  munmap (self->shared, EMULATION_DYNAMIC_END + PAGE_BYTES);
  emulation_copies_free (self);
  emulation_bulk_free (self);
  emulation_quads_free (self);
  g_free (self->signal_stack);
  g_free (self);
}
