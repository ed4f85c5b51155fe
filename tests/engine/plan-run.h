#pragma once

#include "family/program.h"

G_BEGIN_DECLS

/**
 * plan_run:
 * @program: with weights of any block type
 * @n_tokens: all of the sequence
 *
 * Carries out a plan as its header says it, as plainly as can be: in double precision, one step after
 * the other for all tokens, without any cache that forgets. It shares nothing with the backends, so that it
 * shows whether a wrong answer comes from the plan or from the arithmetic.
 *
 * Returns: (transfer full): (n_tokens, n_output), or (n_output) of an embedding
 */
double *plan_run (const SottoProgram *program, const gint32 *tokens, guint n_tokens);

/* Tokens @first … @end - 1 have @rows (1 + n_deep, end - first, n_embedding) in the table's place, and may see each other. @spots:
 * (nullable) (n_tokens): of all tokens */
typedef struct {
  guint first, end;
  const float *rows;
  gboolean together;
  const SottoSpot *spots;
} PlanRows;

double *plan_run_rows (const SottoProgram *program, const gint32 *tokens, guint n_tokens, const PlanRows *rows);

G_END_DECLS
