/* Gated DeltaNet as a step. */

#include "family/builder.h"

/* What l2 norms add to the sum of squares, in every model with DeltaNet so far. */
#define UNIT_EPSILON 1e-6f

/* Rows of beta and alpha lie together by key head: betas of its value heads, then their alphas. */
static gboolean
divide_beta_alpha (SottoBuilder *self, SottoDeltaStep *step)
{
  guint n = self->sizes->n_value_heads;
  guint per_key = n / self->sizes->n_key_heads;
  const SottoWeight *both = &self->found[SOTTO_SLOT_DELTA_BETA_ALPHA].weight;
  g_autofree guint *betas = g_new (guint, n);
  g_autofree guint *alphas = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    {
      betas[i] = i / per_key * 2 * per_key + i % per_key;
      alphas[i] = betas[i] + per_key;
    }
  return sotto_tensors_copy_rows (self->tensors, both, betas, n, &step->beta)
         && sotto_tensors_copy_rows (self->tensors, both, alphas, n, &step->alpha);
}

gboolean
sotto_builder_add_delta (SottoBuilder *self, SottoBuffer from)
{
  const SottoSizes *sizes = self->sizes;
  SottoDeltaStep *step = &sotto_builder_add (self, SOTTO_STEP_DELTA)->delta;
  SottoRecurrentShape shape;

  *step = (SottoDeltaStep) { .from = from,
                             .n_key_heads = sizes->n_key_heads,
                             .n_value_heads = sizes->n_value_heads,
                             .n_key = sizes->n_state_key,
                             .n_value = sizes->n_state_value,
                             .n_conv = sizes->n_conv,
                             .interleaved = self->family->delta_interleaved,
                             .mixed = self->found[SOTTO_SLOT_DELTA_MIXED].weight,
                             .gate = self->found[SOTTO_SLOT_DELTA_GATE].weight,
                             .alpha = self->found[SOTTO_SLOT_DELTA_ALPHA].weight,
                             .beta = self->found[SOTTO_SLOT_DELTA_BETA].weight,
                             .convolution = self->found[SOTTO_SLOT_DELTA_CONVOLUTION].vector,
                             .rates = self->found[SOTTO_SLOT_DELTA_RATES].vector,
                             .step_bias = self->found[SOTTO_SLOT_DELTA_STEP_BIAS].vector,
                             .norm = sotto_builder_norm (self, SOTTO_SLOT_DELTA_NORM),
                             .epsilon = UNIT_EPSILON,
                             .recurrent = self->program->recurrents->len };
  if (sotto_builder_has (self, SOTTO_SLOT_DELTA_BETA_ALPHA) && !divide_beta_alpha (self, step))
    return FALSE;

  shape.n_floats = (gsize) (sizes->n_conv - 1) * step->mixed.n_rows
                   + (gsize) sizes->n_value_heads * sizes->n_state_key * sizes->n_state_value;
  g_array_append_val (self->program->recurrents, shape);
  return TRUE;
}
