/* The sizes of a model, from its metadata. Keys begin with the family's name; those with a star may
 * be a list with a number for every layer:
 *
 *   block_count, of which the last nextn_predict_layers are not part of the model proper
 *   context_length, embedding_length, feed_forward_length*
 *   attention.head_count*, attention.head_count_kv* (else as many)
 *   attention.key_length, attention.value_length (else embedding_length / head_count); in windows
 *     attention.key_length_swa, attention.value_length_swa
 *   attention.layer_norm_rms_epsilon or attention.layer_norm_epsilon (Nemotron H's, whose norms are the other kind)
 *   attention.scale, attn_logit_softcapping, final_logit_softcapping, attention.max_alibi_bias,
 *   attention.clamp_kqv, attention.temperature_scale and attention.temperature_length (else the
 *     original context)
 *   attention.sliding_window, and attention.sliding_window_pattern: for every layer whether it has
 *     the window, or every which layer has none
 *   attention.shared_kv_layers: how many of the last see an earlier layer's keys and values
 *   attention.causal, pooling_type; embedding_scale, residual_scale, logit_scale
 *   hidden_activation, where the family lets the file say it: "gelu" or "silu"
 *   rope.dimension_count (else all of a head), rope.dimension_count_swa
 *   altup.num_inputs: residuals of a token, of which altup.active_idx is the one that layers change
 *   activation_sparsity_scale*: where a layer's gates are cut off; minus infinity: nowhere
 *
 * and the keys of latent attention, what is recurrent (ssm.*, shortconv.*) and experts, at their functions.
 */

#include "family/sizes.h"

#include <float.h>
#include <math.h>

#define MAX_LAYERS 4096
#define MAX_HEADS (1u << 16)
#define MAX_HEAD 4096

#define RMS_EPSILON "attention.layer_norm_rms_epsilon"
#define LAYER_EPSILON "attention.layer_norm_epsilon"
#define HEAD_COUNT "attention.head_count"
#define HEAD_COUNT_KV "attention.head_count_kv"
#define FEED_FORWARD "feed_forward_length"
#define WINDOW "attention.sliding_window"
#define WINDOW_PATTERN "attention.sliding_window_pattern"
#define SPARSITY "activation_sparsity_scale"

static gboolean
read_whole (SottoSizes *self, const SottoKeys *keys)
{
  gboolean rms = keys->family->norm == SOTTO_NORM_RMS
                 && (sotto_keys_has (keys, RMS_EPSILON) || !sotto_keys_has (keys, LAYER_EPSILON));
  double epsilon;
  guint n_ahead;

  if (!sotto_keys_read_size (
          keys, "block_count", SOTTO_KEY_REQUIRED, 1, MAX_LAYERS, &self->n_layers_in_file)
      || !sotto_keys_read_size (
          keys, "nextn_predict_layers", 0, 0, self->n_layers_in_file - 1, &n_ahead)
      || !sotto_keys_read_size (
          keys, "embedding_length", SOTTO_KEY_REQUIRED, 1, SOTTO_MAX_SIZE, &self->n_embedding)
      || !sotto_keys_read_size (
          keys, "context_length", SOTTO_KEY_REQUIRED, 1, G_MAXINT32, &self->n_context)
      || !sotto_keys_read_size (
          keys, "embedding_length_per_layer_input", 0, 0, MAX_HEAD, &self->n_input)
      || !sotto_keys_read_number (keys,
                                  rms ? RMS_EPSILON : LAYER_EPSILON,
                                  keys->family->epsilon > 0 ? keys->family->epsilon : -1,
                                  &epsilon))
    return FALSE;

  self->parallel = keys->family->parallel;
  if (keys->family->parallel_key != NULL
      && !sotto_keys_read_flag (keys, keys->family->parallel_key, self->parallel, &self->parallel))
    return FALSE;

  self->epsilon = (float) epsilon;
  self->n_layers = self->n_layers_in_file - n_ahead;
  return TRUE;
}

static gboolean
read_activation (SottoSizes *self, const SottoKeys *keys)
{
  g_autofree char *name = NULL;

  self->activation = keys->family->activation;
  if (!keys->family->activation_said || !sotto_keys_has (keys, "hidden_activation"))
    return TRUE;

  name = sotto_keys_dup_string (keys, "hidden_activation");
  if (g_strcmp0 (name, "silu") == 0)
    self->activation = SOTTO_ACTIVATION_SILU;
  else if (g_strcmp0 (name, "gelu") != 0)
    return sotto_keys_refuse (keys, "hidden_activation", "is not known");
  return TRUE;
}

