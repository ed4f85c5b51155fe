/* The sizes of feed-forwards, and how experts are chosen, from the metadata:
 *
 *   feed_forward_length*: of what all tokens pass; of experts too, where nothing else is said
 *   expert_count (none), expert_used_count, expert_feed_forward_length, leading_dense_block_count,
 *   interleave_moe_layer_step (1: every layer has them; else every so many-th)
 *   expert_shared_feed_forward_length, or expert_shared_count of them
 *   expert_group_count (1), expert_group_used_count
 *   expert_gating_func: 1 softmax, 2 sigmoid, 3 softmax of the chosen
 *   expert_weights_norm, expert_weights_scale
 *
 * and the shape of an activation that has one: xielu.alpha_p, xielu.alpha_n, xielu.beta, xielu.eps
 */

#include "family/sizes.h"

#include <math.h>

#define MAX_EXPERTS 4096
#define FEED_FORWARD "feed_forward_length"

/* Of DeepSeek's a file that has a bias of the choice, but does not say how scores come about, means
 * sigmoid: the bias came with it (DeepSeek-AI 2024, "DeepSeek-V3"). */
static gboolean
has_selection_bias (const SottoSizes *self, const SottoKeys *keys)
{
  g_autofree char *name = g_strdup_printf ("blk.%u.exp_probs_b.bias", self->n_layers - 1);

  return sotto_gguf_lookup_tensor (keys->gguf, name) != NULL;
}

/* Layers before the first that has a router. */
static guint
count_unrouted (const SottoSizes *self, const SottoKeys *keys)
{
  for (guint i = 0; i < self->n_layers; i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%u.ffn_gate_inp.weight", i);

      if (sotto_gguf_lookup_tensor (keys->gguf, name) != NULL)
        return i;
    }
  return 0;
}

static gboolean
read_choice (SottoSizes *self, const SottoKeys *keys)
{
  static const SottoScores by_number[] = {
    SOTTO_SCORES_SOFTMAX, SOTTO_SCORES_SOFTMAX, SOTTO_SCORES_SIGMOID, SOTTO_SCORES_SELECTED
  };
  guint function;

  if (!sotto_keys_read_size (
          keys, "expert_used_count", SOTTO_KEY_REQUIRED, 1, self->n_experts, &self->n_used)
      || !sotto_keys_read_size (keys, "expert_group_count", 0, 0, self->n_experts, &self->n_groups)
      || !sotto_keys_read_size (
          keys, "expert_group_used_count", 0, 0, MAX_EXPERTS, &self->n_groups_used)
      || !sotto_keys_read_size (keys, "expert_gating_func", 0, 0, 1000, &function)
      || !sotto_keys_read_flag (
          keys, "expert_weights_norm", keys->family->normalised, &self->normalised)
      || !sotto_keys_read_number (keys, "expert_weights_scale", 1.0, &self->expert_scale))
    return FALSE;
  if (function >= G_N_ELEMENTS (by_number))
    return sotto_keys_refuse_form (keys, "scores of experts");

  self->scores = function > 0 ? by_number[function]
                 : keys->family->bias_means_sigmoid && has_selection_bias (self, keys)
                     ? SOTTO_SCORES_SIGMOID
                     : keys->family->scores;
  if (self->expert_scale <= 0) /* "none", in some files */
    self->expert_scale = 1.0;
  return TRUE;
}

/* A group counts by its best expert; in DeepSeek-V3, whose scores are sigmoids, by its two best. */
static gboolean
check_groups (SottoSizes *self, const SottoKeys *keys)
{
  guint n_in_group;

  self->n_groups = MAX (self->n_groups, 1);
  if (self->n_groups_used == 0)
    self->n_groups_used = self->n_groups;
  if (self->n_experts % self->n_groups != 0)
    return sotto_keys_refuse (keys, "expert_group_count", "does not divide the number of experts");
  if (self->n_groups_used > self->n_groups)
    return sotto_keys_refuse (keys, "expert_group_used_count", "is more than there are groups");

  n_in_group = self->n_experts / self->n_groups;
  if (self->n_used > n_in_group * self->n_groups_used)
    return sotto_keys_refuse (keys, "expert_used_count", "is more than the chosen groups hold");

  self->n_group_best = MIN (n_in_group, self->scores == SOTTO_SCORES_SIGMOID ? 2 : 1);
  return TRUE;
}

