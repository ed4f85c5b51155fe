/* Products of quantised weights with many tokens (floats: template-float-panel.h). A tile of rows
 * is unpacked once into a panel in which the same pair of columns of all rows lies side by side,
 * (n_blocks, 16 pairs, PANEL_ROWS); a lane is then a row, a block's sum needs no step across lanes,
 * and each pair of a token's activations is loaded once for all rows. Rows are brought beside each other as
 * bytes, four columns in 32 bits, and widened there: the first and third of four columns are a pair, and the
 * second and fourth, in the panel and in the activations.
 *
 * The tier's registers are those of vectors.h; PANEL_TOKENS says how many tokens a tile has, for each of which two
 * sums of integers are kept in registers. */

#define PANEL_ROWS (2 * VECTOR_ROWS)

typedef struct {
  guint n_blocks;     /* of a row */
  gint32 *pairs;      /* (n_blocks, 16, PANEL_ROWS): two integers of 16 bits */
  float *scales[2];   /* (n_blocks, PANEL_ROWS), of whole blocks or of their halves */
  float *offsets[2];
  float *halves;      /* what sum_halves() says of the tokens of a tile */
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

/* Eight rows of one group, from row first_row of the panel on. rows[i] is the group of row i; those of the
 * next panel, which lie ahead bytes behind, are asked for. */
G_ALWAYS_INLINE static inline void
pack_group (BlockKind kind,
            const guint8 *const rows[8],
            gsize ahead,
            guint n,
            const Panel *panel,
            guint first_block,
            guint first_row)
{
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
      gsize index = (gsize) first_block * PANEL_ROWS + first_row;

      if (has_scales (kind.form, half))
        store_transposed (scales[half], n, panel->scales[half] + index);
      if (has_offsets (kind.form, half))
        store_transposed (offsets[half], n, panel->offsets[half] + index);
    }
}

