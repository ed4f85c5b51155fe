#include "cpu/kernels.h"

#include "cpu/lanes-plain.h"
#include "cpu/template-float.h"
#include "cpu/template-attention.h"

/* The reference tier: the oracle of all others. Weights are dequantised row by row, activations
 * stay float. */

static float
dot (const float *a, const float *b, guint n)
{
  Lanes sum = lanes_all (0.0f);
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    sum = lanes_fma (lanes_load (a + i), lanes_load (b + i), sum);
  if (i < n)
    sum = lanes_fma (lanes_load_part (a + i, n - i), lanes_load_part (b + i, n - i), sum);
  return lanes_sum (sum);
}

static void
multiply_dequantised (const SottoProduct *product, void *scratch)
{
  const SottoWeight *weight = product->weight;
  const SottoActivations *x = product->x;
  const SottoBlockInfo *info = sotto_block_info (weight->type);
  const guint8 *data = sotto_product_rows (product);
  float *row = scratch;

  for (guint r = 0; r < product->n_rows; r++, data += weight->row_bytes)
    {
      info->dequantise (data, row, weight->n_columns);
      for (guint t = 0; t < product->n_tokens; t++)
        product->y[t * product->y_stride + r] =
          dot (row, x->values + (product->first_token + t) * x->column_stride, weight->n_columns);
    }
}

void
sotto_kernels_fill_reference (SottoKernels *kernels)
{
  memset (kernels, 0, sizeof *kernels);
  kernels->name = "reference";
  fill_float_kernels (kernels);
  fill_attention_kernels (kernels);
  kernels->piece = 48 * 1000 * 1000;
  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    for (guint type = 0; type < SOTTO_BLOCK_TYPES; type++)
      if (sotto_block_info (type) != NULL && kernels->multiply[form][type] == NULL)
        kernels->multiply[form][type] = multiply_dequantised;
}
