/* Products of weights of 16 bits with many tokens: numbers of 8 bits (BF16) or 11 (F16) become integers of 14 with a sign,
 * and pairs of them are multiplied with pairs of the activations' (pack-words.h), twice as many at once as floats, or more.
 * As in template-panel.h a tile of rows is converted once, a lane is then a row, and two sums a token are kept in registers.
 *
 * The scale of a row's block of 32 columns is the power of two that makes its highest magnitude one of 13 bits: weights
 * of at least 1/32 of that (F16: 1/4) are exact, smaller ones are off by at most half a step. */

#include "cpu/pack-words.h"

#define WORDS_EXPONENT 12 /* of what a block's highest magnitude becomes */
#define WORD_PAIRS (WORDS_BLOCK / 2)

typedef struct {
  guint n_blocks;
  gint32 *pairs;      /* (n_blocks, WORD_PAIRS, PANEL_ROWS): two integers of 16 bits */
  float *scales;      /* (n_blocks, PANEL_ROWS) */
  const guint8 *next; /* the rows of the next panel, which are asked for while this one is made and multiplied */
  gsize next_stride;
  guint n_tokens;     /* of the product */
} WordPanel;

#define FILL_TOKENS 8 /* whose products take about as long as a panel does until it is filled */

G_STATIC_ASSERT ((WORD_PAIRS + 1) * 4 * PANEL_ROWS <= SOTTO_PANEL_BYTES * WORDS_BLOCK);

/* Rows of the next panel that are asked for while something goes on: so many that memory always has as much to do.
 * first, end: of the tokens of the product, with FILL_TOKENS before them for what fills the panel */
typedef struct {
  const guint8 *rows;
  guint n;
} AskedRows;

static inline AskedRows
asked_rows (const WordPanel *panel, guint first, guint end)
{
  guint all = FILL_TOKENS + panel->n_tokens;
  guint row = PANEL_ROWS * first / all;

  return (AskedRows) { panel->next + row * panel->next_stride, PANEL_ROWS * end / all - row };
}

/* Block b of each */
static inline void
ask_for_rows (AskedRows asked, gsize stride, guint b)
{
  for (guint i = 0; i < asked.n; i++)
    _mm_prefetch ((const char *) asked.rows + i * stride + (gsize) b * WORDS_LINE, _MM_HINT_T1);
}

/* --- Weights --- */

#if VECTOR_ROWS == 8
static inline IntVector
vector_load_rows (const guint8 *row, const guint8 *eighth G_GNUC_UNUSED)
{
  return vector_load_int ((const gint32 *) (gconstpointer) row);
}

static inline void
vector_transpose (IntVector v[8])
{
  transpose_eight ((__m256i *) v);
}
#endif

/* n columns of a row, zeros behind them */
static inline const guint8 *
part_of_words (const guint8 *row, guint n, guint8 *part)
{
  memset (part, 0, WORDS_LINE);
  memcpy (part, row, n * sizeof (guint16));
  return part;
}

typedef enum {
  WORDS_OF_BFLOATS,
  WORDS_OF_HALVES,
} WordsOf;

/* The number in the lower half of each lane, and that in the upper one */
static inline FloatVector
even_words (WordsOf of, IntVector words)
{
  return of == WORDS_OF_HALVES ? vector_half_to_float (words) : (FloatVector) (words << 16);
}

static inline FloatVector
odd_words (WordsOf of, IntVector words)
{
  return of == WORDS_OF_HALVES ? vector_half_to_float (words >> 16) : (FloatVector) (words & (gint32) 0xffff0000);
}

