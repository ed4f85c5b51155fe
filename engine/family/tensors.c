/* Finds the tensors of a family in a file; also where they come merged. */

#include "family/tensors.h"

#include "family/shapes.h"

#include "sotto-error.h"

#include <math.h>
#include <string.h>

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
  sotto_engine_set_error (self->keys.error,
                          SOTTO_ENGINE_ERROR_BLOCK_TYPE,
                          &(SottoErrorArguments){ .path = path, .subject = type },
                          "%s: tensor %s is of block type %s, which nothing here computes with; "
                          "another quantisation of the same model may work",
                          display,
                          tensor->name,
                          type);
  return FALSE;
}

static gboolean
check_shape (const SottoTensors *self,
             const SottoGgufTensor *tensor,
             guint columns,
             guint rows,
             guint matrices)
{
  if (tensor->shape[0] == columns && tensor->shape[1] == rows && tensor->shape[2] == matrices
      && tensor->shape[3] == 1)
    return TRUE;

  return sotto_tensors_refuse (self,
                               tensor->name,
                               "has the shape %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT
                               " × %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT ", not %u × %u × %u",
                               tensor->shape[0],
                               tensor->shape[1],
                               tensor->shape[2],
                               tensor->shape[3],
                               columns,
                               rows,
                               matrices);
}

static void
mark (SottoTensors *self, const SottoGgufTensor *tensor)
{
  self->used[tensor - sotto_gguf_get_tensor (self->keys.gguf, 0)] = TRUE;
}

