/* Which kernel a product takes. */

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
  if (arguments->x.halves != NULL)
    return multiply_many (self, &a);
  return is_float ? multiply_few_floats (self, &a) : multiply_few (self, &a);
}
