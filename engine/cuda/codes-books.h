#pragma once

/* The rest of codes.h: types whose codes stand in a book, of sixteen numbers or of neighbourhoods. */

#define SOTTO_GRID alignas (16) TABLE
#include "format/block-grids.h"

namespace books {
#include "format/block-grids-data.h"
}

/* --- Sixteen numbers --- */

TABLE gint8 codes_iq4[16] = { SOTTO_CODES_IQ4 };
TABLE gint8 codes_fp4[16] = { SOTTO_CODES_FP4 };

/* A book in registers: four words. */
DEVICE void
open_book (const gint8 *numbers, guint32 book[4])
{
UNROLL
  for (guint i = 0; i < 4; i++)
    {
      book[i] = 0;
UNROLL
      for (guint j = 0; j < 4; j++)
        book[i] |= (guint32) (guint8) numbers[4 * i + j] << 8 * j;
    }
}

/* The numbers of the low and of the high halves of four bytes. */
DEVICE void
look_up (const guint32 book[4], guint32 places, guint32 *low, guint32 *high)
{
  guint32 found[2];

UNROLL
  for (guint i = 0; i < 2; i++)
    {
      guint32 four = places >> 16 * i;
      guint32 first = select_bytes (book[0], book[1], four & 0x7777u);
      guint32 second = select_bytes (book[2], book[3], four & 0x7777u);

      found[i] = select_bytes (first, second, 0x3210u | (four & 0x8888u) >> 1);
    }
  *low = select_bytes (found[0], found[1], 0x6420u);
  *high = select_bytes (found[0], found[1], 0x7531u);
}

/* 16 bytes with the places of columns 0 … 15 in their low, 16 … 31 in their high half. */
DEVICE void
look_up_nibbles (const gint8 *numbers, const guint8 *p, guint32 words[8])
{
  guint32 book[4];
  guint32 places[4];

  open_book (numbers, book);
  words_at (p, places);
UNROLL
  for (guint i = 0; i < 4; i++)
    look_up (book, places[i], &words[i], &words[4 + i]);
}

DEVICE void
load_codes (IQ4_NL, const Row &row, guint unit, Codes *codes)
{
  look_up_nibbles (codes_iq4, behind (row.data, row.n_blocks, 2) + 16 * unit, codes->words);
  set_scale (codes, half_at (row.data + 2 * unit), 0.0f);
}

DEVICE void
load_codes (IQ4_XS, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *high = behind (row.data, row.n_blocks, 2);
  const guint8 *low = behind (high, row.n_blocks, 2);
  guint s = (byte_at (low + 4 * block + u / 2) >> (u % 2 * 4) & 15)
            | (two_bytes_at (high + 2 * block) >> 2 * u & 3) << 4;

  look_up_nibbles (codes_iq4, behind (low, row.n_blocks, 4) + 16 * unit, codes->words);
  set_scale (codes, half_at (row.data + 2 * block) * (float) ((int) s - 32), 0.0f);
}

DEVICE void
load_codes (MXFP4, const Row &row, guint unit, Codes *codes)
{
  guint e = byte_at (row.data + unit);
  /* 2^(e - 128), of which the two lowest are subnormal */
  guint32 bits = e >= 2 ? (e - 1) << 23 : 0x200000u << e;

  look_up_nibbles (codes_fp4, behind (row.data, row.n_blocks, 1) + 16 * unit, codes->words);
  set_scale (codes, from_bits<float> (bits), 0.0f);
}

/* Half of what the byte stands for: four bits of exponent, three of mantissa. */
DEVICE float
scale_of_nvfp4 (guint byte)
{
  const guint exponent = byte >> 3 & 15, mantissa = byte & 7;

  if (byte == 127)
    return 0.0f;
  return exponent == 0 ? (float) mantissa * from_bits<float> ((127u - 10) << 23)
                       : (float) (8 + mantissa) * from_bits<float> ((127u + exponent - 11) << 23);
}

