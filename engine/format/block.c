/* The block types by number: what the format calls them, how large they are, and which of them this
 * engine computes with. Conversions between half, bfloat and float stand here too. */

#include "format/block-private.h"

#include <string.h>

/* Every type number that GGUF files use. Numbers that were given up (4, 5, 31–33, 36–38) stay out.
 * */
static const struct {
  guint32 type;
  const char *name;
  guint16 n_elements;
  guint16 n_bytes;
} all_types[] = {
  { 0, "F32", 1, 4 },
  { 1, "F16", 1, 2 },
  { 2, "Q4_0", 32, 18 },
  { 3, "Q4_1", 32, 20 },
  { 6, "Q5_0", 32, 22 },
  { 7, "Q5_1", 32, 24 },
  { 8, "Q8_0", 32, 34 },
  { 9, "Q8_1", 32, 36 },
  { 10, "Q2_K", 256, 84 },
  { 11, "Q3_K", 256, 110 },
  { 12, "Q4_K", 256, 144 },
  { 13, "Q5_K", 256, 176 },
  { 14, "Q6_K", 256, 210 },
  { 15, "Q8_K", 256, 292 },
  { 16, "IQ2_XXS", 256, 66 },
  { 17, "IQ2_XS", 256, 74 },
  { 18, "IQ3_XXS", 256, 98 },
  { 19, "IQ1_S", 256, 50 },
  { 20, "IQ4_NL", 32, 18 },
  { 21, "IQ3_S", 256, 110 },
  { 22, "IQ2_S", 256, 82 },
  { 23, "IQ4_XS", 256, 136 },
  { 24, "I8", 1, 1 },
  { 25, "I16", 1, 2 },
  { 26, "I32", 1, 4 },
  { 27, "I64", 1, 8 },
  { 28, "F64", 1, 8 },
  { 29, "IQ1_M", 256, 56 },
  { 30, "BF16", 1, 2 },
  { 34, "TQ1_0", 256, 54 },
  { 35, "TQ2_0", 256, 66 },
  { 39, "MXFP4", 32, 17 },
  { 40, "NVFP4", 64, 36 },
  { 41, "Q1_0", 128, 18 },
  { 42, "Q2_0", 64, 18 },
};

/* Q8_1 is left out: it holds activations on their way, and no file has weights of it. */
static const SottoBlockInfo computable[] = {
  { SOTTO_BLOCK_F32, "F32", 1, 4, sotto_dequantise_f32 },
  { SOTTO_BLOCK_F16, "F16", 1, 2, sotto_dequantise_f16 },
  { SOTTO_BLOCK_Q4_0, "Q4_0", 32, 18, sotto_dequantise_q4_0 },
  { SOTTO_BLOCK_Q4_1, "Q4_1", 32, 20, sotto_dequantise_q4_1 },
  { SOTTO_BLOCK_Q5_0, "Q5_0", 32, 22, sotto_dequantise_q5_0 },
  { SOTTO_BLOCK_Q5_1, "Q5_1", 32, 24, sotto_dequantise_q5_1 },
  { SOTTO_BLOCK_Q8_0, "Q8_0", 32, 34, sotto_dequantise_q8_0 },
  { SOTTO_BLOCK_Q2_K, "Q2_K", 256, 84, sotto_dequantise_q2_k },
  { SOTTO_BLOCK_Q3_K, "Q3_K", 256, 110, sotto_dequantise_q3_k },
  { SOTTO_BLOCK_Q4_K, "Q4_K", 256, 144, sotto_dequantise_q4_k },
  { SOTTO_BLOCK_Q5_K, "Q5_K", 256, 176, sotto_dequantise_q5_k },
  { SOTTO_BLOCK_Q6_K, "Q6_K", 256, 210, sotto_dequantise_q6_k },
  { SOTTO_BLOCK_Q8_K, "Q8_K", 256, 292, sotto_dequantise_q8_k },
  { SOTTO_BLOCK_IQ2_XXS, "IQ2_XXS", 256, 66, sotto_dequantise_iq2_xxs },
  { SOTTO_BLOCK_IQ2_XS, "IQ2_XS", 256, 74, sotto_dequantise_iq2_xs },
  { SOTTO_BLOCK_IQ3_XXS, "IQ3_XXS", 256, 98, sotto_dequantise_iq3_xxs },
  { SOTTO_BLOCK_IQ1_S, "IQ1_S", 256, 50, sotto_dequantise_iq1_s },
  { SOTTO_BLOCK_IQ4_NL, "IQ4_NL", 32, 18, sotto_dequantise_iq4_nl },
  { SOTTO_BLOCK_IQ3_S, "IQ3_S", 256, 110, sotto_dequantise_iq3_s },
  { SOTTO_BLOCK_IQ2_S, "IQ2_S", 256, 82, sotto_dequantise_iq2_s },
  { SOTTO_BLOCK_IQ4_XS, "IQ4_XS", 256, 136, sotto_dequantise_iq4_xs },
  { SOTTO_BLOCK_IQ1_M, "IQ1_M", 256, 56, sotto_dequantise_iq1_m },
  { SOTTO_BLOCK_BF16, "BF16", 1, 2, sotto_dequantise_bf16 },
  { SOTTO_BLOCK_TQ1_0, "TQ1_0", 256, 54, sotto_dequantise_tq1_0 },
  { SOTTO_BLOCK_TQ2_0, "TQ2_0", 256, 66, sotto_dequantise_tq2_0 },
  { SOTTO_BLOCK_MXFP4, "MXFP4", 32, 17, sotto_dequantise_mxfp4 },
  { SOTTO_BLOCK_NVFP4, "NVFP4", 64, 36, sotto_dequantise_nvfp4 },
};

