/* Products of weights in strips (strips.h) with few tokens: a lane is a row. A block's codes are unpacked once for all
 * tokens; of a token (pack-few.h) four columns at a time are broadcast, so that no sum goes across lanes. Included by
 * the tiers' files.
 *
 * The order of the sums, of a row and a token, over blocks of 32 columns in their order, with fused multiply-adds:
 *
 *   halves   s += integer * (d * x_scale); s += offset * x_sum
 *   groups   g += integer * (byte * x_scale), of each 16 columns where these have a byte; m += byte_offset * x_sum;
 *            behind 256 columns s += d * g; s += -dmin * m
 *
 * where integer is the exact sum of products of steps and codes less zero. So the bits depend neither on the width of
 * registers nor on how many tokens share the work. */

#include "cpu/strip-codes.h"

/* A block's first bytes are asked for this much ahead; see FEW_AHEAD. */
#define STRIP_AHEAD 2048

/* --- Registers: AVX-512 of a strip's rows, AVX2 of half of them --- */

#ifdef __AVX512VNNI__

#define SIDE_ROWS 16
#define ROWS(operation) _mm512_##operation

typedef __m512 Rows;

static inline Rows
rows_of_halves (const guint8 *halves)
{
  return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) halves));
}

static inline Rows
rows_of_bytes (const guint8 *bytes)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepi8_epi32 (_mm_loadu_si128 ((const __m128i *) bytes)));
}

#define steps_dot _mm512_dpbusd_epi32
#define steps_zero _mm512_setzero_si512

#else

#define SIDE_ROWS 8
#define ROWS(operation) _mm256_##operation

typedef __m256 Rows;

static inline Rows
rows_of_halves (const guint8 *halves)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) halves));
}

static inline Rows
rows_of_bytes (const guint8 *bytes)
{
  return _mm256_cvtepi32_ps (_mm256_cvtepi8_epi32 (_mm_loadl_epi64 ((const __m128i *) bytes)));
}

#define steps_dot _mm256_dpbusd_avx_epi32
#define steps_zero _mm256_setzero_si256

#endif

/* --- A token's columns --- */

/* Where a block of a group stands (pack-few.h). */
typedef struct {
  guint pair;
  guint at;                 /* byte of each half */
} StripPlace;

static inline StripPlace
strip_place (guint n_blocks, guint block)
{
  return n_blocks == 8 ? (StripPlace) { block % 2, block / 2 * 16 } : (StripPlace) { block / 4, block % 4 * 16 };
}

/* Four columns, or two that are whole, for all rows. */
G_ALWAYS_INLINE static inline Fours
steps_all (gconstpointer columns)
{
  gint32 four;

  memcpy (&four, columns, sizeof four);
  return ROWS (set1_epi32) (four);
}

G_ALWAYS_INLINE static inline Fours
steps_minus_zero (const gint32 *zeros, guint zero)
{
  if (zero == 0)
    return steps_zero ();
  return ROWS (slli_epi32) (ROWS (set1_epi32) (*zeros), __builtin_ctz (zero));
}

/* --- Integers: the sums of n halves of a block's products, from half `first` on --- */

#if FEW_HAS_WORDS

/* Codes of eight bits, or numbers of a book: steps whole, even columns and odd ones apart. */
G_ALWAYS_INLINE static inline Fours
strip_words (const Fours *steps, guint first, guint n, const FewPair *x, guint at, Fours sums)
{
  for (guint half = first; half < first + n; half++)
#pragma GCC unroll 4
    for (guint j = 0; j < 4; j++)
      {
        const gint16 *even = x->words[half][at / 32][0] + at % 32 / 2 + 2 * j;
        const gint16 *odd = x->words[half][at / 32][1] + at % 32 / 2 + 2 * j;
        Fours codes = steps[4 * half + j];

        sums = _mm256_add_epi32 (
          sums, _mm256_madd_epi16 (_mm256_and_si256 (codes, _mm256_set1_epi16 (255)), steps_all (even)));
        sums = _mm256_add_epi32 (sums, _mm256_madd_epi16 (_mm256_srli_epi16 (codes, 8), steps_all (odd)));
      }
  return sums;
}

/* Codes of fewer bits: products of two columns in 16 bits, of which so many steps may be added up. A code is below 2^n_bits and
 * a plane's byte below 128, so that two columns are below 2^(n_bits + 8). */
