#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "app.h"

G_BEGIN_DECLS

/**
 * SottoInstructions:
 *
 * What a model may be told first, under a name. Immutable. "name", "text" (string, constant)
 */
#define SOTTO_TYPE_INSTRUCTIONS (sotto_instructions_get_type ())
G_DECLARE_FINAL_TYPE (SottoInstructions, sotto_instructions, SOTTO, INSTRUCTIONS, GObject)

const char *sotto_instructions_get_name (SottoInstructions *self);
const char *sotto_instructions_get_text (SottoInstructions *self);

/**
 * SottoSavedInstructions:
 *
 * All that a person has saved. They lie in the history, encrypted as what they say is a person's own.
 *
 * - "problem" (#SottoProblem, nullable, notifying): why they could not be read, or the last change could not be kept
 */
#define SOTTO_TYPE_SAVED_INSTRUCTIONS (sotto_saved_instructions_get_type ())
G_DECLARE_FINAL_TYPE (SottoSavedInstructions, sotto_saved_instructions, SOTTO, SAVED_INSTRUCTIONS, GObject)

/* Bytes of a name, and how many there may be; what is longer is cut, one more is refused. */
#define SOTTO_INSTRUCTIONS_NAME_BYTES 200
#define SOTTO_INSTRUCTIONS_MOST 500

/**
 * sotto_saved_instructions_new:
 *
 * Begins to read them. The history of @app is open.
 */
SottoSavedInstructions *sotto_saved_instructions_new (SottoApp *app);

/**
 * sotto_saved_instructions_get_list:
 *
 * Returns: (transfer none): a #GListModel of #SottoInstructions by their names; empty until they are read
 */
GListModel *sotto_saved_instructions_get_list (SottoSavedInstructions *self);

/**
 * sotto_saved_instructions_add:
 *
 * Keeps @text under @name, in the place of what had that name. Nothing happens before they are read, and of an empty name or text.
 *
 * Returns: whether it is kept
 */
gboolean sotto_saved_instructions_add (SottoSavedInstructions *self, const char *name, const char *text);

void sotto_saved_instructions_remove (SottoSavedInstructions *self, const char *name);

SottoProblem *sotto_saved_instructions_get_problem (SottoSavedInstructions *self);

G_END_DECLS
