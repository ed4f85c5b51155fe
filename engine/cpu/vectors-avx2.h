#pragma once

#include <glib.h>
#include <immintrin.h>
#include <string.h>

/* What template-panel.h wants of registers of 256 bits. AVX-VNNI has the product and its sum in one instruction
 * where AVX2 takes two. */

typedef __m256i IntVector;
typedef __m256 FloatVector;

#define VECTOR_ROWS 8
#define PANEL_TOKENS 4 /* eight sums of integers; with twelve, gcc keeps some in memory */

static inline IntVector
vector_load_int (const gint32 *source)
{
  return _mm256_loadu_si256 ((const __m256i *) source);
}

static inline IntVector
vector_all_int (gint32 value)
{
  return _mm256_set1_epi32 (value);
}

static inline IntVector
vector_all_pair (const gint16 *pair)
{
  gint32 both;

  memcpy (&both, pair, sizeof both);
  return _mm256_set1_epi32 (both);
}

static inline IntVector
vector_multiply_pairs (IntVector sum, IntVector a, IntVector b)
{
#ifdef __AVXVNNI__
  return _mm256_dpwssd_avx_epi32 (sum, a, b);
#else
  return _mm256_add_epi32 (sum, _mm256_madd_epi16 (a, b));
#endif
}

static inline FloatVector
vector_load (const float *source)
{
  return _mm256_loadu_ps (source);
}

static inline FloatVector
vector_all (float value)
{
  return _mm256_set1_ps (value);
}

static inline FloatVector
vector_to_float (IntVector v)
{
  return _mm256_cvtepi32_ps (v);
}

static inline FloatVector
vector_add (FloatVector a, FloatVector b)
{
  return _mm256_add_ps (a, b);
}

static inline FloatVector
vector_multiply (FloatVector a, FloatVector b)
{
  return _mm256_mul_ps (a, b);
}

static inline FloatVector
vector_fma (FloatVector a, FloatVector b, FloatVector c)
{
  return _mm256_fmadd_ps (a, b, c);
}

static inline void
vector_store_part (float *target, guint n, FloatVector v)
{
  float all[8];

  if (n == 8)
    {
      _mm256_storeu_ps (target, v);
      return;
    }
  _mm256_storeu_ps (all, v);
  memcpy (target, all, n * sizeof *all);
}
