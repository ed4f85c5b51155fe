/* The steps of an encoder. An encoder is a transformer in which every row sees all others (ViT, Dosovitskiy et
 * al. 2021), so it is a plan of a whole sequence whose tokens are places in the table of positions:
 *
 *   EMBED     residual = positions[place] + bias of the patches; not of WHOLE, whose table is stretched (patches.c)
 *   TAKE      patches, from who cut them
 *   PROJECT   residual += weight patch, or = weight patch + bias
 *   layers:   residual += out attend (norm residual); residual += down gelu (up (norm residual))
 *   NORM      where the file has one behind the layers
 *   HAND
 *
 * It is carried out in stretches, a layer each, so that who waits can be told how far it is; the residual crosses from one to the
 * next by HAND and TAKE. */

#include "vision/names.h"
#include "vision/writer.h"

#include <math.h>

/* x sigmoid (1.702 x) is silu (1.702 x) / 1.702. */
#define QUICK 1.702f

#define TURN_BASE 10000.0

/* --- Layers' tensors --- */

/* The largest InternViT has RMS norms, and no key says so: they have no bias, as LayerNorms here always do. */
static gboolean
find_layer_norm (SottoVisionWriter *self, const char *name, SottoNorm *out)
{
  g_autofree char *base = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, name);
  g_autofree char *weight = g_strconcat (base, ".weight", NULL);

  if (sotto_vision_require (self, weight) == NULL
      || !sotto_vision_find_norm (self, base, SOTTO_NORM_LAYER, self->sizes->epsilon, self->sizes->n_embedding, out))
    return FALSE;
  if (out->bias == NULL)
    out->kind = SOTTO_NORM_RMS;
  return TRUE;
}

static gboolean
find_layer_matrix (SottoVisionWriter *self, const char *name, guint columns, guint rows, SottoWeight *out)
{
  g_autofree char *base = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, name);

  return sotto_vision_find_matrix (self, base, columns, rows, out);
}

/* --- Stretches --- */

static void
take (SottoVisionWriter *self)
{
  sotto_vision_add (self, SOTTO_STEP_TAKE)->hand = (SottoHandStep) { .buffers = 1u << SOTTO_BUFFER_RESIDUAL };
}

static void
end_stretch (SottoVisionWriter *self)
{
  sotto_vision_hand (self, SOTTO_BUFFER_RESIDUAL, 0);
  g_array_append_val (self->plans->stretches, self->steps->len);
}

/* --- The beginning --- */

/* The row for the whole has no patch: its place has what it begins with, and the others the bias of the patches. */
static gboolean
join_class (SottoVisionWriter *self, const SottoWeight *positions, const float *bias, const float *class, SottoEmbedStep *embed)
{
  const SottoVisionSizes *sizes = self->sizes;
  guint n = sizes->n_embedding;
  float *table = sotto_tensors_allocate (self->tensors, SOTTO_VISION_POSITIONS, (gsize) sizes->frame.n_tokens * n);

  if (table == NULL)
    return FALSE;
  sotto_block_info (positions->type)->dequantise (positions->data, table, (gsize) sizes->frame.n_tokens * n);
  for (guint i = 0; i < sizes->frame.n_tokens; i++)
    for (guint j = 0; j < n; j++)
      table[(gsize) i * n + j] += i == 0 ? class[j] : bias != NULL ? bias[j] : 0.0f;

  embed->addend = NULL;
  embed->table = (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = n, .n_rows = sizes->frame.n_tokens, .n_matrices = 1,
                                 .row_bytes = n * sizeof (float), .data = table };
  embed->table.matrix_bytes = embed->table.row_bytes * embed->table.n_rows;
  return TRUE;
}

