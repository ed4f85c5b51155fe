/* Products of quantised weights with few tokens: weights are unpacked in registers, once for all of them.
 * The order of the sums is that of pack-few.h. Included by the tiers' files. */

#include "cpu/code-kinds.h"

/* A processor's own prefetching follows a stream some twenty lines far and ends with its page, so that memory
 * delivers two streams faster than one: the rows of a product are gone through from its start and from its
 * middle. Each stream is asked for at least FEW_AHEAD bytes ahead (SPEED.md). */
#define FEW_AHEAD 2000

/* Row @r of a half, and the bytes from there to those that its stream needs next: where the half ends, it
 * goes on in the unit behind this one, as the other half begins here. */
static inline gsize
few_distance (guint r, guint n_half, gsize row_bytes)
{
  guint n_ahead = (guint) ((FEW_AHEAD + row_bytes - 1) / row_bytes);

  return (r + n_ahead < n_half ? n_ahead : n_ahead + n_half) * row_bytes;
}

G_ALWAYS_INLINE static inline void
few_prefetch (CodeKind kind, const guint8 *group)
{
  for (guint i = 0; i < kind.group_bytes; i += 64)
    __builtin_prefetch (group + i, 0, 3);
}

/* --- Products --- */

G_ALWAYS_INLINE static inline Lanes
few_add_pair (CodeKind kind, const CodeGroup *weights, const FewGroup *x, guint pair, Lanes sums)
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
G_ALWAYS_INLINE static inline Lanes
few_add (CodeKind kind, const CodeGroup *weights, guint n_blocks, const FewGroup *x, Lanes sums)
{
  sums = few_add_pair (kind, weights, x, 0, sums);
  if (n_blocks > 4)
    sums = few_add_pair (kind, weights, x, 1, sums);
  if (kind.has_offsets && kind.group_codes != NULL)
    sums = lanes_fma (weights->offsets[0], lanes_load (kind.has_halves ? x->half_sums : x->sums),
                      sums);
  return sums;
}

G_ALWAYS_INLINE static inline Lanes
few_add_group (CodeKind kind, const guint8 *group, guint n_blocks, const FewGroup *x, Lanes sums)
{
  CodeGroup weights;

  unpack_codes (kind, group, n_blocks, &weights);
  return few_add (kind, &weights, n_blocks, x, sums);
}

/* lanes_sum() of both */
static inline void
few_sum_two (Lanes a, Lanes b, float *sum_a, float *sum_b)
{
#ifdef __AVX512F__
  __m512 eight = _mm512_add_ps (_mm512_shuffle_f32x4 (a, b, 0x44), _mm512_shuffle_f32x4 (a, b, 0xee));
  __m512 four = _mm512_add_ps (eight, _mm512_shuffle_f32x4 (eight, eight, 0xb1));
  __m512 two = _mm512_add_ps (four, _mm512_permute_ps (four, 0xee));
  __m512 one = _mm512_add_ps (two, _mm512_movehdup_ps (two));

  *sum_a = _mm512_cvtss_f32 (one);
  *sum_b = _mm_cvtss_f32 (_mm512_extractf32x4_ps (one, 2));
#else
  *sum_a = lanes_sum (a);
  *sum_b = lanes_sum (b);
#endif
}

G_ALWAYS_INLINE static inline void
few_multiply_one (CodeKind kind, const SottoProduct *product, const FewGroup *x)
{
  gsize row_bytes = product->weight->row_bytes;
  guint n_whole = product->x->n_columns / FEW_COLUMNS;
  guint rest = kind.group_codes == NULL ? product->x->n_columns % FEW_COLUMNS / 32 : 0;
  guint n_half = product->n_rows / 2;

  /* Of an odd number the row in the middle is in both halves. */
  for (guint r = 0; r < product->n_rows - n_half; r++)
    {
      const guint8 *first = sotto_product_rows (product) + r * row_bytes;
      const guint8 *second = first + n_half * row_bytes;
      gsize distance = few_distance (r, n_half, row_bytes);
      Lanes first_sums = lanes_all (0.0f);
      Lanes second_sums = lanes_all (0.0f);

      for (guint g = 0; g < n_whole; g++, first += kind.group_bytes, second += kind.group_bytes)
        {
          few_prefetch (kind, first + distance);
          first_sums = few_add_group (kind, first, 8, &x[g], first_sums);
          few_prefetch (kind, second + distance);
          second_sums = few_add_group (kind, second, 8, &x[g], second_sums);
        }
      if (rest > 0)
        {
          first_sums = few_add_group (kind, first, rest, &x[n_whole], first_sums);
          second_sums = few_add_group (kind, second, rest, &x[n_whole], second_sums);
        }
      few_sum_two (first_sums, second_sums, product->y + r, product->y + n_half + r);
    }
}

/* Two tokens and more: rows that are gone through in one go, the groups of all tokens, so that activations
 * stay in the first cache, and rows that are in registers at once, so that they are loaded for all of these. */
#define FEW_CHUNK 32
#define FEW_ROWS 16
#define FEW_TOGETHER (LANES_REGISTERS >= 32 ? 2 : 1)

typedef struct {
  const guint8 *packed;     /* of the first */
  gsize stride;
  guint n_tokens;
  float (*totals)[SOTTO_FORM_FEW_ROWS][LANES]; /* (FEW_ROWS): of row i of the first half at 2 i, of the second
                                                  half's behind it */
} FewTokens;

static inline const FewGroup *
few_token (const FewTokens *tokens, guint t)
{
  return (const FewGroup *) (gconstpointer) (tokens->packed + t * tokens->stride);
}