static gboolean
read_scales (SottoSizes *self, const SottoKeys *keys)
{
  const SottoFamily *family = keys->family;
  const char *needs = family->needs;
  double embedding = family->embedding_scaled ? sqrt (self->n_embedding) : 1.0;

  if (needs != NULL && !sotto_keys_has (keys, needs))
    return sotto_keys_refuse (keys, needs, "is missing, as in older files; take a newer one");
  if (!sotto_keys_read_positive (keys, "embedding_scale", embedding, &self->embedding_scale)
      || !sotto_keys_read_positive (keys, "residual_scale", 1.0, &self->residual_scale)
      || !sotto_keys_read_positive (keys, "logit_scale", 1.0, &self->logit_scale)
      || !sotto_keys_read_number (
          keys, "final_logit_softcapping", (double) family->logit_cap, &self->logit_cap)
      || !sotto_keys_read_number (
          keys, "attn_logit_softcapping", (double) family->attention_cap, &self->attention_cap)
      || !sotto_keys_read_number (
          keys, "attention.scale", (double) family->attention_scale, &self->attention_scale)
      || !sotto_keys_read_number (
          keys, "attention.max_alibi_bias", (double) family->alibi, &self->alibi)
      || !sotto_keys_read_number (keys, "attention.temperature_scale", 0, &self->temperature)
      || !sotto_keys_read_size (
          keys, "attention.temperature_length", 0, 0, G_MAXINT32, &self->temperature_span)
      || !sotto_keys_read_number (keys, "attention.clamp_kqv", 0, &self->clamp))
    return FALSE;

  if (family->logits_divided)
    self->logit_scale = 1.0 / self->logit_scale;
  return TRUE;
}

static gboolean
read_streams (SottoSizes *self, const SottoKeys *keys)
{
  guint active;

  self->n_streams = 1;
  if (keys->family->n_streams == 0)
    return TRUE;
  if (!sotto_keys_read_size (keys, "altup.num_inputs", keys->family->n_streams, 2, SOTTO_MAX_STREAMS, &self->n_streams)
      || !sotto_keys_read_size (keys, "altup.active_idx", 0, 0, self->n_streams - 1, &active))
    return FALSE;
  return active == 0 || sotto_keys_refuse_form (keys, "layers of another residual than the first");
}

/* What the model ends in. Numbers of pooling_type: 0 none, 1 mean, 2 first, 3 last, 4 a rank. */
static gboolean
read_kind (SottoSizes *self, const SottoKeys *keys)
{
  gboolean causal;
  guint pooling;

  if (!sotto_keys_read_flag (
          keys, "attention.causal", keys->family->mask == SOTTO_MASK_CAUSAL, &causal)
      || !sotto_keys_read_size (keys, "pooling_type", 0, 0, 4, &pooling))
    return FALSE;
  if (pooling == 4)
    return sotto_keys_refuse_form (keys, "a reranker");

  self->mask = causal ? SOTTO_MASK_CAUSAL : SOTTO_MASK_ALL;
  self->pools = keys->family->pools || pooling > 0;
  self->pooling = pooling == 2   ? SOTTO_POOLING_FIRST
                  : pooling == 3 ? SOTTO_POOLING_LAST
                                 : SOTTO_POOLING_MEAN;
  return TRUE;
}

/* attention.q_lora_rank (else none), attention.kv_lora_rank; a head's sizes before they are
 * absorbed are attention.key_length_mla and value_length_mla, in older files key_length and
 * value_length */
static gboolean
read_latent (SottoSizes *self, SottoLayerSizes *layer, const SottoKeys *keys)
{
  guint head = MAX (self->n_embedding / layer->n_heads, 1);

  if (!sotto_keys_read_size (
          keys, "attention.q_lora_rank", 0, 0, SOTTO_MAX_SIZE, &self->n_query_latent)
      || !sotto_keys_read_size (
          keys, "attention.kv_lora_rank", SOTTO_KEY_REQUIRED, 1, MAX_HEAD, &self->n_latent)
      || !sotto_keys_read_size (keys, "attention.key_length", head, 1, MAX_HEAD, &layer->n_key)
      || !sotto_keys_read_size (
          keys, "attention.key_length_mla", layer->n_key, 2, MAX_HEAD, &layer->n_key)
      || !sotto_keys_read_size (keys, "attention.value_length", head, 1, MAX_HEAD, &layer->n_value)
      || !sotto_keys_read_size (
          keys, "attention.value_length_mla", layer->n_value, 1, MAX_HEAD, &layer->n_value)
      || !sotto_keys_read_size (
          keys, "rope.dimension_count", SOTTO_KEY_REQUIRED, 2, layer->n_key - 1, &self->n_turned))
    return FALSE;

  layer->n_kv_heads = layer->n_heads;
  layer->parts |= 1u << SOTTO_PART_LATENT;
  self->n_plain = layer->n_key - self->n_turned;
  self->n_window_turned = self->n_turned;
  return self->n_turned % 2 == 0 || sotto_keys_refuse (keys, "rope.dimension_count", "is odd");
}

