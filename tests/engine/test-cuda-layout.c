/* Weights as they lie on a device: the pieces of every block type, and no number changed. */

#include "cuda/layout.h"

#include <string.h>

enum { N_ROWS = 3, N_BLOCKS = 7 };

static gsize
round_up (gsize n)
{
  return (n + 15) / 16 * 16;
}

static guint8 *
random_bytes (gsize n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) n);
  guint8 *bytes = g_malloc (n);

  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) g_rand_int (rand);
  return bytes;
}

/* Puts row @row together again, byte by byte: piece p of block b stands behind all blocks' earlier pieces. */
static void
put_together (SottoBlockType type, const guint8 *rows, guint row, guint8 *blocks)
{
  const SottoCudaLayout *layout = sotto_cuda_layout_get (type);
  guint n_columns = N_BLOCKS * sotto_block_info (type)->n_elements;
  gsize at = row * sotto_cuda_layout_row_bytes (type, n_columns);
  guint before = 0;

  for (guint p = 0; p < layout->n_pieces; p++)
    {
      g_assert_cmpuint (at % 16, ==, 0);
      for (guint b = 0; b < N_BLOCKS; b++)
        for (guint i = 0; i < layout->bytes[p]; i++)
          blocks[b * sotto_block_info (type)->n_bytes + before + i] = rows[at + b * layout->bytes[p] + i];
      at += round_up ((gsize) N_BLOCKS * layout->bytes[p]);
      before += layout->bytes[p];
    }
  g_assert_cmpuint (at, ==, (row + 1) * sotto_cuda_layout_row_bytes (type, n_columns));
}

static void
test_type (gconstpointer data)
{
  SottoBlockType type = GPOINTER_TO_UINT (data);
  const SottoBlockInfo *info = sotto_block_info (type);
  const SottoCudaLayout *layout = sotto_cuda_layout_get (type);
  guint n_columns = N_BLOCKS * info->n_elements;
  gsize row_bytes = (gsize) N_BLOCKS * info->n_bytes;
  gsize apart = row_bytes + 5; /* rows need not lie side by side */
  gsize device_bytes = sotto_cuda_layout_row_bytes (type, n_columns);
  g_autofree guint8 *source = random_bytes (N_ROWS * apart);
  g_autofree guint8 *target = g_malloc (N_ROWS * device_bytes + 1);
  g_autofree guint8 *row = g_malloc (row_bytes);
  g_autofree float *expected = g_new (float, n_columns);
  g_autofree float *got = g_new (float, n_columns);
  guint sum = 0;

  g_assert_nonnull (layout);
  for (guint i = 0; i < layout->n_pieces; i++)
    sum += layout->bytes[i];
  g_assert_cmpuint (sum, ==, info->n_bytes);
  g_assert_cmpuint (device_bytes % SOTTO_CUDA_ALIGNMENT, ==, 0);
  g_assert_cmpuint (device_bytes, <=, row_bytes + 15 * layout->n_pieces);

  target[N_ROWS * device_bytes] = 77;
  sotto_cuda_layout_rows (type, n_columns, source, apart, target, N_ROWS);
  g_assert_cmpuint (target[N_ROWS * device_bytes], ==, 77);
  for (guint i = 0; i < N_ROWS; i++)
    {
      put_together (type, target, i, row);
      g_assert_cmpmem (row, row_bytes, source + i * apart, row_bytes);
      info->dequantise (source + i * apart, expected, n_columns);
      info->dequantise (row, got, n_columns);
      g_assert_cmpmem (got, n_columns * sizeof *got, expected, n_columns * sizeof *got);
    }
}

/* What no weight can be has no layout, and nothing that can be lacks one. */
static void
test_all (void)
{
  for (guint type = 0; type < SOTTO_BLOCK_TYPES + 3; type++)
    g_assert_true ((sotto_cuda_layout_get (type) != NULL) == (sotto_block_info (type) != NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/layout/all", test_all);
  for (guint type = 0; type < SOTTO_BLOCK_TYPES; type++)
    if (sotto_block_info (type) != NULL)
      {
        g_autofree char *path = g_strconcat ("/cuda/layout/", sotto_block_name (type), NULL);

        g_test_add_data_func (path, GUINT_TO_POINTER (type), test_type);
      }
  return g_test_run ();
}
