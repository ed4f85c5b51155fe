#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* A product as tests ask kernels for it, and what it may be off from arithmetic in double. */

/* Activations of some tokens, packed for all products of a tier. */
typedef struct {
  SottoActivations x;
  guint8 *memory;           /* free() */
} KernelInput;

/* Random ones: single columns that are much larger than others, blocks of zeros. */
KernelInput kernel_input_new (const SottoKernels *kernels, guint n_tokens, guint n_columns, GRand *rand);

/* Adds the weight's strips, aligned to 64 and no more. */
void kernel_weight_arrange (SottoWeight *weight);

/* A random weight, with its strips if it has any. */
void kernel_weight_clear (SottoWeight *weight);

/* What multiplies the weight in a form; or NULL. */
SottoMultiply kernel_multiply_of (const SottoKernels *kernels, const SottoWeight *weight, SottoForm form);

/* The first n_rows of a weight times the first n_tokens. */
void kernel_multiply (const SottoKernels *kernels,
                      const SottoWeight  *weight,
                      guint               n_rows,
                      const KernelInput  *input,
                      guint               n_tokens,
                      float              *y,
                      gsize               y_stride,
                      void               *scratch);

/* The largest magnitude of values first … end - 1. */
double kernel_highest_of (const float *values, guint first, guint end);

/* Every row_step-th row of y, (n_tokens, stride), against double. largest_weight: that a group of a row may be rounded
 * by, if it is more than what stands there. */
void kernel_check_products (const SottoKernels *kernels,
                            const SottoWeight  *weight,
                            guint               row_step,
                            const KernelInput  *input,
                            guint               n_tokens,
                            const float        *y,
                            gsize               stride,
                            double              largest_weight);

G_END_DECLS