static gboolean
read_head_sizes (SottoSizes *self, SottoLayerSizes *layer, const SottoKeys *keys)
{
  gboolean in_window = layer->window > 0;
  guint head = MAX (self->n_embedding / layer->n_heads, 1);
  guint *turned = in_window ? &self->n_window_turned : &self->n_turned;
  const char *turned_key = in_window && sotto_keys_has (keys, "rope.dimension_count_swa")
                           ? "rope.dimension_count_swa" : "rope.dimension_count";

  if (!sotto_keys_read_size (keys, "attention.key_length", head, 1, MAX_HEAD, &layer->n_key)
      || !sotto_keys_read_size (keys, "attention.value_length", head, 1, MAX_HEAD, &layer->n_value))
    return FALSE;
  if (in_window
      && (!sotto_keys_read_size (
              keys, "attention.key_length_swa", layer->n_key, 1, MAX_HEAD, &layer->n_key)
          || !sotto_keys_read_size (
              keys, "attention.value_length_swa", layer->n_value, 1, MAX_HEAD, &layer->n_value)))
    return FALSE;
  if (!layer->turns)
    return TRUE;

  if (!sotto_keys_read_size (keys, turned_key, layer->n_key, 1, layer->n_key, turned))
    return FALSE;
  return *turned % 2 == 0 || sotto_keys_refuse (keys, turned_key, "is odd");
}

static gboolean
read_heads (SottoSizes *self, guint index, const SottoKeys *keys)
{
  SottoLayerSizes *layer = &self->layers[index];

  if (!sotto_keys_read_layer_size (
          keys, HEAD_COUNT, index, SOTTO_KEY_REQUIRED, 1, MAX_HEADS, &layer->n_heads))
    return FALSE;

  layer->parts |= 1u << SOTTO_PART_ATTENTION;
  if (keys->family->latent_attention)
    {
      if (!read_latent (self, layer, keys))
        return FALSE;
    }
  else
    {
      if (!sotto_keys_read_layer_size (keys, HEAD_COUNT_KV, index, layer->n_heads, 1, MAX_HEADS,
                                       &layer->n_kv_heads)
          || !read_head_sizes (self, layer, keys))
        return FALSE;
      layer->parts |= 1u << SOTTO_PART_CACHE;
    }

  if (layer->n_heads % layer->n_kv_heads != 0)
    return sotto_keys_refuse (keys, HEAD_COUNT_KV, "does not divide the number of heads");
  if ((guint64) layer->n_heads * MAX (layer->n_key, layer->n_value) * 2 > SOTTO_MAX_SIZE)
    return sotto_keys_refuse (keys, HEAD_COUNT, "times the size of a head is too large");

  if (keys->family->width_scale_layers == self->n_layers
      && !sotto_keys_has (keys, "attention.scale"))
    self->attention_scale = 1.0 / sqrt (MAX (self->n_embedding / layer->n_heads, 1));
  return TRUE;
}

/* Of DeltaNet and Mamba-2: ssm.conv_kernel, ssm.state_size (of a key head, and the default of a value head),
 * ssm.group_count (key heads), ssm.time_step_rank (value heads), ssm.inner_size (of all value heads),
 * ssm.v_head_reordered (the value heads of a key head do not lie side by side) */
static gboolean
read_state (SottoSizes *self, SottoLayerSizes *layer, const SottoKeys *keys)
{
  guint inner;

  if (!sotto_keys_read_size (keys, "ssm.conv_kernel", SOTTO_KEY_REQUIRED, 2, 64, &self->n_conv)
      || !sotto_keys_read_size (
          keys, "ssm.state_size", SOTTO_KEY_REQUIRED, 1, MAX_HEAD, &self->n_state_key)
      || !sotto_keys_read_size (
          keys, "ssm.group_count", SOTTO_KEY_REQUIRED, 1, 4096, &self->n_key_heads)
      || !sotto_keys_read_size (
          keys, "ssm.time_step_rank", SOTTO_KEY_REQUIRED, 1, 4096, &self->n_value_heads)
      || !sotto_keys_read_flag (keys,
                                "ssm.v_head_reordered",
                                keys->family->delta_interleaved,
                                &self->delta_interleaved)
      || !sotto_keys_read_size (keys,
                                "ssm.inner_size",
                                self->n_state_key * self->n_value_heads,
                                1,
                                SOTTO_MAX_SIZE,
                                &inner))
    return FALSE;

  if (self->n_value_heads % self->n_key_heads != 0)
    return sotto_keys_refuse (keys, "ssm.group_count", "does not divide the number of value heads");
  if (inner % self->n_value_heads != 0 || inner / self->n_value_heads > MAX_HEAD)
    return sotto_keys_refuse (keys, "ssm.inner_size", "is not a size that can be");

  self->n_state_value = inner / self->n_value_heads;
  layer->parts |= 1u << keys->family->recurrent;
  return TRUE;
}

