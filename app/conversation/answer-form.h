#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "problem.h"

G_BEGIN_DECLS

/* So long a schema may be, in bytes. Those that people write have a few hundred. */
#define SOTTO_ANSWER_SCHEMA_MOST (64 * 1024)

/**
 * SottoAnswerForm:
 *
 * What the answers of a conversation look like. Whether answers can be held to the schema that a person writes is looked at in a
 * thread while it is written.
 *
 * Properties (notifying):
 * - "format" (#SottoAnswerFormat, read-write)
 * - "schema" (string, read-write): a JSON Schema as it was written, which need not be one; it stays, whatever the format is
 * - "checking" (boolean): whether answers can be given that form is not known yet
 * - "problem" (#SottoProblem, nullable): why they cannot
 * - "problem-line" (uint): on which line of the schema that is; 0: on none
 */
#define SOTTO_TYPE_ANSWER_FORM (sotto_answer_form_get_type ())
G_DECLARE_FINAL_TYPE (SottoAnswerForm, sotto_answer_form, SOTTO, ANSWER_FORM, GObject)

SottoAnswerFormat sotto_answer_form_get_format (SottoAnswerForm *self);
void sotto_answer_form_set_format (SottoAnswerForm *self, SottoAnswerFormat format);
const char *sotto_answer_form_get_schema (SottoAnswerForm *self);

/* @schema: what is not UTF-8 in it is replaced */
void sotto_answer_form_set_schema (SottoAnswerForm *self, const char *schema);

/**
 * sotto_answer_form_check:
 *
 * Begins to look at what was read from the history, where nobody has yet.
 */
void sotto_answer_form_check (SottoAnswerForm *self);
gboolean sotto_answer_form_is_checking (SottoAnswerForm *self);
SottoProblem *sotto_answer_form_get_problem (SottoAnswerForm *self);
guint sotto_answer_form_get_problem_line (SottoAnswerForm *self);

G_END_DECLS
