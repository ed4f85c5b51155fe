#pragma once

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoReadAloud:
 *
 * Reads a reply aloud, sentence by sentence, also one that is still being written. Only the sentence that is said now is with
 * the speech service, so that to stop is to forget. Pausing stops in the midst of a sentence, which is said anew.
 *
 * Properties (read-only, notifying):
 * - "message" (#SottoMessage, nullable): what is read
 * - "paused" (boolean)
 *
 * Signals:
 * - "sentence" (string, unsigned integer): what is said now, as it stands in the message, and which of the places of these words it
 *   is, from 0; "": it stands nowhere; %NULL: nothing is said
 * - "failed" (#SottoProblem): nothing is read any more
 */
#define SOTTO_TYPE_READ_ALOUD (sotto_read_aloud_get_type ())
G_DECLARE_FINAL_TYPE (SottoReadAloud, sotto_read_aloud, SOTTO, READ_ALOUD, GObject)

SottoReadAloud *sotto_read_aloud_new (void);

/* From its beginning; another one is read no longer. */
void sotto_read_aloud_begin (SottoReadAloud *self, SottoMessage *message);
void sotto_read_aloud_stop (SottoReadAloud *self);

void sotto_read_aloud_set_paused (SottoReadAloud *self, gboolean is_paused);
gboolean sotto_read_aloud_is_paused (SottoReadAloud *self);

/* Returns: (transfer none) (nullable) */
SottoMessage *sotto_read_aloud_get_message (SottoReadAloud *self);

G_END_DECLS