/* Of FEW_TOGETHER rows, second_half bytes from each other. */
G_ALWAYS_INLINE static inline void
few_add_tokens (CodeKind         kind,
                const guint8    *group,
                gsize            second_half,
                guint            n_blocks,
                const FewTokens *tokens,
                guint            g,
                float            (*totals)[SOTTO_FORM_FEW_ROWS][LANES])
{
  CodeGroup weights[FEW_TOGETHER];
  Lanes sums[FEW_TOGETHER];

  for (guint i = 0; i < FEW_TOGETHER; i++)
    {
      unpack_codes (kind, group + i * second_half, n_blocks, &weights[i]);
#if FEW_HAS_WORDS
      /* Words cost a token less than planes, once they are there. */
      for (guint j = 0; j < (n_blocks > 4 ? 4 : 2); j++)
        weights[i].codes[j / 2][j % 2] = to_signed_bytes (weights[i].codes[j / 2][j % 2], kind.zero);
#endif
    }
#if FEW_HAS_WORDS
  kind.zero = ZERO_SIGNED;
#endif
  for (guint t = 0; t < tokens->n_tokens; t++)
    {
      for (guint i = 0; i < FEW_TOGETHER; i++)
        sums[i] = few_add (kind, &weights[i], n_blocks, few_token (tokens, t) + g, lanes_load (totals[i][t]));
      for (guint i = 0; i < FEW_TOGETHER; i++)
        lanes_store (totals[i][t], sums[i]);
    }
}

/* What is left of the sums of all tokens: those of a row of each half. */
static inline void
few_put_sums (const FewTokens *tokens, guint i, const SottoProduct *product, guint first, guint second)
{
  for (guint t = 0; t < tokens->n_tokens; t++)
    {
      float *y = product->y + t * product->y_stride;

      few_sum_two (lanes_load (tokens->totals[2 * i][t]), lanes_load (tokens->totals[2 * i + 1][t]),
                   y + first, y + second);
    }
}

/* At most FEW_ROWS rows, from first_row of the product on. Of an odd number the row in the middle is in both
 * halves. */
G_ALWAYS_INLINE static inline void
few_multiply_rows (CodeKind            kind,
                   const SottoProduct *product,
                   guint               first_row,
                   const FewTokens    *tokens)
{
  gsize row_bytes = product->weight->row_bytes;
  guint n_rows = MIN (product->n_rows - first_row, FEW_ROWS);
  guint n_whole = product->x->n_columns / FEW_COLUMNS;
  guint rest = kind.group_codes == NULL ? product->x->n_columns % FEW_COLUMNS / 32 : 0;
  guint n_chunk = FEW_CHUNK / tokens->n_tokens;
  guint n_half = n_rows / 2;
  gsize second_half = n_half * row_bytes;

  memset (tokens->totals, 0, 2 * (n_rows - n_half) * sizeof *tokens->totals);
  for (guint first = 0; first < n_whole + (rest > 0); first += n_chunk)
    for (guint i = 0; i < n_rows - n_half; i++)
      {
        const guint8 *group = sotto_product_rows (product) + (first_row + i) * row_bytes + first * kind.group_bytes;
        gsize distance = few_distance (i, n_half, row_bytes);

        for (guint g = first; g < MIN (first + n_chunk, n_whole); g++, group += kind.group_bytes)
          {
            few_prefetch (kind, group + distance);
            few_prefetch (kind, group + second_half + distance);
            for (guint half = 0; half < 2; half += FEW_TOGETHER)
              few_add_tokens (kind, group + half * second_half, second_half, 8, tokens, g,
                              tokens->totals + 2 * i + half);
          }
        for (guint half = 0; rest > 0 && first + n_chunk > n_whole && half < 2; half += FEW_TOGETHER)
          few_add_tokens (kind, group + half * second_half, second_half, rest, tokens, n_whole,
                          tokens->totals + 2 * i + half);
      }
  for (guint i = 0; i < n_rows - n_half; i++)
    few_put_sums (tokens, i, product, first_row + i, first_row + n_half + i);
}

G_ALWAYS_INLINE static inline void
few_multiply (CodeKind kind, const SottoProduct *product, void *scratch)
{
  FewTokens tokens = { .packed = sotto_activations_packed (product->x, product->first_token),
                       .stride = product->x->set_bytes[SOTTO_FORM_FEW],
                       .n_tokens = product->n_tokens,
                       .totals = scratch };

  if (tokens.n_tokens == 1)
    few_multiply_one (kind, product, few_token (&tokens, 0));
  else
    for (guint r = 0; r < product->n_rows; r += FEW_ROWS)
      few_multiply_rows (kind, product, r, &tokens);
}

/* --- All types --- */

#define FEW_FUNCTION(type, name, ...)                                                              \
  static void few_multiply_##name (const SottoProduct *product, void *scratch)                     \
  {                                                                                                \
    few_multiply (kind_##name, product, scratch);                                                  \
  }

CODE_KINDS (FEW_FUNCTION)

#define FEW_FILL(type, name, ...)                                                                  \
  kernels->multiply[SOTTO_FORM_FEW][SOTTO_BLOCK_##type] = few_multiply_##name;                     \
  kernels->packs[SOTTO_BLOCK_##type] = SOTTO_PACK_CODES;

static void
fill_few_kernels (SottoKernels *kernels)
{
  CODE_KINDS (FEW_FILL)
  kernels->packings[SOTTO_FORM_FEW] = (SottoPacking) { sizeof (FewGroup), pack_few };
}
