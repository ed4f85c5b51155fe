/* Products of quantised weights with many tokens on Intel's matrix unit (AMX-INT8).
 *
 * A row of weights and a row of activations each have a scale for every 256 columns (a group), by which they
 * are integers of 16 bits: 256 * high + low, both bytes with a sign. The unit multiplies bytes, 16 tokens by
 * 16 rows by 64 columns at once, and sums in int32; of the four products of bytes, low * low is left
 * out, whose share is that of half a step. A group's sums are exact, so that a token's result does not
 * depend on what stands beside it; they become a float, times both scales, which a fused multiply-add puts
 * on those of the groups before.
 *
 * Weights are unpacked once into tiles: the same four columns of 16 rows side by side. */

#define TILE_ROWS 16       /* of weights, or tokens */
#define TILE_COLUMNS 64
#define TILE_BYTES 1024
#define TILE_GROUP 256     /* columns */
#define TILE_STEPS (TILE_GROUP / TILE_COLUMNS)
#define TILE_HIGHEST 32512 /* 127 * 256: a byte of high is below 128 when low is rounded off */

/* What is smaller is taken as zero: the inverse of its scale would not be finite. */
#define TILE_SMALLEST 1e-30f

/* --- Activations --- */

/* A group of a row. The order of the columns is that of the tiles of weights: of each four, the second and
 * the third change places. An odd number of cache lines, so that the same column of 16 tokens does not
 * fall on the same lines of the first cache. */
typedef struct {
  gint8 high[TILE_GROUP];
  gint8 low[TILE_GROUP];
  float scale;
  float unused[15];
} TileTokens;

G_STATIC_ASSERT (sizeof (TileTokens) == 9 * 64 && TILE_GROUP == SOTTO_PACK_COLUMNS);

/* v[i]: 16 columns as integers. Packing leaves four columns of each vector side by side, which are put in
 * their places. */
static inline void
store_planes (const __m512i v[4], gint8 *high, gint8 *low)
{
  const __m512i places =
    _mm512_setr_epi32 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i order = _mm512_set4_epi32 (0x0f0d0e0c, 0x0b090a08, 0x07050604, 0x03010200);
  const __m512i half = _mm512_set1_epi16 (128);
  const __m512i byte = _mm512_set1_epi16 (255);
  __m512i a = _mm512_add_epi16 (_mm512_packs_epi32 (v[0], v[1]), half);
  __m512i b = _mm512_add_epi16 (_mm512_packs_epi32 (v[2], v[3]), half);
  __m512i highs = _mm512_packs_epi16 (_mm512_srai_epi16 (a, 8), _mm512_srai_epi16 (b, 8));
  __m512i lows = _mm512_packus_epi16 (_mm512_and_si512 (a, byte), _mm512_and_si512 (b, byte));

  lows = _mm512_xor_si512 (lows, _mm512_set1_epi8 (-128));
  highs = _mm512_shuffle_epi8 (_mm512_permutexvar_epi32 (places, highs), order);
  lows = _mm512_shuffle_epi8 (_mm512_permutexvar_epi32 (places, lows), order);
  _mm512_store_si512 (high, highs);
  _mm512_store_si512 (low, lows);
}

static inline __attribute__ ((always_inline)) void
pack_tile_group (const float *x, guint n, TileTokens *to)
{
  __m512 v[TILE_GROUP / 16];
  __m512 most = _mm512_setzero_ps ();
  __m512 inverse;
  float highest;

  for (guint i = 0; i < TILE_GROUP / 16; i++)
    {
      guint there = 16 * i < n ? MIN (n - 16 * i, 16) : 0;

      v[i] = n == TILE_GROUP
               ? _mm512_loadu_ps (x + 16 * i)
               : _mm512_maskz_loadu_ps ((__mmask16) ((1u << there) - 1), x + (there > 0 ? 16 * i : 0));
      most = _mm512_max_ps (most, _mm512_abs_ps (v[i]));
    }
  highest = _mm512_reduce_max_ps (most);
  inverse = _mm512_set1_ps (highest < TILE_SMALLEST ? 0.0f : TILE_HIGHEST / highest);
  to->scale = highest < TILE_SMALLEST ? 0.0f : highest / TILE_HIGHEST;
  for (guint first = 0; first < TILE_GROUP; first += TILE_COLUMNS)
    {
      __m512i integers[4];

      for (guint i = 0; i < 4; i++)
        integers[i] = _mm512_cvtps_epi32 (_mm512_mul_ps (v[first / 16 + i], inverse));
      store_planes (integers, to->high + first, to->low + first);
    }
}

