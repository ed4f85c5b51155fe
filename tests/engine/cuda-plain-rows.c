#include "cuda-plain-private.h"

#include "cuda/layout.h"

#include <math.h>
#include <string.h>

/* Operations of the plain module that know rows alone. */

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

void
cuda_plain_read_row (const SottoCudaWeight *weight, guint matrix, guint row, float *x)
{
  const SottoBlockInfo *info = sotto_block_info (weight->type);
  const SottoCudaLayout *layout = sotto_cuda_layout_get (weight->type);
  guint n_blocks = weight->n_columns / info->n_elements;
  g_autofree guint8 *blocks = g_malloc ((gsize) n_blocks * info->n_bytes);
  const guint8 *piece = (const guint8 *) weight->data + matrix * weight->matrix_bytes
                        + row * weight->row_bytes;
  guint before = 0;

  for (guint i = 0; i < layout->n_pieces; i++)
    {
      guint n = layout->bytes[i];

      for (guint b = 0; b < n_blocks; b++)
        memcpy (blocks + b * info->n_bytes + before, piece + b * n, n);
      piece += (n_blocks * n + 15) / 16 * 16;
      before += n;
    }
  info->dequantise (blocks, x, weight->n_columns);
  for (guint i = 0; weight->scales != NULL && i < weight->n_columns; i++)
    x[i] *= weight->scales[matrix];
}

void
cuda_plain_embed (const SottoCudaEmbed *a)
{
  guint n = a->table.n_columns;
  g_autofree float *row = g_new (float, n);

  for (guint r = 0; r < a->n_rows; r++)
    {
      float *y = a->y + (gsize) r * n;

      if (!a->is_written)
        cuda_plain_read_row (&a->table, 0, (guint) a->tokens[r], y);
      for (guint i = 0; i < n && !a->is_written; i++)
        y[i] *= a->scale;
      if (sotto_weight_is_there (&a->positions))
        cuda_plain_read_row (&a->positions, 0, *a->position + r, row);
      for (guint i = 0; i < n; i++)
        y[i] += (sotto_weight_is_there (&a->positions) ? row[i] : 0) + (a->addend != NULL ? a->addend[i] : 0);
    }
}

void
cuda_plain_norm_row (const SottoNorm *norm, guint offset, const float *x, guint n, float *y)
{
  double mean = 0, square = 0, factor = 1;

  for (guint i = 0; norm->kind == SOTTO_NORM_LAYER && i < n; i++)
    mean += (double) x[i] / n;
  for (guint i = 0; i < n; i++)
    square += ((double) x[i] - mean) * ((double) x[i] - mean) / n;
  if (norm->kind != SOTTO_NORM_NONE)
    factor = 1 / sqrt (square + (double) norm->epsilon);
  for (guint i = 0; i < n; i++)
    y[i] = (float) (((double) x[i] - mean) * factor
                      * (norm->weight != NULL ? (double) norm->weight[offset + i] : 1)
                    + (norm->bias != NULL ? (double) norm->bias[offset + i] : 0));
}

/* What is made beside rows is made of them, all of them. */
static void
check_operand (const SottoCudaOperand *operand, const float *rows, guint n_rows, guint n_columns)
{
  g_assert_true (operand->values == rows);
  g_assert_cmpuint (operand->n_rows, ==, n_rows);
  g_assert_cmpuint (operand->n_columns, ==, n_columns);
}

void
cuda_plain_norm (const SottoCudaNorm *a)
{
  for (guint r = 0; r < a->n_rows; r++)
    for (guint p = 0; p < a->n_pieces; p++)
      cuda_plain_norm_row (&a->norm, p * a->weight_step, a->x + r * a->x_stride + p * a->x_step, a->n_columns,
                      a->y + r * a->y_stride + p * a->y_step);
  if (a->operand.high == NULL)
    return;
  g_assert_cmpuint (a->n_pieces, ==, 1);
  check_operand (&a->operand, a->y, a->n_rows, a->n_columns);
  g_assert_cmpuint (a->y_stride, ==, a->operand.values_stride);
  cuda_plain_quantise (&a->operand);
}

void
cuda_plain_add (const SottoCudaAdd *a)
{
  g_autofree float *row = g_new (float, a->n_columns);

  for (guint r = 0; r < a->n_rows; r++)
    {
      float *to = a->to + (gsize) r * a->n_columns;

      cuda_plain_norm_row (&a->norm, 0, a->from + (gsize) r * a->n_columns, a->n_columns, row);
      for (guint i = 0; i < a->n_columns; i++)
        to[i] = (to[i] + a->scale * row[i]) * a->scale_after;
      if (a->normed != NULL)
        cuda_plain_norm_row (&a->after, 0, to, a->n_columns, a->normed + (gsize) r * a->n_columns);
    }
  if (a->operand.high == NULL)
    return;
  check_operand (&a->operand, a->normed, a->n_rows, a->n_columns);
  cuda_plain_quantise (&a->operand);
}

