#pragma once

#include <signal.h>
#include <sotto-engine.h>

#include "ask.h"
#include "model/model-files.h"

G_BEGIN_DECLS

/* The application's voice on the command line: "sotto: …" on standard error. */
void sotto_ask_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
void sotto_ask_complain_about (const GError *error);

/**
 * sotto_ask_find_model:
 * @wanted: (nullable): a path, a name, or as much of a name as tells one model from the others;
 *   %NULL: the first in the library
 *
 * Returns: (transfer full) (nullable): a model that can be used; else why not has been said
 */
SottoModelFacts *sotto_ask_find_model (const char *wanted);

/**
 * sotto_ask_find_vision:
 *
 * Looks at all files of the library, and at what lies beside @model.
 *
 * Returns: (transfer full) (nullable): the file that @model sees with; %NULL: it sees nothing
 */
char *sotto_ask_find_vision (const SottoModelFacts *model);

/**
 * sotto_ask_read_attachments:
 * @paths: (nullable) (array zero-terminated=1)
 * @stopping: signals that are blocked; one of them ends it
 * @is_stopped: (out): whether one did
 *
 * Returns: (transfer full) (element-type SottoAttachment) (nullable): in their order; %NULL: why not has been said
 */
GPtrArray *sotto_ask_read_attachments (const char *const *paths, const sigset_t *stopping, gboolean *is_stopped);

/**
 * sotto_ask_append_question:
 * @vision: (out) (transfer full) (nullable): what @model sees with, where there are pictures
 *
 * The question with what is attached to it, before it.
 *
 * Returns: %FALSE: @model cannot see pictures, which has been said
 */
gboolean sotto_ask_append_question (SottoMessages         *messages,
                                    const char            *question,
                                    GPtrArray             *attachments,
                                    const SottoModelFacts *model,
                                    char                 **vision);

G_END_DECLS
