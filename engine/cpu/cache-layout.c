#include "cpu/cache-layout.h"

#include "cpu/exact-math.h"
#include "format/block.h"

#include <string.h>

/* --- Blocks of 32 as integers --- */

typedef struct {
  guint16 scale;           /* half */
  guint8 integers[SOTTO_CACHE_BLOCK];
} Block;

/* Rounds to an integer, half to even; |x| < 2^22 */
static gint
round_float (float x)
{
  return (gint) ((x + SOTTO_ROUNDER) - SOTTO_ROUNDER);
}

/* The block of elements first … of a row of n, with zeros behind it. */
static void
read_block (const float *row, guint n, guint first, float *values)
{
  guint there = MIN (n - first, SOTTO_CACHE_BLOCK);

  memcpy (values, row + first, there * sizeof *values);
  memset (values + there, 0, (SOTTO_CACHE_BLOCK - there) * sizeof *values);
}

/* What is no number, or infinite, is no integer either; it must not look like one. */
#define NO_NUMBER 0x7e00 /* half */

static gboolean
are_finite (const float *values)
{
  gboolean are = TRUE;

  for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
    are &= fabsf (values[i]) <= G_MAXFLOAT;
  return are;
}

/* Bytes from -127 to 127. A value too large for a half becomes the largest that is one. */
static void
quantise_8 (const float *values, Block *block)
{
  float highest = 0.0f;
  float step;

  for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
    highest = MAX (highest, fabsf (values[i]));
  block->scale = sotto_float_to_half (MIN (highest / 127.0f, 65504.0f));
  step = sotto_half_to_float (block->scale);
  for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
    block->integers[i] =
      step > 0.0f ? (guint8) (gint8) round_float (CLAMP (values[i] / step, -127.0f, 127.0f)) : 0;
}

/* 0 to 15, of which 8 is zero, at the given scale; returns the sum of squares that they are off. */
static float
round_4 (const float *values, Block *block, float scale)
{
  float step;
  float off = 0.0f;

  block->scale = sotto_float_to_half (CLAMP (scale, -65504.0f, 65504.0f));
  step = sotto_half_to_float (block->scale);
  for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
    {
      gint rounded = step != 0.0f ? round_float (CLAMP (values[i] / step, -8.0f, 7.0f)) : 0;
      float difference = values[i] - (float) rounded * step;

      block->integers[i] = (guint8) (8 + rounded);
      off += difference * difference;
    }
  return off;
}

/* The element of the largest magnitude becomes 0, or is cut to that where it serves the others
 * better: where elements follow a Gauss bell, 7 % less of their energy is lost. */
static void
quantise_4 (const float *values, Block *block)
{
  static const float parts[] = { -8.5f, -9.0f };
  float highest = 0.0f;
  float least;

  for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
    if (fabsf (values[i]) > fabsf (highest))
      highest = values[i];
  least = round_4 (values, block, highest / -8.0f);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      Block other;
      float off = round_4 (values, &other, highest / parts[i]);

      if (off < least)
        {
          least = off;
          *block = other;
        }
    }
}

static void
quantise (SottoKvType type, const float *values, Block *block)
{
  if (!are_finite (values))
    *block = (Block) { .scale = NO_NUMBER };
  else if (type == SOTTO_KV_Q8_0)
    quantise_8 (values, block);
  else
    quantise_4 (values, block);
}

/* --- Into the cache --- */

void
sotto_cache_blank_keys (SottoKvType type, guint8 *tile, guint n, guint first)
{
  const gboolean is_float = type == SOTTO_KV_F16 || type == SOTTO_KV_F32;
  const gsize size = type == SOTTO_KV_F32 ? 4 : type == SOTTO_KV_F16 ? 2 : 1;
  const guint n_rows = type == SOTTO_KV_Q4_0 ? SOTTO_CACHE_BLOCK / 2 : SOTTO_CACHE_BLOCK;

  for (gsize block = 0; block < sotto_cache_count_blocks (n); block++)
    {
      guint8 *row = tile + block * SOTTO_KEY_TILE * sotto_cache_block_bytes (type);

      if (!is_float)
        {
          memset (row + first * sizeof (guint16), 0, (SOTTO_KEY_TILE - first) * sizeof (guint16));
          row += SOTTO_KEY_TILE * sizeof (guint16);
        }
      for (guint i = 0; i < n_rows; i++, row += SOTTO_KEY_TILE * size)
        memset (row + first * size, 0, (SOTTO_KEY_TILE - first) * size);
    }
}

static void
pack_key_block (SottoKvType type, guint8 *target, guint slot, const Block *block)
{
  guint8 *integers = target + SOTTO_KEY_TILE * sizeof block->scale + slot;

  memcpy (target + slot * sizeof block->scale, &block->scale, sizeof block->scale);
  if (type == SOTTO_KV_Q8_0)
    for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++)
      integers[i * SOTTO_KEY_TILE] = block->integers[i];
  else
    for (guint i = 0; i < SOTTO_CACHE_BLOCK / 2; i++)
      integers[i * SOTTO_KEY_TILE] =
        (guint8) (block->integers[i] | block->integers[i + SOTTO_CACHE_BLOCK / 2] << 4);
}

void
sotto_cache_pack_key (SottoKvType         type,
                      guint8             *tile,
                      guint               slot,
                      const float        *key,
                      guint               n,
                      const SottoKernels *kernels,
                      guint16            *halves)
{
  gsize block_bytes = SOTTO_KEY_TILE * sotto_cache_block_bytes (type);

  switch (type)
    {
    case SOTTO_KV_F32:
      for (guint d = 0; d < n; d++)
        ((float *) tile)[d * SOTTO_KEY_TILE + slot] = key[d];
      break;

    case SOTTO_KV_F16:
      kernels->to_half (key, n, halves);
      for (guint d = 0; d < n; d++)
        ((guint16 *) tile)[d * SOTTO_KEY_TILE + slot] = halves[d];
      break;

    case SOTTO_KV_Q8_0:
    case SOTTO_KV_Q4_0:
    default:
      for (guint first = 0; first < n; first += SOTTO_CACHE_BLOCK, tile += block_bytes)
        {
          float values[SOTTO_CACHE_BLOCK];
          Block block;

          read_block (key, n, first, values);
          quantise (type, values, &block);
          pack_key_block (type, tile, slot, &block);
        }
      break;
    }
}

void
sotto_cache_pack_value (SottoKvType         type,
                        guint8             *row,
                        const float        *value,
                        guint               n,
                        const SottoKernels *kernels)
{
  gsize block_bytes = sotto_cache_block_bytes (type);

  switch (type)
    {
    case SOTTO_KV_F32:
      memcpy (row, value, n * sizeof *value);
      break;

    case SOTTO_KV_F16:
      kernels->to_half (value, n, (guint16 *) row);
      break;

    case SOTTO_KV_Q8_0:
    case SOTTO_KV_Q4_0:
    default:
      for (guint first = 0; first < n; first += SOTTO_CACHE_BLOCK, row += block_bytes)
        {
          float values[SOTTO_CACHE_BLOCK];
          Block block;

          read_block (value, n, first, values);
          quantise (type, values, &block);
          memcpy (row, &block.scale, sizeof block.scale);
          if (type == SOTTO_KV_Q8_0)
            memcpy (row + 2, block.integers, SOTTO_CACHE_BLOCK);
          else
            for (guint i = 0; i < SOTTO_CACHE_BLOCK / 2; i++)
              row[2 + i] =
                (guint8) (block.integers[i] | block.integers[i + SOTTO_CACHE_BLOCK / 2] << 4);
        }
      break;
    }
}