static gboolean
read_expert_sizes (SottoLayerSizes *layer, const SottoKeys *keys)
{
  guint fallback = MAX (layer->n_feed_forward, 1), n_shared;
  gboolean always_shared = keys->family->slots[SOTTO_SLOT_SHARED_SWITCH].weight == SOTTO_REQUIRED;

  if (!sotto_keys_read_size (keys, "expert_feed_forward_length", fallback, 1, SOTTO_MAX_SIZE,
                             &layer->n_expert_feed_forward)
      || !sotto_keys_read_size (keys, "expert_shared_count", 0, 0,
                                SOTTO_MAX_SIZE / layer->n_expert_feed_forward, &n_shared)
      || !sotto_keys_read_size (keys, "expert_shared_feed_forward_length",
                                n_shared > 0 ? n_shared * layer->n_expert_feed_forward
                                : always_shared ? fallback : 0,
                                0, SOTTO_MAX_SIZE, &layer->n_shared_feed_forward))
    return FALSE;

  layer->parts |= 1u << SOTTO_PART_EXPERTS;
  if (layer->n_shared_feed_forward > 0)
    layer->parts |= 1u << SOTTO_PART_SHARED;
  return TRUE;
}

static double
softplus (double x)
{
  return x > 30 ? x : log1p (exp (x));
}

static gboolean
read_xielu (SottoLayerSizes *layer, guint index, const SottoKeys *keys)
{
  double positive, negative, beta, least;

  if (!sotto_keys_read_layer_number (keys, "xielu.alpha_p", index, &positive)
      || !sotto_keys_read_layer_number (keys, "xielu.alpha_n", index, &negative)
      || !sotto_keys_read_layer_number (keys, "xielu.beta", index, &beta)
      || !sotto_keys_read_layer_number (keys, "xielu.eps", index, &least))
    return FALSE;

  layer->xielu = (SottoXielu) { .positive = (float) softplus (positive),
                                .negative = (float) (beta + softplus (negative)),
                                .beta = (float) beta,
                                .least = (float) least };
  return TRUE;
}

gboolean
sotto_sizes_read_experts (SottoSizes *self, const SottoKeys *keys)
{
  gboolean may_be_none = keys->family->one_part || keys->family->leaves_out;
  guint n_leading, step;

  if (!sotto_keys_read_size (keys, "expert_count", 0, 0, MAX_EXPERTS, &self->n_experts)
      || !sotto_keys_read_size (
          keys, "leading_dense_block_count", keys->family->dense_unrouted ? count_unrouted (self, keys) : 0, 0,
          self->n_layers_in_file, &n_leading)
      || !sotto_keys_read_size (keys, "interleave_moe_layer_step", 1, 1, self->n_layers_in_file, &step))
    return FALSE;
  if (self->n_experts > 0 && (!read_choice (self, keys) || !check_groups (self, keys)))
    return FALSE;

  for (guint i = 0; i < self->n_layers; i++)
    {
      SottoLayerSizes *layer = &self->layers[i];
      gboolean has_experts = self->n_experts > 0 && i >= n_leading && (i + 1) % step == 0;
      gboolean has_dense = !has_experts || keys->family->dense_and_experts;

      if (!sotto_keys_read_layer_size (keys,
                                       FEED_FORWARD,
                                       i,
                                       has_dense ? SOTTO_KEY_REQUIRED : 0,
                                       has_dense && !may_be_none ? 1 : 0,
                                       SOTTO_MAX_SIZE,
                                       &layer->n_feed_forward))
        return FALSE;
      if (may_be_none && layer->n_feed_forward == 0)
        continue;
      if (has_dense)
        layer->parts |= 1u << SOTTO_PART_DENSE;
      if (has_experts && !read_expert_sizes (layer, keys))
        return FALSE;
      if (keys->family->activation == SOTTO_ACTIVATION_XIELU && !read_xielu (layer, i, keys))
        return FALSE;
    }
  return TRUE;
}
