/* The tensors of a family: names, shapes, and where they come merged. */

#include "family/tensors.h"

#include "sotto-error.h"

#include <math.h>
#include <string.h>

/* The sizes that shapes are made of. */
typedef enum {
  SIZE_NONE, /* of a vector: no rows */
  SIZE_ANY,
  SIZE_ONE,
  SIZE_EMBEDDING,
  SIZE_QUERY,
  SIZE_KEY,
  SIZE_VALUE,
  SIZE_ATTENDED,
  SIZE_HEADS,
  SIZE_QUERY_NORM,
  SIZE_KEY_NORM,
  SIZE_QUERY_LATENT,
  SIZE_LATENT,
  SIZE_LATENT_TURNED,
  SIZE_HEAD_PLAIN,
  SIZE_HEAD_VALUE,
  SIZE_KEY_VALUE_UP,
  SIZE_DELTA_CHANNELS,
  SIZE_DELTA_VALUES,
  SIZE_DELTA_HEADS,
  SIZE_DELTA_TWICE,
  SIZE_CONVOLUTION,
  SIZE_STATE_VALUE,
  SIZE_FEED_FORWARD,
  SIZE_EXPERT_FEED_FORWARD,
  SIZE_SHARED_FEED_FORWARD,
  SIZE_EXPERTS,
  SIZE_VOCABULARY,
  SIZE_ROPE_PAIRS,
  SIZE_INPUT,
  SIZE_INPUTS,
} Size;

typedef struct {
  const char *name;  /* behind "blk.N." */
  SottoPart part;
  Size columns;
  Size rows;
  Size matrices;     /* SIZE_NONE: one */
  const char *suffix; /* ".weight" where there is none */
} SlotInfo;

