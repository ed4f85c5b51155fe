#include "cuda/layout.h"

#include <string.h>

/* Which pieces a block has is read off its layout in format/: what belongs to all elements, then what is a word for
 * several, then the bits of each. */
static const SottoCudaLayout layouts[SOTTO_BLOCK_TYPES] = {
  [SOTTO_BLOCK_F32] = { 1, { 4 } },
  [SOTTO_BLOCK_F16] = { 1, { 2 } },
  [SOTTO_BLOCK_BF16] = { 1, { 2 } },
  [SOTTO_BLOCK_Q4_0] = { 2, { 2, 16 } },
  [SOTTO_BLOCK_Q4_1] = { 2, { 4, 16 } },
  [SOTTO_BLOCK_Q5_0] = { 3, { 2, 4, 16 } },
  [SOTTO_BLOCK_Q5_1] = { 3, { 4, 4, 16 } },
  [SOTTO_BLOCK_Q8_0] = { 2, { 2, 32 } },
  [SOTTO_BLOCK_Q2_K] = { 3, { 16, 64, 4 } },
  [SOTTO_BLOCK_Q3_K] = { 4, { 32, 64, 12, 2 } },
  [SOTTO_BLOCK_Q4_K] = { 3, { 4, 12, 128 } },
  [SOTTO_BLOCK_Q5_K] = { 4, { 4, 12, 32, 128 } },
  [SOTTO_BLOCK_Q6_K] = { 4, { 128, 64, 16, 2 } },
  [SOTTO_BLOCK_Q8_K] = { 3, { 4, 256, 32 } },
  [SOTTO_BLOCK_IQ2_XXS] = { 2, { 2, 64 } },
  [SOTTO_BLOCK_IQ2_XS] = { 3, { 2, 64, 8 } },
  [SOTTO_BLOCK_IQ2_S] = { 5, { 2, 32, 32, 8, 8 } },
  [SOTTO_BLOCK_IQ3_XXS] = { 3, { 2, 64, 32 } },
  [SOTTO_BLOCK_IQ3_S] = { 5, { 2, 64, 8, 32, 4 } },
  [SOTTO_BLOCK_IQ1_S] = { 3, { 2, 32, 16 } },
  [SOTTO_BLOCK_IQ1_M] = { 3, { 32, 16, 8 } },
  [SOTTO_BLOCK_IQ4_NL] = { 2, { 2, 16 } },
  [SOTTO_BLOCK_IQ4_XS] = { 4, { 2, 2, 4, 128 } },
  [SOTTO_BLOCK_TQ1_0] = { 4, { 32, 16, 4, 2 } },
  [SOTTO_BLOCK_TQ2_0] = { 2, { 64, 2 } },
  [SOTTO_BLOCK_MXFP4] = { 2, { 1, 16 } },
  [SOTTO_BLOCK_NVFP4] = { 2, { 4, 32 } },
};

static gsize
align (gsize n)
{
  return (n + SOTTO_CUDA_ALIGNMENT - 1) / SOTTO_CUDA_ALIGNMENT * SOTTO_CUDA_ALIGNMENT;
}

const SottoCudaLayout *
sotto_cuda_layout_get (SottoBlockType type)
{
  return (guint) type < SOTTO_BLOCK_TYPES && layouts[type].n_pieces > 0 ? &layouts[type] : NULL;
}

gsize
sotto_cuda_layout_row_bytes (SottoBlockType type, guint n_columns)
{
  const SottoCudaLayout *layout = &layouts[type];
  gsize n_blocks = n_columns / sotto_block_info (type)->n_elements;
  gsize bytes = 0;

  for (guint i = 0; i < layout->n_pieces; i++)
    bytes += align (n_blocks * layout->bytes[i]);
  return bytes;
}

/* Copies of a size that the compiler knows are one or two instructions. */
static inline void
copy_pieces (guint8 *target, const guint8 *source, gsize n_blocks, guint bytes, guint block_bytes)
{
  for (gsize i = 0; i < n_blocks; i++)
    memcpy (target + i * bytes, source + i * block_bytes, bytes);
}

static void
gather (guint8 *target, const guint8 *source, gsize n_blocks, guint bytes, guint block_bytes)
{
  switch (bytes)
    {
    case 1:
      copy_pieces (target, source, n_blocks, 1, block_bytes);
      break;
    case 2:
      copy_pieces (target, source, n_blocks, 2, block_bytes);
      break;
    case 4:
      copy_pieces (target, source, n_blocks, 4, block_bytes);
      break;
    case 16:
      copy_pieces (target, source, n_blocks, 16, block_bytes);
      break;
    case 32:
      copy_pieces (target, source, n_blocks, 32, block_bytes);
      break;
    default:
      copy_pieces (target, source, n_blocks, bytes, block_bytes);
      break;
    }
}

static void
take_apart (const SottoCudaLayout *layout,
            guint                  block_bytes,
            gsize                  n_blocks,
            const guint8          *source,
            guint8                *target)
{
  for (guint i = 0; i < layout->n_pieces; i++)
    {
      gsize n = n_blocks * layout->bytes[i];

      gather (target, source, n_blocks, layout->bytes[i], block_bytes);
      memset (target + n, 0, align (n) - n);
      source += layout->bytes[i];
      target += align (n);
    }
}

void
sotto_cuda_layout_rows (SottoBlockType  type,
                        guint           n_columns,
                        const guint8   *source,
                        gsize           row_bytes,
                        guint8         *target,
                        gsize           n_rows)
{
  const SottoCudaLayout *layout = &layouts[type];
  const SottoBlockInfo *info = sotto_block_info (type);
  gsize n_blocks = n_columns / info->n_elements;
  gsize target_bytes = sotto_cuda_layout_row_bytes (type, n_columns);

  for (gsize row = 0; row < n_rows; row++, source += row_bytes, target += target_bytes)
    {
      if (layout->n_pieces > 1)
        {
          take_apart (layout, info->n_bytes, n_blocks, source, target);
          continue;
        }
      memcpy (target, source, n_blocks * info->n_bytes);
      memset (target + n_blocks * info->n_bytes, 0, target_bytes - n_blocks * info->n_bytes);
    }
}
