#pragma once

#include "format/block.h"

G_BEGIN_DECLS

/* One function a block type; the files block-dequantise*.c describe the layouts. */
void sotto_dequantise_f32 (const void *source, float *target, gsize n);
void sotto_dequantise_f16 (const void *source, float *target, gsize n);
void sotto_dequantise_bf16 (const void *source, float *target, gsize n);
void sotto_dequantise_q4_0 (const void *source, float *target, gsize n);
void sotto_dequantise_q4_1 (const void *source, float *target, gsize n);
void sotto_dequantise_q5_0 (const void *source, float *target, gsize n);
void sotto_dequantise_q5_1 (const void *source, float *target, gsize n);
void sotto_dequantise_q8_0 (const void *source, float *target, gsize n);

void sotto_dequantise_q2_k (const void *source, float *target, gsize n);
void sotto_dequantise_q3_k (const void *source, float *target, gsize n);
void sotto_dequantise_q4_k (const void *source, float *target, gsize n);
void sotto_dequantise_q5_k (const void *source, float *target, gsize n);
void sotto_dequantise_q6_k (const void *source, float *target, gsize n);
void sotto_dequantise_q8_k (const void *source, float *target, gsize n);

void sotto_dequantise_iq1_s (const void *source, float *target, gsize n);
void sotto_dequantise_iq1_m (const void *source, float *target, gsize n);
void sotto_dequantise_iq2_xxs (const void *source, float *target, gsize n);
void sotto_dequantise_iq2_xs (const void *source, float *target, gsize n);
void sotto_dequantise_iq2_s (const void *source, float *target, gsize n);
void sotto_dequantise_iq3_xxs (const void *source, float *target, gsize n);
void sotto_dequantise_iq3_s (const void *source, float *target, gsize n);
void sotto_dequantise_iq4_nl (const void *source, float *target, gsize n);
void sotto_dequantise_iq4_xs (const void *source, float *target, gsize n);

void sotto_dequantise_tq1_0 (const void *source, float *target, gsize n);
void sotto_dequantise_tq2_0 (const void *source, float *target, gsize n);
void sotto_dequantise_mxfp4 (const void *source, float *target, gsize n);
void sotto_dequantise_nvfp4 (const void *source, float *target, gsize n);

/* --- Numbers in a block, of any alignment --- */

static inline guint16
read_16 (const guint8 *source)
{
  return (guint16) (source[0] | source[1] << 8);
}

static inline guint32
read_32 (const guint8 *source)
{
  return (guint32) source[0] | (guint32) source[1] << 8 | (guint32) source[2] << 16
         | (guint32) source[3] << 24;
}

static inline float
read_half (const guint8 *source)
{
  return sotto_half_to_float (read_16 (source));
}

G_END_DECLS