/* The file has (n_embedding, 3, patch_size, patch_size): a row is a patch, color by color. (nullable) */
static const float *
find_patch_rows (SottoVisionWriter *self, const char *name)
{
  const SottoVisionSizes *sizes = self->sizes;
  const SottoGgufTensor *tensor = sotto_vision_require (self, name);
  const float *floats;

  if (tensor == NULL)
    return NULL;
  if (tensor->shape[0] != sizes->patch_size || tensor->shape[1] != sizes->patch_size || tensor->shape[2] != 3
      || tensor->shape[3] != sizes->n_embedding)
    {
      sotto_tensors_refuse (self->tensors, tensor->name, "is not (%u, 3, %u, %u)", sizes->n_embedding, sizes->patch_size,
                            sizes->patch_size);
      return NULL;
    }

  /* Floats, for a row of blocks would end in the midst of a patch's. */
  return sotto_tensors_get_vector (self->tensors, tensor, sizes->n_embedding * sizes->n_patch, &floats) ? floats : NULL;
}

/* Those that see films have a weight for each of two frames, and a picture is two that are alike. (nullable) */
static const float *
join_frames (SottoVisionWriter *self, const float *first)
{
  const gsize n = (gsize) self->sizes->n_embedding * self->sizes->n_patch;
  const float *second = find_patch_rows (self, SOTTO_VISION_PATCHES_2);
  float *sums = second != NULL ? sotto_tensors_allocate (self->tensors, SOTTO_VISION_PATCHES, n) : NULL;

  for (gsize i = 0; sums != NULL && i < n; i++)
    sums[i] = first[i] + second[i];
  return sums;
}

static gboolean
find_patches (SottoVisionWriter *self, SottoWeight *out)
{
  const SottoVisionSizes *sizes = self->sizes;
  const float *floats = find_patch_rows (self, SOTTO_VISION_PATCHES);

  if (floats != NULL && sotto_vision_lookup (self, SOTTO_VISION_PATCHES_2) != NULL)
    floats = join_frames (self, floats);
  if (floats == NULL)
    return FALSE;
  *out = (SottoWeight) { .type = SOTTO_BLOCK_F32, .n_columns = sizes->n_patch, .n_rows = sizes->n_embedding, .n_matrices = 1,
                         .row_bytes = sizes->n_patch * sizeof (float), .data = floats };
  out->matrix_bytes = out->row_bytes * out->n_rows;
  return TRUE;
}

/* Before or behind all layers; NONE where the file has none */
static gboolean
find_end_norm (SottoVisionWriter *self, const char *base, SottoNorm *out)
{
  if (!sotto_vision_find_norm (self, base, SOTTO_NORM_LAYER, self->sizes->epsilon, self->sizes->n_embedding, out))
    return FALSE;
  if (sotto_vision_has_norm (out) && out->bias == NULL)
    out->kind = SOTTO_NORM_RMS;
  return TRUE;
}

/* Patches alone: positions are added to what comes of them. */
static gboolean
add_whole_beginning (SottoVisionWriter *self)
{
  const SottoVisionSizes *sizes = self->sizes;
  const gsize n_table = (gsize) sizes->n_side * sizes->n_side * sizes->n_embedding;
  SottoWeight patches;
  SottoNorm norm;

  if (n_table > SOTTO_MAX_SIZE)
    return sotto_tensors_refuse (self->tensors, SOTTO_VISION_POSITIONS, "is too large");
  if (!find_patches (self, &patches)
      || !sotto_vision_find_vector (self, SOTTO_VISION_PATCH_BIAS, sizes->n_embedding, &patches.bias)
      || !sotto_vision_find_vector (self, SOTTO_VISION_POSITIONS, (guint) n_table, &self->plans->positions)
      || !find_end_norm (self, SOTTO_VISION_FIRST_NORM, &norm))
    return FALSE;
  if (sotto_vision_has_norm (&norm) && self->plans->positions != NULL)
    return sotto_tensors_refuse (self->tensors, SOTTO_VISION_FIRST_NORM, "stands before positions that are added");

  sotto_vision_add (self, SOTTO_STEP_TAKE)->hand
    = (SottoHandStep) { .buffers = 1u << SOTTO_BUFFER_NORMED, .n_columns = sizes->n_patch };
  sotto_vision_add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_RESIDUAL, .weight = patches, .scale = 1.0f
  };
  if (sotto_vision_has_norm (&norm))
    sotto_vision_add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_RESIDUAL };
  end_stretch (self);
  return TRUE;
}

