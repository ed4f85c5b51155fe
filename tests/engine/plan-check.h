#pragma once

#include "family/program.h"

G_BEGIN_DECLS

/**
 * plan_check:
 *
 * Asserts that a plan is consistent in itself: every weight fits the buffers it reads and writes, every
 * cache and recurrent state is there and fits its step, weights lie inside the file, and numbers are
 * what the arithmetic takes for granted.
 */
void plan_check (const SottoProgram *program);

/* (transfer full): the steps, a line each, to look at */
char *plan_describe (const SottoPlan *plan);

G_END_DECLS
