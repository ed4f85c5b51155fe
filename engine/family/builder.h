#pragma once

#include "family/program.h"
#include "family/rope.h"
#include "family/tensors.h"

G_BEGIN_DECLS

/* Writes a plan: what the plan-*.c share while they turn layer after layer into steps. */
typedef struct {
  SottoProgram *program;   /* whose steps, caches and recurrents grow */
  const SottoFamily *family;
  const SottoSizes *sizes;
  const SottoRopes *ropes;
  SottoTensors *tensors;   /* to get memory from */

  SottoTensor
      found[SOTTO_N_SLOTS + 1]; /* of the model, and of the layer that is being written; the last
                            * one is none */
  guint layer;
  const SottoLayerSizes *at; /* sizes->layers[layer] */
  const float *slopes;     /* ALiBi's; (nullable) */
  guint *caches;           /* (n_layers): number of the cache that a layer made */
} SottoBuilder;

/* builder.c: a new step at the end, all zeros */
SottoStep *sotto_builder_add (SottoBuilder *self, SottoStepKind kind);

static inline gboolean
sotto_builder_has (const SottoBuilder *self, SottoSlot slot)
{
  return self->found[slot].vector != NULL || sotto_weight_is_there (&self->found[slot].weight);
}

/* The norm of a slot; of no kind where the family has none there. */
SottoNorm sotto_builder_norm (const SottoBuilder *self, SottoSlot slot);

/* @slot's norm of the residual goes into @to. Without one nothing happens.
 *
 * Returns: where the result is: @to, or the residual */
SottoBuffer sotto_builder_norm_residual (SottoBuilder *self, SottoSlot slot, SottoBuffer to);

/* Where a branch has to go that is normed by @post_norm before it is added to the residual. */
SottoBuffer sotto_builder_get_target (const SottoBuilder *self, SottoSlot post_norm);

/* @weight of @from joins the residual, or is (with @add, joins) the branch. */
void sotto_builder_project (SottoBuilder      *self,
                            SottoBuffer        from,
                            const SottoWeight *weight,
                            SottoBuffer        to,
                            gboolean           add);

/* Ends a branch: it is normed and added, if it was to be; and the sum is normed. */
void sotto_builder_end_branch (SottoBuilder *self,
                               SottoSlot post_norm,
                               SottoSlot sum_norm,
                               float scale_after);

/* plan-attention.c, plan-recurrent.c: what mixes tokens, into ATTENDED; plan-feed.c: what does not. FALSE with an
 * error. */
gboolean sotto_builder_add_attention (SottoBuilder *self, SottoBuffer from);
gboolean sotto_builder_add_latent_attention (SottoBuilder *self, SottoBuffer from);
gboolean sotto_builder_add_delta (SottoBuilder *self, SottoBuffer from);
gboolean sotto_builder_add_convolution (SottoBuilder *self, SottoBuffer from);
gboolean sotto_builder_add_scan (SottoBuilder *self, SottoBuffer from);
gboolean sotto_builder_add_feed (SottoBuilder *self, SottoBuffer parallel_from);

/* plan-streams.c: several residuals of a token. They do nothing where there is one. */
void sotto_builder_begin_streams (SottoBuilder *self);
void sotto_builder_predict_streams (SottoBuilder *self);
void sotto_builder_correct_streams (SottoBuilder *self);
void sotto_builder_end_streams (SottoBuilder *self);

/* What a layer's input reads, and where it goes then: to all but the first. */
SottoBuffer sotto_builder_scale_stream (SottoBuilder *self);
void sotto_builder_add_input_to_streams (SottoBuilder *self);

/* Two narrow matrices and what they read beside attention, where a layer has them; FALSE with an error. Attention's sum then is
 * to be multiplied with the root of a half. */
gboolean sotto_builder_add_low_rank (SottoBuilder *self, SottoBuffer from);

/* ALiBi's slopes for the model's heads; FALSE with an error. */
gboolean sotto_builder_make_slopes (SottoBuilder *self);

G_END_DECLS
