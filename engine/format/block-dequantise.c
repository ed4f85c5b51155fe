/* The layouts of the block types, and the exact values they stand for.
 *
 * A row of weights is a sequence of blocks. A quantised block holds small integers q and what makes
 * numbers of them; all of it is little-endian, without padding, and of any alignment. "half" is
 * IEEE 754 binary16. Every product below is exact in float (at most 24 significant bits); only the
 * subtraction or addition of a minimum rounds, once.
 *
 *   Q4_0   18 bytes, 32 elements    x = d * (q - 8)
 *     0  half d
 *     2  16 bytes: byte j holds q of element j in its low, of element j + 16 in its high half
 *
 *   Q4_1   20 bytes, 32 elements    x = d * q + m
 *     0  half d, half m
 *     4  16 bytes as in Q4_0
 *
 *   Q5_0   22 bytes, 32 elements    x = d * (q - 16)
 *     0  half d
 *     2  32 bits: bit j is the fifth bit of element j
 *     6  16 bytes as in Q4_0: the low four bits
 *
 *   Q5_1   24 bytes, 32 elements    x = d * q + m
 *     0  half d, half m
 *     4  32 bits as in Q5_0
 *     8  16 bytes as in Q4_0
 *
 *   Q8_0   34 bytes, 32 elements    x = d * q
 *     0  half d
 *     2  32 signed bytes
 *
 *   The K types have super-blocks of 256 elements in groups, each group with a small integer scale.
 *
 *   Q4_K  144 bytes, 8 groups of 32 x = (d * s) * q - (e * m)
 *     0  half d, half e
 *     4  12 bytes: scales s and minima m of the groups, six bits each:
 *          groups 0–3: s in the low six bits of byte g, m in those of byte g + 4
 *          groups 4–7: the low four bits of s and m in the low and high half of byte g + 4, their
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
 */

#include "format/block-private.h"

#include <string.h>

static guint16
read_16 (const guint8 *source)
{
  return (guint16) (source[0] | source[1] << 8);
}

static guint32
read_32 (const guint8 *source)
{
  return (guint32) source[0] | (guint32) source[1] << 8 | (guint32) source[2] << 16
         | (guint32) source[3] << 24;
}

static float
read_half (const guint8 *source)
{
  return sotto_half_to_float (read_16 (source));
}

void
sotto_dequantise_f32 (const void *source, float *target, gsize n)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  memcpy (target, source, n * sizeof (float));
#else
  const guint8 *bytes = source;

  for (gsize i = 0; i < n; i++)
    {
      guint32 bits = read_32 (bytes + 4 * i);

      memcpy (target + i, &bits, sizeof bits);
    }
#endif
}

void
sotto_dequantise_f16 (const void *source, float *target, gsize n)
{
  const guint8 *bytes = source;

  for (gsize i = 0; i < n; i++)
    target[i] = read_half (bytes + 2 * i);
}

void
sotto_dequantise_bf16 (const void *source, float *target, gsize n)
{
  const guint8 *bytes = source;

  for (gsize i = 0; i < n; i++)
    target[i] = sotto_bfloat_to_float (read_16 (bytes + 2 * i));
}

void
sotto_dequantise_q4_0 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 32, block += 18)
    {
      float d = read_half (block);
      const guint8 *quants = block + 2;

      for (guint j = 0; j < 16; j++)
        {
          target[i + j] = d * (float) ((quants[j] & 15) - 8);
          target[i + j + 16] = d * (float) ((quants[j] >> 4) - 8);
        }
    }
}

void
sotto_dequantise_q4_1 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 32, block += 20)
    {
      float d = read_half (block);
      float m = read_half (block + 2);
      const guint8 *quants = block + 4;

      for (guint j = 0; j < 16; j++)
        {
          target[i + j] = d * (float) (quants[j] & 15) + m;
          target[i + j + 16] = d * (float) (quants[j] >> 4) + m;
        }
    }
}

/* The 32 five-bit integers of a block: four bits in @low, the fifth in @high. */
static void
unpack_five_bits (const guint8 *low, guint32 high, gint8 quants[32])
{
  for (guint j = 0; j < 16; j++)
    {
      quants[j] = (gint8) ((low[j] & 15) | ((high >> j) & 1) << 4);
      quants[j + 16] = (gint8) ((low[j] >> 4) | ((high >> (j + 16)) & 1) << 4);
    }
}

void
sotto_dequantise_q5_0 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;
  gint8 quants[32];

  for (gsize i = 0; i < n; i += 32, block += 22)
    {
      float d = read_half (block);

      unpack_five_bits (block + 6, read_32 (block + 2), quants);
      for (guint j = 0; j < 32; j++)
        target[i + j] = d * (float) (quants[j] - 16);
    }
}

void
sotto_dequantise_q5_1 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;
  gint8 quants[32];

  for (gsize i = 0; i < n; i += 32, block += 24)
    {
      float d = read_half (block);
      float m = read_half (block + 2);

      unpack_five_bits (block + 8, read_32 (block + 4), quants);
      for (guint j = 0; j < 32; j++)
        target[i + j] = d * (float) quants[j] + m;
    }
}

void
sotto_dequantise_q8_0 (const void *source, float *target, gsize n)
{
  const guint8 *block = source;

  for (gsize i = 0; i < n; i += 32, block += 34)
    {
      float d = read_half (block);

      for (guint j = 0; j < 32; j++)
        target[i + j] = d * (float) (gint8) block[2 + j];
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
