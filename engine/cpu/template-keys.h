#pragma once

/* Keys and values from the cache to floats, over Lanes: a tier's file includes its lanes-*.h, then this. */

#include "cpu/cache-layout.h"

/* n is a multiple of LANES. */
static inline void
halves_to_floats (const guint16 *halves, gsize n, float *out)
{
  for (gsize i = 0; i < n; i += LANES)
    lanes_store (out + i, lanes_load_half (halves + i));
}

/* Sixteen bytes of Q4_0: the low halves when shift is 0, the high ones when it is 4. */
static inline Lanes
lanes_from_nibbles (const guint8 *source, guint shift)
{
  gint8 integers[LANES];

  for (guint i = 0; i < LANES; i++)
    integers[i] = (gint8) ((source[i] >> shift & 15) - 8);
  return lanes_load_bytes (integers);
}

static inline Lanes
lanes_all_half (const guint8 *source)
{
  guint16 halves[LANES] = { 0 };
  float values[LANES];

  memcpy (halves, source, sizeof *halves);
  lanes_store (values, lanes_load_half (halves));
  return lanes_all (values[0]);
}

G_STATIC_ASSERT (SOTTO_KEY_TILE == LANES);

/* One tile of keys: (blocks of 32 * 32, SOTTO_KEY_TILE) */
static void
unpack_keys (SottoKvType type, const guint8 *tile, guint n_key, float *out)
{
  if (type == SOTTO_KV_F16)
    {
      halves_to_floats ((const guint16 *) tile, (gsize) n_key * SOTTO_KEY_TILE, out);
      return;
    }
  for (guint block = 0; block < sotto_cache_count_blocks (n_key); block++)
    {
      Lanes scales = lanes_load_half ((const guint16 *) tile);
      const guint8 *integers = tile + 2 * SOTTO_KEY_TILE;

      if (type == SOTTO_KV_Q8_0)
        for (guint i = 0; i < SOTTO_CACHE_BLOCK; i++, integers += SOTTO_KEY_TILE)
          lanes_store (out + i * LANES,
                       lanes_multiply (scales, lanes_load_bytes ((const gint8 *) integers)));
      else
        for (guint i = 0; i < SOTTO_CACHE_BLOCK / 2; i++, integers += SOTTO_KEY_TILE)
          {
            lanes_store (out + i * LANES, lanes_multiply (scales, lanes_from_nibbles (integers, 0)));
            lanes_store (out + (i + SOTTO_CACHE_BLOCK / 2) * LANES,
                         lanes_multiply (scales, lanes_from_nibbles (integers, 4)));
          }
      tile += SOTTO_KEY_TILE * sotto_cache_block_bytes (type);
      out += SOTTO_CACHE_BLOCK * LANES;
    }
}

/* The same transform as kernel_spread's, of a tile of keys: its scale is in what it is given. */
static void
spread_tile (guint n, guint width, float *tile)
{
  for (guint half = 1; half < width; half *= 2)
    for (guint first = 0; first < n; first += 2 * half)
      for (guint i = first; i < first + half; i++)
        {
          Lanes a = lanes_load (tile + i * LANES);
          Lanes b = lanes_load (tile + (i + half) * LANES);

          lanes_store (tile + i * LANES, lanes_add (a, b));
          lanes_store (tile + (i + half) * LANES, lanes_subtract (a, b));
        }
}

/* Adds what tile number @index of the chunk was stored without. @room: (n_key, SOTTO_KEY_TILE) */
static void
add_bias (const SottoKeyBias *bias, guint n_key, guint index, float *room, float *keys)
{
  const float *cosines = bias->far + (gsize) 2 * index * bias->n_pairs;
  const float *sines = cosines + bias->n_pairs;

  for (guint d = 0; d < n_key; d++)
    lanes_store (room + d * LANES, lanes_all (bias->start[d]));
  for (guint pair = 0; pair < bias->n_pairs; pair++)
    {
      guint left = sotto_key_bias_left (bias, pair);
      guint right = sotto_key_bias_right (bias, pair);
      float x = bias->start[left];
      float y = bias->start[right];
      Lanes a = lanes_all (x * cosines[pair] - y * sines[pair]);
      Lanes b = lanes_all (x * sines[pair] + y * cosines[pair]);
      Lanes cosine = lanes_load (bias->near + (gsize) 2 * pair * LANES);
      Lanes sine = lanes_load (bias->near + ((gsize) 2 * pair + 1) * LANES);

      lanes_store (room + left * LANES,
                   lanes_subtract (lanes_multiply (a, cosine), lanes_multiply (b, sine)));
      lanes_store (room + right * LANES,
                   lanes_add (lanes_multiply (a, sine), lanes_multiply (b, cosine)));
    }
  spread_tile (n_key, bias->spread, room);
  for (guint d = 0; d < n_key; d++)
    lanes_store (keys + d * LANES,
                 lanes_add (lanes_load (keys + d * LANES), lanes_load (room + d * LANES)));
}

