/* Turns a file into a program: finds the tensors that the family's descriptor asks for, checks the
 * shape of each against the metadata, and refuses what is left over, because a tensor that nobody
 * uses means that the model computes something else than we would. */

#include "family/program.h"

#include "sotto-error.h"

#include <math.h>
#include <string.h>

/* The sizes that shapes are made of. */
typedef enum {
  SIZE_NONE, /* of a vector: no rows */
  SIZE_EMBEDDING,
  SIZE_QUERY,
  SIZE_KEY,
  SIZE_VALUE,
  SIZE_ATTENDED,
  SIZE_FEED_FORWARD,
  SIZE_VOCABULARY,
  SIZE_ROPE_PAIRS,
} Size;

typedef struct {
  const char *name;  /* between "blk.N." and ".weight" or ".bias" */
  gboolean of_layer;
  Size columns;
  Size rows;
  gsize place;       /* of its SottoWeight or SottoNorm, in SottoLayer or SottoProgram */
} SlotInfo;

#define OF_MODEL(name, columns, rows, member) { name, FALSE, columns, rows, G_STRUCT_OFFSET (SottoProgram, member) }
#define OF_LAYER(name, columns, rows, member) { name, TRUE, columns, rows, G_STRUCT_OFFSET (SottoLayer, member) }

static const SlotInfo slots[SOTTO_N_SLOTS] = {
  [SOTTO_SLOT_EMBEDDING] = OF_MODEL ("token_embd", SIZE_EMBEDDING, SIZE_VOCABULARY, embedding),
  [SOTTO_SLOT_ROPE_FACTORS] = { "rope_freqs", FALSE, SIZE_ROPE_PAIRS, SIZE_NONE, 0 },
  [SOTTO_SLOT_OUTPUT_NORM] = OF_MODEL ("output_norm", SIZE_EMBEDDING, SIZE_NONE, output_norm),
  [SOTTO_SLOT_OUTPUT] = OF_MODEL ("output", SIZE_EMBEDDING, SIZE_VOCABULARY, output),
  [SOTTO_SLOT_ATTENTION_NORM] = OF_LAYER ("attn_norm", SIZE_EMBEDDING, SIZE_NONE, attention_norm),
  [SOTTO_SLOT_QUERY] = OF_LAYER ("attn_q", SIZE_EMBEDDING, SIZE_QUERY, query),
  [SOTTO_SLOT_KEY] = OF_LAYER ("attn_k", SIZE_EMBEDDING, SIZE_KEY, key),
  [SOTTO_SLOT_VALUE] = OF_LAYER ("attn_v", SIZE_EMBEDDING, SIZE_VALUE, value),
  [SOTTO_SLOT_ATTENTION_OUTPUT] = OF_LAYER ("attn_output", SIZE_ATTENDED, SIZE_EMBEDDING, attention_output),
  [SOTTO_SLOT_FEED_FORWARD_NORM] = OF_LAYER ("ffn_norm", SIZE_EMBEDDING, SIZE_NONE, feed_forward_norm),
  [SOTTO_SLOT_GATE] = OF_LAYER ("ffn_gate", SIZE_EMBEDDING, SIZE_FEED_FORWARD, gate),
  [SOTTO_SLOT_UP] = OF_LAYER ("ffn_up", SIZE_EMBEDDING, SIZE_FEED_FORWARD, up),
  [SOTTO_SLOT_DOWN] = OF_LAYER ("ffn_down", SIZE_FEED_FORWARD, SIZE_EMBEDDING, down),
};

typedef struct {
  SottoProgram *program;
  gboolean *used;    /* by tensor of the file */
  float epsilon;     /* of all norms */
  GError **error;
} Loader;

static guint
get_size (const SottoShape *shape, Size size)
{
  switch (size)
    {
    case SIZE_EMBEDDING:
      return shape->n_embedding;
    case SIZE_QUERY:
      return shape->n_heads * shape->n_head_key;
    case SIZE_KEY:
      return shape->n_kv_heads * shape->n_head_key;
    case SIZE_VALUE:
      return shape->n_kv_heads * shape->n_head_value;
    case SIZE_ATTENDED:
      return shape->n_heads * shape->n_head_value;
    case SIZE_FEED_FORWARD:
      return shape->n_feed_forward;
    case SIZE_VOCABULARY:
      return shape->n_vocabulary;
    case SIZE_ROPE_PAIRS:
      return shape->n_rope / 2;
    case SIZE_NONE:
    default:
      return 1;
    }
}

static gboolean G_GNUC_PRINTF (3, 4)
bad_tensor (Loader *self, const char *tensor, const char *format, ...)
{
  const char *path = sotto_gguf_get_path (self->program->gguf);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_TENSOR,
                          &(SottoErrorArguments) { .path = path, .subject = tensor },
                          "%s: tensor %s %s", name, tensor, reason);
  return FALSE;
}

