#include "cpu/kernels.h"

#include "cpu/lanes-avx512.h"
#include "cpu/template-float.h"
#include "cpu/template-attention.h"

/* The AVX-512 tier (F, BW, VL, DQ, VNNI and GFNI). A tile of the panel is two registers of rows by six
 * tokens: 12 sums of integers, two of weights, one of activations. */

typedef __m512i IntVector;
typedef __m512 FloatVector;

#define VECTOR_ROWS 16
#define PANEL_TOKENS 6

static inline IntVector
vector_load_int (const gint32 *source)
{
  return _mm512_loadu_si512 (source);
}

static inline IntVector
vector_all_int (gint32 value)
{
  return _mm512_set1_epi32 (value);
}

static inline IntVector
vector_all_pair (const gint16 *pair)
{
  gint32 both;

  memcpy (&both, pair, sizeof both);
  return _mm512_set1_epi32 (both);
}

static inline IntVector
vector_multiply_pairs (IntVector sum, IntVector a, IntVector b)
{
  return _mm512_dpwssd_epi32 (sum, a, b);
}

static inline FloatVector
vector_load (const float *source)
{
  return _mm512_loadu_ps (source);
}

static inline FloatVector
vector_all (float value)
{
  return _mm512_set1_ps (value);
}

static inline FloatVector
vector_to_float (IntVector v)
{
  return _mm512_cvtepi32_ps (v);
}

static inline FloatVector
vector_add (FloatVector a, FloatVector b)
{
  return _mm512_add_ps (a, b);
}

static inline FloatVector
vector_multiply (FloatVector a, FloatVector b)
{
  return _mm512_mul_ps (a, b);
}

static inline FloatVector
vector_fma (FloatVector a, FloatVector b, FloatVector c)
{
  return _mm512_fmadd_ps (a, b, c);
}

static inline void
vector_store_part (float *target, guint n, FloatVector v)
{
  _mm512_mask_storeu_ps (target, (__mmask16) ((1u << n) - 1), v);
}

#include "cpu/template-multiply.h"
#include "cpu/template-float-panel.h"
#include "cpu/template-few.h"

void
sotto_kernels_fill_avx512 (SottoKernels *kernels)
{
  kernels->name = "avx512";
  fill_float_kernels (kernels);
  fill_attention_kernels (kernels);
  fill_multiply_kernels (kernels);
  fill_float_panels (kernels);
  fill_few_kernels (kernels);
}
