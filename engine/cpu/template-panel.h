/* Products of quantised weights with many tokens (floats: template-float-panel.h). Columns of a tile of rows are
 * unpacked once into a panel in which the same pair of columns of all rows lies side by side,
 * (n_blocks, 16 pairs, PANEL_ROWS); a lane is then a row, a block's sum needs no step across lanes,
 * and each pair of a token's activations is loaded once for all rows. Rows are brought beside each other as
 * bytes, four columns in 32 bits, and widened there: the first and third of four columns are a pair, and the
 * second and fourth, in the panel and in the activations.
 *
 * Up to PANEL_MOST tokens go by while PANEL_BLOCKS blocks are in the panel, which so stays in the first cache; what they
 * add up to rests in memory until the next blocks are there. For more tokens the panel has whole rows, so that
 * activations are read in long stretches.
 *
 * The tier's registers are those of vectors.h; PANEL_TOKENS says how many tokens a tile has, for each of which two
 * sums of integers are kept in registers. */

#include "cpu/strips.h"

#define PANEL_ROWS (2 * VECTOR_ROWS)

/* What a token's products with the rows add up to. */
typedef struct {
  FloatVector rows[2];
} PanelSums;

typedef struct {
  guint first_block;   /* of its rows */
  guint n_blocks;
  gboolean is_last;    /* they end with these */
  gint32 *pairs;       /* (n_blocks, 16, PANEL_ROWS): two integers of 16 bits */
  float *scales[2];    /* (n_blocks, PANEL_ROWS), of whole blocks or of their halves */
  float *offsets[2];
  PanelSums *sums;     /* of the tokens; where rows are whole, of those of a tile */
  const guint8 *next;  /* what the next panel is filled from, as far as it is asked for while this one is multiplied: */
  gsize next_bytes;    /* of each of two strips, or of one, */
  gsize next_stride;   /* from the first to the second */
  gsize next_lines;    /* asked for with each block of a tile */
} Panel;

/* --- Activations --- */

/* As pack_many(), then the steps in the pairs of a panel. */
static void
pack_pairs (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  __m256i places = _mm256_setr_epi8 (0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15,
                                     0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
  gsize begin = first * sizeof (gint16);
  gsize end = (gsize) (first + n + STEPS_BLOCK - 1) / STEPS_BLOCK * STEPS_BLOCK * sizeof (gint16);

  pack_many (x, n_columns, first, n, packed);
  for (gsize i = begin; i < end; i += sizeof places)
    {
      __m256i *sixteen = (__m256i *) (gpointer) (packed + i);

      _mm256_storeu_si256 (sixteen, _mm256_shuffle_epi8 (_mm256_loadu_si256 (sixteen), places));
    }
}

/* --- Weights --- */

/* Whether a block has the second of its scales or offsets. */
static inline gboolean
has_scales (BlockForm form, guint half)
{
  return half == 0 || form == FORM_HALF_SCALES;
}

static inline gboolean
has_offsets (BlockForm form, guint half)
{
  return form == FORM_HALF_OFFSETS || (form == FORM_OFFSET && half == 0);
}

static inline void
transpose_eight (__m256i v[8])
{
  __m256i a[8];
  __m256i b[8];

  for (guint i = 0; i < 8; i += 2)
    {
      a[i] = _mm256_unpacklo_epi32 (v[i], v[i + 1]);
      a[i + 1] = _mm256_unpackhi_epi32 (v[i], v[i + 1]);
    }
  for (guint i = 0; i < 8; i += 4)
    {
      b[i] = _mm256_unpacklo_epi64 (a[i], a[i + 2]);
      b[i + 1] = _mm256_unpackhi_epi64 (a[i], a[i + 2]);
      b[i + 2] = _mm256_unpacklo_epi64 (a[i + 1], a[i + 3]);
      b[i + 3] = _mm256_unpackhi_epi64 (a[i + 1], a[i + 3]);
    }
  for (guint i = 0; i < 4; i++)
    {
      v[i] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x20);
      v[i + 4] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x31);
    }
}

