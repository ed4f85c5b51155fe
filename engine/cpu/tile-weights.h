#pragma once

#include "cpu/code-kinds.h"
#include "cpu/pack-tiles.h"

/* How the block types become tiles: integers of 16 bits, with a scale for every 256 columns of a row (a
 * group). A block's codes, stretched to bytes with a sign, are multiplied with the block's scale, which is an
 * integer, too: its share of the group's largest. What is rounded off is at most half a step for
 * the product, half a step for the scale and half a step for an offset. The high byte has a sign, the
 * low one none. Rows are those of the tile, columns stand in the order of pack-few.h: nothing is transposed. */

/* A group of 16 rows. */
typedef struct {
  guint8 steps[TILE_STEPS][2][TILE_BYTES]; /* high, low */
} TileWeights;

/* By how many bits the codes of a type can be stretched: all are to stay below 128. */
static inline guint
code_stretch (SottoBlockType type)
{
  switch ((guint) type)
    {
    case SOTTO_BLOCK_Q2_K:
      return 6;
    case SOTTO_BLOCK_Q3_K:
    case SOTTO_BLOCK_TQ1_0:
    case SOTTO_BLOCK_TQ2_0:
      return 5;
    case SOTTO_BLOCK_Q4_0:
    case SOTTO_BLOCK_Q4_1:
    case SOTTO_BLOCK_Q4_K:
      return 4;
    case SOTTO_BLOCK_Q5_0:
    case SOTTO_BLOCK_Q5_1:
    case SOTTO_BLOCK_Q5_K:
    case SOTTO_BLOCK_IQ1_S:
    case SOTTO_BLOCK_IQ1_M:
    case SOTTO_BLOCK_IQ3_S:
    case SOTTO_BLOCK_MXFP4:
    case SOTTO_BLOCK_NVFP4:
      return 3;
    case SOTTO_BLOCK_Q6_K:
      return 2;
    case SOTTO_BLOCK_IQ2_XXS:
    case SOTTO_BLOCK_IQ2_XS:
    case SOTTO_BLOCK_IQ2_S:
    case SOTTO_BLOCK_IQ3_XXS:
      return 1;
    default:
      return 0;
    }
}

/* Bytes with a sign. Codes of types with a zero have 128 added to them, which falls out; of others half of
 * their range is taken away, which their offsets make good. */
static inline __attribute__ ((always_inline)) __m512i
stretch_codes (Codes codes, guint zero, guint stretch)
{
  const guint8 s = (guint8) stretch;
  const __m512i matrix = _mm512_set1_epi64 (
    MATRIX (1 >> s, 2 >> s, 4 >> s, 8 >> s, 16 >> s, 32 >> s, 64 >> s, 128 >> s));

  if (stretch == 0)
    return _mm512_xor_si512 (codes, _mm512_set1_epi8 (-128));
  if (zero == 0)
    return TRANSFORM (codes, matrix, 0x80);
  return TRANSFORM (codes, matrix, 0);
}

/* The offsets of half of a pair, where unpack_codes() has left them. */
static inline __attribute__ ((always_inline)) Lanes
find_offsets (CodeKind kind, const CodeGroup *codes, guint pair, guint half)
{
  __m512 minus = _mm512_set1_ps (-0.0f);

  if (kind.group_codes == NULL)
    return spread_lanes (codes->offsets[pair], 1, 3, 5, 7);
  if (!kind.has_halves)
    return _mm512_xor_ps (minus, pair == 0 ? spread_lanes (codes->offsets[0], 4, 6, 12, 14)
                                           : spread_lanes (codes->offsets[0], 5, 7, 13, 15));

  return _mm512_xor_ps (minus, pair == 0 && half == 0 ? spread_lanes (codes->offsets[0], 0, 4, 8, 12)
                               : pair == 0            ? spread_lanes (codes->offsets[0], 1, 5, 9, 13)
                               : half == 0            ? spread_lanes (codes->offsets[0], 2, 6, 10, 14)
                                                      : spread_lanes (codes->offsets[0], 3, 7, 11, 15));
}

/* Scales of stretched codes and offsets, in steps of the group once they are multiplied with inverse. */
typedef struct {
  Lanes scales[2][2];
  Lanes offsets[2][2];
  Lanes inverse;
} TileFactors;