static const SlotInfo slots[SOTTO_N_SLOTS] = {
  [SOTTO_SLOT_EMBEDDING] = { "token_embd", SOTTO_PART_MODEL, SIZE_EMBEDDING, SIZE_VOCABULARY, 0, NULL },
  [SOTTO_SLOT_EMBEDDING_NORM] = { "token_embd_norm", SOTTO_PART_MODEL, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POSITIONS] = { "position_embd", SOTTO_PART_MODEL, SIZE_EMBEDDING, SIZE_ANY, 0, NULL },
  [SOTTO_SLOT_TOKEN_TYPES] = { "token_types", SOTTO_PART_MODEL, SIZE_EMBEDDING, SIZE_ANY, 0, NULL },
  [SOTTO_SLOT_ROPE_FACTORS] = { "rope_freqs", SOTTO_PART_MODEL, SIZE_ROPE_PAIRS, 0, 0, NULL },
  [SOTTO_SLOT_ROPE_SHORT] = { "rope_factors_short", SOTTO_PART_MODEL, SIZE_ROPE_PAIRS, 0, 0, NULL },
  [SOTTO_SLOT_ROPE_LONG] = { "rope_factors_long", SOTTO_PART_MODEL, SIZE_ROPE_PAIRS, 0, 0, NULL },
  [SOTTO_SLOT_INPUT_TABLE] = { "per_layer_token_embd", SOTTO_PART_INPUTS, SIZE_INPUTS, SIZE_VOCABULARY, 0, NULL },
  [SOTTO_SLOT_INPUT_PROJECTION] = { "per_layer_model_proj", SOTTO_PART_INPUTS, SIZE_EMBEDDING, SIZE_INPUTS, 0, NULL },
  [SOTTO_SLOT_INPUT_NORM] = { "per_layer_proj_norm", SOTTO_PART_INPUTS, SIZE_INPUT, 0, 0, NULL },
  [SOTTO_SLOT_OUTPUT_NORM] = { "output_norm", SOTTO_PART_MODEL, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_OUTPUT] = { "output", SOTTO_PART_MODEL, SIZE_EMBEDDING, SIZE_VOCABULARY, 0, NULL },
  [SOTTO_SLOT_POOLED_1] = { "dense_2", SOTTO_PART_MODEL, SIZE_EMBEDDING, SIZE_ANY, 0, NULL },
  [SOTTO_SLOT_POOLED_2] = { "dense_3", SOTTO_PART_MODEL, SIZE_ANY, SIZE_ANY, 0, NULL },

  [SOTTO_SLOT_ATTENTION_NORM] = { "attn_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_ATTENTION_NORM_2] = { "attn_norm_2", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POST_ATTENTION_NORM] = { "post_attention_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_ATTENTION_SUM_NORM] = { "attn_output_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_FEED_NORM] = { "ffn_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POST_FEED_NORM] = { "post_ffw_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_FEED_SUM_NORM] = { "layer_output_norm", SOTTO_PART_LAYER, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_LAYER_SCALE] = { "layer_output_scale", SOTTO_PART_LAYER, SIZE_ONE, 0, 0, NULL },

  [SOTTO_SLOT_QUERY] = { "attn_q", SOTTO_PART_ATTENTION, SIZE_EMBEDDING, SIZE_QUERY, 0, NULL },
  [SOTTO_SLOT_QUERY_NORM] = { "attn_q_norm", SOTTO_PART_ATTENTION, SIZE_QUERY_NORM, 0, 0, NULL },
  [SOTTO_SLOT_SINKS] = { "attn_sinks", SOTTO_PART_ATTENTION, SIZE_HEADS, 0, 0, NULL },
  [SOTTO_SLOT_ATTENTION_OUTPUT] = { "attn_output", SOTTO_PART_ATTENTION, SIZE_ATTENDED, SIZE_EMBEDDING, 0, NULL },

  [SOTTO_SLOT_KEY] = { "attn_k", SOTTO_PART_CACHE, SIZE_EMBEDDING, SIZE_KEY, 0, NULL },
  [SOTTO_SLOT_VALUE] = { "attn_v", SOTTO_PART_CACHE, SIZE_EMBEDDING, SIZE_VALUE, 0, NULL },
  [SOTTO_SLOT_KEY_NORM] = { "attn_k_norm", SOTTO_PART_CACHE, SIZE_KEY_NORM, 0, 0, NULL },

  [SOTTO_SLOT_QUERY_DOWN] = { "attn_q_a", SOTTO_PART_LATENT, SIZE_EMBEDDING, SIZE_QUERY_LATENT, 0, NULL },
  [SOTTO_SLOT_QUERY_DOWN_NORM] = { "attn_q_a_norm", SOTTO_PART_LATENT, SIZE_QUERY_LATENT, 0, 0, NULL },
  [SOTTO_SLOT_QUERY_UP] = { "attn_q_b", SOTTO_PART_LATENT, SIZE_QUERY_LATENT, SIZE_QUERY, 0, NULL },
  [SOTTO_SLOT_LATENT] = { "attn_kv_a_mqa", SOTTO_PART_LATENT, SIZE_EMBEDDING, SIZE_LATENT_TURNED, 0, NULL },
  [SOTTO_SLOT_LATENT_NORM] = { "attn_kv_a_norm", SOTTO_PART_LATENT, SIZE_LATENT, 0, 0, NULL },
  [SOTTO_SLOT_KEY_UP] = { "attn_k_b", SOTTO_PART_LATENT, SIZE_HEAD_PLAIN, SIZE_LATENT, SIZE_HEADS, NULL },
  [SOTTO_SLOT_VALUE_UP] = { "attn_v_b", SOTTO_PART_LATENT, SIZE_LATENT, SIZE_HEAD_VALUE, SIZE_HEADS, NULL },
  [SOTTO_SLOT_KEY_VALUE_UP] = { "attn_kv_b", SOTTO_PART_LATENT, SIZE_LATENT, SIZE_KEY_VALUE_UP, 0, NULL },

  [SOTTO_SLOT_DELTA_MIXED] = { "attn_qkv", SOTTO_PART_DELTA, SIZE_EMBEDDING, SIZE_DELTA_CHANNELS, 0, NULL },
  [SOTTO_SLOT_DELTA_GATE] = { "attn_gate", SOTTO_PART_DELTA, SIZE_EMBEDDING, SIZE_DELTA_VALUES, 0, NULL },
  [SOTTO_SLOT_DELTA_ALPHA] = { "ssm_alpha", SOTTO_PART_DELTA, SIZE_EMBEDDING, SIZE_DELTA_HEADS, 0, NULL },
  [SOTTO_SLOT_DELTA_BETA] = { "ssm_beta", SOTTO_PART_DELTA, SIZE_EMBEDDING, SIZE_DELTA_HEADS, 0, NULL },
  [SOTTO_SLOT_DELTA_BETA_ALPHA] = { "ssm_ba", SOTTO_PART_DELTA, SIZE_EMBEDDING, SIZE_DELTA_TWICE, 0, NULL },
  [SOTTO_SLOT_DELTA_CONVOLUTION] = { "ssm_conv1d", SOTTO_PART_DELTA, SIZE_CONVOLUTION, SIZE_NONE, 0, NULL },
  [SOTTO_SLOT_DELTA_RATES] = { "ssm_a", SOTTO_PART_DELTA, SIZE_DELTA_HEADS, 0, 0, "" },
  [SOTTO_SLOT_DELTA_STEP_BIAS] = { "ssm_dt", SOTTO_PART_DELTA, SIZE_DELTA_HEADS, 0, 0, ".bias" },
  [SOTTO_SLOT_DELTA_NORM] = { "ssm_norm", SOTTO_PART_DELTA, SIZE_STATE_VALUE, 0, 0, NULL },
  [SOTTO_SLOT_DELTA_OUTPUT] = { "ssm_out", SOTTO_PART_DELTA, SIZE_DELTA_VALUES, SIZE_EMBEDDING, 0, NULL },

  [SOTTO_SLOT_GATE] = { "ffn_gate", SOTTO_PART_DENSE, SIZE_EMBEDDING, SIZE_FEED_FORWARD, 0, NULL },
  [SOTTO_SLOT_UP] = { "ffn_up", SOTTO_PART_DENSE, SIZE_EMBEDDING, SIZE_FEED_FORWARD, 0, NULL },
  [SOTTO_SLOT_DOWN] = { "ffn_down", SOTTO_PART_DENSE, SIZE_FEED_FORWARD, SIZE_EMBEDDING, 0, NULL },

  [SOTTO_SLOT_ROUTER] = { "ffn_gate_inp", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, SIZE_EXPERTS, 0, NULL },
  [SOTTO_SLOT_ROUTER_SCALE] = { "ffn_gate_inp", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, 0, 0, ".scale" },
  [SOTTO_SLOT_SELECTION_BIAS] = { "exp_probs_b", SOTTO_PART_EXPERTS, SIZE_EXPERTS, 0, 0, ".bias" },
  [SOTTO_SLOT_EXPERT_GATE] = { "ffn_gate_exps", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, SIZE_EXPERT_FEED_FORWARD,
                               SIZE_EXPERTS, NULL },
  [SOTTO_SLOT_EXPERT_UP] = { "ffn_up_exps", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, SIZE_EXPERT_FEED_FORWARD,
                             SIZE_EXPERTS, NULL },
  [SOTTO_SLOT_EXPERT_DOWN] = { "ffn_down_exps", SOTTO_PART_EXPERTS, SIZE_EXPERT_FEED_FORWARD, SIZE_EMBEDDING,
                               SIZE_EXPERTS, NULL },
  [SOTTO_SLOT_EXPERTS_NORM] = { "pre_ffw_norm_2", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POST_DENSE_NORM] = { "post_ffw_norm_1", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POST_EXPERTS_NORM] = { "post_ffw_norm_2", SOTTO_PART_EXPERTS, SIZE_EMBEDDING, 0, 0, NULL },

  [SOTTO_SLOT_SHARED_SWITCH] = { "ffn_gate_inp_shexp", SOTTO_PART_SHARED, SIZE_EMBEDDING, SIZE_ONE, 0, NULL },
  [SOTTO_SLOT_SHARED_GATE] = { "ffn_gate_shexp", SOTTO_PART_SHARED, SIZE_EMBEDDING, SIZE_SHARED_FEED_FORWARD, 0, NULL },
  [SOTTO_SLOT_SHARED_UP] = { "ffn_up_shexp", SOTTO_PART_SHARED, SIZE_EMBEDDING, SIZE_SHARED_FEED_FORWARD, 0, NULL },
  [SOTTO_SLOT_SHARED_DOWN] = { "ffn_down_shexp", SOTTO_PART_SHARED, SIZE_SHARED_FEED_FORWARD, SIZE_EMBEDDING, 0, NULL },

  [SOTTO_SLOT_INPUT_GATE] = { "inp_gate", SOTTO_PART_INPUTS, SIZE_EMBEDDING, SIZE_INPUT, 0, NULL },
  [SOTTO_SLOT_INPUT_OUTPUT] = { "proj", SOTTO_PART_INPUTS, SIZE_INPUT, SIZE_EMBEDDING, 0, NULL },
  [SOTTO_SLOT_POST_INPUT_NORM] = { "post_norm", SOTTO_PART_INPUTS, SIZE_EMBEDDING, 0, 0, NULL },
};

/* The slots of the whole model end here. */
#define FIRST_LAYER_SLOT SOTTO_SLOT_ATTENTION_NORM

static guint
get_norm_size (const SottoTensors *self, guint n_heads, guint n_key)
{
  return self->keys.family->span == SOTTO_SPAN_HEAD ? n_key : n_heads * n_key;
}

static guint
get_attention_size (const SottoTensors *self, const SottoLayerSizes *layer, Size size)
{
  switch (size)
    {
    case SIZE_QUERY:
      return layer->n_heads * layer->n_key * (self->keys.family->gated_query ? 2 : 1);
    case SIZE_KEY:
      return layer->n_kv_heads * layer->n_key;
    case SIZE_VALUE:
      return layer->n_kv_heads * layer->n_value;
    case SIZE_ATTENDED:
      return layer->n_heads * layer->n_value;
    case SIZE_HEADS:
      return layer->n_heads;
    case SIZE_QUERY_NORM:
      return get_norm_size (self, layer->n_heads, layer->n_key);
    case SIZE_KEY_NORM:
      return get_norm_size (self, layer->n_kv_heads, layer->n_key);
    case SIZE_HEAD_VALUE:
      return layer->n_value;
    case SIZE_KEY_VALUE_UP:
      return layer->n_heads * (self->sizes->n_plain + layer->n_value);
    case SIZE_FEED_FORWARD:
      return layer->n_feed_forward;
    case SIZE_EXPERT_FEED_FORWARD:
      return layer->n_expert_feed_forward;
    case SIZE_SHARED_FEED_FORWARD:
      return layer->n_shared_feed_forward;
    default:
      return 1;
    }
}

static guint
get_size (const SottoTensors *self, guint layer, Size size)
{
  const SottoSizes *sizes = self->sizes;

  switch (size)
    {
    case SIZE_EMBEDDING:
      return sizes->n_embedding;
    case SIZE_QUERY_LATENT:
      return sizes->n_query_latent;
    case SIZE_LATENT:
      return sizes->n_latent;
    case SIZE_LATENT_TURNED:
      return sizes->n_latent + sizes->n_turned;
    case SIZE_HEAD_PLAIN:
      return sizes->n_plain;
    case SIZE_DELTA_CHANNELS:
      return 2 * sizes->n_key_heads * sizes->n_state_key + sizes->n_value_heads * sizes->n_state_value;
    case SIZE_DELTA_VALUES:
      return sizes->n_value_heads * sizes->n_state_value;
    case SIZE_DELTA_HEADS:
      return sizes->n_value_heads;
    case SIZE_DELTA_TWICE:
      return 2 * sizes->n_value_heads;
    case SIZE_CONVOLUTION:
      return sizes->n_conv * get_size (self, layer, SIZE_DELTA_CHANNELS);
    case SIZE_STATE_VALUE:
      return sizes->n_state_value;
    case SIZE_EXPERTS:
      return sizes->n_experts;
    case SIZE_VOCABULARY:
      return sizes->n_vocabulary;
    case SIZE_ROPE_PAIRS:
      return sizes->n_turned / 2;
    case SIZE_INPUT:
      return sizes->n_input;
    case SIZE_INPUTS:
      return sizes->n_input * sizes->n_layers;
    default:
      return get_attention_size (self, &sizes->layers[layer], size);
    }
}

gboolean
sotto_tensors_refuse (const SottoTensors *self, const char *tensor, const char *format, ...)
{
  const char *path = sotto_gguf_get_path (self->keys.gguf);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  sotto_engine_set_error (self->keys.error, SOTTO_ENGINE_ERROR_TENSOR,
                          &(SottoErrorArguments) { .path = path, .subject = tensor },
                          "%s: tensor %s %s", name, tensor, reason);
  return FALSE;
}

float *
sotto_tensors_allocate (SottoTensors *self, const char *name, gsize n)
{
  float *memory = g_try_new (float, MAX (n, 1));

  if (memory == NULL)
    sotto_tensors_refuse (self, name, "does not fit into memory");
  else
    g_ptr_array_add (self->owner, memory);
  return memory;
}

static gboolean
check_type (const SottoTensors *self, const SottoGgufTensor *tensor)
{
  const char *path = sotto_gguf_get_path (self->keys.gguf);
  g_autofree char *display = NULL;
  const char *type;

  if (sotto_block_info (tensor->type) != NULL)
    return TRUE;

  display = g_filename_display_name (path);
  type = sotto_block_name (tensor->type);
  sotto_engine_set_error (self->keys.error, SOTTO_ENGINE_ERROR_BLOCK_TYPE,
                          &(SottoErrorArguments) { .path = path, .subject = type },
                          "%s: tensor %s is of block type %s, which is not known", display, tensor->name,
                          type);
  return FALSE;
}

static gboolean
check_shape (const SottoTensors *self, const SottoGgufTensor *tensor, guint columns, guint rows, guint matrices)
{
  if (tensor->shape[0] == columns && tensor->shape[1] == rows && tensor->shape[2] == matrices
      && tensor->shape[3] == 1)
    return TRUE;

  return sotto_tensors_refuse (self, tensor->name, "has the shape %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT
                               " × %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT ", not %u × %u × %u",
                               tensor->shape[0], tensor->shape[1], tensor->shape[2], tensor->shape[3],
                               columns, rows, matrices);
}

static void
mark (SottoTensors *self, const SottoGgufTensor *tensor)
{
  self->used[tensor - sotto_gguf_get_tensor (self->keys.gguf, 0)] = TRUE;
}

/* A tensor as floats, whatever dimensions its elements lie in: in the mapping where the file has F32, else
 * a copy. */
static gboolean
get_vector (SottoTensors *self, const SottoGgufTensor *tensor, guint n, const float **out)
{
  guint64 n_there = tensor->shape[0] * tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
  float *copy;

  if (n_there != n)
    return sotto_tensors_refuse (self, tensor->name, "has %" G_GUINT64_FORMAT " elements, not %u", n_there, n);
  if (!check_type (self, tensor))
    return FALSE;

  mark (self, tensor);
  if (tensor->type == SOTTO_BLOCK_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      *out = tensor->data;
      return TRUE;
    }

  copy = sotto_tensors_allocate (self, tensor->name, n);
  if (copy == NULL)
    return FALSE;
  sotto_block_info (tensor->type)->dequantise (tensor->data, copy, n);
  *out = copy;
  return TRUE;
}

const float *
sotto_tensors_get_row (SottoTensors *self, const SottoWeight *table, guint row)
{
  float *copy = sotto_tensors_allocate (self, "token_types.weight", table->n_columns);

  if (copy != NULL)
    sotto_block_info (table->type)->dequantise ((const guint8 *) table->data + row * table->row_bytes, copy,
                                                table->n_columns);
  return copy;
}

gboolean
sotto_tensors_copy_rows (SottoTensors      *self,
                         const SottoWeight *weight,
                         const guint       *rows,
                         guint              n_rows,
                         SottoWeight       *out)
{
  guint8 *copy = g_try_malloc (weight->row_bytes * n_rows);

  if (copy == NULL)
    return sotto_tensors_refuse (self, "ssm_ba.weight", "does not fit into memory");

  g_ptr_array_add (self->owner, copy);
  for (guint i = 0; i < n_rows; i++)
    memcpy (copy + i * weight->row_bytes, (const guint8 *) weight->data + rows[i] * weight->row_bytes,
            weight->row_bytes);

  *out = *weight;
  out->n_rows = n_rows;
  out->data = copy;
  return TRUE;
}

/* --- One slot --- */

static const char *
get_name (const SottoTensors *self, SottoSlot slot)
{
  const char *other = slot == SOTTO_SLOT_FEED_NORM ? self->keys.family->feed_norm_name : NULL;

  return other != NULL ? other : slots[slot].name;
}

static char *
make_name (const char *name, gboolean of_layer, guint layer, const char *suffix)
{
  return of_layer ? g_strdup_printf ("blk.%u.%s%s", layer, name, suffix) : g_strconcat (name, suffix, NULL);
}

static char *
make_slot_name (const SottoTensors *self, SottoSlot slot, guint layer, const char *suffix)
{
  return make_name (get_name (self, slot), slot >= FIRST_LAYER_SLOT, layer, suffix);
}

static void
make_weight (const SottoGgufTensor *tensor, SottoWeight *weight)
{
  const SottoBlockInfo *block = sotto_block_info (tensor->type);

  *weight = (SottoWeight) { .type = block->type,
                            .n_columns = (guint) tensor->shape[0],
                            .n_rows = (guint) tensor->shape[1],
                            .n_matrices = (guint) tensor->shape[2],
                            .row_bytes = (gsize) tensor->shape[0] / block->n_elements * block->n_bytes,
                            .data = tensor->data };
  weight->matrix_bytes = weight->row_bytes * weight->n_rows;
}

/* NVFP4 keeps a scale of the whole matrix beside it, and one for what it is multiplied with, which
 * unquantised activations do not need. */
static gboolean
load_scales (SottoTensors *self, const char *name, gboolean of_layer, guint layer, SottoWeight *weight)
{
  g_autofree char *scale = make_name (name, of_layer, layer, ".scale");
  g_autofree char *input_scale = make_name (name, of_layer, layer, ".input_scale");
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, scale);
  const SottoGgufTensor *input = sotto_gguf_lookup_tensor (self->keys.gguf, input_scale);

  if (input != NULL)
    mark (self, input);
  return tensor == NULL || get_vector (self, tensor, weight->n_matrices, &weight->scales);
}

