/* Several residuals of a token as steps (Baykal et al. 2023), and a branch beside attention (Menghani et al. 2024): what Gemma 3n
 * has around its layers.
 *
 * RESIDUAL is the first of them, the one that layers read and change; the others, STREAM and those behind it, begin as
 * projections of it, and are as large. At the end they are projected back, and the mean of all is the residual. */

#include "family/builder.h"

#include <math.h>

/* The least mean square of what is made as large as something else. */
#define LEAST 1e-5f

static gboolean
has_streams (const SottoBuilder *self)
{
  return self->sizes->n_streams > 1;
}

static void
project_stream (SottoBuilder *self, SottoSlot slot, SottoBuffer from, guint stream)
{
  SottoWeight weight = sotto_weight_at (&self->found[slot].weight, stream - 1);

  sotto_builder_project (self, from, &weight, SOTTO_BUFFER_BRANCH, FALSE);
  sotto_builder_add (self, SOTTO_STEP_MATCH)->match = (SottoMatchStep) { .from = SOTTO_BUFFER_BRANCH,
                                                                         .to = SOTTO_BUFFER_STREAM + stream - 1,
                                                                         .like = SOTTO_BUFFER_RESIDUAL,
                                                                         .least = LEAST };
}

void
sotto_builder_begin_streams (SottoBuilder *self)
{
  for (guint i = 1; i < self->sizes->n_streams; i++)
    project_stream (self, SOTTO_SLOT_STREAM_INPUT, SOTTO_BUFFER_RESIDUAL, i);
}

static void
add_streams_step (SottoBuilder *self, SottoStepKind kind, SottoSlot coefficients)
{
  if (has_streams (self))
    sotto_builder_add (self, kind)->streams
      = (SottoStreamsStep) { .n_streams = self->sizes->n_streams,
                             .kept = SOTTO_BUFFER_BRANCH_2,
                             .norm = sotto_builder_norm (self, SOTTO_SLOT_STREAM_ROUTER_NORM),
                             .router = self->found[SOTTO_SLOT_STREAM_ROUTER].vector,
                             .coefficients = self->found[coefficients].vector,
                             .scale = 1.0f / (float) self->sizes->n_embedding };
}

void
sotto_builder_predict_streams (SottoBuilder *self)
{
  add_streams_step (self, SOTTO_STEP_PREDICT, SOTTO_SLOT_STREAM_PREDICTION);
}

void
sotto_builder_correct_streams (SottoBuilder *self)
{
  add_streams_step (self, SOTTO_STEP_CORRECT, SOTTO_SLOT_STREAM_CORRECTION);
}

/* @norm of the branch joins all residuals but the first. */
static void
add_to_streams (SottoBuilder *self, const SottoNorm *norm)
{
  for (guint i = 1; i < self->sizes->n_streams; i++)
    sotto_builder_add (self, SOTTO_STEP_ADD)->add = (SottoAddStep) { .norm = *norm,
                                                                     .from = SOTTO_BUFFER_BRANCH,
                                                                     .to = SOTTO_BUFFER_STREAM + i - 1,
                                                                     .scale = 1,
                                                                     .scale_after = 1 };
}

SottoBuffer
sotto_builder_scale_stream (SottoBuilder *self)
{
  const SottoNorm scale = { .kind = SOTTO_NORM_NONE, .weight = self->found[SOTTO_SLOT_STREAM_SCALE].vector };

  if (scale.weight == NULL)
    return SOTTO_BUFFER_RESIDUAL;
  sotto_builder_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = scale, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  return SOTTO_BUFFER_NORMED;
}

void
sotto_builder_add_input_to_streams (SottoBuilder *self)
{
  const SottoNorm plain = { 0 };

  sotto_builder_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = sotto_builder_norm (self, SOTTO_SLOT_POST_INPUT_NORM),
                        .from = SOTTO_BUFFER_BRANCH,
                        .to = SOTTO_BUFFER_BRANCH };
  add_to_streams (self, &plain);
}

void
sotto_builder_end_streams (SottoBuilder *self)
{
  guint n = self->sizes->n_streams;

  for (guint i = 1; i < n; i++)
    project_stream (self, SOTTO_SLOT_STREAM_OUTPUT, SOTTO_BUFFER_STREAM + i - 1, i);
  for (guint i = 1; i < n; i++)
    sotto_builder_add (self, SOTTO_STEP_ADD)->add
      = (SottoAddStep) { .from = SOTTO_BUFFER_STREAM + i - 1,
                         .to = SOTTO_BUFFER_RESIDUAL,
                         .scale = 1,
                         .scale_after = i + 1 == n ? 1.0f / (float) n : 1.0f };
}

gboolean
sotto_builder_add_low_rank (SottoBuilder *self, SottoBuffer from)
{
  const SottoWeight *down = &self->found[SOTTO_SLOT_LOW_RANK_DOWN].weight, *up = &self->found[SOTTO_SLOT_LOW_RANK_UP].weight;
  const SottoNorm plain = { 0 };

  if (!sotto_weight_is_there (down) || !sotto_weight_is_there (up))
    return TRUE;
  if (up->n_columns != down->n_rows)
    {
      g_autofree char *name = g_strdup_printf ("blk.%u.laurel_r.weight", self->layer);

      return sotto_tensors_refuse (self->tensors, name, "does not fit what comes before it");
    }
  sotto_builder_add (self, SOTTO_STEP_FEED)->feed
    = (SottoFeedStep) { .from = from, .activation = SOTTO_ACTIVATION_NONE, .up = *down };
  sotto_builder_project (self, SOTTO_BUFFER_HIDDEN, up, SOTTO_BUFFER_BRANCH, FALSE);
  sotto_builder_end_branch (self, SOTTO_SLOT_LOW_RANK_NORM, SOTTO_N_SLOTS, 1);
  sotto_builder_add (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
    .norm = plain, .from = from, .to = SOTTO_BUFFER_RESIDUAL, .scale = 1, .scale_after = 1
  };
  return TRUE;
}
