#pragma once

#include "cpu/kernels.h"
#include "cpu/tiles.h"

/* Activations of many tokens for a matrix unit that multiplies bytes; read by template-tiles.h.
 *
 * A row has a scale for every 256 columns (a group), by which they are integers of 16 bits: 256 * high + low,
 * both bytes with a sign. A plane of 64 columns of sixteen tokens is a tile as it is: the first operand of a product. */

#define TILE_COLUMNS 64
#define TILE_GROUP 256   /* columns */
#define TILE_STEPS (TILE_GROUP / TILE_COLUMNS)
#define TILE_HIGHEST 32512 /* 127 * 256: a byte of high is below 128 when low is rounded off */

/* What is smaller is taken as zero: the inverse of its scale would not be finite. */
#define TILE_SMALLEST 1e-30f

typedef struct {
  gint8 high[TILE_STEPS][TILE_ROWS][TILE_COLUMNS];
  gint8 low[TILE_STEPS][TILE_ROWS][TILE_COLUMNS];
  gint32 halves[TILE_ROWS];               /* half the sum of low */
  float scales[TILE_ROWS];
} TileTokens;

G_STATIC_ASSERT (TILE_GROUP == SOTTO_PACK_COLUMNS);

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

/* n columns of a token, which is the one at place in its set. */
G_ALWAYS_INLINE static inline void
round_tile_row (const float *x, guint n, TileTokens *to, guint place)
{
  __m512 v[TILE_GROUP / 16];
  __m512 most = _mm512_setzero_ps ();
  __m512 nothing = _mm512_setzero_ps (); /* but where something is no number, or above all of them */
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
      nothing = _mm512_add_ps (nothing, _mm512_sub_ps (v[i], v[i]));
    }
  highest = _mm512_reduce_max_ps (most);
  inverse = _mm512_set1_ps (highest < TILE_SMALLEST ? 0.0f : TILE_HIGHEST / highest);
  for (guint step = 0; step < TILE_STEPS; step++)
    {
      __m512i integers[4];
      __m512i high;
      __m512i low;

      for (guint i = 0; i < 4; i++)
        integers[i] = _mm512_cvtps_epi32 (_mm512_mul_ps (v[4 * step + i], inverse));
      split_planes (integers, &high, &low);
      sums = _mm512_dpbusd_epi32 (sums, _mm512_set1_epi8 (1), low);
      _mm512_store_si512 (to->high[step][place], high);
      _mm512_store_si512 (to->low[step][place], low);
    }
  to->halves[place] = _mm512_reduce_add_epi32 (sums) / 2;
  to->scales[place] = (highest < TILE_SMALLEST ? 0.0f : highest / TILE_HIGHEST) + _mm512_reduce_add_ps (nothing);
}

static void
round_tile_columns (const float *x, guint n, TileTokens *to, guint place)
{
  if (n >= TILE_GROUP)
    round_tile_row (x, TILE_GROUP, to, place);
  else
    round_tile_row (x, n, to, place);
}

/* A token's place in its set is by how many floats it begins behind the set, which is aligned to 64. */
static void
pack_tiles (const float *x, guint n_columns, guint first, guint n, guint8 *packed)
{
  guint place = (guint) ((guintptr) packed % 64 / sizeof (float));
  TileTokens *groups = (TileTokens *) (gpointer) (packed - place * sizeof (float));

  for (guint column = first; column < first + n; column += TILE_GROUP)
    round_tile_columns (x + column, n_columns - column, groups + column / TILE_GROUP, place);
}

static void
pack_tile_set (const float *x, gsize stride, guint n_rows, guint n_columns, guint first, guint n, guint8 *packed)
{
  TileTokens *groups = (TileTokens *) (gpointer) packed;

  for (guint column = first; column < first + n; column += TILE_GROUP)
    for (guint t = 0; t < n_rows; t++)
      round_tile_columns (x + t * stride + column, n_columns - column, groups + column / TILE_GROUP, t);
}