static gboolean
load_bias (SottoTensors *self, const char *name, SottoPresence presence, guint n, const float **out)
{
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor == NULL)
    return presence != SOTTO_REQUIRED || sotto_tensors_refuse (self, name, "is missing");

  return presence == SOTTO_ABSENT || get_vector (self, tensor, n, out);
}

static gboolean
load_matrix (SottoTensors *self, SottoSlot slot, guint layer, const SottoGgufTensor *tensor, SottoTensor *out)
{
  const SlotInfo *info = &slots[slot];
  g_autofree char *bias = make_slot_name (self, slot, layer, ".bias");
  gboolean of_layer = slot >= FIRST_LAYER_SLOT;
  guint columns = info->columns == SIZE_ANY ? (guint) MIN (tensor->shape[0], SOTTO_MAX_SIZE)
                                            : get_size (self, layer, info->columns);
  guint rows = info->rows == SIZE_ANY ? (guint) MIN (tensor->shape[1], SOTTO_MAX_SIZE)
                                      : get_size (self, layer, info->rows);
  guint matrices = info->matrices != SIZE_NONE ? get_size (self, layer, info->matrices) : 1;

  if (!check_shape (self, tensor, columns, rows, matrices) || !check_type (self, tensor))
    return FALSE;

  mark (self, tensor);
  make_weight (tensor, &out->weight);
  return (self->keys.family->slots[SOTTO_SLOT_ROUTER_SCALE].weight != SOTTO_ABSENT && slot == SOTTO_SLOT_ROUTER
          ? TRUE : load_scales (self, info->name, of_layer, layer, &out->weight))
         && load_bias (self, bias, self->keys.family->slots[slot].bias, rows * matrices, &out->weight.bias);
}

