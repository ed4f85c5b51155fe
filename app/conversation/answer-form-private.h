#pragma once

#include <gio/gio.h>
#include <sotto-engine.h>

#include "conversation/answer-form.h"

G_BEGIN_DECLS

SottoAnswerForm *sotto_answer_form_new (void);

/* As it was kept, before others see it; nothing is looked at yet. @schema: (nullable) */
void sotto_answer_form_take (SottoAnswerForm *self, SottoAnswerFormat format, const char *schema);

/**
 * sotto_answer_form_compile_async:
 * @cancellable: (nullable): gives up waiting; the schema is looked at all the same
 *
 * What the engine needs to hold an answer to the form as it is when that is known.
 */
void sotto_answer_form_compile_async (SottoAnswerForm     *self,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);

/**
 * sotto_answer_form_compile_finish:
 * @grammar: (out) (transfer full) (nullable): %NULL: any text
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_GRAMMAR, an error of the application's or %G_IO_ERROR_CANCELLED
 */
gboolean sotto_answer_form_compile_finish (SottoAnswerForm  *self,
                                           GAsyncResult     *result,
                                           SottoGrammar    **grammar,
                                           GError          **error);

/* The JSON Schema that answers are held to; %NULL: none */
const char *sotto_answer_form_get_held (SottoAnswerForm *self);

/* Whether @held is the one of JSON that may be anything */
gboolean sotto_answer_form_is_any (const char *held);

/* Nobody wants to know any more: what is being looked at is given up. */
void sotto_answer_form_abandon (SottoAnswerForm *self);

G_END_DECLS
