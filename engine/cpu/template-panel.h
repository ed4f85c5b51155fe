/* Products of quantised weights with many tokens. A tile of rows is unpacked once into a panel in
 * which the same pair of columns of all rows lies side by side, (n_blocks, 16 pairs, PANEL_ROWS); a
 * lane is then a row, a block's sum needs no step across lanes, and each pair of a token's
 * activations is loaded once for all rows.
 *
 * The tier defines the vectors: IntVector, FloatVector, VECTOR_ROWS (their lanes), PANEL_TOKENS
 * (tokens of a tile: two accumulators of each kind for each token are kept in registers), and the
 * vector_* functions. */

#define PANEL_ROWS (2 * VECTOR_ROWS)

typedef struct {
  gint32 *pairs;      /* (n_blocks, 16, PANEL_ROWS): two integers of 16 bits */
  float *scales;      /* (n_blocks, PANEL_ROWS) */
  float *offsets;     /* (n_blocks, PANEL_ROWS) */
} Panel;

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

/* Eight rows of one group, from row first_row of the panel on. rows[i] is the group of row i. */
static inline __attribute__ ((always_inline)) void
pack_group (BlockKind kind,
            const guint8 *const rows[8],
            guint n,
            const Panel *panel,
            guint first_block,
            guint first_row)
{
  __m256i scales[8];
  __m256i offsets[8];

  for (guint b = 0; b < 8; b++)
    {
      gint32 *pairs = panel->pairs + (gsize) (first_block + b) * 16 * PANEL_ROWS + first_row;
      __m256i low[8];
      __m256i high[8];

      if (b >= n)
        break;
      for (guint i = 0; i < 8; i++)
        kind.unpack (rows[i], b, &low[i], &high[i]);
      transpose_eight (low);
      transpose_eight (high);
      for (guint p = 0; p < 8; p++)
        {
          _mm256_storeu_si256 ((__m256i *) (pairs + p * PANEL_ROWS), low[p]);
          _mm256_storeu_si256 ((__m256i *) (pairs + (p + 8) * PANEL_ROWS), high[p]);
        }
    }
  for (guint i = 0; i < 8; i++)
    {
      __m256 scale;
      __m256 offset;

      kind.scale (rows[i], n, &scale, &offset);
      scales[i] = _mm256_castps_si256 (scale);
      offsets[i] = _mm256_castps_si256 (offset);
    }
  transpose_eight (scales);
  if (kind.has_offset)
    transpose_eight (offsets);
  for (guint b = 0; b < n; b++)
    {
      gsize index = (gsize) (first_block + b) * PANEL_ROWS + first_row;

      _mm256_storeu_si256 ((__m256i *) (panel->scales + index), scales[b]);
      if (kind.has_offset)
        _mm256_storeu_si256 ((__m256i *) (panel->offsets + index), offsets[b]);
    }
}

/* Rows that are missing repeat the last one; their results are not stored. */
static inline __attribute__ ((always_inline)) void
pack_panel (BlockKind kind,
            const guint8 *rows,
            gsize row_bytes,
            guint n_rows,
            guint n_blocks,
            const Panel *panel)
{
  for (guint first_row = 0; first_row < PANEL_ROWS; first_row += 8)
    {
      const guint8 *groups[8];

      for (guint i = 0; i < 8; i++)
        groups[i] = rows + MIN (first_row + i, n_rows - 1) * row_bytes;
      for (guint first = 0; first < n_blocks; first += 8)
        {
          if (n_blocks - first >= 8)
            pack_group (kind, groups, 8, panel, first, first_row);
          else
            pack_group (kind, groups, n_blocks - first, panel, first, first_row);
          for (guint i = 0; i < 8; i++)
            groups[i] += kind.group_bytes;
        }
    }
}

