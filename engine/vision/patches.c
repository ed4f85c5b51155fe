#include "vision/eyes.h"

#include <string.h>

/* --- Into the encoder --- */

/* Color by color, each row by row. */
static void
cut_patch (const SottoVisionSizes *sizes, const guint8 *square, guint left, guint top, float *out)
{
  for (guint c = 0; c < 3; c++)
    for (guint y = 0; y < sizes->patch_size; y++)
      {
        const guint8 *pixel = square + ((gsize) (top + y) * sizes->image_size + left) * 3 + c;

        for (guint x = 0; x < sizes->patch_size; x++, pixel += 3)
          *out++ = ((float) *pixel / 255.0f - sizes->mean[c]) / sizes->deviation[c];
      }
}

void
sotto_vision_cut_patches (const SottoVisionSizes *sizes, const guint8 *square, float *out)
{
  const guint n_before = sizes->n_tokens - sizes->n_patches;

  memset (out, 0, (gsize) n_before * sizes->n_patch * sizeof *out);
  out += (gsize) n_before * sizes->n_patch;
  for (guint i = 0; i < sizes->n_patches; i++)
    cut_patch (sizes, square, i % sizes->n_side * sizes->patch_size, i / sizes->n_side * sizes->patch_size,
               out + (gsize) i * sizes->n_patch);
}

/* --- Out of it --- */

static const float *
get_row (const SottoVisionSizes *sizes, const float *rows, guint x, guint y)
{
  return rows + (gsize) (y * sizes->n_side + x) * sizes->n_embedding;
}

static void
merge_square (const SottoVisionSizes *sizes, SottoMerge merge, const float *rows, guint left, guint top, float *out)
{
  const guint n = sizes->n_embedding;
  const guint scale = sizes->scale;

  memset (out, 0, (gsize) sizes->n_merged * sizeof *out);
  for (guint y = 0; y < scale; y++)
    for (guint x = 0; x < scale; x++)
      {
        const float *row = get_row (sizes, rows, left + x, top + y);

        if (merge == SOTTO_MERGE_SHUFFLE)
          memcpy (out + (gsize) (y * scale + x) * n, row, n * sizeof *row);
        for (guint i = 0; merge != SOTTO_MERGE_SHUFFLE && i < n; i++)
          out[i] += row[i];
      }
  for (guint i = 0; merge == SOTTO_MERGE_POOL && i < n; i++)
    out[i] /= (float) (scale * scale);
}

void
sotto_vision_merge (const SottoVisionSizes *sizes, SottoMerge merge, const float *rows, float *out)
{
  const guint n_side = sizes->n_side / sizes->scale;

  rows += (gsize) (sizes->n_tokens - sizes->n_patches) * sizes->n_embedding;
  for (guint i = 0; i < n_side * n_side; i++)
    merge_square (sizes, merge, rows, i % n_side * sizes->scale, i / n_side * sizes->scale, out + (gsize) i * sizes->n_merged);
}