/* Returns the value of 256 steps. */
static inline __attribute__ ((always_inline)) float
find_factors (CodeKind kind, guint stretch, const CodeGroup *codes, guint n_blocks, TileFactors *factors)
{
  const Lanes range = lanes_all ((float) (128 >> stretch));
  Lanes largest = lanes_all (0.0f);
  __m128 highest;
  __mmask8 is_there;

  for (guint pair = 0; pair < (n_blocks > 4 ? 2 : 1); pair++)
    for (guint half = 0; half < (kind.has_halves ? 2 : 1); half++)
      {
        Lanes scale = lanes_multiply (codes->scales[pair][half], range);
        Lanes magnitude = lanes_absolute (scale);

        factors->scales[pair][half] = scale;
        if (kind.has_offsets)
          {
            Lanes offset = lanes_add (find_offsets (kind, codes, pair, half), scale);

            factors->offsets[pair][half] = offset;
            magnitude = lanes_add (magnitude, lanes_absolute (offset));
          }
        largest = lanes_maximum (largest, magnitude);
      }
  largest = lanes_maximum (largest, _mm512_shuffle_f32x4 (largest, largest, 0x4e));
  largest = lanes_maximum (largest, _mm512_shuffle_f32x4 (largest, largest, 0xb1));
  highest = _mm512_castps512_ps128 (largest);
  is_there = _mm_cmp_ss_mask (highest, _mm_set_ss (TILE_SMALLEST), _CMP_GE_OQ);
  factors->inverse = _mm512_broadcastss_ps (_mm_maskz_div_ss (is_there, _mm_set_ss (TILE_HIGHEST), highest));
  return _mm_cvtss_f32 (_mm_maskz_mul_ss (is_there, highest, _mm_set_ss (256.0f / TILE_HIGHEST)));
}

/* A lane of floats as two words. */
static inline __m512i
round_to_words (Lanes v)
{
  __m512i integers = _mm512_cvtps_epi32 (v);

  return _mm512_packs_epi32 (integers, integers);
}

/* A row of a group, n_blocks of it there: its 64 bytes of every step and plane. Returns its scale, times 256,
 * for sums come in units of that. Bits of a where the mask has them, else of b: 0xca. */
static inline __attribute__ ((always_inline)) float
unpack_tile_row (CodeKind kind, guint stretch, const guint8 *group, guint n_blocks, TileWeights *to, guint row)
{
  const __m512i lower = _mm512_set1_epi16 (255);
  CodeGroup codes;
  TileFactors factors;
  float unit;

  unpack_codes (kind, group, n_blocks, &codes);
  unit = find_factors (kind, stretch, &codes, n_blocks, &factors);
  for (guint pair = 0; pair < (n_blocks > 4 ? 2 : 1); pair++)
    {
      __m512i scale = _mm512_setzero_si512 ();
      __m512i offset = _mm512_setzero_si512 ();

      for (guint half = 0; half < 2; half++)
        {
          guint8 (*planes)[TILE_BYTES] = to->steps[2 * pair + half];
          __m512i bytes = stretch_codes (codes.codes[pair][half], kind.zero, stretch);
          __m512i even;
          __m512i odd;

          if (half == 0 || kind.has_halves)
            {
              scale = round_to_words (lanes_multiply (factors.scales[pair][half], factors.inverse));
              if (kind.has_offsets)
                offset = round_to_words (lanes_multiply (factors.offsets[pair][half], factors.inverse));
            }
          even = _mm512_mulhrs_epi16 (_mm512_slli_epi16 (bytes, 8), scale);
          odd = _mm512_mulhrs_epi16 (_mm512_andnot_si512 (lower, bytes), scale);
          if (kind.has_offsets)
            {
              even = _mm512_add_epi16 (even, offset);
              odd = _mm512_add_epi16 (odd, offset);
            }
          _mm512_store_si512 (planes[0] + 64 * row,
                              _mm512_ternarylogic_epi32 (lower, _mm512_srli_epi16 (even, 8), odd, 0xca));
          _mm512_store_si512 (planes[1] + 64 * row,
                              _mm512_ternarylogic_epi32 (lower, even, _mm512_slli_epi16 (odd, 8), 0xca));
        }
    }
  return unit;
}

/* Rows of the file that are unpacked into two tiles, from first on; group 0's bytes lie at data. */
typedef struct {
  const guint8 *data;
  gsize row_bytes;
  guint n_blocks;           /* of the group */
  gssize ahead;             /* what is asked for meanwhile, bytes behind */
  TileWeights *to;          /* (2) */
  float *scales;            /* (2 * TILE_ROWS) */
} TileSource;

static inline __attribute__ ((always_inline)) void
unpack_tile_rows (CodeKind kind, guint stretch, const TileSource *self, guint first, guint n)
{
  const guint8 *row = self->data + first * self->row_bytes;

  for (guint r = first; r < first + n; r++, row += self->row_bytes)
    {
      TileWeights *to = self->to + r / TILE_ROWS;

      for (guint i = 0; i < kind.group_bytes; i += 64)
        _mm_prefetch ((const char *) row + self->ahead + i, _MM_HINT_T1);
      if (self->n_blocks == 8)
        self->scales[r] = unpack_tile_row (kind, stretch, row, 8, to, r % TILE_ROWS);
      else if (kind.group_codes == NULL)
        self->scales[r] = unpack_tile_row (kind, stretch, row, self->n_blocks, to, r % TILE_ROWS);
    }
}
