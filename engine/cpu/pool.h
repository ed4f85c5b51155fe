#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/* Threads that walk the same work together. The caller of sotto_pool_run() is lane 0; the others
 * are threads named sotto-cpu-1 … of a lower priority than the window's. Between runs they sleep.
 *
 * Work within a run is a row of phases. In a phase every lane takes units until none is left; the
 * barrier behind it makes the results of all visible to all and starts the next phase. */
typedef struct _SottoPool SottoPool;

/**
 * SottoPoolFunc:
 * @lane: 0 … n_lanes - 1
 */
typedef void (*SottoPoolFunc) (SottoPool *pool, guint lane, gpointer data);

/**
 * sotto_pool_new:
 * @n_threads: 0: one a physical core that this process may use
 */
SottoPool *sotto_pool_new (guint n_threads);
void sotto_pool_free (SottoPool *self);

/**
 * sotto_pool_set_threads:
 *
 * Any thread, at any time; takes effect at the next run. 0: the default.
 */
void sotto_pool_set_threads (SottoPool *self, guint n_threads);
guint sotto_pool_get_threads (const SottoPool *self);

/**
 * sotto_pool_prepare:
 *
 * Starts or ends threads as asked for. Where the system refuses one, there are fewer.
 *
 * Returns: lanes of the next run
 */
guint sotto_pool_prepare (SottoPool *self);

/**
 * sotto_pool_run:
 * @cancel: (nullable)
 *
 * Runs @func on every lane; one run at a time.
 *
 * Returns: %FALSE if the lanes agreed to stop
 */
gboolean sotto_pool_run (SottoPool *self, SottoCancel *cancel, SottoPoolFunc func, gpointer data);

/* --- Within a run --- */

/**
 * sotto_pool_take:
 *
 * Takes a unit of the phase. Neighbouring units go to one lane, in their order, so that what it reads
 * is a stream and what it asks the memory for ahead of time is its own; a lane that has done its
 * part helps the others from the end of theirs.
 *
 * Returns: %FALSE when none is left or the run is cancelled: go to the barrier
 */
gboolean sotto_pool_take (SottoPool *self, guint lane, guint n_units, guint *unit);

/**
 * sotto_pool_take_some:
 * @most: at least 1
 * @unit: (out): the first of them
 *
 * Takes neighbouring units at once: many as long as many are left, single ones in the end, so that nobody
 * has long to wait at the barrier.
 *
 * Returns: how many; 0 when none is left or the run is cancelled
 */
guint sotto_pool_take_some (SottoPool *self, guint lane, guint n_units, guint most, guint *unit);

/**
 * sotto_pool_is_hurried:
 *
 * Whether the run is cancelled, without waiting for the others: what is computed from here on is
 * thrown away, so go to the barrier.
 */
gboolean sotto_pool_is_hurried (const SottoPool *self);

/**
 * sotto_pool_barrier:
 *
 * Waits for all lanes.
 *
 * Returns: %FALSE if the run is to stop; every lane gets the same answer at the same barrier
 */
gboolean sotto_pool_barrier (SottoPool *self);

/**
 * sotto_pool_is_stopped:
 *
 * Returns: what the last barrier returned, inverted
 */
gboolean sotto_pool_is_stopped (const SottoPool *self);

/**
 * sotto_cpu_count_cores:
 *
 * Returns: physical cores that this process may use, by the system's topology, the affinity mask
 * and the control group's quota; at least 1
 */
guint sotto_cpu_count_cores (void);

G_END_DECLS
