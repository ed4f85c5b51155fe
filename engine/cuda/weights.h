#pragma once

#include "backend.h"
#include "cuda/module.h"

G_BEGIN_DECLS

/* The weights of models on one device: each tensor once, however many steps and sessions use it. They are told apart by
 * where they lie in their file's mapping, which every user keeps alive. */
typedef struct _SottoCudaWeights SottoCudaWeights;

SottoCudaWeights *sotto_cuda_weights_new (const SottoCudaModule *module, SottoCudaDevice *device);

/* After all plans have been freed. */
void sotto_cuda_weights_free (SottoCudaWeights *self);

/* A plan whose operands are on the device; its ropes are host memory whose frequencies are. */
typedef struct {
  const SottoPlan *plan;
  SottoStep *steps;        /* (plan->n_steps) */
  SottoCudaWeights *weights;
  GPtrArray *held;         /* (element-type Tensor): in weights */
  GHashTable *ropes;       /* host's → ours */
} SottoCudaPlan;

/**
 * sotto_cuda_plan_new:
 * @plan: outlives it
 * @loading: (nullable)
 *
 * Brings to the device what is not there yet.
 *
 * Returns: (transfer full): or %NULL with MEMORY (wanted: bytes of the tensor that did not fit, available: bytes that were
 *   free), CANCELLED or BACKEND; then nothing of it stays there
 */
SottoCudaPlan *sotto_cuda_plan_new (SottoCudaWeights    *weights,
                                    const SottoPlan     *plan,
                                    const SottoLoading  *loading,
                                    GError             **error);
void sotto_cuda_plan_free (SottoCudaPlan *self);

/**
 * sotto_cuda_step_stack:
 * @step: a copy of a plan's
 *
 * Makes queries whose heads alternate with their gates stacks of one matrix a head, so that no row lies on a device twice;
 * those with a bias, which would be torn apart, stay as they are.
 */
void sotto_cuda_step_stack (SottoStep *step);

/* Bytes that the steps from @first to before @end take on a device. */
guint64 sotto_cuda_plan_measure (const SottoPlan *plan, guint first, guint end);

/* Bytes of a weight on a device, without its bias and scales. */
guint64 sotto_cuda_weight_measure (const SottoWeight *weight);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoCudaPlan, sotto_cuda_plan_free)

G_END_DECLS