gboolean
sotto_tensors_get_vector (SottoTensors *self, const SottoGgufTensor *tensor, guint n, const float **out)
{
  guint64 n_there = tensor->shape[0] * tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
  float *copy;

  if (n_there != n)
    return sotto_tensors_refuse (
        self, tensor->name, "has %" G_GUINT64_FORMAT " elements, not %u", n_there, n);
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

static void
make_weight (const SottoGgufTensor *tensor, SottoWeight *weight)
{
  const SottoBlockInfo *block = sotto_block_info (tensor->type);

  *weight =
      (SottoWeight){ .type = block->type,
                     .n_columns = (guint) tensor->shape[0],
                     .n_rows = (guint) tensor->shape[1],
                     .n_matrices = (guint) tensor->shape[2],
                     .row_bytes = (gsize) tensor->shape[0] / block->n_elements * block->n_bytes,
                     .data = tensor->data };
  weight->matrix_bytes = weight->row_bytes * weight->n_rows;
}

gboolean
sotto_tensors_get_matrix (SottoTensors          *self,
                          const SottoGgufTensor *tensor,
                          guint                  columns,
                          guint                  rows,
                          guint                  matrices,
                          SottoWeight           *out)
{
  if (!check_shape (self, tensor, columns, rows, matrices) || !check_type (self, tensor))
    return FALSE;

  mark (self, tensor);
  make_weight (tensor, out);
  return TRUE;
}

const float *
sotto_tensors_get_row (SottoTensors *self, const SottoWeight *table, guint row)
{
  float *copy = sotto_tensors_allocate (self, "token_types.weight", table->n_columns);

  if (copy != NULL)
    sotto_block_info (table->type)
        ->dequantise (
            (const guint8 *) table->data + row * table->row_bytes, copy, table->n_columns);
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
    return sotto_tensors_refuse (self, "ssm_in.weight", "does not fit into memory");

  g_ptr_array_add (self->owner, copy);
  for (guint i = 0; i < n_rows; i++)
    memcpy (copy + i * weight->row_bytes,
            (const guint8 *) weight->data + rows[i] * weight->row_bytes,
            weight->row_bytes);

  *out = *weight;
  out->n_rows = n_rows;
  out->data = copy;
  return TRUE;
}

/* --- One slot --- */

static guint
get_size (const SottoTensors *self, guint layer, SottoSize size)
{
  return sotto_size_get (self->sizes, self->keys.family, layer, size);
}

static char *
make_name (const char *name, gboolean of_layer, guint layer, const char *suffix)
{
  return of_layer ? g_strdup_printf ("blk.%u.%s%s", layer, name, suffix)
                  : g_strconcat (name, suffix, NULL);
}

/* Ollama's converter, and older ones, have names of their own for some. */
static const struct {
  SottoSlot slot;
  const char *name;
  const char *suffix;
} other_names[] = {
  { SOTTO_SLOT_OUTPUT_NORM, "norm", ".weight" },
  { SOTTO_SLOT_OUTPUT_NORM, "output_norm", ".weight" },
  { SOTTO_SLOT_POOLED_1, "dense.0", ".weight" },
  { SOTTO_SLOT_POOLED_2, "dense.1", ".weight" },
  { SOTTO_SLOT_FEED_NORM, "ffn_norm", ".weight" },
  { SOTTO_SLOT_FEED_NORM, "ffn_norm", "" }, /* Falcon H1's */
  { SOTTO_SLOT_SINKS, "attn_sinks", "" },
  { SOTTO_SLOT_ATTENTION_OUTPUT, "attn_out", ".weight" },
  { SOTTO_SLOT_DELTA_STEP_BIAS, "ssm_dt", "" },
  { SOTTO_SLOT_SELECTION_BIAS, "exp_probs_b", "" }, /* Hy3's */
};

typedef struct {
  const char *base;
  const char *suffix;
} Name;

static const SottoGgufTensor *
lookup (const SottoTensors *self, const Name *name, gboolean of_layer, guint layer)
{
  g_autofree char *full = make_name (name->base, of_layer, layer, name->suffix);

  return sotto_gguf_lookup_tensor (self->keys.gguf, full);
}

/* What a slot's tensor is called in this file; where it is not there, by its own name. */
static Name
find_name (const SottoTensors *self, SottoSlot slot, guint layer)
{
  const SottoSlotInfo *info = &sotto_slot_infos[slot];
  const SottoFamily *family = self->keys.family;
  const char *of_family = slot == SOTTO_SLOT_FEED_NORM     ? family->feed_norm_name
                          : slot == SOTTO_SLOT_OUTPUT_NORM ? family->output_norm_name
                                                           : NULL;
  gboolean of_layer = slot >= SOTTO_FIRST_LAYER_SLOT;
  Name own = { of_family != NULL ? of_family : info->name,
               info->suffix != NULL ? info->suffix : ".weight" };

  for (guint i = 0; i < G_N_ELEMENTS (other_names); i++)
    if (other_names[i].slot == slot && lookup (self, &own, of_layer, layer) == NULL)
      {
        Name other = { other_names[i].name, other_names[i].suffix };

        if (lookup (self, &other, of_layer, layer) != NULL)
          return other;
      }
  return own;
}

static char *
make_slot_name (const SottoTensors *self, SottoSlot slot, guint layer, const char *suffix)
{
  Name name = find_name (self, slot, layer);

  return make_name (name.base, slot >= SOTTO_FIRST_LAYER_SLOT, layer,
                    suffix != NULL ? suffix : name.suffix);
}

/* NVFP4 keeps a scale of the whole matrix beside it, and one for what it is multiplied with, which
 * unquantised activations do not need. */
static gboolean
load_scales (SottoTensors *self,
             const char *name,
             gboolean of_layer,
             guint layer,
             SottoWeight *weight)
{
  g_autofree char *scale = make_name (name, of_layer, layer, ".scale");
  g_autofree char *input_scale = make_name (name, of_layer, layer, ".input_scale");
  gboolean is_down = g_str_equal (name, "ffn_down_exps");
  g_autofree char *other =
      is_down ? make_name ("ffn_gate_inp", of_layer, layer, ".per_expert_scale") : NULL;
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, scale);
  const SottoGgufTensor *input = sotto_gguf_lookup_tensor (self->keys.gguf, input_scale);

  if (tensor == NULL && is_down) /* Ollama's name for Gemma 4's */
    tensor = sotto_gguf_lookup_tensor (self->keys.gguf, other);
  if (input != NULL)
    mark (self, input);
  return tensor == NULL || sotto_tensors_get_vector (self, tensor, weight->n_matrices, &weight->scales);
}