/* v holds eight blocks of a row each; n of them go to the panel, eight rows of a block at once. */
G_ALWAYS_INLINE static inline void
store_transposed (__m256i v[8], guint n, float *target)
{
  transpose_eight (v);
  for (guint b = 0; b < n; b++)
    _mm256_storeu_si256 ((__m256i *) (target + b * PANEL_ROWS), v[b]);
}

/* A lane has the factors of both halves of its row's block; to where their products are. */
static inline __m256i
spread_factors (__m256i factors, guint half)
{
  __m256i first = _mm256_setr_epi8 (0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13,
                                    0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13);

  return _mm256_shuffle_epi8 (factors, _mm256_or_si256 (first, _mm256_set1_epi8 (half == 0 ? 0 : 2)));
}

/* Block b of eight rows to pairs, their place in the panel. */
G_ALWAYS_INLINE static inline void
pack_block_of_eight (BlockKind           kind,
                     const guint8 *const rows[8],
                     guint               b,
                     __m256i             factors,
                     gint32             *pairs)
{
  __m256i quads[8];

  for (guint i = 0; i < 8; i++)
    quads[i] = kind.bytes (rows[i], b);
  transpose_eight (quads);
  for (guint q = 0; q < 8; q++)
    {
      __m256i even = _mm256_srai_epi16 (_mm256_slli_epi16 (quads[q], 8), 8);
      __m256i odd = _mm256_srai_epi16 (quads[q], 8);

      if (kind.factors != NULL)
        {
          __m256i own = spread_factors (factors, q / 4);

          even = _mm256_mullo_epi16 (even, own);
          odd = _mm256_mullo_epi16 (odd, own);
        }
      _mm256_storeu_si256 ((__m256i *) (pairs + 2 * q * PANEL_ROWS), even);
      _mm256_storeu_si256 ((__m256i *) (pairs + (2 * q + 1) * PANEL_ROWS), odd);
    }
}

/* Eight rows of one group, from row first_row and block first_block of the panel on. rows[i] is the group of row i;
 * those of the next panel, which lie ahead bytes behind, are asked for. */
G_ALWAYS_INLINE static inline void
pack_group (BlockKind           kind,
            const guint8 *const rows[8],
            gsize               ahead,
            guint               n,
            const Panel        *panel,
            guint               first_block,
            guint               first_row)
{
  gsize index = (gsize) first_block * PANEL_ROWS + first_row;
  __m256i scales[2][8];
  __m256i offsets[2][8];
  __m256i factors[8];

  for (guint i = 0; i < 8; i++)
    for (guint line = 0; line < kind.group_bytes; line += 64)
      _mm_prefetch ((const char *) rows[i] + ahead + line, _MM_HINT_T1);
  if (kind.factors != NULL)
    {
      for (guint i = 0; i < 8; i++)
        factors[i] = kind.factors (rows[i]);
      transpose_eight (factors);
    }
  for (guint b = 0; b < 8; b++)
    {
      if (b >= n)
        break;
      pack_block_of_eight (kind, rows, b, kind.factors != NULL ? factors[b] : _mm256_setzero_si256 (),
                           panel->pairs + (gsize) (first_block + b) * 16 * PANEL_ROWS + first_row);
    }
  for (guint i = 0; i < 8; i++)
    {
      GroupScales group;

      kind.scale (rows[i], n, group.scales, group.offsets);
      for (guint half = 0; half < 2; half++)
        {
          if (has_scales (kind.form, half))
            scales[half][i] = _mm256_castps_si256 (group.scales[half]);
          if (has_offsets (kind.form, half))
            offsets[half][i] = _mm256_castps_si256 (group.offsets[half]);
        }
    }
  for (guint half = 0; half < 2; half++)
    {
      if (has_scales (kind.form, half))
        store_transposed (scales[half], n, panel->scales[half] + index);
      if (has_offsets (kind.form, half))
        store_transposed (offsets[half], n, panel->offsets[half] + index);
    }
}

/* rows: at the panel's columns of the first of n_rows. Rows that are missing repeat the last one; their results are
 * not stored. */
