#pragma once

#include "cpu/pool.h"
#include "cpu/state.h"

G_BEGIN_DECLS

/* One thread's view of a run. Everything it points to is shared but its memory. */
struct _SottoLane {
  SottoPool *pool;
  const SottoKernels *kernels;
  SottoState *state;
  const SottoBatch *batch;
  guint index;
  guint n_lanes;
  SottoLaneMemory *memory;
};

/* The operations of backend.h. */
extern const SottoOperations sotto_cpu_operations;

/* --- Steps that operations are made of; see operations.c --- */

/**
 * sotto_lane_multiply:
 *
 * Rows of a projection for tokens 0 … @n_tokens - 1 of @x, the bias added. Leaves early when the
 * run is cancelled.
 */
void sotto_lane_multiply (SottoLane              *lane,
                          const SottoWeight      *weight,
                          guint                   first_row,
                          guint                   n_rows,
                          const SottoActivations *x,
                          guint                   n_tokens,
                          float                  *y,
                          gsize                   y_stride);

/**
 * sotto_lane_project:
 *
 * residual += weight x, for the whole batch, all lanes together; ends with a barrier.
 */
void sotto_lane_project (SottoLane *lane, const SottoWeight *weight, const SottoActivations *x);

/**
 * sotto_lane_single:
 *
 * Returns: the lane's own activations, set up for one token of @n_columns
 */
SottoActivations *sotto_lane_single (SottoLane *lane, guint n_columns);

/**
 * sotto_lane_quantise:
 *
 * Completes token @t of @x, whose values are there, for @weight.
 */
void sotto_lane_quantise (SottoLane *lane,
                          const SottoWeight *weight,
                          const SottoActivations *x,
                          guint t);

/**
 * sotto_lane_attend:
 *
 * Attention of the batch in one layer, all lanes together.
 *
 * Returns: the attended values, ready for @output; %NULL when the run is to stop
 */
const SottoActivations *sotto_lane_attend (SottoLane *lane, guint layer, const SottoWeight *output);

/**
 * sotto_lane_append:
 *
 * One head's keys or values of the whole batch, (n_tokens, head), into the cache.
 */
void sotto_lane_append_keys (SottoLane *lane,
                             guint layer,
                             guint kv_head,
                             const float *keys,
                             gsize stride);
void sotto_lane_append_values (SottoLane *lane,
                               guint layer,
                               guint kv_head,
                               const float *values,
                               gsize stride);

G_END_DECLS
