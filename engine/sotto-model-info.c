/* What can be said of a model in a line. */

#include "sotto-model-private.h"

#include "family/family.h"

/* A guess of the file's own maker, who could not say more exactly. */
#define FILE_TYPE_GUESSED 1024

/* The block type that most bytes have. The reader lets through only numbers that the format uses. */
static guint32
find_main_type (const SottoGguf *gguf)
{
  guint64 n_bytes[64] = { 0 };
  guint32 best = SOTTO_BLOCK_F32;

  for (guint i = 0; i < sotto_gguf_get_n_tensors (gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (gguf, i);

      if (tensor->type < G_N_ELEMENTS (n_bytes))
        n_bytes[tensor->type] += tensor->n_bytes;
    }

  for (guint32 type = 0; type < G_N_ELEMENTS (n_bytes); type++)
    if (n_bytes[type] > n_bytes[best])
      best = type;

  return best;
}

/* What the file calls its mixture ("Q4_K_M"), or what most of it is. */
static const char *
get_quantisation (const SottoGguf *gguf)
{
  guint64 file_type = sotto_gguf_get_uint (gguf, "general.file_type", G_MAXUINT64);
  const char *name = NULL;

  if (file_type != G_MAXUINT64)
    name = sotto_block_file_type_name (file_type & ~(guint64) FILE_TYPE_GUESSED);

  return name != NULL ? name : sotto_block_name (find_main_type (gguf));
}

static char *
get_name (const SottoGguf *gguf)
{
  g_autofree char *name = sotto_gguf_dup_string (gguf, "general.name");
  g_autofree char *base = g_path_get_basename (sotto_gguf_get_path (gguf));

  if (name != NULL && *g_strstrip (name) != '\0')
    return g_steal_pointer (&name);

  return g_filename_display_name (base);
}

void
sotto_model_fill_info (SottoModel *self)
{
  SottoModelInfo *info = &self->info;

  self->name = get_name (self->gguf);
  self->family = sotto_gguf_dup_string (self->gguf, "general.architecture");
  self->licence = sotto_gguf_dup_string (self->gguf, "general.license");
  self->size_label = sotto_gguf_dup_string (self->gguf, "general.size_label");

  info->path = sotto_gguf_get_path (self->gguf);
  info->name = self->name;
  info->family = self->family != NULL ? self->family : "";
  info->licence = self->licence;
  info->size_label = self->size_label;
  info->quantisation = get_quantisation (self->gguf);
  info->file_bytes = sotto_gguf_get_file_bytes (self->gguf);

  for (guint i = 0; i < sotto_gguf_get_n_tensors (self->gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (self->gguf, i);

      info->weight_bytes += tensor->n_bytes;
      info->n_parameters += tensor->shape[0] * tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
    }

  info->n_vocabulary = sotto_tokenizer_get_n_tokens (self->tokenizer);
  if (self->program != NULL)
    {
      info->n_layers = self->program->plan.n_layers;
      info->n_embedding = self->program->plan.n_embedding;
      info->n_vocabulary = self->program->plan.n_vocabulary;
      info->n_context_trained = self->program->n_context_trained;
      info->is_embedding = self->program->is_embedding;
      if (info->is_embedding)
        {
          info->is_base = FALSE;
          info->has_tools = FALSE;
          info->default_template = NULL;
        }
    }
}

const SottoModelInfo *
sotto_model_get_info (const SottoModel *self)
{
  return &self->info;
}

char *
sotto_model_dup_families (void)
{
  return sotto_family_list ();
}