G_ALWAYS_INLINE static inline void
pack_panel (BlockKind kind, const guint8 *rows, gsize row_bytes, guint n_rows, const Panel *panel)
{
  for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
    {
      const guint8 *groups[8];

      for (guint i = 0; i < 8; i++)
        groups[i] = rows + MIN (first_row + i, n_rows - 1) * row_bytes;
      for (guint first = 0; first < panel->n_blocks; first += 8)
        {
          if (kind.is_whole || panel->n_blocks - first >= 8)
            pack_group (kind, groups, PANEL_ROWS * row_bytes, 8, panel, first, first_row);
          else
            pack_group (kind, groups, PANEL_ROWS * row_bytes, panel->n_blocks - first, panel, first, first_row);
          for (guint i = 0; i < 8; i++)
            groups[i] += kind.group_bytes;
        }
    }
}

/* --- Products --- */

/* Lane i: the sum of v[i]. */
static inline __m256i
sums_of_eight (const __m256i v[8])
{
  __m256i a = _mm256_hadd_epi32 (_mm256_hadd_epi32 (v[0], v[1]), _mm256_hadd_epi32 (v[2], v[3]));
  __m256i b = _mm256_hadd_epi32 (_mm256_hadd_epi32 (v[4], v[5]), _mm256_hadd_epi32 (v[6], v[7]));

  return _mm256_add_epi32 (_mm256_permute2x128_si256 (a, b, 0x20),
                           _mm256_permute2x128_si256 (a, b, 0x31));
}

/* The sums of a token's steps in the halves of a group's blocks, as x->totals are of whole ones. */
static void
sum_halves (const Steps *x, gsize token, gsize first_block, float halves[2][STEPS_GROUP])
{
  const gint16 *steps = x->steps + token * x->column_stride + first_block * STEPS_BLOCK;
  __m256i ones = _mm256_set1_epi16 (1);

  for (guint half = 0; half < 2; half++)
    {
      __m256i sums[STEPS_GROUP];

      for (guint b = 0; b < STEPS_GROUP; b++)
        {
          const gint16 *source = steps + b * STEPS_BLOCK + half * 16;

          sums[b] = _mm256_madd_epi16 (_mm256_loadu_si256 ((const __m256i *) source), ones);
        }
      _mm256_storeu_ps (halves[half], _mm256_cvtepi32_ps (sums_of_eight (sums)));
    }
}

/* products += one pair of columns with the tokens of the tile */
G_ALWAYS_INLINE static inline void
multiply_panel_pair (const gint32           *pair,
                     const gint16           *steps,
                     gsize                   stride,
                     guint                   n_tokens,
                     IntVector               products[2][PANEL_TOKENS])
{
  IntVector left = vector_load_int (pair);
  IntVector right = vector_load_int (pair + VECTOR_ROWS);

  for (guint t = 0; t < n_tokens; t++)
    {
      IntVector both = vector_all_pair (steps + t * stride);

      products[0][t] = vector_multiply_pairs (products[0][t], left, both);
      products[1][t] = vector_multiply_pairs (products[1][t], right, both);

      /* Else gcc makes all tokens' products first, for which there are not registers enough. */
      __asm__ ("" : "+v" (products[0][t]), "+v" (products[1][t]));
    }
}

/* Products of n_pairs pairs of columns with the tokens of the tile. The first ones are no sums yet, which gcc sees. */
G_ALWAYS_INLINE static inline void
multiply_panel_pairs (const gint32           *pairs,
                      gsize                   n_pairs,
                      const Steps            *x,
                      gsize                   first_token,
                      gsize                   first_column,
                      guint                   n_tokens,
                      IntVector               products[2][PANEL_TOKENS])
{
  const gint16 *steps = x->steps + first_token * x->column_stride + first_column;

  for (guint t = 0; t < n_tokens; t++)
    products[0][t] = products[1][t] = (IntVector) { 0 };
  multiply_panel_pair (pairs, steps, x->column_stride, n_tokens, products);
  for (gsize p = 1; p < n_pairs; p++)
    multiply_panel_pair (pairs + p * PANEL_ROWS, steps + 2 * p, x->column_stride, n_tokens, products);
}

