#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Plans cut between layers and around experts, so that backends share their steps. */

/* Steps that stay together. Pieces that continue each other are a layer (or several that share a cache, with all that
 * lies between them), and only experts may be elsewhere than the rest of it. */
typedef struct {
  guint first_step;
  guint end_step;
  guint n_layers;          /* that begin here; 0 too: before or behind the layers */
  gboolean is_experts;     /* one EXPERTS step */
  gboolean continues;      /* the layer of the piece before */
  SottoHandStep before;    /* what crosses its first border if it is cut there */
} SottoPlanPiece;

/**
 * sotto_plan_divide:
 *
 * Returns: (transfer full) (element-type SottoPlanPiece): the pieces in their order, at least two: the first is what comes
 *   before the layers, the last what comes behind
 */
GArray *sotto_plan_divide (const SottoPlan *plan);

/* Pieces that lie one behind the other. */
typedef struct {
  guint first_piece;
  guint end_piece;
} SottoPlanRun;

/* Steps that are carried out in one go. */
typedef struct {
  guint first_step;
  guint end_step;
} SottoPlanStretch;

/* Some stretches of a plan as a plan of its own, with only the caches and recurrent states that they name. */
typedef struct {
  SottoPlan plan;
  SottoStep *steps;
  SottoCacheShape *caches;
  SottoRecurrentShape *recurrents;
  SottoPlanStretch *stretches; /* as they lie in it, for SottoBatch */
} SottoPlanPart;

/**
 * sotto_plan_cut:
 * @plan: outlives the part, as to its operands
 * @pieces: (element-type SottoPlanPiece): all of the plan
 * @runs: (n_runs): those of the part, each of which becomes a stretch
 *
 * Whatever of a batch's rows is still read behind a border crosses it: stretches that are not the first of @plan begin with
 * TAKE, those that are not its last end with HAND. So nothing but caches and recurrent states is kept from stretch to
 * stretch. It takes as long as the part has steps.
 */
SottoPlanPart *sotto_plan_cut (const SottoPlan *plan, const GArray *pieces, const SottoPlanRun *runs, guint n_runs);
void sotto_plan_part_free (SottoPlanPart *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPlanPart, sotto_plan_part_free)

G_END_DECLS
