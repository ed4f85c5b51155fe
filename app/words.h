#pragma once

#include "problem.h"

G_BEGIN_DECLS

/**
 * sotto_words_for_error:
 * @error: of any domain; codes of #SottoEngineError, history and #SottoAppError have sentences of
 *   their own, others are quoted
 * @remedy: (out): what can be done about it
 *
 * Returns: (transfer full): one or two sentences in the person's language, without markup
 */
char *sotto_words_for_error (const GError *error, SottoRemedy *remedy);

/**
 * sotto_words_for_remedy:
 *
 * Returns: (transfer none) (nullable): the label of a button that does it, with a mnemonic
 */
const char *sotto_words_for_remedy (SottoRemedy remedy);

/* The parts of sotto_words_for_error(), one a domain. %NULL: a code that has no sentence. */
char *sotto_words_for_engine (const GError *error, SottoRemedy *remedy);
char *sotto_words_for_history (const GError *error, SottoRemedy *remedy);
char *sotto_words_for_folder (const GError *error, SottoRemedy *remedy);

/* @error: %SOTTO_ENGINE_ERROR_GRAMMAR, of a JSON Schema */
char *sotto_words_for_schema (const GError *error);

/**
 * sotto_words_for_document:
 * @name: of the file
 * @error: what became of reading it: a #SottoDocumentError has a sentence of its own, others are quoted
 *
 * Returns: (transfer full): one or two sentences in the person's language that name the file
 */
char *sotto_words_for_document (const char *name, const GError *error);

G_END_DECLS
