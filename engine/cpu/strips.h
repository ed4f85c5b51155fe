#pragma once

#include "plan.h"

G_BEGIN_DECLS

/* Quantised weights arranged for the processor: sixteen rows side by side make a strip, so that a lane of a register is
 * a row. Then a block's scales are one load for all rows, a token's columns are broadcast, and no sum goes across
 * lanes. It is the same integers and scales in about the same number of bytes; whoever opens a model makes it once
 * (arranged.h), products read it (template-strips.h, strip-panel.h, strip-tiles.h).
 *
 * A strip is a row of groups of 256 columns, the last of which may have fewer blocks of 32. A group has a header and then
 * its blocks' codes; both are whole lines of 64 bytes.
 *
 * The header. Types whose blocks have a half as their scale: for each block sixteen halves, a row each, and where there
 * are offsets sixteen of these behind them. Types of groups: sixteen halves for the group, where there are offsets
 * sixteen more for these; then for each block sixteen bytes with a sign, by which the group's half is multiplied (twice
 * sixteen where 16 columns have a scale), and then for each block sixteen more for its offset, which is subtracted.
 *
 * Codes of a block are eight steps of four columns: in 64 bytes, byte 4 r + i belongs to column 4 s + i of row r. They
 * have no sign: what they stand for is the code less the kind's zero, times the scale, plus the offset.
 * - Four bits: four lines, line j has step j in its lower nibbles and step j + 4 in its upper ones.
 * - Five: behind these a line whose bit s is the fifth of step s.
 * - Six: behind these two lines, bits 2 t and 2 t + 1 of line h are the upper two of step 4 h + t.
 * - Eight: eight lines.
 *
 * Rows of the last strip that are not there have scales and offsets of zero. */

#define SOTTO_STRIP_ROWS 16
#define SOTTO_STRIP_COLUMNS 256 /* of a group */

/* Where a kind's scales are. */
typedef enum {
  SOTTO_STRIP_HALVES,       /* a half for 32 columns */
  SOTTO_STRIP_BYTES,        /* a byte for 32 columns, a half for a group */
  SOTTO_STRIP_TWO_BYTES,    /* a byte for 16 columns, a half for a group */
} SottoStripScales;

typedef struct {
  guint n_bits;             /* of a code */
  guint zero;               /* 0 or a power of two */
  gboolean has_book;        /* codes are places in SOTTO_CODES_IQ4, whose numbers plus 128 are less zero, which is 128 */
  gboolean has_offsets;     /* added where scales are halves, else subtracted */
  SottoStripScales scales;
} SottoStripKind;

/* Type and name, then the members of SottoStripKind. */
#define SOTTO_STRIP_KINDS(X)                                                                       \
  X (Q4_0, q4_0, 4, 8, FALSE, FALSE, SOTTO_STRIP_HALVES)                                           \
  X (Q4_1, q4_1, 4, 0, FALSE, TRUE, SOTTO_STRIP_HALVES)                                            \
  X (Q5_0, q5_0, 5, 16, FALSE, FALSE, SOTTO_STRIP_HALVES)                                          \
  X (Q5_1, q5_1, 5, 0, FALSE, TRUE, SOTTO_STRIP_HALVES)                                            \
  X (Q8_0, q8_0, 8, 128, FALSE, FALSE, SOTTO_STRIP_HALVES)                                         \
  X (IQ4_NL, iq4_nl, 4, 128, TRUE, FALSE, SOTTO_STRIP_HALVES)                                      \
  X (Q4_K, q4_k, 4, 0, FALSE, TRUE, SOTTO_STRIP_BYTES)                                             \
  X (Q5_K, q5_k, 5, 0, FALSE, TRUE, SOTTO_STRIP_BYTES)                                             \
  X (Q6_K, q6_k, 6, 32, FALSE, FALSE, SOTTO_STRIP_TWO_BYTES)                                       \
  X (IQ4_XS, iq4_xs, 4, 128, TRUE, FALSE, SOTTO_STRIP_BYTES)

#define SOTTO_STRIP_KIND(type, name, ...)                                                          \
  static const SottoStripKind sotto_strip_##name G_GNUC_UNUSED = { __VA_ARGS__ };

SOTTO_STRIP_KINDS (SOTTO_STRIP_KIND)

/* Bytes of a block's codes. */
static inline gsize
sotto_strip_code_bytes (SottoStripKind kind)
{
  return 64 * kind.n_bits;
}

/* Where in a header stand a block's scales, and its offsets, if the kind has any; of groups of n_blocks. */
static inline gsize
sotto_strip_scales_at (SottoStripKind kind, guint block)
{
  if (kind.scales == SOTTO_STRIP_HALVES)
    return (kind.has_offsets ? 64 : 32) * block;
  return (kind.has_offsets ? 64 : 32) + (kind.scales == SOTTO_STRIP_TWO_BYTES ? 32 : 16) * block;
}

static inline gsize
sotto_strip_offsets_at (SottoStripKind kind, guint n_blocks, guint block)
{
  if (kind.scales == SOTTO_STRIP_HALVES)
    return sotto_strip_scales_at (kind, block) + 32;
  return sotto_strip_scales_at (kind, n_blocks) + 16 * block;
}

static inline gsize
sotto_strip_header_bytes (SottoStripKind kind, guint n_blocks)
{
  gsize n = kind.scales == SOTTO_STRIP_HALVES || !kind.has_offsets
              ? sotto_strip_scales_at (kind, n_blocks)
              : sotto_strip_offsets_at (kind, n_blocks, n_blocks);

  return (n + 63) / 64 * 64;
}

static inline gsize
sotto_strip_group_bytes (SottoStripKind kind, guint n_blocks)
{
  return sotto_strip_header_bytes (kind, n_blocks) + n_blocks * sotto_strip_code_bytes (kind);
}

/* A whole strip: a multiple of 64. n_columns: a multiple of 32 */
static inline gsize
sotto_strip_bytes (SottoStripKind kind, guint n_columns)
{
  guint rest = n_columns % SOTTO_STRIP_COLUMNS / 32;

  return n_columns / SOTTO_STRIP_COLUMNS * sotto_strip_group_bytes (kind, 8)
         + (rest > 0 ? sotto_strip_group_bytes (kind, rest) : 0);
}

/**
 * sotto_strip_kind:
 *
 * Returns: (nullable): how rows of a type are arranged; %NULL where they are multiplied as the file has them
 */
const SottoStripKind *sotto_strip_kind (SottoBlockType type);

/**
 * sotto_strips_arrange:
 * @weight: one matrix, of a type with a kind
 * @first: strip
 * @n: strips
 * @strips: (n, sotto_strip_bytes()): aligned to 64
 *
 * Arranges rows @first * %SOTTO_STRIP_ROWS and on. Any thread.
 */
void sotto_strips_arrange (const SottoWeight *weight, guint first, guint n, guint8 *strips);

G_END_DECLS
