#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Weights of random bits, which are good integers, with scales of a size that weights have. */

/* Every type that a weight may have. */
#define RANDOM_WEIGHT_TYPES 27
extern const SottoBlockType random_weight_types[RANDOM_WEIGHT_TYPES];

/* Between -1 and 1. */
float random_float (GRand *rand);

/* One matrix, or a stack. Its data lies at a multiple of four, and no more; rows of odd sizes lie
 * anywhere. */
SottoWeight random_weight_new (SottoBlockType type, guint n_rows, guint n_columns, GRand *rand);
SottoWeight random_weight_new_stack (
  SottoBlockType type, guint n_matrices, guint n_rows, guint n_columns, GRand *rand);
void random_weight_clear (SottoWeight *self);

/* Gives a block a scale (and an offset) of a size that weights have. */
void random_weight_put_scales (SottoBlockType type, guint8 *block, GRand *rand);

G_END_DECLS
