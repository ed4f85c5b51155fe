#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "model/model-entry.h"
#include "problem.h"

G_BEGIN_DECLS

/**
 * SottoMeaningState:
 * @SOTTO_MEANING_STATE_OFF: the person does not want it, or the history is not open
 * @SOTTO_MEANING_STATE_NO_MODEL: there is no embedding model on this computer
 * @SOTTO_MEANING_STATE_WAITING: there are messages or passages left, and the processor is somebody else's now: a reply is being written, folders
 *   are being read, or power is to be saved
 * @SOTTO_MEANING_STATE_WORKING: they are being compared by what they are about
 * @SOTTO_MEANING_STATE_READY: all of them are
 * @SOTTO_MEANING_STATE_FAILED: see #SottoMeaning:problem
 */
typedef enum {
  SOTTO_MEANING_STATE_OFF,
  SOTTO_MEANING_STATE_NO_MODEL,
  SOTTO_MEANING_STATE_WAITING,
  SOTTO_MEANING_STATE_WORKING,
  SOTTO_MEANING_STATE_READY,
  SOTTO_MEANING_STATE_FAILED,
} SottoMeaningState;

#define SOTTO_TYPE_MEANING_STATE (sotto_meaning_state_get_type ())
GType sotto_meaning_state_get_type (void);

/**
 * SottoMeaning:
 *
 * Finding messages, and passages of documents, by what they are about, and not by their words alone: an embedding model makes vectors of
 * all of them, a few at a time and whenever nothing else is going on, and of each question. sotto_app_get_meaning() has it.
 *
 * Properties (notifying; read-only unless said otherwise):
 * - "state" (#SottoMeaningState)
 * - "models" (#GListModel of #SottoModelEntry, constant): the embedding models on this computer, by name; they are no items of the
 *   library
 * - "model" (#SottoModelEntry, nullable, read-write): the one that is used: what the person has chosen, else the first that can be
 *   used; setting it begins anew with all
 * - "n-done", "n-all" (uint64): messages and passages
 * - "status-text" (string): all that as a translated line, such as "1,240 of 3,400 messages and passages", "Ready", "Waits until the reply is written"
 * - "problem" (#SottoProblem, nullable): why it FAILED, with the model's name and a remedy
 *
 * Whether it is wanted at all is the setting "find-by-meaning".
 */
#define SOTTO_TYPE_MEANING (sotto_meaning_get_type ())
G_DECLARE_FINAL_TYPE (SottoMeaning, sotto_meaning, SOTTO, MEANING, GObject)

SottoMeaningState sotto_meaning_get_state (SottoMeaning *self);

/* Returns: (transfer none) */
GListModel *sotto_meaning_get_models (SottoMeaning *self);

/* Returns: (transfer none) (nullable) */
SottoModelEntry *sotto_meaning_get_model (SottoMeaning *self);
void sotto_meaning_set_model (SottoMeaning *self, SottoModelEntry *model);

guint64 sotto_meaning_get_n_done (SottoMeaning *self);
guint64 sotto_meaning_get_n_all (SottoMeaning *self);
const char *sotto_meaning_get_status_text (SottoMeaning *self);
SottoProblem *sotto_meaning_get_problem (SottoMeaning *self);

/* After a problem */
void sotto_meaning_try_again (SottoMeaning *self);

G_END_DECLS