/* Finds a tensor and checks its shape and type. FALSE with no error set: an optional one is not there. */
static gboolean
find_tensor (Loader                 *self,
             const char             *name,
             SottoPresence           presence,
             guint                   columns,
             guint                   rows,
             const SottoGgufTensor **out,
             gboolean               *failed)
{
  const SottoGguf *gguf = self->program->gguf;
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (gguf, name);

  *failed = FALSE;
  if (tensor == NULL || presence == SOTTO_ABSENT)
    {
      if (tensor == NULL && presence == SOTTO_REQUIRED)
        *failed = !bad_tensor (self, name, "is missing");
      return FALSE;
    }

  *failed = TRUE;
  if (tensor->shape[0] != columns || tensor->shape[1] != rows || tensor->shape[2] != 1
      || tensor->shape[3] != 1)
    return bad_tensor (self, name, "has the shape %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT
                       " × %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT ", not %u × %u",
                       tensor->shape[0], tensor->shape[1], tensor->shape[2], tensor->shape[3],
                       columns, rows);

  if (sotto_block_info (tensor->type) == NULL)
    {
      const char *path = sotto_gguf_get_path (gguf);
      g_autofree char *display = g_filename_display_name (path);
      const char *type = sotto_block_name (tensor->type);

      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_BLOCK_TYPE,
                              &(SottoErrorArguments) { .path = path, .subject = type },
                              "%s: tensor %s is of block type %s, which is not known", display,
                              name, type);
      return FALSE;
    }

  self->used[tensor - sotto_gguf_get_tensor (gguf, 0)] = TRUE;
  *failed = FALSE;
  *out = tensor;
  return TRUE;
}

/* A vector as floats: in the mapping where the file has F32, else a copy that the program owns. */
static gboolean
get_vector (Loader *self, const SottoGgufTensor *tensor, const float **out)
{
  float *copy;

  if (tensor->type == SOTTO_BLOCK_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      *out = tensor->data;
      return TRUE;
    }

  copy = g_try_new (float, tensor->shape[0]);
  if (copy == NULL)
    return bad_tensor (self, tensor->name, "does not fit into memory");

  sotto_block_info (tensor->type)->dequantise (tensor->data, copy, tensor->shape[0]);
  g_ptr_array_add (self->program->vectors, copy);
  *out = copy;
  return TRUE;
}

static char *
make_name (const SlotInfo *slot, guint layer, const char *suffix)
{
  return slot->of_layer ? g_strdup_printf ("blk.%u.%s.%s", layer, slot->name, suffix)
                        : g_strdup_printf ("%s.%s", slot->name, suffix);
}

static gboolean
load_matrix (Loader *self, SottoSlot slot, guint layer, SottoWeight *weight)
{
  const SottoShape *shape = &self->program->shape;
  const SlotInfo *info = &slots[slot];
  const SottoSlotUse *use = &self->program->family->slots[slot];
  g_autofree char *name = make_name (info, layer, "weight");
  g_autofree char *bias_name = make_name (info, layer, "bias");
  guint columns = get_size (shape, info->columns);
  guint rows = get_size (shape, info->rows);
  const SottoGgufTensor *tensor, *bias;
  const SottoBlockInfo *block;
  gboolean failed;

  if (!find_tensor (self, name, use->weight, columns, rows, &tensor, &failed))
    return !failed;

  block = sotto_block_info (tensor->type);
  *weight = (SottoWeight) { .type = block->type, .n_columns = columns, .n_rows = rows,
                            .row_bytes = (gsize) columns / block->n_elements * block->n_bytes,
                            .data = tensor->data };

  if (!find_tensor (self, bias_name, use->bias, rows, 1, &bias, &failed))
    return !failed;
  return get_vector (self, bias, &weight->bias);
}

static gboolean
load_norm (Loader *self, SottoSlot slot, guint layer, SottoNorm *norm)
{
  const SlotInfo *info = &slots[slot];
  g_autofree char *name = make_name (info, layer, "weight");
  const SottoGgufTensor *tensor;
  gboolean failed;

  norm->epsilon = self->epsilon;
  if (!find_tensor (self, name, self->program->family->slots[slot].weight,
                    get_size (&self->program->shape, info->columns), 1, &tensor, &failed))
    return !failed;

  return get_vector (self, tensor, &norm->weight);
}

static gboolean
load_rope_factors (Loader *self)
{
  SottoProgram *program = self->program;
  guint n_pairs = program->shape.n_rope / 2;
  g_autofree char *name = make_name (&slots[SOTTO_SLOT_ROPE_FACTORS], 0, "weight");
  const SottoGgufTensor *tensor;
  const float *factors;
  gboolean failed;

  if (!find_tensor (self, name, program->family->slots[SOTTO_SLOT_ROPE_FACTORS].weight, n_pairs, 1,
                    &tensor, &failed))
    return !failed;
  if (!get_vector (self, tensor, &factors))
    return FALSE;

  for (guint i = 0; i < n_pairs; i++)
    {
      if (!isfinite (factors[i]) || factors[i] <= 0)
        return bad_tensor (self, name, "holds what is not a positive number");
      program->rope_frequencies[i] /= (double) factors[i];
    }
  return TRUE;
}