G_ALWAYS_INLINE static inline Fours
strip_planes (guint n_bits, const Fours *steps, guint first, guint n, const FewPair *x, guint at, Fours sums)
{
  guint most = n_bits == 4 ? 8 : n_bits == 5 ? 4 : 2;
  Fours high = steps_zero ();
  Fours low = steps_zero ();

#pragma GCC unroll 8
  for (guint i = 0; i < 4 * n; i++)
    {
      guint half = first + i / 4;
      Fours codes = steps[4 * first + i];
      Fours high_two = _mm256_maddubs_epi16 (codes, steps_all (x->high[half] + at + i % 4 * 4));
      Fours low_two = _mm256_maddubs_epi16 (codes, steps_all (x->low[half] + at + i % 4 * 4));

      high = i % most == 0 ? high_two : _mm256_add_epi16 (high, high_two);
      low = i % most == 0 ? low_two : _mm256_add_epi16 (low, low_two);
      if (i % most == most - 1 || i == 4 * n - 1)
        {
          sums = _mm256_add_epi32 (sums, _mm256_madd_epi16 (high, _mm256_set1_epi16 (128)));
          sums = _mm256_add_epi32 (sums, _mm256_madd_epi16 (low, _mm256_set1_epi16 (1)));
        }
    }
  return sums;
}

G_ALWAYS_INLINE static inline Rows
strip_integers (SottoStripKind kind,
                const Fours   *steps,
                guint          first,
                guint          n,
                const FewPair *x,
                guint          at,
                const gint32  *zeros)
{
  Fours sums = steps_minus_zero (zeros, kind.zero);

  if (kind.n_bits == 8 || kind.has_book)
    return ROWS (cvtepi32_ps) (strip_words (steps, first, n, x, at, sums));
  return ROWS (cvtepi32_ps) (strip_planes (kind.n_bits, steps, first, n, x, at, sums));
}

#else

G_ALWAYS_INLINE static inline Rows
strip_integers (SottoStripKind kind,
                const Fours   *steps,
                guint          first,
                guint          n,
                const FewPair *x,
                guint          at,
                const gint32  *zeros)
{
  Fours high = steps_zero ();
  Fours low = steps_minus_zero (zeros, kind.zero);

  for (guint half = first; half < first + n; half++)
#pragma GCC unroll 4
    for (guint j = 0; j < 4; j++)
      {
        high = steps_dot (high, steps[4 * half + j], steps_all (x->high[half] + at + 4 * j));
        low = steps_dot (low, steps[4 * half + j], steps_all (x->low[half] + at + 4 * j));
      }
  return ROWS (cvtepi32_ps) (ROWS (add_epi32) (ROWS (slli_epi32) (high, 7), low));
}

#endif

/* --- Products --- */

/* Of a strip. */
typedef struct {
  const guint8 *header;
  const guint8 *codes;
  guint n_blocks;
} StripGroup;

static inline StripGroup
strip_group (SottoStripKind kind, const guint8 *group, guint n_blocks)
{
  return (StripGroup) { group, group + sotto_strip_header_bytes (kind, n_blocks), n_blocks };
}

/* A block's products with all tokens, of the side that begins with row side_row. */
G_ALWAYS_INLINE static inline void
strip_add_block (SottoStripKind         kind,
                 const StripGroup      *group,
                 guint                  block,
                 guint                  side_row,
                 const FewGroup *const *tokens,
                 guint                  n_tokens,
                 Rows                  *sums,
                 Rows                  *offset_sums)
{
  const guint8 *scales_at = group->header + sotto_strip_scales_at (kind, block);
  const guint8 *offsets_at = group->header + sotto_strip_offsets_at (kind, group->n_blocks, block);
  StripPlace place = strip_place (group->n_blocks, block);
  Rows offsets = ROWS (setzero_ps) ();
  Rows scales[2];
  Fours steps[8];

  unpack_steps (kind, group->codes + block * sotto_strip_code_bytes (kind) + 4 * side_row, steps);
  if (kind.scales == SOTTO_STRIP_HALVES)
    scales[0] = rows_of_halves (scales_at + 2 * side_row);
  else
    scales[0] = rows_of_bytes (scales_at + side_row);
  scales[1] = kind.scales == SOTTO_STRIP_TWO_BYTES ? rows_of_bytes (scales_at + 16 + side_row) : scales[0];
  if (kind.has_offsets)
    offsets = kind.scales == SOTTO_STRIP_HALVES ? rows_of_halves (offsets_at + 2 * side_row)
                                                : rows_of_bytes (offsets_at + side_row);
#pragma GCC unroll 8
  for (guint t = 0; t < n_tokens; t++)
    {
      const FewPair *x = &tokens[t]->pairs[place.pair];
      Rows x_scale = ROWS (set1_ps) (x->scales[place.at / 4]);
      Rows x_sum = ROWS (set1_ps) (tokens[t]->block_sums[block]);

      if (kind.scales == SOTTO_STRIP_TWO_BYTES)
        for (guint half = 0; half < 2; half++)
          sums[t] = ROWS (fmadd_ps) (
            strip_integers (kind, steps, half, 1, x, place.at, &tokens[t]->half_zeros[2 * block + half]),
            ROWS (mul_ps) (scales[half], x_scale), sums[t]);
      else
        sums[t] = ROWS (fmadd_ps) (
          strip_integers (kind, steps, 0, 2, x, place.at, &tokens[t]->block_zeros[block]),
          ROWS (mul_ps) (scales[0], x_scale), sums[t]);
      if (kind.has_offsets && kind.scales == SOTTO_STRIP_HALVES)
        sums[t] = ROWS (fmadd_ps) (offsets, x_sum, sums[t]);
      else if (kind.has_offsets)
        offset_sums[t] = ROWS (fmadd_ps) (offsets, x_sum, offset_sums[t]);
    }
}

