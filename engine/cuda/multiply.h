#pragma once

/* Products: what the files multiply*.cu share. */

#include "cuda/device.h"
#include "cuda/operations.h"

#define LINE_BYTES 128 /* of L2 */

/* Of all kernels of products */
typedef struct {
  SottoCudaMultiply m;
  guint n_blocks;           /* of a row of the weight */
} MultiplyArguments;

/* Products of one x that share a grid: one takes the blocks from its first on. */
#define MOST_TOGETHER 3

typedef struct {
  MultiplyArguments of[MOST_TOGETHER];
  guint first[MOST_TOGETHER]; /* behind all blocks where there is no such product */
  guint n;
} MultiplyTogether;

DEVICE guint
product_of_block (const MultiplyTogether &together)
{
  return (block_index () >= together.first[1]) + (block_index () >= together.first[2]);
}

/* Rows that each have a matrix of their own are not taken together; those that share one are by four. */
static inline bool
is_by_ones (const MultiplyTogether *together)
{
  return together->of[0].m.weight.n_matrices > 1 || together->of[0].m.n_rows == 1;
}

/* @n_rows: of a weight that a block takes */
static inline Shape
share_grid (MultiplyTogether *together, guint n_rows, guint n_threads)
{
  const guint n = together->of[0].m.n_rows;
  Shape shape = {};

  for (guint i = 0; i < MOST_TOGETHER; i++)
    {
      together->first[i] = i < together->n ? shape.n_blocks : G_MAXUINT32;
      if (i < together->n)
        shape.n_blocks += ceil_divide (together->of[i].m.weight.n_rows, n_rows);
    }
  shape.n_blocks_y = is_by_ones (together) ? n : ceil_divide (n, 4);
  shape.n_threads = n_threads;
  return shape;
}

/* Matrix of row r of y. */
DEVICE guint
matrix_of (const SottoCudaMultiply &m, guint row)
{
  return m.matrices != NULL ? m.matrices[row] : m.weight.n_matrices > 1 ? row % m.weight.n_matrices : 0;
}

DEVICE const guint8 *
weight_row (const SottoCudaMultiply &m, guint matrix, guint row)
{
  return static_cast<const guint8 *> (m.weight.data) + matrix * m.weight.matrix_bytes + row * m.weight.row_bytes;
}

/* Before previous_wait(), since nobody writes weights: a line a lane of what the warp reads from its first row on may come
 * while the kernel before still works. Of several matrices that one may be about to choose. */
DEVICE void
prefetch_rows (const SottoCudaMultiply &m, guint first)
{
  const gsize at = first * m.weight.row_bytes + lane_index () * LINE_BYTES;

  if (AT_LEAST (900) && m.weight.n_matrices <= 1 && at < m.weight.n_rows * m.weight.row_bytes)
    prefetch (static_cast<const guint8 *> (m.weight.data) + at);
}

/* The sum over a row's columns becomes an element of y. */
DEVICE void
put_product (const SottoCudaMultiply &m, guint matrix, guint weight, guint row, float sum)
{
  float *y = &m.y[row * m.y_stride + weight];

  if (m.weight.scales != NULL)
    sum *= load (&m.weight.scales[matrix]);
  if (m.weight.bias != NULL)
    sum += load (&m.weight.bias[(gsize) matrix * m.weight.n_rows + weight]);
  sum *= m.scale;
  *y = m.add ? *y + sum : sum;
}

/* A file each; they refuse types that they do not have. */
gboolean multiply_few (SottoCudaDevice *self, MultiplyTogether *together);
gboolean multiply_few_floats (SottoCudaDevice *self, MultiplyTogether *together);
gboolean multiply_many (SottoCudaDevice *self, const MultiplyArguments *arguments);
gboolean multiply_hopper (SottoCudaDevice *self, const MultiplyArguments *arguments);

/* Whether the last does this one, and faster. */
gboolean multiply_hopper_takes (SottoCudaDevice *self, const SottoCudaMultiply *m);

/* Whether the first can share its grid between these types. */
gboolean multiply_few_goes_with (SottoBlockType one, SottoBlockType other);

/* Once for each type of codes.h. */
#define FOR_EACH_QUANTISED(each)                                                                              \
  each (Q4_0) each (Q4_1) each (Q5_0) each (Q5_1) each (Q8_0) each (Q2_K) each (Q3_K) each (Q4_K) each (Q5_K) \
  each (Q6_K) each (Q8_K) each (IQ1_S) each (IQ1_M) each (IQ2_XXS) each (IQ2_XS) each (IQ2_S) each (IQ3_XXS)  \
  each (IQ3_S) each (IQ4_NL) each (IQ4_XS) each (TQ1_0) each (TQ2_0) each (MXFP4) each (NVFP4)