static gboolean
load_slot (Loader *self, SottoSlot slot, guint layer)
{
  SottoProgram *program = self->program;
  guint8 *owner = slots[slot].of_layer ? (guint8 *) &program->layers[layer] : (guint8 *) program;
  gpointer place = owner + slots[slot].place;

  if (slot == SOTTO_SLOT_ROPE_FACTORS)
    return load_rope_factors (self);
  if (slots[slot].rows == SIZE_NONE)
    return load_norm (self, slot, layer, place);

  return load_matrix (self, slot, layer, place);
}

static gboolean
load_all (Loader *self)
{
  SottoProgram *program = self->program;

  for (SottoSlot slot = 0; slot < SOTTO_N_SLOTS; slot++)
    for (guint layer = 0; layer < (slots[slot].of_layer ? program->shape.n_layers : 1); layer++)
      if (!load_slot (self, slot, layer))
        return FALSE;

  if (program->output.data == NULL)
    program->output = program->embedding;

  for (guint i = 0; i < sotto_gguf_get_n_tensors (program->gguf); i++)
    if (!self->used[i])
      return bad_tensor (self, sotto_gguf_get_tensor (program->gguf, i)->name,
                         "is none that the family %s has", program->family->name);

  return TRUE;
}

/* The vocabulary has as many tokens as the embedding has rows. */
static gboolean
read_vocabulary (Loader *self)
{
  SottoProgram *program = self->program;
  g_autofree char *name = make_name (&slots[SOTTO_SLOT_EMBEDDING], 0, "weight");
  const SottoGgufTensor *tensor = sotto_gguf_lookup_tensor (program->gguf, name);

  if (tensor == NULL)
    return bad_tensor (self, name, "is missing");
  if (tensor->shape[1] > G_MAXINT32 / 4)
    return bad_tensor (self, name, "has too many rows");

  program->shape.n_vocabulary = (guint) tensor->shape[1];
  return TRUE;
}

static gboolean
read_epsilon (Loader *self)
{
  SottoProgram *program = self->program;
  g_autofree char *key = g_strconcat (program->family->name, ".", program->family->epsilon_key, NULL);
  double epsilon = sotto_gguf_get_float (program->gguf, key, -1);

  if (epsilon < 0)
    {
      const char *path = sotto_gguf_get_path (program->gguf);
      g_autofree char *name = g_filename_display_name (path);

      sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MALFORMED,
                              &(SottoErrorArguments) { .path = path, .subject = key },
                              "%s: malformed: %s is missing or negative", name, key);
      return FALSE;
    }

  self->epsilon = (float) epsilon;
  return TRUE;
}

static const SottoFamily *
find_family (SottoGguf *gguf, GError **error)
{
  const char *path = sotto_gguf_get_path (gguf);
  g_autofree char *name = sotto_gguf_dup_string (gguf, "general.architecture");
  g_autofree char *display = g_filename_display_name (path);
  g_autofree char *known = NULL;
  const SottoFamily *family;

  if (name == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MALFORMED,
                              &(SottoErrorArguments) { .path = path, .subject = "general.architecture" },
                              "%s: malformed: general.architecture is missing", display);
      return NULL;
    }

  family = sotto_family_lookup (name);
  if (family == NULL)
    {
      known = sotto_family_list ();
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_FAMILY,
                              &(SottoErrorArguments) { .path = path, .subject = name },
                              "%s: the family \"%s\" is not known; these are: %s", display, name,
                              known);
    }
  return family;
}

SottoProgram *
sotto_program_new (SottoGguf *gguf, GError **error)
{
  g_autoptr (SottoProgram) self = g_new0 (SottoProgram, 1);
  g_autofree gboolean *used = g_new0 (gboolean, sotto_gguf_get_n_tensors (gguf) + 1);
  Loader loader = { .program = self, .used = used, .error = error };

  self->gguf = sotto_gguf_ref (gguf);
  self->vectors = g_ptr_array_new_with_free_func (g_free);
  self->family = find_family (gguf, error);
  if (self->family == NULL || !sotto_program_read_sizes (self, error) || !read_epsilon (&loader)
      || !read_vocabulary (&loader))
    return NULL;

  self->embedding_scale = self->family->embedding_scale;
  self->activation = self->family->activation;
  self->layers = g_new0 (SottoLayer, self->shape.n_layers);
  if (!load_all (&loader))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_program_free (SottoProgram *self)
{
  g_clear_pointer (&self->gguf, sotto_gguf_unref);
  g_clear_pointer (&self->vectors, g_ptr_array_unref);
  g_free (self->rope_frequencies);
  g_free (self->layers);
  g_free (self);
}