const SottoBlockInfo *
sotto_block_info (guint32 type)
{
  for (guint i = 0; i < G_N_ELEMENTS (computable); i++)
    if ((guint32) computable[i].type == type)
      return &computable[i];

  return NULL;
}

gboolean
sotto_block_measure (guint32 type, guint *n_elements, guint *n_bytes)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    if (all_types[i].type == type)
      {
        *n_elements = all_types[i].n_elements;
        *n_bytes = all_types[i].n_bytes;
        return TRUE;
      }

  return FALSE;
}

const char *
sotto_block_name (guint32 type)
{
  char unknown[32];

  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    if (all_types[i].type == type)
      return all_types[i].name;

  g_snprintf (unknown, sizeof unknown, "type %u", type);
  return g_intern_string (unknown);
}

/* general.file_type: which mixture of block types the quantiser was asked for. The letters behind
 * say how generous it was with the tensors that matter most. Numbers not listed were given up. */
static const char *const file_types[] = {
  [0] = "F32", [1] = "F16", [2] = "Q4_0", [3] = "Q4_1", [7] = "Q8_0", [8] = "Q5_0", [9] = "Q5_1",
  [10] = "Q2_K", [11] = "Q3_K_S", [12] = "Q3_K_M", [13] = "Q3_K_L", [14] = "Q4_K_S",
  [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M", [18] = "Q6_K", [19] = "IQ2_XXS",
  [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS", [24] = "IQ1_S",
  [25] = "IQ4_NL", [26] = "IQ3_S", [27] = "IQ3_M", [28] = "IQ2_S", [29] = "IQ2_M",
  [30] = "IQ4_XS", [31] = "IQ1_M", [32] = "BF16", [36] = "TQ1_0", [37] = "TQ2_0",
  [38] = "MXFP4", [39] = "NVFP4", [40] = "Q1_0", [41] = "Q2_0",
};

const char *
sotto_block_file_type_name (guint64 file_type)
{
  return file_type < G_N_ELEMENTS (file_types) ? file_types[file_type] : NULL;
}

static float
float_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 mantissa bits. Every half is a float. */
float
sotto_half_to_float (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 exponent = (half >> 10) & 0x1f;
  guint32 mantissa = half & 0x3ff;

  if (exponent == 0)
    {
      float magnitude = (float) mantissa * 0x1p-24f;

      return sign ? -magnitude : magnitude;
    }
  if (exponent == 0x1f)
    return float_from_bits (sign | 0x7f800000 | mantissa << 13);

  return float_from_bits (sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Drops @shift bits, rounding to nearest, ties to even. A carry out of the mantissa lands in the
 * exponent, which is what rounding up to the next power of two (or to infinity) means. */
static guint32
shift_round_even (guint32 bits, guint shift)
{
  guint32 rest = bits & ((1u << shift) - 1);
  guint32 half = 1u << (shift - 1);
  guint32 quotient = bits >> shift;

  if (rest > half || (rest == half && (quotient & 1)))
    quotient++;
  return quotient;
}

guint16
sotto_float_to_half (float value)
{
  guint32 bits, sign, magnitude;

  memcpy (&bits, &value, sizeof bits);
  sign = (bits >> 16) & 0x8000;
  magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)        /* NaN: kept quiet */
    return (guint16) (sign | 0x7e00);
  if (magnitude >= 0x47800000)       /* 2^16 and up */
    return (guint16) (sign | 0x7c00);
  if (magnitude >= 0x38800000)       /* 2^-14 and up: a normal half */
    return (guint16) (sign | shift_round_even (magnitude - (112u << 23), 13));
  if (magnitude < 0x33000000)        /* below half of the smallest one */
    return (guint16) sign;

  return (guint16) (sign | shift_round_even ((magnitude & 0x7fffff) | 0x800000,
                                             126 - (magnitude >> 23)));
}

float
sotto_bfloat_to_float (guint16 bfloat)
{
  return float_from_bits ((guint32) bfloat << 16);
}
