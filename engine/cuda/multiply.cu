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

/* Many rows, as halves. */
static gboolean
is_of_halves (const SottoCudaMultiply *m)
{
  return m->x.halves != NULL && !(is_float (m) && m->exact);
}

/* Whether a product by few rows can share a grid with those that are there. */
static gboolean
goes_along (const MultiplyTogether *together, const SottoCudaMultiply *m)
{
  const SottoCudaMultiply *before = &together->of[0].m;

  if (together->n >= MOST_TOGETHER || m->weight.n_columns != before->weight.n_columns || m->n_rows != before->n_rows
      || (m->weight.n_matrices > 1) != (before->weight.n_matrices > 1) || is_of_halves (m) || is_float (m) != is_float (before))
    return FALSE;
  if (is_float (m))
    return m->weight.type == before->weight.type;
  /* Of two types, no more. */
  for (guint i = 0; i < together->n; i++)
    if (!multiply_few_goes_with (together->of[i].m.weight.type, m->weight.type))
      return FALSE;
  return together->n < 2 || together->of[0].m.weight.type == together->of[1].m.weight.type
         || m->weight.type == together->of[0].m.weight.type || m->weight.type == together->of[1].m.weight.type;
}

static gboolean
multiply_rows (SottoCudaDevice *self, const MultiplyArguments *arguments)
{
  if (arguments->m.matrices != NULL && arguments->m.order == NULL)
    return device_refuse (self, "many rows of several matrices are not sorted");
#if SOTTO_CUDA_HOPPER
  if (multiply_hopper_takes (self, &arguments->m))
    return multiply_hopper (self, arguments);
#endif
  return multiply_many (self, arguments);
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

gboolean
sotto_cuda_multiply (SottoCudaDevice *self, const SottoCudaMultiply *arguments)
{
  const SottoCudaMultiply *m = arguments;

  while (m != NULL)
    {
      MultiplyTogether together = {};
      const gboolean is_few = !is_of_halves (m);

      together.of[together.n++] = prepare (m);
      if (!is_few && !multiply_rows (self, &together.of[0]))
        return FALSE;
      for (m = m->next; is_few && m != NULL && goes_along (&together, m); m = m->next)
        together.of[together.n++] = prepare (m);
      if (is_few && !(is_float (&together.of[0].m) ? multiply_few_floats (self, &together) : multiply_few (self, &together)))
        return FALSE;
    }
  return TRUE;
}