/* Sums of a group of blocks, before the scale of its steps. */
typedef FloatVector GroupSums[PANEL_TOKENS][2];

/* sum += offsets of a block times the sums of a token's steps; totals: of the block, halves: what sum_halves() says of the
 * group */
G_ALWAYS_INLINE static inline FloatVector
add_offsets (const Panel *panel,
             gsize        block,
             guint        i,
             BlockForm    form,
             const float *totals,
             float        halves[2][STEPS_GROUP],
             FloatVector  sum)
{
  for (guint half = 0; half < 2 && has_offsets (form, half); half++)
    sum = vector_fma (vector_load (panel->offsets[half] + block * PANEL_ROWS + i * VECTOR_ROWS),
                      vector_all (form == FORM_OFFSET ? *totals : halves[half][block % STEPS_GROUP]), sum);
  return sum;
}

/* sums += n_joined blocks of the panel times the tokens of the tile. Unrolled, for products are in registers. */
G_ALWAYS_INLINE static inline void
multiply_panel_blocks (const Panel *panel,
                       gsize        first,
                       BlockForm    form,
                       guint        n_joined,
                       const Steps *x,
                       gsize        first_token,
                       guint        n_tokens,
                       float        halves[PANEL_TOKENS][2][STEPS_GROUP],
                       GroupSums    sums)
{
  const gint32 *pairs = panel->pairs + first * 16 * PANEL_ROWS;
  gsize column = first * STEPS_BLOCK;
  guint n_halves = form == FORM_HALF_SCALES ? 2 : 1;
  guint n_pairs = 16 * n_joined / n_halves;
  const float *totals = x->totals + first_token * x->float_stride + first;

  for (guint half = 0; half < n_halves; half++)
    {
      IntVector products[2][PANEL_TOKENS];
      FloatVector scales[2];

      multiply_panel_pairs (pairs + half * n_pairs * PANEL_ROWS, n_pairs, x, first_token, column + half * 2 * n_pairs,
                            n_tokens, products);
      for (guint i = 0; i < 2; i++)
        scales[i] = vector_load (panel->scales[half] + first * PANEL_ROWS + i * VECTOR_ROWS);
#pragma GCC unroll 12
      for (guint t = 0; t < n_tokens; t++)
#pragma GCC unroll 2
        for (guint i = 0; i < 2; i++)
          {
            FloatVector sum = vector_fma (vector_to_float (products[i][t]), scales[i], sums[t][i]);

#pragma GCC unroll 8
            for (guint b = 0; b < n_joined && has_offsets (form, 0); b++)
              sum = add_offsets (panel, first + b, i, form, totals + t * x->float_stride + b, halves[t], sum);
            sums[t][i] = sum;
          }
    }
}

/* totals += a group's sums, times the scale of each token's steps */
G_ALWAYS_INLINE static inline void
add_panel_group (const float *scales, gsize stride, guint n_tokens, GroupSums sums, PanelSums *totals)
{
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      totals[t].rows[i] = vector_fma (sums[t][i], vector_all (scales[t * stride]), totals[t].rows[i]);
}

static inline void
store_panel_sums (const PanelSums *sums, guint n_tokens, guint n_rows, float *y, gsize y_stride)
{
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      if (n_rows > i * VECTOR_ROWS)
        vector_store_part (y + t * y_stride + i * VECTOR_ROWS, MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS),
                           sums[t].rows[i]);
}

/* Lines of 64 bytes behind *asked to the second cache, as many as go with so many blocks. */
G_ALWAYS_INLINE static inline void
ask_for_next (const Panel *panel, guint n_blocks, gsize *asked)
{
  for (gsize i = 0; i < n_blocks * panel->next_lines && *asked < panel->next_bytes; i++, *asked += 64)
    for (guint strip = 0; strip < PANEL_ROWS / SOTTO_STRIP_ROWS; strip++)
      _mm_prefetch ((const char *) panel->next + strip * panel->next_stride + *asked, _MM_HINT_T1);
}

/* The panel, which are the rows of the product from row on, times n_tokens from token on; x begins with the panel's
 * columns. */