static void
pack_tiles (const float *x, guint n_columns, guint first, guint n G_GNUC_UNUSED, guint8 *packed)
{
  TileTokens *groups = (TileTokens *) (gpointer) packed;

  for (guint column = first; column < n_columns; column += TILE_GROUP)
    if (n_columns - column >= TILE_GROUP)
      pack_tile_group (x + column, TILE_GROUP, groups + column / TILE_GROUP);
    else
      pack_tile_group (x + column, n_columns - column, groups + column / TILE_GROUP);
}

/* --- Weights --- */

/* A group of 16 rows. */
typedef struct {
  guint8 steps[TILE_STEPS][2][TILE_BYTES]; /* high, low */
  float scales[TILE_ROWS]; /* times 256: sums come in units of that */
} TileWeights;

/* 16 rows of 16 words: vector i gets the words i of all of them. */
static inline __attribute__ ((always_inline)) void
transpose_sixteen (const gint32 *rows, __m512i v[16])
{
  for (guint c = 0; c < 16; c += 4)
    {
      __m512i r[4];
      __m512i a[4];

      for (guint i = 0; i < 4; i++)
        {
          const gint32 *p = rows + i * 16 + c;

          r[i] = _mm512_castsi128_si512 (_mm_load_si128 ((const __m128i *) p));
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 4 * 16)), 1);
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 8 * 16)), 2);
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 12 * 16)), 3);
        }
      a[0] = _mm512_unpacklo_epi32 (r[0], r[1]);
      a[1] = _mm512_unpackhi_epi32 (r[0], r[1]);
      a[2] = _mm512_unpacklo_epi32 (r[2], r[3]);
      a[3] = _mm512_unpackhi_epi32 (r[2], r[3]);
      v[c] = _mm512_unpacklo_epi64 (a[0], a[2]);
      v[c + 1] = _mm512_unpackhi_epi64 (a[0], a[2]);
      v[c + 2] = _mm512_unpacklo_epi64 (a[1], a[3]);
      v[c + 3] = _mm512_unpackhi_epi64 (a[1], a[3]);
    }
}

/* Factors of 16 rows: a weight is scale * integer + offset. */
typedef struct {
  float scales[2][8][TILE_ROWS];  /* of the first half of a block, of the second */
  float offsets[2][8][TILE_ROWS];
} TileFactors;

static inline __attribute__ ((always_inline)) void
read_factors (BlockKind kind, const guint8 *const rows[TILE_ROWS], guint n, TileFactors *factors)
{
  gint32 words[2][TILE_ROWS * 16] __attribute__ ((aligned (64)));
  __m512i v[16];

  for (guint i = 0; i < TILE_ROWS; i++)
    {
      GroupScales group;

      kind.scale (rows[i], n, group.scales, group.offsets);
      for (guint half = 0; half < 2; half++)
        {
          gint32 *to = words[half] + i * 16;
          guint scale = kind.form == FORM_HALF_SCALES ? half : 0;
          guint offset = kind.form == FORM_HALF_OFFSETS ? half : 0;
          gboolean has_offset = kind.form == FORM_OFFSET || kind.form == FORM_HALF_OFFSETS;

          _mm256_store_ps ((float *) to, group.scales[scale]);
          _mm256_store_ps ((float *) to + 8,
                           has_offset ? group.offsets[offset] : _mm256_setzero_ps ());
        }
    }
  for (guint half = 0; half < 2; half++)
    {
      transpose_sixteen (words[half], v);
      for (guint b = 0; b < 8; b++)
        {
          __m512 scale = _mm512_castsi512_ps (v[b]);
          __m512 offset = _mm512_castsi512_ps (v[b + 8]);

          if (kind.zero != 0)
            offset = _mm512_fnmadd_ps (scale, _mm512_set1_ps ((float) kind.zero), offset);
          _mm512_store_ps (factors->scales[half][b], scale);
          _mm512_store_ps (factors->offsets[half][b], offset);
        }
    }
}

/* Integers in pairs of columns, as unpack gives them, of 16 rows. */
typedef struct {
  gint32 pairs[8][16][TILE_ROWS];
} TileIntegers;

