#pragma once

/* How each quantised block type becomes integers: 32 neighbouring columns of a row, a unit, at once.
 *
 * Rows lie as layout.h takes them apart; what the pieces of a block mean is said in format/block-dequantise*.c. A column is
 * scale * code - offset, with a scale and an offset for each half of 16 columns (mostly the same ones). Codes are
 * int8, four in a word, in the order of the columns: what dot4() takes and what halves are made of.
 */

#include "cuda/device.h"

#define UNIT 32 /* columns */

typedef struct {
  guint32 words[8];
  float scales[2];
  float offsets[2];
} Codes;

/* A type as a type. HALVES: 16 columns have a scale, HALF_OFFSETS: an offset, of their own; HAS_OFFSETS: there are some. */
template <SottoBlockType T, bool OFFSETS, bool HALVES = false, bool OFFSET_HALVES = false>
struct Quantised {
  static constexpr SottoBlockType TYPE = T;
  static constexpr bool HAS_OFFSETS = OFFSETS;
  static constexpr bool HAS_HALVES = HALVES;
  static constexpr bool HAS_OFFSET_HALVES = OFFSET_HALVES;
};

typedef Quantised<SOTTO_BLOCK_Q4_0, true> Q4_0;
typedef Quantised<SOTTO_BLOCK_Q4_1, true> Q4_1;
typedef Quantised<SOTTO_BLOCK_Q5_0, true> Q5_0;
typedef Quantised<SOTTO_BLOCK_Q5_1, true> Q5_1;
typedef Quantised<SOTTO_BLOCK_Q8_0, false> Q8_0;
typedef Quantised<SOTTO_BLOCK_Q2_K, true, true, true> Q2_K;
typedef Quantised<SOTTO_BLOCK_Q3_K, false, true> Q3_K;
typedef Quantised<SOTTO_BLOCK_Q4_K, true> Q4_K;
typedef Quantised<SOTTO_BLOCK_Q5_K, true> Q5_K;
typedef Quantised<SOTTO_BLOCK_Q6_K, false, true> Q6_K;
typedef Quantised<SOTTO_BLOCK_Q8_K, false> Q8_K;
typedef Quantised<SOTTO_BLOCK_IQ1_S, false> IQ1_S;
typedef Quantised<SOTTO_BLOCK_IQ1_M, false, true> IQ1_M;
typedef Quantised<SOTTO_BLOCK_IQ2_XXS, false> IQ2_XXS;
typedef Quantised<SOTTO_BLOCK_IQ2_XS, false, true> IQ2_XS;
typedef Quantised<SOTTO_BLOCK_IQ2_S, false, true> IQ2_S;
typedef Quantised<SOTTO_BLOCK_IQ3_XXS, false> IQ3_XXS;
typedef Quantised<SOTTO_BLOCK_IQ3_S, false> IQ3_S;
typedef Quantised<SOTTO_BLOCK_IQ4_NL, false> IQ4_NL;
typedef Quantised<SOTTO_BLOCK_IQ4_XS, false> IQ4_XS;
typedef Quantised<SOTTO_BLOCK_TQ1_0, true> TQ1_0;
typedef Quantised<SOTTO_BLOCK_TQ2_0, true> TQ2_0;
typedef Quantised<SOTTO_BLOCK_MXFP4, false> MXFP4;
typedef Quantised<SOTTO_BLOCK_NVFP4, false, true> NVFP4;

/* Columns of a block, as files have it. */
static inline guint
block_columns (SottoBlockType type)
{
  switch (type)
    {
    case SOTTO_BLOCK_F32:
    case SOTTO_BLOCK_F16:
    case SOTTO_BLOCK_BF16:
      return 1;
    case SOTTO_BLOCK_Q4_0:
    case SOTTO_BLOCK_Q4_1:
    case SOTTO_BLOCK_Q5_0:
    case SOTTO_BLOCK_Q5_1:
    case SOTTO_BLOCK_Q8_0:
    case SOTTO_BLOCK_IQ4_NL:
    case SOTTO_BLOCK_MXFP4:
      return 32;
    case SOTTO_BLOCK_NVFP4:
      return 64;
    default:
      return 256;
    }
}

