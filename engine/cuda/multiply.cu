/* Which kernel a product takes.
 *
 * What many rows read has 11 bits, which is enough for sums of many terms, and not for what decides: a router's logits
 * that lie near each other would choose other experts for a prompt than for the same tokens one by one. A router is
 * small, so that reading it again for every few rows costs nothing. */

#include "cuda/codes.h"
#include "cuda/multiply.h"

static gboolean
is_float (const SottoCudaMultiply *m)
{
  const SottoBlockType type = m->weight.type;

  return type == SOTTO_BLOCK_F32 || type == SOTTO_BLOCK_F16 || type == SOTTO_BLOCK_BF16;
}

/* Whether a product, by few rows of quantised weights, can share a grid with the one before it. */
static gboolean
goes_along (const SottoCudaMultiply *before, const SottoCudaMultiply *m)
{
  return m->weight.type == before->weight.type && m->weight.n_columns == before->weight.n_columns
         && m->n_rows == before->n_rows && (m->weight.n_matrices > 1) == (before->weight.n_matrices > 1);
}

static MultiplyArguments
prepare (const SottoCudaMultiply *m)
{
  MultiplyArguments a = {};

  a.m = *m;
  if (a.m.rows_per_x == 0)
    a.m.rows_per_x = 1;
  a.n_blocks = m->weight.n_columns / block_columns (m->weight.type);
  return a;
}

static gboolean
multiply_one (SottoCudaDevice *self, const SottoCudaMultiply *m)
{
  MultiplyArguments a = prepare (m);

  return m->x.halves != NULL && !(is_float (m) && m->exact) ? multiply_many (self, &a) : multiply_few_floats (self, &a);
}

gboolean
sotto_cuda_multiply (SottoCudaDevice *self, const SottoCudaMultiply *arguments)
{
  const SottoCudaMultiply *m = arguments;

  while (m != NULL)
    {
      MultiplyTogether together = {};
      const SottoCudaMultiply *before = m;

      if (m->x.halves != NULL || is_float (m))
        {
          if (!multiply_one (self, m))
            return FALSE;
          m = m->next;
          continue;
        }
      do
        {
          together.of[together.n++] = prepare (m);
          before = m;
          m = m->next;
        }
      while (m != NULL && together.n < MOST_TOGETHER && goes_along (before, m));
      if (!multiply_few (self, &together))
        return FALSE;
    }
  return TRUE;
}
