#pragma once

/* How many rows lie as halves (SottoCudaOperand.halves): eight rows in pieces of 64 columns, one piece after the other, then the
 * next eight rows. In a piece its rows lie side by side, each of eight chunks of eight columns in turned order. That is how wgmma
 * wants them in shared memory (its swizzle of 128 bytes), so that a piece goes there as it is, in one copy; and the same chunk of
 * eight neighbouring rows lies in different banks, as ldmatrix wants it. */

#include "cuda/device.h"

#define CHUNK 8           /* halves of 16 bytes: what is copied and read at once */
#define PIECE_ROWS 8
#define PIECE_COLUMNS 64
#define PIECE_CHUNKS (PIECE_COLUMNS / CHUNK)
#define PIECE (PIECE_ROWS * PIECE_COLUMNS)

/* Where chunk @i of a row lies, in chunks. */
DEVICE guint
chunk_of_operand (const SottoCudaOperand &x, guint row, guint i)
{
  return row / PIECE_ROWS * x.n_columns_padded + i / PIECE_CHUNKS * (PIECE / CHUNK) + row % PIECE_ROWS * PIECE_CHUNKS
         + (i ^ row % PIECE_ROWS) % PIECE_CHUNKS;
}