/* Products here read the values; but what a module writes is written, and one form it is. */
void
cuda_plain_quantise (const SottoCudaOperand *a)
{
  gsize n = (gsize) a->n_rows * a->n_columns_padded;

  g_assert_cmpuint (a->n_columns_padded % 256, ==, 0);
  g_assert_true ((a->high == NULL) != (a->halves == NULL));
  if (a->high != NULL)
    {
      memset (a->high, 1, n);
      memset (a->low, 1, n);
      memset (a->scales, 1, n / 32 * sizeof *a->scales);
      memset (a->sums, 1, n / 32 * sizeof *a->sums);
      return;
    }
  memset (a->halves, 1, n * sizeof *a->halves);
  memset (a->row_scales, 1, a->n_rows * sizeof *a->row_scales);
}

/* Rows sorted by matrix are checked on the way. */
static void
check_order (const SottoCudaMultiply *a)
{
  for (guint m = 0; a->order != NULL && m < a->weight.n_matrices; m++)
    for (guint i = a->starts[m]; i < a->starts[m + 1]; i++)
      g_assert_cmpuint (a->matrices[a->order[i]], ==, m);
}

void
cuda_plain_multiply (const SottoCudaMultiply *a)
{
  const SottoCudaWeight *w = &a->weight;
  g_autofree float *row = g_new (float, w->n_columns);

  g_assert_cmpuint (w->n_columns, ==, a->x.n_columns);
  g_assert_cmpuint (a->n_rows, ==, a->x.n_rows * a->rows_per_x);
  check_order (a);
  for (guint m = 0; m < w->n_matrices; m++)
    for (guint i = 0; i < w->n_rows; i++)
      {
        cuda_plain_read_row (w, m, i, row);
        for (guint r = 0; r < a->n_rows; r++)
          {
            const float *x = a->x.values + r / a->rows_per_x * a->x.values_stride;
            float *y = a->y + r * a->y_stride + i;
            double sum = 0;

            if ((a->matrices != NULL ? a->matrices[r] : r % w->n_matrices) != m)
              continue;
            for (guint k = 0; k < w->n_columns; k++)
              sum += (double) row[k] * (double) x[k];
            if (w->bias != NULL)
              sum += (double) w->bias[m * w->n_rows + i];
            *y = (float) ((double) a->scale * sum + (a->add ? (double) *y : 0));
          }
      }
}

static double
activate (SottoActivation kind, double gate, double up)
{
  switch (kind)
    {
    case SOTTO_ACTIVATION_SILU:
      return gate * sigmoid (gate) * up;
    case SOTTO_ACTIVATION_GELU:
      return 0.5 * gate * (1 + tanh (sqrt (2 / G_PI) * (gate + 0.044715 * gate * gate * gate))) * up;
    case SOTTO_ACTIVATION_GELU_ERF:
      return 0.5 * gate * (1 + erf (gate / sqrt (2))) * up;
    case SOTTO_ACTIVATION_RELU_SQUARED:
      return gate > 0 ? gate * gate * up : 0;
    case SOTTO_ACTIVATION_CLAMPED:
      gate = MIN (gate, 7);
      return gate * sigmoid (1.702 * gate) * (CLAMP (up, -7, 7) + 1);
    case SOTTO_ACTIVATION_NONE:
    case SOTTO_ACTIVATION_XIELU:
    default:
      return gate * up;
    }
}

static double
xielu (const SottoXielu *shape, double x)
{
  return (x > 0 ? (double) shape->positive * x * x
                : (double) shape->negative * (expm1 (MIN (x, (double) shape->least)) - x))
         + (double) shape->beta * x;
}

void
cuda_plain_gate (const SottoCudaGate *a)
{
  for (guint r = 0; r < a->n_rows; r++)
    for (guint i = 0; i < a->n_columns; i++)
      {
        gsize at = (gsize) r * a->n_columns + i;
        double gate = (double) (a->gate != NULL ? a->gate[at] : a->up[at]);
        double up = a->gate == NULL ? 1
                    : a->up != NULL ? (double) a->up[at] : (double) a->inputs[r * a->inputs_stride + i];

        a->y[at] = (float) ((a->activation == SOTTO_ACTIVATION_XIELU ? xielu (&a->xielu, gate)
                                                                     : activate (a->activation, gate, up))
                            * (a->switches != NULL ? sigmoid ((double) a->switches[r]) : 1));
      }
  if (a->operand.high == NULL)
    return;
  check_operand (&a->operand, a->y, a->n_rows, a->n_columns);
  cuda_plain_quantise (&a->operand);
}

void
cuda_plain_cut (const SottoCudaCut *a)
{
  for (guint r = 0; r < a->n_rows; r++)
    {
      float *row = a->rows + (gsize) r * a->n_columns;
      double mean = 0, variance = 0;

      for (guint i = 0; i < a->n_columns; i++)
        mean += (double) row[i] / a->n_columns;
      for (guint i = 0; i < a->n_columns; i++)
        variance += ((double) row[i] - mean) * ((double) row[i] - mean) / a->n_columns;
      for (guint i = 0; i < a->n_columns; i++)
        row[i] = (float) MAX ((double) row[i] - mean - (double) a->cutoff * sqrt (variance), 0);
    }
}

