#pragma once

#include "cpu/round-block.h"

/* Activations of few tokens (SOTTO_FORM_FEW), over lanes and AVX2 or NEON; read by template-few.h and, with weights in
 * strips, by template-strips.h, which says in which order it takes its sums.
 *
 * Blocks of 32 columns share a scale. Their steps are integers of 15 bits, split into planes of bytes
 * that can be multiplied with bytes: 128 * high + low, low from 0 to 127.
 *
 * The columns of a group of 256 stand in four vectors of 64, in two pairs: a pair holds four blocks of 32
 * columns, their first halves in one vector, their second halves in the other. So a lane of 32 bits
 * has eight columns of one block, and what is multiplied with a block's scale takes one conversion
 * for 128 columns. The first pair has the blocks 0, 2, 4, 6, the second 1, 3, 5, 7, as the nibbles
 * of the K types lie; of a row's last group, if it is not full, 0, 1, 2, 3 and 4, 5, 6, 7, so that
 * with four blocks or less there is but one pair.
 *
 * A token's sum with a row of weights is kept in sixteen lanes. A group adds to them with fused
 * multiply-adds: for each pair, or for each of its halves where 16 columns of weights have a scale,
 * the exact integer times the product of the two scales; and the offsets times the sums of columns,
 * those of a type of blocks of 32 behind its pair, those of others behind both. At the end of the
 * row lanes_sum() adds the lanes. So the bits depend neither on the width of registers nor on how
 * many tokens share the work. */

#define FEW_COLUMNS 256

/* Where nothing multiplies all bytes with a sign. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__aarch64__)
#define FEW_HAS_WORDS 0
#else
#define FEW_HAS_WORDS 1
#endif

#define FEW_HIGHEST (127 * 128)

typedef struct {
  gint8 high[2][64];        /* of the first halves, of the second halves */
  gint8 low[2][64];
  gint32 zeros[16];         /* minus the sum of a lane's columns */
  gint32 half_zeros[2][16]; /* the same of each half */
  float scales[16];
#if FEW_HAS_WORDS
  gint16 words[2][2][2][16]; /* of each half, of two blocks each: even columns, odd ones, whole */
#endif
} FewPair;

typedef struct {
  FewPair pairs[2];
  float pair_sums[2][16];   /* the sum of a pair's block i in lane 2 i + 1; zeros else */
  float sums[16];           /* minus those of blocks 0 … 3 in lanes 4 … 7, of 4 … 7 in 12 … 15 */
  float half_sums[16];      /* minus the sums of 16 columns each, in their order */

  /* For strips, in the order of the columns */
  gint32 block_zeros[8];    /* minus the sums of the steps of 32 columns */
  float block_sums[8];      /* the sums of 32 columns */
  gint32 half_zeros[16];    /* minus the sums of the steps of 16 columns */
} FewGroup;

static inline guint
few_groups (guint n_columns)
{
  return (n_columns + FEW_COLUMNS - 1) / FEW_COLUMNS;
}

/* The block that is the i-th of a pair. */
static inline guint
few_block (gboolean is_full, guint pair, guint i)
{
  return is_full ? 2 * i + pair : 4 * pair + i;
}

/* The steps of 32 columns. Returns their scale. */
static inline float
few_round (const float *x, gint16 steps[ROUND_BLOCK])
{
  Lanes low = lanes_load (x);
  Lanes high = lanes_load (x + LANES);
  float highest = round_highest (low, high);
  Lanes inverse = lanes_all (round_inverse (FEW_HIGHEST, highest));

  lanes_store_steps (steps, round_lanes (low, inverse));
  lanes_store_steps (steps + LANES, round_lanes (high, inverse));
  return round_scale (FEW_HIGHEST, highest);
}

#ifdef __aarch64__

/* Block i of a pair. Leaves the sums of its halves. */
static inline void
few_pack_block (const gint16 *steps, float scale, FewPair *pair, guint i, gint32 totals[2])
{
  int32x4_t minus[2];

  for (guint half = 0; half < 2; half++, steps += 16)
    {
      minus[half] = vnegq_s32 (vpaddq_s32 (vpaddlq_s16 (vld1q_s16 (steps)),
                                           vpaddlq_s16 (vld1q_s16 (steps + 8))));
      round_split (steps, pair->high[half] + 16 * i, pair->low[half] + 16 * i);
      vst1q_s32 (pair->half_zeros[half] + 4 * i, minus[half]);
      totals[half] = -vaddvq_s32 (minus[half]);
    }
  vst1q_s32 (pair->zeros + 4 * i, vaddq_s32 (minus[0], minus[1]));
  vst1q_f32 (pair->scales + 4 * i, vdupq_n_f32 (scale));
}

