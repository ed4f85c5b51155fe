#pragma once

#include "format/block.h"

G_BEGIN_DECLS

/* How weights lie on a device.
 *
 * A row of blocks is taken apart: all blocks' first piece, then all blocks' second, and so on, each stretch beginning at a
 * multiple of 16 bytes, so that neighbouring threads read neighbouring words whatever the size of a block is (Q6_K: 210
 * bytes; Q5_0: 22). No bit changes, and a row grows by at most 16 bytes a piece.
 */

#define SOTTO_CUDA_MOST_PIECES 5
#define SOTTO_CUDA_ALIGNMENT 16

/* The pieces of one type's block, in the order in which they lie in the file. */
typedef struct {
  guint n_pieces;
  guint bytes[SOTTO_CUDA_MOST_PIECES]; /* their sum is the block's size */
} SottoCudaLayout;

/* Returns: (nullable): of a type that no weight has */
const SottoCudaLayout *sotto_cuda_layout_get (SottoBlockType type);

/* Bytes of a row of @n_columns on the device. */
gsize sotto_cuda_layout_row_bytes (SottoBlockType type, guint n_columns);

/**
 * sotto_cuda_layout_rows:
 * @source: @n_rows rows as the file has them, @row_bytes apart
 * @target: (n_rows, row_bytes (type, n_columns))
 */
void sotto_cuda_layout_rows (SottoBlockType  type,
                             guint           n_columns,
                             const guint8   *source,
                             gsize           row_bytes,
                             guint8         *target,
                             gsize           n_rows);

G_END_DECLS
