/* The steps of an encoder and its projector. An encoder is a transformer in which every row sees all others (ViT, Dosovitskiy et
 * al. 2021), so it is a plan of a whole sequence whose tokens are places in the table of positions:
 *
 *   EMBED     residual = positions[place] + bias of the patches
 *   TAKE      patches, from who cut them
 *   PROJECT   residual += weight patch
 *   layers:   residual += out attend (norm residual); residual += down gelu (up (norm residual))
 *   NORM      where the file has one behind the layers
 *   HAND
 *
 * It is carried out in stretches, a layer each, so that who waits can be told how far it is; the residual crosses from one to the
 * next by HAND and TAKE. */

#include "vision/eyes.h"

#include "vision/names.h"

#include <math.h>

/* x sigmoid (1.702 x) is silu (1.702 x) / 1.702. */
#define QUICK 1.702f

typedef struct {
  SottoVisionPlans *plans;
  const SottoVisionKind *kind;
  const SottoVisionSizes *sizes;
  SottoTensors *tensors;
  GArray *steps;            /* where steps go */
  guint layer;
} Writer;

static SottoStep *
add (Writer *self, SottoStepKind kind)
{
  g_array_set_size (self->steps, self->steps->len + 1);
  g_array_index (self->steps, SottoStep, self->steps->len - 1).kind = kind;
  g_array_index (self->steps, SottoStep, self->steps->len - 1).layer = self->layer;
  return &g_array_index (self->steps, SottoStep, self->steps->len - 1);
}

/* --- Tensors --- */

static const SottoGgufTensor *
lookup (const Writer *self, const char *name)
{
  return sotto_gguf_lookup_tensor (self->tensors->keys.gguf, name);
}

static const SottoGgufTensor *
require (const Writer *self, const char *name)
{
  const SottoGgufTensor *tensor = lookup (self, name);

  if (tensor == NULL)
    sotto_tensors_refuse (self->tensors, name, "is missing");
  return tensor;
}

/* (nullable) floats: none where the file has none */
static gboolean
find_vector (Writer *self, const char *name, guint n, const float **out)
{
  const SottoGgufTensor *tensor = lookup (self, name);

  *out = NULL;
  return tensor == NULL || sotto_tensors_get_vector (self->tensors, tensor, n, out);
}

/* @base.weight and, if it is there, @base.bias */
static gboolean
find_matrix (Writer *self, const char *base, guint columns, guint rows, SottoWeight *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  g_autofree char *bias = g_strconcat (base, ".bias", NULL);
  const SottoGgufTensor *tensor = require (self, name);

  return tensor != NULL && sotto_tensors_get_matrix (self->tensors, tensor, columns, rows, 1, out)
         && find_vector (self, bias, rows, &out->bias);
}

static gboolean
find_norm (Writer *self, const char *base, SottoNormKind kind, float epsilon, guint n, SottoNorm *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  g_autofree char *bias = g_strconcat (base, ".bias", NULL);

  *out = (SottoNorm) { .kind = kind, .epsilon = epsilon };
  if (!find_vector (self, name, n, &out->weight) || !find_vector (self, bias, n, &out->bias))
    return FALSE;
  if (out->weight == NULL)
    out->kind = SOTTO_NORM_NONE;
  return TRUE;
}

static gboolean
norm_is_there (const SottoNorm *norm)
{
  return norm->weight != NULL;
}

/* The largest InternViT has RMS norms, and no key says so: they have no bias, as LayerNorms here always do. */
static gboolean
find_layer_norm (Writer *self, const char *name, SottoNorm *out)
{
  g_autofree char *base = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, name);
  g_autofree char *weight = g_strconcat (base, ".weight", NULL);

  if (require (self, weight) == NULL
      || !find_norm (self, base, SOTTO_NORM_LAYER, self->sizes->epsilon, self->sizes->n_embedding, out))
    return FALSE;
  if (out->bias == NULL)
    out->kind = SOTTO_NORM_RMS;
  return TRUE;
}

static gboolean
find_layer_matrix (Writer *self, const char *name, guint columns, guint rows, SottoWeight *out)
{
  g_autofree char *base = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, name);

  return find_matrix (self, base, columns, rows, out);
}

/* --- Rows that cross from stretch to stretch --- */

static void
take (Writer *self)
{
  add (self, SOTTO_STEP_TAKE)->hand = (SottoHandStep) { .buffers = 1u << SOTTO_BUFFER_RESIDUAL };
}