static gboolean
load_slot (SottoTensors *self, SottoSlot slot, guint layer, SottoTensor *out)
{
  const SlotInfo *info = &slots[slot];
  const SottoSlotUse *use = &self->keys.family->slots[slot];
  g_autofree char *name = make_slot_name (self, slot, layer, info->suffix != NULL ? info->suffix : ".weight");
  g_autofree char *bias = make_slot_name (self, slot, layer, ".bias");
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor == NULL || use->weight == SOTTO_ABSENT)
    return tensor != NULL || use->weight != SOTTO_REQUIRED || sotto_tensors_refuse (self, name, "is missing");
  if (info->rows != SIZE_NONE)
    return load_matrix (self, slot, layer, tensor, out);

  return get_vector (self, tensor, get_size (self, layer, info->columns), &out->vector)
         && (info->suffix != NULL
             || load_bias (self, bias, use->bias, get_size (self, layer, info->columns), &out->bias));
}

/* --- Merged tensors --- */

typedef struct {
  const char *name;
  SottoSlot slots[3];
  guint n;
} Merged;

static const Merged merged[] = {
  { "attn_qkv", { SOTTO_SLOT_QUERY, SOTTO_SLOT_KEY, SOTTO_SLOT_VALUE }, 3 },
  { "ffn_up", { SOTTO_SLOT_GATE, SOTTO_SLOT_UP }, 2 },
  { "ffn_gate_up_exps", { SOTTO_SLOT_EXPERT_GATE, SOTTO_SLOT_EXPERT_UP }, 2 },
};