/* The largest magnitude of a weight where integers go from low to high, two in each word. */
static inline __m512
largest_weight (__m512i low, __m512i high, __m512 scale, __m512 offset)
{
  __m512i shift = _mm512_set1_epi32 (16);
  __m512i least = _mm512_srai_epi32 (_mm512_min_epi16 (low, _mm512_sllv_epi32 (low, shift)), 16);
  __m512i most = _mm512_srai_epi32 (_mm512_max_epi16 (high, _mm512_sllv_epi32 (high, shift)), 16);
  __m512 a = _mm512_fmadd_ps (_mm512_cvtepi32_ps (least), scale, offset);
  __m512 b = _mm512_fmadd_ps (_mm512_cvtepi32_ps (most), scale, offset);

  return _mm512_max_ps (_mm512_abs_ps (a), _mm512_abs_ps (b));
}

/* n blocks of 16 rows; returns the largest magnitude of each row's weights. */
static inline __attribute__ ((always_inline)) __m512
read_integers (BlockKind           kind,
               const guint8 *const rows[TILE_ROWS],
               guint               n,
               const TileFactors  *factors,
               TileIntegers       *integers)
{
  __m512 largest = _mm512_setzero_ps ();

  for (guint b = 0; b < 8; b++)
    {
      gint32 words[TILE_ROWS * 16] __attribute__ ((aligned (64)));
      __m512i v[16];

      if (b >= n)
        break;
      for (guint i = 0; i < TILE_ROWS; i++)
        {
          __m256i low;
          __m256i high;

          kind.unpack (rows[i], b, &low, &high);
          _mm256_store_si256 ((__m256i *) (words + i * 16), low);
          _mm256_store_si256 ((__m256i *) (words + i * 16 + 8), high);
        }
      transpose_sixteen (words, v);
      for (guint half = 0; half < 2; half++)
        {
          __m512i least = v[8 * half];
          __m512i most = v[8 * half];

          for (guint p = 8 * half; p < 8 * half + 8; p++)
            {
              _mm512_store_si512 (integers->pairs[b][p], v[p]);
              least = _mm512_min_epi16 (least, v[p]);
              most = _mm512_max_epi16 (most, v[p]);
            }
          largest = _mm512_max_ps (
            largest, largest_weight (least, most, _mm512_load_ps (factors->scales[half][b]),
                                     _mm512_load_ps (factors->offsets[half][b])));
        }
    }
  return largest;
}

/* A pair of columns as integers of 16 bits plus 128, side by side as they came. */
static inline __m512i
scale_pair (const gint32 *pair, __m512 scale, __m512 offset)
{
  __m512i v = _mm512_load_si512 (pair);
  __m512 first = _mm512_cvtepi32_ps (_mm512_srai_epi32 (_mm512_slli_epi32 (v, 16), 16));
  __m512 second = _mm512_cvtepi32_ps (_mm512_srai_epi32 (v, 16));
  __m512i a = _mm512_cvtps_epi32 (_mm512_fmadd_ps (first, scale, offset));
  __m512i b = _mm512_cvtps_epi32 (_mm512_fmadd_ps (second, scale, offset));

  return _mm512_mask_blend_epi16 (0xaaaaaaaa, a, _mm512_slli_epi32 (b, 16));
}

/* Four columns: half of a block's quarter. Bits of a where the mask has them, else of b: 0xca. */
static inline __attribute__ ((always_inline)) void
store_four (const TileIntegers *integers, guint b, guint quarter, __m512 scale, __m512 offset, guint8 *high, guint8 *low)
{
  const __m512i mask = _mm512_set1_epi32 (0x00ff00ff);
  __m512i first = scale_pair (integers->pairs[b][2 * quarter], scale, offset);
  __m512i second = scale_pair (integers->pairs[b][2 * quarter + 1], scale, offset);

  _mm512_store_si512 (high, _mm512_ternarylogic_epi32 (mask, _mm512_srli_epi16 (first, 8), second, 0xca));
  _mm512_store_si512 (low, _mm512_xor_si512 (_mm512_ternarylogic_epi32 (mask, first, _mm512_slli_epi16 (second, 8), 0xca),
                                             _mm512_set1_epi8 (-128)));
}

