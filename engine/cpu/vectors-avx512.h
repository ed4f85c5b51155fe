#pragma once

#include <immintrin.h>

/* What template-panel.h and template-word-panel.h want of registers of 512 bits: a tile of the panel is two registers of rows by eight
 * tokens, that is 16 sums of integers, two registers of weights and one of activations. With twelve tokens what they add
 * up to lies in memory more often, which costs more than loading weights less often gives. */

#define VECTOR_ROWS 16
#define PANEL_TOKENS 8
#define PANEL_BLOCKS 16
#define PANEL_MOST 64
#define PANEL_HAS_QUADS 1

#include "cpu/vectors.h"

/* sum + the pairs of 16 bits of a times those of b */
static inline IntVector
vector_multiply_pairs (IntVector sum, IntVector a, IntVector b)
{
  return (IntVector) _mm512_dpwssd_epi32 ((__m512i) sum, (__m512i) a, (__m512i) b);
}

/* sum + the bytes of a, without a sign, times those of b, with one, four a lane */
static inline IntVector
vector_multiply_quads (IntVector sum, IntVector a, IntVector b)
{
  return (IntVector) _mm512_dpbusd_epi32 ((__m512i) sum, (__m512i) a, (__m512i) b);
}

/* Eight numbers of a row, and of the one that lies eight rows behind */
static inline IntVector
vector_load_rows (const guint8 *row, const guint8 *eighth)
{
  __m512i v = _mm512_castsi256_si512 (_mm256_loadu_si256 ((const __m256i *) (gconstpointer) row));

  return (IntVector) _mm512_inserti64x4 (v, _mm256_loadu_si256 ((const __m256i *) (gconstpointer) eighth), 1);
}

/* Of eight such registers, each number of all rows side by side */
static inline void
vector_transpose (IntVector v[8])
{
  const __m512i low = _mm512_setr_epi64 (0, 1, 8, 9, 4, 5, 12, 13);
  const __m512i high = _mm512_setr_epi64 (2, 3, 10, 11, 6, 7, 14, 15);
  __m512i a[8];
  __m512i b[8];

  for (guint i = 0; i < 8; i += 2)
    {
      a[i] = _mm512_unpacklo_epi32 ((__m512i) v[i], (__m512i) v[i + 1]);
      a[i + 1] = _mm512_unpackhi_epi32 ((__m512i) v[i], (__m512i) v[i + 1]);
    }
  for (guint i = 0; i < 8; i += 4)
    {
      b[i] = _mm512_unpacklo_epi64 (a[i], a[i + 2]);
      b[i + 1] = _mm512_unpackhi_epi64 (a[i], a[i + 2]);
      b[i + 2] = _mm512_unpacklo_epi64 (a[i + 1], a[i + 3]);
      b[i + 3] = _mm512_unpackhi_epi64 (a[i + 1], a[i + 3]);
    }
  for (guint i = 0; i < 4; i++)
    {
      v[i] = (IntVector) _mm512_permutex2var_epi64 (b[i], low, b[i + 4]);
      v[i + 4] = (IntVector) _mm512_permutex2var_epi64 (b[i], high, b[i + 4]);
    }
}

static inline WordVector
vector_larger_words (WordVector a, WordVector b)
{
  return (WordVector) _mm512_max_epu16 ((__m512i) a, (__m512i) b);
}

/* a * b + c, rounded once */
static inline FloatVector
vector_fma (FloatVector a, FloatVector b, FloatVector c)
{
  return _mm512_fmadd_ps (a, b, c);
}

/* The first n lanes */
static inline void
vector_store_part (float *target, guint n, FloatVector v)
{
  _mm512_mask_storeu_ps (target, (__mmask16) ((1u << n) - 1), v);
}

/* Bytes below 16 as the bytes that stand there in a book of sixteen */
#define vector_look_up(book, places)                                                               \
  ((WordVector) _mm512_shuffle_epi8 (_mm512_broadcast_i32x4 (_mm_setr_epi8 (book)), (__m512i) (places)))

static inline IntVector
vector_widen_bytes (const gint8 *source)
{
  return (IntVector) _mm512_cvtepi8_epi32 (_mm_loadu_si128 ((const __m128i *) (gconstpointer) source));
}

static inline FloatVector
vector_from_halves (const guint8 *source)
{
  return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) (gconstpointer) source));
}

/* Of the lower half of each lane */
static inline FloatVector
vector_half_to_float (IntVector lanes)
{
  return _mm512_cvtph_ps (_mm512_cvtepi32_epi16 ((__m512i) lanes));
}
