/* The K types (see block-dequantise.c): super-blocks of 256 elements in groups, each group with a
 * small integer scale.
 *
 *   Q2_K   84 bytes, 16 groups of 16  x = (d * s) * q - (e * m)
 *     0  16 bytes: s of group g in the low, m in the high half of byte g
 *    16  64 bytes: q, two bits each. In each half of the super-block (128 elements, 32 bytes) byte l
 *        holds those of elements l, l + 32, l + 64 and l + 96, the first in its lowest bits
 *    80  half d, half e
 *
 *   Q3_K  110 bytes, 16 groups of 16  x = (d * (s - 32)) * (q - 4)
 *     0  32 bytes: bit b of byte l is the third bit of element 32 b + l
 *    32  64 bytes as in Q2_K: the low two bits
 *    96  12 bytes: s, six bits each; its low four bits in the low (groups 0-7) and the high halves
 *        (8-15) of bytes 0 to 7; its high two bits in bytes 8 to 11: byte 8 + g % 4 holds those of
 *        groups g, g + 4, g + 8 and g + 12, the first in its lowest bits
 *   108  half d
 *
 *   Q4_K  144 bytes, 8 groups of 32 x = (d * s) * q - (e * m)
 *     0  half d, half e
 *     4  12 bytes: scales s and minima m of the groups, six bits each:
 *          groups 0-3: s in the low six bits of byte g, m in those of byte g + 4
 *          groups 4-7: the low four bits of s and m in the low and high half of byte g + 4, their
 *          two high bits in the high bits of byte g - 4 (s) and byte g (m)
 *    16  128 bytes: 32 bytes a pair of groups, the even group in the low halves, the odd in the high
 *
 *   Q5_K  176 bytes, 8 groups of 32 x as in Q4_K
 *     0  d, e, s and m as in Q4_K
 *    16  32 bytes: bit g of byte l is the fifth bit of element l of group g
 *    48  128 bytes as in Q4_K
 *
 *   Q6_K  210 bytes, 16 groups of 16   x = (d * s) * (q - 32)
 *     0  128 bytes: low four bits. In each half of the super-block (128 elements, 64 bytes) byte l
 *        and byte l + 32 hold elements l and l + 32 in their low, l + 64 and l + 96 in their high half
 *   128  64 bytes: high two bits. In each half (32 bytes) byte l holds those of elements l, l + 32,
 *        l + 64 and l + 96, the first in its lowest bits
 *   192  16 signed bytes: scales s
 *   208  half d
 *
 *   Q8_K  292 bytes                   x = d * q
 *     0  float d
 *     4  256 signed bytes
 *   260  16 sums of 16 elements each (int16), which only say again what the bytes say
 */

#include "format/block-private.h"

#include <string.h>

void
sotto_dequantise_q2_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 84)
    {
      float d = read_half (block + 80);
      float e = read_half (block + 82);

      for (guint j = 0; j < 256; j++)
        {
          guint group = block[j / 16];
          guint q = (guint) (block[16 + j / 128 * 32 + j % 32] >> (j % 128 / 32 * 2)) & 3;

          target[i + j] = d * (float) (group & 15) * (float) q - e * (float) (group >> 4);
        }
    }
}

void
sotto_dequantise_q3_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 110)
    {
      const guint8 *packed = block + 96;
      float d = read_half (block + 108);

      for (guint g = 0; g < 16; g++)
        {
          guint low = (guint) (packed[g % 8] >> (g / 8 * 4)) & 15;
          guint high = (guint) (packed[8 + g % 4] >> (g / 4 * 2)) & 3;
          float ds = d * (float) ((int) (low | high << 4) - 32);

          for (guint j = 16 * g; j < 16 * g + 16; j++)
            {
              int two = (block[32 + j / 128 * 32 + j % 32] >> (j % 128 / 32 * 2)) & 3;
              int third = (block[j % 32] >> (j / 32)) & 1;

              target[i + j] = ds * (float) ((two | third << 2) - 4);
            }
        }
    }
}

/* Scale and minimum of group @g of a Q4_K or Q5_K block; @packed is its 12 bytes. */
static void
unpack_group (const guint8 *packed, guint g, guint *scale, guint *minimum)
{
  if (g < 4)
    {
      *scale = packed[g] & 63;
      *minimum = packed[g + 4] & 63;
    }
  else
    {
      *scale = (guint) (packed[g + 4] & 15) | (guint) (packed[g - 4] >> 6) << 4;
      *minimum = (guint) (packed[g + 4] >> 4) | (guint) (packed[g] >> 6) << 4;
    }
}

void
sotto_dequantise_q4_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 144)
    {
      float d = read_half (block);
      float e = read_half (block + 2);

      for (guint g = 0; g < 8; g++)
        {
          const guint8 *quants = block + 16 + 32 * (g / 2);
          guint shift = 4 * (g % 2);
          guint scale, minimum;
          float ds, em;

          unpack_group (block + 4, g, &scale, &minimum);
          ds = d * (float) scale;
          em = e * (float) minimum;
          for (guint l = 0; l < 32; l++)
            target[i + 32 * g + l] = ds * (float) ((quants[l] >> shift) & 15) - em;
        }
    }
}

void
sotto_dequantise_q5_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 176)
    {
      float d = read_half (block);
      float e = read_half (block + 2);
      const guint8 *high = block + 16;

      for (guint g = 0; g < 8; g++)
        {
          const guint8 *quants = block + 48 + 32 * (g / 2);
          guint shift = 4 * (g % 2);
          guint scale, minimum;
          float ds, em;

          unpack_group (block + 4, g, &scale, &minimum);
          ds = d * (float) scale;
          em = e * (float) minimum;
          for (guint l = 0; l < 32; l++)
            {
              guint q = (guint) ((quants[l] >> shift) & 15) | (guint) ((high[l] >> g) & 1) << 4;

              target[i + 32 * g + l] = ds * (float) q - em;
            }
        }
    }
}

void
sotto_dequantise_q6_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 210)
    {
      float d = read_half (block + 208);

      for (guint half = 0; half < 2; half++)
        {
          const guint8 *low = block + 64 * half;
          const guint8 *high = block + 128 + 32 * half;
          const guint8 *scales = block + 192 + 8 * half;
          float *out = target + i + 128 * half;

          /* Quarter k: elements 32 k … 32 k + 31 of this half. */
          for (guint k = 0; k < 4; k++)
            for (guint l = 0; l < 32; l++)
              {
                float ds = d * (float) (gint8) scales[2 * k + l / 16];
                int four = (low[l + 32 * (k % 2)] >> (4 * (k / 2))) & 15;
                int two = (high[l] >> (2 * k)) & 3;

                out[32 * k + l] = ds * (float) ((four | two << 4) - 32);
              }
        }
    }
}

void
sotto_dequantise_q8_k (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 256, block += 292)
    {
      guint32 bits = read_32 (block);
      float d;

      memcpy (&d, &bits, sizeof d);
      for (guint j = 0; j < 256; j++)
        target[i + j] = d * (float) (gint8) block[4 + j];
    }
}