/* A row on the device. */
typedef struct {
  const guint8 *data;
  guint n_blocks;
} Row;

/* Where the next piece begins, behind one of n_bytes a block. */
DEVICE const guint8 *
behind (const guint8 *piece, guint n_blocks, guint n_bytes)
{
  return piece + (((gsize) n_blocks * n_bytes + 15) & ~(gsize) 15);
}

DEVICE guint
byte_at (const guint8 *p)
{
  return load (p);
}

DEVICE guint
two_bytes_at (const guint8 *p)
{
  return load (reinterpret_cast<const guint16 *> (p));
}

DEVICE guint32
word_at (const guint8 *p)
{
  return load (reinterpret_cast<const guint32 *> (p));
}

DEVICE float
half_at (const guint8 *p)
{
  return half_to_float (load (reinterpret_cast<const Half *> (p)));
}

/* Of weights: they are read once. */
DEVICE void
words_at (const guint8 *p, guint32 words[4])
{
  Words4 four = load_once (reinterpret_cast<const Words4 *> (p));

  words[0] = four.x;
  words[1] = four.y;
  words[2] = four.z;
  words[3] = four.w;
}

DEVICE void
set_scale (Codes *codes, float scale, float offset)
{
  codes->scales[0] = codes->scales[1] = scale;
  codes->offsets[0] = codes->offsets[1] = offset;
}

/* Bits 0 … 3 as the lowest bits of four bytes. */
DEVICE guint32
spread_bits (guint bits)
{
  return ((bits & 15) * 0x00204081u) & 0x01010101u;
}

/* 16 bytes that hold columns 0 … 15 in their low, 16 … 31 in their high half. */
DEVICE void
unpack_nibbles (const guint8 *p, guint32 words[8])
{
  words_at (p, words);
UNROLL
  for (guint i = 0; i < 4; i++)
    {
      words[4 + i] = words[i] >> 4 & 0x0f0f0f0fu;
      words[i] &= 0x0f0f0f0fu;
    }
}

/* 32 bytes of which each column takes some bits. */
DEVICE void
unpack_bits (const guint8 *p, guint shift, guint32 mask, guint32 words[8])
{
  words_at (p, words);
  words_at (p + 16, words + 4);
UNROLL
  for (guint i = 0; i < 8; i++)
    words[i] = words[i] >> shift & mask;
}

/* 32 bytes of which each column takes some bits, which lie at bit @from and go to bit @to of their byte: the word is turned
 * round, which is one instruction in either direction. */
DEVICE void
move_bits (const guint8 *p, guint from, guint to, guint32 mask, guint32 words[8])
{
  const guint left = (to - from) % 32, right = (from - to) % 32;

  words_at (p, words);
  words_at (p + 16, words + 4);
UNROLL
  for (guint i = 0; i < 8; i++)
    words[i] = (words[i] << left | words[i] >> right) & mask;
}

/* --- Blocks of 32 --- */

DEVICE void
load_codes (Q4_0, const Row &row, guint unit, Codes *codes)
{
  float d = half_at (row.data + 2 * unit);

  unpack_nibbles (behind (row.data, row.n_blocks, 2) + 16 * unit, codes->words);
  set_scale (codes, d, 8.0f * d);
}

DEVICE void
load_codes (Q4_1, const Row &row, guint unit, Codes *codes)
{
  guint32 both = word_at (row.data + 4 * unit);

  unpack_nibbles (behind (row.data, row.n_blocks, 4) + 16 * unit, codes->words);
  set_scale (codes, halves_low (both), -halves_high (both));
}

DEVICE void
add_fifth_bits (guint32 bits, guint32 words[8])
{
UNROLL
  for (guint i = 0; i < 8; i++)
    words[i] |= spread_bits (bits >> 4 * i) << 4;
}

