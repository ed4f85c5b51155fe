#include "cpu/kernels.h"

#include <string.h>

#include "cpu/block-kinds.h"
#include "cpu/lanes-avx512.h"
#include "cpu/template-math.h"
#include "cpu/template-keys.h"
#include "cpu/template-tiles.h"
#include "cpu/template-float-tiles.h"
#include "cpu/template-attend-tiles.h"

/* The AMX tier: that of AVX-512, but for many tokens. Tiles are shaped at the beginning of a call and
 * given up at its end, so that a thread that sleeps has none to be saved. */

#define DEFINE_TILES(type, name, scale_of, group_bytes, is_whole, zero, form)                      \
  static void multiply_##name (const SottoWeight *weight, guint first_row, guint n_rows,           \
                               const SottoActivations *x, guint first_token, guint n_tokens,       \
                               float *y, gsize y_stride, void *scratch)                            \
  {                                                                                                \
    static const BlockKind kind = { unpack_##name, scale_##scale_of, group_bytes, is_whole, zero,  \
                                    form };                                                        \
                                                                                                   \
    multiply_kind_tiles (kind, weight, first_row, n_rows, x, first_token, n_tokens, y, y_stride,   \
                         scratch);                                                                 \
  }

BLOCK_KINDS (DEFINE_TILES)

#define FILL_TILES(type, name, ...)                                                                \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_##name;

void
sotto_kernels_fill_amx (SottoKernels *kernels)
{
  kernels->name = "amx";
  kernels->piece = 2 * (guint64) 1000 * 1000 * 1000;
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { sizeof (TileTokens), pack_tiles, FALSE };
  kernels->attend[SOTTO_FORM_MANY] = attend_in_tiles;
  BLOCK_KINDS (FILL_TILES)
  fill_float_tiles (kernels);
}