/* Whether the file has the tensor in place of the first of its slots. */
static const SottoGgufTensor *
find_merged (const SottoTensors *self, const Merged *how, guint layer)
{
  g_autofree char *name = make_name (how->name, TRUE, layer, ".weight");
  g_autofree char *first = make_slot_name (self, how->slots[0], layer, ".weight");

  for (guint i = 0; i < how->n; i++)
    if (self->keys.family->slots[how->slots[i]].weight == SOTTO_ABSENT
        || !sotto_layer_has (&self->sizes->layers[layer], slots[how->slots[i]].part))
      return NULL;

  return sotto_gguf_lookup_tensor (self->keys.gguf, first) == NULL
         ? sotto_gguf_lookup_tensor (self->keys.gguf, name) : NULL;
}

/* Hands its rows out to the slots, as views. A bias may be as merged as the weight, or not. */
static gboolean
load_merged (SottoTensors *self, const Merged *how, guint layer, SottoTensor *out)
{
  const SottoGgufTensor *tensor = find_merged (self, how, layer);
  g_autofree char *bias_name = make_name (how->name, TRUE, layer, ".bias");
  const SlotInfo *info = &slots[how->slots[0]];
  SottoPresence presence = self->keys.family->slots[how->slots[0]].bias;
  guint rows[3], total = 0, first = 0, matrices;
  const float *bias = NULL;
  SottoWeight whole;
  gboolean has_bias;

  if (tensor == NULL)
    return TRUE;

  for (guint i = 0; i < how->n; i++)
    total += rows[i] = get_size (self, layer, slots[how->slots[i]].rows);
  matrices = info->matrices != SIZE_NONE ? get_size (self, layer, info->matrices) : 1;
  if (!check_shape (self, tensor, get_size (self, layer, info->columns), total, matrices)
      || !check_type (self, tensor))
    return FALSE;

  mark (self, tensor);
  make_weight (tensor, &whole);
  has_bias = sotto_gguf_lookup_tensor (self->keys.gguf, bias_name) != NULL && matrices == 1;
  if (!load_scales (self, how->name, TRUE, layer, &whole)
      || (has_bias && !load_bias (self, bias_name, presence, total, &bias)))
    return FALSE;

  for (guint i = 0; i < how->n; first += rows[i++])
    {
      SottoTensor *part = &out[how->slots[i]];
      g_autofree char *own_bias = make_slot_name (self, how->slots[i], layer, ".bias");

      part->weight = whole;
      part->weight.n_rows = rows[i];
      part->weight.data = (const guint8 *) whole.data + first * whole.row_bytes;
      part->weight.bias = bias != NULL ? bias + first : NULL;
      if (!has_bias && !load_bias (self, own_bias, presence, rows[i] * matrices, &part->weight.bias))
        return FALSE;
    }
  return TRUE;
}