/* shortconv.l_cache: tokens that the convolution sees */
static gboolean
read_convolution (SottoSizes *self, SottoLayerSizes *layer, const SottoKeys *keys)
{
  layer->parts |= 1u << SOTTO_PART_CONVOLUTION;
  return sotto_keys_read_size (keys, "shortconv.l_cache", SOTTO_KEY_REQUIRED, 2, 64, &self->n_conv);
}

/* Which layers are recurrent: attention.recurrent_layers*, else all but every
 * full_attention_interval-th; or those without heads of keys and values */
static gboolean
read_is_recurrent (guint index, const SottoKeys *keys, gboolean *out)
{
  guint interval, recurrent, n_kv_heads;

  *out = keys->family->recurrent_beside;
  if (keys->family->recurrent == 0 || keys->family->recurrent_beside)
    return TRUE;
  if (keys->family->full_every == 0)
    {
      if (!sotto_keys_read_layer_size (keys, HEAD_COUNT_KV, index, 1, 0, MAX_HEADS, &n_kv_heads))
        return FALSE;
      *out = n_kv_heads == 0;
      return TRUE;
    }
  if (!sotto_keys_read_size (
          keys, "full_attention_interval", keys->family->full_every, 1, MAX_LAYERS, &interval)
      || !sotto_keys_read_layer_size (
          keys, "attention.recurrent_layers", index, (index + 1) % interval != 0, 0, 1, &recurrent))
    return FALSE;

  *out = recurrent != 0;
  return TRUE;
}

/* The window of a layer, which a query is in the middle of where it also sees what comes later. */
static gboolean
read_window (SottoSizes *self, guint index, const SottoKeys *keys)
{
  const SottoFamily *family = keys->family;
  SottoLayerSizes *layer = &self->layers[index];
  const SottoGgufValue *pattern = sotto_keys_lookup (keys, WINDOW_PATTERN);
  guint window, full_every = family->recurrent > 0 ? 0 : family->full_every, has_window;

  if (!sotto_keys_read_size (keys, WINDOW, family->window, 0, G_MAXINT32, &window))
    return FALSE;
  if (pattern != NULL && pattern->type != SOTTO_GGUF_ARRAY
      && !sotto_keys_read_size (keys, WINDOW_PATTERN, 0, 0, MAX_LAYERS, &full_every))
    return FALSE;

  self->has_windows = window > 0;
  has_window = full_every == 0 || (index + (family->full_first ? 0 : 1)) % full_every != 0;
  if (pattern != NULL && pattern->type == SOTTO_GGUF_ARRAY
      && !sotto_keys_read_layer_size (keys, WINDOW_PATTERN, index, 0, 0, 1, &has_window))
    return FALSE;

  if (has_window && window > 0)
    layer->window = self->mask == SOTTO_MASK_ALL ? window / 2 + 1 : window;
  return TRUE;
}

/* Whether a layer has rotary positions. */
static gboolean
read_turns (SottoSizes *self, guint index, const SottoKeys *keys)
{
  const SottoFamily *family = keys->family;
  SottoLayerSizes *layer = &self->layers[index];
  gboolean on = TRUE;

  if (family->turn_key != NULL && !sotto_keys_read_flag (keys, family->turn_key, TRUE, &on))
    return FALSE;

  layer->turns = family->turns && on
                 && (family->unturned_every == 0 || (index + 1) % family->unturned_every != 0)
                 && (!family->only_windows_turn || layer->window > 0 || !self->has_windows);
  return TRUE;
}

