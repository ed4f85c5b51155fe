/* Weights arranged in strips: every number that a strip stands for, put together from its header and its codes as
 * strips.h describes them, is the one that the file's block stands for. */

#include "cpu/strips.h"
#include "format/block-grids.h"
#include "random-weight.h"

#include <string.h>

/* What stands at a byte of a strip. */
static double
half_at (const guint8 *bytes)
{
  guint16 half;

  memcpy (&half, bytes, sizeof half);
  return sotto_half_to_float (half);
}

static guint
code_at (const guint8 *codes, guint n_bits, guint row, guint column)
{
  guint step = column / 4;
  guint at = 4 * row + column % 4;
  guint code;

  if (n_bits == 8)
    return codes[64 * step + at];
  code = codes[64 * (step % 4) + at] >> (step < 4 ? 0 : 4) & 15;
  if (n_bits == 5)
    code |= (codes[256 + at] >> step & 1u) << 4;
  if (n_bits == 6)
    code |= (codes[256 + 64 * (step / 4) + at] >> 2 * (step % 4) & 3u) << 4;
  return code;
}

/* A column of a group of n_blocks. */
static double
value_at (SottoStripKind kind, const guint8 *group, guint n_blocks, guint row, guint column)
{
  static const gint8 book[16] = { SOTTO_CODES_IQ4 };
  guint block = column / 32;
  const guint8 *codes = group + sotto_strip_header_bytes (kind, n_blocks) + block * sotto_strip_code_bytes (kind);
  guint code = code_at (codes, kind.n_bits, row, column % 32);
  double number = kind.has_book ? book[code] : (double) code - kind.zero;
  const guint8 *scales = group + sotto_strip_scales_at (kind, block);
  const guint8 *offsets = kind.has_offsets ? group + sotto_strip_offsets_at (kind, n_blocks, block) : NULL;
  double value;

  switch (kind.scales)
    {
    case SOTTO_STRIP_HALVES:
      value = number * half_at (scales + 2 * row);
      return offsets != NULL ? value + half_at (offsets + 2 * row) : value;
    case SOTTO_STRIP_BYTES:
    case SOTTO_STRIP_TWO_BYTES:
    default:
      if (kind.scales == SOTTO_STRIP_TWO_BYTES)
        scales += column % 32 / 16 * 16;
      value = number * (gint8) scales[row] * half_at (group + 2 * row);
      return offsets != NULL ? value - (gint8) offsets[row] * half_at (group + 32 + 2 * row) : value;
    }
}

static void
check_row (const SottoWeight *weight, SottoStripKind kind, const guint8 *strip, guint row)
{
  g_autofree float *expected = g_new (float, weight->n_columns);

  sotto_block_info (weight->type)->dequantise ((const guint8 *) weight->data + row * weight->row_bytes, expected,
                                               weight->n_columns);
  for (guint first = 0; first < weight->n_columns; first += SOTTO_STRIP_COLUMNS)
    {
      guint n_blocks = MIN (weight->n_columns - first, SOTTO_STRIP_COLUMNS) / 32;

      for (guint column = 0; column < 32 * n_blocks; column++)
        {
          double value = value_at (kind, strip, n_blocks, row % SOTTO_STRIP_ROWS, column);

          /* What floats round off, which offsets may leave alone of two large numbers. */
          g_assert_cmpfloat_with_epsilon (value, expected[first + column], 1e-5);
        }
      strip += sotto_strip_group_bytes (kind, n_blocks);
    }
}

/* Rows that are not there multiply to nothing. */
static void
check_nothing (const SottoWeight *weight, SottoStripKind kind, const guint8 *strip, guint row)
{
  for (guint first = 0; first < weight->n_columns; first += SOTTO_STRIP_COLUMNS)
    {
      guint n_blocks = MIN (weight->n_columns - first, SOTTO_STRIP_COLUMNS) / 32;

      for (guint column = 0; column < 32 * n_blocks; column++)
        g_assert_cmpfloat (value_at (kind, strip, n_blocks, row, column), ==, 0.0);
      strip += sotto_strip_group_bytes (kind, n_blocks);
    }
}

static void
check_shape (SottoBlockType type, guint n_rows, guint n_columns)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (n_rows * 1000 + n_columns);
  SottoWeight weight = random_weight_new (type, n_rows, n_columns, rand);
  SottoStripKind kind = *sotto_strip_kind (type);
  gsize strip_bytes = sotto_strip_bytes (kind, n_columns);
  guint n_strips = (n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  guint8 *strips = g_aligned_alloc (n_strips + 1, strip_bytes, 64);

  g_assert_cmpuint (strip_bytes % 64, ==, 0);
  memset (strips, 0x5a, (n_strips + 1) * strip_bytes);
  /* In two goes, as threads do. */
  sotto_strips_arrange (&weight, 1, n_strips - 1, strips + strip_bytes);
  sotto_strips_arrange (&weight, 0, 1, strips);
  for (guint row = 0; row < n_rows; row++)
    check_row (&weight, kind, strips + row / SOTTO_STRIP_ROWS * strip_bytes, row);
  for (guint row = n_rows; row < n_strips * SOTTO_STRIP_ROWS; row++)
    check_nothing (&weight, kind, strips + (n_strips - 1) * strip_bytes, row % SOTTO_STRIP_ROWS);
  for (gsize i = 0; i < strip_bytes; i++)
    g_assert_cmpuint (strips[n_strips * strip_bytes + i], ==, 0x5a);
  g_aligned_free (strips);
  random_weight_clear (&weight);
}

static void
test_type (gconstpointer data)
{
  SottoBlockType type = GPOINTER_TO_UINT (data);

  if (sotto_block_info (type)->n_elements == 32)
    {
      check_shape (type, 33, 576);
      check_shape (type, 40, 96);
      check_shape (type, 17, 32);
    }
  check_shape (type, 48, 512);
  check_shape (type, 35, 256);
}

/* About as many bytes as in the file: a sixteenth more at most, for scales of six bits become bytes. */
static void
test_bytes (void)
{
  for (guint type = 0; type < SOTTO_BLOCK_TYPES; type++)
    {
      const SottoStripKind *kind = sotto_strip_kind (type);
      const SottoBlockInfo *info = sotto_block_info (type);

      if (kind != NULL)
        {
          gsize row_bytes = 2048 / info->n_elements * info->n_bytes;

          g_assert_cmpuint (sotto_strip_bytes (*kind, 2048), >=, SOTTO_STRIP_ROWS * row_bytes * 15 / 16);
          g_assert_cmpuint (sotto_strip_bytes (*kind, 2048), <=, SOTTO_STRIP_ROWS * row_bytes * 17 / 16);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strips/bytes", test_bytes);
  for (guint type = 0; type < SOTTO_BLOCK_TYPES; type++)
    if (sotto_strip_kind (type) != NULL)
      {
        g_autofree char *path = g_strconcat ("/strips/", sotto_block_name (type), NULL);

        g_test_add_data_func (path, GUINT_TO_POINTER (type), test_type);
      }
  return g_test_run ();
}
