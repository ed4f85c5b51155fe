#pragma once

#include "backend.h"
#include "cpu/kernels.h"
#include "cpu/pool.h"

G_BEGIN_DECLS

/* A plan whose weights the CPU multiplies from strips (strips.h) where it has kernels for them and the model is small
 * enough. The strips are memory of their own, in large pages, and norms and biases are copied along; the pages of the file
 * that they were made from are given back: a model takes about as much memory as before.
 *
 * Which weights are arranged depends on the plan and the tier alone, so that results do not depend on the memory that
 * happens to be free. */
typedef struct {
  const SottoPlan *source;
  SottoPlan plan;
  SottoStep *steps;         /* (plan.n_steps): the source's, weights with their strips */
  guint8 *strips;           /* (nullable): of all weights, and the floats behind them */
  gsize n_bytes;            /* of these */
  guint n_users;            /* the owner's to count */
} SottoArranged;

/* Larger models stay in their file's order: their tokens wait for memory anyway, and one would wait for the copy. */
#define SOTTO_ARRANGE_MOST ((gsize) 1280 << 20) /* bytes of strips */

/**
 * sotto_arranged_new:
 * @plan: outlives it
 * @pool: runs nothing else meanwhile
 * @loading: (nullable)
 *
 * Returns: (transfer full): or %NULL with MEMORY or CANCELLED
 */
SottoArranged *sotto_arranged_new (const SottoPlan    *plan,
                                   const SottoKernels *kernels,
                                   SottoPool          *pool,
                                   const SottoLoading *loading,
                                   GError            **error);
void sotto_arranged_free (SottoArranged *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoArranged, sotto_arranged_free)

G_END_DECLS
