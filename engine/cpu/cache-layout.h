#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* How keys and values lie in a cache, by its type.
 *
 *                 a tile of SOTTO_KEY_TILE keys                      a row of values
 *   F32, F16      (n_key, 16) numbers                                (n) numbers, padded with zeros
 *   Q8_0          for each 32 elements: 16 halves, (32, 16) int8     for each 32: a half, 32 int8
 *   Q4_0          for each 32 elements: 16 halves, (16, 16) bytes    for each 32: a half, 16 bytes
 *
 * Keys lie element by element, so that a tile's scores need no sum across lanes. A byte of Q4_0 holds
 * element i in its low half and i + 16 in its high one; a number is scale * (integer - 8). Elements are
 * padded to whole blocks of 32.
 */

#define SOTTO_CACHE_BLOCK 32

/* Elements of a head that are spread over each other before they are quantised: a few elements of
 * keys are far larger than the others, and would take all steps of their block. Turned by a
 * Hadamard matrix (QuaRot, Ashkboos et al. 2024) each has a share of all; queries turned alike give
 * the same scores, and what was attended of turned values is turned back. */
#define SOTTO_CACHE_SPREAD 128

static inline gsize
sotto_cache_count_blocks (guint n)
{
  return ((gsize) n + SOTTO_CACHE_BLOCK - 1) / SOTTO_CACHE_BLOCK;
}

/* Floats from one row of values to the next once they are floats, and in partial results. */
static inline guint
sotto_value_stride (guint n_value)
{
  return (guint) sotto_cache_count_blocks (n_value) * SOTTO_CACHE_BLOCK;
}

static inline gsize
sotto_cache_block_bytes (SottoKvType type)
{
  return type == SOTTO_KV_Q8_0   ? 2 + SOTTO_CACHE_BLOCK
         : type == SOTTO_KV_Q4_0 ? 2 + SOTTO_CACHE_BLOCK / 2
         : type == SOTTO_KV_F16  ? 2 * SOTTO_CACHE_BLOCK
                                 : 4 * SOTTO_CACHE_BLOCK;
}

static inline gsize
sotto_key_tile_bytes (SottoKvType type, guint n_key)
{
  return sotto_cache_count_blocks (n_key) * SOTTO_KEY_TILE * sotto_cache_block_bytes (type);
}

static inline gsize
sotto_value_row_bytes (SottoKvType type, guint n_value)
{
  return sotto_cache_count_blocks (n_value) * sotto_cache_block_bytes (type);
}

/* How many of @n elements are spread together: the largest power of two that divides them, up to
 * SOTTO_CACHE_SPREAD; 1 where no integers are kept. */
static inline guint
sotto_cache_spread (SottoKvType type, guint n)
{
  guint width = 1;

  if (type != SOTTO_KV_Q8_0 && type != SOTTO_KV_Q4_0)
    return 1;
  while (width < SOTTO_CACHE_SPREAD && n % (2 * width) == 0)
    width *= 2;
  return width;
}

/**
 * sotto_cache_pack_key:
 * @tile: the tile that the key joins
 * @slot: its place there, below %SOTTO_KEY_TILE
 * @key: (n)
 * @halves: (n): scratch
 */
void sotto_cache_pack_key (SottoKvType          type,
                           guint8              *tile,
                           guint                slot,
                           const float         *key,
                           guint                n,
                           const SottoKernels  *kernels,
                           guint16             *halves);

/**
 * sotto_cache_blank_keys:
 * @n: elements of a key
 *
 * Makes zeros of the tile's keys from slot @first on.
 */
void sotto_cache_blank_keys (SottoKvType type, guint8 *tile, guint n, guint first);

/**
 * sotto_cache_pack_value:
 * @row: where the row lies
 */
void sotto_cache_pack_value (SottoKvType          type,
                             guint8              *row,
                             const float         *value,
                             guint                n,
                             const SottoKernels  *kernels);

G_END_DECLS
