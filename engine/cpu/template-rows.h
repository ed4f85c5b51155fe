/* Products of quantised weights with few tokens: weights are unpacked in registers and used once.
 * Included by template-multiply.h. The order of the sums is that of kernels.h: lane c of an
 * accumulator is chain c. */

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

/* One step of the eight chains. products[1] is of second halves, where they have scales of their
 * own; halves is what sum_halves() wrote. */
static inline __attribute__ ((always_inline)) __m256
add_group (BlockKind               kind,
           __m256i                 products[2],
           const GroupScales      *group,
           const Steps            *x,
           gsize                   block,
           const float            *halves,
           __m256                  sums)
{
  __m256 x_scales = _mm256_loadu_ps (x->scales + block);

  if (kind.zero != 0)
    {
      __m256i totals = _mm256_loadu_si256 ((const __m256i *) (x->totals + block));

      products[0] = _mm256_sub_epi32 (products[0],
                                      _mm256_mullo_epi32 (totals, _mm256_set1_epi32 (kind.zero)));
    }
  sums = _mm256_fmadd_ps (_mm256_cvtepi32_ps (products[0]),
                          _mm256_mul_ps (group->scales[0], x_scales), sums);
  if (kind.form == FORM_HALF_SCALES)
    sums = _mm256_fmadd_ps (_mm256_cvtepi32_ps (products[1]),
                            _mm256_mul_ps (group->scales[1], x_scales), sums);
  if (kind.form == FORM_OFFSET)
    sums = _mm256_fmadd_ps (group->offsets[0], _mm256_loadu_ps (x->sums + block), sums);
  if (kind.form == FORM_HALF_OFFSETS)
    {
      sums = _mm256_fmadd_ps (group->offsets[0], _mm256_loadu_ps (halves), sums);
      sums = _mm256_fmadd_ps (group->offsets[1], _mm256_loadu_ps (halves + x->block_stride), sums);
    }
  return sums;
}

/* The n blocks of an unpacked group with one token, as sums of whole blocks or of halves. n is 8
 * but for a row's last group. */
static inline __attribute__ ((always_inline)) void
multiply_unpacked (BlockKind     kind,
                   const __m256i low[8],
                   const __m256i high[8],
                   guint         n,
                   const gint16 *steps,
                   __m256i       products[2])
{
  __m256i first[8];
  __m256i second[8];

  for (guint b = 0; b < 8; b++)
    {
      const __m256i *x = (const __m256i *) (steps + b * STEPS_BLOCK);

      first[b] = second[b] = _mm256_setzero_si256 ();
      if (b >= n)
        continue;
      if (kind.form == FORM_HALF_SCALES)
        {
          first[b] = _mm256_madd_epi16 (low[b], _mm256_loadu_si256 (x));
          second[b] = _mm256_madd_epi16 (high[b], _mm256_loadu_si256 (x + 1));
        }
      else
        first[b] = multiply_block (low[b], high[b], steps + b * STEPS_BLOCK);
    }
  products[0] = sums_of_eight (first);
  if (kind.form == FORM_HALF_SCALES)
    products[1] = sums_of_eight (second);
}

static inline __attribute__ ((always_inline)) void
unpack_group (BlockKind kind, const guint8 *group, guint n, __m256i low[8], __m256i high[8])
{
  for (guint b = 0; b < 8; b++)
    {
      low[b] = high[b] = _mm256_setzero_si256 ();
      if (b < n)
        kind.unpack (group, b, &low[b], &high[b]);
    }
}

static inline __attribute__ ((always_inline)) __m256
multiply_group (BlockKind               kind,
                const guint8           *group,
                guint                   n,
                const Steps            *x,
                gsize                   token,
                gsize                   block,
                const float            *halves,
                __m256                  sums)
{
  const gint16 *steps = x->steps + token * x->column_stride + block * STEPS_BLOCK;
  __m256i low[8];
  __m256i high[8];
  __m256i products[2];
  GroupScales scales;

  unpack_group (kind, group, n, low, high);
  multiply_unpacked (kind, low, high, n, steps, products);
  kind.scale (group, n, scales.scales, scales.offsets);
  return add_group (kind, products, &scales, x, token * x->block_stride + block, halves + block,
                    sums);
}

/* One token, row by row: the processor looks far enough ahead to work on the next row meanwhile. */
static inline __attribute__ ((always_inline)) void
multiply_rows_once (BlockKind               kind,
                    const guint8           *rows,
                    gsize                   row_bytes,
                    guint                   n_rows,
                    const Steps            *x,
                    gsize                   token,
                    const float            *halves,
                    float                  *y)
{
  guint n_blocks = x->n_columns / STEPS_BLOCK;
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
          sums = multiply_group (kind, group, 8, x, token, (gsize) g * 8, halves, sums);
        }
      if (!kind.is_whole && rest > 0)
        sums = multiply_group (kind, group, rest, x, token, (gsize) n_whole * 8, halves, sums);
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
                   const Steps            *x,
                   gsize                   first_token,
                   guint                   n_tokens,
                   const float            *halves,
                   float                  *y,
                   gsize                   y_stride)
{
  guint n_blocks = x->n_columns / STEPS_BLOCK;

  for (guint r = 0; r < n_rows; r++, rows += row_bytes)
    {
      const guint8 *group = rows;
      __m256 sums[FEW_TOKENS];

      for (guint t = 0; t < n_tokens; t++)
        sums[t] = _mm256_setzero_ps ();
      for (guint first = 0; first < n_blocks; first += 8, group += kind.group_bytes)
        {
          guint n = kind.is_whole ? 8 : MIN (n_blocks - first, 8);
          __m256i low[8];
          __m256i high[8];
          GroupScales scales;

          unpack_group (kind, group, n, low, high);
          kind.scale (group, n, scales.scales, scales.offsets);
          for (guint t = 0; t < n_tokens; t++)
            {
              gsize token = first_token + t;
              __m256i products[2];

              multiply_unpacked (kind, low, high, n,
                                 x->steps + token * x->column_stride
                                   + (gsize) first * STEPS_BLOCK,
                                 products);
              sums[t] = add_group (kind, products, &scales, x, token * x->block_stride + first,
                                   halves + 2 * t * x->block_stride + first, sums[t]);
            }
        }
      for (guint t = 0; t < n_tokens; t++)
        y[t * y_stride + r] = sum_of_chains (sums[t]);
    }
}