static void
hand (Writer *self, SottoBuffer buffer, guint n_columns)
{
  add (self, SOTTO_STEP_HAND)->hand = (SottoHandStep) { .buffers = 1u << buffer, .n_columns = n_columns };
}

static void
end_stretch (Writer *self)
{
  hand (self, SOTTO_BUFFER_RESIDUAL, 0);
  g_array_append_val (self->plans->stretches, self->steps->len);
}

/* --- The beginning --- */

/* The row for the whole has no patch: its place has what it begins with, and the others the bias of the patches. */
static gboolean
join_class (Writer *self, const SottoWeight *positions, const float *bias, const float *class, SottoEmbedStep *embed)
{
  const SottoVisionSizes *sizes = self->sizes;
  guint n = sizes->n_embedding;
  float *table = sotto_tensors_allocate (self->tensors, SOTTO_VISION_POSITIONS, (gsize) sizes->n_tokens * n);

  if (table == NULL)
    return FALSE;
  sotto_block_info (positions->type)->dequantise (positions->data, table, (gsize) sizes->n_tokens * n);
  for (guint i = 0; i < sizes->n_tokens; i++)
    for (guint j = 0; j < n; j++)
      table[(gsize) i * n + j] += i == 0 ? class[j] : bias != NULL ? bias[j] : 0.0f;

  embed->addend = NULL;
  embed->table = (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = n, .n_rows = sizes->n_tokens, .n_matrices = 1,
                                 .row_bytes = n * sizeof (float), .data = table };
  embed->table.matrix_bytes = embed->table.row_bytes * embed->table.n_rows;
  return TRUE;
}

/* The file has (n_embedding, 3, patch_size, patch_size): a row is a patch, color by color. */
static gboolean
find_patches (Writer *self, SottoWeight *out)
{
  const SottoVisionSizes *sizes = self->sizes;
  const SottoGgufTensor *tensor = require (self, SOTTO_VISION_PATCHES);
  const float *floats;

  if (tensor == NULL)
    return FALSE;
  if (tensor->shape[0] != sizes->patch_size || tensor->shape[1] != sizes->patch_size || tensor->shape[2] != 3
      || tensor->shape[3] != sizes->n_embedding)
    return sotto_tensors_refuse (self->tensors, tensor->name, "is not (%u, 3, %u, %u)", sizes->n_embedding, sizes->patch_size,
                                 sizes->patch_size);

  /* Floats, for a row of blocks would end in the midst of a patch's. */
  if (!sotto_tensors_get_vector (self->tensors, tensor, sizes->n_embedding * sizes->n_patch, &floats))
    return FALSE;
  *out = (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = sizes->n_patch, .n_rows = sizes->n_embedding, .n_matrices = 1,
                         .row_bytes = sizes->n_patch * sizeof (float), .data = floats };
  out->matrix_bytes = out->row_bytes * out->n_rows;
  return TRUE;
}

static gboolean
add_beginning (Writer *self)
{
  const SottoVisionSizes *sizes = self->sizes;
  const SottoGgufTensor *positions = require (self, SOTTO_VISION_POSITIONS);
  SottoEmbedStep embed = { .scale = 1.0f };
  const float *class;
  SottoWeight patches;
  SottoNorm norm;

  if (positions == NULL
      || !sotto_tensors_get_matrix (self->tensors, positions, sizes->n_embedding, sizes->n_tokens, 1, &embed.table)
      || !find_vector (self, SOTTO_VISION_PATCH_BIAS, sizes->n_embedding, &embed.addend)
      || !find_vector (self, SOTTO_VISION_CLASS, sizes->n_embedding, &class) || !find_patches (self, &patches)
      || !find_norm (self, SOTTO_VISION_FIRST_NORM, SOTTO_NORM_LAYER, sizes->epsilon, sizes->n_embedding, &norm)
      || (class != NULL && !join_class (self, &embed.table, embed.addend, class, &embed)))
    return FALSE;

  add (self, SOTTO_STEP_EMBED)->embed = embed;
  add (self, SOTTO_STEP_TAKE)->hand
    = (SottoHandStep) { .buffers = 1u << SOTTO_BUFFER_NORMED, .n_columns = sizes->n_patch };
  add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_RESIDUAL, .weight = patches, .scale = 1.0f, .add = TRUE
  };
  if (norm_is_there (&norm))
    add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_RESIDUAL };
  end_stretch (self);
  return TRUE;
}