/* A group of 16 rows, n blocks of it there. */
static inline __attribute__ ((always_inline)) void
pack_weights (BlockKind kind, const guint8 *const rows[TILE_ROWS], guint n, TileWeights *to)
{
  TileFactors factors __attribute__ ((aligned (64)));
  TileIntegers integers __attribute__ ((aligned (64)));
  __m512 largest;
  __m512 inverse;
  __mmask16 is_small;

  read_factors (kind, rows, n, &factors);
  largest = read_integers (kind, rows, n, &factors, &integers);
  is_small = _mm512_cmp_ps_mask (largest, _mm512_set1_ps (TILE_SMALLEST), _CMP_LT_OQ);
  inverse = _mm512_maskz_div_ps ((__mmask16) ~is_small, _mm512_set1_ps (TILE_HIGHEST), largest);
  _mm512_store_ps (to->scales, _mm512_maskz_mul_ps ((__mmask16) ~is_small, largest, _mm512_set1_ps (256.0f / TILE_HIGHEST)));
  for (guint b = 0; b < 8; b++)
    {
      guint8 (*planes)[TILE_BYTES] = to->steps[b / 2];

      for (guint quarter = 0; quarter < 8; quarter++)
        {
          guint half = quarter / 4;
          gsize place = (b % 2 * 8 + quarter) * 64;
          __m512 scale = _mm512_mul_ps (_mm512_load_ps (factors.scales[half][b]), inverse);
          __m512 offset = _mm512_fmadd_ps (_mm512_load_ps (factors.offsets[half][b]), inverse, _mm512_set1_ps (128.0f));

          if (b < n)
            store_four (&integers, b, quarter, scale, offset, planes[0] + place, planes[1] + place);
          else
            {
              _mm512_store_si512 (planes[0] + place, _mm512_setzero_si512 ());
              _mm512_store_si512 (planes[1] + place, _mm512_setzero_si512 ());
            }
        }
    }
}

/* --- Products --- */

/* What the unit's eight registers hold: sums of high * high and of the mixed products of two tiles of
 * tokens, tokens, weights. */
#define HIGH_0 0
#define MIXED_0 1
#define HIGH_1 2
#define MIXED_1 3
#define TOKENS_0 4
#define TOKENS_1 5
#define WEIGHTS_HIGH 6
#define WEIGHTS_LOW 7

#define TILE_TOKENS 32 /* that are multiplied together */

typedef struct {
  guint8 palette;
  guint8 start;
  guint8 reserved[14];
  guint16 row_bytes[16];
  guint8 rows[16];
} TileShapes;

/* gcc does not know what the instructions on tiles read: what was stored for them has to be in memory. */
static inline void
tile_barrier (void)
{
  __asm__ volatile ("" : : : "memory");
}

/* Tiles for n tokens, at most TILE_TOKENS. */
static void
shape_tiles (guint n)
{
  TileShapes shapes = { .palette = 1 };

  for (guint i = 0; i < 8; i++)
    {
      gboolean is_second = i == HIGH_1 || i == MIXED_1 || i == TOKENS_1;
      guint tokens = is_second ? (n > TILE_ROWS ? n - TILE_ROWS : 0) : MIN (n, TILE_ROWS);

      shapes.rows[i] = (guint8) (i >= WEIGHTS_HIGH ? TILE_ROWS : tokens);
      shapes.row_bytes[i] = shapes.rows[i] > 0 ? 64 : 0;
    }
  tile_barrier ();
  _tile_loadconfig (&shapes);
}

/* Integers that wait to be added to y, while the unit computes the next. */
typedef struct {
  gint32 (*integers)[2][TILE_ROWS][TILE_ROWS]; /* (2 tiles of tokens, high and mixed, tokens, rows) */
  const float *scales;                         /* of the rows */
  const TileTokens *tokens;                    /* of the first token; NULL: nothing waits */
  gsize stride;                                /* bytes to the next one */
  float *y;
  gsize y_stride;
  guint n_tokens;
  __mmask16 rows;
  gboolean is_first;                           /* group of the row */
} TileSums;

/* n tokens from first on, of one tile. The sum of high * high is at most 256 * 127^2, that of the mixed ones twice
 * as much: so 256 times the one and the other are still below 2^31. */