static double
mean_square (const float *x, guint n)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (double) x[i] * (double) x[i] / n;
  return sum;
}

void
cuda_plain_match (const SottoCudaMatch *a)
{
  for (guint r = 0; r < a->n_rows; r++)
    {
      gsize row = (gsize) r * a->n_columns;
      double factor = sqrt (mean_square (a->like + row, a->n_columns)
                            / MAX (mean_square (a->from + row, a->n_columns), (double) a->least));

      for (guint i = 0; i < a->n_columns; i++)
        a->to[row + i] = (float) (factor * (double) a->from[row + i]);
    }
}

/* Predicted or corrected, column by column: of each what all residuals were is read before one is written. */
static void
mix_row (const SottoCudaMix *a, gsize row, const double *coefficients)
{
  guint n = a->step->n_streams;

  for (guint i = 0; i < a->n_columns; i++)
    {
      double before[SOTTO_MAX_STREAMS];

      for (guint k = 0; k < n; k++)
        before[k] = (double) a->streams[k][row + i];
      for (guint k = 0; k < n; k++)
        {
          double kept = (double) a->kept[row + i];
          double y = a->corrects && k == 0 ? kept : before[k];

          if (a->corrects)
            y += (1 + coefficients[k]) * (before[0] - kept);
          for (guint j = 0; j < n && !a->corrects; j++)
            y += coefficients[k * n + j] * before[j];
          a->streams[k][row + i] = (float) y;
        }
      if (!a->corrects)
        a->kept[row + i] = a->streams[0][row + i];
    }
}

void
cuda_plain_mix (const SottoCudaMix *a)
{
  const SottoStreamsStep *step = a->step;
  g_autofree float *normed = g_new (float, a->n_columns);
  guint n_coefficients = a->corrects ? step->n_streams : step->n_streams * step->n_streams;

  for (guint r = 0; r < a->n_rows; r++)
    {
      gsize row = (gsize) r * a->n_columns;
      double coefficients[SOTTO_MAX_STREAMS * SOTTO_MAX_STREAMS] = { 0 };

      cuda_plain_norm_row (&step->norm, 0, a->streams[0] + row, a->n_columns, normed);
      for (guint k = 0; k < step->n_streams; k++)
        {
          double sum = 0;

          for (guint i = 0; i < a->n_columns; i++)
            sum += (double) step->router[(gsize) k * a->n_columns + i] * (double) normed[i];
          for (guint c = 0; c < n_coefficients; c++)
            coefficients[c] += (double) step->coefficients[c * step->n_streams + k] * tanh ((double) step->scale * sum);
        }
      mix_row (a, row, coefficients);
    }
}

void
cuda_plain_cap (const SottoCudaCap *a)
{
  for (gsize i = 0; i < a->n; i++)
    {
      float y = a->scale * a->y[i];

      if (a->soft_cap > 0)
        y = a->soft_cap * tanhf (y / a->soft_cap);
      a->y[i] = a->limit > 0 ? CLAMP (y, -a->limit, a->limit) : y;
    }
}

void
cuda_plain_pool (const SottoCudaPool *a)
{
  for (guint i = 0; i < a->n_columns; i++)
    {
      double sum = 0;

      for (guint r = 0; r < a->n_rows; r++)
        if (a->pooling == SOTTO_POOLING_MEAN || r == (a->pooling == SOTTO_POOLING_FIRST ? 0 : a->n_rows - 1))
          sum += (double) a->x[(gsize) r * a->n_columns + i];
      a->y[i] = (float) (a->pooling == SOTTO_POOLING_MEAN ? sum / a->n_rows : sum);
    }
}

/* Higher ones before, of equals the lower ids. */
static int
compare_best (const void *a, const void *b, void *data)
{
  const float *logits = data;
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  if (logits[x] != logits[y])
    return logits[x] < logits[y] ? 1 : -1;
  return (x > y) - (x < y);
}

void
cuda_plain_best (const SottoCudaBest *a)
{
  g_autofree guint32 *ids = g_new (guint32, a->n);
  guint n = 0;

  for (guint32 i = 0; i < a->n; i++)
    if ((a->mask == NULL || (i / 32 < a->n_mask_words && (a->mask[i / 32] >> i % 32 & 1) != 0))
        && a->logits[i] > -INFINITY)
      ids[n++] = i;
  g_sort_array (ids, n, sizeof *ids, compare_best, (gpointer) a->logits);
  a->found[0] = MIN (n, a->n_best);
  for (guint i = 0; i < MIN (a->found[0], a->n_most); i++)
    {
      a->found[1 + 2 * i] = ids[i];
      memcpy (&a->found[2 + 2 * i], &a->logits[ids[i]], sizeof (float));
    }
}