DEVICE void
load_codes (Q5_0, const Row &row, guint unit, Codes *codes)
{
  const guint8 *fifth = behind (row.data, row.n_blocks, 2);
  float d = half_at (row.data + 2 * unit);

  unpack_nibbles (behind (fifth, row.n_blocks, 4) + 16 * unit, codes->words);
  add_fifth_bits (word_at (fifth + 4 * unit), codes->words);
  set_scale (codes, d, 16.0f * d);
}

DEVICE void
load_codes (Q5_1, const Row &row, guint unit, Codes *codes)
{
  const guint8 *fifth = behind (row.data, row.n_blocks, 4);
  guint32 both = word_at (row.data + 4 * unit);

  unpack_nibbles (behind (fifth, row.n_blocks, 4) + 16 * unit, codes->words);
  add_fifth_bits (word_at (fifth + 4 * unit), codes->words);
  set_scale (codes, halves_low (both), -halves_high (both));
}

DEVICE void
load_codes (Q8_0, const Row &row, guint unit, Codes *codes)
{
  const guint8 *bytes = behind (row.data, row.n_blocks, 2) + 32 * unit;

  words_at (bytes, codes->words);
  words_at (bytes + 16, codes->words + 4);
  set_scale (codes, half_at (row.data + 2 * unit), 0.0f);
}

/* --- Super-blocks of 256: eight units --- */

DEVICE void
load_codes (Q8_K, const Row &row, guint unit, Codes *codes)
{
  const guint8 *bytes = behind (row.data, row.n_blocks, 4) + 32 * unit;

  words_at (bytes, codes->words);
  words_at (bytes + 16, codes->words + 4);
  set_scale (codes, from_bits<float> (word_at (row.data + 4 * (unit / 8))), 0.0f);
}

DEVICE void
load_codes (Q2_K, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *bits = behind (row.data, row.n_blocks, 16);
  guint both = two_bytes_at (row.data + 16 * block + 2 * u);
  guint32 factors = word_at (behind (bits, row.n_blocks, 64) + 4 * block);

  unpack_bits (bits + 64 * block + 32 * (u / 4), 2 * (u % 4), 0x03030303u, codes->words);
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      guint pair = both >> 8 * i & 255;

      codes->scales[i] = halves_low (factors) * (float) (pair & 15);
      codes->offsets[i] = halves_high (factors) * (float) (pair >> 4);
    }
}

DEVICE void
load_codes (Q3_K, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *bits = behind (row.data, row.n_blocks, 32);
  const guint8 *packed = behind (bits, row.n_blocks, 64);
  const float d = half_at (behind (packed, row.n_blocks, 12) + 2 * block);
  guint32 third[8];

  packed += 12 * block;
  unpack_bits (bits + 64 * block + 32 * (u / 4), 2 * (u % 4), 0x03030303u, codes->words);
  unpack_bits (row.data + 32 * block, u, 0x01010101u, third);
UNROLL
  for (guint i = 0; i < 8; i++)
    {
      /* q - 4, where the third bit is the sign's opposite */
      guint32 missing = third[i] ^ 0x01010101u;

      codes->words[i] |= missing * 0xfcu;
    }
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      guint g = 2 * u + i;
      guint low = byte_at (packed + g % 8) >> (g / 8 * 4) & 15;
      guint high = byte_at (packed + 8 + g % 4) >> (g / 4 * 2) & 3;

      codes->scales[i] = d * (float) ((int) (low | high << 4) - 32);
      codes->offsets[i] = 0.0f;
    }
}

/* The scales of Q4_K and Q5_K; @both: half d, half e. */
DEVICE void
scale_by_six_bits (const guint8 *packed, guint u, guint32 both, Codes *codes)
{
  const guint own = byte_at (packed + u % 4), own_minimum = byte_at (packed + 4 + u % 4);
  /* Only the second four units' is asked for, but to read it for all is less than to ask. */
  const guint four = byte_at (packed + 8 + u % 4);
  const guint scale = u < 4 ? own & 63 : (four & 15) | own >> 6 << 4;
  const guint minimum = u < 4 ? own_minimum & 63 : four >> 4 | own_minimum >> 6 << 4;

  set_scale (codes, halves_low (both) * (float) scale, halves_high (both) * (float) minimum);
}

