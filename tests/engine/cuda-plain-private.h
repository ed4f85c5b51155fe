#pragma once

#include "cuda-plain.h"

/* What each operation does, at once: cuda-plain-rows.c, cuda-plain-attention.c. */
void cuda_plain_embed (const SottoCudaEmbed *a);
void cuda_plain_norm (const SottoCudaNorm *a);
void cuda_plain_add (const SottoCudaAdd *a);
void cuda_plain_quantise (const SottoCudaOperand *a);
void cuda_plain_multiply (const SottoCudaMultiply *a);
void cuda_plain_heads (const SottoCudaHeads *a);
void cuda_plain_attend (const SottoCudaAttend *a);
void cuda_plain_gate (const SottoCudaGate *a);
void cuda_plain_route (const SottoCudaRoute *a);
void cuda_plain_combine (const SottoCudaCombine *a);
void cuda_plain_delta (const SottoCudaDelta *a);
void cuda_plain_scan (const SottoCudaScan *a);
void cuda_plain_convolve (const SottoCudaConvolve *a);
void cuda_plain_match (const SottoCudaMatch *a);
void cuda_plain_mix (const SottoCudaMix *a);
void cuda_plain_cut (const SottoCudaCut *a);
void cuda_plain_cap (const SottoCudaCap *a);
void cuda_plain_pool (const SottoCudaPool *a);
void cuda_plain_best (const SottoCudaBest *a);

/* (n): one row of a weight as it lies on a device, as numbers */
void cuda_plain_read_row (const SottoCudaWeight *weight, guint matrix, guint row, float *x);

/* As SottoNorm says; x and y may be the same */
void cuda_plain_norm_row (const SottoNorm *norm, guint offset, const float *x, guint n, float *y);
