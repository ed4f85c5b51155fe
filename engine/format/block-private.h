#pragma once

#include "format/block.h"

G_BEGIN_DECLS

/* One function a block type; block-dequantise.c describes the layouts. */
void sotto_dequantise_f32 (const void *source, float *target, gsize n);
void sotto_dequantise_f16 (const void *source, float *target, gsize n);
void sotto_dequantise_bf16 (const void *source, float *target, gsize n);
void sotto_dequantise_q4_0 (const void *source, float *target, gsize n);
void sotto_dequantise_q4_1 (const void *source, float *target, gsize n);
void sotto_dequantise_q5_0 (const void *source, float *target, gsize n);
void sotto_dequantise_q5_1 (const void *source, float *target, gsize n);
void sotto_dequantise_q8_0 (const void *source, float *target, gsize n);
void sotto_dequantise_q4_k (const void *source, float *target, gsize n);
void sotto_dequantise_q5_k (const void *source, float *target, gsize n);
void sotto_dequantise_q6_k (const void *source, float *target, gsize n);

G_END_DECLS