/* --- Layers --- */

/* The residual gets @weight of @from; where the file has a scale for every element of what is added, by way of a branch. */
static gboolean
join (Writer *self, SottoBuffer from, const SottoWeight *weight, const char *scales, float scale)
{
  g_autofree char *name = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, scales);
  SottoNorm norm = { .kind = SOTTO_NORM_NONE };

  if (!find_vector (self, name, self->sizes->n_embedding, &norm.weight))
    return FALSE;
  add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = from,
    .to = norm.weight != NULL ? SOTTO_BUFFER_BRANCH : SOTTO_BUFFER_RESIDUAL,
    .weight = *weight,
    .scale = scale,
    .add = norm.weight == NULL,
  };
  if (norm.weight != NULL)
    add (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
      .norm = norm, .from = SOTTO_BUFFER_BRANCH, .to = SOTTO_BUFFER_RESIDUAL, .scale = 1.0f, .scale_after = 1.0f
    };
  return TRUE;
}

static gboolean
find_qkv (Writer *self, SottoQkvStep *qkv)
{
  const guint n = self->sizes->n_embedding;
  SottoWeight *const parts[] = { &qkv->query, &qkv->key, &qkv->value };
  g_autofree char *merged = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, "attn_qkv");
  SottoWeight whole;

  if (lookup (self, merged) == NULL)
    return find_layer_matrix (self, "attn_q", n, n, &qkv->query) && find_layer_matrix (self, "attn_k", n, n, &qkv->key)
           && find_layer_matrix (self, "attn_v", n, n, &qkv->value);

  if (!find_layer_matrix (self, "attn_qkv", n, 3 * n, &whole))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      *parts[i] = whole;
      parts[i]->n_rows = n;
      parts[i]->data = (const guint8 *) whole.data + i * n * whole.row_bytes;
      parts[i]->bias = whole.bias != NULL ? whole.bias + i * n : NULL;
    }
  return TRUE;
}

static gboolean
add_attention (Writer *self)
{
  const SottoVisionSizes *sizes = self->sizes;
  guint n_head = sizes->n_embedding / sizes->n_heads;
  SottoQkvStep qkv = { .from = SOTTO_BUFFER_NORMED, .n_heads = sizes->n_heads, .n_key = n_head, .query_stride = n_head };
  g_autofree char *query = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, "attn_q_norm");
  g_autofree char *key = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, "attn_k_norm");
  SottoWeight output;
  SottoNorm norm;

  if (!find_layer_norm (self, "ln1", &norm) || !find_qkv (self, &qkv)
      || !find_norm (self, query, SOTTO_NORM_RMS, sizes->epsilon, sizes->n_embedding, &qkv.query_norm)
      || !find_norm (self, key, SOTTO_NORM_RMS, sizes->epsilon, sizes->n_embedding, &qkv.key_norm)
      || !find_layer_matrix (self, "attn_out", sizes->n_embedding, sizes->n_embedding, &output))
    return FALSE;

  qkv.span = norm_is_there (&qkv.query_norm) || norm_is_there (&qkv.key_norm) ? SOTTO_SPAN_ROW : SOTTO_SPAN_HEAD;
  add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  add (self, SOTTO_STEP_QKV)->qkv = qkv;
  add (self, SOTTO_STEP_ATTEND)->attend
    = (SottoAttendStep) { .n_heads = sizes->n_heads, .mask = SOTTO_MASK_ALL, .scale = (float) (1.0 / sqrt (n_head)) };
  return join (self, SOTTO_BUFFER_ATTENDED, &output, "ls1", 1.0f);
}

/* The first converters called the two the other way round. */
static gboolean
find_feed (Writer *self, SottoWeight *up, SottoWeight *down)
{
  const SottoVisionSizes *sizes = self->sizes;
  g_autofree char *name = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, "ffn_up");
  const SottoGgufTensor *tensor = require (self, name);
  gboolean is_swapped;

  if (tensor == NULL)
    return FALSE;
  is_swapped = sizes->n_feed_forward != sizes->n_embedding && tensor->shape[0] == sizes->n_feed_forward;
  return find_layer_matrix (self, is_swapped ? "ffn_down" : "ffn_up", sizes->n_embedding, sizes->n_feed_forward, up)
         && find_layer_matrix (self, is_swapped ? "ffn_up" : "ffn_down", sizes->n_feed_forward, sizes->n_embedding, down);
}