static gboolean
add_beginning (SottoVisionWriter *self)
{
  const SottoVisionSizes *sizes = self->sizes;
  const SottoGgufTensor *positions = sotto_vision_require (self, SOTTO_VISION_POSITIONS);
  SottoEmbedStep embed = { .scale = 1.0f };
  const float *class;
  SottoWeight patches;
  SottoNorm norm;

  if (positions == NULL
      || !sotto_tensors_get_matrix (self->tensors, positions, sizes->n_embedding, sizes->frame.n_tokens, 1, &embed.table)
      || !sotto_vision_find_vector (self, SOTTO_VISION_PATCH_BIAS, sizes->n_embedding, &embed.addend)
      || !sotto_vision_find_vector (self, SOTTO_VISION_CLASS, sizes->n_embedding, &class) || !find_patches (self, &patches)
      || !sotto_vision_find_norm (self, SOTTO_VISION_FIRST_NORM, SOTTO_NORM_LAYER, sizes->epsilon, sizes->n_embedding, &norm)
      || (class != NULL && !join_class (self, &embed.table, embed.addend, class, &embed)))
    return FALSE;

  sotto_vision_add (self, SOTTO_STEP_EMBED)->embed = embed;
  sotto_vision_add (self, SOTTO_STEP_TAKE)->hand
    = (SottoHandStep) { .buffers = 1u << SOTTO_BUFFER_NORMED, .n_columns = sizes->n_patch };
  sotto_vision_add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_RESIDUAL, .weight = patches, .scale = 1.0f, .add = TRUE
  };
  if (sotto_vision_has_norm (&norm))
    sotto_vision_add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_RESIDUAL };
  end_stretch (self);
  return TRUE;
}

/* --- Layers --- */

/* The residual gets @weight of @from; where the file has a scale for every element of what is added, by way of a branch. */
static gboolean
join (SottoVisionWriter *self, SottoBuffer from, const SottoWeight *weight, const char *scales, float scale)
{
  g_autofree char *name = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, scales);
  SottoNorm norm = { .kind = SOTTO_NORM_NONE };

  if (!sotto_vision_find_vector (self, name, self->sizes->n_embedding, &norm.weight))
    return FALSE;
  sotto_vision_add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = from,
    .to = norm.weight != NULL ? SOTTO_BUFFER_BRANCH : SOTTO_BUFFER_RESIDUAL,
    .weight = *weight,
    .scale = scale,
    .add = norm.weight == NULL,
  };
  if (norm.weight != NULL)
    sotto_vision_add (self, SOTTO_STEP_ADD)->add = (SottoAddStep) {
      .norm = norm, .from = SOTTO_BUFFER_BRANCH, .to = SOTTO_BUFFER_RESIDUAL, .scale = 1.0f, .scale_after = 1.0f
    };
  return TRUE;
}

