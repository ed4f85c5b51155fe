#include "cpu/kernels.h"

#include "cpu/lanes-avx512.h"
#include "cpu/template-math.h"
#include "cpu/template-keys.h"
#include "cpu/template-tiles.h"
#include "cpu/template-float-tiles.h"
#include "cpu/template-attend-tiles.h"

/* The AMX tier: that of AVX-512, but for many tokens. Tiles are shaped at the beginning of a call and
 * given up at its end, so that a thread that sleeps has none to be saved. */

void
sotto_kernels_fill_amx (SottoKernels *kernels)
{
  kernels->name = "amx";
  kernels->piece = 2 * (guint64) 1000 * 1000 * 1000;
  kernels->attend[SOTTO_FORM_MANY] = attend_in_tiles;
  fill_tile_kernels (kernels);
  fill_float_tiles (kernels);
}