/* A block of VECTOR_ROWS rows as integers; n: columns that there are of it */
G_ALWAYS_INLINE static inline void
pack_block_of_words (WordsOf of, const guint8 *const rows[VECTOR_ROWS], guint n, gint32 *pairs, float *scales)
{
  FloatVector rounder = vector_all (SOTTO_ROUNDER);
  guint8 parts[2][WORDS_LINE];
  WordVector highest = { 0 };
  IntVector words[WORD_PAIRS];
  IntVector exponent;
  FloatVector inverse;

  for (guint i = 0; i < 8; i++)
    {
      const guint8 *first = n == WORDS_BLOCK ? rows[i] : part_of_words (rows[i], n, parts[0]);
      const guint8 *eighth = rows[VECTOR_ROWS - 8 + i];

      if (n != WORDS_BLOCK)
        eighth = part_of_words (eighth, n, parts[1]);
      words[i] = vector_load_rows (first, eighth);
      words[8 + i] = vector_load_rows (first + WORDS_LINE / 2, eighth + WORDS_LINE / 2);
    }
  vector_transpose (words);
  vector_transpose (words + 8);
  for (guint p = 0; p < WORD_PAIRS; p++)
    highest = vector_larger_words (highest, (WordVector) (words[p] & 0x7fff7fff));
  /* As numbers without a sign are, so are their bits. */
  highest = vector_larger_words (highest, (WordVector) ((IntVector) highest << 16));
  exponent = ((IntVector) odd_words (of, (IntVector) highest) >> 23) & 0xff;
  /* Lower ones, zeros among them, take one whose inverse is a number; the highest is what is none. */
  exponent += (13 - exponent) & (exponent < 13);
  inverse = (FloatVector) ((2 * 127 + WORDS_EXPONENT - exponent) << 23);
  vector_store (scales, (FloatVector) (((exponent - WORDS_EXPONENT) << 23) | ((exponent == 255) & 0x7fc00000)));
  for (guint p = 0; p < WORD_PAIRS; p++)
    {
      IntVector even = (IntVector) vector_fma (even_words (of, words[p]), inverse, rounder);
      IntVector odd = (IntVector) vector_fma (odd_words (of, words[p]), inverse, rounder);

      vector_store_words (pairs + p * PANEL_ROWS, (WordVector) ((even & 0xffff) | (odd << 16)));
    }
}

/* Rows that are missing repeat the last one; their results are not stored. */
G_ALWAYS_INLINE static inline void
fill_word_panel (WordsOf          of,
                 const guint8    *rows,
                 gsize            row_bytes,
                 guint            n_rows,
                 guint            n_columns,
                 const WordPanel *panel)
{
  AskedRows asked = asked_rows (panel, 0, FILL_TOKENS);
  const guint8 *sources[PANEL_ROWS];

  for (guint i = 0; i < PANEL_ROWS; i++)
    sources[i] = rows + MIN (i, n_rows - 1) * row_bytes;
  for (guint block = 0; block < panel->n_blocks; block++)
    {
      gint32 *pairs = panel->pairs + (gsize) block * WORD_PAIRS * PANEL_ROWS;
      guint n = n_columns - block * WORDS_BLOCK;

      ask_for_rows (asked, panel->next_stride, block);
      for (guint i = 0; i < PANEL_ROWS; i += VECTOR_ROWS)
        if (n >= WORDS_BLOCK)
          pack_block_of_words (of, sources + i, WORDS_BLOCK, pairs + i, panel->scales + block * PANEL_ROWS + i);
        else
          pack_block_of_words (of, sources + i, n, pairs + i, panel->scales + block * PANEL_ROWS + i);
      for (guint i = 0; i < PANEL_ROWS; i++)
        sources[i] += WORDS_LINE;
    }
}

/* --- Products --- */

/* sums += a block of the panel times the tokens of a tile; x: their lines of it, scales: of its scale */
G_ALWAYS_INLINE static inline void
multiply_word_block (const gint32 *pairs,
                     const float  *row_scales,
                     const guint8 *x,
                     const guint8 *scales,
                     guint         n_tokens,
                     FloatVector   sums[PANEL_TOKENS][2])
{
  IntVector products[2][PANEL_TOKENS];
  FloatVector rows[2];

  for (guint t = 0; t < n_tokens; t++)
    products[0][t] = products[1][t] = (IntVector) { 0 };
#pragma GCC unroll 1
  for (guint p = 0; p < WORD_PAIRS; p++, pairs += PANEL_ROWS, x += 2 * sizeof (gint16))
    {
      IntVector left = vector_load_int (pairs);
      IntVector right = vector_load_int (pairs + VECTOR_ROWS);

      for (guint t = 0; t < n_tokens; t++)
        {
          IntVector both = vector_all_pair ((const gint16 *) (gconstpointer) (x + t * WORDS_LINE));

          products[0][t] = vector_multiply_pairs (products[0][t], left, both);
          products[1][t] = vector_multiply_pairs (products[1][t], right, both);

          /* Else gcc makes all tokens' products first, for which there are not registers enough. */
          __asm__ ("" : "+v" (products[0][t]), "+v" (products[1][t]));
        }
    }
  for (guint i = 0; i < 2; i++)
    rows[i] = vector_load (row_scales + i * VECTOR_ROWS);
  for (guint t = 0; t < n_tokens; t++)
    {
      FloatVector scale = vector_all (*(const float *) (gconstpointer) (scales + t * WORDS_LINE));

      for (guint i = 0; i < 2; i++)
        sums[t][i] = vector_fma (vector_to_float (products[i][t]) * scale, rows[i], sums[t][i]);
    }
}

