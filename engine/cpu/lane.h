#pragma once

#include "cpu/arranged.h"
#include "cpu/cache.h"
#include "cpu/pool.h"
#include "cpu/scratch.h"

G_BEGIN_DECLS

struct _SottoState {
  SottoArranged *arranged;  /* the backend's */
  SottoCaches caches;
  SottoScratch scratch;
  guint n_context;
};

/* One thread's view of a run. Everything it points to is shared but its memory.
 *
 * With one token every lane has the row buffers for itself, HIDDEN's values aside, and computes all of a norm
 * or sum: that is cheaper than a barrier. What lanes share out then lands in shared memory, and each
 * takes it over. With more tokens the buffers are shared. */
typedef struct {
  SottoPool *pool;
  const SottoKernels *kernels;
  SottoState *state;
  const SottoBatch *batch;
  guint index;
  guint n_lanes;
  SottoLaneMemory *memory;
  guint landing;            /* which is next */
} SottoLane;

/* Carries out one kind of step, all lanes together. What it leaves is complete for the next; where a
 * barrier is needed for that, it ends with one. */
typedef void (*SottoStepFunc) (SottoLane *lane, const SottoStep *step);

void sotto_step_match (SottoLane *lane, const SottoStep *step);
void sotto_step_predict (SottoLane *lane, const SottoStep *step);
void sotto_step_correct (SottoLane *lane, const SottoStep *step);
void sotto_step_qkv (SottoLane *lane, const SottoStep *step);
void sotto_step_latent_qkv (SottoLane *lane, const SottoStep *step);
void sotto_step_delta (SottoLane *lane, const SottoStep *step);
void sotto_step_convolve (SottoLane *lane, const SottoStep *step);
void sotto_step_scan (SottoLane *lane, const SottoStep *step);
void sotto_step_feed (SottoLane *lane, const SottoStep *step);
void sotto_step_project (SottoLane *lane, const SottoStep *step);
void sotto_step_experts (SottoLane *lane, const SottoStep *step);
void sotto_step_logits (SottoLane *lane, const SottoStep *step);
void sotto_step_pool (SottoLane *lane, const SottoStep *step);

/* The angles of the batch's positions, and then the batch's steps of the plan. */
void sotto_lane_walk (SottoLane *lane, const SottoPlan *plan);

/* --- Parts of steps; see lane.c --- */

static inline guint
sotto_count_units (guint n, guint of)
{
  return (n + of - 1) / of;
}

static inline gboolean
sotto_lane_is_alone (const SottoLane *lane)
{
  return lane->batch->n_tokens == 1;
}

/* Takes a unit of the phase: see sotto_pool_take(). */
static inline gboolean
sotto_lane_take (SottoLane *lane, guint n_units, guint *unit)
{
  return sotto_pool_take (lane->pool, lane->index, n_units, unit);
}

/**
 * sotto_lane_take_rows:
 *
 * Takes rows @first … @end - 1 of @n_rows as a unit of the phase: those that are packed side by side, for
 * lanes that write the same cache lines wait for each other.
 */
static inline gboolean
sotto_lane_take_rows (SottoLane *lane, guint n_rows, guint *first, guint *end)
{
  guint set_rows = MAX (lane->kernels->packings[sotto_form_of (n_rows)].set_rows, 1);
  guint unit;

  if (!sotto_lane_take (lane, sotto_count_units (n_rows, set_rows), &unit))
    return FALSE;
  *first = unit * set_rows;
  *end = MIN (*first + set_rows, n_rows);
  return TRUE;
}

/**
 * sotto_lane_packs_columns:
 *
 * Whether there are so few sets of rows that are packed side by side that lanes share their columns instead: then
 * values of all rows have to be there before any is packed.
 */
gboolean sotto_lane_packs_columns (const SottoLane *lane);

/* Rows of a token that know no other token's. */
typedef void (*SottoTokenFunc) (SottoLane *lane, const SottoStep *step, guint t);

/**
 * sotto_lane_do_tokens:
 *
 * Of one token every lane for itself, of more together, with a barrier at the end.
 */
void sotto_lane_do_tokens (SottoLane *lane, const SottoStep *step, SottoTokenFunc func);

/**
 * sotto_lane_take_outputs:
 * @n_rows: of a weight
 * @first: (out):
 * @n: (out): at most %SOTTO_MOST_UNIT_ROWS
 *
 * Takes rows of a weight as a unit of FEED, PROJECT or LOGITS. Each goes through all tokens, so with many of
 * them a unit is as large as still leaves all lanes the same work; with few it is a stretch of memory, long
 * at first and shorter towards the end.
 */
gboolean sotto_lane_take_outputs (SottoLane *lane, guint n_rows, guint *first, guint *n);

