#include "config.h"

#include "model/model-summary.h"

#include <glib/gi18n-lib.h>

#include "model/inference.h"

/* What looking at a picture takes beside its weights: it grows with the width of the encoder as these do, and with the
 * pictures, which are cut into tiles of one size. */
#define LOOKING_BYTES (64 * 1024 * 1024)

char *
sotto_model_summary_create (const SottoModelFacts *facts, guint64 vision_size)
{
  g_autofree char *size = g_format_size (facts->size + vision_size);
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();

  if (facts->size_label != NULL && facts->size_label[0] != '\0')
    g_ptr_array_add (parts, facts->size_label);
  if (facts->quantisation != NULL && facts->quantisation[0] != '\0')
    g_ptr_array_add (parts, facts->quantisation);
  g_ptr_array_add (parts, size);
  g_ptr_array_add (parts, NULL);
  return g_strjoinv (" · ", (char **) parts->pdata);
}

gboolean
sotto_model_summary_fits (const SottoModelFacts *facts, guint64 vision_size)
{
  const guint64 budget = sotto_inference_memory_budget ();
  guint64 needed = facts->size;

  if (vision_size > 0)
    needed += vision_size + vision_size / 4 + LOOKING_BYTES;
  return budget == 0 || needed <= budget;
}

char *
sotto_model_summary_create_note (const SottoModelFacts *facts, guint64 vision_size)
{
  if (facts->error != NULL)
    return NULL;
  /* Known before anybody waits for it to be read; exactly how much is needed the engine says when it opens it. */
  if (!sotto_model_summary_fits (facts, vision_size))
    {
      g_autofree char *size = g_format_size (sotto_inference_memory_budget ());

      /* Translators: of a model; %s is an amount of memory: “12.5 GB” */
      return g_strdup_printf (_("Too large to run without a GPU: models may take %s of the memory of this computer."), size);
    }
  if (facts->is_base)
    /* Translators: a base model was not trained to answer */
    return g_strdup (_("A base model: it continues your text instead of answering."));
  if (facts->has_template || facts->default_template == NULL)
    return NULL;
  if (g_str_equal (facts->default_template, "plain"))
    return g_strdup (_("No chat template in its file: a plain one is used, and answers may suffer."));
  /* Translators: %s is the name of a format of conversations, such as “chatml” */
  return g_strdup_printf (_("No chat template in its file: the usual one of its kind (%s) is used."),
                          facts->default_template);
}
