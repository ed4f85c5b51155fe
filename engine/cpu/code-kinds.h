#pragma once

#ifdef __aarch64__
#include "cpu/codes-neon.h"
#else
#include "cpu/block-kinds.h"
#include "cpu/codes.h"
#endif

/* AVX-512 has functions of its own, which take them from the bytes that the fifth bits stand in. */
#ifndef __AVX512VNNI__
#define scales_q5_0 pair_scales
#define scales_q5_1 pair_scales_offsets
#endif

/* Every quantised block type as codes and scales of 256 columns, in the order of pack-few.h. */

/* What a block type is to the templates; constants where they are inlined. A type of 256 columns has codes
 * and scales of a group, one of 32 has them of four blocks. */
typedef struct {
  void (*group_codes) (const guint8 *group, Codes codes[4]);
  void (*group_scales) (const guint8 *group, Lanes scales[4], Lanes *offsets);
  void (*pair_codes) (const guint8 *const blocks[4], Codes codes[2]);
  void (*pair_scales) (const guint8 *const headers[4], Lanes scales[2], Lanes *offsets);
  guint group_bytes;        /* of 256 columns */
  guint zero;               /* see codes.h */
  gboolean has_halves;      /* whether 16 columns have a scale, not 32 */
  gboolean has_offsets;
  gboolean is_nvfp4;        /* whose blocks of 64 are two here */
} CodeKind;

/* A group of weights, or what a row has of its last one. */
typedef struct {
  Codes codes[2][2];
  Lanes scales[2][2];       /* by pair; the second of second halves, where these have their own */
  Lanes offsets[2];         /* by pair, or the first of the group */
} CodeGroup;

/* The blocks of a pair; those behind the row's end are zeros. */
G_ALWAYS_INLINE static inline void
find_code_blocks (CodeKind       kind,
                  const guint8  *group,
                  guint          n_blocks,
                  guint          pair,
                  const guint8  *headers[4],
                  const guint8  *blocks[4])
{
  static const guint8 nothing[64];

  for (guint i = 0; i < 4; i++)
    {
      guint b = few_block (n_blocks == 8, pair, i);

      if (n_blocks < 8 && b >= n_blocks)
        headers[i] = blocks[i] = nothing;
      else if (kind.is_nvfp4)
        {
          headers[i] = group + b / 2 * 36 + b % 2 * 2;
          blocks[i] = group + b / 2 * 36 + 4 + b % 2 * 16;
        }
      else
        headers[i] = blocks[i] = group + b * (kind.group_bytes / 8);
    }
}

G_ALWAYS_INLINE static inline void
unpack_code_pair (
  CodeKind kind, const guint8 *group, guint n_blocks, guint pair, CodeGroup *weights)
{
  const guint8 *headers[4];
  const guint8 *blocks[4];

  find_code_blocks (kind, group, n_blocks, pair, headers, blocks);
  kind.pair_codes (blocks, weights->codes[pair]);
  kind.pair_scales (headers, weights->scales[pair], &weights->offsets[pair]);
}

G_ALWAYS_INLINE static inline void
unpack_codes (CodeKind kind, const guint8 *group, guint n_blocks, CodeGroup *weights)
{
  Codes codes[4];
  Lanes scales[4];

  if (kind.group_codes == NULL)
    {
      unpack_code_pair (kind, group, n_blocks, 0, weights);
      if (n_blocks > 4)
        unpack_code_pair (kind, group, n_blocks, 1, weights);
      return;
    }
  kind.group_codes (group, codes);
  kind.group_scales (group, scales, &weights->offsets[0]);
  for (guint i = 0; i < 4; i++)
    {
      weights->codes[i / 2][i % 2] = codes[i];
      if (kind.has_halves)
        weights->scales[i / 2][i % 2] = scales[i];
      else if (i < 2)
        weights->scales[i][0] = scales[i];
    }
}

/* Types of groups: their name in SottoBlockType and in the functions' names, whose scales are read like
 * its own, then bytes, zero, halves, offsets of CodeKind. */