/**
 * sotto_lane_buffer:
 *
 * Returns: the buffer as this lane sees it, (n_tokens, n_columns)
 */
SottoActivations sotto_lane_buffer (SottoLane *lane, SottoBuffer buffer, guint n_columns);

/**
 * sotto_lane_operand:
 *
 * The buffer packed, as NORM, ATTEND, DELTA, CONVOLVE and SCAN have left it; the others are packed here. Only at the beginning
 * of a phase.
 */
SottoActivations sotto_lane_operand (SottoLane *lane, SottoBuffer buffer, guint n_columns);

/**
 * sotto_lane_pack:
 *
 * Packs row @t of @x, whose values are there, as the products behind it want it.
 */
void sotto_lane_pack (SottoLane *lane, const SottoActivations *x, gsize t);

/**
 * sotto_lane_pack_rows:
 *
 * The same for rows @first … @end - 1, which sotto_lane_take_rows() has given.
 */
void sotto_lane_pack_rows (SottoLane *lane, const SottoActivations *x, guint first, guint end);

/**
 * sotto_lane_pack_batch:
 *
 * All tokens of rows that lanes share, all lanes together. Begins a phase, ends with a barrier.
 *
 * Returns: %FALSE if the run is to stop
 */
gboolean sotto_lane_pack_batch (SottoLane *lane, const SottoActivations *x);

/**
 * sotto_lane_multiply:
 *
 * A product, scaled, the bias of its weight added. Leaves early when the run is cancelled.
 */
void sotto_lane_multiply (SottoLane *lane, const SottoProduct *product);

/**
 * sotto_lane_multiply_unit:
 * @whole: all rows of a weight
 *
 * The same for SOTTO_UNIT_ROWS of them, or what there is, from row @unit * SOTTO_UNIT_ROWS on.
 */
void sotto_lane_multiply_unit (SottoLane *lane, const SottoProduct *whole, guint unit);

/**
 * sotto_lane_norm:
 *
 * One row; @y may be @x.
 */
void sotto_lane_norm (SottoLane *lane, const SottoNorm *norm, const float *x, guint n, float *y);

/* Where the product of a step goes: to = scale * product, or is added. */
typedef struct {
  SottoBuffer to;
  guint n_columns;
  float scale;
  gboolean add;
} SottoTarget;

/**
 * sotto_lane_put:
 * @tile: (n_tokens, @n) with @stride floats from token to token
 *
 * Columns @first … @first + @n - 1 of the product, which are this lane's unit.
 */
void sotto_lane_put (SottoLane         *lane,
                     const SottoTarget *target,
                     const float       *tile,
                     gsize              stride,
                     guint              first,
                     guint              n);

/**
 * sotto_lane_leave:
 *
 * Packs the buffer, whose values are there, if it is one that sotto_lane_operand() finds packed. Begins a phase
 * if it does, and ends it.
 */
void sotto_lane_leave (SottoLane *lane, SottoBuffer buffer, guint n_columns);

/**
 * sotto_lane_complete:
 *
 * Once all units were put: makes the buffer complete for all lanes.
 */
void sotto_lane_complete (SottoLane *lane, const SottoTarget *target);

/**
 * sotto_lane_complete_attended:
 * @attended: the rows that lanes share, whose values are there
 *
 * Behind a barrier: ATTENDED of the same values, packed, for all lanes.
 */
void sotto_lane_complete_attended (SottoLane *lane, const SottoActivations *attended);

/**
 * sotto_lane_turn:
 * @rope: (nullable)
 *
 * Turns the heads of token @first_token … + @n_tokens - 1 of the batch.
 */
void sotto_lane_turn (SottoLane       *lane,
                      const SottoRope *rope,
                      guint            first_token,
                      guint            n_tokens,
                      float           *heads,
                      gsize            stride);

/* --- Attention and caches; see attention.c --- */

/**
 * sotto_lane_attend:
 *
 * Leaves the attended values complete.
 */
void sotto_lane_attend (SottoLane *lane, const SottoAttendStep *step);

/**
 * sotto_lane_append_keys:
 *
 * One head's keys or values of the whole batch, (n_tokens, head), into the cache. Keys come without
 * the bias that the cache does without. They are spread where they are.
 */
void sotto_lane_append_keys (SottoLane *lane, guint cache, guint head, float *keys, gsize stride);
void
sotto_lane_append_values (SottoLane *lane, guint cache, guint head, float *values, gsize stride);

/**
 * sotto_lane_match_queries:
 *
 * One head of Q of @n_tokens tokens, complete but for this: spread like the keys of the cache.
 */
void
sotto_lane_match_queries (SottoLane *lane, guint cache, guint n_tokens, float *heads, gsize stride);

G_END_DECLS