static gboolean
find_qkv (SottoVisionWriter *self, SottoQkvStep *qkv)
{
  const guint n = self->sizes->n_embedding;
  SottoWeight *const parts[] = { &qkv->query, &qkv->key, &qkv->value };
  g_autofree char *merged = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, "attn_qkv");
  SottoWeight whole;

  if (sotto_vision_lookup (self, merged) == NULL)
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
add_attention (SottoVisionWriter *self)
{
  const SottoVisionSizes *sizes = self->sizes;
  guint n_head = sizes->n_embedding / sizes->n_heads;
  SottoQkvStep qkv = { .from = SOTTO_BUFFER_NORMED, .n_heads = sizes->n_heads, .n_key = n_head, .query_stride = n_head };
  g_autofree char *query = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, "attn_q_norm");
  g_autofree char *key = g_strdup_printf (SOTTO_VISION_LAYER, self->layer, "attn_k_norm");
  SottoWeight output;
  SottoNorm norm;

  if (!find_layer_norm (self, "ln1", &norm) || !find_qkv (self, &qkv)
      || !sotto_vision_find_norm (self, query, SOTTO_NORM_RMS, sizes->epsilon, sizes->n_embedding, &qkv.query_norm)
      || !sotto_vision_find_norm (self, key, SOTTO_NORM_RMS, sizes->epsilon, sizes->n_embedding, &qkv.key_norm)
      || !find_layer_matrix (self, "attn_out", sizes->n_embedding, sizes->n_embedding, &output))
    return FALSE;

  qkv.rope = self->rope;
  qkv.span = sotto_vision_has_norm (&qkv.query_norm) || sotto_vision_has_norm (&qkv.key_norm) ? SOTTO_SPAN_ROW : SOTTO_SPAN_HEAD;
  sotto_vision_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  sotto_vision_add (self, SOTTO_STEP_QKV)->qkv = qkv;
  sotto_vision_add (self, SOTTO_STEP_ATTEND)->attend
    = (SottoAttendStep) { .n_heads = sizes->n_heads, .mask = SOTTO_MASK_ALL, .scale = (float) (1.0 / sqrt (n_head)) };
  return join (self, SOTTO_BUFFER_ATTENDED, &output, "ls1", 1.0f);
}

/* The first half of a head's pairs turns by a patch's row, the other by its column. */
static void
make_rope (SottoVisionWriter *self)
{
  const gboolean is_alike = self->kind->turns == SOTTO_TURN_ALIKE;
  const guint n_pairs = self->sizes->n_embedding / self->sizes->n_heads / 2;
  double *frequencies = g_new (double, n_pairs);
  guint8 *axes = g_new (guint8, n_pairs);
  SottoRope *rope = g_new0 (SottoRope, 1);

  g_ptr_array_add (self->tensors->owner, frequencies);
  g_ptr_array_add (self->tensors->owner, axes);
  g_ptr_array_add (self->tensors->owner, rope);
  for (guint i = 0; i < n_pairs; i++)
    {
      guint speed = is_alike ? 2 * (i % (n_pairs / 2)) : 2 * (i % (n_pairs / 2)) + i / (n_pairs / 2);

      frequencies[i] = pow (TURN_BASE, -(double) speed / n_pairs);
      axes[i] = i < n_pairs / 2 ? SOTTO_AXIS_HEIGHT : SOTTO_AXIS_WIDTH;
    }
  *rope = (SottoRope) { .kind = is_alike ? SOTTO_ROPE_NEOX : SOTTO_ROPE_NORMAL, .n_pairs = n_pairs,
                        .frequencies = frequencies, .scale = 1.0f, .long_scale = 1.0f, .axes = axes };
  self->rope = rope;
}

/* The first converters called the two the other way round. */
static gboolean
find_feed (SottoVisionWriter *self, SottoWeight *up, SottoWeight *down)
{
  const SottoVisionSizes *sizes = self->sizes;
  g_autofree char *name = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, "ffn_up");
  const SottoGgufTensor *tensor = sotto_vision_require (self, name);
  gboolean is_swapped;

  if (tensor == NULL)
    return FALSE;
  is_swapped = sizes->n_feed_forward != sizes->n_embedding && tensor->shape[0] == sizes->n_feed_forward;
  return find_layer_matrix (self, is_swapped ? "ffn_down" : "ffn_up", sizes->n_embedding, sizes->n_feed_forward, up)
         && find_layer_matrix (self, is_swapped ? "ffn_up" : "ffn_down", sizes->n_feed_forward, sizes->n_embedding, down);
}

