/* Products of quantised weights with few tokens: weights are unpacked in registers and used once.
 * Included by template-multiply.h. The order of the sums is that of kernels.h: lane c of an
 * accumulator is chain c. */

typedef void (*Unpack) (const guint8 *group, guint b, __m256i *low, __m256i *high);
typedef void (*Scale) (const guint8 *group, guint n, __m256 *scales, __m256 *offsets);

/* What a block type is to the templates; constants where they are inlined. */
typedef struct {
  Unpack unpack;
  Scale scale;
  guint group_bytes;  /* of eight blocks */
  int zero;           /* subtracted from the integers */
  gboolean has_offset;
} BlockKind;

/* Lane i: the sum of v[i]. */
static inline __m256i
sums_of_eight (const __m256i v[8])
{
  __m256i a = _mm256_hadd_epi32 (_mm256_hadd_epi32 (v[0], v[1]), _mm256_hadd_epi32 (v[2], v[3]));
  __m256i b = _mm256_hadd_epi32 (_mm256_hadd_epi32 (v[4], v[5]), _mm256_hadd_epi32 (v[6], v[7]));

  return _mm256_add_epi32 (_mm256_permute2x128_si256 (a, b, 0x20),
                           _mm256_permute2x128_si256 (a, b, 0x31));
}

static inline float
sum_of_chains (__m256 v)
{
  __m128 four = _mm_add_ps (_mm256_castps256_ps128 (v), _mm256_extractf128_ps (v, 1));
  __m128 two = _mm_add_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_add_ss (two, _mm_movehdup_ps (two)));
}

/* Products of 32 pairs, summed to eight. */
static inline __m256i
multiply_block (__m256i low, __m256i high, const gint16 *x)
{
  __m256i x_low = _mm256_loadu_si256 ((const __m256i *) x);
  __m256i x_high = _mm256_loadu_si256 ((const __m256i *) (x + 16));

#ifdef __AVX512VNNI__
  return _mm256_dpwssd_epi32 (_mm256_madd_epi16 (low, x_low), high, x_high);
#else
  return _mm256_add_epi32 (_mm256_madd_epi16 (low, x_low), _mm256_madd_epi16 (high, x_high));
#endif
}

/* One step of the eight chains. */
static inline __attribute__ ((always_inline)) __m256
add_group (BlockKind               kind,
           __m256i                 products,
           __m256                  scales,
           __m256                  offsets,
           const SottoActivations *x,
           gsize                   block,
           __m256                  sums)
{
  if (kind.zero != 0)
    {
      __m256i totals = _mm256_loadu_si256 ((const __m256i *) (x->totals + block));

      products = _mm256_sub_epi32 (products,
                                   _mm256_mullo_epi32 (totals, _mm256_set1_epi32 (kind.zero)));
    }
  scales = _mm256_mul_ps (scales, _mm256_loadu_ps (x->scales + block));
  sums = _mm256_fmadd_ps (_mm256_cvtepi32_ps (products), scales, sums);
  if (kind.has_offset)
    sums = _mm256_fmadd_ps (offsets, _mm256_loadu_ps (x->sums + block), sums);
  return sums;
}

/* The n blocks of a group with one token. n is 8 but for a row's last group. */
static inline __attribute__ ((always_inline)) __m256
multiply_group (BlockKind               kind,
                const guint8           *group,
                guint                   n,
                const SottoActivations *x,
                gsize                   token,
                gsize                   block,
                __m256                  sums)
{
  const gint16 *steps = x->steps + token * x->column_stride + block * SOTTO_STEPS_BLOCK;
  __m256i products[8];
  __m256 scales;
  __m256 offsets;

  for (guint b = 0; b < 8; b++)
    {
      __m256i low;
      __m256i high;

      if (b >= n)
        {
          products[b] = _mm256_setzero_si256 ();
          continue;
        }
      kind.unpack (group, b, &low, &high);
      products[b] = multiply_block (low, high, steps + b * SOTTO_STEPS_BLOCK);
    }
  kind.scale (group, n, &scales, &offsets);
  return add_group (kind, sums_of_eight (products), scales, offsets, x,
                    token * x->block_stride + block, sums);
}

/* One token, row by row: the processor looks far enough ahead to work on the next row meanwhile. */
static inline __attribute__ ((always_inline)) void
multiply_rows_once (BlockKind               kind,
                    const guint8           *rows,
                    gsize                   row_bytes,
                    guint                   n_rows,
                    const SottoActivations *x,
                    gsize                   token,
                    float                  *y)
{
  guint n_blocks = x->n_columns / SOTTO_STEPS_BLOCK;
  guint n_whole = n_blocks / 8;
  guint rest = n_blocks % 8;

  for (guint r = 0; r < n_rows; r++, rows += row_bytes)
    {
      const guint8 *group = rows;
      __m256 sums = _mm256_setzero_ps ();

      for (guint g = 0; g < n_whole; g++, group += kind.group_bytes)
        {
          _mm_prefetch ((const char *) group + PREFETCH_AHEAD, _MM_HINT_T0);
          _mm_prefetch ((const char *) group + PREFETCH_AHEAD + 64, _MM_HINT_T0);
          _mm_prefetch ((const char *) group + PREFETCH_AHEAD + 128, _MM_HINT_T0);
          sums = multiply_group (kind, group, 8, x, token, (gsize) g * 8, sums);
        }
      if (rest > 0)
        sums = multiply_group (kind, group, rest, x, token, (gsize) n_whole * 8, sums);
      y[r] = sum_of_chains (sums);
    }
}

#define FEW_TOKENS 4 /* more than these take the panel */

/* Two to FEW_TOKENS tokens: a group is unpacked once. */
static inline __attribute__ ((always_inline)) void
multiply_rows_few (BlockKind               kind,
                   const guint8           *rows,
                   gsize                   row_bytes,
                   guint                   n_rows,
                   const SottoActivations *x,
                   gsize                   first_token,
                   guint                   n_tokens,
                   float                  *y,
                   gsize                   y_stride)
{
  guint n_blocks = x->n_columns / SOTTO_STEPS_BLOCK;

  for (guint r = 0; r < n_rows; r++, rows += row_bytes)
    {
      const guint8 *group = rows;
      __m256 sums[FEW_TOKENS];

      for (guint t = 0; t < n_tokens; t++)
        sums[t] = _mm256_setzero_ps ();
      for (guint first = 0; first < n_blocks; first += 8, group += kind.group_bytes)
        {
          guint n = MIN (n_blocks - first, 8);
          __m256i low[8];
          __m256i high[8];
          __m256 scales;
          __m256 offsets;

          for (guint b = 0; b < 8; b++)
            {
              low[b] = high[b] = _mm256_setzero_si256 ();
              if (b < n)
                kind.unpack (group, b, &low[b], &high[b]);
            }
          kind.scale (group, n, &scales, &offsets);
          for (guint t = 0; t < n_tokens; t++)
            {
              gsize token = first_token + t;
              const gint16 *steps = x->steps + token * x->column_stride
                                    + (gsize) first * SOTTO_STEPS_BLOCK;
              __m256i products[8];

              for (guint b = 0; b < 8; b++)
                products[b] = b < n
                                ? multiply_block (low[b], high[b], steps + b * SOTTO_STEPS_BLOCK)
                                : _mm256_setzero_si256 ();
              sums[t] = add_group (kind, sums_of_eight (products), scales, offsets, x,
                                   token * x->block_stride + first, sums[t]);
            }
        }
      for (guint t = 0; t < n_tokens; t++)
        y[t * y_stride + r] = sum_of_chains (sums[t]);
    }
}
