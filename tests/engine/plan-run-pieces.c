/* What all steps are made of: products, norms, rotations, activations. */

#include "plan-run-private.h"

#include <math.h>

static void
read_row (const SottoWeight *w, guint row, float *values)
{
  sotto_block_info (w->type)->dequantise (
      (const guint8 *) w->data + row * w->row_bytes, values, w->n_columns);
}

/* A row that has been read, times one vector. */
static double
multiply_values (const SottoWeight *w, guint row, const float *values, const double *x)
{
  double sum = 0;

  for (guint i = 0; i < w->n_columns; i++)
    sum += (double) values[i] * x[i];
  if (w->scales != NULL)
    sum *= (double) w->scales[0];
  return w->bias != NULL ? sum + (double) w->bias[row] : sum;
}

/* y[row] of one vector; the row's length is the weight's. */
double
plain_multiply_row (const SottoWeight *w, guint row, const double *x)
{
  g_autofree float *values = g_new (float, w->n_columns);

  read_row (w, row, values);
  return multiply_values (w, row, values, x);
}

void
plain_multiply (const SottoWeight *w, const double *x, double *y)
{
  for (guint row = 0; row < w->n_rows; row++)
    y[row] = plain_multiply_row (w, row, x);
}

/* (n, n_rows): the weight times every token's row of a buffer */
double *
plain_project (const PlainRun *self, const SottoWeight *w, SottoBuffer from)
{
  double *y = g_new (double, (gsize) self->n * w->n_rows);
  g_autofree float *values = g_new (float, w->n_columns);

  g_assert_cmpuint (self->widths[from], ==, w->n_columns);
  for (guint row = 0; row < w->n_rows; row++)
    {
      read_row (w, row, values);
      for (guint t = 0; t < self->n; t++)
        y[(gsize) t * w->n_rows + row] = multiply_values (w, row, values, self->buffers[from] + (gsize) t * w->n_columns);
    }
  return y;
}

void
plain_add_table_row (const SottoWeight *w, guint row, double scale, double *y)
{
  g_autofree float *values = g_new (float, w->n_columns);

  sotto_block_info (w->type)->dequantise (
      (const guint8 *) w->data + row * w->row_bytes, values, w->n_columns);
  for (guint i = 0; i < w->n_columns; i++)
    y[i] += scale * (double) values[i];
}

/* @offset: where the norm's weights begin for this piece */
void
plain_norm (const SottoNorm *self, guint offset, guint n, double *x)
{
  double mean = 0, square = 0, factor;

  for (guint i = 0; self->kind == SOTTO_NORM_LAYER && i < n; i++)
    mean += x[i] / n;
  for (guint i = 0; i < n; i++)
    square += (x[i] - mean) * (x[i] - mean) / n;
  factor = self->kind == SOTTO_NORM_NONE ? 1 : 1 / sqrt (square + (double) self->epsilon);
  for (guint i = 0; i < n; i++)
    x[i] = (x[i] - mean) * factor * (self->weight != NULL ? (double) self->weight[offset + i] : 1)
           + (self->bias != NULL ? (double) self->bias[offset + i] : 0);
}

void
plain_norm_heads (const SottoNorm *self, SottoNormSpan span, guint n_heads, guint n_head, double *x)
{
  if (span == SOTTO_SPAN_ROW)
    plain_norm (self, 0, n_heads * n_head, x);
  for (guint h = 0; span != SOTTO_SPAN_ROW && h < n_heads; h++)
    plain_norm (self, span == SOTTO_SPAN_HEADS ? h * n_head : 0, n_head, x + h * n_head);
}

void
plain_turn (const PlainRun *self, const SottoRope *rope, guint position, double *head)
{
  const double *frequencies =
      self->is_long && rope->long_frequencies ? rope->long_frequencies : rope->frequencies;
  double scale = (double) (self->is_long ? rope->long_scale : rope->scale);

  for (guint i = 0; i < rope->n_pairs; i++)
    {
      double *a = head + rope->first + (rope->kind == SOTTO_ROPE_NEOX ? i : 2 * i);
      double *b = a + (rope->kind == SOTTO_ROPE_NEOX ? rope->n_pairs : 1);
      guint at = rope->axes != NULL && self->rows.spots != NULL ? self->rows.spots[position].at[rope->axes[i]] : position;
      double angle = at * frequencies[i], x = *a, y = *b;

      *a = (x * cos (angle) - y * sin (angle)) * scale;
      *b = (x * sin (angle) + y * cos (angle)) * scale;
    }
}

double
plain_sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

double
plain_activate (SottoActivation kind, double x)
{
  switch (kind)
    {
    case SOTTO_ACTIVATION_SILU:
      return x * plain_sigmoid (x);
    case SOTTO_ACTIVATION_GELU:
      return 0.5 * x * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
    case SOTTO_ACTIVATION_GELU_ERF:
      return 0.5 * x * (1 + erf (x / sqrt (2)));
    case SOTTO_ACTIVATION_RELU_SQUARED:
      return x > 0 ? x * x : 0;
    case SOTTO_ACTIVATION_NONE:
    case SOTTO_ACTIVATION_CLAMPED:
    case SOTTO_ACTIVATION_XIELU:
    default:
      return x;
    }
}

double
plain_xielu (const SottoXielu *shape, double x)
{
  double beta = (double) shape->beta * x;

  return x > 0 ? (double) shape->positive * x * x + beta
               : (double) shape->negative * (expm1 (MIN (x, (double) shape->least)) - x) + beta;
}

double
plain_combine (SottoActivation kind, double gate, double up)
{
  if (kind != SOTTO_ACTIVATION_CLAMPED)
    return plain_activate (kind, gate) * up;

  gate = MIN (gate, 7);
  return gate * plain_sigmoid (1.702 * gate) * (CLAMP (up, -7, 7) + 1);
}

/* A buffer takes what was computed, or it is added there. */
void
plain_put (PlainRun *self, SottoBuffer to, double *values, guint width, double scale, gboolean add)
{
  for (gsize i = 0; i < (gsize) self->n * width; i++)
    values[i] = scale * values[i] + (add ? self->buffers[to][i] : 0);
  g_free (self->buffers[to]);
  self->buffers[to] = values;
  self->widths[to] = width;
}