/* A bias that is multiplied with its product. */
static gboolean
scale_bias (SottoVisionWriter *self, SottoWeight *weight)
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
add_feed (SottoVisionWriter *self)
{
  static const float quick[] = { QUICK };
  const SottoVisionSizes *sizes = self->sizes;
  SottoFeedStep feed = { .from = SOTTO_BUFFER_NORMED, .activation = sizes->activation };
  g_autofree char *gate = g_strdup_printf (SOTTO_VISION_LAYER ".weight", self->layer, "ffn_gate");
  SottoWeight down;
  SottoNorm norm;

  if (!find_layer_norm (self, "ln2", &norm) || !find_feed (self, &feed.up, &down)
      || (sotto_vision_lookup (self, gate) != NULL
          && !find_layer_matrix (self, "ffn_gate", sizes->n_embedding, sizes->n_feed_forward, &feed.gate)))
    return FALSE;
  if (sizes->is_quick && sotto_weight_is_there (&feed.gate))
    return sotto_tensors_refuse (self->tensors, gate, "is of a form that is not known here");
  if (sizes->is_quick)
    {
      if (!scale_bias (self, &feed.up) || !scale_bias (self, &down))
        return FALSE;
      feed.up.scales = quick;
    }
  sotto_vision_add (self, SOTTO_STEP_NORM)->norm
    = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  sotto_vision_add (self, SOTTO_STEP_FEED)->feed = feed;
  return join (self, SOTTO_BUFFER_HIDDEN, &down, "ls2", sizes->is_quick ? 1.0f / QUICK : 1.0f);
}

static gboolean
add_layers (SottoVisionWriter *self)
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
add_end (SottoVisionWriter *self)
{
  SottoNorm norm;

  if (!find_end_norm (self, self->kind->last_norm != NULL ? self->kind->last_norm : SOTTO_VISION_LAST_NORM, &norm))
    return FALSE;
  if (sotto_vision_has_norm (&norm))
    sotto_vision_add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_RESIDUAL };
  end_stretch (self);
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
      /* A row that the model has, too, where the prompt has a token for it. */
      gboolean is_break = g_str_has_prefix (name, SOTTO_VISION_BREAK);
      gboolean is_ear = g_str_has_prefix (name, "a.") || g_str_has_prefix (name, "mm.a.");

      if (!tensors->used[i] && !is_ear && !is_break)
        return sotto_tensors_refuse (tensors, name, "is none that is known here");
    }
  return TRUE;
}

static void
clear_deep (gpointer data)
{
  g_array_unref (((SottoVisionDeep *) data)->steps);
}

gboolean
sotto_vision_plans_init (SottoVisionPlans       *self,
                         const SottoVisionKind  *kind,
                         const SottoVisionSizes *sizes,
                         SottoTensors           *tensors)
{
  SottoVisionWriter writer = { .plans = self, .kind = kind, .sizes = sizes, .tensors = tensors };
  guint n_head = sizes->n_embedding / sizes->n_heads;

  self->encoder_steps = writer.steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->projector_steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->deep = g_array_new (FALSE, TRUE, sizeof (SottoVisionDeep));
  g_array_set_clear_func (self->deep, clear_deep);
  self->stretches = g_array_new (FALSE, FALSE, sizeof (guint));
  if (kind->turns != SOTTO_TURN_NONE)
    make_rope (&writer);
  if (!(sotto_vision_kind_is_whole (kind) ? add_whole_beginning (&writer) : add_beginning (&writer)) || !add_layers (&writer)
      || !add_end (&writer))
    return FALSE;
  if (!sotto_vision_add_projectors (&writer) || !check_leftovers (tensors))
    return FALSE;

  self->cache = (SottoCacheShape) { .n_heads = sizes->n_heads, .n_key = n_head, .n_value = n_head };
  self->encoder = (SottoPlan) {
    .n_embedding = sizes->n_embedding, .n_vocabulary = sizes->frame.n_tokens, .n_layers = sizes->n_layers, .whole_sequence = TRUE,
    .has_axes = kind->turns != SOTTO_TURN_NONE, .caches = &self->cache, .n_caches = 1,
    .steps = (const SottoStep *) self->encoder_steps->data, .n_steps = self->encoder_steps->len,
  };
  return TRUE;
}

void
sotto_vision_plans_clear (SottoVisionPlans *self)
{
  g_clear_pointer (&self->encoder_steps, g_array_unref);
  g_clear_pointer (&self->projector_steps, g_array_unref);
  g_clear_pointer (&self->deep, g_array_unref);
  g_clear_pointer (&self->stretches, g_array_unref);
}
