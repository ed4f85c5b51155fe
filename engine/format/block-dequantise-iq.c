 /* The IQ types (see block-dequantise.c). A weight is named by the place of its neighbourhood in a
  * codebook (block-grids.h), with a sign of its own; IQ4 has a codebook of single numbers instead.
  * s is a small integer scale, z = 2 s + 1. Where a sign has seven bits for eight elements, the
  * eighth makes the number of minus signs even; bit j belongs to element j, 1 means minus.
 *
 *   IQ2_XXS  66 bytes, 8 groups of 32   x = d / 8 * z * grid
 *     0  half d
 *     2  8 bytes a group: four places in the codebook, then 32 bits: four signs of seven bits, s in
 *        the highest four
 *
 *   IQ2_XS   74 bytes, 16 groups of 16  x = d / 8 * z * grid
 *     0  half d
 *     2  32 times 16 bits: a place (nine bits), a sign (seven)
 *    66  8 bytes: s of groups 2 i and 2 i + 1 in the low and high half of byte i
 *
 *   IQ2_S    82 bytes, 16 groups of 16  x = d / 8 * z * grid
 *     0  half d
 *     2  32 bytes: the low eight bits of the places
 *    34  32 bytes: signs of eight bits
 *    66  8 bytes: the high two bits of the places, four in a byte, the first in its lowest bits
 *    74  8 bytes: s as in IQ2_XS
 *
 *   IQ3_XXS  98 bytes, 8 groups of 32   x = d / 4 * z * grid; four elements to a place
 *     0  half d
 *     2  64 bytes: places
 *    66  8 times 32 bits: signs and s as in IQ2_XXS
 *
 *   IQ3_S   110 bytes, 8 groups of 32   x = d * z * grid; four elements to a place
 *     0  half d
 *     2  64 bytes: the low eight bits of the places
 *    66  8 bytes: their ninth bits
 *    74  32 bytes: signs of eight bits
 *   106  4 bytes: s as in IQ2_XS
 *
 *   IQ1_S    50 bytes, 8 groups of 32   x = d * z * (grid + shift), where shift is 1/8 or -1/8
 *     0  half d
 *     2  32 bytes: the low eight bits of the places
 *    34  8 times 16 bits: the high three bits of four places, then s (three bits), then one that is
 *        set where the shift is negative
 *
 *   IQ1_M    56 bytes, 16 groups of 16  x as in IQ1_S, with a shift of its own for each eight
 *     0  32 bytes: the low eight bits of the places
 *    32  16 bytes: in each half of a byte the high three bits of a place, then the shift's
 *    48  4 times 16 bits: four times s (three bits), and four bits of the half d, the lowest first
 *
 *   IQ4_NL   18 bytes, 32 elements      x = d * code
 *     0  half d
 *     2  16 bytes as in Q4_0: places
 *
 *   IQ4_XS  136 bytes, 8 groups of 32   x = d * (s - 32) * code
 *     0  half d
 *     2  16 bits: the high two bits of s, the first group's in the lowest
 *     4  4 bytes: the low four bits of s, two in a byte
 *     8  128 bytes: each group as in Q4_0
 */

#include "format/block-grids.h"
#include "format/block-private.h"

static const gint8 codes[16] = { SOTTO_CODES_IQ4 };

/* The sign of eight elements from its seven bits. */
static guint
complete_sign (guint seven)
{
  guint parity = seven ^ seven >> 4;

  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return seven | (parity & 1) << 7;
}

static void
put_signed (float *target, const guint8 *magnitudes, guint n, guint signs, float scale)
{
  for (guint j = 0; j < n; j++)
    target[j] = scale * (float) (signs >> j & 1 ? -magnitudes[j] : magnitudes[j]);
}

/* d * (2 s + 1) * unit */
static float
odd_scale (float d, guint s, float unit)
{
  return d * (float) (2 * s + 1) * unit;
}

void
sotto_dequantise_iq2_xxs (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 66)
    for (guint g = 0; g < 8; g++)
      {
        const guint8 *places = block + 2 + 8 * g;
        guint32 word = read_32 (places + 4);
        float scale = odd_scale (read_half (block), word >> 28, 0.125f);

        for (guint k = 0; k < 4; k++)
          put_signed (target + i + 32 * g + 8 * k, sotto_grid_iq2_xxs[places[k]], 8,
                      complete_sign (word >> (7 * k) & 127), scale);
      }
}

