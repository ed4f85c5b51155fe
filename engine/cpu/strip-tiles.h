#pragma once

#include "cpu/strips.h"
#include "cpu/tile-weights.h"

/* How weights in strips (strips.h) become tiles: the numbers of tile-weights.h, to the bit. A line of a strip is a line
 * of a tile, and its lanes are rows, so that nothing is turned, and scales of sixteen rows become integers at once. */

/* Scales of stretched codes and offsets, as find_factors() has them. TileFactors of a block have the integers: words[0]
 * the scales, or those of first halves, words[1] the offsets, or the scales of second halves; each word twice, for
 * the two columns that a lane has at a time. */
typedef struct {
  Lanes scales[2];          /* of halves */
  Lanes offset;
} StripFactors;

G_ALWAYS_INLINE static inline Lanes
lanes_of_halves (const guint8 *halves)
{
  return _mm512_cvtph_ps (_mm256_load_si256 ((const __m256i *) (gconstpointer) halves));
}

G_ALWAYS_INLINE static inline Lanes
lanes_of_signed (const guint8 *bytes)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepi8_epi32 (_mm_load_si128 ((const __m128i *) (gconstpointer) bytes)));
}

G_ALWAYS_INLINE static inline StripFactors
read_strip_factors (SottoStripKind kind, const guint8 *header, guint n_blocks, guint block)
{
  const Lanes range = lanes_all ((float) (kind.has_book ? 128 : 1 << (kind.n_bits - 1)));
  const guint8 *scales = header + sotto_strip_scales_at (kind, block);
  const guint8 *offsets = header + sotto_strip_offsets_at (kind, n_blocks, block);
  StripFactors factors = { 0 };

  if (kind.scales == SOTTO_STRIP_HALVES)
    factors.scales[0] = lanes_multiply (lanes_of_halves (scales), range);
  else
    {
      Lanes whole = lanes_of_halves (header);

      for (guint half = 0; half < (kind.scales == SOTTO_STRIP_TWO_BYTES ? 2 : 1); half++)
        factors.scales[half] = lanes_multiply (lanes_multiply (whole, lanes_of_signed (scales + 16 * half)), range);
    }
  if (kind.has_offsets && kind.scales == SOTTO_STRIP_HALVES)
    factors.offset = lanes_add (lanes_of_halves (offsets), factors.scales[0]);
  else if (kind.has_offsets)
    factors.offset = lanes_subtract (factors.scales[0],
                                     lanes_multiply (lanes_of_halves (header + 32), lanes_of_signed (offsets)));
  return factors;
}

G_ALWAYS_INLINE static inline __m512i
words_twice (Lanes v, Lanes inverse)
{
  const __m512i twice = _mm512_broadcast_i32x4 (_mm_setr_epi8 (0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13));

  return _mm512_shuffle_epi8 (_mm512_cvtps_epi32 (lanes_multiply (v, inverse)), twice);
}

/* Of a group of sixteen rows. */
G_ALWAYS_INLINE static inline void
find_strip_factors (SottoStripKind kind, const guint8 *header, guint n_blocks, TileFactors *to, float *units)
{
  StripFactors factors[8] = { 0 };
  Lanes largest = lanes_all (0.0f);
  __mmask16 is_there;
  Lanes inverse;

#pragma GCC unroll 8
  for (guint block = 0; block < n_blocks; block++)
    {
      Lanes magnitude;

      factors[block] = read_strip_factors (kind, header, n_blocks, block);
      magnitude = lanes_absolute (factors[block].scales[0]);
      if (kind.has_offsets)
        magnitude = lanes_add (magnitude, lanes_absolute (factors[block].offset));
      if (kind.scales == SOTTO_STRIP_TWO_BYTES)
        magnitude = lanes_maximum (magnitude, lanes_absolute (factors[block].scales[1]));
      largest = lanes_maximum (largest, magnitude);
    }
  is_there = _mm512_cmp_ps_mask (largest, lanes_all (TILE_SMALLEST), _CMP_GE_OQ);
  _mm512_storeu_ps (units, _mm512_maskz_mul_ps (is_there, largest, lanes_all (256.0f / TILE_HIGHEST)));
  inverse = _mm512_maskz_div_ps (is_there, lanes_all (TILE_HIGHEST), largest);
#pragma GCC unroll 8
  for (guint block = 0; block < n_blocks; block++)
    {
      _mm512_store_si512 (to[block].words[0], words_twice (factors[block].scales[0], inverse));
      if (kind.has_offsets)
        _mm512_store_si512 (to[block].words[1], words_twice (factors[block].offset, inverse));
      if (kind.scales == SOTTO_STRIP_TWO_BYTES)
        _mm512_store_si512 (to[block].words[1], words_twice (factors[block].scales[1], inverse));
    }
}

/* --- Codes --- */

/* Stretched codes of a step: 256 times them, of even columns and of odd ones. */
typedef struct {
  __m512i even;
  __m512i odd;
} StripWords;

G_ALWAYS_INLINE static inline StripWords
words_of_bytes (__m512i bytes)
{
  return (StripWords) { even_words (bytes), odd_words (bytes) };
}

