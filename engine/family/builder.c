/* The pieces that all steps of a plan are written with. */

#include "family/builder.h"

SottoStep *
sotto_builder_add (SottoBuilder *self, SottoStepKind kind)
{
  GArray *steps = self->program->steps;
  SottoStep *step;

  g_array_set_size (steps, steps->len + 1);
  step = &g_array_index (steps, SottoStep, steps->len - 1);
  step->kind = kind;
  step->layer = self->layer;
  return step;
}

SottoNorm
sotto_builder_norm (const SottoBuilder *self, SottoSlot slot)
{
  const SottoTensor *found = &self->found[slot];

  return (SottoNorm) { .kind = found->vector != NULL ? self->family->norm : SOTTO_NORM_NONE,
                       .weight = found->vector,
                       .bias = found->bias,
                       .epsilon = self->sizes->epsilon };
}

SottoBuffer
sotto_builder_norm_residual (SottoBuilder *self, SottoSlot slot, SottoBuffer to)
{
  if (!sotto_builder_has (self, slot))
    return SOTTO_BUFFER_RESIDUAL;

  sotto_builder_add (self, SOTTO_STEP_NORM)->norm = (SottoNormStep){
    .norm = sotto_builder_norm (self, slot), .from = SOTTO_BUFFER_RESIDUAL, .to = to
  };
  return to;
}

SottoBuffer
sotto_builder_get_target (const SottoBuilder *self, SottoSlot post_norm)
{
  return sotto_builder_has (self, post_norm) ? SOTTO_BUFFER_BRANCH : SOTTO_BUFFER_RESIDUAL;
}

void
sotto_builder_project (SottoBuilder      *self,
                       SottoBuffer        from,
                       const SottoWeight *weight,
                       SottoBuffer        to,
                       gboolean           add)
{
  gboolean to_residual = to == SOTTO_BUFFER_RESIDUAL;

  sotto_builder_add (self, SOTTO_STEP_PROJECT)->project
    = (SottoProjectStep) { .from = from,
                           .to = to,
                           .weight = *weight,
                           .scale = to_residual ? (float) self->sizes->residual_scale : 1.0f,
                           .add = add || to_residual };
}

void
sotto_builder_end_branch (SottoBuilder *self,
                          SottoSlot post_norm,
                          SottoSlot sum_norm,
                          float scale_after)
{
  if (sotto_builder_has (self, post_norm))
    sotto_builder_add (self, SOTTO_STEP_ADD)->add
      = (SottoAddStep) { .norm = sotto_builder_norm (self, post_norm),
                         .from = SOTTO_BUFFER_BRANCH,
                         .to = SOTTO_BUFFER_RESIDUAL,
                         .scale = (float) self->sizes->residual_scale,
                         .scale_after = scale_after };

  sotto_builder_norm_residual (self, sum_norm, SOTTO_BUFFER_RESIDUAL);
}