static gboolean
load_bias (SottoTensors *self, const char *name, SottoPresence presence, guint n, const float **out)
{
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor == NULL)
    return presence != SOTTO_REQUIRED || sotto_tensors_refuse (self, name, "is missing");

  return presence == SOTTO_ABSENT || sotto_tensors_get_vector (self, tensor, n, out);
}

static gboolean
load_matrix (SottoTensors *self,
             SottoSlot slot,
             guint layer,
             const SottoGgufTensor *tensor,
             SottoTensor *out)
{
  const SottoSlotInfo *info = &sotto_slot_infos[slot];
  g_autofree char *bias = make_slot_name (self, slot, layer, ".bias");
  gboolean of_layer = slot >= SOTTO_FIRST_LAYER_SLOT;
  guint columns = info->columns == SOTTO_SIZE_ANY ? (guint) MIN (tensor->shape[0], SOTTO_MAX_SIZE)
                                            : get_size (self, layer, info->columns);
  guint rows = info->rows == SOTTO_SIZE_ANY ? (guint) MIN (tensor->shape[1], SOTTO_MAX_SIZE)
                                      : get_size (self, layer, info->rows);
  guint matrices = info->matrices != SOTTO_SIZE_NONE ? get_size (self, layer, info->matrices) : 1;

  if (!sotto_tensors_get_matrix (self, tensor, columns, rows, matrices, &out->weight))
    return FALSE;

  return (self->keys.family->slots[SOTTO_SLOT_ROUTER_SCALE].weight != SOTTO_ABSENT
                  && slot == SOTTO_SLOT_ROUTER
              ? TRUE
              : load_scales (self, info->name, of_layer, layer, &out->weight))
         && load_bias (
             self, bias, self->keys.family->slots[slot].bias, rows * matrices, &out->weight.bias);
}

/* One of a layer's experts by itself: blk.0.ffn_gate.3.weight for blk.0.ffn_gate_exps.weight. */
static const SottoGgufTensor *
find_piece (const SottoTensors *self, SottoSlot slot, guint layer, guint expert)
{
  const char *stack = sotto_slot_infos[slot].name;
  g_autofree char *base = g_strndup (stack, strlen (stack) - strlen ("_exps"));
  g_autofree char *name = g_strdup_printf ("blk.%u.%s.%u.weight", layer, base, expert);

  return sotto_gguf_lookup_tensor (self->keys.gguf, name);
}

/* The first files of Mixtral (until April 2024) have a tensor for every expert. */
static gboolean
load_pieces (SottoTensors *self, SottoSlot slot, guint layer, SottoWeight *out)
{
  const SottoSlotInfo *info = &sotto_slot_infos[slot];
  const SottoGgufTensor *first = find_piece (self, slot, layer, 0);
  guint columns = get_size (self, layer, info->columns), rows = get_size (self, layer, info->rows);
  guint n = get_size (self, layer, info->matrices);
  const void **matrices = g_new0 (const void *, n);

  g_ptr_array_add (self->owner, matrices);
  for (guint i = 0; i < n; i++)
    {
      const SottoGgufTensor *tensor = find_piece (self, slot, layer, i);

      if (tensor == NULL)
        return sotto_tensors_refuse (self, first->name, "has fewer like it than there are experts");
      if (!check_shape (self, tensor, columns, rows, 1) || !check_type (self, tensor))
        return FALSE;
      if (tensor->type != first->type)
        return sotto_tensors_refuse (
            self, tensor->name,
            "is not of its neighbours' block type; a newer file of this model has all experts in one");
      mark (self, tensor);
      matrices[i] = tensor->data;
    }

  make_weight (first, out);
  out->n_matrices = n;
  out->matrices = matrices;
  return TRUE;
}