/* Rows that are missing repeat the last one; their results are not stored. */
G_ALWAYS_INLINE static inline void
pack_panel (BlockKind kind,
            const guint8 *rows,
            gsize row_bytes,
            guint n_rows,
            const Panel *panel)
{
  guint n_blocks = panel->n_blocks;

  for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
    {
      const guint8 *groups[8];

      for (guint i = 0; i < 8; i++)
        groups[i] = rows + MIN (first_row + i, n_rows - 1) * row_bytes;
      for (guint first = 0; first < n_blocks; first += 8)
        {
          if (kind.is_whole || n_blocks - first >= 8)
            pack_group (kind, groups, PANEL_ROWS * row_bytes, 8, panel, first, first_row);
          else
            pack_group (kind, groups, PANEL_ROWS * row_bytes, n_blocks - first, panel, first, first_row);
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

/* The sums of a token's activations in the halves of its blocks, as x->sums are of whole ones:
 * block_stride of the first halves, then as many of the second. */
static void
sum_halves (const Steps *x, gsize token, float *halves)
{
  const gint16 *steps = x->steps + token * x->column_stride;
  guint n_blocks = x->n_columns / STEPS_BLOCK;
  __m256i ones = _mm256_set1_epi16 (1);

  for (guint first = 0; first < n_blocks; first += 8)
    {
      __m256 scales = _mm256_loadu_ps (x->scales + token * x->block_stride + first);

      for (guint half = 0; half < 2; half++)
        {
          __m256i sums[8];

          for (guint b = 0; b < 8; b++)
            {
              const gint16 *source = steps + (first + b) * STEPS_BLOCK + half * 16;

              sums[b] = _mm256_setzero_si256 ();
              if (first + b < n_blocks)
                sums[b] = _mm256_madd_epi16 (_mm256_loadu_si256 ((const __m256i *) source), ones);
            }
          _mm256_storeu_ps (halves + half * x->block_stride + first,
                            _mm256_mul_ps (_mm256_cvtepi32_ps (sums_of_eight (sums)), scales));
        }
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

/* Products of n_pairs pairs of columns of a block with the tokens of the tile. The first ones are no sums yet,
 * which gcc sees. */
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

/* sums += factor of the row * factor of the token * products */
G_ALWAYS_INLINE static inline void
add_panel_products (const float            *row_scales,
                    const Steps            *x,
                    gsize                   first_token,
                    gsize                   block,
                    guint                   n_tokens,
                    IntVector               products[2][PANEL_TOKENS],
                    FloatVector             sums[2][PANEL_TOKENS])
{
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        float x_scale = x->scales[(first_token + t) * x->block_stride + block];
        FloatVector scale = vector_load (row_scales + i * VECTOR_ROWS) * vector_all (x_scale);

        sums[i][t] = vector_fma (vector_to_float (products[i][t]), scale, sums[i][t]);
      }
}

/* sums += one block of the panel times the tokens of the tile */
G_ALWAYS_INLINE static inline void
multiply_panel_block (const Panel            *panel,
                      gsize                   block,
                      BlockForm               form,
                      const Steps            *x,
                      gsize                   first_token,
                      guint                   n_tokens,
                      FloatVector             sums[2][PANEL_TOKENS])
{
  const gint32 *pairs = panel->pairs + block * 16 * PANEL_ROWS;
  gsize column = block * STEPS_BLOCK;
  gsize row = block * PANEL_ROWS;
  IntVector products[2][PANEL_TOKENS];

  for (guint half = 0; half < (form == FORM_HALF_SCALES ? 2 : 1); half++)
    {
      if (form == FORM_HALF_SCALES)
        multiply_panel_pairs (pairs + half * 8 * PANEL_ROWS, 8, x, first_token, column + half * 16,
                              n_tokens, products);
      else
        multiply_panel_pairs (pairs, 16, x, first_token, column, n_tokens, products);
      add_panel_products (panel->scales[half] + row, x, first_token, block, n_tokens, products,
                          sums);
    }
  for (guint half = 0; half < 2 && has_offsets (form, half); half++)
    for (guint t = 0; t < n_tokens; t++)
      for (guint i = 0; i < 2; i++)
        {
          float sum = form == FORM_OFFSET
                        ? x->sums[(first_token + t) * x->block_stride + block]
                        : panel->halves[(2 * t + half) * x->block_stride + block];

          sums[i][t] = vector_fma (vector_load (panel->offsets[half] + row + i * VECTOR_ROWS),
                                   vector_all (sum), sums[i][t]);
        }
}

/* The panel, which are the rows of the product from row on, times n_tokens from token on. Chains rest in memory
 * (the first cache), so that panel and activations are gone through as they lie. */
G_ALWAYS_INLINE static inline void
multiply_panel_tile (const Panel        *panel,
                     BlockForm           form,
                     const SottoProduct *product,
                     const Steps        *x,
                     guint               row,
                     guint               token,
                     guint               n_tokens)
{
  guint n_blocks = panel->n_blocks;
  gsize first_token = product->first_token + token;
  guint n_rows = product->n_rows - row;
  gsize y_stride = product->y_stride;
  float *y = product->y + token * y_stride + row;
  FloatVector chains[8][2][PANEL_TOKENS];

  if (form == FORM_HALF_OFFSETS)
    for (guint t = 0; t < n_tokens; t++)
      sum_halves (x, first_token + t, panel->halves + 2 * t * x->block_stride);
  for (guint c = 0; c < 8; c++)
    for (guint t = 0; t < n_tokens; t++)
      chains[c][0][t] = chains[c][1][t] = vector_all (0.0f);
  for (gsize block = 0; block < n_blocks; block++)
    multiply_panel_block (panel, block, form, x, first_token, n_tokens, chains[block % 8]);
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        FloatVector even = (chains[0][i][t] + chains[4][i][t]) + (chains[2][i][t] + chains[6][i][t]);
        FloatVector odd = (chains[1][i][t] + chains[5][i][t]) + (chains[3][i][t] + chains[7][i][t]);

        if (n_rows > i * VECTOR_ROWS)
          vector_store_part (y + t * y_stride + i * VECTOR_ROWS,
                             MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS), even + odd);
      }
}

G_ALWAYS_INLINE static inline void
multiply_panel (const Panel        *panel,
                BlockForm           form,
                const SottoProduct *product,
                const Steps        *x,
                guint               row)
{
  guint n_tokens = product->n_tokens;
  guint t = 0;

  for (; t + PANEL_TOKENS <= n_tokens; t += PANEL_TOKENS)
    multiply_panel_tile (panel, form, product, x, row, t, PANEL_TOKENS);
  for (; t + 2 <= n_tokens; t += 2)
    multiply_panel_tile (panel, form, product, x, row, t, 2);
  if (t < n_tokens)
    multiply_panel_tile (panel, form, product, x, row, t, 1);
}

/* One function a form, which its block types share. */

static void
multiply_panel_scale (const Panel *panel, const SottoProduct *product, const Steps *x, guint row)
{
  multiply_panel (panel, FORM_SCALE, product, x, row);
}

static void
multiply_panel_offset (const Panel *panel, const SottoProduct *product, const Steps *x, guint row)
{
  multiply_panel (panel, FORM_OFFSET, product, x, row);
}

static void
multiply_panel_half_offsets (const Panel *panel, const SottoProduct *product, const Steps *x, guint row)
{
  multiply_panel (panel, FORM_HALF_OFFSETS, product, x, row);
}

static void
multiply_panel_half_scales (const Panel *panel, const SottoProduct *product, const Steps *x, guint row)
{
  multiply_panel (panel, FORM_HALF_SCALES, product, x, row);
}