/* --- All --- */

gboolean
sotto_tensors_load_model (SottoTensors *self, SottoTensor *out)
{
  for (SottoSlot slot = 0; slot < FIRST_LAYER_SLOT; slot++)
    {
      out[slot] = (SottoTensor) { 0 };
      if (slots[slot].part == SOTTO_PART_INPUTS && self->sizes->n_input == 0)
        continue;
      if (!load_slot (self, slot, 0, &out[slot]))
        return FALSE;
    }
  return TRUE;
}

/* A file may hold keys and values for layers that use another's. */
static void
pass_over (SottoTensors *self, SottoSlot slot, guint layer)
{
  g_autofree char *name = make_slot_name (self, slot, layer, ".weight");
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor != NULL)
    mark (self, tensor);
}

gboolean
sotto_tensors_load_layer (SottoTensors *self, guint layer, SottoTensor *out)
{
  const SottoLayerSizes *sizes = &self->sizes->layers[layer];

  for (SottoSlot slot = FIRST_LAYER_SLOT; slot < SOTTO_N_SLOTS; slot++)
    out[slot] = (SottoTensor) { 0 };
  for (guint i = 0; i < G_N_ELEMENTS (merged); i++)
    if (!load_merged (self, &merged[i], layer, out))
      return FALSE;

  for (SottoSlot slot = FIRST_LAYER_SLOT; slot < SOTTO_N_SLOTS; slot++)
    {
      if (sotto_weight_is_there (&out[slot].weight))
        continue;
      if (sotto_layer_has (sizes, slots[slot].part))
        {
          if (!load_slot (self, slot, layer, &out[slot]))
            return FALSE;
        }
      else if (slots[slot].part == SOTTO_PART_CACHE && sizes->cache_of != layer)
        {
          pass_over (self, slot, layer);
        }
    }
  return TRUE;
}

