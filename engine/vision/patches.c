#include "vision/eyes.h"

#include <math.h>
#include <string.h>

/* --- The encoder's order --- */

/* A window's patches, row by row. Returns: the row behind them */
static guint
order_window (const SottoVisionFrame *frame, guint left, guint top, guint side, guint next, guint *rows)
{
  for (guint y = top; y < MIN (top + side, frame->n_down); y++)
    for (guint x = left; x < MIN (left + side, frame->n_across); x++)
      rows[y * frame->n_across + x] = next++;
  return next;
}

void
sotto_vision_order (const SottoVisionSizes *sizes, const SottoVisionFrame *frame, guint *rows, GArray *ends)
{
  guint side = sizes->window > 0 ? sizes->window * sizes->scale : MAX (frame->n_across, frame->n_down);
  guint next = frame->n_tokens - frame->n_patches;

  for (guint y = 0; y < frame->n_down; y += side)
    for (guint x = 0; x < frame->n_across; x += side)
      {
        next = order_window (frame, x, y, side, next, rows);
        g_array_append_val (ends, next);
      }
}

/* --- Into the encoder --- */

/* Color by color, each row by row. */
static void
cut_patch (const SottoVisionSizes *sizes, guint width, const guint8 *pixels, guint left, guint top, float *out)
{
  for (guint c = 0; c < 3; c++)
    for (guint y = 0; y < sizes->patch_size; y++)
      {
        const guint8 *pixel = pixels + ((gsize) (top + y) * width + left) * 3 + c;

        for (guint x = 0; x < sizes->patch_size; x++, pixel += 3)
          *out++ = ((float) *pixel / 255.0f - sizes->mean[c]) / sizes->deviation[c];
      }
}

void
sotto_vision_cut_patches (const SottoVisionSizes *sizes,
                          const SottoVisionFrame *frame,
                          const guint *rows,
                          const guint8 *pixels,
                          float *out)
{
  memset (out, 0, (gsize) (frame->n_tokens - frame->n_patches) * sizes->n_patch * sizeof *out);
  for (guint i = 0; i < frame->n_patches; i++)
    cut_patch (sizes, frame->width, pixels, i % frame->n_across * sizes->patch_size, i / frame->n_across * sizes->patch_size,
               out + (gsize) rows[i] * sizes->n_patch);
}

/* A place in the table: the first of two neighbours, and how near the second is. */
typedef struct {
  guint first;
  guint second;
  double part;
} Between;

static Between
find_between (guint index, guint n, guint n_side)
{
  double at = n > 1 ? (double) index * (n_side - 1) / (n - 1) : 0.0;
  guint first = MIN ((guint) at, n_side - 1);

  return (Between) { first, MIN (first + 1, n_side - 1), at - first };
}

static void
add_row (const float *row, double part, guint n, double *sums)
{
  for (guint i = 0; i < n; i++)
    sums[i] += part * (double) row[i];
}

void
sotto_vision_add_positions (const SottoVisionSizes *sizes,
                            const SottoVisionFrame *frame,
                            const guint *rows,
                            const float *table,
                            float *out)
{
  const guint n = sizes->n_embedding;
  const guint n_side = sizes->n_side;
  g_autofree double *sums = g_new (double, n);

  for (guint i = 0; i < frame->n_patches; i++)
    {
      Between x = find_between (i % frame->n_across, frame->n_across, n_side);
      Between y = find_between (i / frame->n_across, frame->n_down, n_side);
      const float *above = table + (gsize) y.first * n_side * n;
      const float *below = table + (gsize) y.second * n_side * n;
      float *to = out + (gsize) rows[i] * n;

      memset (sums, 0, n * sizeof *sums);
      add_row (above + (gsize) x.first * n, (1 - y.part) * (1 - x.part), n, sums);
      add_row (above + (gsize) x.second * n, (1 - y.part) * x.part, n, sums);
      add_row (below + (gsize) x.first * n, y.part * (1 - x.part), n, sums);
      add_row (below + (gsize) x.second * n, y.part * x.part, n, sums);
      for (guint k = 0; k < n; k++)
        to[k] = (float) ((double) to[k] + sums[k]);
    }
}

/* --- Out of it --- */

typedef struct {
  const SottoVisionSizes *sizes;
  const SottoVisionFrame *frame;
  SottoMerge merge;
  const guint *rows;
  const float *encoded;
} Merging;

static const float *
get_row (const Merging *self, guint x, guint y)
{
  return self->encoded + (gsize) self->rows[y * self->frame->n_across + x] * self->sizes->n_embedding;
}

static void
merge_square (const Merging *self, guint left, guint top, float *out)
{
  const guint n = self->sizes->n_embedding;
  const guint scale = self->sizes->scale;

  memset (out, 0, (gsize) self->sizes->n_merged * sizeof *out);
  for (guint y = 0; y < scale; y++)
    for (guint x = 0; x < scale; x++)
      {
        const float *row = get_row (self, left + x, top + y);

        if (self->merge == SOTTO_MERGE_SHUFFLE)
          memcpy (out + (gsize) (y * scale + x) * n, row, n * sizeof *row);
        for (guint i = 0; self->merge == SOTTO_MERGE_UNFOLD && i < n; i++)
          out[((gsize) i * scale + y) * scale + x] = row[i];
        for (guint i = 0; self->merge < SOTTO_MERGE_SHUFFLE && i < n; i++)
          out[i] += row[i];
      }
  for (guint i = 0; self->merge == SOTTO_MERGE_POOL && i < n; i++)
    out[i] /= (float) (scale * scale);
}

void
sotto_vision_merge (const SottoVisionSizes *sizes,
                    const SottoVisionFrame *frame,
                    SottoMerge merge,
                    const guint *rows,
                    const float *encoded,
                    float *out)
{
  const Merging self = { sizes, frame, merge, rows, encoded };
  const guint n_across = frame->n_across / sizes->scale;

  for (guint i = 0; i < frame->n_rows; i++)
    merge_square (&self, i % n_across * sizes->scale, i / n_across * sizes->scale, out + (gsize) i * sizes->n_merged);
}
