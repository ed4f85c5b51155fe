#pragma once

#include "model/model-files.h"

G_BEGIN_DECLS

/* What is said of a model in the list. @vision_size: bytes of the file that it sees with; 0: it sees nothing */

/**
 * sotto_model_summary_create:
 *
 * Returns: (transfer full): one line: "0.5B · Q4_K_M · 491 MB"
 */
char *sotto_model_summary_create (const SottoModelFacts *facts, guint64 vision_size);

/**
 * sotto_model_summary_create_note:
 *
 * Returns: (transfer full) (nullable): a sentence on what to expect of it
 */
char *sotto_model_summary_create_note (const SottoModelFacts *facts, guint64 vision_size);

/**
 * sotto_model_summary_fits:
 *
 * Returns: whether it may be as large in the memory of this computer, as far as that is known
 */
gboolean sotto_model_summary_fits (const SottoModelFacts *facts, guint64 vision_size);

G_END_DECLS
