/* Products of weights in strips (strips.h) with few tokens: a lane is a row. A block's codes are unpacked once for all
 * tokens; of a token (pack-few.h) four columns at a time are broadcast, so that no sum goes across lanes. Included by
 * the tiers' files behind vectors-*.h.
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

/* Each stream is asked for this many bytes ahead (SPEED.md). */
#define STRIP_AHEAD 4096

/* --- Registers: AVX-512 of a strip's rows, AVX2 of half of them --- */

#ifdef __AVX512VNNI__

#define STRIPS_TOGETHER 2    /* whose codes are in registers at once, so that columns are broadcast for both */
#define ROWS(operation) _mm512_##operation

#define steps_dot _mm512_dpbusd_epi32
#define steps_zero _mm512_setzero_si512

#else

#define STRIPS_TOGETHER 1
#define ROWS(operation) _mm256_##operation

#define steps_dot _mm256_dpbusd_avx_epi32
#define steps_zero _mm256_setzero_si256

#endif

typedef FloatVector Rows;

static inline Rows
rows_of_bytes (const guint8 *bytes)
{
  return ROWS (cvtepi32_ps) ((Fours) vector_widen_bytes ((const gint8 *) bytes));
}

/* --- A token's columns --- */

/* Where a block of a group stands (pack-few.h). */
typedef struct {
  guint pair;
  gsize at;                 /* byte of each half */
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
  return ROWS (slli_epi32) (ROWS (set1_epi32) (*zeros), (int) __builtin_ctz (zero));
}

/* --- Integers: the sums of n halves of a block's products, from half `first` on --- */

#if FEW_HAS_WORDS

/* Codes of eight bits, or numbers of a book: steps whole, even columns and odd ones apart. */
G_ALWAYS_INLINE static inline Fours
strip_words (const Fours *steps, guint first, guint n, const FewPair *x, gsize at, Fours sums)
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
        __asm__ ("" : "+x" (sums));
      }
  return sums;
}

/* Codes of fewer bits: products of two columns in 16 bits, of which so many steps may be added up. A code is below
 * 2^n_bits and a plane's byte below 128, so that two columns are below 2^(n_bits + 8). */
G_ALWAYS_INLINE static inline Fours
strip_planes (guint n_bits, const Fours *steps, guint first, guint n, const FewPair *x, gsize at, Fours sums)
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
      __asm__ ("" : "+x" (high), "+x" (low)); /* In this order: registers are too few for others. */
      if (i % most == most - 1 || i == 4 * n - 1)
        {
          sums = _mm256_add_epi32 (sums, _mm256_madd_epi16 (high, _mm256_set1_epi16 (128)));
          sums = _mm256_add_epi32 (sums, _mm256_madd_epi16 (low, _mm256_set1_epi16 (1)));
        }
    }
  return sums;
}

G_ALWAYS_INLINE static inline void
strip_integers (SottoStripKind kind,
                Fours          steps[STRIPS_TOGETHER][8],
                guint          first,
                guint          n,
                const FewPair *x,
                gsize          at,
                const gint32  *zeros,
                Rows           integers[STRIPS_TOGETHER])
{
  Fours sums = steps_minus_zero (zeros, kind.zero);

  if (kind.n_bits == 8 || kind.has_book)
    sums = strip_words (steps[0], first, n, x, at, sums);
  else
    sums = strip_planes (kind.n_bits, steps[0], first, n, x, at, sums);
  integers[0] = ROWS (cvtepi32_ps) (sums);
}

#else

G_ALWAYS_INLINE static inline void
strip_integers (SottoStripKind kind,
                Fours          steps[STRIPS_TOGETHER][8],
                guint          first,
                guint          n,
                const FewPair *x,
                gsize          at,
                const gint32  *zeros,
                Rows           integers[STRIPS_TOGETHER])
{
  Fours high[STRIPS_TOGETHER][2]; /* of halves, so that sums need not wait for each other */
  Fours low[STRIPS_TOGETHER][2];

  for (guint i = 0; i < STRIPS_TOGETHER; i++)
    {
      /* 128 times the high plane's sums are taken. */
      high[i][0] = steps_minus_zero (zeros, kind.zero / 128);
      low[i][0] = steps_minus_zero (zeros, kind.zero % 128);
      high[i][1] = low[i][1] = steps_zero ();
    }
#pragma GCC unroll 4
  for (guint j = 0; j < 4; j++)
    for (guint half = 0; half < n; half++)
      {
        Fours x_high = steps_all (x->high[first + half] + at + 4 * j);
        Fours x_low = steps_all (x->low[first + half] + at + 4 * j);

        for (guint i = 0; i < STRIPS_TOGETHER; i++)
          {
            high[i][half] = steps_dot (high[i][half], steps[i][4 * (first + half) + j], x_high);
            low[i][half] = steps_dot (low[i][half], steps[i][4 * (first + half) + j], x_low);
          }
      }
  for (guint i = 0; i < STRIPS_TOGETHER; i++)
    {
      if (n == 2)
        {
          high[i][0] = ROWS (add_epi32) (high[i][0], high[i][1]);
          low[i][0] = ROWS (add_epi32) (low[i][0], low[i][1]);
        }
      integers[i] = ROWS (cvtepi32_ps) (ROWS (add_epi32) (ROWS (slli_epi32) (high[i][0], 7), low[i][0]));
    }
}

