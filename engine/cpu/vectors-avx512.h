#pragma once

#include <immintrin.h>

/* What template-panel.h wants of registers of 512 bits: a tile of the panel is two registers of rows by eight
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
