#pragma once

#include "text/tokenizer.h"

G_BEGIN_DECLS

/* Chat templates for files that bring none: the format that a model was trained with, told from the
 * control tokens of its vocabulary or from its name. */

/**
 * sotto_default_template_choose:
 * @name: what the file calls the model, in lower case
 * @source: (out) (transfer full): the template
 *
 * Returns: (transfer none): the format's name ("chatml", "gemma" …), or %NULL if none is known to
 *   fit; @source is %NULL then
 */
const char *sotto_default_template_choose (const SottoTokenizer  *tokenizer,
                                           const char            *name,
                                           char                 **source);

/**
 * sotto_default_template_get_completion:
 *
 * The template of a base model: the conversation as one text, which the model continues.
 */
const char *sotto_default_template_get_completion (void);

G_END_DECLS
