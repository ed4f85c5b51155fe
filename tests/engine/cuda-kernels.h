#pragma once

#include "cuda-modules.h"

G_BEGIN_DECLS

/* Tests of kernels: a file cuda-kernels-NAME.c for each file engine/cuda/NAME.cu, with a function
 * that adds its tests. */

/* Kernels are chosen as for a device of so many multiprocessors, whatever it has: as tests know them. */
#define CUDA_KERNELS_MULTIPROCESSORS "4"

/* All of those below. */
void cuda_kernels_add (int argc, char **argv);

void cuda_kernels_add_attend (int argc, char **argv);
void cuda_kernels_add_best (int argc, char **argv);
void cuda_kernels_add_convolve (int argc, char **argv);
void cuda_kernels_add_delta (int argc, char **argv);
void cuda_kernels_add_embed (int argc, char **argv);
void cuda_kernels_add_heads (int argc, char **argv);
void cuda_kernels_add_output (int argc, char **argv);
void cuda_kernels_add_route (int argc, char **argv);
void cuda_kernels_add_scan (int argc, char **argv);
void cuda_kernels_add_streams (int argc, char **argv);
void cuda_kernels_add_norm (int argc, char **argv);
void cuda_kernels_add_gate (int argc, char **argv);
void cuda_kernels_add_multiply (int argc, char **argv);

/* --- For them --- */

/* @n floats between -1 and 1. Returns: (transfer full) */
float *cuda_random_floats (gsize n);

/* Each is within @absolute + @relative * |right| of what is right; nothing that is no number is. Else the test has failed, and goes
 * on: which kernels, shapes and elements are wrong says more than that one is. */
void cuda_assert_near (const char *what, const float *got, const double *right, gsize n, double relative, double absolute);

/* The same, and each by @bounds (n) more. */
void cuda_assert_bounded (const char   *what,
                          const float  *got,
                          const double *right,
                          const double *bounds,
                          gsize         n,
                          double        relative,
                          double        absolute);

/* Runs a test in both orders of the emulation, or once on a device, and holds that the results are
 * the same to the bit. run gives back @n floats. */
typedef float *(*CudaRun) (CudaModule *self, gconstpointer data);

float *cuda_run_both (CudaModule *self, CudaRun run, gconstpointer data, gsize n);

/* Holds a step with a state, run over @n_rows rows, to what is right; and the same rows in two batches, of which one may be
 * shorter than a convolution, to the same bits.
 * @n_first: of @data: rows of the first batch, 0: one batch has them all
 * @n: floats that run gives back */
void cuda_check_batches (CudaModule *self, const char *what, CudaRun run, gconstpointer data, guint *n_first, guint n_rows,
                         const double *right, gsize n, double relative, double absolute);

G_END_DECLS
