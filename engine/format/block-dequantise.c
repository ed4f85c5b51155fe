/* The layouts of the plain block types, and the exact values they stand for; the others have files
 * of their own: -k, -iq, -small.
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
 */

#include "format/block-private.h"

#include <string.h>

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