static inline __attribute__ ((always_inline)) void
add_tokens (const TileSums *self, guint first, guint n, gboolean is_first)
{
  __m512 row_scales = _mm512_loadu_ps (self->scales);
  const gint32 *high = self->integers[first / TILE_ROWS][0][first % TILE_ROWS];
  const gint32 *mixed = high + TILE_ROWS * TILE_ROWS;
  const guint8 *tokens = (const guint8 *) &self->tokens->scale + first * self->stride;
  gsize stride = self->stride;
  float *y = self->y + first * self->y_stride;
  gsize y_stride = self->y_stride;
  __mmask16 rows = self->rows;

#pragma GCC unroll 8
  for (guint i = 0; i < n; i++)
    {
      __m512i sum = _mm512_add_epi32 (_mm512_slli_epi32 (_mm512_load_si512 (high + i * TILE_ROWS), 8),
                                      _mm512_load_si512 (mixed + i * TILE_ROWS));
      __m512 scale = _mm512_mul_ps (row_scales, _mm512_set1_ps (*(const float *) (gconstpointer) tokens));
      __m512 before = is_first ? _mm512_setzero_ps () : _mm512_maskz_loadu_ps (rows, y);

      _mm512_mask_storeu_ps (y, rows, _mm512_fmadd_ps (_mm512_cvtepi32_ps (sum), scale, before));
      tokens += stride;
      y += y_stride;
    }
}

/* Tokens first … first + 7, as many as there are. */
static inline __attribute__ ((always_inline)) void
add_sums (const TileSums *self, guint first)
{
  if (first + 8 > self->n_tokens)
    add_tokens (self, first, self->n_tokens > first ? self->n_tokens - first : 0, self->is_first);
  else if (self->is_first)
    add_tokens (self, first, 8, TRUE);
  else
    add_tokens (self, first, 8, FALSE);
}

static void
add_rest (TileSums *self, guint first)
{
  if (self->tokens == NULL)
    return;
  for (; first < self->n_tokens; first += 8)
    add_sums (self, first);
  self->tokens = NULL;
}

/* One group of a tile of rows times the tokens: to integers. What waits is added meanwhile. */
static inline __attribute__ ((always_inline)) void
multiply_group_tiles (const TileWeights *weights,
                      guint              n_steps,
                      const TileTokens  *tokens,
                      gsize              stride,
                      gboolean           has_second,
                      gint32           (*integers)[2][TILE_ROWS][TILE_ROWS],
                      TileSums          *waiting)
{
  const gint8 *first = tokens->high;
  const gint8 *second = first + TILE_ROWS * stride;

  _tile_zero (HIGH_0);
  _tile_zero (MIXED_0);
  if (has_second)
    {
      _tile_zero (HIGH_1);
      _tile_zero (MIXED_1);
    }
  for (guint step = 0; step < n_steps; step++, first += TILE_COLUMNS, second += TILE_COLUMNS)
    {
      _tile_loadd (WEIGHTS_HIGH, weights->steps[step][0], 64);
      _tile_loadd (TOKENS_0, first, stride);
      _tile_dpbssd (HIGH_0, TOKENS_0, WEIGHTS_HIGH);
      if (has_second)
        {
          _tile_loadd (TOKENS_1, second, stride);
          _tile_dpbssd (HIGH_1, TOKENS_1, WEIGHTS_HIGH);
        }
      _tile_loadd (WEIGHTS_LOW, weights->steps[step][1], 64);
      _tile_dpbssd (MIXED_0, TOKENS_0, WEIGHTS_LOW);
      if (has_second)
        _tile_dpbssd (MIXED_1, TOKENS_1, WEIGHTS_LOW);
      _tile_loadd (TOKENS_0, first + TILE_GROUP, stride);
      _tile_dpbssd (MIXED_0, TOKENS_0, WEIGHTS_HIGH);
      if (has_second)
        {
          _tile_loadd (TOKENS_1, second + TILE_GROUP, stride);
          _tile_dpbssd (MIXED_1, TOKENS_1, WEIGHTS_HIGH);
        }
      if (waiting->tokens != NULL)
        add_sums (waiting, step * 8);
    }
  add_rest (waiting, n_steps * 8);
  _tile_stored (HIGH_0, integers[0][0], 64);
  _tile_stored (MIXED_0, integers[0][1], 64);
  if (has_second)
    {
      _tile_stored (HIGH_1, integers[1][0], 64);
      _tile_stored (MIXED_1, integers[1][1], 64);
    }
}

/* Rows unpacked once for all tokens of a call. */
typedef struct {
  TileWeights *weights;      /* (n_groups, n_tiles) */
  gint32 (*integers)[2][2][TILE_ROWS][TILE_ROWS]; /* (2): one is added while the other is computed */
  guint n_groups;
  guint n_tiles;             /* of rows */
  guint n_rows;
  guint n_columns;
} TilePanel;