/* sums += one block of the panel times the tokens of the tile */
static inline __attribute__ ((always_inline)) void
multiply_panel_block (const Panel            *panel,
                      guint                   block,
                      int                     zero,
                      gboolean                has_offset,
                      const SottoActivations *x,
                      gsize                   first_token,
                      guint                   n_tokens,
                      FloatVector             sums[2][PANEL_TOKENS])
{
  const gint32 *pairs = panel->pairs + (gsize) block * 16 * PANEL_ROWS;
  IntVector products[2][PANEL_TOKENS];

  for (guint t = 0; t < n_tokens; t++)
    products[0][t] = products[1][t] = vector_all_int (
      -zero * x->totals[(first_token + t) * x->block_stride + block]);
  for (guint p = 0; p < 16; p++)
    {
      IntVector left = vector_load_int (pairs + p * PANEL_ROWS);
      IntVector right = vector_load_int (pairs + p * PANEL_ROWS + VECTOR_ROWS);

      for (guint t = 0; t < n_tokens; t++)
        {
          IntVector pair = vector_all_pair (x->steps + (first_token + t) * x->column_stride +
                                            (gsize) block * SOTTO_STEPS_BLOCK + 2 * p);

          products[0][t] = vector_multiply_pairs (products[0][t], left, pair);
          products[1][t] = vector_multiply_pairs (products[1][t], right, pair);
        }
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        gsize row = (gsize) block * PANEL_ROWS + i * VECTOR_ROWS;
        gsize index = (first_token + t) * x->block_stride + block;
        FloatVector scale = vector_multiply (vector_load (panel->scales + row),
                                             vector_all (x->scales[index]));

        sums[i][t] = vector_fma (vector_to_float (products[i][t]), scale, sums[i][t]);
        if (has_offset)
          sums[i][t] = vector_fma (vector_load (panel->offsets + row), vector_all (x->sums[index]),
                                   sums[i][t]);
      }
}

/* The panel times a tile of tokens, chain by chain. */
static inline __attribute__ ((always_inline)) void
multiply_panel_tile (const Panel            *panel,
                     guint                   n_blocks,
                     int                     zero,
                     gboolean                has_offset,
                     const SottoActivations *x,
                     gsize                   first_token,
                     guint                   n_tokens,
                     guint                   n_rows,
                     float                  *y,
                     gsize                   y_stride)
{
  FloatVector chains[8][2][PANEL_TOKENS];

  for (guint c = 0; c < 8; c++)
    {
      FloatVector sums[2][PANEL_TOKENS];

      for (guint t = 0; t < n_tokens; t++)
        sums[0][t] = sums[1][t] = vector_all (0.0f);
      for (guint block = c; block < n_blocks; block += 8)
        multiply_panel_block (panel, block, zero, has_offset, x, first_token, n_tokens, sums);
      for (guint t = 0; t < n_tokens; t++)
        {
          chains[c][0][t] = sums[0][t];
          chains[c][1][t] = sums[1][t];
        }
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint i = 0; i < 2; i++)
      {
        FloatVector even = vector_add (vector_add (chains[0][i][t], chains[4][i][t]),
                                       vector_add (chains[2][i][t], chains[6][i][t]));
        FloatVector odd = vector_add (vector_add (chains[1][i][t], chains[5][i][t]),
                                      vector_add (chains[3][i][t], chains[7][i][t]));

        if (n_rows > i * VECTOR_ROWS)
          vector_store_part (y + t * y_stride + i * VECTOR_ROWS,
                             MIN (n_rows - i * VECTOR_ROWS, VECTOR_ROWS), vector_add (even, odd));
      }
}

static inline __attribute__ ((always_inline)) void
multiply_panel (const Panel            *panel,
                guint                   n_blocks,
                int                     zero,
                gboolean                has_offset,
                const SottoActivations *x,
                gsize                   first_token,
                guint                   n_tokens,
                guint                   n_rows,
                float                  *y,
                gsize                   y_stride)
{
  guint t = 0;

  for (; t + PANEL_TOKENS <= n_tokens; t += PANEL_TOKENS)
    multiply_panel_tile (panel, n_blocks, zero, has_offset, x, first_token + t, PANEL_TOKENS,
                         n_rows, y + t * y_stride, y_stride);
  for (; t + 2 <= n_tokens; t += 2)
    multiply_panel_tile (panel, n_blocks, zero, has_offset, x, first_token + t, 2, n_rows,
                         y + t * y_stride, y_stride);
  if (t < n_tokens)
    multiply_panel_tile (panel, n_blocks, zero, has_offset, x, first_token + t, 1, n_rows,
                         y + t * y_stride, y_stride);
}

static void
multiply_panel_plain (const Panel            *panel,
                      guint                   n_blocks,
                      int                     zero,
                      const SottoActivations *x,
                      gsize                   first_token,
                      guint                   n_tokens,
                      guint                   n_rows,
                      float                  *y,
                      gsize                   y_stride)
{
  multiply_panel (panel, n_blocks, zero, FALSE, x, first_token, n_tokens, n_rows, y, y_stride);
}

static void
multiply_panel_offset (const Panel            *panel,
                       guint                   n_blocks,
                       int                     zero,
                       const SottoActivations *x,
                       gsize                   first_token,
                       guint                   n_tokens,
                       guint                   n_rows,
                       float                  *y,
                       gsize                   y_stride)
{
  multiply_panel (panel, n_blocks, zero, TRUE, x, first_token, n_tokens, n_rows, y, y_stride);
}