/* A bias that is multiplied with its product. */
static gboolean
scale_bias (Writer *self, SottoWeight *weight)
{
  float *copy;

  if (weight->bias == NULL)
    return TRUE;
  copy = sotto_tensors_allocate (self->tensors, "ffn_up.bias", weight->n_rows);
  if (copy == NULL)
    return FALSE;
  for (guint i = 0; i < weight->n_rows; i++)
    copy[i] = QUICK * weight->bias[i];
  weight->bias = copy;
  return TRUE;
}

static gboolean
add_feed (Writer *self)
{
  static const float quick[] = { QUICK };
  const SottoVisionSizes *sizes = self->sizes;
  SottoFeedStep feed = { .from = SOTTO_BUFFER_NORMED, .activation = sizes->activation };
  SottoWeight down;
  SottoNorm norm;

  if (!find_layer_norm (self, "ln2", &norm) || !find_feed (self, &feed.up, &down))
    return FALSE;
  if (sizes->is_quick)
    {
      if (!scale_bias (self, &feed.up) || !scale_bias (self, &down))
        return FALSE;
      feed.up.scales = quick;
    }
  add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  add (self, SOTTO_STEP_FEED)->feed = feed;
  return join (self, SOTTO_BUFFER_HIDDEN, &down, "ls2", sizes->is_quick ? 1.0f / QUICK : 1.0f);
}

static gboolean
add_layers (Writer *self)
{
  for (self->layer = 0; self->layer < self->sizes->n_layers; self->layer++)
    {
      take (self);
      if (!add_attention (self) || !add_feed (self))
        return FALSE;
      if (self->layer + 1 < self->sizes->n_layers)
        end_stretch (self);
    }
  self->layer = 0;
  return TRUE;
}

static gboolean
add_end (Writer *self)
{
  SottoNorm norm;

  if (!find_norm (self, SOTTO_VISION_LAST_NORM, SOTTO_NORM_LAYER, self->sizes->epsilon, self->sizes->n_embedding, &norm))
    return FALSE;
  if (norm_is_there (&norm))
    add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_RESIDUAL };
  end_stretch (self);
  return TRUE;
}

/* --- The projector --- */

/* (n_columns, n_rows) as (n_rows, n_columns): what multiplies wants a row for each number that comes out. */
static gboolean
transpose (Writer *self, const char *name, SottoWeight *weight)
{
  const SottoBlockInfo *info = sotto_block_info (weight->type);
  guint n_in = weight->n_rows;
  guint n_out = weight->n_columns;
  float *turned = sotto_tensors_allocate (self->tensors, name, (gsize) n_in * n_out);
  g_autofree float *row = g_try_new (float, n_out);

  if (turned == NULL || row == NULL)
    return sotto_tensors_refuse (self->tensors, name, "does not fit into memory");
  for (guint i = 0; i < n_in; i++)
    {
      info->dequantise ((const guint8 *) weight->data + i * weight->row_bytes, row, n_out);
      for (guint j = 0; j < n_out; j++)
        turned[(gsize) j * n_in + i] = row[j];
    }
  *weight = (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = n_in, .n_rows = n_out, .n_matrices = 1,
                            .row_bytes = n_in * sizeof (float), .data = turned };
  weight->matrix_bytes = weight->row_bytes * n_out;
  return TRUE;
}

/* What comes out is as long as the file says, and has no other measure. */
static gboolean
find_projection (Writer *self, const char *base, guint n_in, SottoWeight *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  const SottoGgufTensor *tensor = require (self, name);
  gboolean turned = self->kind->is_transposed;
  guint64 n_out;

  if (tensor == NULL)
    return FALSE;
  n_out = tensor->shape[turned ? 0 : 1];
  if (n_out == 0 || n_out > 1u << 20)
    return sotto_tensors_refuse (self->tensors, name, "makes rows of a length that cannot be");
  if (turned)
    return sotto_tensors_get_matrix (self->tensors, tensor, (guint) n_out, n_in, 1, out) && transpose (self, name, out);
  return find_matrix (self, base, n_in, (guint) n_out, out);
}