static gboolean
load_slot (SottoTensors *self, SottoSlot slot, guint layer, SottoTensor *out)
{
  const SottoSlotInfo *info = &sotto_slot_infos[slot];
  const SottoSlotUse *use = &self->keys.family->slots[slot];
  g_autofree char *name =
      make_slot_name (self, slot, layer, NULL);
  g_autofree char *bias = make_slot_name (self, slot, layer, ".bias");
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (self->keys.gguf, name);

  if (tensor == NULL && use->weight != SOTTO_ABSENT && info->matrices == SOTTO_SIZE_EXPERTS
      && find_piece (self, slot, layer, 0) != NULL)
    return load_pieces (self, slot, layer, &out->weight);
  if (tensor == NULL || use->weight == SOTTO_ABSENT)
    return tensor != NULL || use->weight != SOTTO_REQUIRED
           || sotto_tensors_refuse (self, name, "is missing");
  if (info->rows != SOTTO_SIZE_NONE)
    return load_matrix (self, slot, layer, tensor, out);

  return sotto_tensors_get_vector (self, tensor, get_size (self, layer, info->columns), &out->vector)
         && (info->suffix != NULL
             || load_bias (
                 self, bias, use->bias, get_size (self, layer, info->columns), &out->bias));
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
        || !sotto_layer_has (&self->sizes->layers[layer], sotto_slot_infos[how->slots[i]].part))
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
  const SottoSlotInfo *info = &sotto_slot_infos[how->slots[0]];
  SottoPresence presence = self->keys.family->slots[how->slots[0]].bias;
  guint rows[3], total = 0, first = 0, matrices;
  const float *bias = NULL;
  SottoWeight whole;
  gboolean has_bias;

  if (tensor == NULL)
    return TRUE;

  for (guint i = 0; i < how->n; i++)
    total += rows[i] = get_size (self, layer, sotto_slot_infos[how->slots[i]].rows);
  matrices = info->matrices != SOTTO_SIZE_NONE ? get_size (self, layer, info->matrices) : 1;
  if (!sotto_tensors_get_matrix (self, tensor, get_size (self, layer, info->columns), total, matrices, &whole))
    return FALSE;

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
      if (!has_bias
          && !load_bias (self, own_bias, presence, rows[i] * matrices, &part->weight.bias))
        return FALSE;
    }
  return TRUE;
}

/* --- All --- */

gboolean
sotto_tensors_load_model (SottoTensors *self, SottoTensor *out)
{
  for (SottoSlot slot = 0; slot < SOTTO_FIRST_LAYER_SLOT; slot++)
    {
      out[slot] = (SottoTensor) { 0 };
      if (sotto_slot_infos[slot].part == SOTTO_PART_INPUTS && self->sizes->n_input == 0)
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

  for (SottoSlot slot = SOTTO_FIRST_LAYER_SLOT; slot < SOTTO_N_SLOTS; slot++)
    out[slot] = (SottoTensor) { 0 };
  for (guint i = 0; i < G_N_ELEMENTS (merged); i++)
    if (!load_merged (self, &merged[i], layer, out))
      return FALSE;

  for (SottoSlot slot = SOTTO_FIRST_LAYER_SLOT; slot < SOTTO_N_SLOTS; slot++)
    {
      if (sotto_weight_is_there (&out[slot].weight))
        continue;
      if (sotto_layer_has (sizes, sotto_slot_infos[slot].part))
        {
          if (!load_slot (self, slot, layer, &out[slot]))
            return FALSE;
        }
      else if (sotto_slot_infos[slot].part == SOTTO_PART_CACHE && sizes->cache_of != layer)
        {
          pass_over (self, slot, layer);
        }
    }
  return TRUE;
}

/* What is not part of the model proper: a layer behind the last, which predicts further tokens; and
 * what Ollama keeps in the same file, which others put beside it: eyes, ears, the same layers. */
static gboolean
is_beyond (const SottoTensors *self, const char *name)
{
  static const char *const companions[] = { "v.", "a.", "s.", "mm.", "mtp." };
  guint64 layer;

  for (guint i = 0; i < G_N_ELEMENTS (companions); i++)
    if (g_str_has_prefix (name, companions[i]))
      return TRUE;

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
        return sotto_tensors_refuse (
            self, name, "is none that the family %s has", self->keys.family->name);
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
