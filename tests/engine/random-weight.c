#include "random-weight.h"

#include <string.h>

const SottoBlockType random_weight_types[RANDOM_WEIGHT_TYPES] = {
  SOTTO_BLOCK_F32,     SOTTO_BLOCK_F16,    SOTTO_BLOCK_BF16,  SOTTO_BLOCK_Q4_0,
  SOTTO_BLOCK_Q4_1,    SOTTO_BLOCK_Q5_0,   SOTTO_BLOCK_Q5_1,  SOTTO_BLOCK_Q8_0,
  SOTTO_BLOCK_Q2_K,    SOTTO_BLOCK_Q3_K,   SOTTO_BLOCK_Q4_K,  SOTTO_BLOCK_Q5_K,
  SOTTO_BLOCK_Q6_K,    SOTTO_BLOCK_Q8_K,   SOTTO_BLOCK_IQ1_S, SOTTO_BLOCK_IQ1_M,
  SOTTO_BLOCK_IQ2_XXS, SOTTO_BLOCK_IQ2_XS, SOTTO_BLOCK_IQ2_S, SOTTO_BLOCK_IQ3_XXS,
  SOTTO_BLOCK_IQ3_S,   SOTTO_BLOCK_IQ4_NL, SOTTO_BLOCK_IQ4_XS, SOTTO_BLOCK_TQ1_0,
  SOTTO_BLOCK_TQ2_0,   SOTTO_BLOCK_MXFP4,  SOTTO_BLOCK_NVFP4,
};

/* Where a block's halves stand (two numbers of a byte each; -1: none), and how large they may be.
 * */
static const struct {
  int first;
  int second;
  float size;
} block_halves[SOTTO_BLOCK_TYPES] = {
  [SOTTO_BLOCK_F32] = { -1, -1, 0 },
  [SOTTO_BLOCK_F16] = { 0, -1, 1 },
  [SOTTO_BLOCK_BF16] = { -1, -1, 0 },
  [SOTTO_BLOCK_Q4_0] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_Q4_1] = { 0, 2, 0.02f },
  [SOTTO_BLOCK_Q5_0] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_Q5_1] = { 0, 2, 0.02f },
  [SOTTO_BLOCK_Q8_0] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_Q2_K] = { 80, 82, 0.02f },
  [SOTTO_BLOCK_Q3_K] = { 108, -1, 0.02f },
  [SOTTO_BLOCK_Q4_K] = { 0, 2, 0.02f },
  [SOTTO_BLOCK_Q5_K] = { 0, 2, 0.02f },
  [SOTTO_BLOCK_Q6_K] = { 208, -1, 0.002f },
  [SOTTO_BLOCK_Q8_K] = { -1, -1, 0 },
  [SOTTO_BLOCK_IQ1_S] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ1_M] = { -1, -1, 0 },
  [SOTTO_BLOCK_IQ2_XXS] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ2_XS] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ2_S] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ3_XXS] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ3_S] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ4_NL] = { 0, -1, 0.02f },
  [SOTTO_BLOCK_IQ4_XS] = { 0, -1, 0.002f },
  [SOTTO_BLOCK_TQ1_0] = { 52, -1, 0.02f },
  [SOTTO_BLOCK_TQ2_0] = { 64, -1, 0.02f },
  [SOTTO_BLOCK_MXFP4] = { -1, -1, 0 },
  [SOTTO_BLOCK_NVFP4] = { -1, -1, 0 },
};

float
random_float (GRand *rand)
{
  return (float) g_rand_double_range (rand, -1.0, 1.0);
}

static void
put_half (guint8 *target, float value)
{
  guint16 half = sotto_float_to_half (value);

  memcpy (target, &half, sizeof half);
}

void
random_weight_put_scales (SottoBlockType type, guint8 *block, GRand *rand)
{
  float value = random_float (rand);

  if (block_halves[type].first >= 0)
    put_half (block + block_halves[type].first, block_halves[type].size * value);
  if (block_halves[type].second >= 0)
    put_half (block + block_halves[type].second, block_halves[type].size * random_float (rand));
  if (type == SOTTO_BLOCK_F32 || type == SOTTO_BLOCK_Q8_K)
    memcpy (block, &value, sizeof value);
  if (type == SOTTO_BLOCK_BF16)
    block[1] = (guint8) ((block[1] & 0x80) | 0x3c | (block[1] & 3)); /* 1/128 … 2 */
  if (type == SOTTO_BLOCK_MXFP4)
    block[0] = (guint8) g_rand_int_range (rand, 100, 128); /* 2^-28 to 2^-1 */
  if (type == SOTTO_BLOCK_IQ1_M)
    for (guint i = 0; i < 4; i++) /* 0x2c00 and a little: 0.06 */
      {
        guint8 *word = block + 48 + 2 * i;

        word[1] = (guint8) ((word[1] & 15) | (i == 3 ? 0x20 : i == 2 ? 0xc0 : 0x30));
      }
}

/* Random bits are good integers. */
static void
fill_block (SottoBlockType type, const SottoBlockInfo *info, guint8 *block, GRand *rand)
{
  for (guint i = 0; i < info->n_bytes; i++)
    block[i] = (guint8) g_rand_int (rand);
  random_weight_put_scales (type, block, rand);
}

#define WEIGHT_OFFSET 4

SottoWeight
random_weight_new_stack (
  SottoBlockType type, guint n_matrices, guint n_rows, guint n_columns, GRand *rand)
{
  const SottoBlockInfo *info = sotto_block_info (type);
  SottoWeight weight = { .type = type, .n_columns = n_columns, .n_rows = n_rows };
  gsize n_blocks = n_columns / info->n_elements;
  guint8 *data;

  weight.n_matrices = n_matrices;
  weight.row_bytes = n_blocks * info->n_bytes;
  weight.matrix_bytes = n_rows * weight.row_bytes;
  data = (guint8 *) g_malloc (n_matrices * weight.matrix_bytes + WEIGHT_OFFSET) + WEIGHT_OFFSET;
  for (gsize i = 0; i < n_matrices * n_rows * n_blocks; i++)
    fill_block (type, info, data + i * info->n_bytes, rand);
  weight.data = data;
  return weight;
}

SottoWeight
random_weight_new (SottoBlockType type, guint n_rows, guint n_columns, GRand *rand)
{
  return random_weight_new_stack (type, 1, n_rows, n_columns, rand);
}

void
random_weight_clear (SottoWeight *self)
{
  g_free ((guint8 *) self->data - WEIGHT_OFFSET);
}
