#include "cpu/strips.h"

#include <string.h>

/* Rows are taken apart four columns at a time, as words of 32 bits whose bytes are these columns: the lowest is the
 * first. What blocks look like is said in format/block-dequantise.c, -k.c and -iq.c. */

/* Handed on as it is, for behind a pointer the compiler would read it again after every write. */
typedef struct {
  guint8 *header;
  guint32 *codes;           /* (n_blocks, code bytes / 64, SOTTO_STRIP_ROWS) */
  guint n_blocks;
  guint row;
} Place;

static inline guint32
read_word (const guint8 *bytes)
{
  guint32 word;

  memcpy (&word, bytes, sizeof word);
  return GUINT32_FROM_LE (word);
}

static inline void
put_line (Place to, SottoStripKind kind, guint block, guint line, guint32 word)
{
  to.codes[(block * kind.n_bits + line) * SOTTO_STRIP_ROWS + to.row] = GUINT32_TO_LE (word);
}

static inline void
put_half (Place to, gsize at, const guint8 *half)
{
  memcpy (to.header + at + 2 * to.row, half, 2);
}

/* --- Blocks of 32 columns --- */

/* The columns of a block's nibbles lie as those of a strip do. */
static inline void
put_nibbles (Place to, SottoStripKind kind, guint block, const guint8 *nibbles)
{
  for (guint line = 0; line < 4; line++)
    put_line (to, kind, block, line, read_word (nibbles + 4 * line));
}

/* Every fourth bit, brought together. */
static inline guint32
gather_fourths (guint32 bits)
{
  bits &= 0x11111111;
  bits = (bits | bits >> 3) & 0x03030303;
  bits = (bits | bits >> 6) & 0x000f000f;
  return (bits | bits >> 12) & 0xff;
}

/* fifths: a bit for each column */
static inline void
put_fifths (Place to, SottoStripKind kind, guint block, guint32 fifths)
{
  guint32 word = 0;

  for (guint i = 0; i < 4; i++)
    word |= gather_fourths (fifths >> i) << 8 * i;
  put_line (to, kind, block, 4, word);
}

static inline void
arrange_block (SottoStripKind kind, guint block, const guint8 *bytes, Place to)
{
  put_half (to, sotto_strip_scales_at (kind, block), bytes);
  bytes += 2;
  if (kind.has_offsets)
    {
      put_half (to, sotto_strip_offsets_at (kind, to.n_blocks, block), bytes);
      bytes += 2;
    }
  if (kind.n_bits == 5)
    {
      put_fifths (to, kind, block, read_word (bytes));
      bytes += 4;
    }
  if (kind.n_bits == 8)
    for (guint line = 0; line < 8; line++)
      put_line (to, kind, block, line, read_word (bytes + 4 * line) ^ 0x80808080);
  else
    put_nibbles (to, kind, block, bytes);
}

/* --- Groups of 256 columns --- */

/* Scales and offsets of Q4_K and Q5_K: six bits each. */
static inline void
put_packed_scales (Place to, SottoStripKind kind, const guint8 *packed)
{
  for (guint block = 0; block < 8; block++)
    {
      guint8 scale = block < 4 ? packed[block] & 63
                               : (packed[block + 4] & 15) | (packed[block - 4] >> 6) << 4;
      guint8 offset = block < 4 ? packed[block + 4] & 63
                                : packed[block + 4] >> 4 | (packed[block] >> 6) << 4;

      to.header[sotto_strip_scales_at (kind, block) + to.row] = scale;
      to.header[sotto_strip_offsets_at (kind, 8, block) + to.row] = offset;
    }
}

/* Nibbles of two blocks, one in the lower halves of 32 bytes and one in the upper ones. */
static inline void
put_paired_nibbles (Place to, SottoStripKind kind, guint pair, const guint8 *nibbles)
{
  for (guint line = 0; line < 4; line++)
    {
      guint32 left = read_word (nibbles + 4 * line);
      guint32 right = read_word (nibbles + 4 * line + 16);

      put_line (to, kind, 2 * pair, line, (left & 0x0f0f0f0f) | (right & 0x0f0f0f0f) << 4);
      put_line (to, kind, 2 * pair + 1, line, (left >> 4 & 0x0f0f0f0f) | (right & 0xf0f0f0f0));
    }
}

static inline void
arrange_q4_k (const guint8 *group, Place to)
{
  const SottoStripKind kind = sotto_strip_q4_k;

  put_half (to, 0, group);
  put_half (to, 32, group + 2);
  put_packed_scales (to, kind, group + 4);
  for (guint pair = 0; pair < 4; pair++)
    put_paired_nibbles (to, kind, pair, group + 16 + 32 * pair);
}

/* Bit b of the bytes of fifths is block b's. */
static inline void
arrange_q5_k (const guint8 *group, Place to)
{
  const SottoStripKind kind = sotto_strip_q5_k;
  const guint8 *fifths = group + 16;

  put_half (to, 0, group);
  put_half (to, 32, group + 2);
  put_packed_scales (to, kind, group + 4);
  for (guint pair = 0; pair < 4; pair++)
    put_paired_nibbles (to, kind, pair, group + 48 + 32 * pair);
  for (guint block = 0; block < 8; block++)
    {
      guint32 word = 0;

      for (guint step = 0; step < 8; step++)
        word |= (read_word (fifths + 4 * step) >> block & 0x01010101) << step;
      put_line (to, kind, block, 4, word);
    }
}

/* Half h of the group: block 4 h + q has its nibbles in the 32 bytes q % 2, the lower ones for q below 2, and
 * its upper bits in the pair q of 32 bytes. */
