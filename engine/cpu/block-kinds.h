#pragma once

#include "cpu/blocks-avx2.h"
#include "cpu/blocks-iq-avx2.h"
#include "cpu/blocks-k-avx2.h"

/* What the templates of products know of the quantised block types. */

typedef void (*Unpack) (const guint8 *group, guint b, __m256i *low, __m256i *high);
typedef void (*Scale) (const guint8 *group, guint n, __m256 *scales, __m256 *offsets);

/* Of what a block of 32 has one, and its halves of 16 one each. */
typedef enum {
  FORM_SCALE,
  FORM_OFFSET,        /* a scale and an offset */
  FORM_HALF_OFFSETS,  /* a scale and two offsets */
  FORM_HALF_SCALES,   /* two scales */
} BlockForm;

/* What a block type is to the templates; constants where they are inlined. */
typedef struct {
  Unpack unpack;
  Scale scale;
  guint group_bytes;  /* of eight blocks */
  gboolean is_whole;  /* whether rows end with whole groups: a block of the file is one */
  int zero;           /* subtracted from the integers; 0 with half scales */
  BlockForm form;
} BlockKind;

/* Scales and offsets of a group's blocks, or of their halves. */
typedef struct {
  __m256 scales[2];
  __m256 offsets[2];
} GroupScales;

/* Every type: its name in SottoBlockType and in the functions' names, whose scales are read like its own,
 * then the rest of BlockKind. */
#define BLOCK_KINDS(X)                                                                            \
  X (Q4_0, q4_0, q4_0, 144, FALSE, 8, FORM_SCALE)                                                  \
  X (Q4_1, q4_1, q4_1, 160, FALSE, 0, FORM_OFFSET)                                                 \
  X (Q5_0, q5_0, q5_0, 176, FALSE, 16, FORM_SCALE)                                                 \
  X (Q5_1, q5_1, q5_1, 192, FALSE, 0, FORM_OFFSET)                                                 \
  X (Q8_0, q8_0, q8_0, 272, FALSE, 0, FORM_SCALE)                                                  \
  X (Q2_K, q2_k, q2_k, 84, TRUE, 0, FORM_HALF_OFFSETS)                                             \
  X (Q3_K, q3_k, q3_k, 110, TRUE, 0, FORM_SCALE)                                                   \
  X (Q4_K, q4_k, q4_k, 144, TRUE, 0, FORM_OFFSET)                                                  \
  X (Q5_K, q5_k, q4_k, 176, TRUE, 0, FORM_OFFSET)                                                  \
  X (Q6_K, q6_k, q6_k, 210, TRUE, 0, FORM_SCALE)                                                   \
  X (Q8_K, q8_k, q8_k, 292, TRUE, 0, FORM_SCALE)                                                   \
  X (IQ1_S, iq1_s, iq1_s, 50, TRUE, 0, FORM_SCALE)                                                 \
  X (IQ1_M, iq1_m, iq1_m, 56, TRUE, 0, FORM_SCALE)                                                 \
  X (IQ2_XXS, iq2_xxs, iq2_xxs, 66, TRUE, 0, FORM_SCALE)                                           \
  X (IQ2_XS, iq2_xs, iq2_xs, 74, TRUE, 0, FORM_SCALE)                                              \
  X (IQ2_S, iq2_s, iq2_xs, 82, TRUE, 0, FORM_SCALE)                                                \
  X (IQ3_XXS, iq3_xxs, iq3_xxs, 98, TRUE, 0, FORM_SCALE)                                           \
  X (IQ3_S, iq3_s, iq3_s, 110, TRUE, 0, FORM_SCALE)                                                \
  X (IQ4_NL, iq4_nl, q4_0, 144, FALSE, 0, FORM_SCALE)                                              \
  X (IQ4_XS, iq4_xs, iq4_xs, 136, TRUE, 0, FORM_SCALE)                                             \
  X (TQ1_0, tq1_0, tq1_0, 54, TRUE, 1, FORM_SCALE)                                                 \
  X (TQ2_0, tq2_0, tq2_0, 66, TRUE, 1, FORM_SCALE)                                                 \
  X (MXFP4, mxfp4, mxfp4, 136, FALSE, 0, FORM_SCALE)                                               \
  X (NVFP4, nvfp4, nvfp4, 144, FALSE, 0, FORM_HALF_SCALES)