static gboolean
add_projector (Writer *self, guint *n_output)
{
  const SottoVisionKind *kind = self->kind;
  const guint n_in = self->sizes->n_merged;
  SottoBuffer from = SOTTO_BUFFER_NORMED;
  SottoNorm norm = { .kind = SOTTO_NORM_NONE };
  SottoWeight first;
  SottoWeight second = { 0 };

  if (kind->norm != NULL
      && !find_norm (self, kind->norm, kind->norm_kind, kind->norm_epsilon > 0 ? kind->norm_epsilon : self->sizes->epsilon,
                     n_in, &norm))
    return FALSE;
  if (kind->needs_norm && !norm_is_there (&norm))
    return sotto_tensors_refuse (self->tensors, kind->norm, "is missing");
  if (!find_projection (self, kind->first, n_in, &first)
      || (kind->second != NULL && !find_projection (self, kind->second, first.n_rows, &second)))
    return FALSE;

  add (self, SOTTO_STEP_TAKE)->hand
    = (SottoHandStep) { .buffers = 1u << (norm_is_there (&norm) ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_NORMED) };
  if (norm_is_there (&norm))
    add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  if (kind->second != NULL)
    {
      add (self, SOTTO_STEP_FEED)->feed
        = (SottoFeedStep) { .from = SOTTO_BUFFER_NORMED, .activation = SOTTO_ACTIVATION_GELU_ERF, .up = first };
      from = SOTTO_BUFFER_HIDDEN;
      first = second;
    }
  add (self, SOTTO_STEP_PROJECT)->project
    = (SottoProjectStep) { .from = from, .to = SOTTO_BUFFER_BRANCH, .weight = first, .scale = 1.0f };
  hand (self, SOTTO_BUFFER_BRANCH, first.n_rows);
  *n_output = first.n_rows;
  return TRUE;
}

/* --- The whole --- */

/* A tensor that nobody uses means that the file computes something else than we would. What is neither of the encoder nor of the
 * projector is an ear's. */
static gboolean
check_leftovers (const SottoTensors *tensors)
{
  for (guint i = 0; i < sotto_gguf_get_n_tensors (tensors->keys.gguf); i++)
    {
      const char *name = sotto_gguf_get_tensor (tensors->keys.gguf, i)->name;
      gboolean is_ear = g_str_has_prefix (name, "a.") || g_str_has_prefix (name, "mm.a.");

      if (!tensors->used[i] && !is_ear)
        return sotto_tensors_refuse (tensors, name, "is none that is known here");
    }
  return TRUE;
}

gboolean
sotto_vision_plans_init (SottoVisionPlans       *self,
                         const SottoVisionKind  *kind,
                         const SottoVisionSizes *sizes,
                         SottoTensors           *tensors)
{
  Writer writer = { .plans = self, .kind = kind, .sizes = sizes, .tensors = tensors };
  guint n_head = sizes->n_embedding / sizes->n_heads;
  guint n_output = 0;

  self->encoder_steps = writer.steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->projector_steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->stretches = g_array_new (FALSE, FALSE, sizeof (guint));
  if (!add_beginning (&writer) || !add_layers (&writer) || !add_end (&writer))
    return FALSE;
  writer.steps = self->projector_steps;
  if (!add_projector (&writer, &n_output) || !check_leftovers (tensors))
    return FALSE;

  self->cache = (SottoCacheShape) { .n_heads = sizes->n_heads, .n_key = n_head, .n_value = n_head };
  self->encoder = (SottoPlan) {
    .n_embedding = sizes->n_embedding, .n_vocabulary = sizes->n_tokens, .n_layers = sizes->n_layers, .whole_sequence = TRUE,
    .caches = &self->cache, .n_caches = 1,
    .steps = (const SottoStep *) self->encoder_steps->data, .n_steps = self->encoder_steps->len,
  };
  self->projector = (SottoPlan) {
    .n_embedding = sizes->n_merged, .n_vocabulary = 1, .n_output = n_output, .whole_sequence = TRUE,
    .steps = (const SottoStep *) self->projector_steps->data, .n_steps = self->projector_steps->len,
  };
  return TRUE;
}

void
sotto_vision_plans_clear (SottoVisionPlans *self)
{
  g_clear_pointer (&self->encoder_steps, g_array_unref);
  g_clear_pointer (&self->projector_steps, g_array_unref);
  g_clear_pointer (&self->stretches, g_array_unref);
}