#define CODE_GROUP_KINDS(X)                                                                        \
  X (Q2_K, q2_k, q2_k, 84, 0, TRUE, TRUE)                                                          \
  X (Q3_K, q3_k, q3_k, 110, 4, TRUE, FALSE)                                                        \
  X (Q4_K, q4_k, q4_k, 144, 0, FALSE, TRUE)                                                        \
  X (Q5_K, q5_k, q4_k, 176, 0, FALSE, TRUE)                                                        \
  X (Q6_K, q6_k, q6_k, 210, 32, TRUE, FALSE)                                                       \
  X (Q8_K, q8_k, q8_k, 292, ZERO_SIGNED, FALSE, FALSE)                                             \
  X (IQ1_S, iq1_s, iq1_s, 50, ZERO_SIGNED, FALSE, FALSE)                                           \
  X (IQ1_M, iq1_m, iq1_m, 56, ZERO_SIGNED, TRUE, FALSE)                                            \
  X (IQ2_XXS, iq2_xxs, iq2_xxs, 66, ZERO_SIGNED, FALSE, FALSE)                                     \
  X (IQ2_XS, iq2_xs, iq2_xs, 74, ZERO_SIGNED, TRUE, FALSE)                                         \
  X (IQ2_S, iq2_s, iq2_s, 82, ZERO_SIGNED, TRUE, FALSE)                                            \
  X (IQ3_XXS, iq3_xxs, iq3_xxs, 98, ZERO_SIGNED, FALSE, FALSE)                                     \
  X (IQ3_S, iq3_s, iq3_s, 110, ZERO_SIGNED, FALSE, FALSE)                                          \
  X (IQ4_XS, iq4_xs, iq4_xs, 136, ZERO_SIGNED, FALSE, FALSE)                                       \
  X (TQ1_0, tq1_0, tq1_0, 54, 1, FALSE, FALSE)                                                     \
  X (TQ2_0, tq2_0, tq2_0, 66, 1, FALSE, FALSE)

/* The same of types of blocks, with the function for scales; the bytes are those of eight blocks. */
#define CODE_BLOCK_KINDS(X)                                                                        \
  X (Q4_0, q4_0, pair_scales, 144, 8, FALSE, FALSE)                                                \
  X (Q4_1, q4_1, pair_scales_offsets, 160, 0, FALSE, TRUE)                                         \
  X (Q5_0, q5_0, scales_q5_0, 176, 16, FALSE, FALSE)                                               \
  X (Q5_1, q5_1, scales_q5_1, 192, 0, FALSE, TRUE)                                                 \
  X (Q8_0, q8_0, pair_scales, 272, ZERO_SIGNED, FALSE, FALSE)                                      \
  X (IQ4_NL, iq4_nl, pair_scales, 144, ZERO_SIGNED, FALSE, FALSE)                                  \
  X (MXFP4, mxfp4, scales_mxfp4, 136, ZERO_SIGNED, FALSE, FALSE)                                   \
  X (NVFP4, nvfp4, scales_nvfp4, 144, ZERO_SIGNED, TRUE, FALSE)

#define CODE_KINDS(X)                                                                              \
  CODE_GROUP_KINDS (X)                                                                             \
  CODE_BLOCK_KINDS (X)

#define CODE_GROUP_KIND(type, name, scale_of, bytes, zero, has_halves, has_offsets)                \
  static const CodeKind kind_##name = {                                                            \
    codes_##name, scales_##scale_of, NULL, NULL, bytes, zero, has_halves, has_offsets, FALSE       \
  };

#define CODE_BLOCK_KIND(type, name, scales, bytes, zero, has_halves, has_offsets)                  \
  static const CodeKind kind_##name = {                                                            \
    NULL, NULL, codes_##name, scales, bytes, zero, has_halves, has_offsets,                        \
    SOTTO_BLOCK_##type == SOTTO_BLOCK_NVFP4                                                        \
  };

CODE_GROUP_KINDS (CODE_GROUP_KIND)
CODE_BLOCK_KINDS (CODE_BLOCK_KIND)