G_ALWAYS_INLINE static inline void
multiply_panel_tile (const Panel        *panel,
                     BlockForm           form,
                     guint               n_joined,
                     const SottoProduct *product,
                     const Steps        *x,
                     guint               row,
                     guint               token,
                     guint               n_tokens,
                     PanelSums          *sums,
                     gsize              *asked)
{
  /* Copies of its own, which stores to the sums cannot change: else gcc reads all of it again behind each. */
  const Panel own_panel = *panel;
  const Steps own_x = *x;
  gsize first_token = product->first_token + token;

  if (panel->first_block == 0)
    memset (sums, 0, n_tokens * sizeof *sums);
  for (gsize first = 0; first < own_panel.n_blocks; first += STEPS_GROUP)
    {
      gsize end = MIN (first + STEPS_GROUP, own_panel.n_blocks);
      float halves[PANEL_TOKENS][2][STEPS_GROUP];
      GroupSums group = { 0 };

      if (form == FORM_HALF_OFFSETS)
        for (guint t = 0; t < n_tokens; t++)
          sum_halves (&own_x, first_token + t, first, halves[t]);
      for (gsize block = first; block < end; block += n_joined)
        {
          ask_for_next (&own_panel, n_joined, asked);
          multiply_panel_blocks (&own_panel, block, form, n_joined, &own_x, first_token, n_tokens, halves, group);
        }
      add_panel_group (own_x.scales + first_token * own_x.float_stride + first / STEPS_GROUP, own_x.float_stride, n_tokens,
                       group, sums);
    }
  if (panel->is_last)
    store_panel_sums (sums, n_tokens, product->n_rows - row, product->y + token * product->y_stride + row,
                      product->y_stride);
}

G_ALWAYS_INLINE static inline void
multiply_panel (const Panel *panel, BlockForm form, guint n_joined, const SottoProduct *product, const Steps *x, guint row)
{
  gsize step = panel->first_block == 0 && panel->is_last ? 0 : 1;
  guint n_tokens = product->n_tokens;
  gsize asked = 0;
  guint t = 0;

  /* Sixteen that are left are two times eight: a tile of four waits for its products. */
  for (; n_tokens - t >= PANEL_TOKENS && (PANEL_TOKENS < 12 || (n_tokens - t) / 4 != 4); t += PANEL_TOKENS)
    multiply_panel_tile (panel, form, n_joined, product, x, row, t, PANEL_TOKENS, panel->sums + step * t, &asked);
  for (; PANEL_TOKENS > 8 && n_tokens - t >= 8; t += 8)
    multiply_panel_tile (panel, form, n_joined, product, x, row, t, 8, panel->sums + step * t, &asked);
  for (; PANEL_TOKENS > 4 && n_tokens - t >= 4; t += 4)
    multiply_panel_tile (panel, form, n_joined, product, x, row, t, 4, panel->sums + step * t, &asked);
  for (; t + 2 <= n_tokens; t += 2)
    multiply_panel_tile (panel, form, n_joined, product, x, row, t, 2, panel->sums + step * t, &asked);
  if (t < n_tokens)
    multiply_panel_tile (panel, form, n_joined, product, x, row, t, 1, panel->sums + step * t, &asked);
}

/* One function a form and number of joined blocks, which block types share. */
#define PANEL_FUNCTION(name, form, n_joined)                                                                    \
  static void multiply_panel_##name (const Panel *panel, const SottoProduct *product, const Steps *x, guint row) \
  {                                                                                                             \
    multiply_panel (panel, form, n_joined, product, x, row);                                                    \
  }

PANEL_FUNCTION (scale, FORM_SCALE, 1)
PANEL_FUNCTION (scale_of_8, FORM_SCALE, 8)
PANEL_FUNCTION (offset, FORM_OFFSET, 1)
PANEL_FUNCTION (offset_of_2, FORM_OFFSET, 2)
PANEL_FUNCTION (offset_of_4, FORM_OFFSET, 4)
PANEL_FUNCTION (half_offsets_of_8, FORM_HALF_OFFSETS, 8)
PANEL_FUNCTION (half_scales, FORM_HALF_SCALES, 1)
