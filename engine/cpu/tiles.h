#pragma once

#include <immintrin.h>

/* The matrix unit (AMX): eight registers of 16 rows of 64 bytes. A product takes 16 rows of one of them times
 * 16 columns of another, whose rows hold what four bytes or two bfloat16 of a row are multiplied with,
 * side by side. */

#define TILE_ROWS 16
#define TILE_BYTES 1024

typedef struct {
  guint8 palette;
  guint8 start;
  guint8 reserved[14];
  guint16 row_bytes[16];
  guint8 rows[16];
} TileShapes;

/* gcc does not know what the instructions on tiles read: what was stored for them has to be in memory. */
static inline void
tile_barrier (void)
{
  __asm__ volatile ("" : : : "memory");
}

/* All of them whole. */
static inline void
shape_tiles (void)
{
  TileShapes shapes = { .palette = 1 };

  for (guint i = 0; i < 8; i++)
    {
      shapes.rows[i] = TILE_ROWS;
      shapes.row_bytes[i] = 64;
    }
  tile_barrier ();
  _tile_loadconfig (&shapes);
}

/* 16 rows of 16 words: vector i gets the words i of all of them. */
G_ALWAYS_INLINE static inline void
transpose_sixteen (const gint32 *rows, __m512i v[16])
{
  for (guint c = 0; c < 16; c += 4)
    {
      __m512i r[4];
      __m512i a[4];

      for (guint i = 0; i < 4; i++)
        {
          const gint32 *p = rows + i * 16 + c;

          r[i] = _mm512_castsi128_si512 (_mm_load_si128 ((const __m128i *) p));
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 4 * 16)), 1);
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 8 * 16)), 2);
          r[i] = _mm512_inserti32x4 (r[i], _mm_load_si128 ((const __m128i *) (p + 12 * 16)), 3);
        }
      a[0] = _mm512_unpacklo_epi32 (r[0], r[1]);
      a[1] = _mm512_unpackhi_epi32 (r[0], r[1]);
      a[2] = _mm512_unpacklo_epi32 (r[2], r[3]);
      a[3] = _mm512_unpackhi_epi32 (r[2], r[3]);
      v[c] = _mm512_unpacklo_epi64 (a[0], a[2]);
      v[c + 1] = _mm512_unpackhi_epi64 (a[0], a[2]);
      v[c + 2] = _mm512_unpacklo_epi64 (a[1], a[3]);
      v[c + 3] = _mm512_unpackhi_epi64 (a[1], a[3]);
    }
}