/* A layer behind the last, which predicts further tokens. */
static gboolean
is_beyond (const SottoTensors *self, const char *name)
{
  guint64 layer;

  if (!g_str_has_prefix (name, "blk."))
    return FALSE;
  layer = g_ascii_strtoull (name + strlen ("blk."), NULL, 10);
  return layer >= self->sizes->n_layers && layer < self->sizes->n_layers_in_file;
}

gboolean
sotto_tensors_check_leftovers (const SottoTensors *self)
{
  for (guint i = 0; i < sotto_gguf_get_n_tensors (self->keys.gguf); i++)
    {
      const char *name = sotto_gguf_get_tensor (self->keys.gguf, i)->name;

      if (!self->used[i] && !is_beyond (self, name))
        return sotto_tensors_refuse (self, name, "is none that the family %s has", self->keys.family->name);
    }
  return TRUE;
}

gboolean
sotto_tensors_read_vocabulary (const SottoTensors *self, guint *out)
{
  const char *name = "token_embd.weight";
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor == NULL)
    return sotto_tensors_refuse (self, name, "is missing");
  if (tensor->shape[1] > G_MAXINT32 / 4)
    return sotto_tensors_refuse (self, name, "has too many rows");

  *out = (guint) tensor->shape[1];
  return TRUE;
}
