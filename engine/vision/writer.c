#include "vision/writer.h"

SottoStep *
sotto_vision_add (SottoVisionWriter *self, SottoStepKind kind)
{
  g_array_set_size (self->steps, self->steps->len + 1);
  g_array_index (self->steps, SottoStep, self->steps->len - 1).kind = kind;
  g_array_index (self->steps, SottoStep, self->steps->len - 1).layer = self->layer;
  return &g_array_index (self->steps, SottoStep, self->steps->len - 1);
}

/* --- Tensors --- */

const SottoGgufTensor *
sotto_vision_lookup (const SottoVisionWriter *self, const char *name)
{
  return sotto_gguf_lookup_tensor (self->tensors->keys.gguf, name);
}

const SottoGgufTensor *
sotto_vision_require (const SottoVisionWriter *self, const char *name)
{
  const SottoGgufTensor *tensor = sotto_vision_lookup (self, name);

  if (tensor == NULL)
    sotto_tensors_refuse (self->tensors, name, "is missing");
  return tensor;
}

/* (nullable) floats: none where the file has none */
gboolean
sotto_vision_find_vector (SottoVisionWriter *self, const char *name, guint n, const float **out)
{
  const SottoGgufTensor *tensor = sotto_vision_lookup (self, name);

  *out = NULL;
  return tensor == NULL || sotto_tensors_get_vector (self->tensors, tensor, n, out);
}

/* @base.weight and, if it is there, @base.bias */
gboolean
sotto_vision_find_matrix (SottoVisionWriter *self, const char *base, guint columns, guint rows, SottoWeight *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  g_autofree char *bias = g_strconcat (base, ".bias", NULL);
  const SottoGgufTensor *tensor = sotto_vision_require (self, name);

  return tensor != NULL && sotto_tensors_get_matrix (self->tensors, tensor, columns, rows, 1, out)
         && sotto_vision_find_vector (self, bias, rows, &out->bias);
}

gboolean
sotto_vision_find_norm (SottoVisionWriter *self, const char *base, SottoNormKind kind, float epsilon, guint n, SottoNorm *out)
{
  g_autofree char *name = g_strconcat (base, ".weight", NULL);
  g_autofree char *bias = g_strconcat (base, ".bias", NULL);

  *out = (SottoNorm) { .kind = kind, .epsilon = epsilon };
  if (!sotto_vision_find_vector (self, name, n, &out->weight) || !sotto_vision_find_vector (self, bias, n, &out->bias))
    return FALSE;
  if (out->weight == NULL)
    out->kind = SOTTO_NORM_NONE;
  return TRUE;
}

void
sotto_vision_hand (SottoVisionWriter *self, SottoBuffer buffer, guint n_columns)
{
  sotto_vision_add (self, SOTTO_STEP_HAND)->hand = (SottoHandStep) { .buffers = 1u << buffer, .n_columns = n_columns };
}