/* At most TILE_TOKENS tokens, for which the tiles are shaped. */
static inline __attribute__ ((always_inline)) void
multiply_tokens (const TilePanel *panel,
                 guint            group,
                 const guint8    *tokens,
                 gsize            stride,
                 guint            n_tokens,
                 gboolean         has_second,
                 float           *y,
                 gsize            y_stride,
                 TileSums        *waiting)
{
  const TileTokens *x = (const TileTokens *) (gconstpointer) tokens + group;
  guint n_columns = MIN (panel->n_columns - group * TILE_GROUP, TILE_GROUP);
  guint n_steps = (n_columns + TILE_COLUMNS - 1) / TILE_COLUMNS;

  for (guint tile = 0; tile < panel->n_tiles; tile++)
    {
      const TileWeights *weights = panel->weights + (gsize) group * panel->n_tiles + tile;
      gint32 (*integers)[2][TILE_ROWS][TILE_ROWS] =
        panel->integers[waiting->integers == panel->integers[0] ? 1 : 0];
      guint n_rows = MIN (panel->n_rows - tile * TILE_ROWS, TILE_ROWS);

      multiply_group_tiles (weights, n_steps, x, stride, has_second, integers, waiting);
      *waiting = (TileSums) {
        .integers = integers,
        .scales = weights->scales,
        .tokens = x,
        .stride = stride,
        .y = y + tile * TILE_ROWS,
        .y_stride = y_stride,
        .n_tokens = n_tokens,
        .rows = (__mmask16) ((1u << n_rows) - 1),
        .is_first = group == 0,
      };
    }
}

static void
multiply_tile_panel (const TilePanel *panel,
                     const guint8    *tokens,
                     gsize            stride,
                     guint            n_tokens,
                     float           *y,
                     gsize            y_stride)
{
  TileSums waiting = { 0 };
  guint n_whole = n_tokens / TILE_TOKENS * TILE_TOKENS;
  guint rest = n_tokens - n_whole;

  if (n_whole > 0)
    {
      shape_tiles (TILE_TOKENS);
      for (guint group = 0; group < panel->n_groups; group++)
        for (guint t = 0; t < n_whole; t += TILE_TOKENS)
          multiply_tokens (panel, group, tokens + t * stride, stride, TILE_TOKENS, TRUE,
                           y + t * y_stride, y_stride, &waiting);
      add_rest (&waiting, 0);
    }
  if (rest > 0)
    {
      tokens += n_whole * stride;
      y += n_whole * y_stride;
      shape_tiles (rest);
      for (guint group = 0; group < panel->n_groups; group++)
        if (rest > TILE_ROWS)
          multiply_tokens (panel, group, tokens, stride, rest, TRUE, y, y_stride, &waiting);
        else
          multiply_tokens (panel, group, tokens, stride, rest, FALSE, y, y_stride, &waiting);
      add_rest (&waiting, 0);
    }
  _tile_release ();
}

static inline __attribute__ ((always_inline)) void
multiply_kind_tiles (BlockKind               kind,
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
  const guint8 *data = (const guint8 *) weight->data + first_row * weight->row_bytes;
  guint n_blocks = x->n_columns / 32;
  TilePanel panel = {
    .integers = scratch,
    .n_groups = (n_blocks + 7) / 8,
    .n_columns = x->n_columns,
  };

  panel.weights = (TileWeights *) (gpointer) (panel.integers + 2);
  for (guint r = 0; r < n_rows; r += 2 * TILE_ROWS)
    {
      panel.n_rows = MIN (n_rows - r, 2 * TILE_ROWS);
      panel.n_tiles = (panel.n_rows + TILE_ROWS - 1) / TILE_ROWS;
      for (guint tile = 0; tile < panel.n_tiles; tile++)
        {
          const guint8 *rows[TILE_ROWS];

          /* rows that are missing repeat the last one; their results are not stored */
          for (guint i = 0; i < TILE_ROWS; i++)
            rows[i] = data + MIN (r + tile * TILE_ROWS + i, n_rows - 1) * weight->row_bytes;
          for (guint group = 0; group < panel.n_groups; group++)
            {
              TileWeights *to = panel.weights + (gsize) group * panel.n_tiles + tile;

              if (kind.is_whole || n_blocks - group * 8 >= 8)
                pack_weights (kind, rows, 8, to);
              else
                pack_weights (kind, rows, n_blocks - group * 8, to);
              for (guint i = 0; i < TILE_ROWS; i++)
                rows[i] += kind.group_bytes;
            }
        }
      multiply_tile_panel (&panel, sotto_activations_packed (x, first_token),
                           x->set_bytes[x->form], n_tokens, y + r, y_stride);
    }
}
