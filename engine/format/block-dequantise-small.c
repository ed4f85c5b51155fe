/* Types of very few values (see block-dequantise.c): three of them, or the sixteen of a float of
 * four bits.
 *
 *   TQ1_0  54 bytes, 256 elements   x = d * (q - 1)
 *     Five digits of base three in a byte, as a fraction of 256: the first is the integer part of
 *     byte * 3 / 256; what is left of the byte times 3, modulo 256, begins with the next.
 *     0  32 bytes: digit k of byte l is element 32 k + l
 *    32  16 bytes: digit k of byte l is element 160 + 16 k + l
 *    48  4 bytes: digit k (of four) of byte l is element 240 + 4 k + l
 *    52  half d
 *
 *   TQ2_0  66 bytes, 256 elements   x = d * (q - 1)
 *     0  64 bytes as in Q2_K
 *    64  half d
 *
 *   MXFP4  17 bytes, 32 elements    x = 2^(e - 128) * code       (OCP Microscaling Formats 1.0)
 *     0  byte e
 *     1  16 bytes as in Q4_0: places in the list of codes, which are twice the floats' values
 *
 *   NVFP4  36 bytes, 4 groups of 16  x = f / 2 * code
 *     0  4 bytes f: floats of four bits of exponent (bias 7) and three of mantissa; the highest bit
 *        means nothing; 127 stands for 0
 *     4  8 bytes a group: places, of elements j in the low, j + 8 in the high half of byte j
 *     The scale of the whole tensor stands in a tensor of its own beside it; see block.h.
 */

#include "format/block-grids.h"
#include "format/block-private.h"

#include <math.h>

static const gint8 codes[16] = { SOTTO_CODES_FP4 };

void
sotto_dequantise_tq1_0 (const void *source, float *target, gsize n)
{
  static const guint8 powers[5] = { 1, 3, 9, 27, 81 };
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 54)
    {
      float d = read_half (block + 52);

      for (guint j = 0; j < 256; j++)
        {
          guint8 byte = j < 160 ? block[j % 32] : j < 240 ? block[32 + j % 16] : block[48 + j % 4];
          guint digit = j < 160 ? j / 32 : j < 240 ? (j - 160) / 16 : (j - 240) / 4;
          guint8 rest = (guint8) (byte * powers[digit]);

          target[i + j] = d * (float) ((rest * 3 >> 8) - 1);
        }
    }
}

void
sotto_dequantise_tq2_0 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 66)
    {
      float d = read_half (block + 64);

      for (guint j = 0; j < 256; j++)
        {
          int q = block[j / 128 * 32 + j % 32] >> (j % 128 / 32 * 2) & 3;

          target[i + j] = d * (float) (q - 1);
        }
    }
}

void
sotto_dequantise_mxfp4 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 32, block += 17)
    {
      /* 255 is no number in the standard; the format's first reader made it 2^127, so do we. */
      float scale = ldexpf (1.0f, block[0] - 128);

      for (guint j = 0; j < 16; j++)
        {
          target[i + j] = scale * (float) codes[block[1 + j] & 15];
          target[i + j + 16] = scale * (float) codes[block[1 + j] >> 4];
        }
    }
}

/* Half of what the byte stands for. */
static float
nvfp4_scale (guint8 byte)
{
  int exponent = byte >> 3 & 15;
  int mantissa = byte & 7;

  if (byte == 127)
    return 0.0f;
  return exponent == 0 ? ldexpf ((float) mantissa, -10)
                       : ldexpf ((float) (8 + mantissa), exponent - 11);
}

void
sotto_dequantise_nvfp4 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 64, block += 36)
    for (guint g = 0; g < 4; g++)
      {
        const guint8 *places = block + 4 + 8 * g;
        float scale = nvfp4_scale (block[g]);

        for (guint j = 0; j < 8; j++)
          {
            target[i + 16 * g + j] = scale * (float) codes[places[j] & 15];
            target[i + 16 * g + j + 8] = scale * (float) codes[places[j] >> 4];
          }
      }
}
