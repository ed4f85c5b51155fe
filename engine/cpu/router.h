#pragma once

#include "cpu/scratch.h"

G_BEGIN_DECLS

/**
 * sotto_route:
 * @logits: (n_experts)
 * @memory: (4 * n_experts)
 * @choices: (n_used)
 *
 * The experts of one token and their weights, best first, by the rules of SottoExpertsStep.
 */
void sotto_route (const SottoExpertsStep *step,
                  const float            *logits,
                  float                  *memory,
                  SottoChoice            *choices);

G_END_DECLS