void
sotto_dequantise_iq2_xs (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 74)
    for (guint k = 0; k < 32; k++)
      {
        guint word = read_16 (block + 2 + 2 * k);
        guint s = (guint) (block[66 + k / 4] >> (k / 2 % 2 * 4)) & 15;

        put_signed (target + i + 8 * k, sotto_grid_iq2_xs[word & 511], 8,
                    complete_sign (word >> 9), odd_scale (read_half (block), s, 0.125f));
      }
}

void
sotto_dequantise_iq2_s (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 82)
    for (guint k = 0; k < 32; k++)
      {
        guint high = (guint) (block[66 + k / 4] >> (k % 4 * 2)) & 3;
        guint s = (guint) (block[74 + k / 4] >> (k / 2 % 2 * 4)) & 15;

        put_signed (target + i + 8 * k, sotto_grid_iq2_s[block[2 + k] | high << 8], 8,
                    block[34 + k], odd_scale (read_half (block), s, 0.125f));
      }
}

void
sotto_dequantise_iq3_xxs (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 98)
    for (guint k = 0; k < 64; k++)
      {
        guint32 word = read_32 (block + 66 + k / 8 * 4);
        guint signs = complete_sign (word >> (k % 8 / 2 * 7) & 127);

        put_signed (target + i + 4 * k, sotto_grid_iq3_xxs[block[2 + k]], 4,
                    signs >> (k % 2 * 4), odd_scale (read_half (block), word >> 28, 0.25f));
      }
}

void
sotto_dequantise_iq3_s (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 110)
    for (guint k = 0; k < 64; k++)
      {
        guint ninth = (guint) (block[66 + k / 8] >> (k % 8)) & 1;
        guint signs = (guint) block[74 + k / 2] >> (k % 2 * 4);
        guint s = (guint) (block[106 + k / 16] >> (k / 8 % 2 * 4)) & 15;

        put_signed (target + i + 4 * k, sotto_grid_iq3_s[block[2 + k] | ninth << 8], 4, signs,
                    odd_scale (read_half (block), s, 1.0f));
      }
}

/* Eight elements, in eighths as the codebook is. */
static void
put_shifted (float *target, guint place, gboolean negative, float scale)
{
  for (guint j = 0; j < 8; j++)
    target[j] = scale * (float) (sotto_grid_iq1[place][j] + (negative ? -1 : 1));
}

void
sotto_dequantise_iq1_s (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 50)
    for (guint k = 0; k < 32; k++)
      {
        guint word = read_16 (block + 34 + k / 4 * 2);
        guint high = word >> (k % 4 * 3) & 7;

        put_shifted (target + i + 8 * k, block[2 + k] | high << 8, word >> 15 != 0,
                     odd_scale (read_half (block), word >> 12 & 7, 0.125f));
      }
}

void
sotto_dequantise_iq1_m (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 56)
    {
      guint half = 0;
      float d;

      for (guint w = 0; w < 4; w++)
        half |= (guint) read_16 (block + 48 + 2 * w) >> 12 << (4 * w);
      d = sotto_half_to_float ((guint16) half);
      for (guint k = 0; k < 32; k++)
        {
          guint high = (guint) block[32 + k / 2] >> (k % 2 * 4);
          guint s = (guint) read_16 (block + 48 + k / 8 * 2) >> (k / 2 % 4 * 3) & 7;

          put_shifted (target + i + 8 * k, block[k] | (high & 7) << 8, (high & 8) != 0,
                       odd_scale (d, s, 0.125f));
        }
    }
}

static void
put_codes (float *target, const guint8 *places, float scale)
{
  for (guint j = 0; j < 16; j++)
    {
      target[j] = scale * (float) codes[places[j] & 15];
      target[j + 16] = scale * (float) codes[places[j] >> 4];
    }
}

void
sotto_dequantise_iq4_nl (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 32, block += 18)
    put_codes (target + i, block + 2, read_half (block));
}

void
sotto_dequantise_iq4_xs (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 136)
    for (guint g = 0; g < 8; g++)
      {
        guint low = (guint) (block[4 + g / 2] >> (g % 2 * 4)) & 15;
        guint high = (guint) read_16 (block + 2) >> (2 * g) & 3;

        put_codes (target + i + 32 * g, block + 8 + 16 * g,
                   read_half (block) * (float) ((int) (low | high << 4) - 32));
      }
}
