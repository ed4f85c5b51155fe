#pragma once

#include "cpu/pack-few.h"
#include "cpu/tiles.h"

/* Activations of many tokens for a matrix unit that multiplies bytes; read by template-tiles.h.
 *
 * A row has a scale for every 256 columns (a group), by which they are integers of 16 bits: 256 * high + low,
 * both bytes with a sign. Sixteen tokens lie side by side: the same four columns of each, in the order
 * of the columns of pack-few.h, so that a step of 64 columns is a tile as it is. */

#define TILE_COLUMNS 64
#define TILE_GROUP 256   /* columns */
#define TILE_STEPS (TILE_GROUP / TILE_COLUMNS)
#define TILE_HIGHEST 32512 /* 127 * 256: a byte of high is below 128 when low is rounded off */

/* What is smaller is taken as zero: the inverse of its scale would not be finite. */
#define TILE_SMALLEST 1e-30f

typedef struct {
  gint32 high[TILE_STEPS][16][TILE_ROWS]; /* four columns in each */
  gint32 low[TILE_STEPS][16][TILE_ROWS];
  gint32 halves[TILE_ROWS];               /* half the sum of low */
  float scales[TILE_ROWS];
} TileTokens;

G_STATIC_ASSERT (TILE_GROUP == SOTTO_PACK_COLUMNS && TILE_GROUP == FEW_COLUMNS);

/* v[i]: 16 columns as integers. Packing leaves four columns of each vector side by side, which are put in
 * their places. */
static inline void
split_planes (const __m512i v[4], __m512i *high, __m512i *low)
{
  const __m512i places =
    _mm512_setr_epi32 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i half = _mm512_set1_epi16 (128);
  const __m512i byte = _mm512_set1_epi16 (255);
  __m512i a = _mm512_add_epi16 (_mm512_packs_epi32 (v[0], v[1]), half);
  __m512i b = _mm512_add_epi16 (_mm512_packs_epi32 (v[2], v[3]), half);
  __m512i highs = _mm512_packs_epi16 (_mm512_srai_epi16 (a, 8), _mm512_srai_epi16 (b, 8));
  __m512i lows = _mm512_packus_epi16 (_mm512_and_si512 (a, byte), _mm512_and_si512 (b, byte));

  *high = _mm512_permutexvar_epi32 (places, highs);
  *low = _mm512_permutexvar_epi32 (places, _mm512_xor_si512 (lows, _mm512_set1_epi8 (-128)));
}

/* A token's columns of a group: sixteen times four of them a step. */
typedef struct {
  __m512i high[TILE_STEPS];
  __m512i low[TILE_STEPS];
  gint32 half;
  float scale;
} TileRow;

/* n columns of a token. */
G_ALWAYS_INLINE static inline void
round_tile_row (const float *x, guint n, TileRow *to)
{
  __m512 v[TILE_GROUP / 16];
  __m512 most = _mm512_setzero_ps ();
  __m512i sums = _mm512_setzero_si512 ();
  __m512 inverse;
  float highest;

  for (guint i = 0; i < TILE_GROUP / 16; i++)
    {
      guint there = 16 * i < n ? MIN (n - 16 * i, 16) : 0;

      v[i] = n == TILE_GROUP
               ? _mm512_loadu_ps (x + 16 * i)
               : _mm512_maskz_loadu_ps ((__mmask16) ((1u << there) - 1), x + (there > 0 ? 16 * i : 0));
      most = _mm512_max_ps (most, _mm512_abs_ps (v[i]));
    }
  highest = _mm512_reduce_max_ps (most);
  inverse = _mm512_set1_ps (highest < TILE_SMALLEST ? 0.0f : TILE_HIGHEST / highest);
  for (guint step = 0; step < TILE_STEPS; step++)
    {
      __m512i integers[4];

      for (guint i = 0; i < 4; i++)
        {
          guint block = few_block (n == TILE_GROUP, step / 2, i);

          integers[i] = _mm512_cvtps_epi32 (_mm512_mul_ps (v[2 * block + step % 2], inverse));
        }
      split_planes (integers, &to->high[step], &to->low[step]);
      sums = _mm512_dpbusd_epi32 (sums, _mm512_set1_epi8 (1), to->low[step]);
    }
  to->half = _mm512_reduce_add_epi32 (sums) / 2;
  to->scale = highest < TILE_SMALLEST ? 0.0f : highest / TILE_HIGHEST;
}

G_ALWAYS_INLINE static inline void
round_tile_columns (const float *x, guint n, TileRow *to)
{
  if (n >= TILE_GROUP)
    round_tile_row (x, TILE_GROUP, to);
  else
    round_tile_row (x, n, to);
}

/* Of the token whose place is the first in to. */
static void
scatter_tile_row (const TileRow *row, TileTokens *to)
{
  const __m512i places = _mm512_mullo_epi32 (
    _mm512_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32 (TILE_ROWS));

  for (guint step = 0; step < TILE_STEPS; step++)
    {
      _mm512_i32scatter_epi32 (to->high[step], places, row->high[step], 4);
      _mm512_i32scatter_epi32 (to->low[step], places, row->low[step], 4);
    }
  to->halves[0] = row->half;
  to->scales[0] = row->scale;
}

static void
pack_tiles (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  TileTokens *groups = (TileTokens *) (gpointer) packed;

  for (guint column = first; column < first + n; column += TILE_GROUP)
    {
      TileRow row;

      round_tile_columns (x + column, n_columns - column, &row);
      scatter_tile_row (&row, groups + column / TILE_GROUP);
    }
}

/* A plane of a step of all tokens: what a token has in a row comes to stand in a column. */
static inline void
turn_plane (gint32 rows[TILE_ROWS][16], gint32 to[16][TILE_ROWS])
{
  __m512i v[16];

  transpose_sixteen (rows[0], v);
  for (guint i = 0; i < 16; i++)
    _mm512_store_si512 (to[i], v[i]);
}

/* Tokens that are not there are zeros. */
static void
pack_tile_set (const float *x, gsize stride, guint n_rows, guint n_columns, guint first, guint n, guint8 *packed)
{
  TileTokens *groups = (TileTokens *) (gpointer) packed;
  _Alignas (64) gint32 planes[2][TILE_STEPS][TILE_ROWS][16];

  for (guint column = first; column < first + n; column += TILE_GROUP)
    {
      TileTokens *to = groups + column / TILE_GROUP;

      for (guint t = 0; t < TILE_ROWS; t++)
        {
          TileRow row = { 0 };

          if (t < n_rows)
            round_tile_columns (x + t * stride + column, n_columns - column, &row);
          for (guint step = 0; step < TILE_STEPS; step++)
            {
              _mm512_store_si512 (planes[0][step][t], row.high[step]);
              _mm512_store_si512 (planes[1][step][t], row.low[step]);
            }
          to->halves[t] = row.half;
          to->scales[t] = row.scale;
        }
      for (guint step = 0; step < TILE_STEPS; step++)
        {
          turn_plane (planes[0][step], to->high[step]);
          turn_plane (planes[1][step], to->low[step]);
        }
    }
}