DEVICE void
load_codes (Q4_K, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *packed = behind (row.data, row.n_blocks, 4);
  const guint8 *nibbles = behind (packed, row.n_blocks, 12);

  unpack_bits (nibbles + 16 * (unit - unit % 2), 4 * (u % 2), 0x0f0f0f0fu, codes->words);
  scale_by_six_bits (packed + 12 * block, u, word_at (row.data + 4 * block), codes);
}

DEVICE void
load_codes (Q5_K, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *packed = behind (row.data, row.n_blocks, 4);
  const guint8 *fifth = behind (packed, row.n_blocks, 12);
  const guint8 *nibbles = behind (fifth, row.n_blocks, 32);
  guint32 bits[8];

  unpack_bits (nibbles + 16 * (unit - unit % 2), 4 * (u % 2), 0x0f0f0f0fu, codes->words);
  move_bits (fifth + 32 * block, u, 4, 0x10101010u, bits);
UNROLL
  for (guint i = 0; i < 8; i++)
    codes->words[i] |= bits[i];
  scale_by_six_bits (packed + 12 * block, u, word_at (row.data + 4 * block), codes);
}

DEVICE void
load_codes (Q6_K, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, half = unit % 8 / 4, quarter = unit % 4;
  const guint8 *upper = behind (row.data, row.n_blocks, 128);
  const guint8 *scales = behind (upper, row.n_blocks, 64);
  const float d = half_at (behind (scales, row.n_blocks, 16) + 2 * block);
  const guint both = two_bytes_at (scales + 2 * unit);
  guint32 bits[8];

  unpack_bits (row.data + 128 * block + 64 * half + 32 * (quarter % 2), 4 * (quarter / 2), 0x0f0f0f0fu,
               codes->words);
  move_bits (upper + 64 * block + 32 * half, 2 * quarter, 4, 0x30303030u, bits);
  /* q - 32 is q + 96 - 128, and no byte of q + 96 reaches the next */
UNROLL
  for (guint i = 0; i < 8; i++)
    codes->words[i] = ((codes->words[i] | bits[i]) + 0x60606060u) ^ 0x80808080u;
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      codes->scales[i] = d * (float) (gint8) (both >> 8 * i);
      codes->offsets[i] = 0.0f;
    }
}

/* --- Three values --- */

DEVICE void
load_codes (TQ2_0, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const float d = half_at (behind (row.data, row.n_blocks, 64) + 2 * block);

  unpack_bits (row.data + 64 * block + 32 * (u / 4), 2 * (u % 4), 0x03030303u, codes->words);
  set_scale (codes, d, d);
}

/* Digit k, of base three, of four bytes. */
DEVICE guint32
digits_of (guint32 bytes, guint k)
{
  const guint power = k == 0 ? 1 : k == 1 ? 3 : k == 2 ? 9 : k == 3 ? 27 : 81;
  guint32 digits = 0;

UNROLL
  for (guint i = 0; i < 4; i++)
    digits |= (((bytes >> 8 * i & 255) * power & 255) * 3 >> 8) << 8 * i;
  return digits;
}

DEVICE void
load_codes (TQ1_0, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *sixteen = behind (row.data, row.n_blocks, 32);
  const guint8 *four = behind (sixteen, row.n_blocks, 16);
  const float d = half_at (behind (four, row.n_blocks, 4) + 2 * block);

UNROLL
  for (guint i = 0; i < 8; i++)
    {
      if (u < 5)
        codes->words[i] = digits_of (word_at (row.data + 32 * block + 4 * i), u);
      else if (u < 7 || i < 4)
        codes->words[i] = digits_of (word_at (sixteen + 16 * block + 4 * (i % 4)), 2 * (u - 5) + i / 4);
      else
        codes->words[i] = digits_of (word_at (four + 4 * block), i - 4);
    }
  set_scale (codes, d, d);
}

#include "cuda/codes-books.h"
