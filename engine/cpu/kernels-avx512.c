#include "cpu/kernels.h"

#include "cpu/lanes-avx512.h"
#include "cpu/template-float.h"
#include "cpu/template-attention.h"
#include "cpu/vectors-avx512.h"
#include "cpu/template-multiply.h"
#include "cpu/template-float-panel.h"
#include "cpu/template-word-panel.h"
#include "cpu/template-few.h"
#include "cpu/template-strips.h"
#include "cpu/pairs-avx.h"
#include "cpu/template-attend-steps.h"

/* The AVX-512 tier (F, BW, VL, DQ, VNNI, VBMI and GFNI). */

void
sotto_kernels_fill_avx512 (SottoKernels *kernels)
{
  kernels->name = "avx512";
  fill_float_kernels (kernels);
  fill_attention_kernels (kernels);
  fill_multiply_kernels (kernels);
  fill_strip_panels (kernels);
  fill_float_panels (kernels);
  fill_word_panels (kernels);
  fill_few_kernels (kernels);
  fill_strip_kernels (kernels);
  fill_attend_steps (kernels);
}