/* The panel, which are the rows of the product from row on, times n_tokens of a set from token on */
G_ALWAYS_INLINE static inline void
multiply_word_tile (const WordPanel *panel, const SottoProduct *product, guint row, guint token, guint n_tokens)
{
  AskedRows asked = asked_rows (panel, FILL_TOKENS + token, FILL_TOKENS + token + n_tokens);
  gsize asked_stride = panel->next_stride;
  const guint8 *x = sotto_activations_floats (product->x, product->first_token + token);
  const gint32 *pairs = panel->pairs;
  const float *scales = panel->scales;
  guint n_rows = product->n_rows - row;
  float *y = product->y + token * product->y_stride + row;
  FloatVector sums[PANEL_TOKENS][2];

  for (guint t = 0; t < n_tokens; t++)
    sums[t][0] = sums[t][1] = vector_all (0.0f);
  for (guint first = 0; first < panel->n_blocks; first += WORDS_GROUP, x += WORDS_GROUP_LINES * WORDS_STEP)
    {
      guint n = MIN (panel->n_blocks - first, WORDS_GROUP);

#pragma GCC unroll 1
      for (guint b = 0; b < n; b++, pairs += WORD_PAIRS * PANEL_ROWS, scales += PANEL_ROWS)
        {
          ask_for_rows (asked, asked_stride, first + b);
          multiply_word_block (pairs, scales, x + b * WORDS_STEP, x + WORDS_GROUP * WORDS_STEP + b * sizeof (float),
                               n_tokens, sums);
        }
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      if (n_rows > i * VECTOR_ROWS)
        vector_store_part (y + t * product->y_stride + i * VECTOR_ROWS, MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS),
                           sums[t][i]);
}

/* n tokens of a set from token on, in tiles that are as even as may be: one of few waits for its products. */
static void
multiply_word_set (const WordPanel *panel, const SottoProduct *product, guint row, guint token, guint n)
{
  for (guint n_tiles = (n + PANEL_TOKENS - 1) / PANEL_TOKENS; n_tiles > 0; n_tiles--)
    {
      guint own = (n + n_tiles - 1) / n_tiles;

#pragma GCC unroll 8
      for (guint known = 1; known <= PANEL_TOKENS; known++)
        if (own == known)
          multiply_word_tile (panel, product, row, token, known);
      token += own;
      n -= own;
    }
}

G_ALWAYS_INLINE static inline void
multiply_words (WordsOf of, const SottoProduct *product, void *scratch)
{
  guint n_columns = product->x->n_columns;
  gsize row_bytes = product->weight->row_bytes;
  const guint8 *rows = sotto_product_rows (product);
  WordPanel panel = { .n_blocks = (n_columns + WORDS_BLOCK - 1) / WORDS_BLOCK,
                      .pairs = scratch,
                      .next_stride = row_bytes,
                      .n_tokens = product->n_tokens };

  panel.scales = (float *) (gpointer) (panel.pairs + (gsize) panel.n_blocks * WORD_PAIRS * PANEL_ROWS);
  for (guint row = 0; row < product->n_rows; row += PANEL_ROWS)
    {
      guint n;

      panel.next = rows + (row + PANEL_ROWS) * row_bytes;
      fill_word_panel (of, rows + row * row_bytes, row_bytes, MIN (product->n_rows - row, PANEL_ROWS), n_columns, &panel);
      for (guint t = 0; t < product->n_tokens; t += n)
        {
          n = MIN (product->n_tokens - t, SOTTO_FLOAT_SET - (product->first_token + t) % SOTTO_FLOAT_SET);
          multiply_word_set (&panel, product, row, t, n);
        }
    }
}

static void
multiply_words_bf16 (const SottoProduct *product, void *scratch)
{
  multiply_words (WORDS_OF_BFLOATS, product, scratch);
}

static void
multiply_words_f16 (const SottoProduct *product, void *scratch)
{
  multiply_words (WORDS_OF_HALVES, product, scratch);
}

static void
fill_word_panels (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_BF16] = multiply_words_bf16;
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_F16] = multiply_words_f16;
  kernels->packs[SOTTO_BLOCK_BF16] = kernels->packs[SOTTO_BLOCK_F16] = SOTTO_PACK_FLOATS;
  kernels->float_packing = (SottoPacking) { WORDS_GROUP_LINES * WORDS_LINE, pack_words };
}