#endif

/* --- Products --- */

/* Of a strip and a token. */
typedef struct {
  _Alignas (64) float rows[SOTTO_STRIP_ROWS];
  float group[SOTTO_STRIP_ROWS];         /* of 256 columns: before the group's scale */
  float group_offsets[SOTTO_STRIP_ROWS];
} StripSums;

/* Two strips, a group of each. */
typedef struct {
  const guint8 *groups[2];
  const guint8 *end;        /* of the first one's stream, which then goes on behind the second one's */
  gsize second;             /* bytes between the streams */
  guint n_blocks;
  const FewGroup *tokens[SOTTO_FORM_FEW_ROWS];
  guint n_tokens;
  StripSums sums[SOTTO_FORM_FEW_ROWS][2];
} StripWork;

/* sums += a * b */
G_ALWAYS_INLINE static inline void
rows_add (float *sums, Rows a, Rows b)
{
  ROWS (storeu_ps) (sums, ROWS (fmadd_ps) (a, b, ROWS (loadu_ps) (sums)));
}

/* A block's products with all tokens, of STRIPS_TOGETHER strips from the first-th on, of the side that begins with row
 * side_row. */
G_ALWAYS_INLINE static inline void
strip_add_block (SottoStripKind kind, StripWork *work, guint block, guint first, guint side_row)
{
  gsize scales_at = sotto_strip_scales_at (kind, block);
  gsize offsets_at = sotto_strip_offsets_at (kind, work->n_blocks, block);
  gsize codes_at = sotto_strip_header_bytes (kind, work->n_blocks) + block * sotto_strip_code_bytes (kind);
  StripPlace place = strip_place (work->n_blocks, block);
  guint n_halves = kind.scales == SOTTO_STRIP_TWO_BYTES ? 2 : 1;
  Fours steps[STRIPS_TOGETHER][8];
  Rows scales[2][STRIPS_TOGETHER];
  Rows offsets[STRIPS_TOGETHER];

  for (guint i = 0; i < STRIPS_TOGETHER; i++)
    {
      const guint8 *group = work->groups[first + i];

      unpack_steps (kind, group + codes_at + 4 * side_row, steps[i]);
      for (guint half = 0; half < n_halves; half++)
        scales[half][i] = kind.scales == SOTTO_STRIP_HALVES
                            ? vector_from_halves (group + scales_at + 2 * side_row)
                            : rows_of_bytes (group + scales_at + 16 * half + side_row);
      if (kind.has_offsets)
        offsets[i] = kind.scales == SOTTO_STRIP_HALVES ? vector_from_halves (group + offsets_at + 2 * side_row)
                                                       : rows_of_bytes (group + offsets_at + side_row);
    }
  for (guint t = 0; t < work->n_tokens; t++)
    {
      const FewGroup *token = work->tokens[t];
      const FewPair *x = &token->pairs[place.pair];
      Rows x_scale = ROWS (set1_ps) (x->scales[place.at / 4]);
      StripSums *sums = work->sums[t] + first;

      for (guint half = 0; half < n_halves; half++)
        {
          const gint32 *zeros = n_halves == 2 ? &token->half_zeros[2 * block + half] : &token->block_zeros[block];
          Rows integers[STRIPS_TOGETHER];

          strip_integers (kind, steps, half, 3 - n_halves, x, place.at, zeros, integers);
          for (guint i = 0; i < STRIPS_TOGETHER; i++)
            rows_add ((kind.scales == SOTTO_STRIP_HALVES ? sums[i].rows : sums[i].group) + side_row, integers[i],
                      ROWS (mul_ps) (scales[half][i], x_scale));
        }
      for (guint i = 0; kind.has_offsets && i < STRIPS_TOGETHER; i++)
        rows_add ((kind.scales == SOTTO_STRIP_HALVES ? sums[i].rows : sums[i].group_offsets) + side_row, offsets[i],
                  ROWS (set1_ps) (token->block_sums[block]));
    }
}

/* Behind all blocks of a group: its scale, and that of its offsets. */
G_ALWAYS_INLINE static inline void
strip_end_group (SottoStripKind kind, StripWork *work)
{
  for (guint i = 0; i < 2; i++)
    for (guint row = 0; row < SOTTO_STRIP_ROWS; row += VECTOR_ROWS)
      for (guint t = 0; t < work->n_tokens; t++)
        {
          StripSums *sums = &work->sums[t][i];
          Rows scale = vector_from_halves (work->groups[i] + 2 * row);
          Rows total = ROWS (fmadd_ps) (scale, ROWS (loadu_ps) (sums->group + row), ROWS (loadu_ps) (sums->rows + row));

          ROWS (storeu_ps) (sums->group + row, ROWS (setzero_ps) ());
          if (kind.has_offsets)
            {
              total = ROWS (fnmadd_ps) (vector_from_halves (work->groups[i] + 32 + 2 * row),
                                        ROWS (loadu_ps) (sums->group_offsets + row), total);
              ROWS (storeu_ps) (sums->group_offsets + row, ROWS (setzero_ps) ());
            }
          ROWS (storeu_ps) (sums->rows + row, total);
        }
}