DEVICE void
load_codes (NVFP4, const Row &row, guint unit, Codes *codes)
{
  guint scales = two_bytes_at (row.data + 2 * unit);
  guint32 book[4];
  guint32 places[4];

  open_book (codes_fp4, book);
  words_at (behind (row.data, row.n_blocks, 4) + 16 * unit, places);
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      look_up (book, places[2 * i], &codes->words[4 * i], &codes->words[4 * i + 2]);
      look_up (book, places[2 * i + 1], &codes->words[4 * i + 1], &codes->words[4 * i + 3]);
      codes->scales[i] = scale_of_nvfp4 (scales >> 8 * i & 255);
      codes->offsets[i] = 0.0f;
    }
}

/* --- Neighbourhoods --- */

/* The eighth sign makes the number of minus signs even. */
DEVICE guint
complete_sign (guint seven)
{
  guint parity = seven ^ seven >> 4;

  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return seven | (parity & 1) << 7;
}

/* Four magnitudes, none of them 0, negated where a bit says so. */
DEVICE guint32
put_signs (guint32 magnitudes, guint signs)
{
  guint32 ones = spread_bits (signs);

  return (magnitudes ^ ones * 0xffu) + ones;
}

DEVICE void
put_eight (const guint8 *magnitudes, guint signs, guint32 words[2])
{
  Words2 two = load (reinterpret_cast<const Words2 *> (magnitudes));

  words[0] = put_signs (two.x, signs);
  words[1] = put_signs (two.y, signs >> 4);
}

DEVICE float
odd_scale (float d, guint s, float unit)
{
  return d * (float) (2 * s + 1) * unit;
}

/* A byte's halves are the s of a unit's halves. */
DEVICE void
scale_by_nibbles (float d, guint byte, Codes *codes)
{
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      codes->scales[i] = odd_scale (d, byte >> 4 * i & 15, 0.125f);
      codes->offsets[i] = 0.0f;
    }
}

DEVICE void
load_codes (IQ2_XXS, const Row &row, guint unit, Codes *codes)
{
  const guint8 *group = behind (row.data, row.n_blocks, 2) + 8 * unit;
  guint32 places = word_at (group);
  guint32 word = word_at (group + 4);

UNROLL
  for (guint k = 0; k < 4; k++)
    put_eight (books::sotto_grid_iq2_xxs[places >> 8 * k & 255], complete_sign (word >> 7 * k & 127),
               codes->words + 2 * k);
  set_scale (codes, odd_scale (half_at (row.data + 2 * (unit / 8)), word >> 28, 0.125f), 0.0f);
}

DEVICE void
load_codes (IQ2_XS, const Row &row, guint unit, Codes *codes)
{
  const guint8 *group = behind (row.data, row.n_blocks, 2);
  const guint8 *scales = behind (group, row.n_blocks, 64);

UNROLL
  for (guint k = 0; k < 4; k++)
    {
      guint word = two_bytes_at (group + 8 * unit + 2 * k);

      put_eight (books::sotto_grid_iq2_xs[word & 511], complete_sign (word >> 9), codes->words + 2 * k);
    }
  scale_by_nibbles (half_at (row.data + 2 * (unit / 8)), byte_at (scales + unit), codes);
}

DEVICE void
load_codes (IQ2_S, const Row &row, guint unit, Codes *codes)
{
  const guint8 *low = behind (row.data, row.n_blocks, 2);
  const guint8 *signs = behind (low, row.n_blocks, 32);
  const guint8 *high = behind (signs, row.n_blocks, 32);
  const guint8 *scales = behind (high, row.n_blocks, 8);
  guint32 places = word_at (low + 4 * unit);
  guint32 sign = word_at (signs + 4 * unit);
  guint upper = byte_at (high + unit);

UNROLL
  for (guint k = 0; k < 4; k++)
    put_eight (books::sotto_grid_iq2_s[(places >> 8 * k & 255) | (upper >> 2 * k & 3) << 8], sign >> 8 * k & 255,
               codes->words + 2 * k);
  scale_by_nibbles (half_at (row.data + 2 * (unit / 8)), byte_at (scales + unit), codes);
}

DEVICE guint32
four_at (const guint8 *magnitudes)
{
  return word_at (magnitudes);
}