/* One row of values: (blocks of 32 * 32) */
static void
unpack_value (SottoKvType type, const guint8 *row, guint n_value, float *out)
{
  if (type == SOTTO_KV_F16)
    {
      halves_to_floats ((const guint16 *) row, sotto_value_stride (n_value), out);
      return;
    }
  for (guint block = 0; block < sotto_cache_count_blocks (n_value); block++)
    {
      Lanes scale = lanes_all_half (row);
      const guint8 *integers = row + 2;

      for (guint i = 0; i < 2; i++)
        lanes_store (out + i * LANES,
                     lanes_multiply (scale, type == SOTTO_KV_Q8_0
                                              ? lanes_load_bytes ((const gint8 *) integers + i * LANES)
                                              : lanes_from_nibbles (integers, 4 * i)));
      row += sotto_cache_block_bytes (type);
      out += SOTTO_CACHE_BLOCK;
    }
}

/* Values that stand in the keys: what lies element by element becomes rows. */
static void
transpose_values (const float *keys, gsize tile_stride, guint n_keys, guint n_value, guint stride, float *out)
{
  for (guint k = 0; k < n_keys; k++)
    {
      const float *tile = keys + k / SOTTO_KEY_TILE * tile_stride + k % SOTTO_KEY_TILE;

      for (guint d = 0; d < n_value; d++)
        out[(gsize) k * stride + d] = tile[d * SOTTO_KEY_TILE];
      for (guint d = n_value; d < stride; d++)
        out[(gsize) k * stride + d] = 0.0f;
    }
}

/* Element number i of keys or values that are halves or floats. */
static inline Lanes
load_elements (SottoKvType type, const guint8 *source, gsize i)
{
  return type == SOTTO_KV_F16 ? lanes_load_half ((const guint16 *) source + i)
                              : lanes_load ((const float *) source + i);
}

/* Some keys of a chunk, as halves or as floats. */
typedef struct {
  SottoKvType type;
  const guint8 *keys;
  gsize key_tile_bytes;      /* from one SOTTO_KEY_TILE to the next */
  const guint8 *values;
  gsize value_bytes;
  guint first;               /* position of its first key */
  guint end;
} AttendTile;

/* SOTTO_ATTEND_TILE keys, or what there is of them, as they lie in the chunk, from its key number offset on. */
static AttendTile
tile_at (const SottoAttendKeys *head, guint offset)
{
  guint first = head->first_key + offset;

  return (AttendTile) {
    .type = head->type,
    .keys = head->keys + offset / SOTTO_KEY_TILE * head->key_tile_bytes,
    .key_tile_bytes = head->key_tile_bytes,
    .values = head->values == NULL ? NULL : head->values + offset * head->value_bytes,
    .value_bytes = head->value_bytes,
    .first = first,
    .end = MIN (first + SOTTO_ATTEND_TILE, head->end_key),
  };
}

/* No key was seen. */
static void
clear_partials (SottoPartial *partials, guint n, guint value_stride)
{
  for (guint i = 0; i < n; i++)
    {
      partials[i].highest = -INFINITY;
      partials[i].sum = 0.0f;
      memset (partials[i].value, 0, value_stride * sizeof (float));
    }
}

/* The keys of a tile as floats. */
static void
unpack_tile (const SottoAttendKeys *head, float *room, AttendTile *tile)
{
  const guint8 *keys = tile->keys;
  guint offset = tile->first - head->first_key;
  gsize key_floats = sotto_cache_count_blocks (head->n_key) * SOTTO_CACHE_BLOCK * SOTTO_KEY_TILE;
  float *value_room = room + SOTTO_ATTEND_TILE / SOTTO_KEY_TILE * key_floats;
  guint n = tile->end - tile->first;

  if (tile->type != SOTTO_KV_F32)
    {
      for (guint i = 0; i * SOTTO_KEY_TILE < n; i++)
        {
          float *out = room + i * key_floats;

          unpack_keys (head->type, keys + i * head->key_tile_bytes, head->n_key, out);
          if (head->bias.start != NULL)
            add_bias (&head->bias, head->n_key, offset / SOTTO_KEY_TILE + i,
                      value_room + (gsize) SOTTO_ATTEND_TILE * head->value_stride, out);
        }
      tile->keys = (const guint8 *) room;
      tile->key_tile_bytes = key_floats * sizeof (float);
    }
  if (head->values == NULL)
    transpose_values ((const float *) tile->keys, tile->key_tile_bytes / sizeof (float), n,
                      head->n_value, head->value_stride, value_room);
  else if (tile->type != SOTTO_KV_F32)
    for (guint k = 0; k < n; k++)
      unpack_value (head->type, tile->values + k * head->value_bytes, head->n_value,
                    value_room + (gsize) k * head->value_stride);
  if (head->values == NULL || tile->type != SOTTO_KV_F32)
    {
      tile->values = (const guint8 *) value_room;
      tile->value_bytes = head->value_stride * sizeof (float);
    }
  tile->type = SOTTO_KV_F32;
}
