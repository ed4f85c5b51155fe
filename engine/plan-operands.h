#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Which memory a step reads beside its rows: every weight, array of floats and rope, each once, in a fixed order; what is
 * not there is not shown, nor what the visitor has no function for. A visitor may change what it is shown: so a step gets
 * copies, on a device or of its own. */
typedef struct {
  void (*weight) (gpointer data, SottoWeight *weight);
  void (*floats) (gpointer data, const float **floats, gsize n);
  void (*rope) (gpointer data, const SottoRope **rope);
  gpointer data;
} SottoOperandVisitor;

/**
 * sotto_operands_visit:
 * @step: a copy of one of @plan's
 */
void sotto_operands_visit (const SottoPlan *plan, SottoStep *step, const SottoOperandVisitor *visitor);

G_END_DECLS
