#pragma once

#include "family/program.h"

G_BEGIN_DECLS

/* Small plans of random weights, one a feature or two, for what computes plans. */

enum { RANDOM_PLAN_VOCABULARY = 60, RANDOM_PLAN_EMBEDDING = 64 };

typedef struct {
  SottoProgram program;    /* its plan is all that is set */
  GArray *steps;
  GArray *caches;
  GArray *recurrents;
  GPtrArray *memory;
  GRand *rand;
  SottoBlockType type;     /* of weights whose columns allow it; else F32 */
} RandomPlan;

/* Names of the kinds of plans, NULL behind the last. */
extern const char *const random_plan_names[];

RandomPlan *random_plan_new (const char *name, SottoBlockType type);
void random_plan_free (RandomPlan *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RandomPlan, random_plan_free)

G_END_DECLS
