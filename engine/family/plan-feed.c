/* The feed-forward of a layer as steps: dense, experts, a shared expert, any of them together. */

#include "family/builder.h"

#include <math.h>

static void
add_feed (SottoBuilder *self, SottoBuffer from, SottoSlot gate, SottoSlot up, SottoSlot switch_)
{
  sotto_builder_add (self, SOTTO_STEP_FEED)->feed
    = (SottoFeedStep) { .from = from,
                        .activation = self->sizes->activation,
                        .xielu = self->at->xielu,
                        .sparse = self->at->sparse,
                        .cutoff = self->at->cutoff,
                        .gate = self->found[gate].weight,
                        .up = self->found[up].weight,
                        .switch_ = self->found[switch_].weight };
}

/* What the router reads: the residual normed by itself, times the scale and 1 / root of its width,
 * where there is one. */
static gboolean
add_router_norm (SottoBuilder *self, SottoBuffer *router_from)
{
  const float *scale = self->found[SOTTO_SLOT_ROUTER_SCALE].vector;
  guint n = self->sizes->n_embedding;
  float *weight;

  if (scale == NULL)
    return TRUE;

  weight = sotto_tensors_allocate (self->tensors, "ffn_gate_inp.scale", n);
  if (weight == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    weight[i] = (float) ((double) scale[i] / sqrt (n));

  *router_from = SOTTO_BUFFER_NORMED_2;
  sotto_builder_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = { self->family->norm, weight, NULL, self->sizes->epsilon },
                        .from = SOTTO_BUFFER_RESIDUAL,
                        .to = SOTTO_BUFFER_NORMED_2 };
  return TRUE;
}

static gboolean
add_experts (SottoBuilder *self, SottoBuffer from, SottoBuffer to)
{
  const SottoSizes *sizes = self->sizes;
  gboolean to_residual = to == SOTTO_BUFFER_RESIDUAL;
  SottoBuffer router_from = from;
  SottoExpertsStep *step;

  if (!add_router_norm (self, &router_from))
    return FALSE;

  step = &sotto_builder_add (self, SOTTO_STEP_EXPERTS)->experts;
  *step = (SottoExpertsStep) { .from = from,
                               .router_from = router_from,
                               .to = to,
                               .add = to_residual,
                               .n_experts = sizes->n_experts,
                               .n_used = sizes->n_used,
                               .n_groups = sizes->n_groups,
                               .n_groups_used = sizes->n_groups_used,
                               .n_group_best = sizes->n_group_best,
                               .scores = sizes->scores,
                               .normalised = sizes->normalised,
                               .scale = (float) (sizes->expert_scale
                                                 * (to_residual ? sizes->residual_scale : 1.0)),
                               .activation = self->family->activation,
                               .router = self->found[SOTTO_SLOT_ROUTER].weight,
                               .selection_bias = self->found[SOTTO_SLOT_SELECTION_BIAS].vector,
                               .gate = self->found[SOTTO_SLOT_EXPERT_GATE].weight,
                               .up = self->found[SOTTO_SLOT_EXPERT_UP].weight,
                               .down = self->found[SOTTO_SLOT_EXPERT_DOWN].weight };

  /* What scales a whole expert's result may as well scale its part in the sum. */
  step->expert_scales = step->down.scales;
  step->down.scales = NULL;
  return TRUE;
}

/* A dense way beside the experts, each with norms of its own before and behind it. */
static gboolean
add_two_ways (SottoBuilder *self)
{
  sotto_builder_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = sotto_builder_norm (self, SOTTO_SLOT_POST_DENSE_NORM),
                        .from = SOTTO_BUFFER_BRANCH,
                        .to = SOTTO_BUFFER_BRANCH };
  sotto_builder_norm_residual (self, SOTTO_SLOT_EXPERTS_NORM, SOTTO_BUFFER_NORMED);
  if (!add_experts (self, SOTTO_BUFFER_NORMED, SOTTO_BUFFER_BRANCH_2))
    return FALSE;

  sotto_builder_add (self, SOTTO_STEP_ADD)->add
    = (SottoAddStep) { .norm = sotto_builder_norm (self, SOTTO_SLOT_POST_EXPERTS_NORM),
                       .from = SOTTO_BUFFER_BRANCH_2,
                       .to = SOTTO_BUFFER_BRANCH,
                       .scale = 1,
                       .scale_after = 1 };
  return TRUE;
}

/* This layer's input beside the residual, behind the feed-forward. */
static void
add_input (SottoBuilder *self, float scale_after)
{
  SottoBuffer from = sotto_builder_scale_stream (self);

  sotto_builder_add (self, SOTTO_STEP_FEED)->feed
    = (SottoFeedStep) { .from = from,
                        .activation = self->family->activation,
                        .gate = self->found[SOTTO_SLOT_INPUT_GATE].weight,
                        .first_input = self->layer * self->sizes->n_input };
  sotto_builder_project (self, SOTTO_BUFFER_HIDDEN, &self->found[SOTTO_SLOT_INPUT_OUTPUT].weight,
                         SOTTO_BUFFER_BRANCH, FALSE);
  if (sotto_layer_has (self->at, SOTTO_PART_STREAMS))
    sotto_builder_add_input_to_streams (self);
  else
    sotto_builder_end_branch (self, SOTTO_SLOT_POST_INPUT_NORM, SOTTO_N_SLOTS, scale_after);
}

gboolean
sotto_builder_add_feed (SottoBuilder *self, SottoBuffer parallel_from)
{
  const float *layer_scale = self->found[SOTTO_SLOT_LAYER_SCALE].vector;
  float scale_after = layer_scale != NULL ? layer_scale[0] : 1.0f;
  gboolean has_input = sotto_layer_has (self->at, SOTTO_PART_INPUTS);
  gboolean has_dense = sotto_layer_has (self->at, SOTTO_PART_DENSE);
  gboolean has_experts = sotto_layer_has (self->at, SOTTO_PART_EXPERTS);
  SottoBuffer to = sotto_builder_get_target (self, SOTTO_SLOT_POST_FEED_NORM);
  SottoBuffer from =
      self->sizes->parallel
          ? parallel_from
          : sotto_builder_norm_residual (self, SOTTO_SLOT_FEED_NORM, SOTTO_BUFFER_NORMED);

  if (has_dense)
    {
      add_feed (self, from, SOTTO_SLOT_GATE, SOTTO_SLOT_UP, SOTTO_N_SLOTS);
      sotto_builder_project (
          self, SOTTO_BUFFER_HIDDEN, &self->found[SOTTO_SLOT_DOWN].weight, to, FALSE);
    }
  if (has_experts && has_dense ? !add_two_ways (self)
                               : has_experts && !add_experts (self, from, to))
    return FALSE;
  if (sotto_layer_has (self->at, SOTTO_PART_SHARED))
    {
      add_feed (self, from, SOTTO_SLOT_SHARED_GATE, SOTTO_SLOT_SHARED_UP, SOTTO_SLOT_SHARED_SWITCH);
      sotto_builder_project (
          self, SOTTO_BUFFER_HIDDEN, &self->found[SOTTO_SLOT_SHARED_DOWN].weight, to, TRUE);
    }

  sotto_builder_end_branch (self, SOTTO_SLOT_POST_FEED_NORM, SOTTO_SLOT_FEED_SUM_NORM,
                            has_input ? 1.0f : scale_after);
  sotto_builder_correct_streams (self);
  if (has_input)
    add_input (self, scale_after);
  return TRUE;
}