G_ALWAYS_INLINE static inline void
strip_prefetch_line (const StripWork *work, gsize at)
{
  const guint8 *next = work->groups[0] + at + STRIP_AHEAD;

  if (next >= work->end)
    next += work->second;
  __builtin_prefetch (next, 0, 3);
  __builtin_prefetch (next + work->second, 0, 3);
}

/* Of both streams, asks for the lines that are needed STRIP_AHEAD bytes behind those of a block: in the order in which
 * they lie, and with each of the first blocks one more, for the header. */
G_ALWAYS_INLINE static inline void
strip_prefetch (SottoStripKind kind, const StripWork *work, guint block)
{
  guint n_header = (guint) (sotto_strip_header_bytes (kind, work->n_blocks) / 64);
  gsize first = 64 * (block * kind.n_bits + MIN (block, n_header));

#pragma GCC unroll 8
  for (guint line = 0; line < kind.n_bits; line++)
    strip_prefetch_line (work, first + 64 * line);
  if (block < n_header)
    strip_prefetch_line (work, first + 64 * kind.n_bits);
}

G_ALWAYS_INLINE static inline void
strip_add_group (SottoStripKind kind, StripWork *work)
{
  for (guint block = 0; block < work->n_blocks; block++)
    {
      strip_prefetch (kind, work, block);
      for (guint i = 0; i < 2; i += STRIPS_TOGETHER)
        for (guint row = 0; row < SOTTO_STRIP_ROWS; row += VECTOR_ROWS)
          strip_add_block (kind, work, block, i, row);
    }
  if (kind.scales != SOTTO_STRIP_HALVES)
    strip_end_group (kind, work);
}

static inline void
strip_put (const StripWork *work, guint i, const SottoProduct *product, guint first)
{
  guint n = MIN (product->n_rows - first, SOTTO_STRIP_ROWS);

  for (guint t = 0; t < product->n_tokens; t++)
    memcpy (product->y + t * product->y_stride + first, work->sums[t][i].rows, n * sizeof (float));
}

/* Memory delivers two streams faster than one (template-few.h): the strips are gone through from the product's start and
 * from its middle. Of an odd number the one in the middle is in both halves. */
G_ALWAYS_INLINE static inline void
strip_multiply (SottoStripKind kind, const SottoProduct *product)
{
  guint n_columns = product->x->n_columns;
  gsize strip_bytes = sotto_strip_bytes (kind, n_columns);
  const guint8 *strips = product->weight->strips + product->first_row / SOTTO_STRIP_ROWS * strip_bytes;
  guint n_strips = (product->n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  guint n_half = n_strips / 2;
  StripWork work;

  work.end = strips + (n_strips - n_half) * strip_bytes;
  work.second = n_half * strip_bytes;
  work.n_tokens = product->n_tokens;
  for (guint i = 0; i < n_strips - n_half; i++)
    {
      memset (work.sums, 0, work.n_tokens * sizeof *work.sums);
      work.groups[0] = strips + i * strip_bytes;
      work.groups[1] = work.groups[0] + n_half * strip_bytes;
      for (guint t = 0; t < work.n_tokens; t++)
        work.tokens[t]
          = (const FewGroup *) (gconstpointer) sotto_activations_packed (product->x, product->first_token + t);
      for (guint column = 0; column < n_columns; column += SOTTO_STRIP_COLUMNS)
        {
          work.n_blocks = MIN (n_columns - column, SOTTO_STRIP_COLUMNS) / 32;
          strip_add_group (kind, &work);
          for (guint k = 0; k < 2; k++)
            work.groups[k] += sotto_strip_group_bytes (kind, work.n_blocks);
          for (guint t = 0; t < work.n_tokens; t++)
            work.tokens[t]++;
        }
      strip_put (&work, 0, product, i * SOTTO_STRIP_ROWS);
      strip_put (&work, 1, product, (n_half + i) * SOTTO_STRIP_ROWS);
    }
}

/* --- All types --- */

#define STRIP_FUNCTION(type, name, ...)                                                            \
  static void strip_multiply_##name (const SottoProduct *product, void *scratch G_GNUC_UNUSED)     \
  {                                                                                                \
    strip_multiply (sotto_strip_##name, product);                                                  \
  }

SOTTO_STRIP_KINDS (STRIP_FUNCTION)

#define STRIP_FILL(type, name, ...)                                                                \
  kernels->multiply_strips[SOTTO_FORM_FEW][SOTTO_BLOCK_##type] = strip_multiply_##name;

static void
fill_strip_kernels (SottoKernels *kernels)
{
  SOTTO_STRIP_KINDS (STRIP_FILL)
}