#else

#if FEW_HAS_WORDS
/* Sixteen columns: eight even ones, eight odd ones. */
static inline void
few_part (const gint16 *steps, gint16 *even, gint16 *odd)
{
  __m256i v = _mm256_shuffle_epi8 (_mm256_loadu_si256 ((const __m256i *) steps),
                                   _mm256_setr_epi8 (0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11,
                                                     14, 15, 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7,
                                                     10, 11, 14, 15));

  v = _mm256_permute4x64_epi64 (v, 0xd8);
  _mm_storeu_si128 ((__m128i *) even, _mm256_castsi256_si128 (v));
  _mm_storeu_si128 ((__m128i *) odd, _mm256_extracti128_si256 (v, 1));
}
#endif

/* Block i of a pair. Leaves the sums of its halves. */
static inline void
few_pack_block (const gint16 *steps, float scale, FewPair *pair, guint i, gint32 totals[2])
{
  __m256i ones = _mm256_set1_epi16 (1);
  __m256i first = _mm256_madd_epi16 (_mm256_loadu_si256 ((const __m256i *) steps), ones);
  __m256i second = _mm256_madd_epi16 (_mm256_loadu_si256 ((const __m256i *) (steps + 16)), ones);
  __m256i fours = _mm256_permute4x64_epi64 (_mm256_hadd_epi32 (first, second), 0xd8);
  __m256i minus = _mm256_sub_epi32 (_mm256_setzero_si256 (), fours);
  __m128i a = _mm256_castsi256_si128 (minus);
  __m128i b = _mm256_extracti128_si256 (minus, 1);
  __m128i sums = _mm_hadd_epi32 (a, b);

  for (guint half = 0; half < 2; half++)
    {
      round_split (steps + 16 * half, pair->high[half] + 16 * i, pair->low[half] + 16 * i);
#if FEW_HAS_WORDS
      few_part (steps + 16 * half, pair->words[half][i / 2][0] + i % 2 * 8,
                pair->words[half][i / 2][1] + i % 2 * 8);
#endif
    }
  _mm_storeu_si128 ((__m128i *) (pair->half_zeros[0] + 4 * i), a);
  _mm_storeu_si128 ((__m128i *) (pair->half_zeros[1] + 4 * i), b);
  _mm_storeu_si128 ((__m128i *) (pair->zeros + 4 * i), _mm_add_epi32 (a, b));
  _mm_storeu_ps (pair->scales + 4 * i, _mm_set1_ps (scale));
  sums = _mm_hadd_epi32 (sums, sums);
  totals[0] = -_mm_cvtsi128_si32 (sums);
  totals[1] = -_mm_extract_epi32 (sums, 1);
}

#endif

/* n columns of the values x. */
static inline void
few_pack_group (const float *x, guint n, FewGroup *group)
{
  memset (group->pair_sums, 0, sizeof group->pair_sums);
  memset (group->sums, 0, sizeof group->sums);
  for (guint pair = 0; pair < 2; pair++)
    for (guint i = 0; i < 4; i++)
      {
        guint block = few_block (n == FEW_COLUMNS, pair, i);
        gint16 steps[32] = { 0 };
        gint32 totals[2];
        float scale = 0.0f;

        if (32 * block + 32 <= n)
          scale = few_round (x + 32 * block, steps);
        else if (32 * block < n)
          {
            float part[32] = { 0 };

            memcpy (part, x + 32 * block, (n - 32 * block) * sizeof *part);
            scale = few_round (part, steps);
          }
        few_pack_block (steps, scale, &group->pairs[pair], i, totals);
        group->pair_sums[pair][2 * i + 1] = scale * (float) (totals[0] + totals[1]);
        group->sums[block / 4 * 8 + 4 + block % 4] = -scale * (float) (totals[0] + totals[1]);
        group->half_sums[2 * block] = -scale * (float) totals[0];
        group->half_sums[2 * block + 1] = -scale * (float) totals[1];
        group->block_zeros[block] = -(totals[0] + totals[1]);
        group->block_sums[block] = scale * (float) (totals[0] + totals[1]);
        group->half_zeros[2 * block] = -totals[0];
        group->half_zeros[2 * block + 1] = -totals[1];
      }
}

static inline void
pack_few (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  FewGroup *groups = (FewGroup *) (gpointer) packed;

  for (guint column = first; column < first + n; column += FEW_COLUMNS)
    few_pack_group (x + column, MIN (n_columns - column, FEW_COLUMNS),
                    &groups[column / FEW_COLUMNS]);
}
