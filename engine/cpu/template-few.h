/* Products of quantised weights with few tokens: weights are unpacked in registers, once for all of them.
 * The order of the sums is that of pack-few.h. Included by the tiers' files. */

#include "cpu/block-kinds.h"
#include "cpu/codes.h"

/* What a block type is to this template; constants where they are inlined. A type of 256 columns has codes
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
} FewKind;

/* A group of weights, or what a row has of its last one. */
typedef struct {
  Codes codes[2][2];
  Lanes scales[2][2];       /* by pair; the second of second halves, where these have their own */
  Lanes offsets[2];         /* by pair, or the first of the group */
} FewWeights;

/* How far ahead of the group in work weights are asked for, from memory and then from the second cache
 * (SPEED.md). */
#define FEW_FAR 12288
#define FEW_NEAR 512

/* --- Weights --- */

/* The blocks of a pair; those behind the row's end are zeros. */
static inline __attribute__ ((always_inline)) void
few_find_blocks (FewKind        kind,
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

static inline __attribute__ ((always_inline)) void
few_unpack_pair (
  FewKind kind, const guint8 *group, guint n_blocks, guint pair, FewWeights *weights)
{
  const guint8 *headers[4];
  const guint8 *blocks[4];

  few_find_blocks (kind, group, n_blocks, pair, headers, blocks);
  kind.pair_codes (blocks, weights->codes[pair]);
  kind.pair_scales (headers, weights->scales[pair], &weights->offsets[pair]);
}

static inline __attribute__ ((always_inline)) void
few_unpack (FewKind kind, const guint8 *group, guint n_blocks, FewWeights *weights)
{
  Codes codes[4];
  Lanes scales[4];

  if (kind.group_codes == NULL)
    {
      few_unpack_pair (kind, group, n_blocks, 0, weights);
      if (n_blocks > 4)
        few_unpack_pair (kind, group, n_blocks, 1, weights);
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

static inline __attribute__ ((always_inline)) void
few_prefetch (FewKind kind, const guint8 *group)
{
  for (guint i = 0; i < kind.group_bytes; i += 64)
    {
      _mm_prefetch ((const char *) group + FEW_NEAR + i, _MM_HINT_T0);
      _mm_prefetch ((const char *) group + FEW_FAR + i, _MM_HINT_T1);
    }
}

/* --- Products --- */

static inline __attribute__ ((always_inline)) Lanes
few_add_pair (FewKind kind, const FewWeights *weights, const FewGroup *x, guint pair, Lanes sums)
{
  const Codes *codes = weights->codes[pair];
  const Lanes *scales = weights->scales[pair];
  const FewPair *columns = &x->pairs[pair];
  Lanes x_scales = lanes_load (columns->scales);

  if (kind.has_halves)
    for (guint half = 0; half < 2; half++)
      sums = lanes_fma (multiply_half (codes[half], columns, half, kind.zero),
                        lanes_multiply (scales[half], x_scales), sums);
  else
    sums = lanes_fma (multiply_pair (codes[0], codes[1], columns, kind.zero),
                      lanes_multiply (scales[0], x_scales), sums);
  if (kind.has_offsets && kind.group_codes == NULL)
    sums = lanes_fma (weights->offsets[pair], lanes_load (x->pair_sums[pair]), sums);
  return sums;
}

/* sums + weights times x */
static inline __attribute__ ((always_inline)) Lanes
few_add (FewKind kind, const FewWeights *weights, guint n_blocks, const FewGroup *x, Lanes sums)
{
  sums = few_add_pair (kind, weights, x, 0, sums);
  if (n_blocks > 4)
    sums = few_add_pair (kind, weights, x, 1, sums);
  if (kind.has_offsets && kind.group_codes != NULL)
    sums = lanes_fma (weights->offsets[0], lanes_load (kind.has_halves ? x->half_sums : x->sums),
                      sums);
  return sums;
}

static inline __attribute__ ((always_inline)) void
few_multiply_one (FewKind         kind,
                  const guint8   *rows,
                  gsize           row_bytes,
                  guint           n_rows,
                  guint           n_columns,
                  const FewGroup *x,
                  float          *y)
{
  guint n_whole = n_columns / FEW_COLUMNS;
  guint rest = n_columns % FEW_COLUMNS / 32;

  for (guint r = 0; r < n_rows; r++, rows += row_bytes)
    {
      const guint8 *group = rows;
      Lanes sums = lanes_all (0.0f);
      FewWeights weights;

      for (guint g = 0; g < n_whole; g++, group += kind.group_bytes)
        {
          few_prefetch (kind, group);
          few_unpack (kind, group, 8, &weights);
          sums = few_add (kind, &weights, 8, &x[g], sums);
        }
      if (kind.group_codes == NULL && rest > 0)
        {
          few_unpack (kind, group, rest, &weights);
          sums = few_add (kind, &weights, rest, &x[n_whole], sums);
        }
      y[r] = lanes_sum (sums);
    }
}

/* Two tokens and more: groups and rows that are gone through together, so that activations stay in the
 * first cache. */
#define FEW_CHUNK 4
#define FEW_ROWS 16

typedef struct {
  const guint8 *packed;     /* of the first */
  gsize stride;
  guint n_tokens;
  float (*totals)[SOTTO_FORM_FEW_ROWS][LANES]; /* (FEW_ROWS) */
} FewTokens;

static inline const FewGroup *
few_token (const FewTokens *tokens, guint t)
{
  return (const FewGroup *) (gconstpointer) (tokens->packed + t * tokens->stride);
}

static inline __attribute__ ((always_inline)) void
few_add_tokens (FewKind          kind,
                const guint8    *group,
                guint            n_blocks,
                const FewTokens *tokens,
                guint            g,
                float            totals[SOTTO_FORM_FEW_ROWS][LANES])
{
  FewWeights weights;

  few_unpack (kind, group, n_blocks, &weights);
#if FEW_HAS_WORDS
  /* Words cost a token less than planes, once they are there. */
  for (guint i = 0; i < (n_blocks > 4 ? 4 : 2); i++)
    weights.codes[i / 2][i % 2] = to_signed_bytes (weights.codes[i / 2][i % 2], kind.zero);
  kind.zero = ZERO_SIGNED;
#endif
  for (guint t = 0; t < tokens->n_tokens; t++)
    lanes_store (totals[t], few_add (kind, &weights, n_blocks, few_token (tokens, t) + g,
                                     lanes_load (totals[t])));
}

static inline __attribute__ ((always_inline)) void
few_multiply_rows (FewKind          kind,
                   const guint8    *rows,
                   gsize            row_bytes,
                   guint            n_rows,
                   guint            n_columns,
                   const FewTokens *tokens,
                   float           *y,
                   gsize            y_stride)
{
  guint n_whole = n_columns / FEW_COLUMNS;
  guint rest = n_columns % FEW_COLUMNS / 32;

  memset (tokens->totals, 0, n_rows * sizeof *tokens->totals);
  for (guint first = 0; first < n_whole; first += FEW_CHUNK)
    for (guint r = 0; r < n_rows; r++)
      for (guint g = first; g < MIN (first + FEW_CHUNK, n_whole); g++)
        {
          const guint8 *group = rows + r * row_bytes + g * kind.group_bytes;

          few_prefetch (kind, group);
          few_add_tokens (kind, group, 8, tokens, g, tokens->totals[r]);
        }
  for (guint r = 0; r < n_rows; r++)
    {
      if (kind.group_codes == NULL && rest > 0)
        few_add_tokens (kind, rows + r * row_bytes + n_whole * kind.group_bytes, rest, tokens,
                        n_whole, tokens->totals[r]);
      for (guint t = 0; t < tokens->n_tokens; t++)
        y[t * y_stride + r] = lanes_sum (lanes_load (tokens->totals[r][t]));
    }
}

static inline __attribute__ ((always_inline)) void
few_multiply (FewKind                 kind,
              const SottoWeight      *weight,
              guint                   first_row,
              guint                   n_rows,
              const SottoActivations *x,
              guint                   first_token,
              guint                   n_tokens,
              float                  *y,
              gsize                   y_stride,
              void                   *scratch)
{
  const guint8 *rows = (const guint8 *) weight->data + first_row * weight->row_bytes;
  FewTokens tokens = { .packed = sotto_activations_packed (x, first_token),
                       .stride = x->set_bytes[SOTTO_FORM_FEW],
                       .n_tokens = n_tokens,
                       .totals = scratch };

  if (n_tokens == 1)
    {
      few_multiply_one (kind, rows, weight->row_bytes, n_rows, x->n_columns,
                        few_token (&tokens, 0), y);
      return;
    }
  for (guint r = 0; r < n_rows; r += FEW_ROWS)
    few_multiply_rows (kind, rows + r * weight->row_bytes, weight->row_bytes,
                       MIN (n_rows - r, FEW_ROWS), x->n_columns, &tokens, y + r, y_stride);
}

/* --- All types --- */

/* Types of groups: their name in SottoBlockType and in the functions' names, whose scales are read like
 * its own, then bytes, zero, halves, offsets of FewKind. */
#define FEW_GROUP_KINDS(X)                                                                        \
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
#define FEW_BLOCK_KINDS(X)                                                                        \
  X (Q4_0, q4_0, pair_scales, 144, 8, FALSE, FALSE)                                                \
  X (Q4_1, q4_1, pair_scales_offsets, 160, 0, FALSE, TRUE)                                         \
  X (Q5_0, q5_0, pair_scales, 176, 16, FALSE, FALSE)                                               \
  X (Q5_1, q5_1, pair_scales_offsets, 192, 0, FALSE, TRUE)                                         \
  X (Q8_0, q8_0, pair_scales, 272, ZERO_SIGNED, FALSE, FALSE)                                      \
  X (IQ4_NL, iq4_nl, pair_scales, 144, ZERO_SIGNED, FALSE, FALSE)                                  \
  X (MXFP4, mxfp4, scales_mxfp4, 136, ZERO_SIGNED, FALSE, FALSE)                                   \
  X (NVFP4, nvfp4, scales_nvfp4, 144, ZERO_SIGNED, TRUE, FALSE)

#define FEW_FUNCTION(name, ...)                                                                   \
  static void few_multiply_##name (const SottoWeight *weight, guint first_row, guint n_rows,       \
                                   const SottoActivations *x, guint first_token, guint n_tokens,   \
                                   float *y, gsize y_stride, void *scratch)                        \
  {                                                                                                \
    static const FewKind kind = { __VA_ARGS__ };                                                   \
                                                                                                   \
    few_multiply (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride,          \
                  scratch);                                                                        \
  }

#define FEW_GROUP_FUNCTION(type, name, scale_of, group_bytes, zero, has_halves, has_offsets)      \
  FEW_FUNCTION (name, codes_##name, scales_##scale_of, NULL, NULL, group_bytes, zero, has_halves,  \
                has_offsets, FALSE)

#define FEW_BLOCK_FUNCTION(type, name, scales, group_bytes, zero, has_halves, has_offsets)        \
  FEW_FUNCTION (name, NULL, NULL, codes_##name, scales, group_bytes, zero, has_halves,             \
                has_offsets, SOTTO_BLOCK_##type == SOTTO_BLOCK_NVFP4)

FEW_GROUP_KINDS (FEW_GROUP_FUNCTION)
FEW_BLOCK_KINDS (FEW_BLOCK_FUNCTION)

#define FEW_FILL(type, name, ...)                                                                 \
  kernels->multiply[SOTTO_FORM_FEW][SOTTO_BLOCK_##type] = few_multiply_##name;                     \
  kernels->packs[SOTTO_BLOCK_##type] = SOTTO_PACK_CODES;

static void
fill_few_kernels (SottoKernels *kernels)
{
  FEW_GROUP_KINDS (FEW_FILL)
  FEW_BLOCK_KINDS (FEW_FILL)
  kernels->packings[SOTTO_FORM_FEW] = (SottoPacking) { sizeof (FewGroup), pack_few, FALSE };
}
