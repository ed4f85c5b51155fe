/* Whether all weights of a model are numbers. */

#include <math.h>

#include "sotto-error.h"
#include "sotto-model-private.h"

/* Elements that are looked at together: a multiple of every block's, small enough for the first
 * cache. */
#define PIECE 4096u

/* Finite, all of them: what is left of a number times zero is zero, of NaN and infinity NaN. */
static gboolean
are_finite (const float *values,
            gsize        n)
{
  float sum = 0.0f;

  for (gsize i = 0; i < n; i++)
    sum += values[i] * 0.0f;

  return sum == 0.0f;
}

static gboolean
verify_tensor (const SottoModel       *self,
               const SottoGgufTensor  *tensor,
               SottoCancel            *cancel,
               GError                **error)
{
  SottoErrorArguments arguments = { .path = self->info.path, .subject = tensor->name };
  const SottoBlockInfo *block = sotto_block_info (tensor->type);
  guint64 n_elements = tensor->shape[0] * tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
  float values[PIECE];

  if (block == NULL || block->dequantise == NULL)
    {
      arguments.subject = sotto_block_name (tensor->type);
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BLOCK_TYPE, &arguments,
                              "%s: %s has the block type %s, which this engine does not know",
                              self->info.path, tensor->name, arguments.subject);
      return FALSE;
    }

  for (guint64 done = 0; done < n_elements; done += PIECE)
    {
      gsize n = MIN (PIECE, n_elements - done);
      const guint8 *source =
          (const guint8 *) tensor->data + done / block->n_elements * block->n_bytes;

      if (done % (1024 * PIECE) == 0 && !sotto_cancel_check (cancel, error))
        return FALSE;

      block->dequantise (source, values, n);
      if (!are_finite (values, n))
        {
          sotto_engine_set_error (error,
                                  SOTTO_ENGINE_ERROR_TENSOR,
                                  &arguments,
                                  "%s: %s holds values that are no finite numbers, the first near "
                                  "element %" G_GUINT64_FORMAT,
                                  self->info.path,
                                  tensor->name,
                                  done);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
sotto_model_verify (const SottoModel  *self,
                    SottoProgress      progress,
                    gpointer           user_data,
                    SottoCancel       *cancel,
                    GError           **error)
{
  guint64 done = 0;

  for (guint i = 0; i < sotto_gguf_get_n_tensors (self->gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (self->gguf, i);

      if (!verify_tensor (self, tensor, cancel, error))
        return FALSE;
      done += tensor->n_bytes;
      if (progress != NULL)
        progress (done, self->info.weight_bytes, user_data);
    }

  /* What was read of a file that changed meanwhile says nothing. */
  return sotto_model_check_unchanged (self, error);
}
