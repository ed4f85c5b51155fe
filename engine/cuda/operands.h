#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Which memory a step reads beside its rows: every weight, array of floats and rope, each once, in a fixed order; what is
 * not there is not shown. A visitor may change what it is shown: so a step gets its device copies. */
typedef struct {
  void (*weight) (gpointer data, SottoWeight *weight);
  void (*floats) (gpointer data, const float **floats, gsize n);
  void (*rope) (gpointer data, const SottoRope **rope);
  gpointer data;
} SottoOperandVisitor;

/**
 * sotto_operands_visit:
 * @step: a copy of one of @plan's
 *
 * Queries whose heads alternate with their gates become, before they are shown, stacks of one matrix a head, so that
 * no row lies on a device twice; those with a bias, which would be torn apart, stay as they are.
 */
void sotto_operands_visit (const SottoPlan *plan, SottoStep *step, const SottoOperandVisitor *visitor);

G_END_DECLS