/* totals: (n_tokens, SOTTO_STRIP_ROWS); ahead: from this group's bytes to those that its stream needs next */
G_ALWAYS_INLINE static inline void
strip_add_group (SottoStripKind         kind,
                 StripGroup             group,
                 gsize                  ahead,
                 const FewGroup *const *tokens,
                 guint                  n_tokens,
                 float                (*totals)[SOTTO_STRIP_ROWS])
{
  gsize code_bytes = sotto_strip_code_bytes (kind);

  for (const guint8 *line = group.header; line < group.codes; line += 64)
    __builtin_prefetch (line + ahead, 0, 3);
  for (guint row = 0; row < SOTTO_STRIP_ROWS; row += SIDE_ROWS)
    {
      Rows sums[SOTTO_FORM_FEW_ROWS];
      Rows offset_sums[SOTTO_FORM_FEW_ROWS];

#pragma GCC unroll 8
      for (guint t = 0; t < n_tokens; t++)
        {
          sums[t] = kind.scales == SOTTO_STRIP_HALVES ? ROWS (loadu_ps) (totals[t] + row) : ROWS (setzero_ps) ();
          offset_sums[t] = ROWS (setzero_ps) ();
        }
      for (guint block = 0; block < group.n_blocks; block++)
        {
          for (guint i = 0; row == 0 && i < code_bytes; i += 64)
            __builtin_prefetch (group.codes + block * code_bytes + i + ahead, 0, 3);
          strip_add_block (kind, &group, block, row, tokens, n_tokens, sums, offset_sums);
        }
#pragma GCC unroll 8
      for (guint t = 0; t < n_tokens; t++)
        {
          if (kind.scales != SOTTO_STRIP_HALVES)
            sums[t] = ROWS (fmadd_ps) (rows_of_halves (group.header + 2 * row), sums[t],
                                       ROWS (loadu_ps) (totals[t] + row));
          if (kind.scales != SOTTO_STRIP_HALVES && kind.has_offsets)
            sums[t] = ROWS (fnmadd_ps) (rows_of_halves (group.header + 32 + 2 * row), offset_sums[t], sums[t]);
          ROWS (storeu_ps) (totals[t] + row, sums[t]);
        }
    }
}

/* Tokens that share a block's codes in registers. */
#define STRIP_TOGETHER 4

typedef void (*StripAddGroup) (
  const guint8 *group, guint n_blocks, gsize ahead, const FewGroup *const *tokens, float (*totals)[SOTTO_STRIP_ROWS]);

/* How a kind's groups are multiplied with one token, two, … */
typedef struct {
  SottoStripKind kind;
  StripAddGroup add[STRIP_TOGETHER];
} StripAdd;