DEVICE void
load_codes (IQ3_XXS, const Row &row, guint unit, Codes *codes)
{
  const guint8 *places = behind (row.data, row.n_blocks, 2);
  guint32 word = word_at (behind (places, row.n_blocks, 64) + 4 * unit);

UNROLL
  for (guint k = 0; k < 8; k++)
    {
      guint signs = complete_sign (word >> 7 * (k / 2) & 127);

      codes->words[k] = put_signs (four_at (books::sotto_grid_iq3_xxs[byte_at (places + 8 * unit + k)]),
                                   signs >> 4 * (k % 2));
    }
  set_scale (codes, odd_scale (half_at (row.data + 2 * (unit / 8)), word >> 28, 0.25f), 0.0f);
}

DEVICE void
load_codes (IQ3_S, const Row &row, guint unit, Codes *codes)
{
  const guint8 *places = behind (row.data, row.n_blocks, 2);
  const guint8 *ninth = behind (places, row.n_blocks, 64);
  const guint8 *signs = behind (ninth, row.n_blocks, 8);
  const guint8 *scales = behind (signs, row.n_blocks, 32);
  guint upper = byte_at (ninth + unit);
  guint32 sign = word_at (signs + 4 * unit);
  guint s = byte_at (scales + unit / 2) >> (unit % 2 * 4) & 15;

UNROLL
  for (guint k = 0; k < 8; k++)
    {
      guint place = byte_at (places + 8 * unit + k) | (upper >> k & 1) << 8;

      codes->words[k] = put_signs (four_at (books::sotto_grid_iq3_s[place]), sign >> 4 * k);
    }
  set_scale (codes, odd_scale (half_at (row.data + 2 * (unit / 8)), s, 1.0f), 0.0f);
}

/* Eighths, each one more or less: bytes do not borrow from each other. */
DEVICE guint32
shift_eighths (guint32 four, bool negative)
{
  const guint32 top = 0x80808080u, ones = 0x01010101u;

  return negative ? ((four | top) - ones) ^ (~four & top) : ((four & ~top) + ones) ^ (four & top);
}

DEVICE void
put_shifted (guint place, bool negative, guint32 words[2])
{
  Words2 two = load (reinterpret_cast<const Words2 *> (books::sotto_grid_iq1[place]));

  words[0] = shift_eighths (two.x, negative);
  words[1] = shift_eighths (two.y, negative);
}

DEVICE void
load_codes (IQ1_S, const Row &row, guint unit, Codes *codes)
{
  const guint8 *low = behind (row.data, row.n_blocks, 2);
  guint word = two_bytes_at (behind (low, row.n_blocks, 32) + 2 * unit);
  guint32 places = word_at (low + 4 * unit);

UNROLL
  for (guint k = 0; k < 4; k++)
    put_shifted ((places >> 8 * k & 255) | (word >> 3 * k & 7) << 8, word >> 15 != 0, codes->words + 2 * k);
  set_scale (codes, odd_scale (half_at (row.data + 2 * (unit / 8)), word >> 12 & 7, 0.125f), 0.0f);
}

DEVICE void
load_codes (IQ1_M, const Row &row, guint unit, Codes *codes)
{
  const guint block = unit / 8, u = unit % 8;
  const guint8 *high = behind (row.data, row.n_blocks, 32);
  const guint8 *scales = behind (high, row.n_blocks, 16) + 8 * block;
  guint32 places = word_at (row.data + 4 * unit);
  guint upper = two_bytes_at (high + 2 * unit);
  guint own = two_bytes_at (scales + u / 2 * 2);
  Half d = {0};

UNROLL
  for (guint w = 0; w < 4; w++)
    d.bits = (guint16) (d.bits | two_bytes_at (scales + 2 * w) >> 12 << 4 * w);
UNROLL
  for (guint k = 0; k < 4; k++)
    {
      guint four = upper >> 4 * k & 15;

      put_shifted ((places >> 8 * k & 255) | (four & 7) << 8, (four & 8) != 0, codes->words + 2 * k);
    }
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      codes->scales[i] = odd_scale (half_to_float (d), own >> (u % 2 * 6 + 3 * i) & 7, 0.125f);
      codes->offsets[i] = 0.0f;
    }
}