/* The lower nibble as the upper one, or bits 2 to 5; bits 2 t and 2 t + 1, or bit t as the upper ones. */
#define NIBBLE_AT_4 MATRIX (0, 0, 0, 0, 1, 2, 4, 8)
#define NIBBLE_AT_3(b) MATRIX (0, 0, 0, 1 << (b), 2 << (b), 4 << (b), 8 << (b), 0)
#define NIBBLE_AT_2(b) MATRIX (0, 0, 1 << (b), 2 << (b), 4 << (b), 8 << (b), 0, 0)
#define PAIR_AT_6(t) MATRIX (0, 0, 0, 0, 0, 0, 1 << (2 * (t)), 2 << (2 * (t)))
#define BIT_AT_7(t) MATRIX (0, 0, 0, 0, 0, 0, 0, 1 << (t))

/* Less half of their range: the matrices' products, with bit 7 turned over. 0x6a: (a & b) ^ c */
G_ALWAYS_INLINE static inline StripWords
words_of_step (SottoStripKind kind, const guint8 *block, guint step)
{
  const __m512i top = _mm512_set1_epi16 ((gint16) 0x8000);
  __m512i line = _mm512_load_si512 (block + 64 * (kind.n_bits == 8 ? step : step % 4));

  if (kind.n_bits == 8)
    return (StripWords) { _mm512_xor_si512 (_mm512_slli_epi16 (line, 8), top),
                          _mm512_ternarylogic_epi32 (line, _mm512_set1_epi16 ((gint16) 0xff00), top, 0x6a) };
  if (kind.has_book)
    return words_of_bytes (_mm512_shuffle_epi8 (_mm512_broadcast_i32x4 (_mm_setr_epi8 (SOTTO_CODES_IQ4)),
                                                step < 4 ? low_nibbles (line) : high_nibbles (line)));
  if (kind.n_bits == 5)
    return words_of_bytes (_mm512_or_si512 (
      TRANSFORM (line, _mm512_set1_epi64 (step < 4 ? NIBBLE_AT_3 (0) : NIBBLE_AT_3 (4)), 0),
      TRANSFORM (_mm512_load_si512 (block + 64 * 4), _mm512_set1_epi64 (BIT_AT_7 (step)), 0x80)));
  if (kind.n_bits == 6)
    return words_of_bytes (_mm512_or_si512 (
      TRANSFORM (line, _mm512_set1_epi64 (step < 4 ? NIBBLE_AT_2 (0) : NIBBLE_AT_2 (4)), 0),
      TRANSFORM (_mm512_load_si512 (block + 64 * (4 + step / 4)), _mm512_set1_epi64 (PAIR_AT_6 (step % 4)), 0x80)));
  if (step < 4)
    return words_of_bytes (TRANSFORM (line, _mm512_set1_epi64 (NIBBLE_AT_4), 0x80));

  return (StripWords) {
    _mm512_ternarylogic_epi32 (_mm512_slli_epi16 (line, 8), _mm512_set1_epi16 ((gint16) 0xf000), top, 0x6a),
    _mm512_ternarylogic_epi32 (line, _mm512_set1_epi16 ((gint16) 0xf000), top, 0x6a)
  };
}

/* Half of a tile of each plane. */
G_ALWAYS_INLINE static inline void
unpack_strip_block (SottoStripKind kind, const guint8 *block, const TileFactors *factors, TileWeights *to, guint place)
{
  guint8 (*planes)[TILE_BYTES] = to->steps[place / 2];
  guint first = 8 * (place % 2);

#pragma GCC unroll 8
  for (guint step = 0; step < 8; step++)
    {
      __m512i scale =
        _mm512_load_si512 (factors->words[kind.scales == SOTTO_STRIP_TWO_BYTES && step >= 4 ? 1 : 0]);
      StripWords words = words_of_step (kind, block, step);
      TilePlanes v =
        scale_words (words.even, words.odd, scale, kind.has_offsets, _mm512_load_si512 (factors->words[1]));

      _mm512_store_si512 (planes[0] + 64 * (first + step), v.high);
      _mm512_store_si512 (planes[1] + 64 * (first + step), v.low);
    }
}

/* --- Units of work: the scales of each tile, then blocks, step by step --- */

static TileUnits
count_strip_units (const TileSource *self)
{
  guint n_tiles = (self->n_rows + TILE_ROWS - 1) / TILE_ROWS;

  return (TileUnits) { n_tiles, 2 * n_tiles, n_tiles * (1 + self->n_blocks) };
}

G_ALWAYS_INLINE static inline void
unpack_strip_unit (SottoStripKind kind, const TileSource *self, guint unit)
{
  guint n_tiles = (self->n_rows + TILE_ROWS - 1) / TILE_ROWS;
  guint tile = unit & (n_tiles - 1);
  const guint8 *header = self->data + tile * self->tile_bytes;
  TileFactors *factors = self->factors + TILE_ROWS * tile;

  if (unit >= n_tiles)
    {
      guint block = (unit >> (n_tiles - 1)) - 1;
      const guint8 *codes =
        header + sotto_strip_header_bytes (kind, self->n_blocks) + block * sotto_strip_code_bytes (kind);

      for (guint i = 0; i < sotto_strip_code_bytes (kind); i += 64)
        {
          _mm_prefetch ((const char *) codes + 2 * sotto_strip_code_bytes (kind) + i, _MM_HINT_T0);
          _mm_prefetch ((const char *) codes + self->ahead + i, _MM_HINT_T1);
        }
      unpack_strip_block (kind, codes, factors + block, self->to + tile, block);
    }
  else if (self->n_blocks == 8)
    find_strip_factors (kind, header, 8, factors, self->scales + TILE_ROWS * tile);
  else
    find_strip_factors (kind, header, self->n_blocks, factors, self->scales + TILE_ROWS * tile);
}
