#pragma once

#include <glib.h>

/* GFNI's affine transform takes the bits of a byte to any others, with a matrix for each eight bytes: row i says which
 * bits of the byte bit i is the sum of; the last is in the lowest byte. */
#define MATRIX(b0, b1, b2, b3, b4, b5, b6, b7)                                                     \
  ((gint64) ((guint64) (b0) << 56 | (guint64) (b1) << 48 | (guint64) (b2) << 40                    \
             | (guint64) (b3) << 32 | (guint64) (b4) << 24 | (guint64) (b5) << 16                  \
             | (guint64) (b6) << 8 | (guint64) (b7)))

#define LOW_NIBBLES MATRIX (1, 2, 4, 8, 0, 0, 0, 0)
#define HIGH_NIBBLES MATRIX (16, 32, 64, 128, 0, 0, 0, 0)
