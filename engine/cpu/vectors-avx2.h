#pragma once

#include <immintrin.h>

/* What template-panel.h and template-word-panel.h want of registers of 256 bits. AVX-VNNI has the product and its sum
 * in one instruction where AVX2 takes two. */

#define VECTOR_ROWS 8
#ifdef __AVXVNNI__
#define PANEL_TOKENS 6 /* twelve sums of integers, as many as hide how long a product takes */
#define PANEL_HAS_QUADS 1
#else
#define PANEL_TOKENS 4 /* eight: a product on its way to its sum takes a register, too */
#define PANEL_HAS_QUADS 0
#endif
#define PANEL_BLOCKS 24
#define PANEL_MOST 128

#include "cpu/vectors.h"

/* sum + the pairs of 16 bits of a times those of b */
static inline IntVector
vector_multiply_pairs (IntVector sum, IntVector a, IntVector b)
{
#ifdef __AVXVNNI__
  return (IntVector) _mm256_dpwssd_avx_epi32 ((__m256i) sum, (__m256i) a, (__m256i) b);
#else
  return (IntVector) _mm256_add_epi32 ((__m256i) sum, _mm256_madd_epi16 ((__m256i) a, (__m256i) b));
#endif
}

#ifdef __AVXVNNI__
/* sum + the bytes of a, without a sign, times those of b, with one, four a lane */
static inline IntVector
vector_multiply_quads (IntVector sum, IntVector a, IntVector b)
{
  return (IntVector) _mm256_dpbusd_avx_epi32 ((__m256i) sum, (__m256i) a, (__m256i) b);
}
#else
/* Words: two bytes of a, without a sign, times those of b, with one, and added up */
static inline WordVector
vector_multiply_bytes (WordVector a, WordVector b)
{
  return (WordVector) _mm256_maddubs_epi16 ((__m256i) a, (__m256i) b);
}

/* The two words of each lane, which have a sign, added up */
static inline IntVector
vector_add_words (WordVector words)
{
  return (IntVector) _mm256_madd_epi16 ((__m256i) words, _mm256_set1_epi16 (1));
}

/* sum + the bytes of a times those of b, four a lane. Both have a sign here: that of a is given to b. */
static inline IntVector
vector_multiply_quads (IntVector sum, IntVector a, IntVector b)
{
  __m256i bytes = (__m256i) a;

  return sum + vector_add_words (vector_multiply_bytes ((WordVector) _mm256_abs_epi8 (bytes),
                                                        (WordVector) _mm256_sign_epi8 ((__m256i) b, bytes)));
}
#endif

static inline WordVector
vector_larger_words (WordVector a, WordVector b)
{
  return (WordVector) _mm256_max_epu16 ((__m256i) a, (__m256i) b);
}

/* a * b + c, rounded once */
static inline FloatVector
vector_fma (FloatVector a, FloatVector b, FloatVector c)
{
  return _mm256_fmadd_ps (a, b, c);
}

/* The first n lanes */
static inline void
vector_store_part (float *target, guint n, FloatVector v)
{
  float all[VECTOR_ROWS];

  if (n == VECTOR_ROWS)
    {
      _mm256_storeu_ps (target, v);
      return;
    }
  _mm256_storeu_ps (all, v);
  memcpy (target, all, n * sizeof *all);
}

/* Bytes below 16 as the bytes that stand there in a book of sixteen */
#define vector_look_up(book, places)                                                               \
  ((WordVector) _mm256_shuffle_epi8 (_mm256_broadcastsi128_si256 (_mm_setr_epi8 (book)), (__m256i) (places)))

static inline IntVector
vector_widen_bytes (const gint8 *source)
{
  return (IntVector) _mm256_cvtepi8_epi32 (_mm_loadl_epi64 ((const __m128i *) (gconstpointer) source));
}

static inline FloatVector
vector_from_halves (const guint8 *source)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (gconstpointer) source));
}

/* Of the lower half of each lane */
static inline FloatVector
vector_half_to_float (IntVector lanes)
{
  __m256i halves = (__m256i) (lanes & 0xffff);

  halves = _mm256_permute4x64_epi64 (_mm256_packus_epi32 (halves, halves), 0x08);
  return _mm256_cvtph_ps (_mm256_castsi256_si128 (halves));
}
