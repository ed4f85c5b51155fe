#include "cpu/kernels.h"

#include "cpu/lanes-avx2.h"
#include "cpu/template-math.h"
#include "cpu/template-keys.h"
#include "cpu/template-softmax.h"
#include "cpu/vectors-avx2.h"
#include "cpu/template-multiply.h"
#include "cpu/template-word-panel.h"
#include "cpu/template-few.h"
#include "cpu/template-strips.h"
#include "cpu/pairs-avx.h"
#include "cpu/template-attend-steps.h"

/* The AVX-VNNI tier: that of AVX2, but for products of quantised weights. */

void
sotto_kernels_fill_avxvnni (SottoKernels *kernels)
{
  kernels->name = "avxvnni";
  fill_multiply_kernels (kernels);
  fill_strip_panels (kernels);
  fill_word_panels (kernels);
  fill_few_kernels (kernels);
  fill_strip_kernels (kernels);
  fill_attend_steps (kernels);
}
