/* Vision files: whatever keys and list of tensors say, they are refused or encode a picture.
 *
 * An input is the beginning of a GGUF file; zeros stand in for the tensors' data, so that a small input describes a whole encoder. */

#include "backend.h"
#include "sotto-vision-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Of zeros; more than any of the tiny files in tests/engine/vision has. */
#define N_ZEROS (256 * 1024)

#define MOST_TOKENS 256
#define MOST_FLOATS (1u << 20)

static gboolean
is_small (const SottoVision *vision, guint width, guint height)
{
  const SottoVisionSizes *sizes = &vision->sizes;
  const SottoGrid grid = sotto_grid_find (sizes, vision->kind, width, height);
  const SottoVisionFrame *frame = &grid.frame;

  return frame->n_tokens <= MOST_TOKENS && sizes->image_size <= 256 && sizes->longest <= 4 * sizes->image_size
         && sizes->n_layers <= 8 && (guint64) frame->n_tokens * MAX (sizes->n_feed_forward, sizes->n_patch) <= MOST_FLOATS
         && (guint64) frame->n_rows * MAX (sizes->n_merged, sizes->n_output) <= MOST_FLOATS;
}

static void
encode (SottoVision *vision, guint width, guint height)
{
  static SottoBackend *backend;
  g_autoptr (GBytes) pixels = g_bytes_new_take (g_malloc0 (width * height * 3), width * height * 3);
  g_autoptr (SottoImage) image = sotto_image_new (pixels, width, height, NULL);
  g_autoptr (GArray) pieces = sotto_vision_lay_out (vision, width, height);
  g_autoptr (GError) error = NULL;
  g_autofree float *rows = NULL;
  guint n_laid = 0;
  guint n_rows;

  if (backend == NULL)
    backend = sotto_backend_new_cpu (1, "reference", NULL);
  for (guint i = 0; i < pieces->len; i++)
    n_laid += g_array_index (pieces, SottoVisionPiece, i).n_rows;
  rows = sotto_vision_encode (vision, backend, image, NULL, NULL, NULL, &n_rows, &error);
  g_assert_true ((rows == NULL) == (error != NULL));
  if (rows != NULL)
    g_assert_cmpuint (n_rows, ==, n_laid);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint sides[][2] = { { 30, 17 }, { 1, 200 } };
  guint8 *padded = g_malloc0 (size + N_ZEROS);
  g_autoptr (GBytes) bytes = g_bytes_new_take (padded, size + N_ZEROS);
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (SottoVision) vision = NULL;
  g_autoptr (GError) error = NULL;

  if (size > 0)
    memcpy (padded, data, size);
  gguf = sotto_gguf_parse (bytes, "fuzz.gguf", NULL);
  if (gguf == NULL)
    return 0;

  vision = sotto_vision_new (gguf, &error);
  g_assert_true ((vision == NULL) == (error != NULL));
  for (guint i = 0; vision != NULL && i < G_N_ELEMENTS (sides); i++)
    if (is_small (vision, sides[i][0], sides[i][1]))
      encode (vision, sides[i][0], sides[i][1]);
  return 0;
}