/* Of n_strips, two or one, second_strip bytes from each other, with all tokens. */
static inline void
strip_multiply_two (const StripAdd     *add,
                    const SottoProduct *product,
                    const guint8       *group,
                    guint               n_strips,
                    gsize               second_strip,
                    gsize               ahead,
                    float             (*totals)[SOTTO_FORM_FEW_ROWS][SOTTO_STRIP_ROWS])
{
  guint n_columns = product->x->n_columns;
  guint n_tokens = product->n_tokens;
  guint n_parts = (n_tokens + STRIP_TOGETHER - 1) / STRIP_TOGETHER;
  const FewGroup *tokens[SOTTO_FORM_FEW_ROWS];

  memset (totals, 0, n_strips * sizeof *totals);
  for (guint t = 0; t < n_tokens; t++)
    tokens[t] = (const FewGroup *) (gconstpointer) sotto_activations_packed (product->x, product->first_token + t);
  for (guint column = 0; column < n_columns; column += SOTTO_STRIP_COLUMNS)
    {
      guint n_blocks = MIN (n_columns - column, SOTTO_STRIP_COLUMNS) / 32;

      for (guint i = 0; i < n_strips; i++)
        for (guint part = 0; part < n_parts; part++)
          {
            guint first = part * n_tokens / n_parts;
            guint n = (part + 1) * n_tokens / n_parts - first;

            add->add[n - 1](group + i * second_strip, n_blocks, ahead, tokens + first, totals[i] + first);
          }
      group += sotto_strip_group_bytes (add->kind, n_blocks);
      for (guint t = 0; t < n_tokens; t++)
        tokens[t]++;
    }
}

static inline void
strip_put (const SottoProduct *product, guint first, float (*totals)[SOTTO_STRIP_ROWS])
{
  guint n = MIN (product->n_rows - first, SOTTO_STRIP_ROWS);

  for (guint t = 0; t < product->n_tokens; t++)
    memcpy (product->y + t * product->y_stride + first, totals[t], n * sizeof (float));
}

/* Memory delivers two streams faster than one (template-few.h): the strips are gone through from the product's start and
 * from its middle. */
static void
strip_multiply (const StripAdd *add, const SottoProduct *product)
{
  gsize strip_bytes = sotto_strip_bytes (add->kind, product->weight->n_columns);
  const guint8 *strips = product->weight->strips + product->first_row / SOTTO_STRIP_ROWS * strip_bytes;
  guint n_strips = (product->n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  guint n_half = (n_strips + 1) / 2;

  for (guint i = 0; i < n_half; i++)
    {
      float totals[2][SOTTO_FORM_FEW_ROWS][SOTTO_STRIP_ROWS];
      gboolean has_second = n_half + i < n_strips;
      gsize ahead = STRIP_AHEAD + (i + 1 < n_half ? 0 : n_strips / 2 * strip_bytes);

      strip_multiply_two (add, product, strips + i * strip_bytes, has_second ? 2 : 1, n_half * strip_bytes, ahead,
                          totals);
      strip_put (product, i * SOTTO_STRIP_ROWS, totals[0]);
      if (has_second)
        strip_put (product, (n_half + i) * SOTTO_STRIP_ROWS, totals[1]);
    }
}

/* --- All types --- */

#define STRIP_GROUP(name, n)                                                                       \
  static void strip_add_##name##_##n (const guint8 *group, guint n_blocks, gsize ahead,            \
                                      const FewGroup *const *tokens,                               \
                                      float (*totals)[SOTTO_STRIP_ROWS])                           \
  {                                                                                                \
    strip_add_group (sotto_strip_##name, strip_group (sotto_strip_##name, group, n_blocks), ahead, \
                     tokens, n, totals);                                                           \
  }

#define STRIP_FUNCTION(type, name, ...)                                                            \
  STRIP_GROUP (name, 1)                                                                            \
  STRIP_GROUP (name, 2)                                                                            \
  STRIP_GROUP (name, 3)                                                                            \
  STRIP_GROUP (name, 4)                                                                            \
                                                                                                   \
  static void strip_multiply_##name (const SottoProduct *product, void *scratch G_GNUC_UNUSED)     \
  {                                                                                                \
    const StripAdd add = {                                                                         \
      { __VA_ARGS__ },                                                                             \
      { strip_add_##name##_1, strip_add_##name##_2, strip_add_##name##_3, strip_add_##name##_4 }   \
    };                                                                                             \
                                                                                                   \
    strip_multiply (&add, product);                                                                \
  }

SOTTO_STRIP_KINDS (STRIP_FUNCTION)

#define STRIP_FILL(type, name, ...)                                                                \
  kernels->multiply_strips[SOTTO_FORM_FEW][SOTTO_BLOCK_##type] = strip_multiply_##name;

static void
fill_strip_kernels (SottoKernels *kernels)
{
  SOTTO_STRIP_KINDS (STRIP_FILL)
}