static inline void
arrange_q6_k (const guint8 *group, Place to)
{
  const SottoStripKind kind = sotto_strip_q6_k;

  put_half (to, 0, group + 208);
  for (guint block = 0; block < 8; block++)
    {
      const guint8 *nibbles = group + block / 4 * 64 + block % 2 * 32;
      const guint8 *upper = group + 128 + block / 4 * 32;
      guint q = block % 4;
      guint32 uppers[2] = { 0, 0 };

      for (guint half = 0; half < 2; half++)
        to.header[sotto_strip_scales_at (kind, block) + 16 * half + to.row] = group[192 + 2 * block + half];
      for (guint line = 0; line < 4; line++)
        {
          guint32 left = read_word (nibbles + 4 * line) >> (q < 2 ? 0 : 4) & 0x0f0f0f0f;
          guint32 right = read_word (nibbles + 4 * line + 16) >> (q < 2 ? 0 : 4) & 0x0f0f0f0f;

          put_line (to, kind, block, line, left | right << 4);
          for (guint half = 0; half < 2; half++)
            uppers[half] |= (read_word (upper + 4 * line + 16 * half) >> 2 * q & 0x03030303) << 2 * line;
        }
      put_line (to, kind, block, 4, uppers[0]);
      put_line (to, kind, block, 5, uppers[1]);
    }
}

static inline void
arrange_iq4_xs (const guint8 *group, Place to)
{
  const SottoStripKind kind = sotto_strip_iq4_xs;
  guint upper = group[2] | group[3] << 8;

  put_half (to, 0, group);
  for (guint block = 0; block < 8; block++)
    {
      guint lower = group[4 + block / 2] >> 4 * (block % 2) & 15;

      to.header[sotto_strip_scales_at (kind, block) + to.row] = (guint8) ((lower | (upper >> 2 * block & 3) << 4) - 32);
      put_nibbles (to, kind, block, group + 8 + 16 * block);
    }
}

/* --- All kinds --- */

typedef void (*ArrangeGroup) (const guint8 *group, Place to);

#define ARRANGE_BLOCKS(name, block_bytes)                                                          \
  static inline void                                                                               \
  arrange_##name (const guint8 *group, Place to)                                                   \
  {                                                                                                \
    for (guint block = 0; block < to.n_blocks; block++)                                            \
      arrange_block (sotto_strip_##name, block, group + block * block_bytes, to);                  \
  }

ARRANGE_BLOCKS (q4_0, 18)
ARRANGE_BLOCKS (q4_1, 20)
ARRANGE_BLOCKS (q5_0, 22)
ARRANGE_BLOCKS (q5_1, 24)
ARRANGE_BLOCKS (q8_0, 34)
ARRANGE_BLOCKS (iq4_nl, 18)

#define GROUP_OF(type, name, ...) [SOTTO_BLOCK_##type] = arrange_##name,
#define KIND_OF(type, name, ...) [SOTTO_BLOCK_##type] = &sotto_strip_##name,

static const ArrangeGroup arrange_groups[SOTTO_BLOCK_TYPES] = { SOTTO_STRIP_KINDS (GROUP_OF) };
static const SottoStripKind *const kinds[SOTTO_BLOCK_TYPES] = { SOTTO_STRIP_KINDS (KIND_OF) };

const SottoStripKind *
sotto_strip_kind (SottoBlockType type)
{
  return (guint) type < SOTTO_BLOCK_TYPES ? kinds[type] : NULL;
}

/* Rows that are not there stay zeros. */
static void
arrange_strip (const SottoWeight *weight, SottoStripKind kind, guint first_row, guint8 *strip)
{
  const SottoBlockInfo *info = sotto_block_info (weight->type);
  ArrangeGroup arrange_group = arrange_groups[weight->type];
  guint n_rows = MIN (weight->n_rows - first_row, SOTTO_STRIP_ROWS);

  if (n_rows < SOTTO_STRIP_ROWS)
    memset (strip, 0, sotto_strip_bytes (kind, weight->n_columns));
  for (guint column = 0; column < weight->n_columns; column += SOTTO_STRIP_COLUMNS)
    {
      guint n_blocks = MIN (weight->n_columns - column, SOTTO_STRIP_COLUMNS) / 32;
      const guint8 *group = (const guint8 *) weight->data + first_row * weight->row_bytes
                            + column / info->n_elements * info->n_bytes;
      gsize group_bytes = (gsize) n_blocks * 32 / info->n_elements * info->n_bytes;
      guint8 *codes = strip + sotto_strip_header_bytes (kind, n_blocks);

      for (guint r = 0; r < n_rows; r++, group += weight->row_bytes)
        {
          Place to = { strip, (guint32 *) (gpointer) codes, n_blocks, r };

          /* Sixteen rows at once are too many streams for a processor to foresee: those of the next strip. */
          for (gsize line = 0; line < group_bytes; line += 64)
            __builtin_prefetch (group + SOTTO_STRIP_ROWS * weight->row_bytes + line, 0, 2);
          arrange_group (group, to);
        }
      strip += sotto_strip_group_bytes (kind, n_blocks);
    }
}

void
sotto_strips_arrange (const SottoWeight *weight, guint first, guint n, guint8 *strips)
{
  SottoStripKind kind = *sotto_strip_kind (weight->type);
  gsize strip_bytes = sotto_strip_bytes (kind, weight->n_columns);

  for (guint i = 0; i < n; i++)
    arrange_strip (weight, kind, (first + i) * SOTTO_STRIP_ROWS, strips + i * strip_bytes);
}
