/* Which kernel a product takes.
 *
 * What many rows read has 11 bits, which is enough for sums of many terms, and not for what decides: a router's logits
 * that lie near each other would choose other experts for a prompt than for the same tokens one by one. A router is
 * small, so that reading it again for every few rows costs nothing. */

#include "cuda/codes.h"
#include "cuda/multiply.h"

gboolean
sotto_cuda_multiply (SottoCudaDevice *self, const SottoCudaMultiply *arguments)
{
  const SottoBlockType type = arguments->weight.type;
  const gboolean is_float = type == SOTTO_BLOCK_F32 || type == SOTTO_BLOCK_F16 || type == SOTTO_BLOCK_BF16;
  MultiplyArguments a = {};

  a.m = *arguments;
  if (a.m.rows_per_x == 0)
    a.m.rows_per_x = 1;
  a.n_blocks = arguments->weight.n_columns / block_columns (type);
  if (arguments->x.halves != NULL && !(is_float && arguments->exact))
    return multiply_many (self, &a);
  return is_float ? multiply_few_floats (self, &a) : multiply_few (self, &a);
}
