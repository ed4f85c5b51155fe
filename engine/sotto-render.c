/* A template rendered by itself, for looking at templates without their models. */

#include "sotto-model.h"
#include "text/template.h"

GString *
sotto_render_template (const char           *source,
                       gssize                length,
                       const SottoMessages  *messages,
                       const char           *bos,
                       const char           *eos,
                       GDateTime            *date,
                       gboolean              add_generation_prompt,
                       GError              **error)
{
  SottoTemplateInput input = {
    .messages = messages,
    .bos = bos,
    .eos = eos,
    .date = date,
    .add_generation_prompt = add_generation_prompt,
  };
  g_autoptr (SottoTemplate) chat_template = sotto_template_new (source, length, error);
  g_autoptr (SottoRendered) rendered = NULL;

  if (chat_template == NULL)
    return NULL;

  rendered = sotto_template_render (chat_template, &input, NULL, error);
  if (rendered == NULL)
    return NULL;

  return g_string_new_len (rendered->text->str, rendered->text->len);
}
