#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Plans cut between layers, so that each part can be carried out elsewhere. */

/* Steps that belong together: what comes before the layers, a layer (or several that share a cache, with all that lies
 * between them), what comes behind. */
typedef struct {
  guint first_step;
  guint end_step;
  guint n_layers;          /* 0: before or behind the layers */
} SottoPlanPiece;

/**
 * sotto_plan_divide:
 *
 * Returns: (transfer full) (element-type SottoPlanPiece): the pieces in their order, at least two: the first is what comes
 *   before the layers, the last what comes behind
 */
GArray *sotto_plan_divide (const SottoPlan *plan);

/* Some of a plan's steps as a plan of its own, with only the caches and recurrent states that they name. */
typedef struct {
  SottoPlan plan;
  SottoStep *steps;
  SottoCacheShape *caches;
  SottoRecurrentShape *recurrents;
} SottoPlanPart;

/**
 * sotto_plan_cut:
 * @plan: outlives the part, as to its operands
 *
 * The steps from @first_step to before @end_step. Where they are not the first they begin with TAKE, and where
 * they are not the last they end with HAND and n_output says what one token's row of it has.
 */
SottoPlanPart *sotto_plan_cut (const SottoPlan *plan, guint first_step, guint end_step);
void sotto_plan_part_free (SottoPlanPart *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPlanPart, sotto_plan_part_free)

G_END_DECLS