/* The last layers may see the keys and values of the last before them with the same window. */
static gboolean
share_caches (SottoSizes *self, const SottoKeys *keys)
{
  guint n_shared;

  if (!sotto_keys_read_size (
          keys, "attention.shared_kv_layers", 0, 0, self->n_layers - 1, &n_shared))
    return FALSE;

  for (guint i = self->n_layers - n_shared; i < self->n_layers; i++)
    {
      SottoLayerSizes *layer = &self->layers[i];
      guint from = self->n_layers - n_shared;

      while (from > 0 && self->layers[from - 1].window != layer->window)
        from--;
      if (from == 0 || self->layers[from - 1].n_kv_heads != layer->n_kv_heads
          || self->layers[from - 1].n_key != layer->n_key
          || self->layers[from - 1].n_value != layer->n_value
          || !sotto_layer_has (layer, SOTTO_PART_CACHE))
        return sotto_keys_refuse (
            keys, "attention.shared_kv_layers", "leaves layers without keys and values");

      layer->cache_of = from - 1;
      layer->parts &= ~(1u << SOTTO_PART_CACHE);
    }
  return TRUE;
}

static gboolean
read_sparsity (SottoLayerSizes *layer, guint index, const SottoKeys *keys)
{
  const SottoGgufValue *value = sotto_keys_lookup (keys, SPARSITY);
  double cutoff = NAN;

  if (value == NULL)
    return TRUE;
  if (value->type == SOTTO_GGUF_ARRAY && index < value->n_elements
      && (value->element_type == SOTTO_GGUF_FLOAT32 || value->element_type == SOTTO_GGUF_FLOAT64))
    cutoff = sotto_gguf_value_number (value, index);
  if (!(cutoff <= FLT_MAX))
    return sotto_keys_refuse (keys, SPARSITY, "has no number for every layer");

  layer->sparse = cutoff >= -FLT_MAX;
  layer->cutoff = layer->sparse ? (float) cutoff : 0.0f;
  return TRUE;
}

static gboolean
read_layer (SottoSizes *self, guint index, const SottoKeys *keys)
{
  SottoLayerSizes *layer = &self->layers[index];
  gboolean recurrent;

  layer->cache_of = index;
  layer->parts = 1u << SOTTO_PART_LAYER;
  if (keys->family->one_part)
    {
      if (!sotto_keys_read_layer_size (
              keys, FEED_FORWARD, index, SOTTO_KEY_REQUIRED, 0, SOTTO_MAX_SIZE, &layer->n_feed_forward))
        return FALSE;
      if (layer->n_feed_forward > 0)
        return TRUE;
    }
  if (self->n_input > 0)
    layer->parts |= 1u << SOTTO_PART_INPUTS;
  if (self->n_streams > 1)
    layer->parts |= 1u << SOTTO_PART_STREAMS;
  if (!read_sparsity (layer, index, keys))
    return FALSE;

  if (keys->family->leaves_out)
    {
      guint n_heads, n_kv_heads;

      if (!sotto_keys_read_layer_size (keys, HEAD_COUNT, index, SOTTO_KEY_REQUIRED, 0, MAX_HEADS, &n_heads)
          || !sotto_keys_read_layer_size (keys, HEAD_COUNT_KV, index, n_heads, 0, MAX_HEADS, &n_kv_heads))
        return FALSE;
      if (n_heads > 0 && n_kv_heads == 0)
        return sotto_keys_refuse_form (keys, "a matrix in place of attention");
      if (n_heads == 0)
        return TRUE;
    }
  if (!read_is_recurrent (index, keys, &recurrent))
    return FALSE;
  if (recurrent)
    {
      gboolean ok = keys->family->recurrent == SOTTO_PART_CONVOLUTION ? read_convolution (self, layer, keys)
                                                                      : read_state (self, layer, keys);

      if (!ok || !keys->family->recurrent_beside)
        return ok;
    }

  return read_window (self, index, keys) && read_turns (self, index, keys)
         && read_heads (self, index, keys);
}

gboolean
sotto_sizes_read (SottoSizes *self, const SottoKeys *keys)
{
  if (!read_whole (self, keys) || !read_activation (self, keys) || !read_scales (self, keys) || !read_kind (self, keys)
      || !sotto_keys_read_size (keys, "n_deepstack_layers", 0, 0, self->n_layers, &self->n_deep)
      || !read_streams (self, keys))
    return FALSE;

  self->layers = g_new0 (SottoLayerSizes, self->n_layers);
  for (guint i = 0; i < self->n_layers; i++)
    if (!read_layer (self, i, keys))
      return FALSE;

  if ((guint64) self->n_input * self->n_layers > SOTTO_MAX_SIZE)
    return sotto_keys_refuse (keys, "embedding_length_per_layer_input", "is too large");
  return share_caches (self, keys) && sotto_sizes_read_experts (self, keys);
}

void
sotto_sizes_clear (SottoSizes *self)
{
  g_clear_pointer (&self->layers, g_free);
}
