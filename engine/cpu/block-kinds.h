#pragma once

#include "cpu/blocks-avx2.h"
#include "cpu/blocks-iq-avx2.h"
#include "cpu/blocks-k-avx2.h"

/* What the templates of products know of the quantised block types. */

typedef __m256i (*BytesFunc) (const guint8 *group, guint b);
typedef __m256i (*FactorsFunc) (const guint8 *group);
typedef void (*ScaleFunc) (const guint8 *group, guint n, __m256 *scales, __m256 *offsets);

/* Of what a block of 32 has one, and its halves of 16 one each. */
typedef enum {
  FORM_SCALE,
  FORM_OFFSET,        /* a scale and an offset */
  FORM_HALF_SCALES,   /* two scales */
  FORM_HALVES,        /* two scales and two offsets */
} BlockForm;

/* What a block type is to the templates; constants where they are inlined. */
typedef struct {
  BytesFunc bytes;
  FactorsFunc factors; /* or NULL */
  ScaleFunc scale;
  guint group_bytes;  /* of eight blocks */
  gboolean is_whole;  /* whether rows end with whole groups: a block of the file is one */
  BlockForm form;
  guint n_bits;       /* 4, 5, 6 or 8, in which bytes() has room: with a sign, or with an offset without one */
} BlockKind;

/* Scales and offsets of a group's blocks, or of their halves. */
typedef struct {
  __m256 scales[2];
  __m256 offsets[2];
} GroupScales;

/* Every type: its name in SottoBlockType and in the functions' names, its factors, the type whose scales are
 * read like its own, then the rest of BlockKind. */
#define BLOCK_KINDS(X)                                                                            \
  X (Q4_0, q4_0, NULL, q4_0, 144, FALSE, FORM_SCALE, 4)                                           \
  X (Q4_1, q4_1, NULL, q4_1, 160, FALSE, FORM_OFFSET, 4)                                          \
  X (Q5_0, q5_0, NULL, q5_0, 176, FALSE, FORM_SCALE, 5)                                           \
  X (Q5_1, q5_1, NULL, q5_1, 192, FALSE, FORM_OFFSET, 5)                                          \
  X (Q8_0, q8_0, NULL, q8_0, 272, FALSE, FORM_SCALE, 8)                                           \
  X (Q2_K, q2_k, factors_q2_k, q2_k, 84, TRUE, FORM_HALVES, 4)                                    \
  X (Q3_K, q3_k, factors_q3_k, q3_k, 110, TRUE, FORM_HALF_SCALES, 4)                              \
  X (Q4_K, q4_k, factors_q4_k, q4_k, 144, TRUE, FORM_OFFSET, 4)                                   \
  X (Q5_K, q5_k, factors_q4_k, q4_k, 176, TRUE, FORM_OFFSET, 5)                                   \
  X (Q6_K, q6_k, factors_q6_k, q6_k, 210, TRUE, FORM_HALF_SCALES, 6)                              \
  X (Q8_K, q8_k, NULL, q8_k, 292, TRUE, FORM_SCALE, 8)                                            \
  X (IQ1_S, iq1_s, NULL, iq1_s, 50, TRUE, FORM_SCALE, 8)                                          \
  X (IQ1_M, iq1_m, factors_iq1_m, iq1_m, 56, TRUE, FORM_HALF_SCALES, 8)                           \
  X (IQ2_XXS, iq2_xxs, NULL, iq2_xxs, 66, TRUE, FORM_SCALE, 8)                                    \
  X (IQ2_XS, iq2_xs, factors_iq2_xs, iq2_xs, 74, TRUE, FORM_HALF_SCALES, 8)                       \
  X (IQ2_S, iq2_s, factors_iq2_s, iq2_xs, 82, TRUE, FORM_HALF_SCALES, 8)                          \
  X (IQ3_XXS, iq3_xxs, NULL, iq3_xxs, 98, TRUE, FORM_SCALE, 8)                                    \
  X (IQ3_S, iq3_s, NULL, iq3_s, 110, TRUE, FORM_SCALE, 8)                                         \
  X (IQ4_NL, iq4_nl, NULL, q4_0, 144, FALSE, FORM_SCALE, 8)                                       \
  X (IQ4_XS, iq4_xs, NULL, iq4_xs, 136, TRUE, FORM_SCALE, 8)                                      \
  X (TQ1_0, tq1_0, NULL, tq1_0, 54, TRUE, FORM_SCALE, 4)                                          \
  X (TQ2_0, tq2_0, NULL, tq2_0, 66, TRUE, FORM_SCALE, 4)                                          \
  X (MXFP4, mxfp4, NULL, mxfp4, 136, FALSE, FORM_SCALE, 5)                                        \
  X (NVFP4, nvfp4, NULL, nvfp4, 144, FALSE, FORM_HALF_SCALES, 8)
