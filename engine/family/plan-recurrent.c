/* What is recurrent as steps: Gated DeltaNet, short convolutions, Mamba-2. */

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

/* Rows of everything but beta and alpha by key head: its query, its key, then the values and the
 * gates of its value heads. */
static gboolean
divide_input (SottoBuilder *self, SottoDeltaStep *step)
{
  const SottoSizes *sizes = self->sizes;
  const SottoWeight *whole = &self->found[SOTTO_SLOT_DELTA_INPUT].weight;
  guint n_key = sizes->n_state_key;
  guint n_values = sizes->n_value_heads / sizes->n_key_heads * sizes->n_state_value;
  guint n_mixed = sizes->n_key_heads * (2 * n_key + n_values);
  guint n_gate = sizes->n_key_heads * n_values;
  g_autofree guint *mixed = g_new (guint, n_mixed);
  g_autofree guint *gate = g_new (guint, n_gate);

  for (guint head = 0; head < sizes->n_key_heads; head++)
    {
      guint first = head * 2 * (n_key + n_values);
      guint *queries = mixed + head * n_key;
      guint *keys = mixed + (sizes->n_key_heads + head) * n_key;
      guint *values = mixed + 2 * sizes->n_key_heads * n_key + head * n_values;

      for (guint i = 0; i < n_key; i++)
        {
          queries[i] = first + i;
          keys[i] = first + n_key + i;
        }
      for (guint i = 0; i < n_values; i++)
        {
          values[i] = first + 2 * n_key + i;
          gate[head * n_values + i] = values[i] + n_values;
        }
    }
  return sotto_tensors_copy_rows (self->tensors, whole, mixed, n_mixed, &step->mixed)
         && sotto_tensors_copy_rows (self->tensors, whole, gate, n_gate, &step->gate);
}

/* Either way the file may have it, it has to have all. */
static gboolean
check_input (const SottoBuilder *self)
{
  static const SottoSlot needed[] = { SOTTO_SLOT_DELTA_MIXED, SOTTO_SLOT_DELTA_GATE };
  static const char *const names[] = { "attn_qkv", "attn_gate" };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!sotto_builder_has (self, needed[i]) && !sotto_builder_has (self, SOTTO_SLOT_DELTA_INPUT))
      {
        g_autofree char *name = g_strdup_printf ("blk.%u.%s.weight", self->layer, names[i]);

        return sotto_tensors_refuse (self->tensors, name, "is missing");
      }
  return TRUE;
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
                             .interleaved = sizes->delta_interleaved,
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
  if (!check_input (self)
      || (sotto_builder_has (self, SOTTO_SLOT_DELTA_INPUT) && !divide_input (self, step)))
    return FALSE;
  if (sotto_builder_has (self, SOTTO_SLOT_DELTA_BETA_ALPHA) && !divide_beta_alpha (self, step))
    return FALSE;

  shape.n_floats = (gsize) (sizes->n_conv - 1) * step->mixed.n_rows
                   + (gsize) sizes->n_value_heads * sizes->n_state_key * sizes->n_state_value;
  g_array_append_val (self->program->recurrents, shape);
  return TRUE;
}

gboolean
sotto_builder_add_convolution (SottoBuilder *self, SottoBuffer from)
{
  const SottoSizes *sizes = self->sizes;
  SottoRecurrentShape shape = { (gsize) (sizes->n_conv - 1) * sizes->n_embedding };

  sotto_builder_add (self, SOTTO_STEP_CONVOLVE)->convolve
    = (SottoConvolveStep) { .from = from,
                            .n_channels = sizes->n_embedding,
                            .n_conv = sizes->n_conv,
                            .mixed = self->found[SOTTO_SLOT_CONVOLUTION_INPUT].weight,
                            .convolution = self->found[SOTTO_SLOT_CONVOLUTION].vector,
                            .bias = self->found[SOTTO_SLOT_CONVOLUTION_BIAS].vector,
                            .recurrent = self->program->recurrents->len };
  g_array_append_val (self->program->recurrents, shape);
  return TRUE;
}

gboolean
sotto_builder_add_scan (SottoBuilder *self, SottoBuffer from)
{
  const SottoSizes *sizes = self->sizes;
  SottoScanStep *step = &sotto_builder_add (self, SOTTO_STEP_SCAN)->scan;
  SottoRecurrentShape shape;

  *step = (SottoScanStep) { .from = from,
                            .n_heads = sizes->n_value_heads,
                            .n_groups = sizes->n_key_heads,
                            .n_key = sizes->n_state_key,
                            .n_value = sizes->n_state_value,
                            .n_conv = sizes->n_conv,
                            .mixed = self->found[SOTTO_SLOT_SCAN_INPUT].weight,
                            .convolution = self->found[SOTTO_SLOT_SCAN_CONVOLUTION].vector,
                            .bias = self->found[SOTTO_SLOT_SCAN_CONVOLUTION_BIAS].vector,
                            .rates = self->found[SOTTO_SLOT_SCAN_RATES].vector,
                            .step_bias = self->found[SOTTO_SLOT_SCAN_STEP_BIAS].vector,
                            .skips = self->found[SOTTO_SLOT_SCAN_SKIPS].vector,
                            .norm = sotto_builder_norm (self, SOTTO_SLOT_SCAN_NORM),
                            .recurrent = self->program->recurrents->len };
  shape.n_floats = (gsize) (sizes->n_conv - 1) * sotto_scan_channels (step)
                   + (gsize) sizes->n_value_heads * sizes->n_state_key * sizes->n_state_value;
  g_array_append_val (self->program->recurrents, shape);
  return TRUE;
}
