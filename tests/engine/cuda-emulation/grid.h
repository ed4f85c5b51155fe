#pragma once

#include "machine.h"

#include <signal.h>

/* A launch, and the threads of the host that run its blocks. */

#define EMULATION_PROBLEM_BYTES 512
#define EMULATION_STACK_BYTES (64 * 1024) /* of a thread; the lowest page of each cannot be touched */
#define EMULATION_SHARED_BYTES (227 * 1024)
#define EMULATION_STATIC_BYTES (48 * 1024)
/* What module.cu does not ask for (UNASKED_BYTES there): arrays and such a launch have 48 KB together. */
#define EMULATION_UNASKED_BYTES (32 * 1024)
/* Arrays with fences between them, then what a launch asks for, which ends with a page, then a page
 * that can't be touched. */
#define EMULATION_DYNAMIC_END (2 * EMULATION_STATIC_BYTES + EMULATION_SHARED_BYTES / 4096 * 4096 + 4096)

typedef struct {
  char *name;
  guint n_blocks[3];
  guint n_threads;
  gsize shared_bytes;
  guint64 first_run;        /* the first block's number (EmulationBlock); the pool gives it */
  const void *kernel;
  void (*invoke) (const void *kernel, const void *arguments);
  guint8 *arguments;
} EmulationLaunch;

typedef struct EmulationPool EmulationPool;
typedef struct EmulationMemory EmulationMemory;

typedef struct EmulationWorker {
  EmulationPool *pool;
  void *sp;                 /* where the worker itself goes on when a block is done */
  guint8 *stacks;
  guint8 *free_stacks[EMULATION_MOST_THREADS];
  guint n_free_stacks;
  guint8 *shared;
  EmulationCopies *free_copies;
  EmulationBulk *free_bulk;
  EmulationQuad *free_quads;
  EmulationBlock block;
  const void *own_stack;    /* of the thread of the host, for AddressSanitizer */
  gsize own_stack_bytes;
  void *asan_stack;
  void *signal_stack;
  stack_t before;           /* the signal stack that the thread of the host had */
  guint8 *fault_address;
  GThread *thread;
} EmulationWorker;

struct EmulationPool {
  guint n_workers;
  EmulationWorker *workers[16];
  gboolean reverse;
  guint8 fill;
  guint architecture;
  gsize shared_bytes;       /* that a block may have at most, when it is asked for */

  GMutex mutex;
  GCond begun;
  GCond done;
  guint n_runs;
  guint n_busy;
  gboolean ends;

  const EmulationLaunch *launch; /* under way */
  EmulationMemory *shut;    /* (nullable): whoever comes first to previous_wait() opens it */
  gsize n_blocks;
  gsize next_block;         /* atomic */
  gint failed;              /* atomic */
  char problem[EMULATION_PROBLEM_BYTES];
};

EmulationPool *emulation_pool_new (guint n_workers);
void emulation_pool_free (EmulationPool *self);

/* Returns: FALSE after a failure; then problem says which */
gboolean emulation_pool_run (EmulationPool *self, EmulationLaunch *launch);

/* Bytes of shared memory that a block of such a device may have, when it asks for them. */
gsize emulation_shared_limit (guint architecture);

/* Runs one block on the caller. */
void emulation_block_run (EmulationWorker *self, gsize index);

/* Leaves the block, and never returns. */
[[noreturn]] void emulation_leave (EmulationWorker *self);

/* Copies that nobody waited for are given back. Returns: whether there were any */
gboolean emulation_copies_drop (EmulationThread *thread);

void emulation_copies_free (EmulationWorker *worker);

/* The same of a block's copies in bulk and of a warp's products. */
gboolean emulation_bulk_drop (EmulationBlock *block);
void emulation_bulk_free (EmulationWorker *worker);
gboolean emulation_quad_drop (EmulationWorker *worker, EmulationWarp *warp);
void emulation_quads_free (EmulationWorker *worker);

/* What a warp waits for that is no barrier. */
void emulation_bulk_describe (const EmulationWarp *warp, char *words, gsize n);

EmulationWorker *emulation_worker_new (EmulationPool *pool);
void emulation_worker_free (EmulationWorker *self);

/* What a thread of the host needs to survive faults of kernels. */
void emulation_faults_begin (EmulationWorker *worker);
void emulation_faults_end (EmulationWorker *worker);
