/* What comes behind the encoder: its rows, merged, become the model's; those of some layers what the model's first layers add. */

#include "vision/names.h"
#include "vision/writer.h"

/* (n_columns, n_rows) as (n_rows, n_columns): what multiplies wants a row for each number that comes out. */
static gboolean
transpose (SottoVisionWriter *self, const char *name, SottoWeight *weight)
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
find_projection (SottoVisionWriter *self, const char *base, guint n_in, SottoWeight *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  const SottoGgufTensor *tensor = sotto_vision_require (self, name);
  gboolean turned = self->kind->is_transposed;
  guint64 n_out;

  if (tensor == NULL)
    return FALSE;
  n_out = tensor->shape[turned ? 0 : 1];
  if (n_out == 0 || n_out > 1u << 20)
    return sotto_tensors_refuse (self->tensors, name, "makes rows of a length that cannot be");
  if (turned)
    return sotto_tensors_get_matrix (self->tensors, tensor, (guint) n_out, n_in, 1, out) && transpose (self, name, out);
  return sotto_vision_find_matrix (self, base, n_in, (guint) n_out, out);
}

/* What becomes of merged rows: second (gelu (first (before (norm)))). @before: one is not there, or second is */
static void
add_projection (SottoVisionWriter *self,
                const SottoNorm   *norm,
                const SottoWeight *before,
                const SottoWeight *first,
                const SottoWeight *second)
{
  gboolean is_double = sotto_weight_is_there (second);
  gboolean is_before = sotto_weight_is_there (before);
  const SottoWeight *last = is_double ? second : first;

  sotto_vision_add (self, SOTTO_STEP_TAKE)->hand
    = (SottoHandStep) { .buffers = 1u << (sotto_vision_has_norm (norm) ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_NORMED) };
  if (sotto_vision_has_norm (norm))
    sotto_vision_add (self, SOTTO_STEP_NORM)->norm
      = (SottoNormStep) { .norm = *norm, .from = SOTTO_BUFFER_RESIDUAL, .to = SOTTO_BUFFER_NORMED };
  if (is_before)
    sotto_vision_add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
      .from = SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_BRANCH, .weight = *before, .scale = 1.0f
    };
  if (is_double)
    sotto_vision_add (self, SOTTO_STEP_FEED)->feed
      = (SottoFeedStep) { .from = is_before ? SOTTO_BUFFER_BRANCH : SOTTO_BUFFER_NORMED, .activation = SOTTO_ACTIVATION_GELU_ERF, .up = *first };
  sotto_vision_add (self, SOTTO_STEP_PROJECT)->project = (SottoProjectStep) {
    .from = is_double ? SOTTO_BUFFER_HIDDEN : SOTTO_BUFFER_NORMED, .to = SOTTO_BUFFER_BRANCH, .weight = *last, .scale = 1.0f
  };
  sotto_vision_hand (self, SOTTO_BUFFER_BRANCH, last->n_rows);
}

/* Of kinds that may have one: back to the encoder's length. */
static gboolean
find_before (SottoVisionWriter *self, SottoWeight *out)
{
  g_autofree char *name = g_strconcat (self->kind->before, ".weight", NULL);

  if (self->kind->before == NULL || sotto_vision_lookup (self, name) == NULL)
    return TRUE;
  return sotto_vision_find_matrix (self, self->kind->before, self->sizes->n_merged, self->sizes->n_embedding, out);
}

static gboolean
add_projector (SottoVisionWriter *self, guint *n_output)
{
  const SottoVisionKind *kind = self->kind;
  const guint n_in = self->sizes->n_merged;
  SottoNorm norm = { .kind = SOTTO_NORM_NONE };
  guint n_first = n_in;
  SottoWeight before = { 0 };
  SottoWeight first;
  SottoWeight second = { 0 };

  if (kind->norm != NULL
      && !sotto_vision_find_norm (self, kind->norm, kind->norm_kind,
                                  kind->norm_epsilon > 0 ? kind->norm_epsilon : self->sizes->epsilon, n_in, &norm))
    return FALSE;
  if (kind->needs_norm && !sotto_vision_has_norm (&norm))
    return sotto_tensors_refuse (self->tensors, kind->norm, "is missing");
  if (!find_before (self, &before))
    return FALSE;
  if (sotto_weight_is_there (&before))
    n_first = before.n_rows;
  if (!find_projection (self, kind->first, n_first, &first)
      || (kind->second != NULL && !find_projection (self, kind->second, first.n_rows, &second)))
    return FALSE;

  add_projection (self, &norm, &before, &first, &second);
  *n_output = kind->second != NULL ? second.n_rows : first.n_rows;
  return TRUE;
}

static SottoPlan
describe_projector (const SottoVisionWriter *self, const GArray *steps, guint n_output)
{
  return (SottoPlan) {
    .n_embedding = self->sizes->n_merged, .n_vocabulary = 1, .n_output = n_output, .whole_sequence = TRUE,
    .steps = (const SottoStep *) (gconstpointer) steps->data, .n_steps = steps->len,
  };
}

/* For the model's first layers (DeepStack, Meng et al. 2024): rows as they are behind the layer, normed when they are merged. */
static gboolean
add_deep (SottoVisionWriter *self, guint layer, guint n_output)
{
  g_autofree char *norm_name = g_strdup_printf (SOTTO_VISION_DEEP, layer, "norm");
  g_autofree char *first_name = g_strdup_printf (SOTTO_VISION_DEEP, layer, "fc1");
  g_autofree char *second_name = g_strdup_printf (SOTTO_VISION_DEEP, layer, "fc2");
  const guint n_in = self->sizes->n_merged;
  const SottoWeight before = { 0 };
  SottoVisionDeep deep = { .layer = layer };
  SottoWeight first;
  SottoWeight second;
  SottoNorm norm;

  if (!sotto_vision_find_norm (self, norm_name, SOTTO_NORM_LAYER, self->sizes->epsilon, n_in, &norm)
      || !find_projection (self, first_name, n_in, &first) || !find_projection (self, second_name, first.n_rows, &second))
    return FALSE;
  if (second.n_rows != n_output)
    return sotto_tensors_refuse (self->tensors, second_name, "makes rows of another length than the projector");

  self->steps = deep.steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  add_projection (self, &norm, &before, &first, &second);
  deep.plan = describe_projector (self, deep.steps, n_output);
  g_array_append_val (self->plans->deep, deep);
  return TRUE;
}

static gboolean
add_all_deep (SottoVisionWriter *self, guint n_output)
{
  for (guint layer = 0; self->kind->is_grid && layer < self->sizes->n_layers; layer++)
    {
      g_autofree char *name = g_strdup_printf (SOTTO_VISION_DEEP ".weight", layer, "fc1");

      if (sotto_vision_lookup (self, name) == NULL)
        continue;
      /* Behind the last all rows are normed. */
      if (layer + 1 == self->sizes->n_layers)
        return sotto_tensors_refuse (self->tensors, name, "is of the last layer");
      if (!add_deep (self, layer, n_output))
        return FALSE;
    }
  return TRUE;
}

gboolean
sotto_vision_add_projectors (SottoVisionWriter *self)
{
  SottoVisionPlans *plans = self->plans;
  guint n_output = 0;

  self->steps = plans->projector_steps;
  if (!add_projector (self, &n_output))
    return FALSE;
  plans->projector = describe_projector (self, plans->projector_steps, n_output);
  return add_all_deep (self, n_output);
}
