#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Block types: how GGUF stores rows of weights. The numbers are the file format's own. */
typedef enum {
  SOTTO_BLOCK_F32 = 0,
  SOTTO_BLOCK_F16 = 1,
  SOTTO_BLOCK_Q4_0 = 2,
  SOTTO_BLOCK_Q4_1 = 3,
  SOTTO_BLOCK_Q5_0 = 6,
  SOTTO_BLOCK_Q5_1 = 7,
  SOTTO_BLOCK_Q8_0 = 8,
  SOTTO_BLOCK_Q2_K = 10,
  SOTTO_BLOCK_Q3_K = 11,
  SOTTO_BLOCK_Q4_K = 12,
  SOTTO_BLOCK_Q5_K = 13,
  SOTTO_BLOCK_Q6_K = 14,
  SOTTO_BLOCK_Q8_K = 15,
  SOTTO_BLOCK_IQ2_XXS = 16,
  SOTTO_BLOCK_IQ2_XS = 17,
  SOTTO_BLOCK_IQ3_XXS = 18,
  SOTTO_BLOCK_IQ1_S = 19,
  SOTTO_BLOCK_IQ4_NL = 20,
  SOTTO_BLOCK_IQ3_S = 21,
  SOTTO_BLOCK_IQ2_S = 22,
  SOTTO_BLOCK_IQ4_XS = 23,
  SOTTO_BLOCK_IQ1_M = 29,
  SOTTO_BLOCK_BF16 = 30,
  SOTTO_BLOCK_TQ1_0 = 34,
  SOTTO_BLOCK_TQ2_0 = 35,
  SOTTO_BLOCK_MXFP4 = 39,
  SOTTO_BLOCK_NVFP4 = 40,
} SottoBlockType;

/* One more than the highest of them: the size of a table by block type. */
#define SOTTO_BLOCK_TYPES 41

/* NVFP4 alone does not say all by itself: its group scales are relative to one number for the whole
 * tensor (one for each expert of a stack). It stands beside "NAME.weight" in the F32 tensor
 * "NAME.scale" of one element (of n_experts); the product of the row and the activations is to be
 * multiplied with it. Where that tensor is missing, the number is 1. ("NAME.input_scale" is for
 * hardware that multiplies activations of four bits, and means nothing here.) */

/**
 * SottoBlockInfo:
 * @name: "Q4_K"
 * @n_elements: elements of a block (1, 32, 64 or 256)
 * @n_bytes: bytes of a block
 * @dequantise: (nullable): writes @n elements (a multiple of n_elements) as float; plain C, exact;
 *   @source has any alignment
 */
typedef struct {
  SottoBlockType type;
  const char *name;
  guint n_elements;
  guint n_bytes;
  void (*dequantise) (const void *source, float *target, gsize n);
} SottoBlockInfo;

/**
 * sotto_block_info:
 *
 * Returns: (nullable): %NULL for a type this engine cannot compute with
 */
const SottoBlockInfo *sotto_block_info (guint32 type);

/**
 * sotto_block_measure:
 * @n_elements: (out): elements of a block
 * @n_bytes: (out): bytes of a block
 *
 * The size of a block of any type of the format, so that a file can be checked and described that
 * the engine cannot run.
 *
 * Returns: %FALSE for a number that the format does not use
 */
gboolean sotto_block_measure (guint32 type, guint *n_elements, guint *n_bytes);

/**
 * sotto_block_name:
 *
 * Returns: the format's name of any type, known to this engine or not ("IQ2_XS"), or "type 77"
 *   as an interned string
 */
const char *sotto_block_name (guint32 type);

/**
 * sotto_block_file_type_name:
 * @file_type: general.file_type of a file
 *
 * Returns: (nullable): "Q4_K_M"; %NULL for a number that the format does not use
 */
const char *sotto_block_file_type_name (guint64 file_type);

float sotto_half_to_float (guint16 half);
guint16 sotto_float_to_half (float value);     /* round to nearest even */
float sotto_bfloat_to_float (guint16 bfloat);

G_END_DECLS
